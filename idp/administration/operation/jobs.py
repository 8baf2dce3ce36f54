"""What takes too long for one request is done by the worker: lists that are taken in, and files that are written.

Sources: Law 91/2025 on personal data (purpose), security checklist 38, 41, 61. A job is somebody's: a person asks for it, with
a purpose where people's data leave, and only they fetch its file, for a day. What they may do is looked at when it is asked
for, when it is begun and when the file is fetched: whoever lost the role meanwhile gets nothing. What was sent and what was
made lies in the database, sealed, so that any node gives it and no copy of the database does.

Who does a job has it for two minutes and longer as it goes on. A worker that died leaves it to the next: a file is written from
the beginning, a list is taken on where it was, because a row that was taken is found and done once. After three deaths it is
given up.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Protocol

from ...audit import AuditEvent, AuditRecord, AuditTrail, Caller
from ...clock import Clock
from ...directory.mirror import OfficerMirror
from ...errors import RefusedError
from ...jose.keyset import Sealer
from ...pki.forms import LONGEST_FILE
from ...roles import Administrator, ForbiddenError, Right, Role, RoleGroups
from ..pages import cursor_of, place_of

FILE_SECONDS: Final = 86400
"""How long a file is there after it was made."""
PART_SECONDS: Final = 2 * 86400
"""How long its parts, and what was sent, may lie there at most."""
MOST_OPEN: Final = 5
"""Jobs of one person that wait or run."""
PART: Final = 256 * 1024
STUCK_SECONDS: Final = 900
"""After so long a job that waits shows that no worker does jobs."""


class State(StrEnum):
    """How a job stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN: Final = frozenset({State.WAITING, State.RUNNING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job.

    Attributes:
        job_id: In the order in which they were asked for.
        kind: One of the kinds that ``Jobs`` knows.
        sub: Whose it is; so ``client_id``, ``source`` and ``request_id`` of the request that asked for it.
        asked: What was asked for, as the kind takes it.
        purpose: Why; empty for what is taken in.
        turn: Counts who began it; what another began writes nothing any more.
        deaths: How often whoever had it died.
        lease_until: Until when whoever has it is believed to live.
        done: Rows so far; ``total`` of how many, None where that is not known.
        reason: Why it failed, as a code.
        message: What a room said of it.
        told: What came of it, counted.
        name: Of the file; empty without one. So ``media_type``, ``size`` in bytes and ``sha256``.
        file_until: Until when the file is there.
        reach: Of the agency for which it was done, its code; "" for the whole province, and until it is done.
    """

    job_id: str
    kind: str
    sub: str
    client_id: str
    source: str
    request_id: str
    asked: Mapping[str, Any]
    purpose: str
    created_at: int
    state: State = State.WAITING
    turn: int = 0
    deaths: int = 0
    lease_until: int = 0
    done: int = 0
    total: int | None = None
    reason: str = ""
    message: str = ""
    told: Mapping[str, int] | None = None
    name: str = ""
    media_type: str = ""
    size: int = 0
    sha256: str = ""
    started_at: int | None = None
    finished_at: int | None = None
    file_until: int | None = None
    reach: str = ""


@dataclass(frozen=True, slots=True)
class JobQueue:
    """What waits and runs.

    Attributes:
        waiting: Jobs that nobody has begun; ``running`` those that somebody has.
        oldest_waiting_at: When the oldest of those that wait was asked for; None without any.
        dead: Those whose worker died; the next takes them.
    """

    waiting: int
    running: int
    oldest_waiting_at: int | None
    dead: int

    def stuck(self, now: int) -> bool:
        """Tell whether no worker does what waits."""
        return self.oldest_waiting_at is not None and now - self.oldest_waiting_at > STUCK_SECONDS


class JobStore(Protocol):
    """Where jobs are. Every verb raises UnavailableError when the database does not answer."""

    def add(self, job: Job, content: Sequence[bytes], record: AuditRecord, *, most: int) -> bool:
        """Keep a new one with what was sent, sealed already; False where its owner has so many open ones."""
        ...

    def find(self, job_id: str) -> Job | None:
        """Find one."""
        ...

    def listed(self, *, sub: str, before: str, limit: int) -> Sequence[Job]:
        """Give those of an officer ("": of all), the newest first, before one."""
        ...

    def due(self, *, now: int, limit: int) -> Sequence[Job]:
        """Give those that wait, or whose worker died, the oldest first."""
        ...

    def begin(self, job: Job, *, now: int, lease_until: int) -> Job | None:
        """Take one that is due; of several callers exactly one gets it. What another wrote of its file goes."""
        ...

    def go_on(self, job: Job, *, done: int, total: int | None, lease_until: int) -> bool:
        """Say how far it is; False where it is not this caller's any more (cancelled, or taken for dead)."""
        ...

    def write(self, job: Job, number: int, content: bytes, *, lease_until: int, until: int) -> bool:
        """Keep a part of the file; False as ``go_on``."""
        ...

    def give_back(self, job: Job, *, due_at: int) -> None:
        """Let it wait again; nobody died."""
        ...

    def end(self, job: Job, ended: Job, record: AuditRecord) -> bool:
        """Note how it ended; what was sent goes, and unless it is done the file. False as ``go_on``."""
        ...

    def cancel(self, job: Job, *, now: int, record: AuditRecord) -> bool:
        """End one that is open, whoever has it; False where it is not."""
        ...

    def parts(self, job_id: str, side: str) -> Iterator[bytes]:
        """Give what was sent (``in``) or the file (``out``), part by part, sealed."""
        ...

    def queue(self, now: int) -> JobQueue:
        """Tell what waits and runs."""
        ...


Follow = Callable[[int, int | None], None]
"""Is told how many rows are done, and of how many, where that is known; raises where nobody waits for more."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a job makes.

    Attributes:
        name: Of the file; empty where there is none.
        media_type: What it is.
        chunks: The file; to be read once.
        told: What came of it, counted; read after the file.
    """

    name: str
    media_type: str
    chunks: Iterator[bytes]
    told: Mapping[str, int]


class Kind(Protocol):
    """What can be asked for; each kind is a room's."""

    @property
    def takes_file(self) -> bool:
        """Whether a file is sent with it."""
        ...

    def check(self, who: Administrator, asked: Mapping[str, Any]) -> str:
        """Refuse what cannot be done, or not by them; gives the purpose. Writes nothing."""
        ...

    def do(self, who: Administrator, asked: Mapping[str, Any], content: Iterator[bytes], caller: Caller, follow: Follow) -> Made:
        """Do it; raises what ``check`` raises."""
        ...


class Jobs:
    """Takes jobs, shows them, and gives files.

    Args:
        store: Where jobs are.
        kinds: What can be asked for, by name.
        mirror: Who officers are now.
        groups: What they are to the administration now.
        sealer: Seals what lies in the database.
        audit: Where it is recorded that a file was fetched.
        clock: Source of the time.
    """

    def __init__(self, store: JobStore, kinds: Mapping[str, Kind], mirror: OfficerMirror, groups: RoleGroups, sealer: Sealer,
                 audit: AuditTrail, clock: Clock) -> None:
        self._store, self._kinds, self._mirror, self._groups = store, kinds, mirror, groups
        self._sealer, self._audit, self._clock = sealer, audit, clock

    def ask(self, who: Administrator, kind: str, asked: Mapping[str, Any], caller: Caller, content: bytes | None = None) -> Job:
        """Ask for a job.

        Args:
            who: A person: somebody has to answer for it.
            kind: One of the kinds.
            asked: What the kind takes.
            caller: Who asks.
            content: The file that is taken in, for kinds that take one.

        Raises:
            ForbiddenError: a machine, or a role that may not.
            RefusedError: 422 what is asked for cannot be; 409 ``too_many_jobs``.
        """
        known = self._kinds.get(kind)
        if known is None or known.takes_file != (content is not None):
            raise RefusedError(f"kind: one of {', '.join(name for name, one in self._kinds.items() if not one.takes_file)}.",
                               code="invalid_body", status=422)
        if not who.sub or who.role is Role.MACHINE:
            raise ForbiddenError("Somebody has to answer for it: a machine asks for no job.")
        if content is not None and not 0 < len(content) <= LONGEST_FILE:
            raise RefusedError(f"A file of 1 to {LONGEST_FILE} bytes.", code="invalid_body", status=422)
        purpose, now = known.check(who, asked), self._clock.now()
        job = Job(job_id=f"j{now:010x}{secrets.token_hex(10)}", kind=kind, sub=who.sub, client_id=who.client_id,
                  source=caller.source, request_id=caller.request_id, asked=dict(asked), purpose=purpose, created_at=now)
        parts = [self._sealer.seal((content or b"")[start:start + PART], context=context_of(job.job_id, "in", number))
                 for number, start in enumerate(range(0, len(content or b""), PART))]
        record = self.record(AuditEvent.JOB_ASKED, job, caller, purpose=purpose)
        if not self._store.add(job, parts, record, most=MOST_OPEN):
            raise RefusedError(f"You have {MOST_OPEN} that wait or run. Wait until one is done, or cancel one.",
                               code="too_many_jobs", status=409)
        return job

    def listed(self, who: Administrator, *, everybody: bool = False, cursor: str = "",
               limit: int) -> tuple[Sequence[Job], str]:
        """Give somebody's jobs, the newest first, and the cursor of the next page; everybody's to the province."""
        if everybody and who.role is not Role.PROVINCE:
            raise ForbiddenError("Jobs of others are shown to the province.")
        place = place_of(cursor, str)
        found = self._store.listed(sub="" if everybody else who.sub or "-", before=str(place[0]) if place else "~",
                                   limit=limit + 1)
        return found[:limit], cursor_of(found[limit - 1].job_id) if len(found) > limit else ""

    def one(self, who: Administrator, job_id: str) -> Job:
        """Find one of theirs; any, for an administrator of the province. Raises RefusedError (404)."""
        job = self._store.find(job_id)
        if job is None or (job.sub != who.sub and who.role is not Role.PROVINCE) or not who.sub:
            raise RefusedError("There is no such job.", code="unknown", status=404)
        return job

    def cancel(self, who: Administrator, job_id: str, caller: Caller) -> Job:
        """End one that waits or runs; rows of a list that were taken stay.

        Raises:
            RefusedError: 404; 409 ``job_over``.
            ForbiddenError: another's job, or a list that is taken in, and whoever asks only reads.
        """
        job = self.one(who, job_id)
        if job.sub != who.sub or self._kinds[job.kind].takes_file:
            who.demand(Right.CHANGE, Right.ASK_CERTIFICATES)
        record = self.record(AuditEvent.JOB_ENDED, job, caller, state=State.CANCELLED.value)
        if not self._store.cancel(job, now=self._clock.now(), record=record):
            raise RefusedError("This job is over.", code="job_over", status=409)
        return self.one(who, job_id)

    def file(self, who: Administrator, job_id: str, caller: Caller) -> tuple[Job, Iterator[bytes]]:
        """Give the file of a job to whoever asked for it; the fetching is recorded before.

        Raises:
            RefusedError: 404: no job of theirs; 409 ``no_file``: it is not done; 410 ``file_gone``: its day is over.
            ForbiddenError: what they may do now would not let them ask for it.
        """
        job = self.one(who, job_id)
        if job.sub != who.sub:
            raise ForbiddenError("Whoever asked for a file fetches it.")
        if job.state is not State.DONE or not job.name:
            raise RefusedError("There is no file of this job.", code="no_file", status=409)
        if job.file_until is None or job.file_until <= self._clock.now():
            raise RefusedError("The file was there for a day. Ask for it again.", code="file_gone", status=410)
        self._kinds[job.kind].check(who, job.asked)
        if not who.oversees(job.reach):
            raise ForbiddenError("It is of more than you look after now. Ask for it again.")
        self._audit.record(self.record(AuditEvent.JOB_FILE_TAKEN, job, caller, sha256=job.sha256, purpose=job.purpose))
        return job, self.opened(job, "out")

    def of_now(self, job: Job) -> Administrator | None:
        """Give what the owner of a job is now; None for nobody who administers."""
        return self._groups.administrator(self._mirror.by_sub(job.sub), client_id=job.client_id, read_only=False)

    def opened(self, job: Job, side: str) -> Iterator[bytes]:
        """Give what was sent, or the file."""
        for number, part in enumerate(self._store.parts(job.job_id, side)):
            yield self._sealer.open(part, context=context_of(job.job_id, side, number))

    def record(self, event: AuditEvent, job: Job, caller: Caller, **detail: str | int) -> AuditRecord:
        """Make a record about a job."""
        return AuditRecord(event, self._clock.now(), sub=job.sub, source=caller.source, request_id=caller.request_id,
                           detail={"job": job.job_id, "kind": job.kind,
                                   **{name: value for name, value in detail.items() if value != ""}, **caller.by})


def context_of(job_id: str, side: str, number: int) -> str:
    """Give what a part is sealed for: it opens at no other place."""
    return f"job {job_id} {side} {number}"
