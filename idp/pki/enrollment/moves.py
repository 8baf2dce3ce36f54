"""One act on one enrollment: who may see it, who may do that, and that it happens once.

Source: security checklist 51 (ownership is checked by the record, never by name) and 38 (deny by default). Whoever may not see
an enrollment is told that there is none. Every act goes through ``Moves.move``: there is no second way to change a state.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Final

from ...audit import AuditEvent, AuditRecord, Caller
from ...clock import Clock
from ...errors import RefusedError
from ...notices import Notice, NoticeKind
from ...roles import Administrator, Right, Role
from ..custody.device import DeviceStore
from ..forms import cells
from .hand_overs import HandOvers
from .record import Enrollment, EnrollmentStore, entry_of
from .states import TURNS, Act, Part, State, step
from .working_days import WorkingDays

_TOLD: Final = {
    State.RETURNED: NoticeKind.CERTIFICATE_RETURNED, State.READY: NoticeKind.CERTIFICATE_READY,
    State.HANDED_OVER: NoticeKind.CERTIFICATE_HANDED_OVER, State.REVOCATION_REQUESTED: NoticeKind.CERTIFICATE_BLOCKED,
    State.SUSPENDED: NoticeKind.CERTIFICATE_BLOCKED, State.REVOKED: NoticeKind.CERTIFICATE_ENDED,
    State.EXPIRED: NoticeKind.CERTIFICATE_ENDED, State.SUPERSEDED: NoticeKind.CERTIFICATE_ENDED,
}
"""What the holder is told of when an enrollment comes to a state."""
_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts.

    Attributes:
        sub: Subject; empty for the system and for programs.
        administrator: As what they administer; None for an officer who does not.
    """

    sub: str
    administrator: Administrator | None = None

    @property
    def persons(self) -> frozenset[str]:
        """Who stands behind them (``Administrator.persons``); nobody behind the system and programs."""
        return frozenset({self.sub} - {""}) | (self.administrator.persons if self.administrator is not None else frozenset())

    def is_behind(self, *subjects: str) -> bool:
        """Tell whether what one of these did counts as done by them (``Administrator.is_behind``)."""
        return self.sub in {*subjects} - {""} if self.administrator is None else self.administrator.is_behind(*subjects)

    def parts(self, enrollment: Enrollment) -> frozenset[Part]:
        """Give every part that they have in an enrollment; none for those who do not see it."""
        parts = {Part.HOLDER} if self.sub and self.sub == enrollment.holder else set()
        who = self.administrator
        if who is not None and who.role is Role.PROVINCE:
            parts.add(Part.DESK)
        if who is not None and who.role is Role.AGENCY and who.oversees(enrollment.unit_code):
            parts.add(Part.AGENCY)
        return frozenset(parts)

    def sees(self, enrollment: Enrollment) -> bool:
        """Tell whether the enrollment is theirs to read."""
        who = self.administrator
        return bool(self.parts(enrollment)) or (who is not None and who.may(Right.SEE_CERTIFICATES)
                                                and who.oversees(enrollment.unit_code))


SYSTEM: Final = Actor("")


class ConflictError(RefusedError):
    """The enrollment is not in the state for this, or somebody else was first."""

    status = 409


def line(text: str, longest: int, what: str) -> str:
    """Give a text as one line of NFC. Raises RefusedError (422) for an empty or a longer one, or one with invisible signs."""
    try:
        found = cells.text(longest)(text)
    except cells.CellError:
        found = ""
    if not found:
        raise RefusedError(f"{what} is a line of 1 to {longest} characters.", code="invalid_body", status=422)
    return found


class Moves:
    """Changes states.

    Args:
        store: Where enrollments rest.
        clock: Source of the time.
        calendar: Working days, for deadlines.
        devices: What holds the keys, and who has it.
    """

    def __init__(self, store: EnrollmentStore, clock: Clock, calendar: WorkingDays, devices: DeviceStore) -> None:
        self.store, self.clock, self.calendar = store, clock, calendar
        self.hand_overs = HandOvers(devices, store)

    def seen(self, actor: Actor, enrollment_id: str) -> Enrollment:
        """Find an enrollment that the actor may read. Raises RefusedError (404) for all others."""
        found = self.store.find(enrollment_id)
        if found is None or not actor.sees(found):
            raise RefusedError("There is no such certificate request.", code="unknown_enrollment", status=404)
        return found

    def part(self, actor: Actor, enrollment: Enrollment, act: Act) -> Part:
        """Tell as what somebody may do something now.

        Raises:
            ConflictError: nobody may, in this state (``wrong_state``).
            RefusedError: others may (403 ``not_yours``).
        """
        found = step(enrollment.state, act)
        if found is None:
            raise ConflictError(f"A request in state {enrollment.state} does not take {act}.", code="wrong_state")
        parts = {Part.SYSTEM} if actor is SYSTEM else actor.parts(enrollment)
        if actor.administrator is not None and not actor.administrator.may_change:
            parts = parts & {Part.HOLDER}
            if act is Act.SUBMIT and actor.administrator.may(Right.ASK_CERTIFICATES) and actor.sees(enrollment):
                parts |= {Part.AGENCY}  # who may ask for others hands in what was drafted, and decides nothing
        may = [part for part in (Part.SYSTEM, Part.DESK, Part.AGENCY, Part.HOLDER) if part in parts & found.by]
        if not may:
            raise RefusedError("This is for others to do.", code="not_yours", status=403)
        return may[0]

    def move(self, actor: Actor, before: Enrollment, act: Act, caller: Caller, *, told: dict[str, str] | None = None,
             as_part: Part | None = None, **changes: Any) -> Enrollment:
        """Do it: state, deadline, history, record and the holder's notice together.

        Args:
            actor: Who acts.
            before: As it was when they decided.
            act: What they do.
            caller: For the record.
            told: Small facts for history and record.
            as_part: As what; worked out where it is not said.
            changes: Attributes that change besides state and deadline.

        Raises:
            ConflictError: ``wrong_state``, or ``changed`` where somebody else was first.
            HandlingError: the device is somebody else's.
            RefusedError: 403.
        """
        part = as_part or self.part(actor, before, act)
        after, entry, record, notice = self.made(actor, before, act, part, caller, told or {}, changes)
        for _ in range(_TRIES):
            device = self.hand_overs.following(act, after, actor.sub, caller)
            if self.store.move(before, after, entry, record, notice, device):
                return after
            if device is None:
                break  # else the device may be what has changed; whoever reports a loss does not hear of that
        raise ConflictError("Somebody else has changed this request meanwhile, or there is another one for the same.",
                            code="changed")

    def made(self, actor: Actor, before: Enrollment, act: Act, part: Part, caller: Caller, told: dict[str, str],
             changes: dict[str, Any]) -> tuple[Enrollment, Any, AuditRecord, Notice | None]:
        """Make what ``move`` writes."""
        found = step(before.state, act)
        assert found is not None
        now, to = self.clock.now(), found.to
        turn = TURNS.get(to)
        until = self.calendar.deadline(now, turn.working_days) if turn else None
        after = dataclasses.replace(before, **{"state": to, "since": now, "due_at": until, "revision": before.revision + 1,
                                               **changes})
        entry = entry_of(before, after, act, at=now, actor=actor.sub, part=part, **told)
        record = AuditRecord(AuditEvent.ENROLLMENT_MOVED, now, sub=before.holder, source=caller.source,
                             request_id=caller.request_id,
                             detail={"number": before.enrollment_id, "act": act.value, "from": before.state.value, "to": to.value,
                                     "by": actor.sub, "as": part.value, **caller.by, **told})
        if after.waits_for_key:
            return after, entry, record, Notice(NoticeKind.CERTIFICATE_KEY, before.holder, now, caller.source,
                                                {"number": before.enrollment_id})
        kind = NoticeKind.CERTIFICATE_ACTIVE if act is Act.ACTIVATE else _TOLD.get(to) if to is not before.state else None
        notice = Notice(kind, before.holder, now, caller.source, {"number": before.enrollment_id, **told}) if kind else None
        return after, entry, record, notice
