"""A directory that is followed into a mirror, with everything a test looks at."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from deploy.directory.server import SampleDirectory
from idp.adapters.ldap.changes import SyncreplChanges, without_mailboxes
from idp.adapters.ldap.connection import ServerList
from idp.adapters.ldap.dialect import Dialect
from idp.adapters.ldap.directory import LdapDirectory
from idp.adapters.ldap.openldap import OpenLdap
from idp.adapters.ldap.server import servers_of
from idp.adapters.sql.database import Database
from idp.adapters.sql.directory.feed import SqlFeedRecord
from idp.adapters.sql.directory.officers import SqlOfficers
from idp.adapters.sql.directory.units import SqlUnits
from idp.clock import Clock, SystemClock
from idp.directory.brake import Brake, BrakedError, BrakeRule
from idp.directory.changes import OfficerChange
from idp.directory.feed import Changes, Feed, ListedDirectory
from idp.errors import UnavailableError
from tests.directory_server import QUICK

PEOPLE = without_mailboxes(OpenLdap.people_filter, "(employeeType=mailbox)")


class Followed:
    """A mirror on a database, and the feed that keeps it.

    Attributes:
        brakes: What the brake said, in order.
    """

    def __init__(self, database: Database, directory: ListedDirectory, changes: Changes, *, clock: Clock | None = None,
                 rule: BrakeRule | None = None) -> None:
        clock = clock or SystemClock()
        self.database, self.directory, self.clock = database, directory, clock
        self.mirror = SqlOfficers(database, clock)
        self.ledger = self.mirror.ledger
        self.units, self.record = SqlUnits(database), SqlFeedRecord(database)
        self.brake = Brake(self.record, self.ledger, rule or BrakeRule(), clock)
        self.changes = changes
        self.feed = self.another()
        self.brakes: list[str] = []
        self.outages: list[str] = []

    def listener(self, server: SampleDirectory) -> SyncreplChanges:
        """Make a listener on the servers that the directory uses."""
        directory: Any = self.directory
        return SyncreplChanges(directory._servers, OpenLdap(server.base_dn), base_dn=server.base_dn, people_filter=PEOPLE)

    def another(self) -> Feed:
        """Make the feed of another worker."""
        return Feed(self.changes, self.directory, self.ledger, self.units, self.record, self.brake, self.clock)

    def catch_up(self) -> None:
        """Hear everything until now."""
        self.feed.round(once=True)

    def happened(self) -> list[OfficerChange]:
        """Give all changes so far, in order, and forget them."""
        waiting = self.ledger.pending(after=0, limit=1_000_000)
        self.ledger.done([one.number for one in waiting])
        return [one.change for one in waiting]

    def kinds(self) -> dict[str, str]:
        """Give what has happened since the last call: the kind by uid; several are joined by spaces."""
        found: dict[str, str] = {}
        for change in self.happened():
            assert change.after is not None
            found[change.after.officer.uid] = f"{found.get(change.after.officer.uid, '')} {change.kind.value}".strip()
        return found

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Listen in a thread, as the worker does, until the end of the block."""
        end = threading.Event()

        def listen() -> None:
            while not end.is_set():
                try:
                    self.feed.round(end.is_set)
                except UnavailableError as err:
                    self.outages.append(err.debug)
                except BrakedError as err:
                    self.brakes.append(err.message)
                end.wait(0.05)

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield
        finally:
            end.set()
            thread.join(20)
            assert not thread.is_alive()
            if self.outages or self.brakes:
                print("outages", self.outages, "brakes", self.brakes)


def follow(database: Database, *servers: SampleDirectory, changes: Callable[[ServerList, Dialect], Changes] | None = None,
           **options: Any) -> Followed:
    """Follow slapds into a database's mirror."""
    first = servers[0]
    dialect = OpenLdap(first.base_dn, options.get("clock"))
    listed = ServerList(
        servers_of(tuple(server.uri for server in servers), ca_file=None, development=True), bind_dn=first.service_dn,
        bind_password=lambda: first.bind_password, timing=QUICK, is_somebody=dialect.is_somebody)
    directory = LdapDirectory(listed, base_dn=first.base_dn, dialect=dialect, decoy_dn=first.decoy_dn, people_filter=PEOPLE)
    made = changes(listed, dialect) if changes else SyncreplChanges(listed, dialect, base_dn=first.base_dn, people_filter=PEOPLE)
    return Followed(database, directory, made, **options)


def until(condition: Callable[[], object], seconds: float = 30.0) -> float:
    """Wait until something holds and give how long it took; fails when it never does."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "it did not happen in time"
        time.sleep(0.005)
    return time.monotonic() - began
