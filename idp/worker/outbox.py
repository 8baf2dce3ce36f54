"""Pumps notices of one kind out: one thread per receiver at a time, healthy receivers never behind failing ones.

Two lanes. The wide one takes receivers that are not known to fail; it is wide enough that dozens of newly dead ones, each
holding a thread for its time-out, leave room. The narrow one takes receivers that failed last time. A claim is a lease of a
minute: if this process dies, others send again when it ends.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import groupby
from typing import Generic, Protocol, TypeVar

import structlog

from ..clock import Clock
from ..errors import UnavailableError

LEASE_SECONDS = 60
WIDE, NARROW = 96, 12
PER_RECEIVER = 16
CLAIM = 400


class _Notice(Protocol):
    """What every kind of notice is known by."""

    @property
    def id(self) -> int: ...

    @property
    def receiver(self) -> str: ...


N = TypeVar("N", bound=_Notice)
Sent = TypeVar("Sent", bound=_Notice, contravariant=True)


class Queue(Protocol[N]):
    """What the pump asks of an outbox, such as ``oidc.backchannel_logout.NoticeQueue`` or ``notices.mail.MailQueue``."""

    def claim(self, *, now: int, lease_until: int, retried: bool, per_receiver: int, limit: int) -> list[N]:
        """Take due notices."""
        ...

    def put_off(self, notice: N, *, next_attempt_at: int) -> None:
        """Give a notice back that was not tried."""
        ...


class Delivery(Protocol[Sent]):
    """What sends notices of one receiver."""

    def deliver(self, notices: Sequence[Sent], *, stopping: Callable[[], bool]) -> bool:
        """Send them; tell whether the receiver answered."""
        ...


class OutboxPump(Generic[N]):
    """Claims what is due and sends it.

    Args:
        queue: The outbox.
        delivery: Sends notices of one receiver.
        clock: Time.
        stopping: Tells a sending thread that the process ends.
        wide: Threads for receivers that are not known to fail.
        narrow: Threads for those that failed last time.
    """

    def __init__(self, queue: Queue[N], delivery: Delivery[N], clock: Clock, *,
                 stopping: Callable[[], bool] = lambda: False, wide: int = WIDE, narrow: int = NARROW) -> None:
        self._queue, self._delivery, self._clock, self._stopping = queue, delivery, clock, stopping
        self._wide = ThreadPoolExecutor(wide, thread_name_prefix="notices")
        self._narrow = ThreadPoolExecutor(narrow, thread_name_prefix="retries")
        self._narrow_lanes = narrow
        self._lock = threading.Lock()
        self._running: dict[Future[None], bool] = {}
        self._failing: set[str] = set()
        self._more = threading.Event()
        self._log = structlog.get_logger("idp.worker")

    def round(self) -> None:
        """Claim what is due and hand it to the lanes.

        Raises:
            UnavailableError: the database does not answer.
        """
        self._more.clear()
        with self._lock:
            narrow_room = self._narrow_lanes - sum(1 for narrow in self._running.values() if narrow)
            wide_room = CLAIM - sum(1 for narrow in self._running.values() if not narrow)
        now = self._clock.now()
        lease = now + LEASE_SECONDS
        fresh = [] if wide_room <= 0 else self._queue.claim(
            now=now, lease_until=lease, retried=False, per_receiver=PER_RECEIVER, limit=wide_room)
        for notices in _by_receiver(fresh):
            known = notices[0].receiver in self._failing
            if not known:
                self._submit(notices, narrow=False)
            elif narrow_room > 0:
                narrow_room -= 1
                self._submit(notices, narrow=True)
            else:
                for notice in notices:
                    self._queue.put_off(notice, next_attempt_at=now + 2)
        if narrow_room > 0:
            for notices in _by_receiver(self._queue.claim(
                    now=now, lease_until=lease, retried=True, per_receiver=1, limit=narrow_room)):
                self._submit(notices, narrow=True)

    def _submit(self, notices: Sequence[N], *, narrow: bool) -> None:
        future = (self._narrow if narrow else self._wide).submit(self._send, notices)
        with self._lock:
            self._running[future] = narrow
        future.add_done_callback(self._finished)
        if narrow or len(notices) == PER_RECEIVER:
            future.add_done_callback(lambda _done: self._more.set())

    def _send(self, notices: Sequence[N]) -> None:
        receiver = notices[0].receiver
        try:
            answered = self._delivery.deliver(notices, stopping=self._stopping)
        except UnavailableError:
            return  # The loop that claims meets the same outage and says so; the leases end by themselves.
        with self._lock:
            was_failing = receiver in self._failing
            (self._failing.discard if answered else self._failing.add)(receiver)
        if answered == was_failing:
            self._log.info("receiver recovered" if answered else "receiver fails", client_id=receiver)

    def _finished(self, future: Future[None]) -> None:
        with self._lock:
            self._running.pop(future, None)
        if (err := future.exception()) is not None:
            self._log.error("sending failed", exc_info=err)

    def wait(self, seconds: float) -> None:
        """Wait until a sending ended behind which more may be due, or so long."""
        self._more.wait(seconds)

    def wake(self) -> None:
        """End a ``wait``."""
        self._more.set()

    def drain(self) -> None:
        """Wait until everything that was handed out is done."""
        with self._lock:
            running = list(self._running)
        wait(running)

    def close(self) -> None:
        """Finish what is being sent; with ``stopping`` true, what still waits in a lane is given back at once."""
        self._wide.shutdown(wait=True)
        self._narrow.shutdown(wait=True)


def _by_receiver(notices: Sequence[N]) -> list[list[N]]:
    ordered = sorted(notices, key=lambda notice: (notice.receiver, notice.id))
    return [list(group) for _receiver, group in groupby(ordered, key=lambda notice: notice.receiver)]
