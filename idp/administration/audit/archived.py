"""Archived months whose time is over: the province is told, and two persons have the file deleted.

Source: Law 91/2025 on personal data (what is not needed any more is deleted), security checklist 33, 61. Nothing deletes a file
by itself. One administrator of the province asks, and says why; another one, who is not of the same side, has it deleted within a
week. Both are in the trail.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from ...audit import AuditEvent, AuditRecord, Caller
from ...audit.archive.archives import Archives
from ...clock import Clock
from ...directory.mirror import OfficerMirror
from ...errors import RefusedError
from ...notices import Notice, NoticeKind, Notices
from ...roles import Administrator, ForbiddenError, Role, RoleGroups, check_another_person
from .exports import LONGEST_PURPOSE

WAITS_SECONDS: Final = 7 * 86400


class Province(Protocol):
    """Who administers the province."""

    def of_the_province(self) -> Sequence[Administrator]:
        """Give the administrators of the province. Raises UnavailableError(dependency="database")."""
        ...


class ArchivedMonths:
    """Tells of what is due, and has it deleted by two.

    Args:
        archives: The months.
        people: Who is told.
        mirror: Officers.
        notices: Tells them.
        groups: Who administers.
        clock: Source of the time.
    """

    def __init__(self, archives: Archives, people: Province, mirror: OfficerMirror, notices: Notices, groups: RoleGroups,
                 clock: Clock) -> None:
        self.archives = archives
        self._people, self._mirror, self._notices, self._groups, self._clock = people, mirror, notices, groups, clock

    def tell(self, caller: Caller) -> int:
        """Tell the province of months that became due, each once; gives how many. For the worker."""
        due = [one for one in self.archives.due() if not one.told_at]
        for one in due:
            month = one.month.month
            for who in self._people.of_the_province():
                self._notices.tell_once(Notice(NoticeKind.AUDIT_ARCHIVE_DUE, who.sub, self.archives.due_at(month),
                                               caller.source, {"month": f"{month[5:]}/{month[:4]}"}))
            self.archives.told(month)
        return len(due)

    def ask(self, who: Administrator, month: str, purpose: str, caller: Caller) -> None:
        """Ask that a due month's file is deleted.

        Args:
            who: An administrator of the province.
            month: YYYY-MM.
            purpose: Why, in words.
            caller: Who asks.

        Raises:
            ForbiddenError: another role.
            RefusedError: 422 without a purpose; 404; 409 ``not_due``.
        """
        self._check(who)
        purpose = " ".join(purpose.split())
        if not 0 < len(purpose) <= LONGEST_PURPOSE or not purpose.isprintable():
            raise RefusedError(f"The purpose is a text of 1 to {LONGEST_PURPOSE} characters.", code="invalid_purpose", status=422)
        self.archives.ask_discard(month, purpose=purpose, by=who.sub, record=self._record(
            AuditEvent.AUDIT_DISCARD_ASKED, who, month, purpose, caller))

    def discard(self, who: Administrator, month: str, caller: Caller) -> None:
        """Have the file deleted that somebody else asked to be.

        Raises:
            ForbiddenError: another role.
            RefusedError: 403 ``same_person``; 404; 409 ``not_asked``, ``not_due``.
        """
        self._check(who)
        asked = next((one for one in self.archives.months() if one.month.month == month), None)
        if asked is None or not asked.asked_by or self._clock.now() >= asked.asked_at + WAITS_SECONDS:
            raise RefusedError(f"Nobody has asked within a week that the file of {month} is deleted.", code="not_asked",
                               status=409)
        asker = self._groups.administrator(self._mirror.by_sub(asked.asked_by), client_id="", read_only=False)
        if asker is None or asker.role is not Role.PROVINCE:
            raise RefusedError("Who asked may not ask for it any more.", code="asker_gone", status=409)
        check_another_person(who, asked.asked_by, now=asker)
        self.archives.discard(month, self._record(AuditEvent.AUDIT_DISCARDED, who, month, asked.purpose, caller,
                                                  asked_by=asked.asked_by, records=asked.month.records,
                                                  sha256=asked.month.sha256))

    def _record(self, event: AuditEvent, who: Administrator, month: str, purpose: str, caller: Caller,
                **more: str | int) -> AuditRecord:
        return AuditRecord(event, self._clock.now(), sub=who.sub, source=caller.source, request_id=caller.request_id,
                           detail={"month": month, "purpose": purpose, **more, **caller.by})

    @staticmethod
    def _check(who: Administrator) -> None:
        if who.role is not Role.PROVINCE or not who.may_change or not who.sub:
            raise ForbiddenError("The province's administrators decide what becomes of the trail.")
