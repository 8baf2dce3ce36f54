"""The arithmetic of the brake, on numbers alone; what it does to mirror and feed is in ``test_feed``."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from idp.audit import AuditRecord, Caller
from idp.directory.brake import WINDOW_SECONDS, Brake, BrakedError, BrakeRule, FeedState, Reason
from idp.errors import RefusedError
from tests.fakes.clock import FakeClock

ME = Caller("cli", "test")


@dataclass
class Numbers:
    """A record of the feed and a count of officers."""

    now: FeedState = field(default_factory=FeedState)
    officers: int = 400
    lost_at: list[int] = field(default_factory=list)

    def state(self) -> FeedState:
        return self.now

    def brake(self, reason: Reason, *, losses: int, active: int, now: int, record: AuditRecord) -> None:
        self.now = replace(self.now, braked_at=now, reason=reason, losses=losses, active=active)

    def release(self, *, record: AuditRecord) -> bool:
        self.now = replace(self.now, braked_at=0, reason="", allowance=self.now.losses)
        return True

    def active(self) -> int:
        return self.officers - len(self.lost_at)

    def lost_since(self, since: int) -> int:
        return sum(at >= since for at in self.lost_at)


class House:
    def __init__(self) -> None:
        self.clock, self.numbers = FakeClock(), Numbers()
        self.brake = Brake(self.numbers, self.numbers, BrakeRule(5, 10), self.clock)  # type: ignore[arg-type]

    def lose(self, count: int) -> bool:
        used_up = self.brake.check(count, where="test")
        self.numbers.lost_at += [self.clock.now()] * count
        return used_up


def test_the_share_is_of_those_who_were_there_before_the_hour() -> None:
    house = House()
    house.lose(10)
    house.lose(10)  # twenty of four hundred, not of those who are left
    with pytest.raises(BrakedError, match="21 of 400"):
        house.lose(1)


def test_what_was_lost_before_the_hour_counts_no_more() -> None:
    house = House()
    house.lose(20)
    house.clock.advance(WINDOW_SECONDS)
    with pytest.raises(BrakedError, match="21 of 400"):
        house.lose(1)
    house.clock.advance(1)
    assert house.lose(19) is False
    with pytest.raises(BrakedError, match="20 of 380"):
        house.lose(1)


def test_what_was_lost_before_counting_began_anew_counts_no_more() -> None:
    house = House()
    house.lose(20)
    house.numbers.now = FeedState(counted_from=house.clock.now() + 1)
    house.clock.advance(1)
    assert house.lose(19) is False


def test_a_release_of_what_was_reported_counts_those_who_had_left_already() -> None:
    house = House()
    house.lose(20)
    with pytest.raises(BrakedError, match="21 of 400"):
        house.lose(1)
    house.brake.release(ME)
    with pytest.raises(BrakedError, match="22 of 400"):
        house.lose(2)
    house.brake.release(ME)
    assert house.lose(2) is True


def test_nobody_lost_uses_no_allowance_up() -> None:
    house = House()
    with pytest.raises(BrakedError):
        house.lose(21)
    house.brake.release(ME)
    assert house.lose(0) is False
    assert house.lose(20) is False


def test_nothing_is_released_that_was_not_stopped_whatever_the_record_says() -> None:
    house = House()
    with pytest.raises(RefusedError, match="stopped nothing"):
        house.brake.release(ME)
    assert house.numbers.now == FeedState()
