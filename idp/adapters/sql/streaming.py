"""Selects whose rows are read some thousand at a time: memory does not grow with their number.

On PostgreSQL by a cursor of the server in a transaction of its own, so that all rows are of one moment. A connection is lent
until the last row was read or the reader goes away; whoever reads must not wait for another connection meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy.sql.selectable import Select

from .database import Database
from .execution import Row

_AT_ONCE: Final = 5000


class Stream:
    """A select that is read through once.

    Args:
        database: The database.
        statement: The select.
    """

    def __init__(self, database: Database, statement: Select[Any]) -> None:
        self._database, self._statement = database, statement
        self._compiled: Any = None
        database.prepared(self)

    def compile(self) -> None:
        """Compile now, and have the server look at it, as at every other statement."""
        self._database.executor(self._database.relaxed).compile(self._statement)
        self._compiled = self._database.executor(self._database.relaxed, in_transaction=True).compile(self._statement)

    def rows(self, **parameters: Any) -> Iterator[Row]:
        """Give the rows in order, as plain tuples. Raises UnavailableError when the database does not answer."""
        database, engine = self._database, self._database.relaxed
        if self._compiled is None:
            self.compile()
        asked = {**self._compiled.constants, **parameters}
        if database.is_sqlite:
            with database.cursor(engine, apart=True) as cursor:
                cursor.execute(self._compiled.sql, asked)
                while part := cursor.fetchmany(_AT_ONCE):
                    yield from part
            return
        with database.transaction(engine, apart=True) as cursor:
            cursor.execute(f"DECLARE walk NO SCROLL CURSOR FOR {self._compiled.sql}", asked)
            while part := cursor.execute(f"FETCH {_AT_ONCE} FROM walk").fetchall():
                yield from part
