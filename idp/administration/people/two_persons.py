"""An officer's second factors are taken away by two persons (``proposals``), and there is no other way for administrators.

Source: security checklist 33, 34, 38. Whoever can take away a factor and set a password holds the account. What was asked is
decided and carried out within a day. The officer is told by the removal of each factor.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from ...audit import AuditEvent, AuditRecord, Caller
from ...clock import Clock
from ...directory.mirror import OfficerMirror
from ...errors import RefusedError
from ...roles import Administrator, Right, RoleGroups
from ..factors import FactorAdministration
from .proposals import LIFETIME_SECONDS, Proposal, ProposalStore, TwoPersonActs, decided
from .reason import reason_of

STATES: Final = ("open", "approved", "refused")


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorReset(Proposal):
    """That factors are to be taken away.

    Attributes:
        done_at: When what was approved was carried out; None before.
    """

    done_at: int | None = None


class FactorResetStore(ProposalStore[FactorReset], Protocol):
    """Where they rest. Every verb may raise UnavailableError(dependency="database"); each write is one act with its record."""

    def add(self, proposal: FactorReset, record: AuditRecord) -> bool:
        """Keep a proposal; False where one for the same officer waits."""
        ...

    def decide(self, proposal_id: str, state: str, by: str, record: AuditRecord) -> bool:
        """Decide one that waits, once: of several who decide exactly one gets True."""
        ...

    def done(self, proposal_id: str, now: int) -> None:
        """Note that what was approved was carried out."""
        ...


class FactorResets(TwoPersonActs[FactorReset]):
    """Takes factors away, by two persons.

    Args:
        store: Where proposals rest.
        factors: Takes them away.
        mirror: Officers by subject.
        groups: Tells who administers what.
        clock: Source of the time.
    """

    asks = Right.ASK_FACTOR_RESET

    def __init__(self, store: FactorResetStore, factors: FactorAdministration, mirror: OfficerMirror, groups: RoleGroups,
                 clock: Clock) -> None:
        super().__init__(store, mirror, groups, clock)
        self._store, self._factors = store, factors

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
        officer = self._reached(who, sub, self.asks)
        reason = reason_of(body)
        if not self._factors.of(who, sub)["items"]:
            raise RefusedError("This officer has no second factor.", code="no_factor", status=409)
        now = self._clock.now()
        made = FactorReset(proposal_id=secrets.token_urlsafe(12), sub=officer.sub, reason=reason, asked_by=who.sub,
                           asked_for=who.deputy_for, asked_at=now, expires_at=now + LIFETIME_SECONDS)
        if not self._store.add(made, self._record(AuditEvent.FACTOR_RESET_ASKED, made, caller, reason=made.reason)):
            raise RefusedError("A proposal for this officer waits already.", code="already_asked", status=409)
        return self._shown(who, made, officer)

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
                raise decided()
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
            raise decided()
        return self.one(who, proposal_id)

    def _over(self, one: FactorReset) -> bool:
        return one.state == "refused" or one.done_at is not None

    def _more(self, who: Administrator, one: FactorReset) -> dict[str, Any]:
        return {"done_at": one.done_at}
