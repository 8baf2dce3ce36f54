"""The brake: so many officers do not leave at once, so when a directory says they did, an administrator is asked first.

A directory that answers empty, or half, must not sign a province out. Losses are active officers who would be disabled or
removed. A window lets through a share of all active officers (and always a few); losses of the
last hour count with it, so that a stream of single events is held to the same. Releasing lets through as many as were reported,
once. An answer without anybody is never believed, released or not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from ..audit import AuditEvent, AuditRecord, Caller
from ..clock import Clock
from ..errors import RefusedError

WINDOW_SECONDS = 3600
LATE_SECONDS = 60
"""A listener that was not heard of for so long is ill, or not there."""
BRAKED_REMEDY = ("Look what the directory says (flask --app wsgi directory sync --dry-run); mend it, "
                 "or let them go: flask --app wsgi directory release")
Reason = Literal["", "share", "empty"]


@dataclass(frozen=True, slots=True)
class BrakeRule:
    """How many may leave at once.

    Attributes:
        percent: Of the active officers.
        least: So many may always.
    """

    percent: int = 5
    least: int = 10

    def limit(self, active: int) -> int:
        """Give how many losses are let through without asking."""
        return max(self.least, active * self.percent // 100)


@dataclass(frozen=True, slots=True)
class FeedState:
    """How the mirror follows the directory.

    Attributes:
        source: ``syncrepl``, ``polling`` or ``off``: how changes are heard of; "" before the first worker.
        cookie: Where in the directory's history everything before has been applied.
        heard_at: When a listener last had a living connection; 0 for never.
        reconciled_at: When the whole directory was last compared; 0 for never, or when it is to be done at once.
        braked_at: When the brake stopped everything; 0 where it did not.
        reason: Why: ``share`` or ``empty``.
        losses: How many would have been lost.
        active: Of how many.
        allowance: Losses that an administrator let through, until the next reconciliation.
        counted_from: Losses before this moment count no more.
    """

    source: str = ""
    cookie: str = ""
    heard_at: int = 0
    reconciled_at: int = 0
    braked_at: int = 0
    reason: Reason = ""
    losses: int = 0
    active: int = 0
    allowance: int = 0
    counted_from: int = 0


class FeedRecord(Protocol):
    """Where that is kept. Only who holds the lease keeps a cookie; a brake is set and taken off by anybody."""

    def state(self) -> FeedState:
        """Give it."""
        ...

    def take(self, holder: str, *, source: str, now: int, until: int, heard: bool) -> bool:
        """Take or prolong the lease, where nobody else has it; ``heard`` notes a living connection."""
        ...

    def give_back(self, holder: str) -> None:
        """End the lease, if it is this one's."""
        ...

    def keep(self, holder: str, cookie: str) -> bool:
        """Keep a cookie, durably; False where somebody else has the lease by now."""
        ...

    def reconciled(self, *, now: int, counted_from: int) -> None:
        """Note a reconciliation that was applied: what had been let through is used up."""
        ...

    def brake(self, reason: Reason, *, losses: int, active: int, now: int, record: AuditRecord) -> None:
        """Stop; where it is stopped already only the figures change, and nothing is recorded."""
        ...

    def release(self, *, record: AuditRecord) -> bool:
        """Let through what was reported, and have the whole directory compared at once; False where nothing is stopped."""
        ...


class BrakedError(RefusedError):
    """The brake has stopped what was to be done; an administrator is asked."""

    code = "directory_braked"
    status = 409


class Losses(Protocol):
    """What the brake counts."""

    def active(self) -> int:
        """Count the active officers."""
        ...

    def lost_since(self, since: int) -> int:
        """Count those who were active and have been disabled or removed since then."""
        ...


class Brake:
    """Stops mass losses.

    Args:
        record: Where its state is kept.
        ledger: Counts officers.
        rule: How many may leave at once.
        clock: Time.
    """

    def __init__(self, record: FeedRecord, ledger: Losses, rule: BrakeRule, clock: Clock) -> None:
        self._record, self._ledger, self._rule, self._clock = record, ledger, rule, clock

    def state(self) -> FeedState:
        """Give the state of the feed."""
        return self._record.state()

    def check(self, losses: int, *, where: str) -> bool:
        """Tell whether so many may be taken now beyond those of the last hour; True where that uses up an allowance.

        Raises:
            BrakedError: they may not; that is recorded, and everything is stopped.
        """
        if losses == 0:
            return False
        state, now, active = self._record.state(), self._clock.now(), self._ledger.active()
        recent = self._ledger.lost_since(max(now - WINDOW_SECONDS, state.counted_from))
        if recent + losses <= self._rule.limit(active + recent):
            return False
        if recent + losses <= state.allowance:  # those of the last hour were in what was reported
            return True
        raise self._stop("share", losses=recent + losses, active=active + recent, where=where)

    def empty(self, *, where: str) -> None:
        """Refuse an answer without anybody, unless nobody was there before.

        Raises:
            BrakedError: somebody was.
        """
        active = self._ledger.active()
        if active:
            raise self._stop("empty", losses=active, active=active, where=where)

    def release(self, caller: Caller) -> FeedState:
        """Let through what was reported, an administrator's act.

        Returns:
            The state that was released.

        Raises:
            RefusedError: nothing is stopped (409).
        """
        state, now = self._record.state(), self._clock.now()
        record = AuditRecord(AuditEvent.DIRECTORY_RELEASED, now, source=caller.source, request_id=caller.request_id,
                             detail={"reason": state.reason, "losses": state.losses, "active": state.active, **caller.by})
        if not state.braked_at or not self._record.release(record=record):
            raise RefusedError("The brake has stopped nothing.", code="not_braked", status=409)
        return state

    def _stop(self, reason: Reason, *, losses: int, active: int, where: str) -> BrakedError:
        now = self._clock.now()
        self._record.brake(reason, losses=losses, active=active, now=now, record=AuditRecord(
            AuditEvent.DIRECTORY_BRAKED, now, source="worker", request_id="worker",
            detail={"reason": reason, "losses": losses, "active": active, "where": where}))
        return BrakedError(sentence(reason, losses=losses, active=active))


def sentence(reason: str, *, losses: int, active: int) -> str:
    """Say why everything is stopped."""
    if reason == "empty":
        return f"The directory answers without any officer; none of {active} was removed."
    return f"The directory would take {losses} of {active} officers at once; the brake has stopped it."
