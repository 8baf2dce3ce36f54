"""Holders are told 60, 30 and 7 days before a certificate ends, and their agency's administrators in one notice for all of them.

Source: Decree 68/2024 (renewal, Mẫu 04): it is asked for while the certificate stands. Days are those of offices here, so that
the notice of 60 days comes on the first day on which a renewal is taken. A certificate is told of once at each of the three, at
the nearest alone: after a long standstill nobody gets three at once. Nothing is told of what ended, of what follows a renewal
that was handed in, and to nobody who has left. Administrators get one notice a day, and only when something is new since the last
one: what comes after it on the same day is told of on the next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final, Protocol

from ...audit import AuditEvent, AuditRecord, Caller
from ...clock import Clock
from ...directory.mirror import OfficerMirror
from ...directory.unit import is_within
from ...notices import Notice, NoticeKind
from ...roles import Administrator
from ..enrollment.desk import RENEWAL_DAYS
from ..enrollment.record import Enrollment
from ..enrollment.working_days import day_of, days_between, start_of

THRESHOLDS: Final = (RENEWAL_DAYS, 30, 7)
"""Days before the day of the end; the first is when renewals begin to be taken, the last is what is soon."""
_LATE_DAYS: Final = 7
"""Administrators still hear of what their officers were told so many days ago."""


class ReminderStore(Protocol):
    """What was told, beside the enrollments. Every verb may raise UnavailableError(dependency="database")."""

    def untold(self, now: int, until: Mapping[int, int], *, limit: int) -> Sequence[Enrollment]:
        """Give certificates in use that end after now and have not been told of at the threshold that is the nearest.

        Left out: those whose renewal or change was handed in, those told of at a nearer threshold, those whose holder is known
        not to be active.

        Args:
            now: Seconds since the epoch.
            until: For each of ``THRESHOLDS`` the first moment that is too far away for it.
            limit: How many at most.
        """
        ...

    def tell(self, enrollment: Enrollment, days: int, told_on: date, notice: Notice, record: AuditRecord) -> bool:
        """Write that a holder was told, with the notice, its mail and the record; all or nothing.

        Of several who do it for the same certificate and threshold one gets True. False also when the certificate was changed
        since it was read, its renewal was handed in, or it was told of at a nearer threshold.
        """
        ...

    def told_from(self, day: date) -> Mapping[str, int]:
        """Give for which agencies (codes) something was told from a day on, and when last."""
        ...

    def ending(self, now: int, soon: int, until: int) -> Mapping[str, tuple[int, int]]:
        """Count certificates in use without a renewal handed in that end before ``until``, and before ``soon``, by agency."""
        ...

    def digests(self) -> Mapping[str, int]:
        """Give when administrators were last told (seconds since the epoch), by subject."""
        ...

    def digest(self, sub: str, day: date, notice: Notice, record: AuditRecord) -> bool:
        """Write that an administrator was told, with notice and record; True once a day for each."""
        ...


class AgencyAdministrators(Protocol):
    """Who looks after agencies."""

    def all(self) -> Sequence[Administrator]:
        """Give the administrators of agencies. Raises UnavailableError(dependency="database")."""
        ...


class Reminders:
    """Tells of certificates that end.

    Args:
        store: What was told.
        mirror: Who the holders are now.
        administrators: Who looks after agencies.
        clock: Source of the time.
    """

    def __init__(self, store: ReminderStore, mirror: OfficerMirror, administrators: AgencyAdministrators, clock: Clock) -> None:
        self._store, self._mirror, self._administrators, self._clock = store, mirror, administrators, clock

    def remind(self, caller: Caller, *, most: int) -> int:
        """Tell holders, and their administrators when all were told; gives how many notices. For the worker, again and again.

        Args:
            caller: For the records.
            most: How many holders at most; the others the next time.
        """
        now = self._clock.now()
        until = {days: start_of(day_of(now) + timedelta(days=days + 1)) for days in THRESHOLDS}
        waiting = self._store.untold(now, until, limit=most)
        told = sum(self._told(enrollment, now, caller) for enrollment in waiting)
        return told if len(waiting) == most else told + self._tell_administrators(now, until, caller)

    def _told(self, enrollment: Enrollment, now: int, caller: Caller) -> bool:
        officer = self._mirror.by_sub(enrollment.holder)
        if officer is None or officer.status != "active":
            return False
        ends = enrollment.not_after or 0
        left = days_between(now, ends)
        days = min(days for days in THRESHOLDS if left <= days)
        return self._store.tell(
            enrollment, days, day_of(now),
            Notice(NoticeKind.CERTIFICATE_EXPIRING, enrollment.holder, now, caller.source,
                   {"number": enrollment.enrollment_id, "ends": str(ends), "left": str(left)}),
            AuditRecord(AuditEvent.CERTIFICATE_EXPIRING, now, sub=enrollment.holder, source=caller.source,
                        request_id=caller.request_id, detail={"number": enrollment.enrollment_id, "days": days, "ends": ends,
                                                              "unit": enrollment.unit_code}))

    def _tell_administrators(self, now: int, until: Mapping[int, int], caller: Caller) -> int:
        today = day_of(now)
        fresh = self._store.told_from(today - timedelta(days=_LATE_DAYS))
        if not fresh:
            return 0
        last = self._store.digests()
        ending = self._store.ending(now, until[THRESHOLDS[-1]], until[THRESHOLDS[0]])
        told = 0
        for who in self._administrators.all():
            since = last.get(who.sub, -1)
            if not any(at > since and is_within(unit, who.unit) for unit, at in fresh.items()):
                continue
            counts = [found for unit, found in ending.items() if is_within(unit, who.unit)]
            count, soon = sum(found[0] for found in counts), sum(found[1] for found in counts)
            if count:
                told += self._store.digest(who.sub, today, Notice(
                    NoticeKind.CERTIFICATES_EXPIRING, who.sub, now, caller.source, {"count": str(count), "soon": str(soon)}),
                    AuditRecord(AuditEvent.CERTIFICATES_EXPIRING, now, sub=who.sub, source=caller.source,
                                request_id=caller.request_id, detail={"unit": who.unit, "count": count, "soon": soon}))
        return told
