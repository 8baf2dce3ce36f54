"""What is looked up of officers for administrators beside the mirror (port), and what it gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ...audit import AuditRecord
from ...directory.mirror import Found

SORTS = ("name", "-name", "last_sign_in", "-last_sign_in")
"""How officers are listed: by name, the last names first, who has not signed in for longest, or who just did."""
STATES = ("active", "disabled", "guest")
FACTORS = ("without", "with")


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of an officer beside what the directory says.

    Attributes:
        last_sign_in_at: Seconds since the epoch; None for never.
        has_factor: Whether there is a second factor that could be used.
        certificates: How many signing certificates are in use.
    """

    last_sign_in_at: int | None
    has_factor: bool
    certificates: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowed:
    """Which officers are listed; "" for no condition.

    Attributes:
        unit: Of this agency and those below.
        state: One of ``STATES``; gone ones are never listed.
        factor: One of ``FACTORS``.
        sort: One of ``SORTS``.
    """

    unit: str = ""
    state: str = ""
    factor: str = ""
    sort: str = "name"


@dataclass(frozen=True, slots=True)
class AgencyCounts:
    """Active officers whose main post is in one agency itself."""

    officers: int
    with_factor: int
    with_certificate: int


class Access(Protocol):
    """What an application has of an officer (``oidc.consent.Access``)."""

    @property
    def client_id(self) -> str:
        """The application."""
        ...

    @property
    def scope(self) -> frozenset[str]:
        """Scope values of everything that stands."""
        ...

    @property
    def agreed_at(self) -> int | None:
        """When the officer agreed; None where nobody was asked."""
        ...


class Accesses(Protocol):
    """Where it is looked up (``oidc.consent.Consents``)."""

    def accesses(self, sub: str) -> Sequence[Access]:
        """Give what applications have of an officer."""
        ...


class People(Protocol):
    """Where it is looked up. Every verb may raise UnavailableError(dependency="database")."""

    def page(self, which: Narrowed, *, after: tuple[str, str] | None, limit: int) -> Sequence[Found]:
        """Give officers in the order asked, behind a place."""
        ...

    def count(self, which: Narrowed) -> int:
        """Count the officers of all pages; who changed agency or ended seconds ago may be counted as before."""
        ...

    def place(self, entry_uuid: str, sort: str) -> tuple[str, str] | None:
        """Tell where an officer stands in one of ``SORTS``; None where there is no such officer."""
        ...

    def standing(self, entry_uuids: Sequence[str]) -> Mapping[str, Standing]:
        """Tell the standing of officers by entryUUID."""
        ...

    def holders(self, serial: str) -> Sequence[str]:
        """Give the subjects of those who have a certificate or a device with a number, as it is written in lower case."""
        ...

    def open_tasks(self, sub: str) -> Sequence[str]:
        """Give the numbers of open tasks about an officer, what is due first first."""
        ...

    def trail(self, sub: str, *, before: tuple[int, int] | None, limit: int) -> Sequence[tuple[int, AuditRecord]]:
        """Give the records about an officer with their numbers, the newest first, from behind a moment and number on."""
        ...

    def seals(self, unit_code: str) -> Sequence[str]:
        """Give the numbers of an agency's own seal certificates that have not ended, by number."""
        ...

    def counts(self) -> Mapping[str, AgencyCounts]:
        """Count active officers by agency."""
        ...

    def tasks_by_agency(self) -> Mapping[str, int]:
        """Count open tasks by the agency of their officer's main post."""
        ...
