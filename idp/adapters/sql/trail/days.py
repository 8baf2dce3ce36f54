"""Heads of days in the database (port ``audit.days.DayHeads``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Integer, bindparam, literal_column, select, update

from ....audit import AuditRecord
from ....audit.days import DayHead
from ..audit import audit_insert, audit_values
from ..database import Database, parameter
from ..tables import AuditDayRow

DAY: Any = AuditDayRow.__table__


class SqlDayHeads:
    """The store on one database."""

    def __init__(self, database: Database) -> None:
        limit = bindparam("limit", type_=Integer())
        self._has = database.read(select(DAY.c.day).where(DAY.c.day == parameter(DAY.c.day)))
        fresh = {c.name: parameter(c) for c in DAY.columns}
        self._take = database.write(guard=database.insert(DAY).values(**fresh).on_conflict_do_nothing(
            index_elements=["day"]).returning(DAY.c.day))
        self._due = database.read(select(DAY).where(
            DAY.c.state == literal_column("'waiting'"), DAY.c.next_attempt_at <= parameter(DAY.c.next_attempt_at, "now"))
            .order_by(DAY.c.day).limit(limit))
        this = DAY.c.day == parameter(DAY.c.day, "this")
        self._stamp = database.write(guard=update(DAY).where(this, DAY.c.time_stamp == parameter(DAY.c.time_stamp, "none"))
                                     .values(time_stamp=parameter(DAY.c.time_stamp)).returning(DAY.c.day))
        settled = update(DAY).where(this, DAY.c.state == literal_column("'waiting'")).values(
            **{name: parameter(DAY.c[name]) for name in ("state", "attempts", "next_attempt_at", "sent_at", "last_error")}
        ).returning(DAY.c.day)
        self._settle, self._settle_told = database.write(guard=settled), database.write(audit_insert(), guard=settled)
        self._revive = database.write(guard=update(DAY).where(DAY.c.state == literal_column("'dead'")).values(
            state=literal_column("'waiting'"), next_attempt_at=parameter(DAY.c.next_attempt_at, "now")).returning(DAY.c.day))
        self._newest = database.read(select(DAY).order_by(DAY.c.day.desc()).limit(limit))

    def has(self, day: str) -> bool:
        """Tell whether a day has its head."""
        return self._has.one(day=day) is not None

    def take(self, head: DayHead) -> bool:
        """Keep a day's head; False where the day has one."""
        return self._take.run(
            day=head.day, chain=head.chain, number=head.number, hash=head.hash, taken_at=head.taken_at,
            time_stamp=head.time_stamp, state=head.state, attempts=head.attempts, next_attempt_at=head.next_attempt_at,
            sent_at=head.sent_at, last_error=head.last_error, purged_seal=head.purged_seal,
            purged_hash=head.purged_hash) is not None

    def due(self, now: int, limit: int) -> Sequence[DayHead]:
        """Give heads that wait and are due, the oldest first."""
        return [_head(row) for row in self._due.all(now=now, limit=limit)]

    def stamp(self, day: str, time_stamp: bytes) -> None:
        """Keep a head's time-stamp, once."""
        self._stamp.run(this=day, none=b"", time_stamp=time_stamp)

    def settle(self, head: DayHead, record: AuditRecord | None) -> None:
        """Keep what became of sending a head, with its record."""
        values = {"this": head.day, "state": head.state, "attempts": head.attempts, "next_attempt_at": head.next_attempt_at,
                  "sent_at": head.sent_at, "last_error": head.last_error}
        if record is None:
            self._settle.run(**values)
        else:
            self._settle_told.run(**values, **audit_values(record))

    def revive(self, now: int) -> int:
        """Let dead heads wait anew."""
        return len(self._revive.run_each(now=now))

    def newest(self, limit: int) -> Sequence[DayHead]:
        """Give heads, the newest first."""
        return [_head(row) for row in self._newest.all(limit=limit)]


def _head(row: Any) -> DayHead:
    return DayHead(day=row.day, chain=int(row.chain), number=int(row.number), hash=bytes(row.hash), taken_at=int(row.taken_at),
                   time_stamp=bytes(row.time_stamp), state=row.state, attempts=int(row.attempts),
                   next_attempt_at=int(row.next_attempt_at), sent_at=int(row.sent_at), last_error=row.last_error,
                   purged_seal=int(row.purged_seal), purged_hash=bytes(row.purged_hash))
