"""Who did something, as far as an administrator is told.

Source: security checklist 38. The province and its auditors are told everybody. An agency is told of people of its own and of the
agencies below it; who else acted (a person of another agency, or one with a role for the whole province) is ``OUTSIDE`` to it,
wherever that is read: in the audit trail, and in the course of an officer, a request, a SIM, an application or a campaign. Only
the papers of a device bear the names of both who gave and who received it (``enrollment.devices``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

from ...directory.mirror import MirroredOfficer, OfficerMirror
from ...roles import Administrator, RoleGroups

OUTSIDE: Final = "outside"
"""Stands for somebody of whom the reader is not told."""
SUBJECT: Final = 22
"""Characters of a subject."""
Told = Callable[[str], str]
"""Gives the subject of who did something as somebody is told of it: as it is, or ``OUTSIDE``; "" for nobody."""


class Actors:
    """Tells who did something.

    Args:
        mirror: Officers.
        groups: Tells who has a role for the whole province.
    """

    def __init__(self, mirror: OfficerMirror, groups: RoleGroups) -> None:
        self._mirror, self._groups = mirror, groups

    def sees(self, who: Administrator, officer: MirroredOfficer) -> bool:
        """Tell whether an administrator is told what somebody did."""
        return who.of_the_province or (who.oversees(officer.officer.main_post.unit_code) and not self._groups.above(officer))

    def told(self, who: Administrator) -> Told:
        """Give what tells one reader of subjects; who is not known any more, and the reader, stay as they are."""
        def shown(sub: str) -> str:
            officer = self._mirror.by_sub(sub) if sub and sub != who.sub else None
            return sub if officer is None or self.sees(who, officer) else OUTSIDE

        return str if who.of_the_province else cache(shown)


def facts(detail: Mapping[str, Any], told: Told) -> dict[str, Any]:
    """Give what a record holds as its reader is told of it; what was changed of something is for the province alone."""
    return {name: told(value) if isinstance(value, str) and len(value) == SUBJECT else value for name, value in detail.items()
            if told is str or not isinstance(value, dict)}
