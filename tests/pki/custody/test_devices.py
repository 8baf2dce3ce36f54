"""One account of devices: who has what, by which record, and nothing that two people have."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from idp.adapters.sql.database import Database
from idp.adapters.sql.pki.devices import SqlDevices
from idp.adapters.sql.pki.enrollments import SqlEnrollments
from idp.audit import AuditEvent, AuditRecord
from idp.errors import RefusedError
from idp.pki.custody.device import STEPS, Device, DeviceSearch, DeviceState, Handling, HandlingError, handled
from idp.pki.enrollment.moves import Actor
from idp.pki.enrollment.record import DeviceKind, Enrollment, Purpose
from idp.pki.enrollment.states import Act, State
from tests.pki.enrollment.house import CALLER, IDENTITY, LAST_DAY, MONDAY, House, certificate

KEY = certificate()


@pytest.fixture
def house(database: Database) -> House:
    return House(SqlEnrollments(database), SqlDevices(database))


def refused(do: Callable[[], object]) -> str:
    with pytest.raises(RefusedError) as caught:
        do()
    return caught.value.code


def of(house: House, serial: str = "TK-0001", kind: str = "token") -> Device:
    found = house.devices.by_serial(kind, serial)
    assert found is not None
    return found


def lines(house: House, device: Device) -> list[tuple[str, str, str]]:
    return [(line.handling, line.form, line.record) for line in house.devices.history(device.device_id)]


# Steps

@pytest.mark.parametrize("handling", Handling)
@pytest.mark.parametrize("state", DeviceState)
def test_what_is_not_in_the_table_is_refused(state: DeviceState, handling: Handling) -> None:
    device = Device(device_id="d", kind="token", serial="TK-0001", state=state, holder="a", since=1)

    def do() -> Any:
        return handled(device, handling, at=2, actor="x", receiver="a")

    if (state, handling) in STEPS:
        assert do().after.state is STEPS[state, handling]
    else:
        with pytest.raises(HandlingError, match="does not take"):
            do()


def test_a_device_that_somebody_has_is_handed_to_nobody_else() -> None:
    device = Device(device_id="d", kind="hsm", serial="H-0001", state=DeviceState.HANDED_OVER, unit_code="H30.11", since=1)
    assert refused(lambda: handled(device, Handling.HAND_OVER, at=2, actor="x", receiver="a", holder="", unit_code="H30.12")) == \
        "held_by_another"
    assert handled(device, Handling.HAND_OVER, at=2, actor="x", receiver="a", holder="", unit_code="H30.11").after.revision == 1


# Devices of certificates: the desk's own steps

def test_a_device_goes_the_way_of_its_certificate(house: House) -> None:
    enrollment = house.brought(State.ACTIVE)
    device = of(house)
    assert (device.state, device.holder, device.unit_code, device.enrollment_id, device.record) == (
        DeviceState.HANDED_OVER, enrollment.holder, "H30.11", enrollment.enrollment_id, "07/BB")
    house.ending.ask_revocation(house.actor("agency"), enrollment.enrollment_id, "Nghỉ hưu", CALLER)
    revoked = house.ending.revoked(house.actor("desk"), enrollment.enrollment_id, "1/CV", CALLER)
    assert (of(house).state, of(house).due_at) == (DeviceState.RETURN_DUE, revoked.due_at)
    assert revoked.due_at == house.moves.calendar.deadline(house.clock.now(), 5)
    house.ending.device_returned(house.actor("desk"), enrollment.enrollment_id, "08/BB", CALLER)
    device = of(house)
    assert (device.state, device.holder, device.enrollment_id, device.due_at) == (DeviceState.RETURNED, "", "", None)
    assert lines(house, device) == [("register", "", ""), ("reserve", "", ""), ("hand_over", "07", "07/BB"),
                                    ("demand_return", "", ""), ("take_back", "08", "08/BB")]
    given, back = house.devices.history(device.device_id)[2], house.devices.history(device.device_id)[-1]
    assert (given.giver, given.receiver) == (house.subs["desk"], house.subs["holder"])
    assert (back.giver, back.receiver) == (house.subs["holder"], house.subs["desk"])


@pytest.mark.parametrize("uid", ["holder", "agency", "desk"])
def test_a_loss_reported_by_the_device_blocks_the_certificate_at_once(house: House, uid: str) -> None:
    enrollment = house.brought(State.ACTIVE)
    assert house.ending.may_sign("5401ab", "CN=CA", enrollment.holder)
    lost = house.register.report_loss(house.actor(uid), of(house).device_id, CALLER)
    assert (lost.state, lost.holder) == (DeviceState.LOST, enrollment.holder)
    assert house.found(enrollment.enrollment_id).state is State.REVOCATION_REQUESTED
    assert not house.ending.may_sign("5401ab", "CN=CA", enrollment.holder)
    assert refused(lambda: house.register.report_loss(house.actor(uid), lost.device_id, CALLER)) == "wrong_state"


def test_a_loss_reported_by_the_certificate_loses_the_device(house: House) -> None:
    enrollment = house.brought(State.ACTIVE)
    house.ending.report_loss(house.actor("holder"), enrollment.enrollment_id, CALLER)
    assert of(house).state is DeviceState.LOST
    desk = house.actor("desk")
    assert refused(lambda: house.register.record_loss(desk, of(house).device_id, "09/BB", CALLER)) == "still_in_use"
    house.ending.revoked(desk, enrollment.enrollment_id, "1/CV", CALLER)
    assert of(house).state is DeviceState.LOST
    house.register.record_loss(desk, of(house).device_id, "09/BB", CALLER)
    assert house.found(enrollment.enrollment_id).state is State.DEVICE_LOST
    assert lines(house, of(house))[-1] == ("record_loss", "09", "09/BB")


@pytest.mark.parametrize("uid", ["stranger", "other_agency", "auditor"])
def test_others_report_no_loss(house: House, uid: str) -> None:
    enrollment = house.brought(State.ACTIVE)
    assert refused(lambda: house.register.report_loss(house.actor(uid), of(house).device_id, CALLER)) in {
        "unknown_device", "not_yours"}
    assert house.found(enrollment.enrollment_id).state is State.ACTIVE


def test_a_device_that_another_has_is_received_for_nobody(house: House) -> None:
    house.brought(State.ACTIVE)
    other = house.brought(State.ISSUED, "auditor")
    house.moves.move(house.actor("desk"), other, Act.COMPLETE, CALLER, device_serial="")
    assert refused(lambda: house.custody.receive(house.actor("desk"), other.enrollment_id, "TK-0001", CALLER)) == "another_holder"
    assert house.found(other.enrollment_id).state is State.ISSUED
    assert of(house).holder == house.subs["holder"]


def test_a_device_is_renewed_in_its_holders_hand(house: House) -> None:
    old = house.brought(State.ACTIVE)
    house.near_the_end()
    house.printed = iter([1])  # type: ignore[assignment]
    new = house.brought(State.ACTIVE, purpose=Purpose.RENEW, replaces=old.enrollment_id)
    assert house.found(old.enrollment_id).state is State.SUPERSEDED
    assert (of(house).state, of(house).enrollment_id, of(house).due_at) == (DeviceState.HANDED_OVER, new.enrollment_id, None)


def renewed(house: House, to: State) -> tuple[Enrollment, Enrollment]:
    """Give a certificate in use, and its renewal in the same device, brought as far as a state."""
    old = house.brought(State.ACTIVE)
    house.near_the_end()
    house.printed = itertools.count(1)
    return old, house.brought(to, purpose=Purpose.RENEW, replaces=old.enrollment_id, identity=KEY)


@pytest.mark.parametrize("to", [State.ISSUED, State.READY, State.HANDED_OVER])
@pytest.mark.parametrize("way", ["old number", "new number", "device"])
def test_a_loss_blocks_every_certificate_in_the_device_whatever_was_named(house: House, way: str, to: State) -> None:
    old, new = renewed(house, to)
    other = house.brought(State.ACTIVE, device_kind=DeviceKind.SIM, identity=certificate())
    assert house.ending.may_sign(old.serial, "CN=CA", old.holder)
    if way == "device":
        house.register.report_loss(house.actor("holder"), of(house).device_id, CALLER)
    else:
        named = old if way == "old number" else new
        told = house.ending.report_loss(house.actor("holder"), named.enrollment_id, CALLER)
        assert (told.enrollment_id, told.state, told.reason) == (named.enrollment_id, State.REVOCATION_REQUESTED, "device_lost")
    assert [house.found(one.enrollment_id).state for one in (old, new, other)] == [
        State.REVOCATION_REQUESTED, State.REVOCATION_REQUESTED, State.ACTIVE]
    assert not house.ending.may_sign(old.serial, "CN=CA", old.holder)
    assert of(house).state is DeviceState.LOST
    assert [line[0] for line in lines(house, of(house))].count("report_loss") == 1
    assert refused(lambda: house.ending.report_loss(house.actor("holder"), old.enrollment_id, CALLER)) == "wrong_state"


def test_a_loss_reported_on_what_is_blocked_already_blocks_what_still_signs(house: House) -> None:
    old, new = renewed(house, State.HANDED_OVER)
    house.ending.ask_revocation(house.actor("holder"), new.enrollment_id, "Sai tên", CALLER)
    told = house.ending.report_loss(house.actor("holder"), new.enrollment_id, CALLER)
    assert (told.enrollment_id, told.reason) == (new.enrollment_id, "Sai tên")
    assert house.found(old.enrollment_id).state is State.REVOCATION_REQUESTED
    assert of(house).state is DeviceState.LOST


def test_what_signs_is_blocked_first_and_others_are_blocked_though_one_changes(house: House,
                                                                               monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = renewed(house, State.HANDED_OVER)
    house.clock.advance(1)
    order: list[str] = []
    move = house.store.move

    def watched(before: Enrollment, after: Enrollment, *more: Any) -> bool:
        order.append(before.enrollment_id)
        if len(order) == 1:  # somebody confirms the receipt of the other one just before it is blocked
            monkeypatch.setattr(house.store, "move", move)
            house.custody.confirm(house.actor("holder"), new.enrollment_id, CALLER)
            monkeypatch.setattr(house.store, "move", watched)
        return move(before, after, *more)

    monkeypatch.setattr(house.store, "move", watched)
    house.ending.report_loss(house.actor("holder"), new.enrollment_id, CALLER)
    assert order[0] == old.enrollment_id
    assert {house.found(one.enrollment_id).state for one in (old, new)} == {State.REVOCATION_REQUESTED}


def test_nobody_elses_device_is_lost_whatever_a_certificate_names(house: House) -> None:
    mine, other = house.brought(State.ACTIVE), house.brought(State.ISSUED, "auditor")
    house.moves.move(house.actor("desk"), other, Act.COMPLETE, CALLER, device_serial="TK-0001")
    house.ending.report_loss(house.actor("desk"), other.enrollment_id, CALLER)
    assert [house.found(one.enrollment_id).state for one in (mine, other)] == [State.ACTIVE, State.REVOCATION_REQUESTED]
    assert of(house).state is DeviceState.HANDED_OVER


def test_nobody_elses_certificate_is_blocked(house: House) -> None:
    mine, other = house.brought(State.ACTIVE), house.brought(State.ISSUED, "auditor")
    house.moves.move(house.actor("desk"), other, Act.COMPLETE, CALLER, device_serial="TK-0001")
    house.register.report_loss(house.actor("desk"), of(house).device_id, CALLER)
    assert [house.found(one.enrollment_id).state for one in (mine, other)] == [State.REVOCATION_REQUESTED, State.ISSUED]


@pytest.mark.parametrize("way", ["signature", "waiver"])
def test_nothing_is_activated_in_a_device_that_is_lost(house: House, way: str) -> None:
    found = house.brought(State.HANDED_OVER, identity=KEY)
    device = of(house)
    # As it stood before losses blocked everything in a device.
    assert house.devices.change(handled(device, Handling.REPORT_LOSS, at=MONDAY, actor=""), AuditRecord(
        AuditEvent.DEVICE_HANDLED, MONDAY))

    def activate() -> Enrollment:
        if way == "waiver":
            return house.custody.waive(house.actor("desk2"), found.enrollment_id, "máy đọc thẻ hỏng", CALLER)
        return house.custody.activate(house.actor("holder"), found.enrollment_id,
                                      KEY.key.sign(found.challenge.encode(), ec.ECDSA(SHA256())), CALLER)

    assert refused(activate) == "device_lost"
    assert house.found(found.enrollment_id).state is State.HANDED_OVER
    house.register.report_loss(house.actor("agency"), device.device_id, CALLER)
    assert house.found(found.enrollment_id).state is State.REVOCATION_REQUESTED


@pytest.mark.parametrize("way", ["resume", "unlock"])
def test_nothing_signs_again_in_a_device_that_is_lost(house: House, way: str) -> None:
    number, desk = house.brought(State.ACTIVE).enrollment_id, house.actor("desk")
    if way == "resume":
        house.ending.suspend(desk, number, "kiểm tra", CALLER)
    else:
        house.ending.lock(house.actor("holder"), number, CALLER)
    before = house.found(number)
    # As it stood before losses blocked everything in a device.
    assert house.devices.change(handled(of(house), Handling.REPORT_LOSS, at=MONDAY, actor=""), AuditRecord(
        AuditEvent.DEVICE_HANDLED, MONDAY))
    assert refused(lambda: getattr(house.ending, way)(desk, number, CALLER)) == "device_lost"
    assert house.found(number) == before


def test_a_loss_says_so_when_others_keep_it_from_blocking_everything(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = renewed(house, State.HANDED_OVER)
    move = house.store.move
    monkeypatch.setattr(house.store, "move", lambda before, *more: before.enrollment_id != old.enrollment_id and move(before,
                                                                                                                     *more))
    for report in (lambda: house.ending.report_loss(house.actor("holder"), new.enrollment_id, CALLER),
                   lambda: house.register.report_loss(house.actor("desk"), of(house).device_id, CALLER)):
        assert refused(report) == "changed"
    monkeypatch.setattr(house.store, "move", move)
    house.register.report_loss(house.actor("desk"), of(house).device_id, CALLER)
    assert {house.found(one.enrollment_id).state for one in (old, new)} == {State.REVOCATION_REQUESTED}


def test_of_a_loss_and_an_activation_at_once_the_loss_prevails(house: House) -> None:
    old, new = renewed(house, State.HANDED_OVER)
    signature = KEY.key.sign(new.challenge.encode(), ec.ECDSA(SHA256()))
    ready, outcome = threading.Barrier(2), []

    def do(way: Callable[[], object]) -> None:
        ready.wait()
        try:
            way()
        except RefusedError as err:
            outcome.append(err.code)

    ways: list[Callable[[], object]] = [
        lambda: house.custody.activate(house.actor("holder"), new.enrollment_id, signature, CALLER),
        lambda: house.ending.report_loss(house.actor("holder"), new.enrollment_id, CALLER)]
    threads = [threading.Thread(target=do, args=(way,)) for way in ways]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert house.found(new.enrollment_id).state is State.REVOCATION_REQUESTED
    assert house.found(old.enrollment_id).state in {State.REVOCATION_REQUESTED, State.SUPERSEDED}
    assert of(house).state is DeviceState.LOST
    assert not house.ending.signing(new.holder)


def test_the_old_device_is_due_when_the_new_one_is_in_use(house: House) -> None:
    old = house.brought(State.ACTIVE)
    house.near_the_end()
    house.brought(State.ACTIVE, purpose=Purpose.RENEW, replaces=old.enrollment_id)
    assert (of(house).state, of(house, "TK-0002").state) == (DeviceState.RETURN_DUE, DeviceState.HANDED_OVER)
    assert of(house).due_at == house.found(old.enrollment_id).due_at


def test_a_device_that_was_never_fetched_is_free_again(house: House) -> None:
    enrollment = house.brought(State.READY)
    house.clock.advance(LAST_DAY - house.clock.now())
    assert house.ending.expire(CALLER, most=10) == 1
    assert (of(house).state, of(house).enrollment_id) == (DeviceState.IN_STOCK, "")
    assert house.found(enrollment.enrollment_id).state is State.EXPIRED


def test_software_has_no_device(house: House) -> None:
    house.brought(State.ACTIVE, device_kind=DeviceKind.SOFTWARE)
    assert not house.devices.page(DeviceSearch(), after="", limit=10)


@pytest.mark.parametrize("round_", range(2))
def test_one_device_has_one_holder_when_two_desks_receive_it_at_once(house: House, round_: int) -> None:
    first, second = house.brought(State.ISSUED), house.brought(State.ISSUED, "auditor")
    numbers = [house.moves.move(house.actor("desk"), one, Act.COMPLETE, CALLER, device_serial="").enrollment_id
               for one in (first, second)]
    outcome, ready = [], threading.Barrier(2)

    def receive(number: str) -> None:
        ready.wait()
        try:
            outcome.append(house.custody.receive(house.actor("desk"), number, f"tk-9{round_}00", CALLER).enrollment_id)
        except RefusedError as err:
            outcome.append(err.code)

    threads = [threading.Thread(target=receive, args=(number,)) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(code for code in outcome if code not in numbers) in (["another_holder"], ["changed"])
    [winner] = [number for number in outcome if number in numbers]
    assert of(house, f"TK-9{round_}00").enrollment_id == winner
    assert sorted(house.found(number).state for number in numbers) == [State.ISSUED, State.READY]


# Devices of nobody's certificate

def test_stock_is_handed_over_demanded_taken_back_and_stocked_again(house: House) -> None:
    desk = house.actor("desk")
    device, new = house.register.enter(desk, "hsm", "HSM-01", CALLER)
    assert new
    assert house.register.enter(desk, "hsm", "HSM-01", CALLER) == (device, False)
    given = house.register.hand_over(desk, device.device_id, receiver=house.subs["holder"], for_agency=True, record="07/1",
                                     caller=CALLER)
    assert (given.state, given.holder, given.unit_code) == (DeviceState.HANDED_OVER, "", "H30.11")
    assert refused(lambda: house.register.hand_over(desk, device.device_id, receiver=house.subs["stranger"], for_agency=False,
                                                    record="07/2", caller=CALLER)) == "held_by_another"
    due = house.register.demand(desk, device.device_id, CALLER)
    assert due.due_at == house.moves.calendar.deadline(MONDAY, 5)
    assert house.register.take_back(desk, device.device_id, "08/1", CALLER).unit_code == ""
    assert house.register.restock(desk, device.device_id, CALLER).state is DeviceState.IN_STOCK
    assert [line[0] for line in lines(house, device)] == ["register", "hand_over", "demand_return", "take_back", "restock"]


def test_a_device_of_a_request_goes_by_the_request_alone(house: House) -> None:
    desk = house.actor("desk")
    house.brought(State.READY)
    number = of(house).device_id
    assert refused(lambda: house.register.hand_over(desk, number, receiver=house.subs["stranger"], for_agency=False, record="7",
                                                    caller=CALLER)) == "use_the_request"
    active = house.brought(State.ACTIVE, "auditor")
    number = of(house, "TK-0002").device_id
    assert refused(lambda: house.register.take_back(desk, number, "8", CALLER)) == "still_in_use"
    assert refused(lambda: house.register.demand(desk, number, CALLER)) == "still_in_use"
    house.ending.ask_revocation(desk, active.enrollment_id, "x", CALLER)
    house.ending.revoked(desk, active.enrollment_id, "1", CALLER)
    assert house.register.take_back(desk, number, "08/9", CALLER).state is DeviceState.RETURNED
    assert house.found(active.enrollment_id).state is State.DEVICE_RETURNED


def test_who_may_do_what(house: House) -> None:
    device, _ = house.register.enter(house.actor("desk"), "token", "TK-0001", CALLER)
    ways: list[Callable[[str], object]] = [
        lambda uid: house.register.enter(house.actor(uid), "token", "TK-0002", CALLER),
        lambda uid: house.register.hand_over(house.actor(uid), device.device_id, receiver=house.subs["holder"], for_agency=False,
                                             record="7", caller=CALLER),
        lambda uid: house.register.demand(house.actor(uid), device.device_id, CALLER),
        lambda uid: house.register.take_back(house.actor(uid), device.device_id, "8", CALLER),
        lambda uid: house.register.restock(house.actor(uid), device.device_id, CALLER),
        lambda uid: house.register.record_loss(house.actor(uid), device.device_id, "9", CALLER)]
    for way in ways:
        for uid in ("holder", "agency", "auditor"):
            assert refused(lambda way=way, uid=uid: way(uid)) in {"not_yours", "unknown_device"}  # type: ignore[misc]
    assert refused(lambda: house.register.hand_over(house.actor("desk"), device.device_id, receiver=house.subs["desk"],
                                                    for_agency=False, record="7", caller=CALLER)) == "same_person"
    assert refused(lambda: house.register.hand_over(house.actor("desk"), device.device_id, receiver="nobody", for_agency=False,
                                                    record="7", caller=CALLER)) == "unknown_officer"
    assert refused(lambda: house.register.hand_over(house.actor("desk"), device.device_id, receiver=house.subs["holder"],
                                                    for_agency=False, record=" ", caller=CALLER)) == "invalid_body"


def test_nobody_takes_back_or_writes_off_what_they_hold_themselves(house: House) -> None:
    desk, desk2 = house.actor("desk"), house.actor("desk2")
    found, stock = house.brought(State.HANDED_OVER, "desk2"), house.register.enter(desk, "token", "TK-0009", CALLER)[0].device_id
    house.custody.waive(house.actor("desk3"), found.enrollment_id, "x", CALLER)
    house.register.hand_over(desk, stock, receiver=desk2.sub, for_agency=False, record="07/2", caller=CALLER)
    house.ending.ask_revocation(desk2, found.enrollment_id, "Nghỉ hưu", CALLER)
    house.ending.revoked(desk, found.enrollment_id, "1/CV", CALLER)
    assert desk2.administrator is not None
    deputy = Actor("deputy", replace(desk2.administrator, sub="deputy", deputy_for=desk2.sub))
    third = house.register.enter(desk, "token", "TK-0010", CALLER)[0].device_id
    assert refused(lambda: house.register.hand_over(deputy, third, receiver=desk2.sub, for_agency=False, record="07/3",
                                                    caller=CALLER)) == "same_person"
    for number in (of(house).device_id, stock):
        for who in (desk2, deputy):
            assert refused(lambda: house.register.take_back(who, number, "08", CALLER)) == "same_person"  # noqa: B023
            assert refused(lambda: house.register.record_loss(who, number, "09", CALLER)) == "same_person"  # noqa: B023
        assert house.register.take_back(desk, number, "08", CALLER).state is DeviceState.RETURNED
    assert house.found(found.enrollment_id).state is State.DEVICE_RETURNED


def test_a_record_is_noted_once(house: House) -> None:
    desk = house.actor("desk")
    number = house.register.enter(desk, "token", "TK-0009", CALLER)[0].device_id

    def give() -> Device:
        return house.register.hand_over(desk, number, receiver=house.subs["holder"], for_agency=False, record="07/1",
                                        caller=CALLER)

    give()
    house.register.demand(desk, number, CALLER)
    assert refused(give) == "wrong_state"
    assert house.register.one(desk, number)[0].state is DeviceState.RETURN_DUE, "an old form takes no demand back"
    house.register.report_loss(desk, number, CALLER)
    house.register.record_loss(desk, number, "09/1", CALLER)
    assert refused(lambda: house.register.record_loss(desk, number, "09/2", CALLER)) == "wrong_state"
    device, history = house.register.one(desk, number)
    assert [line.form for line in history if line.form] == ["07", "09"]
    house.register.take_back(desk, device.device_id, "08/1", CALLER)
    house.register.restock(desk, number, CALLER)
    give()
    house.register.report_loss(desk, number, CALLER)
    assert house.register.record_loss(desk, number, "09/3", CALLER).state is DeviceState.LOST


def test_an_agency_sees_its_own(house: House) -> None:
    house.brought(State.ACTIVE)
    house.register.enter(house.actor("desk"), "token", "TK-0009", CALLER)

    def seen(uid: str, **search: Any) -> list[str]:
        return sorted(one.serial for one in house.register.listed(house.actor(uid), DeviceSearch(**search), limit=10))

    assert seen("desk") == ["TK-0001", "TK-0009"]
    assert seen("agency") == seen("holder") == ["TK-0001"]
    assert seen("other_agency") == seen("stranger") == seen("agency", unit="H30.12") == []
    assert seen("desk", state="in_stock") == seen("desk", words="0009") == ["TK-0009"]
    assert seen("desk", words="%") == seen("desk", kind="sim") == []
    for uid in ("other_agency", "stranger"):
        assert refused(lambda uid=uid: house.register.one(house.actor(uid), of(house).device_id)) == "unknown_device"  # type: ignore[misc]


def test_the_same_step_decided_twice_is_done_once(house: House) -> None:
    desk = house.actor("desk")
    device, _ = house.register.enter(desk, "token", "TK-0001", CALLER)
    outcome: list[str] = []
    ready = threading.Barrier(2)

    def give(uid: str) -> None:
        ready.wait()
        try:
            given = house.register.hand_over(desk, device.device_id, receiver=house.subs[uid], for_agency=False, record="7",
                                             caller=CALLER)
            outcome.append(given.holder)
        except RefusedError as err:
            outcome.append(err.code)

    threads = [threading.Thread(target=give, args=(uid,)) for uid in ("holder", "stranger")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([one for one in outcome if one in {"changed", "held_by_another"}]) == 1
    assert of(house).holder in outcome
    assert [line[0] for line in lines(house, device)] == ["register", "hand_over"]


def test_identity_is_still_asked(house: House) -> None:
    enrollment = house.brought(State.READY)
    assert refused(lambda: house.custody.hand_over(house.actor("desk"), enrollment.enrollment_id, identity_number="093080000002",
                                                   record="7", caller=CALLER)) == "another_person"
    assert of(house).state is DeviceState.IN_STOCK
    house.custody.hand_over(house.actor("desk"), enrollment.enrollment_id, identity_number=IDENTITY, record="7", caller=CALLER)
    assert of(house).state is DeviceState.HANDED_OVER
