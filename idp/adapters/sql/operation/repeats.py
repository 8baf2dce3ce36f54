"""Answers of requests that may be sent again; implements ``administration.operation.repeats.AnsweredRequests``."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import delete, select, update

from ....administration.operation.repeats import Answer
from ..database import Database, parameter
from ..tables import AnsweredRequestRow
from ..together import Keeps


class SqlAnsweredRequests:
    """Rows of ``answered_request``.

    Who does a request now is no row: on PostgreSQL a lock of the transaction tells all nodes, and goes with it however it
    ends. SQLite has one writer; among its threads a set tells who waits for whom.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._under_way: set[bytes] = set()
        self._lock = threading.Lock()
        table: Any = AnsweredRequestRow.__table__
        columns = ("content", "status", "location", "etag", "body")
        entered = database.insert(table).values(**{c.name: parameter(c) for c in table.c})
        self._take = database.write(guard=entered.on_conflict_do_update(
            index_elements=["key"], set_={name: entered.excluded[name] for name in (*columns, "until")},
            where=table.c.until <= parameter(table.c.until, "now")).returning(table.c.key))
        one = table.c.key == parameter(table.c.key)
        self._find = database.read(select(*(table.c[name] for name in columns)).where(
            one, table.c.until > parameter(table.c.until, "now")))
        self._amend = database.write(update(table).where(table.c.key == parameter(table.c.key, "of")).values(
            {name: parameter(table.c[name]) for name in columns[1:]}))
        self._forget = database.write(delete(table).where(one))

    @contextmanager
    def holding(self, key: bytes, keeps: Keeps) -> Iterator[bool]:
        """Hold one transaction of this thread; False where another holds one under this key."""
        if not self._database.is_sqlite:
            with self._database.together(keeps) as cursor:
                cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", (int.from_bytes(key[:8], "big", signed=True),))
                yield bool(cursor.fetchone()[0])
            return
        with self._lock:
            mine = key not in self._under_way
            self._under_way.add(key)
        if not mine:
            yield False
            return
        try:
            with self._database.together(keeps):
                yield True
        finally:
            with self._lock:
                self._under_way.discard(key)

    def find(self, key: bytes, *, now: int) -> tuple[bytes, Answer] | None:
        """Find the digest of what was sent, and the answer."""
        row = self._find.one(key=key, now=now)
        return None if row is None else (bytes(row.content), Answer(
            row.status, None if row.body is None else bytes(row.body), row.location, row.etag))

    def take(self, key: bytes, content: bytes, answer: Answer, *, now: int, until: int) -> bool:
        """Note an answer durably; of several callers exactly one gets True."""
        return self._take.run(key=key, content=content, status=answer.status, location=answer.location, etag=answer.etag,
                              body=answer.body, until=until, now=now) is not None

    def amend(self, key: bytes, answer: Answer) -> None:
        """Write the answer of one that was taken as begun."""
        self._amend.run(of=key, status=answer.status, location=answer.location, etag=answer.etag, body=answer.body)

    def forget(self, key: bytes) -> None:
        """Give the name back."""
        self._forget.run(key=key)
