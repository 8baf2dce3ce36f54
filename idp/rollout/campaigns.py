"""Campaigns are begun, changed and closed, and their lists follow the directory.

Sources: security checklist 61 (who did what stands in the audit trail). A list is made once, by the question that is put when the
campaign begins. Later the worker asks it again and again and writes down the difference: who has come, gone or moved, with the
reason. What an administrator decided about somebody is never undone by that.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Final, Protocol

from ..audit import AuditEvent, AuditRecord, Caller
from ..clock import Clock
from ..directory.ledger import UnitMirror
from ..errors import RefusedError
from ..pki.enrollment.working_days import day_of
from .campaign import (
    BY_HAND,
    Campaign,
    CampaignEntry,
    CampaignStore,
    Candidate,
    Candidates,
    Goal,
    MemberAct,
    MemberEntry,
    Population,
    Reason,
    Standing,
    row_of,
    standings,
)

LONGEST_NAME: Final = 120
LONGEST_NOTE: Final = 300
LONGEST_DAYS: Final = 1100
"""A campaign is for three years at most."""
_AT_ONCE: Final = 2000
"""Lines of one act."""


class Observer(Protocol):
    """Writes down what has no history of its own."""

    def look(self, now: int) -> None:
        """Compare what stands with what was written down last, and add the differences; doing it twice does no harm.

        May raise UnavailableError(dependency="database").
        """
        ...


@dataclass(frozen=True, slots=True)
class Found:
    """What a question finds.

    Attributes:
        counted: How many would count.
        left_out: How many would not, by reason.
        agencies: How many would count, by the agency under which they are reported.
    """

    counted: int
    left_out: Mapping[str, int]
    agencies: Mapping[str, int]


class Campaigns:
    """Begins, changes and closes campaigns.

    Args:
        store: Where they are kept.
        candidates: Officers and applications as they are now.
        units: What agencies are called.
        observer: Writes down what has no history of its own; asked before a list is made.
        clock: Source of the time.
    """

    def __init__(self, store: CampaignStore, candidates: Candidates, units: UnitMirror, observer: Observer, clock: Clock) -> None:
        self.store, self._candidates, self._units, self._observer, self._clock = store, candidates, units, observer, clock

    def preview(self, goal: Goal, population: Population) -> Found:
        """Say whom a question finds, and write nothing."""
        entries = list(self._first(goal, population, 0))
        inside = [entry for entry in entries if entry.act is MemberAct.INCLUDED]
        return Found(len(inside), Counter(entry.reason for entry in entries if entry.act is MemberAct.LEFT_OUT),
                     Counter(entry.agency_code for entry in inside))

    def begin(self, *, name: str, goal: Goal, population: Population, deadline: date, owner: str, caller: Caller) -> Campaign:
        """Begin a campaign, and make its list.

        Args:
            name: For people; 1 to 120 characters in one line. There is one open campaign of a name.
            goal: What is to be reached.
            population: By whom.
            deadline: The last day that is in time; after today.
            owner: Code of the agency that answers for it; "" for the province.
            caller: Who begins it.

        Raises:
            RefusedError: no name, no such day (422); the question finds nobody (422); the name is taken (409).
        """
        now = self._clock.now()
        self._observer.look(now)
        name = plain(name, LONGEST_NAME, "name")
        check_deadline(deadline, now)
        members = list(self._first(goal, population, now))
        counted = sum(entry.act is MemberAct.INCLUDED for entry in members)
        if not counted:
            raise RefusedError("Nobody is found who would count: widen the agency, the groups or the titles.",
                               code="empty_population", status=422)
        history = (CampaignEntry(now, "created", caller.officer, deadline),)
        while True:
            known = self.store.all()
            if any(one.name == name and one.closed_at is None for one in known):
                raise RefusedError("There is an open campaign of this name.", code="name_taken", status=409)
            campaign = Campaign(_number(known, day_of(now).year), name, goal, population, owner, now, caller.officer, history)
            record = self._record(AuditEvent.CAMPAIGN_CREATED, campaign, caller, name=name, goal=goal.value,
                                  unit=population.unit, deadline=deadline.isoformat(), counted=counted,
                                  left_out=len(members) - counted)
            if self.store.add(campaign, members, record):
                return campaign

    def move_deadline(self, campaign: Campaign, deadline: date, reason: str, caller: Caller) -> None:
        """Change the deadline. Raises RefusedError: closed, or changed meanwhile (409); no such day, no reason (422)."""
        now, reason = self._clock.now(), plain(reason, LONGEST_NOTE, "reason")
        check_deadline(deadline, now)
        self._note(campaign, CampaignEntry(now, "deadline", caller.officer, deadline, reason), self._record(
            AuditEvent.CAMPAIGN_CHANGED, campaign, caller, before=campaign.deadline.isoformat(), after=deadline.isoformat(),
            reason=reason))

    def close(self, campaign: Campaign, reason: str, caller: Caller) -> None:
        """Close a campaign; its list does not change any more. Raises RefusedError as ``move_deadline``."""
        reason = plain(reason, LONGEST_NOTE, "reason")
        self._note(campaign, CampaignEntry(self._clock.now(), "closed", caller.officer, campaign.deadline, reason),
                   self._record(AuditEvent.CAMPAIGN_CLOSED, campaign, caller, reason=reason))

    def exclude(self, campaign: Campaign, place: Standing, reason: Reason, note: str, caller: Caller) -> None:
        """Take somebody out of the number. Raises RefusedError: closed or out already (409); another reason (422)."""
        if reason not in BY_HAND:
            raise RefusedError(f"reason: one of {', '.join(BY_HAND)}.", code="invalid_body", status=422)
        note = plain(note, LONGEST_NOTE, "note", empty=reason is not Reason.OTHER)
        if place.excluded:
            raise RefusedError("They do not count already.", code="already_done", status=409)
        self._note_member(campaign, place, MemberAct.EXCLUDED, AuditEvent.CAMPAIGN_EXCLUDED, caller, reason, note)

    def restore(self, campaign: Campaign, place: Standing, caller: Caller) -> None:
        """Let somebody count again who was taken out. Raises RefusedError: closed, or not taken out (409)."""
        if not place.excluded:
            raise RefusedError("Nobody has taken them out.", code="already_done", status=409)
        self._note_member(campaign, place, MemberAct.RESTORED, AuditEvent.CAMPAIGN_RESTORED, caller, "", "")

    def follow(self) -> int:
        """Write down what the directory changed in the lists of open campaigns; gives how many lines. For the worker."""
        self._observer.look(self._clock.now())
        written = 0
        for campaign in self.store.all():
            if campaign.closed_at is None:
                lines = self._differences(campaign)
                while part := list(islice(lines, _AT_ONCE)):
                    # To look takes a while; a line says when it is written, or it might change a day that is over.
                    now = self._clock.now()
                    written += len(part) * self.store.follow(campaign.campaign_id, [one._replace(at=now) for one in part])
        return written

    def _first(self, goal: Goal, population: Population, now: int) -> Iterator[MemberEntry]:
        line = self._lines(population, now)
        for one in self._of(goal):
            if one.status != "gone" and population.finds(one):
                yield line(one, MemberAct.LEFT_OUT if one.barred else MemberAct.INCLUDED, one.barred or "")

    def _differences(self, campaign: Campaign) -> Iterator[MemberEntry]:
        now = self._clock.now()
        known = standings(self.store.members(campaign.campaign_id, before=now + 1))
        line = self._lines(campaign.population, now)
        for one in self._of(campaign.goal):
            place = known.pop(one.subject, None)
            finds = campaign.population.finds(one)
            reason = Reason.GONE if one.status == "gone" else one.barred if finds else Reason.ELSEWHERE
            if place is None or not place.present:
                if reason is None:
                    yield line(one, MemberAct.JOINED, "")
            elif reason is not None:
                yield line(_where_they_were(place.entry), MemberAct.LEFT, reason)
            elif (place.entry.unit_code, place.entry.title) != (one.unit_code, one.title):
                yield line(one, MemberAct.MOVED, "")
        for place in known.values():
            if place.present:
                yield line(_where_they_were(place.entry), MemberAct.LEFT, Reason.GONE)

    def _of(self, goal: Goal) -> Iterator[Candidate]:
        return self._candidates.applications() if goal.of_applications else self._candidates.officers()

    def _lines(self, population: Population, now: int) -> _Lines:
        names = {entry.unit.code: entry.unit.name for entry in self._units.units()}
        return _Lines(population, names, now)

    def _note(self, campaign: Campaign, entry: CampaignEntry, record: AuditRecord) -> None:
        _check_open(campaign)
        if not self.store.note(campaign, entry, record):
            raise RefusedError("Somebody has changed this campaign meanwhile. Read it again.", code="changed_meanwhile",
                               status=409)

    def _note_member(self, campaign: Campaign, place: Standing, act: MemberAct, event: AuditEvent, caller: Caller, reason: str,
                     note: str) -> None:
        _check_open(campaign)
        one = place.entry
        entry = MemberEntry(one.subject, self._clock.now(), act, one.name, one.title, one.unit_code, one.unit_name,
                            one.agency_code, one.agency_name, reason, note, caller.officer)
        of = {"client_id": one.subject} if campaign.goal.of_applications else {"sub": one.subject}
        if not self.store.note_member(campaign.campaign_id, entry, self._record(event, campaign, caller, of, reason=reason)):
            raise RefusedError("Somebody else was quicker: it is done, or the campaign is closed. Read it again.",
                               code="changed_meanwhile", status=409)

    def _record(self, event: AuditEvent, campaign: Campaign, caller: Caller, about: Mapping[str, str] | None = None,
                **detail: str | int) -> AuditRecord:
        return AuditRecord(event, self._clock.now(), source=caller.source, request_id=caller.request_id,
                           detail={"campaign": campaign.campaign_id, **detail, **caller.by}, **(about or {}))


def _where_they_were(entry: MemberEntry) -> Candidate:
    return Candidate(entry.subject, entry.name, entry.unit_code, entry.unit_name, entry.title)


class _Lines:
    """Makes lines of candidates, with what their agency is called now."""

    def __init__(self, population: Population, names: Mapping[str, str], now: int) -> None:
        self._population, self._names, self._now = population, names, now

    def __call__(self, one: Candidate, act: MemberAct, reason: str) -> MemberEntry:
        agency = row_of(one.unit_code, self._population)
        name = self._names.get(agency) or (one.unit_name if agency == one.unit_code else agency)
        return MemberEntry(one.subject, self._now, act, one.name, one.title, one.unit_code, one.unit_name, agency, name, reason)


def plain(text: str, longest: int, what: str, *, empty: bool = False) -> str:
    """Give text in one line. Raises RefusedError (422) for none, too much, or what is no text."""
    text = " ".join(unicodedata.normalize("NFC", text).split())
    if (not text and not empty) or len(text) > longest or not all(sign.isprintable() for sign in text):
        raise RefusedError(f"{what}: 1 to {longest} characters in one line.", code="invalid_body", status=422)
    return text


def check_deadline(deadline: date, now: int) -> None:
    """Refuse a day that is no deadline. Raises RefusedError (422)."""
    if not 0 < (deadline - day_of(now)).days <= LONGEST_DAYS:
        raise RefusedError("deadline: a day after today, within three years.", code="invalid_body", status=422)


def _check_open(campaign: Campaign) -> None:
    if campaign.closed_at is not None:
        raise RefusedError("This campaign is closed.", code="closed", status=409)


def _number(known: Iterable[Campaign], year: int) -> str:
    prefix = f"CD-{year}-"
    taken = [int(one.campaign_id.removeprefix(prefix)) for one in known if one.campaign_id.startswith(prefix)]
    return f"{prefix}{max(taken, default=0) + 1:04}"
