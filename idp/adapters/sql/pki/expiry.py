"""Certificates that end, in the database (ports: ``pki.expiry.reminders.ReminderStore``).

Whether a renewal was handed in is read where it is decided: in the statement that writes that a holder was told.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import Integer, and_, case, cast, exists, func, insert, literal_column, select

from ....audit import AuditRecord
from ....notices import Notice, NoticeKind
from ....pki.enrollment.record import Enrollment
from ....pki.enrollment.states import HANDED_IN, IN_USE, State
from ....pki.enrollment.working_days import day_of
from ....pki.expiry.reminders import THRESHOLDS
from ..audit import audit_insert, audit_values
from ..database import Database, parameter
from ..notices import notice_inserts, notice_values
from ..tables import EnrollmentRow, ExpiryDigestRow, ExpiryNoticeRow, KeeperDigestRow, OfficerRow
from .enrollments import enrollment_of

ROW: Any = EnrollmentRow.__table__
KEEPER: Any = KeeperDigestRow.__table__
TOLD: Any = ExpiryNoticeRow.__table__
DIGEST: Any = ExpiryDigestRow.__table__
OFFICER: Any = OfficerRow.__table__
_ONE: Final[Any] = literal_column("1")
_EXPIRING: Final = f"'{NoticeKind.CERTIFICATE_EXPIRING.value}'"


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
        due = and_(ends_between("now", f"until{max(THRESHOLDS)}"), ~is_followed(), ~left,
                   ~exists(select(_ONE).where(TOLD.c.enrollment_id == c.enrollment_id, TOLD.c.days <= nearest)))
        told_today = exists(select(_ONE).where(KEEPER.c.sub == c.holder, KEEPER.c.kind == literal_column(_EXPIRING),
                                               KEEPER.c.told_at >= parameter(KEEPER.c.told_at, "day")))
        self._holders = database.read(select(c.holder).where(due, ~told_today).group_by(c.holder).order_by(
            func.min(c.not_after), c.holder).limit(parameter(c.revision, "limit")))
        # Not the index of the end: a holder has few of those that end within two months.
        of_holder = c.holder == parameter(c.holder)
        self._untold = database.read(select(ROW).where(of_holder, due).order_by(c.not_after, c.enrollment_id))
        given = {"enrollment_id": c.enrollment_id, "days": nearest, "unit_code": c.unit_code,
                 "told_on": parameter(TOLD.c.told_on), "told_at": parameter(TOLD.c.told_at)}
        count = select(func.count()).select_from(ROW).where(of_holder, due).scalar_subquery()
        kept = {"sub": parameter(c.holder), "kind": literal_column(_EXPIRING), "told_at": parameter(TOLD.c.told_at)}
        written = database.insert(KEEPER).from_select(list(kept), select(*kept.values()).where(
            count == parameter(c.revision, "count")))
        self._tell = database.write(
            insert(TOLD).inline().from_select(list(given), select(*given.values()).where(of_holder, due)),
            audit_insert(), *notice_inserts(), guard=written.on_conflict_do_update(
                index_elements=["sub", "kind"], set_={"told_at": written.excluded.told_at},
                where=KEEPER.c.told_at < parameter(KEEPER.c.told_at, "day")).returning(KEEPER.c.sub))
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

    def holders(self, now: int, until: Mapping[int, int], day: int, *, limit: int) -> Sequence[str]:
        """Give those who are to be told, those first whose certificates end first."""
        return [row.holder for row in self._holders.all(now=now, day=day, limit=limit, **_thresholds(until))]

    def untold(self, holder: str, now: int, until: Mapping[int, int]) -> Sequence[Enrollment]:
        """Give what one of them is to be told of."""
        return [enrollment_of(row) for row in self._untold.all(holder=holder, now=now, **_thresholds(until))]

    def tell(self, count: int, until: Mapping[int, int], day: int, notice: Notice, record: AuditRecord) -> bool:
        """Tell a holder, once a day."""
        return self._tell.run(holder=notice.sub, count=count, now=notice.at, day=day, told_at=notice.at,
                              told_on=day_of(notice.at).isoformat(), **_thresholds(until), **notice_values(notice),
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


def _thresholds(until: Mapping[int, int]) -> dict[str, int]:
    return {f"until{days}": end for days, end in until.items()}
