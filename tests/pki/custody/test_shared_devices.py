"""A device with the keys of two certificates is one device: it stays until none of them stands, and is lost with all of them."""

from __future__ import annotations

import dataclasses

import pytest

from idp.adapters.sql.database import Database
from idp.adapters.sql.pki.devices import SqlDevices
from idp.adapters.sql.pki.enrollments import SqlEnrollments
from idp.audit import AuditEvent, AuditRecord
from idp.errors import RefusedError
from idp.pki.custody.device import Device, DeviceEntry, DeviceState, Handling
from idp.pki.enrollment.record import Enrollment, Kind
from idp.pki.enrollment.states import Act, Part, State
from tests.pki.enrollment.house import CALLER, IDENTITY, LAST_DAY, MONDAY, House


@pytest.fixture
def house(database: Database) -> House:
    return House(SqlEnrollments(database), SqlDevices(database))


def of(house: House, serial: str) -> Device:
    found = house.devices.by_serial("token", serial)
    assert found is not None
    return found


def two(house: House) -> tuple[Enrollment, Enrollment]:
    """Give an officer's certificate, and the seal that the same officer keeps in the same token; both in use."""
    person, desk = house.brought(State.ACTIVE), house.actor("desk")
    seal = house.desk.ask(house.actor("agency"), house.wish(
        kind=Kind.SEAL, name="Dấu Sở", unit_code="H30.11", unit_name="Sở", mail="so@haugiang.gov.vn"), CALLER,
        submit=True).enrollment_id
    house.desk.approve(house.actor("agency2"), seal, CALLER)
    house.desk.approve_for_province(desk, seal, CALLER)
    house.desk.send(desk, seal, "1/X", "", CALLER)
    house.desk.issued(desk, house.found(seal), serial="99aa", issuer="CN=CA", not_before=MONDAY - 60, not_after=LAST_DAY,
                      certificate=b"", device_serial=person.device_serial, caller=CALLER)
    house.custody.receive(desk, seal, person.device_serial, CALLER)
    house.custody.hand_over(desk, seal, identity_number=IDENTITY, record="07/2", caller=CALLER)
    house.custody.waive(house.actor("desk2"), seal, "máy đọc thẻ hỏng", CALLER)
    return house.found(person.enrollment_id), house.found(seal)


def revoked(house: House, enrollment: Enrollment) -> None:
    house.ending.ask_revocation(house.actor("desk"), enrollment.enrollment_id, "Không dùng", CALLER)
    house.ending.revoked(house.actor("desk"), enrollment.enrollment_id, "2/X", CALLER)


def test_a_token_is_not_taken_back_while_another_certificate_in_it_stands(house: House) -> None:
    person, seal = two(house)
    desk, token = house.actor("desk"), of(house, person.device_serial)
    assert token.enrollment_id == seal.enrollment_id
    revoked(house, seal)
    assert of(house, token.serial).state is DeviceState.HANDED_OVER  # nothing demands it
    assert house.register.possible(desk, token.device_id) == (Handling.REPORT_LOSS,)
    for do in (lambda: house.register.demand(desk, token.device_id, CALLER),
               lambda: house.register.take_back(desk, token.device_id, "08/1", CALLER),
               lambda: house.register.record_loss(desk, token.device_id, "09/1", CALLER),
               lambda: house.ending.device_returned(desk, seal.enrollment_id, "08/1", CALLER),
               lambda: house.ending.device_lost(desk, seal.enrollment_id, "09/1", CALLER)):
        with pytest.raises(RefusedError) as caught:
            do()
        assert caught.value.code == "still_in_use"
    assert house.ending.may_sign(person.serial, "CN=CA", person.holder)
    revoked(house, person)
    assert of(house, token.serial).state is DeviceState.RETURN_DUE
    house.ending.device_returned(desk, seal.enrollment_id, "08/1", CALLER)
    assert house.register.restock(desk, token.device_id, CALLER).state is DeviceState.IN_STOCK


def test_a_token_that_came_back_is_not_wiped_over_a_certificate(house: House) -> None:
    person, desk = house.brought(State.ACTIVE), house.actor("desk")
    back = Device(device_id="d", kind="token", serial="TK-9000", state=DeviceState.RETURNED, since=MONDAY)
    _kept(house, back)
    moved = dataclasses.replace(person, device_serial="TK-9000", revision=person.revision + 1)
    _, entry, record, notice = house.moves.made(desk, person, *_lock(), CALLER, {}, {})
    assert house.store.move(person, moved, entry, record, notice)
    with pytest.raises(RefusedError) as caught:
        house.register.restock(desk, "d", CALLER)
    assert caught.value.code == "still_in_use"
    assert Handling.RESTOCK not in house.register.possible(desk, "d")


def test_a_lost_token_blocks_the_certificates_of_everybody_in_it(house: House) -> None:
    person, desk = house.brought(State.ACTIVE), house.actor("desk")
    elsewhere = Device(device_id="d", kind="token", serial="TK-9000", state=DeviceState.HANDED_OVER,
                       holder=house.subs["stranger"], unit_code="H30.12", since=MONDAY)
    _kept(house, elsewhere)
    moved = dataclasses.replace(person, device_serial="tk-9000", revision=person.revision + 1)
    _, entry, record, notice = house.moves.made(desk, person, *_lock(), CALLER, {}, {})
    assert house.store.move(person, moved, entry, record, notice)
    assert house.register.report_loss(house.actor("stranger"), "d", CALLER).state is DeviceState.LOST
    assert not house.ending.may_sign(person.serial, "CN=CA", person.holder)
    assert house.found(person.enrollment_id).state is State.REVOCATION_REQUESTED


def _kept(house: House, device: Device) -> None:
    entry = DeviceEntry(device_id=device.device_id, at=MONDAY, handling="register", before="", after=device.state.value, actor="")
    assert house.devices.add(device, entry, AuditRecord(AuditEvent.DEVICE_REGISTERED, MONDAY))


def _lock() -> tuple[Act, Part]:
    return Act.LOCK, Part.DESK
