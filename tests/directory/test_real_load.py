"""The figures of ``bench.real_directory`` with fewer officers: a real slapd, the product's own adapter, both databases."""

from __future__ import annotations

import shutil
from pathlib import Path

from bench.real_directory import run
from idp.adapters.sql.database import Database


def test_a_real_directory_is_imported_followed_and_signed_in_to(sqlite_template: Path, tmp_path: Path) -> None:
    files = [shutil.copy(sqlite_template, tmp_path / name) for name in ("of-large.sqlite3", "of-small.sqlite3")]
    databases = [Database(f"sqlite:///{file}") for file in files]
    figures = list(run(databases, tmp_path, 1000, logins=100, postgresql=None))
    assert [figure for figure in figures if not figure.holds and figure.unit == "s"] == []
    by_name = {figure.name: figure.value for figure in figures}
    assert by_name["sign-in, processor time"] < 2 * by_name["sign-in, processor time of the small directory"]
    for database in databases:
        database.dispose()
