"""Who administers, from the mirror.

Ports: ``pki.expiry.reminders.AgencyAdministrators``, ``pki.enrollment.waiting.People``, ``pki.custody.overdue.Answering``; and
``administration.people.holders.HolderStore``, whose one statement reads a page with everything that it shows. Members are found
among those who are in any group, by an index that holds no others; what the groups are called is the deployment's, so that no
index could hold just these.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from types import SimpleNamespace
from typing import Any

import orjson
from sqlalchemy import BigInteger, Integer, Text, and_, bindparam, case, collate, literal_column, or_, select, tuple_, union

from ....administration.people.holders import Held, Looked
from ....clock import Clock
from ....roles import Administrator, Lent, Right, Role, RoleGroups
from ..database import Database, Read, parameter
from ..tables import DeputyRow, OfficerRow
from .as_of import perhaps_of_unit
from .people import HAS_FACTOR
from .rows import mirrored_now

OFFICER: Any = OfficerRow.__table__
DEPUTY: Any = DeputyRow.__table__
_GIVER = "giver_"
_MOST_GROUPS = 6


class SqlAgencyAdministrators:
    """Finds administrators by the directory's groups. Raises UnavailableError when the database does not answer.

    Args:
        database: The database.
        groups: Which groups make administrators.
        clock: Officers count as of now.
    """

    def __init__(self, database: Database, groups: RoleGroups, clock: Clock) -> None:
        self._groups, self._clock = groups, clock
        member: Any = bindparam("member", type_=Text())
        self._members = database.read(select(OFFICER).where(
            OFFICER.c.status == literal_column("'active'"), OFFICER.c.groups != literal_column("'[]'"),
            OFFICER.c.groups.like(member, escape="!")))

    def all(self) -> Sequence[Administrator]:
        """Give the administrators of agencies; whoever has a wider role is not one."""
        return self._of(self._groups.agency, Role.AGENCY)

    def for_devices(self) -> Sequence[Administrator]:
        """Give who may report the loss of an agency's devices: its administrators and its records clerks."""
        groups = {Role.AGENCY: self._groups.agency, Role.CLERK: self._groups.clerks}
        return [who for role, group in groups.items() for who in self._of(group, role) if who.may(Right.REPORT_LOSS)]

    def of_the_province(self) -> Sequence[Administrator]:
        """Give the administrators of the province."""
        return self._of(self._groups.province, Role.PROVINCE)

    def _of(self, group: str, role: Role) -> Sequence[Administrator]:
        found = (self._groups.administrator(mirrored_now(row, self._clock), client_id="", read_only=False)
                 for row in self._members.all(member=_pattern(group)))
        return [who for who in found if who is not None and who.role is role]


class SqlRoleHolders:
    """Finds them. Raises UnavailableError when the database does not answer.

    Args:
        database: The database.
        clock: Officers count as of now.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._clock = clock
        c, one, giver = OFFICER.c, OFFICER.alias("o"), OFFICER.alias("g")
        now, ending_by = parameter(DEPUTY.c.ends_at, "now"), bindparam("ending_by", type_=BigInteger())
        stands = and_(DEPUTY.c.ended_at.is_(None), DEPUTY.c.ends_at > now)
        named = [one.c.groups.like(parameter(c.groups, f"group{number}"), escape="!") for number in range(_MOST_GROUPS)]
        members = select(one.c.entry_uuid).where(one.c.groups != literal_column("'[]'"), or_(*named))
        acting = select(one.c.entry_uuid).select_from(DEPUTY.join(one, one.c.sub == DEPUTY.c.deputy)).where(stands)
        order = (c.unit_code, c.entry_uuid) if database.is_sqlite else (collate(c.unit_code, "C"), collate(c.entry_uuid, "C"))
        behind = tuple_(*order) > tuple_(parameter(c.unit_code, "after_unit"), parameter(c.entry_uuid, "after_uuid"))
        active = c.status == literal_column("'active'")
        states: dict[str, Any] = {
            "": c.status != literal_column("'gone'"), "ending": DEPUTY.c.ends_at <= ending_by,
            "never": and_(active, c.last_sign_in_at.is_(None)), "without_factor": and_(active, ~HAS_FACTOR),
            "left": c.status != literal_column("'active'")}

        @cache
        def page(state: str, narrowed: bool) -> Read:
            # Apart: whoever has a role is found first, and only of them it is asked whether they have a factor.
            found = (members.union(acting) if state != "ending" else union(acting)).cte("found").prefix_with("MATERIALIZED")
            return database.read(
                select(*c, case((HAS_FACTOR, 1), else_=0).label("has_factor"), DEPUTY.c.unit.label("lent_unit"),
                       DEPUTY.c.made_by, DEPUTY.c.made_at, DEPUTY.c.ends_at.label("lent_until"),
                       *(column.label(_GIVER + column.name) for column in giver.c))
                .select_from(OFFICER.outerjoin(DEPUTY, and_(DEPUTY.c.deputy == c.sub, stands))
                             .outerjoin(giver, giver.c.sub == DEPUTY.c.giver))
                .where(c.entry_uuid.in_(select(found.c.entry_uuid)), states[state],
                       *((perhaps_of_unit(),) if narrowed else ()), behind)
                .order_by(*order).limit(bindparam("limit", type_=Integer())))

        self._page = page

    def page(self, looked: Looked, *, after: tuple[str, str] | None, limit: int) -> Sequence[Held]:
        """Give them behind a place, by their agencies' codes."""
        now = self._clock.now()
        assert len(looked.groups) <= _MOST_GROUPS, "one for each role"
        names = [_pattern(name) for name in looked.groups]
        asked: dict[str, Any] = {} if looked.state == "ending" else {
            f"group{number}": names[number % len(names)] for number in range(_MOST_GROUPS)}
        if looked.state == "ending":
            asked["ending_by"] = looked.ending_by
        if looked.unit:
            asked |= {"unit": looked.unit, "below": f"{looked.unit}.%", "unit_as_of": now}
        unit, uuid = after or ("", "")
        rows = self._page(looked.state, bool(looked.unit)).all(now=now, after_unit=unit, after_uuid=uuid, limit=limit, **asked)
        return [held for row in rows if (held := self._held(row)) is not None]

    def _held(self, row: Any) -> Held | None:
        officer = mirrored_now(row, self._clock)
        if officer is None:
            return None
        giver = None if row.giver_sub is None else mirrored_now(SimpleNamespace(
            **{column.name: getattr(row, _GIVER + column.name) for column in OFFICER.c}), self._clock)
        lent = None if giver is None else Lent(giver, row.lent_unit, row.made_by)
        return Held(officer=officer, since=row.roles_since, last_sign_in_at=row.last_sign_in_at, has_factor=bool(row.has_factor),
                    lent=lent, made_at=row.made_at or 0, ends_at=row.lent_until or 0, place=(row.unit_code, row.entry_uuid))


def _pattern(group: str) -> str:
    """Give what the groups of its members are like."""
    name = orjson.dumps(group).decode().replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return f"%{name}%"
