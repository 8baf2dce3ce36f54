"""Several acts of one thread as one transaction: all of them happen or none does, and what it reads sees them.

The exception to "one act is one statement is one transaction" (docs/decisions/0012): a request that may be sent again under the
same name is done together with the note that it was done. Whatever runs on the thread meanwhile runs on the transaction's own
connection, each statement behind a savepoint, so that one that the database refuses leaves those before it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

Keeps = Callable[[BaseException], bool]
"""Whether what was written stays although this was raised."""


class Held(threading.local):
    """The transaction of this thread, if it holds one.

    Attributes:
        cursor: The driver's cursor in it; None where there is none.
        line: The connection that a ``PreparedExecutor`` runs its statements on.
    """

    cursor: Any = None
    line: Any = None

    @contextmanager
    def step(self) -> Iterator[Any]:
        """Lend the cursor for one statement; what is raised undoes this one alone."""
        cursor = self.cursor
        cursor.execute("SAVEPOINT step")
        try:
            yield cursor
        except BaseException:
            with suppress(Exception):  # of a connection that is gone there is nothing left to undo
                cursor.execute("ROLLBACK TO SAVEPOINT step")
                cursor.execute("RELEASE SAVEPOINT step")
            raise
        cursor.execute("RELEASE SAVEPOINT step")

    @contextmanager
    def transaction(self, cursor: Any, begin: str, keeps: Keeps, line: Any = None) -> Iterator[Any]:
        """Hold a transaction on a connection of this thread's own; nothing inside holds another.

        Raises:
            RuntimeError: the thread holds one already.
        """
        if self.cursor is not None:
            raise RuntimeError("this thread holds a transaction already")
        cursor.execute(begin)
        self.cursor, self.line = cursor, line
        try:
            try:
                yield cursor
            finally:
                self.cursor = self.line = None
        except BaseException as err:
            with suppress(Exception):
                cursor.execute("COMMIT" if keeps(err) else "ROLLBACK")
            raise
        cursor.execute("COMMIT")
        if getattr(cursor, "statusmessage", "COMMIT") != "COMMIT":
            raise RuntimeError("the transaction was rolled back where it should have been committed")


@contextmanager
def immediate(cursor: Any) -> Iterator[None]:
    """Hold a transaction of SQLite that writes from its beginning, or go on in the one that the thread holds."""
    if cursor.connection.in_transaction:
        yield
        return
    cursor.execute("BEGIN IMMEDIATE")
    try:
        yield
        cursor.execute("COMMIT")
    except BaseException:
        if cursor.connection.in_transaction:
            cursor.execute("ROLLBACK")
        raise
