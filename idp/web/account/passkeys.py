"""Adding a passkey to an account, and giving it another name; taking one away is the security page's."""

from __future__ import annotations

from flask import Blueprint, Response, abort, jsonify, make_response, render_template, request

from ...directory.mirror import MirroredOfficer
from ...services import Services
from ..onward import Onward, see_other
from ..presentation import agency_help, officer_words
from ..security import caller
from .factors.passkey import PAGE
from .security import PAGE as SECURITY


def add(views: Blueprint, services: Services, onward: Onward) -> None:
    """Make ``/account/security/passkeys/new``, its question, and ``/account/security/passkeys/<id>``."""
    if not services.passkeys.offered:
        return

    def form(officer: MirroredOfficer, template: str, action: str, *, name: str = "", error: str = "") -> Response:
        status = {"": 200, "too_many": 409, "taken": 409}.get(error, 400)
        return make_response(render_template(
            template, who=officer_words(officer.officer), agency_help=agency_help(services, officer.officer), action=action,
            options_url=f"{PAGE}/question", name=name[:64], error={"code": error} if error else None), status)

    @views.get("/security/passkeys/new")
    def new_passkey() -> Response:
        entered = onward.enter(request.path, fresh=True, enrols=True)
        return entered if isinstance(entered, Response) else form(entered[1], "account/passkey_new.html", f"{PAGE}/new")

    @views.post("/security/passkeys/question")
    def passkey_question() -> Response:
        entered = onward.enter(f"{PAGE}/new", fresh=True, enrols=True)
        if isinstance(entered, Response):
            answer = jsonify({"error": "not_fresh"})
            answer.status_code = 409
            return answer
        session, officer = entered
        return jsonify(services.passkeys.ask_to_enrol(officer, session.sid))

    @views.post("/security/passkeys/new")
    def enrol_passkey() -> Response:
        entered = onward.enter(f"{PAGE}/new", fresh=True, enrols=True)
        if isinstance(entered, Response):
            return entered
        session, officer = entered
        name = request.form.get("name", "")
        outcome = services.passkeys.enrol(officer, session.sid, request.form.get("passkey", ""), name, caller())
        if outcome == "enrolled":
            return see_other(SECURITY)
        return form(officer, "account/passkey_new.html", f"{PAGE}/new", name=name, error=outcome)

    @views.get("/security/passkeys/<passkey_id>")
    def name_of_passkey(passkey_id: str) -> Response:
        entered = onward.enter(request.path, fresh=True, enrols=True)
        if isinstance(entered, Response):
            return entered
        officer = entered[1]
        known = next((one for one in services.passkeys.of(officer.officer.entry_uuid) if one.passkey_id == passkey_id), None)
        if known is None:
            abort(404)
        return form(officer, "account/passkey_name.html", f"{PAGE}/{passkey_id}", name=known.name)

    @views.post("/security/passkeys/<passkey_id>")
    def rename_passkey(passkey_id: str) -> Response:
        entered = onward.enter(f"{PAGE}/{passkey_id}", fresh=True, enrols=True)
        if isinstance(entered, Response):
            return entered
        name = request.form.get("name", "")
        outcome = services.passkeys.rename(entered[1], passkey_id, name, caller())
        if outcome == "unnamed":
            return form(entered[1], "account/passkey_name.html", f"{PAGE}/{passkey_id}", name=name, error=outcome)
        return see_other(SECURITY)
