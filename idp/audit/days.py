"""The head of each day: the chain as it stood at midnight, time-stamped and sent off the machine.

Sources: RFC 3161 (time-stamps), trust-services D.9 (chain heads and their time-stamps are kept). A chain shows that nothing in it
was changed; where it ended on a day only somebody outside can tell. Once a day the newest seal is kept as that day's head, is
stamped by the time-stamp service where there is one, and given to the place outside. Where that does not take it, it is tried
again for a week, and then it waits until an operator has it sent anew. A head that was taken never changes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from ..clock import Clock
from ..errors import UnavailableError
from . import AuditEvent, AuditRecord, Caller
from .archive.month import ARCHIVED
from .chain import SealStore
from .lines import ZONE

GIVE_UP_SECONDS: Final = 7 * 86400
LONGEST_PAUSE: Final = 6 * 3600
_AT_ONCE: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class DayHead:
    """A day's head.

    Attributes:
        day: YYYY-MM-DD, in Vietnam: the day that had ended when it was taken.
        chain: Name of the chain.
        number: Of the newest seal then.
        hash: That seal's, 32 bytes.
        taken_at: Seconds since the epoch.
        time_stamp: RFC 3161 TimeStampResp over ``document``, DER; empty where there is none.
        state: ``waiting``, ``sent``, ``dead``, or ``kept`` where no place outside is configured.
        attempts: How often it was tried to send it.
        next_attempt_at: When it is tried next.
        sent_at: When it was taken outside; 0 for not.
        last_error: Why it was not, the last time.
        purged_seal: Number of the seal on which what the database then held hangs; 0 where nothing was purged.
        purged_hash: That seal's, 32 bytes, or empty.
    """

    day: str
    chain: int
    number: int
    hash: bytes
    taken_at: int
    time_stamp: bytes = b""
    state: str = "waiting"
    attempts: int = 0
    next_attempt_at: int = 0
    sent_at: int = 0
    last_error: str = ""
    purged_seal: int = 0
    purged_hash: bytes = b""

    @property
    def document(self) -> bytes:
        """What is stamped and sent: one line of JSON, the same whenever it is asked for."""
        purged = {"purged_seal": self.purged_seal, "purged_hash": self.purged_hash.hex()} if self.purged_seal else {}
        return json.dumps({"audit_head": 1, "day": self.day, "chain": str(self.chain), "seal": self.number,
                           "hash": self.hash.hex(), "taken_at": self.taken_at, **purged}, separators=(",", ":")).encode()


class DayHeads(Protocol):
    """Where heads of days are kept. Every verb raises UnavailableError when the database does not answer."""

    def has(self, day: str) -> bool:
        """Tell whether a day has its head."""
        ...

    def take(self, head: DayHead) -> bool:
        """Keep a day's head; False where the day has one."""
        ...

    def due(self, now: int, limit: int) -> Sequence[DayHead]:
        """Give heads that wait and are due, the oldest first."""
        ...

    def stamp(self, day: str, time_stamp: bytes) -> None:
        """Keep a head's time-stamp, once."""
        ...

    def settle(self, head: DayHead, record: AuditRecord | None) -> None:
        """Keep what became of sending a head, with its record, while it is still waiting."""
        ...

    def revive(self, now: int) -> int:
        """Let dead heads wait anew; gives how many."""
        ...

    def newest(self, limit: int) -> Sequence[DayHead]:
        """Give heads, the newest first."""
        ...


class Outside(Protocol):
    """The place off this machine."""

    def send(self, head: DayHead) -> None:
        """Give it a head; it may get the same one twice. Raises UnavailableError where it does not take it."""
        ...


Stamp = Callable[[bytes], bytes]
"""Stamps a SHA-256 digest; gives the TimeStampResp, or b"" where nobody stamps."""


class DailyHeads:
    """Takes heads and sends them.

    Args:
        store: Where they are kept.
        seals: The chain.
        stamp: The time-stamp service.
        outside: Where they go; None where no place is configured.
        clock: Source of the time.
    """

    def __init__(self, store: DayHeads, seals: SealStore, stamp: Stamp, outside: Outside | None, clock: Clock) -> None:
        self._store, self._seals, self._stamp, self._outside, self._clock = store, seals, stamp, outside, clock

    @property
    def configured(self) -> bool:
        """Whether there is a place outside."""
        return self._outside is not None

    def newest(self, limit: int) -> Sequence[DayHead]:
        """Give heads, the newest first."""
        return self._store.newest(limit)

    def revive(self) -> int:
        """Have dead heads sent anew; gives how many."""
        return self._store.revive(self._clock.now())

    def follow(self, caller: Caller) -> int:
        """Take the head of the day that has ended, and send what waits; gives how many were sent. For the worker."""
        now = self._clock.now()
        self._take(now)
        return sum(self._sent(head, now, caller) for head in self._store.due(now, _AT_ONCE))

    def _take(self, now: int) -> None:
        day = (datetime.fromtimestamp(now, ZONE) - timedelta(days=1)).date().isoformat()
        if self._store.has(day):
            return
        last, chain = self._seals.last_seal(), self._seals.chain()
        if last is None or chain is None:
            return
        purged = next((one.month for one in reversed(self._seals.archived()) if one.state != ARCHIVED), None)
        head = DayHead(day=day, chain=chain, number=last.number, hash=last.hash, taken_at=now, next_attempt_at=now,
                       purged_seal=purged.last if purged else 0, purged_hash=purged.hash if purged else b"",
                       state="waiting" if self._outside is not None else "kept")
        if self._store.take(head) and self._outside is None:
            self._stamped(head)

    def _sent(self, head: DayHead, now: int, caller: Caller) -> bool:
        if self._outside is None:
            return False
        head = self._stamped(head)
        told: dict[str, str | int | bool] = {
            "day": head.day, "seal": head.number, "attempts": head.attempts + 1, "stamped": bool(head.time_stamp)}
        try:
            self._outside.send(head)
        except UnavailableError as err:
            dead = now - head.taken_at >= GIVE_UP_SECONDS
            reason = (err.debug or err.message)[:255]
            self._store.settle(replace(
                head, state="dead" if dead else "waiting", attempts=head.attempts + 1, last_error=reason,
                next_attempt_at=now + min(LONGEST_PAUSE, 60 * 2 ** min(head.attempts, 10))),
                self._record(AuditEvent.AUDIT_HEAD_DEAD, now, caller, {**told, "error": reason}) if dead else None)
            return False
        self._store.settle(replace(head, state="sent", attempts=head.attempts + 1, sent_at=now, last_error="",
                                 next_attempt_at=head.next_attempt_at),
                           self._record(AuditEvent.AUDIT_HEAD_SENT, now, caller, told))
        return True

    def _stamped(self, head: DayHead) -> DayHead:
        if head.time_stamp:
            return head
        found = self._stamp(hashlib.sha256(head.document).digest())
        if not found:
            return head
        self._store.stamp(head.day, found)
        return replace(head, time_stamp=found)

    @staticmethod
    def _record(event: AuditEvent, now: int, caller: Caller, detail: dict[str, str | int | bool]) -> AuditRecord:
        return AuditRecord(event, now, source=caller.source, request_id=caller.request_id, detail=detail)
