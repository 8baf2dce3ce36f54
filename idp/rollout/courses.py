"""Courses of campaigns: worked out from all lines, or from a course that was kept and what has happened since.

A course of 100,000 people takes seconds. The worker keeps that of every long campaign now and then, up to a moment before which
every line is sure to stand. Figures are sums over people, and lines are only added: so the course of a later moment, or of an
earlier one, is the kept one without those to whom something has happened in between, and with them as they stood then. That is
exact, and takes as long as those few do (``tests/rollout/test_courses.py``: every field is that of a course from all lines).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Final, Protocol

from ..directory.unit import is_within
from ..pki.enrollment.working_days import day_of
from .campaign import Campaign, CampaignStore, MemberEntry
from .coverage import SETTLING_SECONDS, Coverage, Day, Records, Tally, end_of, follow, needed
from .crowd import Change
from .members import Flow, Member
from .roll import Roll

MANY: Final = 1_000
"""People in a list from which on its course is kept."""
KEPT_SECONDS: Final = 3600
MOST_SINCE: Final = 1_000
"""People to whom something has happened since a course was kept, from whom on it is kept anew."""
_FEW: Final = 500
_SHARE: Final = 5
"""Where something has happened to more than ``_FEW``, and to more than one of ``_SHARE``, a look follows all lines: that is not
slower then."""


class CourseStore(Protocol):
    """Courses that were kept. Every verb may raise UnavailableError(dependency="database")."""

    def find(self, campaign: Campaign, scope: str) -> Coverage | None:
        """Find one; ``Coverage.at`` is the moment up to which it has all lines."""
        ...

    def keep(self, campaign_id: str, scope: str, course: Coverage) -> None:
        """Keep one in the place of an older one; of two at once the newer stays."""
        ...

    def moments(self, campaign_id: str) -> Mapping[str, int]:
        """Give up to when courses of a campaign have all lines, by scope."""
        ...


class CampaignCourses:
    """Gives courses, and keeps those of long campaigns.

    Args:
        store: Campaigns and their lists.
        records: What happened.
        kept: Courses that were kept.
    """

    def __init__(self, store: CampaignStore, records: Records, kept: CourseStore) -> None:
        self._store, self._records, self._kept = store, records, kept

    def course(self, campaign: Campaign, *, until: date, now: int, scope: str = "") -> Coverage:
        """Give a course; arguments as ``coverage.follow``. Raises UnavailableError(dependency="database")."""
        before = _before(campaign, until, now)
        kept = self._kept.find(campaign, scope)
        if kept is not None:
            later, upto = before > kept.at, max(before, kept.at + 1)
            since = self._since(campaign, min(before, kept.at + 1), upto, kept if scope else None)
            if len(since) <= max(_FEW, len(kept.people) // _SHARE):
                members = self._store.members(campaign.campaign_id, before=upto, of=since)
                changes = list(self._records.changes(campaign.campaign_id, campaign.goal, before=upto, of=since))
                if later:
                    return gone_on(kept, campaign, members, changes, until=until, now=now, scope=scope)
                back = gone_back(kept, campaign, members, changes, before, until=until, now=now, scope=scope)
                return replace(back, names=self._store.agencies(campaign.campaign_id, before=before))
        return self._whole(campaign, before, until=until, now=now, scope=scope)

    def missing(self, campaign: Campaign, subject: str, now: int) -> Member | None:
        """Give somebody who is missing in a campaign now; None for who is not. Raises UnavailableError(dependency="database")."""
        number, before = campaign.campaign_id, _before(campaign, day_of(now), now)
        lines = self._store.lines_of(number, subject)
        changes = self._records.changes(number, campaign.goal, before=before, of=[subject]) if lines else ()
        return next(iter(follow(campaign, lines, changes, until=day_of(now), now=now).missing), None) if lines else None

    def keep(self, now: int) -> int:
        """Keep the courses that are due; gives how many. For the worker."""
        made = 0
        for campaign in self._store.all():
            # A minute ago: everything before is sure to stand.
            upto = now - SETTLING_SECONDS
            upto = upto if campaign.closed_at is None else min(upto, campaign.closed_at)
            moments = self._kept.moments(campaign.campaign_id)
            if upto < campaign.created_at or not self._is_due(campaign, moments.get(""), upto):
                continue
            made += self._keep(campaign, upto)
        return made

    def _is_due(self, campaign: Campaign, known: int | None, upto: int) -> bool:
        if known is None:
            return self._store.has_many(campaign.campaign_id, MANY)
        return known < upto and (campaign.closed_at is not None or upto - known >= KEPT_SECONDS
                                 or len(self._since(campaign, known + 1, upto + 1)) >= MOST_SINCE)

    def _keep(self, campaign: Campaign, upto: int) -> int:
        """Keep the course of everybody, and those of agencies with many; gives how many."""
        number, before, until = campaign.campaign_id, upto + 1, day_of(upto)
        lines = self._store.members(number, before=before)
        whole = follow(campaign, lines, self._records.changes(number, campaign.goal, before=before), until=until, now=upto)
        self._kept.keep(number, "", whole)
        codes = [code for code, tally in whole.last.agencies.items() if tally.counted >= MANY]
        if len(whole.last.agencies) == 1 or not codes:
            return 1
        listed: dict[str, set[str]] = defaultdict(set)
        for line in lines:
            listed[line.unit_code].add(line.subject)
        for code in codes:
            of = sorted(set().union(*(there for unit, there in listed.items() if is_within(unit, code))))
            part = follow(campaign, self._store.members(number, before=before, of=of),
                          self._records.changes(number, campaign.goal, before=before, of=of), until=until, now=upto, scope=code)
            self._kept.keep(number, code, replace(part, names=whole.names))
        return 1 + len(codes)

    def _whole(self, campaign: Campaign, before: int, *, until: date, now: int, scope: str) -> Coverage:
        number = campaign.campaign_id
        of = self._store.within(number, scope) if scope else None
        found = follow(campaign, self._store.members(number, before=before, of=of),
                       self._records.changes(number, campaign.goal, before=before, of=of), until=until, now=now, scope=scope)
        # Whoever looks at a part of the list may choose another.
        return found if of is None else replace(found, names=self._store.agencies(number, before=before))

    def _since(self, campaign: Campaign, since: int, before: int, part: Coverage | None = None) -> Sequence[str]:
        """Give those to whom something has happened from a moment on and before another.

        Of a part of a list only who is in it, or of whom the list itself has a line: nobody else was in it, or came to it.
        """
        of = None if part is None else part.people.columns.lines.subjects
        return sorted({*self._store.changed(campaign.campaign_id, since=since, before=before),
                       *self._records.changed(campaign.campaign_id, campaign.goal, since=since, before=before, of=of)})


def gone_on(kept: Coverage, campaign: Campaign, members: Sequence[MemberEntry], changes: Sequence[Change], *, until: date,
            now: int, scope: str = "") -> Coverage:
    """Give the course of a later moment.

    Args:
        kept: The course up to ``kept.at``; every line up to then is in it.
        campaign: As ``coverage.follow``, and so the others.
        members: All lines of the list about those to whom something has happened since, in order.
        changes: All that ever happened to them, in order.
        until: See ``campaign``; not before the last day of ``kept``.
        now: See ``campaign``.
        scope: That of ``kept``.
    """
    then = follow(campaign, [one for one in members if one.at <= kept.at], [one for one in changes if one.at <= kept.at],
                  until=kept.last.day, now=kept.at, scope=scope)
    here = follow(campaign, members, changes, until=until, now=now, scope=scope)
    days = list(kept.days[:-1])
    base = kept.days[0].done
    for day in here.days[len(days):]:
        agencies = _sums(kept.last.agencies, then.last.agencies, day.agencies)
        counted, done = sum(one.counted for one in agencies.values()), sum(one.done for one in agencies.values())
        if not days:
            base = done
        deadline = campaign.as_of(end_of(day.day, now)).deadline
        days.append(Day(day.day, counted, done, needed(counted, base, here.days[0].day, deadline, day.day), agencies))
    names = dict(kept.names)
    names.update((one.agency_code, one.agency_name) for one in members if one.at > kept.at)
    return Coverage(here.campaign, days, names, _exchanged(kept, members, here),
                    [*kept.movements, *(one for one in here.movements if one.entry.at > kept.at)], _flows(kept, then, here), now)


def gone_back(kept: Coverage, campaign: Campaign, members: Sequence[MemberEntry], changes: Sequence[Change], before: int, *,
              until: date, now: int, scope: str = "") -> Coverage:
    """Give the course of an earlier moment, but for what agencies were called then.

    Args:
        kept: See ``gone_on``.
        campaign: See ``gone_on``.
        members: All lines of the list up to ``kept.at`` about those to whom something has happened since the moment, in order.
        changes: All that happened to them up to then, in order.
        before: The moment: lines before it count.
        until: See ``gone_on``; not after the last day of ``kept``.
        now: See ``gone_on``.
        scope: See ``gone_on``.
    """
    then = follow(campaign, members, changes, until=kept.last.day, now=kept.at, scope=scope)
    here = follow(campaign, [one for one in members if one.at < before], [one for one in changes if one.at < before], until=until,
                  now=now, scope=scope)
    # Those of a day that is over are what they were, whatever came later.
    return Coverage(here.campaign, kept.days[:len(here.days)], kept.names, _exchanged(kept, members, here),
                    [one for one in kept.movements if one.entry.at < before],
                    {code: flow for code, flow in _flows(kept, then, here).items() if flow != Flow()}, now)


def _exchanged(kept: Coverage, members: Sequence[MemberEntry], here: Coverage) -> Roll:
    """Give everybody, those of some lines as they stand here."""
    columns = kept.people.columns
    return Roll.whole(columns.exchanged({one.subject for one in members}, here.people.columns) if members else columns)


def _flows(kept: Coverage, then: Coverage, here: Coverage) -> dict[str, Flow]:
    return {code: _flow(kept.flows.get(code), then.flows.get(code), here.flows.get(code))
            for code in sorted({*kept.flows, *here.flows})}


def _before(campaign: Campaign, until: date, now: int) -> int:
    before = end_of(until, now)
    return before if campaign.closed_at is None else min(before, campaign.closed_at + 1)


def _sums(whole: Mapping[str, Tally], less: Mapping[str, Tally], more: Mapping[str, Tally]) -> dict[str, Tally]:
    none, found = Tally(0, 0), {}
    for code in sorted({*whole, *more}):
        was, out, now = whole.get(code, none), less.get(code, none), more.get(code, none)
        tally = was if out == now else Tally(was.counted - out.counted + now.counted, was.done - out.done + now.done)
        if tally.counted:
            found[code] = tally
    return found


def _flow(whole: Flow | None, less: Flow | None, more: Flow | None) -> Flow:
    none = Flow()
    return Flow(*(one - out + now for one, out, now in zip(
        (whole or none).numbers, (less or none).numbers, (more or none).numbers, strict=True)))
