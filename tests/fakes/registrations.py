"""Initial access tokens and registrations made with them, in memory."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from idp.audit import AuditRecord
from idp.oauth.client import Client
from idp.oauth.clients.initial_access import InitialAccessToken, Terms

from .client_store import FakeClientStore

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
                    self.clients.put(replace(client, created_at=now))
                    self.digests[client.client_id], self.terms[client.client_id] = registration_digest, token.terms
                    self.tokens.records.append(record)
                    return True
        return False
