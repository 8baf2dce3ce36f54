"""Recovery codes in the database (port: ``authn.recovery_codes.RecoveryCodeStore``): a row per officer, a bit per used code."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, literal_column, select, update

from ....audit import AuditRecord
from ....authn.recovery_codes import CodeSet
from ....notices import Notice
from ..audit import audit_insert, audit_values
from ..database import Database, parameter
from ..notices import notice_inserts, notice_values
from ..tables import RecoveryCodesRow


class SqlRecoveryCodes:
    """Sets as rows of ``recovery_codes``. Every verb raises UnavailableError when the database does not answer."""

    def __init__(self, database: Database) -> None:
        table: Any = RecoveryCodesRow.__table__
        entry_uuid = parameter(table.c.entry_uuid)
        recorded = audit_insert(), *notice_inserts()
        self._find = database.read(select(table.c.digests, table.c.used, table.c.created_at, table.c.last_used_at).where(
            table.c.entry_uuid == entry_uuid))
        insert = database.insert(table).values(
            entry_uuid=entry_uuid, digests=parameter(table.c.digests), used=literal_column("0"),
            created_at=parameter(table.c.created_at), last_used_at=literal_column("NULL"))
        self._put = database.write(*recorded, guard=insert.on_conflict_do_update(index_elements=["entry_uuid"], set_={
            name: insert.excluded[name] for name in ("digests", "used", "created_at", "last_used_at")})
            .returning(table.c.entry_uuid))
        bit = parameter(table.c.used, "bit")
        self._use = database.write(*recorded, guard=update(table).where(
            table.c.entry_uuid == entry_uuid, table.c.digests == parameter(table.c.digests),
            table.c.used.bitwise_and(bit) == literal_column("0"))
            .values(used=table.c.used.bitwise_or(bit), last_used_at=parameter(table.c.last_used_at, "now"))
            .returning(table.c.used))
        self._remove = database.write(
            *recorded, guard=delete(table).where(table.c.entry_uuid == entry_uuid).returning(table.c.entry_uuid))

    def find(self, entry_uuid: str) -> CodeSet | None:
        """Find an officer's set."""
        row = self._find.one(entry_uuid=entry_uuid)
        return None if row is None else CodeSet(bytes(row.digests), row.used, row.created_at, row.last_used_at)

    def put(self, entry_uuid: str, digests: bytes, now: int, record: AuditRecord, notice: Notice) -> None:
        """Give an officer a set, in place of the one before."""
        self._put.run(entry_uuid=entry_uuid, digests=digests, created_at=now, **audit_values(record), **notice_values(notice))

    def use(self, entry_uuid: str, digests: bytes, bit: int, now: int, record: AuditRecord, notice: Notice) -> bool:
        """Set the bit of a code if it is not set; audit record and notice stand or fall with it."""
        return self._use.run(entry_uuid=entry_uuid, digests=digests, bit=bit, now=now, **audit_values(record),
                             **notice_values(notice)) is not None

    def remove(self, entry_uuid: str, record: AuditRecord, notice: Notice) -> bool:
        """Take an officer's set away; audit record and notice stand or fall with it."""
        return self._remove.run(entry_uuid=entry_uuid, **audit_values(record), **notice_values(notice)) is not None
