"""Officers' passkeys (Web Authentication Level 2 §7; security checklist 15, 31) on both databases and in memory."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import func, select

from idp.adapters.sql.authn.passkeys import SqlPasskeys
from idp.adapters.sql.database import Database
from idp.adapters.sql.tables import AuditRow, NoticeRow
from idp.audit import AuditEvent, AuditRecord, Caller
from idp.authn.passkeys import MAX_NAME, MOST, Challenge, Passkeys, PasskeyStore, Purpose, place_of, proven, tidy_name
from idp.authn.webauthn import CHALLENGE_SECONDS, CeremonyError, Judged, RelyingParty, encode, read_assertion
from idp.directory.mirror import MirroredOfficer
from tests.fakes.authenticator import ELIGIBLE, ORIGIN, PRESENT, RP_ID, VERIFIED, Authenticator, decoded
from tests.fakes.clock import FakeClock
from tests.fakes.directory import make_officer
from tests.fakes.passkey_store import FakePasskeyStore

PARTY = RelyingParty(RP_ID, ORIGIN, "Hệ thống đăng nhập một lần")
CANBO = MirroredOfficer("sub-canbo", make_officer("canbo"), "active")
VANTHU = MirroredOfficer("sub-vanthu", make_officer("vanthu"), "active")
CALLER = Caller("203.0.113.7", "request-1")
RECORD = AuditRecord(AuditEvent.FACTOR_ACCEPTED, 1_700_000_000, sub="s", detail={"factor": "passkey"})


class Desk:
    """The room, and what tests do with it."""

    def __init__(self, store: PasskeyStore) -> None:
        self.clock = FakeClock()
        self.store = store
        self.room = Passkeys(store, PARTY, self.clock)

    def enrol(self, device: Authenticator, officer: MirroredOfficer = CANBO, name: str = "Máy bàn", sid: str = "sid") -> str:
        answer = device.make(self.room.ask_to_enrol(officer, sid))
        return self.room.enrol(officer, sid, json.dumps(answer), name, CALLER)

    def device(self, officer: MirroredOfficer = CANBO, **how: Any) -> Authenticator:
        """Give an authenticator that is enrolled."""
        device = Authenticator(**how)
        assert self.enrol(device, officer) == "enrolled"
        return device

    def second(self, device: Authenticator, officer: MirroredOfficer = CANBO, **how: Any) -> str:
        """Prove a passkey after the password."""
        options = self.room.ask_second_factor(officer, "interaction")
        return self.answer(json.dumps(device.prove(options, **how)), officer)

    def answer(self, text: str, officer: MirroredOfficer = CANBO, within: str = "interaction") -> str:
        return self.room.verify(officer.officer.entry_uuid, {"passkey": text, "within": within}, RECORD).acceptance.value


class PasskeysContract:
    @pytest.fixture
    def desk(self, store: PasskeyStore) -> Desk:
        return Desk(store)

    # Enrolling

    def test_an_officer_has_several_each_under_its_name(self, desk: Desk) -> None:
        first = desk.device(flags=PRESENT | VERIFIED | ELIGIBLE, counter=7)
        desk.clock.advance(60)
        second = Authenticator()
        assert desk.enrol(second, name="  Điện   thoại ") == "enrolled"
        kept = desk.room.of(CANBO.officer.entry_uuid)
        assert [(one.name, one.credential_id, one.sign_count, one.synced, one.last_used_at) for one in kept] == [
            ("Máy bàn", first.credential_id, 7, True, None), ("Điện thoại", second.credential_id, 0, False, None)]
        assert desk.room.of(VANTHU.officer.entry_uuid) == []

    def test_s14_6_1_the_user_handle_is_random_and_one_per_officer(self, desk: Desk) -> None:
        handles = [desk.room.ask_to_enrol(officer, "sid")["user"]["id"] for officer in (CANBO, CANBO, VANTHU)]
        assert handles[0] == handles[1] != handles[2]
        assert len(decoded(handles[0])) == 32
        desk.device()
        assert desk.room.ask_to_enrol(CANBO, "another")["user"]["id"] == handles[0]

    def test_passkeys_there_are_excluded_so_that_no_device_makes_a_second(self, desk: Desk) -> None:
        device = desk.device()
        excluded = desk.room.ask_to_enrol(CANBO, "sid")["excludeCredentials"]
        assert [one["id"] for one in excluded] == [encode(device.credential_id)]
        assert desk.room.ask_to_enrol(VANTHU, "sid")["excludeCredentials"] == []

    def test_s7_1_a_credential_is_one_officers(self, desk: Desk) -> None:
        device = desk.device()
        assert desk.enrol(device, VANTHU) == "taken"
        assert desk.enrol(device, CANBO) == "taken"
        assert desk.room.of(VANTHU.officer.entry_uuid) == []

    @pytest.mark.parametrize("name", ["", "   ", "\u200b", "\n\t", "\ud800"])
    def test_a_passkey_without_a_name_is_not_kept_and_may_be_tried_again(self, desk: Desk, name: str) -> None:
        device = Authenticator()
        answer = json.dumps(device.make(desk.room.ask_to_enrol(CANBO, "sid")))
        assert desk.room.enrol(CANBO, "sid", answer, name, CALLER) == "unnamed"
        assert desk.room.enrol(CANBO, "sid", answer, "Máy bàn", CALLER) == "enrolled"

    def test_an_officer_has_at_most_ten(self, desk: Desk) -> None:
        assert [desk.enrol(Authenticator()) for _ in range(MOST + 1)] == ["enrolled"] * MOST + ["too_many"]

    @pytest.mark.parametrize(("how", "outcome"), [
        ({"origin": "https://evil.example"}, "refused"), ({"rp_id": "evil.example"}, "refused"), ({"flags": PRESENT}, "refused")])
    def test_what_is_not_right_is_refused(self, desk: Desk, how: dict[str, Any], outcome: str) -> None:
        assert desk.enrol(Authenticator(**how)) == outcome
        assert desk.room.of(CANBO.officer.entry_uuid) == []

    def test_nonsense_is_refused(self, desk: Desk) -> None:
        for text in ("", "{}", "\ud800", "[" * 9999):
            desk.room.ask_to_enrol(CANBO, "sid")
            assert desk.room.enrol(CANBO, "sid", text, "Máy bàn", CALLER) == "refused"

    def test_a_challenge_to_enrol_counts_once_in_its_session_and_for_its_officer(self, desk: Desk) -> None:
        def enrol(officer: MirroredOfficer = CANBO, sid: str = "sid", after: int = 0) -> str:
            answer = json.dumps(Authenticator().make(desk.room.ask_to_enrol(CANBO, "sid")))
            desk.clock.advance(after)
            return desk.room.enrol(officer, sid, answer, "Máy bàn", CALLER)

        assert [enrol(sid="another"), enrol(officer=VANTHU), enrol(after=CHALLENGE_SECONDS)] == ["expired"] * 3
        assert enrol() == "enrolled"
        assert desk.room.enrol(CANBO, "sid", "{}", "Máy bàn", CALLER) == "expired"

    # Proving

    def test_a_passkey_proves_its_officer_after_the_password(self, desk: Desk) -> None:
        device = desk.device()
        desk.clock.advance(3600)
        options = desk.room.ask_second_factor(CANBO, "interaction")
        assert [one["id"] for one in options["allowCredentials"]] == [encode(device.credential_id)]
        answer = {"passkey": json.dumps(device.prove(options)), "within": "interaction"}
        proof = desk.room.verify(CANBO.officer.entry_uuid, answer, RECORD)
        assert (proof.acceptance.value, proof.amr) == ("accepted", ("pop", "user", "mfa"))
        [kept] = desk.room.of(CANBO.officer.entry_uuid)
        assert (kept.sign_count, kept.last_used_at) == (1, desk.clock.now())

    def test_after_the_password_presence_is_enough(self, desk: Desk) -> None:
        device = desk.device()
        device.flags = PRESENT
        assert desk.second(device) == "accepted"
        device.flags = VERIFIED
        assert desk.second(device) == "refused"

    def test_of_somebody_who_has_none_nothing_is_asked(self, desk: Desk) -> None:
        assert desk.answer("{}") == "not_enrolled"
        desk.device(VANTHU)
        assert desk.answer("{}") == "not_enrolled"

    def test_another_officers_passkey_is_refused(self, desk: Desk) -> None:
        desk.device()
        theirs = desk.device(VANTHU)
        assert desk.second(theirs) == "refused"
        assert desk.second(theirs, VANTHU) == "accepted"

    def test_an_unknown_or_removed_credential_is_refused(self, desk: Desk) -> None:
        desk.device()
        device = desk.device()
        assert desk.second(Authenticator()) == "refused"
        gone = desk.room.find(device.credential_id)
        assert gone is not None
        assert desk.room.remove(CANBO.officer.entry_uuid, gone.passkey_id, RECORD)
        assert desk.second(device) == "refused"

    def test_another_user_handle_is_refused_and_none_is_needed(self, desk: Desk) -> None:
        device = desk.device()
        assert desk.second(device, user_handle=b"another") == "refused"
        assert desk.second(device, user_handle=b"") == "accepted"

    def test_s6_1_1_a_counter_that_does_not_grow_is_refused(self, desk: Desk) -> None:
        device = desk.device(counter=5)
        assert desk.second(device) == "accepted"
        for counter in (6, 5, 1, 0):
            device.counter, device.step = counter, 0
            assert desk.second(device) == "refused", counter
        device.counter = 7
        assert desk.second(device) == "accepted"

    def test_s6_1_1_a_counter_that_is_always_zero_is_none(self, desk: Desk) -> None:
        device = desk.device(step=0)
        assert [desk.second(device) for _ in range(3)] == ["accepted"] * 3

    def test_level_3_s6_1_3_backup_eligibility_never_changes(self, desk: Desk) -> None:
        device = desk.device()
        device.flags |= ELIGIBLE
        assert desk.second(device) == "refused"

    def test_a_challenge_counts_once_and_whoever_answers_takes_it(self, desk: Desk) -> None:
        device = desk.device(step=0)
        answer = json.dumps(device.prove(desk.room.ask_second_factor(CANBO, "interaction")))
        assert [desk.answer(answer), desk.answer(answer)] == ["accepted", "refused"]
        answer = json.dumps(device.prove(desk.room.ask_second_factor(CANBO, "interaction")))
        assert [desk.answer(text) for text in (json.dumps({**json.loads(answer), "id": "x"}), answer)] == ["refused", "refused"]

    def test_a_challenge_lives_five_minutes(self, desk: Desk) -> None:
        device = desk.device()
        answers = []
        for seconds in (CHALLENGE_SECONDS - 1, CHALLENGE_SECONDS):
            answer = json.dumps(device.prove(desk.room.ask_second_factor(CANBO, "interaction")))
            desk.clock.advance(seconds)
            answers.append(desk.answer(answer))
        assert answers == ["accepted", "refused"]

    def test_the_next_challenge_replaces_the_one_before(self, desk: Desk) -> None:
        device = desk.device()
        old = device.prove(desk.room.ask_second_factor(CANBO, "interaction"))
        desk.room.ask_second_factor(CANBO, "interaction")
        assert desk.answer(json.dumps(old)) == "refused"

    @pytest.mark.parametrize(("asked", "answered"), [("one", "another"), ("", "interaction")])
    def test_an_answer_counts_only_where_it_was_asked(self, desk: Desk, asked: str, answered: str) -> None:
        device = desk.device()
        answer = json.dumps(device.prove(desk.room.ask_second_factor(CANBO, asked)))
        assert desk.answer(answer, within=answered) == "refused"

    def test_an_answer_counts_only_for_what_it_was_asked_for(self, desk: Desk) -> None:
        device = desk.device()
        to_sign_in = device.prove(desk.room.ask_to_sign_in("interaction"))
        assert desk.answer(json.dumps(to_sign_in)) == "refused"
        second = device.prove(desk.room.ask_second_factor(CANBO, "interaction"))
        assert desk.room.take_challenge(Purpose.SIGN_IN, "interaction", "") is not None
        assert desk.answer(json.dumps(second)) == "accepted"
        for_vanthu = device.prove(desk.room.ask_second_factor(VANTHU, "interaction"))
        assert desk.answer(json.dumps(for_vanthu)) == "refused"

    def test_signing_in_asks_for_any_passkey_and_names_nobodys(self, desk: Desk) -> None:
        before = desk.room.ask_to_sign_in("interaction")
        desk.device()
        after = desk.room.ask_to_sign_in("interaction")
        assert {**before, "challenge": ""} == {**after, "challenge": ""}
        assert (after["allowCredentials"], after["userVerification"], after["rpId"]) == ([], "required", RP_ID)
        assert before["challenge"] != after["challenge"]

    def test_alone_it_needs_verification_and_the_officers_handle(self, desk: Desk) -> None:
        device = desk.device()
        passkey = desk.room.find(device.credential_id)
        assert passkey is not None
        options = desk.room.ask_to_sign_in("interaction")
        challenge = decoded(options["challenge"])
        for how in ({"user_handle": b""}, {"user_handle": b"another"}):
            with pytest.raises(CeremonyError, match="handle"):
                desk.room.judge(read_assertion(json.dumps(device.prove(options, **how))), passkey, challenge, alone=True)
        device.flags = PRESENT
        with pytest.raises(CeremonyError, match="verif"):
            desk.room.judge(read_assertion(json.dumps(device.prove(options))), passkey, challenge, alone=True)

    # Races

    def test_of_twenty_threads_with_one_answer_one_is_accepted(self, desk: Desk) -> None:
        device = desk.device(step=0)
        answer = json.dumps(device.prove(desk.room.ask_second_factor(CANBO, "interaction")))
        assert _twenty(lambda _: desk.answer(answer)) == ["accepted"] + ["refused"] * 19

    def test_of_twenty_threads_with_one_counter_one_is_accepted(self, desk: Desk) -> None:
        """A copied authenticator: each has a challenge of its own, and the same number."""
        device = desk.device(step=0)
        device.counter = 1
        answers = [json.dumps(device.prove(desk.room.ask_second_factor(CANBO, str(n)))) for n in range(20)]
        assert _twenty(lambda n: desk.answer(answers[n], within=str(n))) == ["accepted"] + ["refused"] * 19

    def test_of_twenty_threads_that_take_a_challenge_one_gets_it(self, store: PasskeyStore) -> None:
        place, challenge = place_of(Purpose.SIGN_IN, "interaction"), Challenge(b"c" * 32, "", 5)
        store.keep_challenge(place, challenge)
        assert sorted(str(taken) for taken in _each(lambda _: store.take_challenge(place))) == [str(challenge)] + ["None"] * 19

    def test_of_twenty_threads_all_get_the_same_user_handle(self, store: PasskeyStore) -> None:
        assert len(set(_each(lambda n: store.user_handle("officer", bytes([n]) * 32)))) == 1

    def test_of_twenty_threads_that_add_one_credential_one_has_it(self, desk: Desk) -> None:
        device = Authenticator()
        answers = [json.dumps(device.make(desk.room.ask_to_enrol(CANBO, str(n)))) for n in range(20)]
        assert _twenty(lambda n: desk.room.enrol(CANBO, str(n), answers[n], "Máy bàn", CALLER)) == ["enrolled"] + ["taken"] * 19

    # Names, and going

    def test_security_33_the_last_one_stays_where_one_must(self, desk: Desk) -> None:
        desk.device()
        desk.device()
        uuid = CANBO.officer.entry_uuid
        first, last = desk.room.of(uuid)
        assert desk.room.remove(uuid, first.passkey_id, RECORD, keep_one=True)
        assert not desk.room.remove(uuid, last.passkey_id, RECORD, keep_one=True)
        assert desk.room.of(uuid) == [last]
        assert desk.room.remove(uuid, last.passkey_id, RECORD)

    def test_a_passkey_is_renamed_and_removed_by_its_officer_only(self, desk: Desk) -> None:
        device = desk.device()
        passkey = desk.room.find(device.credential_id)
        assert passkey is not None
        assert desk.room.rename(VANTHU, passkey.passkey_id, "Của tôi", CALLER) == "gone"
        assert desk.room.rename(CANBO, passkey.passkey_id, "  ", CALLER) == "unnamed"
        assert desk.room.rename(CANBO, passkey.passkey_id, "Máy ở nhà", CALLER) == "renamed"
        [standing] = desk.room.standings(CANBO.officer.entry_uuid)
        assert (standing.factor, standing.label, standing.id) == ("passkey", "Máy ở nhà", passkey.passkey_id)
        assert standing.lasting
        assert not desk.room.remove(VANTHU.officer.entry_uuid, passkey.passkey_id, RECORD)
        assert [desk.room.remove(CANBO.officer.entry_uuid, passkey.passkey_id, RECORD) for _ in range(2)] == [True, False]
        assert desk.room.of(CANBO.officer.entry_uuid) == []

    def test_a_removed_credential_may_be_enrolled_again(self, desk: Desk) -> None:
        device = desk.device()
        passkey = desk.room.find(device.credential_id)
        assert passkey is not None
        desk.room.remove(CANBO.officer.entry_uuid, passkey.passkey_id, RECORD)
        assert desk.enrol(device, VANTHU) == "enrolled"


def _each(act: Any) -> list[Any]:
    barrier = threading.Barrier(20)

    def run(number: int) -> Any:
        barrier.wait()
        return act(number)

    with ThreadPoolExecutor(20) as pool:
        return list(pool.map(run, range(20)))


def _twenty(act: Any) -> list[str]:
    """Give the outcomes of twenty threads, in the order of the alphabet."""
    return sorted(_each(act))


class TestPasskeysInMemory(PasskeysContract):
    @pytest.fixture
    def store(self) -> PasskeyStore:
        return FakePasskeyStore()


class TestPasskeysInSql(PasskeysContract):
    @pytest.fixture
    def store(self, database: Database) -> PasskeyStore:
        return SqlPasskeys(database)

    def test_each_change_and_each_accepted_answer_leaves_one_record(self, desk: Desk, database: Database) -> None:
        device = desk.device()
        passkey = desk.room.find(device.credential_id)
        assert passkey is not None
        desk.enrol(device)
        desk.second(device)
        device.counter = 0
        desk.second(device)
        desk.room.rename(CANBO, passkey.passkey_id, "Máy ở nhà", CALLER)
        desk.room.rename(VANTHU, passkey.passkey_id, "Máy ở nhà", CALLER)
        removed = AuditRecord(AuditEvent.FACTOR_REMOVED, 1, sub="s", detail={"factor": "passkey"})
        for _ in range(2):
            desk.room.remove(CANBO.officer.entry_uuid, passkey.passkey_id, removed)
        events = database.read(select(AuditRow.event, func.count().label("n")).group_by(AuditRow.event)).all()
        assert {row.event: row.n for row in events} == {
            "factor.accepted": 1, "factor.enrolled": 1, "factor.renamed": 1, "factor.removed": 1}
        told = database.read(select(NoticeRow.kind, NoticeRow.sub, NoticeRow.detail).order_by(NoticeRow.id)).all()
        assert [(row.kind, row.sub, json.loads(row.detail)) for row in told] == [
            ("factor.added", "sub-canbo", {"factor": "passkey", "name": "Máy bàn"}),
            ("factor.removed", "s", {"factor": "passkey", "name": "Máy ở nhà"})]

    def test_two_nodes_share_challenges_and_counters(self, desk: Desk, database: Database) -> None:
        other = Desk(SqlPasskeys(database))
        device = desk.device(step=0)
        answer = json.dumps(device.prove(desk.room.ask_second_factor(CANBO, "interaction")))
        assert [other.answer(answer), desk.answer(answer)] == ["accepted", "refused"]


@pytest.mark.parametrize(("typed", "kept"), [
    ("  Máy  bàn\n cơ quan ", "Máy bàn cơ quan"), ("Ma\u0301y", "Máy"), ("a\u202eb\u200b\0c", "abc"), ("x" * 999, "x" * MAX_NAME),
    ("\u200b\ud800", ""), ("Khóa 🔑", "Khóa 🔑")])
def test_a_name_is_one_line_that_hides_nothing(typed: str, kept: str) -> None:
    assert tidy_name(typed) == kept


def test_an_issuer_without_a_name_offers_none_even_where_some_were_made() -> None:
    desk = Desk(FakePasskeyStore())
    desk.device()
    room = Passkeys(desk.store, None, FakeClock())
    assert not room.offered
    assert room.of(CANBO.officer.entry_uuid) == []
    assert room.standings(CANBO.officer.entry_uuid) == ()


@pytest.mark.parametrize(("verified", "amr"), [(True, ("pop", "user", "mfa")), (False, ("pop", "user"))])
def test_rfc8176_mfa_is_said_only_where_the_authenticator_made_sure_of_its_user(*, verified: bool, amr: tuple[str, ...]) -> None:
    assert proven(Judged(0, verified, synced=False)) == amr
