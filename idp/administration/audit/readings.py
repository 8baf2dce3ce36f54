"""Who read what is personal of an officer, for that officer: when, who, and on what occasion.

Source: Law 91/2025 on personal data (whoever the data are about learns who read them), security checklist 39: the officer is that
of the session. Lists that only compared numbers, row by row, name no officer and are not in here.
"""

from __future__ import annotations

import json
from typing import Any

from ...audit import AuditEvent
from ...audit.search import AuditSearch, Place, Wanted
from ...directory.mirror import OfficerMirror
from ..pages import Page, cursor_of, place_of


class OwnReadings:
    """Tells officers who read their data.

    Args:
        search: Looks through the trail.
        mirror: Officers.
    """

    def __init__(self, search: AuditSearch, mirror: OfficerMirror) -> None:
        self._search, self._mirror = search, mirror

    def of(self, sub: str, *, cursor: str = "", limit: int) -> Page:
        """Give readings, the newest first.

        Returns:
            Of each ``at``, ``name`` and ``unit_name`` of who read ("" for nobody who is known), ``own`` where it was the officer,
            ``number`` of the certificate request, ``why``, and what whoever read typed as the ``purpose``.

        Raises:
            InvalidParameterError: the cursor is none.
        """
        place = place_of(cursor, int, int)
        wanted = Wanted(sub=sub, event=AuditEvent.PERSONAL_DATA_READ)
        found, following = self._search.page(wanted, before=Place(*place) if place else None, limit=limit)
        return Page([self._shown(sub, record.at, json.loads(record.detail)) for record in found],
                    cursor_of(*following) if following else "")

    def _shown(self, sub: str, at: int, detail: dict[str, Any]) -> dict[str, Any]:
        reader = str(detail.get("by", "") or detail.get("by_officer", ""))
        officer = self._mirror.by_sub(reader) if reader else None
        return {"at": at, "own": reader == sub, "name": officer.officer.name if officer else "",
                "unit_name": officer.officer.main_post.unit_name if officer else "", "number": str(detail.get("number", "")),
                "purpose": str(detail.get("purpose", "")),
                "why": str(detail.get("why", "")).partition(" ")[0]}
