"""The officers' directory on an LDAP server (port: ``directory.officer.Directory``).

Spec: RFC 4511, RFC 4513, RFC 4515 (filters), RFC 2696 (paging), RFC 3062 (password change), RFC 4532 (who am I),
draft-behera-ldap-password-policy-11.

An unknown name and a disabled officer are bound against the decoy, and an answer that the server gave without hashing is
followed by a bind against the decoy, so that all refusals take the same time (OWASP ASVS 6.3.8). What somebody typed reaches
the server only as an escaped filter value or as a password; a DN that a password is tried on always came from the server.
"""

from __future__ import annotations

import logging
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import ldap
from ldap.controls import SimplePagedResultsControl
from ldap.filter import filter_format

from ...directory.officer import BindOutcome, BindResult, ChangeResult, CheckLine, Contact, Officer
from ...directory.unit import UnitEntry, UnitTree
from ...errors import UnavailableError
from .binding import bind, change
from .checks import check_lines
from .connection import ServerList
from .entries import OFFICER_ATTRIBUTES, UNIT_ATTRIBUTES, Attributes, member_of, members_of, officer_of, unit_entry_of
from .groups import GROUPS, Groups
from .moment import groups_around, search_entries, tree_around
from .server import DEAD, describe, unavailable
from .turns import Turns

T = TypeVar("T")
log = logging.getLogger("idp.directory")

_PAGE = 200
_UNITS_LIVE_SECONDS = 60.0
_QUIET_SECONDS = 5.0
_MAX_LOGIN_NAME = 254


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """What changes rarely and every officer's facts need."""

    tree: UnitTree
    contacts: dict[str, Contact]
    groups: Groups
    """Which groups hold which groups, as these say themselves; of officers it knows nothing."""
    read_at: float

    def is_old(self) -> bool:
        """Tell whether it is to be read again."""
        return time.monotonic() - self.read_at >= _UNITS_LIVE_SECONDS


class LdapDirectory:
    """Officers, units and passwords on LDAP servers.

    Args:
        servers: The servers, as one.
        base_dn: Base of people, units and groups.
        people_filter: What is an officer.
        decoy_dn: An entry that nobody can bind as, with a hash like everybody's, and a policy that never locks it.
        administrators: Name (cn) of the group of agency administrators.
        concurrency: Calls that may wait for the directory at once; the threads of a process must not all stand here.
        queue_seconds: How long another call waits for its turn while the directory is quick (``turns``).
        floor_seconds: Shortest answer to a password that is not accepted.
    """

    def __init__(
        self, servers: ServerList, *, base_dn: str, people_filter: str = "(objectClass=inetOrgPerson)", decoy_dn: str,
        administrators: str = "quantri-coquan", concurrency: int = 2, queue_seconds: float = 2.5, floor_seconds: float = 0.0,
    ) -> None:
        self._servers = servers
        self._base_dn = base_dn
        self._people_filter = people_filter
        self._decoy_dn = decoy_dn
        self._administrators = administrators
        self._turns = Turns(concurrency, queue_seconds=queue_seconds)
        self._floor_seconds = floor_seconds
        self._heard_at = 0.0
        self._surroundings: _Surroundings | None = None
        self._refreshing = threading.Lock()

    def find_by_login(self, login_name: str) -> Officer | None:
        """Find by uid, or by official mail where the name holds an @; None when none or several have it."""
        name = unicodedata.normalize("NFC", login_name)
        if not name or len(name) > _MAX_LOGIN_NAME or not _sendable(name):
            return None
        return self._find_one(filter_format("(mail=%s)" if "@" in name else "(uid=%s)", [name]))

    def find(self, entry_uuid: str) -> Officer | None:
        """Find by entryUUID, with agencies and groups as they are at this moment and not within the last minute."""
        if not _sendable(entry_uuid):
            return None
        what = f"(&{self._people_filter}{filter_format('(entryUUID=%s)', [entry_uuid])})"

        def search(connection: Any, seconds: float) -> Officer | None:
            found = search_entries(connection, self._base_dn, what, OFFICER_ATTRIBUTES, seconds)
            if len(found) != 1:
                return None
            dn, attributes = found[0]
            return officer_of(dn, attributes, tree_around(connection, self._base_dn, dn, attributes, seconds),
                              groups_around(connection, self._base_dn, dn, seconds))

        with self._turns.one():
            return self._lookup(search)

    def check_password(self, officer: Officer | None, password: str) -> BindOutcome:
        """Bind as the officer or against the decoy, on a fresh connection."""
        began = time.monotonic()
        outcome = self._check(officer, unicodedata.normalize("NFC", password))
        if outcome.result not in {BindResult.ACCEPTED, BindResult.MUST_CHANGE}:
            missing = self._floor_seconds - (time.monotonic() - began)
            if missing > 0:
                time.sleep(missing)
        return outcome

    def change_password(self, officer: Officer, old: str, new: str) -> ChangeResult:
        """Change the password as the officer."""
        before, after = unicodedata.normalize("NFC", old), unicodedata.normalize("NFC", new)
        if not before or not _sendable(before):
            return ChangeResult.WRONG_OLD
        if not after or not _sendable(after) or officer.disabled:
            return ChangeResult.NOT_ALLOWED
        with self._turns.one():
            return self._answered(
                lambda: self._servers.fresh(lambda connection, seconds: change(connection, officer.dn, before, after, seconds)))

    def everyone(self) -> Iterator[Officer]:
        """Give every officer, page by page on a connection of its own."""
        with self._servers.listing() as connection:
            seconds = self._servers.timing.operation
            tree = UnitTree(entry.unit for entry in self._units(connection, seconds))
            groups = self._groups(connection, seconds)
            for dn, attributes in self._paged(connection, self._people_filter, OFFICER_ATTRIBUTES, seconds):
                officer = officer_of(dn, attributes, tree, groups.names(dn))
                if officer is not None:
                    yield officer

    def units(self) -> tuple[UnitEntry, ...]:
        """Give every agency."""
        with self._servers.listing() as connection:
            return self._units(connection, self._servers.timing.operation)

    def memberships(self) -> Callable[[str], tuple[str, ...]]:
        """Read all groups, and give what tells the names of those that hold an entry."""
        with self._servers.listing() as connection:
            return self._groups(connection, self._servers.timing.operation).names

    def contact(self, officer: Officer) -> Contact | None:
        """Name the administrator of the officer's agency or of the nearest one above; no page waits for this."""
        around = self._surroundings
        if around is None or around.is_old():
            with suppress(UnavailableError), self._turns.one(patient=False):
                around = self._around()
        if around is None:
            return None
        codes = around.tree.chain(officer.main_post.unit_code)
        return next((around.contacts[code] for code in codes if code in around.contacts), None)

    def health(self) -> dict[str, object]:
        """Tell the state; after some quiet seconds the directory is asked first."""
        if time.monotonic() - self._heard_at > _QUIET_SECONDS:
            try:
                self._lookup(lambda connection, _: connection.whoami_s())
            except UnavailableError as err:
                log.debug("directory: %s", err.debug)
        servers = self._servers.states()
        return {"state": "up" if any(server["state"] == "up" for server in servers) else "down", "servers": servers}

    def check(self) -> tuple[CheckLine, ...]:
        """Look at every server, the service account, the base and the decoy."""
        return check_lines(self._servers, base_dn=self._base_dn, decoy_dn=self._decoy_dn)

    def close(self) -> None:
        """Close all connections."""
        self._servers.close()

    def _check(self, officer: Officer | None, password: str) -> BindOutcome:
        if not password or not _sendable(password):
            return BindOutcome(BindResult.WRONG)
        dn = self._decoy_dn if officer is None or officer.disabled else officer.dn

        def on(connection: Any, seconds: float) -> BindOutcome:
            answer = bind(connection, dn, password, seconds)
            if not answer.hashed and dn != self._decoy_dn:
                bind(connection, self._decoy_dn, password, seconds)
            return answer.outcome

        with self._turns.one():
            outcome = self._answered(lambda: self._servers.fresh(on))
        if officer is None:
            return BindOutcome(BindResult.WRONG)
        return BindOutcome(BindResult.DISABLED) if officer.disabled else outcome

    def _find_one(self, what: str) -> Officer | None:
        def search(connection: Any, seconds: float) -> list[tuple[str, Attributes]]:
            try:
                found = connection.search_ext_s(self._base_dn, ldap.SCOPE_SUBTREE, f"(&{self._people_filter}{what})",
                                                list(OFFICER_ATTRIBUTES), sizelimit=2, timeout=seconds)
            except ldap.SIZELIMIT_EXCEEDED:
                return [("", {}), ("", {})]
            return [(dn, attributes) for dn, attributes in found if dn is not None]

        with self._turns.one():
            found = self._lookup(search)
            if len(found) > 1:
                log.warning("directory: several officers share a uid or mail address; `flask directory check` names them")
            if len(found) != 1:
                return None
            dn, attributes = found[0]
            around = self._around()
            return officer_of(dn, attributes, around.tree, around.groups.names(dn, member_of(attributes)))

    def _around(self) -> _Surroundings:
        """Give units and contacts as read within the last minute; older ones while somebody reads them or nobody can."""
        known = self._surroundings
        if known is not None and not known.is_old():
            return known
        if not self._refreshing.acquire(blocking=known is None):
            assert known is not None
            return known
        try:
            if self._surroundings is known:
                self._surroundings = self._lookup(self._read_surroundings)
        except UnavailableError:
            if known is None:
                raise
        finally:
            self._refreshing.release()
        assert self._surroundings is not None
        return self._surroundings

    def _read_surroundings(self, connection: Any, seconds: float) -> _Surroundings:
        tree = UnitTree(entry.unit for entry in self._units(connection, seconds))
        groups = Groups()
        for dn, attributes in self._paged(connection, GROUPS, ("memberOf",), seconds):
            groups.held_by(dn, member_of(attributes))
        contacts: dict[str, Contact] = {}
        group = filter_format("(&(objectClass=groupOfNames)(cn=%s))", [self._administrators])
        for dn, _ in self._paged(connection, group, ("1.1",), seconds):
            members = filter_format(f"(&{self._people_filter}(memberOf=%s))", [dn])
            people = [officer_of(*entry, tree) for entry in self._paged(connection, members, OFFICER_ATTRIBUTES, seconds)]
            for officer in sorted((o for o in people if o is not None and not o.disabled), key=lambda o: o.uid):
                contacts.setdefault(officer.main_post.unit_code, Contact(officer.name, officer.phone))
        return _Surroundings(tree, contacts, groups, time.monotonic())

    def _units(self, connection: Any, seconds: float) -> tuple[UnitEntry, ...]:
        found = self._paged(connection, "(vnUnitCode=*)", UNIT_ATTRIBUTES, seconds)
        return tuple(entry for entry in (unit_entry_of(attributes) for _, attributes in found) if entry is not None)

    def _groups(self, connection: Any, seconds: float) -> Groups:
        groups = Groups()
        for dn, attributes in self._paged(connection, GROUPS, ("member",), seconds):
            groups.add(dn, members_of(attributes))
        return groups

    def _paged(self, connection: Any, what: str, names: Sequence[str], seconds: float) -> Iterator[tuple[str, Attributes]]:
        """Search page by page on one connection, as often as the server's size limit needs (RFC 2696)."""
        control = SimplePagedResultsControl(True, size=_PAGE, cookie="")
        while True:
            number = connection.search_ext(self._base_dn, ldap.SCOPE_SUBTREE, what, list(names), serverctrls=[control])
            _, entries, _, controls = connection.result3(number, timeout=seconds)
            yield from ((dn, attributes) for dn, attributes in entries if dn is not None)
            cookie = next((c.cookie for c in controls if c.controlType == SimplePagedResultsControl.controlType), b"")
            if not cookie:
                return
            control.cookie = cookie

    def _lookup(self, work: Callable[[Any, float], T]) -> T:
        result = self._answered(lambda: self._servers.lookup(work))
        self._heard_at = time.monotonic()
        return result

    def _answered(self, ask: Callable[[], T]) -> T:
        """Turn an answer that is neither an outage nor one that was expected into an error that says nothing outside."""
        try:
            return ask()
        except DEAD as err:
            raise unavailable(describe(err)) from err
        except ldap.LDAPError as err:
            log.error("directory: unexpected answer: %s", describe(err))
            raise unavailable(describe(err)) from err


def _sendable(text: str) -> bool:
    """Tell whether text can be sent at all (a lone surrogate cannot)."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
