"""The page between sign-in and application that says when the password ends: change it now, or later."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Response, make_response, render_template

from ...services import Services
from ...sessions.interaction import Interaction
from ..onward import address_of
from ..presentation import agency_help, application_words, officer_words
from .course import Course


class ExpiringPage:
    """Asks for nothing; both ways lead to the application."""

    def __init__(self, services: Services, course: Course) -> None:
        self._services = services
        self._course = course

    def page(self, interaction: Interaction) -> Response | None:
        """Say what the sign-in was told about the password; None for anybody else, and where there is nothing to say."""
        signed_in = self._course.onward.signed_in()
        if signed_in is None or signed_in[0].sid != interaction.authenticated_sid:
            return None
        end, last = interaction.password_expires_at, interaction.grace_left == 0
        if end is None and not last:
            return None
        officer = signed_in[1].officer
        return make_response(render_template(
            "login/expiring.html", app=application_words(self._course.client(interaction)), who=officer_words(officer),
            days=None if last or end is None else self._services.password_notices.days_left(end), last=last,
            agency_help=agency_help(self._services, officer), later_url=address_of("login.ask", interaction),
            change_url=f"/account/password?{urlencode({'then': interaction.id})}"))
