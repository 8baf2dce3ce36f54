"""A course that was kept and went on is, field by field, that from all lines; pages do not wait until all lines are followed."""

from __future__ import annotations

import dataclasses
import tracemalloc
import zlib
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest

from idp.adapters.sql.database import Database
from idp.adapters.sql.rollout.courses import SqlCourses
from idp.adapters.sql.rollout.records import SqlRecords
from idp.adapters.sql.tables import CampaignCourseRow
from idp.directory.unit import Unit, UnitEntry
from idp.rollout import courses as room
from idp.rollout.campaign import Campaign, Goal
from idp.rollout.courses import CampaignCourses
from idp.rollout.coverage import Coverage
from idp.rollout.crowd import Change

from .course import course
from .town import Town
from .world import CALLER, Province

COURSE: Any = CampaignCourseRow.__table__


@pytest.fixture(autouse=True)
def _few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MANY", 4)


@pytest.fixture
def town(database: Database) -> Town:
    return Town(database)


class Records(SqlRecords):
    """Counts how often all lines are followed, and how often it is asked to whom of everybody something happened."""

    followed = asked = 0

    def changes(self, campaign_id: str, goal: Goal, *, before: int, of: Sequence[str] | None = None) -> Iterator[Change]:
        self.followed += of is None
        return super().changes(campaign_id, goal, before=before, of=of)

    def changed(self, campaign_id: str, goal: Goal, *, since: int, before: int, of: Sequence[str] | None = None) -> Iterator[str]:
        self.asked += of is None
        return super().changed(campaign_id, goal, since=since, before=before, of=of)


class Desk:
    """A province with its courses."""

    def __init__(self, province: Province) -> None:
        self.province, self.records, self.kept = province, Records(province.database), SqlCourses(province.database)
        self.courses = CampaignCourses(province.store, self.records, self.kept)

    def keep(self) -> int:
        return self.courses.keep(self.province.clock.now())

    def look(self, campaign: Campaign, *, scope: str = "", days: int = 0) -> Coverage:
        """Look at a course of now, and compare it with the one that is worked out from all lines."""
        known = self.province.store.find(campaign.campaign_id)
        assert known is not None
        until = self.province.today + timedelta(days=days)
        found = self.courses.course(known, until=until, now=self.province.clock.now(), scope=scope)
        assert fields(found) == fields(self.province.coverage(known, until, scope=scope))
        return found


def fields(course: Coverage) -> dict[str, Any]:
    found = {field.name: getattr(course, field.name) for field in dataclasses.fields(course)}
    return found | {"people": list(course.people), "missing": list(course.missing), "excluded": course.excluded}


def test_a_course_that_was_kept_goes_on_as_if_all_lines_were_followed(database: Database) -> None:
    province = Province(database, 150, agencies=5)
    desk, campaign = Desk(province), province.begin()
    province.clock.advance(room.SETTLING_SECONDS)
    assert desk.keep() == 1 + 5  # everybody, and each agency with many
    desk.look(campaign)
    for number in range(15):
        province.day(campaign)
        if number == 9:
            province.campaigns.move_deadline(campaign, province.today + timedelta(days=90), "Lùi", CALLER)
            province.units.note_unit(UnitEntry("unit-2", Unit("H30.2", "", "Sở Hai")), now=province.clock.now())
        desk.records.followed = 0
        desk.look(campaign)
        assert desk.records.followed == 0
        desk.records.asked = 0
        for scope in ("H30.2", "H30.2.1"):
            desk.look(campaign, scope=scope)
        assert desk.records.asked == 0  # of an agency only its own
        if number % 4 == 2:
            assert desk.keep() == 1 + 5
            desk.look(campaign)
    assert desk.look(campaign).movements
    assert desk.look(campaign, scope="H30.2").names["H30.2"] == "Sở Hai"
    for days in (1, 4, 9, 15):  # before what was kept
        desk.records.followed = 0
        desk.look(campaign, days=-days)
        desk.look(campaign, days=-days, scope="H30.2")
        assert desk.records.followed == 0
    known = province.store.find(campaign.campaign_id)
    assert known is not None
    province.campaigns.close(known, "Xong", CALLER)
    desk.look(campaign)
    closed_on = province.today
    province.clock.advance(86400 * 2)
    assert (desk.keep(), desk.keep()) == (6, 0)  # once for good
    known = province.store.find(campaign.campaign_id)
    assert known is not None
    desk.records.followed = 0
    last = desk.courses.course(known, until=closed_on, now=province.clock.now())
    assert (last.last.day, desk.records.followed) == (closed_on, 0)


def test_a_course_is_kept_where_many_are_listed_and_again_when_it_is_old_or_much_has_happened(
        database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    town = Town(database)
    desk, campaign = Desk(town), town.begin(Goal.MAILBOX)
    assert desk.keep() == 0  # a line of the list may be on its way
    town.clock.advance(room.SETTLING_SECONDS)
    monkeypatch.setattr(room, "MANY", 5)
    assert desk.keep() == 0
    monkeypatch.setattr(room, "MANY", 4)
    assert (desk.keep(), desk.keep()) == (1, 0)
    town.clock.advance(room.KEPT_SECONDS - 1)
    assert desk.keep() == 0
    town.clock.advance(1)
    assert desk.keep() == 1
    monkeypatch.setattr(room, "MOST_SINCE", 2)
    for number in (0, 1):
        town.note(number, mail="")
        town.observer.look(town.clock.now())
        town.clock.advance(room.SETTLING_SECONDS)
        assert desk.keep() == number
    assert (desk.look(campaign).last.counted, desk.look(campaign).last.done) == (4, 2)
    monkeypatch.setattr(room, "_FEW", 0)
    town.note(2, mail="")
    town.observer.look(town.clock.now())
    desk.records.followed = 0
    desk.look(campaign)
    assert desk.records.followed == 1


def test_a_line_that_was_on_its_way_while_a_course_was_kept_counts(town: Town) -> None:
    desk, campaign = Desk(town), town.begin(Goal.MAILBOX)
    town.hours(1)
    late = town.clock.now() - room.SETTLING_SECONDS + 1
    assert desk.keep() == 1
    town.note(0, mail="")
    town.observer.look(late)
    assert desk.look(campaign).last.done == 3
    town.note(0, mail="a@haugiang.gov.vn")
    town.observer.look(late + 5)
    assert desk.look(campaign).last.done == 4


def test_of_two_who_keep_a_course_the_newer_stays_and_another_form_is_not_read(town: Town) -> None:
    desk, campaign = Desk(town), town.begin(Goal.MAILBOX)
    number = campaign.campaign_id
    town.hours(1)
    newer, older = desk.look(campaign), dataclasses.replace(desk.look(campaign), at=town.clock.now() - 60)
    for one in (newer, older):
        desk.kept.keep(number, "", one)
    assert desk.kept.moments(number) == {"": town.clock.now()}
    found = desk.kept.find(campaign, "")
    assert found is not None
    assert fields(found) == fields(newer)
    assert desk.kept.find(campaign, "H30.1") is None
    town.database.write(COURSE.update().values(body=zlib.compress(b'{"form":0}'))).run()
    assert desk.kept.find(campaign, "") is None
    assert desk.look(campaign).last.counted == 4


def test_reading_a_kept_course_takes_little_beyond_the_course(town: Town) -> None:
    desk, campaign, people = Desk(town), town.begin(Goal.MAILBOX), 5000
    desk.kept.keep(campaign.campaign_id, "", course(10, people=people))
    desk.kept.find(campaign, "")
    tracemalloc.start()
    try:
        found = desk.kept.find(campaign, "")
        stays, highest = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found is not None
    assert len(found.people) == people
    assert (highest - stays) / people < 400  # octets; 1,050 where all of it was read at once
