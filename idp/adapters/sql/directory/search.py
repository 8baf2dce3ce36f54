"""Officers are looked for (``directory.mirror.OfficerSearch``).

On PostgreSQL a trigram index finds them (``pg_trgm``), within a small agency an index that begins with the agency. Where the
extension is not to be had, and on SQLite, that index is read through, which holds all that is asked and is some ten times
narrower than the table. What each takes: docs/performance.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import Text, bindparam, func, literal_column, or_, select

from ....clock import Clock, SystemClock
from ....directory.mirror import Found
from ....directory.unit import is_within
from ..database import Database, Read, parameter
from ..tables import OfficerRow
from .as_of import by_code, has_an_end_behind
from .ledger import listed
from .rows import mirrored_now

OFFICER: Any = OfficerRow.__table__
MOST, PLACE = 1000, 200
WORDS = 4
SMALL = 10_000
"""Officers of an agency that are rather read through; of a larger one, enough of those who have the words belong to it."""


class SqlOfficerSearch:
    """Looks for officers. Raises UnavailableError when the database does not answer."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._trigrams = not database.is_sqlite
        unit, below = parameter(OFFICER.c.unit_code, "unit"), bindparam("below", type_=Text())
        of_it = or_(OFFICER.c.unit_code == unit, OFFICER.c.unit_code.like(below))
        by_agency = by_code(sqlite=database.is_sqlite)

        def found(*conditions: Any) -> dict[int, Read]:
            words = [OFFICER.c.search_key.like(bindparam(f"word{n}", type_=Text()), escape="!") for n in range(WORDS)]
            return {count: database.read(select(OFFICER.c.entry_uuid, OFFICER.c.search_key).where(
                *words[:count], *conditions, OFFICER.c.status != literal_column("'gone'")).limit(literal_column(str(MOST))))
                for count in range(1, WORDS + 1)}

        self._found = found()
        self._of_large, self._of_small = found(of_it), found(by_agency, of_it)
        self._size = database.read(select(func.count().label("n")).select_from(
            select(OFFICER.c.entry_uuid).where(by_agency).limit(literal_column(str(SMALL))).subquery("some")))
        # Another statement, for another index: who has come under an agency since something of theirs has ended.
        self._moved = found(has_an_end_behind())
        self._many = database.read(select(OFFICER).where(OFFICER.c.entry_uuid.in_(listed(database, "entry_uuids"))))

    def search(self, words: Sequence[str], *, unit: str, after: tuple[str, str] | None, limit: int) -> list[Found]:
        """Give officers who are not gone, by name."""
        if not words:
            return []
        patterns = {f"word{n}": _pattern(word) for n, word in enumerate(words[:WORDS])}
        if not unit:
            rows = self._found[len(patterns)].all(**patterns)
        else:
            agency = {"unit": unit, "end": f"{unit}/"}
            if self._trigrams and self._size.all(**agency)[0].n >= SMALL:
                rows = self._of_large[len(patterns)].all(unit=unit, below=f"{unit}.%", **patterns)
            else:
                rows = self._of_small[len(patterns)].all(**agency, below=f"{unit}.%", **patterns)
            rows += self._moved[len(patterns)].all(unit_as_of=self._clock.now(), **patterns)
        places = sorted({(row.search_key[:PLACE], row.entry_uuid) for row in rows})
        places = [place for place in places if after is None or place > after]
        found: list[Found] = []
        while places and len(found) < limit:
            found += self._read(places[:limit], unit)
            places = places[limit:]
        return found[:limit]

    def _read(self, places: Sequence[tuple[str, str]], unit: str) -> list[Found]:
        rows = self._many.all(entry_uuids=orjson.dumps([entry_uuid for _, entry_uuid in places]).decode())
        officers = {row.entry_uuid: mirrored_now(row, self._clock) for row in rows}
        return [Found(officer, place) for place in places if (officer := officers.get(place[1])) is not None
                and (not unit or is_within(officer.officer.main_post.unit_code, unit))]


def _pattern(word: str) -> str:
    for sign in "!%_":
        word = word.replace(sign, "!" + sign)
    return f"%{word}%" if len(word) >= 3 else f"% {word}%"
