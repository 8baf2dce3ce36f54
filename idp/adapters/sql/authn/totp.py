"""Authenticator apps in the database (port: ``authn.totp.TotpStore``); the last step only grows, in one conditional update."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, literal_column, select, update

from ....audit import AuditRecord
from ....authn.totp import Enrolment
from ..audit import audit_insert, audit_values
from ..database import Database, parameter
from ..tables import TotpRow


class SqlTotpStore:
    """Enrolments as rows of ``totp``. Every verb raises UnavailableError when the database does not answer."""

    def __init__(self, database: Database) -> None:
        table: Any = TotpRow.__table__
        entry_uuid = parameter(table.c.entry_uuid)
        self._find = database.read(
            select(table.c.sealed_seed, table.c.last_step, table.c.created_at).where(table.c.entry_uuid == entry_uuid))
        step = parameter(table.c.last_step, "step")
        self._use = database.write(audit_insert(), guard=update(table).where(
            table.c.entry_uuid == entry_uuid, table.c.last_step < step).values(last_step=step).returning(table.c.last_step))
        insert = database.insert(table).values(
            entry_uuid=entry_uuid, sealed_seed=parameter(table.c.sealed_seed), last_step=literal_column("0"),
            created_at=parameter(table.c.created_at))
        self._put = database.write(audit_insert(), guard=insert.on_conflict_do_update(
            index_elements=["entry_uuid"],
            set_={name: insert.excluded[name] for name in ("sealed_seed", "last_step", "created_at")},
        ).returning(table.c.entry_uuid))
        self._remove = database.write(
            audit_insert(), guard=delete(table).where(table.c.entry_uuid == entry_uuid).returning(table.c.entry_uuid))

    def find(self, entry_uuid: str) -> Enrolment | None:
        """Find an officer's enrolment."""
        row = self._find.one(entry_uuid=entry_uuid)
        return None if row is None else Enrolment(bytes(row.sealed_seed), row.last_step, row.created_at)

    def use(self, entry_uuid: str, step: int, record: AuditRecord) -> bool:
        """Raise the last step if it is lower; the audit record stands or falls with it."""
        return self._use.run(entry_uuid=entry_uuid, step=step, **audit_values(record)) is not None

    def put(self, entry_uuid: str, sealed_seed: bytes, now: int, record: AuditRecord) -> None:
        """Enrol an officer or replace the seed."""
        self._put.run(entry_uuid=entry_uuid, sealed_seed=sealed_seed, created_at=now, **audit_values(record))

    def remove(self, entry_uuid: str, record: AuditRecord) -> bool:
        """Take an officer's app away; the audit record stands or falls with it."""
        return self._remove.run(entry_uuid=entry_uuid, **audit_values(record)) is not None
