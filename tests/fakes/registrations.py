"""Initial access tokens and registrations made with them, in memory."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from idp.audit import AuditRecord, Caller
from idp.oauth.client import Client, ClientRegistry
from idp.oauth.clients.client_secret import ClientSecrets
from idp.oauth.clients.configuration import ClientConfiguration
from idp.oauth.clients.dynamic import Desk, DynamicRegistration, Registered, RegistrationRequest
from idp.oauth.clients.initial_access import InitialAccess, InitialAccessToken, Terms
from idp.oauth.clients.registration import RegistrationPolicy, to_metadata
from idp.oauth.clients.sectors import Sectors
from idp.oauth.clients.software_statement import SoftwareStatements

from .audit_trail import FakeAuditTrail
from .client_store import FakeClientStore
from .clock import FakeClock
from .documents import FakeDocuments
from .sealer import FakeSealer

CALLER = Caller("cli", "r-1")
METADATA: dict[str, Any] = {"client_name": "Ứng dụng", "redirect_uris": ["https://app.example/cb"]}
TERMS = Terms(owner="Sở Thông tin và Truyền thông")


def initial_access_token(token_id: str = "token-1", **members: Any) -> InitialAccessToken:
    """A token that lets ten applications register, and never expires."""
    given: dict[str, Any] = {"terms": TERMS, "quota": 10, "used": 0, "created_at": 1, "expires_at": None, "revoked_at": None}
    return InitialAccessToken(token_id=token_id, **(given | members))


class FakeInitialAccess:
    """Satisfies the InitialAccessStore port; ``records`` are those that were written with the acts."""

    def __init__(self) -> None:
        self.records: list[AuditRecord] = []
        self.by_digest: dict[bytes, InitialAccessToken] = {}
        self.lock = threading.Lock()

    def add(self, token: InitialAccessToken, token_digest: bytes, record: AuditRecord) -> None:
        self.by_digest[token_digest] = token
        self.records.append(record)

    def find(self, token_digest: bytes) -> InitialAccessToken | None:
        return self.by_digest.get(token_digest)

    def tokens(self) -> Sequence[InitialAccessToken]:
        return sorted(self.by_digest.values(), key=lambda token: (token.created_at, token.token_id))

    def revoke(self, token_id: str, now: int, record: AuditRecord) -> bool:
        with self.lock:
            for digest, token in self.by_digest.items():
                if token.token_id == token_id and token.revoked_at is None:
                    self.by_digest[digest] = replace(token, revoked_at=now)
                    self.records.append(record)
                    return True
        return False


class FakeRegistrations:
    """Satisfies the RegistrationStore port over the two fakes it is given."""

    def __init__(self, clients: FakeClientStore, tokens: FakeInitialAccess) -> None:
        self.clients = clients
        self.tokens = tokens
        self.digests: dict[str, bytes] = {}
        self.terms: dict[str, Terms] = {}

    def enter(self, client: Client, token: InitialAccessToken, *, registration_digest: bytes, now: int,
              record: AuditRecord) -> bool:
        with self.tokens.lock:
            for digest, kept in self.tokens.by_digest.items():
                if kept.token_id == token.token_id and not kept.lapse(now):
                    self.tokens.by_digest[digest] = replace(kept, used=kept.used + 1, clients=(*kept.clients, client.client_id))
                    self.clients.put(client)
                    self.digests[client.client_id], self.terms[client.client_id] = registration_digest, token.terms
                    self.tokens.records.append(record)
                    return True
        return False

    def registered(self, client_id: str, registration_digest: bytes) -> Registered | None:
        client = next((c for c in self.clients.all() if c.client_id == client_id and not c.disabled), None)
        if client is None or self.digests.get(client_id) != registration_digest:
            return None
        return Registered(client, self.terms[client_id], registration_digest, repr(to_metadata(client)))

    def _as_known(self, known: Registered) -> bool:
        return self.registered(known.client.client_id, known.registration_digest) is not None

    def replace(self, known: Registered, client: Client, *, registration_digest: bytes, now: int, record: AuditRecord) -> bool:
        with self.tokens.lock:
            found = self.registered(known.client.client_id, known.registration_digest)
            if found is None or found.stored != known.stored:
                return False
            kept = found.client
            if client.secret_digest == known.client.secret_digest:
                client = replace(client, secret_digest=kept.secret_digest,
                                 sealed_secret=kept.sealed_secret if client.signs_with_secret else None)
            self.clients.put(client)
            self.digests[client.client_id] = registration_digest
            self.tokens.records.append(record)
            return True

    def remove(self, known: Registered, *, now: int, record: AuditRecord) -> bool:
        with self.tokens.lock:
            if not self._as_known(known):
                return False
            self.clients.drop(known.client.client_id)
            self.digests.pop(known.client.client_id)
            self.tokens.records.append(record)
            return True

    def set_token(self, client_id: str, registration_digest: bytes, *, now: int, record: AuditRecord) -> bool:
        with self.tokens.lock:
            if client_id not in self.digests:
                return False
            self.digests[client_id] = registration_digest
            self.tokens.records.append(record)
            return True


class Office:
    """Both registration endpoints' rooms over the fakes, with a token for two registrations."""

    def __init__(self) -> None:
        self.clients, self.tokens, self.clock = FakeClientStore(), FakeInitialAccess(), FakeClock()
        self.store, self.documents = FakeRegistrations(self.clients, self.tokens), FakeDocuments()
        self.registry = ClientRegistry(self.clients, self.clock)
        self.initial_access = InitialAccess(self.tokens, FakeAuditTrail(), self.clock, RegistrationPolicy())
        self.desk = Desk(store=self.store, initial_access=self.initial_access, registry=self.registry, clock=self.clock,
                         policy=RegistrationPolicy(), sectors=Sectors(self.documents.document),
                         statements=SoftwareStatements({}, self.clock), secrets=ClientSecrets(FakeSealer()),
                         address="https://id.example/register")
        self.registration = DynamicRegistration(self.desk)
        self.configuration = ClientConfiguration(self.desk)
        self.token = self.initial_access.create(TERMS, quota=2, expires_at=None, caller=CALLER)[1]

    def register(self, metadata: Any = METADATA, *, read: Any = None) -> dict[str, Any]:
        """Register an application; gives the answer's members."""
        status, body, _ = self.registration(RegistrationRequest(self.token, read or (lambda: metadata), caller=CALLER))
        assert status == 201
        return dict(body)
