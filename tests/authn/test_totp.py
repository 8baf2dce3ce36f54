"""One-time codes (RFC 6238; security checklist 28): the window, once per step on any node, sealed seeds."""

from __future__ import annotations

import base64
import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor

import pyotp
import pytest
from sqlalchemy import func, select

from idp.adapters.sql.authn.totp import SqlTotpStore
from idp.adapters.sql.database import Database
from idp.adapters.sql.notices import SqlNotices
from idp.adapters.sql.tables import AuditRow
from idp.audit import AuditEvent, AuditRecord, Caller
from idp.authn.totp import Acceptance, Totp, TotpStore, UnusableSeedError
from idp.directory.mirror import MirroredOfficer
from idp.errors import ConfigurationError
from idp.notices import Notice, NoticeKind
from tests.fakes.clock import FakeClock
from tests.fakes.directory import officer
from tests.fakes.sealer import FakeSealer
from tests.fakes.totp_store import FakeTotpStore

SEED = "NRSWCZDFOJ2G65DQNRSWCZDFOJ2G65DQ"
LAN = MirroredOfficer(sub="s", officer=officer("lan"), status="active")
OFFICER = LAN.officer.entry_uuid
NOTICE = Notice(NoticeKind.FACTOR_ADDED, "s", 1)
OFFICE = Caller("203.0.113.7", "request-1")
BROWSER = "one of the officer's browsers"
RECORD = AuditRecord(AuditEvent.FACTOR_ACCEPTED, 1_700_000_000, sub="s", detail={"factor": "otp"})


def code_at(clock: FakeClock, steps: int = 0, seed: str = SEED) -> str:
    return pyotp.TOTP(seed).at(clock.now() + 30 * steps)


class TotpContract:
    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    @pytest.fixture
    def totp(self, store: TotpStore, clock: FakeClock) -> Totp:
        totp = Totp(store, FakeSealer(), clock)
        totp.enrol(OFFICER, SEED)
        return totp

    @pytest.mark.parametrize(("steps", "expected"), [
        (-2, Acceptance.REFUSED), (-1, Acceptance.ACCEPTED), (0, Acceptance.ACCEPTED), (1, Acceptance.ACCEPTED),
        (2, Acceptance.REFUSED)])
    def test_rfc6238_s5_2_one_step_to_either_side(self, totp: Totp, clock: FakeClock, steps: int, expected: Acceptance) -> None:
        assert totp.accept(OFFICER, code_at(clock, steps), RECORD) is expected

    def test_rfc6238_s5_2_a_code_is_accepted_once(self, totp: Totp, clock: FakeClock) -> None:
        code = code_at(clock)
        assert totp.accept(OFFICER, code, RECORD) is Acceptance.ACCEPTED
        assert totp.accept(OFFICER, code, RECORD) is Acceptance.REUSED
        clock.advance(30)
        assert totp.accept(OFFICER, code, RECORD) is Acceptance.REUSED
        assert totp.accept(OFFICER, code_at(clock), RECORD) is Acceptance.ACCEPTED

    def test_a_step_before_the_last_one_is_worthless(self, totp: Totp, clock: FakeClock) -> None:
        assert totp.accept(OFFICER, code_at(clock, 1), RECORD) is Acceptance.ACCEPTED
        assert totp.accept(OFFICER, code_at(clock), RECORD) is Acceptance.REUSED

    def test_a_clock_that_jumps_back_revives_no_code(self, totp: Totp, clock: FakeClock) -> None:
        code = code_at(clock)
        assert totp.accept(OFFICER, code, RECORD) is Acceptance.ACCEPTED
        clock.advance(-600)
        assert totp.accept(OFFICER, code_at(clock), RECORD) is Acceptance.REUSED

    def test_of_twenty_threads_with_the_same_code_one_is_accepted(self, totp: Totp, clock: FakeClock) -> None:
        code, barrier = code_at(clock), threading.Barrier(20)

        def attempt(_: int) -> Acceptance:
            barrier.wait()
            return totp.accept(OFFICER, code, RECORD)

        with ThreadPoolExecutor(20) as pool:
            results = list(pool.map(attempt, range(20)))
        assert results.count(Acceptance.ACCEPTED) == 1
        assert results.count(Acceptance.REUSED) == 19

    def test_spaces_in_the_code_do_not_matter(self, totp: Totp, clock: FakeClock) -> None:
        for typed in ("{} {}", " {}{} ", "{}\u00a0{}", "{}-{}"):
            code = code_at(clock)
            assert totp.accept(OFFICER, typed.format(code[:3], code[3:]), RECORD) is Acceptance.ACCEPTED
            clock.advance(30)

    def test_what_is_no_code_is_refused(self, totp: Totp) -> None:
        for code in ("", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "½½½½½½", "\ud800" * 6, "1" * 100_000, "-12345", "\0" * 6):
            assert totp.accept(OFFICER, code, RECORD) is Acceptance.REFUSED, ascii(code)[:20]

    def test_an_officer_without_the_app_is_told_apart(self, totp: Totp) -> None:
        assert totp.accept("somebody else", "123456", RECORD) is Acceptance.NOT_ENROLLED
        assert not totp.enrolled("somebody else")
        assert totp.enrolled(OFFICER)

    def test_enrolling_again_with_the_same_seed_revives_no_code(self, totp: Totp, clock: FakeClock) -> None:
        code = code_at(clock)
        totp.accept(OFFICER, code, RECORD)
        assert not totp.enrol(OFFICER, SEED.lower())
        assert totp.accept(OFFICER, code, RECORD) is Acceptance.REUSED

    def test_another_seed_replaces_the_first(self, totp: Totp, clock: FakeClock) -> None:
        other = "KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU"
        assert totp.enrol(OFFICER, other)
        assert totp.accept(OFFICER, code_at(clock), RECORD) is Acceptance.REFUSED
        assert totp.accept(OFFICER, code_at(clock, seed=other), RECORD) is Acceptance.ACCEPTED

    def test_rfc4226_r6_a_seed_shorter_than_128_bits_is_refused(self, totp: Totp) -> None:
        for seed in ("", "not base32!", "JBSWY3DP", base64.b32encode(b"x" * 15).decode(), "ạ" * 32):
            with pytest.raises(UnusableSeedError):
                totp.enrol(OFFICER, seed)

    def test_a_seed_moved_to_another_officer_does_not_open(self, totp: Totp, store: TotpStore) -> None:
        stolen = store.find(OFFICER)
        assert stolen is not None
        store.put("other", stolen.sealed_seed, 1, RECORD, NOTICE)
        with pytest.raises(ConfigurationError):
            totp.accept("other", "123456", RECORD)

    def test_an_app_that_is_being_enrolled_counts_for_nothing(self, totp: Totp, clock: FakeClock) -> None:
        totp.begin(OFFICER, BROWSER)
        seed = totp.begun(OFFICER, BROWSER)
        assert seed is not None
        assert len(base64.b32decode(seed)) == 20
        assert totp.accept(OFFICER, code_at(clock, seed=seed), RECORD) is Acceptance.REFUSED
        assert totp.accept(OFFICER, code_at(clock), RECORD) is Acceptance.ACCEPTED, "the old app works until then"

    def test_its_first_code_makes_it_the_app_and_is_used_by_that(self, totp: Totp, clock: FakeClock) -> None:
        totp.begin(OFFICER, BROWSER)
        seed = totp.begun(OFFICER, BROWSER) or ""
        assert totp.confirm(LAN, "000000", BROWSER, OFFICE) == "wrong"
        code = code_at(clock, seed=seed)
        assert totp.confirm(LAN, code, BROWSER, OFFICE) == "confirmed"
        assert totp.begun(OFFICER, BROWSER) is None
        assert totp.accept(OFFICER, code, RECORD) is Acceptance.REUSED
        assert totp.accept(OFFICER, code_at(clock), RECORD) is Acceptance.REFUSED, "the old app is gone"
        clock.advance(30)
        assert totp.accept(OFFICER, code_at(clock, seed=seed), RECORD) is Acceptance.ACCEPTED

    def test_another_browser_reads_no_seed_and_confirms_none_and_one_that_begins_takes_its_place(
            self, totp: Totp, clock: FakeClock) -> None:
        totp.begin(OFFICER, BROWSER)
        seed = totp.begun(OFFICER, BROWSER) or ""
        for other in ("another", "", BROWSER[:-1]):
            assert totp.begun(OFFICER, other) is None
            assert totp.confirm(LAN, code_at(clock, seed=seed), other, OFFICE) == "expired"
        totp.begin(OFFICER, "another")
        assert totp.begun(OFFICER, "another") not in {None, seed}
        assert totp.begun(OFFICER, BROWSER) is None
        assert totp.confirm(LAN, code_at(clock, seed=seed), BROWSER, OFFICE) == "expired"

    def test_it_is_too_late_after_ten_minutes(self, totp: Totp, clock: FakeClock) -> None:
        totp.begin(OFFICER, BROWSER)
        seed = totp.begun(OFFICER, BROWSER) or ""
        clock.advance(600)
        assert totp.begun(OFFICER, BROWSER) is None
        assert totp.confirm(LAN, code_at(clock, seed=seed), BROWSER, OFFICE) == "expired"
        assert totp.accept(OFFICER, code_at(clock), RECORD) is Acceptance.ACCEPTED

    def test_the_store_itself_confirms_nothing_that_is_late_or_was_replaced(
            self, totp: Totp, store: TotpStore, clock: FakeClock) -> None:
        totp.begin(OFFICER, BROWSER)
        first = store.pending(OFFICER, hashlib.sha256(BROWSER.encode()).digest())
        totp.begin(OFFICER, BROWSER)
        second = store.pending(OFFICER, hashlib.sha256(BROWSER.encode()).digest())
        assert first is not None
        assert second is not None
        assert not store.confirm(OFFICER, first.sealed_seed, 1, clock.now(), RECORD, NOTICE)
        assert not store.confirm(OFFICER, second.sealed_seed, 1, second.expires_at, RECORD, NOTICE)
        assert store.confirm(OFFICER, second.sealed_seed, 1, second.expires_at - 1, RECORD, NOTICE)

    def test_beginning_again_makes_another_seed(self, totp: Totp, clock: FakeClock) -> None:
        totp.begin(OFFICER, BROWSER)
        first = totp.begun(OFFICER, BROWSER) or ""
        totp.begin(OFFICER, BROWSER)
        assert first != totp.begun(OFFICER, BROWSER)
        assert totp.confirm(LAN, code_at(clock, seed=first), BROWSER, OFFICE) == "wrong"

    def test_of_twenty_threads_with_the_first_code_one_confirms(self, totp: Totp, clock: FakeClock) -> None:
        totp.begin(OFFICER, BROWSER)
        code, barrier = code_at(clock, seed=totp.begun(OFFICER, BROWSER) or ""), threading.Barrier(20)

        def attempt(_: int) -> str:
            barrier.wait()
            return totp.confirm(LAN, code, BROWSER, OFFICE)

        with ThreadPoolExecutor(20) as pool:
            results = list(pool.map(attempt, range(20)))
        assert (results.count("confirmed"), results.count("expired")) == (1, 19)

    def test_the_app_says_since_when_and_when_it_was_used(self, totp: Totp, clock: FakeClock) -> None:
        assert [(s.enrolled_at, s.last_used_at) for s in totp.standings(OFFICER)] == [(clock.now(), None)]
        totp.accept(OFFICER, code_at(clock), RECORD)
        (standing,) = totp.standings(OFFICER)
        assert clock.now() - 30 < (standing.last_used_at or 0) <= clock.now()

    def test_an_app_is_taken_away_once(self, totp: Totp) -> None:
        assert not totp.remove(OFFICER, "another", RECORD)
        assert [totp.remove(OFFICER, "", RECORD) for _ in range(2)] == [True, False]
        assert totp.standings(OFFICER) == ()


class TestTotpInMemory(TotpContract):
    @pytest.fixture
    def store(self) -> TotpStore:
        return FakeTotpStore()


class TestTotpInSql(TotpContract):
    @pytest.fixture
    def store(self, database: Database) -> TotpStore:
        return SqlTotpStore(database)

    def test_each_accepted_code_and_each_enrolment_leave_one_record(
            self, database: Database, totp: Totp, clock: FakeClock) -> None:
        for _ in range(3):
            totp.accept(OFFICER, code_at(clock), RECORD)
        totp.accept(OFFICER, code_at(clock, 1), RECORD)
        events = database.read(select(AuditRow.event, func.count().label("n")).group_by(AuditRow.event)).all()
        assert {row.event: row.n for row in events} == {"factor.accepted": 2, "factor.enrolled": 1}

    def test_checklist_34_the_officer_is_told_of_an_app_that_came_or_went(
            self, database: Database, totp: Totp, clock: FakeClock) -> None:
        totp.begin(OFFICER, BROWSER)
        assert totp.confirm(LAN, "000000", BROWSER, OFFICE) == "wrong"
        assert SqlNotices(database).of("s", limit=9) == []
        totp.confirm(LAN, code_at(clock, seed=totp.begun(OFFICER, BROWSER) or ""), BROWSER, OFFICE)
        totp.remove(OFFICER, "", RECORD)
        totp.remove(OFFICER, "", RECORD)
        told = SqlNotices(database).of("s", limit=9)
        assert [(notice.kind, dict(notice.detail)) for notice in reversed(told)] == [
            (NoticeKind.FACTOR_ADDED, {"factor": "otp"}), (NoticeKind.FACTOR_REMOVED, {"factor": "otp"})]
