"""The notice about personal data on the way to an application or a page of ours, and the same text for whoever wants to read it.

Rules: ``notices.personal_data``; which page comes next: ``oidc.prompts`` for applications, ``Onward.enter`` for our own pages.
The form says for whose session and for which version it is; a text that was exchanged while the page stood open is shown anew.
"""

from __future__ import annotations

import hmac
from typing import Any

from flask import Blueprint, Response, abort, make_response, render_template, request

from ...directory.mirror import MirroredOfficer
from ...notices.personal_data import PersonalDataText
from ...oauth.authorization_request import AuthorizationError, AuthorizationRequest
from ...oidc.prompts import Prompt
from ...services import Services
from ...sessions.interaction import Interaction
from ...sessions.single_sign_on import Session
from ..i18n import language
from ..onward import Onward, address_of, mark_of, see_other
from ..presentation import agency_help, application_words, officer_words
from ..security import allow_onward_redirect, browser_id, caller

PUBLIC = "/personal-data"


def blueprint(services: Services) -> Blueprint:
    """Make ``/personal-data/<id>`` and ``/personal-data``."""
    views = Blueprint("personal_data", __name__)
    onward, room = Onward(services), services.personal_data

    def due(interaction: Interaction) -> tuple[Session, MirroredOfficer] | None:
        """Tell who has to read it; None when another page is due."""
        signed_in = onward.signed_in()
        if signed_in is None or not room.unread(signed_in[0].sub):
            return None
        client = services.clients.find(interaction.client_id) if interaction.kind == "authorize" else None
        if client is None:
            return signed_in if interaction.kind == "page" else None
        try:
            prompt = onward.prompt(AuthorizationRequest.from_json(interaction.request), client, interaction, signed_in)
        except AuthorizationError:
            return None
        return signed_in if prompt is Prompt.NOTICE else None

    def go_on(interaction: Interaction) -> Response:
        if interaction.kind == "authorize":
            return onward.proceed(interaction)
        services.interactions.finish(interaction)
        return see_other(interaction.return_to)

    @views.get(f"{PUBLIC}/<interaction_id>")
    def ask(interaction_id: str) -> Response:
        interaction = services.interactions.take_up(interaction_id, browser_id())
        if interaction is None or interaction.done_at is not None or interaction.kind == "logout":
            return onward.lead_on(request.args.get("app", ""))
        allow_onward_redirect()
        signed_in = due(interaction)
        if signed_in is None or room.text is None:
            return go_on(interaction)
        if interaction.kind == "authorize":
            onward.take_language(AuthorizationRequest.from_json(interaction.request), interaction.id)
        session, officer = signed_in
        return make_response(render_template(
            "login/personal_data.html", app=application_words(services.clients.find(interaction.client_id)),
            who=officer_words(officer.officer), agency_help=agency_help(services, officer.officer), **words(room.text),
            action=address_of("personal_data.answer", interaction, to=mark_of(interaction, session))))

    @views.post(f"{PUBLIC}/<interaction_id>")
    def answer(interaction_id: str) -> Response:
        interaction = services.interactions.take_up(interaction_id, browser_id())
        if interaction is None or not services.interactions.is_open(interaction) or interaction.kind == "logout":
            return onward.over(request.args.get("app", ""))
        allow_onward_redirect()
        signed_in = due(interaction)
        if signed_in is None:
            return go_on(interaction)
        meant = hmac.compare_digest(request.args.get("to", "").encode(), mark_of(interaction, signed_in[0]).encode())
        if not meant or request.form.get("answer") != "accept" or not room.read(
                signed_in[0].sub, request.form.get("version", ""), caller(), sid=signed_in[0].sid):
            return see_other(address_of("personal_data.ask", interaction))
        return go_on(interaction)

    @views.get(PUBLIC)
    def text() -> Response:
        if room.text is None:
            abort(404)
        return make_response(render_template("login/personal_data_text.html", app=None, **words(room.text)))

    return views


def words(text: PersonalDataText) -> dict[str, Any]:
    """Give the notice for a page: ``version since text_lang sections``."""
    text_lang, sections = text.in_language(language())
    return {"version": text.version, "since": text.since.strftime("%d/%m/%Y"), "text_lang": text_lang,
            "sections": [{"heading": one.heading, "paragraphs": one.paragraphs} for one in sections]}
