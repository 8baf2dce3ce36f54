"""The brake: a carrier says of so many SIMs at once that they were exchanged that somebody is asked first.

Source: trust-services E.3 (swap detection); security checklist 57. What a carrier says of one SIM ends it at once. A carrier
whose database is wrong, or half restored, must not take the signing SIMs of a province away overnight: a share of the carrier's
SIMs (and always a few) ends within a day, and all further ones are in doubt. A SIM in doubt signs nothing and signs nobody in,
but it has not ended and its certificate stands. An administrator of the province confirms what the carrier says, and they end,
or dismisses it, and they work again until the carrier says it anew. While a doubt stands everything else of that carrier joins
it.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Protocol

from ...audit import AuditEvent, AuditRecord, Caller
from ...clock import Clock
from ...errors import RefusedError
from ...notices import Notice, NoticeKind
from ...roles import Administrator, ForbiddenError, Role
from ..denial import MOST, Administrators
from .enrollment import LONGEST_REASON, SimEnrollment
from .sim import CARDS, Act, Sim, SimError

WINDOW_SECONDS: Final = 86400
"""The share is of a day, which begins with the first that ends."""
AT_ONCE: Final = 50
"""So many SIMs of a doubt are settled while the administrator waits; the worker goes on."""


class Decision(StrEnum):
    """What an administrator makes of a doubt."""

    CONFIRM = "confirm"
    """The carrier is right: the SIMs end."""
    DISMISS = "dismiss"
    """The carrier is wrong: the SIMs work again."""


@dataclass(frozen=True, slots=True)
class DoubtRule:
    """How many SIMs of a carrier may end as exchanged within a day.

    Attributes:
        percent: Of those in use.
        least: So many may always.
    """

    percent: int = 2
    least: int = 5

    def limit(self, active: int) -> int:
        """Give how many end without asking."""
        return max(self.least, active * self.percent // 100)


@dataclass(frozen=True, slots=True)
class Doubt:
    """A carrier's word that is not believed yet.

    Attributes:
        doubt_id: Our name of it; SIMs have it.
        carrier: Name of the service. One doubt of a carrier is open at a time.
        began_at: Seconds since the epoch.
        sims: How many SIMs are in it.
    """

    doubt_id: str
    carrier: str
    began_at: int
    sims: int = 0


class Doubts(Protocol):
    """Where doubts rest, for ever. Every verb raises UnavailableError when the database does not answer."""

    def open(self) -> Sequence[Doubt]:
        """Give those that nobody has decided, by carrier."""
        ...

    def begin(self, doubt: Doubt, record: AuditRecord, notices: Sequence[Notice]) -> bool:
        """Keep a new one with record and notices (``denial.MOST`` at most); False where one of that carrier is open."""
        ...

    def decide(self, doubt: Doubt, decision: Decision, now: int, record: AuditRecord) -> bool:
        """Write what was decided; False where somebody was first."""
        ...

    def decided(self, *, limit: int) -> Sequence[tuple[Sim, Decision]]:
        """Give SIMs whose doubt was decided and which are in it still."""
        ...

    def passes(self, carrier: str, now: int, *, limit: int) -> bool:
        """Count one that ends, unless ``limit`` have ended since the carrier's day began; of any number at once so many pass."""
        ...

    def in_use(self, carrier: str) -> int:
        """Count a carrier's cards."""
        ...


class SimBrake:
    """Hears that cards were exchanged, and what an administrator makes of it.

    Args:
        doubts: Where doubts rest.
        enrollment: Ends SIMs.
        administrators: Who is told.
        rule: How many may end at once.
        clock: Source of the time.
    """

    def __init__(self, doubts: Doubts, enrollment: SimEnrollment, administrators: Administrators, rule: DoubtRule,
                 clock: Clock) -> None:
        self._doubts, self._enrollment, self._administrators = doubts, enrollment, administrators
        self._rule, self._clock = rule, clock

    def exchanged(self, sim: Sim, why: str, caller: Caller) -> Sim:
        """Hear a carrier say that a SIM was exchanged, or is not known: it ends, or is in doubt.

        Args:
            sim: Which, as the carrier was asked about it.
            why: What the carrier said.
            caller: For the records.
        """
        if sim.doubt or sim.state not in CARDS:
            return sim
        doubt = self._open(sim.carrier)
        if doubt is None:
            in_use = self._doubts.in_use(sim.carrier)
            if self._doubts.passes(sim.carrier, self._clock.now(), limit=self._rule.limit(in_use)):
                return self._enrollment.noted(sim, Act.NOTE_SWAP, caller, why)
            doubt = self._begun(sim.carrier, in_use, caller)
        return self._enrollment.noted(sim, Act.DOUBT, caller, why, doubt=doubt.doubt_id)

    def open(self) -> Sequence[Doubt]:
        """Give the doubts that nobody has decided, by carrier."""
        return self._doubts.open()

    def decide(self, who: Administrator, carrier: str, decision: str, reason: str, caller: Caller) -> Doubt:
        """Decide a carrier's doubt, an administrator's act; a person has to have asked the carrier.

        Args:
            who: An administrator of the province.
            carrier: Whose word it is.
            decision: A ``Decision``.
            reason: What the carrier says now, for the record.
            caller: For the records.

        Returns:
            The doubt that was decided. Its SIMs are settled at once, if they are few, else by the worker.

        Raises:
            ForbiddenError: anybody else.
            RefusedError: 422 ``invalid_decision``, ``reason_needed``; 409 ``no_doubt``: there is none, or somebody was first.
        """
        demand_decider(who)
        if decision not in {one.value for one in Decision}:
            raise RefusedError("The decision is confirm or dismiss.", code="invalid_decision", status=422)
        said = " ".join(reason.split())
        if not said or len(said) > LONGEST_REASON or not said.isprintable():
            raise SimError("Please say why, in at most 300 characters.", code="reason_needed", status=422)
        doubt, now = self._open(carrier), self._clock.now()
        if doubt is None or not self._doubts.decide(doubt, Decision(decision), now, AuditRecord(
                AuditEvent.SIMS_DECIDED, now, source=caller.source, request_id=caller.request_id,
                detail={"carrier": carrier, "decision": decision, "reason": said, "sims": doubt.sims, **caller.by})):
            raise RefusedError("No SIM of this carrier is in doubt.", code="no_doubt", status=409)
        self.settle(caller, most=AT_ONCE)
        return doubt

    def settle(self, caller: Caller, *, most: int) -> int:
        """End SIMs, or let them work again, whose doubt was decided; for the worker. Gives how many there were."""
        found = self._doubts.decided(limit=most)
        for sim, decision in found:
            confirmed = decision is Decision.CONFIRM
            self._enrollment.noted(sim, Act.NOTE_SWAP if confirmed else Act.DISMISS_DOUBT, caller,
                                   sim.reason if confirmed else "", doubt=sim.doubt)
        return len(found)

    def _open(self, carrier: str) -> Doubt | None:
        return next((one for one in self._doubts.open() if one.carrier == carrier), None)

    def _begun(self, carrier: str, in_use: int, caller: Caller) -> Doubt:
        """Begin a doubt, or give the one that somebody else has begun."""
        now = self._clock.now()
        detail: dict[str, Any] = {"carrier": carrier, "in_use": in_use}
        record = AuditRecord(AuditEvent.SIMS_DOUBTED, now, source=caller.source, request_id=caller.request_id, detail=detail)
        told = tuple(Notice(NoticeKind.SIMS_IN_DOUBT, one.sub, now, caller.source, {"carrier": carrier})
                     for one in self._administrators.of_the_province()[:MOST])
        while True:
            made = Doubt(f"d{now:010x}{secrets.token_hex(6)}", carrier, now)
            if self._doubts.begin(made, record, told):
                return made
            if (found := self._open(carrier)) is not None:
                return found


def decides(who: Administrator) -> bool:
    """Tell whether somebody may decide: a person, and of the province."""
    return who.role is Role.PROVINCE and who.may_change


def demand_decider(who: Administrator) -> None:
    """Refuse whoever may not decide. Raises ForbiddenError."""
    if not decides(who):
        raise ForbiddenError("An administrator of the province has to ask the carrier, and to decide.")


def sentence(doubt: Doubt) -> str:
    """Say what is held back."""
    return (f"{doubt.carrier} says of too many SIMs at once that they were exchanged or are unknown; {doubt.sims} are in doubt "
            "and sign nothing.")


REMEDY: Final = ("Ask the carrier. Its mistake: flask --app wsgi sims decide dismiss --carrier NAME --reason TEXT --by UID; "
                 "true: sims decide confirm (docs/operations/mobile-signature.md).")
