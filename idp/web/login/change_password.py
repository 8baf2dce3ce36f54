"""The page that changes a password that has to be changed, as the officer, before anything else."""

from __future__ import annotations

from flask import Response

from ...authn.lockout import ThrottledError
from ...directory.mirror import MirroredOfficer
from ...services import Services
from ...sessions.interaction import Interaction
from ..new_password import NewPassword
from ..onward import address_of, see_other
from ..presentation import application_words
from ..security import caller
from .course import Course
from .sign_in import SignInPage


class ChangePasswordPage:
    """A new password where one is due."""

    def __init__(self, services: Services, course: Course) -> None:
        self._services = services
        self._course = course
        self._sign_in = SignInPage(services, course)
        self._new = NewPassword(services)

    def answer(self, interaction: Interaction) -> Response | None:
        """Change the password that must be changed and go on; None when none must be."""
        officer = self._course.proven(interaction)
        if officer is None or not interaction.must_change_password:
            return None
        try:
            error = self._new.change(officer, client_id=interaction.client_id)
        except ThrottledError as refusal:
            self._services.interactions.forget(interaction)
            return self._sign_in.throttled(interaction, officer.officer.uid, refusal.retry_after_seconds)
        if error == "one_time_over":
            return self._sign_in.over(error, officer)
        if error:
            return self.form(interaction, officer, error=error)
        self._services.interactions.forget_officer(officer.officer.entry_uuid, keep_id=interaction.id)
        self._services.sessions.end_all(officer.sub, "password_changed", caller())
        changed = self._services.interactions.password_changed(interaction)
        if changed is None:
            return self._course.onward.over(interaction.client_id)
        if self._course.missing(changed, officer, changed.amr):
            return see_other(address_of("login.ask", interaction))
        return self._course.complete(changed, officer, changed.amr)

    def form(self, interaction: Interaction, officer: MirroredOfficer, *, error: str = "") -> Response:
        """Show the form, with what was wrong with the last one."""
        return self._new.form(
            officer, error=error, app=application_words(self._course.client(interaction)),
            action=address_of("login.answer", interaction), cancel_url=address_of("login.ask", interaction, **{"as": "other"}),
            reason="must_change" if interaction.grace_left is None else "expired", grace_left=interaction.grace_left)
