"""The SIM as a second factor, on both databases: what a phone confirms opens one sign-in of one browser, once, no more."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import select

from idp.adapters.sql.authn.mobile_id import SqlSimLogins
from idp.adapters.sql.authn.throttle import SqlGuessCounter
from idp.adapters.sql.authn.totp import SqlTotpStore
from idp.adapters.sql.database import Database
from idp.adapters.sql.housekeeping import DAY, SqlHousekeeping
from idp.adapters.sql.notices import SqlNotices
from idp.adapters.sql.signing.history import SqlSignatureHistory
from idp.adapters.sql.tables import OutboxRow
from idp.adapters.sql.trail.records import SqlAuditTrail
from idp.administration.signing.history import Signatures
from idp.audit import AuditEvent, AuditRecord
from idp.authn.assurance import level_reached, with_factor
from idp.authn.lockout import FACTOR_LIMITS, Lockout
from idp.authn.mobile_id import BINDING, MobileId, binding_of
from idp.authn.second_factor import Acceptance, FactorStep, SecondFactors
from idp.authn.totp import Totp
from idp.directory.mirror import MirroredOfficer
from idp.errors import RefusedError, UnavailableError
from idp.notices import NoticeKind, Told
from idp.roles import Administrator, Role
from idp.signing.login import ASKER, Logins
from idp.signing.ports import IN_DOUBT, SignatureSearch
from idp.signing.transaction import LOGIN, SIGNATURE, State, Transaction
from idp.signing.verification_code import verification_code
from tests.fakes.directory import make_officer
from tests.fakes.sealer import FakeSealer
from tests.signing.cards import Card, certified
from tests.signing.test_signing import CALLER, HASH, House

HERE, ELSEWHERE = binding_of("interaction-1", "browser-1"), binding_of("interaction-1", "browser-2")
PROVINCE = Administrator(role=Role.PROVINCE, client_id="console", sub="desk")
OFFICERS = {f"sub-{n}": MirroredOfficer(f"sub-{n}", make_officer(f"officer{n}"), "active") for n in (1, 2)}


class Phones(House):
    """A province whose cards have a key for signing in, and the factor."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        for sub, card in list(self.cards.items()):
            self.cards[sub] = replace(card, login=ec.generate_private_key(ec.SECP256R1()))
        self.carrier.authenticates = True
        self.people = dict(OFFICERS)
        mirror: Any = SimpleNamespace(by_sub=self.people.get, by_entry_uuid=lambda uuid: next(
            (one for one in self.people.values() if one.officer.entry_uuid == uuid), None))
        self.factor = MobileId(SqlSimLogins(database), mirror, self.clock)
        self.logins = self.factor.phones = Logins(self.signing, self.sims, {"mang": self.carrier})
        self.totp = Totp(SqlTotpStore(database), FakeSealer(), self.clock)
        counter = SqlGuessCounter(database)
        self.factors = SecondFactors(
            [(self.factor, Lockout(counter, self.clock, FACTOR_LIMITS, kind="sim")),
             (self.totp, Lockout(counter, self.clock, FACTOR_LIMITS, kind="factor"))], SqlAuditTrail(database), self.clock)
        self.enrol()

    def history(self) -> Signatures:
        nobody: Any = SimpleNamespace(by_sub=self.people.get)
        return Signatures(SqlSignatureHistory(self.database), self.store, nobody, lambda one, caller: b"evidence",
                          SqlAuditTrail(self.database), self.clock)

    def enrol(self, sub: str = "sub-1") -> bool:
        return self.factor.enrol(self.people[sub], CALLER)

    def asked(self, sub: str = "sub-1", binding: str = HERE) -> Transaction:
        return self.factor.ask(self.people[sub], "Quản lý văn bản", binding, CALLER)

    def confirm(self, one: Transaction, *, by: str = "", login: bool = True, digest: bytes = b"") -> None:
        """The phone answers, and its answer is there."""
        self.carrier.signatures[one.transaction_id] = self.cards[by or one.sub].sign(digest or one.digest, login=login)
        self.clock.advance(10)

    def confirmed(self, **how: Any) -> Transaction:
        one = self.asked()
        self.confirm(one, **how)
        return one

    def attempt(self, sub: str = "sub-1", binding: str = HERE) -> FactorStep:
        return self.factors.attempt(self.people[sub], "sim", {BINDING: binding}, CALLER)

    def begin(self) -> FactorStep:
        return self.factors.begin(self.people["sub-1"], "sim", self.asked, CALLER)

    def uuid(self, sub: str = "sub-1") -> str:
        return self.people[sub].officer.entry_uuid


@pytest.fixture
def phones(database: Database) -> Phones:
    return Phones(database)


def refused(act: Callable[[], Any]) -> str:
    with pytest.raises(RefusedError) as info:
        act()
    return info.value.code


def test_what_the_phone_confirms_is_level_three_and_opens_the_sign_in_once(phones: Phones) -> None:
    one = phones.asked()
    [question] = phones.carrier.asked.values()
    assert (question.use, question.text) == ("authentication", f"DANG NHAP Quan ly van ban {verification_code(one.digest)}")
    assert phones.asked().transaction_id == one.transaction_id, "a second press asks no second time"
    assert phones.attempt().outcome == "refused", "not yet"
    phones.confirm(one)
    step = phones.attempt()
    assert (step.outcome, step.amr) == ("accepted", ("sc",))
    assert with_factor(("pwd",), *step.amr) == ("pwd", "sc", "mfa")
    assert level_reached(("pwd", "sc", "mfa")) == 3
    assert phones.attempt().outcome == "reused"
    assert phones.states(one) == ["created", "sent", "ready", "released"]
    assert [phones.records(event) for event in ("factor.asked", "factor.answered", "factor.accepted")] == [1, 1, 1]
    assert phones.factor.standings(phones.uuid())[0].last_used_at == phones.clock.now()


@pytest.mark.parametrize("on", ["the same node", "two nodes"])
def test_of_many_who_take_it_at_one_moment_one_gets_it(phones: Phones, on: str) -> None:
    phones.confirmed()
    phones.factor.state("sub-1", HERE, CALLER)
    barrier, found = threading.Barrier(8), list[Acceptance]()
    factors = [phones.factor]
    if on == "two nodes":
        second = MobileId(SqlSimLogins(phones.database), phones.factor._mirror, phones.clock)
        second.phones = phones.logins
        factors.append(second)

    def take(n: int) -> None:
        record = AuditRecord(AuditEvent.FACTOR_ACCEPTED, phones.clock.now(), sub="sub-1", source="192.0.2.7", request_id=f"r-{n}",
                             detail={"factor": "sim"})
        barrier.wait()
        found.append(factors[n % len(factors)].verify(phones.uuid(), {BINDING: HERE}, record).acceptance)

    threads = [threading.Thread(target=take, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found).count(Acceptance.ACCEPTED) == 1
    assert phones.records("factor.accepted") == 1


def test_of_many_who_ask_at_one_moment_the_phone_is_asked_once(phones: Phones) -> None:
    barrier, found = threading.Barrier(6), list[str]()

    def ask() -> None:
        barrier.wait()
        try:
            found.append(phones.asked().transaction_id)
        except RefusedError as err:
            found.append(err.code)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(phones.carrier.asked) == 1
    assert set(found) <= {*phones.carrier.asked, "sim_busy"}


def test_it_is_bound_to_browser_and_officer(phones: Phones) -> None:
    phones.enrol("sub-2")
    phones.confirmed()
    assert phones.attempt(binding=ELSEWHERE).outcome == "refused", "another browser"
    assert phones.attempt(binding=binding_of("interaction-2", "browser-1")).outcome == "refused", "another sign-in"
    assert phones.attempt(binding="").outcome == "refused"
    assert phones.attempt("sub-2").outcome == "refused", "another officer"
    assert phones.attempt().outcome == "accepted"


WRONG: dict[str, Callable[[Phones], Any]] = {
    "the key for documents": lambda phones: phones.confirmed(login=False),
    "another officer's card": lambda phones: phones.confirmed(by="sub-2"),
    "another challenge": lambda phones: phones.confirmed(digest=HASH),
    "no signature": lambda phones: (phones.asked(), phones.clock.advance(10))}


@pytest.mark.parametrize("wrong", WRONG)
def test_security_58_what_does_not_hold_opens_nothing(phones: Phones, wrong: str) -> None:
    WRONG[wrong](phones)
    assert phones.attempt().outcome == "refused"
    assert phones.records("factor.accepted") == 0


MEANWHILE: dict[str, Callable[[Phones], Any]] = {
    "its certificate was revoked": lambda phones: phones.standings.revoked.add(phones.cards["sub-1"].login_der),
    "the SIM was reported lost": lambda phones: phones.sims.blocked.add("sub-1"),
    "the SIM came into doubt": lambda phones: phones.sims.doubted.add("sub-1"),
    "the officer has another card": lambda phones: phones.cards.update({"sub-1": phones.cards["sub-2"]}),
    "the key for signing in was withdrawn": lambda phones: phones.cards.update({
        "sub-1": Card("84912000001", "8984012000000000001")}),
    "the factor was taken away": lambda phones: phones.factors.remove(OFFICERS["sub-1"], "sim", "", CALLER),
    "its time is over": lambda phones: phones.clock.advance(301)}


@pytest.mark.parametrize("meanwhile", MEANWHILE)
@pytest.mark.parametrize("when", ["before the answer is seen", "after"])
def test_security_58_what_changed_until_it_is_taken_counts(phones: Phones, meanwhile: str, when: str) -> None:
    one = phones.confirmed()
    if when == "after":
        assert phones.factor.state("sub-1", HERE, CALLER).state is State.READY  # type: ignore[union-attr]
    MEANWHILE[meanwhile](phones)
    assert phones.attempt().outcome != "accepted"
    assert phones.now(one).state is not State.RELEASED


def test_security_57_a_sim_in_doubt_signs_nobody_in_and_stays_a_factor_that_has_to_be_shown(phones: Phones) -> None:
    """A carrier that is wrong about many at once must make nobody an officer of whom the password is enough."""
    phones.sims.doubted.add("sub-1")
    assert phones.factors.ways(phones.uuid()) == ("sim",)
    assert refused(phones.begin) == IN_DOUBT
    assert phones.carrier.asked == {}
    assert not phones.factor.approves(phones.people["sub-1"])
    phones.sims.doubted.clear()
    phones.sims.blocked.add("sub-1")
    assert phones.factors.ways(phones.uuid()) == (), "one that was lost is none any more, as before"


@pytest.mark.parametrize("usage", ["commits", "expired"])
def test_a_certificate_that_is_not_for_signing_in_is_asked_for_nothing(phones: Phones, usage: str) -> None:
    card = phones.cards["sub-1"]
    card.login_der = (certified(card.login) if usage == "commits" else certified(
        card.login, commits=False, ends=phones.clock.moment())).public_bytes(Encoding.DER)
    phones.clock.advance(10)
    assert refused(phones.asked) == "certificate_unfit"
    assert phones.carrier.asked == {}


def test_late_answers_open_nothing_and_are_kept(phones: Phones) -> None:
    one = phones.asked()
    phones.clock.advance(200)
    phones.signing.go_on(CALLER, most=5)
    assert phones.now(one).state is State.TIMED_OUT
    phones.confirm(one)
    phones.signing.go_on(CALLER, most=5)
    assert phones.now(one).state is State.LATE
    assert phones.attempt().outcome == "refused"
    assert phones.now(one).signature is None


def test_three_refusals_and_the_phone_is_left_alone_for_a_while_but_signs(phones: Phones) -> None:
    phones.carrier.fault = (401, 4011)
    for _ in range(3):
        phones.asked()
        phones.clock.advance(10)
        assert phones.factor.state("sub-1", HERE, CALLER).outcome == "cancelled"  # type: ignore[union-attr]
    assert refused(phones.asked) == "refused_too_often"
    phones.carrier.fault = None
    assert phones.ask().state is State.SENT, "whoever knows the password stops no document"
    phones.clock.advance(901)
    assert phones.asked().state is State.SENT


UNCONFIRMED = {"cancelled": (401, 4011), "wrong_pin": (401, 4012), "timed_out": (208, 2082)}


@pytest.mark.parametrize("outcome", UNCONFIRMED)
def test_security_34_who_did_not_confirm_is_told_once_an_hour(phones: Phones, outcome: str) -> None:
    """Whoever asks many times in the officer's name fills neither the notices nor the mailbox."""
    notices = SqlNotices(phones.database)

    def told() -> list[Told]:
        return [one for one in notices.of("sub-1", limit=50) if one.kind is NoticeKind.SIGN_IN_UNCONFIRMED]

    phones.carrier.fault = UNCONFIRMED[outcome]
    for _ in range(2):
        phones.asked()
        phones.clock.advance(10)
        assert phones.factor.state("sub-1", HERE, CALLER).outcome == outcome  # type: ignore[union-attr]
    [one] = told()
    assert (one.detail, one.source) == ({"application": "Quản lý văn bản", "outcome": outcome}, CALLER.source)
    mails = phones.database.read(select(OutboxRow.payload).where(OutboxRow.payload.like("%sign_in.unconfirmed%"))).all()
    assert len(mails) == 1
    phones.clock.advance(3600)
    phones.asked()
    phones.clock.advance(10)
    phones.signing.go_on(CALLER, most=5)
    assert len(told()) == 2


@pytest.mark.parametrize("fault", [(209, None), (402, None), (105, 1053), None])
def test_nobody_is_told_of_what_no_person_decided_or_of_a_signature(phones: Phones, fault: tuple[int, int | None] | None) -> None:
    phones.carrier.fault = fault
    one = phones.asked()
    if fault is None:
        phones.confirm(one)
        assert phones.attempt().outcome == "accepted"
        phones.carrier.fault = (401, 4011)
        phones.ask()
    phones.clock.advance(10)
    phones.signing.go_on(CALLER, most=5)
    assert {told.kind for told in SqlNotices(phones.database).of("sub-1", limit=9)} == {NoticeKind.FACTOR_ADDED}


def test_a_card_is_asked_one_thing_at_a_time_whatever_it_is(phones: Phones) -> None:
    document = phones.ask()
    assert refused(phones.asked) == "sim_busy"
    phones.sign(document)
    phones.after()
    login = phones.asked()
    assert refused(lambda: phones.ask("k-2")) == "sim_busy"
    assert refused(lambda: phones.asked(binding=ELSEWHERE)) == "sim_busy", "a second browser does not take the place of the first"
    phones.confirm(login)
    assert phones.attempt().outcome == "accepted"


def test_each_asking_is_a_guess_until_one_is_accepted(phones: Phones) -> None:
    """Security checklist 57: whoever knows the password cannot have a phone asked all night."""
    phones.carrier.fault = (208, 2082)
    outcomes = []
    for _ in range(7):
        outcomes.append(phones.begin().outcome)
        phones.clock.advance(10)
        phones.factor.state("sub-1", HERE, CALLER)
    assert outcomes == ["asked"] * 6 + ["throttled"]
    assert len(phones.carrier.asked) == 6
    phones.factors.clear(phones.uuid(), CALLER.source)
    phones.carrier.fault = None
    assert phones.begin().outcome == "asked"
    phones.confirm(phones.factor.state("sub-1", HERE, CALLER))  # type: ignore[arg-type]
    assert phones.attempt().outcome == "accepted"
    assert [phones.begin().outcome for _ in range(3)] == ["asked"] * 3, "what was accepted takes its askings back"


def test_an_asking_that_reaches_nobody_is_no_guess(phones: Phones) -> None:
    phones.standings.away = True
    for _ in range(8):
        with pytest.raises(UnavailableError):
            phones.begin()
    phones.standings.away = False
    assert phones.begin().outcome == "asked"


@pytest.mark.parametrize("who", ["disabled", "not enrolled", "frozen", "without a SIM", "nobody is asked here"])
def test_who_is_asked_for_nothing(phones: Phones, who: str) -> None:
    frozen: dict[str, int] = {}
    phones.factors._frozen_until = frozen.get
    if who == "disabled":
        phones.people["sub-1"] = replace(OFFICERS["sub-1"], status="disabled")
    elif who == "not enrolled":
        phones.factors.remove(OFFICERS["sub-1"], "sim", "", CALLER)
    elif who == "frozen":
        frozen[phones.uuid()] = phones.clock.now()
    elif who == "without a SIM":
        del phones.cards["sub-1"]
    else:
        phones.carrier.authenticates = False
    assert phones.begin().outcome in {"refused", "not_enrolled", "frozen"}
    assert phones.carrier.asked == {}
    if who in {"without a SIM", "nobody is asked here", "not enrolled"}:
        assert phones.factor.standings(phones.uuid()) == ()
        assert not phones.factors.enrolled(phones.uuid())


def test_a_service_that_loses_the_profile_meanwhile_is_asked_nothing(phones: Phones) -> None:
    phones.carrier.away = True
    one = phones.asked()
    phones.carrier.away, phones.carrier.authenticates = False, False
    phones.after(60)
    assert phones.now(one).outcome == "service_down"
    assert "sign" not in phones.carrier.calls[1:]


def test_officers_choose_it_once_and_are_told(phones: Phones) -> None:
    assert not phones.enrol(), "already"
    assert not phones.factor.may_enrol(OFFICERS["sub-1"])
    assert phones.factor.may_enrol(OFFICERS["sub-2"])
    phones.cards["sub-2"] = Card("84912000002", "8984012000000000002")
    assert not phones.factor.may_enrol(OFFICERS["sub-2"]), "the card has no key for it"
    assert not phones.enrol("sub-2")
    assert phones.records("factor.enrolled") == 1
    assert phones.factors.remove(OFFICERS["sub-1"], "sim", "", CALLER, demanded=2) == "last"
    assert phones.factors.remove(OFFICERS["sub-1"], "sim", "", CALLER) == "removed"
    assert phones.ask().state is State.SENT, "the SIM signs documents as before"


# No reader of signatures sees a sign-in, and the other way round


READERS: dict[str, Callable[[Phones, Transaction], Any]] = {
    "find": lambda phones, one: phones.signing.find(ASKER, one.transaction_id),
    "known": lambda phones, one: phones.signing.known(ASKER, one.idempotency_key),
    "release": lambda phones, one: phones.signing.release(ASKER, one.transaction_id, one.digest, CALLER),
    "release_all": lambda phones, one: phones.signing.release_all(ASKER, [(one.transaction_id, one.digest)], CALLER),
    "deny": lambda phones, one: phones.signing.deny("sub-1", one.transaction_id, CALLER),
    "by_key": lambda phones, one: phones.store.by_key(ASKER, one.idempotency_key),
    "of_officer": lambda phones, one: list(phones.store.of_officer("sub-1", limit=10)) or None,
    "history": lambda phones, one: list(SqlSignatureHistory(phones.database).page(SignatureSearch(), limit=10)) or None,
    "history of an agency": lambda phones, one: list(SqlSignatureHistory(phones.database).page(
        SignatureSearch(unit=one.unit_code, sub="sub-1", client_id=ASKER), limit=10)) or None,
    "told": lambda phones, one: phones.history().one(PROVINCE, one.transaction_id),
    "evidence": lambda phones, one: phones.history().evidence(PROVINCE, one.transaction_id, "Kiểm tra", CALLER),
    "refusals": lambda phones, one: list(phones.store.refusals("sub-1", SIGNATURE, 0, most=3)) or None}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("at", ["asked", "confirmed", "opened"])
def test_a_sign_in_never_shows_or_leaves_as_a_signature(phones: Phones, reader: str, at: str) -> None:
    one = phones.asked()
    if at != "asked":
        phones.confirm(one)
        phones.factor.state("sub-1", HERE, CALLER)
    if at == "opened":
        assert phones.attempt().outcome == "accepted"
    before = phones.now(one)
    if reader in {"find", "release", "release_all", "deny", "told", "evidence"}:
        assert refused(lambda: READERS[reader](phones, one)) in {"not_found", "unknown_signature"}
    else:
        assert READERS[reader](phones, one) is None
    assert phones.now(one) == before
    assert [phones.records(event) for event in ("signature.asked", "signature.ended", "signature.released")] == [0, 0, 0]


def test_a_signature_never_opens_a_sign_in(phones: Phones) -> None:
    one = phones.ask(binding=HERE)
    phones.sign(one)
    phones.after()
    assert phones.now(one).state is State.READY
    assert phones.factor.state("sub-1", HERE, CALLER) is None
    assert phones.attempt().outcome == "refused"
    record = AuditRecord(AuditEvent.FACTOR_ACCEPTED, phones.clock.now(), sub="sub-1")
    assert not phones.signing.opened(phones.now(one), phones.uuid(), record, CALLER)
    assert list(phones.store.refusals("sub-1", LOGIN, 0, most=3)) == []
    assert phones.carrier.asked[one.transaction_id].use == "signing"


def test_what_was_asked_for_a_sign_in_goes_after_a_month_and_signatures_stay(phones: Phones) -> None:
    document = phones.ask()
    phones.sign(document)
    phones.after()
    login = phones.confirmed()
    assert phones.attempt().outcome == "accepted"
    kept = [event.proofs for event in phones.store.events(login.transaction_id)]
    assert set().union(*kept) <= {"certificate", "signature"}, "no evidence is collected of a sign-in"
    sweep = SqlHousekeeping(phones.database)
    sweep.sweep(phones.clock.now() + 29 * DAY)
    assert phones.now(login).state is State.RELEASED
    gone = sweep.sweep(phones.clock.now() + 40 * DAY)
    assert (gone["sign_event"], gone["sign_transaction"]) == (4, 1)
    assert phones.store.find(login.transaction_id) is None
    assert len(phones.store.events(document.transaction_id)) == 3
    assert phones.now(document).signature is not None


def test_the_worker_goes_on_with_both_and_gives_out_neither(phones: Phones) -> None:
    one = phones.confirmed()
    phones.signing.go_on(CALLER, most=5)
    assert phones.now(one).state is State.READY
    phones.after(302)
    assert (phones.now(one).state, phones.now(one).outcome) == (State.FAILED, "not_fetched")
    assert phones.attempt().outcome == "refused"
    assert phones.records("factor.answered") == 2
    assert phones.records("signature.ended") == 0
