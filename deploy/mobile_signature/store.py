"""Where the simulator keeps numbers, SIMs, transactions, receipts and disturbances: one SQLite file in its folder.

What was committed is there after a kill -9 and after a loss of power (WAL, ``synchronous=FULL``). One process has the folder, and
writes one after the other; a rule that decides something reads and writes within one ``writing``.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_TABLES = """
CREATE TABLE IF NOT EXISTS phone (
  msisdn TEXT PRIMARY KEY, carrier TEXT NOT NULL, holder TEXT NOT NULL, reachable INTEGER NOT NULL DEFAULT 1,
  registered TEXT, automatic TEXT, automatic_after REAL NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS card (
  iccid TEXT PRIMARY KEY, msisdn TEXT NOT NULL REFERENCES phone, place INTEGER NOT NULL, kind TEXT NOT NULL, key BLOB NOT NULL,
  pin TEXT NOT NULL, puk TEXT NOT NULL, pin_left INTEGER NOT NULL, puk_left INTEGER NOT NULL,
  certificate BLOB, revoked INTEGER NOT NULL DEFAULT 0, UNIQUE (msisdn, place)
);
CREATE TABLE IF NOT EXISTS login_key (
  iccid TEXT PRIMARY KEY REFERENCES card, kind TEXT NOT NULL, key BLOB NOT NULL, certificate BLOB
);
CREATE TABLE IF NOT EXISTS signing (
  id TEXT PRIMARY KEY, application TEXT NOT NULL, name TEXT NOT NULL, content TEXT NOT NULL, msisdn TEXT NOT NULL,
  iccid TEXT NOT NULL, hash_name TEXT NOT NULL, digest BLOB NOT NULL, text TEXT NOT NULL, profile TEXT NOT NULL,
  created REAL NOT NULL, deadline REAL NOT NULL, state TEXT NOT NULL, code INTEGER, finer INTEGER, signature BLOB,
  signed REAL, ready REAL, ignored INTEGER NOT NULL DEFAULT 0, UNIQUE (application, name)
);
CREATE INDEX IF NOT EXISTS signing_of_phone ON signing (msisdn, created);
CREATE INDEX IF NOT EXISTS signing_open ON signing (state, created);
CREATE TABLE IF NOT EXISTS receipt (
  application TEXT NOT NULL, name TEXT NOT NULL, signing TEXT NOT NULL, msisdn TEXT NOT NULL, text TEXT NOT NULL,
  received REAL NOT NULL, PRIMARY KEY (application, name)
);
CREATE TABLE IF NOT EXISTS message (
  id INTEGER PRIMARY KEY, msisdn TEXT NOT NULL, text TEXT NOT NULL, received REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS message_of_phone ON message (msisdn, id);
CREATE TABLE IF NOT EXISTS disturbance (
  msisdn TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (msisdn, name)
);
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class Store:
    """The file and its one connection.

    Args:
        path: The file, made for the owner alone where it is missing.
    """

    def __init__(self, path: Path) -> None:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        self._lock = threading.Lock()
        self._connection.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; {_TABLES}")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Give the connection for one transaction: committed at the end, taken back by any error."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.rollback()
                raise
            self._connection.commit()

    def rows(self, statement: str, *values: Any) -> list[sqlite3.Row]:
        """Read."""
        with self._lock:
            return self._connection.execute(statement, values).fetchall()

    def row(self, statement: str, *values: Any) -> sqlite3.Row | None:
        """Read the first row, or None."""
        return next(iter(self.rows(statement, *values)), None)
