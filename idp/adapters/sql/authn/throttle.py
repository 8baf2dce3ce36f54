"""Guess counters in the database, shared by all nodes (port: ``authn.lockout.GuessCounter``).

A counter is one number, the moment at which it is empty again; a guess moves it later, forgiveness moves it earlier. One
upsert moves all counters of a guess; its condition is evaluated under the row's lock, so parallel guesses cannot pass a
limit together. Rows are locked in the order of the call (source, account, pair, pause), so two calls never wait for each other.

Counters are written with the relaxed engine: a crash of the database server may forget the guesses of its last 0.6 s, which
no guesser can bring about, and a sign-in does not wait for the disk twice more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import case, delete, or_, select

from ....authn.lockout import Move
from ..database import Database, parameter
from ..tables import ThrottleRow

_KEYS = 5


class SqlGuessCounter:
    """Counters as rows of ``throttle``. Every verb raises UnavailableError when the database does not answer."""

    def __init__(self, database: Database) -> None:
        table: Any = ThrottleRow.__table__
        now = parameter(table.c.until, "now")
        self._read = database.read(select(table.c.key, table.c.until).where(
            or_(*(table.c.key == parameter(table.c.key, f"key_{n}") for n in range(_KEYS)))))

        current = case((table.c.until < now, now), (table.c.until > parameter(table.c.until, "absurd"), now),
                       else_=table.c.until)

        def of(count: int) -> Any:
            upsert = database.insert(table).values([
                {"key": parameter(table.c.key, f"key_{n}"), "until": parameter(table.c.until, f"until_{n}")}
                for n in range(count)])
            moved = current + upsert.excluded.until - now
            limit = case(*((table.c.key == parameter(table.c.key, f"key_{n}"), parameter(table.c.until, f"limit_{n}"))
                           for n in range(count)))
            return database.write(durable=False, guard=upsert.on_conflict_do_update(
                index_elements=["key"], set_={"until": moved}, where=moved <= limit).returning(table.c.key, table.c.until))

        self._moves = {count: of(count) for count in (3, 4)}

        keep = database.insert(table).values(key=parameter(table.c.key), until=parameter(table.c.until))
        self._keep = database.write(durable=False, guard=keep.on_conflict_do_update(
            index_elements=["key"], set_={"until": keep.excluded.until},
            where=table.c.until < parameter(table.c.until, "older_than")).returning(table.c.key))
        self._clear = database.write(
            durable=False, guard=delete(table).where(table.c.key == parameter(table.c.key)).returning(table.c.key))

    def read(self, keys: Sequence[bytes]) -> dict[bytes, int]:
        """Tell what stands under up to five keys; keys without a row are left out."""
        padded = [*keys, *([keys[0]] * (_KEYS - len(keys)))]
        rows = self._read.all(**{f"key_{n}": key for n, key in enumerate(padded)})
        return {bytes(row.key): row.until for row in rows}

    def move(self, moves: tuple[Move, ...], *, now: int, absurd: int) -> Mapping[bytes, int]:
        """Move three or four counters, each unless that would take it past its limit; give those moved and where they stand."""
        parameters: dict[str, Any] = {"now": now, "absurd": absurd}
        for n, move in enumerate(moves):
            parameters[f"key_{n}"] = move.key
            parameters[f"until_{n}"] = now + move.seconds
            parameters[f"limit_{n}"] = move.limit
        return {bytes(key): until for key, until in self._moves[len(moves)].run_each(**parameters)}

    def keep(self, key: bytes, until: int, *, older_than: int) -> None:
        """Set a key's moment, unless it already stands at ``older_than`` or later."""
        self._keep.run(key=key, until=until, older_than=older_than)

    def clear(self, key: bytes) -> bool:
        """Empty one counter; tell whether there was one."""
        return self._clear.run(key=key) is not None
