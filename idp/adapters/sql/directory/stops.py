"""Accounts that are stopped here (port: ``administration.people.stops.StopStore``).

One statement decides that the officer was active and is not any more; everything ends only then, while the officer is held. The
row's revision counts up, so that whoever writes the mirror from an older look loses and finds that the officer is stopped.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import literal_column, select, update

from ....administration.people.stops import Stop
from ....audit import AuditRecord
from ....directory.changes import OfficerChange
from ....directory.deprovisioning import Ending
from ....directory.tasks import AFTER_A_DEPARTURE, NewTask
from ....notices import Notice
from ..audit import audit_insert, audit_values
from ..database import Database, insert_row, parameter
from ..notices import notice_inserts, notice_values
from ..tables import AccessStopRow, OfficerChangeRow, OfficerRow
from .access import again, departure, ending_values, endings, holds, task_insert, task_values
from .rows import state_json

OFFICER: Any = OfficerRow.__table__
STOP: Any = AccessStopRow.__table__
CHANGE: Any = OfficerChangeRow.__table__
_VALUES = ("sub", "reason", "unit", "stopped_by", "stopped_for", "stopped_at")


class SqlStops:
    """Keeps and finds them. Every verb raises UnavailableError when the database does not answer."""

    def __init__(self, database: Database) -> None:
        officer, now = OFFICER.c.sub == parameter(OFFICER.c.sub), parameter(STOP.c.stopped_at, "now")
        more = OFFICER.c.revision + literal_column("1")
        before, after = endings(database)
        left = departure(database)
        put = database.insert(STOP).values(
            sub=parameter(STOP.c.sub), reason=parameter(STOP.c.reason, "why"), unit=parameter(STOP.c.unit),
            stopped_by=parameter(STOP.c.stopped_by), stopped_for=parameter(STOP.c.stopped_for), stopped_at=now,
            lifted_by=literal_column("''"), lifted_at=literal_column("NULL"))
        kept = put.on_conflict_do_update(index_elements=["sub"], set_={
            name: put.excluded[name] for name in (*_VALUES[1:], "lifted_by", "lifted_at")})
        remembered = insert_row(CHANGE, **{name: parameter(CHANGE.c[name], f"change_{name}")
                                           for name in ("kind", "sub", "before", "after", "at")})
        self._stop = database.write(
            *before, audit_insert(), audit_insert("stop_"), kept, remembered, *notice_inserts(),
            left.on_conflict_do_update(index_elements=["sub"], set_=again(left)),
            *(task_insert(database, number) for number in range(len(AFTER_A_DEPARTURE))), *after,
            after=holds(), guard=update(OFFICER).where(officer, OFFICER.c.status == literal_column("'active'")).values(
                status=literal_column("'disabled'"), stopped_at=now, revision=more).returning(OFFICER.c.sub))
        this, stands = STOP.c.sub == parameter(STOP.c.sub), STOP.c.lifted_at.is_(None)
        self._standing = database.read(select(STOP).where(this, stands))
        self._lift = database.write(
            audit_insert(), *notice_inserts(),
            update(OFFICER).where(officer).values(stopped_at=literal_column("NULL"), revision=more),
            guard=update(STOP).where(this, stands, STOP.c.stopped_at == parameter(STOP.c.stopped_at)).values(
                lifted_at=parameter(STOP.c.lifted_at, "now"), lifted_by=parameter(STOP.c.lifted_by)).returning(STOP.c.sub))

    def stop(self, stop: Stop, ending: Ending, tasks: Sequence[NewTask], change: OfficerChange, record: AuditRecord,
             notice: Notice) -> bool:
        """Stop an active officer, and end everything."""
        values = {name: value for number, task in enumerate(tasks) for name, value in task_values(number, task).items()}
        return self._stop.run(
            **ending_values(ending), **values, left_at=stop.stopped_at, why=stop.reason, unit=stop.unit,
            stopped_by=stop.stopped_by, stopped_for=stop.stopped_for, change_kind=change.kind.value, change_sub=change.sub,
            change_before=state_json(change.before), change_after=state_json(change.after), change_at=change.at,
            **audit_values(record, "stop_"), **notice_values(notice)) is not None

    def standing(self, sub: str) -> Stop | None:
        """Give the stop of an officer that was not lifted."""
        row = self._standing.one(sub=sub)
        return None if row is None else Stop(**{name: getattr(row, name) for name in _VALUES})

    def lift(self, stop: Stop, by: str, record: AuditRecord, notice: Notice) -> bool:
        """Lift a stop, once."""
        return self._lift.run(sub=stop.sub, stopped_at=stop.stopped_at, lifted_by=by, now=record.at, **audit_values(record),
                              **notice_values(notice)) is not None
