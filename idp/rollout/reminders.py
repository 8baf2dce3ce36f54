"""Who is missing and has to act is reminded: an officer of one campaign once a week, an administrator of all in one notice.

Only people who can do something are told: an officer where the next step is their own (``steps``), administrators of an agency
where it is the agency's or its records clerk's. Reminders go out on working days, while offices are open, from the day after a
list was made until the campaign is closed; whoever has done it, does not count, or may not sign in any more hears nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, Protocol

from ..audit import AuditEvent, AuditRecord, Caller
from ..clock import Clock
from ..directory.mirror import OfficerMirror
from ..directory.unit import is_within
from ..notices import Notice, NoticeKind
from ..pki.enrollment.working_days import ZONE, WorkingDays, day_of, start_of
from ..roles import Administrator
from .campaign import Campaign, CampaignStore
from .coverage import Records, end_of, follow
from .members import Member
from .steps import OWNERS, Owner, Step

EVERY_DAYS: Final = 7
OPEN_HOURS: Final = range(8, 17)


@dataclass(frozen=True, slots=True)
class Reminding:
    """One line of who was reminded of a campaign; lines are only added.

    Attributes:
        step: Of an officer, what they were reminded of (``Step``); "" of an agency's administrator.
        cases: How many cases an administrator was told of; 1 of an officer.
        unit_code: Of an officer where they stand in the list, of an administrator the agency.
        actor: Who had it done; "" for the worker.
        nth: How often they were reminded of this campaign, with this time; the store counts.
    """

    campaign_id: str
    sub: str
    at: int
    step: str
    cases: int
    name: str
    title: str
    unit_code: str
    unit_name: str
    actor: str = ""
    nth: int = 0


class ReminderStore(Protocol):
    """What was told. Every verb may raise UnavailableError(dependency="database"); every write is one act with its notice."""

    def reminded(self, since: date) -> Mapping[str, date]:
        """Give who was reminded from a day on, and when last."""
        ...

    def remind(self, lines: Sequence[Reminding], day: date, before: date, notice: Notice, record: AuditRecord) -> bool:
        """Write that an officer was reminded, with the lines about them.

        Of several who do it one gets True, and only if the last time was before a day.
        """
        ...

    def digests(self, since: date) -> Mapping[str, date]:
        """Give which administrators were told from a day on, and when last."""
        ...

    def digest(self, lines: Sequence[Reminding], day: date, before: date, notice: Notice, record: AuditRecord) -> bool:
        """Write that an administrator was told, with a line for each campaign; as ``remind``."""
        ...

    def told(self, campaign_id: str, *, unit: str, until: int, after: int | None = None, before: int | None = None,
             most: int) -> Sequence[tuple[int, Reminding]]:
        """Give lines of a campaign with their numbers, the newest first.

        Args:
            campaign_id: The campaign.
            unit: Of this agency and those below it; "" for all.
            until: Written before this moment.
            after: Only lines with a lesser number than this.
            before: Only the last lines with a greater number than this; goes before ``after``.
            most: How many at most.
        """
        ...

    def count(self, campaign_id: str, *, unit: str, until: int) -> int:
        """Tell how many lines ``told`` has in all."""
        ...


class AgencyAdministrators(Protocol):
    """Who looks after agencies."""

    def all(self) -> Sequence[Administrator]:
        """Give the administrators of agencies. Raises UnavailableError(dependency="database")."""
        ...


@dataclass(frozen=True, slots=True)
class _Open:
    """Somebody who is missing in a campaign, and what is next."""

    campaign: Campaign
    one: Member
    step: Step


class Reminders:
    """Reminds.

    Args:
        campaigns: Which there are.
        records: What happened.
        store: What was told.
        mirror: Who may sign in now.
        administrators: Who looks after agencies.
        calendar: Working days.
        clock: Source of the time.
    """

    def __init__(self, campaigns: CampaignStore, records: Records, store: ReminderStore, mirror: OfficerMirror,
                 administrators: AgencyAdministrators, calendar: WorkingDays, clock: Clock) -> None:
        self._campaigns, self._records, self._store, self._mirror = campaigns, records, store, mirror
        self._administrators, self._calendar, self._clock = administrators, calendar, clock

    def remind(self, caller: Caller, *, most: int) -> int:
        """Remind those whose turn it is, and their administrators when all were; gives how many notices. For the worker.

        Args:
            caller: For the records.
            most: How many officers at most; the others the next time.
        """
        now = self._clock.now()
        today, hour = day_of(now), datetime.fromtimestamp(now, UTC).astimezone(ZONE).hour
        if not self._calendar.is_working_day(today) or hour not in OPEN_HOURS:
            return 0
        since = today - timedelta(days=EVERY_DAYS - 1)
        waiting = list(self._missing(now))
        reminded = set(self._store.reminded(since))
        told = 0
        for found in waiting:
            sub = found.one.entry.subject
            if OWNERS[found.step] is not Owner.OFFICER or found.campaign.goal.of_applications or sub in reminded:
                continue
            if told == most:
                return told
            officer = self._mirror.by_sub(sub)
            if officer is not None and officer.status == "active":
                reminded.add(sub)
                entry = found.one.entry
                line = Reminding(found.campaign.campaign_id, sub, now, found.step.value, 1, entry.name, entry.title,
                                 entry.unit_code, entry.unit_name, caller.officer)
                told += self._store.remind([line], today, since, self._reminder(found, sub, caller), self._record(
                    sub, caller, campaign=found.campaign.campaign_id, step=found.step.value))
        return told + self._tell_administrators(waiting, today, since, caller)

    def _missing(self, now: int) -> Iterator[_Open]:
        """Give who is missing in campaigns that are open and began before today, those first whose deadline is first."""
        running = [one for one in self._campaigns.all() if one.closed_at is None and day_of(one.created_at) < day_of(now)]
        for campaign in sorted(running, key=lambda one: (one.deadline, one.campaign_id)):
            number, before = campaign.campaign_id, end_of(day_of(now), now)
            coverage = follow(campaign, self._campaigns.members(number, before=before),
                              self._records.changes(number, campaign.goal, before=before), until=day_of(now), now=now)
            for one in coverage.missing:
                yield _Open(campaign, one, one.step)

    def _tell_administrators(self, waiting: Sequence[_Open], today: date, since: date, caller: Caller) -> int:
        theirs = [found for found in waiting if OWNERS[found.step] in (Owner.AGENCY, Owner.CLERK)]
        lately = self._store.digests(since)
        told = 0
        for who in self._administrators.all():
            mine = [found for found in theirs if is_within(found.one.entry.unit_code, who.unit)]
            if not mine or who.sub in lately:
                continue
            campaigns = Counter(found.campaign.campaign_id for found in mine)
            told += self._store.digest(
                self._lines(who, campaigns, caller), today, since, Notice(
                    NoticeKind.CAMPAIGN_MISSING, who.sub, self._clock.now(), caller.source,
                    {"count": str(len(mine)), "campaigns": str(len(campaigns)),
                     "ends": str(start_of(min(found.campaign.deadline for found in mine)))}),
                self._record(who.sub, caller, unit=who.unit, count=len(mine), campaigns=len(campaigns)))
        return told

    def _lines(self, who: Administrator, campaigns: Mapping[str, int], caller: Caller) -> list[Reminding]:
        known = self._mirror.by_sub(who.sub)
        name, post = (known.officer.name, known.officer.main_post) if known is not None else ("", None)
        return [Reminding(campaign_id, who.sub, self._clock.now(), "", cases, name, post.title if post else "", who.unit,
                          post.unit_name if post else "", caller.officer) for campaign_id, cases in sorted(campaigns.items())]

    def _reminder(self, found: _Open, sub: str, caller: Caller) -> Notice:
        return Notice(NoticeKind.CAMPAIGN_REMINDER, sub, self._clock.now(), caller.source, {
            "campaign": found.campaign.name, "step": found.step.value, "ends": str(start_of(found.campaign.deadline))})

    def _record(self, sub: str, caller: Caller, **detail: str | int) -> AuditRecord:
        return AuditRecord(AuditEvent.CAMPAIGN_REMINDED, self._clock.now(), sub=sub, source=caller.source,
                           request_id=caller.request_id, detail=detail)
