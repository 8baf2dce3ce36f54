"""Applications that register themselves, and the tokens that let them.

Implements ``oauth.clients.initial_access.InitialAccessStore`` and ``oauth.clients.dynamic.RegistrationStore``. A registration is
one act whose guard takes one of the initial access token's quota: of many at once exactly as many win as it has left.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, literal_column, or_, select, update

from ...audit import AuditRecord
from ...oauth.client import Client
from ...oauth.clients.dynamic import Registered
from ...oauth.clients.initial_access import InitialAccessToken, Terms
from .audit import audit_insert, audit_values
from .clients import client_of, metadata_json, version_raised
from .database import Database, insert_row, parameter
from .tables import AccessTokenRow, ClientRow, ConsentRow, GrantRow, InitialAccessRow, SessionClientRow

CLIENT: Any = ClientRow.__table__
TOKEN: Any = InitialAccessRow.__table__
GRANT: Any = GrantRow.__table__
ACCESS: Any = AccessTokenRow.__table__
CONSENT: Any = ConsentRow.__table__
TAKING_PART: Any = SessionClientRow.__table__


class SqlInitialAccess:
    """The store of initial access tokens on one database."""

    def __init__(self, database: Database) -> None:
        self._add = database.write(insert_row(InitialAccessRow), audit_insert())
        self._find = database.read(select(*TOKEN.c).where(TOKEN.c.digest == parameter(TOKEN.c.digest)))
        self._all = database.read(select(*TOKEN.c).order_by(TOKEN.c.created_at, TOKEN.c.token_id))
        self._clients = database.read(
            select(CLIENT.c.initial_access_id, CLIENT.c.client_id).where(CLIENT.c.initial_access_id.is_not(None))
            .order_by(CLIENT.c.created_at, CLIENT.c.client_id))
        self._revoke = database.write(audit_insert(), guard=(
            update(TOKEN).where(TOKEN.c.token_id == parameter(TOKEN.c.token_id), TOKEN.c.revoked_at.is_(None))
            .values(revoked_at=parameter(TOKEN.c.revoked_at, "now")).returning(TOKEN.c.token_id)))

    def add(self, token: InitialAccessToken, token_digest: bytes, record: AuditRecord) -> None:
        """Keep a new token."""
        self._add.run(token_id=token.token_id, digest=token_digest, terms=token.terms.to_json(), quota=token.quota,
                      used=token.used, created_at=token.created_at, expires_at=token.expires_at, revoked_at=token.revoked_at,
                      **audit_values(record))

    def find(self, token_digest: bytes) -> InitialAccessToken | None:
        """Find a token by its value."""
        row = self._find.one(digest=token_digest)
        return None if row is None else _token(row, ())

    def tokens(self) -> Sequence[InitialAccessToken]:
        """Give all tokens with their clients, the oldest first."""
        clients: dict[str, list[str]] = {}
        for row in self._clients.all():
            clients.setdefault(row.initial_access_id, []).append(row.client_id)
        return [_token(row, tuple(clients.get(row.token_id, ()))) for row in self._all.all()]

    def revoke(self, token_id: str, now: int, record: AuditRecord) -> bool:
        """End a token once."""
        return self._revoke.run(token_id=token_id, now=now, **audit_values(record)) is not None


class SqlRegistrations:
    """The store of registrations by applications on one database."""

    def __init__(self, database: Database) -> None:
        now = parameter(TOKEN.c.expires_at, "now")
        good = (TOKEN.c.token_id == parameter(TOKEN.c.token_id, "initial_access_id"), TOKEN.c.revoked_at.is_(None),
                or_(TOKEN.c.expires_at.is_(None), TOKEN.c.expires_at > now), TOKEN.c.used < TOKEN.c.quota)
        self._enter = database.write(
            insert_row(ClientRow, updated_at=now, disabled_at=literal_column("NULL")),
            version_raised(database), audit_insert(),
            guard=update(TOKEN).where(*good).values(used=TOKEN.c.used + literal_column("1")).returning(TOKEN.c.token_id))
        self._declare_changes(database)

    def _declare_changes(self, database: Database) -> None:
        this = CLIENT.c.client_id == parameter(CLIENT.c.client_id)
        known = (this, CLIENT.c.registration_digest == parameter(CLIENT.c.registration_digest, "known_digest"),
                 CLIENT.c.disabled_at.is_(None))
        unchanged = CLIENT.c.metadata == parameter(CLIENT.c.metadata, "known_metadata")
        now = parameter(CLIENT.c.updated_at, "now")
        token = {"registration_digest": parameter(CLIENT.c.registration_digest), "updated_at": now}
        changed = {**token, "metadata": parameter(CLIENT.c.metadata, "new_metadata")}
        secret = {"secret_digest": parameter(CLIENT.c.secret_digest), "sealed_secret": parameter(CLIENT.c.sealed_secret)}
        wiped: dict[str, Any] = {"sealed_secret": literal_column("NULL")}

        def act(guard: Any) -> Any:
            return database.write(version_raised(database), audit_insert(), guard=guard.returning(CLIENT.c.client_id))

        self._registered = database.read(select(*CLIENT.c).where(*known))
        self._replace, self._replace_and_wipe, self._replace_with_secret = (
            act(update(CLIENT).where(*known, unchanged).values(changed | more)) for more in ({}, wiped, secret))
        self._set_token = act(update(CLIENT).where(this, CLIENT.c.registration_digest.is_not(None)).values(token))
        self._remove = database.write(*ends_with_the_client(now), version_raised(database), audit_insert(),
                                      guard=delete(CLIENT).where(*known).returning(CLIENT.c.client_id))

    def enter(self, client: Client, token: InitialAccessToken, *, registration_digest: bytes, now: int,
              record: AuditRecord) -> bool:
        """Enter a client and take one of the token's quota."""
        return self._enter.run(
            client_id=client.client_id, source=client.source, metadata=metadata_json(client), secret_digest=client.secret_digest,
            sealed_secret=client.sealed_secret, created_at=client.created_at,
            registration_digest=registration_digest, registration_terms=token.terms.to_json(),
            initial_access_id=token.token_id, now=now, **audit_values(record)) is not None

    def registered(self, client_id: str, registration_digest: bytes) -> Registered | None:
        """Find a registration by identifier and token."""
        row = self._registered.one(client_id=client_id, known_digest=registration_digest)
        return None if row is None else Registered(client_of(row), Terms.from_json(row.registration_terms), registration_digest,
                                                   row.metadata)

    def replace(self, known: Registered, client: Client, *, registration_digest: bytes, now: int, record: AuditRecord) -> bool:
        """Exchange metadata, secret and token, if nothing changed since."""
        values = {"client_id": client.client_id, "known_digest": known.registration_digest, "known_metadata": known.stored,
                  "new_metadata": metadata_json(client), "registration_digest": registration_digest, "now": now,
                  **audit_values(record)}
        if client.secret_digest == known.client.secret_digest:
            return (self._replace if client.signs_with_secret else self._replace_and_wipe).run(**values) is not None
        return self._replace_with_secret.run(secret_digest=client.secret_digest, sealed_secret=client.sealed_secret,
                                             **values) is not None

    def remove(self, known: Registered, *, now: int, record: AuditRecord) -> bool:
        """Delete a client with everything that hangs on it."""
        return self._remove.run(client_id=known.client.client_id, known_digest=known.registration_digest, now=now,
                                reason="client_deleted", **audit_values(record)) is not None

    def set_token(self, client_id: str, registration_digest: bytes, *, now: int, record: AuditRecord) -> bool:
        """Exchange the token of a client that registered itself."""
        return self._set_token.run(client_id=client_id, registration_digest=registration_digest, now=now,
                                   **audit_values(record)) is not None


def ends_with_the_client(now: Any) -> tuple[Any, ...]:
    """Make the acts that end what hangs on a client (parameters ``client_id``, ``reason`` and the moment).

    Codes and refresh tokens end with their grants; tokens of client credentials have none.
    """
    its = {table: table.c.client_id == parameter(table.c.client_id) for table in (GRANT, ACCESS, CONSENT, TAKING_PART)}
    return (
        update(GRANT).where(its[GRANT], GRANT.c.revoked_at.is_(None)).values(
            revoked_at=now, revoke_reason=parameter(GRANT.c.revoke_reason, "reason")),
        update(ACCESS).where(its[ACCESS], ACCESS.c.grant_id == literal_column("''"), ACCESS.c.revoked_at.is_(None)).values(
            revoked_at=now),
        update(CONSENT).where(its[CONSENT], CONSENT.c.withdrawn_at.is_(None)).values(withdrawn_at=now),
        delete(TAKING_PART).where(its[TAKING_PART]))


def _token(row: Any, clients: tuple[str, ...]) -> InitialAccessToken:
    return InitialAccessToken(token_id=row.token_id, terms=Terms.from_json(row.terms), quota=row.quota, used=row.used,
                              created_at=row.created_at, expires_at=row.expires_at, revoked_at=row.revoked_at, clients=clients)
