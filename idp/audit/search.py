"""What is looked for in the trail, by whom it may be seen, and how far one page looks.

Source: security checklist 38, 61; performance: a list over ten million records answers within a fraction of a second. One
thing that was asked leads, by an index of its own, a rare one before a frequent one; the others are checked among the newest so
many records that it leads to. A page may therefore be short, or empty, and yet say where to go on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from .seal import StoredRecord

CANDIDATES = 4_000
"""Records that one page looks through at most."""


class Place(NamedTuple):
    """Where a page goes on: records before this moment, and of the same second those with a smaller id."""

    at: int
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is looked for; "" stands for anything.

    Attributes:
        sub: The officer whom a record is about.
        client_id: The application.
        source: Address of the caller, exactly.
        event: One event of the catalogue.
        unit: Agency of the officer, or one below it, as the directory has them now; records about nobody are of no agency.
        start: First second.
        end: The second before which it ends.
    """

    sub: str = ""
    client_id: str = ""
    source: str = ""
    event: str = ""
    unit: str = ""
    start: int = 0
    end: int = 2**53


class AuditSearch(Protocol):
    """Looks through the trail."""

    def page(self, wanted: Wanted, *, before: Place | None, limit: int) -> tuple[list[StoredRecord], Place | None]:
        """Give records, the newest first, and where to go on; None where nothing is left to look through.

        Args:
            wanted: What is looked for.
            before: Where the page before ended; None for the newest.
            limit: How many at most.
        """
        ...

    def find(self, record_id: int) -> StoredRecord | None:
        """Find a record by its number."""
        ...
