"""An audit trail in memory."""

from __future__ import annotations

from idp.audit import AuditEvent, AuditRecord


class FakeAuditTrail:
    """Satisfies AuditTrail; ``records`` in the order of writing."""

    def __init__(self) -> None:
        self.records: list[AuditRecord] = []

    def record(self, record: AuditRecord) -> None:
        self.records.append(record)

    def repeated(self, record: AuditRecord, *, about: str) -> None:
        self.records.append(record)

    def events(self) -> list[AuditEvent]:
        return [record.event for record in self.records]
