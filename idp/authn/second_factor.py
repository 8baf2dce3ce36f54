"""The factors that follow a password: which of them an officer has, and trying one. A factor counts here and nowhere else.

Sources: OWASP ASVS 5.0 6.3.1, 6.5.1; NIST SP 800-63B-4 §3.2.2; security checklist 28, 29, 33. A new kind of factor is one class
that is a ``Factor``, one entry in the list that ``app`` builds, and its part of the pages (``web/login/factors``,
``web/account/factors``); nothing else asks which kinds there are. Every try is counted before it is made, apart from passwords
and apart from the other factors, and leaves exactly one record: the factor writes that of an accepted one together with its use,
everything else is recorded here.

Who lost their access and has it back may have left a telephone or a key behind: factors enrolled until then are frozen, and all
others with them, until an administrator releases or removes them (``directory.deprovisioning``).

An officer from whom a second factor is demanded keeps one: the last that does not wear out cannot be taken away by its owner,
because who has none cannot sign in to enrol another. Codes that wear out (``Standing.left``) follow the last lasting one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol

from ..audit import AuditEvent, AuditRecord, AuditTrail, Caller
from ..clock import Clock
from ..directory.mirror import MirroredOfficer
from ..errors import IdpError
from ..notices import Notice, NoticeKind
from .assurance import NOTHING, PASSWORD, TWO_FACTORS
from .lockout import NO_DEVICE, Guess, KnownDevice, Lockout, ThrottledError, network_of


class Acceptance(StrEnum):
    """What became of an answer."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    REUSED = "reused"
    """Right, but used already."""
    NOT_ENROLLED = "not_enrolled"


@dataclass(frozen=True, slots=True)
class Proof:
    """What a factor says of an answer.

    Attributes:
        amr: RFC 8176 values that were proven just now; empty unless accepted.
        reason: Why it was refused, for the audit trail, where that says more than the acceptance.
    """

    acceptance: Acceptance
    amr: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """One thing by which an officer proves a factor: an app, a key, a set of codes.

    Attributes:
        factor: Name of the factor.
        enrolled_at: Since when it counts.
        last_used_at: When it was last accepted.
        id: Tells several of one factor apart.
        label: What the officer calls it.
        left: How often it can still be used; None where it does not wear out.
    """

    factor: str
    enrolled_at: int
    last_used_at: int | None = None
    id: str = ""
    label: str = ""
    left: int | None = None

    @property
    def lasting(self) -> bool:
        """Whether it does not wear out."""
        return self.left is None


class Factor(Protocol):
    """One kind of factor. Every verb may raise UnavailableError(dependency="database")."""

    @property
    def name(self) -> str:
        """Name in records, addresses and forms; pages turn it into words."""
        ...

    @property
    def level(self) -> int:
        """The assurance level that a password and this factor amount to."""
        ...

    def standings(self, entry_uuid: str) -> tuple[Standing, ...]:
        """Give what an officer has of this kind, used up or not; empty where nothing is enrolled."""
        ...

    def verify(self, entry_uuid: str, answer: Mapping[str, str], record: AuditRecord) -> Proof:
        """Check an answer and use it up, in one atomic act on whatever node; the record is written in it if it is accepted.

        Args:
            entry_uuid: The officer's stable identifier.
            answer: What the officer sent, by field; of any length and content.
            record: Tells of the acceptance.
        """
        ...

    def remove(self, entry_uuid: str, id: str, record: AuditRecord, *, keep_one: bool = False) -> bool:
        """Take away one of ``standings``, and write record and notice (``told``) with it; False, and nothing written, if gone.

        Args:
            entry_uuid: The officer's stable identifier.
            id: Which.
            record: Tells of it.
            keep_one: Whether it stays if it is the officer's last lasting one, of whatever kind: of any number that are removed
                at the same moment, on whatever node, one is left. What wears out goes in any case.
        """
        ...


def told(kind: NoticeKind, record: AuditRecord, **detail: str) -> Notice:
    """Make the notice that goes with the record of a factor that came, went or was used up: its owner is told."""
    return Notice(kind, record.sub, record.at, record.source, {"factor": str(record.detail["factor"]), **detail})


@dataclass(frozen=True, slots=True)
class FactorStep:
    """What became of a try.

    Attributes:
        outcome: ``accepted``, ``refused``, ``reused`` (a right answer that was used already), ``throttled``,
            ``not_enrolled`` or ``frozen``.
        amr: RFC 8176 values that count from now on; empty unless accepted.
        retry_after_seconds: Set when throttled.
    """

    outcome: str
    amr: tuple[str, ...] = ()
    retry_after_seconds: int | None = None


class SecondFactors:
    """The list of factors.

    Args:
        factors: Each with the limits of guesses at it, a kind of their own.
        frozen_until: Gives the moment until which an officer's factors, by entryUUID, are frozen; None where they are not.
        before_removal: Told of each officer, by entryUUID, whose factor is about to be taken away.
        also: Limits of what is guessed besides by entryUUID; an operator clears them with those of the factors.
    """

    def __init__(self, factors: Sequence[tuple[Factor, Lockout]], audit: AuditTrail, clock: Clock, *,
                 frozen_until: Callable[[str], int | None] = lambda _entry_uuid: None,
                 before_removal: Callable[[str], None] = lambda _entry_uuid: None, also: Sequence[Lockout] = ()) -> None:
        self._frozen_until = frozen_until
        self._before_removal = before_removal
        self._also = also
        self._factors = {factor.name: (factor, limits) for factor, limits in factors}
        self._audit = audit
        self._clock = clock

    @property
    def names(self) -> tuple[str, ...]:
        """Name the kinds that there are."""
        return tuple(self._factors)

    def of(self, entry_uuid: str) -> tuple[Standing, ...]:
        """Give what an officer has and can still use, last used first, what was never used in the order of the list."""
        found = [standing for factor, _ in self._factors.values() for standing in factor.standings(entry_uuid)
                 if standing.left != 0]
        return tuple(sorted(found, key=lambda standing: -(standing.last_used_at or 0)))

    def ways(self, entry_uuid: str) -> tuple[str, ...]:
        """Name the factors that an officer can be asked for, last used first."""
        return tuple(dict.fromkeys(standing.factor for standing in self.of(entry_uuid)))

    def brings(self, name: str) -> int:
        """Give the assurance level that a password and a factor amount to."""
        return self._factors[name][0].level

    def enrolled(self, entry_uuid: str) -> bool:
        """Tell whether an officer can prove any second factor."""
        return bool(self.of(entry_uuid))

    def reachable(self, entry_uuid: str) -> int:
        """Give the level that an officer can reach with a password and what there is."""
        return max((self._factors[name][0].level for name in self.ways(entry_uuid)), default=PASSWORD)

    def frozen(self, entry_uuid: str) -> bool:
        """Tell whether what an officer has counts for nothing until an administrator releases it."""
        until = self._frozen_until(entry_uuid)
        return until is not None and any(standing.enrolled_at <= until for standing in self.of(entry_uuid))

    def within_reach(self, entry_uuid: str) -> int:
        """Give the level that an officer can reach now: the password's alone while the factors are frozen."""
        return PASSWORD if self.frozen(entry_uuid) else self.reachable(entry_uuid)

    def attempt(self, officer: MirroredOfficer, name: str, answer: Mapping[str, str], caller: Caller, *,
                client_id: str = "", device: KnownDevice = NO_DEVICE) -> FactorStep:
        """Try a factor of an officer whose password was right.

        Args:
            officer: Who it is said to be.
            name: Of the factor; one that there is not is not enrolled.
            answer: What the officer sent, by field.
            caller: Who asks.
            client_id: The application that the officer is on the way to.
            device: Which the browser shows.

        Raises:
            UnavailableError: the database does not answer; then no guess was counted.
        """
        guess = self._counted(officer, name, caller, client_id, device)
        if isinstance(guess, FactorStep):
            return guess
        (factor, limits), entry_uuid = self._factors[name], officer.officer.entry_uuid
        try:
            proof = factor.verify(entry_uuid, answer, self._record(AuditEvent.FACTOR_ACCEPTED, name, officer, caller, client_id))
        except IdpError:
            limits.release(guess)
            raise
        acceptance = proof.acceptance
        if acceptance is Acceptance.ACCEPTED:
            limits.good(guess)
            return FactorStep("accepted", proof.amr)
        if acceptance is Acceptance.NOT_ENROLLED:
            limits.release(guess)
        self._refused(name, proof.reason or acceptance.value, officer, caller, client_id)
        if guess.instead is not None and acceptance is not Acceptance.NOT_ENROLLED:
            return FactorStep("throttled", retry_after_seconds=guess.instead.retry_after_seconds)
        return FactorStep(acceptance.value)

    def begin(self, officer: MirroredOfficer, name: str, ask: Callable[[], object], caller: Caller, *, client_id: str = "",
              device: KnownDevice = NO_DEVICE) -> FactorStep:
        """Have somebody asked for an answer, by a factor that has to ask: a phone.

        Each time is counted as a guess until an answer is accepted, so that whoever knows the password cannot have it asked
        without end.

        Args:
            officer: Whose password was right.
            name: Of the factor.
            ask: Asks. What it raises is raised, and then nothing was counted.
            caller: Who asks.
            client_id: The application that the officer is on the way to.
            device: Which the browser shows.

        Returns:
            ``asked``, ``throttled``, ``not_enrolled``, ``refused`` or ``frozen``.
        """
        if name not in self._factors or not self._factors[name][0].standings(officer.officer.entry_uuid):
            return FactorStep("not_enrolled")
        guess = self._counted(officer, name, caller, client_id, device)
        if isinstance(guess, FactorStep):
            return guess
        try:
            ask()
        except IdpError:
            self._factors[name][1].release(guess)
            raise
        return FactorStep("asked")

    def _counted(self, officer: MirroredOfficer, name: str, caller: Caller, client_id: str,
                 device: KnownDevice) -> Guess | FactorStep:
        """Count a guess at a factor, or say why there is none to be made."""
        if name not in self._factors:
            return FactorStep("not_enrolled")
        entry_uuid = officer.officer.entry_uuid
        if officer.status != "active" or officer.officer.disabled:
            self._refused(name, "disabled", officer, caller, client_id)
            return FactorStep("refused")
        if self.frozen(entry_uuid):
            self._refused(name, "frozen", officer, caller, client_id)
            return FactorStep("frozen")
        try:
            return self._factors[name][1].take(entry_uuid, caller.source, device=device.mark(entry_uuid))
        except ThrottledError as refusal:
            self._refused(name, "throttled", officer, caller, client_id)
            return FactorStep("throttled", retry_after_seconds=refusal.retry_after_seconds)

    def first_try(self, officer: MirroredOfficer, name: str, confirm: Callable[[], str], caller: Caller, *,
                  device: KnownDevice = NO_DEVICE) -> FactorStep:
        """Try the first answer of something that an officer enrols; it is counted like every later one.

        Args:
            officer: Who enrols.
            name: Of the factor.
            confirm: Checks the answer and gives ``confirmed``, ``wrong`` or what else became of it; only ``wrong`` counts.
            caller: Who asks.
            device: Which the browser shows.

        Returns:
            What ``confirm`` gave, or ``throttled``; then it was not called.
        """
        _, limits = self._factors[name]
        entry_uuid = officer.officer.entry_uuid
        try:
            guess = limits.take(entry_uuid, caller.source, device=device.mark(entry_uuid))
        except ThrottledError as refusal:
            self._refused(name, "throttled", officer, caller, "")
            return FactorStep("throttled", retry_after_seconds=refusal.retry_after_seconds)
        try:
            outcome = confirm()
        except IdpError:
            limits.release(guess)
            raise
        if outcome == "confirmed":
            limits.good(guess)
        elif outcome == "wrong":
            self._refused(name, "first", officer, caller, "")
        else:
            limits.release(guess)
        return FactorStep(outcome)

    def may_go(self, entry_uuid: str, name: str, id: str, *, demanded: int) -> bool:
        """Tell whether its owner may take one away: not the last lasting one of an officer who needs two factors."""
        others = [standing for standing in self.of(entry_uuid)
                  if standing.lasting and (standing.factor, standing.id) != (name, id)]
        gone = next((standing for standing in self.of(entry_uuid) if (standing.factor, standing.id) == (name, id)), None)
        return demanded < TWO_FACTORS or bool(others) or (gone is not None and not gone.lasting)

    def remove(self, officer: MirroredOfficer, name: str, id: str, caller: Caller, *,
               demanded: int = NOTHING) -> Literal["removed", "last", "gone"]:
        """Take a factor away from an officer, and with the last lasting one the codes that wear out.

        Args:
            officer: Whose it is.
            name: Of the factor.
            id: Which of several.
            caller: Who does it: the officer, or somebody who administers.
            demanded: The level that is demanded of the officer; left out where an administrator removes, who may take the last.

        Returns:
            ``last`` when it has to stay, ``gone`` when it was not there.
        """
        entry_uuid = officer.officer.entry_uuid
        if not self._has(entry_uuid, name, id):
            return "gone"  # also whatever was sent that is no identifier: no store is asked for it
        if not self.may_go(entry_uuid, name, id, demanded=demanded):
            return "last"
        self._before_removal(entry_uuid)
        if not self._remove(officer, name, id, caller, keep_one=demanded >= TWO_FACTORS):
            return "last" if self._has(entry_uuid, name, id) else "gone"  # all the others were removed meanwhile, or this one
        left = self.of(entry_uuid)
        if not any(standing.lasting for standing in left):
            for standing in left:
                self._remove(officer, standing.factor, standing.id, caller)
        return "removed"

    def clear(self, entry_uuid: str, source: str, *, devices: Sequence[str] = ()) -> int:
        """Let an officer guess afresh at every factor and enrolment code (``Lockout.clear``); gives how many counters went."""
        limits = [*(its for _, its in self._factors.values()), *self._also]
        return sum(its.clear(entry_uuid, source, devices=devices) for its in limits)

    def _has(self, entry_uuid: str, name: str, id: str) -> bool:
        return name in self._factors and any(standing.id == id for standing in self._factors[name][0].standings(entry_uuid))

    def _remove(self, officer: MirroredOfficer, name: str, id: str, caller: Caller, *, keep_one: bool = False) -> bool:
        record = self._record(AuditEvent.FACTOR_REMOVED, name, officer, caller, "", **caller.by)
        return self._factors[name][0].remove(officer.officer.entry_uuid, id, record, keep_one=keep_one)

    def _refused(self, name: str, reason: str, officer: MirroredOfficer, caller: Caller, client_id: str) -> None:
        self._audit.repeated(self._record(AuditEvent.FACTOR_REFUSED, name, officer, caller, client_id, reason=reason),
                             about=network_of(caller.source))

    def _record(self, event: AuditEvent, name: str, officer: MirroredOfficer, caller: Caller, client_id: str,
                **detail: str | int | bool) -> AuditRecord:
        return AuditRecord(event, self._clock.now(), sub=officer.sub, client_id=client_id, source=caller.source,
                           request_id=caller.request_id, detail={"factor": name, **detail})
