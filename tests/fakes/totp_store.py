"""Authenticator apps in memory."""

from __future__ import annotations

import threading

from idp.audit import AuditRecord
from idp.authn.totp import Enrolment, Pending
from idp.notices import Notice


class FakeTotpStore:
    """Satisfies TotpStore; records that were written with an act are in ``records``."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[str, Enrolment] = {}
        self._pending: dict[str, tuple[bytes, Pending]] = {}
        self.records: list[AuditRecord] = []
        self.notices: list[Notice] = []

    def find(self, entry_uuid: str) -> Enrolment | None:
        return self._rows.get(entry_uuid)

    def use(self, entry_uuid: str, step: int, record: AuditRecord) -> bool:
        with self._lock:
            row = self._rows.get(entry_uuid)
            if row is None or row.last_step >= step:
                return False
            self._rows[entry_uuid] = Enrolment(row.sealed_seed, step, row.created_at)
            self.records.append(record)
            return True

    def put(self, entry_uuid: str, sealed_seed: bytes, now: int, record: AuditRecord, notice: Notice) -> None:
        with self._lock:
            self._rows[entry_uuid] = Enrolment(sealed_seed, 0, now)
            self.records.append(record)

    def remove(self, entry_uuid: str, record: AuditRecord, notice: Notice, *, keep_one: bool) -> bool:
        with self._lock:
            if keep_one or self._rows.pop(entry_uuid, None) is None:  # it knows of no other kind
                return False
            self.records.append(record)
            self.notices.append(notice)
            return True

    def keep_pending(self, entry_uuid: str, browser: bytes, sealed_seed: bytes, expires_at: int) -> None:
        self._pending[entry_uuid] = browser, Pending(sealed_seed, expires_at)

    def pending(self, entry_uuid: str, browser: bytes) -> Pending | None:
        began, pending = self._pending.get(entry_uuid, (b"", None))
        return pending if began == browser else None

    def confirm(self, entry_uuid: str, sealed_seed: bytes, step: int, now: int, record: AuditRecord, notice: Notice) -> bool:
        with self._lock:
            _, row = self._pending.get(entry_uuid, (b"", None))
            if row is None or row.sealed_seed != sealed_seed or row.expires_at <= now:
                return False
            del self._pending[entry_uuid]
            self._rows[entry_uuid] = Enrolment(sealed_seed, step, now)
            self.records.append(record)
            return True
