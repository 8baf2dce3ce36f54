"""Registered applications in the database; satisfies ``oauth.clients.registrar.ClientRecords``.

Every change is one Write: the row, the version counter ``clients`` that tells other processes, and the audit record.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import literal_column, select, update

from ...audit import AuditEvent, AuditRecord, Caller
from ...oauth.client import Client
from ...oauth.clients.registration import from_metadata, to_metadata
from .audit import audit_insert, audit_values
from .database import Database, parameter
from .tables import ClientRow, VersionRow

VERSION = "clients"
_OF_THE_CLIENT = ("registration_digest", "registration_terms", "initial_access_id")
"""Columns of applications that registered themselves: ``registrations.py`` fills them."""


def version_raised(database: Database) -> Any:
    """Make the act that tells every process of a change."""
    return database.insert(VersionRow).values(
        name=literal_column(f"'{VERSION}'"), value=literal_column("1"),
    ).on_conflict_do_update(index_elements=["name"], set_={"value": VersionRow.value + literal_column("1")})


class SqlClientStore:
    """Clients of all sources, disabled ones too."""

    def __init__(self, database: Database) -> None:
        table: Any = ClientRow.__table__
        columns = table.c
        raised = version_raised(database)
        entered = database.insert(ClientRow).values(
            {column.name: parameter(column) for column in columns if column.name not in _OF_THE_CLIENT},
        ).on_conflict_do_nothing(index_elements=["client_id"]).returning(columns.client_id)
        this = columns.client_id == parameter(columns.client_id)
        now = parameter(columns.updated_at)

        def act(guard: Any) -> Any:
            return database.write(raised, audit_insert(), guard=guard)

        self._version = database.read(select(VersionRow.value).where(VersionRow.name == literal_column(f"'{VERSION}'")))
        self._all = database.read(select(*columns).order_by(columns.client_id))
        self._known: dict[str, tuple[tuple[Any, ...], Client]] = {}
        self._create = act(entered)
        changed = update(table).where(this).values(
            metadata=parameter(columns.metadata, "new_metadata"), updated_at=now).returning(columns.client_id)
        self._change = act(changed)
        self._change_and_wipe = act(changed.values(sealed_secret=literal_column("NULL")))
        sealed = parameter(columns.sealed_secret)
        self._keep_secret = act(update(table).where(
            this, columns.secret_digest == parameter(columns.secret_digest), columns.sealed_secret.is_(None),
        ).values(sealed_secret=sealed, updated_at=now).returning(columns.client_id))
        changed_secret = update(table).values(
            secret_digest=parameter(columns.secret_digest), sealed_secret=sealed, updated_at=now).returning(columns.client_id)
        self._set_secret = act(changed_secret.where(this))
        self._set_first_secret = act(changed_secret.where(this, columns.secret_digest.is_(None)))
        self._disable = act(update(table).where(this, columns.disabled_at.is_(None)).values(
            disabled_at=now, updated_at=now).returning(columns.client_id))
        self._enable = act(update(table).where(this, columns.disabled_at.is_not(None)).values(
            disabled_at=literal_column("NULL"), updated_at=now).returning(columns.client_id))

    def version(self) -> int:
        """Give a number that every change raises."""
        row = self._version.one()
        return 0 if row is None else int(row.value)

    def all(self) -> Sequence[Client]:
        """Give every client, ordered by client_id; only rows that changed since the last time are read into clients anew."""
        known, found = self._known, dict[str, tuple[tuple[Any, ...], Client]]()
        for row in self._all.all():
            content = (row.metadata, row.source, _bytes(row.secret_digest), _bytes(row.sealed_secret), row.disabled_at,
                       row.created_at)
            before = known.get(row.client_id)
            found[row.client_id] = before if before is not None and before[0] == content else (content, client_of(row))
        self._known = found
        return [client for _, client in found.values()]

    def create(self, client: Client, *, now: int, caller: Caller) -> bool:
        """Enter a client; False when the identifier is taken."""
        return self._create.run(
            client_id=client.client_id, source=client.source, metadata=metadata_json(client), secret_digest=client.secret_digest,
            sealed_secret=client.sealed_secret, created_at=now, updated_at=now, disabled_at=now if client.disabled else None,
            **_audit(AuditEvent.CLIENT_CREATED, client.client_id, now, caller, {"source": client.source}),
        ) is not None

    def change(self, client: Client, *, now: int, caller: Caller) -> bool:
        """Exchange the metadata; neither the secret nor ``disabled`` changes; a sealed copy goes that is of no use any more."""
        return (self._change if client.signs_with_secret else self._change_and_wipe).run(
            client_id=client.client_id, new_metadata=metadata_json(client), updated_at=now,
            **_audit(AuditEvent.CLIENT_CHANGED, client.client_id, now, caller, {"what": "metadata"}),
        ) is not None

    def set_secret(self, client_id: str, digest: bytes, *, first: bool, now: int, caller: Caller,
                   sealed: bytes | None = None) -> bool:
        """Exchange the secret and its sealed copy; with ``first`` only where there is none yet."""
        act = self._set_first_secret if first else self._set_secret
        return act.run(client_id=client_id, secret_digest=digest, sealed_secret=sealed, updated_at=now,
                       **_audit(AuditEvent.CLIENT_SECRET_ROTATED, client_id, now, caller, {"first": first})) is not None

    def keep_secret(self, client_id: str, digest: bytes, sealed: bytes, *, now: int, caller: Caller) -> bool:
        """Keep a sealed copy of the secret that is good now; False when that is another one, or a copy is kept."""
        return self._keep_secret.run(
            client_id=client_id, secret_digest=digest, sealed_secret=sealed, updated_at=now,
            **_audit(AuditEvent.CLIENT_CHANGED, client_id, now, caller, {"what": "sealed secret"})) is not None

    def set_disabled(self, client_id: str, disabled: bool, *, now: int, caller: Caller) -> bool:
        """Close or open a client; False when it already is."""
        event, detail = (AuditEvent.CLIENT_DISABLED, {}) if disabled else (AuditEvent.CLIENT_CHANGED, {"what": "enabled"})
        act = self._disable if disabled else self._enable
        return act.run(client_id=client_id, updated_at=now, **_audit(event, client_id, now, caller, detail)) is not None


def client_of(row: Any) -> Client:
    """Read a row of the table ``client``."""
    return from_metadata(row.client_id, json.loads(row.metadata), source=row.source, secret_digest=_bytes(row.secret_digest),
                         sealed_secret=_bytes(row.sealed_secret), disabled=row.disabled_at is not None, created_at=row.created_at)


def metadata_json(client: Client) -> str:
    """Give the metadata as the column holds it."""
    return json.dumps(to_metadata(client), ensure_ascii=False, separators=(",", ":"))


def _bytes(value: Any) -> bytes | None:
    return None if value is None else bytes(value)


def _audit(event: AuditEvent, client_id: str, now: int, caller: Caller, detail: Mapping[str, str | int | bool]) -> dict[str, Any]:
    return audit_values(AuditRecord(event, now, client_id=client_id, source=caller.source, request_id=caller.request_id,
                                    detail={**detail, **caller.by}))
