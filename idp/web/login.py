"""Signing in: password, a new password where one is due, second factor, and on to where the officer was going.

Which form stands next is decided by what was proven in the interaction, never by what a form says (security checklist 29): a
form for another step than the one that is due is answered with the form that is. A lost form token, an expired page and a page
gone back to all lead on (checklist 21; issue 2, deliverable 10).
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, render_template, request
from flask_babel import gettext
from flask_wtf.csrf import CSRFError

from ..authn.assurance import HIGHEST_OFFERED, OTP, PASSWORD, PWD, level_reached, missing, with_factor
from ..authn.lockout import ThrottledError
from ..directory.mirror import MirroredOfficer
from ..directory.password_policy import PasswordRules, problem_with, rules_for
from ..errors import UnavailableError
from ..oauth.authorization_request import AuthorizationError, AuthorizationRequest
from ..oauth.client import Client
from ..oidc.claims_request import acr_asked
from ..oidc.prompts import Prompt, hint_agrees
from ..services import Services
from ..sessions.interaction import Interaction
from ..sessions.single_sign_on import Session
from .errors import page
from .onward import Onward, address_of, see_other
from .presentation import agency_help, application_words, minutes, officer_words
from .security import allow_onward_redirect, browser_id, caller, change_session, check_form, session_cookie, with_session

_BUSY_RETRY_SECONDS = 10


def blueprint(services: Services) -> Blueprint:
    """Make ``/login/<id>`` and the bare ``/login`` that people bookmark."""
    views = Blueprint("login", __name__)
    desk = _SignInDesk(services)

    @views.get("/login")
    @views.get("/login/")
    def bare() -> Response:
        return desk.onward.lead_on(request.args.get("app", ""))

    @views.get("/login/<interaction_id>")
    def ask(interaction_id: str) -> Response:
        interaction = services.interactions.take_up(interaction_id, browser_id())
        if interaction is None or interaction.done_at is not None or interaction.kind == "logout":
            return desk.onward.lead_on(request.args.get("app", ""))
        allow_onward_redirect()
        return desk.form(interaction, as_other=request.args.get("as") == "other")

    @views.post("/login/<interaction_id>")
    def answer(interaction_id: str) -> Response:
        allow_onward_redirect()
        interaction = services.interactions.take_up(interaction_id, browser_id())
        if interaction is None or not services.interactions.is_open(interaction) or interaction.kind == "logout":
            return desk.onward.over(request.args.get("app", ""))
        desk.take_language(interaction)
        try:
            check_form(services.settings.issuer)
        except CSRFError:
            return desk.sign_in_form(interaction, status=400, error={"code": "csrf"},
                                     username=request.form.get("username", ""))
        if "new_password" in request.form:
            return desk.new_password(interaction)
        if "otp" in request.form:
            return desk.second_factor(interaction)
        if "username" in request.form or "password" in request.form:
            return desk.password(interaction)
        return desk.form(interaction)

    return views


class _SignInDesk:
    """The steps of one sign-in, over the rooms."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.onward = Onward(services)

    # What stands next

    def form(self, interaction: Interaction, *, as_other: bool = False) -> Response:
        """Show the form that is due, or lead on when none is."""
        self.take_language(interaction)
        officer = None if as_other else self._proven(interaction)
        if officer is not None and interaction.must_change_password:
            return self._change_form(interaction, officer)
        if officer is not None and self._missing(interaction, officer, interaction.amr):
            return self._factor_form(interaction, officer)
        signed_in = self.onward.signed_in()
        if as_other or signed_in is None:
            return self.sign_in_form(interaction, signed_out=signed_in is None and session_cookie(self._services) is not None)
        prompt = self._prompt(interaction, signed_in)
        if prompt is Prompt.STEP_UP:
            return self._factor_form(interaction, signed_in[1])
        if prompt is Prompt.LOGIN:
            return self.sign_in_form(interaction, again=self._expected(interaction, signed_in))
        return self._arrive(interaction)

    def take_language(self, interaction: Interaction) -> None:
        """Speak as the application asked."""
        if interaction.kind == "authorize":
            self.onward.take_language(AuthorizationRequest.from_json(interaction.request), interaction.id)

    # The steps

    def password(self, interaction: Interaction) -> Response:
        """Try a name and a password. Everything that a stranger must not tell apart gets one and the same answer."""
        username = request.form.get("username", "")
        try:
            step = self._services.sign_in.password(username, request.form.get("password", ""), caller(),
                                                   client_id=interaction.client_id)
        except ThrottledError as refusal:
            return self._throttled_form(interaction, username, refusal.retry_after_seconds)
        except UnavailableError as err:
            if err.dependency != "directory":
                raise
            return self._unavailable_form(interaction, username, err.retry_after_seconds)
        if step.officer is None:
            if interaction.entry_uuid:
                self._services.interactions.forget(interaction)
            return self.sign_in_form(interaction, status=400, error={"code": "wrong"}, hint=step.hint, username=username)
        if step.outcome == "expired":
            return self._expired_page(step.officer)
        # A grace sign-in with an expired password: the change comes first, while the directory still admits one more bind for it.
        grace = step.outcome == "accepted" and bool(step.grace_left)
        if step.outcome == "accepted" and not grace and not self._missing(interaction, step.officer, (PWD,)):
            return self._complete(interaction, step.officer, (PWD,))
        proven = self._services.interactions.prove(interaction, step.officer.officer.entry_uuid, (PWD,),
                                                   must_change=grace or step.outcome == "must_change")
        if proven is None:
            return self.onward.over(interaction.client_id)
        return see_other(address_of("login.ask", interaction, **({"why": "expired"} if grace else {})))

    def new_password(self, interaction: Interaction) -> Response:
        """Change the password that must be changed, as the officer, and go on."""
        officer = self._proven(interaction)
        if officer is None or not interaction.must_change_password:
            return self.form(interaction)
        old, new = request.form.get("password", ""), request.form.get("new_password", "")
        problem = problem_with(new, again=request.form.get("new_password_again", ""), old=old, uid=officer.officer.uid,
                               rules=self._rules(officer)) if new else None
        if problem is not None:
            return self._change_form(interaction, officer, error=problem)
        try:
            step = self._services.sign_in.change_password(officer, old, new, caller(), client_id=interaction.client_id)
        except ThrottledError as refusal:
            self._services.interactions.forget(interaction)
            return self._throttled_form(interaction, officer.officer.uid, refusal.retry_after_seconds)
        except UnavailableError as err:
            if err.dependency != "directory":
                raise
            return self._change_form(interaction, officer, error="unavailable", status=503)
        if step.outcome != "changed":
            return self._change_form(interaction, officer, error=step.outcome)
        self._services.sessions.end_all(officer.sub, "password_changed", caller())
        changed = self._services.interactions.password_changed(interaction)
        if changed is None:
            return self.onward.over(interaction.client_id)
        if self._missing(changed, officer, changed.amr):
            return see_other(address_of("login.ask", interaction))
        return self._complete(changed, officer, changed.amr)

    def second_factor(self, interaction: Interaction) -> Response:
        """Try a one-time code: of the officer whose password was right here, or of the session that has to step up."""
        officer = self._proven(interaction)
        session: Session | None = None
        if officer is None:
            signed_in = self.onward.signed_in()
            if signed_in is None or self._prompt(interaction, signed_in) is not Prompt.STEP_UP:
                return self.form(interaction)
            session, officer = signed_in
        elif interaction.must_change_password:
            return self.form(interaction)
        step = self._services.sign_in.second_factor(officer, request.form.get("otp", ""), caller(),
                                                    client_id=interaction.client_id)
        if step.outcome == "not_enrolled":
            return self._factor_form(interaction, officer)
        if step.outcome == "throttled":
            answer = self._factor_form(interaction, officer, status=429, error={
                "code": "throttled", "retry_after_minutes": minutes(step.retry_after_seconds)})
            answer.headers["Retry-After"] = str(step.retry_after_seconds or 60)
            return answer
        if step.outcome != "accepted":
            code = "reused" if step.outcome == "reused" else "wrong"
            return self._factor_form(interaction, officer, status=400, error={"code": code})
        if session is None:
            return self._complete(interaction, officer, with_factor(interaction.amr, OTP))
        amr = with_factor(session.amr, OTP)
        raised = self._services.sessions.step_up(session, acr=level_reached(amr), amr=amr, caller=caller(),
                                                 cookie=session_cookie(self._services) or "", client_id=interaction.client_id)
        if raised is None:
            return see_other(address_of("login.ask", interaction))
        cookie, session = raised
        change_session(session)
        return with_session(self._arrive(interaction), self._services, cookie)

    # What follows a step

    def _complete(self, interaction: Interaction, officer: MirroredOfficer, amr: tuple[str, ...]) -> Response:
        """Open the session, now that everything asked was proven, and go where the officer was going."""
        cookie, session = self._services.sessions.open(
            officer.sub, acr=level_reached(amr), amr=amr, caller=caller(), cookie=session_cookie(self._services),
            client_id=interaction.client_id)
        change_session(session)
        self._services.mirror.signed_in(officer.sub, now=self._services.clock.now())
        noted = self._services.interactions.authenticated(interaction, session.sid, amr)
        answer = self._arrive(noted) if noted is not None else self.onward.lead_on(interaction.client_id)
        return with_session(answer, self._services, cookie)

    def _arrive(self, interaction: Interaction) -> Response:
        if interaction.kind == "authorize":
            return self.onward.proceed(interaction)
        self._services.interactions.finish(interaction)
        return see_other(interaction.return_to)

    # What is known

    def _proven(self, interaction: Interaction) -> MirroredOfficer | None:
        entry_uuid = self._services.interactions.proven_officer(interaction)
        officer = self._services.mirror.by_entry_uuid(entry_uuid) if entry_uuid else None
        return officer if officer is not None and officer.status == "active" else None

    def _client(self, interaction: Interaction) -> Client | None:
        return self._services.clients.find(interaction.client_id) if interaction.client_id else None

    def _missing(self, interaction: Interaction, officer: MirroredOfficer, amr: tuple[str, ...]) -> tuple[str, ...]:
        """Name the factors that are to be proven after these. A level that nobody can reach is refused by ``oidc.prompts``."""
        wish: tuple[str, ...] = ()
        if interaction.kind == "authorize":
            wish, _ = acr_asked(AuthorizationRequest.from_json(interaction.request))
        required = self.onward.required_level(officer, self._client(interaction), wish)
        return missing(level_reached(amr), min(required, HIGHEST_OFFERED))

    def _rules(self, officer: MirroredOfficer) -> PasswordRules:
        demanded = self._services.assurance.demanded(officer.officer.groups, 0)
        return rules_for(security_level=self._services.settings.security_level, second_factor=demanded > PASSWORD)

    def _expected(self, interaction: Interaction, signed_in: tuple[Session, MirroredOfficer]) -> MirroredOfficer | None:
        """Give the officer who is asked to sign in again; None when the application expects somebody else."""
        client = self._client(interaction)
        if client is None or interaction.kind != "authorize":
            return signed_in[1]
        asked = AuthorizationRequest.from_json(interaction.request)
        return signed_in[1] if hint_agrees(asked, self._services.subjects.of(client, signed_in[0].sub)) else None

    def _prompt(self, interaction: Interaction, signed_in: tuple[Session, MirroredOfficer]) -> Prompt:
        client = self._client(interaction)
        if interaction.kind != "authorize" or client is None:
            required = self.onward.required_level(signed_in[1], None, ())
            return Prompt.STEP_UP if signed_in[0].acr < required else Prompt.DONE
        try:
            return self.onward.prompt(AuthorizationRequest.from_json(interaction.request), client, interaction, signed_in)
        except AuthorizationError:
            return Prompt.DONE  # Onward.proceed asks again and tells the application.

    # Forms

    def sign_in_form(self, interaction: Interaction, *, status: int = 200, error: dict[str, Any] | None = None,
                     hint: str | None = None, username: str = "", again: MirroredOfficer | None = None,
                     signed_out: bool = False) -> Response:
        """Show name and password; ``again`` asks a signed-in officer once more."""
        if not username and not error:
            if again is not None:
                username = again.officer.uid
            if interaction.kind == "authorize":
                username = AuthorizationRequest.from_json(interaction.request).login_hint or username
        notice = "again" if again is not None else "signed_out_elsewhere" if signed_out else None
        return make_response(render_template(
            "login/sign_in.html", app=application_words(self._client(interaction)),
            action=address_of("login.answer", interaction), username=username[:255], error=error, hint=hint, notice=notice,
            who={"name": again.officer.name} if again is not None else None), status)

    def _throttled_form(self, interaction: Interaction, username: str, seconds: int | None) -> Response:
        answer = self.sign_in_form(interaction, status=429, username=username, error={
            "code": "throttled", "retry_after_minutes": minutes(seconds)})
        answer.headers["Retry-After"] = str(seconds or 60)
        return answer

    def _unavailable_form(self, interaction: Interaction, username: str, seconds: int) -> Response:
        answer = self.sign_in_form(interaction, status=503, username=username, error={"code": "unavailable"})
        answer.headers["Retry-After"] = str(seconds)
        return answer

    def _factor_form(self, interaction: Interaction, officer: MirroredOfficer, *, status: int = 200,
                     error: dict[str, Any] | None = None) -> Response:
        return make_response(render_template(
            "login/second_factor.html", app=application_words(self._client(interaction)),
            action=address_of("login.answer", interaction), who=officer_words(officer.officer), error=error,
            enrolled=self._services.totp.enrolled(officer.officer.entry_uuid),
            agency_help=agency_help(self._services, officer.officer),
            cancel_url=address_of("login.ask", interaction, **{"as": "other"})), status)

    def _change_form(self, interaction: Interaction, officer: MirroredOfficer, *, error: str = "", status: int = 400) -> Response:
        answer = make_response(render_template(
            "login/change_password.html", app=application_words(self._client(interaction)),
            action=address_of("login.answer", interaction, **_cosmetics()), who=officer_words(officer.officer),
            reason="expired" if request.args.get("why") == "expired" else "must_change", username=officer.officer.uid,
            error={"code": error} if error else None, ask_current=True, min_length=self._rules(officer).min_length,
            agency_help=agency_help(self._services, officer.officer),
            cancel_url=address_of("login.ask", interaction, **{"as": "other"})), status if error else 200)
        if status == 503 and error:
            answer.headers["Retry-After"] = str(_BUSY_RETRY_SECONDS)
        return answer

    def _expired_page(self, officer: MirroredOfficer) -> Response:
        contact = agency_help(self._services, officer.officer)
        if contact is None:
            what = gettext("Mật khẩu của bạn đã hết hạn và không còn lần đăng nhập chờ đổi nào. Vui lòng liên hệ quản trị đơn vị "
                           "của bạn hoặc gọi tổng đài hỗ trợ %(phone)s để được đặt lại.",
                           phone=self._services.settings.help_phone)
        else:
            what = gettext("Mật khẩu của bạn đã hết hạn và không còn lần đăng nhập chờ đổi nào. Vui lòng liên hệ quản trị đơn vị "
                           "%(name)s, số %(phone)s, để được đặt lại.", name=contact["name"], phone=contact["phone"])
        return page(403, gettext("Mật khẩu đã hết hạn"), what, self._services.clock, detail="password_expired", ways=[])


def _cosmetics() -> dict[str, str]:
    """Keep the words for an expired password over a form that comes back; decides nothing."""
    return {"why": "expired"} if request.args.get("why") == "expired" else {}
