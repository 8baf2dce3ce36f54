"""Recovery codes (NIST SP 800-63B-4 3.1.2; security checklist 15, 28): each once, of the newest set, however typed."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import select

from idp.adapters.sql.authn.recovery_codes import SqlRecoveryCodes
from idp.adapters.sql.database import Database
from idp.adapters.sql.notices import SqlNotices
from idp.adapters.sql.tables import AuditRow, RecoveryCodesRow
from idp.audit import AuditEvent, AuditRecord, Caller
from idp.authn.recovery_codes import CODES, RecoveryCodes, plain
from idp.authn.second_factor import Acceptance
from idp.directory.mirror import MirroredOfficer
from idp.notices import Notice, NoticeKind
from tests.fakes.clock import FakeClock
from tests.fakes.directory import officer

LAN = MirroredOfficer(sub="s-lan", officer=officer("lan"), status="active")
TWIN = MirroredOfficer(sub="s-twin", officer=officer("twin", number=9), status="active")
ID = LAN.officer.entry_uuid
OFFICE = Caller("203.0.113.7", "request-1")
RECORD = AuditRecord(AuditEvent.FACTOR_ACCEPTED, 1_700_000_000, sub="s-lan", detail={"factor": "recovery_codes"})
NOTICE = Notice(NoticeKind.FACTOR_ADDED, "s-lan", 1)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def codes(database: Database, clock: FakeClock) -> RecoveryCodes:
    return RecoveryCodes(SqlRecoveryCodes(database), b"k" * 32, clock)


def attempt(codes: RecoveryCodes, typed: str, who: MirroredOfficer = LAN) -> Acceptance:
    return codes.verify(who.officer.entry_uuid, {"recovery_code": typed}, RECORD).acceptance


def test_ten_codes_of_fifty_bits_and_none_twice(codes: RecoveryCodes) -> None:
    issued = [code for _ in range(20) for code in codes.issue(LAN, OFFICE)]
    assert len(set(issued)) == 20 * CODES
    assert all(re.fullmatch(r"[0-9a-hjkmnp-tv-z]{5}-[0-9a-hjkmnp-tv-z]{5}", code) for code in issued)
    assert len(set("".join(issued))) == 33


def test_a_code_is_good_once_and_says_otp(codes: RecoveryCodes) -> None:
    first, second, *_ = codes.issue(LAN, OFFICE)
    proof = codes.verify(ID, {"recovery_code": first}, RECORD)
    assert (proof.acceptance, proof.amr) == (Acceptance.ACCEPTED, ("otp",))
    assert attempt(codes, first) is Acceptance.REUSED
    assert attempt(codes, second) is Acceptance.ACCEPTED


def test_what_is_left_is_counted_down_to_nothing(codes: RecoveryCodes, clock: FakeClock) -> None:
    assert codes.standings(ID) == ()
    made_at = clock.now()
    for left, code in zip(range(9, -1, -1), codes.issue(LAN, OFFICE), strict=True):
        clock.advance(1)
        assert attempt(codes, code) is Acceptance.ACCEPTED
        (standing,) = codes.standings(ID)
        assert (standing.left, standing.last_used_at, standing.enrolled_at) == (left, clock.now(), made_at)
        assert not standing.lasting


def test_a_new_set_is_the_end_of_the_old_one(codes: RecoveryCodes) -> None:
    old, new = codes.issue(LAN, OFFICE), codes.issue(LAN, OFFICE)
    assert {attempt(codes, code) for code in old} == {Acceptance.REFUSED}
    assert attempt(codes, new[0]) is Acceptance.ACCEPTED
    assert codes.issue(LAN, OFFICE)
    assert [standing.left for standing in codes.standings(ID)] == [10]


def test_of_twenty_threads_with_the_same_code_one_is_accepted(codes: RecoveryCodes) -> None:
    code, barrier = codes.issue(LAN, OFFICE)[3], threading.Barrier(20)

    def one(_: int) -> Acceptance:
        barrier.wait()
        return attempt(codes, code)

    with ThreadPoolExecutor(20) as pool:
        results = list(pool.map(one, range(20)))
    assert (results.count(Acceptance.ACCEPTED), results.count(Acceptance.REUSED)) == (1, 19)


def test_ten_codes_at_once_are_all_accepted_and_all_used(codes: RecoveryCodes) -> None:
    issued, barrier = codes.issue(LAN, OFFICE), threading.Barrier(CODES)

    def one(code: str) -> Acceptance:
        barrier.wait()
        return attempt(codes, code)

    with ThreadPoolExecutor(CODES) as pool:
        assert set(pool.map(one, issued)) == {Acceptance.ACCEPTED}
    assert [standing.left for standing in codes.standings(ID)] == [0]


def test_a_code_belongs_to_one_officer_and_one_key(codes: RecoveryCodes, database: Database, clock: FakeClock) -> None:
    issued = codes.issue(LAN, OFFICE)
    assert attempt(codes, issued[0], TWIN) is Acceptance.NOT_ENROLLED
    row = SqlRecoveryCodes(database).find(ID)
    assert row is not None
    SqlRecoveryCodes(database).put(TWIN.officer.entry_uuid, row.digests, 1, RECORD, NOTICE)
    assert attempt(codes, issued[0], TWIN) is Acceptance.REFUSED, "a row copied to somebody else"
    assert attempt(RecoveryCodes(SqlRecoveryCodes(database), b"x" * 32, clock), issued[0]) is Acceptance.REFUSED


def test_each_act_leaves_one_record_and_no_record_or_row_holds_a_code(codes: RecoveryCodes, database: Database) -> None:
    issued = codes.issue(LAN, OFFICE)
    attempt(codes, issued[0])
    attempt(codes, issued[0])
    assert codes.remove(ID, "", RECORD)
    assert not codes.remove(ID, "", RECORD)
    assert attempt(codes, issued[1]) is Acceptance.NOT_ENROLLED
    codes.issue(LAN, OFFICE)
    notices = SqlNotices(database).of("s-lan", limit=9)
    assert [(told.kind, dict(told.detail)) for told in reversed(notices)] == [
        (NoticeKind.FACTOR_ADDED, {"factor": "recovery_codes"}),
        (NoticeKind.RECOVERY_CODE_USED, {"factor": "recovery_codes", "left": "9"}),
        (NoticeKind.FACTOR_REMOVED, {"factor": "recovery_codes"}), (NoticeKind.FACTOR_ADDED, {"factor": "recovery_codes"})]
    rows = database.read(select(AuditRow.event, AuditRow.detail)).all()
    assert [row.event for row in rows] == ["factor.enrolled", "factor.accepted", "factor.accepted", "factor.enrolled"]
    table: Any = RecoveryCodesRow.__table__
    told = str(rows) + str(database.read(select(table.c.digests)).all())
    assert not [code for code in issued if code in told or plain(code) in told]


def test_case_spaces_hyphens_and_look_alikes_do_not_matter(codes: RecoveryCodes) -> None:
    issued = [code.replace("-", "") for code in codes.issue(LAN, OFFICE)]
    ways = (str.upper, " ".join, "-".join, lambda c: f"{c[:5]}\u2013{c[5:]}", lambda c: f" {c}\n", lambda c: f"\u200b{c}",
            lambda c: c.translate({48: "O", 49: "l"}), lambda c: "".join(chr(ord(sign) + 0xFEE0) for sign in c))
    for code, way in zip(issued, ways, strict=False):
        assert attempt(codes, way(code)) is Acceptance.ACCEPTED, ascii(way(code))


@given(st.text(max_size=80))
@example("r\u2011\u0327")
def test_reading_what_was_typed_never_fails_and_is_the_same_twice(typed: str) -> None:
    once = plain(typed)
    assert len(typed) <= 64 or once == ""
    assert plain(once) == once or len(once) > 64


@given(st.text(alphabet="0123456789abcdefghjkmnpqrstvwxyz", min_size=10, max_size=10),
       st.sampled_from(["", " ", "-", "\u2011", "\u00a0"]))
def test_every_code_reads_as_itself_however_it_is_broken(code: str, sign: str) -> None:
    assert plain(sign.join(code).upper()) == code


def test_what_is_no_code_is_refused(codes: RecoveryCodes) -> None:
    codes.issue(LAN, OFFICE)
    for typed in ("", "x", "0" * 10, "\ud800" * 10, "a" * 100_000, "\0" * 10):
        assert attempt(codes, typed) is Acceptance.REFUSED, ascii(typed)[:20]
