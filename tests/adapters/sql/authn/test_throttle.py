"""Contract of the guess counters: the fake in memory, SQLite and PostgreSQL keep the same promises."""

from __future__ import annotations

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from idp.adapters.sql.authn.throttle import SqlGuessCounter
from idp.adapters.sql.database import Database
from idp.authn.lockout import GuessCounter, Move
from tests.fakes.guess_counter import FakeGuessCounter

NOW = 1_700_000_000
ABSURD = NOW + 10_000


def key(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


def moves(*names: str, seconds: int = 100, limit: int = 300) -> tuple[Move, ...]:
    return tuple(Move(key(name), seconds, NOW + limit) for name in names)


class GuessCounterContract:
    def test_three_counters_move_together(self, counter: GuessCounter) -> None:
        assert counter.move(moves("s", "a", "p"), now=NOW, absurd=ABSURD) == {key(k): NOW + 100 for k in "sap"}
        assert counter.move(moves("s", "b", "q"), now=NOW, absurd=ABSURD) == {
            key("s"): NOW + 200, key("b"): NOW + 100, key("q"): NOW + 100}
        assert counter.read([key("s"), key("a"), key("z")]) == {key("s"): NOW + 200, key("a"): NOW + 100}

    def test_a_counter_never_passes_its_limit_and_the_others_still_move(self, counter: GuessCounter) -> None:
        for letter in "abc":
            counter.move(moves("s", letter, letter * 2), now=NOW, absurd=ABSURD)
        assert counter.move(moves("s", "d", "dd"), now=NOW, absurd=ABSURD) == {key("d"): NOW + 100, key("dd"): NOW + 100}
        assert counter.read([key("s")]) == {key("s"): NOW + 300}

    def test_each_counter_has_its_own_limit(self, counter: GuessCounter) -> None:
        own = (Move(key("s"), 100, NOW + 100), Move(key("a"), 100, NOW + 200), Move(key("p"), 100, NOW + 300))
        assert [len(counter.move(own, now=NOW, absurd=ABSURD)) for _ in range(4)] == [3, 2, 1, 0]

    def test_a_fourth_counter_moves_with_them_and_only_from_empty_where_its_limit_says_so(self, counter: GuessCounter) -> None:
        pause = Move(key("w"), 8, NOW + 8)
        assert counter.move((*moves("s", "a", "p"), pause), now=NOW, absurd=ABSURD)[key("w")] == NOW + 8
        assert key("w") not in counter.move((*moves("s", "a", "p"), pause), now=NOW, absurd=ABSURD)
        later = pause._replace(seconds=16, limit=NOW + 8 + 16)
        assert counter.move((*moves("x", "y", "z"), later), now=NOW + 8, absurd=ABSURD)[key("w")] == NOW + 24
        assert counter.read([key(name) for name in ("s", "a", "p", "q", "w")])[key("w")] == NOW + 24

    def test_time_empties_a_counter(self, counter: GuessCounter) -> None:
        for _ in range(3):
            counter.move(moves("s", "a", "p"), now=NOW, absurd=ABSURD)
        later = NOW + 1000
        again = tuple(move._replace(limit=later + 300) for move in moves("s", "a", "p"))
        assert counter.move(again, now=later, absurd=later + 10_000)[key("s")] == later + 100

    def test_a_negative_move_takes_back(self, counter: GuessCounter) -> None:
        counter.move(moves("s", "a", "p"), now=NOW, absurd=ABSURD)
        counter.move(moves("s", "a", "p"), now=NOW, absurd=ABSURD)
        assert counter.move(moves("s", "a", "p", seconds=-100), now=NOW, absurd=ABSURD)[key("p")] == NOW + 100

    def test_a_counter_from_a_wrong_clock_counts_as_empty(self, counter: GuessCounter) -> None:
        counter.keep(key("s"), NOW + 10**8, older_than=NOW + 10**8)
        assert counter.move(moves("s", "a", "p"), now=NOW, absurd=ABSURD)[key("s")] == NOW + 100

    def test_keep_moves_a_moment_only_when_it_is_older(self, counter: GuessCounter) -> None:
        counter.keep(key("k"), NOW + 50, older_than=NOW)
        counter.keep(key("k"), NOW + 60, older_than=NOW + 10)
        assert counter.read([key("k")]) == {key("k"): NOW + 50}
        counter.keep(key("k"), NOW + 70, older_than=NOW + 51)
        assert counter.read([key("k")]) == {key("k"): NOW + 70}

    def test_clear_empties_and_tells(self, counter: GuessCounter) -> None:
        counter.move(moves("s", "a", "p"), now=NOW, absurd=ABSURD)
        assert counter.clear(key("s"))
        assert not counter.clear(key("s"))
        assert counter.read([key("s"), key("a")]) == {key("a"): NOW + 100}

    def test_of_forty_parallel_guesses_as_many_pass_as_the_limit_allows(self, counter: GuessCounter) -> None:
        barrier = threading.Barrier(40)

        def attempt(number: int) -> int:
            barrier.wait()
            return key("s") in counter.move(moves("s", f"a{number % 3}", f"p{number % 3}", limit=700), now=NOW, absurd=ABSURD)

        with ThreadPoolExecutor(40) as pool:
            assert sum(pool.map(attempt, range(40))) == 7
        assert counter.read([key("s")]) == {key("s"): NOW + 700}

    def test_parallel_moves_and_take_backs_of_one_officer_end_where_they_began(self, counter: GuessCounter) -> None:
        """Several rows under one statement, in both directions at once: no deadlock, nothing lost."""
        def attempt(number: int) -> None:
            for _ in range(10):
                counter.move(moves("s", "a", "p", limit=10**6), now=NOW, absurd=NOW + 10**7)
                counter.move(moves("s", "a", "p", seconds=-100, limit=10**6), now=NOW, absurd=NOW + 10**7)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(attempt, range(8)))
        assert set(counter.read([key("s"), key("a"), key("p")]).values()) == {NOW}


class TestFakeGuessCounter(GuessCounterContract):
    @pytest.fixture
    def counter(self) -> GuessCounter:
        return FakeGuessCounter()


class TestSqlGuessCounter(GuessCounterContract):
    @pytest.fixture
    def counter(self, database: Database) -> GuessCounter:
        return SqlGuessCounter(database)
