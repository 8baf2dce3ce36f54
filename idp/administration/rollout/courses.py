"""Courses of campaigns that were followed lately, so that turning a page of a long list does not follow it anew.

A day that is over does not change (``rollout.coverage``): its course is good for as long as it is kept. That of a day that goes
on is good for a minute where many are in the list, and is not kept at all where few are; what an administrator changes in the
list shows at once in the process in which it was changed, and within that minute in others.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import date
from typing import Final

from ...clock import Clock
from ...rollout.campaign import Campaign
from ...rollout.coverage import Coverage, newest_day

GOOD_SECONDS: Final = 60
MANY: Final = 5_000
"""People in a list from which on a course is kept."""
MOST_KEPT: Final = 150_000
"""People in all courses that are kept together; the one that was asked for longest ago goes first."""
_Key = tuple[str, int, date, str]


class Courses:
    """Keeps them.

    Args:
        clock: Source of the time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[_Key, tuple[int, Coverage]] = OrderedDict()
        self._making: dict[_Key, threading.Lock] = {}

    def get(self, campaign: Campaign, until: date, scope: str, make: Callable[[], Coverage]) -> Coverage:
        """Give a course, followed once for all who ask for it at the same time.

        Args:
            campaign: The campaign, with its whole history.
            until: The last day.
            scope: As ``coverage.follow``.
            make: Follows it.
        """
        key = (campaign.campaign_id, len(campaign.history), until, scope)
        with self._lock:
            making = self._making.setdefault(key, threading.Lock())
        with making:
            found = self._good(key)
            if found is None:
                began = self._clock.now()
                found = make()
                self._keep(key, began, found)
        with self._lock:
            self._making.pop(key, None)
        return found

    def forget(self, campaign_id: str) -> None:
        """Follow a campaign anew: its list was changed."""
        with self._lock:
            for key in [key for key in self._kept if key[0] == campaign_id]:
                del self._kept[key]

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

    def _keep(self, key: _Key, at: int, found: Coverage) -> None:
        if size(found) < MANY:
            return
        with self._lock:
            self._kept[key] = at, found
            while sum(size(one) for _, one in self._kept.values()) > MOST_KEPT and len(self._kept) > 1:
                self._kept.popitem(last=False)


def size(coverage: Coverage) -> int:
    """Give how many people a course holds."""
    return max(coverage.last.counted, len(coverage.missing) + len(coverage.excluded))
