"""Certificates that end, by month and agency (port: ``pki.expiry.forecast.ForecastStore``)."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Integer, Text, and_, bindparam, case, cast, func, literal_column, or_, select

from ....pki.enrollment.record import Enrollment
from ....pki.enrollment.states import ON_THE_WAY
from ....pki.enrollment.working_days import ZONE
from ....pki.expiry.forecast import Between, Ending
from ..database import Database, parameter
from ..directory.ledger import listed
from ..tables import EnrollmentRow
from .enrollments import enrollment_of
from .expiry import among, ends_between, is_followed

ROW: Any = EnrollmentRow.__table__
_EAST: Final = int((ZONE.utcoffset(None) or timedelta()).total_seconds())


class SqlForecast:
    """Reads on one database. Every verb raises UnavailableError when the database does not answer."""

    def __init__(self, database: Database) -> None:
        c = ROW.c
        month, followed = _month(database), case((is_followed(), 1), else_=0)
        meant = _meant()
        self._by_month = database.read(
            select(c.unit_code, func.max(c.unit_name).label("unit_name"), month.label("month"), func.count().label("found"),
                   cast(func.sum(followed), Integer).label("followed"))
            .where(meant).group_by(c.unit_code, month).order_by(c.unit_code, month))
        place, number = parameter(c.not_after, "place"), parameter(c.enrollment_id, "number")
        some = select(ROW).where(meant).limit(parameter(c.revision, "limit"))
        self._after = database.read(some.where(or_(c.not_after > place, and_(c.not_after == place, c.enrollment_id > number)))
                                    .order_by(c.not_after, c.enrollment_id))
        self._before = database.read(some.where(or_(c.not_after < place, and_(c.not_after == place, c.enrollment_id < number)))
                                     .order_by(c.not_after.desc(), c.enrollment_id.desc()))
        self._count = database.read(select(func.count().label("found")).where(meant))
        self._following = database.read(select(ROW).where(
            c.replaces.in_(listed(database, "numbers")), among(c.state, ON_THE_WAY)).order_by(c.enrollment_id))

    def by_month(self, which: Between) -> Sequence[Ending]:
        """Count by agency and month, in one statement."""
        return [Ending(row.unit_code, row.unit_name, row.month, int(row.found), int(row.followed))
                for row in self._by_month.all(**_asked(which))]

    def page(self, which: Between, *, after: tuple[int, str] | None, before: tuple[int, str] | None,
             limit: int) -> Sequence[Enrollment]:
        """Give certificates in the order of their end, after a place or before one."""
        place, number = before or after or (0, "")
        found = (self._before if before else self._after).all(place=place, number=number, limit=limit, **_asked(which))
        return [enrollment_of(row) for row in (reversed(found) if before else found)]

    def count(self, which: Between) -> int:
        """Count certificates."""
        row = self._count.one(**_asked(which))
        assert row is not None
        return int(row.found)

    def following(self, numbers: Sequence[str]) -> Mapping[str, Sequence[Enrollment]]:
        """Give what is to follow, by the number of the certificate."""
        found: dict[str, list[Enrollment]] = defaultdict(list)
        for row in self._following.all(numbers=json.dumps(list(numbers))):
            found[row.replaces].append(enrollment_of(row))
        return found


def _month(database: Database) -> Any:
    """Make the month of the end in offices here, which have no summer time: ``2026-12``."""
    here = ROW.c.not_after + literal_column(str(_EAST))
    if database.is_sqlite:
        return func.strftime(literal_column("'%Y-%m'"), here, literal_column("'unixepoch'"))
    return func.to_char(func.timezone(literal_column("'UTC'"), func.to_timestamp(here)), literal_column("'YYYY-MM'"))


def _meant() -> Any:
    c: Any = ROW.c
    unit, followed = parameter(c.unit_code, "unit"), parameter(c.state, "followed")
    return and_(
        ends_between("least", "before"),
        or_(unit == literal_column("''"), c.unit_code == unit, c.unit_code.like(bindparam("below", type_=Text()))),
        or_(followed == literal_column("''"), and_(followed == literal_column("'true'"), is_followed()),
            and_(followed == literal_column("'false'"), ~is_followed())))


def _asked(which: Between) -> dict[str, Any]:
    followed = "" if which.followed is None else "true" if which.followed else "false"
    # Of the province itself there is nothing below: all agencies are, and each stands for itself.
    return {"unit": which.unit, "below": f"{which.unit}.%" if "." in which.unit else "", "least": which.after,
            "before": which.before, "followed": followed}
