"""Courses are followed once for many looks, and never shown where they are no longer true."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from idp.administration.rollout import courses
from idp.administration.rollout.courses import Courses
from idp.pki.enrollment.working_days import start_of
from idp.rollout.coverage import Coverage
from tests.fakes.clock import FakeClock
from tests.rollout.course import FIRST, course

TODAY = FIRST + timedelta(days=10)


@pytest.fixture(autouse=True)
def _few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courses, "MANY", 400)
    monkeypatch.setattr(courses, "MOST_KEPT", 1000)


class Room:
    """Counts how often a course is followed."""

    def __init__(self, people: int = 400) -> None:
        self.clock = FakeClock(start_of(TODAY) + 3600)
        self.courses, self.made, self.coverage = Courses(self.clock), 0, course(10, people=people)

    def look(self, day: int = 0, scope: str = "") -> Coverage:
        return self.courses.get(self.coverage.campaign, TODAY + timedelta(days=day), scope, self._make)

    def _make(self) -> Coverage:
        self.made += 1
        return self.coverage


def test_a_day_that_goes_on_is_followed_once_a_minute_and_one_that_is_over_once() -> None:
    room = Room()
    for seconds, made in ((0, 1), (59, 1), (1, 2)):
        room.clock.advance(seconds)
        room.look()
        assert room.made == made
    for _ in range(3):
        room.look(day=-1)
        room.clock.advance(3600)
    assert room.made == 3


def test_a_course_of_a_day_that_went_on_is_not_that_of_the_day_when_it_is_over() -> None:
    room = Room()
    room.clock.advance(start_of(TODAY + timedelta(days=1)) + 59 - room.clock.now())  # the day is not over yet
    room.look()
    room.clock.advance(2)
    room.look()
    assert room.made == 1  # a minute is a minute
    room.clock.advance(60)
    for _ in range(2):
        room.look()
        room.clock.advance(3600)
    assert room.made == 2


def test_what_an_administrator_changes_shows_at_once_and_each_scope_is_its_own() -> None:
    room = Room()
    room.look()
    room.courses.forget("CD-2026-0002")
    room.look()
    room.look(scope="H30.1")
    assert room.made == 2
    room.courses.forget("CD-2026-0001")
    room.look()
    assert room.made == 3


def test_small_campaigns_are_not_kept_and_of_large_ones_no_more_than_there_is_room_for() -> None:
    small = Room(people=399)
    small.look()
    small.look()
    assert small.made == 2
    room = Room()
    for day in (-1, -2, -3, -1, -3):
        room.look(day=day)
    assert room.made == 4  # two of 400 fit; -1 went when -3 came, and -2 when -1 came anew


def test_many_who_ask_at_once_wait_for_one_who_follows() -> None:
    room, gate = Room(), threading.Barrier(8)

    def look() -> None:
        gate.wait()
        room.look(day=-1)

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert room.made == 1
