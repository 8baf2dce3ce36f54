"""Signing in with a passkey, from the page that asks for name and password; and what browsers are asked to prove.

The two questions are posts that a script of ours sends: each keeps a challenge in the interaction. The answer comes as an
ordinary form, so that what follows it is what follows a password.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, jsonify, request

from ...services import Services
from ...sessions.interaction import Interaction
from ..onward import address_of, see_other
from ..security import browser_id, caller
from .course import Course
from .second_factor import SecondFactorPage
from .sign_in import SignInPage

FIELD = "passkey_sign_in"


class PasskeyPage:
    """A passkey instead of name and password."""

    def __init__(self, services: Services, course: Course) -> None:
        self._services = services
        self._course = course
        self._sign_in = SignInPage(services, course)

    def answer(self, interaction: Interaction) -> Response:
        """Try a passkey. Everything that is wrong gets one and the same answer."""
        step = self._services.passkey_sign_in.attempt(request.form.get(FIELD, ""), interaction.id, caller(),
                                                      client_id=interaction.client_id)
        if step.outcome == "throttled":
            return self._sign_in.throttled(interaction, "", step.retry_after_seconds)
        if step.officer is None:
            if interaction.entry_uuid:
                self._services.interactions.forget(interaction)
            return self._sign_in.form(interaction, status=400, error={
                "code": "passkey_expired" if step.outcome == "expired" else "passkey"})
        if not self._course.missing(interaction, step.officer, step.amr):
            return self._course.complete(interaction, step.officer, step.amr)
        proven = self._services.interactions.prove(interaction, step.officer.officer.entry_uuid, step.amr, must_change=False)
        if proven is None:
            return self._course.onward.over(interaction.client_id)
        return see_other(address_of("login.ask", interaction))


def add_questions(views: Blueprint, services: Services, factor: SecondFactorPage) -> None:
    """Make ``/login/<id>/passkey`` (instead of a password) and ``/login/<id>/passkey/second`` (after it)."""

    def asked(interaction_id: str, ask: Callable[[Interaction], dict[str, Any] | None]) -> Response:
        interaction = services.interactions.take_up(interaction_id, browser_id())
        usable = (interaction is not None and interaction.kind != "logout" and services.interactions.is_open(interaction)
                  and services.passkeys.offered)
        options = ask(interaction) if interaction is not None and usable else None
        answer = jsonify(options if options is not None else {"error": "not_due"})
        answer.status_code = 200 if options is not None else 409
        return answer

    @views.post("/login/<interaction_id>/passkey")
    def ask_passkey(interaction_id: str) -> Response:
        return asked(interaction_id, lambda interaction: services.passkeys.ask_to_sign_in(interaction.id))

    @views.post("/login/<interaction_id>/passkey/second")
    def ask_second(interaction_id: str) -> Response:
        def ask(interaction: Interaction) -> dict[str, Any] | None:
            due = factor.due(interaction)
            return services.passkeys.ask_second_factor(due[1], interaction.id) if due is not None else None

        return asked(interaction_id, ask)
