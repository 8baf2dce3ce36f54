"""Things that are done every so often."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..clock import Clock


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do every ``every_seconds``; doing it twice, or in two workers at once, must do no harm."""

    name: str
    every_seconds: int
    run: Callable[[], object]


class Schedule:
    """Runs jobs when they are due; a job that fails stays due."""

    def __init__(self, jobs: Sequence[Job], clock: Clock) -> None:
        self._clock = clock
        self._due = {job: 0 for job in jobs}

    def round(self) -> None:
        """Run what is due, in order. Raises what the first failing job raises; the others had their turn before or come next."""
        failure: Exception | None = None
        for job, due in self._due.items():
            now = self._clock.now()
            # A clock that was set back far must not silence a job until it has caught up.
            if due - now > job.every_seconds:
                due = now
            if now < due:
                continue
            try:
                job.run()
            except Exception as err:
                failure = failure or err
            else:
                self._due[job] = now + job.every_seconds
        if failure is not None:
            raise failure
