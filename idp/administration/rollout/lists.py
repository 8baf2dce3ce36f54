"""Lists of a campaign: everybody with how they stand, who is missing, who does not count, and how the list changed.

Each is that of the course it is asked of (``rollout.coverage``), so that the list of a past day has as many as its report says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from typing import Any, Final

from ...directory.mirror import has_all, search_key, search_words
from ...rollout.campaign import MemberAct, MemberEntry, Standing
from ...rollout.coverage import Coverage
from ...rollout.members import Member, MemberState, Movement
from ...rollout.roll import Columns, Roll
from ...rollout.steps import OWNERS
from ..pages import Page, Place, downwards, known_sort, turned
from .order import by_place, by_since, place_in, since_of

SORTS: Final = ("unit", "since", "-since")
MOVEMENTS: Final = (MemberAct.JOINED, MemberAct.LEFT, MemberAct.MOVED, MemberAct.EXCLUDED, MemberAct.RESTORED)
"""What changes a list."""


class Shown(StrEnum):
    """Which part of the list."""

    DONE = "done"
    MISSING = "missing"
    EXCLUDED = "excluded"
    LEFT = "left"
    JOINED = "joined"
    """Who is there and came after the list was made, whether they are done or not."""


def missing_of(coverage: Coverage, *, step: str = "", q: str = "", sort: str = SORTS[0], cursor: str = "", back: str = "",
               limit: int) -> Page:
    """Give those who are missing in a course.

    Args:
        coverage: The course.
        step: Only those for whom this is to be done next (``rollout.steps.Step``).
        q: Words of name, title or agency.
        sort: ``unit``: by agency and name; ``since``: who waits longest first; ``-since``: who waits shortest first.
        cursor: Of the page before.
        back: ``prev`` of a page; the one before it.
        limit: How many at most.

    Raises:
        InvalidParameterError: a cursor or an order that is none.
    """
    return _people(coverage.missing, wanted(coverage.people, step=step, q=q), shown_missing, sort, cursor, back, limit)


def members_of(coverage: Coverage, *, state: str = "", step: str = "", q: str = "", sort: str = SORTS[0], cursor: str = "",
               back: str = "", limit: int) -> Page:
    """Give everybody of the list with how they stand.

    Args:
        coverage: The course.
        state: One of ``Shown``; "" for all.
        step: As ``missing_of``, and so the others.
        q: See ``step``.
        sort: See ``step``.
        cursor: See ``step``.
        back: See ``step``.
        limit: See ``step``.

    Raises:
        InvalidParameterError: a cursor or an order that is none.
    """
    return _people(coverage.people, wanted(coverage.people, state=state, step=step, q=q), shown_member, sort, cursor, back, limit)


def excluded_of(coverage: Coverage, *, cursor: str = "", back: str = "", limit: int) -> Page:
    """Give those of the list who do not count, with the reason; arguments and errors as ``missing_of``."""
    people = coverage.people
    return _people(people.excluded, wanted(people), lambda one: _shown_standing(one.place), SORTS[0], cursor, back, limit)


def movements_of(coverage: Coverage, *, act: str = "", q: str = "", cursor: str = "", back: str = "", limit: int) -> Page:
    """Give how the list changed since it was made, the newest first.

    Args:
        coverage: The course.
        act: One of ``MOVEMENTS``; "" for all.
        q: As ``missing_of``, and so the others.
        cursor: See ``q``.
        back: See ``q``.
        limit: See ``q``.

    Raises:
        InvalidParameterError: a cursor or an order that is none.
    """
    found, words = coverage.movements, search_words(q)

    def numbered(numbers: range, most: int) -> list[tuple[int, Movement]]:
        made: list[tuple[int, Movement]] = []
        for number in numbers:
            if len(made) == most:
                break
            if act in ("", found[number].act) and _has(found[number].entry, words):
                made.append((number, found[number]))
        return made

    def given(after: Place | None, before: Place | None, most: int) -> list[tuple[int, Movement]]:
        if before is not None:
            return numbered(range(min(before[0] + 1, len(found)), len(found)), most)[::-1]
        return numbered(range(min(after[0], len(found)) - 1 if after is not None else len(found) - 1, -1, -1), most)

    kept, further, earlier = turned(given, lambda one: (one[0],), (int,), cursor=cursor, back=back, limit=limit)
    return Page([shown_movement(one, coverage) for _, one in kept], further, earlier)


def wanted(people: Roll, *, state: str = "", step: str = "", q: str = "") -> Callable[[int], bool]:
    """Make what tells of a number of people's columns whether somebody is meant; other arguments as ``members_of``."""
    words = search_words(q)
    columns, keys = people.columns, people.columns.lines.keys if words else ()

    def is_wanted(number: int) -> bool:
        return ((not state or _is_of(columns, number, state))
                and (not step or (columns.steps[number] == step and columns.state(number) is MemberState.MISSING))
                and (not words or has_all(words, keys[number])))

    return is_wanted


def moved(coverage: Coverage, *, act: str = "", q: str = "") -> Iterator[Movement]:
    """Give how the list changed, in order; arguments as ``movements_of``."""
    words = search_words(q)
    return (one for one in coverage.movements if act in ("", one.act) and _has(one.entry, words))


def shown_missing(one: Member) -> dict[str, Any]:
    """Write somebody who is missing."""
    return {**_shown_person(one.entry), "step": one.step.value, "owner": OWNERS[one.step].value, "since": one.since}


def shown_member(one: Member) -> dict[str, Any]:
    """Write somebody of the list."""
    waits = one.state is MemberState.MISSING
    return {**_shown_person(one.entry), "state": one.state.value, "step": one.step.value if waits else None,
            "owner": OWNERS[one.step].value if waits else None, "reason": one.reason or None,
            "note": one.place.note if one.state is MemberState.EXCLUDED else "", "since": one.since,
            "joined_at": one.joined_at or None}


def shown_movement(one: Movement, coverage: Coverage) -> dict[str, Any]:
    """Write one change of the list."""
    entry = one.entry
    return {**_shown_person(entry), "agency_name": entry.agency_name, "at": entry.at, "act": one.act.value,
            "from_agency_code": one.origin if one.act is MemberAct.MOVED else None,
            "from_agency_name": coverage.names.get(one.origin, one.origin) if one.act is MemberAct.MOVED else None,
            "reason": entry.reason or None, "note": entry.note, "by_hand": bool(entry.actor)}


def _people(people: Roll, is_wanted: Callable[[int], bool], shown: Callable[[Member], dict[str, Any]], sort: str,
            cursor: str, back: str, limit: int) -> Page:
    in_order = by_place if known_sort(sort, SORTS) == "unit" else by_since
    place: Callable[[Member], Place] = place_in if sort == "unit" else since_of

    def given(after: Place | None, before: Place | None, most: int) -> Sequence[Member]:
        return in_order(people, is_wanted, after, before, most)

    kept, further, earlier = turned(downwards(given, (2**62, "")) if sort == "-since" else given, place,
                                    (str, str, str) if sort == "unit" else (int, str), cursor=cursor, back=back, limit=limit)
    return Page([shown(one) for one in kept], further, earlier)


def _is_of(columns: Columns, number: int, state: str) -> bool:
    if state == Shown.JOINED:
        return bool(columns.joined[number]) and columns.marks[number][0]
    return columns.state(number) == state


def _shown_person(entry: MemberEntry) -> dict[str, Any]:
    return {"subject": entry.subject, "name": entry.name, "title": entry.title, "unit_code": entry.unit_code,
            "unit_name": entry.unit_name, "agency_code": entry.agency_code}


def _shown_standing(one: Standing) -> dict[str, Any]:
    return {**_shown_person(one.entry), "reason": one.excluded or one.reason, "by_hand": bool(one.excluded), "note": one.note}


def _has(entry: MemberEntry, words: Sequence[str]) -> bool:
    return not words or has_all(words, search_key(entry.name, entry.title, entry.unit_name))
