"""An office: ``office`` on SQLite, ``each_office`` on each database, for what the stores decide."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.administration.office import Office


@pytest.fixture
def office(sqlite_template: Path, tmp_path: Path) -> Iterator[Office]:
    target = tmp_path / "idp.sqlite3"
    shutil.copy(sqlite_template, target)
    made = Office(f"sqlite:///{target}")
    yield made
    made.close()


@pytest.fixture
def each_office(database_url: str) -> Iterator[Office]:
    made = Office(database_url)
    yield made
    made.close()
