"""Temporary passes for officers who have no second factor at hand and must work: one person asks, another gives (``proposals``).

Source: NIST SP 800-63B-4 §4.2; security checklist 33, 34, 38. A help desk asks and never gives: the code is made when somebody
who may act on factors approves, is shown to them this once, and is read to the officer by whoever knows who it is. The time
counts from then. Anybody who might ask may withdraw it: what takes rights away needs no second person. What was signed in with
it ends then, as with everything that ends an officer's access. A new factor ends the pass too (``notices.ENDS_PASS``).

A pass is not for whoever's factors are proven otherwise: nobody asks for themselves, nor for one whose role reaches further.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from ...audit import AuditEvent, AuditRecord, Caller
from ...authn.sign_in.temporary_pass import TemporaryPasses
from ...clock import Clock
from ...directory.mirror import MirroredOfficer, OfficerMirror
from ...errors import RefusedError
from ...notices import Notice, NoticeKind
from ...roles import Administrator, Right, RoleGroups
from .proposals import LIFETIME_SECONDS, Proposal, ProposalStore, TwoPersonActs, decided
from .reason import reason_of

MOST_HOURS: Final = 24
ENDED: Final = "temporary_pass"
"""Why access ended, in records."""
STATES: Final = ("open", "refused", "expired", "active", "used", "over", "withdrawn", "ended")
"""``active``: it could be used now; ``ended``: by a new factor, or with the officer's access."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemporaryPass(Proposal):
    """That an officer is to sign in with a temporary pass, or may.

    Attributes:
        state: ``open``, ``approved``, ``refused``, ``withdrawn`` or ``ended``.
        hours: How long it is good once it was given.
        several: Whether it may be used several times.
        until: From when on it opens nothing; None before it was given.
        uses: How often it was used.
        used_at: When it was used last.
        ended_at: When it was withdrawn, or something ended it.
        ended_by: Who withdrew it; "" for nobody.
    """

    hours: int
    several: bool
    until: int | None = None
    uses: int = 0
    used_at: int | None = None
    ended_at: int | None = None
    ended_by: str = ""


class TemporaryPassStore(ProposalStore[TemporaryPass], Protocol):
    """Where they rest. Every verb may raise UnavailableError(dependency="database"); each write is one act with its record."""

    def add(self, made: TemporaryPass, record: AuditRecord, notice: Notice) -> bool:
        """Keep a proposal; False where one for the same officer waits, or a pass stands."""
        ...

    def give(self, proposal_id: str, by: str, digest: bytes, until: int, record: AuditRecord, notice: Notice) -> bool:
        """Approve one that waits, with the digest of its code, once: of several who do exactly one gets True."""
        ...

    def refuse(self, proposal_id: str, by: str, record: AuditRecord) -> bool:
        """Refuse one that waits, once."""
        ...

    def withdraw(self, proposal_id: str, by: str, record: AuditRecord, notice: Notice | None) -> bool:
        """End a pass that stands, once."""
        ...


class TemporaryAccess(TwoPersonActs[TemporaryPass]):
    """Asks for, gives and withdraws temporary passes.

    Args:
        store: Where they rest.
        passes: Makes codes.
        end_access: Ends everything that an officer was given; takes subject, reason and caller.
        usual_hours: How long one is good for which nobody says how long.
        mirror: Officers by subject.
        groups: Tells who administers what.
        clock: Source of the time.
    """

    asks = Right.ASK_TEMPORARY_PASS

    def __init__(self, store: TemporaryPassStore, passes: TemporaryPasses, end_access: Callable[[str, str, Caller], object],
                 usual_hours: int, mirror: OfficerMirror, groups: RoleGroups, clock: Clock) -> None:
        super().__init__(store, mirror, groups, clock)
        self._store, self._passes, self._end_access, self.usual_hours = store, passes, end_access, usual_hours

    def ask(self, who: Administrator, sub: str, body: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
        """Propose that an officer is given a temporary pass; the officer is told.

        Args:
            who: Whoever has made sure who the officer is.
            sub: The officer.
            body: ``reason``, a line; perhaps ``hours`` (1 to 24) and ``several`` (whether it may be used several times).
            caller: Who asks.

        Raises:
            ForbiddenError: no right to it; oneself; an officer whose role reaches further.
            RefusedError: unknown or another agency's (404); 409 ``disabled``, ``already_asked``, ``pass_stands``; 422
                ``invalid_body``, ``bad_hours``.
        """
        officer = self._reached(who, sub, self.asks)
        hours, several = body.get("hours", self.usual_hours), body.get("several", False)
        reason = reason_of({name: value for name, value in body.items() if name not in ("hours", "several")})
        if not isinstance(hours, int) or isinstance(hours, bool) or not 1 <= hours <= MOST_HOURS:
            raise RefusedError(f"hours: a whole number from 1 to {MOST_HOURS}.", code="bad_hours", status=422)
        if not isinstance(several, bool):
            raise RefusedError("several: true or false.", code="invalid_body", status=422)
        self._check_at_work(officer)
        now = self._clock.now()
        made = TemporaryPass(proposal_id=secrets.token_urlsafe(12), sub=officer.sub, reason=reason, asked_by=who.sub,
                             asked_for=who.deputy_for, asked_at=now, expires_at=now + LIFETIME_SECONDS, hours=hours,
                             several=several)
        if not self._store.add(made, self._record(AuditEvent.TEMPORARY_PASS_ASKED, made, caller, reason=reason, hours=hours,
                                                  several=several),
                               Notice(NoticeKind.TEMPORARY_PASS_ASKED, sub, now, caller.source)):
            if self._passes.standing(sub) is not None:
                raise RefusedError("A temporary pass of this officer stands; withdraw it first.", code="pass_stands", status=409)
            raise RefusedError("A proposal for this officer waits already.", code="already_asked", status=409)
        return self._shown(who, made, officer)

    def approve(self, who: Administrator, proposal_id: str, caller: Caller) -> dict[str, Any]:
        """Give the pass; the officer is told.

        Returns:
            As ``one``, and ``code``, which is shown this once.

        Raises:
            RefusedError: 404; 409 ``decided``, ``too_late``, ``asker_gone``, ``disabled``; 403 ``same_person``.
            ForbiddenError: as ``reach.check_reach``.
        """
        proposal, officer = self._decidable(who, proposal_id)
        self._check_asker(proposal, officer)
        self._check_at_work(officer)
        code, digest = self._passes.make(officer.sub, proposal_id)
        now = self._clock.now()
        until = now + proposal.hours * 3600
        record = self._record(AuditEvent.TEMPORARY_PASS_APPROVED, proposal, caller, asked_by=proposal.asked_by, until=until)
        if not self._store.give(proposal_id, who.sub, digest, until, record, Notice(
                NoticeKind.TEMPORARY_PASS_APPROVED, officer.sub, now, caller.source, {"until": str(until)})):
            raise decided()
        return {**self.one(who, proposal_id), "code": code}

    def refuse(self, who: Administrator, proposal_id: str, caller: Caller) -> dict[str, Any]:
        """Refuse a proposal; who asked may take it back so. Raises as ``approve``."""
        self._may_look(who)
        proposal = self._seen(who, proposal_id)[0]
        if proposal.asked_by != who.sub:
            proposal = self._decidable(who, proposal_id)[0]
        if not self._store.refuse(proposal_id, who.sub,
                                  self._record(AuditEvent.TEMPORARY_PASS_REFUSED, proposal, caller)):
            raise decided()
        return self.one(who, proposal_id)

    def withdraw(self, who: Administrator, proposal_id: str, caller: Caller) -> dict[str, Any]:
        """End a pass before its time, and everything that the officer was given; the officer is told.

        One that was withdrawn within its time may be withdrawn again: where ending broke off, it is done so.

        Raises:
            RefusedError: 404; 409 ``decided``: it does not stand.
            ForbiddenError: as ``reach.check_reach``.
        """
        proposal, officer = self._seen(who, proposal_id)
        self._reached(who, officer.sub, self.asks)
        now = self._clock.now()
        again = proposal.state == "withdrawn" and proposal.until is not None and now < proposal.until
        if not again and not self._store.withdraw(
                proposal_id, who.sub, self._record(AuditEvent.TEMPORARY_PASS_WITHDRAWN, proposal, caller),
                Notice(NoticeKind.TEMPORARY_PASS_WITHDRAWN, officer.sub, now, caller.source)):
            raise decided()
        if proposal.uses or again:
            self._end_access(officer.sub, ENDED, caller)
        return self.one(who, proposal_id)

    def end_own(self, sub: str, caller: Caller) -> bool:
        """End an officer's own pass before its time, and everything that they were given by it; tell whether one stood.

        It takes rights away and gives none, so it needs nobody else and no fresh sign-in; the officer, who did it, is not told.
        """
        standing = self._passes.standing(sub)
        proposal = None if standing is None else self._store.find(standing.pass_id)
        if proposal is None or proposal.sub != sub or not self._store.withdraw(
                proposal.proposal_id, sub, self._record(AuditEvent.TEMPORARY_PASS_WITHDRAWN, proposal, caller, own=True), None):
            return False
        ended = self._store.find(proposal.proposal_id)
        if ended is not None and ended.uses:
            self._end_access(sub, ENDED, caller)
        return True

    def _check_at_work(self, officer: MirroredOfficer) -> None:
        if officer.status != "active":
            raise RefusedError("This officer is not active; a pass would open nothing.", code="disabled", status=409)

    def _over(self, one: TemporaryPass) -> bool:
        return one.state != "open"

    def _more(self, who: Administrator, one: TemporaryPass) -> dict[str, Any]:
        state = self._state(one)
        return {"hours": one.hours, "several": one.several, "until": one.until, "uses": one.uses, "used_at": one.used_at,
                "ended_at": one.ended_at, **({"state": state} if state else {}),
                "may_withdraw": state == "active" and who.may(self.asks) and one.sub not in who.persons}

    def _state(self, one: TemporaryPass) -> str:
        """Tell how a pass that was given stands; "" for what was not."""
        if one.until is None or one.state != "approved":
            return ""
        if one.uses and not one.several:
            return "used"
        return "active" if self._clock.now() < one.until else "over"
