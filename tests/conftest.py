"""Fixtures for all tests: both databases, migrated once per worker and copied per test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from idp.adapters.sql import schema
from idp.adapters.sql.database import Database

from .directory_server import directory_server, ldap_directory, own_directory
from .domain_controller import domain_controller
from .postgresql import PostgreSQL

__all__ = ["directory_server", "domain_controller", "ldap_directory", "own_directory"]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A private PostgreSQL cluster with a migrated database named ``template_idp``."""
    server = PostgreSQL().start()
    try:
        with psycopg.connect(server.conninfo("postgres"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE template_idp")
        schema.upgrade(server.url("template_idp"))
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite3"
    schema.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a fresh, migrated database, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        target = tmp_path / "idp.sqlite3"
        shutil.copy(request.getfixturevalue("sqlite_template"), target)
        yield f"sqlite:///{target}"
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    with server.lent("template_idp") as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def own_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a migrated database that nobody else gets afterwards, for tests that change its schema."""
    if request.param == "sqlite":
        return f"sqlite:///{shutil.copy(request.getfixturevalue('sqlite_template'), tmp_path / 'own.sqlite3')}"
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.create("template_idp")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh, migrated database, once on SQLite and once on PostgreSQL."""
    database = Database(database_url)
    yield database
    database.dispose()
