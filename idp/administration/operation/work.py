"""The worker's side of jobs: one is taken, done as its owner may now, and ended (``jobs``)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from ...audit import AuditEvent, Caller
from ...clock import Clock
from ...errors import RefusedError, UnavailableError
from ...jose.keyset import Sealer
from ...roles import ForbiddenError
from .jobs import FILE_SECONDS, PART, PART_SECONDS, Job, JobQueue, Jobs, JobStore, Kind, State, context_of

LEASE_SECONDS: Final = 120
MOST_DEATHS: Final = 3
PAUSE_SECONDS: Final = 30
"""Before a job is tried again that met something that is away."""
LARGEST: Final = 512 * 2**20
_LONGEST_MESSAGE: Final = 300


class _LostError(Exception):
    """The job is not this worker's any more."""


class _StoppingError(Exception):
    """The worker ends."""


class _TooLargeError(RefusedError):
    code = "too_large"


class JobWork:
    """Does jobs.

    Args:
        store: Where they are.
        jobs: Knows what their owners are now.
        kinds: What can be asked for, by name.
        sealer: Seals what lies in the database.
        clock: Source of the time.
    """

    def __init__(self, store: JobStore, jobs: Jobs, kinds: Mapping[str, Kind], sealer: Sealer, clock: Clock) -> None:
        self._store, self._jobs, self._kinds, self._sealer, self._clock = store, jobs, kinds, sealer, clock

    def queue(self) -> JobQueue:
        """Tell what waits and runs."""
        return self._store.queue(self._clock.now())

    def take(self) -> Job | None:
        """Take the oldest job that is due; None without any. Raises UnavailableError."""
        now = self._clock.now()
        for job in self._store.due(now=now, limit=5):
            taken = self._store.begin(job, now=now, lease_until=now + LEASE_SECONDS)
            if taken is not None:
                return taken
        return None

    def do(self, job: Job, stopping: Callable[[], bool] = lambda: False) -> None:
        """Do a job that was taken, to its end.

        Args:
            job: The job.
            stopping: Whether the worker is to end; then the job waits again.

        Raises:
            UnavailableError: something is away; the job waits again.
        """
        if job.deaths >= MOST_DEATHS:
            self._fail(job, "gave_up")
            return
        follow = _Following(self._store, job, self._clock, stopping)
        try:
            self._done(job, follow)
        except _LostError:
            return
        except _StoppingError:
            self._store.give_back(job, due_at=self._clock.now())
        except ForbiddenError:
            self._fail(follow.job, "role_lost")
        except _TooLargeError:
            self._fail(follow.job, "too_large")
        except RefusedError as err:
            self._fail(follow.job, "refused", err.message)
        except UnavailableError:
            self._store.give_back(job, due_at=self._clock.now() + PAUSE_SECONDS)
            raise

    def broke(self, job: Job) -> None:
        """End a job at which something failed that nobody foresaw."""
        self._fail(job, "broken")

    def _done(self, job: Job, follow: _Following) -> None:
        who = self._jobs.of_now(job)
        if who is None:
            raise ForbiddenError("Whoever asked for it administers no more.")
        kind = self._kinds[job.kind]
        kind.check(who, job.asked)
        caller = Caller(job.source, job.request_id, officer=job.sub, client_id=job.client_id)
        made = kind.do(who, job.asked, self._jobs.opened(job, "in"), caller, follow)
        size, digest = 0, hashlib.sha256()
        for number, part in enumerate(_parts(made.chunks)):
            size += len(part)
            digest.update(part)
            if size > LARGEST:
                raise _TooLargeError("The file is too large.")
            now = self._clock.now()
            if not self._store.write(job, number, self._sealer.seal(part, context=context_of(job.job_id, "out", number)),
                                     lease_until=now + LEASE_SECONDS, until=now + PART_SECONDS):
                raise _LostError
        now, told = self._clock.now(), dict(made.told)
        rows = told.get("rows", follow.job.done)
        ended = replace(follow.job, state=State.DONE, told=told, finished_at=now, reach=who.unit,
                        name=made.name if size else "", size=size,
                        media_type=made.media_type if size else "", sha256=digest.hexdigest() if size else "",
                        done=rows, total=None if follow.job.total is None else rows,
                        file_until=now + FILE_SECONDS if size else None)
        self._end(job, ended, sha256=ended.sha256, **told)

    def _fail(self, job: Job, reason: str, message: str = "") -> None:
        self._end(job, replace(job, state=State.FAILED, reason=reason, message=message[:_LONGEST_MESSAGE],
                               finished_at=self._clock.now()), reason=reason)

    def _end(self, job: Job, ended: Job, **detail: str | int) -> None:
        caller = Caller("worker", job.request_id, officer=job.sub, client_id=job.client_id)
        self._store.end(job, ended, self._jobs.record(AuditEvent.JOB_ENDED, job, caller, state=ended.state.value, **detail))


class _Following:
    """Says now and then how far a job is, and has whoever does it stop where nobody waits for more."""

    def __init__(self, store: JobStore, job: Job, clock: Clock, stopping: Callable[[], bool]) -> None:
        self._store, self.job, self._clock, self._stopping = store, job, clock, stopping
        self._next = 0

    def __call__(self, done: int, total: int | None = None) -> None:
        if self._stopping():
            raise _StoppingError
        now = self._clock.now()
        self.job = replace(self.job, done=done, total=total)
        if now < self._next:
            return
        self._next = now + 1
        if not self._store.go_on(self.job, done=done, total=total, lease_until=now + LEASE_SECONDS):
            raise _LostError


def _parts(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Cut a file into parts of one size."""
    waiting = bytearray()
    for chunk in chunks:
        waiting += chunk
        while len(waiting) >= PART:
            yield bytes(waiting[:PART])
            del waiting[:PART]
    if waiting:
        yield bytes(waiting)
