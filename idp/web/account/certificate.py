"""Registering the certificate of a token or card: shown at its own address, then confirmed here by its officer."""

from __future__ import annotations

from flask import Blueprint, Response, abort, make_response, render_template, request

from ...services import Services
from ..login.factors.certificate import asked
from ..onward import Onward, see_other
from ..presentation import officer_words
from ..security import caller

PAGE = "/account/security/certificate"
AFTER = "/account/security"


def add(views: Blueprint, services: Services, onward: Onward) -> None:
    """Make ``/account/security/certificate``."""

    @views.get("/security/certificate")
    def ask_certificate() -> Response:
        if not services.certificates.offered:
            abort(404)
        entered = onward.enter(request.full_path if request.args else PAGE, fresh=True, enrols=True)
        if isinstance(entered, Response):
            return entered
        session, officer = entered
        return make_response(render_template(
            "account/certificate.html", who=officer_words(officer.officer), action=PAGE,
            **asked(services, f"enrol:{session.sid}", request.args)))

    @views.post("/security/certificate")
    def take_certificate() -> Response:
        if not services.certificates.offered:
            abort(404)
        entered = onward.enter(PAGE, fresh=True, enrols=True)
        if isinstance(entered, Response):
            return entered
        session, officer = entered
        shown = services.certificates.read(request.form.get("certificate", ""), f"enrol:{session.sid}")
        refused = "old" if shown is None else "" if services.certificates.register(shown, officer, caller()) else "taken"
        if not refused:
            return see_other(AFTER)
        return make_response(render_template(
            "account/certificate.html", who=officer_words(officer.officer), action=PAGE,
            **asked(services, f"enrol:{session.sid}", {"refused": refused})), 400)
