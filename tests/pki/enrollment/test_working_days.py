"""Deadlines in working days, over weekends and holidays."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.pki.enrollment.working_days import WorkingDays, day_of

TET = [date(2026, 2, day) for day in range(16, 21)]
CALENDAR = WorkingDays(TET, worked=[date(2026, 2, 28)])
DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))


def test_weekends_holidays_and_days_made_up_for() -> None:
    assert CALENDAR.is_working_day(date(2026, 11, 27))
    for closed in (date(2026, 11, 28), date(2026, 11, 29), date(2026, 9, 2), date(2026, 4, 30), date(2026, 5, 1), *TET):
        assert not CALENDAR.is_working_day(closed)
    assert CALENDAR.is_working_day(date(2026, 2, 28))  # a Saturday on which offices are open


def test_five_days_over_tet() -> None:
    assert CALENDAR.after(date(2026, 2, 12), 2) == date(2026, 2, 23)
    assert WorkingDays().after(date(2026, 11, 27), 1) == date(2026, 11, 30)


def test_the_deadline_is_the_close_of_offices_here() -> None:
    friday_evening = int(datetime(2026, 11, 27, 16, 30, tzinfo=UTC).timestamp())  # 23:30 in Hậu Giang
    assert datetime.fromtimestamp(WorkingDays().deadline(friday_evening, 1), UTC) == datetime(2026, 11, 30, 10, tzinfo=UTC)
    assert day_of(int(datetime(2026, 11, 27, 17, 30, tzinfo=UTC).timestamp())) == date(2026, 11, 28)


def test_a_deadline_of_no_days_is_none() -> None:
    with pytest.raises(ValueError, match="at least one"):
        CALENDAR.after(date(2026, 1, 1), 0)


@given(DAYS, st.integers(1, 40))
def test_counting_forth_and_back_agree(day: date, days: int) -> None:
    later = CALENDAR.after(day, days)
    assert CALENDAR.is_working_day(later)
    assert CALENDAR.between(day, later) == days
    assert CALENDAR.between(later, day) == 0
