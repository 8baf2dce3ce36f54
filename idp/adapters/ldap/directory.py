"""The officers' directory on an LDAP server (port: ``directory.officer.Directory``).

Spec: RFC 4511, RFC 4513, RFC 4515 (filters), RFC 2696 (paging). In what kinds of servers differ is said by a ``Dialect``.

Sign-ins may be tried at replicas. Passwords are changed, everybody is listed, and an officer is found by identifier at a server
that takes changes: whoever looks again, because what a sign-in met is not what is known, is not told what a replica believes.

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

from ...directory.officer import BindOutcome, BindResult, ChangeResult, CheckLine, Contact, Officer
from ...directory.unit import UnitEntry, UnitTree, from_code_2016
from ...errors import UnavailableError
from .checks import check_lines
from .connection import ServerList
from .dialect import Attributes, Dialect, unit_entry_of
from .entries import bounded, groups_of
from .groups import same_dn
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
    read_at: float

    def is_old(self) -> bool:
        """Tell whether it is to be read again."""
        return time.monotonic() - self.read_at >= _UNITS_LIVE_SECONDS


class LdapDirectory:
    """Officers, units and passwords on LDAP servers.

    Args:
        servers: The servers, as one.
        base_dn: Base of people, units and groups.
        dialect: What kind of servers they are.
        people_filter: What is an officer; empty = as the dialect says.
        decoy_dn: An entry that nobody can bind as, with a hash like everybody's, and a policy that never locks it.
        administrators: Name (cn) of the group of agency administrators.
        concurrency: Calls that may wait for the directory at once; the threads of a process must not all stand here.
        queue_seconds: How long another call waits for its turn while the directory is quick (``turns``).
        floor_seconds: Shortest answer to a password that is not accepted.
        reset_account: DN of the account that sets officers' passwords, and what gives its password; None where there is none.
    """

    def __init__(
        self, servers: ServerList, *, base_dn: str, dialect: Dialect, people_filter: str = "", decoy_dn: str,
        administrators: str = "quantri-coquan", concurrency: int = 2, queue_seconds: float = 2.5, floor_seconds: float = 0.0,
        reset_account: tuple[str, Callable[[], str]] | None = None,
    ) -> None:
        self._servers = servers
        self._dialect = dialect
        self._base_dn = base_dn
        self._people_filter = people_filter or dialect.people_filter
        self._decoy_dn = decoy_dn
        self._administrators = administrators
        self._turns = Turns(concurrency, queue_seconds=queue_seconds)
        self._floor_seconds = floor_seconds
        self._reset_account = reset_account
        self._heard_at = 0.0
        self._surroundings: _Surroundings | None = None
        self._refreshing = threading.Lock()

    def find_by_login(self, login_name: str) -> Officer | None:
        """Find by login name, or by official mail where the name holds an @; None when none or several have it."""
        name = unicodedata.normalize("NFC", login_name)
        if not name or len(name) > _MAX_LOGIN_NAME or not _sendable(name):
            return None
        return self._find_one(self._dialect.named(name))

    def find(self, entry_uuid: str) -> Officer | None:
        """Find by stable identifier, at a server that takes changes, with agencies and groups as they are at this moment."""
        what = self._dialect.identified(entry_uuid) if _sendable(entry_uuid) else None
        return None if what is None else self._find_one(what, authority=True)

    def units(self) -> tuple[UnitEntry, ...]:
        """Give every agency."""
        with self._servers.listing() as connection:
            return self._units(connection, self._servers.timing.operation)

    def memberships(self) -> Callable[[str], tuple[str, ...]]:
        """Read all groups, and give what tells the names of those that hold an entry."""
        with self._servers.listing() as connection:
            seconds, dialect = self._servers.timing.operation, self._dialect
            complete = dialect.nesting(lambda what, names: self._paged(connection, what, names, seconds))
            people: dict[str, Attributes] = {}
            if not dialect.groups_name_members:
                found = self._paged(connection, self._people_filter, ("memberOf",), seconds)
                people = {same_dn(dn): attributes for dn, attributes in found}
        return lambda dn: groups_of(complete(dn, people.get(same_dn(dn), {})))

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
            return self._answered(lambda: self._servers.fresh(lambda connection, seconds: self._dialect.change(
                connection, officer.dn, before, after, seconds, self._servers.listing), authority=True))

    @property
    def resets_passwords(self) -> bool:
        """Whether there is an account for it."""
        return self._reset_account is not None

    def reset_password(self, officer: Officer, new: str) -> ChangeResult:
        """Set the password as the account for it, on a fresh connection; slapd would open a disabled account along with that."""
        after = unicodedata.normalize("NFC", new)
        known = self.find(officer.entry_uuid)
        if self._reset_account is None or known is None or known.disabled or not after or not _sendable(after):
            return ChangeResult.NOT_ALLOWED
        account = (self._reset_account[0], self._reset_account[1]())

        def on(connection: Any, seconds: float) -> ChangeResult:
            try:
                connection.simple_bind_s(*account)
            except DEAD:
                raise
            except ldap.LDAPError as err:
                raise unavailable(f"the account that resets passwords is refused: {describe(err)}") from err
            return self._dialect.reset(connection, known.dn, after, seconds)

        with self._turns.one():
            return self._answered(lambda: self._servers.fresh(on, authority=True))

    def everyone(self) -> Iterator[Officer]:
        """Give every officer, page by page on a connection of its own to a server that takes changes."""
        dialect = self._dialect
        with self._servers.listing() as connection:
            seconds = self._servers.timing.operation
            tree = UnitTree(entry.unit for entry in self._units(connection, seconds))
            complete = dialect.nesting(lambda what, names: self._paged(connection, what, names, seconds))
            for dn, attributes in self._paged(connection, self._people_filter, dialect.officer_attributes, seconds):
                officer = dialect.officer(dn, complete(dn, attributes), tree)
                if officer is not None:
                    yield officer

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
                self._lookup(lambda connection, _: self._dialect.is_somebody(connection))
            except UnavailableError as err:
                log.debug("directory: %s", err.debug)
        return {"state": "up" if self._servers.answers() else "down", "servers": self._servers.states()}

    def check(self) -> tuple[CheckLine, ...]:
        """Look at every server, the service account, the base and the decoy."""
        return check_lines(self._servers, self._dialect, base_dn=self._base_dn, decoy_dn=self._decoy_dn)

    def close(self) -> None:
        """Close all connections."""
        self._servers.close()

    def _check(self, officer: Officer | None, password: str) -> BindOutcome:
        if not password or not _sendable(password):
            return BindOutcome(BindResult.WRONG)
        dn = self._decoy_dn if officer is None or officer.disabled else officer.dn

        def on(connection: Any, seconds: float) -> BindOutcome:
            answer = self._dialect.bind(connection, dn, password, seconds)
            if not answer.hashed and dn != self._decoy_dn:
                self._dialect.bind(connection, self._decoy_dn, password, seconds)
            return answer.outcome

        with self._turns.one():
            outcome = self._answered(lambda: self._servers.fresh(on))
        if officer is None:
            return BindOutcome(BindResult.WRONG)
        return BindOutcome(BindResult.DISABLED) if officer.disabled else outcome

    def _find_one(self, what: str, *, authority: bool = False) -> Officer | None:
        around: list[UnitTree] = []

        def search(connection: Any, seconds: float) -> list[tuple[str, Attributes]]:
            try:
                found = connection.search_ext_s(self._base_dn, ldap.SCOPE_SUBTREE, f"(&{self._people_filter}{what})",
                                                list(self._dialect.officer_attributes), sizelimit=2, timeout=seconds)
            except ldap.SIZELIMIT_EXCEEDED:
                return [("", {}), ("", {})]
            people = [(dn, bounded(attributes)) for dn, attributes in found if dn is not None]
            if len(people) != 1:
                return people
            dn, attributes = people[0]
            if authority:
                around[:] = [self._units_around(connection, dn, attributes, seconds)]
            return [(dn, self._dialect.with_groups(connection, dn, attributes, seconds))]

        with self._turns.one():
            found = self._lookup(search, authority=authority)
            if len(found) > 1:
                log.warning("directory: several officers share a uid or mail address; `flask directory check` names them")
            if len(found) != 1:
                return None
            return self._dialect.officer(*found[0], around[0] if around else self._around().tree)

    def _units_around(self, connection: Any, dn: str, attributes: Attributes, seconds: float) -> UnitTree:
        """Read the agencies of an officer's posts and those above them."""
        officer, tree = self._dialect.officer(dn, attributes, UnitTree()), UnitTree()
        posts = officer.posts if officer is not None else ()
        own = {code for post in posts for code in (post.unit_code, from_code_2016(post.unit_code))}
        codes = {above for code in own for above in tree.chain(code)}
        if not codes:
            return tree
        named = "".join(self._dialect.unit_coded(code) for code in sorted(codes))
        found = connection.search_ext_s(self._base_dn, ldap.SCOPE_SUBTREE, f"(&{self._dialect.unit_filter}(|{named}))",
                                        list(self._dialect.unit_attributes), timeout=seconds)
        units = (self._dialect.unit(entry) for where, entry in found if where is not None)
        return UnitTree(unit for unit in units if unit is not None)

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
        dialect = self._dialect
        tree = UnitTree(entry.unit for entry in self._units(connection, seconds))
        contacts: dict[str, Contact] = {}
        for dn, _ in self._paged(connection, dialect.group(self._administrators), ("1.1",), seconds):
            held = f"(&{self._people_filter}{dialect.members(dn)})"
            people = [dialect.officer(*entry, tree)
                      for entry in self._paged(connection, held, dialect.officer_attributes, seconds)]
            for officer in sorted((o for o in people if o is not None and not o.disabled), key=lambda o: o.uid):
                contacts.setdefault(officer.main_post.unit_code, Contact(officer.name, officer.phone))
        return _Surroundings(tree, contacts, time.monotonic())

    def _units(self, connection: Any, seconds: float) -> tuple[UnitEntry, ...]:
        found = self._paged(connection, self._dialect.unit_filter, self._dialect.unit_attributes, seconds)
        entries = (unit_entry_of(self._dialect, attributes) for _, attributes in found)
        return tuple(entry for entry in entries if entry is not None)

    def _paged(self, connection: Any, what: str, names: Sequence[str], seconds: float) -> Iterator[tuple[str, Attributes]]:
        """Search page by page on one connection, as often as the server's size limit needs (RFC 2696)."""
        control = SimplePagedResultsControl(True, size=_PAGE, cookie="")
        while True:
            number = connection.search_ext(self._base_dn, ldap.SCOPE_SUBTREE, what, list(names), serverctrls=[control])
            _, entries, _, controls = connection.result3(number, timeout=seconds)
            yield from ((dn, bounded(attributes)) for dn, attributes in entries if dn is not None)
            cookie = next((c.cookie for c in controls if c.controlType == SimplePagedResultsControl.controlType), b"")
            if not cookie:
                return
            control.cookie = cookie

    def _lookup(self, work: Callable[[Any, float], T], *, authority: bool = False) -> T:
        result = self._answered(lambda: self._servers.lookup(work, authority=authority))
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
    """Tell whether text can be sent and means what it says: a lone surrogate cannot, and some servers stop reading at NUL."""
    if "\0" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
