"""Signatures by SIM on both databases: once, to whom they belong, over what was asked, and whatever goes wrong between."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import utils
from sqlalchemy import select

from idp.adapters.sql.database import Database
from idp.adapters.sql.signing.transactions import SqlTransactions
from idp.adapters.sql.tables import NoticeRow, OutboxRow
from idp.audit import Caller
from idp.errors import RefusedError, UnavailableError
from idp.roles import Administrator, Role
from idp.signing.denial import Denials
from idp.signing.following import Rules
from idp.signing.outcome import Outcome
from idp.signing.signature import verified
from idp.signing.signing import Order, Signing
from idp.signing.transaction import STEPS, State, Transaction, refused_too_often
from tests.audit_desk import events_of
from tests.fakes.clock import FakeClock

from .cards import Bound, Card, Carrier, Known, certified

CALLER = Caller("192.0.2.7", "r-1", "Firefox")
HASH = hashlib.sha256(b"van ban").digest()


class House:
    """One province with one carrier."""

    def __init__(self, database: Database, clock: FakeClock | None = None) -> None:
        self.database, self.clock, self.carrier = database, clock or FakeClock(), Carrier()
        self.cards = {"sub-1": Card("84912000001", "8984012000000000001"), "sub-2": Card("84912000002", "8984012000000000002")}
        self.sims, self.standings, self.store = Bound(self.cards), Known(), SqlTransactions(database)
        self.signing = Signing(self.store, self.sims, self.standings, {"mang": self.carrier}, self.clock, Rules())

    def ask(self, key: str = "k-1", **changes: Any) -> Transaction:
        return self.signing.ask(replace(Order(
            client_id="qlvb", idempotency_key=key, sub="sub-1", unit_code="H30.1", title="Giám đốc", digest_name="sha256",
            digest=HASH, document="12/CV-STTTT", subject="Công văn về việc ký số"), **changes), CALLER)

    def sign(self, one: Transaction, *, by: str = "sub-1", digest: bytes | None = None) -> None:
        self.carrier.signatures[one.transaction_id] = self.cards[by].sign(digest or one.digest)

    def after(self, seconds: int = 10) -> None:
        self.clock.advance(seconds)
        self.signing.go_on(CALLER, most=50)

    def now(self, one: Transaction) -> Transaction:
        found = self.store.find(one.transaction_id)
        assert found is not None
        return found

    def states(self, one: Transaction) -> list[str]:
        return [event.state.value for event in self.store.events(one.transaction_id)]

    def records(self, event: str) -> int:
        return len(events_of(self.database, event))


@pytest.fixture
def house(database: Database) -> House:
    return House(database)


def code_of(call: Callable[[], Any]) -> str:
    with pytest.raises(RefusedError) as refused:
        call()
    return refused.value.code


def release(house: House, one: Transaction, client: str = "qlvb", digest: bytes = HASH) -> bytes:
    return house.signing.release(client, one.transaction_id, digest, CALLER)


@pytest.mark.parametrize("document", ["DANG NHAP Cong dich vu", "DONG Y CHO Chi tra luong", "\u200b", "x" * 300])
def test_security_57_a_question_about_a_document_reads_as_no_sign_in_and_no_approval(house: House, document: str) -> None:
    text = house.ask(document=document).text
    assert text.startswith("KY ")
    assert len(text) <= 110


def test_from_the_question_to_the_release(house: House) -> None:
    one = house.ask()
    assert (one.state, one.service_transaction, one.text) == (State.SENT, f"c-{one.transaction_id}", f"KY 12/CV-STTTT {one.code}")
    house.after()
    assert house.now(one).state is State.SENT
    assert code_of(lambda: release(house, one)) == "not_signed"
    house.sign(one)
    house.after(5)
    signed = house.now(one)
    assert (signed.state, signed.outcome) == (State.READY, "valid")
    signature = release(house, one)
    verified(certified(house.cards["sub-1"].key), "sha256", HASH, signature)
    utils.decode_dss_signature(signature)
    assert code_of(lambda: release(house, one)) == "already_released"
    events = house.store.events(one.transaction_id)
    assert [event.state for event in events] == [State.CREATED, State.SENT, State.READY, State.RELEASED]
    proofs = events[2].proofs
    assert house.store.blob(proofs["signature"]) == house.carrier.signatures[one.transaction_id]
    assert house.store.blob(proofs["standing"]) == b"ocsp: good"
    assert house.store.blob(events[0].proofs["certificate"]) == house.cards["sub-1"].der
    assert [house.records(f"signature.{name}") for name in ("asked", "ended", "released")] == [1, 1, 1]
    assert [one.transaction_id for one in house.store.of_officer("sub-1", limit=10)] == [one.transaction_id]
    assert house.store.of_officer("sub-1", before=one.transaction_id, limit=10) == []


def test_it_is_stored_before_the_phone_is_asked(house: House) -> None:
    seen: list[Transaction | None] = []
    asked = house.carrier.sign

    def look(request: Any) -> Any:
        seen.append(house.store.find(request.transaction))
        return asked(request)

    house.carrier.sign = look  # type: ignore[method-assign]
    house.ask()
    assert seen[0] is not None
    assert seen[0].state is State.CREATED


def test_the_same_key_is_the_same_signature(house: House) -> None:
    one = house.ask()
    assert house.ask().transaction_id == one.transaction_id
    assert house.carrier.calls == ["sign"]
    assert code_of(lambda: house.ask(digest=hashlib.sha256(b"another").digest())) == "key_used"
    assert code_of(lambda: house.ask(sub="sub-2")) == "key_used"
    assert house.ask(sub="sub-2", client_id="another").transaction_id != one.transaction_id


def test_a_card_is_asked_for_one_signature_at_a_time(house: House) -> None:
    one = house.ask()
    assert code_of(lambda: house.ask("k-2")) == "sim_busy"
    assert house.ask("k-2", sub="sub-2").state is State.SENT
    house.carrier.fault = (401, None)
    house.after()
    assert house.now(one).outcome == "cancelled"
    assert house.ask("k-3").state is State.SENT


def test_of_many_at_the_same_moment_one_is_asked(house: House) -> None:
    begun, refused = [], []
    start = threading.Barrier(8)

    def ask(number: int) -> None:
        start.wait()
        try:
            begun.append(house.ask(f"k-{number % 4}").transaction_id)
        except RefusedError as err:
            refused.append(err.code)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(begun)) == 1
    assert set(refused) <= {"sim_busy"}
    assert len(begun) + len(refused) == 8
    assert house.carrier.calls == ["sign"]


def test_security_59_a_signature_is_released_once_whoever_asks_at_the_same_moment(house: House) -> None:
    one = house.ask()
    house.sign(one)
    house.after()
    given, refused = [], []
    start = threading.Barrier(6)

    def take() -> None:
        start.wait()
        try:
            given.append(release(house, one))
        except RefusedError as err:
            refused.append(err.code)

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(given) == 1
    assert refused == ["already_released"] * 5


def test_security_58_only_to_the_application_that_asked_and_over_what_it_asked(house: House) -> None:
    one = house.ask()
    house.sign(one)
    house.after()
    assert code_of(lambda: release(house, one, client="another")) == "not_found"
    assert code_of(lambda: release(house, one, digest=hashlib.sha256(b"another").digest())) == "another_hash"
    assert code_of(lambda: house.signing.find("another", one.transaction_id)) == "not_found"
    assert release(house, one)


@pytest.mark.parametrize("how", ["another hash", "another card", "nonsense"])
def test_security_58_what_does_not_hold_is_never_released_whatever_the_service_says(house: House, how: str) -> None:
    one = house.ask()
    if how == "nonsense":
        house.carrier.signatures[one.transaction_id] = b"\x01" * 64
    elif how == "another card":
        house.sign(one, by="sub-2")
    else:
        house.sign(one, digest=hashlib.sha256(b"another").digest())
    house.after()
    ended = house.now(one)
    assert (ended.state, ended.outcome, ended.signature) == (State.FAILED, "invalid", None)
    assert code_of(lambda: release(house, one)) == "not_signed"
    assert "signature" in house.store.events(one.transaction_id)[-1].proofs


def test_a_certificate_that_was_revoked_meanwhile(house: House) -> None:
    one = house.ask()
    house.sign(one)
    house.standings.revoked.add(house.cards["sub-1"].der)
    house.after()
    assert (house.now(one).outcome, house.now(one).signature) == ("revoked", None)
    assert code_of(lambda: house.ask("k-2")) == "certificate_unfit"


def test_whoever_knows_the_standing_may_be_away_for_a_while(house: House) -> None:
    one = house.ask()
    house.sign(one)
    house.standings.away = True
    house.after()
    assert house.now(one).state is State.SENT
    with pytest.raises(UnavailableError):
        house.ask("k-2", sub="sub-2")
    assert house.store.by_key("qlvb", "k-2") is None
    house.standings.away = False
    house.after(5)
    assert house.now(one).state is State.READY


@pytest.mark.parametrize("ends", ["not for documents", "over", "no certificate"])
def test_a_certificate_that_does_not_sign_documents(house: House, ends: str) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding

    card = house.cards["sub-1"]
    card.der = b"x" if ends == "no certificate" else certified(
        card.key, commits=ends != "not for documents",
        **({"ends": house.clock.moment().replace(year=2023, month=2)} if ends == "over" else {})).public_bytes(Encoding.DER)
    assert code_of(house.ask) == "certificate_unfit"
    assert house.carrier.calls == []


def test_nobody_without_a_sim_or_with_one_that_is_blocked(house: House) -> None:
    assert code_of(lambda: house.ask(sub="sub-3")) == "no_sim"
    house.sims.blocked.add("sub-1")
    assert code_of(house.ask) == "sim_blocked"
    assert code_of(lambda: house.ask(digest=HASH[:-1])) == "invalid_hash"
    assert house.carrier.calls == []


@pytest.mark.parametrize(("fault", "outcome"), [
    ((401, None), Outcome.CANCELLED), ((208, 2082), Outcome.TIMED_OUT), ((209, None), Outcome.UNREACHABLE),
    ((402, None), Outcome.PIN_BLOCKED), ((105, 1053), Outcome.NOT_REGISTERED), ((209, 2092), Outcome.UNSUITABLE_SIM)])
def test_what_the_service_says_ends_it(house: House, fault: tuple[int, int | None], outcome: Outcome) -> None:
    one = house.ask()
    house.carrier.fault = fault
    house.after()
    ended = house.now(one)
    assert (ended.state, ended.outcome, ended.next_try_at) == (State.FAILED, outcome.value, None)
    event = house.store.events(one.transaction_id)[-1]
    assert (event.code, event.finer) == (fault[0], fault[1] or 0)
    house.carrier.takes = fault
    at_once = house.ask("k-2")
    assert (at_once.state, at_once.outcome) == (State.FAILED, outcome.value)


@pytest.mark.parametrize("how", ["away", "lost", "says so"])
def test_a_service_that_is_down_is_asked_again_under_the_same_name(house: House, how: str) -> None:
    house.carrier.away, house.carrier.lost = how == "away", how == "lost"
    house.carrier.takes = (900, None) if how == "says so" else None
    one = house.ask()
    assert one.state is State.CREATED
    house.after(5)
    assert house.now(one).state is State.CREATED
    house.carrier.away, house.carrier.lost, house.carrier.takes = False, False, None
    house.after(5)
    assert house.now(one).state is State.SENT
    assert list(house.carrier.asked) == [one.transaction_id]


def test_whoever_dies_before_asking_is_replaced_by_the_worker(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: Any) -> Any:
        raise SystemExit

    with monkeypatch.context() as away:
        away.setattr(house.carrier, "sign", killed)
        with pytest.raises(SystemExit):
            house.ask()
    one = house.store.by_key("qlvb", "k-1")
    assert one is not None
    house.after(29)
    assert house.now(one).state is State.CREATED
    house.after(1)
    assert house.now(one).state is State.SENT


def test_whoever_dies_after_the_answer_is_replaced_too_and_nothing_is_lost(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    one = house.ask()
    house.sign(one)
    house.clock.advance(10)

    def killed(*_: Any) -> Any:
        raise SystemExit

    with monkeypatch.context() as away:
        away.setattr(house.store, "change", killed)
        with pytest.raises(SystemExit):
            house.signing.go_on(CALLER, most=50)
    assert house.now(one).state is State.SENT
    house.after(30)
    assert house.now(one).state is State.READY


def test_f22_a_silent_service_times_out_and_what_comes_later_is_kept_and_never_released(house: House) -> None:
    one = house.ask()
    for _ in range(30):
        house.after(5)
    assert house.now(one).state is State.SENT
    house.after(5)
    assert (house.now(one).state, house.now(one).outcome) == (State.TIMED_OUT, "timed_out")
    assert house.ask("k-2").state is State.SENT
    house.sign(one)
    house.after(5)
    late = house.now(one)
    assert (late.state, late.signature, late.next_try_at) == (State.LATE, None, None)
    assert code_of(lambda: release(house, one)) == "not_signed"
    kept = house.store.events(one.transaction_id)[-1].proofs["signature"]
    assert house.store.blob(kept) == house.carrier.signatures[one.transaction_id]


def test_f22_a_signature_that_is_met_after_the_deadline_is_late_at_once(house: House) -> None:
    one = house.ask()
    house.sign(one)
    house.after(151)
    assert (house.now(one).state, house.now(one).outcome) == (State.LATE, "timed_out")
    assert house.states(one)[-2:] == ["timed_out", "late"]


def test_nobody_asks_for_ever(house: House) -> None:
    two = house.ask("k-2")
    house.carrier.away = True
    house.after(151)
    assert house.now(two).state is State.TIMED_OUT
    house.carrier.away = False
    house.after(400)
    assert house.now(two).next_try_at is None
    calls = len(house.carrier.calls)
    house.after(1000)
    assert len(house.carrier.calls) == calls


def test_a_service_that_never_answered_may_have_asked_the_phone_and_the_card_waits_for_that(house: House) -> None:
    house.carrier.away = True
    one = house.ask()
    house.after(151)
    assert (house.now(one).state, house.now(one).outcome) == (State.TIMED_OUT, "timed_out")
    assert "not known whether the phone" in house.store.events(one.transaction_id)[-1].note
    house.carrier.away = False
    assert code_of(lambda: house.ask("k-2")) == "sim_busy"
    house.after(150)
    assert code_of(lambda: house.ask("k-2")) == "sim_busy"
    house.after(1)
    assert house.now(one).next_try_at is None
    assert house.ask("k-2").state is State.SENT


def test_a_question_that_was_taken_late_has_its_whole_time(house: House) -> None:
    house.carrier.away = True
    one = house.ask()
    house.after(100)
    house.carrier.away = False
    house.after(5)
    assert house.now(one).state is State.SENT
    house.after(100)
    assert code_of(lambda: house.ask("k-2")) == "sim_busy"
    house.sign(one)
    house.after(5)
    assert house.now(one).state is State.READY


def test_what_nobody_fetches_is_over(house: House) -> None:
    one = house.ask()
    house.sign(one)
    house.after()
    house.clock.advance(301)
    assert code_of(lambda: release(house, one)) == "too_late"
    house.after(0)
    assert (house.now(one).state, house.now(one).outcome, house.now(one).signature) == (State.FAILED, "not_fetched", None)
    assert code_of(lambda: release(house, one)) == "too_late"


def test_security_57_an_officer_who_refuses_is_left_alone(house: House) -> None:
    house.carrier.fault = (401, None)
    for number in range(3):
        house.ask(f"k-{number}")
        house.after()
    with pytest.raises(RefusedError) as refused:
        house.ask("k-4")
    assert (refused.value.code, refused.value.status) == ("refused_too_often", 429)
    assert refused.value.retry_after_seconds == 880
    assert house.ask("k-5", sub="sub-2").state is State.SENT
    house.clock.advance(880)
    assert house.ask("k-6").state is State.SENT


def test_an_officer_says_that_they_did_not_ask(house: House) -> None:
    one = house.ask()
    assert code_of(lambda: house.signing.deny("sub-2", one.transaction_id, CALLER)) == "not_found"
    assert house.signing.deny("sub-1", one.transaction_id, CALLER).outcome == "denied"
    house.signing.deny("sub-1", one.transaction_id, CALLER)
    assert house.records("signature.denied") == 1
    # The phone shows it still: nothing else is asked of the card until the service has said its last word.
    assert code_of(lambda: house.ask("k-2")) == "sim_busy"
    house.sign(one)
    house.after()
    assert (house.now(one).state, house.now(one).signature) == (State.LATE, None)
    assert code_of(lambda: release(house, one)) == "not_signed"
    two = house.ask("k-2")
    house.sign(two)
    house.after()
    assert house.signing.deny("sub-1", two.transaction_id, CALLER).state is State.FAILED
    assert code_of(lambda: release(house, two)) == "not_signed"
    three = house.ask("k-3")
    house.sign(three)
    house.after()
    release(house, three)
    for _ in range(3):
        assert house.signing.deny("sub-1", three.transaction_id, CALLER).state is State.RELEASED
    assert house.records("signature.denied") == 3
    assert house.states(three)[-2:] == ["released", "released"]
    # Three times "not me" are three refusals.
    assert code_of(lambda: house.ask("k-4")) == "refused_too_often"


def test_security_57_what_an_officer_denies_is_told_to_who_looks_after_them(house: House) -> None:
    def who(sub: str, unit: str = "") -> Administrator:
        return Administrator(role=Role.AGENCY if unit else Role.PROVINCE, client_id="", sub=sub, unit=unit)

    people = SimpleNamespace(
        all=lambda: [who("above", "H30"), who("own", "H30.1"), who("sub-1", "H30.1"), who("other", "H30.2")],
        of_the_province=lambda: [who(f"desk-{number}") for number in range(9)])
    officer = SimpleNamespace(officer=SimpleNamespace(name="Nguyễn Văn Mẫu"))
    house.signing = Signing(house.store, house.sims, house.standings, {"mang": house.carrier}, house.clock, Rules(),
                            Denials(people, SimpleNamespace(by_sub=lambda sub: officer)))  # type: ignore[arg-type]
    one = house.ask()
    for _ in range(2):
        house.signing.deny("sub-1", one.transaction_id, CALLER)
    rows = house.database.read(select(NoticeRow).order_by(NoticeRow.id)).all()
    assert {row.sub for row in rows} == {"own", "above", *(f"desk-{number}" for number in range(6))}
    assert len(rows) == 8, "once"
    assert {row.kind for row in rows} == {"signature.denied"}
    assert json.loads(rows[0].detail) == {"officer": "sub-1", "name": "Nguyễn Văn Mẫu", "application": "qlvb"}
    assert len(house.database.read(select(OutboxRow).where(OutboxRow.kind == "mail")).all()) == len(rows)


def test_what_an_officer_denies_wins_every_race(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    one, change, left = house.ask(), house.store.change, [3]

    def raced(step: Any, record: Any, notices: Any = ()) -> bool:
        if left[0]:  # the worker looks at it at this very moment
            left[0] -= 1
            now = house.now(one)
            house.store.claim(now, now.deadline_at)
        return change(step, record, notices)

    monkeypatch.setattr(house.store, "change", raced)
    assert house.signing.deny("sub-1", one.transaction_id, CALLER).outcome == "denied"
    assert (house.now(one).state, house.records("signature.denied")) == (State.FAILED, 1)


def test_what_came_too_late_may_be_denied_too(house: House) -> None:
    one = house.ask()
    house.sign(one)
    house.after(151)
    assert house.signing.deny("sub-1", one.transaction_id, CALLER).state is State.LATE
    assert house.records("signature.denied") == 1


def test_a_denied_question_that_nobody_answers_frees_the_card_when_its_time_is_over(house: House) -> None:
    one = house.ask()
    house.signing.deny("sub-1", one.transaction_id, CALLER)
    for _ in range(30):
        house.after(5)
    assert code_of(lambda: house.ask("k-2")) == "sim_busy"
    house.after(5)
    assert house.ask("k-2").state is State.SENT
    house.carrier.away = True
    unsent = house.ask("k-3", sub="sub-2")
    house.signing.deny("sub-2", unsent.transaction_id, CALLER)
    assert code_of(lambda: house.ask("k-4", sub="sub-2")) == "sim_busy"
    house.after(151)
    house.carrier.away = False
    assert house.ask("k-4", sub="sub-2").state is State.SENT


def test_a_signature_that_comes_with_the_first_answer_is_kept(house: House) -> None:
    house.carrier.away = house.carrier.at_once = True
    one = house.ask()
    house.sign(one)
    house.carrier.away = False
    house.after(5)
    assert house.now(one).state is State.READY
    assert house.states(one) == ["created", "sent", "ready"]


def test_who_is_denied_while_the_phone_is_being_asked_is_looked_after(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = house.carrier.sign

    def denied(request: Any) -> Any:
        house.signing.deny("sub-1", request.transaction, CALLER)
        return asked(request)

    with monkeypatch.context() as away:
        away.setattr(house.carrier, "sign", denied)
        one = house.ask()
    assert (one.state, one.outcome, one.service_transaction) == (State.FAILED, "denied", f"c-{one.transaction_id}")
    house.sign(one)
    house.after(5)
    assert (house.now(one).state, house.now(one).signature) == (State.LATE, None)
    assert "signature" in house.store.events(one.transaction_id)[-1].proofs


def test_a_signature_is_kept_while_nobody_can_tell_how_its_certificate_stands(house: House) -> None:
    one = house.ask()
    house.sign(one)
    house.standings.away = True
    house.after()
    signed = house.now(one)
    assert (signed.state, signed.signed_at, signed.signature) == (State.SENT, house.clock.now(), None)
    assert house.store.blob(house.store.events(one.transaction_id)[-1].proofs["signature"]) is not None
    house.carrier.signatures.clear()
    house.carrier.away = True
    house.after(145)
    house.standings.away = False
    house.after(5)
    assert house.now(one).state is State.READY, "it came in time"
    assert release(house, one)


def test_nobody_waits_for_a_standing_for_ever(house: House) -> None:
    one = house.ask()
    house.sign(one)
    house.standings.away = True
    house.after()
    house.after(301)
    assert (house.now(one).state, house.now(one).outcome) == (State.FAILED, "standing_unknown")


@pytest.mark.parametrize("when", ["before it came", "before it was fetched"])
@pytest.mark.parametrize("what", ["lost", "exchanged", "revoked"])
def test_a_card_that_is_lost_signs_nothing_from_that_moment(house: House, when: str, what: str) -> None:
    one = house.ask()
    house.sign(one)
    if when == "before it was fetched":
        house.after()
        assert house.now(one).state is State.READY
    if what == "lost":
        house.sims.blocked.add("sub-1")
    elif what == "revoked":
        house.standings.revoked.add(house.cards["sub-1"].der)
    else:
        house.cards["sub-1"] = Card("84912000001", "8984012000000000009")
    if when == "before it came":
        house.after()
        assert code_of(lambda: release(house, one)) == "not_signed"
    else:
        assert code_of(lambda: release(house, one)) == {"revoked": "certificate_unfit"}.get(what, "sim_blocked")
    ended = house.now(one)
    assert (ended.state, ended.signature) == (State.FAILED, None)
    assert ended.outcome == {"revoked": "revoked"}.get(what, "sim_blocked")


@pytest.mark.parametrize(("fault", "outcome"), [((402, 4021), Outcome.PIN_BLOCKED), ((209, 2092), Outcome.UNSUITABLE_SIM)])
def test_what_a_service_says_of_a_card_is_told_to_who_keeps_them(house: House, fault: tuple[int, int | None],
                                                                outcome: Outcome) -> None:
    house.ask()
    house.carrier.fault = fault
    house.after()
    assert house.sims.heard == [("sub-1", "8984012000000000001", outcome)]


def test_a_question_whose_time_is_over_stops_nobody_without_the_worker(house: House) -> None:
    house.ask()
    house.clock.advance(86400)
    assert house.ask("k-2").state is State.SENT


def test_who_is_told_to_wait_leaves_nothing_behind(house: House) -> None:
    house.ask()
    with house.database.cursor(house.database.durable) as cursor:
        def blobs() -> int:
            return int(cursor.execute("SELECT count(*) FROM evidence_blob").fetchone()[0])

        before = blobs()
        for number in range(5):
            assert code_of(lambda number=number: house.ask(f"k-{number + 2}")) == "sim_busy"  # type: ignore[misc]
        assert blobs() == before


def test_a_silent_service_is_asked_once_in_a_pass_and_holds_up_no_other(house: House) -> None:
    house.cards |= {f"sub-{number}": Card(f"8491200010{number}", f"898401200000000010{number}") for number in range(3, 9)}
    house.cards["sub-2"].carrier, other = "khac", Carrier()
    house.signing = Signing(house.store, house.sims, house.standings, {"mang": house.carrier, "khac": other}, house.clock)
    for number in range(3, 9):
        house.ask(f"k-{number}", sub=f"sub-{number}")
    one = house.ask("k-2", sub="sub-2")
    other.signatures[one.transaction_id] = house.cards["sub-2"].sign(HASH)
    house.carrier.away = True
    house.carrier.calls.clear()
    house.after()
    assert house.carrier.calls == ["status"]
    assert house.now(one).state is State.READY


def test_two_workers_ask_once(house: House) -> None:
    one = house.ask()
    house.clock.advance(10)
    due = house.store.due("mang", house.clock.now(), limit=10)
    assert [found.transaction_id for found in due] == [one.transaction_id]
    house.carrier.calls.clear()
    threads = [threading.Thread(target=house.signing.look, args=(due[0], CALLER)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert house.carrier.calls == ["status"]


def test_carriers_are_asked_apart(house: House) -> None:
    house.cards["sub-2"].carrier, other = "khac", Carrier()
    house.signing = Signing(house.store, house.sims, house.standings, {"mang": house.carrier, "khac": other}, house.clock)
    house.carrier.away = True
    one, two = house.ask(), house.ask("k-2", sub="sub-2")
    assert (one.state, two.state) == (State.CREATED, State.SENT)
    other.signatures[two.transaction_id] = house.cards["sub-2"].sign(HASH)
    house.after()
    assert (house.now(one).state, house.now(two).state) == (State.CREATED, State.READY)
    house.cards["sub-1"].carrier = "gone"
    house.after(151)
    house.after(151)
    three = house.ask("k-3")
    assert (three.state, three.outcome) == (State.FAILED, "service_down")


def test_every_step_there_is() -> None:
    for before, after in STEPS.items():
        assert State.READY not in after or before is State.SENT
        assert State.RELEASED not in after or before in (State.READY, State.RELEASED)
        assert State.LATE not in after or before in (State.FAILED, State.TIMED_OUT, State.LATE)


@pytest.mark.parametrize(("ended", "pause"), [
    ([], 0), ([100, 100], 0), ([100, 100, 100], 900), ([100, 99, 50], 850), ([-800, 100, 100], 0), ([-799, 100, 100], 1),
    ([101, 100, 100], 0), ([1, 100, 50, 60], 850)])
def test_how_long_an_officer_is_left_alone(ended: list[int], pause: int) -> None:
    assert refused_too_often(ended, 100, most=3, pause_seconds=900) == pause


def test_refusals_are_the_last_ones_of_one_purpose_each_once(house: House) -> None:
    house.carrier.fault = (401, 4011)
    house.signing._rules = Rules(refusals=9)
    denied = house.ask("k-0")
    for number in range(1, 5):
        house.after()
        house.ask(f"k-{number}")
    house.after()
    house.signing.deny("sub-1", denied.transaction_id, CALLER)
    now = house.clock.now()
    every = list(house.store.refusals("sub-1", "signature", 0, most=9))
    assert (len(every), max(every)) == (5, now)
    assert sorted(house.store.refusals("sub-1", "signature", 0, most=2))[-2:] == [now, now]
    assert len(house.store.refusals("sub-1", "signature", 0, most=2)) <= 4
    assert house.store.refusals("sub-1", "signature", now, most=9) == []
    for sub, purpose in (("sub-2", "signature"), ("sub-1", "login"), ("sub-1", "approval")):
        assert house.store.refusals(sub, purpose, 0, most=9) == []  # type: ignore[arg-type]


def test_refusals_are_found_by_the_indexes_that_hold_nothing_else(house: House) -> None:
    asked = house.store._refusals
    asked.compile()
    if house.database.is_sqlite:
        with house.database.cursor(house.database.relaxed) as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {asked._compiled.sql}", {
                **asked._compiled.constants, "sub": "sub-1", "purpose": "signature", "since": 0, "most": 3})
            plan = " ".join(str(row[3]) for row in cursor.fetchall())
    else:
        with house.database.transaction(house.database.relaxed) as cursor:
            for setting in ("enable_seqscan", "enable_bitmapscan", "enable_sort"):
                cursor.execute(f"SET LOCAL {setting} = off")
            cursor.execute(f"EXPLAIN {re.sub(r'[$][0-9]+::', '1::', asked._compiled.sql.decode())}")
            plan = " ".join(str(row[0]) for row in cursor.fetchall())
    for name in ("ix_sign_transaction_cancelled", "ix_sign_transaction_not_me"):
        assert name in plan
