"""The steps of a sign-in: one outcome for everything a stranger must not tell apart, counted before it is tried."""

from __future__ import annotations

from dataclasses import replace

import pyotp
import pytest

from idp.audit import AuditEvent, AuditRecord, Caller
from idp.authn.lockout import FACTOR_LIMITS, Lockout, ThrottledError
from idp.authn.one_time_password import OneTimePasswords
from idp.authn.second_factor import FactorStep, SecondFactors
from idp.authn.sign_in import PasswordStep, SignIn
from idp.authn.totp import Totp
from idp.directory.mirror import MirroredOfficer
from idp.directory.officer import BindOutcome, BindResult, Officer
from idp.errors import UnavailableError
from idp.notices import Notices
from tests.fakes.audit_trail import FakeAuditTrail
from tests.fakes.clock import FakeClock
from tests.fakes.directory import PASSWORD, FakeDirectory, officer
from tests.fakes.guess_counter import FakeGuessCounter
from tests.fakes.mirror import FakeMirror
from tests.fakes.one_time_passwords import FakeOneTimePasswords
from tests.fakes.sealer import FakeSealer
from tests.fakes.told import FakeNoticeStore
from tests.fakes.totp_store import FakeTotpStore

OFFICE = Caller("203.0.113.7", "request-1")
ATTACKER = Caller("198.51.100.9", "request-2")
SEED = "NRSWCZDFOJ2G65DQNRSWCZDFOJ2G65DQ"


class House:
    """A sign-in on fakes, with everything a test looks at."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.directory = FakeDirectory(
            [officer("canbo"), officer("lanhdao", groups=("lanhdao",)), officer("nghiviec", disabled=True),
             officer("doimatkhau"), officer("hethan"), officer("bikhoa"), officer("nva2", mail="nguyenvana@haugiang.gov.vn")],
            must_change=["doimatkhau"], expired=["hethan"], locked=["bikhoa"])
        self.mirror = FakeMirror()
        self.audit = FakeAuditTrail()
        self.factors = FakeTotpStore()
        counter = FakeGuessCounter()
        self.totp = Totp(self.factors, FakeSealer(), self.clock)
        self.told = FakeNoticeStore(self.audit)
        self.one_time = OneTimePasswords(FakeOneTimePasswords(), self.clock, lifetime_seconds=86400)
        self.second_factors = SecondFactors(
            [(self.totp, Lockout(counter, self.clock, FACTOR_LIMITS, kind="factor"))], self.audit, self.clock)
        self.sign_in = SignIn(
            self.directory, self.mirror, self.audit, self.clock, passwords=Lockout(counter, self.clock),
            factors=self.second_factors, one_time=self.one_time,
            notices=Notices(self.told, self.clock), mail_domain="haugiang.gov.vn")

    def password(self, name: str, password: str = PASSWORD, caller: Caller = OFFICE) -> PasswordStep:
        return self.sign_in.password(name, password, caller, client_id="qlvb")

    def throttled(self, name: str, password: str = PASSWORD, caller: Caller = OFFICE) -> bool:
        try:
            self.password(name, password, caller)
        except ThrottledError:
            return True
        return False

    def factor(self, officer: MirroredOfficer, code: str, caller: Caller, client_id: str = "") -> FactorStep:
        return self.second_factors.attempt(officer, "otp", {"otp": code}, caller, client_id=client_id)

    def mirrored(self, uid: str) -> MirroredOfficer:
        entry = self.directory.officers[uid]
        self.mirror.remember(entry, now=1)
        found = self.mirror.by_entry_uuid(entry.entry_uuid)
        assert found is not None
        return found

    def code(self, steps: int = 0) -> str:
        return pyotp.TOTP(SEED).at(self.clock.now() + 30 * steps)


@pytest.fixture
def house() -> House:
    return House()


class TestPassword:
    def test_a_right_password_gives_the_officer_who_is_now_in_the_mirror(self, house: House) -> None:
        step = house.password("canbo")
        assert step.outcome == "accepted"
        assert step.officer is not None
        assert step.officer == house.mirror.by_uid("canbo")
        assert house.audit.records == [], "SIGN_IN is recorded with the session"

    def test_the_directory_is_asked_for_the_name_once_and_for_the_password_once(self, house: House) -> None:
        asked: list[str] = []
        find = house.directory.find_by_login
        house.directory.find_by_login = lambda name: asked.append(name) or find(name)  # type: ignore[method-assign]
        house.password("canbo")
        assert (asked, house.directory.binds) == (["canbo"], ["canbo"])

    @pytest.mark.parametrize("name", ["canbo", " CanBo ", "canbo@haugiang.gov.vn", "CANBO@HauGiang.gov.vn"])
    def test_uid_or_official_mail_in_any_case_with_stray_spaces(self, house: House, name: str) -> None:
        assert house.password(name).outcome == "accepted"

    @pytest.mark.parametrize(("name", "password", "reason"), [
        ("canbo", "wrong", "wrong"), ("nobody", "wrong", "unknown"), ("nobody", PASSWORD, "unknown"),
        ("nghiviec", PASSWORD, "disabled"), ("nghiviec", "wrong", "disabled"), ("bikhoa", PASSWORD, "locked"),
        ("canbo", "", "unacceptable"), ("canbo", "a\0b", "unacceptable"), ("nobody", "", "unacceptable"),
        ("", PASSWORD, "unknown"), ("x" * 5000, PASSWORD, "unknown"), ("a\0*)(uid=*", PASSWORD, "unknown"),
        ("\ud800", PASSWORD, "unknown")], ids=lambda value: ascii(value)[:20])
    def test_asvs_6_3_8_every_refusal_looks_the_same(self, house: House, name: str, password: str, reason: str) -> None:
        assert house.password(name, password) == PasswordStep("refused", hint=house.password("zzz", password, ATTACKER).hint)
        record = house.audit.records[0]
        assert (record.event, record.detail["reason"], record.client_id, record.source) == (
            AuditEvent.SIGN_IN_REFUSED, reason, "qlvb", OFFICE.source)

    def test_an_unknown_name_is_bound_against_the_decoy(self, house: House) -> None:
        house.password("nobody", "wrong")
        house.password("canbo", "wrong")
        house.password("nghiviec", "wrong")
        assert house.directory.binds == ["", "canbo", "nghiviec"]

    def test_unacceptable_passwords_never_reach_the_directory(self, house: House) -> None:
        for password in ("", "a\0b", "x" * 300):
            house.password("canbo", password)
        assert house.directory.binds == []

    def test_a_disabled_officer_is_refused_even_if_the_server_accepts(self, house: House) -> None:
        house.directory.check_password = lambda *_: BindOutcome(BindResult.ACCEPTED)  # type: ignore[method-assign]
        assert house.password("nghiviec").outcome == "refused"
        assert house.password("canbo").outcome == "accepted"

    def test_a_password_that_must_be_changed_is_told_apart(self, house: House) -> None:
        assert house.password("doimatkhau").outcome == "must_change"
        assert house.password("doimatkhau", "wrong").outcome == "refused"

    def test_an_expired_password_is_told_only_to_who_knows_it(self, house: House) -> None:
        assert house.password("hethan", "wrong").outcome == "refused"
        assert house.password("hethan").outcome == "expired"
        assert house.audit.records[-1].detail["reason"] == "expired"

    def test_grace_and_expiry_are_passed_on(self, house: House) -> None:
        house.directory.check_password = lambda *_: BindOutcome(BindResult.ACCEPTED, 2, 86400)  # type: ignore[method-assign]
        step = house.password("canbo")
        assert (step.outcome, step.grace_left, step.expires_in_seconds) == ("accepted", 2, 86400)

    def test_what_was_typed_as_a_name_is_not_in_the_audit_trail(self, house: House) -> None:
        house.password("MatKhau-Cua-Toi!", "x")
        assert "matkhau" not in str(house.audit.records).lower()

    def test_refusals_name_the_officer_once_known(self, house: House) -> None:
        step = house.password("canbo")
        assert step.officer is not None
        house.password("canbo", "wrong", ATTACKER)
        house.password("nobody", "wrong", ATTACKER)
        assert [record.sub for record in house.audit.records] == [step.officer.sub, ""]


class TestStaleReplica:
    """The directory that is searched still believes what the mirror knows to be over."""

    @pytest.fixture
    def known(self, house: House) -> Officer:
        """An officer who is disabled in the mirror, and active where names are looked up."""
        stale = house.directory.officers["canbo"]
        house.mirror.remember(replace(stale, disabled=True), now=1)
        return stale

    def test_f04_who_is_disabled_in_the_mirror_is_looked_up_again_and_stays_out(
            self, house: House, known: Officer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(house.directory, "find", lambda _: replace(known, disabled=True))
        step = house.password("canbo")
        assert (step.outcome, step.officer) == ("refused", None)
        assert house.audit.records[-1].detail == {"reason": "disabled", "uid": "canbo"}
        mirrored = house.mirror.by_uid("canbo")
        assert mirrored is not None
        assert mirrored.status == "disabled"

    def test_f04_who_is_gone_stays_out(self, house: House, known: Officer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(house.directory, "find", lambda _: None)
        assert house.password("canbo").outcome == "refused"

    def test_f04_while_nobody_can_say_nobody_is_let_in_and_no_guess_counted(
            self, house: House, known: Officer, monkeypatch: pytest.MonkeyPatch) -> None:
        def away(_: str) -> Officer:
            raise UnavailableError("x", dependency="directory")
        monkeypatch.setattr(house.directory, "find", away)
        for _ in range(10):
            with pytest.raises(UnavailableError):
                house.password("canbo")
        monkeypatch.undo()
        assert house.password("canbo").outcome == "accepted", "enabled again, and not throttled"

    def test_a_wrong_password_and_an_active_officer_are_not_looked_up_again(
            self, house: House, known: Officer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(house.directory, "find", lambda _: pytest.fail("asked again"))
        assert house.password("canbo", "sai").outcome == "refused"
        assert house.password("hethan").outcome == "expired"
        assert house.password("hethan").outcome == "expired"


class TestOneTimePassword:
    """What an administrator made (security checklist 33)."""

    def made(self, house: House, uid: str = "canbo") -> str:
        one = house.one_time.make(house.directory.officers[uid].entry_uuid, sub="s", caller=OFFICE)
        house.directory.passwords[uid] = one.password
        return one.password

    def test_it_may_only_be_changed_whatever_the_directory_makes_of_it(self, house: House) -> None:
        password = self.made(house)
        assert house.password("canbo", password).outcome == "must_change"
        officer = house.mirrored("canbo")
        assert house.sign_in.change_password(officer, password, "Cua-Rieng-Toi-2026", OFFICE).outcome == "changed"
        assert house.password("canbo", "Cua-Rieng-Toi-2026").outcome == "accepted"

    def test_after_its_time_it_opens_nothing_and_changes_nothing(self, house: House) -> None:
        password = self.made(house)
        officer = house.mirrored("canbo")
        house.clock.advance(86400)
        step = house.password("canbo", password)
        assert (step.outcome, step.officer is not None) == ("one_time_over", True)
        assert house.sign_in.change_password(officer, password, "Cua-Rieng-Toi-2026", OFFICE).outcome == "one_time_over"
        assert house.directory.passwords["canbo"] == password
        assert house.password("canbo", "sai").outcome == "refused"
        reasons = [record.detail.get("reason") for record in house.audit.records]
        assert reasons == ["one_time_over", "one_time_over", "wrong"]

    def test_another_password_that_was_set_elsewhere_is_not_concerned(self, house: House) -> None:
        self.made(house)
        house.clock.advance(90000)
        house.directory.passwords["canbo"] = "Dat-O-Noi-Khac-2026"
        assert house.password("canbo", "Dat-O-Noi-Khac-2026").outcome == "accepted"

    def test_a_disabled_officer_is_refused_with_it(self, house: House) -> None:
        password = self.made(house, "nghiviec")
        assert house.password("nghiviec", password).outcome == "refused"
        house.clock.advance(90000)
        assert house.password("nghiviec", password).outcome == "refused"

    def test_a_wrong_password_is_never_told_to_be_over(self, house: House) -> None:
        """The directory decides first: what was a one-time password once tells a stranger nothing."""
        password = self.made(house)
        house.directory.passwords["canbo"] = PASSWORD
        house.clock.advance(90000)
        assert house.password("canbo", password).outcome == "refused"


class TestThrottling:
    def test_of_two_hundred_guesses_the_directory_sees_six(self, house: House) -> None:
        assert sum(not house.throttled("canbo", f"guess{n}", ATTACKER) for n in range(200)) == 6
        assert len(house.directory.binds) == 6
        assert house.password("canbo").outcome == "accepted"
        assert house.audit.events().count(AuditEvent.SIGN_IN_THROTTLED) == 194

    @pytest.mark.parametrize("name", ["canbo", "nobody", "nghiviec", "bikhoa", "nva2"])
    def test_known_and_unknown_names_are_throttled_alike(self, house: House, name: str) -> None:
        pattern = [house.throttled(name, "wrong", ATTACKER) for _ in range(12)]
        assert pattern == [False] * 6 + [True] * 6

    @pytest.mark.parametrize("name", ["canbo", "nobody"])
    def test_all_spellings_of_a_name_share_one_counter(self, house: House, name: str) -> None:
        spellings = [name, name.upper(), f" {name} ", f"{name}@haugiang.gov.vn", f"{name}@HAUGIANG.GOV.VN"]
        assert sum(not house.throttled(spellings[n % 5], "wrong", ATTACKER) for n in range(30)) == 6

    def test_a_mail_address_unlike_the_uid_shares_the_officers_counter_without_saying_so(self, house: House) -> None:
        for _ in range(6):
            house.password("nva2", "wrong", ATTACKER)
        assert house.throttled("nva2", PASSWORD, ATTACKER)
        house.directory.binds.clear()
        step = house.password("nguyenvana@haugiang.gov.vn", PASSWORD, ATTACKER)
        assert step == house.password("nobody@haugiang.gov.vn", PASSWORD, ATTACKER)
        assert house.directory.binds == ["", ""], "the password was not tried"
        assert house.password("nguyenvana@haugiang.gov.vn", PASSWORD, OFFICE).outcome == "accepted"

    def test_good_sign_ins_by_mail_unlike_the_uid_never_count(self, house: House) -> None:
        for _ in range(50):
            assert house.password("nguyenvana@haugiang.gov.vn").outcome == "accepted"

    def test_a_directory_that_is_down_counts_no_guess(self, house: House) -> None:
        house.directory.down = True
        for _ in range(50):
            with pytest.raises(UnavailableError):
                house.password("canbo", "wrong")
        house.directory.down = False
        assert sum(not house.throttled("canbo", "wrong") for _ in range(50)) == 6

    def test_a_wrong_guess_that_only_a_known_source_may_make_is_answered_like_a_strangers(self, house: House) -> None:
        house.password("canbo")
        for n in range(200):
            house.throttled(f"name{n}", "wrong")
        assert house.throttled("stranger", "wrong")
        assert house.throttled("canbo", "wrong")
        assert house.password("canbo").outcome == "accepted"

    def test_disabled_officers_with_the_right_password_are_counted_too(self, house: House) -> None:
        assert sum(not house.throttled("nghiviec") for _ in range(20)) == 6

    def test_an_operator_clears_the_limits(self, house: House) -> None:
        for _ in range(20):
            house.throttled("canbo", "wrong")
        assert house.sign_in.clear_limits("CanBo", OFFICE.source, Caller("cli", "")) == 3
        assert house.password("canbo").outcome == "accepted"
        assert house.audit.records[-1].event is AuditEvent.THROTTLE_CLEARED


class TestSecondFactor:
    @pytest.fixture
    def leader(self, house: House) -> MirroredOfficer:
        leader = house.mirrored("lanhdao")
        house.totp.enrol(leader.officer.entry_uuid, SEED)
        house.factors.records.clear()
        return leader

    def test_a_right_code_is_accepted_and_recorded_with_its_use(self, house: House, leader: MirroredOfficer) -> None:
        assert house.factor(leader, house.code(), OFFICE, client_id="qlvb").outcome == "accepted"
        record: AuditRecord = house.factors.records[0]
        assert (record.event, record.sub, record.client_id) == (AuditEvent.FACTOR_ACCEPTED, leader.sub, "qlvb")
        assert house.audit.records == []

    def test_a_wrong_and_a_used_code_are_recorded(self, house: House, leader: MirroredOfficer) -> None:
        code = house.code()
        outcomes = [house.factor(leader, typed, OFFICE).outcome for typed in ("000000", code, code)]
        assert outcomes == ["refused", "accepted", "reused"]
        assert [record.detail["reason"] for record in house.audit.records] == ["refused", "reused"]

    def test_without_an_app_nothing_is_counted(self, house: House) -> None:
        canbo = house.mirrored("canbo")
        assert {house.factor(canbo, "123456", OFFICE).outcome for _ in range(50)} == {"not_enrolled"}

    def test_code_guesses_are_throttled_apart_from_passwords(self, house: House, leader: MirroredOfficer) -> None:
        steps = [house.factor(leader, "000000", ATTACKER) for _ in range(50)]
        assert [step.outcome for step in steps].count("refused") == 6
        assert steps[-1].outcome == "throttled"
        assert (steps[-1].retry_after_seconds or 0) > 0
        assert house.password("lanhdao", caller=ATTACKER).outcome == "accepted"
        assert house.factor(leader, house.code(), OFFICE).outcome == "accepted"

    def test_a_throttled_right_code_is_not_used_up(self, house: House, leader: MirroredOfficer) -> None:
        for _ in range(10):
            house.factor(leader, "000000", ATTACKER)
        assert house.factor(leader, house.code(), ATTACKER).outcome == "throttled"
        assert house.factor(leader, house.code(), OFFICE).outcome == "accepted"

    @pytest.mark.parametrize("status", ["disabled", "gone"])
    def test_an_officer_who_was_disabled_meanwhile_is_refused(self, house: House, leader: MirroredOfficer, status: str) -> None:
        gone = replace(leader, status=status)  # type: ignore[arg-type]
        assert house.factor(gone, house.code(), OFFICE).outcome == "refused"
        assert house.sign_in.change_password(gone, PASSWORD, "Moi-12345678", OFFICE).outcome == "not_allowed"


class TestChangePassword:
    def change(self, house: House, old: str, new: str, who: str = "doimatkhau") -> str:
        return house.sign_in.change_password(house.mirrored(who), old, new, OFFICE, client_id="qlvb").outcome

    def test_a_changed_password_is_recorded_and_holds(self, house: House) -> None:
        assert self.change(house, PASSWORD, "Mot-Mat-Khau-Moi") == "changed"
        assert house.audit.events() == [AuditEvent.PASSWORD_CHANGED]
        assert house.password("doimatkhau", "Mot-Mat-Khau-Moi").outcome == "accepted"

    @pytest.mark.parametrize(("old", "new", "outcome"), [
        ("wrong", "Mot-Mat-Khau-Moi", "wrong_old"), ("", "Mot-Mat-Khau-Moi", "wrong_old"), (PASSWORD, "ngan", "too_short"),
        (PASSWORD, PASSWORD, "in_history"), (PASSWORD, "", "unacceptable"), (PASSWORD, "a\0b-12345678", "unacceptable")])
    def test_refusals_say_why_and_are_recorded(self, house: House, old: str, new: str, outcome: str) -> None:
        assert self.change(house, old, new) == outcome
        assert [(r.event, r.detail["reason"]) for r in house.audit.records] == [(AuditEvent.PASSWORD_CHANGE_REFUSED, outcome)]

    def test_changing_is_no_second_way_to_guess_the_old_password(self, house: House) -> None:
        for _ in range(6):
            assert self.change(house, "wrong", "Mot-Mat-Khau-Moi") == "wrong_old"
        with pytest.raises(ThrottledError):
            self.change(house, PASSWORD, "Mot-Mat-Khau-Moi")
        assert house.throttled("doimatkhau")

    def test_a_new_password_that_is_too_weak_costs_no_guess(self, house: House) -> None:
        for _ in range(20):
            assert self.change(house, PASSWORD, "ngan") == "too_short"

    def test_a_directory_that_is_down_costs_no_guess(self, house: House) -> None:
        house.directory.down = True
        for _ in range(20):
            with pytest.raises(UnavailableError):
                self.change(house, PASSWORD, "Mot-Mat-Khau-Moi")
        house.directory.down = False
        assert self.change(house, PASSWORD, "Mot-Mat-Khau-Moi") == "changed"


def test_an_officer_found_by_another_officers_spelling_is_counted_under_both(house: House) -> None:
    """The local part of one officer's mail may be the uid of another: both counters hold, nobody is let through twice."""
    twin: Officer = officer("nguyenvana", number=77, mail="nva.khac@haugiang.gov.vn")
    house.directory.officers["nguyenvana"] = twin
    house.directory.passwords["nguyenvana"] = PASSWORD
    for _ in range(6):
        house.password("nguyenvana@haugiang.gov.vn", "wrong", ATTACKER)
    assert house.throttled("nva2", PASSWORD, ATTACKER)
    assert house.throttled("nguyenvana", PASSWORD, ATTACKER)
    assert house.password("nguyenvana").outcome == "accepted"
    assert house.password("nva2").outcome == "accepted"
