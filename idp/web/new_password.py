"""A new password, as its owner: the form, what it says before one types, and what was wrong with what came.

Three pages have it: the one of a sign-in that cannot go on without, the one of an officer who is signed in, and, without the
old password, the one of who has forgotten it (``login.recovery``). What is done on the first two is the same: the old password is
tried and counted by ``authn.sign_in``, the directory judges, and the officer is told.
"""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, render_template, request

from ..authn.assurance import PASSWORD
from ..authn.lockout import ThrottledError
from ..directory.mirror import MirroredOfficer
from ..directory.officer import ChangeResult
from ..directory.password_policy import PasswordRules, problem_with, rules_for
from ..errors import UnavailableError
from ..services import Services
from .presentation import agency_help, officer_words
from .security import caller, device

_BUSY_RETRY_SECONDS = 10
_STATUS = {"unavailable": 503, "throttled": 429}


class NewPassword:
    """The form of a change.

    Args:
        services: Wired rooms.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

    def change(self, officer: MirroredOfficer, *, client_id: str = "") -> str:
        """Change the password as the form says; gives what was wrong, as ``form`` takes it, or "" when it is changed.

        Raises:
            ThrottledError: too many wrong old passwords.
        """
        old, new = request.form.get("password", ""), request.form.get("new_password", "")
        problem = self.problem(officer, old=old) if new else None
        if problem is not None:
            return problem
        try:
            outcome = self._services.sign_in.change_password(officer, old, new, caller(), client_id=client_id,
                                                             device=device(self._services)).outcome
        except UnavailableError as err:
            if err.dependency != "directory":
                raise
            return "unavailable"
        if outcome == ChangeResult.TOO_SHORT:  # long enough for the rules on the page, and the directory wants more
            return "too_short_there"
        return "" if outcome == ChangeResult.CHANGED else outcome

    def problem(self, officer: MirroredOfficer, *, old: str) -> str | None:
        """Tell what is wrong with the new password at first sight; None for nothing."""
        return problem_with(request.form.get("new_password", ""), again=request.form.get("new_password_again", ""), old=old,
                            uid=officer.officer.uid, name=officer.officer.name, rules=self._rules(officer))

    def form(self, officer: MirroredOfficer, *, error: str = "", throttled: ThrottledError | None = None, action: str,
             cancel_url: str, app: dict[str, Any] | None, reason: str, grace_left: int | None = None) -> Response:
        """Show the form, with what was wrong with the last one."""
        code = "throttled" if throttled is not None else error
        rules, seconds = self._rules(officer), throttled.retry_after_seconds if throttled is not None else None
        answer = make_response(render_template(
            "login/change_password.html", app=app, action=action, who=officer_words(officer.officer), reason=reason,
            username=officer.officer.uid, error={"code": code, "retry_after_seconds": seconds} if code else None,
            min_length=rules.min_length, classes=rules.classes, grace_left=grace_left,
            agency_help=agency_help(self._services, officer.officer), cancel_url=cancel_url),
            _STATUS.get(code, 400) if code else 200)
        if code in _STATUS:
            answer.headers["Retry-After"] = str(seconds or _BUSY_RETRY_SECONDS)
        return answer

    def _rules(self, officer: MirroredOfficer) -> PasswordRules:
        # Wherever the officer is now: the password is for other places too.
        demanded = self._services.assurance.demanded(officer.officer.groups, 0, units=officer.officer.units, source=None)
        return rules_for(security_level=self._services.settings.security_level, second_factor=demanded > PASSWORD)
