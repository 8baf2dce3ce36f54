"""How one compiled statement is run on a pooled connection: the port, and its first implementation, the driver's cursor.

A statement is compiled once for a dialect and an executor; ``rows`` runs it in autocommit, so that it is a transaction of its
own. What went wrong is told apart here: a database that does not answer, or cannot do its work now, is ``UnavailableError``; a
statement that it refuses (a constraint) is the driver's own error, and the connection stays good. Private names of SQLAlchemy
are used in this module only, and checked at start (docs/decisions/0002).
"""

from __future__ import annotations

import select
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

from sqlalchemy import bindparam
from sqlalchemy.engine import Dialect, Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql import ClauseElement
from sqlalchemy.types import NullType, TypeEngine

from ...errors import UnavailableError
from .together import Held, Keeps

Parameters = Mapping[str, Any]
Row = tuple[Any, ...]

_OUTAGES = frozenset({"08", "40", "53", "57", "58"})
"""Classes of SQLSTATE after which nothing was done and a later attempt may succeed: connection lost, rolled back (deadlock),
no resources, operator's intervention (shutdown, time limit), system error."""
_READ_ONLY = "25006"
_SHUTDOWN = "57P"
_STALE_PLAN = "0A000"


class Compiled:
    """Text, parameters and columns of one statement for one dialect.

    Attributes:
        sql: What the database is sent.
        constants: Parameters that are the same in every call.
        columns: Names of the result's columns; empty where there is no result.
        order: Names of the parameters by position; None where they go by name.
        types: Their types: as declared, or that of a constant's value.
    """

    __slots__ = ("columns", "constants", "order", "sql", "types")

    def __init__(self, statement: ClauseElement, dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect)
        if compiled.literal_execute_params or compiled.post_compile_params:
            raise RuntimeError(f"statement needs expansion at execution: {compiled.string}")
        if getattr(compiled, "insert_prefetch", None) or getattr(compiled, "update_prefetch", None):
            raise RuntimeError(f"statement relies on a Python-side default: {compiled.string}")
        self.sql: str = compiled.string
        self.constants: dict[str, Any] = {name: bind.value for bind, name in compiled.bind_names.items() if not bind.required}
        self.columns = tuple(str(entry.name) for entry in (compiled._result_columns or ()))
        self.order: list[str] | None = compiled.positiontup
        self.types: dict[str, TypeEngine[Any]] = {
            name: bindparam(name, bind.value).type if isinstance(bind.type, NullType) else bind.type
            for bind, name in compiled.bind_names.items()}


class Compilable(Protocol):
    """A statement that waits to be compiled."""

    def compile(self) -> None:
        """Compile now."""
        ...


class Executor(Protocol):
    """Runs statements on the connections of one engine."""

    def compile(self, statement: ClauseElement) -> Any:
        """Compile a statement and have the database check it, as far as it can.

        Raises:
            RuntimeError: the statement needs more than text and parameters.
            UnavailableError: the database does not answer.
        """
        ...

    def rows(self, compiled: Any, parameters: Parameters) -> list[Row]:
        """Run a statement that ``compile`` gave, in a transaction of its own, and give its rows.

        Values are None, str, int, bool and bytes both ways; Boolean columns give 0 and 1 on SQLite.

        Raises:
            UnavailableError: the database does not answer; whether a write happened is then unknown.
            Exception: the driver's error where the database refuses the statement; nothing was done.
        """
        ...

    def rows_of_each(self, compiled: Any, many: Sequence[Parameters]) -> list[list[Row]]:
        """Run a statement once for each of several sets of parameters, in order, in one transaction, and give the rows of each.

        All of it happens or nothing; errors as ``rows``.
        """
        ...

    def hold(self, begin: str, keeps: Keeps) -> AbstractContextManager[Any]:
        """Hold one transaction of this thread, and lend the driver's cursor in it."""
        ...

    def close(self) -> None:
        """Close the connections that are not in use."""
        ...


class CursorExecutor:
    """The driver's own cursor, one per connection, used again and again.

    Args:
        engine: Makes and pools the connections.
        held: What a thread does as one transaction.
    """

    def __init__(self, engine: Engine, held: Held) -> None:
        self._engine = engine
        self._held = held
        self._error: type[Exception] = engine.dialect.loaded_dbapi.Error

    def compile(self, statement: ClauseElement) -> Compiled:
        """Compile; the engine connects first, so that the dialect knows the server."""
        with self.cursor():
            return Compiled(statement, self._engine.dialect)

    def rows(self, compiled: Compiled, parameters: Parameters) -> list[Row]:
        """Run a statement and give its rows."""
        if compiled.constants:
            parameters = {**compiled.constants, **parameters}
        with self.cursor() as cursor:
            cursor.execute(compiled.sql, parameters)
            return [] if cursor.description is None else cursor.fetchall()

    def rows_of_each(self, compiled: Compiled, many: Sequence[Parameters]) -> list[list[Row]]:
        """Run a statement for each, one after the other."""
        found: list[list[Row]] = []
        with self.transaction() as cursor:
            for parameters in many:
                cursor.execute(compiled.sql, {**compiled.constants, **parameters})
                found.append([] if cursor.description is None else cursor.fetchall())
        return found

    @contextmanager
    def transaction(self, *, apart: bool = False) -> Iterator[Any]:
        """Lend the cursor for one transaction, which what is raised undoes; it is part of the one that the thread holds."""
        inside = self._held.cursor is not None and not apart
        with self.cursor(apart=apart) as cursor:
            if inside:
                yield cursor
                return
            cursor.execute("BEGIN")
            try:
                yield cursor
                cursor.execute("COMMIT")
            except BaseException:
                if not cursor.connection.closed:
                    cursor.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close the pooled connections."""
        self._engine.dispose()

    @contextmanager
    def hold(self, begin: str, keeps: Keeps) -> Iterator[Any]:
        """Hold one transaction of this thread; lends its cursor, and errors are those of ``cursor``."""
        with self.cursor() as cursor, self._held.transaction(cursor, begin, keeps):
            yield cursor

    @contextmanager
    def cursor(self, *, apart: bool = False) -> Iterator[Any]:
        """Lend the cursor of a pooled connection; a lost connection is dropped, a refused statement is not.

        Args:
            apart: Not that of the transaction which the thread holds.

        Raises:
            UnavailableError: the database does not answer, or no connection came free in time.
        """
        if self._held.cursor is not None and not apart:
            with self._step() as cursor:
                yield cursor
            return
        try:
            fairy = self._engine.raw_connection()
        except (SQLAlchemyError, OSError, self._error) as err:
            raise unavailable(err) from err
        lost = False
        try:
            cursor = fairy.info.get("cursor")
            if cursor is None:
                driver: Any = fairy.driver_connection
                cursor = fairy.info["cursor"] = driver.cursor()
            yield cursor
        except self._error as err:
            lost = is_lost(err, broken=bool(getattr(fairy.driver_connection, "closed", False)))
            if lost or is_outage(err):
                raise unavailable(err) from err
            raise
        finally:
            if lost:
                fairy.invalidate()
                self._forget_idle()
            else:
                fairy.close()

    @contextmanager
    def _step(self) -> Iterator[Any]:
        try:
            with self._held.step() as cursor:
                yield cursor
        except self._error as err:
            if is_outage(err) or is_lost(err, broken=bool(getattr(self._held.cursor.connection, "closed", False))):
                raise unavailable(err) from err
            raise

    def _forget_idle(self) -> None:
        """Close the idle connections too: whatever ended one ended them, and each would cost one more request."""
        if self._engine.dialect.name != "sqlite":
            self._engine.dispose()


def is_lost(err: BaseException, *, broken: bool) -> bool:
    """Tell whether a connection is of no more use after an error; ``broken`` is what the driver says of it."""
    if isinstance(err, sqlite3.Error):
        return isinstance(err, sqlite3.OperationalError)
    sqlstate = getattr(err, "sqlstate", None) or ""
    return broken or sqlstate[:3] == _SHUTDOWN or sqlstate == _STALE_PLAN


def is_deserted(descriptor: int) -> bool:
    """Tell whether the server has closed an idle connection: its end, or a last word of the server's, waits to be read.

    It is asked of connections that lay idle, so that a restart in a quiet hour costs no request. A server that only said
    something (a changed parameter) is told goodbye too; that costs one new connection.
    """
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    return bool(waiting.poll(0))


def is_outage(err: BaseException) -> bool:
    """Tell whether the database could not do its work now, rather than refused what it was asked."""
    sqlstate = getattr(err, "sqlstate", None) or ""
    return sqlstate[:2] in _OUTAGES or sqlstate == _READ_ONLY


def unavailable(err: BaseException) -> UnavailableError:
    """Say that the database does not answer; the reason goes to the log only."""
    return UnavailableError("The service is briefly unavailable. Please try again in a moment.",
                            dependency="database", retry_after_seconds=5, debug=f"{type(err).__name__}: {err}"[:500])
