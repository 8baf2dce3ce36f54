"""Enrolment codes and first demands on both databases: once, whoever asks (security checklist 15, 28, 33)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select

from idp.adapters.sql.authn.first_factors import SqlEnrolmentCodes, SqlFactorDemands
from idp.adapters.sql.authn.throttle import SqlGuessCounter
from idp.adapters.sql.database import Database
from idp.adapters.sql.tables import AuditRow, EnrolmentCodeRow
from idp.adapters.sql.trail.records import SqlAuditTrail
from idp.audit import AuditEvent, AuditRecord, Caller
from idp.authn.enrolment.codes import OPEN_SECONDS, EnrolmentCodes
from idp.authn.lockout import Limits, Lockout, Rule
from idp.directory.mirror import MirroredOfficer
from idp.notices import Notice, NoticeKind
from tests.fakes.clock import FakeClock
from tests.fakes.directory import make_officer

CALLER = Caller("203.0.113.7", "r")
PLENTY = Limits(Rule(900), Rule(900), Rule(900))


class Desk:
    """Codes on a database, with a clock that tests move."""

    def __init__(self, database: Database) -> None:
        self.database, self.clock = database, FakeClock()
        self.store, self.demands = SqlEnrolmentCodes(database), SqlFactorDemands(database)
        self.codes = EnrolmentCodes(
            self.store, Lockout(SqlGuessCounter(database), self.clock, PLENTY, kind="enrolment_code"), SqlAuditTrail(database),
            self.clock, key=b"k" * 32, lifetime_seconds=3600)

    def redeem(self, officer: MirroredOfficer, code: str, place: str = "a") -> str:
        """Try a code."""
        return self.codes.redeem(officer, code, place, CALLER).outcome

    def events(self) -> list[str]:
        """Name the records."""
        return [row.event for row in self.database.read(select(AuditRow.event).order_by(AuditRow.id)).all()]


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def officer(uid: str) -> MirroredOfficer:
    return MirroredOfficer(f"sub-{uid}", make_officer(uid), "active")


MINE, OTHER = officer("canbo"), officer("vanthu")
UUID = MINE.officer.entry_uuid


def at_once(count: int, act: Callable[[int], Any]) -> list[Any]:
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(act, range(count)))


def test_security_15_of_many_who_send_a_code_at_once_one_is_let_through(desk: Desk) -> None:
    code = desk.codes.give(MINE, CALLER).code
    outcomes = at_once(8, lambda number: desk.redeem(MINE, code, f"place {number}"))
    assert sorted(outcomes) == ["accepted"] + ["refused"] * 7
    assert [desk.codes.opened(UUID, f"place {number}") for number in range(8)] == [
        outcome == "accepted" for outcome in outcomes]
    assert desk.events().count("enrolment_code.accepted") == 1


def test_a_code_is_its_officers_opens_one_place_and_both_have_an_end(desk: Desk) -> None:
    given = desk.codes.give(MINE, CALLER)
    assert desk.redeem(OTHER, given.code) == "refused"
    assert desk.redeem(MINE, "") == "refused"
    desk.clock.advance(3599)
    assert desk.redeem(MINE, given.code) == "accepted"
    assert desk.codes.opened(UUID, "a")
    assert not desk.codes.opened(UUID, "b")
    assert not desk.codes.opened(UUID, "")
    assert not desk.codes.opened(OTHER.officer.entry_uuid, "a")
    desk.clock.advance(OPEN_SECONDS)
    assert not desk.codes.opened(UUID, "a")
    late = desk.codes.give(MINE, CALLER).code
    desk.clock.advance(3600)
    assert desk.redeem(MINE, late) == "refused"


def test_a_new_code_ends_the_old_one_and_what_it_opened(desk: Desk) -> None:
    old = desk.codes.give(MINE, CALLER).code
    assert desk.redeem(MINE, old) == "accepted"
    new = desk.codes.give(MINE, CALLER).code
    assert not desk.codes.opened(UUID, "a")
    assert desk.redeem(MINE, old) == "refused"
    assert desk.redeem(MINE, new.upper().replace("-", "")) == "accepted"


def test_a_code_of_one_officer_is_kept_as_a_keyed_digest_of_that_officer(desk: Desk) -> None:
    code = desk.codes.give(MINE, CALLER).code
    row = desk.database.read(select(EnrolmentCodeRow.digest)).one()
    assert row is not None
    assert code.replace("-", "").encode() not in bytes(row.digest)
    assert len(bytes(row.digest)) == 32
    whoever = AuditRecord(AuditEvent.ENROLMENT_CODE_GIVEN, 1), Notice(NoticeKind.ENROLMENT_CODE_GIVEN, "", 1)
    desk.store.put(OTHER.officer.entry_uuid, bytes(row.digest), desk.clock.now() + 60, *whoever)
    assert desk.redeem(OTHER, code) == "refused", "a digest that was copied to another officer's row opens nothing"
    assert desk.redeem(MINE, code) == "accepted"


def test_security_28_wrong_codes_are_counted(desk: Desk) -> None:
    code = desk.codes.give(MINE, CALLER).code
    limits = Lockout(SqlGuessCounter(desk.database), desk.clock, Limits(Rule(3), Rule(3), Rule(9)), kind="c")
    few = EnrolmentCodes(desk.store, limits, SqlAuditTrail(desk.database), desk.clock, key=b"k" * 32, lifetime_seconds=3600)
    outcomes = [few.redeem(MINE, f"aaaaa-{number:05}", "a", CALLER).outcome for number in range(4)]
    assert outcomes == ["refused"] * 3 + ["throttled"]
    assert few.redeem(MINE, code, "a", CALLER).outcome == "throttled"


def test_a_factor_is_demanded_first_once_and_then_for_ever(desk: Desk) -> None:
    def first(now: int) -> int | None:
        return desk.demands.first(UUID, now, AuditRecord(AuditEvent.FACTOR_DEMANDED, now))

    dates = at_once(8, lambda number: first(1000 + number))
    assert len(set(dates)) == 1
    assert first(5000) == dates[0]
    assert desk.events().count("factor.demanded") == 1
    desk.demands.end(UUID, 6000)
    desk.demands.end(UUID, 7000)
    assert first(8000) is None


def test_who_had_a_factor_before_anything_was_demanded_is_granted_nothing(desk: Desk) -> None:
    desk.demands.end(UUID, 6000)
    assert desk.demands.first(UUID, 7000, AuditRecord(AuditEvent.FACTOR_DEMANDED, 7000)) is None
    assert desk.events() == []
