"""The figures of ``bench.directory`` with fewer officers."""

from __future__ import annotations

from bench.directory import Figure, run
from idp.adapters.sql.database import Database


def test_f24_f25_the_mirror_bears_four_hundred_officers_and_loses_none(database: Database) -> None:
    assert [figure for figure in run(database, 400) if not figure.holds] == []


def test_a_figure_that_is_too_large_does_not_hold() -> None:
    assert not Figure("x", 2.0, 1.0, "s").holds
