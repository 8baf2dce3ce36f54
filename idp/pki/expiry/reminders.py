"""Holders are told 60, 30 and 7 days before a certificate ends, and their agency's administrators in one notice for all of them.

Source: Decree 68/2024 (renewal, Mẫu 04): it is asked for while the certificate stands. Days are those of offices here, so that
the notice of 60 days comes on the first day on which a renewal is taken. A certificate is told of once at each of the three, at
the nearest alone: after a long standstill nobody gets three at once. A holder has one notice a day for all that are to be told
of, however many services the holder keeps. Nothing is told of what ended, of what follows a renewal that was handed in, and to
nobody who has left. Administrators get one notice a day, and only when something is new since the last
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
_NAMED: Final = 20
"""So many of a holder's certificates are named in a record."""
_LATE_DAYS: Final = 7
"""Administrators still hear of what their officers were told so many days ago."""


class ReminderStore(Protocol):
    """What was told, beside the enrollments. Every verb may raise UnavailableError(dependency="database")."""

    def holders(self, now: int, until: Mapping[int, int], day: int, *, limit: int) -> Sequence[str]:
        """Give holders who were told nothing since ``day`` and have certificates to be told of; what ends first comes first.

        Those are certificates in use that end after now and have not been told of at the threshold that is the nearest. Left out:
        those whose renewal or change was handed in, those told of at a nearer threshold, those whose holder is known not to be
        active.

        Args:
            now: Seconds since the epoch.
            until: For each of ``THRESHOLDS`` the first moment that is too far away for it.
            day: When today began.
            limit: How many at most.
        """
        ...

    def untold(self, holder: str, now: int, until: Mapping[int, int]) -> Sequence[Enrollment]:
        """Give those certificates of one holder, what ends first first."""
        ...

    def tell(self, count: int, until: Mapping[int, int], day: int, notice: Notice, record: AuditRecord) -> bool:
        """Write that a holder was told of all that ``untold`` gives, with the notice, its mail and the record; all or nothing.

        Of several who do it on one day (which began at ``day``) one gets True. False also when it is another number than
        ``count`` by now, because a renewal was handed in, or one more is to be told of.
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
        """Tell holders, and their administrators when all were told; gives how many were told. For the worker, again and again.

        Args:
            caller: For the records.
            most: How many holders at most; the others the next time.
        """
        now = self._clock.now()
        until = {days: start_of(day_of(now) + timedelta(days=days + 1)) for days in THRESHOLDS}
        waiting = self._store.holders(now, until, start_of(day_of(now)), limit=most)
        told = sum(self._told(holder, now, until, caller) for holder in waiting)
        return told if len(waiting) == most else told + self._tell_administrators(now, until, caller)

    def _told(self, holder: str, now: int, until: Mapping[int, int], caller: Caller) -> bool:
        officer = self._mirror.by_sub(holder)
        if officer is None or officer.status != "active":
            return False
        found = self._store.untold(holder, now, until)
        if not found:
            return False
        first = found[0]
        ends = first.not_after or 0
        left = days_between(now, ends)
        about: Mapping[str, str] = {"number": first.enrollment_id} if len(found) == 1 else {"count": str(len(found))}
        kind = NoticeKind.CERTIFICATE_EXPIRING if len(found) == 1 else NoticeKind.OWN_CERTIFICATES_EXPIRING
        return self._store.tell(
            len(found), until, start_of(day_of(now)),
            Notice(kind, holder, now, caller.source, {**about, "ends": str(ends), "left": str(left)}),
            AuditRecord(AuditEvent.CERTIFICATE_EXPIRING, now, sub=holder, source=caller.source, request_id=caller.request_id,
                        detail={"days": min(days for days in THRESHOLDS if left <= days), "ends": ends, "count": len(found),
                                "number": " ".join(one.enrollment_id for one in found[:_NAMED]), "unit": first.unit_code}))

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
