"""What one person proposes for an officer and another decides: the rules that hold for every such act.

Source: security checklist 33, 34, 38. Who asks needs the right to ask; who decides needs the right to act on factors and is
somebody else: whoever stands behind either (``roles.check_another_person``) is not behind the other. Both are checked at the
moment of the decision, as ``reach`` checks everybody, and an asker who may not ask any more has asked for nothing. What was asked
is decided within a day.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Generic, Protocol, TypeVar

from ...audit import AuditEvent, AuditRecord, Caller
from ...clock import Clock
from ...directory.mirror import MirroredOfficer, OfficerMirror
from ...errors import RefusedError
from ...roles import Administrator, ForbiddenError, Right, RoleGroups, check_another_person
from ..pages import Page, cursor_of, place_of
from ..reach import check_reach, unknown_officer

LIFETIME_SECONDS: Final = 86400


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """An act that waits for a second person, or was decided.

    Attributes:
        asked_for: For whom who asked stands in; "" for nobody.
        state: ``open``, ``approved`` or ``refused``; an act may know more.
        decided_by: Who decided; "" where nobody has.
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


P = TypeVar("P", bound=Proposal)
P_co = TypeVar("P_co", bound=Proposal, covariant=True)


class ProposalStore(Protocol[P_co]):
    """Where proposals of one kind rest. Every verb may raise UnavailableError(dependency="database")."""

    def find(self, proposal_id: str) -> P_co | None:
        """Find one."""
        ...

    def waiting(self, *, sub: str, now: int, after: tuple[int, str] | None, limit: int) -> Sequence[P_co]:
        """Give those that wait, or go on, the oldest first; of an officer, or all (``sub`` "")."""
        ...


class TwoPersonActs(ABC, Generic[P]):
    """Acts of one kind.

    Args:
        store: Where proposals rest.
        mirror: Officers by subject.
        groups: Tells who administers what.
        clock: Source of the time.
    """

    asks: ClassVar[Right]
    """The right to ask."""

    def __init__(self, store: ProposalStore[P], mirror: OfficerMirror, groups: RoleGroups, clock: Clock) -> None:
        self._proposals, self._mirror, self._groups, self._clock = store, mirror, groups, clock

    @abstractmethod
    def _over(self, one: P) -> bool:
        """Tell whether there is nothing to decide any more, its day aside."""

    @abstractmethod
    def _more(self, who: Administrator, one: P) -> dict[str, Any]:
        """Give what is shown of one beside what is shown of all."""

    def listed(self, who: Administrator, *, cursor: str = "", limit: int) -> Page:
        """Give what waits for a second person, the oldest first, of officers whom somebody sees. Raises as ``one``."""
        self._may_look(who)
        place, found = place_of(cursor, int, str), list[dict[str, Any]]()
        while True:
            read = self._proposals.waiting(sub="", now=self._clock.now(), after=place and (place[0], place[1]), limit=limit + 1)
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
        found = self._proposals.waiting(sub=sub, now=self._clock.now(), after=None, limit=1)
        return self.one(who, found[0].proposal_id) if found else None

    def one(self, who: Administrator, proposal_id: str) -> dict[str, Any]:
        """Give a proposal, with ``may_decide`` and ``may_take_back``. Raises RefusedError (404), ForbiddenError."""
        self._may_look(who)
        return self._shown(who, *self._seen(who, proposal_id))

    def _decidable(self, who: Administrator, proposal_id: str) -> tuple[P, MirroredOfficer]:
        """Give a proposal that somebody may decide now."""
        self._may_look(who)
        proposal, officer = self._seen(who, proposal_id)
        self._reached(who, officer.sub, Right.ACT_ON_FACTORS)
        check_another_person(who, proposal.asked_by, proposal.asked_for, now=self._asker(proposal))
        if self._over(proposal):
            raise decided()
        if self._clock.now() >= proposal.expires_at:
            raise RefusedError("It was asked more than a day ago. Please ask again.", code="too_late", status=409)
        return proposal, officer

    def _check_asker(self, proposal: P, officer: MirroredOfficer) -> None:
        asker = self._asker(proposal)
        if asker is None or not asker.may(self.asks) or not asker.oversees(officer.officer.main_post.unit_code):
            raise RefusedError("Who asked may not ask for it any more.", code="asker_gone", status=409)

    def _asker(self, proposal: P) -> Administrator | None:
        return self._groups.administrator(self._mirror.by_sub(proposal.asked_by), client_id="", read_only=False)

    def _reached(self, who: Administrator, sub: str, right: Right) -> MirroredOfficer:
        officer = self._mirror.by_sub(sub)
        if officer is None:
            raise unknown_officer()
        check_reach(who, sub, officer.officer, self._groups, right)
        return officer

    def _seen(self, who: Administrator, proposal_id: str) -> tuple[P, MirroredOfficer]:
        found = self._proposals.find(proposal_id)
        officer = self._mirror.by_sub(found.sub) if found else None
        if found is None or officer is None or not who.oversees(officer.officer.main_post.unit_code):
            raise RefusedError("There is no such proposal.", code="unknown_proposal", status=404)
        return found, officer

    def _may_look(self, who: Administrator) -> None:
        who.demand(Right.ADMINISTER, self.asks)

    def _shown(self, who: Administrator, one: P, officer: MirroredOfficer) -> dict[str, Any]:
        asker, expired = self._mirror.by_sub(one.asked_by), not self._over(one) and self._clock.now() >= one.expires_at
        return {"id": one.proposal_id, "sub": one.sub, "uid": officer.officer.uid, "name": officer.officer.name,
                "unit_name": officer.officer.main_post.unit_name, "reason": one.reason, "asked_by": one.asked_by,
                "asked_by_name": asker.officer.name if asker else None, "asked_at": one.asked_at, "expires_at": one.expires_at,
                "state": "expired" if expired else one.state, "decided_by": one.decided_by or None,
                "decided_at": one.decided_at, "may_decide": self._may_decide(who, one.proposal_id),
                "may_take_back": one.state == "open" and not expired and one.asked_by == who.sub, **self._more(who, one)}

    def _may_decide(self, who: Administrator, proposal_id: str) -> bool:
        try:
            self._decidable(who, proposal_id)
        except (RefusedError, ForbiddenError):
            return False
        return True

    def _record(self, event: AuditEvent, one: Proposal, caller: Caller, **detail: str | int | bool) -> AuditRecord:
        return AuditRecord(event, self._clock.now(), sub=one.sub, source=caller.source, request_id=caller.request_id,
                           detail={"proposal": one.proposal_id, **detail, **caller.by})


def decided() -> RefusedError:
    """Say that somebody was faster, or that it is over."""
    return RefusedError("This was decided before.", code="decided", status=409)
