"""Changes as an LDAP server sends them while one listens (``directory.feed.Changes``).

Spec: RFC 4533 (content synchronisation, refreshAndPersist): §3.3 (refresh with a present phase, or with deletes), §3.4 (persist),
§1.3.2 (cookies). One search for officers, agencies and groups, with a filter that never changes: an entry that stops matching
comes as deleted, so what an officer's state means is decided elsewhere. Everything is told apart by entryUUID, never by DN.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

import ldap
from ldap.ldapobject import SimpleLDAPObject
from ldap.syncrepl import SyncreplConsumer

from ...directory.feed import Batch
from ...directory.officer import Officer
from ...directory.unit import Unit, UnitEntry, UnitTree
from .connection import ServerList
from .dialect import Attributes, Dialect, unit_entry_of
from .entries import bounded, texts_of
from .groups import Groups
from .server import describe, unavailable

log = logging.getLogger("idp.directory")

SYNC_CONTROL = "1.3.6.1.4.1.4203.1.9.1.1"
TICK_SECONDS = 0.5
_SETTLE_SECONDS = 0.02
_LARGEST_BATCH = 200
_REFRESH_REQUIRED = 4096


class _Listening(SyncreplConsumer, SimpleLDAPObject):  # type: ignore[misc]
    """A connection with one search that goes on; gathers what comes until it is taken away."""

    def __init__(self, uri: str) -> None:
        super().__init__(uri)
        self.cookie: str | None = None
        self.fresh_cookie: str | None = None
        self.entries: list[tuple[str, Attributes]] = []
        self.gone: list[str] = []
        self.refreshed = False
        self.present: set[str] = set()
        self.named_all = False

    def syncrepl_get_cookie(self) -> str | None:
        return self.cookie

    def syncrepl_set_cookie(self, cookie: str) -> None:
        self.fresh_cookie = cookie

    def syncrepl_entry(self, dn: str, attributes: Attributes, uuid: str) -> None:
        self.entries.append((dn, bounded({**attributes, "entryUUID": [uuid.encode()]})))

    def syncrepl_delete(self, uuids: list[str]) -> None:
        self.gone += [uuid.lower() for uuid in uuids]

    def syncrepl_present(self, uuids: list[str] | None, refreshDeletes: bool = False) -> None:  # noqa: N803 (python-ldap's name)
        if uuids is None:
            self.named_all = self.named_all or not refreshDeletes
        elif not self.refreshed:
            self.present.update(uuid.lower() for uuid in uuids)

    def syncrepl_refreshdone(self) -> None:
        self.refreshed = True


class SyncreplChanges:
    """Listens to one server of several.

    Args:
        servers: The servers, as one.
        dialect: What kind of servers they are.
        base_dn: Base of people, units and groups.
        people_filter: What is an officer; empty = as the dialect says.
        patience_seconds: For so long a server is waited for that knows less than was heard already; then it is believed.
    """

    name = "syncrepl"

    def __init__(self, servers: ServerList, dialect: Dialect, *, base_dn: str, people_filter: str = "",
                 patience_seconds: float = 300.0) -> None:
        self._servers, self._dialect, self._base_dn = servers, dialect, base_dn
        self._patience, self._refused_at = patience_seconds, 0.0
        self._filter = followed_filter(dialect, people_filter)

    def follow(self, cookie: str, take: Callable[[Batch], None], going_on: Callable[[], bool], *, once: bool = False) -> None:
        """Give changes since the cookie until ``going_on`` says no."""
        try:
            self._follow(cookie, take, going_on, once=once)
        except _RefreshRequiredError as err:
            if err.newer and not self._has_waited():
                raise unavailable("the server knows less than was heard already: a lagging replica, or a restored copy") from err
            log.warning("directory: the server cannot go on from the cookie; everything is compared")
            self._follow("", take, going_on, once=once)
        self._refused_at = 0.0

    def _follow(self, cookie: str, take: Callable[[Batch], None], going_on: Callable[[], bool], *, once: bool) -> None:
        with self._servers.following(_Listening) as (connection, in_use):
            surroundings = Surroundings(connection, self._dialect, self._base_dn, self._servers.timing.operation)
            connection.cookie = cookie or None
            number = connection.syncrepl_search(
                self._base_dn, ldap.SCOPE_SUBTREE, mode="refreshAndPersist", filterstr=self._filter,
                attrlist=followed_attributes(self._dialect))
            caught_up = False
            while going_on():
                if not in_use():
                    raise ldap.SERVER_DOWN({"desc": "the server stopped answering others"})
                settled = self._hear(connection, number)
                if settled or len(connection.entries) + len(connection.gone) >= _LARGEST_BATCH:
                    first_time = connection.refreshed and not caught_up
                    self._give(connection, surroundings, take, catching_up=first_time, from_nothing=not cookie)
                    caught_up = caught_up or first_time
                if once and caught_up and settled:
                    return

    def _hear(self, connection: _Listening, number: int) -> bool:
        """Take in one message; tell whether there was none for now."""
        waiting = connection.entries or connection.gone or connection.fresh_cookie
        try:
            connection.syncrepl_poll(number, timeout=_SETTLE_SECONDS if waiting else TICK_SECONDS)
        except ldap.TIMEOUT:
            return True
        except ldap.LDAPError as err:
            if _result_of(err) == _REFRESH_REQUIRED or "newer than provider" in describe(err):
                raise _RefreshRequiredError(newer="newer than provider" in describe(err)) from err
            raise
        return False

    def _has_waited(self) -> bool:
        """Tell whether a server has known too little for long enough to be believed."""
        now = time.monotonic()
        self._refused_at = self._refused_at or now
        return now - self._refused_at >= self._patience

    def _give(self, connection: _Listening, surroundings: Surroundings, take: Callable[[Batch], None], *, catching_up: bool,
              from_nothing: bool) -> None:
        """Hand over what was gathered.

        Args:
            connection: Where it was gathered.
            surroundings: What makes officers of entries.
            take: Applies it.
            catching_up: The refresh has just ended.
            from_nothing: There was no cookie, so that everything there is was sent.
        """
        entries, gone = connection.entries, connection.gone
        connection.entries, connection.gone = [], []
        refreshing = not connection.refreshed
        if not (entries or gone or catching_up or (connection.fresh_cookie and not refreshing)):
            return
        everything = catching_up and (from_nothing or connection.named_all)
        officers, units, groups_changed = surroundings.read(entries)
        take(Batch(officers, units, gone, groups_changed or (everything and not from_nothing), refreshing=refreshing,
                   present=frozenset(connection.present) if everything else None, complete=everything and from_nothing,
                   cookie=None if refreshing else connection.fresh_cookie))
        if not refreshing:
            connection.fresh_cookie = None
            connection.present = set()


class _RefreshRequiredError(Exception):
    """The server cannot go on from the cookie: e-syncRefreshRequired (RFC 4533 §2.6), or the cookie is ``newer`` than it."""

    def __init__(self, *, newer: bool) -> None:
        super().__init__()
        self.newer = newer


def _result_of(err: ldap.LDAPError) -> int:
    details = err.args[0] if err.args and isinstance(err.args[0], dict) else {}
    return int(details.get("result", 0))


def without_mailboxes(people_filter: str, mailbox_filter: str) -> str:
    """Give the filter of officers who are no mailboxes of an office; an empty filter of mailboxes leaves out nobody."""
    return f"(&{people_filter}(!{mailbox_filter}))" if mailbox_filter else people_filter


def followed_filter(dialect: Dialect, people_filter: str) -> str:
    """Give the filter of everything that is followed: officers, agencies, groups."""
    return f"(|{people_filter or dialect.people_filter}{dialect.unit_filter}{dialect.group_filter})"


def followed_attributes(dialect: Dialect) -> list[str]:
    """Give what is read of it."""
    return sorted({*dialect.officer_attributes, *dialect.unit_attributes, "objectClass"})


class Surroundings:
    """Agencies and groups of groups, read when a listener begins; agencies as it has heard since."""

    def __init__(self, connection: Any, dialect: Dialect, base_dn: str, seconds: float) -> None:
        self._dialect = dialect
        self._units: dict[str, Unit] = {}
        self._groups = Groups()
        for _, attributes in all_entries(connection, base_dn, dialect.unit_filter, dialect.unit_attributes, seconds):
            entry = unit_entry_of(dialect, attributes)
            if entry is not None:
                self._units[entry.entry_uuid] = entry.unit
        for dn, attributes in all_entries(connection, base_dn, dialect.group_filter, ("memberOf",), seconds):
            for group in texts_of(attributes, "memberOf"):
                self._groups.add(group, (dn,))

    def read(self, entries: list[tuple[str, Attributes]]) -> tuple[list[Officer], list[UnitEntry], bool]:
        """Give officers, agencies, and whether a group was among the entries.

        An officer's groups are those that the entry names, and those that hold them; where the mirror says otherwise, the
        directory is asked (``directory.window``).
        """
        units, people, groups_changed = [], [], False
        for dn, attributes in entries:
            if self._dialect.is_group(attributes):
                groups_changed = True
                continue
            entry = unit_entry_of(self._dialect, attributes)
            if entry is not None:
                units.append(entry)
                self._units[entry.entry_uuid] = entry.unit
            else:
                people.append((dn, {**attributes, "memberOf": self._groups.holding(dn, texts_of(attributes, "memberOf"))}))
        tree = UnitTree(self._units.values()) if people else UnitTree()
        officers = (self._dialect.officer(dn, attributes, tree) for dn, attributes in people)
        return [officer for officer in officers if officer is not None], units, groups_changed


def all_entries(connection: Any, base_dn: str, what: str, names: Sequence[str], seconds: float,
                *, also: Sequence[Any] = ()) -> list[tuple[str, Attributes]]:
    """Search everything below the base, page by page (RFC 2696), with more controls where some are given."""
    control = ldap.controls.SimplePagedResultsControl(True, size=200, cookie="")
    found: list[tuple[str, Attributes]] = []
    while True:
        number = connection.search_ext(base_dn, ldap.SCOPE_SUBTREE, what, list(names), serverctrls=[control, *also])
        _, entries, _, controls = connection.result3(number, timeout=seconds)
        found += [(dn, bounded(attributes)) for dn, attributes in entries if dn is not None]
        cookie = next((c.cookie for c in controls if c.controlType == control.controlType), b"")
        if not cookie:
            return found
        control.cookie = cookie
