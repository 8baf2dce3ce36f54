"""Who is missing and has to act is reminded: an officer of one campaign once a week, an administrator of all in one notice.

Only people who can do something are told: an officer where the next step is their own (``steps``), administrators of an agency
where it is the agency's or its records clerk's. Reminders go out on working days, while offices are open, from the day after a
list was made until the campaign is closed; whoever has done it, does not count, or may not sign in any more hears nothing.

An administrator may have the people of an agency reminded at once: by the same rules, but at any hour, and nobody twice a day.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
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
from .courses import CampaignCourses
from .members import Member
from .roll import Roll
from .steps import OWNERS, Owner

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
class Due:
    """Whom a reminder at this moment reaches.

    Attributes:
        officers: Whose own step it is.
        administrators: With how many cases each is told of.
        already: How many of both were told today.
    """

    officers: Sequence[Member]
    administrators: Sequence[tuple[Administrator, int]]
    already: int


@dataclass(frozen=True, slots=True)
class Reminded:
    """How many were reminded, and how many officers are left for another time."""

    officers: int
    administrators: int
    left: int


class Reminders:
    """Reminds.

    Args:
        campaigns: Which there are.
        courses: Who is missing in them.
        store: What was told.
        mirror: Who may sign in now.
        administrators: Who looks after agencies.
        calendar: Working days.
        clock: Source of the time.
    """

    def __init__(self, campaigns: CampaignStore, courses: CampaignCourses, store: ReminderStore, mirror: OfficerMirror,
                 administrators: AgencyAdministrators, calendar: WorkingDays, clock: Clock) -> None:
        self._campaigns, self._courses, self._store, self._mirror = campaigns, courses, store, mirror
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
        reminded = set(self._store.reminded(since))
        running = [one for one in self._campaigns.all() if one.closed_at is None and day_of(one.created_at) < today]
        theirs: list[tuple[Campaign, Counter[str]]] = []
        told = 0
        for campaign in sorted(running, key=lambda one: (one.deadline, one.campaign_id)):
            many, units = self._remind_of(campaign, now, since, reminded, most - told, caller)
            told += many
            if units is None:
                return told
            theirs.append((campaign, units))
        return told + self._tell_administrators(theirs, today, since, caller)

    def _remind_of(self, campaign: Campaign, now: int, since: date, reminded: set[str], most: int,
                   caller: Caller) -> tuple[int, Counter[str] | None]:
        """Remind officers of one campaign; gives how many, and how many cases agencies have, by unit: None where some are left.

        Its course, which is large, goes with the end of this.
        """
        missing, told = self._courses.course(campaign, until=day_of(now), now=now).missing, 0
        for one in () if campaign.goal.of_applications else _who_can(missing, reminded):
            if told == most:
                return told, None
            if self._may_sign_in(one):
                reminded.add(one.entry.subject)
                told += self._tell(campaign, one, day_of(now), since, caller)
        return told, _of_agencies(missing)

    def due(self, campaign: Campaign, missing: Roll, may_tell: Callable[[Administrator], bool]) -> Due:
        """Give whom a reminder reaches now.

        Args:
            campaign: An open one.
            missing: Those of its missing whom it is about.
            may_tell: Whether an administrator is told who has some of them.
        """
        today = day_of(self._clock.now())
        reminded, told = self._store.reminded(today), self._store.digests(today)
        theirs = list(() if campaign.goal.of_applications else _who_can(missing, ()))
        officers = [one for one in theirs if one.entry.subject not in reminded and self._may_sign_in(one)]
        every = [(who, sum(mine.values())) for who, mine in self._mine([(campaign, _of_agencies(missing))]) if may_tell(who)]
        administrators = [(who, cases) for who, cases in every if who.sub not in told]
        already = sum(one.entry.subject in reminded for one in theirs) + len(every) - len(administrators)
        return Due(officers, administrators, already)

    def remind_now(self, campaign: Campaign, missing: Roll, may_tell: Callable[[Administrator], bool], caller: Caller, *,
                   most: int) -> Reminded:
        """Remind people of one campaign at once, each as they stand at this moment.

        Args:
            campaign: As ``due``, and so the next two.
            missing: See ``campaign``.
            may_tell: See ``campaign``.
            caller: Who has it done.
            most: How many officers at most.
        """
        now, due = self._clock.now(), self.due(campaign, missing, may_tell)
        today, officers = day_of(now), 0
        for sub in (one.entry.subject for one in due.officers[:most]):
            one = self._courses.missing(campaign, sub, now)
            if one is not None and OWNERS[one.step] is Owner.OFFICER:
                officers += self._tell(campaign, one, today, today, caller)
        administrators = sum(self._digest(who, {campaign: cases}, today, today, caller) for who, cases in due.administrators)
        return Reminded(officers, administrators, max(0, len(due.officers) - most))

    def _may_sign_in(self, one: Member) -> bool:
        officer = self._mirror.by_sub(one.entry.subject)
        return officer is not None and officer.status == "active"

    def _tell(self, campaign: Campaign, one: Member, today: date, since: date, caller: Caller) -> bool:
        entry, now = one.entry, self._clock.now()
        line = Reminding(campaign.campaign_id, entry.subject, now, one.step.value, 1, entry.name, entry.title, entry.unit_code,
                         entry.unit_name, caller.officer)
        notice = Notice(NoticeKind.CAMPAIGN_REMINDER, entry.subject, now, caller.source, {
            "campaign": campaign.name, "step": one.step.value, "ends": str(start_of(campaign.deadline))})
        return self._store.remind([line], today, since, notice, self._record(
            entry.subject, caller, campaign=campaign.campaign_id, step=one.step.value))

    def _tell_administrators(self, theirs: Sequence[tuple[Campaign, Counter[str]]], today: date, since: date,
                             caller: Caller) -> int:
        lately = self._store.digests(since)
        return sum(self._digest(who, mine, today, since, caller) for who, mine in self._mine(theirs) if who.sub not in lately)

    def _mine(self, theirs: Sequence[tuple[Campaign, Counter[str]]]) -> Iterator[tuple[Administrator, Mapping[Campaign, int]]]:
        """Give the administrators who have something to do, each with how many cases of which campaigns."""
        for who in self._administrators.all():
            mine = {campaign: cases for campaign, units in theirs
                    if (cases := sum(many for unit, many in units.items() if is_within(unit, who.unit)))}
            if mine:
                yield who, mine

    def _digest(self, who: Administrator, mine: Mapping[Campaign, int], today: date, since: date, caller: Caller) -> bool:
        count = sum(mine.values())
        return self._store.digest(
            self._lines(who, mine, caller), today, since, Notice(
                NoticeKind.CAMPAIGN_MISSING, who.sub, self._clock.now(), caller.source,
                {"count": str(count), "campaigns": str(len(mine)),
                 "ends": str(start_of(min(campaign.deadline for campaign in mine)))}),
            self._record(who.sub, caller, unit=who.unit, count=count, campaigns=len(mine)))

    def _lines(self, who: Administrator, mine: Mapping[Campaign, int], caller: Caller) -> list[Reminding]:
        known = self._mirror.by_sub(who.sub)
        name, post = (known.officer.name, known.officer.main_post) if known is not None else ("", None)
        return [Reminding(campaign.campaign_id, who.sub, self._clock.now(), "", cases, name, post.title if post else "", who.unit,
                          post.unit_name if post else "", caller.officer)
                for campaign, cases in sorted(mine.items(), key=lambda pair: pair[0].campaign_id)]

    def _record(self, sub: str, caller: Caller, **detail: str | int) -> AuditRecord:
        return AuditRecord(AuditEvent.CAMPAIGN_REMINDED, self._clock.now(), sub=sub, source=caller.source,
                           request_id=caller.request_id, detail={**detail, **caller.by})


def _who_can(missing: Roll, reminded: Container[str]) -> Roll:
    """Give those whose own the next step is, and who were not reminded."""
    steps, subjects = missing.columns.steps, missing.columns.lines.subjects
    return missing.only(lambda number: OWNERS[steps[number]] is Owner.OFFICER and subjects[number] not in reminded)


def _of_agencies(missing: Roll) -> Counter[str]:
    """Count, by unit, those whose next step is the agency's or its records clerk's."""
    steps, lines = missing.columns.steps, missing.columns.lines
    return Counter(lines.unit(number) for number in missing.numbers if OWNERS[steps[number]] in (Owner.AGENCY, Owner.CLERK))
