"""Checklist 23: unknown user, wrong password, disabled and locked give the same status, text and time (the room's part)."""

from __future__ import annotations

import hashlib
import statistics
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from idp.adapters.ldap.directory import LdapDirectory
from idp.adapters.sql.database import Database
from idp.audit import Caller
from idp.directory.officer import BindOutcome, Officer
from tests.authn.house import Node
from tests.fakes.clock import FakeClock
from tests.fakes.directory import PASSWORD, FakeDirectory, officer

CASES = {"unknown": ("nobody", PASSWORD), "wrong": ("canbo", "Sai-mat-khau-1"), "disabled": ("nghiviec", PASSWORD),
         "locked": ("bikhoa", PASSWORD), "mail": ("canbo@haugiang.gov.vn", "Sai-mat-khau-1"),
         "other mail": ("nguyenvana@haugiang.gov.vn", "Sai-mat-khau-1"), "unknown mail": ("nobody@haugiang.gov.vn", PASSWORD)}


class HashingDirectory(FakeDirectory):
    """Hashes at every bind, the decoy's too, as a directory with slow hashes does (about 10 ms)."""

    def check_password(self, officer: Officer | None, password: str) -> BindOutcome:
        hashlib.scrypt(password.encode(), salt=b"salt", n=2**12, r=8, p=1)
        return super().check_password(officer, password)


def node(database: Database) -> Node:
    officers = [officer("canbo"), officer("nghiviec", disabled=True), officer("bikhoa"),
                officer("nva2", mail="nguyenvana@haugiang.gov.vn")]
    house = Node(database, HashingDirectory(officers, locked=["bikhoa"]), FakeClock())
    assert house.outcome("canbo") == "accepted"
    return house


def test_line_23_same_outcome_and_hint(database: Database) -> None:
    house = node(database)
    steps = {house.sign_in.password(name, "SAI-MAT-KHAU", Caller("192.0.2.1", ""))
             for name, _ in CASES.values()}
    assert len(steps) == 1


def same_time(house: Node, cases: dict[str, tuple[str, str]]) -> None:
    """Compare interleaved rounds; each round from another address and time, so that no limit is met.

    What is compared is the median of each case's fastest quarter: what disturbs a machine only ever adds time.
    """
    times: dict[str, list[float]] = {case: [] for case in cases}
    for attempt in range(6):
        for number in range(15):
            house.clock.advance(600)  # type: ignore[attr-defined]
            for case, (name, password) in cases.items():
                begin = time.perf_counter()
                outcome = house.outcome(name, password, f"10.{attempt}.{number}.1")
                times[case].append(time.perf_counter() - begin)
                assert outcome == "refused"
        medians = {case: statistics.median(sorted(values)[:len(values) // 4]) for case, values in times.items()}
        if max(medians.values()) < 1.2 * min(medians.values()) + 0.002:
            return
    raise AssertionError(f"refusals take different times: {medians}")


def test_line_23_same_time(database: Database) -> None:
    same_time(node(database), CASES)


def test_line_23_same_time_with_a_real_directory(database: Database, ldap_directory: LdapDirectory) -> None:
    house = Node(database, ldap_directory, FakeClock())
    assert house.outcome("canbo") == "accepted"
    same_time(house, {case: CASES[case] for case in ("unknown", "wrong", "disabled", "mail", "unknown mail")})


def test_line_23_known_and_unknown_names_are_throttled_after_as_many_guesses(database: Database) -> None:
    house = node(database)
    patterns = {case: [house.outcome(name, "Sai-mat-khau-1", f"192.0.2.{number}") for _ in range(9)]
                for number, (case, (name, _)) in enumerate(CASES.items())}
    assert set(map(tuple, patterns.values())) == {("refused",) * 6 + ("throttled",) * 3}


@pytest.fixture
def house(database: Database) -> Node:
    return Node(database, FakeDirectory([officer("canbo")]), FakeClock())


@given(name=st.text(), password=st.text())
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_line_23_whatever_is_typed_gets_the_one_refusal(house: Node, name: str, password: str) -> None:
    house.clock.advance(3600)  # type: ignore[attr-defined]
    assert house.outcome(name, password) == "refused"
    assert house.outcome("canbo", password) == "refused"
