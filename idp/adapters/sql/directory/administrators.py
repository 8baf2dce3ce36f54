"""Who administers, from the mirror.

Ports: ``pki.expiry.reminders.AgencyAdministrators``, ``pki.enrollment.waiting.People``, ``pki.custody.overdue.Answering``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import Text, bindparam, literal_column, select

from ....clock import Clock
from ....roles import Administrator, Right, Role, RoleGroups
from ..database import Database
from ..tables import OfficerRow
from .rows import mirrored_now

OFFICER: Any = OfficerRow.__table__


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
            OFFICER.c.status == literal_column("'active'"), OFFICER.c.groups.like(member, escape="!")))

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
        name = orjson.dumps(group).decode().replace("!", "!!").replace("%", "!%").replace("_", "!_")
        found = (self._groups.administrator(mirrored_now(row, self._clock), client_id="", read_only=False)
                 for row in self._members.all(member=f"%{name}%"))
        return [who for who in found if who is not None and who.role is role]
