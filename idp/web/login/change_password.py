"""The page that changes a password that has to be changed, as the officer, before anything else."""

from __future__ import annotations

from flask import Response, make_response, render_template, request

from ...authn.assurance import PASSWORD
from ...authn.lockout import ThrottledError
from ...directory.mirror import MirroredOfficer
from ...directory.password_policy import PasswordRules, problem_with, rules_for
from ...errors import UnavailableError
from ...services import Services
from ...sessions.interaction import Interaction
from ..onward import address_of, see_other
from ..presentation import agency_help, application_words, officer_words
from ..security import caller, device
from .course import Course
from .sign_in import SignInPage

_BUSY_RETRY_SECONDS = 10


class ChangePasswordPage:
    """A new password where one is due."""

    def __init__(self, services: Services, course: Course) -> None:
        self._services = services
        self._course = course
        self._sign_in = SignInPage(services, course)

    def answer(self, interaction: Interaction) -> Response | None:
        """Change the password that must be changed and go on; None when none must be."""
        officer = self._course.proven(interaction)
        if officer is None or not interaction.must_change_password:
            return None
        old, new = request.form.get("password", ""), request.form.get("new_password", "")
        problem = problem_with(new, again=request.form.get("new_password_again", ""), old=old, uid=officer.officer.uid,
                               rules=self._rules(officer)) if new else None
        if problem is not None:
            return self.form(interaction, officer, error=problem)
        try:
            step = self._services.sign_in.change_password(officer, old, new, caller(), client_id=interaction.client_id,
                                                          device=device(self._services))
        except ThrottledError as refusal:
            self._services.interactions.forget(interaction)
            return self._sign_in.throttled(interaction, officer.officer.uid, refusal.retry_after_seconds)
        except UnavailableError as err:
            if err.dependency != "directory":
                raise
            return self.form(interaction, officer, error="unavailable", status=503)
        if step.outcome != "changed":
            return self.form(interaction, officer, error=step.outcome)
        self._services.sessions.end_all(officer.sub, "password_changed", caller())
        changed = self._services.interactions.password_changed(interaction)
        if changed is None:
            return self._course.onward.over(interaction.client_id)
        if self._course.missing(changed, officer, changed.amr):
            return see_other(address_of("login.ask", interaction))
        return self._course.complete(changed, officer, changed.amr)

    def form(self, interaction: Interaction, officer: MirroredOfficer, *, error: str = "", status: int = 400) -> Response:
        """Show the form, with what was wrong with the last one."""
        answer = make_response(render_template(
            "login/change_password.html", app=application_words(self._course.client(interaction)),
            action=address_of("login.answer", interaction, **_cosmetics()), who=officer_words(officer.officer),
            reason="expired" if request.args.get("why") == "expired" else "must_change", username=officer.officer.uid,
            error={"code": error} if error else None, ask_current=True, min_length=self._rules(officer).min_length,
            agency_help=agency_help(self._services, officer.officer),
            cancel_url=address_of("login.ask", interaction, **{"as": "other"})), status if error else 200)
        if status == 503 and error:
            answer.headers["Retry-After"] = str(_BUSY_RETRY_SECONDS)
        return answer

    def _rules(self, officer: MirroredOfficer) -> PasswordRules:
        demanded = self._services.assurance.demanded(officer.officer.groups, 0)
        return rules_for(security_level=self._services.settings.security_level, second_factor=demanded > PASSWORD)


def _cosmetics() -> dict[str, str]:
    """Keep the words for an expired password over a form that comes back; decides nothing."""
    return {"why": "expired"} if request.args.get("why") == "expired" else {}
