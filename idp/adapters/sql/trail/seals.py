"""Records and seals as the audit chain needs them (port ``SealStore`` of idp/audit/chain.py).

PostgreSQL: a record's place is (epoch, xact, id); only transactions below the oldest one still running are given out, so that no
earlier record can appear later. One sealer at a time by a session advisory lock; the seal's primary key protects the chain even
if two believed they hold it. The epoch rises when the cluster changed or its transaction numbers went back: a dump restored
into a new cluster starts with low numbers, which would otherwise sort before what is sealed already.
SQLite: one writer, so the order of AUTOINCREMENT ids is commit order; one sealer at a time by a lock on a file beside it.
"""

from __future__ import annotations

import fcntl
import json
import secrets
from collections.abc import Iterable
from typing import IO, Any

from sqlalchemy import BigInteger, Integer, String, and_, bindparam, cast, func, literal_column, or_, select, tuple_
from sqlalchemy.exc import SQLAlchemyError

from ....audit.archive.month import Kept
from ....audit.seal import Position, Seal, StoredRecord
from ....errors import UnavailableError
from ..audit import EPOCH, current_epoch
from ..database import Database, parameter
from ..tables import AuditRow, AuditSealRow, TransactionId, VersionRow
from .archives import kept_of, months_of

CHAIN = "audit_chain"
CLUSTER = "audit_cluster"
HIGHEST = "audit_highest_id"
_LOCK = 0x1D9A0D17
_BACKLOG_LIMIT = 100_000
RECORD: tuple[Any, ...] = (
    AuditRow.epoch, AuditRow.xact, AuditRow.id, AuditRow.at, AuditRow.event, AuditRow.sub, AuditRow.client_id, AuditRow.sid,
    AuditRow.source, AuditRow.request_id, AuditRow.detail)
"""The columns of a record, in the order in which ``records_of`` takes them."""


class SqlSealStore:
    """Seals in the same database as the records."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._holder: Any = None
        self._cluster_known = False
        self._lock_file: IO[bytes] | None = None
        here = tuple_(AuditRow.epoch, AuditRow.xact, AuditRow.id)
        in_order = (AuditRow.epoch, AuditRow.xact, AuditRow.id)
        complete: Any = literal_column("1") == literal_column("1")
        if not database.is_sqlite:
            oldest_running: Any = func.pg_snapshot_xmin(func.pg_current_snapshot(), type_=TransactionId())
            complete = or_(AuditRow.epoch < current_epoch(), AuditRow.xact < oldest_running)
        after, upto = self._place("after"), self._place("upto")
        limit = bindparam("limit", type_=Integer())
        self._unsealed = database.read(
            select(*RECORD).where(and_(here > after, complete)).order_by(*in_order).limit(limit))
        self._between = database.read(select(*RECORD).where(and_(here > after, here <= upto)).order_by(*in_order))
        behind = select(AuditRow.at).where(here > after).order_by(*in_order).limit(limit)
        self._oldest = database.read(behind)
        self._count = database.read(select(func.count().label("n")).select_from(behind.subquery()))
        seal: Any = AuditSealRow.__table__
        self._last = database.read(select(seal).order_by(seal.c.number.desc()).limit(literal_column("1")))
        self._seals = database.read(select(seal).where(seal.c.number > bindparam("after", type_=BigInteger()))
                                    .order_by(seal.c.number).limit(limit))
        fresh = database.insert(seal).inline().values({c.name: parameter(c) for c in seal.columns})
        self._append = database.write(
            self._put("highest"), guard=fresh.on_conflict_do_nothing(index_elements=["number"]).returning(seal.c.number))
        self._archived = months_of(database)
        self._value = database.read(select(VersionRow.value).where(VersionRow.name == parameter(_version().c.name)))
        once = database.insert(VersionRow).inline().values(name=parameter(_version().c.name), value=parameter(_version().c.value))
        self._once = database.write(once.on_conflict_do_nothing(index_elements=["name"]))

    def _place(self, prefix: str) -> Any:
        """Make the parameters of a position; xid8 has no cast from bigint, so it goes as text."""
        xact: Any = bindparam(f"{prefix}_xact", type_=Integer())
        if not self._database.is_sqlite:
            xact = cast(bindparam(f"{prefix}_xact", type_=String()), TransactionId())
        return tuple_(bindparam(f"{prefix}_epoch", type_=Integer()), xact, bindparam(f"{prefix}_id", type_=BigInteger()))

    def _at(self, prefix: str, position: Position) -> dict[str, Any]:
        xact: Any = position.xact if self._database.is_sqlite else str(position.xact)
        return {f"{prefix}_epoch": position.epoch, f"{prefix}_xact": xact, f"{prefix}_id": position.id}

    def _put(self, name: str) -> Any:
        """Make the act that sets a row of ``version`` from parameters ``{name}_name`` and ``{name}_value``."""
        value = parameter(_version().c.value, f"{name}_value")
        return self._database.insert(VersionRow).inline().values(
            name=parameter(_version().c.name, f"{name}_name"), value=value,
        ).on_conflict_do_update(index_elements=["name"], set_={"value": value})

    def chain(self) -> int | None:
        """Give the number that names this database's chain; None where none was begun."""
        row = self._value.one(name=CHAIN)
        return None if row is None else int(row.value)

    def begin_chain(self) -> int:
        """Name the chain, unless it has a name; give the one it has afterwards."""
        return self._remembered(CHAIN, secrets.randbelow(2**62) + 1)

    def _remembered(self, name: str, fresh: int) -> int:
        row = self._value.one(name=name)
        if row is None:
            self._once.run(name=name, value=fresh)
            row = self._value.one(name=name)
        assert row is not None
        return int(row.value)

    def last_seal(self) -> Seal | None:
        """Give the newest seal."""
        row = self._last.one()
        return None if row is None else _seal(row)

    def seals(self, *, after: int, limit: int) -> list[Seal]:
        """Give seals with a number above ``after``, in order."""
        return [_seal(row) for row in self._seals.all(after=after, limit=limit)]

    def unsealed(self, *, after: Position, limit: int) -> list[StoredRecord]:
        """Give the next records in commit order that no other can precede any more."""
        return records_of(self._unsealed.all(limit=limit, **self._at("after", after)))

    def records(self, *, after: Position, upto: Position) -> list[StoredRecord]:
        """Give the records of a range, in order."""
        return records_of(self._between.all(**self._at("after", after), **self._at("upto", upto)))

    def backlog(self, *, after: Position) -> tuple[int, int | None]:
        """Give how many records stand behind a position, counted up to 100,000, and when the first was written."""
        first = self._oldest.one(limit=1, **self._at("after", after))
        if first is None:
            return 0, None
        row = self._count.one(limit=_BACKLOG_LIMIT, **self._at("after", after))
        return int(row.n) if row is not None else 0, int(first.at)

    def archived(self) -> list[Kept]:
        """Give the months that were archived."""
        return kept_of(self._archived.all())

    def append(self, seal: Seal) -> bool:
        """Write a seal durably; with it, the highest record id that is sealed."""
        known = self._value.one(name=HIGHEST)
        ids = [int.from_bytes(seal.record_marks[i:i + 8], "big") for i in range(0, len(seal.record_marks), 16)]
        return self._append.run(
            number=seal.number, epoch=seal.last.epoch, last_xact=str(seal.last.xact), last_id=seal.last.id,
            record_count=seal.record_count, record_marks=seal.record_marks, previous_hash=seal.previous_hash, hash=seal.hash,
            signature=seal.signature, key_id=seal.key_id, sealed_at=seal.sealed_at,
            highest_name=HIGHEST, highest_value=max([*ids, int(known.value) if known else 0])) is not None

    def hold(self) -> bool:
        """Become or stay the only sealer."""
        return self._hold_file() if self._database.is_sqlite else self._hold_session()

    def _hold_file(self) -> bool:
        if self._lock_file is None:
            try:
                file = open(f"{self._database.url.database}-sealer", "ab")  # noqa: SIM115  held as long as we seal
            except OSError as err:
                raise _unavailable(err) from err
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.close()
                return False
            self._lock_file = file
        return True

    def _hold_session(self) -> bool:
        """Keep one connection for the lock; when it is lost, so is the lock, and the next round asks for it again."""
        engine = self._database.durable
        try:
            if self._holder is not None:
                self._holder.driver_connection.execute("SELECT 1")
                return True
            connection: Any = engine.raw_connection()
            row = connection.driver_connection.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,)).fetchone()
            if row[0]:
                self._holder = connection
                self._cluster_known = False
                return True
            connection.close()
        except (engine.dialect.loaded_dbapi.Error, SQLAlchemyError, OSError) as err:
            if self._holder is not None:
                self._holder.invalidate()
                self._holder = None
            raise _unavailable(err) from err
        return False

    def release(self) -> None:
        """Stop being the sealer."""
        if self._lock_file is not None:
            self._lock_file.close()
            self._lock_file = None
        holder, self._holder = self._holder, None
        if holder is not None:
            try:
                holder.driver_connection.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))
            except self._database.durable.dialect.loaded_dbapi.Error:
                holder.invalidate()
            holder.close()

    def follow_cluster(self) -> int | None:
        """Raise the epoch where transaction numbers began again; asked once per connection, never needed on SQLite."""
        if self._database.is_sqlite or self._cluster_known:
            return None
        with self._database.cursor(self._database.durable) as cursor:
            cursor.execute("SELECT system_identifier::text FROM pg_control_system()")
            cluster = int(cursor.fetchone()[0])
            cursor.execute(_NUMBERS_WENT_BACK)
            went_back = bool(cursor.fetchone()[0])
        if self._remembered(CLUSTER, cluster) == cluster and not went_back:
            self._cluster_known = True
            return None
        with self._database.cursor(self._database.durable) as cursor:
            try:
                for statement in _RAISE_EPOCH:
                    cursor.execute(statement, {"cluster": cluster})
                epoch = int(cursor.fetchone()[0])
                cursor.execute("COMMIT")
            except BaseException:
                if not cursor.connection.closed:
                    cursor.execute("ROLLBACK")
                raise
        self._cluster_known = True
        return epoch


class SqlAuditReader:
    """Reads the trail for exports and figures (port ``AuditReader``)."""

    def __init__(self, database: Database) -> None:
        at: Any = AuditRow.__table__.c.at
        start, end = parameter(at, "start"), parameter(at, "end")
        self._between = database.read(
            select(*RECORD).where(at >= start, at < end, AuditRow.id > bindparam("after_id", type_=BigInteger()))
            .order_by(AuditRow.id).limit(bindparam("limit", type_=Integer())))
        count: Any = func.count().label("n")
        self._counts = database.read(select(AuditRow.event, count).where(at >= start).group_by(AuditRow.event))
        event: Any = AuditRow.event
        self._repeated = database.read(select(event, AuditRow.detail).where(
            at >= start, AuditRow.detail.like(literal_column("'%\"repeated\":%'"))))

    def between(self, *, start: int, end: int, after_id: int, limit: int) -> list[StoredRecord]:
        """Give one page of the records of a time, by id."""
        return records_of(self._between.all(start=start, end=end, after_id=after_id, limit=limit))

    def counts(self, *, since: int) -> dict[str, int]:
        """Give how often each event happened: the number of its records, and what they say of repeats."""
        counts = {str(row.event): int(row.n) for row in self._counts.all(start=since)}
        for row in self._repeated.all(start=since):
            counts[str(row.event)] += int(json.loads(row.detail).get("repeated", 1)) - 1
        return counts


def _version() -> Any:
    return VersionRow.__table__


_NUMBERS_WENT_BACK = f"""
SELECT EXISTS (SELECT FROM audit WHERE epoch = COALESCE((SELECT value FROM version WHERE name = '{EPOCH}'), 1)
                 AND xact >= pg_snapshot_xmax(pg_current_snapshot()))
    OR EXISTS (SELECT FROM audit_seal WHERE number = (SELECT max(number) FROM audit_seal)
                 AND epoch = COALESCE((SELECT value FROM version WHERE name = '{EPOCH}'), 1)
                 AND last_xact::xid8 >= pg_snapshot_xmax(pg_current_snapshot()))"""  # noqa: S608  constants only

_RAISE_EPOCH = (
    "BEGIN",
    "SET LOCAL lock_timeout = '5s'",
    # Waits for running writers and makes new ones read the raised epoch: their statements take their snapshot after the lock.
    "LOCK TABLE audit IN SHARE ROW EXCLUSIVE MODE",
    # Records written in this cluster before now: not sealed, and with a number that this cluster has given out.
    f"""UPDATE audit SET epoch = epoch + 1
         WHERE epoch = COALESCE((SELECT value FROM version WHERE name = '{EPOCH}'), 1)
           AND id > COALESCE((SELECT value FROM version WHERE name = '{HIGHEST}'), 0)
           AND xact < pg_snapshot_xmax(pg_current_snapshot())""",  # noqa: S608
    f"""INSERT INTO version (name, value) VALUES ('{CLUSTER}', %(cluster)s)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value""",  # noqa: S608
    f"""INSERT INTO version (name, value) VALUES ('{EPOCH}', 2)
        ON CONFLICT (name) DO UPDATE SET value = version.value + 1 RETURNING value""",  # noqa: S608
)


def records_of(rows: Iterable[Any]) -> list[StoredRecord]:
    """Give the rows of a select of ``RECORD``."""
    return [StoredRecord(Position(int(row[0]), int(row[1]), int(row[2])), int(row[3]), *row[4:]) for row in rows]


def _seal(row: Any) -> Seal:
    return Seal(
        number=row.number, last=Position(row.epoch, int(row.last_xact), row.last_id), record_count=row.record_count,
        record_marks=bytes(row.record_marks), previous_hash=bytes(row.previous_hash), hash=bytes(row.hash),
        signature=bytes(row.signature), key_id=row.key_id, sealed_at=row.sealed_at)


def _unavailable(err: BaseException) -> UnavailableError:
    return UnavailableError("The audit chain cannot be reached.", dependency="database",
                            debug=f"{type(err).__name__}: {err}"[:300])
