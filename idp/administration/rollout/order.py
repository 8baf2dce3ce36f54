"""Parts of long lists of a campaign, of which no more is looked at than a page needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice

from ...rollout.members import Member, place_of
from ...rollout.roll import Roll
from ..pages import Place


def place_in(one: Member) -> Place:
    """Give where somebody stands in lists by agency and name."""
    return place_of(one.entry)


def since_of(one: Member) -> Place:
    """Give where somebody stands among those who wait, the longest first."""
    return one.since, one.entry.subject


def by_place(found: Roll, is_wanted: Callable[[int], bool], after: Place | None, before: Place | None,
             most: int) -> Sequence[Member]:
    """Give a part of a list by agency and name; ``is_wanted`` is asked for numbers of the list's columns."""
    if before is not None:
        return [found.columns.member(number) for number in islice(filter(is_wanted, found.before(before)), most)][::-1]
    return [found.columns.member(number) for number in islice(filter(is_wanted, found.after(after)), most)]


def by_since(found: Roll, is_wanted: Callable[[int], bool], after: Place | None, before: Place | None,
             most: int) -> Sequence[Member]:
    """Give a part of a list in the order in which people wait; else as ``by_place``."""
    if before is not None:
        return [found.columns.member(number) for number in islice(filter(is_wanted, found.ahead(before)), most)][::-1]
    return [found.columns.member(number) for number in islice(filter(is_wanted, found.behind(after)), most)]
