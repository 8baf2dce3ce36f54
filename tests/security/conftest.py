"""The whole application for attacks on it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from flask import Flask

from tests.postgresql import PostgreSQL
from tests.whole import make_app

from .inside import Inside


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def inside(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    """The application on each database; fewer attacks on PostgreSQL, which is there for what only it refuses.

    Nothing here is to outlive a crash, so neither waits for the disk: that is half of the time.
    """
    folder = tmp_path_factory.mktemp("fuzz")
    if request.param == "sqlite":
        memory = Path("/dev/shm")
        with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as place:
            shutil.copy(request.getfixturevalue("sqlite_template"), Path(place) / "idp.sqlite3")
            yield Inside(folder, f"sqlite:///{place}/idp.sqlite3", examples=2000)
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    url = server.create("template_idp")
    name = url.rpartition("/")[2]
    with psycopg.connect(server.conninfo(name), autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')  # type: ignore[call-overload]
    yield Inside(folder, url, examples=300, poisoned=True)


@pytest.fixture(scope="module")
def fuzz_app(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """An application as it is installed, nobody signed in."""
    folder = tmp_path_factory.mktemp("app")
    shutil.copy(sqlite_template, folder / "idp.sqlite3")
    return make_app(folder, f"sqlite:///{folder / 'idp.sqlite3'}")
