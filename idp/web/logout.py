"""Signing out: of one's own wish, or because an application asks (RP-Initiated Logout 1.0); then the applications are told.

An application's request acts at once only with a valid ID token of the very session that the browser has; everything else is a
question to the officer (security checklist 35). A POST from another site carries no session cookie, so it is stored and the
browser comes back by GET.

Applications that registered for it are told by frames of the last page (Front-Channel Logout 1.0). The page goes on when all of
them have loaded, and by a script after three seconds at the latest; without scripts the browser itself goes on once they have
loaded, and a link is there from the first moment, so that a dead application keeps nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import BadRequest

from ..oauth.client import Client
from ..oidc.frontchannel_logout import LogoutFrame, logout_frames
from ..oidc.rp_initiated_logout import LogoutRequest, needs_confirmation
from ..services import Services
from .i18n import speak
from .onward import Onward, see_other
from .presentation import application_words, entrance, in_words, moment_words, officer_words
from .security import (
    allow_frames,
    allow_onward_redirect,
    browser_id,
    caller,
    check_form,
    current_session,
    parameters_of_body,
    parameters_of_query,
    without_session,
)

_REFRESH_SECONDS = 1
"""The browser counts from the moment at which everything, frames included, has loaded."""


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
            return see_other(asked.redirect_uri) if asked.redirect_uri else done(asked)
        if not needs_confirmation(asked, client, session, services.subjects):
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
        took_part = [client for client in map(services.clients.find, told) if client is not None]
        frames: tuple[LogoutFrame, ...] = ()
        if session is not None:
            sid = session.sid
            frames = logout_frames(took_part, issuer=services.settings.issuer,
                                   sid_of=lambda client: services.subjects.session_of(client, sid))
        allow_frames(frame.origin for frame in frames)
        if not asked.redirect_uri:
            answer = done(asked, took_part, frames, confirmed=confirmed)
        else:
            answer = leave(asked, frames) if frames else see_other(asked.redirect_uri)
        return without_session(answer, services)

    def done(asked: LogoutRequest, took_part: Sequence[Client] = (), frames: Sequence[LogoutFrame] = (), *,
             confirmed: bool = True) -> Response:
        """Say that the officer is signed out, and who is told."""
        client = services.clients.find(asked.client_id) if asked.client_id else None
        onward_uri = (asked.return_uri if confirmed else "") or (entrance(client, services.settings.issuer) if client else "")
        return make_response(render_template(
            "logout/done.html", at=moment_words(services.clock.now()), told=_told(took_part), frames=frames,
            app=application_words(client), continue_url=onward_uri or None))

    def leave(asked: LogoutRequest, frames: Sequence[LogoutFrame]) -> Response:
        """Load the frames, then go on to the application that asked."""
        answer = make_response(render_template(
            "logout/leave.html", frames=frames, app=application_words(services.clients.find(asked.client_id)),
            continue_url=asked.redirect_uri))
        answer.headers["Refresh"] = f"{_REFRESH_SECONDS};url={asked.redirect_uri}"
        return answer

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


def _told(clients: Sequence[Client]) -> list[dict[str, Any]]:
    """Name the applications that a logout token is on its way to, and those that only this browser can tell."""
    return [{"name": client.client_name or client.client_id, "owner": client.owner,
             "state": "waiting" if client.backchannel_logout_uri else "framed"}
            for client in map(in_words, clients) if client.backchannel_logout_uri or client.frontchannel_logout_uri]
