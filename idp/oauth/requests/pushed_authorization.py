"""Pushed authorization requests: the application hands its request over itself, and the browser carries only a reference to it.

Spec: RFC 9126 §2-§7; RFC 9449 §10.1 (a DPoP proof here binds the code). What is pushed is checked as at the authorization
endpoint, by the same function, and kept checked; the browser adds nothing to it and takes nothing away (§4). A reference belongs
to its client. It may be opened as often as it likes while it lives, so that a page can be loaded again, and counts once when
something is issued: the write that issues is the one that uses it up. Departs from RFC 9126 §2.1: client_id may be left out of
the body where the authentication names the client.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from authlib.oauth2.rfc6749 import InvalidRequestError

from ...audit import Caller
from ...clock import Clock
from ..authorization_request import AuthorizationRequest, Registrations, UnsafeRequestError
from ..client import Client
from ..ports import digest
from .public_clients import PublicClients

PREFIX: Final = "urn:ietf:params:oauth:request_uri:"
LIFETIME_SECONDS: Final = 60
LONGEST_OF_PUBLIC: Final = 8 * 1024
"""Characters of what a client may push that cannot authenticate: as much as an address would carry."""


@dataclass(frozen=True, slots=True)
class PushedRequest:
    """A pushed request as the store has it, used ones too.

    Attributes:
        digest: SHA-256 of the reference.
        request: ``AuthorizationRequest.to_json`` of what was pushed.
        expires_at: When the reference can be opened no more; pages that were reached by then go on.
        used_at: When something was issued for it; None before.
    """

    digest: bytes
    client_id: str
    request: str
    expires_at: int
    used_at: int | None = None


class PushedRequestStore(Protocol):
    """Where pushed requests rest. ``GrantStore`` uses them up, in the write that issues."""

    def keep(self, pushed: PushedRequest) -> None:
        """Keep one. A crash may lose the last moment's: the application pushes again."""
        ...

    def find(self, digest: bytes) -> PushedRequest | None:
        """Find one, used and expired ones too."""
        ...


def fault_of(pushed: PushedRequest | None, client_id: str, *, now: int) -> str:
    """Say why a reference leads nowhere: ``unknown``, ``client``, ``used`` or ``expired``; "" when it may be opened.

    Source: RFC 9126 §2.2, §4, §7.3.
    """
    if pushed is None:
        return "unknown"
    if pushed.client_id != client_id:
        return "client"
    if pushed.used_at is not None:
        return "used"
    return "expired" if now >= pushed.expires_at else ""


def is_reference(parameters: Mapping[str, Sequence[str]]) -> bool:
    """Tell whether a request at the authorization endpoint names a pushed one."""
    return any(value.startswith(PREFIX) for value in parameters.get("request_uri", ()))


class PushedRequests:
    """Keeps pushed requests and opens them.

    Args:
        store: Where they rest.
        clock: Source of the time.
        public: Counts requests of clients that cannot authenticate.
        lifetime_seconds: How long a reference can be opened.
        required: Whether this deployment takes no other requests (RFC 9126 §5).
    """

    def __init__(self, store: PushedRequestStore, clock: Clock, *, public: PublicClients,
                 lifetime_seconds: int = LIFETIME_SECONDS, required: bool = False) -> None:
        self._store = store
        self._clock = clock
        self._public = public
        self.lifetime_seconds = lifetime_seconds
        self.required = required

    def demanded_of(self, client: Client) -> bool:
        """Tell whether a client must push its requests."""
        return self.required or client.require_pushed_authorization_requests

    def keep(self, asked: AuthorizationRequest, client: Client, caller: Caller) -> str:
        """Keep a checked request; gives the reference to it.

        Raises:
            OAuth2Error: 413 or 429; anybody can push in a public client's name (§2.3).
            UnavailableError: the database does not answer.
        """
        request = asked.to_json()
        if client.public and len(request) > LONGEST_OF_PUBLIC:
            raise InvalidRequestError("The request is too long for an application that does not authenticate.", status_code=413)
        self._public.count(client, caller)
        reference = PREFIX + secrets.token_urlsafe(32)
        self._store.keep(PushedRequest(digest(reference), asked.client_id, request,
                                       self._clock.now() + self.lifetime_seconds))
        return reference

    def open(self, parameters: Mapping[str, Sequence[str]], registry: Registrations) -> AuthorizationRequest:
        """Give the request that a browser brings the reference to; all that it brings beside the client_id is passed over.

        Raises:
            UnsafeRequestError: the client is not known, or the reference leads nowhere: ``invalid_request_uri``, whatever is
                wrong with it, so that nobody learns of other clients' requests.
        """
        named = [parameters.get(name) or [""] for name in ("client_id", "request_uri")]
        if any(len(values) > 1 for values in named):
            raise UnsafeRequestError("client_id or request_uri is sent more than once.", code="repeated_parameter")
        client_id, reference = (values[0] for values in named)
        client = registry.find(client_id) if client_id else None
        if client is None:
            raise UnsafeRequestError("The application is not known here.", code="unknown_client")
        pushed = self._store.find(digest(reference))
        if pushed is None or fault_of(pushed, client_id, now=self._clock.now()):
            raise UnsafeRequestError("The request_uri is not known here, or is over.", code="invalid_request_uri")
        asked = AuthorizationRequest.from_json(pushed.request)
        if not client.check_redirect_uri(asked.redirect_uri):
            raise UnsafeRequestError("The return address is not registered for this application.", code="redirect_uri_mismatch")
        return replace(asked, pushed=pushed.digest.hex())

    def is_used(self, asked: AuthorizationRequest) -> bool:
        """Tell whether something was issued before for the pushed request that this one came from."""
        pushed = self._store.find(bytes.fromhex(asked.pushed)) if asked.pushed else None
        return pushed is not None and pushed.used_at is not None
