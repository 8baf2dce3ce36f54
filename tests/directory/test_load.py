"""The figures of ``bench.directory`` with fewer officers."""

from __future__ import annotations

from bench.directory import Figure
from tests.faults.mirror import FEW, f25


def test_f24_f25_the_mirror_bears_four_hundred_officers_and_loses_none(database_url: str) -> None:
    assert f25(database_url, "short", FEW).line()["failed_demands"] == []


def test_a_figure_that_is_too_large_does_not_hold() -> None:
    assert not Figure("x", 2.0, 1.0, "s").holds
