"""Checklist 27: throttling per account and source, across aliases and nodes; parallel guesses count; no lock by strangers."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from idp.adapters.sql.authn.throttle import SqlGuessCounter
from idp.adapters.sql.database import Database
from idp.authn.lockout import Lockout, ThrottledError
from idp.errors import UnavailableError
from tests.authn.house import Node
from tests.fakes.clock import FakeClock
from tests.fakes.directory import FakeDirectory, officer
from tests.security.guess_attack import attack, hold

OFFICE, ATTACKER = "203.0.113.7", "198.51.100.9"


@pytest.fixture
def directory() -> FakeDirectory:
    return FakeDirectory([officer("canbo"), *(officer(f"officer{n}", number=1000 + n) for n in range(500))])


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def nodes(database: Database, directory: FakeDirectory, clock: FakeClock) -> tuple[Node, Node]:
    return Node(database, directory, clock), Node(database, directory, clock)


def test_line_27_two_hundred_guesses_over_two_nodes_and_all_spellings(nodes: tuple[Node, Node], directory: FakeDirectory) -> None:
    spellings = ["canbo", "CANBO", "canbo@haugiang.gov.vn", " Canbo@HauGiang.gov.vn "]
    for number in range(200):
        nodes[number % 2].outcome(spellings[number % 4], f"guess{number}", ATTACKER)
    assert len(directory.binds) <= 10
    assert nodes[0].outcome("canbo", source=ATTACKER) == "throttled"
    assert nodes[1].outcome("canbo", source=OFFICE) == "accepted"


def test_line_27_parallel_guesses_count(nodes: tuple[Node, Node], directory: FakeDirectory) -> None:
    barrier = threading.Barrier(20)

    def guess(number: int) -> str:
        barrier.wait()
        return nodes[number % 2].outcome("canbo", f"guess{number}", ATTACKER)

    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(guess, range(20)))
    assert outcomes.count("refused") == len(directory.binds) == 6
    assert outcomes.count("throttled") == 14


def test_line_27_five_hundred_officers_behind_one_address_with_typing_mistakes(nodes: tuple[Node, Node]) -> None:
    clumsy = {number for number in range(500) if number % 20 in (3, 11, 17)}

    def sign_in(number: int) -> list[str]:
        tries = ["typo"] * (1 + number % 2 if number in clumsy else 0) + [""]
        house = nodes[number % 2]
        return [house.outcome(f"officer{number}", typo, OFFICE) if typo else house.outcome(f"officer{number}", source=OFFICE)
                for typo in tries]

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(sign_in, range(500)))
    assert all(line[-1] == "accepted" for line in outcomes)
    assert not any("throttled" in line for line in outcomes)


def test_line_27_no_lock_by_strangers(nodes: tuple[Node, Node], clock: FakeClock) -> None:
    """Guesses from fifteen hundred addresses: the usual place still works, and a new one after the attack."""
    assert nodes[0].outcome("canbo", source=OFFICE) == "accepted"
    for number in range(1500):
        nodes[number % 2].outcome("canbo", "guess", f"10.1.{number // 250}.{number % 250}")
    assert nodes[0].outcome("canbo", source="192.0.2.77") == "throttled"
    assert nodes[1].outcome("canbo", source=OFFICE) == "accepted"
    clock.advance(1800)
    assert nodes[0].outcome("canbo", source="192.0.2.77") == "accepted"


def test_line_27_a_flapping_directory_locks_nobody(nodes: tuple[Node, Node], directory: FakeDirectory) -> None:
    for number in range(60):
        directory.down = number % 2 == 0
        if directory.down:
            with pytest.raises(UnavailableError):
                nodes[0].outcome("canbo", source=OFFICE)
        else:
            assert nodes[0].outcome("canbo", source=OFFICE) == "accepted"


def test_line_27_sign_ins_at_the_same_time_give_back_no_guess_twice(database: Database, clock: FakeClock) -> None:
    lockout = Lockout(SqlGuessCounter(database), clock)

    def spray(names: range) -> int:
        through = 0
        for number in names:
            try:
                lockout.take(f"officer{number}", ATTACKER)
            except ThrottledError:
                continue
            through += 1
        return through

    through = 0
    for turn in range(12):
        for _ in range(4):
            lockout.take("own", ATTACKER)
        first, second = lockout.take("own", ATTACKER), lockout.take("own", ATTACKER)
        for guess in (first, second) if turn % 2 else (second, first):
            lockout.good(guess)
        through += spray(range(20 * turn, 20 * turn + 15))
    assert through == 12 * 15
    assert spray(range(1000, 1050)) == 200 - 12 * 15


def test_line_27_an_attack_in_parallel_is_held_to_the_limit_while_its_victims_work(database: Database) -> None:
    """The short form; its full length is ``python -m tests.security.guess_attack``."""
    hold(attack(database, guesses=900))
