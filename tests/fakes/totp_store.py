"""Authenticator apps in memory."""

from __future__ import annotations

import threading

from idp.audit import AuditRecord
from idp.authn.totp import Enrolment


class FakeTotpStore:
    """Satisfies TotpStore; records that were written with an act are in ``records``."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[str, Enrolment] = {}
        self.records: list[AuditRecord] = []

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

    def put(self, entry_uuid: str, sealed_seed: bytes, now: int, record: AuditRecord) -> None:
        with self._lock:
            self._rows[entry_uuid] = Enrolment(sealed_seed, 0, now)
            self.records.append(record)

    def remove(self, entry_uuid: str, record: AuditRecord) -> bool:
        with self._lock:
            if self._rows.pop(entry_uuid, None) is None:
                return False
            self.records.append(record)
            return True
