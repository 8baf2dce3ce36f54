"""Long lists in pages: a cursor says where the next one begins, and is good for the list that it came from only.

Cursors are opaque to callers: base64url (RFC 4648 §5) of a JSON list. Whatever is made up instead is refused.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from ..errors import RefusedError

MOST: Final = 200
USUAL: Final = 50
Thing = TypeVar("Thing")
Place = tuple[Any, ...]
"""Where something stands in a list: what the list is ordered by, the last part alone tells two apart."""
_CURSOR: Final = re.compile(r"[A-Za-z0-9_-]{1,1024}")


class InvalidParameterError(RefusedError):
    """A parameter of the address is not such as the list takes."""

    code = "invalid_parameter"


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list.

    Attributes:
        items: In the order asked.
        next: Cursor of the next page; "" where this is the last.
        prev: Cursor of the page before, for lists that are turned back; "" where this is the first.
    """

    items: Sequence[dict[str, Any]]
    next: str = ""
    prev: str = ""


def cursor_of(*place: str | int) -> str:
    """Make the cursor of a place."""
    text = json.dumps(place, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def turned(given: Callable[[Place | None, Place | None, int], Sequence[Thing]], place: Callable[[Thing], Place],
           kinds: Sequence[type], *, cursor: str, back: str, limit: int) -> tuple[Sequence[Thing], str, str]:
    """Turn a page of a list forward or back.

    Args:
        given: Gives, in the order of the list, the first things after a place, or the last ones before one, at most so many.
        place: Where a thing stands.
        kinds: Type of each part of a place.
        cursor: As received; the page after it.
        back: As received; the page before it. Goes before ``cursor``.
        limit: How many things a page has.

    Returns:
        The things, and the cursors of the next page and of the page before, "" where there is none. A page before which less
        than a page is left is the first one.

    Raises:
        InvalidParameterError: a cursor is none of a list of this kind.
    """
    after = place_of(cursor, *kinds)
    if (before := place_of(back, *kinds)) is not None:
        found = given(None, before, limit + 1)
        if len(found) > limit:
            kept = found[-limit:]
            return kept, cursor_of(*place(kept[-1])), cursor_of(*place(kept[0]))
        after = None
    found = given(after, None, limit + 1)
    kept = found[:limit]
    return kept, cursor_of(*place(kept[-1])) if len(found) > limit else "", \
        cursor_of(*place(kept[0])) if after is not None and kept else ""


def downwards(given: Callable[[Place | None, Place | None, int], Sequence[Thing]],
              last: Place) -> Callable[[Place | None, Place | None, int], Sequence[Thing]]:
    """Make what ``turned`` reads a list by, the other way round, of what reads it in its order.

    Args:
        given: As ``turned`` takes it.
        last: A place behind everything in the list.
    """
    def the_other_way(after: Place | None, before: Place | None, most: int) -> Sequence[Thing]:
        return (given(before, None, most) if before is not None else given(None, after or last, most))[::-1]

    return the_other_way


def known_sort(sort: str, sorts: Sequence[str]) -> str:
    """Give how a list is sorted. Raises InvalidParameterError where the list knows no such order."""
    if sort not in sorts:
        raise InvalidParameterError(f"sort: one of {', '.join(sorts)}.")
    return sort


def place_of(cursor: str, *kinds: type) -> tuple[Any, ...] | None:
    """Read a cursor; None for "", the beginning.

    Args:
        cursor: As received.
        kinds: Type of each part of the place.

    Raises:
        InvalidParameterError: it is none of a list of this kind.
    """
    if not cursor:
        return None
    try:
        if _CURSOR.fullmatch(cursor) is None:
            raise ValueError
        place = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("utf-8"))
    except (ValueError, RecursionError):
        place = None
    if (not isinstance(place, list) or tuple(map(type, place)) != kinds
            or any(not 0 <= part < 2**62 if isinstance(part, int) else not _is_storable(part) for part in place)):
        raise InvalidParameterError("cursor: not one that this list gave.")
    return tuple(place)


def _is_storable(text: str) -> bool:
    """Tell whether both databases could hold a text, and so have given it."""
    return "\0" not in text and not any("\ud800" <= sign <= "\udfff" for sign in text)
