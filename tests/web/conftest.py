"""The pages on SQLite; what depends on the database is tested with both in the rooms' own suites."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from idp.adapters.sql.database import Database
from tests.administration.office import PLENTY, Office

from .phones import Phones
from .site import Site


@pytest.fixture
def site(sqlite_template: Path, tmp_path: Path) -> Iterator[Site]:
    target = tmp_path / "pages.sqlite3"
    shutil.copy(sqlite_template, target)
    database = Database(f"sqlite:///{target}")
    yield Site(database)
    database.dispose()


@pytest.fixture
def phones(sqlite_template: Path, tmp_path: Path) -> Iterator[Phones]:
    target = tmp_path / "console.sqlite3"
    shutil.copy(sqlite_template, target)
    office = Office(f"sqlite:///{target}", rates=PLENTY)
    yield Phones(office)
    office.close()
