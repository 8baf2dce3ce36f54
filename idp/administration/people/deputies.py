"""Deputies: somebody has another's role until a day, by the holder's word or the province's.

Source: security checklist 38: a delegate never gains more than the giver has, by any route. What a deputy may do is worked out at
each request from what the giver has at that moment (``roles.RoleGroups.administrator``), so that it ends with the giver's role,
with its day, and with either of the two leaving. Nobody lends what was lent to them, a deputy has no role of their own, and
stands in for one person at a time. Both are told some days before the last one.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, Protocol

from ...audit import AuditEvent, AuditRecord, Caller
from ...clock import Clock
from ...directory.mirror import MirroredOfficer, OfficerMirror
from ...directory.unit import is_unit_code
from ...errors import RefusedError
from ...notices import Notice, NoticeKind
from ...pki.enrollment.working_days import day_of, start_of
from ...roles import Administrator, ForbiddenError, Right, RoleGroups
from ..pages import Page, cursor_of, place_of

MOST_DAYS: Final = 92
LONGEST_REASON: Final = 300
REMINDED_SECONDS: Final = 3 * 86400
"""How long before its end both are told; what is no longer than this is not told of again."""
LATELY_SECONDS: Final = MOST_DAYS * 86400
"""How long after its end a deputy and the giver count as one in acts of two persons: what was asked before may still wait."""
_MOST: Final = 50
_MEMBERS: Final = frozenset({"deputy", "giver", "unit", "ends_on", "reason"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Deputyship:
    """Who stands in for whom.

    Attributes:
        unit: For this agency and those below; "" for all that the giver has.
        ends_at: The end of its last day.
        ended_at: When somebody ended it before; None where nobody did.
    """

    deputy_id: str
    giver: str
    deputy: str
    unit: str
    reason: str
    made_by: str
    made_at: int
    ends_at: int
    ended_by: str = ""
    ended_at: int | None = None


class DeputyStore(Protocol):
    """Where they rest. Every verb may raise UnavailableError(dependency="database"); each write is one act with its record."""

    def add(self, made: Deputyship, record: AuditRecord, notices: Sequence[Notice]) -> bool:
        """Keep one; False where the deputy stands in for somebody at this moment: of several exactly one gets True."""
        ...

    def find(self, deputy_id: str) -> Deputyship | None:
        """Find one."""
        ...

    def page(self, *, sub: str, now: int, after: tuple[int, str] | None, limit: int) -> Sequence[Deputyship]:
        """Give those that stand now, the first that end first; of one giver or deputy, or all (``sub`` "")."""
        ...

    def end(self, deputy_id: str, by: str, record: AuditRecord, notices: Sequence[Notice]) -> bool:
        """End one that stands, once."""
        ...

    def ending(self, *, now: int, within: int, limit: int) -> Sequence[Deputyship]:
        """Give those that stand, end within so many seconds, were made before that, and of which nobody was reminded yet."""
        ...

    def remind(self, deputy_id: str, record: AuditRecord, notices: Sequence[Notice]) -> bool:
        """Tell both that one ends soon, once: of several who do exactly one gets True."""
        ...


class DeputyAdministration:
    """Names deputies, and ends that.

    Args:
        store: Where it stands.
        mirror: Officers.
        groups: Tells who has which role.
        clock: Source of the time.
    """

    def __init__(self, store: DeputyStore, mirror: OfficerMirror, groups: RoleGroups, clock: Clock) -> None:
        self._store, self._mirror, self._groups, self._clock = store, mirror, groups, clock

    def name(self, who: Administrator, body: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
        """Name a deputy.

        Args:
            who: The giver, or an administrator of the province.
            body: ``deputy`` (login name), ``ends_on`` (the last day, ISO 8601), ``reason``; ``unit``: only for this agency and
                those below; ``giver`` (login name): whose deputy, where the province names one for somebody else.
            caller: Who asks.

        Raises:
            ForbiddenError: no right to lend, or not for others; whoever is a deputy has none.
            RefusedError: 409 ``no_role`` (the giver has none), ``has_role``, ``beyond``, ``already_deputy``; 422
                ``invalid_body``, ``unknown_officer``, ``bad_day``.
        """
        who.demand(Right.LEND)
        if not {"deputy", "ends_on", "reason"} <= body.keys() <= _MEMBERS or not all(
                isinstance(value, str) and len(value) <= LONGEST_REASON and value.isprintable() for value in body.values()) or (
                not body["reason"].strip()):
            raise _invalid("The body holds deputy, ends_on, reason, and perhaps unit and giver, each a line.", "invalid_body")
        giver = self._mirror.by_sub(who.sub) if not body.get("giver") else self._mirror.by_uid(body["giver"].strip().lower())
        if giver is None:
            raise _invalid("giver: there is no such officer at work.", "unknown_officer")
        if giver.sub != who.sub:
            who.demand(Right.LEND_FOR_OTHERS)
            if not who.sub:
                raise ForbiddenError("A deputy for somebody else is named by a person of the province.")
        lent = self._groups.administrator(giver, client_id="", read_only=False)
        if lent is None or lent.deputy_for or not lent.may(Right.LEND):
            raise _conflict("The giver has no role that could be lent.", "no_role")
        deputy = self._deputy(body["deputy"], giver, lent)
        unit, now = body.get("unit", "").strip(), self._clock.now()
        if unit and (not is_unit_code(unit) or not lent.oversees(unit) or lent.of_the_province):
            raise _conflict("unit: an agency that the giver looks after; a role for the province is lent as a whole.", "beyond")
        made = Deputyship(
            deputy_id=secrets.token_urlsafe(12), giver=giver.sub, deputy=deputy.sub, unit=unit, reason=body["reason"].strip(),
            made_by=who.sub, made_at=now, ends_at=_end_of(body["ends_on"], now))
        record = AuditRecord(AuditEvent.DEPUTY_NAMED, now, sub=deputy.sub, source=caller.source, request_id=caller.request_id,
                             detail={"giver": giver.sub, "role": lent.role.value, "unit": unit or lent.unit,
                                     "ends_at": made.ends_at, "reason": made.reason, **caller.by})
        if not self._store.add(made, record, self._notices(NoticeKind.DEPUTY_NAMED, made, caller)):
            raise _conflict("This officer stands in for somebody already.", "already_deputy")
        return self._shown(who, made)

    def listed(self, who: Administrator, *, cursor: str = "", limit: int) -> Page:
        """Give deputies that stand now: the province's see all, others those whom they gave or whose role they have.

        Whoever has a role may look, a deputy of any role too: it tells them what they act as, and until when.
        """
        place = place_of(cursor, int, str)
        mine = "" if who.of_the_province else who.deputy_for or who.sub
        found = self._store.page(sub=mine, now=self._clock.now(), after=place and (place[0], place[1]), limit=limit + 1)
        last = found[limit - 1] if len(found) > limit else None
        return Page([self._shown(who, one) for one in found[:limit]], cursor_of(last.ends_at, last.deputy_id) if last else "")

    def end(self, who: Administrator, deputy_id: str, caller: Caller) -> None:
        """End it before its day: the giver, the deputy, or the province.

        Raises:
            RefusedError: 404 for one that is unknown, or not theirs; 409 ``over``.
        """
        self._end(self._endable(who, deputy_id), who.sub, caller)

    def one(self, who: Administrator, deputy_id: str) -> dict[str, Any]:
        """Give one that somebody may end. Raises RefusedError (404)."""
        return self._shown(who, self._endable(who, deputy_id))

    def of(self, sub: str) -> list[dict[str, Any]]:
        """Give what stands of which an officer is giver or deputy; "" for all. For own pages, and for an operator."""
        found = self._store.page(sub=sub, now=self._clock.now(), after=None, limit=_MOST)
        return [self._shown(None, one) for one in found]

    def role(self, sub: str) -> dict[str, Any] | None:
        """Give what an officer is to the administration at this moment: ``role unit deputy_for``; None for most."""
        role = self._groups.administrator(self._mirror.by_sub(sub), client_id="", read_only=False)
        return None if role is None else {"role": role.role.value, "unit": role.unit or None,
                                          "deputy_for": role.deputy_for or None}

    def end_by_operator(self, deputy_id: str, caller: Caller) -> None:
        """End it as an operator of the provider. Raises as ``end``."""
        self._end(self._endable(None, deputy_id), "", caller)

    def remind(self, caller: Caller, *, most: int) -> int:
        """Tell givers and deputies of what ends soon, each once; gives of how many. For the worker."""
        told = 0
        for one in self._store.ending(now=self._clock.now(), within=REMINDED_SECONDS, limit=most):
            record = self._record(AuditEvent.DEPUTY_REMINDED, one, caller)
            told += self._store.remind(one.deputy_id, record, self._notices(NoticeKind.DEPUTY_ENDING, one, caller))
        return told

    def _endable(self, who: Administrator | None, deputy_id: str) -> Deputyship:
        """Give one that somebody may end; None is an operator."""
        found = self._store.find(deputy_id)
        if found is None or (who is not None and not self._may_end(who, found)):
            raise RefusedError("There is no such deputy.", code="unknown_deputy", status=404)
        return found

    def _end(self, found: Deputyship, by: str, caller: Caller) -> None:
        record, over = self._record(AuditEvent.DEPUTY_ENDED, found, caller), self._clock.now() >= found.ends_at
        if over or not self._store.end(found.deputy_id, by, record, self._notices(NoticeKind.DEPUTY_ENDED, found, caller)):
            raise _conflict("This is over.", "over")

    def _record(self, event: AuditEvent, one: Deputyship, caller: Caller) -> AuditRecord:
        return AuditRecord(event, self._clock.now(), sub=one.deputy, source=caller.source, request_id=caller.request_id,
                           detail={"giver": one.giver, **caller.by})

    def _may_end(self, who: Administrator, found: Deputyship) -> bool:
        return not who.read_only and (who.may(Right.LEND_FOR_OTHERS) or who.sub in {found.giver, found.deputy})

    def _deputy(self, text: str, giver: MirroredOfficer, lent: Administrator) -> MirroredOfficer:
        found = self._mirror.by_uid(text.strip().lower())
        if found is None or found.status != "active" or found.officer.guest or found.sub == giver.sub:
            raise _invalid("deputy: there is no such officer at work, or it is the giver.", "unknown_officer")
        if not lent.oversees(found.officer.main_post.unit_code):
            raise _conflict("deputy: an officer of the giver's agency or of one below it.", "beyond")
        own = self._groups.administrator(found, client_id="", read_only=False)
        if own is not None and own.deputy_for:
            raise _conflict("This officer stands in for somebody already.", "already_deputy")
        if own is not None:
            raise _conflict("This officer has a role already.", "has_role")
        return found

    def _notices(self, kind: NoticeKind, made: Deputyship, caller: Caller) -> list[Notice]:
        officers = {sub: self._mirror.by_sub(sub) for sub in (made.giver, made.deputy)}
        names = {sub: officer.officer.name if officer else "" for sub, officer in officers.items()}
        detail = {"giver": names[made.giver], "deputy": names[made.deputy], "ends": str(made.ends_at - 1)}
        return [Notice(kind, sub, self._clock.now(), caller.source, detail) for sub in officers]

    def _shown(self, who: Administrator | None, one: Deputyship) -> dict[str, Any]:
        giver, deputy = self._mirror.by_sub(one.giver), self._mirror.by_sub(one.deputy)
        role = self._groups.administrator(giver, client_id="", read_only=False) if giver else None
        return {"id": one.deputy_id, "giver": one.giver, "giver_name": giver.officer.name if giver else None,
                "deputy": one.deputy, "deputy_name": deputy.officer.name if deputy else None,
                "role": role.role.value if role and not role.deputy_for else None, "unit": one.unit or None, "reason": one.reason,
                "made_by": one.made_by, "made_at": one.made_at, "ends_at": one.ends_at,
                "may_end": who is not None and self._may_end(who, one)}


def _end_of(text: str, now: int) -> int:
    """Give the end of a day as people count it. Raises RefusedError (422) for none, a past one, or one too far ahead."""
    try:
        last = date.fromisoformat(text.strip())
    except ValueError:
        raise _invalid("ends_on: a day such as 2027-01-31.", "bad_day") from None
    today = day_of(now)
    if not today <= last <= today + timedelta(days=MOST_DAYS):
        raise _invalid(f"ends_on: today or at most {MOST_DAYS} days ahead.", "bad_day")
    return start_of(last + timedelta(days=1))


def _invalid(message: str, code: str) -> RefusedError:
    return RefusedError(message, code=code, status=422)


def _conflict(message: str, code: str) -> RefusedError:
    return RefusedError(message, code=code, status=409)
