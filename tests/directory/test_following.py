"""How long one worker goes on listening: until told to stop, until another has the lease, until the brake, until the night."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest

from idp.adapters.sql.database import Database
from idp.directory.brake import BrakedError
from idp.directory.feed import LEASE_SECONDS, RENEW_SECONDS, Batch
from tests.fakes.clock import FakeClock
from tests.fakes.directory import FakeDirectory, make_officer
from tests.followed import Followed

from .test_feed import House, Script


class Quiet:
    """A source that tells nothing; something happens meanwhile.

    Attributes:
        asked: What it heard when it asked whether to go on: at first, and once the lease was to be renewed.
    """

    name = "syncrepl"

    def __init__(self, house: House, happens: Callable[[House], object]) -> None:
        self.house, self.happens = house, happens
        self.asked: list[bool] = []

    def follow(self, cookie: str, take: Callable[[Batch], None], going_on: Callable[[], bool], *, once: bool = False) -> None:
        self.asked.append(going_on())
        self.house.time.advance(RENEW_SECONDS)
        with suppress(BrakedError):
            self.happens(self.house)
        self.asked.append(going_on())


def somebody_else(house: House) -> bool:
    """Let another worker take the lease, if it may."""
    now = house.time.now()
    return house.record.take("another", source="syncrepl", now=now, until=now + LEASE_SECONDS, heard=True)


def lease_lost(house: House) -> None:
    house.time.advance(LEASE_SECONDS)
    assert somebody_else(house)


@pytest.mark.parametrize(("happens", "goes_on"), [
    (lambda house: None, True),
    (lease_lost, False),
    (lambda house: house.brake.empty(where="another window"), False),
    (lambda house: house.time.advance(86400), False),
], ids=["nothing", "lease", "brake", "night"])
def test_a_listener_goes_on_until_it_must_not(database: Database, happens: Callable[[House], object], *, goes_on: bool) -> None:
    house = House(database, count=2)
    house.changes = quiet = Quiet(house, happens)
    house.another().round()
    assert quiet.asked == [True, goes_on]


@pytest.mark.parametrize("stopping", [True, False])
def test_who_is_told_to_stop_gives_the_lease_back(database: Database, *, stopping: bool) -> None:
    house = House(database, count=2)
    house.changes = quiet = Quiet(house, lambda _: None)
    house.another().round(lambda: stopping)
    assert quiet.asked == [not stopping, not stopping]
    assert somebody_else(house) is stopping


def test_who_has_heard_of_everybody_compares_nobody_before_the_night(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    people, listed = FakeDirectory([make_officer("canbo")]), list[str]()
    everyone = people.everyone
    monkeypatch.setattr(people, "everyone", lambda: (listed.append("listed"), everyone())[1])
    clock = FakeClock()
    house = Followed(database, people, Script(people), clock=clock)
    house.catch_up()
    assert (house.ledger.active(), listed) == (1, [])
    clock.advance(86400)
    house.catch_up()
    assert listed == ["listed"]
