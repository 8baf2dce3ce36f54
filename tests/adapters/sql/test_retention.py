"""Every table has its rule of retention, and no sweep reads a table from end to end."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import text

from idp.adapters.sql.database import Database
from idp.adapters.sql.housekeeping import SqlHousekeeping
from idp.adapters.sql.tables import Base

PAGE = Path(__file__).resolve().parents[3] / "docs/operations/retention.md"
LINES = re.findall(r"^\| `(\w+)` \| (\w+) \| (.+) \|$", PAGE.read_text(encoding="utf-8"), re.M)
ELSEWHERE = {"audit_repeat", "officer_change"}
"""Swept by who works on them; their own tests say so."""
SMALL = {"initial_access"}
"""A handful, made by hand; read from end to end."""


def test_every_table_says_how_long_its_rows_are_kept() -> None:
    assert sorted(name for name, *_ in LINES) == sorted(Base.metadata.tables), "docs/operations/retention.md"
    assert {how for _, how, _ in LINES} == {"swept", "bounded", "kept", "months"}
    assert [name for name, *_ in LINES] == sorted(name for name, *_ in LINES)


def test_what_is_said_to_be_swept_is_and_nothing_else(sqlite_template: Path) -> None:
    database = Database(f"sqlite:///{sqlite_template}")
    swept = {*SqlHousekeeping(database)._sweeps}
    database.dispose()
    assert {name for name, how, _ in LINES if how == "swept"} == swept | ELSEWHERE


def test_a_sweep_finds_what_is_over_by_an_index(database: Database) -> None:
    sweeps = SqlHousekeeping(database)._sweeps
    database.prepare()
    for name in sweeps.keys() - SMALL:
        write = sweeps[name][1]
        compiled = write._sequence[0] if database.is_sqlite else write._single
        values = {**compiled.constants, "before": 1, "batch": 10}
        with database.durable.connect() as connection:
            if database.is_sqlite:
                plan = [str(row[3]) for row in connection.connection.driver_connection.execute(  # type: ignore[union-attr]
                    f"EXPLAIN QUERY PLAN {compiled.sql}", values)]
                assert not [line for line in plan if re.match(rf"SCAN {name}\b(?! USING (COVERING )?INDEX)", line)], (name, plan)
            else:
                sql = compiled.sql.decode()
                connection.execute(text("SET enable_seqscan = off"))
                plan = [str(row[0]) for row in connection.connection.driver_connection.execute(  # type: ignore[union-attr]
                    f"EXPLAIN {re.sub(r'[$][0-9]+::', '1::', sql)}")]
                connection.execute(text("RESET enable_seqscan"))
                assert not [line for line in plan if f"Seq Scan on {name}" in line], (name, plan)
                # Of a table that statistics call empty an index may be read whole, so a condition is not always shown.
                assert [line for line in plan if "Index Cond" in line or "Index Scan" in line], (name, plan)


@pytest.mark.parametrize("how", ["kept", "bounded"])
def test_what_is_not_swept_says_why(how: str) -> None:
    assert [name for name, kind, why in LINES if kind == how and len(why) < 10] == []
