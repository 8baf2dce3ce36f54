"""Devices come to the desk, go to their holders, and sign a first time."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding

from idp.adapters.sql.database import Database
from idp.adapters.sql.pki.devices import SqlDevices
from idp.adapters.sql.pki.enrollments import SqlEnrollments
from idp.pki.enrollment.custody import signed
from idp.pki.enrollment.record import Purpose
from idp.pki.enrollment.states import State
from tests.fakes.certificates import issue

from .house import CALLER, IDENTITY, House
from .test_desk import refused

RSA = issue("rsa", key=rsa.generate_private_key(65537, 2048))
EC = issue("ec")


@pytest.fixture
def house(database: Database) -> House:
    return House(SqlEnrollments(database), SqlDevices(database))


def sign(identity: Any, text: bytes, way: str = "") -> bytes:
    if isinstance(identity.key, ec.EllipticCurvePrivateKey):
        return bytes(identity.key.sign(text, ec.ECDSA(SHA256())))
    pad = padding.PSS(padding.MGF1(SHA256()), padding.PSS.DIGEST_LENGTH) if way == "pss" else padding.PKCS1v15()
    return bytes(identity.key.sign(text, pad, SHA256()))


@pytest.mark.parametrize(("identity", "way"), [(RSA, "pkcs1"), (RSA, "pss"), (EC, "")])
def test_the_holder_activates_with_a_signature(house: House, identity: Any, way: str) -> None:
    found = house.brought(State.HANDED_OVER, identity=identity)
    active = house.custody.activate(house.actor("holder"), found.enrollment_id, sign(identity, found.challenge.encode(), way),
                                    CALLER)
    assert (active.state, active.challenge) == (State.ACTIVE, "")
    assert house.store.history(found.enrollment_id)[-1].detail == {"how": "signature"}


def test_signatures_that_activate_nothing(house: House) -> None:
    found = house.brought(State.HANDED_OVER, identity=EC)
    number, holder = found.enrollment_id, house.actor("holder")
    good = sign(EC, found.challenge.encode())
    for wrong in (b"", sign(EC, b"another text"), sign(issue("x"), found.challenge.encode()), good[:-1], good + b"x",
                  EC.key.sign(found.challenge.encode(), ec.ECDSA(SHA384()))):
        assert refused(lambda wrong=wrong: house.custody.activate(holder, number, wrong,
                                                                  CALLER)) == "invalid_signature"  # type: ignore[misc]
    assert refused(lambda: house.custody.activate(house.actor("desk"), number, good, CALLER)) == "not_yours"
    assert refused(lambda: house.custody.activate(house.actor("agency2"), number, good, CALLER)) == "not_yours"
    house.standing.stands = False
    assert refused(lambda: house.custody.activate(holder, number, good, CALLER)) == "not_good"
    assert house.found(number).state is State.HANDED_OVER


def test_a_certificate_of_another_kind_of_key_verifies_nothing() -> None:
    assert not signed(b"no certificate", b"text", b"x")
    assert not signed(issue("rsa", key=rsa.generate_private_key(65537, 2048)).certificate.public_bytes(Encoding.DER), b"text",
                      b"x" * 256)


def test_without_the_certificate_itself_only_a_waiver_activates(house: House) -> None:
    found = house.brought(State.HANDED_OVER)
    number = found.enrollment_id
    assert refused(lambda: house.custody.activate(house.actor("holder"), number, b"x", CALLER)) == "no_certificate"
    for uid in ("desk", "holder", "agency2"):
        assert refused(lambda uid=uid: house.custody.waive(house.actor(uid), number, "hỏng", CALLER)) in {  # type: ignore[misc]
            "same_person", "not_yours"}
    assert refused(lambda: house.custody.waive(house.actor("desk2"), number, " ", CALLER)) == "invalid_body"
    house.standing.stands = False
    assert refused(lambda: house.custody.waive(house.actor("desk2"), number, "hỏng", CALLER)) == "not_good"
    house.standing.stands = True
    assert house.custody.waive(house.actor("desk2"), number, "hỏng", CALLER).state is State.ACTIVE
    assert house.store.history(number)[-1].detail == {"how": "waived", "reason": "hỏng"}


def test_the_desk_receives_the_device_that_was_named(house: House) -> None:
    number = house.brought(State.ISSUED).enrollment_id
    assert refused(lambda: house.custody.receive(house.actor("desk"), number, "TK-0002", CALLER)) == "another_device"
    assert refused(lambda: house.custody.receive(house.actor("agency2"), number, "TK-0001", CALLER)) == "not_yours"
    assert house.custody.receive(house.actor("desk"), number, " tk-0001 ", CALLER).device_serial == "TK-0001"


def test_a_device_goes_to_its_holder_and_to_nobody_else(house: House) -> None:
    number = house.brought(State.READY).enrollment_id
    hand: dict[str, Any] = {"record": "07/BB", "caller": CALLER}
    assert refused(lambda: house.custody.hand_over(house.actor("desk"), number, identity_number="093080000002",
                                                   **hand)) == "another_person"
    assert refused(lambda: house.custody.hand_over(house.actor("desk"), number, identity_number="", **hand)) == "invalid_body"
    assert refused(lambda: house.custody.hand_over(house.actor("agency2"), number, identity_number=IDENTITY,
                                                   **hand)) == "not_yours"
    assert refused(lambda: house.custody.hand_over(
        house.actor("desk"), number, identity_number=IDENTITY, record="", caller=CALLER)) == "invalid_body"
    typed = f" {IDENTITY[:3]} {IDENTITY[3:6]} {IDENTITY[6:]}"  # as it is read from the card
    given = house.custody.hand_over(house.actor("desk"), number, identity_number=typed, **hand)
    assert (given.state, given.record, given.handed_over_by) == (State.HANDED_OVER, "07/BB", house.subs["desk"])


def test_nobody_hands_over_to_themselves_or_without_knowing_to_whom(house: House) -> None:
    number = house.brought(State.READY, "desk2").enrollment_id
    assert refused(lambda: house.custody.hand_over(
        house.actor("desk2"), number, identity_number=IDENTITY, record="1", caller=CALLER)) == "same_person"
    number = house.brought(State.READY, personal={}).enrollment_id
    assert refused(lambda: house.custody.hand_over(
        house.actor("desk"), number, identity_number=IDENTITY, record="1", caller=CALLER)) == "identity_unknown"


def test_a_renewed_certificate_ends_when_the_new_one_is_active(house: House) -> None:
    old = house.brought(State.ACTIVE)
    house.near_the_end()
    new = house.brought(State.HANDED_OVER, identity=EC, purpose=Purpose.RENEW, replaces=old.enrollment_id)
    assert house.found(old.enrollment_id).state is State.ACTIVE
    house.custody.activate(house.actor("holder"), new.enrollment_id, sign(EC, new.challenge.encode()), CALLER)
    assert (house.found(old.enrollment_id).state, house.found(new.enrollment_id).state) == (State.SUPERSEDED, State.ACTIVE)
    assert house.store.history(old.enrollment_id)[-1].detail == {"by_request": new.enrollment_id}
    assert house.store.in_use(house.found(new.enrollment_id).active_key or "") == house.found(new.enrollment_id)


def test_the_old_one_changes_while_the_new_one_is_activated(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    old = house.brought(State.ACTIVE)
    house.near_the_end()
    new = house.brought(State.HANDED_OVER, identity=EC, purpose=Purpose.RENEW, replaces=old.enrollment_id)

    def meanwhile(_enrollment: Any) -> bool:
        house.ending.suspend(house.actor("desk"), old.enrollment_id, "kiểm tra", CALLER)
        return True

    good = sign(EC, new.challenge.encode())
    find = house.store.find
    stale = {old.enrollment_id: find(old.enrollment_id)}
    with monkeypatch.context() as patch:
        patch.setattr(house.standing, "good", meanwhile)
        patch.setattr(house.store, "find", lambda number: stale.get(number) or find(number))
        assert refused(lambda: house.custody.activate(house.actor("holder"), new.enrollment_id, good, CALLER)) in {"changed",
                                                                                                                   "wrong_state"}
    assert house.found(new.enrollment_id).state is State.HANDED_OVER


def test_there_is_one_in_use_of_a_kind(house: House) -> None:
    first = house.brought(State.ACTIVE)
    house.ending.report_loss(house.actor("holder"), first.enrollment_id, CALLER)
    second = house.brought(State.ACTIVE)
    assert house.store.in_use(second.active_key or "") == second
    assert refused(house.asked) == "already_there"
