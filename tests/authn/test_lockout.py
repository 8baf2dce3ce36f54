"""Guess limits (security checklist 27; NIST SP 800-63B-4 3.2.2): what they stop, and whom they must never stop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from idp.adapters.sql.authn.throttle import SqlGuessCounter
from idp.adapters.sql.database import Database
from idp.authn.lockout import FACTOR_LIMITS, Limits, Lockout, Move, Pause, Rule, ThrottledError
from tests.fakes.clock import FakeClock
from tests.fakes.guess_counter import FakeGuessCounter

OFFICE = "203.0.113.7"
ATTACKER = "198.51.100.9"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def lockout(clock: FakeClock) -> Lockout:
    return Lockout(FakeGuessCounter(), clock)


def guesses_through(lockout: Lockout, account: str, source: str, tries: int) -> int:
    """Make wrong guesses and count those that are let through."""
    through = 0
    for _ in range(tries):
        try:
            lockout.take(account, source)
        except ThrottledError:
            continue
        through += 1
    return through


def sign_in(lockout: Lockout, account: str, source: str) -> None:
    lockout.good(lockout.take(account, source))


def test_of_two_hundred_guesses_on_one_officer_from_one_address_six_get_through(lockout: Lockout) -> None:
    assert guesses_through(lockout, "canbo", ATTACKER, 200) == 6


def test_after_two_hundred_guesses_the_officer_signs_in_from_another_address_at_once(lockout: Lockout) -> None:
    guesses_through(lockout, "canbo", ATTACKER, 200)
    sign_in(lockout, "canbo", OFFICE)


def test_the_refusal_says_when_the_next_guess_is_let_through(lockout: Lockout, clock: FakeClock) -> None:
    guesses_through(lockout, "canbo", ATTACKER, 6)
    with pytest.raises(ThrottledError) as refused:
        lockout.take("canbo", ATTACKER)
    assert (refused.value.status, refused.value.code, refused.value.limit) == (429, "throttled", "pair")
    wait = refused.value.retry_after_seconds
    assert wait == 300
    clock.advance(wait - 1)
    with pytest.raises(ThrottledError):
        lockout.take("canbo", ATTACKER)
    clock.advance(1)
    lockout.take("canbo", ATTACKER)


def test_refused_guesses_do_not_prolong_the_wait(lockout: Lockout, clock: FakeClock) -> None:
    guesses_through(lockout, "canbo", ATTACKER, 500)
    clock.advance(300)
    sign_in(lockout, "canbo", ATTACKER)


def test_no_refusal_outlives_half_an_hour_without_guesses(lockout: Lockout, clock: FakeClock) -> None:
    for number in range(300):
        guesses_through(lockout, "canbo", f"198.51.100.{number % 250}", 10)
    clock.advance(1800)
    for _ in range(6):
        lockout.take("canbo", OFFICE)


def test_good_sign_ins_never_count(lockout: Lockout) -> None:
    for _ in range(1000):
        sign_in(lockout, "canbo", OFFICE)


def test_a_good_sign_in_takes_back_the_typing_mistakes_before_it(lockout: Lockout) -> None:
    for _ in range(100):
        assert guesses_through(lockout, "canbo", OFFICE, 5) == 5
        sign_in(lockout, "canbo", OFFICE)


def test_an_attackers_own_account_wins_no_guesses_on_others(lockout: Lockout, clock: FakeClock) -> None:
    """Signing in with one's own account between guesses must not empty the source's counter."""
    through = 0
    for number in range(600):
        through += guesses_through(lockout, f"officer{number}", ATTACKER, 1)
        try:
            guesses_through(lockout, "mole", ATTACKER, 2)
            sign_in(lockout, "mole", ATTACKER)
        except ThrottledError:
            continue
    assert through <= 200


@pytest.mark.parametrize("typos_first", [False, True])
def test_five_hundred_officers_behind_one_address_sign_in_within_five_minutes(
        lockout: Lockout, clock: FakeClock, typos_first: bool) -> None:
    clumsy = [number for number in range(500) if number % 20 in (3, 11, 17)]
    assert len(clumsy) == 75
    if typos_first:
        for number in clumsy:
            assert guesses_through(lockout, f"officer{number}", OFFICE, 2) == 2
    for number in range(500):
        if not typos_first and number in clumsy:
            assert guesses_through(lockout, f"officer{number}", OFFICE, 1 + number % 2) == 1 + number % 2
        sign_in(lockout, f"officer{number}", OFFICE)
        if number % 5 == 4:
            clock.advance(3)


def test_five_thousand_officers_behind_one_address_in_five_minutes(lockout: Lockout, clock: FakeClock) -> None:
    waiting: list[str] = []
    for number in range(5000):
        name = f"officer{number}"
        if number % 20 in (3, 11, 17):
            assert guesses_through(lockout, name, OFFICE, 1 + number % 2) == 1 + number % 2
            waiting.append(name)
        else:
            sign_in(lockout, name, OFFICE)
        if len(waiting) > 50:
            sign_in(lockout, waiting.pop(0), OFFICE)
        if number % 17 == 0:
            clock.advance(1)


def test_one_address_spraying_many_names_is_slowed(lockout: Lockout, clock: FakeClock) -> None:
    assert sum(guesses_through(lockout, f"officer{number}", ATTACKER, 1) for number in range(2000)) == 200
    through = 0
    for number in range(3600):
        clock.advance(1)
        through += guesses_through(lockout, f"name{number}", ATTACKER, 1)
    assert through == 400


def test_distributed_guessing_on_one_officer_stays_under_one_hundred_an_hour(lockout: Lockout, clock: FakeClock) -> None:
    through = 0
    for second in range(3600):
        clock.advance(1)
        through += guesses_through(lockout, "canbo", f"10.{second % 250}.{second // 250}.1", 1)
    assert through <= 60


def test_distributed_guessing_does_not_stop_the_officer_at_the_usual_place(lockout: Lockout, clock: FakeClock) -> None:
    sign_in(lockout, "canbo", OFFICE)
    for number in range(500):
        guesses_through(lockout, "canbo", f"10.0.{number // 250}.{number % 250}", 2)
    with pytest.raises(ThrottledError) as refused:
        lockout.take("canbo", "192.0.2.1")
    assert refused.value.limit == "account"
    sign_in(lockout, "canbo", OFFICE)
    clock.advance(89 * 86400)
    sign_in(lockout, "canbo", OFFICE)


def test_a_noisy_neighbour_does_not_stop_an_office_that_is_known(lockout: Lockout) -> None:
    for number in range(100):
        sign_in(lockout, f"officer{number}", OFFICE)
    guesses_through(lockout, "x", OFFICE, 50)
    for number in range(100, 1000):
        guesses_through(lockout, f"name{number}", OFFICE, 1)
    for number in range(100):
        guess = lockout.take(f"officer{number}", OFFICE)
        assert guess.instead is not None, "a wrong guess here must be answered like a stranger's"
        lockout.good(guess)
    with pytest.raises(ThrottledError):
        lockout.take("newcomer", OFFICE)


def test_a_known_source_whose_neighbour_is_noisy_has_two_guesses_in_a_row(lockout: Lockout) -> None:
    sign_in(lockout, "canbo", OFFICE)
    for number in range(300):
        guesses_through(lockout, f"name{number}", OFFICE, 1)
    assert guesses_through(lockout, "canbo", OFFICE, 20) == 2


def test_guesses_from_known_sources_count_for_the_officer(lockout: Lockout) -> None:
    for number in range(4):
        sign_in(lockout, "canbo", f"203.0.113.{number}")
    through = sum(guesses_through(lockout, "canbo", f"203.0.113.{number}", 100) for number in range(4))
    assert through <= 24
    with pytest.raises(ThrottledError):
        lockout.take("canbo", ATTACKER)


def test_unknown_names_are_counted_like_officers(lockout: Lockout) -> None:
    assert guesses_through(lockout, "nobody", ATTACKER, 50) == guesses_through(lockout, "canbo", "198.51.100.10", 50)


def test_an_unanswered_guess_drains_away_like_a_wrong_one(lockout: Lockout, clock: FakeClock) -> None:
    for _ in range(6):
        lockout.take("canbo", OFFICE)
    clock.advance(1800)
    assert guesses_through(lockout, "canbo", OFFICE, 10) == 6


def test_a_directory_that_is_down_costs_no_guess(lockout: Lockout) -> None:
    for _ in range(1000):
        lockout.release(lockout.take("canbo", OFFICE))
    assert guesses_through(lockout, "canbo", OFFICE, 10) == 6


def test_one_ipv6_subscriber_is_one_source(lockout: Lockout) -> None:
    through = sum(guesses_through(lockout, "canbo", f"2001:db8:1:2::{number:x}", 1) for number in range(1, 50))
    assert through == 6
    lockout.take("canbo", "2001:db8:1:3::1")


def test_an_ipv4_address_written_as_ipv6_is_the_same_source(lockout: Lockout) -> None:
    assert guesses_through(lockout, "canbo", "198.51.100.9", 3) + guesses_through(lockout, "canbo", "::ffff:198.51.100.9", 9) == 6


def test_an_alias_counts_for_the_officer_but_not_twice_for_the_source(clock: FakeClock) -> None:
    lockout = Lockout(FakeGuessCounter(), clock, Limits(source=Rule(4)))
    for _ in range(4):
        lockout.take("nva", OFFICE)
        lockout.take("nguyenvana", OFFICE, alias=True)
    with pytest.raises(ThrottledError) as refused:
        lockout.take("other", OFFICE)
    assert refused.value.limit == "source"


def test_passwords_and_factors_are_counted_apart(clock: FakeClock) -> None:
    counter = FakeGuessCounter()
    passwords, factors = Lockout(counter, clock), Lockout(counter, clock, FACTOR_LIMITS, kind="factor")
    guesses_through(passwords, "canbo", OFFICE, 50)
    assert guesses_through(factors, "canbo", OFFICE, 50) == 6


def test_an_operator_lets_an_officer_guess_afresh(lockout: Lockout) -> None:
    guesses_through(lockout, "canbo", OFFICE, 50)
    assert lockout.clear("canbo", OFFICE) == 3
    assert guesses_through(lockout, "canbo", OFFICE, 50) == 6
    assert lockout.clear("canbo") == 1
    assert lockout.clear("", OFFICE) == 1


def test_a_clock_that_jumps_back_ten_minutes_forgets_no_guess(lockout: Lockout, clock: FakeClock) -> None:
    guesses_through(lockout, "canbo", ATTACKER, 6)
    clock.advance(-600)
    assert guesses_through(lockout, "canbo", ATTACKER, 10) == 0


def test_a_clock_that_was_a_year_ahead_locks_nobody(lockout: Lockout, clock: FakeClock) -> None:
    clock.advance(365 * 86400)
    guesses_through(lockout, "canbo", OFFICE, 10)
    clock.advance(-365 * 86400)
    sign_in(lockout, "canbo", OFFICE)


@pytest.mark.parametrize("limit", ["pair", "account", "source"])
def test_parallel_guesses_never_pass_a_limit(database: Database, clock: FakeClock, limit: str) -> None:
    limits = Limits(pair=Rule(5), account=Rule(5 if limit == "account" else 50), source=Rule(5 if limit == "source" else 50))
    nodes = [Lockout(SqlGuessCounter(database), clock, limits) for _ in range(2)]
    barrier = threading.Barrier(20)

    def attempt(number: int) -> bool:
        account = f"officer{number}" if limit == "source" else "canbo"
        source = f"198.51.100.{number}" if limit == "account" else ATTACKER
        barrier.wait()
        try:
            nodes[number % 2].take(account, source)
        except ThrottledError:
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(attempt, range(20))) <= 5
    assert guesses_through(nodes[0], "canbo", ATTACKER, 10) <= 5


def test_parallel_guesses_of_one_pair_are_exactly_as_many_as_allowed(database: Database, clock: FakeClock) -> None:
    lockout = Lockout(SqlGuessCounter(database), clock)
    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(lambda _: guesses_through(lockout, "canbo", ATTACKER, 5), range(20))) == 6
    sign_in(lockout, "canbo", OFFICE)


def test_the_office_of_five_hundred_on_the_real_database_with_threads(database: Database, clock: FakeClock) -> None:
    lockout = Lockout(SqlGuessCounter(database), clock)

    def officer(number: int) -> None:
        if number % 20 in (3, 11, 17):
            assert guesses_through(lockout, f"officer{number}", OFFICE, 1 + number % 2) == 1 + number % 2
        sign_in(lockout, f"officer{number}", OFFICE)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(officer, range(500)))


class TestKnownDevice:
    """A device on which the officer has signed in before has counters of its own."""

    def test_a_neighbour_behind_the_same_address_does_not_make_the_officer_wait(self, lockout: Lockout) -> None:
        assert guesses_through(lockout, "canbo", OFFICE, 200) == 6
        with pytest.raises(ThrottledError):
            lockout.take("canbo", OFFICE)
        for _ in range(20):
            lockout.good(lockout.take("canbo", OFFICE, device="d1"))

    def test_an_attack_from_everywhere_does_not_make_the_officer_wait(self, lockout: Lockout) -> None:
        for number in range(120):
            guesses_through(lockout, "canbo", f"198.51.{number}.9", 3)
        for source in (OFFICE, "198.51.100.77"):
            lockout.good(lockout.take("canbo", source, device="d1"))

    def test_a_flood_of_one_address_over_all_names_does_not_either(self, lockout: Lockout) -> None:
        for number in range(400):
            guesses_through(lockout, f"name{number}", OFFICE, 1)
        lockout.good(lockout.take("canbo", OFFICE, device="d1"))

    def test_it_has_limits_too_and_another_device_has_its_own(self, lockout: Lockout) -> None:
        for number in range(6):
            lockout.take("canbo", f"198.51.100.{number}", device="d1")
        for number in range(40):
            with pytest.raises(ThrottledError) as refused:
                lockout.take("canbo", f"198.51.100.{number}", device="d1")
            assert refused.value.limit == "pair"
        lockout.take("canbo", OFFICE, device="d2")

    def test_its_refusals_are_told_as_they_are_and_a_known_addresss_are_not(self, lockout: Lockout) -> None:
        sign_in(lockout, "canbo", OFFICE)
        for number in range(60):
            guesses_through(lockout, "canbo", f"198.51.{number}.9", 2)
        assert lockout.take("canbo", OFFICE).instead is not None
        assert lockout.take("canbo", OFFICE, device="d1").instead is None

    def test_a_good_sign_in_takes_back_what_was_wrong_on_it(self, lockout: Lockout) -> None:
        for _ in range(5):
            lockout.take("canbo", OFFICE, device="d1")
        lockout.good(lockout.take("canbo", OFFICE, device="d1"))
        for _ in range(6):
            lockout.take("canbo", OFFICE, device="d1")

    def test_one_device_is_not_known_to_another_account(self, lockout: Lockout) -> None:
        for _ in range(6):
            lockout.take("canbo", OFFICE, device="d1")
        lockout.take("vanthu", OFFICE, device="d1")


class Watched(FakeGuessCounter):
    """Counters at which something happens after the next look."""

    def __init__(self) -> None:
        super().__init__()
        self.between: list[Callable[[], object]] = []

    def read(self, keys: Sequence[bytes]) -> Mapping[bytes, int]:
        seen = super().read(keys)
        if self.between:
            self.between.pop()()
        return seen


class TestPause:
    """After the first slips a pause follows each wrong guess, on a clock that stands still unless it is moved."""

    @pytest.fixture
    def pausing(self, clock: FakeClock) -> Lockout:
        return Lockout(FakeGuessCounter(), clock, Limits(pair=Rule(8), pause=Pause(1, most=10)))

    def held(self, lockout: Lockout, device: str = "") -> tuple[str, int]:
        with pytest.raises(ThrottledError) as refused:
            lockout.take("canbo", OFFICE, device=device)
        return refused.value.limit, int(refused.value.retry_after_seconds or 0)

    def test_it_doubles_up_to_the_longest_and_ends_to_the_second(self, pausing: Lockout, clock: FakeClock) -> None:
        waits = []
        assert guesses_through(pausing, "canbo", OFFICE, 20) == 3
        for _ in range(5):
            limit, wait = self.held(pausing)
            assert limit == "pause"
            waits.append(wait)
            clock.advance(wait - 1)
            assert self.held(pausing) == ("pause", 1), "refused guesses do not prolong it"
            clock.advance(1)
            assert guesses_through(pausing, "canbo", OFFICE, 20) == 1
        assert waits == [1, 2, 4, 8, 10]

    def test_a_right_answer_ends_it_and_is_not_followed_by_one(self, pausing: Lockout, clock: FakeClock) -> None:
        for _ in range(5):
            assert guesses_through(pausing, "canbo", OFFICE, 3) == 3
            clock.advance(1)
            sign_in(pausing, "canbo", OFFICE)
        for _ in range(50):
            sign_in(pausing, "canbo", OFFICE)

    def test_a_directory_that_is_down_costs_no_pause(self, pausing: Lockout, clock: FakeClock) -> None:
        assert guesses_through(pausing, "canbo", OFFICE, 3) == 3
        clock.advance(1)
        for _ in range(20):
            pausing.release(pausing.take("canbo", OFFICE))

    def test_a_stranger_behind_the_same_address_makes_no_officer_wait_on_a_device_of_the_officers(self, pausing: Lockout) -> None:
        guesses_through(pausing, "canbo", OFFICE, 20)
        pausing.good(pausing.take("canbo", OFFICE, device="d1"))
        for _ in range(3):
            pausing.take("canbo", OFFICE, device="d1")
        assert self.held(pausing, device="d1") == ("pause", 1)
        pausing.take("canbo", OFFICE, device="d2")

    def test_other_officers_behind_the_address_and_other_addresses_do_not_wait(self, pausing: Lockout) -> None:
        guesses_through(pausing, "canbo", OFFICE, 20)
        sign_in(pausing, "vanthu", OFFICE)
        sign_in(pausing, "canbo", ATTACKER)

    def test_an_operator_ends_it(self, pausing: Lockout) -> None:
        guesses_through(pausing, "canbo", OFFICE, 20)
        assert pausing.clear("canbo", OFFICE) == 4
        assert guesses_through(pausing, "canbo", OFFICE, 20) == 3

    def test_an_operator_ends_it_on_the_officers_devices_too(self, pausing: Lockout) -> None:
        for _ in range(3):
            pausing.take("canbo", OFFICE, device="d1")
            pausing.take("vanthu", OFFICE, device="d1")
        assert pausing.clear("canbo", devices=("d1", "d2")) == 3, "the officer's own counter, the device's and its pause"
        for _ in range(3):
            pausing.take("canbo", OFFICE, device="d1")
        with pytest.raises(ThrottledError):
            pausing.take("vanthu", OFFICE, device="d1")

    def test_a_pause_goes_back_with_a_guess_that_was_overtaken(self, clock: FakeClock) -> None:
        """A node that begins no pauses yet counts a guess between look and act of one that does."""
        counter = Watched()
        early, late = (Lockout(counter, clock, Limits(pair=Rule(8), pause=pause)) for pause in (Pause(0), Pause(1)))
        assert guesses_through(early, "canbo", OFFICE, 2) == 2
        counter.between.append(lambda: early.take("canbo", OFFICE))
        late.take("canbo", OFFICE)
        assert self.held(late) == ("pause", 2), "of the fourth guess, the one that was looked at"

    def test_who_is_overtaken_again_and_again_waits_for_the_pause_of_the_others(self, clock: FakeClock) -> None:
        class Overtaken(FakeGuessCounter):
            def move(self, moves: tuple[Move, ...], *, now: int, absurd: int) -> Mapping[bytes, int]:
                return {}

        with pytest.raises(ThrottledError) as refused:
            Lockout(Overtaken(), clock, Limits(pause=Pause(1))).take("canbo", OFFICE)
        assert (refused.value.limit, refused.value.retry_after_seconds) == ("pause", 1)

    def test_what_was_counted_and_refused_by_the_pause_is_not_counted(self, clock: FakeClock) -> None:
        lockout = Lockout(FakeGuessCounter(), clock, Limits(source=Rule(4), pause=Pause(1)))
        guesses_through(lockout, "canbo", OFFICE, 100)
        lockout.take("vanthu", OFFICE)
        with pytest.raises(ThrottledError) as refused:
            lockout.take("vanthu", OFFICE)
        assert refused.value.limit == "source"

    def test_of_parallel_guesses_one_is_looked_at_after_each_pause(self, database: Database, clock: FakeClock) -> None:
        limits = Limits(pair=Rule(8), pause=Pause(1))
        nodes = [Lockout(SqlGuessCounter(database), clock, limits) for _ in range(2)]
        barrier = threading.Barrier(16)

        def guess(number: int) -> int:
            barrier.wait()
            return guesses_through(nodes[number % 2], "canbo", ATTACKER, 1)

        with ThreadPoolExecutor(16) as pool:
            assert sum(pool.map(guess, range(16))) == 3
            for wait in (1, 2, 4):
                clock.advance(wait)
                assert sum(pool.map(guess, range(16))) == 1

    def test_the_office_of_five_hundred_meets_none(self, clock: FakeClock) -> None:
        lockout = Lockout(FakeGuessCounter(), clock, Limits(pause=Pause(1)))
        for number in range(500):
            if number % 7 == 0:
                assert guesses_through(lockout, f"officer{number}", OFFICE, 2) == 2
            sign_in(lockout, f"officer{number}", OFFICE)
