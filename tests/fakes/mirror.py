"""An officers' mirror in memory."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace

from idp.directory.mirror import MirroredOfficer
from idp.directory.officer import Officer


class FakeMirror:
    """Satisfies OfficerMirror."""

    def __init__(self) -> None:
        self.rows: dict[str, MirroredOfficer] = {}
        self.sign_ins: list[tuple[str, int]] = []

    def learn(self, officer: Officer, *, now: int, look: Callable[[], Officer | None], source: str = "",
              request_id: str = "") -> MirroredOfficer:
        known = self.rows.get(officer.entry_uuid)
        if known is not None and known.officer != officer:
            again = look()
            if again is None:
                return known
            officer = again
        self.remember(officer, now=now)
        return self.rows[officer.entry_uuid]

    def remember(self, officer: Officer, *, now: int) -> str:
        known = self.rows.get(officer.entry_uuid)
        sub = known.sub if known else secrets.token_urlsafe(16)
        self.rows[officer.entry_uuid] = MirroredOfficer(sub, officer, "disabled" if officer.disabled else "active")
        return sub

    def _find(self, **wanted: str) -> MirroredOfficer | None:
        found = [row for row in self.rows.values()
                 if all(getattr(row, name, getattr(row.officer, name, None)) == value for name, value in wanted.items())]
        return replace(found[0]) if len(found) == 1 else None

    def by_sub(self, sub: str) -> MirroredOfficer | None:
        return self._find(sub=sub)

    def by_entry_uuid(self, entry_uuid: str) -> MirroredOfficer | None:
        return self.rows.get(entry_uuid)

    def by_uid(self, uid: str) -> MirroredOfficer | None:
        return self._find(uid=uid)

    def groups(self) -> frozenset[str]:
        return frozenset(group for row in self.rows.values() if row.status == "active" for group in row.officer.groups)

    def signed_in(self, sub: str, *, now: int) -> None:
        self.sign_ins.append((sub, now))
