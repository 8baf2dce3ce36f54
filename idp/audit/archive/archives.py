"""Old months leave the database: archived, checked, purged; brought back for a while; deleted in the end.

Source: the province's rule of retention (docs/operations/audit.md §9): the running month and so many before it are in the
database, older ones in their files, and files are due for deletion after so many months more. Every step is one that may be cut
off anywhere and is begun anew: a file is there whole or not, a month is purged only after its file was read back and fits the
chain, and the state that the chain is checked by changes before the first record goes and after the last came back.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import BinaryIO, Final, Protocol

from ...clock import Clock
from ...errors import RefusedError, UnavailableError
from .. import AuditEvent, AuditRecord, Caller, Detail
from ..chain import SealStore
from ..seal import START, ArchiveSigner, Position, Seal, SealHead, StoredRecord, find_break, genesis
from .file import BrokenArchiveError, Sealed, check, records_of, write
from .month import (
    ARCHIVED,
    DISCARDED,
    PURGED,
    PURGING,
    RESTORED,
    RESTORING,
    Kept,
    Month,
    later,
    month_of,
    start_of,
)

READ_SEALS, READ_RECORDS = 200, 2_000
"""How much one look at the database gives while a month is archived; of records, what the last seal adds comes on top."""
PURGED_AT_ONCE: Final = 500
"""Rows that one statement deletes, so that no writer waits behind it."""
MOST_DAYS: Final = 90
FOLDER: Final = "audit_archive"
"""The dependency that is unavailable where files cannot be reached."""
_BREATH: Final = 0.02

Pause = Callable[[float], bool]
"""Waits so many seconds; True where the process is to end."""


class ArchiveStore(Protocol):
    """What the database knows of archives. Every verb raises UnavailableError when it does not answer."""

    def months(self) -> Sequence[Kept]:
        """Give the archived months, in order."""
        ...

    def add(self, kept: Kept, record: AuditRecord) -> bool:
        """Keep a month, with the record of it; False where the month is kept already."""
        ...

    def move(self, month: str, before: str, kept: Kept, record: AuditRecord | None) -> bool:
        """Bring a month into the state of ``kept`` with all that belongs to it; False where it is not in the one before."""
        ...

    def purge(self, *, after: Position, upto: Position, most: int) -> Position | None:
        """Delete the next records of a stretch; gives the place that was reached, None where the end was."""
        ...

    def purge_seals(self, *, below: int, most: int) -> bool:
        """Delete seals with numbers below one; False where none was left."""
        ...

    def put_back(self, records: Sequence[StoredRecord]) -> None:
        """Write records again, each as it was; those that are there stay."""
        ...


class ArchiveFolder(Protocol):
    """Where files of months are. Every verb raises UnavailableError(dependency=FOLDER) where it cannot."""

    def hold(self) -> bool:
        """Become, or stay, the one process that writes here; ends with the process."""
        ...

    def create(self, name: str) -> AbstractContextManager[BinaryIO]:
        """Write a file: whole and on the disk under its name, or not at all."""
        ...

    def read(self, name: str) -> BinaryIO:
        """Open a file. Raises BrokenArchiveError where there is none."""
        ...

    def has(self, name: str) -> bool:
        """Tell whether there is a file."""
        ...

    def delete(self, name: str) -> None:
        """Delete a file; nothing happens where there is none."""
        ...


class _Stopped(Exception):  # noqa: N818  no error: the process is to end
    pass


class Archives:
    """Archives and purges, restores and discards.

    Args:
        store: What the database knows.
        seals: The chain.
        signer: The key that seals.
        stamp: Stamps a SHA-256 digest, or gives b"".
        folder: Where files are; None where none is configured: then nothing is archived, and nothing is purged.
        clock: Source of the time.
        hot_months: Whole months before the running one that stay in the database.
        keep_months: Months after which a file is due for deletion, counted from the end of its month.
    """

    def __init__(self, store: ArchiveStore, seals: SealStore, signer: ArchiveSigner, stamp: Callable[[bytes], bytes],
                 folder: ArchiveFolder | None, clock: Clock, *, hot_months: int, keep_months: int) -> None:
        self._store, self._seals, self._signer, self._stamp = store, seals, signer, stamp
        self._folder, self._clock, self._hot, self._keep = folder, clock, hot_months, keep_months

    @property
    def configured(self) -> bool:
        """Whether there is a folder."""
        return self._folder is not None

    def months(self) -> Sequence[Kept]:
        """Give the archived months, in order."""
        return self._store.months()

    def absent(self, start: int = 0, end: int = 2**53) -> list[str]:
        """Give the months between two moments of which the database holds nothing or not all."""
        return [one.month.month for one in self._store.months() if not one.in_database
                and start_of(one.month.month) < end and start_of(later(one.month.month, 1)) > start]

    def overdue(self) -> str:
        """Give the oldest month that should have left the database, or ""."""
        kept = self._store.months()
        waiting = next((one.month.month for one in kept if one.state in (ARCHIVED, PURGING)), "")
        return waiting or self._next(kept[-1].month if kept else None)

    def due(self) -> list[Kept]:
        """Give the months whose files are due for deletion, the oldest first."""
        until = later(month_of(self._clock.now()), -self._keep)
        return [one for one in self._store.months() if one.state != DISCARDED and one.month.month < until]

    def due_at(self, month: str) -> int:
        """Give when a month's file becomes due."""
        return start_of(later(month, self._keep + 1))

    def missing(self) -> list[str]:
        """Give the months whose file is not in the folder."""
        return [] if self._folder is None else [
            one.month.month for one in self._store.months()
            if one.state != DISCARDED and not self._folder.has(name_of(one.month.month))]

    def follow(self, caller: Caller, pause: Pause) -> int:
        """Archive what is old enough, and purge what is archived; gives how many months left. For the worker.

        Raises:
            BrokenArchiveError: a file is not what was archived, or the chain does not hold; nothing is purged then.
            UnavailableError: the database or the folder does not answer.
        """
        if self._folder is None or not self._folder.hold():
            return 0
        self._tidy()
        left = 0
        try:
            while True:
                kept = self._store.months()
                for index, one in enumerate(kept):
                    if self._is_to_leave(one):
                        self._leave(one, kept[index - 1].month.place if index else START, caller, pause)
                        left += 1
                if not (month := self._next(kept[-1].month if kept else None)):
                    return left
                self._archive(month, kept[-1].month if kept else None, caller, pause)
        except _Stopped:
            return left

    def check(self, month: str) -> Month:
        """Read a month's file and check it with all that it holds. Raises BrokenArchiveError, RefusedError for no such month."""
        return self._checked(self._one(month))

    def examine(self, file: BinaryIO, head: SealHead | None = None) -> Month:
        """Check any file by the keys alone; a seal known from elsewhere must stand in it. Raises BrokenArchiveError."""
        return check(file, None, self._signer, head)

    def restore(self, month: str, *, days: int, purpose: str, caller: Caller, pause: Pause) -> int:
        """Bring a month back into the database, for so many days; gives how many records.

        Raises:
            RefusedError: there is no such month in an archive, it is in the database, or its file is deleted.
            BrokenArchiveError: its file is not what was archived.
        """
        if not 1 <= days <= MOST_DAYS:
            raise RefusedError(f"A month is brought back for 1 to {MOST_DAYS} days.", code="invalid_days", status=422)
        one = self._one(month)
        if one.state not in (PURGED, RESTORING):
            raise RefusedError(f"{month} is not to be brought back: it is {one.state}.", code="not_purged", status=409)
        self._checked(one)
        until = self._clock.now() + days * 86400
        going = replace(one, state=RESTORING, restored_until=until)
        told: Detail = {"month": month, "purpose": purpose, "until": until, "rows": one.month.records}
        if not self._store.move(month, one.state, going, self._record(AuditEvent.AUDIT_RESTORED, caller, told)):
            raise RefusedError(f"{month} is being worked on by somebody else.", code="not_purged", status=409)
        assert self._folder is not None
        batch: list[StoredRecord] = []
        with self._folder.read(name_of(month)) as file:
            for covered in records_of(file):
                batch += covered
                if len(batch) >= PURGED_AT_ONCE:
                    self._store.put_back(batch)
                    batch = []
                    pause(_BREATH)
        self._store.put_back(batch)
        self._store.move(month, RESTORING, replace(going, state=RESTORED), None)
        return one.month.records

    def ask_discard(self, month: str, *, purpose: str, by: str, record: AuditRecord) -> None:
        """Note who asks that a due month's file is deleted, and why. Raises RefusedError where it is not due."""
        one = self._due(month)
        self._store.move(month, one.state, replace(one, asked_by=by, asked_at=self._clock.now(), purpose=purpose), record)

    def discard(self, month: str, record: AuditRecord) -> None:
        """Delete a due month's file; the record is written first. Raises RefusedError where it is not due."""
        one = self._due(month)
        if self._folder is None:
            raise UnavailableError("There is no folder of archives.", dependency=FOLDER)
        if self._store.move(month, one.state, replace(one, state=DISCARDED), record):
            self._folder.delete(name_of(month))

    def told(self, month: str) -> None:
        """Note that administrators were told of a due month."""
        one = self._one(month)
        self._store.move(month, one.state, replace(one, told_at=self._clock.now()), None)

    def _tidy(self) -> None:
        """Delete files of discarded months that are there still: whoever discarded them was cut off."""
        for one in self._store.months():
            if one.state == DISCARDED and self._folder is not None and self._folder.has(name_of(one.month.month)):
                self._folder.delete(name_of(one.month.month))

    def _due(self, month: str) -> Kept:
        found = next((one for one in self.due() if one.month.month == month), None)
        if found is None or found.state != PURGED:
            raise RefusedError(f"The file of {month} is not due for deletion.", code="not_due", status=409)
        return found

    def _one(self, month: str) -> Kept:
        found = next((one for one in self._store.months() if one.month.month == month), None)
        if found is None:
            raise RefusedError(f"There is no archive of {month}.", code="unknown_month", status=404)
        return found

    def _is_to_leave(self, one: Kept) -> bool:
        return one.state in (ARCHIVED, PURGING) or (
            one.state in (RESTORING, RESTORED) and one.restored_until <= self._clock.now())

    def _next(self, before: Month | None) -> str:
        """Give the month to be archived next, or ""; seals of a clock that was set back go with the month that is open."""
        found = self._seals.seals(after=before.last if before else 0, limit=1)
        if not found:
            return ""
        month = max(month_of(found[0].sealed_at), later(before.month, 1) if before else "")
        return month if month < later(month_of(self._clock.now()), -self._hot) else ""

    def _archive(self, month: str, before: Month | None, caller: Caller, pause: Pause) -> None:
        assert self._folder is not None
        chain = self._seals.chain()
        if chain is None:
            raise BrokenArchiveError("There are seals, and no chain.")
        opened = Month(month=month, chain=chain, first=before.last + 1 if before else 1, last=0, place=START,
                       previous_hash=before.hash if before else genesis(chain), hash=b"", records=0, sha256="",
                       archived_at=self._clock.now())
        with self._folder.create(name_of(month)) as file:
            kept = write(file, opened, self._walked(opened, before, pause), self._signer, self._stamp)
        with self._folder.read(name_of(month)) as file:
            check(file, kept, self._signer)
        self._store.add(kept, self._record(AuditEvent.AUDIT_ARCHIVED, caller, {
            "month": month, "rows": kept.month.records, "seal": kept.month.last, "hash": kept.month.hash.hex(),
            "sha256": kept.month.sha256}))

    def _walked(self, opened: Month, before: Month | None, pause: Pause) -> Iterator[Sealed]:
        """Give the month's seals with their records, each checked."""
        end = start_of(later(opened.month, 1))
        previous = None
        if before is not None:
            previous = next(iter(self._seals.seals(after=before.last - 1, limit=1)), None)
            if previous is None or (previous.number, previous.hash) != (before.last, before.hash):
                raise BrokenArchiveError(f"Seal {before.last}, on which {opened.month} hangs, is not in the database.")
        reached = opened.first - 1
        while seals := self._taken(reached, end):
            if pause(0):
                raise _Stopped
            for seal, covered in _with_records(self._seals, seals, previous):
                broken = find_break(seal, covered, previous, chain=opened.chain, signer=self._signer)
                if broken is not None:
                    raise BrokenArchiveError(f"The chain does not hold at seal {broken.seal}; {opened.month} is not archived.")
                yield seal, covered
                previous = seal
            reached = seals[-1].number

    def _taken(self, reached: int, end: int) -> list[Seal]:
        taken: list[Seal] = []
        records = 0
        for seal in self._seals.seals(after=reached, limit=READ_SEALS):
            if seal.sealed_at >= end or records >= READ_RECORDS:
                break
            taken.append(seal)
            records += seal.record_count
        return taken

    def _checked(self, one: Kept) -> Month:
        if one.state == DISCARDED:
            raise RefusedError(f"The file of {one.month.month} was deleted.", code="discarded", status=410)
        if self._folder is None:
            raise UnavailableError("There is no folder of archives.", dependency=FOLDER)
        with self._folder.read(name_of(one.month.month)) as file:
            return check(file, one, self._signer)

    def _leave(self, one: Kept, after: Position, caller: Caller, pause: Pause) -> None:
        """Purge a month whose file holds; the chain is checked from its last seal on before the first record goes."""
        self._checked(one)
        again, month = one.state in (RESTORING, RESTORED), one.month
        going = replace(one, state=PURGING)
        if one.state != PURGING and not self._store.move(month.month, one.state, going, None):
            raise _Stopped
        while (reached := self._store.purge(after=after, upto=month.place, most=PURGED_AT_ONCE)) is not None:
            after = reached
            if pause(_BREATH):
                raise _Stopped
        while self._store.purge_seals(below=self._floor(month), most=PURGED_AT_ONCE):
            if pause(_BREATH):
                raise _Stopped
        self._store.move(month.month, PURGING, replace(going, state=PURGED, restored_until=0), self._record(
            AuditEvent.AUDIT_PURGED, caller, {"month": month.month, "rows": month.records, "seal": month.last,
                                              "hash": month.hash.hex(), "again": again}))

    def _floor(self, month: Month) -> int:
        """Give the number of the seal on which what is in the database hangs."""
        return max(one.month.last for one in self._store.months() if one.state != ARCHIVED or one.month.month == month.month)

    def _record(self, event: AuditEvent, caller: Caller, detail: Detail) -> AuditRecord:
        return AuditRecord(event, self._clock.now(), source=caller.source, request_id=caller.request_id,
                           detail={**detail, **caller.by})


def name_of(month: str) -> str:
    """Give the name of a month's file."""
    return f"audit-{month}.zip"


def _with_records(
    store: SealStore, seals: Sequence[Seal], previous: Seal | None,
) -> Iterator[tuple[Seal, list[StoredRecord]]]:
    """Give seals that follow each other with the records of each, by one look at the database."""
    rows = store.records(after=previous.last if previous else START, upto=seals[-1].last)
    start = 0
    for seal in seals:
        end = bisect_right(rows, seal.last, start, key=lambda row: row.position)
        yield seal, rows[start:end]
        start = end
