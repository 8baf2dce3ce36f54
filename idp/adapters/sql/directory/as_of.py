"""Officers as of now in statements: what has ended counts as ended before the mirror says so (``directory.term``).

The mirror's columns say what stood at the last write. Between the end of an acting post, or of an account, and the worker's pass
that writes it they are behind by seconds, or by as long as no worker runs; whoever decides by them asks here. Not asked are
statements that only look for something to do: what is left over of somebody (``access``), groups and counts for operators.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import orjson
from sqlalchemy import Text, and_, bindparam, literal_column, or_

from ....directory.term import is_over
from ....directory.unit import is_within
from ..database import parameter
from ..tables import OfficerRow

OFFICER: Any = OfficerRow.__table__


def is_active(now: str) -> Any:
    """Make the condition that an officer may sign in.

    Args:
        now: Name of the parameter that holds the moment.
    """
    ends_at = OFFICER.c.ends_at
    return and_(OFFICER.c.status == literal_column("'active'"),
                or_(ends_at == literal_column("0"), ends_at > parameter(ends_at, now)))


def perhaps_of_unit() -> Any:
    """Make the condition that an officer is of an agency or below, or may be: something of theirs has ended; see ``Unit``."""
    unit = parameter(OFFICER.c.unit_code, "unit")
    return or_(unit == literal_column("''"), OFFICER.c.unit_code == unit,
               OFFICER.c.unit_code.like(bindparam("below", type_=Text())), has_an_end_behind())


def by_code(*, sqlite: bool) -> Any:
    """Make the condition that an officer is of an agency or below by its code, through the index that begins with it.

    Codes begin with that of the agency above: a range, in the order of bytes. "/" comes right behind ".".

    Returns:
        The condition; its parameters are ``unit``, and ``end``, which is the unit with "/".
    """
    code = OFFICER.c.unit_code
    least, end = parameter(code, "unit"), parameter(code, "end")
    if sqlite:
        return and_(code >= least, code < end)
    return and_(code.op("~>=~")(least), code.op("~<~")(end))


def has_an_end_behind() -> Any:
    """Make the condition that something of an officer has ended and was not written yet; by an index, and true of few."""
    return OFFICER.c.next_end_at <= parameter(OFFICER.c.next_end_at, "unit_as_of")


class Unit:
    """The agency that somebody looks through, at one moment.

    Args:
        code: "" for all.
        now: Seconds since the epoch.
    """

    def __init__(self, code: str, now: int) -> None:
        self._code, self._now = code, now

    @property
    def parameters(self) -> dict[str, Any]:
        """Parameters of ``perhaps_of_unit``."""
        return {"unit": self._code, "below": f"{self._code}.%", "unit_as_of": self._now}

    def holds(self, posts: str | None) -> bool:
        """Tell whether an officer of these posts, as the mirror has them (JSON), is of it now."""
        return not self._code or is_within(unit_of(posts, self._now), self._code)

    def page(self, rows_after: Callable[[Any], Sequence[Any]], after: Any, *, place_of: Callable[[Any], Any],
             posts_of: Callable[[Any], str | None], limit: int) -> list[Any]:
        """Read on until a page is full: statements give rows of officers who may be of the agency."""
        found: list[Any] = []
        while True:
            rows = rows_after(after)
            found += [row for row in rows if self.holds(posts_of(row))]
            if len(found) >= limit or len(rows) < limit:
                return found[:limit]
            after = place_of(rows[-1])


def unit_of(posts: str | None, now: int) -> str:
    """Give the code of the agency of the first post that has not ended, which is the main one; "" where there is none."""
    held = orjson.loads(posts) if posts else ()
    return next((str(post["unit_code"]) for post in held if not is_over(post.get("ends_at", 0), now)), "")
