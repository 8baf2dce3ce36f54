"""How many requests may wait for an officer's phone at the same time in one process.

Spec: none of its own; CSC API 1.0.4.0 §11.6 leaves open how long ``credentials/authorize`` takes, and a SIM takes as long as its
officer. A request that waits occupies a thread, and a process has few: who would wait beyond that is told to come again, before
anybody's phone is asked. While one waits it holds neither a connection nor a transaction of the database.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ...errors import UnavailableError

STEP_SECONDS = 1.0
"""Between two looks."""


class Waiting:
    """The places there are.

    Args:
        places: How many.
        pause: Waits so many seconds.
    """

    def __init__(self, places: int, pause: Callable[[float], None]) -> None:
        self._places, self._pause = threading.BoundedSemaphore(places), pause

    @contextmanager
    def place(self) -> Iterator[Callable[[], None]]:
        """Take a place, and give what waits for a moment.

        Raises:
            UnavailableError: there is none.
        """
        if not self._places.acquire(blocking=False):
            raise UnavailableError("Too many requests wait for an officer's phone just now.", dependency="waiting",
                                   retry_after_seconds=5)
        try:
            yield lambda: self._pause(STEP_SECONDS)
        finally:
            self._places.release()
