"""Numbers and moments of Active Directory: decimal text; tenths of microseconds since 1601 (MS-ADTS, MS-DTYP §2.3.3)."""

from __future__ import annotations

from typing import Final

from ..dialect import Attributes

NEVER: Final = 2**63 - 1
_SECONDS_TO_1970: Final = 11644473600


def number(attributes: Attributes, name: str) -> int | None:
    """Read a whole number; None when it is not there or is none."""
    values = attributes.get(name)
    try:
        return int(values[0]) if values else None
    except ValueError:
        return None


def seconds_of(filetime: int) -> int:
    """Give a moment as seconds since 1970."""
    return span(filetime) - _SECONDS_TO_1970


def span(filetime: int) -> int:
    """Give a length of time in seconds; lengths are stored as negative numbers."""
    return abs(filetime) // 10_000_000
