"""One suite per test, on SQLite: it is the quicker of the two, and no module here is about databases."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from idp.app import build_services
from idp.audit import Caller
from tests.whole import make_settings

from .suite import Suite


@pytest.fixture(scope="session")
def keys_and_database(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``keys/`` and a database that has signing keys: an RSA key takes longer than a whole module."""
    folder = tmp_path_factory.mktemp("conformance")
    shutil.copy(sqlite_template, folder / "idp.sqlite3")
    settings = make_settings(folder, f"sqlite:///{folder / 'idp.sqlite3'}", ())
    build_services(settings).keys.ensure(Caller("cli", "test"))
    return folder


@pytest.fixture
def database_file(keys_and_database: Path, tmp_path: Path) -> str:
    """URL of a database of the test's own, in its folder, beside the keys for it."""
    shutil.copytree(keys_and_database / "keys", tmp_path / "keys")
    with closing(sqlite3.connect(keys_and_database / "idp.sqlite3")) as made, closing(
            sqlite3.connect(tmp_path / "idp.sqlite3")) as copy:
        made.backup(copy)
    return f"sqlite:///{tmp_path / 'idp.sqlite3'}"


@pytest.fixture
def suite(database_file: str, tmp_path: Path) -> Suite:
    """The application with the two clients of a plan, and one that authenticates by client_secret_post."""
    return Suite(tmp_path, database_file)
