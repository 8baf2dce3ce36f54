"""The house of these tests, on SQLite alone: what stores promise is tested on both databases where the rooms are."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from idp.adapters.sql.database import Database

from .door import Door


@pytest.fixture
def sqlite(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'door.sqlite3')}")
    yield database
    database.dispose()


@pytest.fixture
def door(sqlite: Database, tmp_path: Path) -> Door:
    return Door(sqlite, tmp_path)
