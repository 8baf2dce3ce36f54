"""Acts upon officers that one person asks for and another decides: their second factors are taken away.

Source: security checklist 33, 34, 38. Whoever can take away a factor and set a password holds the account, so two persons do
it, and there is no other way for administrators. Who asks needs the right to ask; who decides needs the right to act on
factors, is somebody else (a deputy, who they stand in for and who named them are one side), and is checked as ``reach`` checks
everybody. What was asked is decided and carried out within a day. The officer is told by the removal of each factor.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from ...audit import AuditEvent, AuditRecord, Caller
from ...clock import Clock
from ...directory.mirror import MirroredOfficer, OfficerMirror
from ...errors import RefusedError
from ...roles import Administrator, ForbiddenError, Right, RoleGroups
from ..factors import FactorAdministration
from ..pages import Page, cursor_of, place_of
from ..reach import check_reach, unknown_officer
from .reason import reason_of

LIFETIME_SECONDS: Final = 86400
STATES: Final = ("open", "approved", "refused")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """An act that waits for a second person, or was decided.

    Attributes:
        asked_for: For whom who asked stands in; "" for nobody.
        state: ``open``, ``approved`` or ``refused``.
        decided_by: Who decided; "" where nobody has.
        done_at: When what was approved was carried out; None before.
    """

    proposal_id: str
    sub: str
    reason: str
    asked_by: str
    asked_for: str
    asked_at: int
    expires_at: int
    state: str = "open"
    decided_by: str = ""
    decided_at: int | None = None
    done_at: int | None = None


class ProposalStore(Protocol):
    """Where they rest. Every verb may raise UnavailableError(dependency="database"); each write is one act with its record."""

    def add(self, proposal: Proposal, record: AuditRecord) -> bool:
        """Keep a proposal; False where one for the same officer waits."""
        ...

    def find(self, proposal_id: str) -> Proposal | None:
        """Find one."""
        ...

    def waiting(self, *, sub: str, now: int, after: tuple[int, str] | None, limit: int) -> Sequence[Proposal]:
        """Give those that wait, or were approved and not carried out, the oldest first; of an officer, or all (``sub`` "")."""
        ...

    def decide(self, proposal_id: str, state: str, by: str, record: AuditRecord) -> bool:
        """Decide one that waits, once: of several who decide exactly one gets True."""
        ...

    def done(self, proposal_id: str, now: int) -> None:
        """Note that what was approved was carried out."""
        ...


class FactorResets:
    """Takes factors away, by two persons.

    Args:
        store: Where proposals rest.
        factors: Takes them away.
        mirror: Officers by subject.
        groups: Tells who administers what.
        clock: Source of the time.
    """

    def __init__(self, store: ProposalStore, factors: FactorAdministration, mirror: OfficerMirror, groups: RoleGroups,
                 clock: Clock) -> None:
        self._store, self._factors, self._mirror, self._groups, self._clock = store, factors, mirror, groups, clock

    def ask(self, who: Administrator, sub: str, body: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
        """Propose that an officer's factors are taken away.

        Args:
            who: Whoever has seen who the officer is.
            sub: The officer.
            body: ``reason``, a line.
            caller: Who asks.

        Raises:
            ForbiddenError: no right to it; oneself; an officer whose role reaches further.
            RefusedError: unknown or another agency's (404); 409 ``no_factor``, ``already_asked``; 422 without a reason.
        """
        officer = self._reached(who, sub, Right.ASK_FACTOR_RESET)
        reason = reason_of(body)
        if not self._factors.of(who, sub)["items"]:
            raise RefusedError("This officer has no second factor.", code="no_factor", status=409)
        now = self._clock.now()
        made = Proposal(proposal_id=secrets.token_urlsafe(12), sub=officer.sub, reason=reason, asked_by=who.sub,
                        asked_for=who.deputy_for, asked_at=now, expires_at=now + LIFETIME_SECONDS)
        if not self._store.add(made, self._record(AuditEvent.FACTOR_RESET_ASKED, made, caller, reason=made.reason)):
            raise RefusedError("A proposal for this officer waits already.", code="already_asked", status=409)
        return self._shown(who, made, officer)

    def listed(self, who: Administrator, *, cursor: str = "", limit: int) -> Page:
        """Give what waits for a second person, the oldest first, of officers whom somebody sees. Raises as ``one``."""
        self._may_look(who)
        place, found = place_of(cursor, int, str), list[dict[str, Any]]()
        while True:
            read = self._store.waiting(sub="", now=self._clock.now(), after=place and (place[0], place[1]), limit=limit + 1)
            for one in read:
                place = (one.asked_at, one.proposal_id)
                officer = self._mirror.by_sub(one.sub)
                if officer is not None and who.oversees(officer.officer.main_post.unit_code):
                    found.append(self._shown(who, one, officer))
                    if len(found) == limit:
                        return Page(found, cursor_of(*place) if one is not read[-1] else "")
            if len(read) <= limit:
                return Page(found)

    def of(self, who: Administrator, sub: str) -> dict[str, Any] | None:
        """Give what waits about an officer; None for nothing. Raises as ``one``."""
        found = self._store.waiting(sub=sub, now=self._clock.now(), after=None, limit=1)
        return self.one(who, found[0].proposal_id) if found else None

    def one(self, who: Administrator, proposal_id: str) -> dict[str, Any]:
        """Give a proposal, with ``may_decide`` and ``waits_for``. Raises RefusedError (404), ForbiddenError."""
        self._may_look(who)
        return self._shown(who, *self._seen(who, proposal_id))

    def approve(self, who: Administrator, proposal_id: str, caller: Caller) -> dict[str, Any]:
        """Approve a proposal, and carry it out. What was approved and broke off is carried out by the next who approves.

        Raises:
            RefusedError: 404; 409 ``decided``, ``too_late``, ``asker_gone``; 403 ``same_person``.
            ForbiddenError: as ``reach.check_reach``.
            UnavailableError: the directory or the database does not answer; try again.
        """
        proposal, officer = self._decidable(who, proposal_id)
        self._check_asker(proposal, officer)
        if proposal.state == "open":
            record = self._record(AuditEvent.FACTOR_RESET_APPROVED, proposal, caller, asked_by=proposal.asked_by)
            if not self._store.decide(proposal_id, "approved", who.sub, record):
                raise _decided()
        self._factors.remove_all(who, officer.sub, caller)
        self._store.done(proposal_id, self._clock.now())
        return self.one(who, proposal_id)

    def refuse(self, who: Administrator, proposal_id: str, caller: Caller) -> dict[str, Any]:
        """Refuse a proposal; who asked may take it back so. Raises as ``approve``."""
        self._may_look(who)
        proposal = self._seen(who, proposal_id)[0]
        if proposal.asked_by != who.sub:
            proposal = self._decidable(who, proposal_id)[0]
        if proposal.state != "open" or not self._store.decide(
                proposal_id, "refused", who.sub, self._record(AuditEvent.FACTOR_RESET_REFUSED, proposal, caller)):
            raise _decided()
        return self.one(who, proposal_id)

    def _decidable(self, who: Administrator, proposal_id: str) -> tuple[Proposal, MirroredOfficer]:
        """Give a proposal that somebody may decide now."""
        self._may_look(who)
        proposal, officer = self._seen(who, proposal_id)
        self._reached(who, officer.sub, Right.ACT_ON_FACTORS)
        asker = self._asker(proposal)
        if who.persons & ({proposal.asked_by, proposal.asked_for} | (asker.persons if asker else set())):
            raise RefusedError("Another person than who asked decides.", code="same_person", status=403)
        if proposal.state == "refused" or proposal.done_at is not None:
            raise _decided()
        if self._clock.now() >= proposal.expires_at:
            raise RefusedError("It was asked more than a day ago. Please ask again.", code="too_late", status=409)
        return proposal, officer

    def _check_asker(self, proposal: Proposal, officer: MirroredOfficer) -> None:
        asker = self._asker(proposal)
        if asker is None or not asker.may(Right.ASK_FACTOR_RESET) or not asker.oversees(officer.officer.main_post.unit_code):
            raise RefusedError("Who asked may not ask for it any more.", code="asker_gone", status=409)

    def _asker(self, proposal: Proposal) -> Administrator | None:
        return self._groups.administrator(self._mirror.by_sub(proposal.asked_by), client_id="", read_only=False)

    def _reached(self, who: Administrator, sub: str, right: Right) -> MirroredOfficer:
        officer = self._mirror.by_sub(sub)
        if officer is None:
            raise unknown_officer()
        check_reach(who, sub, officer.officer, self._groups, right)
        return officer

    def _seen(self, who: Administrator, proposal_id: str) -> tuple[Proposal, MirroredOfficer]:
        found = self._store.find(proposal_id)
        officer = self._mirror.by_sub(found.sub) if found else None
        if found is None or officer is None or not who.oversees(officer.officer.main_post.unit_code):
            raise RefusedError("There is no such proposal.", code="unknown_proposal", status=404)
        return found, officer

    def _may_look(self, who: Administrator) -> None:
        who.demand(Right.ADMINISTER, Right.ASK_FACTOR_RESET)

    def _shown(self, who: Administrator, one: Proposal, officer: MirroredOfficer) -> dict[str, Any]:
        over = one.state != "refused" and one.done_at is None and self._clock.now() >= one.expires_at
        asker = self._mirror.by_sub(one.asked_by)
        return {"id": one.proposal_id, "sub": one.sub, "uid": officer.officer.uid, "name": officer.officer.name,
                "unit_name": officer.officer.main_post.unit_name, "reason": one.reason, "asked_by": one.asked_by,
                "asked_by_name": asker.officer.name if asker else None, "asked_at": one.asked_at, "expires_at": one.expires_at,
                "state": "expired" if over else one.state, "decided_by": one.decided_by or None,
                "decided_at": one.decided_at, "done_at": one.done_at, "may_decide": self._may_decide(who, one.proposal_id),
                "may_take_back": one.state == "open" and not over and one.asked_by == who.sub}

    def _may_decide(self, who: Administrator, proposal_id: str) -> bool:
        try:
            self._decidable(who, proposal_id)
        except (RefusedError, ForbiddenError):
            return False
        return True

    def _record(self, event: AuditEvent, one: Proposal, caller: Caller, **detail: str) -> AuditRecord:
        return AuditRecord(event, self._clock.now(), sub=one.sub, source=caller.source, request_id=caller.request_id,
                           detail={"proposal": one.proposal_id, **detail, **caller.by})


def _decided() -> RefusedError:
    return RefusedError("This was decided before.", code="decided", status=409)
