"""Authenticator apps in the database (port: ``authn.totp.TotpStore``); the last step only grows, in one conditional update.

A confirmation is one act: the enrolment is taken away by whoever comes first, and with it the app is there, its first step used.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, literal_column, select, update

from ....audit import AuditRecord
from ....authn.totp import Enrolment, Pending
from ....notices import Notice
from ..audit import audit_insert, audit_values
from ..database import Database, parameter
from ..notices import notice_inserts, notice_values
from ..tables import TotpEnrolmentRow, TotpRow
from .lasting import removal


class SqlTotpStore:
    """Apps as rows of ``totp`` and ``totp_enrolment``. Every verb raises UnavailableError when the database does not answer."""

    def __init__(self, database: Database) -> None:
        table: Any = TotpRow.__table__
        pending: Any = TotpEnrolmentRow.__table__
        entry_uuid = parameter(table.c.entry_uuid)
        recorded = audit_insert(), *notice_inserts()
        self._find = database.read(
            select(table.c.sealed_seed, table.c.last_step, table.c.created_at).where(table.c.entry_uuid == entry_uuid))
        step = parameter(table.c.last_step, "step")
        self._use = database.write(audit_insert(), guard=update(table).where(
            table.c.entry_uuid == entry_uuid, table.c.last_step < step).values(last_step=step).returning(table.c.last_step))

        def put(last_step: Any) -> Any:
            insert = database.insert(table).values(
                entry_uuid=entry_uuid, sealed_seed=parameter(table.c.sealed_seed), last_step=last_step,
                created_at=parameter(table.c.created_at))
            return insert.on_conflict_do_update(index_elements=["entry_uuid"], set_={
                name: insert.excluded[name] for name in ("sealed_seed", "last_step", "created_at")})

        self._put = database.write(*recorded, guard=put(literal_column("0")).returning(table.c.entry_uuid))
        self._remove = removal(database, table, table.c.entry_uuid == entry_uuid, table.c.entry_uuid)
        keep = database.insert(pending).values(
            entry_uuid=entry_uuid, sealed_seed=parameter(pending.c.sealed_seed), expires_at=parameter(pending.c.expires_at),
            browser=parameter(pending.c.browser))
        self._keep = database.write(guard=keep.on_conflict_do_update(index_elements=["entry_uuid"], set_={
            name: keep.excluded[name] for name in ("sealed_seed", "expires_at", "browser")}).returning(pending.c.entry_uuid))
        self._pending = database.read(
            select(pending.c.sealed_seed, pending.c.expires_at).where(
                pending.c.entry_uuid == entry_uuid, pending.c.browser == parameter(pending.c.browser)))
        self._confirm = database.write(put(step), *recorded, guard=delete(pending).where(
            pending.c.entry_uuid == entry_uuid, pending.c.sealed_seed == parameter(pending.c.sealed_seed),
            pending.c.expires_at > parameter(pending.c.expires_at, "now")).returning(pending.c.entry_uuid))

    def find(self, entry_uuid: str) -> Enrolment | None:
        """Find an officer's app."""
        row = self._find.one(entry_uuid=entry_uuid)
        return None if row is None else Enrolment(bytes(row.sealed_seed), row.last_step, row.created_at)

    def use(self, entry_uuid: str, step: int, record: AuditRecord) -> bool:
        """Raise the last step if it is lower; the audit record stands or falls with it."""
        return self._use.run(entry_uuid=entry_uuid, step=step, **audit_values(record)) is not None

    def put(self, entry_uuid: str, sealed_seed: bytes, now: int, record: AuditRecord, notice: Notice) -> None:
        """Enrol an officer or replace the seed."""
        self._put.run(entry_uuid=entry_uuid, sealed_seed=sealed_seed, created_at=now, **audit_values(record),
                      **notice_values(notice))

    def remove(self, entry_uuid: str, record: AuditRecord, notice: Notice, *, keep_one: bool) -> bool:
        """Take an officer's app away; audit record and notice stand or fall with it."""
        return self._remove.run(entry_uuid=entry_uuid, keep_one=int(keep_one), **audit_values(record),
                                **notice_values(notice)) is not None

    def keep_pending(self, entry_uuid: str, browser: bytes, sealed_seed: bytes, expires_at: int) -> None:
        """Keep a seed until it is confirmed, in place of one that was not."""
        self._keep.run(entry_uuid=entry_uuid, browser=browser, sealed_seed=sealed_seed, expires_at=expires_at)

    def pending(self, entry_uuid: str, browser: bytes) -> Pending | None:
        """Find the seed that is to be confirmed."""
        row = self._pending.one(entry_uuid=entry_uuid, browser=browser)
        return None if row is None else Pending(bytes(row.sealed_seed), row.expires_at)

    def confirm(self, entry_uuid: str, sealed_seed: bytes, step: int, now: int, record: AuditRecord, notice: Notice) -> bool:
        """Make the pending seed the officer's app, once."""
        return self._confirm.run(entry_uuid=entry_uuid, sealed_seed=sealed_seed, step=step, created_at=now, now=now,
                                 **audit_values(record), **notice_values(notice)) is not None
