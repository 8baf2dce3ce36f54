"""One window of changes: what was seen together, applied to the mirror, with losses held until all of them are known.

Joiners and other changes are written at once. Who would be disabled or removed waits until the window closes; then the brake
is asked about all of them (``brake``), and only then they are written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TypeVar

from ..audit import Caller
from ..clock import Clock
from .brake import Brake
from .changes import ChangeKind, kind_of
from .ledger import Find, Ledger
from .mirror import MirroredOfficer
from .officer import Officer

PAGE = 200
"""So many are written together."""
_T = TypeVar("_T")


class Window:
    """What is seen from the first officer to ``close``.

    Args:
        ledger: Where the mirror is written.
        brake: Asked about losses.
        find: Looks an officer up again, where the mirror says otherwise than what was seen: others write it too.
        clock: Time.
        where: What kind of window this is, for the record of a brake.
        caller: For the records of changes.
        look_at_joiners: Joiners are looked up again too; a listing of everybody knows enough of them.
        dry: Nothing is written, not even that the brake would have stopped it.

    Attributes:
        figures: How many of each kind; ``seen`` counts officers.
    """

    def __init__(self, ledger: Ledger, brake: Brake, find: Find, clock: Clock, *, where: str, caller: Caller,
                 look_at_joiners: bool = False, dry: bool = False) -> None:
        self._ledger, self._brake, self._find, self._clock = ledger, brake, find, clock
        self._where, self._caller = where, caller
        self._look_at_joiners, self._dry = look_at_joiners, dry
        self._held: dict[str, Officer] = {}
        self._gone: dict[str, bool] = {}
        self.figures: Counter[str] = Counter()

    def see(self, officers: Sequence[Officer]) -> None:
        """Take officers as seen; those who would be lost are held."""
        for page in _pages(officers):
            self._see(page)

    def _see(self, officers: Sequence[Officer]) -> None:
        known = self._ledger.known([officer.entry_uuid for officer in officers])
        page: dict[str, Officer] = {}
        for officer in officers:
            self.figures["seen"] += 1
            before = known.get(officer.entry_uuid)
            if before is None and self._look_at_joiners:
                officer = self._find(officer.entry_uuid) or officer
            kind = kind_of(before, MirroredOfficer(before.sub if before else "", officer,
                                                   "disabled" if officer.disabled else "active"))
            self._held.pop(officer.entry_uuid, None)
            self._gone.pop(officer.entry_uuid, None)
            if kind is None:
                continue
            if before is not None and before.status == "active" and officer.disabled:
                self._held[officer.entry_uuid] = officer
                continue
            if officer.entry_uuid in page:
                self._note(page)
                page = {}
            if self._dry:
                self.figures[kind] += 1
            else:
                page[officer.entry_uuid] = officer
        self._note(page)

    def lose(self, entry_uuids: Sequence[str]) -> list[str]:
        """Take officers as gone, and give those of the identifiers that belong to nobody who is mirrored."""
        known = self._ledger.known(entry_uuids)
        for entry_uuid, officer in known.items():
            self._held.pop(entry_uuid, None)
            if officer.status != "gone":
                self._gone[entry_uuid] = officer.status == "active"
        return [entry_uuid for entry_uuid in entry_uuids if entry_uuid not in known]

    def close(self, present: Collection[str] | None = None) -> bool:
        """Write who was held, if the brake lets it; tell whether that used up an allowance.

        Args:
            present: Everything there is; whoever is mirrored and not in it is gone. An answer without anybody is refused.

        Raises:
            BrakedError: too many would be lost, or everybody.
        """
        if present is not None:
            self._miss(present)
        if self._dry:
            self.figures[ChangeKind.DISABLED] += len(self._held)
            self.figures[ChangeKind.REMOVED] += len(self._gone)
            return False
        losses = len(self._held) + sum(self._gone.values())
        used_up = self._brake.check(losses, where=self._where)
        self._note(self._held)
        for gone in _pages(list(self._gone)):
            changes = self._ledger.remove_page(gone, now=self._clock.now(), find=self._find, source=self._caller.source,
                                               request_id=self._caller.request_id)
            self.figures.update(change.kind for change in changes)
        self._held, self._gone = {}, {}
        return used_up

    def _miss(self, present: Collection[str]) -> None:
        anybody = self.figures["seen"] > 0
        missing: dict[str, bool] = {}
        for standing in self._ledger.standings():
            if standing.entry_uuid in present:
                anybody = True
            else:
                missing[standing.entry_uuid] = standing.active
        if not anybody and not self._dry:
            self._brake.empty(where=self._where)
        for entry_uuid in missing:
            self._held.pop(entry_uuid, None)
        self._gone |= missing

    def _note(self, officers: Mapping[str, Officer]) -> None:
        for page in _pages(list(officers.values())):
            changes = self._ledger.note_page(page, now=self._clock.now(), find=self._find, source=self._caller.source,
                                             request_id=self._caller.request_id)
            self.figures.update(change.kind for change in changes)


def _pages(everything: Sequence[_T]) -> Iterator[Sequence[_T]]:
    for start in range(0, len(everything), PAGE):
        yield everything[start:start + PAGE]
