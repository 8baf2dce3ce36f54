"""Who stands in for whom (ports: ``roles.Deputies``, ``administration.people.deputies.DeputyStore``).

An officer has one row: a new deputyship takes the place of one that is over, by one conditional statement.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Integer, Text, and_, bindparam, func, literal_column, or_, select, update

from ....administration.people.deputies import LATELY_SECONDS, Deputyship
from ....audit import AuditRecord
from ....clock import Clock
from ....notices import Notice
from ....roles import Lent
from ..audit import audit_insert, audit_values
from ..database import Database, parameter
from ..notices import notice_inserts, notice_values
from ..tables import DeputyRow, OfficerRow
from .rows import mirrored_now

DEPUTY: Any = DeputyRow.__table__
OFFICER: Any = OfficerRow.__table__
_BEHIND = 3
_VALUES = ("deputy", "deputy_id", "giver", "unit", "reason", "made_by", "made_at", "ends_at")


class SqlDeputies:
    """Keeps and finds them. Every verb raises UnavailableError when the database does not answer."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._clock = clock
        c, now = DEPUTY.c, parameter(DEPUTY.c.made_at, "now")
        stands, over = and_(c.ended_at.is_(None), c.ends_at > now), or_(c.ended_at.is_not(None), c.ends_at <= now)
        self._lent = database.read(select(*OFFICER.c, c.unit.label("lent_unit"), c.made_by.label("named_by")).select_from(
            DEPUTY.join(OFFICER, OFFICER.c.sub == c.giver)).where(c.deputy == parameter(c.deputy), stands))
        names = [bindparam(f"one{number}", type_=Text()) for number in range(_BEHIND)]
        self._lent_by = database.read(select(c.deputy).where(
            or_(c.giver.in_(names), c.made_by.in_(names)),
            func.coalesce(c.ended_at, c.ends_at) > now - literal_column(str(LATELY_SECONDS), type_=Integer())))
        told = (*notice_inserts("giver_"), *notice_inserts("deputy_"), audit_insert())
        put = database.insert(DEPUTY).values(
            **{name: parameter(c[name]) for name in _VALUES}, ended_by=literal_column("''"), ended_at=literal_column("NULL"),
            reminded_at=literal_column("NULL"))
        taken = put.on_conflict_do_update(index_elements=["deputy"], where=over, set_={
            name: put.excluded[name] for name in (*_VALUES[1:], "ended_by", "ended_at", "reminded_at")})
        self._add = database.write(*told, guard=taken.returning(c.deputy))
        this = c.deputy_id == parameter(c.deputy_id)
        self._find = database.read(select(DEPUTY).where(this))
        self._end = database.write(*told, guard=update(DEPUTY).where(this, stands).values(
            ended_at=now, ended_by=parameter(c.ended_by)).returning(c.deputy))
        unheard, within = c.reminded_at.is_(None), parameter(c.ends_at, "within")
        self._remind = database.write(*told, guard=update(DEPUTY).where(this, stands, unheard).values(
            reminded_at=now).returning(c.deputy))
        self._ending = database.read(select(DEPUTY).where(
            stands, unheard, c.ends_at <= now + within, c.made_at < c.ends_at - within)
            .order_by(c.ends_at, c.deputy_id).limit(bindparam("limit", type_=Integer())))
        who: Any = bindparam("sub", type_=Text())
        after = parameter(c.ends_at, "after")
        self._page = database.read(select(DEPUTY).where(
            stands, or_(who == literal_column("''"), c.giver == who, c.deputy == who),
            or_(c.ends_at > after, and_(c.ends_at == after, c.deputy_id > parameter(c.deputy_id, "after_id"))))
            .order_by(c.ends_at, c.deputy_id).limit(bindparam("limit", type_=Integer())))

    def lent_to(self, sub: str) -> list[Lent]:
        """Give what was lent to an officer and stands."""
        return [Lent(giver, row.lent_unit, row.named_by) for row in self._lent.all(deputy=sub, now=self._clock.now())
                if (giver := mirrored_now(row, self._clock)) is not None]

    def lent_by(self, subjects: frozenset[str]) -> frozenset[str]:
        """Give the deputies of some, and whom they named for others."""
        names = [*sorted(subjects), *[""] * _BEHIND][:max(_BEHIND, len(subjects))]
        assert len(names) == _BEHIND, "who acts, whom they stand in for, and who named them"
        found = self._lent_by.all(now=self._clock.now(), **{f"one{number}": name for number, name in enumerate(names)})
        return frozenset(row.deputy for row in found)

    def add(self, made: Deputyship, record: AuditRecord, notices: Sequence[Notice]) -> bool:
        """Keep one, where the officer stands in for nobody."""
        values = {name: getattr(made, name) for name in _VALUES}
        return self._add.run(**values, now=made.made_at, **_told(record, notices)) is not None

    def find(self, deputy_id: str) -> Deputyship | None:
        """Find one."""
        row = self._find.one(deputy_id=deputy_id)
        return None if row is None else _deputyship(row)

    def page(self, *, sub: str, now: int, after: tuple[int, str] | None, limit: int) -> list[Deputyship]:
        """Give those that stand now, the first that end first."""
        at, number = after or (-1, "")
        return [_deputyship(row) for row in self._page.all(sub=sub, now=now, after=at, after_id=number, limit=limit)]

    def end(self, deputy_id: str, by: str, record: AuditRecord, notices: Sequence[Notice]) -> bool:
        """End one that stands, once."""
        return self._end.run(deputy_id=deputy_id, now=record.at, ended_by=by, **_told(record, notices)) is not None

    def ending(self, *, now: int, within: int, limit: int) -> list[Deputyship]:
        """Give those that end soon and of which nobody was told."""
        return [_deputyship(row) for row in self._ending.all(now=now, within=within, limit=limit)]

    def remind(self, deputy_id: str, record: AuditRecord, notices: Sequence[Notice]) -> bool:
        """Tell both, once."""
        return self._remind.run(deputy_id=deputy_id, now=record.at, **_told(record, notices)) is not None


def _told(record: AuditRecord, notices: Sequence[Notice]) -> dict[str, Any]:
    giver, deputy = notices
    return {**audit_values(record), **notice_values(giver, "giver_"), **notice_values(deputy, "deputy_")}


def _deputyship(row: Any) -> Deputyship:
    return Deputyship(**{name: getattr(row, name) for name in (*_VALUES, "ended_by", "ended_at")})
