"""Records when the directory goes away and when it comes back: nobody can sign in meanwhile, and an inspector will ask why."""

from __future__ import annotations

from collections.abc import Callable

from ..audit import AuditEvent, AuditRecord, AuditTrail
from ..clock import Clock


class DirectoryWatch:
    """Compares the directory's state with the one before.

    Args:
        health: Gives ``{"state": "up" | "down", "servers": [...]}`` without waiting long.
        audit: Where a change is recorded.
        clock: Time.
    """

    def __init__(self, health: Callable[[], dict[str, object]], audit: AuditTrail, clock: Clock) -> None:
        self._health, self._audit, self._clock = health, audit, clock
        self._down_since = 0

    def look(self) -> None:
        """Look once; a change that could not be recorded is found again at the next look.

        Raises:
            UnavailableError: the change could not be recorded.
        """
        up, now = self._health().get("state") == "up", self._clock.now()
        if not up and not self._down_since:
            self._audit.record(AuditRecord(AuditEvent.DIRECTORY_UNAVAILABLE, now, source="worker", request_id="worker"))
            self._down_since = now
        elif up and self._down_since:
            self._audit.record(AuditRecord(AuditEvent.DIRECTORY_RECOVERED, now, source="worker", request_id="worker",
                                           detail={"seconds": max(0, now - self._down_since)}))
            self._down_since = 0
