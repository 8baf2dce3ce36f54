"""What follows a change is done behind it, and again after a crash, until it was done (``changes.Consequences``).

One worker does it at a time, so that an officer's changes keep their order. A change whose consequences fail holds back later
ones of the same officer and nobody else's.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence

from ..clock import Clock
from .brake import FeedRecord
from .changes import Consequences, OfficerChange
from .ledger import Ledger

LEASE_SECONDS = 20
_PAGE = 200
Attempt = Callable[[Consequences, OfficerChange], bool]


def straight(consequences: Consequences, change: OfficerChange) -> bool:
    """Draw consequences; what goes wrong is the caller's."""
    consequences.of(change)
    return True


class Several:
    """Consequences of several kinds, one after the other; none is left out, because all are called again when one raises."""

    def __init__(self, parts: Sequence[Consequences] = ()) -> None:
        self._parts = tuple(parts)

    def of(self, change: OfficerChange) -> None:
        """Do what a change means, everywhere."""
        for part in self._parts:
            part.of(change)


class Aftermath:
    """Draws consequences.

    Args:
        ledger: Where changes wait.
        consequences: What they mean.
        turn: Lease of who does it.
        clock: Time.
    """

    def __init__(self, ledger: Ledger, consequences: Consequences, turn: FeedRecord, clock: Clock) -> None:
        self._ledger, self._consequences, self._turn, self._clock = ledger, consequences, turn, clock
        self._holder = secrets.token_urlsafe(12)

    def round(self, attempt: Attempt = straight) -> None:
        """Do what waits, oldest first.

        Args:
            attempt: Tells whether the consequences of one change were drawn; for those who bear what others plug in.

        Raises:
            UnavailableError: the database does not answer, or consequences cannot be drawn now.
        """
        held_back: set[str] = set()
        after = 0
        while waiting := self._ledger.pending(after=after, limit=_PAGE):
            if not self._take():
                return
            done: list[int] = []
            try:
                for one in waiting:
                    if one.change.sub not in held_back and attempt(self._consequences, one.change):
                        done.append(one.number)
                    else:
                        held_back.add(one.change.sub)
            finally:
                self._ledger.done(done)
            after = waiting[-1].number

    def _take(self) -> bool:
        now = self._clock.now()
        return self._turn.take(self._holder, source="", now=now, until=now + LEASE_SECONDS, heard=False)
