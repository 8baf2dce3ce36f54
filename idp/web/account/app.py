"""Enrolling an authenticator app: a secret to scan or to type, and the first code as the proof that it arrived.

The secret is made here, by a form and never by opening a page; it may be looked at again, in the browser that asked, as long as
it waits for its first code.
The picture is drawn on the server (ISO/IEC 18004), so that no script and no other host sees the secret.
"""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, request

from ...authn.assurance import level_reached, with_factor
from ...directory.mirror import MirroredOfficer
from ...services import Services
from ...sessions.single_sign_on import Session
from ..onward import Onward, see_other
from ..presentation import officer_words, to_scan
from ..security import browser_id, caller, change_session, device, session_cookie, with_session

PAGE = "/account/security/app"
AFTER = "/account/security"


def add(views: Blueprint, services: Services, onward: Onward) -> None:
    """Make ``/account/security/app``."""

    def shown(officer: MirroredOfficer, *, error: str = "", status: int = 200, wait: int | None = None) -> Response:
        seed = services.totp.begun(officer.officer.entry_uuid, browser_id())
        return make_response(render_template(
            "account/app.html", who=officer_words(officer.officer), action=PAGE, error=error, retry_after_seconds=wait,
            **(to_scan(seed, officer.officer, services.settings.province_name) if seed else {"seed": None, "picture": None}),
            replaces=services.totp.enrolled(officer.officer.entry_uuid)), status)

    def confirmed(session: Session, amr: tuple[str, ...]) -> Response:
        """Go on with a session that has proven the app as well, so that what follows need not ask for the next code."""
        answer = see_other(AFTER)
        raised = services.sessions.step_up(session, acr=level_reached(amr), amr=amr, caller=caller(),
                                           cookie=session_cookie(services) or "")
        if raised is None:
            return answer
        cookie, session = raised
        change_session(session)
        return with_session(answer, services, cookie)

    @views.get("/security/app")
    def enrol_app() -> Response:
        entered = onward.enter(PAGE, fresh=True, enrols=True)
        return entered if isinstance(entered, Response) else shown(entered[1])

    @views.post("/security/app")
    def take_app() -> Response:
        entered = onward.enter(PAGE, fresh=True, enrols=True)
        if isinstance(entered, Response):
            return entered
        session, officer = entered
        if "otp" not in request.form:
            services.totp.begin(officer.officer.entry_uuid, browser_id())
            return see_other(PAGE)
        step = services.second_factors.first_try(
            officer, services.totp.name, lambda: services.totp.confirm(officer, request.form["otp"], browser_id(), caller()),
            caller(), device=device(services))
        if step.outcome == "throttled":
            answer = shown(officer, error="throttled", status=429, wait=step.retry_after_seconds)
            answer.headers["Retry-After"] = str(step.retry_after_seconds or 60)
            return answer
        if step.outcome != "confirmed":
            return shown(officer, error=step.outcome, status=400)
        return confirmed(session, with_factor(session.amr, services.totp.name))
