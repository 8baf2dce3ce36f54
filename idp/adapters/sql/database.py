"""Statements compiled once, executed through the driver; one call is one transaction.

``Read`` is a select. ``Write`` is one act: an optional conditional ``guard`` and everything that happens only if the guard
found its row, all or nothing. On PostgreSQL a Write is a single data-modifying statement in autocommit (a transaction, its
commit and its audit row in one round trip); on SQLite it is BEGIN IMMEDIATE ... COMMIT under a lock of this process.
Why not the ORM here: docs/decisions/0002. Private names of SQLAlchemy are used in this module only, and checked at start.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import namedtuple
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import bindparam, create_engine, event, exists, insert, literal_column, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.dml import Delete, Insert, Update
from sqlalchemy.sql.elements import BindParameter
from sqlalchemy.sql.selectable import CTE, Select

from ...errors import UnavailableError

Parameters = Mapping[str, Any]


def parameter(column: Any, name: str | None = None) -> BindParameter[Any]:
    """Make a named parameter of a column's type; statements take every value through these."""
    return bindparam(name or column.name, type_=column.type)


class _Compiled:
    """Text and fixed parameters of one statement for one dialect."""

    __slots__ = ("columns", "constants", "sql")

    def __init__(self, statement: ClauseElement, engine: Engine) -> None:
        compiled: Any = statement.compile(dialect=engine.dialect)
        if compiled.literal_execute_params or compiled.post_compile_params:
            raise RuntimeError(f"statement needs expansion at execution: {compiled.string}")
        if getattr(compiled, "insert_prefetch", None) or getattr(compiled, "update_prefetch", None):
            raise RuntimeError(f"statement relies on a Python-side default: {compiled.string}")
        self.sql: str = compiled.string
        self.constants = {name: bind.value for bind, name in compiled.bind_names.items() if not bind.required}
        self.columns = tuple(str(entry.name) for entry in (compiled._result_columns or ()))


class Database:
    """Two engines on one URL: ``durable`` (an answer means it is on disk) and ``relaxed`` (a crash may lose the last 0.6 s).

    Args:
        url: SQLAlchemy URL; ``sqlite:///path`` or ``postgresql+psycopg://...``.
        pool_size: Connections kept per engine; at least the server's blocking threads + 1.
        statement_timeout_seconds: A statement that takes longer is cut (PostgreSQL).
    """

    def __init__(self, url: str | URL, *, pool_size: int = 6, statement_timeout_seconds: int = 10) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._write_lock = threading.RLock()
        self._prepared: list[_Statement] = []
        self.durable = self._engine(durable=True, pool_size=pool_size, timeout=statement_timeout_seconds)
        self.relaxed = self._engine(durable=False, pool_size=pool_size, timeout=statement_timeout_seconds)

    def _engine(self, *, durable: bool, pool_size: int, timeout: int) -> Engine:
        pool: dict[str, Any] = {"pool_size": pool_size, "max_overflow": 0, "pool_timeout": 5, "pool_reset_on_return": None}
        if not self.is_sqlite:
            options = (f"-c synchronous_commit={'on' if durable else 'off'} -c statement_timeout={timeout * 1000}"
                       " -c timezone=UTC -c client_encoding=UTF8 -c plan_cache_mode=force_generic_plan -c jit=off")
            return create_engine(self.url, isolation_level="AUTOCOMMIT", connect_args={
                "options": options, "prepare_threshold": 0, "connect_timeout": 3,
                "keepalives_idle": 15, "keepalives_interval": 5, "keepalives_count": 3,
            }, **pool)
        engine = create_engine(self.url, paramstyle="named", connect_args={
            "isolation_level": None, "cached_statements": 256, "check_same_thread": False, "timeout": 5,
        }, **pool)
        level = "FULL" if durable else "NORMAL"

        @event.listens_for(engine, "connect")
        def _pragmas(connection: sqlite3.Connection, _record: Any) -> None:
            for pragma in ("journal_mode=WAL", f"synchronous={level}", "busy_timeout=5000", "foreign_keys=ON"):
                connection.execute(f"PRAGMA {pragma}")

        return engine

    def insert(self, table: Any) -> Any:
        """Give the dialect's own insert construct of a table or mapped class, for ``on_conflict_do_update``."""
        table = getattr(table, "__table__", table)
        return sqlite_insert(table) if self.is_sqlite else postgresql_insert(table)

    def read(self, statement: Select[Any]) -> Read:
        """Register a select; it is compiled at its first use or by ``prepare``."""
        read = Read(self, statement)
        self._prepared.append(read)
        return read

    def write(self, *acts: Insert | Update | Delete, guard: Update | Insert | Delete | None = None,
              durable: bool = True) -> Write:
        """Register one act.

        Args:
            acts: What happens; with a guard, only if the guard found its row. Inserts give their columns by ``insert_row``
                or ``.values(name=parameter(...))``. Acts do not see each other's rows.
            guard: Conditional update, insert or delete with ``.returning(...)``; decides who won. It must name one row.
            durable: False only for what a client may simply ask for again (access tokens, last-seen times).
        """
        write = Write(self, acts, guard, durable=durable)
        self._prepared.append(write)
        return write

    def prepare(self) -> None:
        """Connect and compile every registered statement, so that a mistake shows at start and not in a request."""
        for statement in self._prepared:
            statement.compile()

    def ping(self) -> None:
        """Ask the database for an answer; raises UnavailableError without one."""
        with self.cursor(self.relaxed) as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()

    @contextmanager
    def cursor(self, engine: Engine) -> Iterator[Any]:
        """Lend the reused cursor of a pooled connection; a lost connection is dropped, a refused statement is not.

        Raises:
            UnavailableError: the database does not answer, or no connection came free in time.
        """
        try:
            fairy = engine.raw_connection()
        except (DBAPIError, SQLAlchemyError, OSError) as err:
            raise _unavailable(err) from err
        except engine.dialect.loaded_dbapi.Error as err:
            raise _unavailable(err) from err
        broken: BaseException | None = None
        try:
            cursor = fairy.info.get("cursor")
            if cursor is None:
                driver: Any = fairy.driver_connection
                cursor = fairy.info["cursor"] = driver.cursor()
            yield cursor
        except engine.dialect.loaded_dbapi.Error as err:
            if self._lost(fairy.driver_connection, err):
                broken = err
                raise _unavailable(err) from err
            raise
        finally:
            if broken is not None:
                fairy.info.pop("cursor", None)
                fairy.invalidate(broken)
            else:
                fairy.close()

    def _lost(self, connection: Any, err: BaseException) -> bool:
        if self.is_sqlite:
            return isinstance(err, sqlite3.OperationalError)
        return bool(connection.closed) or type(err).__name__ in {
            "QueryCanceled", "AdminShutdown", "CrashShutdown", "CannotConnectNow", "DiskFull", "ReadOnlySqlTransaction",
            "FeatureNotSupported", "OperationalError",
        }

    @property
    def write_lock(self) -> threading.RLock:
        """The process-wide lock round SQLite writes; keeps threads out of the busy handler's sleeps."""
        return self._write_lock

    def dispose(self) -> None:
        """Close all pooled connections."""
        self.durable.dispose()
        self.relaxed.dispose()


def _unavailable(err: BaseException) -> UnavailableError:
    return UnavailableError("The service is briefly unavailable. Please try again in a moment.",
                            dependency="database", retry_after_seconds=5, debug=f"{type(err).__name__}: {err}"[:500])


class _Statement:
    __slots__ = ("_database",)

    def __init__(self, database: Database) -> None:
        self._database = database

    def compile(self) -> None:
        raise NotImplementedError


class Read(_Statement):
    """A select whose rows come as named tuples, in the columns' driver types."""

    __slots__ = ("_compiled", "_row", "_statement")

    def __init__(self, database: Database, statement: Select[Any]) -> None:
        super().__init__(database)
        self._statement = statement
        self._compiled: _Compiled | None = None
        self._row: Any = None

    def compile(self) -> None:
        """Compile now."""
        with self._database.cursor(self._database.relaxed):
            compiled = _Compiled(self._statement, self._database.relaxed)
        self._row = namedtuple("Row", compiled.columns)._make  # type: ignore[attr-defined]
        self._compiled = compiled

    def one(self, **parameters: Any) -> Any | None:
        """Give the first row, or None."""
        compiled = self._compiled
        if compiled is None:
            self.compile()
            compiled = self._compiled
        assert compiled is not None
        if compiled.constants:
            parameters = {**compiled.constants, **parameters}
        with self._database.cursor(self._database.relaxed) as cursor:
            cursor.execute(compiled.sql, parameters)
            row = cursor.fetchone()
            if row is not None and self._database.is_sqlite:
                cursor.fetchall()
        return None if row is None else self._row(row)

    def all(self, **parameters: Any) -> list[Any]:
        """Give all rows."""
        if self._compiled is None:
            self.compile()
        compiled = self._compiled
        assert compiled is not None
        with self._database.cursor(self._database.relaxed) as cursor:
            cursor.execute(compiled.sql, {**compiled.constants, **parameters})
            rows = cursor.fetchall()
        return [self._row(row) for row in rows]


class Write(_Statement):
    """One act: all of it or nothing."""

    __slots__ = ("_acts", "_engine", "_guard", "_sequence", "_single")

    def __init__(self, database: Database, acts: Sequence[Insert | Update | Delete],
                 guard: Update | Insert | Delete | None, *, durable: bool) -> None:
        super().__init__(database)
        self._acts = tuple(acts)
        self._guard = guard
        self._engine = database.durable if durable else database.relaxed
        self._single: _Compiled | None = None
        self._sequence: tuple[_Compiled, ...] = ()

    def compile(self) -> None:
        """Compile now, for the database's own way of doing it."""
        with self._database.cursor(self._engine):
            if self._database.is_sqlite:
                statements = ([] if self._guard is None else [self._guard]) + list(self._acts)
                self._sequence = tuple(_Compiled(s, self._engine) for s in statements)
            else:
                self._single = _Compiled(_as_one_statement(self._acts, self._guard), self._engine)

    def run(self, **parameters: Any) -> tuple[Any, ...] | None:
        """Do it.

        Returns:
            The guard's RETURNING row (without a guard: a tuple that holds 1), or None when the guard found no row; then nothing
            was written.

        Raises:
            UnavailableError: the database does not answer; whether the act happened is then unknown to the caller.
        """
        if self._database.is_sqlite:
            return self._run_sqlite(parameters)
        if self._single is None:
            self.compile()
        compiled = self._single
        assert compiled is not None
        with self._database.cursor(self._engine) as cursor:
            cursor.execute(compiled.sql, {**compiled.constants, **parameters} if compiled.constants else parameters)
            if cursor.description is None:
                return (1,)
            row = cursor.fetchone()
        return None if row is None else tuple(row)

    def run_each(self, **parameters: Any) -> list[tuple[Any, ...]]:
        """Do a guard without acts that names several rows, for example an upsert of several counters.

        Returns:
            The RETURNING rows of those that the guard's condition let through, in no order.
        """
        assert self._guard is not None
        assert not self._acts
        if self._database.is_sqlite:
            if not self._sequence:
                self.compile()
            only = self._sequence[0]
            with self._database.write_lock, self._database.cursor(self._engine) as cursor:
                cursor.execute(only.sql, {**only.constants, **parameters})
                return [tuple(row) for row in cursor.fetchall()]
        if self._single is None:
            self.compile()
        compiled = self._single
        assert compiled is not None
        with self._database.cursor(self._engine) as cursor:
            cursor.execute(compiled.sql, {**compiled.constants, **parameters})
            return [tuple(row) for row in cursor.fetchall()]

    def _run_sqlite(self, parameters: Parameters) -> tuple[Any, ...] | None:
        if not self._sequence:
            self.compile()
        with self._database.write_lock, self._database.cursor(self._engine) as cursor:
            cursor.execute("BEGIN IMMEDIATE")
            try:
                found: tuple[Any, ...] | None = (1,)
                acts = self._sequence
                if self._guard is not None:
                    guard, acts = acts[0], acts[1:]
                    cursor.execute(guard.sql, {**guard.constants, **parameters})
                    found = cursor.fetchone()
                    cursor.fetchall()
                if found is not None:
                    for act in acts:
                        cursor.execute(act.sql, {**act.constants, **parameters})
                    cursor.execute("COMMIT")
                else:
                    cursor.execute("ROLLBACK")
            except BaseException:
                if cursor.connection.in_transaction:
                    cursor.execute("ROLLBACK")
                raise
        return None if found is None else tuple(found)


def insert_row(target: Any, **values: Any) -> Insert:
    """Make an insert that takes every column of a table from a parameter of the column's name.

    Args:
        target: Mapped class or table. Autoincrement keys and the audit's ``xact`` are left to the database.
        values: Expressions or parameters for columns that are not simply named parameters.
    """
    table = getattr(target, "__table__", target)
    columns = {c.name: values.get(c.name, parameter(c)) for c in table.columns
               if c.name in values or (not (c.primary_key and c.autoincrement is True) and c.name != "xact")}
    return insert(table).inline().values(columns)


def _as_one_statement(acts: Sequence[Insert | Update | Delete], guard: Update | Insert | Delete | None) -> Any:
    """Compose the acts into one data-modifying statement of PostgreSQL (docs/decisions/0002)."""
    if guard is None and len(acts) == 1:
        return acts[0]
    taken: CTE | None = None if guard is None else guard.cte("taken")
    parts: list[CTE] = []
    for number, act in enumerate(acts):
        bound = act if taken is None else _only_if(act, taken)
        parts.append(bound.returning(literal_column("1").label("done")).cte(f"act{number}"))
    final = select(literal_column("1").label("done")) if taken is None else select(taken)
    return final.add_cte(*parts)


def _only_if(act: Insert | Update | Delete, taken: CTE) -> Any:
    if not isinstance(act, Insert):
        return act.where(exists(select(literal_column("1")).select_from(taken)))
    if act.select is not None:
        chosen: Any = act.select
        return insert(act.table).inline().from_select(
            act._select_names or (), chosen.where(exists(select(literal_column("1")).select_from(taken))))
    values: Any = act._values
    if not values:
        raise RuntimeError("an insert of a guarded act gives its columns by values()")
    names = [getattr(c, "name", c) for c in values]
    fresh = postgresql_insert(act.table).inline().from_select(
        names, select(*values.values()).select_from(taken).limit(literal_column("1")))
    conflict = getattr(act, "_post_values_clause", None)
    if conflict is not None:
        fresh._post_values_clause = conflict
    return fresh
