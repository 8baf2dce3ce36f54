"""How many certificates end in which month: the figures are those of the records, counted one by one."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.adapters.sql.database import Database
from idp.adapters.sql.pki.enrollments import SqlEnrollments
from idp.adapters.sql.pki.forecast import SqlForecast
from idp.pki.enrollment.record import Enrollment, Purpose
from idp.pki.enrollment.states import HANDED_IN, IN_USE, State
from idp.pki.enrollment.working_days import day_of, start_of
from idp.pki.expiry.forecast import Between, bounds, month_of

from .records import put

NOW = int(datetime(2026, 11, 28, 2, tzinfo=UTC).timestamp())
UNITS = ("H30", "H30.1", "H30.11", "H30.11.2", "H30.12")
DAY = 86400


@pytest.fixture
def records(database: Database) -> list[Enrollment]:
    """Give certificates of all kinds, with what is to follow some of them."""
    dice, store = random.Random(51), SqlEnrollments(database)
    edges = [bounds(month)[0] + second for month in ("2026-12", "2027-01", "2027-12") for second in (-1, 0)] + [NOW, NOW + 1]
    found = []
    for ends in [*edges, *(NOW + dice.randrange(-60 * DAY, 800 * DAY) for _ in range(60))]:
        state = dice.choice((*IN_USE, State.ACTIVE, State.ACTIVE, State.REVOKED, State.EXPIRED, State.HANDED_OVER))
        one = put(store, dice.choice(UNITS), ends, state=state)
        found.append(one)
        for purpose in dice.sample((Purpose.RENEW, Purpose.CHANGE), dice.randrange(3)):
            found.append(put(store, one.unit_code, None, holder=one.holder, replaces=one.enrollment_id, purpose=purpose,
                             state=dice.choice((State.DRAFT, State.RETURNED, State.SUBMITTED, State.SENT, State.CANCELLED))))
    return found


def meant(records: list[Enrollment], which: Between) -> list[Enrollment]:
    """Pick by hand what a statement is to find."""
    followed = {one.replaces for one in records if one.state in HANDED_IN}

    def is_meant(one: Enrollment) -> bool:
        unit = which.unit
        of_it = not unit or one.unit_code == unit or ("." in unit and one.unit_code.startswith(f"{unit}."))
        in_time = which.after < (one.not_after or 0) < which.before
        return one.state in IN_USE and of_it and in_time and which.followed in (None, one.enrollment_id in followed)

    return sorted((one for one in records if is_meant(one)), key=lambda one: (one.not_after or 0, one.enrollment_id))


def test_figures_are_those_of_the_records(database: Database, records: list[Enrollment]) -> None:
    store = SqlForecast(database)
    whole = Between(after=NOW, before=NOW + 700 * DAY)
    followed = {one.replaces for one in records if one.state in HANDED_IN}
    by_hand, of_these = Counter(), Counter()
    for one in meant(records, whole):
        place = (one.unit_code, day_of(one.not_after or 0).isoformat()[:7])
        by_hand[place] += 1
        of_these[place] += one.enrollment_id in followed
    found = store.by_month(whole)
    assert {(one.unit_code, one.month): one.count for one in found} == dict(by_hand)
    assert {(one.unit_code, one.month): one.followed for one in found} == {place: of_these[place] for place in by_hand}
    assert {one.unit_name for one in found} == {f"Đơn vị {one.unit_code}" for one in found}
    assert sum(of_these.values()) > 0
    assert [place for place, _ in by_hand.items() if place[1] == "2026-12"]


def test_lists_are_what_was_counted_page_by_page(database: Database, records: list[Enrollment]) -> None:
    store = SqlForecast(database)
    for unit in ("", "H30", "H30.1", "H30.11", "H30.11.2"):
        for follow in (None, True, False):
            which = Between(unit=unit, after=NOW, before=NOW + 400 * DAY, followed=follow)
            wanted = [one.enrollment_id for one in meant(records, which)]
            for forward in (True, False):
                found: list[str] = []
                place = None if forward else (which.before, "")
                while page := store.page(which, after=place if forward else None, before=None if forward else place, limit=7):
                    numbers = [one.enrollment_id for one in page]
                    found = [*found, *numbers] if forward else [*numbers, *found]
                    there = page[-1 if forward else 0]
                    place = (there.not_after or 0, there.enrollment_id)
                assert found == wanted, (which, forward)
            assert store.count(which) == len(wanted)
            if follow is None:
                assert sum(one.count for one in store.by_month(which)) == len(wanted)


def test_what_is_to_follow_is_told_drafts_and_returned_ones_too(database: Database, records: list[Enrollment]) -> None:
    numbers = [one.enrollment_id for one in records if not one.replaces]
    found = SqlForecast(database).following(numbers[:40])
    assert {number: sorted(one.enrollment_id for one in follow) for number, follow in found.items()} == {
        number: sorted(one.enrollment_id for one in records if one.replaces == number and one.open_key is not None)
        for number in numbers[:40] if any(one.replaces == number and one.open_key is not None for one in records)}
    assert SqlForecast(database).following([]) == {}


@given(st.dates(date(2020, 1, 1), date(2090, 12, 31)), st.integers(0, 40))
def test_months_follow_one_another_without_a_gap(day: date, later: int) -> None:
    month = month_of(day, later)
    first, end = bounds(month)
    assert end == bounds(month_of(day, later + 1))[0]
    assert (day_of(first).isoformat()[:7], day_of(end - 1).isoformat()[:7]) == (month, month)
    assert bounds(month_of(day))[0] <= start_of(day) < bounds(month_of(day))[1]


@pytest.mark.parametrize("month", ["", "2026", "2026-13", "2026-00", "x", "2026-1-1"])
def test_what_is_no_month_is_refused(month: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whichever of Python's own
        bounds(month)
