"""Courses are followed once for many looks, and never shown where they are no longer true."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from idp.administration.rollout import courses
from idp.administration.rollout.courses import Courses
from idp.errors import UnavailableError
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
        self.meanwhile: Callable[[], None] = lambda: None
        self.waiting: list[Callable[[], None]] = []
        self.courses, self.made, self.coverage = Courses(self.clock, self.waiting.append), 0, course(10, people=people)

    def look(self, day: int = 0, scope: str = "") -> Coverage:
        return self.courses.get(self.coverage.campaign, TODAY + timedelta(days=day), scope, self._make)

    def _make(self) -> Coverage:
        self.meanwhile()
        self.made += 1
        return self.coverage


def test_a_day_that_goes_on_is_followed_once_a_minute_and_one_that_is_over_once() -> None:
    room = Room()
    for seconds, made in ((0, 1), (59, 1), (1, 2)):
        room.clock.advance(seconds)
        room.look()
        for renew in room.waiting:
            renew()
        assert room.made == made
    for _ in range(3):
        room.look(day=-1)
        room.clock.advance(3600)
    assert room.made == 3


def test_a_look_after_the_minute_does_not_wait_and_the_next_one_sees_what_was_followed_meanwhile() -> None:
    room = Room()
    first = room.look()
    room.clock.advance(60)
    room.coverage = course(11)
    assert [room.look() for _ in range(3)] == [first] * 3
    assert (room.made, len(room.waiting)) == (1, 1)  # three looks, one who follows
    room.waiting.pop()()
    assert (room.look(), room.made) == (room.coverage, 2)
    room.clock.advance(600)
    assert (room.look() is room.coverage, room.made, room.waiting) == (True, 3, [])  # too old to be shown


def test_what_cannot_be_followed_beside_is_tried_again_and_what_was_changed_meanwhile_is_not_kept() -> None:
    room = Room()
    room.look()
    room.clock.advance(60)
    room.look()
    (renew,) = room.waiting
    room.meanwhile = _unavailable
    renew()
    room.look()
    assert (room.made, len(room.waiting)) == (1, 2)  # tried anew by the next look
    room.meanwhile = lambda: room.courses.forget("CD-2026-0001")
    room.waiting.pop()()
    room.meanwhile = lambda: None
    room.look()
    assert room.made == 3


def _unavailable() -> None:
    raise UnavailableError("The database does not answer.", dependency="database")


def test_a_course_of_a_day_that_went_on_is_not_that_of_the_day_when_it_is_over() -> None:
    room = Room()
    room.clock.advance(start_of(TODAY + timedelta(days=1)) + 59 - room.clock.now())  # the day is not over yet
    room.look()
    room.clock.advance(2)
    room.look()
    assert room.made == 1  # a minute is a minute
    room.clock.advance(60)  # and a day that is over is not shown as it was while it went on
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
