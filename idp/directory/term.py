"""What of an officer has come to an end: the one rule, for whatever the directory says and for whatever was mirrored.

A day in the directory is the last one, in Vietnam (UTC+7, without summer time): what it limits ends at the midnight after it. An
acting post that has ended is no post, and a guest whose time is over may not sign in. Both hold at that second, because whoever
reads an officer asks for them as of a moment; the worker's pass makes it a change, with everything that follows one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from typing import Protocol

from ..audit import Caller
from ..clock import Clock
from .ledger import Ledger
from .mirror import MirroredOfficer
from .officer import Officer

ENDED = 1
"""As a moment: long past. An end that nobody can read has passed, and so has the time of a guest without one."""
_UTC_OFFSET = 7 * 3600
_DAY = 86400
_ENDING = Caller(source="worker", request_id="ended terms")


def end_of(last_day: date) -> int:
    """Give the moment at which a day is over in Vietnam, seconds since the epoch."""
    return int(datetime(last_day.year, last_day.month, last_day.day, tzinfo=UTC).timestamp()) + _DAY - _UTC_OFFSET


def last_day_of(ends_at: int) -> date:
    """Give the day that ``end_of`` made a moment of."""
    return datetime.fromtimestamp(ends_at + _UTC_OFFSET - _DAY, UTC).date()


def as_of(officer: Officer, now: int) -> Officer:
    """Give an officer without what has ended by now."""
    over = is_over(officer.ends_at, now) and not officer.disabled
    if not over and not any(is_over(post.ends_at, now) for post in officer.posts):
        return officer
    return replace(officer, disabled=officer.disabled or over,
                   posts=tuple(post for post in officer.posts if not is_over(post.ends_at, now)))


def mirrored_as_of(known: MirroredOfficer, now: int) -> MirroredOfficer:
    """Give an officer as mirrored without what has ended by now; one whose time is over is disabled."""
    officer = as_of(known.officer, now)
    if officer is known.officer:
        return known
    return MirroredOfficer(known.sub, officer, "disabled" if officer.disabled and known.status == "active" else known.status)


def status_as_of(status: str, ends_at: int, now: int) -> str:
    """Give the status of an officer whose account ends at some moment, for those who read no more of an officer than that."""
    return "disabled" if status == "active" and is_over(ends_at, now) else status


def next_end(officer: Officer) -> int | None:
    """Give the moment at which an officer is to be looked at again; None where nothing ends."""
    ends = [post.ends_at for post in officer.posts] + ([] if officer.disabled else [officer.ends_at])
    return min((end for end in ends if end), default=None)


def is_over(ends_at: int, now: int) -> bool:
    """Tell whether an end has come; 0 is none."""
    return 0 < ends_at <= now


class EndedLedger(Ledger, Protocol):
    """The mirror, asked for what has ended."""

    def ended(self, now: int) -> Mapping[str, MirroredOfficer]:
        """Give officers of whom something has ended that the mirror still holds, by entryUUID; 200 at most."""
        ...


class EndedTerms:
    """Makes changes of what has ended.

    Args:
        ledger: Where officers are mirrored.
        find: Looks an officer up in the directory: the time may have been prolonged a moment ago.
        clock: Time.
    """

    def __init__(self, ledger: EndedLedger, find: Callable[[str], Officer | None], clock: Clock) -> None:
        self._ledger, self._find, self._clock = ledger, find, clock

    def settle(self) -> int:
        """Write what has ended; gives how many changes that made. The brake is not asked: these ends were known before.

        Raises:
            UnavailableError: directory or database do not answer; the next call does it. Nobody is let in meanwhile.
        """
        now, count = self._clock.now(), 0
        for entry_uuid, known in self._ledger.ended(now).items():
            _, change = self._ledger.note(as_of(known.officer, now), now=now, look=partial(self._find, entry_uuid),
                                          source=_ENDING.source, request_id=_ENDING.request_id, durable=False)
            count += change is not None
        return count
