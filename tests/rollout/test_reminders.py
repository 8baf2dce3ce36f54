"""Officers are reminded of their own step once a week, agencies in one notice, and nobody who can do nothing."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import date

import pytest
from sqlalchemy import func, select

from idp.adapters.sql.database import Database
from idp.adapters.sql.notices import SqlNotices
from idp.adapters.sql.rollout.courses import SqlCourses
from idp.adapters.sql.rollout.reminders import SqlCampaignReminders
from idp.adapters.sql.tables import OutboxRow
from idp.audit import Caller
from idp.notices import NoticeKind, Told
from idp.pki.enrollment.working_days import WorkingDays, day_of, start_of
from idp.roles import Administrator, Role
from idp.rollout.campaign import Goal, Reason
from idp.rollout.courses import CampaignCourses
from idp.rollout.reminders import Reminded, Reminders
from tests.audit_desk import events_of

from .test_campaigns import Town
from .world import CALLER, MONDAY

WORKER = Caller("worker", "worker")
HOLIDAY = date(2026, 9, 22)


class Reminding(Town):
    """A town with those who are told."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.looking_after: list[Administrator] = []
        self.notices = SqlNotices(database)
        self.store_of_reminders = SqlCampaignReminders(database)
        self.courses = CampaignCourses(self.store, self.records, SqlCourses(database))
        self.reminders = Reminders(self.store, self.courses, self.store_of_reminders, self.mirror, self,
                                   WorkingDays([HOLIDAY]), self.clock)

    def all(self) -> Sequence[Administrator]:
        return self.looking_after

    def on(self, day: date, hour: int = 9) -> int:
        """Let it be a later day and hour, and let the worker remind."""
        self.clock.advance(start_of(day) + hour * 3600 - self.clock.now())
        return self.reminders.remind(WORKER, most=500)

    def told(self, number: int) -> list[Told]:
        return [one for one in self.notices.of(self.people[number].sub, limit=50) if one.kind.startswith("campaign.")]


@pytest.fixture
def town(database: Database) -> Reminding:
    return Reminding(database)


def september(day: int) -> date:
    return MONDAY.replace(day=day)


def test_an_officer_is_reminded_once_a_week_of_the_nearest_deadline_on_working_days(town: Reminding) -> None:
    town.begin(Goal.SIGNED_IN, days=60)
    town.begin(Goal.SECOND_FACTOR, days=20)
    assert town.on(MONDAY, 16) == 0  # the list is of today
    assert town.on(september(8), 7) == 0
    assert town.on(september(8), 8) == 4
    assert town.on(september(8), 16) == town.on(september(14), 9) == 0
    assert town.on(september(15), 9) == 4
    assert town.on(HOLIDAY) == 0
    assert town.on(september(26)) == 0  # a Saturday
    assert town.on(september(28), 17) == 0
    assert town.on(september(28), 16) == 4
    told = town.told(0)
    assert [one.kind for one in told] == [NoticeKind.CAMPAIGN_REMINDER] * 3
    assert {one.detail["step"] for one in told} == {"enrol_factor"}
    assert told[0].detail["ends"] == str(start_of(date(2026, 9, 27)))
    assert len(events_of(town.database, "campaign.reminded")) == 12
    lines = [line for _, line in town.store_of_reminders.told("CD-2026-0002", unit="H30.1", until=town.clock.now() + 1, most=50)]
    of_one = [(line.nth, line.step, line.at, line.unit_code) for line in lines if line.sub == town.people[0].sub]
    assert of_one == [(nth, "enrol_factor", start_of(september(day)) + hour * 3600, "H30.1")
                      for nth, day, hour in ((3, 28, 16), (2, 15, 9), (1, 8, 8))]
    assert len(lines) == 12
    told = town.store_of_reminders.told
    until = start_of(september(9))
    assert [line.nth for _, line in told("CD-2026-0002", unit="", until=until, most=50)] == [1] * 4
    for campaign, unit in (("CD-2026-0002", "H30.2"), ("CD-2026-0001", "")):
        assert told(campaign, unit=unit, until=until, most=50) == []


def test_nobody_is_reminded_who_has_done_it_does_not_count_or_cannot_sign_in(town: Reminding) -> None:
    campaign = town.begin(Goal.SIGNED_IN)
    town.on(september(8), 7)
    town.mirror.signed_in(town.people[0].sub, now=town.clock.now())
    town.campaigns.exclude(campaign, town.place(campaign, 1), Reason.LONG_LEAVE, "", CALLER)
    town.note(2, disabled=True)  # the list has not followed yet
    assert town.on(september(8)) == 1
    assert [len(town.told(number)) for number in range(4)] == [0, 0, 0, 1]
    known = town.store.find(campaign.campaign_id)
    assert known is not None
    town.campaigns.close(known, "xong", CALLER)
    assert town.on(september(28)) == 0


def test_a_step_that_is_not_the_officers_is_told_to_the_agency_in_one_notice(town: Reminding) -> None:
    for number in (2, 3):
        town.moved(number, "H30.2.1")
    for number in range(4):
        town.note(number, mail="")
    clerk, chief = (Administrator(role=Role.AGENCY, client_id="", sub=town.people[number].sub, unit=unit)
                    for number, unit in ((0, "H30.1"), (2, "H30.2")))
    town.looking_after = [clerk, chief, Administrator(role=Role.AGENCY, client_id="", sub="x", unit="H30.3")]
    town.begin(Goal.MAILBOX, days=20)
    town.begin(Goal.CERTIFICATE, days=30)
    assert town.on(september(8)) == 2
    assert town.on(september(14)) == 0
    assert town.on(september(15)) == 2
    assert [town.told(number) for number in (1, 3)] == [[], []]
    assert [one.kind for one in town.told(0)] == [NoticeKind.CAMPAIGN_MISSING] * 2
    lines = town.store_of_reminders.told("CD-2026-0001", unit="H30.2", until=town.clock.now() + 1, most=9)
    assert [(line.sub, line.step, line.cases, line.nth) for _, line in lines] == [
        (town.people[2].sub, "", 2, 2), (town.people[2].sub, "", 2, 1)]
    assert town.told(2)[0].detail == {"count": "4", "campaigns": "2", "ends": str(start_of(date(2026, 9, 27)))}


def test_those_beyond_the_number_come_the_next_time_and_administrators_last(town: Reminding) -> None:
    town.note(0, mail="")
    town.looking_after = [Administrator(role=Role.AGENCY, client_id="", sub=town.people[0].sub, unit="H30.1")]
    town.begin(Goal.SECOND_FACTOR)
    town.begin(Goal.MAILBOX)
    town.on(september(8), 7)
    town.clock.advance(3600)
    assert [town.reminders.remind(WORKER, most=2) for _ in range(3)] == [2, 3, 0]
    assert town.told(0)[0].kind is NoticeKind.CAMPAIGN_MISSING


def test_whoever_is_reminded_by_hand_is_told_once_a_day_and_the_worker_knows(town: Reminding) -> None:
    campaign = town.begin(Goal.SIGNED_IN)

    def by_hand(most: int = 9) -> Reminded:
        now = town.clock.now()
        missing = town.courses.course(campaign, until=day_of(now), now=now).missing
        return town.reminders.remind_now(campaign, missing, lambda _: True, CALLER, most=most)

    assert by_hand(3) == Reminded(3, 0, 1)  # on the first day, and at any hour
    assert by_hand(3) == Reminded(1, 0, 0)
    town.on(september(12), 22)  # a Saturday
    counts: list[int] = []
    threads = [threading.Thread(target=lambda: counts.append(by_hand().officers)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 4
    assert [len(town.told(number)) for number in range(4)] == [2] * 4
    assert town.on(september(14)) == 0
    seen = town.courses.course(campaign, until=september(14), now=town.clock.now()).missing
    town.mirror.signed_in(town.people[0].sub, now=town.clock.now())
    assert len(seen) == 4  # what is shown may be a minute old
    assert town.reminders.remind_now(campaign, seen, lambda _: True, CALLER, most=9).officers == 3
    assert town.on(september(21)) == 3


def test_of_several_workers_one_reminds(town: Reminding) -> None:
    town.begin(Goal.SIGNED_IN)
    town.on(september(8), 7)
    town.clock.advance(3600)
    counts: list[int] = []
    threads = [threading.Thread(target=lambda: counts.append(town.reminders.remind(WORKER, most=500))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 4
    assert [len(town.told(number)) for number in range(4)] == [1] * 4
    mails = town.database.read(select(func.count().label("n")).select_from(OutboxRow.__table__)).one()
    assert mails is not None
    assert mails.n == 4
