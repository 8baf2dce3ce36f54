"""One-time passwords in memory."""

from __future__ import annotations

from idp.audit import AuditRecord

from .audit_trail import FakeAuditTrail


class FakeOneTimePasswords:
    """Satisfies the OneTimePasswordStore port; records go to a trail."""

    def __init__(self, audit: FakeAuditTrail | None = None) -> None:
        self.audit = audit or FakeAuditTrail()
        self.rows: dict[bytes, tuple[str, int]] = {}

    def keep(self, digest: bytes, entry_uuid: str, expires_at: int, record: AuditRecord) -> None:
        self.audit.record(record)
        self.rows[digest] = (entry_uuid, expires_at)

    def expiry_of(self, digest: bytes) -> int | None:
        return self.rows[digest][1] if digest in self.rows else None

    def forget(self, entry_uuid: str) -> None:
        self.rows = {digest: row for digest, row in self.rows.items() if row[0] != entry_uuid}
