"""Courses of campaigns that were followed lately, so that a look at a long list does not wait until it is followed anew.

A day that is over does not change (``rollout.coverage``): its course is good for as long as it is kept. That of a day that goes
on is good for a minute where many are in the list, and is not kept at all where few are. Whoever looks within ten minutes after
that gets it as it was, with the moment of which it is (``Coverage.at``), and it is followed anew meanwhile, for the next look.
What an administrator changes in the list shows at once in the process in which it was changed.
"""

from __future__ import annotations

import contextlib
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable
from datetime import date
from typing import Final

from ...clock import Clock
from ...errors import UnavailableError
from ...rollout.campaign import Campaign
from ...rollout.coverage import Coverage, newest_day

GOOD_SECONDS: Final = 60
SHOWN_SECONDS: Final = 600
"""How old a course may be that is shown while it is followed anew."""
MANY: Final = 5_000
"""People in a list from which on a course is kept."""
MOST_KEPT: Final = 150_000
"""People in all courses that are kept together; the one that was asked for longest ago goes first."""
_Key = tuple[str, int, date, str]


def _beside(act: Callable[[], None]) -> None:
    threading.Thread(target=act, name="course", daemon=True).start()


class Courses:
    """Keeps them.

    Args:
        clock: Source of the time.
        beside: Does something while the caller goes on.
    """

    def __init__(self, clock: Clock, beside: Callable[[Callable[[], None]], None] = _beside) -> None:
        self._clock, self._beside = clock, beside
        self._lock = threading.Lock()
        self._kept: OrderedDict[_Key, tuple[int, Coverage]] = OrderedDict()
        self._making: dict[_Key, threading.Lock] = {}
        self._renewing: set[_Key] = set()
        self._changed: Counter[str] = Counter()

    def get(self, campaign: Campaign, until: date, scope: str, make: Callable[[], Coverage]) -> Coverage:
        """Give a course, followed once for all who ask for it at the same time.

        Args:
            campaign: The campaign, with its whole history.
            until: The last day.
            scope: As ``coverage.follow``.
            make: Follows it.
        """
        key = (campaign.campaign_id, len(campaign.history), until, scope)
        if (shown := self._shown(key)) is not None:
            if self._begins(key):
                self._beside(lambda: self._renew(key, make))
            return shown
        with self._lock:
            making = self._making.setdefault(key, threading.Lock())
        with making:
            found = self._good(key)
            if found is None:
                found = self._made(key, make)
        with self._lock:
            self._making.pop(key, None)
        return found

    def forget(self, campaign_id: str) -> None:
        """Follow a campaign anew: its list was changed."""
        with self._lock:
            self._changed[campaign_id] += 1
            for key in [key for key in self._kept if key[0] == campaign_id]:
                del self._kept[key]

    def _shown(self, key: _Key) -> Coverage | None:
        """Give one of a day that goes on that is no longer good, and young enough to be shown as it was."""
        with self._lock:
            at, found = self._kept.get(key, (0, None))
            now = self._clock.now()
            return found if newest_day(now) <= key[2] and GOOD_SECONDS <= now - at < SHOWN_SECONDS else None

    def _begins(self, key: _Key) -> bool:
        """Tell whether nobody follows one anew; then the caller does."""
        with self._lock:
            begins = key not in self._renewing
            self._renewing.add(key)
            return begins

    def _renew(self, key: _Key, make: Callable[[], Coverage]) -> None:
        try:
            # Whoever looks when it is too old to be shown is told that the database does not answer; this one was shown it.
            with contextlib.suppress(UnavailableError):
                self._made(key, make)
        finally:
            with self._lock:
                self._renewing.discard(key)

    def _made(self, key: _Key, make: Callable[[], Coverage]) -> Coverage:
        began = self._clock.now()
        with self._lock:
            changed = self._changed[key[0]]
        found = make()
        self._keep(key, began, found, changed)
        return found

    def _good(self, key: _Key) -> Coverage | None:
        with self._lock:
            if key not in self._kept:
                return None
            at, found = self._kept[key]
            # What was followed while its day went on is not good for that day when it is over.
            if newest_day(at) <= key[2] and not 0 <= self._clock.now() - at < GOOD_SECONDS:
                del self._kept[key]
                return None
            self._kept.move_to_end(key)
            return found

    def _keep(self, key: _Key, at: int, found: Coverage, changed: int) -> None:
        """Keep one that is long, unless the list was changed here while it was followed."""
        with self._lock:
            if size(found) < MANY or changed != self._changed[key[0]]:
                return
            self._kept[key] = at, found
            while sum(size(one) for _, one in self._kept.values()) > MOST_KEPT and len(self._kept) > 1:
                self._kept.popitem(last=False)


def size(coverage: Coverage) -> int:
    """Give how many people a course holds."""
    return len(coverage.people)
