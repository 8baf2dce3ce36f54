"""Archived months in the database (port ``audit.archive.archives.ArchiveStore``).

A statement deletes or writes so many rows and no more, by the index of the records' order, and never looks at what was deleted
before it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Integer, String, and_, bindparam, cast, delete, literal_column, select, tuple_, update

from ....audit import AuditRecord
from ....audit.archive.month import Kept, Month
from ....audit.seal import Position, StoredRecord
from ..audit import audit_insert, audit_values
from ..database import Database, parameter
from ..tables import AuditArchiveRow, AuditRow, AuditSealRow, TransactionId

KEPT: Any = AuditArchiveRow.__table__
AUDIT: Any = AuditRow.__table__
SEAL: Any = AuditSealRow.__table__
_CHANGE = ("state", "restored_until", "told_at", "asked_by", "asked_at", "purpose")


class SqlArchives:
    """The store on one database."""

    def __init__(self, database: Database) -> None:
        self._sqlite = database.is_sqlite
        self._months = months_of(database)
        fresh = database.insert(KEPT).values({c.name: parameter(c) for c in KEPT.columns})
        self._add = database.write(audit_insert(), guard=fresh.on_conflict_do_nothing(
            index_elements=["month"]).returning(KEPT.c.month))
        moved = update(KEPT).where(KEPT.c.month == parameter(KEPT.c.month, "this"), KEPT.c.state == parameter(
            KEPT.c.state, "before")).values({name: parameter(KEPT.c[name]) for name in _CHANGE}).returning(KEPT.c.month)
        self._move, self._move_told = database.write(guard=moved), database.write(audit_insert(), guard=moved)
        order = (AUDIT.c.epoch, AUDIT.c.xact, AUDIT.c.id)
        here, limit = tuple_(*order), bindparam("limit", type_=Integer())
        stretch = and_(here > self._place("after"), here <= self._place("upto"))
        self._edge = database.read(select(*order).where(stretch).order_by(*order).limit(literal_column("1")).offset(limit))
        self._purge = database.write(guard=delete(AUDIT).where(stretch).returning(AUDIT.c.id), durable=False)
        some = select(SEAL.c.number).where(SEAL.c.number < bindparam("below", type_=BigInteger())).order_by(
            SEAL.c.number).limit(limit).cte("some")
        self._purge_seals = database.write(guard=delete(SEAL).where(SEAL.c.number.in_(select(some.c.number))).returning(
            SEAL.c.number), durable=False)
        xact = parameter(AUDIT.c.xact) if database.is_sqlite else cast(bindparam("xact", type_=String()), TransactionId())
        self._put = database.write(guard=database.insert(AUDIT).inline().values(
            {c.name: xact if c.name == "xact" else parameter(c) for c in AUDIT.columns}).on_conflict_do_nothing(
            index_elements=["id"]).returning(AUDIT.c.id), durable=False)

    def _place(self, prefix: str) -> Any:
        xact: Any = bindparam(f"{prefix}_xact", type_=Integer())
        if not self._sqlite:
            xact = cast(bindparam(f"{prefix}_xact", type_=String()), TransactionId())
        return tuple_(bindparam(f"{prefix}_epoch", type_=Integer()), xact, bindparam(f"{prefix}_id", type_=BigInteger()))

    def _at(self, prefix: str, place: Position) -> dict[str, Any]:
        return {f"{prefix}_epoch": place.epoch, f"{prefix}_xact": place.xact if self._sqlite else str(place.xact),
                f"{prefix}_id": place.id}

    def months(self) -> Sequence[Kept]:
        """Give the archived months, in order."""
        return kept_of(self._months.all())

    def add(self, kept: Kept, record: AuditRecord) -> bool:
        """Keep a month, with the record of it."""
        return self._add.run(month=kept.month.month, manifest=kept.month.document, signature=kept.signature,
                             key_id=kept.key_id, **_change(kept), **audit_values(record)) is not None

    def move(self, month: str, before: str, kept: Kept, record: AuditRecord | None) -> bool:
        """Bring a month from one state into another."""
        values = {"this": month, "before": before, **_change(kept)}
        if record is None:
            return self._move.run(**values) is not None
        return self._move_told.run(**values, **audit_values(record)) is not None

    def purge(self, *, after: Position, upto: Position, most: int) -> Position | None:
        """Delete the next records of a stretch."""
        row = self._edge.one(limit=most - 1, **self._at("after", after), **self._at("upto", upto))
        edge = upto if row is None else Position(int(row.epoch), int(row.xact), int(row.id))
        self._purge.run_each(**self._at("after", after), **self._at("upto", edge))
        return None if row is None else edge

    def purge_seals(self, *, below: int, most: int) -> bool:
        """Delete seals with numbers below one."""
        return bool(self._purge_seals.run_each(below=below, limit=most))

    def put_back(self, records: Sequence[StoredRecord]) -> None:
        """Write records again, each as it was."""
        self._put.run_all([{
            "id": one.position.id, "epoch": one.position.epoch,
            "xact": one.position.xact if self._sqlite else str(one.position.xact), "at": one.at, "event": one.event,
            "sub": one.sub, "client_id": one.client_id, "sid": one.sid, "source": one.source, "request_id": one.request_id,
            "detail": one.detail} for one in records])


def months_of(database: Database) -> Any:
    """Register the select whose rows ``kept_of`` takes."""
    return database.read(select(KEPT).order_by(KEPT.c.month))


def kept_of(rows: Sequence[Any]) -> list[Kept]:
    """Give rows as months. One whose manifest cannot be read is not signed either; it ends what is believed to be purged."""
    found: list[Kept] = []
    for row in rows:
        try:
            month = Month.read(bytes(row.manifest))
        except (ValueError, KeyError, TypeError):
            break
        found.append(Kept(month=month, signature=bytes(row.signature), key_id=row.key_id,
                          **{name: getattr(row, name) for name in _CHANGE}))
    return found


def _change(kept: Kept) -> dict[str, Any]:
    return {name: getattr(kept, name) for name in _CHANGE}
