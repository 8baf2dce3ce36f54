"""An audit chain over a database, with the hands of somebody who owns the database."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import select, text

from idp.adapters.sql.database import Database, parameter
from idp.adapters.sql.tables import AuditRow
from idp.adapters.sql.trail.records import SqlAuditTrail
from idp.adapters.sql.trail.seals import SqlSealStore
from idp.audit import AuditEvent, AuditRecord
from idp.audit.chain import AuditChain, SealHeads
from idp.audit.seal import START, Position, StoredRecord
from tests.fakes.clock import FakeClock
from tests.fakes.seals import MemorySealHeads, MemorySealSigner


def events_of(database: Database, event: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Give officer, session and detail of every record of an event, oldest first."""
    table: Any = AuditRow.__table__
    rows = database.read(select(table.c.sub, table.c.sid, table.c.detail).where(
        table.c.event == parameter(table.c.event)).order_by(table.c.id)).all(event=event)
    return [(row.sub, row.sid, json.loads(row.detail)) for row in rows]


class Desk:
    """One worker's chain.

    Args:
        database: Where the records are.
        signer: Its key; the same on every node.
        heads: What its keys folder remembers.
    """

    def __init__(self, database: Database, signer: MemorySealSigner | None = None, heads: SealHeads | None = None) -> None:
        self.database = database
        self.clock = FakeClock()
        self.signer = signer or MemorySealSigner()
        self.heads: Any = heads or MemorySealHeads()
        self.store = SqlSealStore(database)
        self.trail = SqlAuditTrail(database)
        self.chain = AuditChain(self.store, self.signer, self.heads, self.clock)

    def write(self, count: int, event: AuditEvent = AuditEvent.TOKEN_ISSUED) -> None:
        for number in range(count):
            self.trail.record(AuditRecord(event, self.clock.now(), sub=f"sub{number}", client_id="qlvb",
                                          detail={"tên": "Đỗ Thị Ánh", "number": number}))

    def seal(self) -> int:
        total = 0
        while True:
            done = self.chain.seal(limit=7)
            total += done.records
            if not done.records:
                return total

    def tamper(self, sql: str, **values: object) -> None:
        with self.database.durable.connect() as connection:
            connection.execute(text(sql), values)
            if connection.in_transaction():
                connection.commit()

    def records(self) -> list[StoredRecord]:
        return self.store.records(after=START, upto=Position(2**31 - 1, 0, 0))

    def ids(self) -> list[int]:
        with self.database.durable.connect() as connection:
            return [row[0] for row in connection.execute(text("SELECT id FROM audit ORDER BY id"))]
