"""Two questions between the sign-in and the code: with which account, and whether what is asked for may be shared.

Spec: OpenID Connect Core §3.1.2.1 (select_account, consent), §3.1.2.4; RFC 9396 §3. The form says which question it answers and
for whose session, so that a double press or another officer's sign-in in a second tab never answers a question that was not seen.
"""

from __future__ import annotations

import hmac
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request

from ...directory.mirror import MirroredOfficer
from ...oauth.authorization_request import AuthorizationError, AuthorizationRequest
from ...oauth.client import Client
from ...oidc.claims import asked_by_name
from ...oidc.prompts import Prompt, answered
from ...services import Services
from ...sessions.interaction import Interaction
from ...sessions.single_sign_on import Session
from ..onward import Onward, address_of, mark_of, see_other
from ..presentation import agency_help, application_words, officer_words, sharing, signing
from ..security import allow_onward_redirect, browser_id, caller
from .phone import PhoneSigning

_QUESTIONS = (Prompt.SELECT_ACCOUNT, Prompt.CONSENT)


def blueprint(services: Services) -> Blueprint:
    """Make ``/consent/<id>``."""
    views = Blueprint("consent", __name__)
    onward = Onward(services)
    phone = PhoneSigning(services, onward)

    def due(interaction: Interaction) -> tuple[Prompt, AuthorizationRequest, Client, Session, MirroredOfficer] | None:
        """Tell which of the two questions is due and for whom; None when another page is, or an answer."""
        asked = AuthorizationRequest.from_json(interaction.request)
        client = services.clients.find(interaction.client_id)
        signed_in = onward.signed_in()
        if client is None or signed_in is None or asked.deferred:
            return None
        try:
            prompt = onward.prompt(asked, client, interaction, signed_in)
        except AuthorizationError:
            return None
        return (prompt, asked, client, *signed_in) if prompt in _QUESTIONS else None

    @views.get("/consent/<interaction_id>")
    def ask(interaction_id: str) -> Response:
        interaction = services.interactions.take_up(interaction_id, browser_id())
        if interaction is None or interaction.done_at is not None or interaction.kind != "authorize":
            return onward.lead_on(request.args.get("app", ""))
        allow_onward_redirect()
        question = due(interaction)
        if question is None:
            return onward.proceed(interaction)
        prompt, asked, client, session, officer = question
        onward.take_language(asked, interaction.id)
        action = address_of("consent.answer", interaction, ask=prompt.value, to=mark_of(interaction, session))
        common: dict[str, Any] = {"app": application_words(client), "who": officer_words(officer.officer), "action": action}
        if prompt is Prompt.SELECT_ACCOUNT:
            return make_response(render_template("consent/select_account.html", **common))
        common |= {"agency_help": agency_help(services, officer.officer),
                   **sharing(client, officer.officer, asked.scope, asked_by_name(asked, client),
                             post=onward.post(asked, client, interaction, (session, officer))[0])}
        if asked.unseen_by(session.sub):
            # Documents are shown to every officer; what the province shares with its own applications is not asked again.
            sharing_is_asked = client.consent == "ask" or "consent" in asked.prompt
            return make_response(render_template("consent/signing.html", **common, requests=signing(asked.authorization_details),
                                                 ask_sharing=sharing_is_asked))
        return make_response(render_template("consent/consent.html", **common))

    @views.post("/consent/<interaction_id>")
    def answer(interaction_id: str) -> Response:
        interaction = services.interactions.take_up(interaction_id, browser_id())
        if interaction is None or not services.interactions.is_open(interaction) or interaction.kind != "authorize":
            return onward.over(request.args.get("app", ""))
        allow_onward_redirect()
        question = due(interaction)
        if question is None:
            return onward.proceed(interaction)
        prompt, asked, client, session, officer = question
        said = request.form.get("answer", "")
        meant = (request.args.get("ask", "") == prompt.value
                 and hmac.compare_digest(request.args.get("to", "").encode(), mark_of(interaction, session).encode()))
        if not meant or said not in {"accept", "deny", "other"}:
            return see_other(address_of("consent.ask", interaction))
        if prompt is Prompt.SELECT_ACCOUNT and said != "accept":
            return see_other(address_of("login.ask", interaction, **{"as": "other"}))
        if prompt is Prompt.CONSENT and said != "accept":
            services.consents.refuse(officer.sub, client.client_id, asked.scope, caller(),
                                     claims=asked_by_name(asked, client), sid=session.sid,
                                     details=asked.authorization_details)
            services.interactions.finish(interaction)
            return onward.send(onward.error(asked.refuse("access_denied", "The officer did not agree."), asked))
        if prompt is Prompt.CONSENT:
            services.consents.give(officer.sub, client.client_id, asked.scope, caller(),
                                   claims=asked_by_name(asked, client), sid=session.sid,
                                   details=asked.authorization_details)
        amended = services.interactions.amend(interaction, answered(asked, prompt, session.sub).to_json())
        if amended is None:
            return onward.over(interaction.client_id)
        # Whoever agreed to have documents signed has pressed the button after which the phone asks.
        return onward.proceed(amended) if asked.to_be_signed is None or prompt is not Prompt.CONSENT else phone.begin(amended)

    return views
