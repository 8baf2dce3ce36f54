"""Who signs in by SIM, in the database (port: ``authn.mobile_id.SimLoginStore``). Which SIM it is, stands in ``sim``."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update

from ....audit import AuditRecord
from ....authn.mobile_id import Enrolled
from ....notices import Notice
from ..audit import audit_insert, audit_values
from ..database import Database, parameter
from ..notices import notice_inserts, notice_values
from ..tables import SimLoginRow
from .lasting import removal


class SqlSimLogins:
    """Rows of ``sim_login``. Every verb raises UnavailableError when the database does not answer."""

    def __init__(self, database: Database) -> None:
        table: Any = SimLoginRow.__table__
        mine = table.c.entry_uuid == parameter(table.c.entry_uuid)
        self._find = database.read(select(table.c.enrolled_at, table.c.last_used_at, table.c.approves_since).where(mine))
        since = table.c.approves_since
        self._approves, self._approves_not = (
            database.write(audit_insert(), *notice_inserts(), guard=update(table).where(mine, before).values(
                approves_since=parameter(since)).returning(table.c.entry_uuid))
            for before in (since.is_(None), since.is_not(None)))
        self._add = database.write(audit_insert(), *notice_inserts(), guard=database.insert(table).values(
            entry_uuid=parameter(table.c.entry_uuid), enrolled_at=parameter(table.c.enrolled_at)).on_conflict_do_nothing(
                index_elements=["entry_uuid"]).returning(table.c.entry_uuid))
        self._remove = removal(database, table, mine, table.c.entry_uuid)

    def find(self, entry_uuid: str) -> Enrolled | None:
        """Find an officer's."""
        row = self._find.one(entry_uuid=entry_uuid)
        return None if row is None else Enrolled(row.enrolled_at, row.last_used_at, row.approves_since)

    def add(self, entry_uuid: str, now: int, record: AuditRecord, notice: Notice) -> bool:
        """Insert unless it is there; the audit record and the notice stand or fall with it."""
        return self._add.run(entry_uuid=entry_uuid, enrolled_at=now, **audit_values(record), **notice_values(notice)) is not None

    def approves(self, entry_uuid: str, since: int | None, record: AuditRecord, notice: Notice) -> bool:
        """Keep whether the phone is asked for approvals; audit record and notice stand or fall with it."""
        write = self._approves_not if since is None else self._approves
        return write.run(entry_uuid=entry_uuid, approves_since=since, **audit_values(record), **notice_values(notice)) is not None

    def remove(self, entry_uuid: str, record: AuditRecord, notice: Notice, *, keep_one: bool) -> bool:
        """Take it away; audit record and notice stand or fall with it."""
        return self._remove.run(entry_uuid=entry_uuid, keep_one=int(keep_one), **audit_values(record),
                                **notice_values(notice)) is not None
