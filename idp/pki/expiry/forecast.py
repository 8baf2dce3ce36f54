"""How many certificates end in which month, agency by agency, and which they are (port ``ForecastStore``).

Source: Decree 68/2024 (renewal, Mẫu 04, is asked for while the certificate stands). Months are those of offices here. Counted
are certificates in use that have not ended yet; of each it is known whether what is to follow it was handed in: its renewal, or a
change of its content, which brings a new certificate too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from ..enrollment.record import Enrollment
from ..enrollment.working_days import start_of


@dataclass(frozen=True, slots=True)
class Ending:
    """How many certificates of one agency end in one month.

    Attributes:
        month: ``2026-12``.
        unit_name: As a certificate of that agency has it.
        followed: How many of ``count`` something follows that was handed in.
    """

    unit_code: str
    unit_name: str
    month: str
    count: int
    followed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Between:
    """Which certificates are meant.

    Attributes:
        unit: Of this agency and those below; a code without a dot means the province's own alone; "" for all.
        after: They end later than this moment, seconds since the epoch.
        before: They end earlier than this one.
        followed: Whether something follows them that was handed in; None for either.
    """

    unit: str = ""
    after: int
    before: int
    followed: bool | None = None


class ForecastStore(Protocol):
    """What is asked of enrollments here. Every verb may raise UnavailableError(dependency="database")."""

    def by_month(self, which: Between) -> Sequence[Ending]:
        """Count those that are meant, by agency (its exact code) and month."""
        ...

    def page(self, which: Between, *, after: tuple[int, str] | None, before: tuple[int, str] | None,
             limit: int) -> Sequence[Enrollment]:
        """Give those that are meant in the order of their end and their number.

        Args:
            which: Those that are meant.
            after: Begin after this place.
            before: Give the last ones before this place instead.
            limit: How many at most.
        """
        ...

    def count(self, which: Between) -> int:
        """Count those that are meant."""
        ...

    def following(self, numbers: Sequence[str]) -> Mapping[str, Sequence[Enrollment]]:
        """Give the requests on their way that are to follow each of some certificates: drafts and returned ones too."""
        ...


def month_of(day: date, later: int = 0) -> str:
    """Give the month of a day, or one so many months later: ``2026-12``."""
    years, month = divmod(day.year * 12 + day.month - 1 + later, 12)
    return f"{years:04}-{month + 1:02}"


def bounds(month: str) -> tuple[int, int]:
    """Give the moment at which a month (``2026-12``) begins here, and the one at which the next does.

    Raises:
        ValueError: it is no month.
    """
    first = date.fromisoformat(f"{month}-01")
    return start_of(first), start_of(date.fromisoformat(f"{month_of(first, 1)}-01"))
