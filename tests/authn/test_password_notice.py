"""A password's end is spoken of when it is near, and once a day."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from idp.adapters.sql.database import Database
from idp.adapters.sql.operation.seen_once import SqlSeenOnce
from idp.authn.password_notice import PasswordNotices
from tests.fakes.clock import FakeClock

DAY = 86400


@pytest.mark.parametrize(("seconds", "near"), [(None, False), (14 * DAY + 1, False), (14 * DAY, True), (1, True), (0, True)])
def test_it_is_spoken_of_from_so_many_days_before_its_end(database: Database, seconds: int | None, near: bool) -> None:
    clock = FakeClock()
    end = PasswordNotices(SqlSeenOnce(database), clock, days=14).end_of(seconds)
    assert (end is not None) is near
    assert end is None or end == clock.now() + (seconds or 0)
    assert PasswordNotices(SqlSeenOnce(database), clock, days=0).end_of(seconds) is None


def test_twenty_sign_ins_of_a_day_are_told_once_on_all_nodes(database: Database) -> None:
    clock = FakeClock()
    nodes = [PasswordNotices(SqlSeenOnce(database), clock, days=14) for _ in range(2)]
    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(lambda n: nodes[n % 2].due("uuid"), range(20))) == 1
    assert nodes[0].due("another")
    clock.advance(DAY - 1)
    assert not nodes[0].due("uuid")
    clock.advance(1)
    assert nodes[1].due("uuid")


@pytest.mark.parametrize(("seconds", "days"), [(0, 1), (DAY - 1, 1), (DAY, 1), (2 * DAY, 2), (14 * DAY, 14)])
def test_days_left_are_whole_and_at_least_one(database: Database, seconds: int, days: int) -> None:
    clock = FakeClock()
    assert PasswordNotices(SqlSeenOnce(database), clock, days=14).days_left(clock.now() + seconds) == days
