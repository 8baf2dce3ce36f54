"""Many officers at once: their sessions ended, or a reminder to enrol a second factor. Each stands for itself.

Source: security checklist 38: each is decided by the rule for one (``administration.officers``); what is refused for one keeps no
other back. An officer is reminded once a day, however many administrators press.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from ...audit import AuditEvent, AuditRecord, Caller
from ...clock import Clock
from ...directory.mirror import OfficerMirror
from ...errors import RefusedError
from ...notices import NoticeKind, Notices
from ...roles import Administrator, Right
from ..officers import OfficerAdministration
from ..reach import unknown_officer
from .ports import People

ACTS: Final[Mapping[str, Right]] = {"end_access": Right.END_ACCESS, "remind": Right.ASK_FACTOR_RESET}
"""What people may do with many, and the right that it needs; whoever helps with factors reminds of them."""
MOST_AT_ONCE: Final = 200
_DAY: Final = 86400


class ManyOfficers:
    """Acts upon many officers.

    Args:
        officers: Ends access, one by one.
        people: Tells who has a factor.
        mirror: Officers by subject.
        notices: Tell them.
        clock: Source of the time.
    """

    def __init__(self, officers: OfficerAdministration, people: People, mirror: OfficerMirror, notices: Notices,
                 clock: Clock) -> None:
        self._officers, self._people, self._mirror = officers, people, mirror
        self._notices, self._clock = notices, clock

    def act(self, who: Administrator, body: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
        """Do something with each of some officers.

        Args:
            who: The administrator.
            body: ``act`` (one of ``ACTS``) and ``officers``: 1 to 200 subjects.
            caller: Who asks.

        Returns:
            ``done``, how many; ``items``, for each its ``sub``, and the ``code`` of the refusal or None.

        Raises:
            ForbiddenError: no right to the act at all.
            RefusedError: 422 ``invalid_body``.
        """
        act, subs = str(body.get("act")), body.get("officers")
        if body.keys() != {"act", "officers"} or act not in ACTS or not isinstance(subs, list) or (
                not 0 < len(subs) <= MOST_AT_ONCE) or not all(isinstance(sub, str) and 0 < len(sub) <= 64 for sub in subs):
            raise RefusedError(f"The body holds act ({', '.join(ACTS)}) and officers: 1 to {MOST_AT_ONCE} subjects.",
                               code="invalid_body", status=422)
        who.demand(Right.ASK_FACTOR_RESET)
        who.demand(ACTS[act])
        do: Callable[[Administrator, str, Caller], object] = self._officers.end_access if act == "end_access" else self.remind
        items = [{"sub": sub, "code": _code(do, who, sub, caller)} for sub in _each(subs)]
        return {"done": sum(item["code"] is None for item in items), "items": items}

    def remind(self, who: Administrator, sub: str, caller: Caller) -> None:
        """Remind an officer to enrol a second factor, with a notice and a mail.

        Raises:
            RefusedError: 404; 409 ``has_factor``, ``disabled``, ``already_done`` (somebody did today).
            ForbiddenError: no right to it.
        """
        who.demand(ACTS["remind"])
        officer = self._mirror.by_sub(sub)
        if officer is None or not who.oversees(officer.officer.main_post.unit_code):
            raise unknown_officer()
        if officer.status != "active":
            raise RefusedError("This officer is disabled.", code="disabled", status=409)
        standing = self._people.standing([officer.officer.entry_uuid]).get(officer.officer.entry_uuid)
        if standing is not None and standing.has_factor:
            raise RefusedError("This officer has a second factor.", code="has_factor", status=409)
        now = self._clock.now()
        if not self._notices.tell_unless(NoticeKind.FACTOR_WANTED, sub, caller, AuditRecord(
                AuditEvent.OFFICER_REMINDED, now, sub=sub, source=caller.source, request_id=caller.request_id,
                detail=caller.by), within=_DAY):
            raise RefusedError("This officer was reminded within a day.", code="already_done", status=409)


def _each(subs: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(subs))


def _code(do: Callable[[Administrator, str, Caller], object], who: Administrator, sub: str, caller: Caller) -> str | None:
    try:
        do(who, sub, caller)
    except RefusedError as err:
        return err.code
    return None
