"""The address of the database, as the settings have it: one that can be used, and whether it holds a password."""

from __future__ import annotations

import tomllib
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError


def is_usable(database_url: str) -> bool:
    """Tell whether a URL names PostgreSQL through psycopg, or a file of SQLite."""
    try:
        url = make_url(database_url)
        dialect, driver = url.get_backend_name(), url.get_driver_name()
    except (ArgumentError, ValueError):
        return False
    if dialect == "sqlite":
        return driver == "pysqlite" and url.database not in {None, "", ":memory:"}
    return (dialect, driver) == ("postgresql", "psycopg")


def holds_password(path: Path) -> bool:
    """Tell whether the settings file has a password in the database's URL, whatever the environment says instead."""
    try:
        value = tomllib.loads(path.read_text(encoding="utf-8")).get("database_url")
        url = make_url(str(value or ""))
    except (OSError, ValueError, ArgumentError):
        return False  # refused for what it is
    return bool(url.password) or any("password" in name.lower() for name in url.query)
