"""Working days: Monday to Friday without the days of a table of holidays.

Source: Labour Code 2019, Article 112 (public holidays). Which days they are in a year (Tết by the lunar calendar, days moved by
the Government) is data: a TOML file ``holidays.toml`` with one ``[year]`` table each. Saturdays and Sundays on which offices
make up for a day off stand under ``worked``. A year without a table has its fixed holidays alone, and ``doctor`` says so.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Final

ZONE: Final = timezone(timedelta(hours=7))
"""Indochina Time; it has had no summer time since 1979."""
_FIXED: Final = frozenset({(1, 1), (4, 30), (5, 1), (9, 2)})
_CLOSING: Final = time(17)


class WorkingDays:
    """The calendar of offices.

    Args:
        holidays: Days off beside Saturdays, Sundays and the fixed holidays.
        worked: Saturdays and Sundays that are worked.
    """

    def __init__(self, holidays: Collection[date] = (), worked: Collection[date] = ()) -> None:
        self._holidays, self._worked = frozenset(holidays), frozenset(worked)

    def is_working_day(self, day: date) -> bool:
        """Tell whether offices are open."""
        if day in self._worked:
            return True
        return day.weekday() < 5 and day not in self._holidays and (day.month, day.day) not in _FIXED

    def after(self, day: date, days: int) -> date:
        """Give the working day so many working days later; the day itself does not count."""
        if days < 1:
            raise ValueError("a deadline is at least one working day away")
        while days:
            day += timedelta(days=1)
            days -= self.is_working_day(day)
        return day

    def deadline(self, now: int, days: int) -> int:
        """Give the close of offices (17:00) so many working days after a moment, seconds since the epoch."""
        day = self.after(day_of(now), days)
        return int(datetime.combine(day, _CLOSING, ZONE).timestamp())

    def between(self, first: date, last: date) -> int:
        """Count the working days after the first day up to the last one; 0 when it is not later."""
        return sum(self.is_working_day(first + timedelta(days=n)) for n in range(1, (last - first).days + 1))


def day_of(moment: int) -> date:
    """Give the day that a moment belongs to in offices here."""
    return datetime.fromtimestamp(moment, UTC).astimezone(ZONE).date()


def start_of(day: date) -> int:
    """Give the moment at which a day begins here, seconds since the epoch."""
    return int(datetime.combine(day, time(), ZONE).timestamp())


def days_between(now: int, then: int) -> int:
    """Count the days from the day of one moment to the day of another; 0 on the same day."""
    return (day_of(then) - day_of(now)).days
