"""An application looks after its registration: it reads, changes and deletes what it registered itself.

Spec: RFC 7592 §2 and §3, RFC 7591 §2. Authlib's endpoint class orders the steps; ``parse`` judges a change as it judged the
registration, on the terms that held then, and what operators decided since (the table ``province``) stays. A change exchanges the
registration access token; reading does not, because GET changes nothing (security checklist 21) and a client that lost an answer
would lose its registration. The store knows that token and the secret as digests: reading gives back the token it came with, and
no secret.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from authlib.oauth2.rfc7592 import ClientConfigurationEndpoint

from ...audit import AuditEvent, AuditRecord, Caller
from ...errors import RefusedError
from ..client import Client
from ..ports import digest
from ..tokens.access_token import TokenRefusedError
from .dynamic import Desk, Registered, RegistrationRequest
from .members import InvalidClientMetadataError
from .registration import registration_response, standard_metadata, to_metadata

_OURS: Final = ("registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at")
_TRIES: Final = 3


class ClientConfiguration(ClientConfigurationEndpoint):  # type: ignore[misc]
    """Reads, changes and deletes registrations; call it with a ``RegistrationRequest``.

    Raises:
        TokenRefusedError: the token is not this client's, or the client is disabled or gone (RFC 7592 §2.1: 401 all the same).
        InvalidClientMetadataError, InvalidRedirectUriError: what is wrong, in one sentence; nothing was changed.
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk

    def authenticate_token(self, request: RegistrationRequest) -> Registered:
        """Find the registration that the token belongs to, if it is the one at this address."""
        found = self._desk.store.registered(request.client_id, digest(request.token))
        if found is None:
            raise TokenRefusedError("The registration access token is not valid.")
        return found

    def authenticate_client(self, request: RegistrationRequest) -> Client:
        """Give the client as it stands in the database, whatever this process has in memory."""
        client: Client = request.credential.client
        return client

    def check_permission(self, client: Client, request: RegistrationRequest) -> bool:
        """Let every client look after itself."""
        return True

    def create_update_client_response(self, client: Client, request: RegistrationRequest) -> Any:
        """Change everything that is registered; what Authlib refuses without a word is refused with one before."""
        _check_update(client, request.payload.data)
        return super().create_update_client_response(client, request)

    def extract_client_metadata(self, request: RegistrationRequest) -> dict[str, Any]:
        """Judge what the registration is to be: all of it, a member that is left out has its default (RFC 7592 §2.2)."""
        known: Registered = request.credential
        before = known.client
        terms = known.terms if before.show_groups else replace(known.terms, scope=known.terms.scope - {"groups"})
        table = {name: value for name, value in to_metadata(before)["province"].items() if name != "required_level"}
        client = self._desk.parse(
            request, terms, before.client_id, lambda public: {**table, "require_pkce": before.require_pkce or public},
            details_types=before.authorization_details_types, created_at=before.created_at, secret_digest=before.secret_digest)
        keeps = before.has_secret and client.has_secret and (before.sealed_secret is not None or not client.signs_with_secret)
        request.client, request.secret = (client, None) if keeps else self._desk.secrets.make(client)
        return standard_metadata(client)

    def update_client(self, client: Client, client_metadata: Any, request: RegistrationRequest) -> Client:
        """Exchange metadata and token; what an operator changed meanwhile is read and judged again."""
        for _ in range(_TRIES):
            assert request.client is not None
            token = secrets.token_urlsafe(32)
            record = self._desk.record(AuditEvent.CLIENT_CHANGED, request, client, what="metadata", by="client")
            if self._desk.store.replace(request.credential, request.client, registration_digest=digest(token),
                                        now=self._desk.clock.now(), record=record):
                request.registration_token = token
                self._desk.told()
                return request.client
            request.credential = self.authenticate_token(request)
            self.extract_client_metadata(request)
        raise RefusedError("The registration is being changed by somebody else.", code="invalid_request", status=409)

    def delete_client(self, client: Client, request: RegistrationRequest) -> None:
        """Delete the registration, and end everything that was granted to the client."""
        record = self._desk.record(AuditEvent.CLIENT_DELETED, request, client)
        if not self._desk.store.remove(request.credential, now=self._desk.clock.now(), record=record):
            raise TokenRefusedError("The registration access token is not valid.")
        self._desk.told()

    def introspect_client(self, client: Client) -> dict[str, Any]:
        """Give everything registered, without the secret, which nobody knows any more."""
        return registration_response(client, None)

    def generate_client_registration_info(self, client: Client, request: RegistrationRequest) -> dict[str, Any]:
        """Give the address and the token that is good now, and a secret where one was made just now."""
        told: dict[str, Any] = self._desk.address_and_token(client, request.registration_token)
        return told if request.secret is None else {**told, "client_secret": request.secret, "client_secret_expires_at": 0}

    def renew_token(self, client_id: str, caller: Caller) -> dict[str, str]:
        """Give a client that lost its registration access token a new one, on an operator's word; the old one is worthless.

        Raises:
            RefusedError: there is no such client, or it did not register itself.
        """
        token, now = secrets.token_urlsafe(32), self._desk.clock.now()
        record = AuditRecord(AuditEvent.CLIENT_CHANGED, now, client_id=client_id, source=caller.source,
                             request_id=caller.request_id, detail={"what": "registration access token"})
        if not self._desk.store.set_token(client_id, digest(token), now=now, record=record):
            raise RefusedError(f"{client_id} is no application that registered itself.", code="unknown_client", status=404)
        return {"registration_client_uri": f"{self._desk.address}/{client_id}", "registration_access_token": token}


def _check_update(client: Client, metadata: Mapping[str, Any]) -> None:
    """Refuse what a change must not hold, and one that does not say whose it is (RFC 7592 §2.2)."""
    for name in _OURS:
        if name in metadata:
            raise InvalidClientMetadataError(f"{name}: this is not the application's to set.")
    if metadata.get("client_id") != client.client_id:
        raise InvalidClientMetadataError("client_id: the identifier of this application must be given.")
    secret = metadata.get("client_secret")
    if secret is not None and not (isinstance(secret, str) and client.check_client_secret(secret)):
        raise InvalidClientMetadataError("client_secret: only the present one may be given; secrets are not chosen.")
