"""How long an officer without a second factor may still come with the password alone.

Sources: NIST SP 800-63B-4 §4.1 (binding authenticators), OWASP ASVS 5.0 6.3.3; security checklist 29, 30. The days count for each
officer from the first sign-in at which a factor was demanded, or from a date of the province's where that is later. They spare
what is demanded of the officer's **groups and agencies**, administrators excepted
(``authn.assurance.AssurancePolicy.demanded``); never what an application, its request or a network demands.

A sign-in that was let through carries its deadline among its amr values, so that every path that honours it later (a page, a
code, a refresh, introspection) knows when it is over without asking anybody. The mark is ours, proves nothing, and is never
published.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

DAY = 86400
MARK = "grace."
"""What the mark begins with; the deadline follows, in seconds since the epoch."""
_LONGEST = 12


def mark_of(deadline: int) -> str:
    """Give the mark of a sign-in that was let through until then."""
    return f"{MARK}{deadline}"


def deadline_of(amr: Iterable[str]) -> int | None:
    """Give the deadline that stands among amr values; None where none does."""
    return moment_of(amr, MARK)


def moment_of(amr: Iterable[str], mark: str) -> int | None:
    """Give the moment, in seconds since the epoch, that follows a mark among amr values; None where there is none."""
    found = (value[len(mark):] for value in amr if value.startswith(mark))
    return next((int(text) for text in found if text.isascii() and text.isdigit() and len(text) <= _LONGEST), None)


@dataclass(frozen=True, slots=True)
class Grace:
    """What the province grants.

    Attributes:
        days: How many, for each officer; 0 for none.
        since: From when they count at the earliest, seconds since the epoch; 0 where no date was set.
    """

    days: int = 0
    since: int = 0

    def deadline(self, asked_at: int) -> int:
        """Give until when an officer may wait of whom a factor was first demanded then."""
        return max(asked_at, self.since) + self.days * DAY

    def honours(self, deadline: int | None, now: int) -> bool:
        """Tell whether a deadline has still to come, and is one that is granted today: with fewer days an older one ends."""
        return deadline is not None and now < deadline <= self.deadline(now)


class Due(StrEnum):
    """What a sign-in asks of an officer who has no second factor."""

    NOTHING = "nothing"
    OFFER = "offer"
    """To enrol one, or to say "later"."""
    MUST = "must"
    """To enrol one; nothing else leads on."""


def decide(*, required: int, spared: int, reached: int, deadline: int | None, now: int) -> Due:
    """Decide what is asked.

    Args:
        required: The level that the sign-in has to reach.
        spared: The level that it has to reach while the officer is granted time.
        reached: What was proven.
        deadline: Until when the officer is granted time; None for no time at all.
        now: Seconds since the epoch.
    """
    if reached >= required:
        return Due.NOTHING
    if deadline is None or now >= deadline or reached < spared:
        return Due.MUST
    return Due.OFFER


def days_left(deadline: int, now: int) -> int:
    """Tell how many days are left, the last one counted whole."""
    return max(0, -((now - deadline) // DAY))
