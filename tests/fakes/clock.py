"""A clock that tests move."""

from __future__ import annotations

from datetime import UTC, datetime


class FakeClock:
    """Satisfies the Clock port; time stands still until ``advance``."""

    def __init__(self, now: int = 1_700_000_000) -> None:
        self._now = now

    def now(self) -> int:
        return self._now

    def moment(self) -> datetime:
        return datetime.fromtimestamp(self._now, UTC)

    def advance(self, seconds: int) -> None:
        self._now += seconds
