"""Who is told that devices are overdue: the officer who has them, or who answers for them where an agency has them.

Source: Decree 68/2024 (Mẫu 08: a device is brought back). An officer has one notice a day for all that became overdue; each
device is told of once for each time that it is due back. A device that no officer has is its agency's: those who may report its
loss there (administrators, records clerks) are told once a day, when one is newly overdue or newly theirs, how many there are.
The province is told where an agency has nobody for it, and of every one that is still out five working days later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from ...audit import AuditEvent, AuditRecord, Caller
from ...clock import Clock
from ...notices import Notice, NoticeKind
from ...roles import Administrator
from ..enrollment.waiting import LastTold
from ..enrollment.working_days import WorkingDays, day_of, start_of
from .device import Device

LATER_WORKING_DAYS: Final = 5
"""After so many more the province is told of what an agency has not brought back."""
_SHOWN: Final = 3
"""So many numbers of devices stand in a notice."""
_NAMED: Final = 20
"""So many of them stand in a record."""
_NEVER: Final = LastTold(0, frozenset())


@dataclass(frozen=True, slots=True)
class OfAgency:
    """Devices that an agency has and no officer, that were due back at one moment and are not back."""

    unit_code: str
    due_at: int
    count: int


class OverdueStore(Protocol):
    """What is overdue, and who was told. Every verb may raise UnavailableError(dependency="database")."""

    def holders(self, now: int, day: int, *, limit: int) -> Sequence[str]:
        """Give officers who were told nothing since ``day`` and have devices that they were not told of; longest due first."""
        ...

    def untold(self, holder: str, now: int) -> Sequence[Device]:
        """Give those devices of one officer, longest due first."""
        ...

    def remind(self, count: int, day: int, notice: Notice, record: AuditRecord) -> bool:
        """Write that an officer was told of all that ``untold`` gives, with the notice, its mail and the record; or nothing.

        Of several who do it on one day (which began at ``day``) one gets True. False also when it is another number than
        ``count`` by now.
        """
        ...

    def of_agencies(self, now: int) -> Sequence[OfAgency]:
        """Give what is overdue and no officer has."""
        ...

    def told(self) -> Mapping[str, LastTold]:
        """Give when who answers for devices (subjects) was last told, and of which agencies (codes)."""
        ...

    def tell(self, of: frozenset[str], day: int, notice: Notice, record: AuditRecord) -> bool:
        """Write that one of them was told, of agencies (codes), with notice, mail and record; True once a day for each."""
        ...


class Answering(Protocol):
    """Who answers for devices. Every verb may raise UnavailableError(dependency="database")."""

    def for_devices(self) -> Sequence[Administrator]:
        """Give who may report the loss of an agency's devices, without the province."""
        ...

    def of_the_province(self) -> Sequence[Administrator]:
        """Give the administrators of the province."""
        ...


class Overdue:
    """Tells of devices that should be back.

    Args:
        store: What is overdue.
        people: Who answers for devices.
        calendar: Working days.
        clock: Source of the time.
    """

    def __init__(self, store: OverdueStore, people: Answering, calendar: WorkingDays, clock: Clock) -> None:
        self._store, self._people, self._calendar, self._clock = store, people, calendar, clock

    def remind(self, caller: Caller, *, most: int) -> int:
        """Tell officers, and who answers for agencies when all were told; gives how many people. For the worker, again and again.

        Args:
            caller: For the records.
            most: How many officers at most; the others the next time.
        """
        now = self._clock.now()
        today = start_of(day_of(now))
        holders = self._store.holders(now, today, limit=most)
        told = sum(self._told(holder, now, today, caller) for holder in holders)
        return told if len(holders) == most else told + self._tell_agencies(now, today, caller)

    def _told(self, holder: str, now: int, today: int, caller: Caller) -> bool:
        found = self._store.untold(holder, now)
        if not found:
            return False
        shown = ", ".join(device.serial for device in found[:_SHOWN]) + (", …" if len(found) > _SHOWN else "")
        notice = (Notice(NoticeKind.DEVICE_OVERDUE, holder, now, caller.source, {"serial": shown}) if len(found) == 1 else
                  Notice(NoticeKind.OWN_DEVICES_OVERDUE, holder, now, caller.source, {"count": str(len(found)), "serial": shown}))
        return self._store.remind(len(found), today, notice, AuditRecord(
            AuditEvent.DEVICE_OVERDUE, now, sub=holder, source=caller.source, request_id=caller.request_id,
            detail={"device": " ".join(device.device_id for device in found[:_NAMED]), "count": len(found),
                    "due_at": found[0].due_at or 0, "unit": found[0].unit_code}))

    def _tell_agencies(self, now: int, today: int, caller: Caller) -> int:
        late = self._store.of_agencies(now)
        if not late:
            return 0
        last, agencies, told = self._store.told(), self._people.for_devices(), 0
        looked_after = {one.unit_code for one in late if any(who.oversees(one.unit_code) for who in agencies)}
        for who in agencies:
            told += self._tell(who, [(one, one.due_at) for one in late if who.oversees(one.unit_code)], last, now, today, caller)
        for who in self._people.of_the_province():
            mine = [(one, since) for one in late if (since := self._with_the_province(one, looked_after)) < now]
            told += self._tell(who, mine, last, now, today, caller)
        return told

    def _with_the_province(self, one: OfAgency, looked_after: set[str]) -> int:
        """Tell from when on something is the province's."""
        return self._calendar.deadline(one.due_at, LATER_WORKING_DAYS) if one.unit_code in looked_after else one.due_at

    def _tell(self, who: Administrator, mine: Sequence[tuple[OfAgency, int]], told: Mapping[str, LastTold], now: int, today: int,
              caller: Caller) -> bool:
        last = told.get(who.sub, _NEVER)
        known = last.of or frozenset()
        if last.at >= today or not any(since >= last.at or one.unit_code not in known for one, since in mine):
            return False
        count = sum(one.count for one, _ in mine)
        return self._store.tell(
            frozenset(one.unit_code for one, _ in mine), today,
            Notice(NoticeKind.DEVICES_OVERDUE, who.sub, now, caller.source, {"count": str(count)}),
            AuditRecord(AuditEvent.DEVICES_OVERDUE, now, sub=who.sub, source=caller.source, request_id=caller.request_id,
                        detail={"unit": who.unit, "count": count}))
