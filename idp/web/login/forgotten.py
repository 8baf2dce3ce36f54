"""The page of who has forgotten the password: asks for the name, and says the same to everybody."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, render_template, request

from ...authn.lockout import ThrottledError
from ...services import Services
from ...sessions.interaction import Interaction
from ..onward import address_of
from ..presentation import application_words
from ..security import caller
from .course import Course


class ForgottenPage:
    """Who can help, and where there is one the way to help oneself."""

    def __init__(self, services: Services, course: Course) -> None:
        self._services = services
        self._course = course

    def form(self, interaction: Interaction, *, status: int = 200, error: dict[str, Any] | None = None,
             username: str = "") -> Response:
        """Show the page."""
        offered = self._services.forgotten_passwords.offered
        return make_response(render_template(
            "login/forgotten.html", app=application_words(self._course.client(interaction)), error=error, username=username[:255],
            action=address_of("login.ask_for_link", interaction) if offered else None,
            back_url=address_of("login.ask", interaction)), status)

    def answer(self, interaction: Interaction) -> Response:
        """Send a link, if there is somebody of this name; the answer is the same if there is not."""
        username = request.form.get("username", "")
        if not self._services.forgotten_passwords.offered:
            return self.form(interaction)
        if not username.strip():
            return self.form(interaction, status=400, error={"code": "no_name"})
        try:
            self._services.forgotten_passwords.ask(username, caller())
        except ThrottledError as refusal:
            answer = self.form(interaction, status=429, username=username, error={
                "code": "throttled", "retry_after_seconds": refusal.retry_after_seconds})
            answer.headers["Retry-After"] = str(refusal.retry_after_seconds or 60)
            return answer
        return make_response(render_template("login/forgotten_sent.html",
                                             app=application_words(self._course.client(interaction)),
                                             back_url=address_of("login.ask", interaction)))
