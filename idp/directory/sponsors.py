"""Who answers for a guest: where nobody does any more, the guest's agency has a task, due in working days.

A guest (contractor, vendor, intern) stands in the directory with an officer who answers for them (docs/operations/directory.md).
When that officer leaves the guest stays, because work would stop otherwise; people of the agency name another one, or let the
guest end. What leaves is seen at once; what else leaves a guest alone (a name that nobody has, none at all, a sponsor who is a
guest) is found when everybody is looked at. A task closes itself when somebody answers again, or the guest is no more; as
long as nobody does no person notes it as done.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from ..audit import AuditEvent, AuditRecord, Caller
from ..clock import Clock
from .changes import ChangeKind, OfficerChange
from .deprovisioning import FEED
from .tasks import NewTask, Task, TaskKind

WORKING_DAYS: Final = 5
SETTLED_SECONDS: Final = 3600
"""How long a guest is mirrored before a name that nobody has says anything: a first import may bring guests before sponsors."""
ALONE: Final = "nobody answers for the guest"
_LEFT: Final = frozenset({ChangeKind.DISABLED, ChangeKind.REMOVED})


@dataclass(frozen=True, slots=True)
class Guest:
    """A guest who may sign in.

    Attributes:
        sponsor: DN of who answers, as the directory has it; "" for nobody.
        mirrored_at: When the facts were mirrored last.
    """

    sub: str
    sponsor: str
    mirrored_at: int


class GuestStore(Protocol):
    """Guests and tasks about them. Every verb may raise UnavailableError(dependency="database")."""

    def guests(self) -> Sequence[Guest]:
        """Give the guests who may sign in."""
        ...

    def answering(self, names: Collection[str]) -> frozenset[str]:
        """Give those of these DNs (lower case) that are officers who may sign in and are no guests; looks at everybody."""
        ...

    def waiting(self, kind: TaskKind) -> Sequence[tuple[str, str]]:
        """Give the open tasks of a kind: identifier and subject."""
        ...

    def open(self, task: NewTask, sub: str, record: AuditRecord) -> bool:
        """Open a task with its record; False, and nothing written, where one of its kind is open for this officer."""
        ...

    def complete(self, task_id: str, proof: str, done_by: str, record: AuditRecord) -> bool:
        """Note that a task was done, with its record, once."""
        ...


class Sponsors:
    """Opens and closes the tasks; satisfies ``directory.changes.Consequences``.

    Args:
        store: Where guests and tasks stand.
        clock: Source of the time.
        due_at: Gives the end of so many working days after a moment.
    """

    def __init__(self, store: GuestStore, clock: Clock, due_at: Callable[[int, int], int]) -> None:
        self._store, self._clock, self._due_at = store, clock, due_at

    def of(self, change: OfficerChange) -> None:
        """Open a task for each guest of an officer who left; done again it does nothing."""
        if change.kind not in _LEFT or change.after is None:
            return
        name = change.after.officer.dn.lower()
        theirs = [guest for guest in self._store.guests() if guest.sponsor.lower() == name]
        if theirs and not self._store.answering({name}):
            for guest in theirs:
                self._open(guest, FEED)

    def look(self, caller: Caller) -> int:
        """Look at every guest: open what is missing, close what is done; gives how many tasks that were. For the worker."""
        now, guests = self._clock.now(), self._store.guests()
        answering = self._store.answering({guest.sponsor.lower() for guest in guests}) if guests else frozenset()
        alone = {guest.sub: guest for guest in guests if guest.sponsor.lower() not in answering}
        done = sum(self._open(guest, caller) for guest in alone.values()
                   if not guest.sponsor or guest.mirrored_at <= now - SETTLED_SECONDS)
        here = {guest.sub: guest for guest in guests}
        for task_id, sub in self._store.waiting(TaskKind.NAME_SPONSOR):
            if sub not in alone:
                proof = f"sponsor: {here[sub].sponsor}" if sub in here else "guest: ended"
                record = self._record(AuditEvent.TASK_COMPLETED, task_id, sub, caller)
                done += self._store.complete(task_id, proof, "", record)
        return done

    def unfinished(self, task: Task) -> Sequence[str]:
        """Say why a task about a guest is not done; nothing of other tasks."""
        if task.kind != TaskKind.NAME_SPONSOR:
            return ()
        guest = next((one for one in self._store.guests() if one.sub == task.sub), None)
        return () if guest is None or self._store.answering({guest.sponsor.lower()}) else (ALONE,)

    def _open(self, guest: Guest, caller: Caller) -> bool:
        now = self._clock.now()
        task = NewTask(secrets.token_urlsafe(12), TaskKind.NAME_SPONSOR, f"sponsor:{now}", now, self._due_at(now, WORKING_DAYS))
        return self._store.open(task, guest.sub, self._record(AuditEvent.TASK_OPENED, task.task_id, guest.sub, caller))

    def _record(self, event: AuditEvent, task_id: str, sub: str, caller: Caller) -> AuditRecord:
        return AuditRecord(event, self._clock.now(), sub=sub, source=caller.source, request_id=caller.request_id,
                           detail={"task": task_id, "kind": TaskKind.NAME_SPONSOR.value})
