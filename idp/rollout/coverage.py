"""How far a campaign has come: figures of every day, agency by agency, from what was written down and never from a counter.

A day is one of offices here and ends at midnight. What happened is read as lines that are only added (``Change``, and the list of
``campaign``), each with the moment at which it was written; the figures of a day are all lines before its end. A line is in its
place some seconds after its moment at most, and a day counts as over a minute after its end (``newest_day``), so the figures of a
past day are the same whenever they are asked for.

What is needed: a straight line from what was reached on the day on which the list was made to everybody on the deadline, rounded
up. The forecast goes on at the pace of the last fourteen days (of all there are, where they are fewer), and says so where that
leads nowhere.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from operator import attrgetter
from typing import Final, Protocol

from ..directory.unit import is_within
from ..pki.enrollment.working_days import day_of, start_of
from .campaign import Campaign, Goal, MemberAct, MemberEntry, Standing
from .crowd import Change, Crowd
from .members import Flow, Ledger, Movement
from .roll import Roll

PACE_DAYS: Final = 14
SETTLING_SECONDS: Final = 60
"""How long a line may be on its way: an act waits ten seconds for its database at most, and clocks of nodes differ by less."""
_FARTHEST_DAYS: Final = 3660


class Records(Protocol):
    """What was written down."""

    def changes(self, campaign_id: str, goal: Goal, *, before: int, of: Sequence[str] | None = None) -> Iterable[Change]:
        """Give what happened to everybody who was ever in a list, before a moment, in order; read while it is followed.

        Args:
            campaign_id: The campaign.
            goal: Its goal.
            before: The moment.
            of: Only to these; None for everybody.

        Raises:
            UnavailableError: the database does not answer.
        """
        ...

    def changed(self, campaign_id: str, goal: Goal, *, since: int, before: int, of: Sequence[str] | None = None) -> Iterable[str]:
        """Give to whom of a list something happened from a moment on and before another; ``of`` and errors as ``changes``."""
        ...


_at: Final = attrgetter("at")


@dataclass(frozen=True, slots=True)
class Tally:
    """So many of so many."""

    counted: int
    done: int

    @property
    def missing(self) -> int:
        """How many are left."""
        return self.counted - self.done


@dataclass(frozen=True, slots=True)
class Day:
    """The figures at the end of a day.

    Attributes:
        needed: How many should have been done by then.
        agencies: By the code of the agency under which they are reported.
    """

    day: date
    counted: int
    done: int
    needed: int
    agencies: Mapping[str, Tally]


@dataclass(frozen=True, slots=True)
class Coverage:
    """A campaign's course up to a day, and how it stands then.

    Attributes:
        campaign: As it was known then.
        days: From the day on which the list was made.
        names: What agencies are called, by code, as last written down.
        people: Everybody of the list, by agency and name.
        movements: How the list changed since it was made, in order.
        flows: The same in numbers, by the code of the agency.
        at: The moment at which it was followed, seconds since the epoch; of a day that goes on, as of when it is.
    """

    campaign: Campaign
    days: Sequence[Day]
    names: Mapping[str, str]
    people: Roll
    movements: Sequence[Movement]
    flows: Mapping[str, Flow]
    at: int = 0

    @property
    def missing(self) -> Roll:
        """Those who count and have not reached the goal."""
        return self.people.missing

    @property
    def excluded(self) -> Sequence[Standing]:
        """Those who do not count, with their reason."""
        return [one.place for one in self.people.excluded]

    @property
    def listed(self) -> int:
        """How many were counted when the list was made; who moves later has left an agency and joined another."""
        return sum(flow.listed for flow in self.flows.values())

    @property
    def joined(self) -> int:
        """How many came since then."""
        return sum(flow.joined for flow in self.flows.values())

    @property
    def left(self) -> int:
        """How many went since then."""
        return sum(flow.left for flow in self.flows.values())

    @property
    def last(self) -> Day:
        """The day that is asked for."""
        return self.days[-1]

    @property
    def pace(self) -> tuple[int, int]:
        """How many more were done at the end than some days before, and how many days those are; (0, 0) on the first day."""
        span = min(PACE_DAYS, len(self.days) - 1)
        return (self.last.done - self.days[-1 - span].done, span) if span else (0, 0)

    @property
    def forecast(self) -> date | None:
        """On which day everybody will have done it at this pace; None where that leads nowhere."""
        left = self.last.counted - self.last.done
        if left <= 0:
            return self.last.day
        more, span = self.pace
        if more <= 0:
            return None
        days = -(-left * span // more)
        return self.last.day + timedelta(days=days) if days <= _FARTHEST_DAYS else None


def newest_day(now: int) -> date:
    """Give the day that goes on; the one before it goes on until what was done in it is sure to stand."""
    return day_of(now - SETTLING_SECONDS)


def end_of(day: date, now: int) -> int:
    """Give the moment before which lines count: the end of a day, or now where it is not over."""
    return min(start_of(day + timedelta(days=1)), now + 1)


def needed(counted: int, base: int, first: date, deadline: date, day: date) -> int:
    """Give how many should be done at the end of a day.

    Args:
        counted: How many count then.
        base: How many were done on the first day.
        first: The day on which the list was made.
        deadline: The last day that is in time.
        day: The day.
    """
    whole, gone = (deadline - first).days, (day - first).days
    if gone >= whole:
        return counted
    base = min(base, counted)
    return base - (-(counted - base) * gone // whole)


def follow(campaign: Campaign, members: Sequence[MemberEntry], changes: Iterable[Change], *, until: date, now: int,
           scope: str = "") -> Coverage:
    """Give a campaign's course.

    Args:
        campaign: The campaign, with its whole history.
        members: Lines of its list before the end of the last day, in order.
        changes: What happened before that, in order.
        until: The last day; not before the list was made, not after today.
        now: Seconds since the epoch.
        scope: Only who is in this agency or below it; "" for all.
    """
    def is_inside(entry: MemberEntry) -> bool:
        return not scope or is_within(entry.unit_code, scope)

    def agency(place: Standing | None) -> str | None:
        """Give the agency where somebody is present, as far as it is looked at."""
        return place.entry.agency_code if place and place.present and is_inside(place.entry) else None

    first = day_of(campaign.created_at)
    crowd, ledger = Crowd(campaign.goal, is_inside), Ledger()
    names: dict[str, str] = {}
    days: list[Day] = []
    base = entries = 0
    day, lines = first, iter(changes)
    line = next(lines, None)
    while day <= until:
        end = end_of(day, now)
        upto = bisect_left(members, end, entries, key=_at)
        for entry in map(members.__getitem__, range(entries, upto)):
            names[entry.agency_code] = entry.agency_name
            was, place = crowd.place(entry)
            before, after = agency(was), agency(place)
            if after is not None and before is None and entry.act is not MemberAct.INCLUDED:
                crowd.came(entry)
            ledger.note(entry, before, after, inside=is_inside(place.entry))
        entries = upto
        while line is not None and line.at < end:
            crowd.note(line)
            line = next(lines, None)
        counted, reached = map(sum, zip(*crowd.tallies.values(), strict=True)) if crowd.tallies else (0, 0)
        if day == first:
            base = reached
        deadline = campaign.as_of(end).deadline
        days.append(Day(day, counted, reached, needed(counted, base, first, deadline, day), _agencies(crowd, days)))
        day += timedelta(days=1)
    people = Roll.whole(crowd.columns())
    return Coverage(campaign.as_of(end_of(until, now)), days, names, people, ledger.movements,
                    ledger.flows(one.place for one in people), now)


def _agencies(crowd: Crowd, days: Sequence[Day]) -> dict[str, Tally]:
    """Give the sums of a day; what is as it was the day before is the same object."""
    before = days[-1].agencies if days else {}
    return {code: known if (known := before.get(code)) == (tally := Tally(*sums)) else tally
            for code, sums in sorted(crowd.tallies.items()) if sums[0]}
