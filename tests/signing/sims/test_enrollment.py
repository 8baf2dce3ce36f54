"""Trust services E.3: from the request to the first signature and the end, each step by whom it is, each once."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from sqlalchemy import select

from idp.adapters.sql.database import Database
from idp.adapters.sql.tables import AuditRow, NoticeRow
from idp.adapters.sql.tables.sims import LIVE_STATES
from idp.administration.signing.sims import sims_listed
from idp.errors import RefusedError, UnavailableError
from idp.oauth.clients import registration
from idp.pki.enrollment.moves import Actor
from idp.roles import Administrator, Role
from idp.signing.mobile_signature import SimState
from idp.signing.outcome import Outcome
from idp.signing.ports import TEST
from idp.signing.signing import Order
from idp.signing.sims.enrollment import MOST_TRIES, REFUSED_SECONDS
from idp.signing.sims.ports import SimSearch
from idp.signing.sims.sim import (
    LIVE,
    MOST_CODES,
    MOST_CODES_OF_ONE,
    STEPS,
    Act,
    By,
    Sim,
    State,
    card_of,
    code_pause,
    number_of,
)
from idp.signing.transaction import State as SignatureState

from .house import AGENCY, AUDITOR, CALLER, CLERK, DESK, HELPER, HOLDER, ICCID, NUMBER, OTHER, SECOND, UNIT, House


@pytest.fixture
def house(database: Database) -> House:
    return House(database)


def refused(act: Any) -> str:
    with pytest.raises(RefusedError) as info:
        act()
    return str(info.value.code)


def order(**more: Any) -> Order:
    return Order(**{"client_id": "qlvb", "idempotency_key": "1", "sub": "holder", "unit_code": UNIT, "title": "",
                    "digest": b"d" * 32, "digest_name": "sha256", "document": "1/CV", "subject": "Công văn", **more})


def test_from_the_request_to_the_first_signature(house: House) -> None:
    assert refused(lambda: house.signing.ask(order(), CALLER)) == "no_sim"
    sim = house.bound()
    assert (sim.state, sim.iccid, sim.serial, sim.owner_match) == (State.BOUND, ICCID, "7", True)
    assert house.carrier.registered[ICCID] == sim.certificate
    assert refused(lambda: house.signing.ask(order(), CALLER)) == "no_sim", "before its first signature a card signs nothing else"
    asked = house.sims.test("holder", sim.sim_id, CALLER)
    assert house.sims.test("holder", sim.sim_id, CALLER).test_transaction == asked.test_transaction
    assert len(house.carrier.asked) == 1, "asked once"
    house.carrier.answer(house.signing)
    house.clock.advance(15)
    assert house.sims.settle(CALLER, most=10) == 1
    found = house.store.find(sim.sim_id)
    assert found is not None
    assert found.state is State.ACTIVE
    assert house.signing.ask(order(), CALLER).iccid == ICCID
    acts = [entry.act for entry in house.sims.history(HOLDER, sim.sim_id)]
    assert acts == [Act.ASK, Act.SEND_CODE, Act.VERIFY, Act.APPROVE, Act.APPROVE_FOR_PROVINCE, Act.GIVE_CARD, Act.CERTIFY,
                    Act.BIND, Act.TEST, Act.ACTIVATE]
    told = [json.loads(row.detail)["state"] for row in house.database.read(select(NoticeRow.detail)).all()]
    assert told == ["active"]
    records = [row.event for row in house.database.read(select(AuditRow.event)).all()]
    assert records.count("sim.moved") == len(acts) - 1


@pytest.mark.parametrize(("typed", "number"), [("0912 345 678", "84912345678"), ("+84 912.345.678", "84912345678"),
                                               ("(091) 234-5678", "84912345678"), ("84912345678", "84912345678")])
def test_a_number_is_read_as_people_type_it(typed: str, number: str) -> None:
    assert number_of(typed) == number


@pytest.mark.parametrize("typed", ["", "0912", "091234567890", "+1 202 555 0100", "09123x5678", "٠٩١٢٣٤٥٦٧٨"])
def test_what_is_no_number_is_refused(typed: str) -> None:
    assert refused(lambda: number_of(typed)) == "bad_number"


@pytest.mark.parametrize("typed", ["", "1234567890123456789", "89849900000000000", "898499000000000000331",
                                   "89849900000000000x3"])
def test_what_is_no_card_is_refused(typed: str) -> None:
    assert refused(lambda: card_of(typed)) == "bad_card"
    assert card_of("8984 9900-0000.0000 033") == ICCID


class TestNumber:
    def test_security_57_wrong_codes_end_a_code_and_codes_are_few(self, house: House) -> None:
        sim = house.asked()
        good = house.inbox.code
        wrong = f"{(int(good) + 1) % 10**6:06}"
        for _ in range(MOST_TRIES):
            assert refused(lambda: house.sims.verify("holder", sim.sim_id, wrong, CALLER)) == "wrong_code"
        assert refused(lambda: house.sims.verify("holder", sim.sim_id, good, CALLER)) == "code_over", "and the right one too"
        for _ in range(MOST_CODES - 1):
            house.sims.send_code(HOLDER, sim.sim_id, CALLER)
        assert refused(lambda: house.sims.send_code(HOLDER, sim.sim_id, CALLER)) == "too_many_codes"
        house.clock.advance(3601)
        house.sims.send_code(HOLDER, sim.sim_id, CALLER)
        assert house.sims.verify("holder", sim.sim_id, f" {house.inbox.code[:3]} {house.inbox.code[3:]}",
                                 CALLER).state is State.NUMBER_VERIFIED

    def test_security_57_asking_anew_does_not_begin_anew(self, house: House) -> None:
        for _ in range(MOST_CODES):
            house.sims.act(HOLDER, house.asked().sim_id, Act.DEACTIVATE, CALLER)
        assert refused(house.asked) == "too_many_codes"
        assert refused(lambda: house.asked(holder="another")) == "too_many_codes", "the number, whoever asks"
        for number in range(MOST_CODES_OF_ONE - MOST_CODES):
            house.asked(f"0912 345 60{number}")
        assert refused(lambda: house.asked("0912 345 699")) == "too_many_codes", "numbers of strangers"
        assert len(house.inbox.sent) == MOST_CODES_OF_ONE
        assert len(house.store.of_officer("holder")) == MOST_CODES_OF_ONE, "and none of them is taken from its owner"
        house.clock.advance(3601)
        assert house.asked("0912 345 699").state is State.REQUESTED

    def test_a_code_lives_ten_minutes_and_the_one_before_it_is_worth_nothing(self, house: House) -> None:
        sim = house.asked()
        first = house.inbox.code
        house.sims.send_code(HOLDER, sim.sim_id, CALLER)
        if first != house.inbox.code:
            assert refused(lambda: house.sims.verify("holder", sim.sim_id, first, CALLER)) == "wrong_code"
        house.clock.advance(601)
        assert refused(lambda: house.sims.verify("holder", sim.sim_id, house.inbox.code, CALLER)) == "code_over"

    def test_a_code_stands_in_no_table_and_no_record(self, house: House) -> None:
        house.asked()
        for row in house.database.read(select(AuditRow.detail)).all():
            assert house.inbox.code not in row.detail

    def test_nobody_else_proves_a_number(self, house: House) -> None:
        sim = house.asked()
        code = house.inbox.code
        assert refused(lambda: house.sims.verify("another", sim.sim_id, code, CALLER)) == "not_found"
        assert refused(lambda: house.sims.verify("agency", sim.sim_id, code, CALLER)) == "not_found"

    def test_a_message_that_nobody_takes_leaves_a_request_that_goes_on(self, house: House) -> None:
        house.inbox.away = True
        with pytest.raises(UnavailableError):
            house.asked()
        house.inbox.away = False
        (sim,) = house.store.of_officer("holder")
        house.sims.send_code(HOLDER, sim.sim_id, CALLER)
        assert house.sims.verify("holder", sim.sim_id, house.inbox.code, CALLER).state is State.NUMBER_VERIFIED

    def test_a_number_that_the_carrier_does_not_know_leaves_nothing_open(self, house: House) -> None:
        house.inbox.unknown = {"84912345678"}
        for _ in range(2):
            assert refused(house.asked) == "number_unknown", "and not number_taken"
        assert [one.state for one in house.store.of_officer("holder")] == [State.DEACTIVATED] * 2
        house.inbox.unknown.clear()
        sim = house.asked()
        house.inbox.unknown = {"84912345678"}
        assert refused(lambda: house.sims.send_code(HOLDER, sim.sim_id, CALLER)) == "number_unknown"
        assert house.store.find(sim.sim_id).state is State.REQUESTED  # type: ignore[union-attr]

    def test_one_number_is_one_officers_at_the_same_moment_too(self, house: House) -> None:
        start, outcomes = threading.Barrier(2), list[str]()

        def ask(holder: str) -> None:
            start.wait()
            try:
                house.asked(holder=holder)
                outcomes.append("asked")
            except RefusedError as err:
                outcomes.append(err.code)

        threads = [threading.Thread(target=ask, args=(holder,)) for holder in ("holder", "another")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["asked", "number_taken"]

    def test_a_number_is_free_again_when_its_sim_has_ended(self, house: House) -> None:
        sim = house.asked()
        assert refused(lambda: house.asked(holder="another")) == "number_taken"
        house.sims.act(HOLDER, sim.sim_id, Act.DEACTIVATE, CALLER)
        assert house.asked(holder="another").state is State.REQUESTED


class TestPeople:
    def test_security_38_who_asks_and_who_approves_are_three(self, house: House) -> None:
        sim = house.sims.ask(AGENCY, "holder", NUMBER, "mang", CALLER)
        house.sims.verify("holder", sim.sim_id, house.inbox.code, CALLER)
        assert refused(lambda: house.sims.approve(AGENCY, sim.sim_id, CALLER)) == "another_person"
        colleague = Actor("colleague", Administrator(role=Role.AGENCY, client_id="console", sub="colleague", unit=UNIT))
        house.sims.approve(colleague, sim.sim_id, CALLER)
        assert house.sims.approve(DESK, sim.sim_id, CALLER).state is State.APPROVED

    def test_where_an_agency_has_nobody_two_of_the_province_approve(self, house: House) -> None:
        sim = house.verified()
        house.sims.approve(DESK, sim.sim_id, CALLER)
        assert refused(lambda: house.sims.approve(DESK, sim.sim_id, CALLER)) == "another_person"
        assert refused(lambda: house.sims.approve(AGENCY, sim.sim_id, CALLER)) == "not_yours"
        assert house.sims.approve(SECOND, sim.sim_id, CALLER).state is State.APPROVED

    def test_security_38_nobody_approves_the_own_sim(self, house: House) -> None:
        sim = house.verified(holder="agency")
        assert refused(lambda: house.sims.approve(AGENCY, sim.sim_id, CALLER)) == "another_person"

    def test_security_38_another_agency_sees_nothing(self, house: House) -> None:
        sim = house.verified()
        for act in (lambda: house.sims.seen(OTHER, sim.sim_id), lambda: house.sims.approve(OTHER, sim.sim_id, CALLER),
                    lambda: house.sims.history(OTHER, sim.sim_id),
                    lambda: house.sims.act(OTHER, sim.sim_id, Act.REPORT_LOSS, CALLER),
                    lambda: house.sims.send_code(OTHER, sim.sim_id, CALLER)):
            assert refused(act) == "not_found"
        assert refused(lambda: house.sims.ask(OTHER, "holder", "0912 345 679", "mang", CALLER)) == "not_yours"

    def test_security_38_whoever_reads_changes_nothing(self, house: House) -> None:
        sim = house.verified()
        assert house.sims.seen(AUDITOR, sim.sim_id).sim_id == sim.sim_id
        assert house.sims.possible(AUDITOR, sim) == ()
        assert refused(lambda: house.sims.approve(AUDITOR, sim.sim_id, CALLER)) == "not_yours"
        assert refused(lambda: house.sims.ask(AUDITOR, "holder", "0912 345 679", "mang", CALLER)) == "not_yours"

    def test_a_number_that_is_somebody_elses_is_not_approved(self, house: House) -> None:
        sim = house.verified()
        assert refused(lambda: house.sims.approve(AGENCY, sim.sim_id, CALLER, owner_match=False)) == "not_the_owner"

    def test_a_seal_is_asked_for_by_administrators_alone(self, house: House) -> None:
        assert refused(lambda: house.sims.ask(HOLDER, "holder", NUMBER, "mang", CALLER, seal=True)) == "not_yours"
        assert house.sims.ask(AGENCY, "holder", NUMBER, "mang", CALLER, seal=True).name == "Sở Y tế"

    def test_a_refusal_says_why(self, house: House) -> None:
        sim = house.verified()
        for reason in ("", "  ", "x" * 301, "a\x07"):
            assert refused(lambda reason=reason: house.sims.act(
                AGENCY, sim.sim_id, Act.REFUSE, CALLER, reason=reason)) == "reason_needed"
        assert house.sims.act(AGENCY, sim.sim_id, Act.REFUSE, CALLER, reason="Số không đúng").reason == "Số không đúng"


class TestCard:
    def test_a_card_is_one_sims_at_the_same_moment_too(self, house: House) -> None:
        sims = [house.approved(), house.approved("0912 345 679", "another")]
        start, outcomes = threading.Barrier(2), list[str]()

        def give(sim: Sim) -> None:
            start.wait()
            try:
                house.sims.give_card(DESK, sim.sim_id, ICCID, CALLER)
                outcomes.append("given")
            except RefusedError as err:
                outcomes.append(err.code)

        threads = [threading.Thread(target=give, args=(sim,)) for sim in sims]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["card_taken", "given"]

    def test_what_a_service_does_not_answer_the_worker_does(self, house: House) -> None:
        house.carrier.away = True
        sim = house.bound()
        assert sim.state is State.CARD_GIVEN
        assert house.sims.settle(CALLER, most=10) == 0
        house.carrier.away = False
        assert house.sims.settle(CALLER, most=10) == 0, "not every few seconds"
        house.clock.advance(61)
        assert house.sims.settle(CALLER, most=10) == 1
        assert house.store.find(sim.sim_id).state is State.BOUND  # type: ignore[union-attr]

    @pytest.mark.parametrize("cause", ["service", "authority"])
    def test_what_is_refused_stands_there_once_and_is_tried_again_by_the_desk(self, house: House, cause: str) -> None:
        if cause == "service":
            house.carrier.refuses = (407, 4073)
        house.authority.refuses = cause == "authority"
        sim = house.bound()
        assert (sim.state, sim.reason) == (State.CARD_GIVEN, "407/4073" if cause == "service" else "no_authority")
        lines = len(house.sims.history(DESK, sim.sim_id))
        house.sims.settle(CALLER, most=10)
        assert len(house.sims.history(DESK, sim.sim_id)) == lines, "said once"
        house.carrier.refuses, house.authority.refuses = None, False
        assert house.sims.give_card(SECOND, sim.sim_id, ICCID, CALLER).state is State.BOUND

    def test_a_card_that_waits_is_not_registered_all_the_time_and_holds_up_none(self, house: House) -> None:
        house.carrier.refuses = (407, 4073)
        stuck = house.bound()
        house.clock.advance(61)
        house.carrier.calls.clear()
        for _ in range(3):
            house.sims.settle(CALLER, most=10)
        assert house.carrier.calls == ["register"]
        house.carrier.refuses, house.carrier.away = None, True
        waiting = house.bound("0912 345 679", "another", "8984990000000000041")
        house.carrier.away = False
        house.clock.advance(61)
        assert house.sims.settle(CALLER, most=1) == 1, "what was refused is not in the way of what was not"
        assert house.store.find(waiting.sim_id).state is State.BOUND  # type: ignore[union-attr]
        house.clock.advance(REFUSED_SECONDS)
        assert house.sims.settle(CALLER, most=1) == 1
        assert house.store.find(stuck.sim_id).state is State.BOUND  # type: ignore[union-attr]

    def test_what_was_certified_is_revoked_in_the_end(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        register = house.carrier.register

        def half(transaction: str, msisdn: str, iccid: str, certificate: bytes | None = None, **more: Any) -> Any:
            house.carrier.refuses = (407, 4073) if certificate is not None else None
            return register(transaction, msisdn, iccid, certificate, **more)

        monkeypatch.setattr(house.carrier, "register", half)
        sim = house.bound()
        assert (sim.state, sim.serial, sim.reason) == (State.CARD_GIVEN, "7", "407/4073")
        house.authority.away = True
        house.sims.give_card(SECOND, sim.sim_id, "8984990000000000041", CALLER)
        assert house.carrier.calls.count("register") == 2, "no other card while the certificate of the first one stands"
        house.authority.away = False
        house.clock.advance(REFUSED_SECONDS + 1)
        house.sims.settle(CALLER, most=10)
        assert house.authority.revoked == [("7", "swapped")]
        house.sims.act(DESK, sim.sim_id, Act.DEACTIVATE, CALLER)
        assert house.authority.revoked == [("7", "swapped"), ("7", "ended")]

    def test_a_first_signature_that_the_worker_met_first_counts(self, house: House) -> None:
        sim = house.sims.test("holder", house.bound().sim_id, CALLER)
        house.carrier.answer(house.signing)
        house.clock.advance(10)
        house.signing.go_on(CALLER, most=10)
        assert house.signing.find(TEST, sim.test_transaction).state is SignatureState.READY
        assert house.sims.settle(CALLER, most=10) == 1
        assert house.store.find(sim.sim_id).state is State.ACTIVE  # type: ignore[union-attr]

    @pytest.mark.parametrize("end", ["late", "revoked"])
    def test_a_first_signature_that_may_not_be_given_out_stops_nobody(self, house: House, end: str) -> None:
        sim = house.sims.test("holder", house.bound().sim_id, CALLER)
        house.carrier.answer(house.signing)
        house.clock.advance(10)
        house.signing.go_on(CALLER, most=10)
        if end == "late":
            house.clock.advance(301)
        else:
            house.standings.revoked.add(sim.certificate)
        house.sims.settle(CALLER, most=10)
        house.signing.go_on(CALLER, most=10)
        house.sims.settle(CALLER, most=10)
        found = house.store.find(sim.sim_id)
        assert found is not None
        assert (found.state, found.test_transaction, found.reason) == (
            State.BOUND, "", "not_fetched" if end == "late" else Outcome.REVOKED.value)

    def test_nobody_asks_a_service_more_often_by_looking(self, house: House) -> None:
        sim = house.sims.test("holder", house.bound().sim_id, CALLER)
        house.carrier.calls.clear()
        for _ in range(5):
            house.sims.advance(sim, CALLER)
        assert house.carrier.calls == []
        house.clock.advance(10)
        for _ in range(5):
            house.sims.advance(sim, CALLER)
        assert house.carrier.calls == ["status"]

    def test_security_58_a_card_that_never_signed_is_not_active_by_being_unlocked(self, house: House) -> None:
        sim = house.sims.test("holder", house.bound().sim_id, CALLER)
        house.carrier.fault = (402, 4021)
        house.clock.advance(10)
        house.signing.go_on(CALLER, most=10)
        house.sims.settle(CALLER, most=10)
        found = house.store.find(sim.sim_id)
        assert found is not None
        assert (found.state, found.reason) == (State.BOUND, Outcome.PIN_BLOCKED.value)
        assert refused(lambda: house.sims.act(DESK, sim.sim_id, Act.UNLOCK, CALLER, reason="đã mở")) == "wrong_state"
        house.carrier.fault = None
        again = house.sims.test("holder", sim.sim_id, CALLER)
        assert again.test_transaction not in ("", sim.test_transaction)

    def test_a_first_signature_that_fails_is_asked_anew(self, house: House) -> None:
        sim = house.sims.test("holder", house.bound().sim_id, CALLER)
        house.carrier.fault = (401, None)
        house.clock.advance(15)
        after = house.sims.advance(sim, CALLER)
        assert (after.state, after.test_transaction, after.reason) == (State.BOUND, "", Outcome.CANCELLED.value)
        house.carrier.fault = None
        again = house.sims.test("holder", sim.sim_id, CALLER)
        assert again.test_transaction not in ("", sim.test_transaction)

    def test_security_58_a_first_signature_by_another_key_activates_nothing(self, house: House) -> None:
        from tests.signing.cards import Card

        sim = house.sims.test("holder", house.bound().sim_id, CALLER)
        stranger = Card(sim.msisdn, ICCID)
        for name, asked in house.carrier.asked.items():
            house.carrier.signatures[name] = stranger.sign(asked.digest)
        house.clock.advance(15)
        assert house.sims.advance(sim, CALLER).state is State.BOUND


class TestEnd:
    @pytest.mark.parametrize("who", [HOLDER, AGENCY, CLERK, HELPER, DESK])
    def test_security_57_a_loss_blocks_at_once_whoever_reports_it(self, house: House, who: Actor) -> None:
        sim = house.active()
        asked = house.signing.ask(order(), CALLER)
        house.sims.act(who, sim.sim_id, Act.REPORT_LOSS, CALLER)
        assert refused(lambda: house.signing.ask(order(idempotency_key="2"), CALLER)) == "sim_blocked"
        assert house.authority.revoked == [("7", "lost")]
        house.carrier.answer(house.signing)
        house.clock.advance(15)
        house.signing.go_on(CALLER, most=10)
        assert refused(lambda: house.signing.release("qlvb", asked.transaction_id, b"d" * 32, CALLER)) == "not_signed"

    def test_a_new_card_takes_the_place_of_a_lost_one(self, house: House) -> None:
        lost = house.active()
        house.sims.act(HOLDER, lost.sim_id, Act.REPORT_LOSS, CALLER)
        house.carrier.asked.clear()
        house.carrier.cards.clear()
        new = house.active(iccid="8984990000000000041")
        assert new.state is State.ACTIVE
        assert house.store.find(lost.sim_id).state is State.REPLACED  # type: ignore[union-attr]
        assert house.signing_sims.signing("holder").iccid == "8984990000000000041"

    def test_what_a_service_says_of_a_card_is_noted(self, house: House) -> None:
        sim = house.active()
        house.signing_sims.told("holder", "another card", Outcome.PIN_BLOCKED)
        assert house.signing_sims.signing("holder").iccid == ICCID
        house.signing_sims.told("holder", ICCID, Outcome.PIN_BLOCKED)
        assert refused(lambda: house.signing_sims.signing("holder")) == "sim_blocked"
        assert refused(lambda: house.sims.act(DESK, sim.sim_id, Act.UNLOCK, CALLER)) == "reason_needed"
        house.sims.act(DESK, sim.sim_id, Act.UNLOCK, CALLER, reason="Nhà mạng đã mở")
        house.signing_sims.told("holder", ICCID, Outcome.UNSUITABLE_SIM)
        assert house.store.find(sim.sim_id).state is State.SWAPPED  # type: ignore[union-attr]
        assert house.authority.revoked == [("7", "swapped")]

    @pytest.mark.parametrize(("state", "after"), [
        ({"iccid": "8984990000000000041"}, State.SWAPPED), ({"fault": (105, 1054)}, State.SWAPPED),
        ({"certificates": (b"another",)}, State.SWAPPED), ({"pin_blocked": True}, State.PIN_BLOCKED), ({}, State.ACTIVE),
        ({"certificates": ()}, State.ACTIVE)])
    def test_the_nightly_look_finds_what_has_drifted(self, house: House, state: dict[str, Any], after: State) -> None:
        sim = house.active()
        house.carrier.state = state
        assert house.nightly.look(CALLER, most=10) == 1
        assert house.store.find(sim.sim_id).state is after  # type: ignore[union-attr]
        assert house.nightly.look(CALLER, most=10) == 0, "once a night"
        if after is State.PIN_BLOCKED:
            house.carrier.state = {}
            house.clock.advance(86400)
            house.nightly.look(CALLER, most=10)
            assert house.store.find(sim.sim_id).state is State.ACTIVE  # type: ignore[union-attr]

    def test_a_service_that_is_away_is_looked_at_later(self, house: House) -> None:
        sim = house.active()
        house.carrier.away = True
        house.nightly.look(CALLER, most=10)
        house.carrier.away = False
        assert house.nightly.look(CALLER, most=10) == 0
        house.clock.advance(3601)
        assert house.nightly.look(CALLER, most=10) == 1
        assert house.store.find(sim.sim_id).state is State.ACTIVE  # type: ignore[union-attr]

    def test_a_card_about_which_nobody_answers_holds_up_no_other(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        house.active()
        house.active("0912 345 679", "another", "8984990000000000041")
        house.clock.advance(86400)
        asked = list[str]()

        def mute(transaction: str, msisdn: str) -> SimState:
            asked.append(msisdn[-3:])
            raise UnavailableError("another number", dependency="mobile_signature")

        monkeypatch.setattr(house.carrier, "profile", mute)
        for _ in range(3):
            house.nightly.look(CALLER, most=1)
        assert sorted(asked) == ["678", "679"], "each once, and again after an hour"
        monkeypatch.setattr(house.nightly, "_services", {})
        house.clock.advance(3601)
        assert house.nightly.look(CALLER, most=1) == house.nightly.look(CALLER, most=1) == 1
        assert house.nightly.look(CALLER, most=1) == 0, "of a carrier that is named no more"

    @pytest.mark.parametrize("how", ["change", "night"])
    @pytest.mark.parametrize(("status", "ends"), [("disabled", False), ("gone", True)])
    def test_whoever_leaves_signs_no_more_and_who_was_removed_has_no_sim(self, house: House, how: str, status: str,
                                                                         ends: bool) -> None:
        sim = house.active()
        house.people.status["holder"] = status
        assert refused(lambda: house.signing_sims.signing("holder")) == "no_sim", "at once"
        if how == "change":
            house.nightly.of_officer("holder", CALLER)
        else:
            house.nightly.look(CALLER, most=10)
        found = house.store.find(sim.sim_id)
        assert found is not None
        assert found.state is (State.DEACTIVATED if ends else State.ACTIVE)
        assert house.authority.revoked == ([("7", "ended")] if ends else [])
        house.people.status["holder"] = "active"
        if not ends:
            assert house.signing_sims.signing("holder").iccid == ICCID, "who comes back signs again"

    def test_a_revocation_that_fails_is_done_by_the_worker(self, house: House) -> None:
        sim = house.active()
        house.authority.away = True
        assert house.sims.act(HOLDER, sim.sim_id, Act.REPORT_LOSS, CALLER).state is State.LOST
        assert refused(lambda: house.signing_sims.signing("holder")) == "sim_blocked", "blocked all the same"
        house.sims.settle(CALLER, most=10)
        assert house.authority.revoked == []
        house.authority.away = False
        house.sims.settle(CALLER, most=10)
        house.sims.settle(CALLER, most=10)
        assert house.authority.revoked == [("7", "lost")], "once"

    def test_a_loss_wins_over_whatever_changes_at_the_same_moment(self, house: House) -> None:
        sim = house.active()
        start, failed = threading.Barrier(4), list[str]()

        def race(act: Any) -> None:
            start.wait()
            try:
                act()
            except RefusedError as err:
                failed.append(err.code)

        acts = [lambda: house.sims.act(HOLDER, sim.sim_id, Act.REPORT_LOSS, CALLER),
                *[lambda: house.signing_sims.told("holder", ICCID, Outcome.PIN_BLOCKED) for _ in range(3)]]
        threads = [threading.Thread(target=race, args=(act,)) for act in acts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failed == []
        assert house.store.find(sim.sim_id).state is State.LOST  # type: ignore[union-attr]

    def test_a_telephone_that_is_lost_before_there_is_a_card_is_reported_too(self, house: House) -> None:
        sim = house.verified()
        assert house.sims.act(HOLDER, sim.sim_id, Act.REPORT_LOSS, CALLER).state is State.LOST
        assert house.authority.revoked == []


def test_the_first_signature_stands_for_nothing_else(house: House) -> None:
    house.bound()
    with pytest.raises(RefusedError):
        house.signing_sims.signing("holder")
    assert house.signing_sims.signing("holder", testing=True).iccid == ICCID
    assert refused(lambda: house.signing.find("qlvb", "x")) == "not_found"
    assert registration._CLIENT_ID.fullmatch(TEST) is None, "no application is called so"


def test_lists_are_narrowed_and_counted(house: House) -> None:
    sim = house.verified()
    other = house.asked("0912 345 679", "another")
    found = house.store.page(SimSearch(unit=UNIT), after="", limit=10)
    assert {one.sim_id for one in found} == {sim.sim_id, other.sim_id}
    for words in ("0912 345 678", "+84912345678", "678"):
        assert [one.sim_id for one in house.store.page(SimSearch(words=words), after="", limit=10)] == [sim.sim_id], words
    for words in ("345 678", "09", "0912", "5678", "84912345", "34", "8"):
        assert house.store.page(SimSearch(words=words), after="", limit=10) == [], "a masked number is not told by parts of it"
    assert house.store.page(SimSearch(words="%"), after="", limit=10) == []
    assert [one.sim_id for one in house.store.page(SimSearch(state="requested"), after="", limit=10)] == [other.sim_id]
    assert house.store.page(SimSearch(unit="H30.12"), after="", limit=10) == []
    assert house.store.counts("H30") == {"number_verified": 1, "requested": 1}
    house.clock.advance(60)
    later = house.store.find(house.asked("0912 345 670", "another").sim_id)
    assert later is not None
    pages = [sims_listed(house.store, SimSearch(), sort="-since", limit=2)]
    assert pages[0][0][0] == later
    pages.append(sims_listed(house.store, SimSearch(), sort="-since", cursor=pages[0][1], limit=2))
    newest = [one.sim_id for found, _, _ in pages for one in found]
    assert newest[::-1] == [one.sim_id for one in sims_listed(house.store, SimSearch(), sort="since", limit=9)[0]]
    assert sims_listed(house.store, SimSearch(), sort="-since", back=pages[1][2], limit=2)[:1] == pages[0][:1]
    with pytest.raises(RefusedError):
        sims_listed(house.store, SimSearch(), sort="name", limit=2)
    first = house.store.page(SimSearch(), after="", limit=1)[0].sim_id
    assert [one.sim_id for one in house.store.page(SimSearch(), after="", before="sim-z", limit=1)] != [first]


@pytest.mark.parametrize(("sent", "pause"), [
    ([], 0), ([("1", 3600)] * 4, 0), ([("1", 100), *[("1", 3600)] * 4], 100), ([("1", 1), ("1", 2), *[("1", 3600)] * 4], 2),
    ([("2", 3600)] * 9, 0), ([("2", 50), *[("2", 3600)] * 9], 50), ([("2", 50), *[("3", 60)] * 9, ("1", 3600)], 60)])
def test_how_long_no_code_goes_out(sent: list[tuple[str, int]], pause: int) -> None:
    assert code_pause(sent, "1", 3600) == pause


def test_the_table_of_steps_has_no_dead_end_and_indexes_know_what_is_live() -> None:
    assert tuple(state.value for state in LIVE) == LIVE_STATES
    reachable = {State.REQUESTED} | {to for to, _ in STEPS.values()}
    assert reachable == set(State)
    ends = set(State) - {state for state, _ in STEPS}
    assert ends == {State.REFUSED, State.REPLACED, State.DEACTIVATED}
    assert all(By.SYSTEM not in by for (_, act), (_, by) in STEPS.items() if act in (Act.APPROVE, Act.APPROVE_FOR_PROVINCE))
