"""The feed: the mirror follows the directory while it runs, and is compared with all of it once a night.

What a source hears (``Changes``) comes in batches; a batch is applied whole, and then its cookie is kept: after a crash the same
changes are heard again, and what is already mirrored is no change. One worker of several listens, by a lease in the database.
Groups belong to officers and are read from the entries of groups, so a group's change is looked for in everybody; an agency's
change in everybody with a post there. Losses stop at the brake; then nothing is followed until an administrator has looked.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from ..audit import Caller
from ..clock import Clock
from .brake import Brake, FeedRecord
from .ledger import Ledger, UnitMirror
from .officer import Officer
from .unit import UnitEntry
from .window import Window

LEASE_SECONDS = 20
RENEW_SECONDS = 5
CHUNK = 200
_TWO_IN_THE_MORNING = 5 * 3600
"""Added to a moment, it makes days that begin at two in the morning in Vietnam (UTC+7)."""
FOLLOWING = Caller(source="worker", request_id="directory feed")
COMPARING = Caller(source="worker", request_id="reconciliation")


@dataclass(frozen=True, slots=True)
class Batch:
    """What a source heard together.

    Attributes:
        officers: As they are now.
        units: As they are now.
        gone: entryUUIDs of entries that are no longer there, of whatever kind.
        groups_changed: Some group's entry is another than before.
        refreshing: More of the same catching up follows; losses wait for its end.
        present: At the end of a catching up that names everything there is: the entryUUIDs. Whoever is not in it is gone.
        complete: Everything there is was sent, not only named.
        cookie: Where this leads to; None in the middle.
    """

    officers: Sequence[Officer] = ()
    units: Sequence[UnitEntry] = ()
    gone: Sequence[str] = ()
    groups_changed: bool = False
    refreshing: bool = False
    present: frozenset[str] | None = None
    complete: bool = False
    cookie: str | None = None


class Changes(Protocol):
    """Where changes of the directory come from.

    Attributes:
        name: ``syncrepl``, ``polling`` or ``off``.
    """

    @property
    def name(self) -> str:
        """How changes are heard of."""
        ...

    def follow(self, cookie: str, take: Callable[[Batch], None], going_on: Callable[[], bool], *, once: bool = False) -> None:
        """Give changes since the cookie, until ``going_on`` says no.

        Args:
            cookie: As a batch gave it; "" for everything there is, with ``present`` at its end.
            take: Applies a batch; what it raises ends the following.
            going_on: Asked about every second, and only while the directory answers: it is the sign of life.
            once: Stop when everything until now was heard.

        Raises:
            UnavailableError: the directory does not answer, or stopped to.
        """
        ...


class NoChanges:
    """A directory that is not followed; ``directory sync`` compares it by hand."""

    name = "off"

    def follow(self, cookie: str, take: Callable[[Batch], None], going_on: Callable[[], bool], *, once: bool = False) -> None:
        """Give nothing."""


class ListedDirectory(Protocol):
    """What is asked of the directory. Every verb raises UnavailableError when it does not answer."""

    def find(self, entry_uuid: str) -> Officer | None:
        """Find an officer, with agencies and groups as they are at this moment."""
        ...

    def everyone(self) -> Iterator[Officer]:
        """Give every officer; a failure in the middle raises, it never looks like the end."""
        ...

    def units(self) -> tuple[UnitEntry, ...]:
        """Give every agency."""
        ...

    def memberships(self) -> Callable[[str], tuple[str, ...]]:
        """Read all groups, and give what tells the sorted names of those that hold the entry at a DN, through others too."""
        ...


@dataclass(slots=True)
class _Gathered:
    """What surrounds officers, from the first batch of a catching up to its end.

    Attributes:
        units: As seen, by entryUUID.
        others: entryUUIDs of what is gone and was no officer: agencies, groups.
        groups_changed: Some group is another than before.
    """

    units: dict[str, UnitEntry] = field(default_factory=dict)
    others: set[str] = field(default_factory=set)
    groups_changed: bool = False

    def __bool__(self) -> bool:
        return bool(self.units or self.others)


class Feed:
    """Follows the directory.

    Args:
        changes: Where changes come from.
        directory: Asked where a change leaves a question.
        ledger: Officers as mirrored.
        units: Agencies as mirrored.
        record: Lease, cookie and state.
        brake: Stops mass losses.
        clock: Time.
    """

    def __init__(self, changes: Changes, directory: ListedDirectory, ledger: Ledger, units: UnitMirror, record: FeedRecord,
                 brake: Brake, clock: Clock) -> None:
        self._changes, self._directory, self._ledger, self._units = changes, directory, ledger, units
        self._record, self._brake, self._clock = record, brake, clock
        self._holder = secrets.token_urlsafe(12)
        self._renewed_at = 0
        self._window: Window | None = None
        self._gathered = _Gathered()

    @property
    def source(self) -> str:
        """How changes are heard of."""
        return self._changes.name

    def round(self, stopping: Callable[[], bool] = lambda: False, *, once: bool = False) -> None:
        """Listen until told to stop, if nobody else does.

        Args:
            stopping: The process ends.
            once: Come back when everything until now was heard.

        Raises:
            UnavailableError: directory or database do not answer.
            BrakedError: too many would be lost; nothing goes on until an administrator has looked.
        """
        if self.source == "off" or not self._hold(heard=False):
            return
        try:
            state = self._record.state()
            if state.braked_at:
                return
            if state.cookie and self._is_due(state.reconciled_at):
                self.reconcile(COMPARING, progress=lambda _: self._stay())
            self._window, self._gathered = None, _Gathered()
            self._changes.follow(state.cookie, self._take, partial(self._going_on, stopping), once=once)
        finally:
            if once or stopping():
                self._record.give_back(self._holder)

    def reconcile(self, caller: Caller, *, dry: bool = False,
                  progress: Callable[[int], object] = lambda _: None) -> dict[str, int]:
        """Compare everybody and every agency with the mirror, page by page.

        Args:
            caller: Who wants it, for the records.
            dry: Only tell what would change.
            progress: Told now and then how many were compared.

        Returns:
            Officers ``seen`` and ``units``, and how many of each kind of change.

        Raises:
            UnavailableError: directory or database do not answer; what was written until then stays.
            BrakedError: too many would be lost; they are not.
        """
        window = self._new_window("reconciliation", caller, dry=dry)
        units = self._directory.units()
        if not dry:
            known = {entry.entry_uuid for entry in self._units.units()}
            for entry in units:
                self._units.note_unit(entry, now=self._clock.now())
            for entry_uuid in known - {entry.entry_uuid for entry in units}:
                self._units.remove_unit(entry_uuid, now=self._clock.now())
        present: set[str] = set()
        page: list[Officer] = []
        for officer in self._directory.everyone():
            present.add(officer.entry_uuid)
            page.append(officer)
            if len(page) >= CHUNK:
                window.see(page)
                page = []
                progress(len(present))
        window.see(page)
        used_up = window.close(present)
        progress(len(present))
        if not dry:
            self._reconciled(used_up=used_up)
        return {"units": len(units), **{str(name): count for name, count in window.figures.items() if count}}

    def _take(self, batch: Batch) -> None:
        window = self._window or self._new_window("refresh" if batch.refreshing else "changes", FOLLOWING,
                                                  look_at_joiners=not batch.refreshing)
        self._window = window
        window.see(batch.officers)
        self._gathered.units.update({entry.entry_uuid: entry for entry in batch.units})
        self._gathered.others.update(window.lose(batch.gone))
        self._gathered.groups_changed |= batch.groups_changed
        if batch.refreshing:
            return
        used_up = window.close(batch.present)
        self._window, gathered, self._gathered = None, self._gathered, _Gathered()
        self._surroundings(gathered, batch)
        if batch.complete:
            self._reconciled(used_up=used_up)
        if batch.cookie is not None:
            self._record.keep(self._holder, batch.cookie)

    def _surroundings(self, gathered: _Gathered, batch: Batch) -> None:
        """Look at the officers round whom something changed; the agencies are written last, so that a crash is made good."""
        known = {entry.entry_uuid: entry for entry in self._units.units()} if gathered else {}
        changed = [entry for entry in gathered.units.values() if known.get(entry.entry_uuid) != entry]
        gone = [entry for entry in known.values() if entry.entry_uuid in gathered.others]
        if batch.present is not None:
            gone += [entry for entry in self._units.units() if entry.entry_uuid not in batch.present]
        if not batch.complete:
            for code in sorted({entry.unit.code for entry in (*changed, *gone)}):
                self._look_again(self._ledger.within(code))
        if gathered.groups_changed or gathered.others:
            self._regroup()
        for entry in changed:
            self._units.note_unit(entry, now=self._clock.now())
        for entry in gone:
            self._units.remove_unit(entry.entry_uuid, now=self._clock.now())

    def _look_again(self, entry_uuids: Sequence[str]) -> None:
        """Write what the directory says now of officers around whom something changed."""
        for start in range(0, len(entry_uuids), CHUNK):
            window = self._new_window("changes", FOLLOWING)
            found = (self._directory.find(entry_uuid) for entry_uuid in entry_uuids[start:start + CHUNK])
            window.see([officer for officer in found if officer is not None])
            window.close()
            self._stay()

    def _regroup(self) -> None:
        """Compare everybody's groups with what the groups' entries say."""
        groups_of = self._directory.memberships()
        self._look_again([standing.entry_uuid for standing in self._ledger.standings()
                          if groups_of(standing.dn) != standing.groups])

    def _new_window(self, where: str, caller: Caller, *, dry: bool = False, look_at_joiners: bool = False) -> Window:
        return Window(self._ledger, self._brake, self._directory.find, self._clock, where=where, caller=caller, dry=dry,
                      look_at_joiners=look_at_joiners)

    def _reconciled(self, *, used_up: bool) -> None:
        now = self._clock.now()
        self._record.reconciled(now=now, counted_from=now + 1 if used_up else 0)

    def _is_due(self, reconciled_at: int) -> bool:
        def night(at: int) -> int:
            return (at + _TWO_IN_THE_MORNING) // 86400

        return reconciled_at == 0 or night(reconciled_at) < night(self._clock.now())

    def _hold(self, *, heard: bool) -> bool:
        now = self._clock.now()
        self._renewed_at = now
        return self._record.take(self._holder, source=self.source, now=now, until=now + LEASE_SECONDS, heard=heard)

    def _stay(self) -> None:
        """Keep the lease through what takes long."""
        if abs(self._clock.now() - self._renewed_at) >= RENEW_SECONDS:
            self._hold(heard=True)

    def _going_on(self, stopping: Callable[[], bool]) -> bool:
        if stopping():
            return False
        if self._renewed_at and abs(self._clock.now() - self._renewed_at) < RENEW_SECONDS:
            return True
        if not self._hold(heard=True):
            return False
        state = self._record.state()
        return not state.braked_at and not (state.cookie and self._is_due(state.reconciled_at))
