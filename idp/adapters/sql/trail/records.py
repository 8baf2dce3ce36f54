"""The audit trail for records that belong to no other write (port: ``audit.AuditTrail``).

Of refusals that somebody can cause at will the first of a minute is recorded at once, further ones are counted. Counting is
exact: a further one is either in a row of ``audit_repeat`` that the worker has yet to turn into a record, or the first of a new
row. The worker's turn is one statement, whose condition is the count that it read.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

from sqlalchemy import delete, literal_column, select, update

from ....audit import REPEAT_SECONDS, AuditEvent, AuditRecord
from ..audit import audit_insert, audit_values
from ..database import Database, parameter
from ..tables import AuditRepeatRow

REPEAT: Any = AuditRepeatRow.__table__
_AT_ONCE = 200


class SqlAuditTrail:
    """The trail. Every verb raises UnavailableError when the database does not answer; the caller's act must then not happen."""

    def __init__(self, database: Database) -> None:
        self._insert = database.write(audit_insert())
        c = REPEAT.c
        key = parameter(c.key)
        values = {name: parameter(c[name]) for name in ("key", "until", "last_at", "template")}
        self._first = database.write(audit_insert(), guard=(
            database.insert(REPEAT).values(count=literal_column("0"), **values)
            .on_conflict_do_nothing(index_elements=["key"]).returning(c.key)))
        self._again = database.write(guard=update(REPEAT).where(c.key == key).values(
            count=c.count + literal_column("1"), last_at=parameter(c.last_at)).returning(c.key))
        self._due = database.read(select(REPEAT).where(c.until <= parameter(c.until, "now")).order_by(c.until)
                                  .limit(literal_column(str(_AT_ONCE))))
        taken = delete(REPEAT).where(c.key == key, c.count == parameter(c.count)).returning(c.key)
        self._settle = database.write(audit_insert(), guard=taken)
        self._forget = database.write(guard=taken)

    def record(self, record: AuditRecord) -> None:
        """Append one record durably."""
        self._insert.run(**audit_values(record))

    def repeated(self, record: AuditRecord, *, about: str) -> None:
        """Record the first of a minute, count a further one."""
        window = record.at // REPEAT_SECONDS
        told = json.dumps([record.event.value, record.sub, record.client_id, record.detail_json(), about, window])
        template = json.dumps([record.event.value, record.sub, record.client_id, record.source, record.request_id,
                               dict(record.detail)])
        row = {"key": hashlib.sha256(told.encode()).digest(), "last_at": record.at}
        while True:
            # A row that the worker takes between the two makes this one the first of a new row.
            if self._first.run(until=(window + 1) * REPEAT_SECONDS, template=template, **row, **audit_values(record)) is not None:
                return
            if self._again.run(**row) is not None:
                return

    def settle(self, now: int) -> int:
        """Turn counts of minutes that are over into records; gives how many rows were settled."""
        settled = 0
        for row in self._due.all(now=now):
            which = {"key": bytes(row.key), "count": int(row.count)}
            if not row.count:
                settled += self._forget.run(**which) is not None
                continue
            event, sub, client_id, source, request_id, detail = json.loads(row.template)
            record = AuditRecord(AuditEvent(event), int(row.last_at), sub, client_id, "", source, request_id, detail)
            record = replace(record, detail={**detail, "repeated": int(row.count)})
            settled += self._settle.run(**which, **audit_values(record)) is not None
        return settled
