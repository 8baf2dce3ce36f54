"""Announcements are written, changed and ended early by the province's administrators; auditors read them.

Source: security checklist 38, 41. What is over is over: its text stands as it was shown. Every change is recorded with what it
was before and after.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Protocol

from ...audit import AuditEvent, AuditRecord, Caller
from ...audit.changed import changed
from ...clock import Clock
from ...errors import RefusedError
from ...notices.announcements import LONGEST, Announcement, Level, State, Where, normalized
from ...oauth.shown_text import misleads
from ...roles import Administrator, Role
from ..access import ForbiddenError
from ..entries import ChangedMeanwhileError
from ..pages import Page, cursor_of, place_of
from ..tasks import OPERATOR

LONGEST_DAYS: Final = 366
LATEST: Final = 9_000_000_000
"""In the year 2255: what begins later could not be written as a day of ours some time."""
MEMBERS: Final = ("level", "where", "text_vi", "text_en", "from_at", "until_at")
"""What is written of one."""
Matches = Callable[[str], bool]
"""Whether what somebody read has this tag."""


class InvalidAnnouncementError(RefusedError):
    """What was written is none.

    Attributes:
        member: Which of ``MEMBERS`` is wrong; "" for the whole.
    """

    code = "invalid_body"
    status = 422

    def __init__(self, message: str, member: str = "") -> None:
        super().__init__(message)
        self.member = member


class AnnouncementStore(Protocol):
    """Where they are kept. Every write is one act with its record, and raises the version that processes look at."""

    def find(self, announcement_id: str) -> Announcement | None:
        """Find one."""
        ...

    def listed(self, *, after: tuple[int, str] | None, limit: int) -> Sequence[Announcement]:
        """Give them by their beginning, the latest first, after a place in that order."""
        ...

    def add(self, new: Announcement, record: AuditRecord) -> bool:
        """Keep a new one; False where there is one by this identifier."""
        ...

    def change(self, known: Announcement, new: Announcement, record: AuditRecord) -> bool:
        """Exchange one while it is what was known of it; of several callers one gets True."""
        ...


class AnnouncementAdministration:
    """Writes announcements.

    Args:
        store: Where they are kept.
        clock: Source of the time.
    """

    def __init__(self, store: AnnouncementStore, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def listed(self, who: Administrator, *, cursor: str = "", limit: int) -> Page:
        """Give them by their beginning, the latest first; each as ``shown``. Raises ForbiddenError for an agency."""
        check_reads(who)
        found = self._store.listed(after=place_of(cursor, int, str), limit=limit + 1)
        kept, now = found[:limit], self._clock.now()
        return Page([shown(one, now) for one in kept],
                    cursor_of(kept[-1].from_at, kept[-1].announcement_id) if len(found) > limit else "")

    def one(self, who: Administrator, announcement_id: str) -> Announcement:
        """Find one. Raises RefusedError (404), ForbiddenError."""
        check_reads(who)
        found = self._store.find(announcement_id)
        if found is None:
            raise RefusedError("There is no such announcement.", code="unknown", status=404)
        return found

    def draft(self, who: Administrator, body: Mapping[str, Any]) -> Announcement:
        """Make of a body what would be kept, and keep nothing. Errors as ``create``."""
        check_may(who)
        return _read(body, self._clock.now(), who)

    def create(self, who: Administrator, body: Mapping[str, Any], caller: Caller) -> Announcement:
        """Write one.

        Args:
            who: The administrator.
            body: ``MEMBERS``: ``level`` and ``where`` (list) by the names of ``notices.announcements``; ``text_vi``, and
                ``text_en`` or nothing; ``from_at`` (now where it is left out) and ``until_at`` in seconds since the epoch.
            caller: Who asks.

        Raises:
            ForbiddenError: not the province's administrator.
            InvalidAnnouncementError: 422.
        """
        new = self.draft(who, body)
        self._store.add(new, self._record(AuditEvent.ANNOUNCEMENT_CREATED, new, None, caller))
        return new

    def replace(self, who: Administrator, announcement_id: str, body: Mapping[str, Any], matches: Matches,
                caller: Caller) -> Announcement:
        """Exchange what is written, of one that is not over. Errors as ``create``, and ``end``."""
        known = self._to_change(who, announcement_id, matches)
        wanted = _read({**body, "from_at": body.get("from_at", known.from_at)}, self._clock.now(), who)
        return self._changed(known, replace(wanted, announcement_id=known.announcement_id, made_by=known.made_by,
                                            made_at=known.made_at), AuditEvent.ANNOUNCEMENT_CHANGED, caller)

    def end(self, who: Administrator, announcement_id: str, matches: Matches, caller: Caller) -> Announcement:
        """End one now, before its time.

        Raises:
            ForbiddenError: not the province's administrator.
            RefusedError: 404; 409 ``over``: it is over already.
            ChangedMeanwhileError: 412: it is not what was read.
        """
        known = self._to_change(who, announcement_id, matches)
        return self._changed(known, replace(known, until_at=self._clock.now()), AuditEvent.ANNOUNCEMENT_ENDED, caller)

    def _to_change(self, who: Administrator, announcement_id: str, matches: Matches) -> Announcement:
        check_may(who)
        known = self.one(who, announcement_id)
        if not matches(known.etag):
            raise ChangedMeanwhileError
        if known.state(self._clock.now()) is State.PAST:
            raise RefusedError("This announcement is over. Write a new one.", code="over", status=409)
        return known

    def _changed(self, known: Announcement, wanted: Announcement, event: AuditEvent, caller: Caller) -> Announcement:
        new = replace(wanted, revision=known.revision + 1)
        if not self._store.change(known, new, self._record(event, new, known, caller)):
            raise ChangedMeanwhileError
        return new

    def _record(self, event: AuditEvent, new: Announcement, known: Announcement | None, caller: Caller) -> AuditRecord:
        told = changed({} if known is None else _written(known), _written(new))
        return AuditRecord(event, self._clock.now(), source=caller.source, request_id=caller.request_id,
                           detail={"announcement": new.announcement_id, "changed": told, **caller.by})


def shown(one: Announcement, now: int) -> dict[str, Any]:
    """Give one as the API answers it: ``id state made_by made_at`` and ``MEMBERS``."""
    return {"id": one.announcement_id, "state": one.state(now).value, **_written(one), "made_by": one.made_by,
            "made_at": one.made_at}


def check_reads(who: Administrator) -> None:
    """Refuse agencies. Raises ForbiddenError."""
    if not who.of_the_province:
        raise ForbiddenError("Announcements are the province's; everybody reads them on their pages.")


def check_may(who: Administrator) -> None:
    """Refuse whoever does not write announcements. Raises ForbiddenError."""
    if who != OPERATOR and not (who.role is Role.PROVINCE and who.may_change):
        raise ForbiddenError("Announcements are written by the province's administrators.")


def _written(one: Announcement) -> dict[str, Any]:
    return {"level": one.level.value, "where": sorted(one.where), "text_vi": one.text_vi, "text_en": one.text_en,
            "from_at": one.from_at, "until_at": one.until_at}


def _read(body: Mapping[str, Any], now: int, who: Administrator) -> Announcement:
    if not body.keys() <= set(MEMBERS):
        raise InvalidAnnouncementError(f"The body holds {', '.join(MEMBERS)}.")
    level, where = body.get("level"), body.get("where")
    if level not in list(Level):
        raise InvalidAnnouncementError(f"level: one of {', '.join(Level)}.", "level")
    if not isinstance(where, list) or not where or not all(one in list(Where) for one in where):
        raise InvalidAnnouncementError(f"where: one or more of {', '.join(Where)}.", "where")
    from_at, until_at = body.get("from_at", now), body.get("until_at")
    if type(from_at) is not int or not 0 <= from_at <= LATEST:
        raise InvalidAnnouncementError(f"from_at: seconds since the epoch, at most {LATEST}.", "from_at")
    if type(until_at) is not int or not max(from_at, now) < until_at <= max(from_at, now) + LONGEST_DAYS * 86400:
        raise InvalidAnnouncementError(
            f"until_at: seconds since the epoch, after from_at and after now, at most {LONGEST_DAYS} days.", "until_at")
    return Announcement(
        announcement_id=secrets.token_hex(8), level=Level(level), where=frozenset(map(Where, where)),
        text_vi=_text(body, "text_vi", least=1), text_en=_text(body, "text_en", least=0), from_at=from_at, until_at=until_at,
        revision=1, made_by=who.sub, made_at=now)


def _text(body: Mapping[str, Any], name: str, *, least: int) -> str:
    sent = body.get(name, "")
    text = normalized(sent) if isinstance(sent, str) else None
    if text is None or not least <= len(text) <= LONGEST or any(map(misleads, text.split("\n"))):
        raise InvalidAnnouncementError(f"{name}: {least} to {LONGEST} characters of plain text, without signs that hide or turn "
                                       "the rest round.", name)
    return text
