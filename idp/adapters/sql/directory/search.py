"""Officers are looked for (``directory.mirror.OfficerSearch``).

On PostgreSQL a trigram index finds them (``pg_trgm``), within a small agency an index that begins with the agency. Where the
extension is not to be had, and on SQLite, that index is read through, which holds all that is asked and is some ten times
narrower than the table. Words that very many have are looked for in the index by name, from the place on where a page begins: it
holds all that is asked, and is read until the page is full. What each takes: docs/performance.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Integer, Text, and_, bindparam, collate, func, literal_column, or_, select, tuple_

from ....clock import Clock, SystemClock
from ....directory.mirror import WORDS, Found, MirroredOfficer, has_all, national_number, search_key, search_words
from ....directory.unit import is_within
from ..database import Database, Read, parameter
from ..tables import OfficerRow
from .as_of import by_code, has_an_end_behind
from .ledger import listed
from .rows import mirrored_now

OFFICER: Any = OfficerRow.__table__
MOST = 1000
"""Officers who are put in order here; where more are found, the index by name is read through in its order."""
_DIGITS = re.compile(r"\+?[0-9]{3,}")
NEAR = 4000
"""Officers behind a place who are looked through first."""
SMALL = 10_000
"""Officers of an agency that are rather read through; of a larger one, enough of those who have the words belong to it."""
Place = tuple[str, str]


def by_name(*, sqlite: bool) -> tuple[Any, Any]:
    """Give what officers are ordered by: the search key, which begins with the name, and entryUUID; as Python orders texts."""
    key, uuid = OFFICER.c.search_key, OFFICER.c.entry_uuid
    return (key, uuid) if sqlite else (collate(key, "C"), collate(uuid, "C"))


class SqlOfficerSearch:
    """Looks for officers. Raises UnavailableError when the database does not answer."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._trigrams = not database.is_sqlite
        unit, below = parameter(OFFICER.c.unit_code, "unit"), bindparam("below", type_=Text())
        of_it = or_(OFFICER.c.unit_code == unit, OFFICER.c.unit_code.like(below))
        by_agency = by_code(sqlite=database.is_sqlite)
        order = by_name(sqlite=database.is_sqlite)
        behind = tuple_(*order) > tuple_(bindparam("place", type_=Text()), parameter(OFFICER.c.entry_uuid, "after_uuid"))

        limit = bindparam("limit", type_=Integer())
        near = (select(order[0].label("search_key"), OFFICER.c.entry_uuid, OFFICER.c.unit_code, OFFICER.c.status).where(behind)
                .order_by(*order).limit(literal_column(str(NEAR))).subquery("near"))

        def found(*conditions: Any, of: Any = OFFICER, key: Any = OFFICER.c.search_key) -> list[Any]:
            words = [key.like(bindparam(f"word{n}", type_=Text()), escape="!") for n in range(WORDS)]
            return [select(of.c.search_key, of.c.entry_uuid).where(
                *words[:count], *conditions, of.c.status != literal_column("'gone'")) for count in range(1, WORDS + 1)]

        def looked(*conditions: Any, near_conditions: Sequence[Any] = ()) -> _Looked:
            # What very many have is not to be gathered by the index of words: that cannot look for it in the order of bytes.
            return _Looked(
                [database.read(one.limit(limit)) for one in found(*near_conditions, of=near, key=near.c.search_key)],
                [database.read(one.limit(literal_column(str(MOST + 1)))) for one in found(*conditions)],
                [database.read(one.where(behind).order_by(*order).limit(limit)) for one in found(*conditions, key=order[0])])

        self._all, self._of_small = looked(), looked(by_agency, of_it)
        self._of_large = looked(of_it, near_conditions=(or_(near.c.unit_code == unit, near.c.unit_code.like(below)),))
        self._size = database.read(select(func.count().label("n")).select_from(
            select(OFFICER.c.entry_uuid).where(by_agency).limit(literal_column(str(SMALL))).subquery("some")))
        # Another statement, for another index: who has come under an agency since something of theirs has ended.
        self._moved = [database.read(one) for one in found(has_an_end_behind())]
        self._many = database.read(select(OFFICER).where(OFFICER.c.entry_uuid.in_(listed(database, "entry_uuids"))))

    def search(self, words: Sequence[str], *, unit: str, after: Place | None, limit: int) -> list[Found]:
        """Give officers who are not gone, by name."""
        found: list[Found] = []
        for places in self._places(words[:WORDS], unit, after, limit) if words else ():
            found += self._read(places, unit, words[:WORDS])
            if len(found) >= limit:
                break
        return found[:limit]

    def _places(self, words: Sequence[str], unit: str, after: Place | None, limit: int) -> Iterator[Sequence[Place]]:
        """Give the places of whoever is found behind one, in order, some at a time; of an agency also of who was in it before."""
        asked: dict[str, Any] = {f"word{n}": pattern_of(word) for n, word in enumerate(words)}
        looked, moved = self._all, set[Place]()
        if unit:
            moved = {(row.search_key, row.entry_uuid)
                     for row in self._moved[len(words) - 1].all(unit_as_of=self._clock.now(), **asked)}
            agency = {"unit": unit, "end": f"{unit}/"}
            asked |= {"unit": unit, "below": f"{unit}.%"}
            looked = self._of_large
            if not self._trigrams or self._size.all(**agency)[0].n < SMALL:
                looked, asked = self._of_small, asked | agency

        def rows(reads: Sequence[Read], **more: Any) -> list[Place]:
            return [(row.search_key, row.entry_uuid) for row in reads[len(words) - 1].all(**asked, **more)]

        def with_moved(places: Sequence[Place], first: Place, last: Place | None) -> Sequence[Place]:
            return sorted({*places, *(one for one in moved if one > first and (last is None or one <= last))})

        place = after or ("", "")
        if looked is not self._of_small:
            while len(page := rows(looked.near, place=place[0], after_uuid=place[1], limit=limit)) == limit:
                yield with_moved(page, place, page[-1])
                place = page[-1]
        few = rows(looked.some)
        if len(few) <= MOST:
            places = with_moved([one for one in few if one > place], place, None)
            yield from (places[first:first + limit] for first in range(0, len(places), limit))
            return
        while True:
            page = rows(looked.ordered, place=place[0], after_uuid=place[1], limit=limit)
            if len(page) < limit:
                yield with_moved(page, place, None)
                return
            yield with_moved(page, place, page[-1])
            place = page[-1]

    def by_phone(self, number: str, *, limit: int) -> list[MirroredOfficer]:
        """Give officers who are not gone and have a telephone number, as ``national_number`` gives it."""
        found = [row.entry_uuid for row in self._all.some[0].all(word0=f"%{number}%")]
        rows = self._many.all(entry_uuids=orjson.dumps(found).decode()) if found else []
        officers = (mirrored_now(row, self._clock) for row in rows if national_number(row.phone) == number)
        return sorted((one for one in officers if one is not None), key=lambda one: one.officer.entry_uuid)[:limit]

    def _read(self, places: Sequence[Place], unit: str, words: Sequence[str]) -> list[Found]:
        rows = self._many.all(entry_uuids=orjson.dumps([entry_uuid for _, entry_uuid in places]).decode())
        officers = {row.entry_uuid: mirrored_now(row, self._clock) for row in rows if _has(row, words)}
        return [Found(officer, place) for place in places if (officer := officers.get(place[1])) is not None
                and (not unit or is_within(officer.officer.main_post.unit_code, unit))]


class _Looked(NamedTuple):
    """What is asked of some officers, by the number of words.

    Attributes:
        near: Whoever is found among those who come next, in order: enough where very many have the words.
        some: A few of all who are found, as they come: everybody, where not very many are.
        ordered: All who are found, in order from a place on.
    """

    near: Sequence[Read]
    some: Sequence[Read]
    ordered: Sequence[Read]


def _has(row: Any, words: Sequence[str]) -> bool:
    """Tell whether words are found in a key without the telephone number, which is hidden: its digits are no words."""
    key = row.search_key.replace(f" {search_key(row.phone)}", "") if row.phone else row.search_key
    return has_all(words, key)


def has_words(key: Any) -> Any:
    """Make the condition that every word stands in a key, in whatever order; its parameters are ``word_parameters``."""
    return and_(*(key.like(bindparam(f"word{number}", type_=Text()), escape="!") for number in range(WORDS)))


def word_parameters(words: Sequence[str]) -> dict[str, str]:
    """Give the parameters of ``has_words``; without a word nothing has them."""
    patterns = [pattern_of(word) for word in words[:WORDS]]
    return {f"word{number}": pattern for number, pattern in enumerate([*patterns, *["%" if words else ""] * WORDS][:WORDS])}


def pattern_of(word: str) -> str:
    """Give what LIKE takes for a part of a key; one or two letters begin a word."""
    for sign in "!%_":
        word = word.replace(sign, "!" + sign)
    return f"%{word}%" if len(word) >= 3 else f"% {word}%"


def is_called(sub: Any) -> Any:
    """Make the condition that an officer has every word in the search key; its parameters are ``called_so``."""
    return sub.in_(select(OFFICER.c.sub).where(has_words(OFFICER.c.search_key)))


def called_so(text: str) -> dict[str, str]:
    """Give the parameters of ``is_called`` for what is typed.

    The key holds telephone numbers, which are hidden: three digits or more are nobody's name, so that no part of one tells whose
    it is.
    """
    words = search_words(text)
    return word_parameters(() if any(_DIGITS.fullmatch(word) for word in words) else words)
