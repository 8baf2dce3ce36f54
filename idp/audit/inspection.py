"""The chain looked at in parts: does one record stand as it was sealed, does a stretch of seals hold.

A part that holds says that nothing in it was changed since it was sealed, and that it hangs on the seal before. A part at the end
is compared with the newest seal that is remembered outside the database, without which nobody would see that the end was cut off.
Only the walk over the whole chain (``AuditChain.verify``) says that nothing is missing before it; it takes minutes, and pages do
not wait.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from ..errors import UnavailableError
from .archive.month import ARCHIVED, DISCARDED, PURGED
from .chain import KnownHead, SealStore
from .seal import START, Break, Position, Seal, SealSigner, StoredRecord, find_break

SEALS, RECORDS = 50, 10_000
"""How much one stretch has at most; of records, what the last seal of it adds comes on top."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a record stands in the chain.

    Attributes:
        seal: The seal that covers it; None while it waits for one.
        broken: Why that seal does not hold; None where it does.
        archived: The month in whose archive it stands with its seal, where it was brought back from there; else "".
    """

    seal: Seal | None = None
    broken: Break | None = None
    archived: str = ""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Seals that were checked, the newest first.

    Attributes:
        newest: Number of the first seal that was looked at; 0 where there is none.
        oldest: Number of the last.
        since: When the oldest was made, seconds since the epoch.
        until: When the newest was made.
        records: How many records they cover.
        broken: The first place that does not hold, or None.
        next: Number of the seal to go on with; 0 where the beginning is reached, or where something does not hold.
        archived: The newest month of those that stand before, in archives; "" where the database has the beginning.
        known: Number of the seal outside the database with which the end was compared; None where it was not, because nothing
            is remembered on this machine or it cannot be read, or because these are earlier seals.
    """

    newest: int = 0
    oldest: int = 0
    since: int = 0
    until: int = 0
    records: int = 0
    broken: Break | None = None
    next: int = 0
    archived: str = ""
    known: int | None = None


class Ends(Protocol):
    """Compares the end of the chain (``AuditChain``)."""

    def end(self) -> tuple[KnownHead | None, Break | None]:
        """Give what is remembered outside, and how the database differs from it. Raises UnavailableError."""
        ...


class Inspection:
    """Checks parts of the chain.

    Args:
        store: Records and seals.
        signer: Knows the keys.
        ends: Knows what is remembered outside the database.
    """

    def __init__(self, store: SealStore, signer: SealSigner, ends: Ends) -> None:
        self._store, self._signer, self._ends = store, signer, ends

    def record(self, record: StoredRecord) -> Standing:
        """Check the seal that covers a record, with everything under it."""
        kept = [one for one in self._store.archived() if one.state != ARCHIVED]
        month = next((one for one in kept if record.position <= one.month.place), None)
        if month is not None:
            # Its seal went with it; what never came back from its archive was put there by somebody.
            broken = Break(month.month.last, record.position.id, "record_added") if month.state in (PURGED, DISCARDED) else None
            return Standing(broken=broken, archived=month.month.month)
        number = self._number_over(record.position, kept[-1].month.last if kept else 0)
        if number is None:
            return Standing()
        before, seal = self._with_predecessor(number)
        if seal is None:
            return Standing(broken=Break(number, None, "seal_missing"))
        return Standing(seal, self._broken(seal, before))

    def stretch(self, upto: int | None = None) -> Stretch:
        """Check seals backwards.

        Args:
            upto: Number of the newest of them; None, or one that is not there yet, for the newest of all.
        """
        last = self._store.last_seal()
        if upto is not None and last is not None and upto < last.number:
            return self._stretch(upto)
        found, (known, broken) = self._stretch(None), self._end()
        return replace(found, known=known.head.number if known else None, broken=found.broken or broken,
                       next=0 if broken else found.next)

    def _end(self) -> tuple[KnownHead | None, Break | None]:
        try:
            return self._ends.end()
        except UnavailableError as err:
            if err.dependency == "database":
                raise
            return None, None

    def _stretch(self, upto: int | None) -> Stretch:
        last = self._store.last_seal()
        if last is None:
            return Stretch()
        purged = next((one.month for one in reversed(self._store.archived()) if one.state != ARCHIVED), None)
        floor, archived = (purged.last, purged.month) if purged else (0, "")
        if last.number == floor:
            return Stretch(archived=archived)
        newest = last.number if upto is None else max(floor + 1, min(upto, last.number))
        seals = {seal.number: seal for seal in self._store.seals(after=max(0, newest - SEALS - 1), limit=SEALS + 1)}
        number, records, broken = newest, 0, None
        while number > max(floor, newest - SEALS) and (number == newest or records < RECORDS):
            seal, before = seals.get(number), seals.get(number - 1)
            if seal is None or (before is None and number > 1):
                broken = Break(number if seal is None else number - 1, None, "seal_missing")
                break
            broken = self._broken(seal, before)
            if broken is not None:
                break
            records, number = records + seal.record_count, number - 1
        oldest = min(newest, number + 1)
        return Stretch(newest, oldest, seals[oldest].sealed_at if oldest in seals else 0,
                       seals[newest].sealed_at if newest in seals else 0, records, broken,
                       0 if broken or number == floor else number, archived)

    def _broken(self, seal: Seal, before: Seal | None) -> Break | None:
        rows = self._store.records(after=before.last if before else START, upto=seal.last)
        return find_break(seal, rows, before, chain=(self._store.chain() or 0) if before is None else 0, signer=self._signer)

    def _with_predecessor(self, number: int) -> tuple[Seal | None, Seal | None]:
        found = {seal.number: seal for seal in self._store.seals(after=max(0, number - 2), limit=2)}
        before = found.get(number - 1)
        return before, None if before is None and number > 1 else found.get(number)

    def _number_over(self, place: Position, floor: int) -> int | None:
        """Give the number of the first seal that ends at or behind a place; None where the last ends before it."""
        last = self._store.last_seal()
        if last is None or place > last.last:
            return None
        low, high = floor + 1, last.number
        while low < high:
            middle = (low + high) // 2
            found = self._store.seals(after=middle - 1, limit=1)
            if found and found[0].last >= place:
                high = middle
            else:
                low = middle + 1
        return low
