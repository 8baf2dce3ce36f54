"""Who may stand at the directory at once, and who may wait for it.

A process has few threads and programs need them too, so a directory in trouble must not be given them all. While it is quick,
callers that find every place taken wait in the order in which they came, for a bounded time: sixteen people who press the button
together are all served. Once a call lasts much longer than usual, or calls have become slow, nobody waits any more: whoever would
only stand in line hears at once that it is better to come again.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from ...errors import UnavailableError

SLOW_SECONDS = 0.5
"""An average above this is no directory to wait for."""
_WEIGHT = 0.2


class Turns:
    """Places at the directory, given in the order of asking.

    Args:
        places: Calls at once.
        queue_seconds: How long another call waits for its turn at most.
    """

    def __init__(self, places: int, *, queue_seconds: float) -> None:
        self._places = places
        self._queue_seconds = queue_seconds
        self._changed = threading.Condition()
        self._waiting: deque[object] = deque()
        self._begun: list[float] = []
        self._usual_seconds = 0.0

    @contextmanager
    def one(self, *, patient: bool = True) -> Iterator[None]:
        """Stand at the directory for the length of the block.

        Args:
            patient: Wait for a place at all, while that is worth it.

        Raises:
            UnavailableError: no place became free in time, or it is not worth waiting for one.
        """
        began = self._take(patient)
        try:
            yield
        finally:
            with self._changed:
                self._begun.remove(began)
                self._usual_seconds += _WEIGHT * (time.monotonic() - began - self._usual_seconds)
                self._changed.notify_all()

    def _take(self, patient: bool) -> float:
        me, until = object(), time.monotonic() + self._queue_seconds
        with self._changed:
            self._waiting.append(me)
            try:
                while self._waiting[0] is not me or len(self._begun) >= self._places:
                    left = min(until, self._worth_waiting_until()) - time.monotonic() if patient else 0.0
                    if left <= 0:
                        raise UnavailableError("Many people are signing in at this moment. Please try again in a moment.",
                                               dependency="directory", retry_after_seconds=2,
                                               debug="all turns at the directory are taken")
                    self._changed.wait(left)
                began = time.monotonic()
                self._begun.append(began)
                return began
            finally:
                self._waiting.remove(me)
                self._changed.notify_all()

    def _worth_waiting_until(self) -> float:
        """Give the moment at which the oldest call has lasted four times as long as usual; the beginning of time when slow."""
        if self._usual_seconds > SLOW_SECONDS:
            return 0.0
        return self._begun[0] + min(max(4 * self._usual_seconds, SLOW_SECONDS), 2 * SLOW_SECONDS) if self._begun else float("inf")
