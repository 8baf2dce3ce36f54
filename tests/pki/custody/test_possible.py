"""What a page offers is what the room does: for every state, act and person."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest

from idp.adapters.sql.database import Database
from idp.adapters.sql.pki.devices import SqlDevices
from idp.adapters.sql.pki.enrollments import SqlEnrollments
from idp.audit import AuditEvent, AuditRecord
from idp.errors import RefusedError
from idp.pki.custody.device import HELD, Device, DeviceChange, DeviceEntry, DeviceState, Handling
from idp.pki.enrollment.states import State
from tests.pki.enrollment.house import CALLER, MONDAY, House

PEOPLE = ("desk", "agency", "auditor", "holder", "other_agency")


class Unmoved(SqlDevices):
    """Says that it wrote a step, and writes nothing, so that every act meets the same devices."""

    def change(self, change: DeviceChange, record: AuditRecord) -> bool:
        return True


@pytest.fixture
def house(database: Database) -> House:
    return House(SqlEnrollments(database), Unmoved(database))


def ways(house: House, who: str, device: Device) -> dict[Handling, Callable[[], object]]:
    actor, number, register = house.actor(who), device.device_id, house.register
    return {
        Handling.HAND_OVER: lambda: register.hand_over(actor, number, receiver=house.subs["stranger"], for_agency=False,
                                                       record="07/BB", caller=CALLER),
        Handling.DEMAND: lambda: register.demand(actor, number, CALLER),
        Handling.TAKE_BACK: lambda: register.take_back(actor, number, "08/BB", CALLER),
        Handling.RESTOCK: lambda: register.restock(actor, number, CALLER),
        Handling.REPORT_LOSS: lambda: register.report_loss(actor, number, CALLER),
        Handling.RECORD_LOSS: lambda: register.record_loss(actor, number, "09/BB", CALLER)}


def done(do: Callable[[], object]) -> bool:
    try:
        do()
    except RefusedError:
        return False
    return True


def same(house: House, who: str, device: Device) -> frozenset[Handling]:
    """See that what is offered is done and nothing else is; gives what is offered."""
    offered: frozenset[Handling] = frozenset()
    with contextlib.suppress(RefusedError):  # they do not see it
        offered = frozenset(house.register.possible(house.actor(who), device.device_id))
    assert {handling for handling, do in ways(house, who, device).items() if done(do)} == offered, (who, device.state)
    return offered


def kept(house: House, state: DeviceState, holder: str) -> Device:
    has = state in HELD or state is DeviceState.LOST
    device = Device(device_id=f"{state}-{holder}", kind="token", serial=f"{state}-{holder}".upper(), state=state, since=MONDAY,
                    holder=house.subs[holder] if has else "", unit_code="H30.11" if has else "")
    entry = DeviceEntry(device_id=device.device_id, at=MONDAY, handling="register", before="", after=state.value, actor="")
    assert house.devices.add(device, entry, AuditRecord(AuditEvent.DEVICE_REGISTERED, MONDAY))
    return device


def test_security_38_what_is_offered_is_what_the_room_does(house: House) -> None:
    offered = {(who, state): same(house, who, device) for state in DeviceState for device in (kept(house, state, "holder"),)
               for who in PEOPLE}
    assert offered["desk", DeviceState.IN_STOCK] == {Handling.HAND_OVER, Handling.REPORT_LOSS}
    assert offered["desk", DeviceState.HANDED_OVER] == {Handling.DEMAND, Handling.TAKE_BACK, Handling.REPORT_LOSS,
                                                        Handling.RECORD_LOSS}
    assert offered["agency", DeviceState.RETURN_DUE] == offered["holder", DeviceState.RETURN_DUE] == {Handling.REPORT_LOSS}
    assert not any(offered["auditor", state] or offered["other_agency", state] for state in DeviceState)


def test_nobody_is_offered_to_take_back_or_write_off_what_they_hold_themselves(house: House) -> None:
    device = kept(house, DeviceState.HANDED_OVER, "desk2")
    assert same(house, "desk2", device) == {Handling.DEMAND, Handling.REPORT_LOSS}
    assert same(house, "desk", device) == {Handling.DEMAND, Handling.TAKE_BACK, Handling.REPORT_LOSS, Handling.RECORD_LOSS}


def test_a_device_of_a_request_is_not_offered_beside_it(house: House) -> None:
    enrollment = house.brought(State.ACTIVE)
    device = house.devices.by_serial("token", enrollment.device_serial)
    assert device is not None
    for who, sees in (("desk", [device]), ("agency", [device]), ("holder", [device]), ("other_agency", []), ("stranger", [])):
        assert house.register.numbered(house.actor(who), ("sim", "token"), device.serial) == sees, who
    assert same(house, "desk", device) == {Handling.REPORT_LOSS}
    assert house.found(enrollment.enrollment_id).state is State.REVOCATION_REQUESTED
