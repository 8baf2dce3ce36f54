"""Everything about the mirror, printed: in memory on both databases, then a real slapd (docs/performance.md)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

from idp.adapters.sql import schema
from idp.adapters.sql.database import Database
from tests.postgresql import PostgreSQL

from . import directory, real_directory
from .directory import Figure


def measure(officers: int, *, logins: int) -> bool:
    """Make and print all figures, and tell whether each holds."""
    server = PostgreSQL(durable=True).start()
    try:
        with tempfile.TemporaryDirectory(prefix="idp-bench-") as text:
            urls = {"sqlite": f"sqlite:///{text}/idp.sqlite3", "postgresql": server.create()}
            good = [_shown(name, directory.run(_database(url), officers)) for name, url in urls.items()]
            databases = [_database(server.create()), _database(server.create())]
            good.append(_shown("slapd", real_directory.run(databases, Path(text), officers, logins=logins,
                                                           postgresql=server.pid)))
    finally:
        server.stop()
    return all(good)


def _database(url: str) -> Database:
    schema.upgrade(url)
    return Database(url)


def _shown(name: str, figures: Iterable[Figure]) -> bool:
    good = True
    for figure in figures:
        good = good and figure.holds
        print(f"{name:<11} {figure.name:<58} {figure.value:>9.2f} {figure.unit:<2} at most {figure.most:g}", flush=True)
    return good
