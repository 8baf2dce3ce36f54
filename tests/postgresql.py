"""A private PostgreSQL for the tests: made in a temporary folder, run by an unprivileged user, stopped by pid."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from deploy.ports import free_port


class PostgreSQL:
    """One cluster; every test database is a copy of a migrated template.

    Args:
        durable: Wait for the disk, as in production: for figures. Tests need not: what a process has written outlives it, and no
            test takes the power away.
    """

    def __init__(self, *, durable: bool = False) -> None:
        self._options = () if durable else ("-c", "fsync=off", "-c", "full_page_writes=off")
        self.binaries = Path(sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1])
        self.folder = Path(tempfile.mkdtemp(prefix="idp-pg-"))
        self.port = free_port()
        self._user: str | None = "postgres" if os.geteuid() == 0 else None
        if self._user:
            os.chown(self.folder, pwd.getpwnam(self._user).pw_uid, -1)
        self._numbers = 0
        self._free: list[str] = []
        self._tables: list[tuple[str]] = []

    def _run(self, *arguments: str) -> None:
        result = subprocess.run(arguments, user=self._user, cwd=self.folder, capture_output=True, text=True, check=False)
        if result.returncode:
            raise RuntimeError(f"{arguments[0]} failed: {result.stderr}")

    def start(self) -> PostgreSQL:
        """Make the cluster and wait until it answers (about two seconds)."""
        data = self.folder / "data"
        if not data.exists():
            self._run(str(self.binaries / "initdb"), "-D", str(data), "-U", "idp", "--auth=trust", "-E", "UTF8",
                      "--locale=C.UTF-8", "--no-sync")
        log = (self.folder / "log").open("ab")
        self._process = subprocess.Popen(
            [str(self.binaries / "postgres"), "-D", str(data), "-p", str(self.port), "-k", str(self.folder),
             "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200", "-c", "shared_buffers=64MB",
             *self._options],
            user=self._user, cwd=self.folder, stdout=log, stderr=log)
        for _ in range(200):
            try:
                psycopg.connect(self.conninfo("postgres")).close()
                return self
            except psycopg.OperationalError:
                time.sleep(0.05)
        raise RuntimeError(f"PostgreSQL did not start: {(self.folder / 'log').read_text()}")

    def conninfo(self, database: str) -> str:
        """Give a libpq connection string."""
        return f"host=127.0.0.1 port={self.port} user=idp dbname={database}"

    def url(self, database: str) -> str:
        """Give the SQLAlchemy URL."""
        return f"postgresql+psycopg://idp@127.0.0.1:{self.port}/{database}"

    def create(self, template: str = "template1") -> str:
        """Create a fresh database and give its URL."""
        self._numbers += 1
        name = f"t{os.getpid()}_{self._numbers}"
        with psycopg.connect(self.conninfo("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url(name)

    @contextmanager
    def lent(self, template: str) -> Iterator[str]:
        """Lend a copy of a migrated template without rows; emptied afterwards and lent again, which is a hundred times cheaper
        than to make and remove one each time. A test that changes the schema takes ``create`` instead.
        """
        url = self._free.pop() if self._free else self.create(template)
        tables_of = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' ORDER BY 1"
        if not self._tables:
            # Before the first borrower could change them.
            with psycopg.connect(self.conninfo(url.rpartition("/")[2])) as connection:
                self._tables = connection.execute(tables_of).fetchall()
        yield url
        with psycopg.connect(self.conninfo(url.rpartition("/")[2]), autocommit=True) as connection:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                               " WHERE datname = current_database() AND pid <> pg_backend_pid()")
            tables = connection.execute(tables_of).fetchall()
            if tables != self._tables:
                return
            connection.execute("; ".join(f'DELETE FROM "{name}"' for name, in tables))
            connection.execute("SELECT setval(oid, 1, false) FROM pg_class WHERE relkind = 'S'")
        self._free.append(url)

    @property
    def pid(self) -> int:
        """Process id of the postmaster."""
        return self._process.pid

    def stop(self, *, crash: bool = False) -> None:
        """Stop the cluster: immediate shutdown, or SIGKILL of the postmaster."""
        if crash:
            self._process.kill()
        else:
            self._process.send_signal(3)
        self._process.wait(60)

    def remove(self) -> None:
        """Stop the cluster and delete its folder."""
        if self._process.poll() is None:
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
