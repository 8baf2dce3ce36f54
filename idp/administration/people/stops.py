"""An officer's account is stopped here without the directory, and let go on by another person: a lost laptop, an investigation.

Source: security checklist 18, 34, 38. What is stopped is disabled in the mirror, so that every path that asks for the officer's
status refuses them; sessions, grants, codes and what waits for an answer end in the same transaction and the factors freeze, as
when the directory disables somebody (``directory.deprovisioning``). Nothing that the mirror hears from the directory lets them in
again. Whoever stopped an account never lets it go on: somebody else does, who may act on the officer and looks after no less; a
deputy, who they stand in for and who named them are one person. Then the directory's word counts again.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from ...audit import AuditEvent, AuditRecord, Caller
from ...clock import Clock
from ...directory.changes import ChangeKind, OfficerChange
from ...directory.deprovisioning import EVERYTHING, Ending
from ...directory.ledger import Ledger
from ...directory.mirror import MirroredOfficer, OfficerMirror
from ...directory.officer import Directory
from ...directory.tasks import AFTER_A_DEPARTURE, DUE_SECONDS, NewTask
from ...errors import RefusedError
from ...notices import Notice, NoticeKind
from ...roles import Administrator, ForbiddenError, Right, RoleGroups, check_another_person
from ..reach import check_reach, unknown_officer
from .reason import reason_of

REASON: Final = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """That an account is stopped.

    Attributes:
        unit: What whoever stopped it looks after; "" for the province.
        stopped_for: For whom they stood in; "" for nobody.
    """

    sub: str
    reason: str
    unit: str
    stopped_by: str
    stopped_for: str
    stopped_at: int


class StopStore(Protocol):
    """Where it stands. Every verb may raise UnavailableError(dependency="database"); each write is one act with its records."""

    def stop(self, stop: Stop, ending: Ending, tasks: Sequence[NewTask], change: OfficerChange, record: AuditRecord,
             notice: Notice) -> bool:
        """Stop an active officer, end everything, freeze the factors and remember the change; False for one who is not active.

        It holds the officer meanwhile, as ``directory.deprovisioning.AccessStore`` does.
        """
        ...

    def standing(self, sub: str) -> Stop | None:
        """Give the stop of an officer that was not lifted."""
        ...

    def lift(self, stop: Stop, by: str, record: AuditRecord, notice: Notice) -> bool:
        """Lift a stop, once: of several who do exactly one gets True. The officer stays disabled until the mirror is written."""
        ...


class AccessStops:
    """Stops accounts, and lets them go on.

    Args:
        store: Where it stands.
        mirror: Officers by subject.
        directory: What officers are now.
        ledger: Where the mirror is written.
        groups: Tells who administers what.
        clock: Source of the time.
    """

    def __init__(self, store: StopStore, mirror: OfficerMirror, directory: Directory, ledger: Ledger, groups: RoleGroups,
                 clock: Clock) -> None:
        self._store, self._mirror, self._directory, self._ledger = store, mirror, directory, ledger
        self._groups, self._clock = groups, clock

    def stop(self, who: Administrator, sub: str, body: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
        """Stop an officer's account.

        Args:
            who: An administrator of the officer's agency, or of the province.
            sub: The officer; nobody stops themselves, nor somebody whose role reaches further.
            body: ``reason``, a line.
            caller: Who asks.

        Raises:
            ForbiddenError: as ``reach.check_reach``.
            RefusedError: unknown or another agency's (404); 409 ``disabled``: not active now; 422 without a reason.
        """
        officer = self._reached(who, sub)
        reason, now = reason_of(body), self._clock.now()
        disabled = MirroredOfficer(sub, replace(officer.officer, disabled=True), "disabled")
        made = Stop(sub=sub, reason=reason, unit=who.unit, stopped_by=who.sub, stopped_for=who.deputy_for, stopped_at=now)
        ending = Ending(sub, REASON, EVERYTHING, self._record(AuditEvent.ACCESS_ENDED, sub, caller, reason=REASON),
                        self._record(AuditEvent.SESSION_ENDED, sub, caller, reason=REASON))
        tasks = [NewTask(secrets.token_urlsafe(12), kind, f"departure:{now}", now, now + DUE_SECONDS)
                 for kind in AFTER_A_DEPARTURE]
        if officer.status != "active" or not self._store.stop(
                made, ending, tasks, OfficerChange(ChangeKind.DISABLED, sub, officer, disabled, now),
                self._record(AuditEvent.ACCESS_STOPPED, sub, caller, reason=reason),
                Notice(NoticeKind.ACCESS_STOPPED, sub, now, caller.source)):
            raise RefusedError("This officer is not active now.", code="disabled", status=409)
        return self._shown(who, made)

    def lift(self, who: Administrator, sub: str, body: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
        """Let an officer's account go on; then the officer is what the directory says. The factors stay frozen.

        Raises:
            ForbiddenError: as ``stop``; the province, or an agency above, stopped it.
            RefusedError: 404; 403 ``same_person``: who stopped it; 409 ``not_stopped``; 422 without a reason.
            UnavailableError: the directory or the database does not answer.
        """
        officer = self._reached(who, sub)
        reason, stop = reason_of(body), self._store.standing(sub)
        if stop is None:
            raise _not_stopped()
        self._check_lifter(who, stop)
        entry_uuid = officer.officer.entry_uuid
        found = self._directory.find(entry_uuid)
        record = self._record(AuditEvent.ACCESS_LIFTED, sub, caller, reason=reason, stopped_by=stop.stopped_by)
        if not self._store.lift(stop, who.sub, record, Notice(NoticeKind.ACCESS_LIFTED, sub, record.at, caller.source)):
            raise _not_stopped()
        if found is not None:  # where this is lost, the next look at the directory finds it
            self._ledger.note(found, now=record.at, look=lambda: self._directory.find(entry_uuid), source=caller.source,
                              request_id=caller.request_id)
        known = self._mirror.by_sub(sub)
        return {"sub": sub, "status": known.status if known is not None else "gone"}

    def of(self, who: Administrator, sub: str) -> dict[str, Any] | None:
        """Tell whoever sees an officer that the account is stopped, by whom and why; None where it is not."""
        officer = self._mirror.by_sub(sub)
        if officer is None or not who.oversees(officer.officer.main_post.unit_code):
            raise unknown_officer()
        stop = self._store.standing(sub)
        return None if stop is None else self._shown(who, stop)

    def _check_lifter(self, who: Administrator, stop: Stop) -> None:
        stopper = self._groups.administrator(self._mirror.by_sub(stop.stopped_by), client_id="", read_only=False)
        check_another_person(who, stop.stopped_by, stop.stopped_for, now=stopper)
        if not who.of_the_province and not (stop.unit and who.oversees(stop.unit)):
            raise ForbiddenError("This was stopped from above; whoever looks after more lets it go on.")

    def _reached(self, who: Administrator, sub: str) -> MirroredOfficer:
        officer = self._mirror.by_sub(sub)
        if officer is None or officer.status == "gone":
            raise unknown_officer()
        check_reach(who, sub, officer.officer, self._groups, Right.STOP_ACCESS)
        return officer

    def _shown(self, who: Administrator, stop: Stop) -> dict[str, Any]:
        by = self._mirror.by_sub(stop.stopped_by)
        return {"sub": stop.sub, "at": stop.stopped_at, "by": stop.stopped_by, "by_name": by.officer.name if by else None,
                "reason": stop.reason, "may_lift": self._may_lift(who, stop)}

    def _may_lift(self, who: Administrator, stop: Stop) -> bool:
        try:
            self._reached(who, stop.sub)
            self._check_lifter(who, stop)
        except RefusedError:
            return False
        return True

    def _record(self, event: AuditEvent, sub: str, caller: Caller, **detail: str) -> AuditRecord:
        return AuditRecord(event, self._clock.now(), sub=sub, source=caller.source, request_id=caller.request_id,
                           detail={**detail, **caller.by})


def _not_stopped() -> RefusedError:
    return RefusedError("This account is not stopped here.", code="not_stopped", status=409)
