"""The authorization endpoint: read, answer at once where nothing has to be asked, else store the request and lead to its pages.

Spec: RFC 6749 §3.1, OpenID Connect Core §3.1.2. A POST from another site carries no session cookie (SameSite=Lax), so it only
stores the request; the browser comes back by GET with its cookies, and the request is answered then.
"""

from __future__ import annotations

from flask import Blueprint, Response, request

from ..oauth.authorization_request import AuthorizationError, AuthorizationRequest, UnsafeRequestError
from ..oidc.prompts import NotAllowedError, Prompt
from ..services import Services
from .onward import Onward, address_of, see_other
from .security import allow_onward_redirect, browser_id, parameters_of_body, parameters_of_query


def blueprint(services: Services) -> Blueprint:
    """Make ``/authorize``."""
    views = Blueprint("authorize", __name__)
    onward = Onward(services)

    def read(parameters: dict[str, list[str]]) -> AuthorizationRequest | Response:
        try:
            return services.provider.parse_authorization(parameters)
        except UnsafeRequestError as refusal:
            named = parameters.get("client_id", [""])
            return onward.unknown_application(refusal.code, services.clients.find(named[0]) if len(named) == 1 else None)
        except AuthorizationError as refusal:
            return onward.send(services.provider.error_response(refusal))

    @views.get("/authorize")
    def begin() -> Response:
        asked = read(parameters_of_query())
        if isinstance(asked, Response):
            return asked
        onward.take_language(asked)
        client = services.clients.find(asked.client_id)
        if client is None:
            return onward.unknown_application("unknown_client")
        signed_in = onward.signed_in()
        try:
            prompt = onward.prompt(asked, client, None, signed_in)
            if prompt is Prompt.DONE and signed_in is not None:
                return onward.send(onward.code(asked, client, None, signed_in))
        except NotAllowedError as refusal:
            return onward.not_allowed(refusal, asked, client, signed_in)
        except AuthorizationError as refusal:
            return onward.send(onward.error(refusal, asked))
        browser_id()
        return onward.page_of(prompt, services.interactions.begin_authorization(asked.client_id, asked.to_json()))

    @views.post("/authorize")
    def begin_by_post() -> Response:
        parameters = parameters_of_body()
        for name, values in parameters_of_query().items():
            parameters.setdefault(name, []).extend(values)
        asked = read(parameters)
        if isinstance(asked, Response):
            return asked
        interaction = services.interactions.begin_authorization(asked.client_id, asked.to_json())
        return see_other(address_of("authorize.resume", interaction))

    @views.get("/authorize/<interaction_id>")
    def resume(interaction_id: str) -> Response:
        interaction = services.interactions.take_up(interaction_id, browser_id())
        if interaction is None or interaction.done_at is not None or interaction.kind != "authorize":
            return onward.lead_on(request.args.get("app", ""))
        allow_onward_redirect()
        return onward.proceed(interaction)

    return views
