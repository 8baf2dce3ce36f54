"""How an authorization request arrives: as parameters, as a request object, or as a reference to what was pushed or published.

Spec: RFC 6749 §4.1.1, OpenID Connect Core §6, RFC 9101 §5-§6, RFC 9126 §3-§5, RFC 9449 §10, FAPI 2.0 Security Profile §5.3.2.2.
Whatever the way, one function checks what is asked (``authorization_request.parse``), and demands on the way itself are made here
and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidRequestError

from .. import authorization_request
from ..authorization_request import AuthorizationError, AuthorizationRequest, UnsafeRequestError
from ..client import Client, ClientRegistry
from ..client_authentication import PARAMETERS
from . import rich_authorization
from .published import PublishedRequests
from .pushed_authorization import PushedRequests, is_reference
from .request_object import InvalidRequestObjectError, RequestObjects

_MUST_PUSH: Final = "This application must push its requests (RFC 9126)."


class AuthorizationRequests:
    """Reads authorization requests.

    Args:
        registry: Clients.
        pushed: Requests that applications handed over themselves.
        objects: Checks request objects.
        read_hint: Gives the subject of an ID token of ours (token, client_id); raises RefusedError when it is none.
        response_types: Those that are offered.
        issuer: The provider's issuer identifier, which is a resource too.
        details_types: Types of authorization details that are offered.
        published: Fetches request objects that applications publish; None where that is not offered.
    """

    def __init__(self, registry: ClientRegistry, *, pushed: PushedRequests, objects: RequestObjects,
                 read_hint: Callable[[str, str], str], response_types: Sequence[str], issuer: str,
                 details_types: rich_authorization.Types, published: PublishedRequests | None = None) -> None:
        self._registry = registry
        self._pushed = pushed
        self._objects = objects
        self._read_hint = read_hint
        self._response_types = response_types
        self._issuer = issuer
        self._details_types = details_types
        self._published = published

    def from_browser(self, parameters: Mapping[str, Sequence[str]]) -> AuthorizationRequest:
        """Read what a browser brings, or open what it names.

        Raises:
            UnsafeRequestError, AuthorizationError: as ``authorization_request.parse`` and ``PushedRequests.open`` do.
            UnavailableError: the database, or the application's keys, cannot be had now, or too much is being fetched.
        """
        if is_reference(parameters):
            return self._pushed.open(parameters, self._registry)
        client = self._sender(parameters)
        if client is None:
            return self._checked(parameters)  # which says what is wrong
        published = self._is_published(parameters)
        try:
            if published and self._pushed.demanded_of(client):
                raise InvalidRequestObjectError(_MUST_PUSH, code="invalid_request")  # before anything is fetched
            asked = self._checked(self._objects.unfold(
                self._fetched(parameters, client) if published else parameters, client, published=published))
        except InvalidRequestObjectError as refusal:
            code = "request_uri_not_supported" if published and refusal.code == "request_not_supported" else refusal.code
            raise authorization_request.refusal(parameters, self._registry, code, refusal.message) from None
        if self._pushed.demanded_of(client):
            raise asked.refuse("invalid_request", _MUST_PUSH)
        return asked

    def from_client(self, client: Client, form: Mapping[str, str], *, repeated: Mapping[str, Sequence[str]],
                    thumbprint: str = "") -> AuthorizationRequest:
        """Read what an authenticated client pushes.

        Args:
            client: Who sends it.
            form: The body; of a parameter that may repeat, its first value.
            repeated: All values of those that came more than once.
            thumbprint: Of the key that a DPoP proof beside it proves; "" for none. The code will be bound to it.

        Raises:
            OAuth2Error: the request is refused. The application is there, so nothing is redirected (RFC 9126 §2.3).
            UnavailableError: the application's keys cannot be had now.
        """
        if "request_uri" in form:
            raise InvalidRequestError("request_uri cannot be pushed.")
        sent: dict[str, Sequence[str]] = {name: repeated.get(name, (value,)) for name, value in form.items()
                                          if name not in PARAMETERS}
        sent["client_id"] = (client.client_id,)
        try:
            parameters = dict(self._objects.unfold(sent, client))
            if thumbprint and tuple(parameters.setdefault("dpop_jkt", (thumbprint,))) != (thumbprint,):
                raise InvalidRequestError("dpop_jkt is not the thumbprint of the key of the DPoP proof.")
            return self._checked(parameters)
        except UnsafeRequestError as refusal:
            raise InvalidRequestError(refusal.message) from None
        except (AuthorizationError, InvalidRequestObjectError) as refusal:
            raise OAuth2Error(refusal.message, error=refusal.code, status_code=400) from None

    def _sender(self, parameters: Mapping[str, Sequence[str]]) -> Client | None:
        named = parameters.get("client_id", ())
        return self._registry.find(named[0]) if len(named) == 1 and named[0] else None

    def _is_published(self, parameters: Mapping[str, Sequence[str]]) -> bool:
        """Tell whether there is one address to fetch from, and nothing that contradicts it, which is refused elsewhere."""
        named = parameters.get("request_uri", ())
        return self._published is not None and len(named) == 1 and bool(named[0]) and not any(parameters.get("request", ()))

    def _fetched(self, parameters: Mapping[str, Sequence[str]], client: Client) -> Mapping[str, Sequence[str]]:
        """Give the request as if its object had come by value."""
        assert self._published is not None
        beside = {name: values for name, values in parameters.items() if name != "request_uri"}
        return {**beside, "request": (self._published.get(parameters["request_uri"][0], client),)}

    def _checked(self, parameters: Mapping[str, Sequence[str]]) -> AuthorizationRequest:
        return authorization_request.parse(parameters, self._registry, read_hint=self._read_hint,
                                           response_types=self._response_types, issuer=self._issuer,
                                           details_types=self._details_types)
