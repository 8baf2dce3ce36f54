"""The second executor, for PostgreSQL: each statement is one libpq call, prepared once per connection.

psycopg's cursor hands the interpreter lock over several times in each ``execute``; ``pgconn.exec_prepared`` does so once, which
under four threads saves a fifth of a token answer (docs/performance.md). What the cursor does for us is done here instead:
parameters and results are translated by type, the result's status is checked, prepared names are remembered per connection.
psycopg prepares nothing of its own on these connections (``prepare_threshold=None``), for it would one day deallocate ours too.
The call cannot be interrupted: the engine's ``statement_timeout`` and TCP limits end it.
"""

from __future__ import annotations

import contextlib
import itertools
import select
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import Any

from psycopg import Error, OperationalError
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus, PipelineStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult
from sqlalchemy.dialects.postgresql.psycopg import dialect as psycopg_dialect
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql import ClauseElement
from sqlalchemy.types import Boolean, Integer, LargeBinary, String, TypeEngine

from .execution import Compiled, Parameters, Row, is_deserted, is_lost, is_outage, unavailable
from .together import Held, Keeps

Decode = Callable[[bytes], Any]
_Prepared = tuple[bytes, tuple[Decode, ...]]
"""Name on one connection, and how each column is read."""

_TEXT, _BINARY = 0, 1
_BOOL, _BYTEA, _INT8, _VARCHAR = 16, 17, 20, 1043
_FORGOTTEN = frozenset({b"26000", b"0A000"})
"""SQLSTATE of a prepared statement that the server no longer has (a proxy changed the session), or whose result a migration
changed. Nothing was done then, so it is prepared once more and run again."""
_GOOD = frozenset({ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK})
_PATIENCE_SECONDS = 5
_QUIET_SECONDS = 1
"""A connection that lay idle for longer is looked at before it is used."""
_NUMBERS = itertools.count()


def _integer(value: int) -> bytes:
    return b"%d" % value


def _boolean(value: bool) -> bytes:
    return b"t" if value else b"f"


def _bytes(value: bytes) -> bytes:
    return value


def _is_true(text: bytes) -> bool:
    return text == b"t"


def _unhex(text: bytes) -> bytes:
    return bytes.fromhex(text[2:].decode("ascii"))


_ENCODERS: tuple[tuple[type[TypeEngine[Any]], Callable[[Any], bytes], int, int], ...] = (
    # Text goes in binary form: libpq ends a text parameter at its first NUL without a word, the server refuses it.
    (String, str.encode, _BINARY, _VARCHAR),
    (LargeBinary, _bytes, _BINARY, _BYTEA),
    (Integer, _integer, _TEXT, _INT8),
    (Boolean, _boolean, _TEXT, _BOOL),
)
_DECODERS: dict[int, Decode] = {
    16: _is_true, 17: _unhex, 18: bytes.decode, 19: bytes.decode, 20: int, 21: int, 23: int, 25: bytes.decode, 1042: bytes.decode,
    1043: bytes.decode, 5069: bytes.decode}
"""By type number of the column (pg_type.oid): bool, bytea, char, name, int8, int2, int4, text, bpchar, varchar, xid8."""


class Statement:
    """One statement as PostgreSQL is asked to prepare it."""

    __slots__ = ("columns", "constants", "encoders", "formats", "oids", "sql")

    def __init__(self, compiled: Compiled) -> None:
        chosen = [(name, *_encoder(compiled.types[name], compiled.sql)) for name in compiled.order or ()]
        self.sql = compiled.sql.encode()
        self.columns = compiled.columns
        self.constants = compiled.constants
        self.encoders = tuple((name, encode) for name, encode, _format, _oid in chosen)
        self.formats = [entry[2] for entry in chosen]
        self.oids = [entry[3] for entry in chosen]


def _encoder(declared: TypeEngine[Any], sql: str) -> tuple[Callable[[Any], bytes], int, int]:
    for known, encode, form, oid in _ENCODERS:
        if isinstance(declared, known):
            return encode, form, oid
    raise RuntimeError(f"a parameter of type {declared!r} is not for hot statements: {sql}")


class _Line:
    """One connection of the executor's own, with what is prepared on it."""

    __slots__ = ("connection", "idle_since", "pgconn", "prepared")

    def __init__(self, engine: Engine) -> None:
        made = engine.raw_connection()
        driver: Any = made.driver_connection
        made.detach()
        self.connection = driver
        self.pgconn = driver.pgconn
        self.prepared: dict[Statement, _Prepared] = {}
        self.idle_since = 0.0


class PreparedExecutor:
    """Runs statements of one PostgreSQL engine through libpq.

    It keeps its connections itself: the engine makes them, and they leave its pool, whose way in and out costs as much as the
    rest of a call. The one used last is used next, so that few stay warm.

    Args:
        engine: Makes connections, in autocommit and without statements prepared by the driver.
        held: What a thread does as one transaction.
        most: Connections at the same time; a caller beyond waits five seconds at most.
    """

    def __init__(self, engine: Engine, held: Held, *, most: int) -> None:
        self._engine = engine
        self._held = held
        self._dialect = psycopg_dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]
        self._idle: list[_Line] = []
        self._permits: SimpleQueue[None] = SimpleQueue()
        for _ in range(most):
            self._permits.put(None)

    def compile(self, statement: ClauseElement) -> Statement:
        """Compile a statement, and have PostgreSQL plan it on a connection, so that a mistake shows at start."""
        self._give(self._take())  # the dialect learns the server's version from the first connection
        self._dialect.server_version_info = self._engine.dialect.server_version_info
        made = Statement(Compiled(statement, self._dialect))
        self._run(made, None)
        return made

    def rows(self, compiled: Statement, parameters: Parameters) -> list[Row]:
        """Run a statement and give its rows."""
        if compiled.constants:
            parameters = {**compiled.constants, **parameters}
        return self._run(compiled, _encoded(compiled, parameters))

    def rows_of_each(self, compiled: Statement, many: Sequence[Parameters]) -> list[list[Row]]:
        """Run a statement for each, all of them on their way before the first answer is read (libpq's pipeline).

        What lies between two syncs of a pipeline is one transaction, and the first refusal undoes it.
        """
        values = [_encoded(compiled, {**compiled.constants, **parameters}) for parameters in many]
        with self._lent() as line:
            prepared = line.prepared.get(compiled)
            if prepared is None:
                prepared = line.prepared[compiled] = _prepare(line.pgconn, compiled)
            results = _piped(line.pgconn, prepared[0], values, compiled.formats)
            if any(result.error_field(DiagnosticField.SQLSTATE) in _FORGOTTEN for result in results):
                prepared = line.prepared[compiled] = _prepare(line.pgconn, compiled)
                results = _piped(line.pgconn, prepared[0], values, compiled.formats)
            refused = next((result for result in results if result.status == ExecStatus.FATAL_ERROR), None)
            if refused is not None:
                raise error_from_result(refused)
            return [_rows(result, prepared[1]) for result in results[:len(values)]]

    def close(self) -> None:
        """Close the connections that are not in use."""
        while self._idle:
            with contextlib.suppress(IndexError, Error):
                self._idle.pop().connection.close()

    def _run(self, statement: Statement, values: list[bytes | None] | None) -> list[Row]:
        """Run, or only prepare where there are no values; a lost connection is dropped, a refused statement is not."""
        if self._held.line is not None:
            with self._lent() as line:
                return _run_on(line, statement, values)
        line = self._take()
        lost = False
        try:
            return _run_on(line, statement, values)
        except Error as err:
            lost = is_lost(err, broken=line.pgconn.status != ConnStatus.OK)
            if lost or is_outage(err):
                raise unavailable(err) from err
            raise
        finally:
            self._give(line, lost=lost)

    @contextmanager
    def _lent(self) -> Iterator[_Line]:
        """Lend a connection for more than one call; errors as ``_run``, and one that is left in the middle is lost too.

        That of the transaction which the thread holds is lent for one step of it.
        """
        held = self._held.line
        line, lost = held or self._take(), True
        try:
            with self._held.step() if held else contextlib.nullcontext():
                yield line
            lost = False
        except Error as err:
            lost = line.pgconn.pipeline_status != PipelineStatus.OFF or is_lost(err, broken=line.pgconn.status != ConnStatus.OK)
            if lost or is_outage(err):
                raise unavailable(err) from err
            raise
        finally:
            if held is None:
                self._give(line, lost=lost)

    @contextmanager
    def hold(self, begin: str, keeps: Keeps) -> Iterator[Any]:
        """Hold one transaction of this thread; lends the driver's cursor in it, and errors are those of ``rows``."""
        line: _Line = self._take()
        try:
            with line.connection.cursor() as cursor, self._held.transaction(cursor, begin, keeps, line):
                yield cursor
        except Error as err:
            if is_outage(err) or is_lost(err, broken=line.pgconn.status != ConnStatus.OK):
                raise unavailable(err) from err
            raise
        finally:
            idle = line.pgconn.status == ConnStatus.OK and line.pgconn.transaction_status == TransactionStatus.IDLE
            self._give(line, lost=not idle)

    def _take(self) -> _Line:
        """Take a connection: the one last given back, or a new one."""
        try:
            self._permits.get(timeout=_PATIENCE_SECONDS)
        except Empty as err:
            raise unavailable(err) from err
        with contextlib.suppress(IndexError):
            line = self._idle.pop()
            while time.monotonic() - line.idle_since > _QUIET_SECONDS and is_deserted(line.pgconn.socket):
                line.connection.close()
                line = self._idle.pop()
            return line
        try:
            return _Line(self._engine)
        except (SQLAlchemyError, OSError, Error) as err:
            self._permits.put(None)
            raise unavailable(err) from err

    def _give(self, line: _Line, *, lost: bool = False) -> None:
        """Give a connection back; with one that is lost go the idle ones, for whatever ended it ended them too."""
        if lost:
            line.connection.close()
            self.close()
        else:
            line.idle_since = time.monotonic()
            self._idle.append(line)
        self._permits.put(None)


def _run_on(line: _Line, statement: Statement, values: list[bytes | None] | None) -> list[Row]:
    """Run a statement on a connection, prepared there before; without values it is prepared only."""
    prepared = line.prepared.get(statement)
    if prepared is None:
        prepared = line.prepared[statement] = _prepare(line.pgconn, statement)
    if values is None:
        return []
    result = line.pgconn.exec_prepared(prepared[0], values, statement.formats, _TEXT)
    if result.status not in _GOOD and result.error_field(DiagnosticField.SQLSTATE) in _FORGOTTEN:
        prepared = line.prepared[statement] = _prepare(line.pgconn, statement)
        result = line.pgconn.exec_prepared(prepared[0], values, statement.formats, _TEXT)
    return _rows(result, prepared[1])


def _prepare(pgconn: PGconn, statement: Statement) -> _Prepared:
    name = b"idp_%d" % next(_NUMBERS)
    _checked(pgconn.prepare(name, statement.sql, statement.oids))
    described = _checked(pgconn.describe_prepared(name))
    oids = [described.ftype(column) for column in range(described.nfields)]
    if not _DECODERS.keys() >= set(oids):
        raise RuntimeError(f"a result of types {oids} is not for hot statements: {statement.sql.decode()}")
    return name, tuple(_DECODERS[oid] for oid in oids)


def _encoded(statement: Statement, parameters: Parameters) -> list[bytes | None]:
    return [None if (value := parameters[name]) is None else encode(value) for name, encode in statement.encoders]


def _piped(pgconn: PGconn, name: bytes, many: Sequence[list[bytes | None]], formats: list[int]) -> list[PGresult]:
    """Send all, then read a result for each and that of the sync, which is the commit.

    libpq's own waiting would hold the interpreter lock, perhaps against the thread whose transaction is waited for.
    """
    pgconn.enter_pipeline_mode()
    for values in many:
        pgconn.send_query_prepared(name, values, formats, _TEXT)
    pgconn.pipeline_sync()
    coming, both = select.poll(), select.poll()
    coming.register(pgconn.socket, select.POLLIN)
    both.register(pgconn.socket, select.POLLIN | select.POLLOUT)
    while pgconn.flush():
        if any(what & ~select.POLLOUT for _, what in both.poll()):
            pgconn.consume_input()
    results: list[PGresult] = []
    for place in range(len(many) + 1):
        while pgconn.is_busy():
            coming.poll()
            pgconn.consume_input()
        result = pgconn.get_result()
        if result is None or pgconn.status != ConnStatus.OK:
            raise OperationalError("the connection was lost in the middle of a pipeline")
        results.append(result)
        if place < len(many):
            pgconn.get_result()  # None, the end of one statement's results
    pgconn.exit_pipeline_mode()
    return results


def _checked(result: PGresult) -> PGresult:
    if result.status not in _GOOD:
        raise error_from_result(result)
    return result


def _rows(result: PGresult, decoders: tuple[Decode, ...]) -> list[Row]:
    value_of = _checked(result).get_value
    return [tuple([None if (value := value_of(row, column)) is None else decode(value)
                   for column, decode in enumerate(decoders)])
            for row in range(result.ntuples)]
