"""Turns at the directory: everybody is served while it is quick, and nobody stands in line for one that is not."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from idp.adapters.ldap.turns import Turns
from idp.errors import UnavailableError


def call(turns: Turns, seconds: float, *, patient: bool = True) -> tuple[str, float]:
    """Stand at the directory for some seconds; gives what came of it and how long it took."""
    began = time.monotonic()
    try:
        with turns.one(patient=patient):
            time.sleep(seconds)
    except UnavailableError as err:
        return "refused" if err.dependency == "directory" and err.retry_after_seconds == 2 else "", time.monotonic() - began
    return "served", time.monotonic() - began


def taken(turns: Turns, pool: ThreadPoolExecutor, until: Callable[[], object]) -> Future[None]:
    """Have a place taken until something returns."""
    standing = threading.Event()

    def stand() -> None:
        with turns.one():
            standing.set()
            until()

    future = pool.submit(stand)
    assert standing.wait(60)
    return future


def test_sixteen_at_once_at_a_third_of_a_second_each_are_all_served() -> None:
    def all_served() -> bool:
        turns = Turns(2, queue_seconds=2.5)
        for _ in range(2):
            with ThreadPoolExecutor(16) as pool:
                answers = list(pool.map(lambda _: call(turns, 0.3), range(16)))
            if {what for what, _ in answers} != {"served"} or max(seconds for _, seconds in answers) >= 3:
                return False
        return True

    assert any(all_served() for _ in range(4)), "a busy machine may need another try; where nobody may wait no try would do"


def test_an_office_that_begins_its_day_never_hears_that_it_is_too_many() -> None:
    turns = Turns(2, queue_seconds=2.5)
    with ThreadPoolExecutor(64) as pool:
        assert {what for what, _ in pool.map(lambda _: call(turns, 0.024), range(128))} == {"served"}


def test_a_call_that_lasts_sends_those_who_wait_away_and_nobody_waits_after_that() -> None:
    turns = Turns(2, queue_seconds=2.5)
    back = threading.Event()
    with ThreadPoolExecutor(8) as pool:
        call(turns, 0.02)
        stuck = [taken(turns, pool, lambda: back.wait(60)) for _ in range(2)]
        waiting = [pool.submit(call, turns, 0.02) for _ in range(4)]
        assert {what for what, _ in (each.result() for each in waiting)} == {"refused"}
        assert max(seconds for _, seconds in (each.result() for each in waiting)) < 2.4
        assert call(turns, 0.02) == ("refused", pytest.approx(0, abs=2))
        back.set()
        for each in stuck:
            each.result()
    assert call(turns, 0.02)[0] == "served"


def test_while_calls_are_slow_on_average_a_free_place_is_given_and_a_taken_one_is_not_waited_for() -> None:
    turns = Turns(1, queue_seconds=20)
    back = threading.Event()
    with ThreadPoolExecutor(2) as pool:
        taken(turns, pool, lambda: time.sleep(3)).result()
        held = taken(turns, pool, lambda: back.wait(60))
        assert call(turns, 0.0) == ("refused", pytest.approx(0, abs=10))
        back.set()
        held.result()
    assert call(turns, 0.0)[0] == "served"


def test_who_waits_is_served_in_the_order_of_coming_and_not_for_ever() -> None:
    turns = Turns(1, queue_seconds=0.4)
    served: list[int] = []

    def one(number: int) -> None:
        with turns.one():
            served.append(number)

    def all_come_in_order() -> bool:
        """Have four stand in line, each once the one before does; False where the machine let the first wait too long."""
        back, waiting = threading.Event(), []
        served.clear()
        held = taken(turns, pool, lambda: back.wait(60))
        for number in range(4):
            waiting.append(pool.submit(one, number))
            while len(turns._waiting) <= number and not waiting[0].done():
                time.sleep(0.001)
        back.set()
        held.result()
        return not any(each.exception() for each in waiting)

    with ThreadPoolExecutor(8) as pool:
        assert any(all_come_in_order() for _ in range(8))
        assert served == [0, 1, 2, 3]
        back = threading.Event()
        held = taken(turns, pool, lambda: back.wait(60))
        what, seconds = call(turns, 0.0)
        back.set()
        assert what == "refused"
        assert 0.3 < seconds < 10
        held.result()


def test_who_is_not_patient_never_waits() -> None:
    turns = Turns(1, queue_seconds=2.5)
    back = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        held = taken(turns, pool, lambda: back.wait(60))
        assert call(turns, 0.0, patient=False) == ("refused", pytest.approx(0, abs=2))
        back.set()
        held.result()
    assert call(turns, 0.0, patient=False)[0] == "served"


def test_a_place_is_given_back_whatever_happens_at_it() -> None:
    turns = Turns(1, queue_seconds=0.1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), turns.one():
            raise ZeroDivisionError
    assert call(turns, 0.0)[0] == "served"
