"""Accounts that a rollout forgets: dormant ones, officers who never signed in or have no mailbox, applications without logout.

Source: TCVN 14423 as provinces apply it (an account that was not used for 45 days is looked at). These are lists of now, and no
campaign is needed for them; what there was on a past day only a campaign tells.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

DORMANT_DAYS: Final = 45


class AccountList(StrEnum):
    """Which list."""

    DORMANT = "dormant"
    """Officers who signed in once, and not in the last 45 days."""
    NEVER_SIGNED_IN = "never_signed_in"
    WITHOUT_MAILBOX = "without_mailbox"
    WITHOUT_LOGOUT = "without_logout"
    """Applications that have never taken a logout token."""


@dataclass(frozen=True, slots=True)
class Account:
    """An officer or an application in one of the lists.

    Attributes:
        subject: Of an officer the subject, of an application its identifier.
        place: Where in the order; the next page begins behind it.
        last_sign_in_at: Seconds since the epoch; None for never, and of applications.
        tells_logout: Of an application, whether it registered an address for logout tokens; True of officers.
    """

    subject: str
    place: str
    name: str
    title: str
    unit_code: str
    unit_name: str
    last_sign_in_at: int | None = None
    tells_logout: bool = True


class AccountStore(Protocol):
    """Where accounts are. Every verb may raise UnavailableError(dependency="database")."""

    def officers(self, which: AccountList, *, unit: str, after: str, limit: int) -> Sequence[Account]:
        """Give active officers of a list, behind a place; ``unit`` is the agency, with those below it, "" for all."""
        ...

    def count(self, which: AccountList, *, unit: str) -> int:
        """Count active officers of a list; those whose post there ended seconds ago may be among them."""
        ...

    def applications(self) -> Iterator[Account]:
        """Give applications that are open and have never taken a logout token, in order of their identifiers."""
        ...
