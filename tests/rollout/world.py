"""A province in which people come, go, move and get certificates day by day, and its own record of how things stood each night.

Everything that the product is to know is written into its tables, as its own stores write it; ``nights`` is what the province
itself remembers and the product never reads.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from idp.adapters.sql.database import Database, insert_row, parameter
from idp.adapters.sql.directory.officers import SqlOfficers
from idp.adapters.sql.directory.units import SqlUnits
from idp.adapters.sql.rollout.campaigns import SqlCampaigns
from idp.adapters.sql.rollout.facts import SqlObserver
from idp.adapters.sql.rollout.records import SqlCandidates, SqlRecords
from idp.adapters.sql.tables import EnrollmentEntryRow, EnrollmentRow
from idp.audit import Caller
from idp.directory.officer import Officer, Post
from idp.directory.unit import Unit, UnitEntry
from idp.oauth.client import Client
from idp.pki.enrollment.states import STEPS, State
from idp.pki.enrollment.working_days import day_of, start_of
from idp.rollout.campaign import Campaign, Goal, Population, Reason, standings
from idp.rollout.campaigns import Campaigns
from idp.rollout.coverage import Coverage, end_of, follow
from tests.fakes.clock import FakeClock

CALLER = Caller("192.0.2.1", "request-1", officer="quantri")
MONDAY = date(2026, 9, 7)
HOUR = 3600
PAGE = 2000
GROUP = "canbo-qlvb"
WAY = (State.DRAFT, State.SUBMITTED, State.AGENCY_APPROVED, State.PROVINCE_APPROVED, State.SENT, State.ISSUED, State.READY,
       State.HANDED_OVER, State.ACTIVE)
AFTER = (State.SUSPENDED, State.LOCKED, State.REVOCATION_REQUESTED)
assert {step.to for step in STEPS.values()} >= set(WAY[1:]) | set(AFTER)


@dataclass
class Person:
    """Somebody of the province."""

    officer: Officer
    sub: str
    gone: bool = False
    excluded: bool = False
    requests: dict[str, str] = field(default_factory=dict)


class Province:
    """The province, its product and its clock."""

    def __init__(self, database: Database, people: int, *, seed: int = 68, agencies: int = 12) -> None:
        self.database, self.chance, self.agencies = database, random.Random(seed), agencies
        self.clock = FakeClock(start_of(MONDAY) + 8 * HOUR)
        self.mirror, self.units = SqlOfficers(database, self.clock), SqlUnits(database)
        self.clients: list[Client] = []
        self.store, self.records = SqlCampaigns(database), SqlRecords(database)
        self.observer = SqlObserver(database)
        self.campaigns = Campaigns(self.store, SqlCandidates(database, lambda: self.clients, self.clock), self.units,
                                   self.observer, self.clock)
        self._number = self._requests = 0
        self._request = database.write(insert_row(EnrollmentRow), durable=False)
        table: Any = EnrollmentEntryRow.__table__
        self._entry = database.write(insert_row(EnrollmentEntryRow, **{
            name: parameter(table.c[name]) for name in ("enrollment_id", "at", "act", "before", "after", "actor", "part",
                                                        "detail")}), durable=False)
        self.nights: dict[date, dict[str, tuple[int, int]]] = {}
        self.people: list[Person] = []
        for number in range(1, agencies + 1):
            self.units.note_unit(UnitEntry(f"unit-{number}", Unit(f"H30.{number}", "", f"Sở {number}")), now=self.clock.now())
        self.arrive(people)

    @property
    def today(self) -> date:
        return day_of(self.clock.now())

    def arrive(self, many: int) -> None:
        """Let people come to the province, as the directory's feed has them: page by page."""
        for _ in range(0, many - PAGE, PAGE):
            self.arrive(PAGE)
        many = (many - 1) % PAGE + 1
        made: list[Officer] = []
        for _ in range(many):
            self._number += 1
            groups = (GROUP,) if self.chance.random() < .9 else ()
            made.append(Officer(
                f"00000000-0000-4000-8000-{self._number:012}", f"uid=u{self._number},dc=vn", f"u{self._number}",
                f"Nguyễn Văn Mẫu {self._number}", mail=f"u{self._number}@haugiang.gov.vn", posts=(self._post(),), groups=groups,
                disabled=self.chance.random() < .03, guest="intern" if self.chance.random() < .02 else ""))
        self.mirror.ledger.note_page(made, now=self.clock.now(), find=lambda _uuid: None)
        known = self.mirror.ledger.known([one.entry_uuid for one in made])
        self.people += [Person(one, known[one.entry_uuid].sub) for one in made]

    def begin(self, goal: Goal = Goal.CERTIFICATE, days: int = 70, **asked: Any) -> Campaign:
        """Begin a campaign."""
        return self.campaigns.begin(name=f"Chiến dịch {goal}", goal=goal, population=Population(**{"groups": (GROUP,), **asked}),
                                    deadline=self.today + timedelta(days=days), owner="", caller=CALLER)

    def day(self, campaign: Campaign) -> None:
        """Let a day pass: the directory changes, the desk works, the worker follows, the desk works on until midnight."""
        share = max(1, len(self.people) // 150)
        self._to(9)
        self._directory(share)
        self._desk(share * 4)
        self._to(20)
        self.campaigns.follow()
        self._hand(campaign)
        self._to(23)
        self._desk(share * 2)
        self.nights[self.today] = self.standing()
        self._to(32)

    def places(self) -> dict[str, str]:
        """Say in which agency everybody is whom the question finds, as the province knows it; by subject."""
        return {one.sub: one.officer.main_post.unit_code for one in self.people
                if not (one.gone or one.officer.disabled or one.officer.guest) and GROUP in one.officer.groups}

    def standing(self) -> dict[str, tuple[int, int]]:
        """Say how many count and how many have done it, by agency, as the province knows it."""
        found: dict[str, tuple[int, int]] = {}
        for one in self.people:
            officer = one.officer
            if one.gone or one.excluded or officer.disabled or officer.guest or GROUP not in officer.groups:
                continue
            agency = ".".join(officer.main_post.unit_code.split(".")[:2])
            counted, done = found.get(agency, (0, 0))
            found[agency] = counted + 1, done + (State.ACTIVE in one.requests.values())
        return found

    def coverage(self, campaign: Campaign, until: date, *, scope: str = "") -> Coverage:
        """Ask the product."""
        now = self.clock.now()
        before = end_of(until, now)
        return follow(campaign, self.store.members(campaign.campaign_id, before=before),
                      self.records.changes(campaign.campaign_id, campaign.goal, before=before), until=until, now=now, scope=scope)

    def _post(self) -> Post:
        agency = self.chance.randrange(1, self.agencies + 1)
        code = f"H30.{agency}" + (f".{self.chance.randrange(1, 4)}" if self.chance.random() < .4 else "")
        return Post(code, "", f"Đơn vị {code}", self.chance.choice(("Chuyên viên", "Trưởng phòng")))

    def _to(self, hour: int) -> None:
        self.clock.advance(start_of(self.today) + hour * HOUR - self.clock.now())

    def _note(self, one: Person, **facts: Any) -> None:
        one.officer = dataclasses.replace(one.officer, **facts)
        self.mirror.ledger.note(one.officer, now=self.clock.now(), durable=False)

    def _directory(self, share: int) -> None:
        here = [one for one in self.people if not one.gone]
        if self.chance.random() < .5:
            self.arrive(share)
        for one in self.chance.sample(here, share):
            self._note(one, posts=(self._post(),))
        for one in self.chance.sample(here, share):
            self._note(one, disabled=not one.officer.disabled)
        for one in self.chance.sample(here, share):
            self._note(one, groups=() if one.officer.groups else (GROUP,))
        if self.chance.random() < .3:
            for one in self.chance.sample(here, share):
                self.mirror.ledger.remove(one.officer.entry_uuid, now=self.clock.now(), durable=False)
                one.gone = True

    def _hand(self, campaign: Campaign) -> None:
        """Have an administrator take somebody out, or in again."""
        places = standings(self.store.members(campaign.campaign_id, before=self.clock.now() + 1))
        one = self.chance.choice([one for one in self.people if one.sub in places])
        if one.excluded:
            self.campaigns.restore(campaign, places[one.sub], CALLER)
        else:
            self.campaigns.exclude(campaign, places[one.sub], Reason.LONG_LEAVE, "", CALLER)
        one.excluded = not one.excluded

    def _desk(self, share: int) -> None:
        """Bring certificates on their way a few steps, or end one."""
        requests: list[dict[str, Any]] = []
        entries: list[dict[str, Any]] = []
        for one in self.chance.choices(self.people, k=share * 3):
            if not one.requests or (self.chance.random() < .05 and len(one.requests) < 3):
                self._requests += 1
                number = f"2026-{self._requests:08}"
                requests.append(request_row(number, one.sub, one.officer.main_post.unit_code, self.clock.now()))
                before, after = "", State.DRAFT.value
            else:
                number = self.chance.choice(list(one.requests))
                before = one.requests[number]
                after = self._next(before)
            one.requests[number] = after
            entries.append({"enrollment_id": number, "at": self.clock.now(), "act": "approve", "before": before, "after": after,
                            "actor": "", "part": "system", "detail": "{}"})
        self._request.run_all(requests)
        self._entry.run_all(entries)

    def _next(self, state: str) -> str:
        if state in WAY[:-1]:
            return WAY[min(WAY.index(State(state)) + self.chance.randrange(1, 4), len(WAY) - 1)].value
        if state == State.ACTIVE:
            return self.chance.choice(AFTER).value if self.chance.random() < .1 else state
        return State.ACTIVE.value if state in (State.SUSPENDED, State.LOCKED) else State.REVOKED.value


def request_row(number: str, holder: str, unit: str, at: int, *, device_kind: str = "token", kind: str = "person",
                state: str = "draft") -> dict[str, Any]:
    """Give a row of ``enrollment``; what a campaign reads of it stands in its history."""
    return {"enrollment_id": number, "kind": kind, "purpose": "new", "holder": holder, "unit_code": unit, "unit_name": "",
            "name": "", "title": "", "mail": "", "personal": b"", "identity_digest": "", "device_kind": device_kind,
            "replaces": "", "wet_ink": False, "state": state, "since": at, "due_at": None, "requester": "",
            "agency_approver": "", "province_approver": "", "document": "", "batch": "", "reason": "", "issuer": "", "serial": "",
            "not_before": None, "not_after": None, "request": None, "certificate": b"", "device_serial": "",
            "handed_over_by": "", "record": "", "challenge": "", "open_key": None, "active_key": None, "search_key": "",
            "revision": 0}


def recount(rows: Sequence[Any], entries: Sequence[Any], night: int) -> dict[str, tuple[int, int]]:
    """Count once more from the raw rows of the tables, from nothing, for one night.

    Args:
        rows: Lines of the list: subject, at, act, agency_code, in the order in which they were written.
        entries: Holder, number, at and state of every line of the desk's history, in the order in which they were written.
        night: The moment before which lines count.
    """
    state_of: dict[tuple[str, str], str] = {}
    for holder, number, at, state in entries:
        if at < night:
            state_of[holder, number] = state
    done = {holder for (holder, _number), state in state_of.items() if state == "active"}
    lines: dict[str, list[tuple[str, str]]] = {}
    for subject, at, act, agency in rows:
        if at < night:
            lines.setdefault(subject, []).append((act, agency))
    found: dict[str, tuple[int, int]] = {}
    for subject, acts in lines.items():
        comings = [act for act, _ in acts if act in ("included", "joined", "left", "left_out")]
        hands = [act for act, _ in acts if act in ("excluded", "restored")]
        if comings[-1] in ("included", "joined") and (not hands or hands[-1] == "restored"):
            counted, reached = found.get(acts[-1][1], (0, 0))
            found[acts[-1][1]] = counted + 1, reached + (subject in done)
    return found
