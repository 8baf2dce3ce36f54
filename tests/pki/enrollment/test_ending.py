"""Blocked at once, revoked by the issuer, and the device brought back."""

from __future__ import annotations

import pytest

from idp.adapters.sql.database import Database
from idp.adapters.sql.notices import SqlNotices
from idp.adapters.sql.pki.devices import SqlDevices
from idp.adapters.sql.pki.enrollments import SqlEnrollments
from idp.audit import Caller
from idp.pki.enrollment.guards import possible
from idp.pki.enrollment.moves import Actor
from idp.pki.enrollment.record import DeviceKind, Enrollment
from idp.pki.enrollment.states import Act, State

from .house import CALLER, LAST_DAY, House
from .test_desk import refused

FEED = Caller("directory", "directory")


@pytest.fixture
def house(database: Database) -> House:
    return House(SqlEnrollments(database), SqlDevices(database))


@pytest.mark.parametrize("uid", ["holder", "agency", "desk"])
def test_a_loss_blocks_at_once_whoever_reports_it(house: House, uid: str) -> None:
    found = house.brought(State.ACTIVE)
    assert house.ending.may_sign("5401ab", "CN=CA", found.holder)
    blocked = house.ending.report_loss(house.actor(uid), found.enrollment_id, CALLER)
    assert (blocked.state, blocked.reason) == (State.REVOCATION_REQUESTED, "device_lost")
    assert not house.ending.may_sign("5401ab", "CN=CA", found.holder)
    assert refused(lambda: house.ending.report_loss(house.actor(uid), found.enrollment_id, CALLER)) == "wrong_state"


def test_who_may_sign(house: House) -> None:
    found = house.brought(State.HANDED_OVER)
    assert not house.ending.may_sign("5401ab", "CN=CA", found.holder)
    found = house.custody.waive(house.actor("desk2"), found.enrollment_id, "x", CALLER)
    assert house.ending.may_sign("5401ab", "CN=CA", found.holder)
    assert not house.ending.may_sign("5401ab", "CN=CA", house.subs["agency"])
    assert not house.ending.may_sign("5401ab", "CN=Another", found.holder)
    assert not house.ending.may_sign("", "", found.holder)
    assert [one.serial for one in house.ending.signing(found.holder)] == ["5401ab"]
    house.clock.advance(LAST_DAY - house.clock.now())
    assert not house.ending.may_sign("5401ab", "CN=CA", found.holder)
    assert not house.ending.signing(found.holder)


def test_suspended_and_back_locked_and_back(house: House) -> None:
    number = house.brought(State.ACTIVE).enrollment_id
    assert refused(lambda: house.ending.suspend(house.actor("agency"), number, "x", CALLER)) == "not_yours"
    assert house.ending.suspend(house.actor("desk"), number, "xác minh", CALLER).reason == "xác minh"
    assert not house.ending.may_sign("5401ab", "CN=CA", house.subs["holder"])
    assert refused(lambda: house.ending.resume(house.actor("holder"), number, CALLER)) == "not_yours"
    assert house.ending.resume(house.actor("desk"), number, CALLER).state is State.ACTIVE
    assert house.ending.lock(house.actor("holder"), number, CALLER).state is State.LOCKED
    assert not house.ending.may_sign("5401ab", "CN=CA", house.subs["holder"])
    assert refused(lambda: house.ending.unlock(house.actor("holder"), number, CALLER)) == "not_yours"
    assert house.ending.unlock(house.actor("desk"), number, CALLER).state is State.ACTIVE


def test_revoked_and_the_device_returned_or_recorded_as_lost(house: House) -> None:
    number = house.brought(State.ACTIVE).enrollment_id
    house.ending.ask_revocation(house.actor("agency"), number, "Nghỉ hưu", CALLER)
    assert refused(lambda: house.ending.revoked(house.actor("agency"), number, "1/CV", CALLER)) == "not_yours"
    revoked = house.ending.revoked(house.actor("desk"), number, "1/CV", CALLER)
    assert (revoked.state, revoked.turn) == (State.REVOKED, "holder")
    assert refused(lambda: house.ending.device_returned(house.actor("holder"), number, "08/BB", CALLER)) == "not_yours"
    assert house.ending.device_returned(house.actor("desk"), number, "08/BB", CALLER).record == "08/BB"
    assert refused(lambda: house.ending.device_lost(house.actor("desk"), number, "09/BB", CALLER)) == "wrong_state"


def test_a_lost_device_is_recorded(house: House) -> None:
    number = house.brought(State.ACTIVE).enrollment_id
    house.ending.report_loss(house.actor("holder"), number, CALLER)
    house.ending.revoked(house.actor("desk"), number, "1/CV", CALLER)
    assert house.ending.device_lost(house.actor("desk"), number, "09/BB", CALLER).state is State.DEVICE_LOST


@pytest.mark.parametrize(("way", "act"), [("resume", Act.RESUME), ("unlock", Act.UNLOCK), ("returned", Act.RETURN_DEVICE),
                                          ("lost", Act.RECORD_LOSS)])
def test_the_desk_lets_nobody_set_their_own_certificate_right(house: House, way: str, act: Act) -> None:
    number = house.brought(State.HANDED_OVER, "desk2").enrollment_id
    house.custody.waive(house.actor("desk3"), number, "x", CALLER)
    mine, other = house.actor("desk2"), house.actor("desk3")
    if way == "resume":
        house.ending.suspend(other, number, "kiểm tra", CALLER)
    elif way == "unlock":
        house.ending.lock(mine, number, CALLER)
    else:
        house.ending.ask_revocation(mine, number, "x", CALLER)
        house.ending.revoked(other, number, "1", CALLER)

    def do(who: Actor) -> Enrollment:
        return {"resume": lambda: house.ending.resume(who, number, CALLER),
                "unlock": lambda: house.ending.unlock(who, number, CALLER),
                "returned": lambda: house.ending.device_returned(who, number, "8", CALLER),
                "lost": lambda: house.ending.device_lost(who, number, "9", CALLER)}[way]()

    before = house.found(number)
    assert act not in possible(house.moves, mine, before)
    assert act in possible(house.moves, other, before)
    assert refused(lambda: do(mine)) == "same_person"
    assert house.found(number) == before
    assert do(other).state is not before.state


def test_time_ends_certificates_once(house: House) -> None:
    found = house.brought(State.ACTIVE)
    assert house.ending.expire(FEED, most=10) == 0
    house.clock.advance(LAST_DAY - house.clock.now())
    assert house.ending.expire(FEED, most=10) == 1
    assert house.ending.expire(FEED, most=10) == 0
    assert house.found(found.enrollment_id).state is State.EXPIRED
    assert house.store.history(found.enrollment_id)[-1].part == "system"


def test_a_leaver_has_requests_cancelled_and_certificates_blocked(house: House) -> None:
    active = house.brought(State.ACTIVE)
    asked = house.asked(device_kind=DeviceKind.SIM)
    sent = house.brought(State.SENT, device_kind=DeviceKind.SOFTWARE)
    assert house.ending.leave(active.holder, FEED) == 2
    assert house.ending.leave(active.holder, FEED) == 0
    assert [house.found(one.enrollment_id).state for one in (active, asked, sent)] == [
        State.REVOCATION_REQUESTED, State.CANCELLED, State.SENT]
    assert house.found(active.enrollment_id).reason == "cessation"


def test_the_holder_is_told(house: House, database: Database) -> None:
    number = house.brought(State.ACTIVE).enrollment_id
    house.ending.report_loss(house.actor("agency"), number, CALLER)
    told = SqlNotices(database).of(house.subs["holder"], limit=10)
    assert [one.kind.value for one in told] == ["certificate.blocked", "certificate.active", "certificate.handed_over",
                                                "certificate.ready"]
    assert {one.detail["number"] for one in told} == {number}
