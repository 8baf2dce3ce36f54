"""An officer's first factor: of whom it is asked at a sign-in, until when, and where it can be enrolled.

Sources: NIST SP 800-63B-4 §4.1.2 (binding an authenticator), OWASP ASVS 5.0 6.3.3, 7.5.1; security checklist 29, 33, 34.
Who has no factor yet has proven no more than a password. Were that enough to enrol one from anywhere, then wherever an
application or a network demands two factors a stolen password would be both. So a first factor is enrolled **in a network that
the province trusts** with it, or **with a code** of an administrator who saw the officer (``codes.py``); at the sign-in, on the
pages of the account and wherever else, by ``admits``. Later ones ask for a fresh authentication with the first
(``authn.freshness``).

Time is granted once (``grace.py``): to officers who never had a factor. The first one ends it for good, also what was let through
before, and so does whoever takes one away, owner or administrator: a lost telephone or an expired certificate does not make the
password enough again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Protocol

from ...audit import AuditEvent, AuditRecord, Caller
from ...clock import Clock
from ...directory.mirror import MirroredOfficer
from ..assurance import PASSWORD, TWO_FACTORS
from ..networks import OUTSIDE, Networks
from ..second_factor import SecondFactors
from .codes import EnrolmentCodes
from .grace import Due, Grace, days_left, decide, mark_of


class DemandStore(Protocol):
    """When a factor was first demanded of officers. Every verb may raise UnavailableError(dependency="database")."""

    def first(self, entry_uuid: str, now: int, record: AuditRecord) -> int | None:
        """Give when it was, now if it never was, and then write the record; None once ``end`` was called. Atomic: one date."""
        ...

    def over(self, entry_uuid: str) -> bool:
        """Tell whether an officer has a factor of any kind, used up and expired ones too, or had one that was removed."""
        ...

    def end(self, entry_uuid: str, now: int) -> None:
        """Let an officer be granted no time any more, whether any was before."""
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """What a sign-in asks of an officer who has no second factor.

    Attributes:
        due: What it is.
        deadline: Until when "later" will do; None where it does not.
        days: How many days are left.
    """

    due: Due
    deadline: int | None = None
    days: int = 0


@dataclass(frozen=True, slots=True)
class TrustedNetworks:
    """Where the password alone enrols a first factor.

    Attributes:
        networks: The named networks.
        names: Those of them that are trusted; ``outside`` is a name too.
    """

    networks: Networks
    names: frozenset[str]

    def hold(self, source: str) -> bool:
        """Tell whether an address is in one."""
        return self.networks.name_of(source) in self.names

    def examined(self, strict: Collection[str]) -> Iterator[tuple[bool, str, str]]:
        """Tell operators how first factors are enrolled: whether that is well, in a sentence, and the remedy where it is not.

        Args:
            strict: Names of the networks from which everybody needs two factors.
        """
        if not self.names:
            yield (False, "no network is trusted with first factors: each takes a code of an administrator.",
                   "Name the offices' networks in IDP_NETWORKS; an administrator who has no factor begins with: flask --app wsgi "
                   "factors issue-codes --officer UID")
        for name in sorted(self.names.intersection(strict)):
            yield (False, f"from {name} two factors are demanded, and the first is enrolled there with the password alone: "
                   "whoever has a password has both.", f"Take {name} out of IDP_FIRST_FACTOR_NETWORKS.")
        if OUTSIDE in self.names and OUTSIDE not in strict:
            yield (False, "a first factor is enrolled from anywhere with the password alone.",
                   "Name the offices' networks in IDP_NETWORKS, and take outside out of IDP_FIRST_FACTOR_NETWORKS.")
        elif self.names and not self.names.intersection(strict):
            yield (True, f"first factors are enrolled from {' '.join(sorted(self.names))}, elsewhere with a code.", "")


class FirstFactors:
    """The rules.

    Args:
        factors: Which an officer has.
        codes: What opens a sign-in elsewhere.
        demands: When a factor was first demanded.
        trusted: Where no code is needed.
        grace: What time the province grants.
        clock: Source of the time.
    """

    def __init__(self, factors: SecondFactors, codes: EnrolmentCodes, demands: DemandStore, trusted: TrustedNetworks,
                 grace: Grace, clock: Clock) -> None:
        self._factors = factors
        self.codes = codes
        self._demands = demands
        self.trusted = trusted
        self._grace = grace
        self._clock = clock

    def lacking(self, entry_uuid: str) -> bool:
        """Tell whether an officer has no factor to prove."""
        return not self._factors.enrolled(entry_uuid)

    def admits(self, entry_uuid: str, source: str, place: str = "", *, level: int = PASSWORD) -> bool:
        """Tell whether an officer may enrol a factor here.

        Who has proven a password alone may nowhere but where a first one may be enrolled, whatever factors there are: one that
        somebody enrols at this very moment opens nothing to a stranger with the password.

        Args:
            entry_uuid: The officer's stable identifier.
            source: Address of the officer's browser.
            place: Identifier of the sign-in under way, which a code may have opened; "" where there is none.
            level: What was proven.
        """
        return self.trusted.hold(source) or self.codes.opened(entry_uuid, place) or (
            level >= TWO_FACTORS and not self.lacking(entry_uuid))

    def in_grace(self) -> tuple[str, ...]:
        """Give the mark of a sign-in that would be granted all the time there is; empty where there is none."""
        deadline, now = self._grace.deadline(self._clock.now()), self._clock.now()
        return (mark_of(deadline),) if deadline > now else ()

    def asked(self, officer: MirroredOfficer, *, required: int, spared: int, caller: Caller) -> Asked:
        """Tell what a sign-in asks of an officer who has no factor, and note the first time that one was demanded.

        Args:
            officer: Whose password was right.
            required: The level that the sign-in has to reach.
            spared: The same where ``in_grace`` counts as proven besides.
            caller: Who asks.
        """
        now = self._clock.now()
        deadline = self._deadline(officer, caller) if spared <= PASSWORD < required and self.in_grace() else None
        due = decide(required=required, spared=spared, reached=PASSWORD, deadline=deadline, now=now)
        if due is not Due.OFFER or deadline is None:
            return Asked(due)
        return Asked(due, deadline, days_left(deadline, now))

    def _deadline(self, officer: MirroredOfficer, caller: Caller) -> int | None:
        now, entry_uuid = self._clock.now(), officer.officer.entry_uuid
        if self._demands.over(entry_uuid):
            return None
        first = self._demands.first(entry_uuid, now, AuditRecord(
            AuditEvent.FACTOR_DEMANDED, now, sub=officer.sub, source=caller.source, request_id=caller.request_id,
            detail={"deadline": self._grace.deadline(now)}))
        return None if first is None else self._grace.deadline(first)
