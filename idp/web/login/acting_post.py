"""Which of several posts an officer acts in: the question on the way to an application, and taking the answer back.

Spec: OpenID Connect Core §3.1.2.1; the rules are ``oidc.acting_post``'s. Each post is a button, so that one press answers; the
form says for whose session it is, as consent does, and what it names is looked for among the posts that are offered then.
Requests that are waited for elsewhere (a device's, one that asks by name) are asked here as well, before their own page.
"""

from __future__ import annotations

import hmac
from typing import NamedTuple

from flask import Blueprint, Response, make_response, render_template, request

from ...directory.mirror import MirroredOfficer
from ...directory.officer import Post
from ...oauth.authorization_request import AuthorizationError, AuthorizationRequest
from ...oauth.client import Client
from ...oidc.acting_post import held_of, offered
from ...oidc.prompts import Prompt
from ...services import Services
from ...sessions.interaction import Interaction
from ...sessions.single_sign_on import Session
from ..onward import Onward, address_of, mark_of, see_other
from ..presentation import agency_help, application_words, officer_words
from ..security import allow_onward_redirect, browser_id, caller


class _Question(NamedTuple):
    asked: AuthorizationRequest
    client: Client
    session: Session
    officer: MirroredOfficer
    posts: tuple[Post, ...]


def blueprint(services: Services) -> Blueprint:
    """Make ``/acting-post/<id>``, and ``/acting-post`` for asking again."""
    views = Blueprint("acting_post", __name__)
    onward = Onward(services)

    def due(interaction: Interaction) -> _Question | None:
        """Tell what is to be answered and by whom; None when another page is due."""
        asked = AuthorizationRequest.from_json(interaction.request)
        client = services.clients.find(interaction.client_id)
        signed_in = onward.signed_in()
        if client is None or signed_in is None:
            return None
        try:
            prompt = onward.prompt(asked, client, interaction, signed_in)
        except AuthorizationError:
            return None
        if prompt is not Prompt.POST:
            return None
        return _Question(asked, client, *signed_in, offered(asked, client, signed_in[1].officer))

    @views.get("/acting-post/<interaction_id>")
    def ask(interaction_id: str) -> Response:
        interaction = services.interactions.take_up(interaction_id, browser_id())
        if interaction is None or interaction.done_at is not None or interaction.kind != "authorize":
            return onward.lead_on(request.args.get("app", ""))
        allow_onward_redirect()
        question = due(interaction)
        if question is None:
            return onward.proceed(interaction)
        onward.take_language(question.asked, interaction.id)
        last = services.acting_posts.last(question.session)
        return make_response(render_template(
            "consent/post.html", app=application_words(question.client),
            who=officer_words(question.officer.officer) | {"title": "", "unit_name": ""},  # which post is the question
            agency_help=agency_help(services, question.officer.officer),
            posts=[{"title": post.title or post.unit_name or post.unit_code, "unit_name": post.unit_name if post.title else "",
                    "mark": held_of(post).mark, "last": held_of(post) == last} for post in question.posts],
            action=address_of("acting_post.answer", interaction, to=mark_of(interaction, question.session))))

    @views.post("/acting-post/<interaction_id>")
    def answer(interaction_id: str) -> Response:
        interaction = services.interactions.take_up(interaction_id, browser_id())
        if interaction is None or not services.interactions.is_open(interaction) or interaction.kind != "authorize":
            return onward.over(request.args.get("app", ""))
        allow_onward_redirect()
        question = due(interaction)
        if question is None:
            return onward.proceed(interaction)
        meant = hmac.compare_digest(request.args.get("to", "").encode(), mark_of(interaction, question.session).encode())
        said = request.form.get("post", "")
        post = next((post for post in question.posts if held_of(post).mark == said), None)
        if not meant or post is None:
            return see_other(address_of("acting_post.ask", interaction))
        services.acting_posts.choose(question.client, question.session, post, caller())
        return onward.proceed(interaction)

    @views.post("/acting-post")
    def ask_again() -> Response:
        signed_in = onward.signed_in()
        if signed_in is not None:
            services.acting_posts.ask_again(signed_in[0], request.form.get("post", ""))
        return see_other("/")

    return views
