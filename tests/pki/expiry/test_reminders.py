"""Who is told before certificates end: once at each threshold, the nearest alone, and administrators once a day."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import date

import pytest
from sqlalchemy import select

from idp.adapters.sql.database import Database
from idp.adapters.sql.directory.administrators import SqlAgencyAdministrators
from idp.adapters.sql.directory.officers import SqlOfficers
from idp.adapters.sql.notices import SqlNotices
from idp.adapters.sql.pki.devices import SqlDevices
from idp.adapters.sql.pki.enrollments import SqlEnrollments
from idp.adapters.sql.pki.expiry import SqlReminders
from idp.adapters.sql.tables import ExpiryNoticeRow
from idp.audit import Caller
from idp.directory.officer import Post
from idp.notices import NoticeKind, Told
from idp.pki.enrollment.record import DeviceKind, Enrollment, Kind, Purpose
from idp.pki.enrollment.states import State
from idp.pki.enrollment.working_days import day_of, start_of
from idp.pki.expiry.reminders import Reminders
from idp.roles import Administrator, Role, RoleGroups
from tests.audit_desk import events_of
from tests.fakes.clock import FakeClock
from tests.fakes.directory import make_officer
from tests.pki.enrollment.house import CALLER, ELSEWHERE, LAST_DAY, MONDAY, House
from tests.pki.expiry.records import put

WORKER = Caller("worker", "worker")
DAY = 86400


class Expiring(House):
    """The desk, with those who are told."""

    def __init__(self, database: Database) -> None:
        super().__init__(SqlEnrollments(database), SqlDevices(database))
        self.told_store, self.notices, self.database = SqlReminders(database), SqlNotices(database), database
        self.looking_after: list[Administrator] = []
        self.reminders = Reminders(self.told_store, self.mirror, self, self.clock)

    def all(self) -> Sequence[Administrator]:
        return self.looking_after

    def looks_after(self, uid: str, unit: str) -> None:
        self.looking_after.append(Administrator(role=Role.AGENCY, client_id="", sub=self.subs[uid], unit=unit))

    def night(self, most: int = 500) -> int:
        return self.reminders.remind(WORKER, most=most)

    def told(self, uid: str = "holder", kind: NoticeKind = NoticeKind.CERTIFICATE_EXPIRING) -> list[Told]:
        return [one for one in reversed(self.notices.of(self.subs[uid], limit=50)) if one.kind is kind]

    def lefts(self, uid: str = "holder") -> list[str]:
        return [one.detail["left"] for one in self.told(uid)]

    def at(self, days: int, *, hour: int = 0) -> None:
        """Let it be so many days before the day of the end, at an hour of offices here."""
        moment = start_of(day_of(LAST_DAY)) - days * DAY + hour * 3600
        self.clock.advance(moment - self.clock.now())

    def renewal(self, found: Enrollment, uid: str = "holder", *, purpose: Purpose = Purpose.RENEW,
                submit: bool = True) -> Enrollment:
        return self.desk.ask(self.actor("agency"), self.wish(uid, purpose=purpose, replaces=found.enrollment_id), CALLER,
                             submit=submit)


@pytest.fixture
def house(database: Database) -> Expiring:
    return Expiring(database)


def test_the_holder_is_told_at_sixty_thirty_and_seven_days_each_once(house: Expiring) -> None:
    number = house.brought(State.ACTIVE).enrollment_id
    for days in (61, 60, 59, 31, 30, 29, 8, 7, 6, 0):
        house.at(days)
        house.night()
        house.night()
    assert house.lefts() == ["60", "30", "7"]
    assert {one.detail["number"] for one in house.told()} == {number}
    assert {one.detail["ends"] for one in house.told()} == {str(LAST_DAY)}
    assert [detail["days"] for _, _, detail in events_of(house.database, "certificate.expiring")] == [60, 30, 7]


def test_the_first_notice_comes_on_the_first_day_on_which_a_renewal_is_taken(house: Expiring) -> None:
    found = house.brought(State.ACTIVE)
    house.at(61, hour=23)
    assert house.night() == 0
    with pytest.raises(Exception, match="60 days"):
        house.renewal(found)
    house.at(60)
    assert house.night() == 1
    assert house.renewal(found).state is State.SUBMITTED


@pytest.mark.parametrize("days", [45, 30, 3])
def test_after_a_standstill_the_nearest_alone_is_told(house: Expiring, days: int) -> None:
    house.brought(State.ACTIVE)
    house.at(days)
    assert (house.night(), house.night()) == (1, 0)
    assert house.lefts() == [str(days)]


def test_a_clock_that_is_set_back_tells_nothing_again(house: Expiring) -> None:
    house.brought(State.ACTIVE)
    house.at(6)
    house.night()
    house.at(29)
    assert house.night() == 0
    assert house.lefts() == ["6"]
    until = {60: LAST_DAY + DAY, 30: LAST_DAY + DAY, 7: 0}
    assert house.told_store.untold(house.subs["holder"], house.clock.now(), until) == []
    assert house.told_store.holders(house.clock.now(), until, 0, limit=5) == []  # else it would stand in the others' way


def test_nothing_is_told_of_what_ended_or_is_not_in_use_yet_or_to_who_has_left(house: Expiring) -> None:
    kinds = [DeviceKind.TOKEN, DeviceKind.SIM, DeviceKind.HSM, DeviceKind.SOFTWARE]
    blocked, ended = (house.brought(State.ACTIVE, device_kind=kind).enrollment_id for kind in kinds[:2])
    house.brought(State.HANDED_OVER, device_kind=kinds[2])
    house.brought(State.READY, device_kind=kinds[3])
    for uid in ("departed", "disabled"):
        house.subs[uid] = house.joined(uid)
        house.brought(State.ACTIVE, uid)
    house.at(20)
    for number in (blocked, ended):
        house.ending.ask_revocation(house.actor("desk"), number, "x", CALLER)
    house.ending.revoked(house.actor("desk"), ended, "1", CALLER)
    house.mirror.rows = {key: row for key, row in house.mirror.rows.items() if row.sub != house.subs["departed"]}
    house.mirror.remember(make_officer("disabled", disabled=True), now=house.clock.now())
    assert house.night() == 0


def test_nothing_is_told_in_the_moment_in_which_a_certificate_ends(house: Expiring) -> None:
    house.brought(State.ACTIVE)
    house.clock.advance(LAST_DAY - house.clock.now())
    assert house.night() == 0
    house.clock.advance(-1)
    assert house.night() == 1


@pytest.mark.parametrize("purpose", [Purpose.RENEW, Purpose.CHANGE])
def test_nothing_is_told_once_what_follows_was_handed_in(house: Expiring, purpose: Purpose) -> None:
    found = house.brought(State.ACTIVE)
    house.at(60)
    house.night()
    house.renewal(found, purpose=purpose)
    house.at(30)
    assert house.night() == 0
    assert house.lefts() == ["60"]


def test_a_renewal_that_was_returned_or_is_a_draft_keeps_nobody_from_being_told(house: Expiring) -> None:
    found = house.brought(State.ACTIVE)
    house.at(60)
    draft = house.renewal(found, submit=False)
    assert house.night() == 1
    house.desk.submit(house.actor("agency"), draft.enrollment_id, CALLER)
    house.at(30)
    assert house.night() == 0
    house.desk.send_back(house.actor("agency2"), draft.enrollment_id, "thiếu ngày cấp", CALLER)
    assert house.night() == 1
    assert house.lefts() == ["60", "30"]


def test_what_is_handed_in_between_reading_and_telling_is_not_told_of(house: Expiring) -> None:
    found = house.brought(State.ACTIVE)
    house.at(30)
    until = {60: LAST_DAY * 2, 30: LAST_DAY * 2, 7: 0}
    read = house.told_store.untold(house.subs["holder"], house.clock.now(), until)
    assert [one.enrollment_id for one in read] == [found.enrollment_id]
    house.told_store.untold = lambda *_a: house.renewal(found) and read  # type: ignore[method-assign]
    assert house.night() == 0
    assert house.told() == []


def test_of_workers_at_once_one_tells(house: Expiring) -> None:
    house.brought(State.ACTIVE)
    house.brought(State.ACTIVE, device_kind=DeviceKind.SIM)
    house.looks_after("agency", "H30.11")
    house.at(30)
    ready, told = threading.Barrier(3), []

    def work() -> None:
        ready.wait()
        told.append(house.night())

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(told) == 2
    assert [one.detail for one in house.told(kind=NoticeKind.OWN_CERTIFICATES_EXPIRING)] == [
        {"count": "2", "ends": str(LAST_DAY), "left": "30"}]
    assert len(house.told("agency", NoticeKind.CERTIFICATES_EXPIRING)) == 1
    row = ExpiryNoticeRow.__table__.c
    assert sorted(row.days for row in house.database.read(select(row.days)).all()) == [30, 30]


def test_a_round_tells_so_many_at_most_and_administrators_when_all_were_told(house: Expiring) -> None:
    house.subs["second"] = house.joined("second")
    for uid in ("holder", "second"):
        house.brought(State.ACTIVE, uid)
    house.looks_after("agency", "H30.11")
    house.at(30)
    assert [house.night(most=1) for _ in range(4)] == [1, 1, 1, 0]
    assert len(house.told("agency", NoticeKind.CERTIFICATES_EXPIRING)) == 1


def test_administrators_have_one_notice_for_all_of_their_agency_and_of_no_other(house: Expiring) -> None:
    people = [house.joined(uid, posts=(Post("H30.11.2", "", "Phòng", "Chuyên viên"),)) for uid in ("one", "two", "three")]
    house.subs |= dict(zip(("one", "two", "three"), people, strict=True))
    found = [house.brought(State.ACTIVE, uid) for uid in ("one", "two", "three", "holder")]
    for uid, unit in (("agency", "H30.11"), ("agency2", "H30.11.2"), ("other_agency", "H30.12"), ("stranger", "H30.1")):
        house.looks_after(uid, unit)
    house.at(30)
    house.renewal(found[2], "three")
    assert house.night() == 3 + 2
    digests = {uid: [one.detail for one in house.told(uid, NoticeKind.CERTIFICATES_EXPIRING)]
               for uid in ("agency", "agency2", "other_agency", "stranger")}
    assert digests == {"agency": [{"count": "3", "soon": "0"}], "agency2": [{"count": "2", "soon": "0"}], "other_agency": [],
                       "stranger": []}
    house.at(12)
    assert house.night() == 0
    house.at(7)
    assert house.night() == 3 + 2
    assert house.told("agency", NoticeKind.CERTIFICATES_EXPIRING)[-1].detail == {"count": "3", "soon": "3"}
    assert len(events_of(house.database, "certificates.expiring")) == 4


def test_what_comes_after_the_days_notice_is_told_of_on_the_next_day_and_once(house: Expiring) -> None:
    house.brought(State.ACTIVE)
    house.looks_after("agency", "H30.11")
    house.at(30, hour=8)
    assert house.night() == 2
    house.brought(State.ACTIVE, device_kind=DeviceKind.SIM)
    house.at(30, hour=11)
    assert house.night() == 0, "one notice a day for everybody"
    house.at(29)
    assert house.night() == 2
    assert house.lefts() == ["30", "29"]
    assert [one.detail["count"] for one in house.told("agency", NoticeKind.CERTIFICATES_EXPIRING)] == ["1", "2"]
    house.at(28)
    assert house.night() == 0


def test_forty_certificates_of_one_keeper_are_one_notice_a_day_and_each_is_told_of_once(house: Expiring) -> None:
    numbers = {put(house.store, "H30.11", LAST_DAY + n, holder=house.subs["holder"], kind=Kind.SERVICE).enrollment_id
               for n in range(40)}
    house.subs["other"] = house.joined("other")
    put(house.store, "H30.11", LAST_DAY, holder=house.subs["other"])
    house.at(30)
    assert [house.night(), house.night()] == [2, 0]
    assert [one.detail for one in house.told(kind=NoticeKind.OWN_CERTIFICATES_EXPIRING)] == [
        {"count": "40", "ends": str(LAST_DAY), "left": "30"}]
    assert house.told() == []
    assert len(house.told("other")) == 1
    told = [detail for sub, _, detail in events_of(house.database, "certificate.expiring") if sub == house.subs["holder"]]
    assert [(one["count"], one["days"], len(one["number"].split())) for one in told] == [(40, 30, 20)]
    row = ExpiryNoticeRow.__table__.c
    assert numbers <= {row.enrollment_id for row in house.database.read(select(row.enrollment_id)).all()}
    house.at(29)
    assert house.night() == 0
    house.at(7)
    assert house.night() == 2


def test_an_administrator_whose_notice_was_not_written_has_it_the_next_time(house: Expiring) -> None:
    house.brought(State.ACTIVE)
    house.at(30)
    house.night()  # nobody looks after the agency yet, as after an end of the process between holders and administrators
    house.looks_after("agency", "H30.11")
    house.at(29)
    assert house.night() == 1
    assert house.night() == 0


def test_nobody_is_told_of_an_agency_whose_renewals_were_all_handed_in(house: Expiring) -> None:
    found = house.brought(State.ACTIVE)
    house.looks_after("agency", "H30.11")
    house.at(30)
    house.reminders.remind(WORKER, most=1)
    house.renewal(found)
    assert house.night() == 0


def test_who_looks_after_agencies_stands_in_the_directorys_groups(database: Database) -> None:
    clock = FakeClock(MONDAY)
    mirror = SqlOfficers(database, clock)
    groups = RoleGroups(agency="quan_tri 100%")
    subs = {uid: mirror.remember(make_officer(uid, groups=of, posts=(post,), **more), now=MONDAY) for uid, of, post, more in (
        ("one", ("quan_tri 100%",), ELSEWHERE, {}), ("wide", ("quan_tri 100%", groups.province), ELSEWHERE, {}),
        ("like", ("quanxtri 100%",), ELSEWHERE, {}), ("gone", ("quan_tri 100%",), ELSEWHERE, {"disabled": True}),
        ("none", ("khac",), ELSEWHERE, {}), ("top", ("quan_tri 100%",), Post("H30", "", "Tỉnh", "x"), {}))}
    found = SqlAgencyAdministrators(database, groups, clock).all()
    assert [(who.sub, who.unit, who.role) for who in found] == [(subs["one"], "H30.12", Role.AGENCY)]


def test_days_are_those_of_offices_here(house: Expiring) -> None:
    # 17:00 UTC is the next day in offices here.
    assert (day_of(start_of(date(2026, 11, 28)) - 1), day_of(start_of(date(2026, 11, 28)))) == (
        date(2026, 11, 27), date(2026, 11, 28))
