"""What officers do with their own certificates, and with no others."""

from __future__ import annotations

import dataclasses
import threading

import pytest

from idp.adapters.sql.database import Database
from idp.adapters.sql.pki.devices import SqlDevices
from idp.adapters.sql.pki.enrollments import SqlEnrollments
from idp.errors import RefusedError
from idp.pki.enrollment.record import DeviceKind, Purpose
from idp.pki.enrollment.states import State
from tests.fakes.directory import make_officer

from .house import CALLER, ELSEWHERE, HEALTH, IDENTITY, LAST_DAY, House
from .test_custody import EC, sign
from .test_desk import refused

TYPED = {"identity_number": "093 080 000 001", "birth_date": "05/09/1980"}


@pytest.fixture
def house(database: Database) -> House:
    return House(SqlEnrollments(database), SqlDevices(database))


def test_an_officer_asks_once_and_what_is_personal_is_shown_with_its_middle_hidden(house: House) -> None:
    sub = house.subs["holder"]
    made = house.own.ask(sub, "token", TYPED, CALLER)
    own = house.own.one(sub, made.enrollment_id)
    assert (made.state, made.requester, own.identity) == (State.SUBMITTED, sub, "0930******01")
    assert own.offers == {"cancel"}
    assert house.own.devices(sub) == (DeviceKind.SIM,)
    assert refused(lambda: house.own.ask(sub, "token", TYPED, CALLER)) == "already_asked"
    assert len(house.own.all(sub)) == 1


@pytest.mark.parametrize(("device", "typed"), [
    ("hsm", TYPED), ("", TYPED), ("token", {}), ("token", {"identity_number": IDENTITY}), ("token", {**TYPED, "birth_date": " "}),
    ("token", {**TYPED, "identity_number": "12"}), ("sim", TYPED), ("sim", {**TYPED, "phone": "x"})])
def test_security_43_what_is_missing_or_strange_makes_no_request(house: House, device: str, typed: dict[str, str]) -> None:
    assert refused(lambda: house.own.ask(house.subs["holder"], device, typed, CALLER)) == "invalid_body"
    assert house.own.all(house.subs["holder"]) == []


def test_security_51_another_officers_number_is_none_whatever_the_officer_administers(house: House) -> None:
    number = house.brought(State.ACTIVE).enrollment_id
    for uid in ("stranger", "agency", "desk", "auditor"):
        sub = house.subs[uid]
        for act in (lambda sub: house.own.one(sub, number), lambda sub: house.own.cancel(sub, number, "x", CALLER),
                    lambda sub: house.own.submit(sub, number, CALLER), lambda sub: house.own.confirm(sub, number, CALLER),
                    lambda sub: house.own.activate(sub, number, b"", CALLER), lambda sub: house.own.lock(sub, number, CALLER),
                    lambda sub: house.own.report_loss(sub, number, CALLER), lambda sub: house.own.chain(sub, number),
                    lambda sub: house.own.ask_again(sub, number, Purpose.RENEW, CALLER)):
            with pytest.raises(RefusedError) as raised:
                act(sub)
            assert raised.value.status == 404
    assert house.found(number).state is State.ACTIVE


def test_receipt_is_confirmed_once_and_the_deadline_stays(house: House) -> None:
    before = house.brought(State.HANDED_OVER)
    sub, number = house.subs["holder"], before.enrollment_id
    assert "confirm" in house.own.one(sub, number).offers
    house.clock.advance(3600)
    outcomes: list[str] = []
    gate = threading.Barrier(4)

    def confirm() -> None:
        gate.wait()
        try:
            house.own.confirm(sub, number, CALLER)
            outcomes.append("")
        except RefusedError as err:
            outcomes.append(err.code)

    threads = [threading.Thread(target=confirm) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("") == 1
    assert set(outcomes) <= {"", "changed", "already_confirmed"}
    assert [entry.act for entry in house.store.history(number)].count("confirm") == 1
    after = house.found(number)
    assert (after.state, after.due_at, after.since) == (State.HANDED_OVER, before.due_at, before.since)
    assert "confirm" not in house.own.one(sub, number).offers
    assert refused(lambda: house.own.confirm(sub, number, CALLER)) == "already_confirmed"


def test_an_officer_activates_and_then_may_lock_or_lose_it(house: House) -> None:
    found = house.brought(State.HANDED_OVER, identity=EC)
    sub, number = house.subs["holder"], found.enrollment_id
    assert house.own.one(sub, number).offers == {"confirm", "activate", "report_loss"}
    house.own.activate(sub, number, sign(EC, found.challenge.encode()), CALLER)
    assert house.own.one(sub, number).offers == {"lock", "report_loss"}
    assert [one.enrollment_id for one in house.ending.signing(sub)] == [number]
    house.own.lock(sub, number, CALLER)
    assert not house.ending.signing(sub)
    house.own.report_loss(sub, number, CALLER)
    assert house.own.one(sub, number).offers == set()
    assert refused(lambda: house.own.report_loss(sub, number, CALLER)) == "wrong_state"


# The last day ends at nine in the morning here; the 60th before it begins at midnight.
@pytest.mark.parametrize(("seconds", "due"), [(60 * 86400 + 9 * 3600 + 1, False), (60 * 86400 + 9 * 3600, True), (1, True)])
def test_renewal_is_there_from_the_60th_day_before_the_end(house: House, seconds: int, due: bool) -> None:
    found = house.brought(State.ACTIVE)
    sub, number = house.subs["holder"], found.enrollment_id
    house.clock.advance(LAST_DAY - seconds - house.clock.now())
    assert ("renew" in house.own.one(sub, number).offers) is due
    if not due:
        assert refused(lambda: house.own.ask_again(sub, number, Purpose.RENEW, CALLER)) == "too_early"
        return
    renewal = house.own.ask_again(sub, number, Purpose.RENEW, CALLER)
    assert (renewal.replaces, renewal.identity_digest, renewal.personal) == (number, found.identity_digest, found.personal)
    assert house.own.one(sub, renewal.enrollment_id).identity == "0930******01"
    assert "renew" not in house.own.one(sub, number).offers
    assert refused(lambda: house.own.ask_again(sub, number, Purpose.RENEW, CALLER)) == "already_asked"


def test_content_is_changed_when_the_directory_says_something_else(house: House) -> None:
    found = house.brought(State.ACTIVE)
    sub, number = house.subs["holder"], found.enrollment_id
    assert "change" not in house.own.one(sub, number).offers
    assert refused(lambda: house.own.ask_again(sub, number, Purpose.CHANGE, CALLER)) == "nothing_to_change"
    moved = dataclasses.replace(make_officer("holder", posts=(ELSEWHERE,)))
    house.mirror.remember(moved, now=house.clock.now())
    assert "change" in house.own.one(sub, number).offers
    changed = house.own.ask_again(sub, number, Purpose.CHANGE, CALLER)
    assert (changed.unit_code, changed.title, changed.replaces) == (ELSEWHERE.unit_code, "Chuyên viên", number)
    assert HEALTH.unit_code == house.found(number).unit_code
