"""Signing out: of one's own wish, or because an application asks (RP-Initiated Logout 1.0); then the applications are told.

An application's request acts at once only with a valid ID token of the very session that the browser has; everything else is a
question to the officer (security checklist 35). A POST from another site carries no session cookie, so it is stored and the
browser comes back by GET.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import BadRequest

from ..oidc.rp_initiated_logout import LogoutRequest, needs_confirmation
from ..services import Services
from .i18n import speak
from .onward import Onward, see_other
from .presentation import application_words, entrance, in_words, officer_words
from .security import (
    allow_onward_redirect,
    browser_id,
    caller,
    check_form,
    current_session,
    parameters_of_body,
    parameters_of_query,
    without_session,
)


def blueprint(services: Services) -> Blueprint:
    """Make ``/logout``, which is the end_session_endpoint too."""
    views = Blueprint("logout", __name__)
    onward = Onward(services)

    def decide(asked: LogoutRequest) -> Response:
        """Act, or ask."""
        speak(asked.ui_locales)
        client = services.clients.find(asked.client_id) if asked.client_id else None
        session = current_session(services)
        if session is None:
            return see_other(asked.redirect_uri) if asked.redirect_uri else done(asked, [])
        if not needs_confirmation(asked, client, session):
            return end(asked)
        officer = services.mirror.by_sub(session.sub)
        interaction = services.interactions.begin_logout(asked.client_id, asked.to_json())
        services.interactions.take_up(interaction.id, browser_id())
        allow_onward_redirect()
        return make_response(render_template(
            "logout/confirm.html", app=application_words(client), who=officer_words(officer.officer) if officer else None,
            action=url_for("logout.answer", interaction_id=interaction.id)))

    def end(asked: LogoutRequest, *, confirmed: bool = False) -> Response:
        """End the browser's session and say or show where to go next."""
        session = current_session(services)
        told = [] if session is None else services.sessions.end(session.sid, "logout", caller(), client_id=asked.client_id)
        answer = see_other(asked.redirect_uri) if asked.redirect_uri else done(asked, told, confirmed=confirmed)
        return without_session(answer, services)

    def done(asked: LogoutRequest, told: list[str], *, confirmed: bool = True) -> Response:
        client = services.clients.find(asked.client_id) if asked.client_id else None
        onward_uri = (asked.return_uri if confirmed else "") or (entrance(client, services.settings.issuer) if client else "")
        return make_response(render_template(
            "logout/done.html", told=_told(services, told), app=application_words(client), continue_url=onward_uri or None))

    @views.get("/logout")
    def begin() -> Response:
        return decide(services.end_session.read(parameters_of_query()))

    @views.post("/logout")
    def end_session() -> Response:
        try:
            parameters = parameters_of_body() if request.content_length else {}
        except BadRequest:
            parameters = {}
        if "answer" in parameters:
            try:
                check_form(services.settings.issuer)
            except CSRFError:
                return see_other(url_for("logout.begin"))
            return end(LogoutRequest(), confirmed=True) if parameters["answer"] == ["accept"] else see_other("/")
        for name, values in parameters_of_query().items():
            parameters.setdefault(name, []).extend(values)
        asked = services.end_session.read(parameters)
        interaction = services.interactions.begin_logout(asked.client_id, asked.to_json())
        return see_other(url_for("logout.resume", interaction_id=interaction.id))

    @views.get("/logout/<interaction_id>")
    def resume(interaction_id: str) -> Response:
        interaction = services.interactions.take_up(interaction_id, browser_id())
        if interaction is None or interaction.done_at is not None or interaction.kind != "logout":
            return see_other(url_for("logout.begin"))
        services.interactions.finish(interaction)
        return decide(LogoutRequest.from_json(interaction.request))

    @views.post("/logout/<interaction_id>")
    def answer(interaction_id: str) -> Response:
        interaction = services.interactions.take_up(interaction_id, browser_id())
        if interaction is None or not services.interactions.is_open(interaction) or interaction.kind != "logout":
            return see_other(url_for("logout.begin"))
        asked = LogoutRequest.from_json(interaction.request)
        speak(asked.ui_locales)
        allow_onward_redirect()
        services.interactions.finish(interaction)
        if request.form.get("answer") == "accept":
            return end(asked, confirmed=True)
        return onward.lead_on(asked.client_id)

    return views


def _told(services: Services, client_ids: list[str]) -> list[dict[str, Any]]:
    """Name the applications that a logout token is on its way to."""
    clients = [services.clients.find(client_id) for client_id in client_ids]
    return [{"name": in_words(client).client_name or client.client_id, "state": "waiting"}
            for client in clients if client is not None and client.backchannel_logout_uri]
