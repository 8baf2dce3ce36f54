"""The list of factors: which an officer has, what a try leaves behind, and which one has to stay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from idp.audit import AuditEvent, AuditRecord, Caller
from idp.authn.freshness import Freshness
from idp.authn.lockout import FACTOR_LIMITS, Lockout
from idp.authn.second_factor import Acceptance, Proof, SecondFactors, Standing
from idp.directory.mirror import MirroredOfficer
from idp.errors import UnavailableError
from tests.fakes.audit_trail import FakeAuditTrail
from tests.fakes.clock import FakeClock
from tests.fakes.directory import officer
from tests.fakes.guess_counter import FakeGuessCounter

OFFICE = Caller("203.0.113.7", "request-1")
LAN = MirroredOfficer(sub="s-lan", officer=officer("lan"), status="active")
ID = LAN.officer.entry_uuid


class Plain:
    """A factor that takes one word."""

    def __init__(self, name: str, *standings: Standing, level: int = 2) -> None:
        self.name, self.level, self.things = name, level, list(standings)
        self.records: list[AuditRecord] = []
        self.kept: list[bool] = []
        self.down = False

    def standings(self, entry_uuid: str) -> tuple[Standing, ...]:
        return tuple(self.things) if entry_uuid == ID else ()

    def verify(self, entry_uuid: str, answer: Mapping[str, str], record: AuditRecord) -> Proof:
        if self.down:
            raise UnavailableError("down", dependency="database")
        if not self.standings(entry_uuid):
            return Proof(Acceptance.NOT_ENROLLED)
        if answer.get("word") != "right":
            return Proof(Acceptance.REFUSED)
        self.records.append(record)
        return Proof(Acceptance.ACCEPTED, ("hwk", "user"))

    def remove(self, entry_uuid: str, id: str, record: AuditRecord, *, keep_one: bool = False) -> bool:
        self.kept.append(keep_one)
        gone = [standing for standing in self.things if standing.id == id]
        self.things = [standing for standing in self.things if standing.id != id]
        self.records += [record] * len(gone)
        return bool(gone)


class Rig:
    def __init__(self, *factors: Plain, frozen_until: int | None = None) -> None:
        self.clock, self.audit, counter = FakeClock(), FakeAuditTrail(), FakeGuessCounter()
        self.list = SecondFactors([(factor, Lockout(counter, self.clock, FACTOR_LIMITS, kind=factor.name)) for factor in factors],
                                  self.audit, self.clock,
                                  frozen_until=lambda entry_uuid: frozen_until if entry_uuid == ID else None)

    def attempt(self, name: str, word: str, who: MirroredOfficer = LAN) -> str:
        return self.list.attempt(who, name, {"word": word}, OFFICE, client_id="qlvb").outcome


def key(at: int | None = None, id: str = "", factor: str = "key", left: int | None = None) -> Standing:
    return Standing(factor, 1, at, id, left=left)


def test_the_factor_that_was_used_last_comes_first() -> None:
    rig = Rig(Plain("app", key(10, factor="app")), Plain("key", key(5, "a"), key(20, "b")), Plain("new", key(factor="new")))
    assert rig.list.ways(ID) == ("key", "app", "new")
    assert [standing.id for standing in rig.list.of(ID)] == ["b", "", "a", ""]


def test_what_is_used_up_is_no_way_any_more() -> None:
    rig = Rig(Plain("codes", key(left=0, factor="codes")))
    assert (rig.list.ways(ID), rig.list.enrolled(ID), rig.list.reachable(ID)) == ((), False, 1)


@pytest.mark.parametrize(("levels", "reachable"), [((), 1), ((2,), 2), ((2, 3), 3)])
def test_the_level_within_reach_is_that_of_the_best_factor(levels: tuple[int, ...], reachable: int) -> None:
    rig = Rig(*(Plain(f"f{level}", key(factor=f"f{level}"), level=level) for level in levels))
    assert rig.list.reachable(ID) == reachable


def test_an_accepted_try_gives_what_was_proven_and_its_record_is_the_factors() -> None:
    factor = Plain("key", key())
    rig = Rig(factor)
    step = rig.list.attempt(LAN, "key", {"word": "right"}, OFFICE, client_id="qlvb")
    assert (step.outcome, step.amr) == ("accepted", ("hwk", "user"))
    assert [(r.event, r.sub, r.client_id, r.detail) for r in factor.records] == [
        (AuditEvent.FACTOR_ACCEPTED, "s-lan", "qlvb", {"factor": "key"})]
    assert rig.audit.records == []


@pytest.mark.parametrize(("name", "word", "outcome", "records"), [
    ("key", "wrong", "refused", ["refused"]), ("none", "right", "not_enrolled", ["not_enrolled"]),
    ("unknown", "right", "not_enrolled", [])])
def test_every_other_try_leaves_one_record(name: str, word: str, outcome: str, records: list[str]) -> None:
    rig = Rig(Plain("key", key()), Plain("none"))
    assert rig.attempt(name, word) == outcome
    assert [r.detail["reason"] for r in rig.audit.records] == records


@pytest.mark.parametrize("who", [replace(LAN, status="disabled"), replace(LAN, officer=replace(LAN.officer, disabled=True))])
def test_checklist_18_nobody_who_is_disabled_proves_a_factor(who: MirroredOfficer) -> None:
    factor = Plain("key", key())
    rig = Rig(factor)
    assert rig.attempt("key", "right", who) == "refused"
    assert factor.records == []


def test_what_was_enrolled_before_the_return_counts_for_nothing_and_takes_what_is_newer_along() -> None:
    old, new = Plain("key", key()), Plain("app", replace(key(factor="app"), enrolled_at=9))
    rig = Rig(old, new, frozen_until=5)
    assert [rig.attempt(name, "right") for name in ("key", "app")] == ["frozen", "frozen"]
    assert old.records == new.records == []
    assert [(r.event, r.detail["reason"]) for r in rig.audit.records] == [(AuditEvent.FACTOR_REFUSED, "frozen")] * 2
    assert (rig.list.frozen(ID), rig.list.within_reach(ID), rig.list.reachable(ID)) == (True, 1, 2)


def test_what_was_enrolled_after_the_return_counts_where_nothing_old_is_left() -> None:
    rig = Rig(Plain("key", replace(key(), enrolled_at=6)), frozen_until=5)
    assert rig.attempt("key", "right") == "accepted"
    assert (rig.list.frozen(ID), rig.list.within_reach(ID)) == (False, 2)


def test_checklist_28_each_factor_is_throttled_apart() -> None:
    rig = Rig(Plain("key", key()), Plain("app", key(factor="app")))
    outcomes = [rig.attempt("key", "wrong") for _ in range(9)]
    assert outcomes == ["refused"] * 6 + ["throttled"] * 3
    assert rig.attempt("key", "right") == "throttled"
    assert rig.attempt("app", "right") == "accepted"
    assert rig.list.clear(ID, OFFICE.source) > 0
    assert rig.attempt("key", "right") == "accepted"


def test_a_database_that_is_down_costs_no_guess() -> None:
    factor = Plain("key", key())
    rig = Rig(factor)
    factor.down = True
    for _ in range(20):
        with pytest.raises(UnavailableError):
            rig.attempt("key", "right")
    factor.down = False
    assert rig.attempt("key", "right") == "accepted"


class TestRemoval:
    def test_the_last_lasting_factor_of_who_needs_two_stays(self) -> None:
        rig = Rig(Plain("key", key()), Plain("codes", key(factor="codes", left=9)))
        assert rig.list.remove(LAN, "key", "", OFFICE, demanded=2) == "last"
        assert rig.list.ways(ID) == ("key", "codes")

    def test_one_of_two_goes(self) -> None:
        factor = Plain("key", key(id="a"), key(id="b"))
        rig = Rig(factor)
        assert rig.list.remove(LAN, "key", "a", OFFICE, demanded=2) == "removed"
        assert rig.list.remove(LAN, "key", "b", OFFICE, demanded=2) == "last"
        assert [(r.event, r.sub) for r in factor.records] == [(AuditEvent.FACTOR_REMOVED, "s-lan")]
        assert factor.kept == [True]

    def test_codes_may_go_and_follow_the_last_lasting_factor(self) -> None:
        codes = Plain("codes", key(factor="codes", left=9))
        rig = Rig(Plain("key", key()), codes)
        assert rig.list.may_go(ID, "codes", "", demanded=2)
        assert rig.list.remove(LAN, "key", "", OFFICE, demanded=1) == "removed"
        assert (rig.list.ways(ID), len(codes.records)) == ((), 1)

    def test_an_administrator_takes_the_last_one_and_is_named(self) -> None:
        factor = Plain("key", key())
        rig = Rig(factor)
        assert rig.list.remove(LAN, "key", "", Caller(OFFICE.source, OFFICE.request_id, officer="s-admin")) == "removed"
        assert factor.records[0].detail == {"factor": "key", "by_officer": "s-admin"}
        assert factor.kept == [False]

    @pytest.mark.parametrize(("name", "id"), [("key", "other"), ("unknown", "")])
    def test_what_is_not_there_is_gone(self, name: str, id: str) -> None:
        rig = Rig(Plain("key", key(id="a"), key(id="b")))
        assert rig.list.remove(LAN, name, id, OFFICE, demanded=2) == "gone"


class TestFreshness:
    @pytest.mark.parametrize(("age", "level", "fresh"), [
        (0, 2, True), (300, 2, True), (301, 2, False), (0, 1, False), (-1, 2, False), (86400, 3, False)])
    def test_checklist_34_young_and_at_the_highest_level_within_reach(self, age: int, level: int, fresh: bool) -> None:
        rig = Rig(Plain("key", key()))
        rule = Freshness(rig.list, rig.clock, 300)
        assert rule.holds(ID, auth_time=rig.clock.now() - age, level=level) is fresh

    def test_a_password_is_enough_where_nothing_else_is_enrolled(self) -> None:
        rig = Rig(Plain("key"))
        assert Freshness(rig.list, rig.clock, 300).holds(ID, auth_time=rig.clock.now(), level=1)
