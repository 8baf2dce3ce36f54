"""Work that may wait a moment: what many threads hand in is done together by one, in the order in which it came.

For what follows an answer and is no part of it (a log line, a count). Done in the request, each piece takes a lock or a system
call, at which the interpreter goes to another thread; under load that costs a short answer more than the work itself. A killed
process loses what waits, so nothing that must last goes this way: the audit trail never does.
"""

from __future__ import annotations

import atexit
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Bundle(Generic[Item]):
    """Collects items of one kind.

    Args:
        work: Does several at once; called by one thread at a time.
        seconds: How long an item may wait; 0 does each at once, in the thread that adds it.
    """

    def __init__(self, work: Callable[[list[Item]], None], *, seconds: float) -> None:
        self._work = work
        self._seconds = seconds
        self._waiting: deque[Item] = deque()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def add(self, item: Item) -> None:
        """Hand an item in."""
        self._waiting.append(item)
        if self._thread is None:
            if self._seconds:
                self._begin()
            else:
                self.flush()

    def flush(self) -> None:
        """Do now what waits."""
        with self._lock:
            items = [self._waiting.popleft() for _ in range(len(self._waiting))]
            if items:
                self._work(items)

    def _begin(self) -> None:
        """Start the thread with the first item, so that it lives in the process that answers; its end does the rest."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="bundle", daemon=True)
                atexit.register(self.flush)
                self._thread.start()

    def _run(self) -> None:
        while True:
            time.sleep(self._seconds)
            self.flush()
