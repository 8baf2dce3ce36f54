"""F-15: the certification authority is killed at each place where it matters, and its database is restored from a backup.

The places: between intent and signature, between signature and record, between the number of a list and the list. No certificate
is known to anybody but recorded, no serial number is used twice, and no list has a number that is not higher than every one
before it, also after the restore.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select

from idp.adapters.sql.database import Database
from idp.adapters.sql.pki.certificates import ROW
from idp.adapters.sql.pki.status import SqlStatusStore
from idp.clock import SystemClock
from idp.pki.authority.csr import fingerprint
from idp.pki.status.crl import RevocationListMaker
from tests.pki.authority import dying
from tests.pki.authority.house import ADDRESSES, House

DYING = fingerprint(ec.derive_private_key(4711, ec.SECP256R1()).public_key())
ISSUED = 20
"""Certificates that are issued before and after each round of deaths."""


@dataclass
class Deaths:
    """What a run found; one JSON line.

    Attributes:
        killed: Processes that were killed, by where.
        issued: Certificates that were given away.
        unrecorded: Certificates that were given away and are not recorded, or recorded without having been given away.
        reused: Serial numbers that stand for two things.
        lists: Lists that were given away.
        numbers_back: Lists whose number was not higher than every one before.
        restored: Serial numbers given away after the backup, which the restored database does not know.
        demands: What was not as it must be.
    """

    fault: str = "F-15"
    form: str = "full"
    database: str = ""
    duration: float = 0.0
    killed: dict[str, int] = field(default_factory=dict)
    issued: int = 0
    unrecorded: int = 0
    reused: int = 0
    lists: int = 0
    numbers_back: int = 0
    restored: int = 0
    demands: list[str] = field(default_factory=list)

    def line(self) -> dict[str, object]:
        """Give it for JSON."""
        known = asdict(self)
        return {**{name: value for name, value in known.items() if name != "demands"}, "failed_demands": known["demands"]}


class _Authority:
    """The authority on one database, and everything that it ever gave away."""

    def __init__(self, url: str, folder: Path, found: Deaths) -> None:
        self.url, self.folder, self.found = url, folder, found
        self.given: list[str] = []
        self.numbers: list[int] = []
        self.open(url)

    def open(self, url: str) -> None:
        self.url, self.database = url, Database(url)
        self.house = House(self.database, self.folder, clock=SystemClock())
        self.lists = RevocationListMaker(self.house.store, SqlStatusStore(self.database), self.house.keys, ADDRESSES,
                                         SystemClock())

    def work(self) -> None:
        """Issue certificates, and make lists."""
        self.given += [self.house.issue().record.serial for _ in range(ISSUED)]
        self.numbers += [self.lists.make(self.house.issuance.authority(), 0).number for _ in range(3)]

    def deaths(self, count: int) -> None:
        """Kill so many processes at each place."""
        self.database.dispose()
        done = subprocess.run([sys.executable, dying.__file__, self.url, str(self.folder), "real",
                               *(f"{where}={count}" for where in dying.PLACES)], capture_output=True, text=True, check=False)
        said = done.stdout.splitlines()
        for where in dying.PLACES:
            self.found.killed[where] = self.found.killed.get(where, 0) + said.count(f"-9 {where}")
        if said != [f"-9 {where}" for where in dying.PLACES for _ in range(count)]:
            self.found.demands.append(f"every process dies: {[*said, done.stderr][-3:]}")

    def examine(self, known: Sequence[str]) -> None:
        """Hold the record against the certificates that it has to know."""
        rows = self.database.read(select(ROW)).all()
        issued = {row.serial for row in rows if row.state == "issued"}
        self.found.unrecorded += len(issued ^ set(known)) + sum(bool(row.der) for row in rows if row.state != "issued")
        self.found.reused += len(rows) - len({row.serial for row in rows}) + len(self.given) - len(set(self.given))
        self.found.reused += len({row.serial for row in rows if row.state != "issued"} & set(self.given))
        if any(row.state == "issued" for row in rows if row.spki == DYING):
            self.found.demands.append("who died recorded nothing")


def copied(url: str, folder: Path, empty: Callable[[], str]) -> str:
    """Copy a database as an operator does: with pg_dump and pg_restore, or SQLite's own way; gives the copy's URL.

    Args:
        url: The database.
        folder: For the copy, or the dump.
        empty: Makes an empty database beside it; for PostgreSQL.
    """
    if url.startswith("sqlite"):
        source, target = folder / "idp.sqlite3", folder / "copy.sqlite3"
        with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
            one.backup(other)
        return f"sqlite:///{target}"
    copy, binaries = empty(), sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
    names = [urlsplit(each) for each in (url, copy)]
    at = [["-h", str(one.hostname), "-p", str(one.port), "-U", str(one.username), "-d", one.path[1:]] for one in names]
    subprocess.run([binaries / "pg_dump", *at[0], "--format=custom", "-f", folder / "dump"], check=True)
    subprocess.run([binaries / "pg_restore", *at[1], "--no-owner", folder / "dump"], check=True)
    return copy


def f15(url: str, folder: Path, form: str, kills: int, backup: Callable[[], str]) -> Deaths:
    """Kill ``kills`` processes at each place, half of them before a backup and half after; then restore and go on.

    Args:
        url: An empty database with its schema.
        folder: For the authority's key.
        form: ``full`` or ``short``.
        kills: At each place.
        backup: Copies the database as it is now into another one; gives its URL.
    """
    began, found = time.monotonic(), Deaths(form=form, database=url.split(":")[0].split("+")[0])
    place = _Authority(url, folder, found)
    place.house.founded()
    place.work()
    place.deaths(kills // 2)
    place.work()
    place.examine(place.given)
    place.database.dispose()
    copy, known = backup(), tuple(place.given)
    place.deaths(kills - kills // 2)
    place.work()
    place.examine(place.given)
    lost = place.given[len(known):]
    place.database.dispose()

    place.open(copy)
    found.restored = sum(place.house.issuance.find(serial) is None for serial in lost)
    after = len(place.given)
    place.deaths(max(1, kills // 20))
    place.work()
    place.examine([*known, *place.given[after:]])
    place.database.dispose()
    found.issued, found.lists = len(place.given), len(place.numbers)
    highest = 0
    for number in place.numbers:
        found.numbers_back += number <= highest
        highest = max(highest, number)
    for what, holds in {
            "no unrecorded certificate": not found.unrecorded, "no serial number twice": not found.reused,
            "numbers of lists never go back": not found.numbers_back,
            "the restore lost what came after the backup": found.restored == len(lost) > 0}.items():
        if not holds:
            found.demands.append(what)
    found.duration = round(time.monotonic() - began, 1)
    return found
