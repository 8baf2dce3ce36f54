"""The mirror as those see it who write it: the feed, reconciliations, sign-ins; and what a change leaves behind.

Officers on the token path are read through ``mirror.OfficerMirror``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from .changes import OfficerChange
from .mirror import MirroredOfficer
from .officer import Officer
from .unit import UnitEntry

Look = Callable[[], Officer | None]
"""Looks an officer up in the directory as it is now; None where there is none."""

Find = Callable[[str], Officer | None]
"""Gives an officer by entryUUID as the directory has them at this moment (``Directory.find``)."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is compared for everybody at once.

    Attributes:
        dn: Where the entry stood at the last look.
        active: Whether the officer may sign in.
        groups: As mirrored.
    """

    entry_uuid: str
    dn: str
    active: bool
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PendingChange:
    """A change whose consequences are still to be drawn, by its number."""

    number: int
    change: OfficerChange


class Ledger(Protocol):
    """Where officers are mirrored, for those who write.

    A write is one act: the row, an audit record, and the change that waits for its consequences. It happens on the condition that
    nobody else changed the row since it was read; who loses reads again. Where nothing changed nothing is written.
    """

    def note(self, officer: Officer, *, now: int, look: Look | None = None, source: str = "", request_id: str = "",
             durable: bool = True) -> tuple[MirroredOfficer, OfficerChange | None]:
        """Mirror an officer as seen, and give the officer as mirrored and what changed.

        Args:
            officer: As seen.
            now: Seconds since the epoch.
            look: Where others may have seen newer facts: asked after the row was read, and believed instead of ``officer``.
            source: For the record; so ``request_id``.
            request_id: See ``source``.
            durable: False where a crash is made good by hearing of it again.
        """
        ...

    def remove(self, entry_uuid: str, *, now: int, look: Look | None = None, source: str = "", request_id: str = "",
               durable: bool = True) -> OfficerChange | None:
        """Mirror that an officer is no longer in the directory; with ``look``, unless that finds the officer after all."""
        ...

    def note_page(self, officers: Sequence[Officer], *, now: int, find: Find, source: str = "",
                  request_id: str = "") -> list[OfficerChange]:
        """Mirror several officers, each once, and give what changed: ``note`` of each, with ``find`` as its look.

        The page is one act: all of it is written or, where something goes wrong, nothing. Only whoever was written by somebody
        else meanwhile is read and written again. A crash may lose it: for what is heard of again.
        """
        ...

    def remove_page(self, entry_uuids: Sequence[str], *, now: int, find: Find, source: str = "",
                    request_id: str = "") -> list[OfficerChange]:
        """Mirror that several officers are no longer in the directory: ``remove`` of each, in the way of ``note_page``."""
        ...

    def known(self, entry_uuids: Sequence[str]) -> Mapping[str, MirroredOfficer]:
        """Give those of these officers that are mirrored, by entryUUID."""
        ...

    def standings(self) -> Iterator[Standing]:
        """Give everybody who is not gone."""
        ...

    def within(self, unit_code: str) -> list[str]:
        """Give the entryUUIDs of officers with a post in an agency or below it."""
        ...

    def active(self) -> int:
        """Count the active officers."""
        ...

    def lost_since(self, since: int) -> int:
        """Count those who were active and have been disabled or removed since then."""
        ...

    def pending(self, *, after: int, limit: int) -> list[PendingChange]:
        """Give changes whose consequences are still to be drawn, the oldest first, those with greater numbers only."""
        ...

    def done(self, numbers: Sequence[int]) -> None:
        """Forget changes whose consequences were drawn."""
        ...

    def waiting(self) -> tuple[int, int | None]:
        """Give how many changes wait, and when the oldest happened."""
        ...


class UnitMirror(Protocol):
    """Where agencies are mirrored."""

    def units(self) -> tuple[UnitEntry, ...]:
        """Give every agency that is in the directory, in order of codes."""
        ...

    def note_unit(self, entry: UnitEntry, *, now: int) -> bool:
        """Mirror an agency as seen; tell whether anything changed."""
        ...

    def remove_unit(self, entry_uuid: str, *, now: int) -> None:
        """Mirror that an agency is no longer in the directory."""
        ...
