"""Parts of long lists of a campaign, of which no more is looked at and put in order than a page needs."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from itertools import islice
from typing import TypeVar

from ...rollout.campaign import Standing
from ...rollout.members import Member, place_of
from ...rollout.roll import Roll
from ..pages import Place

Listed = TypeVar("Listed", Member, Standing)


def place_in(one: Member | Standing) -> Place:
    """Give where somebody stands in lists by agency and name."""
    return place_of(one.entry)


def since_of(one: Member) -> Place:
    """Give where somebody stands among those who wait, the longest first."""
    return one.since, one.entry.subject


def by_place(found: Sequence[Listed], is_wanted: Callable[[Listed], bool], after: Place | None, before: Place | None,
              most: int) -> list[Listed]:
    """Give a part of a list that stands in this order already, and look at no more of it than is needed."""
    if before is not None:
        upto = bisect_left(found, before, key=place_in)
        return list(islice(filter(is_wanted, (found[n] for n in range(upto - 1, -1, -1))), most))[::-1]
    first = bisect_right(found, after, key=place_in) if after is not None else 0
    return list(islice(filter(is_wanted, islice(found, first, None)), most))


def by_since(found: Roll, is_wanted: Callable[[Member], bool], after: Place | None, before: Place | None,
             most: int) -> list[Member]:
    """Give a part of a list in the order in which people wait."""
    if before is not None:
        return list(islice(filter(is_wanted, found.ahead(before)), most))[::-1]
    return list(islice(filter(is_wanted, found.behind(after)), most))
