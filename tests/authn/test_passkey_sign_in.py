"""A passkey alone (security checklist 18, 23, 27, 31): one answer for everything wrong, and every rule of a password sign-in."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from idp.audit import AuditEvent, Caller
from idp.authn.lockout import FACTOR_LIMITS, Lockout
from idp.authn.passkeys import Passkeys
from idp.authn.sign_in.passkey import PasskeySignIn, PasskeyStep
from idp.authn.webauthn import CHALLENGE_SECONDS, RelyingParty, encode
from idp.directory.mirror import MirroredOfficer
from idp.errors import UnavailableError
from tests.fakes.audit_trail import FakeAuditTrail
from tests.fakes.authenticator import ELIGIBLE, ORIGIN, PRESENT, RP_ID, VERIFIED, Authenticator, new_key
from tests.fakes.clock import FakeClock
from tests.fakes.directory import FakeDirectory, officer
from tests.fakes.guess_counter import FakeGuessCounter
from tests.fakes.mirror import FakeMirror
from tests.fakes.passkey_store import FakePasskeyStore

OFFICE = Caller("203.0.113.7", "request-1")
ATTACKER = Caller("198.51.100.9", "request-2")


class House:
    """A sign-in on fakes, with everything a test looks at."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.directory = FakeDirectory([officer(uid) for uid in ("canbo", "vanthu", "doimatkhau", "hethan", "bikhoa")],
                                       must_change=["doimatkhau"], expired=["hethan"], locked=["bikhoa"])
        self.mirror = FakeMirror()
        self.audit = FakeAuditTrail()
        self.store = FakePasskeyStore()
        self.passkeys = Passkeys(self.store, RelyingParty(RP_ID, ORIGIN, "Đăng nhập một lần"), self.clock)
        self.frozen: set[str] = set()
        self.sign_in = PasskeySignIn(self.passkeys, self.directory, self.mirror, self.audit, self.clock,
                                     frozen=self.frozen.__contains__,
                                     limits=Lockout(FakeGuessCounter(), self.clock, FACTOR_LIMITS, kind="passkey"))

    def mirrored(self, uid: str) -> MirroredOfficer:
        entry = self.directory.officers[uid]
        self.mirror.remember(entry, now=1)
        found = self.mirror.by_entry_uuid(entry.entry_uuid)
        assert found is not None
        return found

    def device(self, uid: str = "canbo", **how: Any) -> Authenticator:
        """Give an authenticator that is an officer's."""
        owner, device = self.mirrored(uid), Authenticator(**how)
        answer = device.make(self.passkeys.ask_to_enrol(owner, "sid"))
        assert self.passkeys.enrol(owner, "sid", json.dumps(answer), "Máy bàn", OFFICE) == "enrolled"
        return device

    def attempt(self, device: Authenticator, caller: Caller = OFFICE, **how: Any) -> PasskeyStep:
        """Ask and answer in one interaction."""
        return self.answer(json.dumps(device.prove(self.passkeys.ask_to_sign_in("interaction"), **how)), caller)

    def answer(self, text: str, caller: Caller = OFFICE, within: str = "interaction") -> PasskeyStep:
        return self.sign_in.attempt(text, within, caller, client_id="qlvb")

    def reason(self) -> str:
        """Give why the last one was refused, as the audit trail has it."""
        record = self.audit.records[-1]
        assert record.event is AuditEvent.FACTOR_REFUSED
        assert record.detail["factor"] == "passkey"
        return " ".join(str(record.detail[name]) for name in ("reason", "why") if name in record.detail)


@pytest.fixture
def house() -> House:
    return House()


class TestRight:
    def test_a_passkey_with_verification_is_two_factors_and_tells_no_more_than_is_known(self, house: House) -> None:
        step = house.attempt(house.device())
        assert (step.outcome, step.amr) == ("accepted", ("pop", "user", "mfa"))
        assert step.officer == house.mirror.by_uid("canbo")
        [accepted] = [record for record in house.store.records if record.event is AuditEvent.FACTOR_ACCEPTED]
        assert (accepted.sub, accepted.client_id, accepted.source) == (step.officer.sub, "qlvb", OFFICE.source)
        assert house.audit.records == [], "SIGN_IN is recorded with the session"

    def test_each_algorithm(self, house: House) -> None:
        for alg in (-7, -8, -257):
            assert house.attempt(house.device(key=new_key(alg))).outcome == "accepted"

    def test_no_bind_is_made_and_the_mirror_learns_what_the_directory_says(self, house: House) -> None:
        device = house.device()
        house.directory.officers["canbo"] = replace(house.directory.officers["canbo"], groups=("lanhdao",))
        step = house.attempt(device)
        assert step.officer is not None
        assert step.officer.officer.groups == ("lanhdao",)
        assert house.directory.binds == []

    @pytest.mark.parametrize("uid", ["doimatkhau", "hethan", "bikhoa"])
    def test_what_is_the_passwords_alone_does_not_touch_a_passkey(self, house: House, uid: str) -> None:
        assert house.attempt(house.device(uid)).outcome == "accepted"

    def test_while_the_directory_is_down_the_mirror_decides_and_the_record_says_so(self, house: House) -> None:
        device, other = house.device(), house.device("vanthu")
        gone = house.mirrored("vanthu")
        house.mirror.rows[gone.officer.entry_uuid] = replace(gone, status="disabled")
        house.directory.down = True
        assert house.attempt(device).outcome == "accepted"
        assert house.store.records[-1].detail["directory"] == "unavailable"
        assert house.attempt(other).outcome == "refused"
        house.directory.down = False
        assert house.attempt(device).outcome == "accepted"
        assert "directory" not in house.store.records[-1].detail


class TestWrong:
    @pytest.mark.parametrize(("made", "how", "reason"), [
        ({"origin": "https://evil.example"}, {}, "origin"), ({"rp_id": "evil.example"}, {}, "RP ID"),
        ({"flags": PRESENT}, {}, "verif"), ({"flags": VERIFIED}, {}, "present"),
        ({"flags": PRESENT | VERIFIED | ELIGIBLE}, {}, "backup"),
        ({}, {"user_handle": b""}, "handle"), ({}, {"user_handle": b"another"}, "handle"), ({}, {"key": new_key()}, "signature"),
        ({}, {"type": "webauthn.create"}, "type"), ({}, {"challenge": encode(b"x" * 32)}, "challenge"),
        ({}, {"crossOrigin": True}, "another site")])
    def test_everything_that_is_wrong_is_refused_alike_and_recorded(
            self, house: House, made: dict[str, Any], how: dict[str, Any], reason: str) -> None:
        device = house.device()
        for name, value in made.items():
            setattr(device, name, value)
        assert house.attempt(device, **how) == PasskeyStep("refused")
        assert house.reason().startswith("invalid")
        assert reason in house.reason()
        known = house.mirror.by_uid("canbo")
        assert known is not None
        assert house.audit.records[-1].sub == known.sub

    @pytest.mark.parametrize("text", ["", "{}", "\ud800", "[" * 9999, '{"id":"a","rawId":"b"}', "x" * 99_999])
    def test_what_is_no_answer(self, house: House, text: str) -> None:
        house.passkeys.ask_to_sign_in("interaction")
        assert house.answer(text) == PasskeyStep("refused")
        assert house.reason().startswith("malformed")

    def test_a_credential_that_nobody_has(self, house: House) -> None:
        assert house.attempt(Authenticator()) == PasskeyStep("refused")
        assert house.reason() == "unknown"
        assert house.audit.records[-1].sub == ""

    def test_a_removed_passkey(self, house: House) -> None:
        device = house.device()
        house.store.rows.clear()
        assert house.attempt(device) == PasskeyStep("refused")

    def test_another_officers_handle_with_a_known_credential(self, house: House) -> None:
        device, other = house.device(), house.device("vanthu")
        assert house.attempt(device, user_handle=other.user_handle) == PasskeyStep("refused")

    def test_s6_1_1_a_counter_that_does_not_grow_is_recorded(self, house: House) -> None:
        device = house.device(counter=9)
        assert house.attempt(device).outcome == "accepted"
        device.counter = 8
        assert house.attempt(device) == PasskeyStep("refused")
        assert house.reason() == "counter"
        assert house.audit.records[-1].detail["id"] == next(iter(house.store.rows))

    @pytest.mark.parametrize("how", ["disabled", "gone", "mirror"])
    def test_a_disabled_officer_is_refused_like_everything_else(self, house: House, how: str) -> None:
        device = house.device()
        known = house.mirror.by_uid("canbo")
        assert known is not None
        if how == "disabled":
            house.directory.disabled.add("canbo")
        elif how == "gone":
            house.directory.remove("canbo")
        else:
            house.directory.down = True
            house.mirror.rows[known.officer.entry_uuid] = replace(known, status="gone")
        assert house.attempt(device) == PasskeyStep("refused")
        assert house.reason() == ("gone" if how == "gone" else "disabled")
        assert next(iter(house.store.rows.values())).last_used_at is None
        if how == "disabled":
            found = house.mirror.by_uid("canbo")
            assert found is not None
            assert found.status == "disabled", "sessions and tokens stop too"

    def test_frozen_factors_are_frozen_on_this_path_too(self, house: House) -> None:
        device = house.device()
        house.frozen.add(house.mirrored("canbo").officer.entry_uuid)
        assert house.attempt(device) == PasskeyStep("refused")
        assert house.reason() == "frozen"
        house.frozen.clear()
        assert house.attempt(device).outcome == "accepted"

    def test_a_challenge_counts_once_for_five_minutes_where_it_was_asked(self, house: House) -> None:
        device = house.device(step=0)
        answer = json.dumps(device.prove(house.passkeys.ask_to_sign_in("interaction")))
        assert [house.answer(answer).outcome, house.answer(answer).outcome] == ["accepted", "expired"]
        assert house.reason() == "challenge"
        answer = json.dumps(device.prove(house.passkeys.ask_to_sign_in("interaction")))
        assert house.answer(answer, within="another").outcome == "expired"
        house.clock.advance(CHALLENGE_SECONDS)
        assert house.answer(answer).outcome == "expired"

    def test_an_answer_for_the_second_factor_opens_nothing(self, house: House) -> None:
        device = house.device()
        device.flags = PRESENT | VERIFIED
        answer = device.prove(house.passkeys.ask_second_factor(house.mirrored("canbo"), "interaction"))
        assert house.answer(json.dumps(answer)).outcome == "expired"


class TestThrottling:
    @pytest.mark.parametrize("known", [True, False])
    def test_wrong_answers_are_counted_whether_or_not_somebody_has_the_credential(self, house: House, known: bool) -> None:
        device = house.device() if known else Authenticator()
        outcomes = [house.attempt(device, ATTACKER, key=new_key()).outcome for _ in range(8)]
        assert outcomes == ["refused"] * 6 + ["throttled"] * 2
        assert house.reason() == "throttled"
        assert house.attempt(device, ATTACKER).retry_after_seconds == 300

    def test_wrong_answers_shut_out_only_where_they_come_from(self, house: House) -> None:
        device, other = house.device(), house.device("vanthu")
        assert house.attempt(device).outcome == "accepted"
        for _ in range(8):
            house.attempt(device, ATTACKER, key=new_key())
        assert house.attempt(device).outcome == "accepted"
        assert house.attempt(other, ATTACKER).outcome == "accepted"

    def test_a_right_answer_takes_the_wrong_ones_back(self, house: House) -> None:
        device = house.device()
        for _ in range(4):
            assert [house.attempt(device, key=new_key()).outcome for _ in range(5)] == ["refused"] * 5
            assert house.attempt(device).outcome == "accepted"

    def test_where_a_stranger_would_wait_a_wrong_answer_at_the_usual_place_is_told_to_wait(self, house: House) -> None:
        device = house.device()
        assert house.attempt(device).outcome == "accepted"
        for n in range(12):
            house.attempt(device, Caller(f"198.51.100.{n}", "r"), key=new_key())
        assert house.attempt(device, key=new_key()).outcome == "throttled"
        assert house.attempt(device).outcome == "accepted"

    def test_a_database_that_is_down_costs_no_guess(self, house: House) -> None:
        device = house.device()

        def down(*_: object) -> None:
            raise UnavailableError("later", dependency="database")

        use, house.store.use = house.store.use, down  # type: ignore[method-assign,assignment]
        for _ in range(20):
            with pytest.raises(UnavailableError):
                house.attempt(device)
        house.store.use = use  # type: ignore[method-assign]
        assert house.attempt(device).outcome == "accepted"
