"""Agencies for administrators: the tree with what is done in each, and one agency with its people and things.

Source: security checklist 38: an agency's roles see the agency and those below it. An agency is told by its code. Numbers of an
agency hold those of all below it; officers count where their main post is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from ...directory.ledger import UnitMirror
from ...directory.mirror import OfficerMirror
from ...directory.unit import Unit, is_within
from ...errors import RefusedError
from ...oauth.client import ClientRegistry
from ...roles import Administrator, Right
from ..enrollment.devices import DeviceAdministration
from ..enrollment.requests import EnrollmentAdministration
from ..tasks import TaskAdministration
from . import masked
from .ports import AgencyCounts, People

_MOST: Final = 50
_NOBODY: Final = AgencyCounts(0, 0, 0)


class AgencyAdministration:
    """Shows agencies.

    Args:
        people: Counts their officers.
        units: The tree.
        mirror: Officers by subject.
        administrators: Gives the administrators of agencies.
        enrollments: Certificates.
        devices: Tokens, SIMs and security modules.
        tasks: What is to be done.
        registry: Applications.
    """

    def __init__(self, people: People, units: UnitMirror, mirror: OfficerMirror,
                 administrators: Callable[[], Sequence[Administrator]], enrollments: EnrollmentAdministration,
                 devices: DeviceAdministration, tasks: TaskAdministration, registry: ClientRegistry) -> None:
        self._people, self._units, self._mirror, self._administrators = people, units, mirror, administrators
        self._enrollments, self._devices, self._tasks, self._registry = enrollments, devices, tasks, registry

    def tree(self, who: Administrator) -> list[dict[str, Any]]:
        """Give the agencies that somebody looks after, in the order of the tree, each with ``depth`` and its numbers.

        Raises ForbiddenError for a role that has nothing to do with agencies.
        """
        who.demand(Right.SEE_AGENCIES)
        units = self._theirs(who)
        counts, tasks = self._people.counts(), self._people.tasks_by_agency()
        known = {unit.code for unit in units}
        return [{**_shown(unit), "depth": sum(1 for above in _above(unit.code) if above in known),
                 **_numbers(unit.code, counts, tasks)} for unit in sorted(units, key=lambda unit: _order(unit.code))]

    def one(self, who: Administrator, code: str) -> dict[str, Any]:
        """Give an agency whole.

        Returns:
            Its facts and numbers, ``above`` and ``below`` (agencies), ``administrators``, ``seals`` (certificates),
            ``devices``, ``tasks`` and ``applications``.

        Raises:
            RefusedError: there is none by this code, or it is not theirs (404).
            ForbiddenError: as ``tree``.
        """
        who.demand(Right.SEE_AGENCIES)
        units = {unit.code: unit for unit in self._theirs(who)}
        unit = units.get(code)
        if unit is None:
            raise RefusedError("There is no such agency.", code="unknown_agency", status=404)
        counts, tasks = self._people.counts(), self._people.tasks_by_agency()
        return {
            **_shown(unit), **_numbers(code, counts, tasks),
            "above": [_shown(units[above]) for above in reversed(_above(code)) if above in units],
            "below": [{**_shown(one), **_numbers(one.code, counts, tasks)} for one in sorted(
                units.values(), key=lambda one: _order(one.code)) if one.code.rpartition(".")[0] == code],
            "administrators": self._of_agency(code),
            "seals": [self._enrollments.one(who, number) for number in self._people.seals(code)[:_MOST]],
            "devices": list(self._devices.listed(who, unit=code, limit=_MOST).items),
            "tasks": list(self._tasks.listed(who, unit=code, limit=_MOST).items),
            "applications": [{"client_id": client.client_id, "client_name": client.client_name, "disabled": client.disabled}
                             for client in self._registry.all() if client.owner_unit == code]}

    def _theirs(self, who: Administrator) -> list[Unit]:
        return [entry.unit for entry in self._units.units() if who.oversees(entry.unit.code)]

    def _of_agency(self, code: str) -> list[dict[str, Any]]:
        found = []
        for one in self._administrators():
            officer = self._mirror.by_sub(one.sub) if one.unit == code else None
            if officer is not None:
                found.append({"sub": officer.sub, "name": officer.officer.name, "title": officer.officer.main_post.title,
                              "phone": masked.phone(officer.officer.phone)})
        return found


def _shown(unit: Unit) -> dict[str, Any]:
    return {"code": unit.code, "code_2016": unit.code_2016 or None, "name": unit.name, "kind": unit.kind or None}


def _numbers(code: str, counts: Mapping[str, AgencyCounts], tasks: Mapping[str, int]) -> dict[str, int]:
    within = [number for one, number in counts.items() if is_within(one, code)] or [_NOBODY]
    return {"officers": sum(one.officers for one in within), "with_factor": sum(one.with_factor for one in within),
            "with_certificate": sum(one.with_certificate for one in within),
            "open_tasks": sum(number for one, number in tasks.items() if is_within(one, code))}


def _above(code: str) -> list[str]:
    """Give the codes above an agency, the nearest first."""
    found = []
    while code := code.rpartition(".")[0]:
        found.append(code)
    return found


def _order(code: str) -> tuple[tuple[int, str], ...]:
    """Order codes as people count: ``H30.2`` before ``H30.11``."""
    return tuple((int(part), "") if part.isdigit() else (0, part) for part in code.split("."))
