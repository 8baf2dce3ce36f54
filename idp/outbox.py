"""What leaves after its transaction: when it is tried again, when it is given up, and what an operator sees of it.

Messages to applications (``oidc.backchannel_logout``) and to officers (``notices.mail``) wait in one table and go out by the same
rules: one thread per receiver, oldest first, a stop at the first sign that the receiver is down; a pause that doubles up to an
hour; after a day a message is dead, audited, and shown until an operator has it sent anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from .clock import Clock

GIVE_UP_SECONDS = 24 * 3600
LONGEST_PAUSE_SECONDS = 3600


class Leased(Protocol):
    """A message that this process has taken from the queue."""

    @property
    def id(self) -> int:
        """Row of the queue."""
        ...

    @property
    def receiver(self) -> str:
        """Who gets it."""
        ...

    @property
    def attempts(self) -> int:
        """Failed attempts so far; 0 again once its receiver recovered."""
        ...

    @property
    def created_at(self) -> int:
        """Seconds since the epoch."""
        ...

    @property
    def lease_until(self) -> int:
        """Until then no other process takes it; also tells ours from a later lease."""
        ...


@dataclass(frozen=True, slots=True)
class FailingReceiver:
    """Somebody whom messages cannot be delivered to: how many wait, how many are dead, and why."""

    client_id: str
    waiting: int
    dead: int
    last_error: str


@dataclass(frozen=True, slots=True)
class QueueState:
    """What waits and what is dead.

    Attributes:
        waiting: Messages not delivered yet.
        oldest_waiting_at: When the oldest of them was queued; None without any.
        dead: Messages given up.
        failing: Receivers concerned.
    """

    waiting: int
    oldest_waiting_at: int | None
    dead: int
    failing: tuple[FailingReceiver, ...]


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of one message.

    Attributes:
        error: Why it was not taken; empty for success.
        down: The receiver as a whole seems down, so that the next messages need not be tried.
        final: It would be refused again, however often.
        dropped: Nobody is to be told any more.
    """

    error: str = ""
    down: bool = False
    final: bool = False
    dropped: bool = False


L = TypeVar("L", bound=Leased)
M = TypeVar("M", bound=Leased, contravariant=True)


class Ledger(Protocol[M]):
    """Where the outcome is noted. A change to a message counts only while its lease is ours."""

    def failed(self, notice: M, *, next_attempt_at: int, error: str) -> None:
        """Count an attempt and wait until ``next_attempt_at``."""
        ...

    def put_off(self, notice: M, *, next_attempt_at: int) -> None:
        """Give a message back that was not tried."""
        ...

    def drop(self, notice: M) -> None:
        """Forget a message that nobody is to get any more."""
        ...

    def recovered(self, client_id: str, *, now: int) -> None:
        """Make everything that waits for a receiver due now, except what it refused itself."""
        ...


def next_attempt_at(notice: Leased, now: int) -> int | None:
    """Tell when a message that just failed is due again; None when 24 hours are over.

    The pause doubles from 2 s to an hour; the last attempt is made when the day is full.
    """
    end = notice.created_at + GIVE_UP_SECONDS
    if now >= end:
        return None
    pause = min(LONGEST_PAUSE_SECONDS, 1 << min(notice.attempts + 1, 12))
    return min(now + pause, end)


class Round(Generic[L]):
    """Delivers messages of one receiver, one after the other.

    Args:
        ledger: Where the outcome is noted.
        clock: Time.
        call_seconds: Time that one attempt may take; a lease with less left is given back.
    """

    def __init__(self, ledger: Ledger[L], clock: Clock, *, call_seconds: int) -> None:
        self._ledger, self._clock, self._call_seconds = ledger, clock, call_seconds

    def deliver(self, notices: Sequence[L], attempt: Callable[[L, int], Attempt], *, sent: Callable[[L, int], None],
                dead: Callable[[L, int, str], None], stopping: Callable[[], bool]) -> bool:
        """Send messages of one receiver, oldest first; stop at the first sign that the receiver is down.

        Args:
            notices: All of one receiver, leased by us.
            attempt: Makes one attempt at a moment.
            sent: Notes a delivery.
            dead: Notes that a message is given up, with the reason.
            stopping: Asked before each; what is left is then given back.

        Returns:
            Whether the receiver answered. Whoever keeps a list of failing ones strikes it off or notes it.

        Raises:
            UnavailableError: the database does not answer; leases end by themselves.
        """
        failed_before = any(notice.attempts for notice in notices)
        for index, notice in enumerate(notices):
            now = self._clock.now()
            if now + self._call_seconds > notice.lease_until or stopping():
                for rest in notices[index:]:
                    self._ledger.put_off(rest, next_attempt_at=now)
                return True
            outcome = attempt(notice, now)
            if outcome.dropped:
                self._ledger.drop(notice)
                continue
            now = self._clock.now()
            if not outcome.error:
                sent(notice, now)
                if failed_before:
                    self._ledger.recovered(notice.receiver, now=now)
                    failed_before = False
                continue
            due = None if outcome.final else next_attempt_at(notice, now)
            if due is None:
                dead(notice, now, outcome.error)
            else:
                self._ledger.failed(notice, next_attempt_at=due, error=outcome.error)
            if outcome.down:
                for rest in notices[index + 1:]:
                    self._ledger.put_off(rest, next_attempt_at=due or now)
                return False
        return True
