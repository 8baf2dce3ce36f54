"""Applications that register themselves: what of a request is taken, and what is made of it.

Spec: RFC 7591 §2 and §3, OpenID Connect Registration §3. Authlib's endpoint class orders the steps; ``parse`` judges the metadata
by the rules that hold for every registration, and the initial access token's terms give the table ``province``, which is never
taken from an application (security checklist 37). Of the request, unknown members are ignored (§2), and scopes and grant types
beyond the terms are left out (§3.2.1; the answer tells); whatever else is not offered is refused, because an application that
asked for encryption or another way to authenticate must not believe that it has it.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

from authlib.oauth2.rfc7591 import ClientRegistrationEndpoint

from ...audit import AuditEvent, AuditRecord, Caller
from ...clock import Clock
from ...errors import UnavailableError
from ..client import Client, ClientRegistry
from ..ports import digest
from ..tokens.access_token import TokenRefusedError
from .client_secret import ClientSecrets
from .initial_access import InitialAccess, InitialAccessToken, Terms
from .members import InvalidClientMetadataError, is_localized
from .registrar import new_client_id
from .registration import KNOWN, RegistrationPolicy, default_scope, parse, registration_response, standard_metadata
from .sectors import Sectors
from .software_statement import MEMBER, SoftwareStatements


@dataclass(frozen=True, slots=True)
class Registered:
    """A registration that an application made, as it stands in the store.

    Attributes:
        terms: Those of the token that it was registered with.
        registration_digest: Of the registration access token that is good now.
        stored: The metadata as stored; a change that was decided on other metadata is none.
    """

    client: Client
    terms: Terms
    registration_digest: bytes
    stored: str

    def check_client(self, client: Client) -> bool:
        """Tell whether it is this client's (asked by Authlib)."""
        return client.client_id == self.client.client_id


class RegistrationStore(Protocol):
    """Where registrations by applications rest. Every write is one act with its audit record and a new version.

    A registration that is disabled is not found, and cannot be changed or removed.
    """

    def enter(self, client: Client, token: InitialAccessToken, *, registration_digest: bytes, now: int,
              record: AuditRecord) -> bool:
        """Enter a client with its token's terms and take one of the token's quota, durably.

        Of many callers exactly as many get True as the quota has left. False, and nothing written, when the token is unknown,
        revoked, expired or used up by now.
        """
        ...

    def registered(self, client_id: str, registration_digest: bytes) -> Registered | None:
        """Find a registration by identifier and registration access token."""
        ...

    def replace(self, known: Registered, client: Client, *, registration_digest: bytes, now: int, record: AuditRecord) -> bool:
        """Exchange metadata, the registration access token, and the secret with its sealed copy where it differs, durably.

        The sealed copy goes where the client is not going to sign with it.

        Of several callers with one ``known`` exactly one gets True. False, and nothing written, when anything of it has changed.
        """
        ...

    def remove(self, known: Registered, *, now: int, record: AuditRecord) -> bool:
        """Delete a client, and end its grants, tokens, consents and part in sessions, durably.

        False, and nothing written, when its token was exchanged since, or it is gone.
        """
        ...

    def set_token(self, client_id: str, registration_digest: bytes, *, now: int, record: AuditRecord) -> bool:
        """Exchange the registration access token of a client that registered itself; False when there is none."""
        ...


class RegistrationRequest:
    """One request at a registration endpoint, as Authlib's classes want it.

    Args:
        token: The bearer token that came with it.
        read: Gives the JSON object in the body; called once at most, after the token was found good.
        caller: Who asks, for the audit.
        method: As sent.
        client_id: Whose registration is meant; "" for a new one.

    Attributes:
        credential: What the token was found to be.
        client: The client as it is going to be, or is.
        secret: Its secret where one was made just now, else None.
        registration_token: The token for the next request of this client.
    """

    def __init__(self, token: str, read: Callable[[], Mapping[str, Any]], *, caller: Caller, method: str = "POST",
                 client_id: str = "") -> None:
        self.token = token
        self.caller = caller
        self.method = method
        self.client_id = client_id
        self.payload = _Payload(read)
        self.credential: Any = None
        self.client: Client | None = None
        self.secret: str | None = None
        self.registration_token = token


class _Payload:
    def __init__(self, read: Callable[[], Mapping[str, Any]]) -> None:
        self._read = read

    @cached_property
    def data(self) -> dict[str, Any]:
        """The members, without those that are null."""
        return {name: value for name, value in self._read().items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What both registration endpoints work with.

    Attributes:
        sectors: Checks sector documents.
        statements: Reads software statements.
        secrets: Makes secrets.
        address: Of the registration endpoint; a client's own address is below it.
    """

    store: RegistrationStore
    initial_access: InitialAccess
    registry: ClientRegistry
    clock: Clock
    policy: RegistrationPolicy
    sectors: Sectors
    statements: SoftwareStatements
    secrets: ClientSecrets
    address: str

    def parse(self, request: RegistrationRequest, terms: Terms, client_id: str, table: Callable[[bool], Mapping[str, Any]], *,
              details_types: tuple[str, ...] = (), **kept: Any) -> Client:
        """Judge what a request asks for: what is vouched for, what the terms leave, and the rules for every registration.

        Args:
            request: With the body still to be read.
            terms: Of the initial access token.
            client_id: The identifier of the client.
            table: Gives the table ``province``, told whether the client is going to be public.
            details_types: Types of authorization details, which operators decide about and never the application.
            kept: What ``parse`` is to take over.
        """
        vouched = self.statements.vouched(request.payload.data, required_issuer=terms.software_issuer)
        members = wanted(vouched, terms)
        statement = members.pop(MEMBER, "")
        members["authorization_details_types"] = list(details_types)
        public = members.get("token_endpoint_auth_method") == "none"
        client = parse({**members, "province": table(public)}, self.policy, client_id=client_id, source="registered", **kept)
        self.sectors.check(client)
        return replace(client, software_statement=statement)

    def record(self, event: AuditEvent, request: RegistrationRequest, client: Client, **detail: str) -> AuditRecord:
        """Make an audit record of a request."""
        return AuditRecord(event, self.clock.now(), client_id=client.client_id, source=request.caller.source,
                           request_id=request.caller.request_id, detail=detail)

    def told(self) -> None:
        """Have this process see a change at once; what was written stands, so a database that went away since is no failure."""
        with contextlib.suppress(UnavailableError):
            self.registry.reload()

    def address_and_token(self, client: Client, token: str) -> dict[str, str]:
        """Give the members with which an application looks after its registration (RFC 7592 §3)."""
        return {"registration_client_uri": f"{self.address}/{client.client_id}", "registration_access_token": token}


def wanted(metadata: Mapping[str, Any], terms: Terms) -> dict[str, Any]:
    """Give the members of a request that mean something here, no more in them than the terms allow.

    Args:
        metadata: As received, of any types; what is not of its member's type is left for ``parse`` to refuse.
        terms: Of the initial access token.

    Raises:
        InvalidClientMetadataError: nothing would be left of what was asked for.

    Source: RFC 7591 §2 (unknown members), §3.2.1 (values that the server replaces).
    """
    members = {name: value for name, value in metadata.items() if name in KNOWN or is_localized(name)}
    grant_types = members.get("grant_types", ["authorization_code"])
    if isinstance(grant_types, list) and all(isinstance(word, str) for word in grant_types):
        members["grant_types"] = kept = [word for word in grant_types if word in terms.grant_types]
        if grant_types and not kept:
            raise InvalidClientMetadataError(f"grant_types: {', '.join(terms.grant_types)} may be registered with this token.")
        members.setdefault("scope", " ".join(default_scope(kept) & terms.scope))
    scope = members.get("scope")
    if isinstance(scope, str):
        members["scope"] = " ".join(word for word in scope.split(" ") if word in terms.scope)
        if scope.strip() and not members["scope"]:
            raise InvalidClientMetadataError(f"scope: {' '.join(sorted(terms.scope))} may be registered with this token.")
    return members


class DynamicRegistration(ClientRegistrationEndpoint):  # type: ignore[misc]
    """Registers applications; call it with a ``RegistrationRequest``.

    Raises:
        TokenRefusedError: the initial access token is not good, or was used up meanwhile.
        InvalidClientMetadataError, InvalidRedirectUriError: what is wrong, in one sentence; the quota is as it was.
        UnavailableError: the database does not answer, or sectors of others are being checked.
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk

    def authenticate_token(self, request: RegistrationRequest) -> InitialAccessToken:
        """Recognise the initial access token."""
        return self._desk.initial_access.admit(request.token, request.caller)

    def extract_client_metadata(self, request: RegistrationRequest) -> dict[str, Any]:
        """Judge what is asked for."""
        terms: Terms = request.credential.terms
        client = self._desk.parse(request, terms, new_client_id(), lambda public: terms.province(public=public),
                                  created_at=self._desk.clock.now())
        request.client, request.secret = self._desk.secrets.make(client)
        return standard_metadata(client)

    def generate_client_info(self, request: RegistrationRequest) -> dict[str, Any]:
        """Give identifier and secret (RFC 7591 §3.2.1)."""
        assert request.client is not None
        return registration_response(request.client, request.secret)

    def save_client(self, client_info: Any, client_metadata: Any, request: RegistrationRequest) -> Client:
        """Enter the client, if the token still lets it."""
        desk, client, token = self._desk, request.client, request.credential
        assert client is not None
        request.registration_token = secrets.token_urlsafe(32)
        record = desk.record(AuditEvent.CLIENT_CREATED, request, client, source="registered", initial_access=token.token_id)
        # The time is asked again: a sector document may have kept us waiting, and the token has to be good now.
        if not desk.store.enter(client, token, registration_digest=digest(request.registration_token), now=desk.clock.now(),
                                record=record):
            raise TokenRefusedError("The initial access token is not valid.")
        desk.told()
        return client

    def generate_client_registration_info(self, client: Client, request: RegistrationRequest) -> dict[str, str]:
        """Give the address and the token for looking after the registration."""
        return self._desk.address_and_token(client, request.registration_token)
