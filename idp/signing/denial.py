"""Who hears of it when an officer says "I did not ask for this": those who look after the officer's agency, and the province.

Source: security checklist 57 (the user can refuse and report). A report that nobody reads protects nobody: an application that
asks phones for what no officer wants is found by the first officer who says so. What was to be signed is told to none of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from ..audit import Caller
from ..directory.mirror import OfficerMirror
from ..notices import Notice, NoticeKind
from ..roles import Administrator
from .ports import TEST
from .transaction import Transaction

MOST: Final = 8
"""Administrators who are told of one report, at most five of them the agency's."""
_OF_THE_AGENCY: Final = 5


class Administrators(Protocol):
    """Who administers. Every verb may raise UnavailableError(dependency="database")."""

    def all(self) -> Sequence[Administrator]:
        """Give the administrators of agencies."""
        ...

    def of_the_province(self) -> Sequence[Administrator]:
        """Give the administrators of the province."""
        ...


class Denials:
    """Makes the notices.

    Args:
        administrators: Who administers.
        mirror: What the officer is called.
    """

    def __init__(self, administrators: Administrators, mirror: OfficerMirror) -> None:
        self._administrators, self._mirror = administrators, mirror

    def of(self, one: Transaction, caller: Caller, now: int) -> tuple[Notice, ...]:
        """Give a notice for each who is told; the officer is not told of what they said themselves."""
        officer = self._mirror.by_sub(one.sub)
        agency = [who for who in self._administrators.all() if who.oversees(one.unit_code) and who.sub != one.sub]
        # The nearest first: whose agency is the longest way down.
        agency.sort(key=lambda who: (-len(who.unit), who.sub))
        people = [*agency[:_OF_THE_AGENCY], *(who for who in self._administrators.of_the_province() if who.sub != one.sub)]
        detail = {"officer": one.sub, "name": officer.officer.name if officer is not None else one.sub,
                  "application": one.document if one.client_id == TEST else one.client_id}
        return tuple(Notice(NoticeKind.SIGNATURE_DENIED, who.sub, now, caller.source, detail) for who in people[:MOST])
