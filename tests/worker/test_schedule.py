"""Jobs run when they are due."""

from __future__ import annotations

import pytest

from idp.errors import UnavailableError
from idp.worker.schedule import Job, Schedule
from tests.fakes.clock import FakeClock


def test_a_job_runs_at_once_and_then_every_so_often() -> None:
    clock, ran = FakeClock(), []
    schedule = Schedule([Job("a", 10, lambda: ran.append(clock.now()))], clock)
    start = clock.now()
    for _ in range(25):
        schedule.round()
        clock.advance(1)
    assert [at - start for at in ran] == [0, 10, 20]


def test_a_job_that_fails_stays_due_and_the_others_have_their_turn() -> None:
    clock, ran = FakeClock(), []

    def fail() -> None:
        ran.append("fail")
        raise UnavailableError("away", dependency="database")

    schedule = Schedule([Job("fail", 10, fail), Job("b", 10, lambda: ran.append("b"))], clock)
    for _ in range(2):
        with pytest.raises(UnavailableError):
            schedule.round()
    assert ran == ["fail", "b", "fail"]


def test_a_clock_that_is_set_back_does_not_silence_a_job() -> None:
    clock, ran = FakeClock(), []
    schedule = Schedule([Job("a", 10, lambda: ran.append(1))], clock)
    schedule.round()
    clock.advance(-3600)
    schedule.round()
    assert len(ran) == 2
