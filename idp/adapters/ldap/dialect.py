"""In what kinds of directory servers differ: names of attributes, filters, and how a password is tried and changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from ...directory.officer import BindOutcome, ChangeResult, Officer
from ...directory.unit import Unit, UnitEntry, UnitTree

Attributes = Mapping[str, Sequence[bytes]]
Pages = Callable[[str, Sequence[str]], Iterator[tuple[str, Attributes]]]
"""Searches page by page below the base: a filter and the attributes wanted."""
Lent = Callable[[], AbstractContextManager[Any]]
"""Lends a connection of the service account."""


@dataclass(frozen=True, slots=True)
class BindAnswer:
    """Outcome of a bind.

    Attributes:
        hashed: The server compared the password; without it the answer came too soon to be shown as it is.
    """

    outcome: BindOutcome
    hashed: bool


@dataclass(frozen=True, slots=True)
class Needs:
    """What an operator is told that such a server must have.

    Attributes:
        controls: Object identifiers of controls, with their names.
        controls_remedy: What to do when one is missing.
        decoy_remedy: What to do when the decoy does not refuse a bind as it should.
    """

    controls: Mapping[str, str]
    controls_remedy: str
    decoy_remedy: str


class Dialect(Protocol):
    """One kind of directory server.

    Attributes:
        people_filter: What is an officer, unless the deployment says otherwise.
        officer_attributes: What ``officer`` reads.
        unit_filter: What is an agency.
        unit_attributes: What ``unit`` reads.
        group_filter: What is a group.
        groups_name_members: Whom a group holds is read from groups alone; elsewhere from what everybody's entry says.
        needs: For ``check``.
    """

    people_filter: str
    officer_attributes: tuple[str, ...]
    unit_filter: str
    unit_attributes: tuple[str, ...]
    group_filter: str
    groups_name_members: bool
    needs: Needs

    def named(self, login_name: str) -> str:
        """Give the filter that finds a login name, or an official mail address where the name holds an @."""
        ...

    def identified(self, entry_uuid: str) -> str | None:
        """Give the filter that finds a stable identifier; None for what is none."""
        ...

    def group(self, name: str) -> str:
        """Give the filter that finds a group by name."""
        ...

    def members(self, group_dn: str) -> str:
        """Give the filter that finds whom a group holds, directly or through other groups where the kind knows of that."""
        ...

    def officer(self, dn: str, attributes: Attributes, tree: UnitTree) -> Officer | None:
        """Give the officer of an entry; None for an entry that is no account."""
        ...

    def unit(self, attributes: Attributes) -> Unit | None:
        """Give the agency of an entry; None for an entry that is none."""
        ...

    def unit_coded(self, code: str) -> str:
        """Give the filter that finds an agency by its code."""
        ...

    def entry_uuid(self, attributes: Attributes) -> str:
        """Give the stable identifier of any entry; "" where the server did not say."""
        ...

    def is_group(self, attributes: Attributes) -> bool:
        """Tell by its object classes whether an entry is a group."""
        ...

    def with_groups(self, connection: Any, dn: str, attributes: Attributes, seconds: float) -> Attributes:
        """Put all groups that hold an entry into its ``memberOf``, those through other groups too; asks the server."""
        ...

    def nesting(self, pages: Pages) -> Callable[[str, Attributes], Attributes]:
        """Give what completes many entries, by DN, as ``with_groups`` completes one, without asking again for each."""
        ...

    def is_somebody(self, connection: Any) -> bool:
        """Ask the server whether the connection is bound as anybody (RFC 4513 §5.1.1); also a sign of life."""
        ...

    def bind(self, connection: Any, dn: str, password: str, seconds: float) -> BindAnswer:
        """Try a password on a connection that nothing else uses.

        Args:
            connection: Fresh.
            dn: As the server gave it.
            password: Not empty.
            seconds: Time-out.

        Raises:
            UnavailableError: the server demands what the configuration does not give, or took an accepted bind for an
                anonymous one.
            ldap.LDAPError: an outage.
        """
        ...

    def change(self, connection: Any, dn: str, old: str, new: str, seconds: float, service: Lent) -> ChangeResult:
        """Change a password as its owner, so that history and quality rules hold and the server hashes.

        Args:
            connection: Fresh.
            dn: As the server gave it.
            old: Current password, not empty.
            new: The wish, not empty.
            seconds: Time-out of each step.
            service: For a kind of server at which who must change the password cannot bind; it proves the old one all the same.

        Raises:
            UnavailableError: as for ``bind``.
            ldap.LDAPError: an outage.
        """
        ...

    def reset(self, connection: Any, dn: str, new: str, seconds: float) -> ChangeResult:
        """Set somebody's password without the old one, marked as one that has to be changed.

        Args:
            connection: Bound as the account that may do this; nothing else uses it.
            dn: Whose password.
            new: The password.
            seconds: Time-out of each step.

        Raises:
            UnavailableError: an answer that nobody expects.
            ldap.LDAPError: an outage.
        """
        ...


def unit_entry_of(dialect: Dialect, attributes: Attributes) -> UnitEntry | None:
    """Give the agency of an entry with its identifier; None for an entry that is none."""
    unit, entry_uuid = dialect.unit(attributes), dialect.entry_uuid(attributes)
    return UnitEntry(entry_uuid, unit) if unit is not None and entry_uuid else None
