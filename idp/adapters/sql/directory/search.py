"""Officers are looked for (``directory.mirror.OfficerSearch``).

A page is looked for among those who come next by name: enough where very many have the words. On PostgreSQL those who are found
are gathered by a trigram index else (``pg_trgm``) and put in order; where a sample says that they are too many for that, and on
SQLite, the index by name is read from the place on where the page begins until it is full. Within a small agency an index is
read that begins with the agency. What each takes: docs/performance.md.

PostgreSQL plans these once for all words, and takes any two of them for rare: so the index of words stands open to one statement
alone. The others ask in the order of bytes, which that index does not know.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import orjson
from sqlalchemy import Integer, Text, and_, bindparam, collate, func, literal_column, or_, select, tablesample, tuple_

from ....clock import Clock, SystemClock
from ....directory.mirror import WORDS, Found, MirroredOfficer, has_all, national_number, search_key, search_words
from ....directory.unit import is_within
from ..database import Database, Read, parameter
from ..tables import OfficerRow
from .as_of import by_code, has_an_end_behind
from .ledger import listed
from .rows import mirrored_now

OFFICER: Any = OfficerRow.__table__
NEAR = 4000
"""Officers behind a place who are looked through first."""
SAMPLE = 2
"""Per cent of the table that tell how many have the words."""
SHARE = 4
"""Where one in so many has the words they are not gathered: the index by name comes to enough of them sooner."""
SMALL = 10_000
"""Officers of an agency that is read through."""
MORE = 1000
"""Officers who are read at once where those of the first page turn out not to be meant."""
_DIGITS = re.compile(r"\+?[0-9]{3,}")
Place = tuple[str, str]
Condition = Callable[[Any], Any]
_LIMIT = bindparam("limit", type_=Integer())
_PLACE = tuple_(bindparam("place", type_=Text()), parameter(OFFICER.c.entry_uuid, "after_uuid"))


def by_name(*, sqlite: bool) -> tuple[Any, Any]:
    """Give what officers are ordered by: the search key, which begins with the name, and entryUUID; as Python orders texts."""
    key, uuid = OFFICER.c.search_key, OFFICER.c.entry_uuid
    return (key, uuid) if sqlite else (collate(key, "C"), collate(uuid, "C"))


class SqlOfficerSearch:
    """Looks for officers. Raises UnavailableError when the database does not answer."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        of_agency, (key, _) = by_code(sqlite=database.is_sqlite), by_name(sqlite=database.is_sqlite)
        self._of_all, self._of_large = _Pages(database), _Pages(database, _is_of)
        self._of_small = [database.read(_page(_apart(_found(of_agency, *words)), _is_of, sqlite=database.is_sqlite))
                          for words in _words(key)]
        self._size = database.read(select(func.count().label("n")).select_from(
            select(OFFICER.c.entry_uuid).where(of_agency).limit(literal_column(str(SMALL))).subquery("some")))
        # Another statement, for another index: who has come under an agency since something of theirs has ended.
        self._moved = [database.read(_found(has_an_end_behind(), *words)) for words in _words(key)]
        number = bindparam("number", type_=Text())
        self._numbered = database.read(_found(OFFICER.c.search_key.like(number)).limit(literal_column("1000")))
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
        # What is long is rare: most officers are passed over by the first word that is looked for.
        asked: dict[str, Any] = {f"word{n}": pattern_of(word) for n, word in enumerate(sorted(words, key=len, reverse=True))}
        page_of, moved = self._of_all.page, set[Place]()
        if unit:
            moved = {(row.search_key, row.entry_uuid)
                     for row in self._moved[len(words) - 1].all(unit_as_of=self._clock.now(), **asked)}
            asked |= {"unit": unit, "end": f"{unit}/", "below": f"{unit}.%"}
            page_of = self._page_of_small if self._size.all(**asked)[0].n < SMALL else self._of_large.page
        place = after or ("", "")
        while True:
            page = page_of(len(words), {**asked, "place": place[0], "after_uuid": place[1], "limit": limit})
            last = page[-1] if len(page) == limit else None
            yield sorted({*page, *(one for one in moved if one > place and (last is None or one <= last))})
            if last is None:
                return
            place, limit = last, max(limit, MORE)

    def _page_of_small(self, words: int, asked: dict[str, Any]) -> list[Place]:
        return _places(self._of_small[words - 1], asked)

    def by_phone(self, number: str, *, limit: int) -> list[MirroredOfficer]:
        """Give officers who are not gone and have a telephone number, as ``national_number`` gives it."""
        found = [row.entry_uuid for row in self._numbered.all(number=f"%{number}%")]
        rows = self._many.all(entry_uuids=orjson.dumps(found).decode()) if found else []
        officers = (mirrored_now(row, self._clock) for row in rows if national_number(row.phone) == number)
        return sorted((one for one in officers if one is not None), key=lambda one: one.officer.entry_uuid)[:limit]

    def _read(self, places: Sequence[Place], unit: str, words: Sequence[str]) -> list[Found]:
        rows = self._many.all(entry_uuids=orjson.dumps([entry_uuid for _, entry_uuid in places]).decode())
        officers = {row.entry_uuid: mirrored_now(row, self._clock) for row in rows if _has(row, words)}
        return [Found(officer, place) for place in places if (officer := officers.get(place[1])) is not None
                and (not unit or is_within(officer.officer.main_post.unit_code, unit))]


class _Pages:
    """Pages of officers who have some words, by name and from a place on.

    Args:
        conditions: Of whom, each made for a table or a part of it; none for everybody.
    """

    def __init__(self, database: Database, *conditions: Condition) -> None:
        sqlite = self._sqlite = database.is_sqlite
        order = by_name(sqlite=sqlite)
        here = [condition(OFFICER) for condition in conditions]
        behind = tuple_(*order) > _PLACE
        self._ordered = [database.read(_found(behind, *words, *here).order_by(*order).limit(_LIMIT))
                         for words in _words(order[0])]
        if sqlite:
            return
        near = select(order[0].label("search_key"), *_FACTS).where(behind).order_by(*order).limit(
            literal_column(str(NEAR))).subquery("near")
        self._near = [database.read(_page(near, _is_here, *conditions, sqlite=sqlite).where(*words))
                      for words in _words(near.c.search_key)]
        self._gathered = [database.read(_page(_apart(_found(*words)), *conditions, sqlite=sqlite))
                          for words in _words(OFFICER.c.search_key)]
        some = tablesample(OFFICER, func.system(literal_column(str(SAMPLE))), "some")
        counted: list[Any] = [
            select(func.count().label("all"), func.count().filter(and_(*words)).label("found")).select_from(some)
            for words in _words(collate(some.c.search_key, "C"))]
        self._sampled = [database.read(one) for one in counted]

    def page(self, words: int, asked: dict[str, Any]) -> list[Place]:
        """Give the places of a page: ``limit`` of them, or fewer where there are no more."""
        if self._sqlite:
            return _places(self._ordered[words - 1], asked)
        if len(page := _places(self._near[words - 1], asked)) == asked["limit"]:
            return page
        sampled = self._sampled[words - 1].all(**asked)[0]
        return _places((self._ordered if sampled.found * SHARE > sampled.all else self._gathered)[words - 1], asked)


_FACTS = (OFFICER.c.entry_uuid, OFFICER.c.unit_code, OFFICER.c.status)


def _words(key: Any) -> list[list[Any]]:
    """Give the conditions that one word stands in a key, two words and so on."""
    words = [key.like(bindparam(f"word{n}", type_=Text()), escape="!") for n in range(WORDS)]
    return [words[:count] for count in range(1, WORDS + 1)]


def _is_of(table: Any) -> Any:
    unit, below = parameter(OFFICER.c.unit_code, "unit"), bindparam("below", type_=Text())
    return or_(table.c.unit_code == unit, table.c.unit_code.like(below))


def _is_here(table: Any) -> Any:
    return table.c.status != literal_column("'gone'")


def _found(*conditions: Any) -> Any:
    """Select whoever is here and of whom all is true."""
    return select(OFFICER.c.search_key, *_FACTS).where(*conditions, _is_here(OFFICER))


def _apart(statement: Any) -> Any:
    """Make a part of a statement that is had before its order is thought of: no index is read for the order's sake."""
    return statement.cte("found").prefix_with("MATERIALIZED")


def _page(part: Any, *conditions: Condition, sqlite: bool) -> Any:
    """Select a page of a part, by name."""
    order = [part.c.search_key, part.c.entry_uuid] if sqlite else [
        collate(part.c.search_key, "C"), collate(part.c.entry_uuid, "C")]
    return select(part.c.search_key, part.c.entry_uuid).where(
        tuple_(*order) > _PLACE, *(condition(part) for condition in conditions)).order_by(*order).limit(_LIMIT)


def _places(read: Read, asked: dict[str, Any]) -> list[Place]:
    return [(row.search_key, row.entry_uuid) for row in read.all(**asked)]


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
