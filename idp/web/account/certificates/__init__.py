"""The officer's own certificates: which step each is at, who acts, by when, and what the officer does.

Every page is that of the session's officer; a number of somebody else's is no page (security checklist 39, 51). Asking,
activating and reporting a loss stand behind a fresh authentication, which a lost token does not stand in the way of
(``authn.freshness`` takes any second factor that the officer has). A form that is sent again finds the step taken and does
nothing. Source of the steps: Decree 68/2024.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from flask import Blueprint, Response, abort, make_response, render_template, request
from flask_babel import gettext

from ....directory.mirror import MirroredOfficer
from ....errors import RefusedError
from ....pki.enrollment.record import Enrollment, Purpose
from ....services import Services
from ....sessions.single_sign_on import Session
from ...onward import Onward, see_other
from ...presentation import agency_help, officer_words
from ...security import caller
from .words import asked_words, listed_words, mistakes, refusal, shown_words

PAGE = "/account/certificates"
_LONGEST_SIGNATURE = 4096
"""Characters; an RSA signature of 4096 bits has 684."""
_PURPOSES = {"renew": Purpose.RENEW, "change": Purpose.CHANGE}
_ONCE_DONE = frozenset({"wrong_state", "changed", "already_confirmed"})
"""Refusals of a form that was sent again, or later than somebody else's."""


def add(views: Blueprint, services: Services, onward: Onward) -> None:
    """Make ``/account/certificates`` and what is below."""

    @views.get("/certificates")
    def certificates() -> Response:
        entered = onward.enter(request.path)
        if isinstance(entered, Response):
            return entered
        session, officer = entered
        room = services.own_certificates
        return _render("listed", officer, certificates=[listed_words(one) for one in room.all(session.sub)],
                       may_ask=bool(room.devices(session.sub)))

    @views.get("/certificates/new")
    def begin_request() -> Response:
        entered = onward.enter(request.path, fresh=True)
        if isinstance(entered, Response):
            return entered
        session, officer = entered
        return _asking(session, officer)

    @views.post("/certificates/new")
    def ask_for_certificate() -> Response:
        entered = onward.enter(f"{PAGE}/new", fresh=True)
        if isinstance(entered, Response):
            return entered
        session, officer = entered
        personal = {name: request.form.get(name, "")[:100] for name in ("identity_number", "birth_date", "phone")}
        try:
            made = services.own_certificates.ask(session.sub, request.form.get("device", ""), personal, caller())
        except RefusedError as err:
            wrong = mistakes(request.form.get("device", ""), personal) if err.code == "invalid_body" else {}
            return _asking(session, officer, error=refusal(err.code), wrong=wrong, status=err.status)
        return see_other(f"{PAGE}/{made.enrollment_id}")

    @views.get("/certificates/<number>")
    def own_certificate(number: str) -> Response:
        entered = onward.enter(request.path)
        return entered if isinstance(entered, Response) else _shown(*entered, number)

    def act(name: str, do: Callable[[str, str], Enrollment]) -> None:
        def view(number: str) -> Response:
            entered = onward.enter(f"{PAGE}/{number}")
            if isinstance(entered, Response):
                return entered
            try:
                after = do(entered[0].sub, number)
            except RefusedError as err:
                if err.status == 404:
                    raise
                return _shown(*entered, number, error=refusal(err.code), status=err.status)
            return see_other(f"{PAGE}/{after.enrollment_id}")

        views.add_url_rule(f"/certificates/<number>/{name}", f"{name}_certificate", view, methods=["POST"])

    act("cancel", lambda sub, number: services.own_certificates.cancel(
        sub, number, gettext("Người đề nghị hủy"), caller()))
    act("submit", lambda sub, number: services.own_certificates.submit(sub, number, caller()))
    act("confirm", lambda sub, number: services.own_certificates.confirm(sub, number, caller()))
    act("lock", lambda sub, number: services.own_certificates.lock(sub, number, caller()))

    @views.get("/certificates/<number>/<any(lost, activate, renew, change):name>")
    def look_again(number: str, name: str) -> Response:
        entered = onward.enter(request.path, fresh=True)
        return entered if isinstance(entered, Response) else _second_look(*entered, number, name)

    @views.post("/certificates/<number>/<any(lost, activate, renew, change):name>")
    def act_afresh(number: str, name: str) -> Response:
        entered = onward.enter(f"{PAGE}/{number}/{name}", fresh=True)
        if isinstance(entered, Response):
            return entered
        session, room = entered[0], services.own_certificates
        try:
            if name == "lost":
                after = room.report_loss(session.sub, number, caller())
            elif name == "activate":
                after = room.activate(session.sub, number, _signature(), caller())
            else:
                after = room.ask_again(session.sub, number, _PURPOSES[name], caller())
        except RefusedError as err:
            if err.status == 404:
                raise
            if err.code in _ONCE_DONE:
                return _shown(*entered, number, error=refusal(err.code), status=err.status)
            return _second_look(*entered, number, name, error=refusal(err.code), status=err.status)
        return see_other(f"{PAGE}/{after.enrollment_id}")

    @views.get("/certificates/<number>/key")
    def ask_for_key(number: str) -> Response:
        entered = onward.enter(request.path, fresh=True)
        if isinstance(entered, Response):
            return entered
        session, officer = entered
        own = services.own_certificates.one(session.sub, number)
        if not own.enrollment.waits_for_key:
            return see_other(f"{PAGE}/{number}")
        return _render("key", officer, base=f"{PAGE}/{number}", file="", password="")

    @views.post("/certificates/<number>/key")
    def make_key(number: str) -> Response:
        entered = onward.enter(f"{PAGE}/{number}/key", fresh=True)
        if isinstance(entered, Response):
            return entered
        session, officer = entered
        try:
            _, made = services.certificate_protocols.key_files.make(session.sub, number, caller())
        except RefusedError as err:
            if err.status == 404:
                raise
            return _shown(*entered, number, error=refusal(err.code), status=err.status)
        return _render("key", officer, base=f"{PAGE}/{number}", file=base64.b64encode(made.content).decode(),
                       password=made.password)

    @views.get("/certificates/<number>/<any('certificate.pem', 'certificate.der', 'chain.pem'):name>")
    def download(number: str, name: str) -> Response:
        entered = onward.enter(f"{PAGE}/{number}")
        if isinstance(entered, Response):
            return entered
        chain = services.own_certificates.chain(entered[0].sub, number)
        if not chain:
            abort(404)
        if name == "certificate.der":
            content, kind = chain[0].public_bytes(Encoding.DER), "application/pkix-cert"
        else:
            links = chain if name == "chain.pem" else chain[:1]
            content, kind = b"".join(one.public_bytes(Encoding.PEM) for one in links), "application/x-pem-file"
        return Response(content, content_type=kind, headers={
            "Content-Disposition": f'attachment; filename="{name}"'})

    def _render(name: str, officer: MirroredOfficer, status: int = 200, **more: Any) -> Response:
        return make_response(render_template(
            f"account/certificates/{name}.html", who=officer_words(officer.officer),
            agency_help=agency_help(services, officer.officer), **more), status)

    def _asking(session: Session, officer: MirroredOfficer, *, error: str = "", wrong: Mapping[str, str] | None = None,
                status: int = 200) -> Response:
        devices = services.own_certificates.devices(session.sub)
        return _render("new", officer, status, error=error, wrong=wrong or {}, action=f"{PAGE}/new",
                       device=request.form.get("device", ""),
                       devices=[asked_words(device) for device in devices])

    def _shown(session: Session, officer: MirroredOfficer, number: str, *, error: str = "", status: int = 200) -> Response:
        own = services.own_certificates.one(session.sub, number)
        key = {"key"} if own.enrollment.waits_for_key else set()
        return _render("shown", officer, status, error=error, base=f"{PAGE}/{number}", offers=own.offers | key,
                       found=shown_words(own, services.clock.now()))

    def _second_look(session: Session, officer: MirroredOfficer, number: str, name: str, *, error: str = "",
                     status: int = 200) -> Response:
        own = services.own_certificates.one(session.sub, number)
        offered = {"lost": "report_loss"}.get(name, name) in own.offers
        if not offered and not error:
            return see_other(f"{PAGE}/{number}")
        return _render("act", officer, status, error=error, act=name, action=f"{PAGE}/{number}/{name}", back=f"{PAGE}/{number}",
                       found=shown_words(own, services.clock.now()), text=own.enrollment.challenge)


def _signature() -> bytes:
    """Give the signature that was pasted (base64) or sent as a file (base64 or as it is); empty for what is none."""
    sent = request.files.get("signature_file")
    content = sent.read(_LONGEST_SIGNATURE + 1) if sent is not None and sent.filename else b""
    pasted = request.form.get("signature", "").strip()
    if not content and not pasted.isascii():
        return b""
    text = content or pasted.encode()
    if len(text) > _LONGEST_SIGNATURE:
        return b""
    try:
        return base64.b64decode(b"".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return content
