"""The faults for seconds each, with the demands of their full length."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.postgresql import PostgreSQL

from .__main__ import FEW_KILLS, SHORT
from .authority import copied, f15
from .copies import Copies, copies, f04
from .runs import Found, Rig, f01, f02, f03, f05, rig
from .signing import f22


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with rig(tmp_path_factory.mktemp("faults") / "rig") as started:
        yield started


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Copies]:
    with copies(tmp_path / "copies") as started:
        yield started


def holds(run: Callable[[], Found]) -> None:
    """Demand everything; a busy machine may need other runs for what is a matter of time."""
    for _ in range(3):
        demands = run().demands
        assert not {"0 logins accepted", "nothing is lost"} & set(demands)
        if not demands:
            return
    assert demands == []


def test_f01_the_directory_is_down(place: Rig) -> None:
    holds(lambda: f01(place, "short", SHORT["F-01"]))


def test_f02_the_directory_is_slow(place: Rig) -> None:
    holds(lambda: f02(place, "short", SHORT["F-02"]))


def test_f03_the_directory_comes_and_goes(place: Rig) -> None:
    holds(lambda: f03(place, "short", SHORT["F-03"]))


def test_f05_a_directory_that_cannot_prove_itself_is_refused(place: Rig) -> None:
    holds(lambda: f05(place, "short", SHORT["F-05"]))


def test_f04_one_of_two_directories_dies_lags_talks_nonsense_and_holds_a_huge_entry(pair: Copies) -> None:
    assert f04(pair, "short", SHORT["F-04"]).demands == []


def test_f15_the_authority_dies_ten_times_at_each_place_and_is_restored(database_url: str, tmp_path: Path,
                                                                        request: pytest.FixtureRequest) -> None:
    def empty() -> str:
        server: PostgreSQL = request.getfixturevalue("postgresql")
        return server.create()

    found = f15(database_url, tmp_path, "short", FEW_KILLS, partial(copied, database_url, tmp_path, empty))
    assert found.demands == []
    assert list(found.killed.values()) == [FEW_KILLS + 1] * 3


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_f22_signing_dies_in_each_part_and_no_signature_is_lost_or_doubled(database_url: str, tmp_path: Path) -> None:
    found = f22(database_url, tmp_path, "short", sims=4, each=2, kills=1)
    assert found.demands == [], found.line()
    assert found.made == 8
