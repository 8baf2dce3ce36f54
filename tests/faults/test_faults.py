"""The faults for seconds each, with the demands of their full length."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .__main__ import SHORT
from .copies import copies, f04
from .runs import Rig, f01, f02, f03, f05, rig


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with rig(tmp_path_factory.mktemp("faults") / "rig") as started:
        yield started


def test_f01_the_directory_is_down(place: Rig) -> None:
    assert f01(place, "short", SHORT["F-01"]).line()["failed_demands"] == []


def test_f02_the_directory_is_slow(place: Rig) -> None:
    assert f02(place, "short", SHORT["F-02"]).line()["failed_demands"] == []


def test_f03_the_directory_comes_and_goes(place: Rig) -> None:
    assert f03(place, "short", SHORT["F-03"]).line()["failed_demands"] == []


def test_f05_a_directory_that_cannot_prove_itself_is_refused(place: Rig) -> None:
    assert f05(place, "short", SHORT["F-05"]).line()["failed_demands"] == []


def test_f04_one_of_two_directories_dies_lags_talks_nonsense_and_holds_a_huge_entry(
        tmp_path_factory: pytest.TempPathFactory) -> None:
    with copies(tmp_path_factory.mktemp("faults") / "copies") as pair:
        assert f04(pair, "short", SHORT["F-04"]).line()["failed_demands"] == []
