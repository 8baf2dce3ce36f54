"""One-time passwords of enrolment in the database (port: ``pki.est.passwords.LeaveStore``). Used once is one statement."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, literal_column, or_, select, update

from ....audit import AuditRecord
from ....notices import Notice
from ....pki.est.passwords import Leave, Moment
from ..audit import audit_insert, audit_values
from ..database import Database, parameter
from ..notices import notice_inserts, notice_values
from ..tables import EnrollmentLeaveRow

LEAVE: Any = EnrollmentLeaveRow.__table__


class SqlLeaves:
    """Leaves on one database. Every verb raises UnavailableError when the database does not answer."""

    def __init__(self, database: Database) -> None:
        c = LEAVE.c
        self._add = database.write(audit_insert(), *notice_inserts(), guard=database.insert(LEAVE).values(
            {column.name: parameter(column) for column in LEAVE.columns}).returning(c.name))
        self._find = database.read(select(LEAVE).where(c.name == parameter(c.name)))
        at = parameter(c.used_at, "at")
        self._use = database.write(audit_insert(), guard=update(LEAVE).where(
            c.name == parameter(c.name, "of"), c.used_at.is_(None), c.expires_at > at).values(
                used_at=at).returning(c.name))
        self._give_back = database.write(guard=update(LEAVE).where(
            c.name == parameter(c.name, "of"), c.used_at == at).values(
                used_at=literal_column("NULL")).returning(c.name))
        self._end = database.write(audit_insert(), guard=update(LEAVE).where(
            c.name == parameter(c.name, "of"), c.expires_at > at).values(expires_at=at).returning(c.name, c.used_at))
        made, name, most = parameter(c.created_at, "made"), parameter(c.name, "then"), parameter(c.expires_at, "limit")
        newest, oldest = (c.created_at.desc(), c.name.desc()), (c.created_at, c.name)
        self._newest = database.read(select(LEAVE).order_by(*newest).limit(most))
        self._after = database.read(select(LEAVE).where(or_(c.created_at < made, and_(c.created_at == made, c.name < name)))
                                    .order_by(*newest).limit(most))
        self._before = database.read(select(LEAVE).where(or_(c.created_at > made, and_(c.created_at == made, c.name > name)))
                                     .order_by(*oldest).limit(most))

    def add(self, leave: Leave, record: AuditRecord, notice: Notice | None) -> None:
        """Keep a new one with its record and notice."""
        self._add.run(**dataclasses.asdict(leave), **audit_values(record), **notice_values(notice))

    def find(self, name: str) -> Leave | None:
        """Find one by its name."""
        row = self._find.one(name=name)
        return None if row is None else _leave(row)

    def use(self, name: str, at: int, record: AuditRecord) -> bool:
        """Use one, if it may be used."""
        return self._use.run(of=name, at=at, **audit_values(record)) is not None

    def give_back(self, name: str, at: int) -> None:
        """Undo the use of a moment."""
        self._give_back.run(of=name, at=at)

    def end(self, name: str, at: int, record: AuditRecord) -> bool:
        """Let one end that has not yet; True where it had not been used."""
        row = self._end.run(of=name, at=at, **audit_values(record))
        return row is not None and row[1] is None

    def newest(self, limit: int, *, after: Moment | None = None, before: Moment | None = None) -> Sequence[Leave]:
        """Give them, newest first."""
        if before is not None:
            rows = self._before.all(made=before[0], then=before[1], limit=limit)[::-1]
        elif after is not None:
            rows = self._after.all(made=after[0], then=after[1], limit=limit)
        else:
            rows = self._newest.all(limit=limit)
        return [_leave(row) for row in rows]


def _leave(row: Any) -> Leave:
    return Leave(**{**row._asdict(), "digest": bytes(row.digest)})
