"""Officers are looked for (``directory.mirror.OfficerSearch``).

On PostgreSQL a trigram index finds them (``pg_trgm``); where the extension is not to be had, and on SQLite, an index that holds
all that is asked is read through, which is some ten times narrower than the table.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import Text, bindparam, literal_column, or_, select

from ....clock import Clock, SystemClock
from ....directory.mirror import Found
from ....directory.unit import is_within
from ..database import Database, Read, parameter
from ..tables import OfficerRow
from .as_of import has_an_end_behind
from .ledger import listed
from .rows import mirrored_now

OFFICER: Any = OfficerRow.__table__
MOST, PLACE = 1000, 200
WORDS = 4


class SqlOfficerSearch:
    """Looks for officers. Raises UnavailableError when the database does not answer."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        unit = parameter(OFFICER.c.unit_code, "unit")
        within = or_(unit == literal_column("''"), OFFICER.c.unit_code == unit,
                     OFFICER.c.unit_code.like(bindparam("below", type_=Text())))

        def found(count: int, condition: Any) -> Read:
            words = [OFFICER.c.search_key.like(bindparam(f"word{n}", type_=Text()), escape="!") for n in range(count)]
            return database.read(select(OFFICER.c.entry_uuid, OFFICER.c.search_key).where(
                *words, condition, OFFICER.c.status != literal_column("'gone'")).limit(literal_column(str(MOST))))

        self._found = {count: found(count, within) for count in range(1, WORDS + 1)}
        # Another statement, for another index: who has come under an agency since something of theirs has ended.
        self._moved = {count: found(count, has_an_end_behind()) for count in range(1, WORDS + 1)}
        self._many = database.read(select(OFFICER).where(OFFICER.c.entry_uuid.in_(listed(database, "entry_uuids"))))

    def search(self, words: Sequence[str], *, unit: str, after: tuple[str, str] | None, limit: int) -> list[Found]:
        """Give officers who are not gone, by name."""
        if not words:
            return []
        patterns = {f"word{n}": _pattern(word) for n, word in enumerate(words[:WORDS])}
        rows = self._found[len(patterns)].all(unit=unit, below=f"{unit}.%", **patterns)
        if unit:
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
