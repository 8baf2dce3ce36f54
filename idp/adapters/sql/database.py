"""Statements compiled once, executed through the driver; one call is one transaction.

``Read`` is a select. ``Write`` is one act: an optional conditional ``guard`` and everything that happens only if the guard
found its row, all or nothing. On PostgreSQL a Write is a single data-modifying statement in autocommit (a transaction, its
commit and its audit row in one round trip); on SQLite it is BEGIN IMMEDIATE ... COMMIT under a lock of this process. How a
statement is run: execution.py and prepared.py. Why not the ORM here: docs/decisions/0002.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import namedtuple
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from sqlalchemy import bindparam, create_engine, event, exists, insert, literal_column, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.sql.dml import Delete, Insert, Update
from sqlalchemy.sql.elements import BindParameter
from sqlalchemy.sql.selectable import CTE, Select

from .execution import Compilable, CursorExecutor, Executor, Parameters, Row, is_deserted
from .prepared import PreparedExecutor
from .together import Held, Keeps, immediate


def parameter(column: Any, name: str | None = None) -> BindParameter[Any]:
    """Make a named parameter of a column's type; statements take every value through these."""
    return bindparam(name or column.name, type_=column.type)


class Database:
    """Two engines on one URL: ``durable`` (an answer means it is on disk) and ``relaxed`` (a crash may lose the last 0.6 s).

    Args:
        url: SQLAlchemy URL; ``sqlite:///path`` or ``postgresql+psycopg://...``.
        pool_size: Connections kept per engine; at least the server's blocking threads + 1.
        statement_timeout_seconds: A statement that takes longer is cut (PostgreSQL).
        prepared: False runs single statements of PostgreSQL through the driver's cursor too.
    """

    def __init__(self, url: str | URL, *, pool_size: int = 6, statement_timeout_seconds: int = 10, prepared: bool = True) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._write_lock = threading.RLock()
        self._prepared: list[Compilable] = []
        self.durable = self._engine(durable=True, pool_size=pool_size, timeout=statement_timeout_seconds)
        self.relaxed = self._engine(durable=False, pool_size=pool_size, timeout=statement_timeout_seconds)
        held = Held()
        self._cursors = {engine: CursorExecutor(engine, held) for engine in (self.durable, self.relaxed)}
        self._executors: dict[Engine, Executor] = dict(self._cursors)
        if prepared and not self.is_sqlite:
            self._executors = {engine: PreparedExecutor(engine, held, most=pool_size) for engine in self._cursors}
        self._one = self.read(select(literal_column("1").label("one")))

    def _engine(self, *, durable: bool, pool_size: int, timeout: int) -> Engine:
        pool: dict[str, Any] = {"pool_size": pool_size, "max_overflow": 0, "pool_timeout": 5, "pool_reset_on_return": None}
        if not self.is_sqlite:
            options = (f"-c synchronous_commit={'on' if durable else 'off'} -c statement_timeout={timeout * 1000}"
                       " -c timezone=UTC -c client_encoding=UTF8 -c plan_cache_mode=force_generic_plan -c jit=off")
            server = create_engine(self.url, isolation_level="AUTOCOMMIT", connect_args={
                "options": options, "prepare_threshold": None, "connect_timeout": 3,
                "keepalives_idle": 15, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 15000,
            }, **pool)

            @event.listens_for(server, "checkout")
            def _look(connection: Any, _record: Any, _proxy: Any) -> None:
                if is_deserted(connection.fileno()):
                    raise DisconnectionError  # the pool makes another one

            return server
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

    def look(self, statement: Select[Any]) -> Look:
        """Register a select that PostgreSQL plans anew for the values of each call.

        For what is asked seldom of a large table, and is rare or frequent by its values: a plan that suits all of them reads a
        busy application's millions as if they were a quiet one's.
        """
        look = Look(self, statement)
        self._prepared.append(look)
        return look

    def write(self, *acts: Insert | Update | Delete, guard: Update | Insert | Delete | None = None,
              durable: bool = True, after: Select[Any] | Sequence[Select[Any]] = ()) -> Write:
        """Register one act.

        Args:
            acts: What happens; with a guard, only if the guard found its row. Inserts give their columns by ``insert_row``
                or ``.values(name=parameter(...))``. Acts do not see each other's rows.
            guard: Conditional update, insert or delete with ``.returning(...)``; decides who won. It must name one row.
            durable: False only for what a client may simply ask for again (access tokens, last-seen times).
            after: Select with_for_update of the row that others write under, or several in order. PostgreSQL holds it first, in
                the same transaction, so that the acts see what was written until then; one statement alone would see what there
                was before it waited.
        """
        write = Write(self, acts, guard, durable=durable, after=after if isinstance(after, Sequence) else (after,))
        self._prepared.append(write)
        return write

    def prepared(self, statement: Compilable) -> None:
        """Have a statement that is run in a way of its own (``streaming``) compiled by ``prepare`` as well."""
        self._prepared.append(statement)

    def prepare(self) -> None:
        """Connect and compile every registered statement, so that a mistake shows at start and not in a request."""
        for statement in self._prepared:
            statement.compile()

    def ping(self) -> None:
        """Ask the database for an answer; raises UnavailableError without one."""
        self._one.one()

    def executor(self, engine: Engine, *, in_transaction: bool = False) -> Executor:
        """Give what runs single statements on one of the two engines, or what compiles them for ``cursor``."""
        return self._cursors[engine] if in_transaction else self._executors[engine]

    def cursor(self, engine: Engine, *, apart: bool = False) -> AbstractContextManager[Any]:
        """Lend the driver's cursor, for what is more than one statement; arguments and errors as ``CursorExecutor.cursor``."""
        return self._cursors[engine].cursor(apart=apart)

    @contextmanager
    def together(self, keeps: Keeps) -> Iterator[Any]:
        """Hold one transaction, of which all is that this thread reads and writes until the end; lends its cursor.

        Raises:
            UnavailableError: the database does not answer; whether it all happened is then unknown.
        """
        if self.is_sqlite:
            with self._write_lock, self._cursors[self.durable].hold("BEGIN IMMEDIATE", keeps) as cursor:
                yield cursor
        else:
            with self._executors[self.durable].hold("BEGIN", keeps) as cursor:
                yield cursor

    def transaction(self, engine: Engine, *, apart: bool = False) -> AbstractContextManager[Any]:
        """Lend the driver's cursor for one transaction of PostgreSQL; arguments and errors as ``CursorExecutor.cursor``."""
        return self._cursors[engine].transaction(apart=apart)

    @property
    def write_lock(self) -> threading.RLock:
        """The process-wide lock round SQLite writes; keeps threads out of the busy handler's sleeps."""
        return self._write_lock

    def dispose(self) -> None:
        """Close all connections that are not in use."""
        for executor in (*self._executors.values(), *self._cursors.values()):
            executor.close()


class _Statement:
    __slots__ = ("_database",)

    def __init__(self, database: Database) -> None:
        self._database = database

    def compile(self) -> None:
        raise NotImplementedError


class Read(_Statement):
    """A select whose rows come as named tuples, in the columns' driver types."""

    __slots__ = ("_compiled", "_executor", "_row", "_statement")

    def __init__(self, database: Database, statement: Select[Any]) -> None:
        super().__init__(database)
        self._statement = statement
        self._executor = database.executor(database.relaxed)
        self._compiled: Any = None
        self._row: Any = None

    def compile(self) -> None:
        """Compile now."""
        compiled = self._executor.compile(self._statement)
        self._row = namedtuple("Row", compiled.columns)._make  # type: ignore[attr-defined]
        self._compiled = compiled

    def one(self, **parameters: Any) -> Any | None:
        """Give the first row, or None."""
        if self._compiled is None:
            self.compile()
        rows = self._executor.rows(self._compiled, parameters)
        return self._row(rows[0]) if rows else None

    def all(self, **parameters: Any) -> list[Any]:
        """Give all rows."""
        if self._compiled is None:
            self.compile()
        return [self._row(row) for row in self._executor.rows(self._compiled, parameters)]


class Look(Read):
    """A select that is planned for its values; on SQLite as ``Read``."""

    __slots__ = ()

    def __init__(self, database: Database, statement: Select[Any]) -> None:
        super().__init__(database, statement)
        self._executor = database.executor(database.relaxed, in_transaction=not database.is_sqlite)

    def one(self, **parameters: Any) -> Any | None:
        """Give the first row, or None."""
        return next(iter(self.all(**parameters)), None)

    def all(self, **parameters: Any) -> list[Any]:
        """Give all rows."""
        if self._database.is_sqlite:
            return super().all(**parameters)
        if self._compiled is None:
            self.compile()
        with self._database.transaction(self._database.relaxed) as cursor:
            cursor.execute("SET LOCAL plan_cache_mode = force_custom_plan")
            cursor.execute(self._compiled.sql, {**self._compiled.constants, **parameters})
            return [self._row(row) for row in cursor.fetchall()]


class Write(_Statement):
    """One act: all of it or nothing."""

    __slots__ = ("_acts", "_after", "_engine", "_executor", "_guard", "_sequence", "_single")

    def __init__(self, database: Database, acts: Sequence[Insert | Update | Delete],
                 guard: Update | Insert | Delete | None, *, durable: bool, after: Sequence[Select[Any]] = ()) -> None:
        super().__init__(database)
        self._acts = tuple(acts)
        self._guard = guard
        self._engine = database.durable if durable else database.relaxed
        self._after = tuple(after)
        self._executor = database.executor(self._engine, in_transaction=bool(after))
        self._single: Any = None
        self._sequence: tuple[Any, ...] = ()

    def compile(self) -> None:
        """Compile now, for the database's own way of doing it."""
        if self._database.is_sqlite:
            statements = ([] if self._guard is None else [self._guard]) + list(self._acts)
            self._sequence = tuple(self._executor.compile(statement) for statement in statements)
        else:
            self._sequence = tuple(self._executor.compile(statement) for statement in self._after)
            self._single = self._executor.compile(_as_one_statement(self._acts, self._guard))

    def run(self, **parameters: Any) -> Row | None:
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
        rows = self._executor.rows(self._single, parameters) if not self._after else self._rows_after(parameters)
        if not self._single.columns:
            return (1,)
        return rows[0] if rows else None

    def run_each(self, **parameters: Any) -> list[Row]:
        """Do a guard without acts that names several rows, for example an upsert of several counters.

        Returns:
            The RETURNING rows of those that the guard's condition let through, in no order.
        """
        assert self._guard is not None
        assert not self._acts
        if self._single is None and not self._sequence:
            self.compile()
        if not self._database.is_sqlite:
            return self._executor.rows(self._single, parameters)
        with self._database.write_lock:
            return self._executor.rows(self._sequence[0], parameters)

    def run_all(self, many: Sequence[Parameters]) -> list[Row | None]:
        """Do it once for each of several sets of parameters, in order, in one transaction and, on PostgreSQL, one round trip.

        Returns:
            For each what ``run`` gives; one whose guard found no row wrote nothing, and the others are written all the same.

        Raises:
            UnavailableError: as ``run``; all of it happened or nothing.
        """
        assert not self._after
        if not many:
            return []
        if self._single is None and not self._sequence:
            self.compile()
        if self._database.is_sqlite:
            with self._database.write_lock, self._database.cursor(self._engine) as cursor, immediate(cursor):
                return [self._act(cursor, parameters) for parameters in many]
        found = self._executor.rows_of_each(self._single, many)
        if not self._single.columns:
            return [(1,)] * len(many)
        return [rows[0] if rows else None for rows in found]

    def _rows_after(self, parameters: Parameters) -> list[Row]:
        with self._database.transaction(self._engine) as cursor:
            for statement in (*self._sequence, self._single):
                cursor.execute(statement.sql, {**statement.constants, **parameters})
            rows: list[Row] = cursor.fetchall()
        return rows

    def _run_sqlite(self, parameters: Parameters) -> Row | None:
        if not self._sequence:
            self.compile()
        with self._database.write_lock, self._database.cursor(self._engine) as cursor, immediate(cursor):
            return self._act(cursor, parameters)

    def _act(self, cursor: Any, parameters: Parameters) -> Row | None:
        """Do it in SQLite's open transaction; where the guard finds no row nothing is written."""
        found: Row | None = (1,)
        acts = self._sequence
        if self._guard is not None:
            guard, acts = acts[0], acts[1:]
            cursor.execute(guard.sql, {**guard.constants, **parameters})
            found = cursor.fetchone()
            cursor.fetchall()
        if found is not None:
            for act in acts:
                cursor.execute(act.sql, {**act.constants, **parameters})
        return found


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
