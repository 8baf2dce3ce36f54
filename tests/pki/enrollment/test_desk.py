"""Requests, three people, and the way to the issuer and back; on both databases."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from idp.adapters.sql.database import Database
from idp.adapters.sql.pki.devices import SqlDevices
from idp.adapters.sql.pki.enrollments import SqlEnrollments
from idp.errors import RefusedError
from idp.pki.enrollment.record import DeviceKind, Kind, Purpose, Search
from idp.pki.enrollment.states import State
from idp.roles import Administrator, Role

from .house import CALLER, IDENTITY, House


@pytest.fixture
def house(database: Database) -> House:
    return House(SqlEnrollments(database), SqlDevices(database))


def refused(do: Callable[[], Any]) -> str:
    with pytest.raises(RefusedError) as err:
        do()
    return err.value.code


def test_from_the_request_to_the_issuer_with_its_history(house: House) -> None:
    found = house.brought(State.ISSUED)
    shown, history = house.desk.one(house.actor("holder"), found.enrollment_id)
    assert shown == house.found(found.enrollment_id) == found
    assert [(entry.act, entry.before, entry.after, entry.part) for entry in history] == [
        ("submit", "", "submitted", "agency"), ("approve", "submitted", "agency_approved", "agency"),
        ("approve_for_province", "agency_approved", "province_approved", "desk"),
        ("send", "province_approved", "sent_to_ca", "desk"), ("issue", "sent_to_ca", "issued", "desk")]
    assert history[3].detail == {"document": "12/STTTT-CNTT"}
    assert (shown.name, shown.mail, shown.unit_code, shown.title) == ("Nguyễn Văn Mẫu", "holder@haugiang.gov.vn", "H30.11",
                                                                      "Trưởng phòng")


def test_three_people(house: House) -> None:
    found = house.asked(by="agency")
    number = found.enrollment_id
    assert refused(lambda: house.desk.approve(house.actor("agency"), number, CALLER)) == "same_person"
    house.desk.approve(house.actor("desk"), number, CALLER)
    assert refused(lambda: house.desk.approve_for_province(house.actor("desk"), number, CALLER)) == "same_person"
    assert house.desk.approve_for_province(house.actor("desk2"), number, CALLER).state is State.PROVINCE_APPROVED


def test_who_asked_does_not_approve_for_the_province_either(house: House) -> None:
    number = house.asked(by="desk").enrollment_id
    house.desk.approve(house.actor("agency"), number, CALLER)
    assert refused(lambda: house.desk.approve_for_province(house.actor("desk"), number, CALLER)) == "same_person"


def test_nobody_approves_their_own_certificate(house: House) -> None:
    number = house.asked("agency2", by="agency").enrollment_id
    assert refused(lambda: house.desk.approve(house.actor("agency2"), number, CALLER)) == "same_person"
    number = house.asked("desk", by="agency").enrollment_id
    house.desk.approve(house.actor("agency2"), number, CALLER)
    assert refused(lambda: house.desk.approve_for_province(house.actor("desk"), number, CALLER)) == "same_person"


def test_programs_approve_nothing(house: House) -> None:
    from idp.pki.enrollment.moves import Actor
    number = house.asked().enrollment_id
    emergency = Actor("", Administrator(role=Role.PROVINCE, client_id="break-glass"))
    assert refused(lambda: house.desk.approve(emergency, number, CALLER)) == "not_a_person"
    machine = Actor("", Administrator(role=Role.MACHINE, client_id="lgsp"))
    assert refused(lambda: house.desk.approve(machine, number, CALLER)) == "not_yours"
    assert refused(lambda: house.desk.ask(machine, house.wish("stranger"), CALLER, submit=True)) == "not_yours"


@pytest.mark.parametrize("uid", ["stranger", "other_agency"])
def test_another_agency_is_told_that_there_is_no_such_request(house: House, uid: str) -> None:
    number = house.asked().enrollment_id
    for do in (house.desk.one, lambda who, at: house.desk.approve(who, at, CALLER), lambda who, at: house.desk.cancel(who, at,
                                                                                                                      "x",
                                                                                                                      CALLER),
               lambda who, at: house.ending.report_loss(who, at, CALLER)):
        assert refused(lambda do=do: do(house.actor(uid), number)) == "unknown_enrollment"  # type: ignore[misc]
    assert list(house.desk.listed(house.actor(uid), Search(), limit=10)) == []
    assert refused(lambda: house.desk.ask(house.actor(uid), house.wish("agency2"), CALLER, submit=True)) == "not_yours"


def test_an_auditor_reads_and_changes_nothing(house: House) -> None:
    number = house.asked().enrollment_id
    assert house.desk.one(house.actor("auditor"), number)[0].enrollment_id == number
    assert refused(lambda: house.desk.approve(house.actor("auditor"), number, CALLER)) == "not_yours"
    assert refused(lambda: house.desk.cancel(house.actor("auditor"), number, "x", CALLER)) == "not_yours"
    assert refused(lambda: house.desk.approve(house.actor("agency2", read_only=True), number, CALLER)) == "not_yours"
    assert refused(lambda: house.desk.ask(house.actor("agency2", read_only=True), house.wish("desk2"), CALLER,
                                          submit=True)) == "not_yours"


def test_an_officer_asks_for_oneself_and_sees_only_that(house: House) -> None:
    own = house.desk.ask(house.actor("stranger"), house.wish("stranger"), CALLER, submit=False)
    house.asked()
    assert own.state is State.DRAFT
    assert [one.enrollment_id for one in house.desk.listed(house.actor("stranger"), Search(), limit=10)] == [own.enrollment_id]
    assert house.desk.counted(house.actor("stranger"), Search()) == {State.DRAFT: 1}
    assert house.desk.submit(house.actor("stranger"), own.enrollment_id, CALLER).state is State.SUBMITTED


def test_an_agency_lists_its_own_whatever_it_asks_for(house: House) -> None:
    house.asked()
    other = house.desk.ask(house.actor("stranger"), house.wish("stranger"), CALLER, submit=True)
    for unit in ("", "H30.12", "H30"):
        listed = house.desk.listed(house.actor("other_agency"), Search(unit=unit), limit=10)
        assert [one.enrollment_id for one in listed] == [other.enrollment_id]
    assert len(house.desk.listed(house.actor("desk"), Search(), limit=10)) == 2


@pytest.mark.parametrize(("facts", "code"), [
    ({"mail": ""}, "no_mailbox"), ({"guest": "contractor"}, "guest"), ({"disabled": True}, "not_active"), ({"posts": ()},
                                                                                                           "no_agency")])
def test_who_gets_no_certificate(house: House, facts: dict[str, Any], code: str) -> None:
    house.subs["new"] = house.joined("new", **facts)
    assert refused(lambda: house.desk.ask(house.actor("desk"), house.wish("new"), CALLER, submit=True)) == code
    house.subs["new"] = "nobody"
    assert refused(lambda: house.desk.ask(house.actor("desk"), house.wish("new"), CALLER, submit=True)) == "unknown_officer"


def test_a_mailbox_that_went_away_stops_the_submission(house: House) -> None:
    number = house.desk.ask(house.actor("holder"), house.wish(), CALLER, submit=False).enrollment_id
    house.joined("holder", disabled=True)
    assert refused(lambda: house.desk.submit(house.actor("agency"), number, CALLER)) == "not_active"


def test_one_request_of_a_kind_is_on_its_way(house: House) -> None:
    first = house.asked()
    assert refused(house.asked) == "already_asked"
    assert house.asked(device_kind=DeviceKind.SIM).state is State.SUBMITTED
    house.desk.cancel(house.actor("holder"), first.enrollment_id, "nhầm", CALLER)
    assert house.asked().enrollment_id != first.enrollment_id


def test_one_request_of_a_kind_when_many_ask_at_once(house: House) -> None:
    outcomes: list[str] = []

    def ask() -> None:
        try:
            outcomes.append(house.asked().state.value)
        except RefusedError as err:
            outcomes.append(err.code)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["already_asked"] * 7 + ["submitted"]


def test_an_approval_happens_once(house: House) -> None:
    number = house.asked().enrollment_id
    outcomes: list[str] = []

    def approve() -> None:
        try:
            outcomes.append(house.desk.approve(house.actor("agency2"), number, CALLER).state.value)
        except RefusedError as err:
            outcomes.append(err.code)

    threads = [threading.Thread(target=approve) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("agency_approved") == 1
    assert set(outcomes) <= {"agency_approved", "changed", "wrong_state"}
    assert [entry.act for entry in house.store.history(number)] == ["submit", "approve"]


def test_what_was_returned_comes_back_with_new_approvals(house: House) -> None:
    number = house.brought(State.PROVINCE_APPROVED).enrollment_id
    back = house.desk.send_back(house.actor("desk2"), number, "Thiếu ngày cấp CCCD", CALLER)
    assert (back.state, back.reason) == (State.RETURNED, "Thiếu ngày cấp CCCD")
    again = house.desk.submit(house.actor("agency2"), number, CALLER)
    assert (again.requester, again.agency_approver, again.province_approver, again.reason) == (house.subs["agency2"], "", "", "")
    assert refused(lambda: house.desk.approve(house.actor("agency2"), number, CALLER)) == "same_person"


def test_the_issuer_refuses(house: House) -> None:
    number = house.brought(State.SENT).enrollment_id
    assert refused(lambda: house.desk.cancel(house.actor("desk"), number, "x", CALLER)) == "wrong_state"
    assert refused(lambda: house.desk.send_back(house.actor("agency2"), number, "x", CALLER)) == "not_yours"
    assert house.desk.send_back(house.actor("desk"), number, "sai thư công vụ", CALLER).state is State.RETURNED


@pytest.mark.parametrize("text", ["", " ", "x" * 301, "a‮b"])
def test_reasons_and_numbers_are_lines(house: House, text: str) -> None:
    number = house.asked().enrollment_id
    assert refused(lambda: house.desk.send_back(house.actor("agency2"), number, text, CALLER)) == "invalid_body"
    assert refused(lambda: house.desk.cancel(house.actor("agency2"), number, text, CALLER)) == "invalid_body"
    number = house.brought(State.PROVINCE_APPROVED, "desk2").enrollment_id
    assert refused(lambda: house.desk.send(house.actor("desk"), number, text, "", CALLER)) == "invalid_body"
    assert house.found(number).state is State.PROVINCE_APPROVED


def test_the_first_seal_of_an_agency_goes_on_paper(house: House) -> None:
    seal = {"kind": Kind.SEAL, "name": "Sở Y tế", "unit_code": "H30.11", "unit_name": "Sở Y tế", "mail": "syt@haugiang.gov.vn"}
    first = house.brought(State.ACTIVE, **seal)
    assert first.wet_ink
    house.near_the_end()
    second = house.asked(purpose=Purpose.RENEW, replaces=first.enrollment_id, **seal)
    assert not second.wet_ink
    assert house.asked("stranger", by="desk", **{**seal, "unit_code": "H30.12"}).wet_ink
    assert refused(lambda: house.desk.ask(house.actor("holder"), house.wish(**seal), CALLER, submit=True)) == "not_yours"


def test_a_renewal_follows_the_one_in_use(house: House) -> None:
    assert refused(lambda: house.asked(purpose=Purpose.RENEW, replaces="2026-00000001")) == "nothing_to_replace"
    first = house.brought(State.ACTIVE)
    assert refused(house.asked) == "already_there"
    assert refused(lambda: house.asked(purpose=Purpose.RENEW, replaces="2026-00000001")) == "nothing_to_replace"
    assert refused(lambda: house.asked(purpose=Purpose.RENEW, replaces=first.enrollment_id)) == "too_early"
    house.near_the_end(60)
    assert house.asked(purpose=Purpose.RENEW, replaces=first.enrollment_id).state is State.SUBMITTED
    assert refused(lambda: house.asked("stranger", by="desk", replaces=first.enrollment_id)) == "nothing_to_replace"


def test_one_certificate_belongs_to_one_request(house: House) -> None:
    house.brought(State.ISSUED)
    second = house.brought(State.SENT, device_kind=DeviceKind.SIM)
    how: dict[str, Any] = {"not_before": 0, "not_after": 1, "certificate": b"", "device_serial": "", "caller": CALLER}
    assert refused(lambda: house.desk.issued(house.actor("desk"), second, serial="5401ab", issuer="CN=CA",
                                             **how)) == "serial_known"
    assert house.desk.issued(house.actor("desk"), second, serial="5401ab", issuer="CN=Another", **how).state is State.ISSUED


def test_deadlines_are_working_days(house: House) -> None:
    found = house.asked()
    assert found.due_at is not None
    assert (found.due_at - house.clock.now()) // 86400 == 2
    house.clock.advance(3 * 86400)
    overdue = house.desk.listed(house.actor("desk"), Search(overdue_at=house.clock.now()), limit=10)
    assert [one.enrollment_id for one in overdue] == [found.enrollment_id]


def test_what_is_personal_rests_sealed_and_its_reading_is_recorded(house: House) -> None:
    found = house.asked()
    assert IDENTITY.encode() not in found.identity_digest.encode()
    assert found.identity_digest == house.desk.digest(IDENTITY) != house.desk.digest("093080000002")
    values, record = house.desk.personal(house.actor("desk"), found, why="batch", caller=CALLER)
    assert values["identity_number"] == IDENTITY
    assert (record.event, record.detail["why"], record.detail["by"]) == ("personal_data.read", "batch", house.subs["desk"])
    assert IDENTITY not in record.detail_json()


def test_found_by_part_of_a_name_a_mailbox_or_a_number(house: House) -> None:
    found = house.asked()
    house.asked("agency2", by="agency")
    for words, count in (("nguyen van", 2), ("holder", 1), (found.enrollment_id[:9], 1), ("%", 0), ("không ai", 0)):
        listed = house.desk.listed(house.actor("desk"), Search(words=words), limit=10)
        assert len(listed) >= 1 if count == 1 else len(listed) == count, words
    by_state = Search(states=(State.SUBMITTED, State.DRAFT), holder=found.holder)
    assert [one.enrollment_id for one in house.desk.listed(house.actor("desk"), by_state, limit=10)] == [found.enrollment_id]
    assert not house.desk.listed(house.actor("desk"), Search(states=(State.DRAFT,)), limit=10)


def test_lists_are_turned_back_within_what_is_searched_for(house: House) -> None:
    for uid in ("x1", "x2", "x3", "x4", "x5"):
        house.subs[uid] = house.joined(uid)
    numbers = sorted(house.asked(uid).enrollment_id for uid in ("x1", "x2", "x3", "x4", "x5"))
    house.desk.cancel(house.actor("agency"), numbers[1], "trùng", CALLER)
    waiting = Search(states=(State.SUBMITTED,))

    def before(number: str, limit: int, who: str = "agency") -> list[str]:
        return [one.enrollment_id for one in house.desk.listed(house.actor(who), waiting, before=number, limit=limit)]

    assert before(numbers[4], 2) == numbers[2:4], "those next to it, in the order of the list"
    assert before(numbers[4], 9) == [numbers[0], *numbers[2:4]]
    assert before(numbers[0], 9) == []
    assert before(numbers[4], 9, "other_agency") == []
