"""Overdue devices remind somebody: an officer of all of theirs in one notice, or who answers where no officer has them."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from idp.adapters.sql.database import Database
from idp.adapters.sql.directory.administrators import SqlAgencyAdministrators
from idp.adapters.sql.directory.officers import SqlOfficers
from idp.adapters.sql.notices import SqlNotices
from idp.adapters.sql.pki.devices import SqlDevices
from idp.adapters.sql.pki.enrollments import SqlEnrollments
from idp.adapters.sql.pki.overdue import SqlOverdue
from idp.directory.officer import Post
from idp.pki.custody.device import Device, DeviceSearch
from idp.pki.custody.overdue import Overdue
from idp.pki.enrollment.states import State
from idp.pki.enrollment.working_days import WorkingDays, day_of, start_of
from idp.roles import Administrator, Role, RoleGroups
from tests.audit_desk import events_of
from tests.fakes.clock import FakeClock
from tests.fakes.directory import make_officer
from tests.pki.enrollment.house import CALLER, ELSEWHERE, MONDAY, House

DAY = 86400


class Late(House):
    """The desk, with who answers for devices."""

    def __init__(self, database: Database) -> None:
        super().__init__(SqlEnrollments(database), SqlDevices(database))
        self.database, self.notices, self.in_agencies = database, SqlNotices(database), list[Administrator]()
        self.subs["clerk"] = self.joined("clerk")
        self.overdue_store = SqlOverdue(database)
        self.overdue = Overdue(self.overdue_store, self, WorkingDays(), self.clock)

    def for_devices(self) -> Sequence[Administrator]:
        return self.in_agencies

    def of_the_province(self) -> Sequence[Administrator]:
        return [Administrator(role=Role.PROVINCE, client_id="", sub=self.subs["desk"])]

    def answers(self, uid: str, unit: str, role: Role = Role.CLERK) -> None:
        self.in_agencies.append(Administrator(role=role, client_id="", sub=self.subs[uid], unit=unit))

    def due(self, serial: str, receiver: str, *, for_agency: bool = False) -> Device:
        """Hand a device over and demand it back."""
        desk = self.actor("desk")
        number = self.register.enter(desk, "token", serial, CALLER)[0].device_id
        self.register.hand_over(desk, number, receiver=self.subs[receiver], for_agency=for_agency, record="07/1", caller=CALLER)
        return self.register.demand(desk, number, CALLER)

    def round(self, most: int = 50) -> int:
        return self.overdue.remind(CALLER, most=most)

    def told(self, uid: str) -> list[tuple[str, dict[str, str]]]:
        return [(one.kind.value, dict(one.detail)) for one in reversed(self.notices.of(self.subs[uid], limit=50))
                if "overdue" in one.kind.value]

    def days_pass(self, days: int) -> None:
        """Let it be the morning so many days later."""
        self.clock.advance(start_of(day_of(self.clock.now())) + days * DAY + 8 * 3600 - self.clock.now())


@pytest.fixture
def house(database: Database) -> Late:
    return Late(database)


def test_an_overdue_holder_is_told_once(house: Late) -> None:
    enrollment = house.brought(State.ACTIVE)
    house.ending.ask_revocation(house.actor("desk"), enrollment.enrollment_id, "x", CALLER)
    due_at = house.ending.revoked(house.actor("desk"), enrollment.enrollment_id, "1", CALLER).due_at
    assert house.round() == 0
    assert due_at is not None
    house.clock.advance(due_at - house.clock.now())
    assert house.round() == 0, "not in the moment itself"
    house.clock.advance(1)
    late = house.overdue_store.untold(enrollment.holder, house.clock.now())
    found = DeviceSearch(overdue_at=house.clock.now())
    assert [one.serial for one in house.register.listed(house.actor("agency"), found, limit=10)] == ["TK-0001"]
    told: list[int] = []
    ready = threading.Barrier(3)
    threads = [threading.Thread(target=lambda: (ready.wait(), told.append(house.round()))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (sum(told), len(late)) == (1, 1)
    house.days_pass(30)
    assert house.round() == 0
    assert house.told("holder") == [("device.overdue", {"serial": "TK-0001"})]
    assert len(events_of(house.database, "device.overdue")) == 1


def test_many_of_one_holder_are_one_notice_and_what_comes_later_is_told_of_on_the_next_day(house: Late) -> None:
    for number in range(5):
        house.due(f"TK-{number}", "holder")
    house.due("TK-9", "stranger")
    house.days_pass(8)
    assert [house.round(most=1) for _ in range(4)] == [1, 1, 0, 0]
    house.clock.advance(-5 * DAY)
    house.due("TK-5", "holder")
    house.days_pass(5)
    assert house.round() == 0, "one notice a day"
    house.days_pass(5)
    assert house.round() == 1
    assert house.told("holder") == [("own_devices.overdue", {"count": "5", "serial": "TK-0, TK-1, TK-2, …"}),
                                    ("device.overdue", {"serial": "TK-5"})]
    assert house.told("stranger") == [("device.overdue", {"serial": "TK-9"})]
    assert [detail["count"] for sub, _, detail in events_of(house.database, "device.overdue") if sub == house.subs["holder"]] == [
        5, 1]
    assert house.told("desk") == []


def test_what_came_back_between_reading_and_telling_is_not_told_of(house: Late) -> None:
    first, second = house.due("TK-1", "holder"), house.due("TK-2", "holder")
    house.days_pass(8)
    read = house.overdue_store.untold

    def and_meanwhile(holder: str, now: int) -> Sequence[Device]:
        found = read(holder, now)
        house.register.take_back(house.actor("desk"), first.device_id, "08/1", CALLER)
        return found

    house.overdue_store.untold = and_meanwhile  # type: ignore[method-assign]
    assert house.round() == 0
    house.overdue_store.untold = read  # type: ignore[method-assign]
    assert house.round() == 1
    assert house.told("holder") == [("device.overdue", {"serial": second.serial})]


def test_what_an_agency_has_is_told_to_who_answers_for_it_there_and_later_to_the_province(house: Late) -> None:
    house.due("HSM-1", "agency", for_agency=True)
    house.due("HSM-2", "agency", for_agency=True)
    for uid, unit in (("clerk", "H30.11"), ("other_agency", "H30.12"), ("stranger", "H30.1")):
        house.answers(uid, unit)
    house.days_pass(7)
    assert house.round() == 0, "due at the close of the fifth working day, a Monday"
    house.days_pass(1)
    assert [house.round(), house.round()] == [1, 0]
    digest = ("devices.overdue", {"count": "2"})
    assert house.told("clerk") == [digest]
    for days in (1, 5):
        house.days_pass(days)
        assert house.round() == 0, "nothing new, and not the province's yet"
    house.days_pass(1)
    assert [house.round(), house.round()] == [1, 0]
    assert house.told("desk") == [digest]
    assert [house.told(uid) for uid in ("other_agency", "stranger", "agency")] == [[], [], []]
    assert [(sub, detail) for sub, _, detail in events_of(house.database, "devices.overdue")] == [
        (house.subs["clerk"], {"unit": "H30.11", "count": 2}), (house.subs["desk"], {"unit": "", "count": 2})]


def test_where_an_agency_has_nobody_the_province_is_told_at_once_and_somebody_new_there_is_told_too(house: Late) -> None:
    house.due("HSM-1", "agency", for_agency=True)
    house.days_pass(8)
    assert house.round() == 1
    assert house.told("desk") == [("devices.overdue", {"count": "1"})]
    house.answers("agency2", "H30.11", Role.AGENCY)
    assert [house.round(), house.round()] == [1, 0]
    assert house.told("agency2") == [("devices.overdue", {"count": "1"})]


def test_an_agency_hears_once_a_day_of_what_is_new_and_of_nothing_that_came_back(house: Late) -> None:
    first = house.due("HSM-1", "agency", for_agency=True)
    house.answers("clerk", "H30.11")
    house.days_pass(1)
    house.due("HSM-2", "agency", for_agency=True)
    house.days_pass(7)
    assert house.round() == 1
    house.clock.advance(12 * 3600)
    assert house.round() == 0, "the second was due at five on the same day"
    house.days_pass(1)
    house.register.take_back(house.actor("desk"), first.device_id, "08/1", CALLER)
    assert house.round() == 1
    assert house.told("clerk") == [("devices.overdue", {"count": "1"}), ("devices.overdue", {"count": "1"})]


def test_of_workers_at_once_one_tells_an_agency(house: Late) -> None:
    house.due("HSM-1", "agency", for_agency=True)
    house.answers("clerk", "H30.11")
    house.days_pass(8)
    ready, told = threading.Barrier(3), list[int]()
    threads = [threading.Thread(target=lambda: (ready.wait(), told.append(house.round()))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(told) == 1
    assert len(house.told("clerk")) == 1


def test_who_may_report_a_loss_answers_for_devices(database: Database) -> None:
    groups, mirror = RoleGroups(), SqlOfficers(database, clock := FakeClock(MONDAY))
    subs = {uid: mirror.remember(make_officer(uid, groups=of, posts=(ELSEWHERE if post is None else post,), **more), now=MONDAY)
            for uid, of, post, more in (
                ("admin", (groups.agency,), None, {}), ("clerk", (groups.clerks,), None, {}),
                ("both", (groups.clerks, groups.agency), None, {}), ("registration", (groups.registration,), None, {}),
                ("help", (groups.help_desk,), None, {}), ("wide", (groups.clerks, groups.province), None, {}),
                ("gone", (groups.clerks,), None, {"disabled": True}),
                ("top", (groups.clerks,), Post("H30", "", "Tỉnh", "x"), {}))}
    found = SqlAgencyAdministrators(database, groups, clock).for_devices()
    assert [(who.sub, who.unit, who.role) for who in sorted(found, key=lambda who: list(subs.values()).index(who.sub))] == [
        (subs["admin"], "H30.12", Role.AGENCY), (subs["clerk"], "H30.12", Role.CLERK), (subs["both"], "H30.12", Role.AGENCY)]
