"""Notices to officers, in memory."""

from __future__ import annotations

from collections.abc import Sequence

from idp.audit import AuditRecord
from idp.notices import Notice, Told

from .audit_trail import FakeAuditTrail


class FakeNoticeStore:
    """Satisfies the NoticeStore port; records go to a trail."""

    def __init__(self, audit: FakeAuditTrail) -> None:
        self.audit = audit
        self.notices: list[Notice] = []

    def tell(self, notice: Notice, record: AuditRecord | None) -> None:
        self.notices.append(notice)
        if record is not None:
            self.audit.record(record)

    def tell_unless(self, notice: Notice, record: AuditRecord, *, within: int) -> bool:
        if any((one.kind, one.sub) == (notice.kind, notice.sub) and one.at > notice.at - within for one in self.notices):
            return False
        self.tell(notice, record)
        return True

    def of(self, sub: str, *, limit: int) -> Sequence[Told]:
        return [Told(number, one.kind, one.sub, one.at, one.source, one.detail)
                for number, one in reversed(list(enumerate(self.notices))) if one.sub == sub][:limit]

    def unread(self, sub: str) -> int:
        return len(self.of(sub, limit=len(self.notices)))

    def mark_read(self, sub: str, *, up_to: int, now: int) -> int:
        return 0
