"""Campaigns for administrators: begun and changed by the province, seen by everybody as far as they look after it.

Sources: security checklist 38 (role and object are both checked; an agency sees its own officers and no other), 61. The
province's administrators, or an operator at the command line, begin, change and close campaigns and take people out of the
number: whoever is measured does not choose by what. Changing a deadline and closing take one person, and stand in the audit trail
with the reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from ...audit import Caller
from ...clock import Clock
from ...directory.mirror import search_key
from ...directory.unit import is_unit_code, is_within
from ...errors import RefusedError
from ...pki.enrollment.working_days import day_of
from ...roles import Administrator, Role
from ...rollout.campaign import Campaign, Goal, Population, Reason, Standing, standings
from ...rollout.campaigns import LONGEST_NAME, Campaigns, check_deadline, plain
from ...rollout.courses import CampaignCourses
from ...rollout.coverage import Coverage, end_of, newest_day
from ...rollout.report import AgencyRow, agency_rows, steps_of
from ...rollout.steps import OWNERS, Step
from ..access import ForbiddenError
from ..audit.actors import Actors, Told
from ..pages import InvalidParameterError, Page
from ..tasks import OPERATOR
from .courses import Courses
from .lists import excluded_of, members_of, missing_of, movements_of

_MOST: Final = 50
_QUESTION: Final = ("goal", "unit", "groups", "titles")
_UNKNOWN: Final = "There is no such campaign."


class RolloutAdministration:
    """Shows campaigns, and changes them.

    Args:
        campaigns: Begins, changes and closes them.
        courses: Gives their courses.
        actors: Tells who is told of.
        clock: Source of the time.
    """

    def __init__(self, campaigns: Campaigns, courses: CampaignCourses, actors: Actors, clock: Clock) -> None:
        self._campaigns, self._followed, self._actors, self._clock = campaigns, courses, actors, clock
        self._courses = Courses(clock)

    def listed(self, who: Administrator) -> list[dict[str, Any]]:
        """Give the campaigns that concern an administrator, the newest first; of open ones the figures of now."""
        return [self._shown(who, one) for one in self.concerning(who)]

    def open(self) -> Sequence[Campaign]:
        """Give the campaigns that are not closed, the newest first."""
        return [one for one in self._campaigns.store.all() if one.closed_at is None]

    def one(self, who: Administrator, campaign_id: str, *, on: str = "", unit: str = "") -> dict[str, Any]:
        """Give a campaign with its figures.

        Args:
            who: The administrator; of an agency, only its officers are counted.
            campaign_id: Which.
            on: ``2026-11-23``: the figures of that day; "" for now, or the last day of a closed one.
            unit: Only this agency and those below it.

        Raises:
            RefusedError: there is none that concerns the administrator (404).
            InvalidParameterError: a day before the list was made, or in the future.
        """
        return shown_with_course(self.coverage(who, campaign_id, on=on, unit=unit), self._actors.told(who))

    def coverage(self, who: Administrator, campaign_id: str, *, on: str = "", unit: str = "") -> Coverage:
        """Give what ``one`` tells; arguments and errors as there."""
        return self._coverage(who, self._seen(who, campaign_id), on, unit)

    def missing(self, who: Administrator, campaign_id: str, *, on: str = "", unit: str = "", **asked: Any) -> Page:
        """Give those who have not reached the goal, with what is to be done next and by whom.

        Args:
            who: As ``one``; so ``campaign_id``, ``on`` and ``unit``.
            campaign_id: See ``who``.
            on: See ``who``.
            unit: See ``who``.
            asked: As ``lists.missing_of``.

        Raises:
            RefusedError: as ``one``.
            InvalidParameterError: as ``one``; a cursor or an order that is none.
        """
        return missing_of(self.coverage(who, campaign_id, on=on, unit=unit), **asked)

    def members(self, who: Administrator, campaign_id: str, *, on: str = "", unit: str = "", **asked: Any) -> Page:
        """Give everybody of the list with how they stand (``lists.members_of``); arguments and errors as ``missing``."""
        return members_of(self.coverage(who, campaign_id, on=on, unit=unit), **asked)

    def movements(self, who: Administrator, campaign_id: str, *, on: str = "", unit: str = "", **asked: Any) -> Page:
        """Give how the list changed, the newest first (``lists.movements_of``); arguments and errors as ``missing``."""
        return movements_of(self.coverage(who, campaign_id, on=on, unit=unit), **asked)

    def excluded(self, who: Administrator, campaign_id: str, *, on: str = "", unit: str = "", **asked: Any) -> Page:
        """Give those of the list who do not count, with the reason; arguments and errors as ``missing``."""
        return excluded_of(self.coverage(who, campaign_id, on=on, unit=unit), **asked)

    def preview(self, who: Administrator, body: Mapping[str, Any]) -> dict[str, Any]:
        """Say whom a question would find, and write nothing. Raises ForbiddenError, RefusedError (422)."""
        _check_may(who)
        _check_only(body, _QUESTION)
        found = self._campaigns.preview(_goal(body), _population(body))
        return {"counted": found.counted, "left_out": {str(reason): count for reason, count in found.left_out.items()},
                "agencies": dict(sorted(found.agencies.items()))}

    def begin(self, who: Administrator, body: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
        """Begin a campaign.

        Args:
            who: An administrator of the province.
            body: ``name``, ``goal``, ``deadline`` (``2026-12-15``), and, as far as wanted, ``unit``, ``groups``, ``titles``
                (whom it is about) and ``owner_unit`` (who answers for it).
            caller: Who asks.

        Raises:
            ForbiddenError: anybody else.
            RefusedError: what is asked for is none (422), finds nobody (422), or its name is taken (409).
        """
        _check_may(who)
        _check_only(body, (*_QUESTION, "name", "deadline", "owner_unit"))
        owner = _text(body, "owner_unit")
        if owner and not is_unit_code(owner):
            raise _wrong("owner_unit: an agency's code, such as H30.11")
        made = self._campaigns.begin(name=_text(body, "name"), goal=_goal(body), population=_population(body),
                                     deadline=_day(body, "deadline"), owner=owner, caller=caller)
        return self._shown(who, made)

    def move_deadline(self, who: Administrator, campaign_id: str, body: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
        """Change the deadline (``deadline``, ``reason``). Raises as ``begin``; 404 for none, 409 for a closed one."""
        _check_may(who)
        _check_only(body, ("deadline", "reason"))
        self._campaigns.move_deadline(self._seen(who, campaign_id), _day(body, "deadline"), _text(body, "reason"), caller)
        return self._shown(who, self._seen(who, campaign_id))

    def close(self, who: Administrator, campaign_id: str, body: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
        """Close one (``reason``). Raises as ``move_deadline``."""
        _check_may(who)
        _check_only(body, ("reason",))
        self._campaigns.close(self._seen(who, campaign_id), _text(body, "reason"), caller)
        return self._shown(who, self._seen(who, campaign_id))

    def exclude(self, who: Administrator, campaign_id: str, body: Mapping[str, Any], caller: Caller) -> None:
        """Take somebody out of the number (``subject``, ``reason``, ``note``). As ``move_deadline``; 404 for a stranger."""
        _check_may(who)
        _check_only(body, ("subject", "reason", "note"))
        campaign = self._seen(who, campaign_id)
        try:
            reason = Reason(_text(body, "reason"))
        except ValueError:
            raise _wrong("reason: not one that there is") from None
        self._campaigns.exclude(campaign, self._place(campaign, _text(body, "subject")), reason, _text(body, "note"), caller)
        self._courses.forget(campaign_id)

    def restore(self, who: Administrator, campaign_id: str, body: Mapping[str, Any], caller: Caller) -> None:
        """Let somebody (``subject``) count again who was taken out. Raises as ``exclude``."""
        _check_may(who)
        _check_only(body, ("subject",))
        campaign = self._seen(who, campaign_id)
        self._campaigns.restore(campaign, self._place(campaign, _text(body, "subject")), caller)
        self._courses.forget(campaign_id)

    def default_day(self, campaign: Campaign) -> date:
        """Give the day that a report is for where none is named: the last that is over, or the first."""
        today = newest_day(self._clock.now())
        last = day_of(campaign.closed_at) if campaign.closed_at is not None else today
        return max(min(last, today - timedelta(days=1)), day_of(campaign.created_at))

    def may_change(self, who: Administrator) -> bool:
        """Tell whether an administrator begins and changes campaigns."""
        return who == OPERATOR or (who.role is Role.PROVINCE and who.may_change)

    def check_may(self, who: Administrator) -> None:
        """Refuse who does not begin and change campaigns. Raises ForbiddenError."""
        _check_may(who)

    def check_new(self, body: Mapping[str, Any]) -> None:
        """Refuse a name or a deadline that ``begin`` would refuse, whoever asks. Raises RefusedError (422)."""
        plain(_text(body, "name"), LONGEST_NAME, "name")
        check_deadline(_day(body, "deadline"), self._clock.now())

    def concerning(self, who: Administrator) -> list[Campaign]:
        """Give the campaigns that concern an administrator, the newest first."""
        return [one for one in self._campaigns.store.all() if _concerns(who, one)]

    def member(self, who: Administrator, campaign_id: str, subject: str) -> tuple[Campaign, Standing]:
        """Give somebody's place in a list, for who may change it. Raises ForbiddenError, RefusedError (404)."""
        _check_may(who)
        campaign = self._seen(who, campaign_id)
        return campaign, self._place(campaign, subject)

    def waiting_for(self, who: Administrator, subject: str) -> list[tuple[Campaign, Step]]:
        """Give the open campaigns of officers in which one of theirs is missing, with what is to be done next.

        Those first that end first.
        """
        running = [one for one in self.concerning(who) if one.closed_at is None and not one.goal.of_applications]
        found = ((one, self._followed.missing(one, subject, self._clock.now())) for one in running)
        return sorted(((campaign, one.step) for campaign, one in found
                       if one is not None and who.oversees(one.entry.unit_code)), key=lambda pair: pair[0].deadline)

    def seen(self, who: Administrator, campaign_id: str) -> Campaign:
        """Give a campaign that concerns an administrator. Raises RefusedError (404)."""
        return self._seen(who, campaign_id)

    def until(self, campaign: Campaign, on: str) -> int:
        """Give the moment before which lines count on a day, or now. Raises InvalidParameterError: no day of the campaign."""
        return end_of(self._until(campaign, on), self._clock.now())

    def _seen(self, who: Administrator, campaign_id: str) -> Campaign:
        found = self._campaigns.store.find(campaign_id)
        if found is None or not _concerns(who, found):
            raise RefusedError(_UNKNOWN, code="unknown_campaign", status=404)
        return found

    def _coverage(self, who: Administrator, campaign: Campaign, on: str, unit: str) -> Coverage:
        now = self._clock.now()
        until = self._until(campaign, on)
        scope = who.narrowed(unit)
        return self._courses.get(campaign, until, scope,
                                 lambda: self._followed.course(campaign, until=until, now=now, scope=scope))

    def _until(self, campaign: Campaign, on: str) -> date:
        first = day_of(campaign.created_at)
        last = max(first, newest_day(self._clock.now()))
        if campaign.closed_at is not None:
            last = max(first, min(last, day_of(campaign.closed_at)))
        if not on:
            return last
        try:
            day = date.fromisoformat(on)
        except ValueError:
            day = date.min
        if not first <= day <= last or len(on) != len("2026-11-23"):
            raise InvalidParameterError(f"on: a day from {first} to {last}.")
        return day

    def _place(self, campaign: Campaign, subject: str) -> Standing:
        found = standings(self._campaigns.store.lines_of(campaign.campaign_id, subject)).get(subject)
        if found is None:
            raise RefusedError("Nobody of this subject is in the list.", code="unknown_member", status=404)
        return found

    def _shown(self, who: Administrator, campaign: Campaign) -> dict[str, Any]:
        figures = None if campaign.closed_at is not None else shown_figures(self._coverage(who, campaign, "", ""))
        return {**_shown_campaign(campaign, self._actors.told(who)), "figures": figures}


def shown_with_course(coverage: Coverage, told: Told) -> dict[str, Any]:
    """Write a campaign with all its figures."""
    reasons = Counter(one.excluded or one.reason for one in coverage.excluded)
    return {
        **_shown_campaign(coverage.campaign, told), "figures": shown_figures(coverage),
        "days": [{"day": day.day.isoformat(), "counted": day.counted, "done": day.done, "needed": day.needed}
                 for day in coverage.days],
        "agencies": [_shown_agency(row) for row in agency_rows(coverage, emptied=True)],
        "steps": [{"step": step.value, "owner": OWNERS[step].value, "count": count} for step, count in steps_of(coverage)],
        "list": {"made_with": coverage.listed, "joined": coverage.joined, "left": coverage.left,
                 "excluded": dict(sorted(reasons.items()))}}


def shown_figures(coverage: Coverage) -> dict[str, Any]:
    """Write the figures of a day."""
    day, (more, span), reached = coverage.last, coverage.pace, coverage.forecast
    return {"day": day.day.isoformat(), "as_of": coverage.at, "counted": day.counted, "done": day.done, "needed": day.needed,
            "pace": {"done": more, "days": span}, "forecast": reached.isoformat() if reached else None}


def _shown_agency(row: AgencyRow) -> dict[str, Any]:
    flow = row.flow
    return {"unit_code": row.code, "unit_name": row.name, "counted": row.tally.counted, "done": row.tally.done, "low": row.low,
            "list": {"made_with": flow.listed, "joined": flow.joined, "moved_in": flow.moved_in, "left": flow.left,
                     "moved_out": flow.moved_out, "excluded": flow.excluded}}


def _shown_campaign(campaign: Campaign, told: Told) -> dict[str, Any]:
    asked = campaign.population
    return {"id": campaign.campaign_id, "name": campaign.name, "goal": campaign.goal.value, "unit": asked.unit,
            "groups": list(asked.groups), "titles": list(asked.titles), "owner_unit": campaign.owner,
            "created_at": campaign.created_at, "created_by": told(campaign.created_by), "deadline": campaign.deadline.isoformat(),
            "closed_at": campaign.closed_at,
            "history": [{"at": one.at, "act": one.act, "actor": told(one.actor), "deadline": one.deadline.isoformat(),
                         "reason": one.reason} for one in campaign.history]}


def _concerns(who: Administrator, campaign: Campaign) -> bool:
    unit = campaign.population.unit
    return who.of_the_province or not unit or is_within(who.unit, unit) or is_within(unit, who.unit)


def _check_may(who: Administrator) -> None:
    if who != OPERATOR and (who.role is not Role.PROVINCE or not who.may_change):
        raise ForbiddenError("The province's administrators begin and change campaigns.")


def _goal(body: Mapping[str, Any]) -> Goal:
    try:
        return Goal(_text(body, "goal"))
    except ValueError:
        raise _wrong(f"goal: one of {', '.join(Goal)}") from None


def _population(body: Mapping[str, Any]) -> Population:
    unit = _text(body, "unit")
    if unit and not is_unit_code(unit):
        raise _wrong("unit: an agency's code, such as H30.11")
    titles = tuple(dict.fromkeys(key for title in _texts(body, "titles") if (key := search_key(title))))
    return Population("" if "." not in unit else unit, tuple(sorted(set(_texts(body, "groups")))), titles)


def _check_only(body: Mapping[str, Any], names: Sequence[str]) -> None:
    if unknown := sorted(body.keys() - set(names)):
        raise _wrong(f"{unknown[0][:40]!r}: these are known here: {', '.join(names)}")


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name, "")
    if not isinstance(value, str) or not all(sign.isprintable() for sign in value):
        raise _wrong(f"{name}: a text in one line")
    return value.strip()


def _texts(body: Mapping[str, Any], name: str) -> list[str]:
    value = body.get(name, [])
    if (not isinstance(value, list) or len(value) > _MOST
            or not all(isinstance(one, str) and 0 < len(one) <= 100 and one.isprintable() for one in value)):
        raise _wrong(f"{name}: at most {_MOST} texts of at most 100 characters")
    return value


def _day(body: Mapping[str, Any], name: str) -> date:
    try:
        return date.fromisoformat(_text(body, name))
    except ValueError:
        raise _wrong(f"{name}: a day, such as 2026-12-15") from None


def _wrong(what: str) -> RefusedError:
    return RefusedError(f"{what}.", code="invalid_body", status=422)
