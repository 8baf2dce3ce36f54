"""Certificates that end, in the database (ports: ``pki.expiry.reminders.ReminderStore``).

Whether a renewal was handed in is read where it is decided: in the statement that writes that a holder was told.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import Integer, and_, case, cast, exists, func, literal_column, select

from ....audit import AuditRecord
from ....notices import Notice
from ....pki.enrollment.record import Enrollment
from ....pki.enrollment.states import HANDED_IN, IN_USE, State
from ....pki.expiry.reminders import THRESHOLDS
from ..audit import audit_insert, audit_values
from ..database import Database, parameter
from ..notices import notice_inserts, notice_values
from ..tables import EnrollmentRow, ExpiryDigestRow, ExpiryNoticeRow, OfficerRow
from .enrollments import enrollment_of

ROW: Any = EnrollmentRow.__table__
TOLD: Any = ExpiryNoticeRow.__table__
DIGEST: Any = ExpiryDigestRow.__table__
OFFICER: Any = OfficerRow.__table__
_ONE: Final[Any] = literal_column("1")


def among(column: Any, states: Collection[State]) -> Any:
    """Make the condition that a certificate is in one of some states, written into the statement."""
    return column.in_([literal_column(f"'{state.value}'") for state in states])


def ends_between(least: str, end: str) -> Any:
    """Make the condition that a certificate in use ends after one moment and before another; names of the parameters."""
    c = ROW.c
    # Not the bare column: SQLite would go by the index of the state, in which nearly all are, and not by that of the end.
    state = func.coalesce(c.state, literal_column("''"))
    return and_(among(state, IN_USE), c.not_after > parameter(c.not_after, least), c.not_after < parameter(c.not_after, end))


def is_followed() -> Any:
    """Make the condition that what is to follow a certificate was handed in: its renewal, or a change of its content."""
    after = ROW.alias("following")
    return exists(select(_ONE).select_from(after).where(after.c.replaces == ROW.c.enrollment_id,
                                                        among(after.c.state, HANDED_IN)))


class SqlReminders:
    """The store on one database. Every verb raises UnavailableError when the database does not answer."""

    def __init__(self, database: Database) -> None:
        c = ROW.c
        nearest = case(*[(c.not_after < parameter(c.not_after, f"until{days}"), literal_column(str(days)))
                         for days in sorted(THRESHOLDS)])
        left = exists(select(_ONE).select_from(OFFICER).where(OFFICER.c.sub == c.holder,
                                                              OFFICER.c.status != literal_column("'active'")))
        self._untold = database.read(
            select(ROW).where(ends_between("now", f"until{max(THRESHOLDS)}"), ~is_followed(), ~left,
                              ~exists(select(_ONE).where(TOLD.c.enrollment_id == c.enrollment_id, TOLD.c.days <= nearest)))
            .order_by(c.not_after, c.enrollment_id).limit(parameter(c.revision, "limit")))
        days = parameter(TOLD.c.days)
        given = {"enrollment_id": c.enrollment_id, "days": days, "unit_code": c.unit_code,
                 "told_on": parameter(TOLD.c.told_on), "told_at": parameter(TOLD.c.told_at)}
        self._tell = database.write(audit_insert(), *notice_inserts(), guard=(
            database.insert(TOLD).from_select(list(given), select(*given.values()).where(
                c.enrollment_id == parameter(c.enrollment_id, "id"), c.revision == parameter(c.revision, "decided_on"),
                ~is_followed(), ~exists(select(_ONE).where(TOLD.c.enrollment_id == c.enrollment_id, TOLD.c.days <= days))))
            .on_conflict_do_nothing().returning(TOLD.c.enrollment_id)))
        self._told_from = database.read(select(TOLD.c.unit_code, func.max(TOLD.c.told_at).label("at")).where(
            TOLD.c.told_on >= parameter(TOLD.c.told_on, "day")).group_by(TOLD.c.unit_code))
        soon = func.sum(case((c.not_after < parameter(c.not_after, "soon"), 1), else_=0))
        self._ending = database.read(select(c.unit_code, func.count().label("found"), cast(soon, Integer).label("soon")).where(
            ends_between("now", "until"), ~is_followed()).group_by(c.unit_code))
        self._digests = database.read(select(DIGEST))
        told = database.insert(DIGEST).values({column.name: parameter(column) for column in DIGEST.c})
        self._digest = database.write(audit_insert(), *notice_inserts(), guard=told.on_conflict_do_update(
            index_elements=["sub"], set_={"told_on": told.excluded.told_on, "told_at": told.excluded.told_at},
            where=DIGEST.c.told_on < told.excluded.told_on).returning(DIGEST.c.sub))

    def untold(self, now: int, until: Mapping[int, int], *, limit: int) -> Sequence[Enrollment]:
        """Give those whose holders are to be told, those first that end first."""
        return [enrollment_of(row) for row in self._untold.all(
            now=now, limit=limit, **{f"until{days}": end for days, end in until.items()})]

    def tell(self, enrollment: Enrollment, days: int, told_on: date, notice: Notice, record: AuditRecord) -> bool:
        """Tell a holder, once."""
        return self._tell.run(id=enrollment.enrollment_id, decided_on=enrollment.revision, days=days,
                              told_on=told_on.isoformat(), told_at=notice.at, **notice_values(notice),
                              **audit_values(record)) is not None

    def told_from(self, day: date) -> Mapping[str, int]:
        """Give for which agencies something was told, and when last."""
        return {row.unit_code: int(row.at) for row in self._told_from.all(day=day.isoformat())}

    def ending(self, now: int, soon: int, until: int) -> Mapping[str, tuple[int, int]]:
        """Count those that end and that nothing follows yet, by agency."""
        return {row.unit_code: (int(row.found), int(row.soon)) for row in self._ending.all(now=now, soon=soon, until=until)}

    def digests(self) -> Mapping[str, int]:
        """Give when administrators were last told."""
        return {row.sub: int(row.told_at) for row in self._digests.all()}

    def digest(self, sub: str, day: date, notice: Notice, record: AuditRecord) -> bool:
        """Tell an administrator, once a day."""
        return self._digest.run(sub=sub, told_on=day.isoformat(), told_at=notice.at, **notice_values(notice),
                                **audit_values(record)) is not None
