"""Passkeys in memory."""

from __future__ import annotations

import threading
from dataclasses import replace

from idp.audit import AuditRecord
from idp.authn.passkeys import Challenge, Passkey
from idp.notices import Notice


class FakePasskeyStore:
    """Satisfies PasskeyStore; records that were written with an act are in ``records``, notices in ``notices``."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._challenges: dict[bytes, Challenge] = {}
        self._handles: dict[str, bytes] = {}
        self.rows: dict[str, Passkey] = {}
        self.records: list[AuditRecord] = []
        self.notices: list[Notice] = []

    def keep_challenge(self, place: bytes, challenge: Challenge) -> None:
        with self._lock:
            self._challenges[place] = challenge

    def take_challenge(self, place: bytes) -> Challenge | None:
        with self._lock:
            return self._challenges.pop(place, None)

    def user_handle(self, entry_uuid: str, fresh: bytes) -> bytes:
        with self._lock:
            return self._handles.setdefault(entry_uuid, fresh)

    def find(self, credential_id: bytes) -> Passkey | None:
        return next((row for row in self.rows.values() if row.credential_id == credential_id), None)

    def of(self, entry_uuid: str) -> list[Passkey]:
        return sorted((row for row in self.rows.values() if row.entry_uuid == entry_uuid),
                      key=lambda row: (row.created_at, row.passkey_id))

    def add(self, passkey: Passkey, record: AuditRecord, notice: Notice) -> bool:
        with self._lock:
            if self.find(passkey.credential_id) is not None:
                return False
            self.rows[passkey.passkey_id] = passkey
            self.records.append(record)
            self.notices.append(notice)
            return True

    def use(self, passkey_id: str, sign_count: int, now: int, record: AuditRecord) -> bool:
        with self._lock:
            row = self.rows.get(passkey_id)
            if row is None or not (row.sign_count < sign_count or row.sign_count == sign_count == 0):
                return False
            self.rows[passkey_id] = replace(row, sign_count=sign_count, last_used_at=now)
            self.records.append(record)
            return True

    def rename(self, entry_uuid: str, passkey_id: str, name: str, record: AuditRecord) -> bool:
        with self._lock:
            row = self.rows.get(passkey_id)
            if row is None or row.entry_uuid != entry_uuid:
                return False
            self.rows[passkey_id] = replace(row, name=name)
            self.records.append(record)
            return True

    def remove(self, entry_uuid: str, passkey_id: str, record: AuditRecord, notice: Notice, *, keep_one: bool) -> bool:
        with self._lock:
            row = self.rows.get(passkey_id)
            if row is None or row.entry_uuid != entry_uuid or (keep_one and len(self.rows) == 1):
                return False
            del self.rows[passkey_id]
            self.records.append(record)
            self.notices.append(notice)
            return True
