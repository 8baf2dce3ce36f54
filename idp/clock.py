"""The only module that asks the time.

Protocol times are whole seconds since the epoch, UTC (RFC 7519 NumericDate); every room is handed a ``Clock``.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Source of the current time."""

    def now(self) -> int:
        """Give the seconds since 1970-01-01T00:00:00Z, rounded down."""
        ...

    def moment(self) -> datetime:
        """Give the same instant as an aware datetime in UTC, with microseconds."""
        ...


class SystemClock:
    """The machine's clock; operators keep it right by NTP (``doctor`` checks)."""

    def now(self) -> int:
        """Give the seconds since the epoch, rounded down."""
        return int(time.time())

    def moment(self) -> datetime:
        """Give the current instant in UTC."""
        return datetime.now(UTC)
