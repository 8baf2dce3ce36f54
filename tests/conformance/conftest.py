"""One running server per test module, on SQLite, the quicker of the two: no module of the plans is about databases.

Tests of one module share officers, clients and the clock, never a browser.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from idp.app import build_services
from idp.audit import Caller
from tests.fakes.directory import FakeDirectory
from tests.whole import make_settings

from . import outside
from .front_channel import CLIENTS
from .suite import Suite


@pytest.fixture(scope="module", autouse=True)
def _closed_afterwards() -> Iterator[None]:
    """Every server of a module ends with it, whoever started it."""
    with outside.closed_afterwards():
        yield


@pytest.fixture(scope="session")
def keys_and_database(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``keys/`` and a database that has signing keys: an RSA key takes longer than a whole module."""
    folder = tmp_path_factory.mktemp("conformance")
    shutil.copy(sqlite_template, folder / "idp.sqlite3")
    settings = make_settings(folder, f"sqlite:///{folder / 'idp.sqlite3'}", ())
    build_services(settings, directory=FakeDirectory()).keys.ensure(Caller("cli", "test"))
    return folder


@pytest.fixture
def database_file(keys_and_database: Path, tmp_path: Path) -> str:
    """URL of a database of the test's own, in its folder, beside the keys for it."""
    return copy_of(keys_and_database, tmp_path)


@pytest.fixture(scope="module")
def suite(keys_and_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Suite:
    """The application with the two clients of a plan, and one that authenticates by client_secret_post."""
    folder = tmp_path_factory.mktemp("suite")
    return Suite(folder, copy_of(keys_and_database, folder))


@pytest.fixture(scope="module")
def browser_suite(keys_and_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Suite:
    """The application with front-channel response types on, and a client for each of them."""
    folder = tmp_path_factory.mktemp("browser-suite")
    return Suite(folder, copy_of(keys_and_database, folder), *CLIENTS, legacy_response_types=True)


def copy_of(made: Path, folder: Path) -> str:
    """Copy keys and database to another folder; gives the URL."""
    shutil.copytree(made / "keys", folder / "keys")
    with closing(sqlite3.connect(made / "idp.sqlite3")) as source, closing(sqlite3.connect(folder / "idp.sqlite3")) as target:
        source.backup(target)
    return f"sqlite:///{folder / 'idp.sqlite3'}"
