"""A carrier that says of many SIMs at once that they were exchanged ends a few; a person decides about the others."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from idp.adapters.sql.database import Database
from idp.adapters.sql.tables import AuditRow, NoticeRow
from idp.errors import RefusedError
from idp.pki.enrollment.moves import Actor
from idp.roles import Administrator, Role
from idp.signing.outcome import Outcome
from idp.signing.ports import IN_DOUBT
from idp.signing.sims.brake import AT_ONCE, WINDOW_SECONDS, DoubtRule
from idp.signing.sims.sim import Act, Sim, State
from idp.signing.sims.standing import CHECK_SECONDS

from .house import AGENCY, AUDITOR, CALLER, DESK, HOLDER, SECOND, House
from .test_enrollment import order, refused

PROVINCE = DESK.administrator
assert PROVINCE is not None
ENDS = 5


class Many(House):
    """A house with SIMs in use, each an officer's of their own; the first is the holder's."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.first = self.active()

    def more(self, count: int, **how: Any) -> list[Sim]:
        made = self.copies(self.first, count, **how)
        self.people.status.update({one.sub: "active" for one in made})
        return made

    def now(self, sim: Sim) -> Sim:
        found = self.store.find(sim.sim_id)
        assert found is not None
        return found

    def doubted(self, sim: Sim) -> Sim:
        """Bring a SIM into doubt: a few others end before it."""
        for one in self.more(ENDS):
            self.brake.exchanged(one, "unsuitable_sim", CALLER)
        self.brake.exchanged(self.now(sim), "unsuitable_sim", CALLER)
        assert self.now(sim).doubt
        return self.now(sim)

    def decide(self, decision: str, who: Administrator | None = PROVINCE, reason: str = "Nhà mạng xác nhận") -> Any:
        assert who is not None
        return self.brake.decide(who, "mang", decision, reason, CALLER)

    def events(self, name: str) -> int:
        return [row.event for row in self.database.read(select(AuditRow.event)).all()].count(name)


@pytest.fixture
def house(database: Database) -> Many:
    return Many(database)


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Do acts at one moment; gives what each answered, or the code with which it was refused."""
    gate, found = threading.Barrier(len(acts)), list[Any]()

    def one(act: Callable[[], Any]) -> None:
        gate.wait()
        try:
            found.append(act())
        except RefusedError as err:
            found.append(err.code)

    threads = [threading.Thread(target=one, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.mark.parametrize(("in_use", "limit"), [(0, 5), (100, 5), (299, 5), (300, 6), (5000, 100)])
def test_a_share_and_always_a_few(in_use: int, limit: int) -> None:
    assert DoubtRule().limit(in_use) == limit


def test_at_night_a_few_end_and_all_others_are_in_doubt_and_sign_nothing(house: Many) -> None:
    sims = [house.first, *house.more(9)]
    house.clock.advance(CHECK_SECONDS + 1)
    house.carrier.state = {"fault": (105, 1051)}
    assert house.nightly.look(CALLER, most=50) == 10
    ended = [one for one in map(house.now, sims) if one.state is State.SWAPPED]
    held = [one for one in map(house.now, sims) if one.state is State.ACTIVE]
    assert (len(ended), len(held), len(house.authority.revoked)) == (ENDS, 5, ENDS)
    [doubt] = house.brake.open()
    assert (doubt.carrier, doubt.sims, {one.doubt for one in held}) == ("mang", 5, {doubt.doubt_id})
    assert {one.reason for one in held} == {"unknown_number"}
    assert house.events("sims.doubted") == 1
    told = [row.sub for row in house.database.read(select(NoticeRow.sub, NoticeRow.kind)).all() if row.kind == "sims.in_doubt"]
    assert sorted(told) == ["desk", "second"], "each once"
    sub = held[0].sub
    assert refused(lambda: house.signing.ask(order(sub=sub), CALLER)) == IN_DOUBT
    assert refused(lambda: house.signing.ask(order(sub=sub, iccid=held[0].iccid), CALLER)) == IN_DOUBT
    assert house.signing_sims.all(sub) == []
    # Who asks the carrier again about them gets the same answer; a later one joins them, on another day as well.
    house.clock.advance(WINDOW_SECONDS + 1)
    late = house.more(1, sub="late", sim_id="sim-late", msisdn="84988888888", iccid="8984990000000999999")[0]
    assert house.nightly.look(CALLER, most=50) == 1
    assert house.now(late).doubt == doubt.doubt_id
    assert house.events("sims.doubted") == 1


def test_single_ones_end_at_once_and_each_carrier_and_day_is_counted_for_itself(house: Many) -> None:
    sims = house.more(3 * ENDS)
    for one in sims[:ENDS]:
        assert house.brake.exchanged(one, "unsuitable_sim", CALLER).state is State.SWAPPED
    house.clock.advance(WINDOW_SECONDS)
    for one in sims[ENDS:2 * ENDS]:
        assert house.brake.exchanged(one, "unsuitable_sim", CALLER).state is State.SWAPPED
    [other] = house.more(1, sub="other", sim_id="sim-other", msisdn="84988888888", iccid="8984990000000999999", carrier="khac")
    assert house.brake.exchanged(other, "unsuitable_sim", CALLER).state is State.SWAPPED
    house.clock.advance(WINDOW_SECONDS - 1)
    assert house.brake.exchanged(sims[-1], "unsuitable_sim", CALLER).state is State.ACTIVE
    assert [one.carrier for one in house.brake.open()] == ["mang"]


def test_security_57_what_is_under_way_when_a_doubt_begins_is_not_released_and_dismissed_it_works_again(house: Many) -> None:
    one = house.signing.ask(order(), CALLER)
    house.carrier.answer(house.signing)
    house.clock.advance(15)
    house.signing.look(one, CALLER)
    house.doubted(house.first)
    assert refused(lambda: house.signing.release("qlvb", one.transaction_id, b"d" * 32, CALLER)) == "sim_blocked"
    assert house.authority.revoked == [("7", "swapped")] * ENDS, "nothing of a SIM in doubt"
    checked = house.now(house.first).checked_at
    house.decide("dismiss")
    found = house.now(house.first)
    assert (found.state, found.doubt, found.reason, found.checked_at) == (State.ACTIVE, "", "", checked)
    again = house.signing.ask(order(idempotency_key="2"), CALLER)
    house.carrier.answer(house.signing)
    house.clock.advance(15)
    house.signing.look(again, CALLER)
    assert house.signing.release("qlvb", again.transaction_id, b"d" * 32, CALLER)


def test_security_57_a_card_in_doubt_does_not_become_active(house: Many) -> None:
    house.sims.act(HOLDER, house.first.sim_id, Act.DEACTIVATE, CALLER)
    bound = house.bound()
    house.doubted(bound)
    assert refused(lambda: house.sims.test("holder", bound.sim_id, CALLER)) == "in_doubt"
    house.decide("dismiss")
    asked = house.sims.test("holder", bound.sim_id, CALLER)
    house.brake.exchanged(asked, "unsuitable_sim", CALLER)
    house.carrier.answer(house.signing)
    house.clock.advance(15)
    assert house.sims.settle(CALLER, most=10) == 0
    assert Act.TEST not in house.sims.possible(HOLDER, house.now(bound))
    assert house.now(bound).state is State.BOUND
    house.decide("dismiss")
    house.sims.settle(CALLER, most=10)
    assert house.now(bound).state is State.ACTIVE
    blocked = house.sims.noted(house.now(bound), Act.BLOCK_PIN, CALLER)
    house.brake.exchanged(blocked, "unsuitable_sim", CALLER)
    assert refused(lambda: house.sims.act(DESK, bound.sim_id, Act.UNLOCK, CALLER, reason="Nhà mạng đã mở")) == "in_doubt"


def test_confirmed_they_end_as_the_carrier_said_and_what_was_lost_meanwhile_stays_lost(house: Many) -> None:
    sims = [house.first, *house.more(AT_ONCE + ENDS + 2)]
    for one in sims:
        house.brake.exchanged(one, "unsuitable_sim", CALLER)
    lost = sims[-1]
    assert house.sims.act(Actor(lost.sub), lost.sim_id, Act.REPORT_LOSS, CALLER).doubt == ""
    assert house.decide("confirm").sims == AT_ONCE + 2
    assert house.brake.open() == []
    assert refused(lambda: house.signing.ask(order(sub=sims[-2].sub), CALLER)) == IN_DOUBT, "the worker comes to it"
    assert house.brake.settle(CALLER, most=200) == 2
    assert house.brake.settle(CALLER, most=200) == 0
    assert {house.now(one).state for one in sims[:-1]} == {State.SWAPPED}
    assert {(house.now(one).doubt, house.now(one).reason) for one in sims[:-1]} == {("", "unsuitable_sim")}
    assert house.now(lost).state is State.LOST
    assert len(house.authority.revoked) == len(sims)


def test_a_province_administrator_decides_and_nobody_else_and_says_why(house: Many) -> None:
    assert refused(lambda: house.decide("confirm")) == "no_doubt"
    sim = house.doubted(house.first)
    for who in (AGENCY.administrator, AUDITOR.administrator, dataclasses.replace(PROVINCE, read_only=True),
                Administrator(role=Role.MACHINE, client_id="m")):
        assert refused(lambda who=who: house.decide("confirm", who)) == "forbidden"
    for reason in ("", " ", "x" * 301, "a\x07"):
        assert refused(lambda reason=reason: house.decide("dismiss", reason=reason)) == "reason_needed"
    assert refused(lambda: house.decide("forget")) == "invalid_decision"
    assert house.now(sim) == sim
    assert house.events("sims.decided") == 0
    house.decide("dismiss")
    assert house.events("sims.decided") == 1


def test_of_decisions_at_one_moment_one_counts(house: Many) -> None:
    sim = house.doubted(house.first)
    answers = at_once(*(lambda name=name, who=who: house.decide(name, who.administrator)
                        for who in (DESK, SECOND) for name in ("confirm", "dismiss")))
    assert answers.count("no_doubt") == 3
    assert house.events("sims.decided") == 1
    found, acts = house.now(sim), [entry.act for entry in house.store.history(sim.sim_id)]
    assert (found.doubt, found.state) in {("", State.SWAPPED), ("", State.ACTIVE)}
    assert len([act for act in acts if act in (Act.NOTE_SWAP, Act.DISMISS_DOUBT)]) == 1


def test_of_answers_at_one_moment_no_more_end_than_may(house: Many) -> None:
    sims = house.more(2 * ENDS)
    at_once(*(lambda one=one: house.signing_sims.told(one.sub, one.iccid, Outcome.UNSUITABLE_SIM) for one in sims))
    states = [house.now(one).state for one in sims]
    assert (states.count(State.SWAPPED), states.count(State.ACTIVE)) == (ENDS, ENDS)
    [doubt] = house.brake.open()
    assert (doubt.sims, house.events("sims.doubted")) == (ENDS, 1)
    assert [row.kind for row in house.database.read(select(NoticeRow.kind)).all()].count("sims.in_doubt") == 2
