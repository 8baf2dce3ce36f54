"""Which SIM signs is chosen by what is signed; and a signature is not given out once its SIM is reported lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from idp.adapters.sql.database import Database
from idp.errors import RefusedError
from idp.signing.csc.credential import Credentials, Names
from idp.signing.signing import Order
from idp.signing.sims.sim import Act, Sim, State
from idp.signing.transaction import State as SignatureState
from tests.signing.cards import Card

from .house import AGENCY, CALLER, DESK, HOLDER, ICCID, SECOND, UNIT, House

SEAL_CARD, SEAL_NUMBER = "8984990000000000041", "0912 345 679"


@pytest.fixture
def house(database: Database) -> House:
    return House(database)


def order(key: str = "1", **more: Any) -> Order:
    return Order(**{"client_id": "qlvb", "idempotency_key": key, "sub": "holder", "unit_code": UNIT, "title": "",
                    "digest": b"d" * 32, "digest_name": "sha256", "document": "1/CV", "subject": "Công văn", **more})


def sealed(house: House) -> Sim:
    """Give the holder the agency's seal, on another card, activated after their own SIM."""
    house.clock.advance(60)
    sim = house.sims.ask(AGENCY, "holder", SEAL_NUMBER, "mang", CALLER, seal=True)
    house.sims.verify("holder", sim.sim_id, house.inbox.code, CALLER)
    house.sims.approve(SECOND, sim.sim_id, CALLER, owner_match=True)
    house.sims.approve(DESK, sim.sim_id, CALLER)
    house.carrier.cards[SEAL_CARD] = Card("84912345679", SEAL_CARD)
    house.sims.give_card(DESK, sim.sim_id, SEAL_CARD, CALLER)
    asked = house.sims.test("holder", sim.sim_id, CALLER)
    house.carrier.answer(house.signing)
    house.clock.advance(15)
    return house.sims.advance(asked, CALLER)


def ready(house: House, **more: Any) -> str:
    one = house.signing.ask(order(**more), CALLER)
    house.carrier.answer(house.signing)
    house.clock.advance(15)
    house.signing.go_on(CALLER, most=5)
    assert house.signing.find("qlvb", one.transaction_id).state is SignatureState.READY
    return one.transaction_id


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(RefusedError) as info:
        act()
    return str(info.value.code)


def test_who_keeps_a_seal_signs_as_themself_unless_the_seal_is_named(house: House) -> None:
    own, seal = house.active(), sealed(house)
    assert (own.state, seal.state, seal.since > own.since) == (State.ACTIVE, State.ACTIVE, True)
    assert house.signing_sims.signing("holder").iccid == ICCID, "not the one that was activated last"
    assert [one.iccid for one in house.signing_sims.all("holder")] == [ICCID, SEAL_CARD]
    for more, card in (({}, ICCID), ({"key": "2", "iccid": SEAL_CARD}, SEAL_CARD)):
        name = ready(house, **more)
        assert house.signing.find("qlvb", name).iccid == card
        assert house.signing.release("qlvb", name, b"d" * 32, CALLER)
    assert refused(lambda: house.signing.ask(order("3", iccid="8984990000000000099"), CALLER)) == "no_sim"

    credentials = Credentials(house.signing_sims, house.standings, house.signing._store, lambda _: (), Names(b"n" * 32),
                              house.clock)
    mine, seals = credentials.names("holder")
    assert (credentials.own("holder"), credentials.card("holder", mine), credentials.card("holder", seals)) == (
        mine, ICCID, SEAL_CARD)
    house.sims.act(HOLDER, own.sim_id, Act.REPORT_LOSS, CALLER)
    assert refused(lambda: house.signing.ask(order("4"), CALLER)) == "sim_blocked", "the seal does not stand in for them"
    assert (credentials.own("holder"), credentials.names("holder"), credentials.card("holder", mine)) == ("", (seals,), "")


def test_two_cards_that_wait_for_their_first_signature_are_asked_each_for_itself(house: House) -> None:
    own = house.bound()
    house.active("0912 345 670", "another", "8984990000000000052")
    sim = house.sims.ask(AGENCY, "holder", SEAL_NUMBER, "mang", CALLER, seal=True)
    house.sims.verify("holder", sim.sim_id, house.inbox.code, CALLER)
    house.sims.approve(SECOND, sim.sim_id, CALLER, owner_match=True)
    house.sims.approve(DESK, sim.sim_id, CALLER)
    house.carrier.cards[SEAL_CARD] = Card("84912345679", SEAL_CARD)
    house.sims.give_card(DESK, sim.sim_id, SEAL_CARD, CALLER)
    asked = [house.sims.test("holder", one, CALLER) for one in (own.sim_id, sim.sim_id)]
    house.carrier.answer(house.signing)
    house.clock.advance(15)
    assert [house.sims.advance(one, CALLER).state for one in asked] == [State.ACTIVE, State.ACTIVE]


def test_security_57_a_loss_between_the_last_look_and_the_release_wins(house: House) -> None:
    sim, name, looked = house.active(), ready(house), list[bool]()
    release = house.signing._store.release

    def late(*args: Any) -> bool:
        if not looked:
            looked.append(True)
            house.sims.act(HOLDER, sim.sim_id, Act.REPORT_LOSS, CALLER)
        return release(*args)

    house.signing._store.release = late  # type: ignore[method-assign]
    assert refused(lambda: house.signing.release("qlvb", name, b"d" * 32, CALLER)) == "sim_blocked"
    one = house.signing.find("qlvb", name)
    assert (one.state, one.signature, looked) == (SignatureState.FAILED, None, [True])


def test_security_57_a_loss_that_is_being_written_is_waited_for(house: House) -> None:
    """Where several write at a time, a loss whose transaction has begun holds the SIM, and the release comes after it."""
    if house.database.durable.dialect.name != "postgresql":
        return
    sim, name, said = house.active(), ready(house), list[object]()

    def release() -> None:
        try:
            said.append(house.signing.release("qlvb", name, b"d" * 32, CALLER))
        except RefusedError as err:
            said.append(err.code)

    thread = threading.Thread(target=release)
    explicit = house.database.durable.execution_options(isolation_level="READ COMMITTED")
    with explicit.begin() as connection:
        connection.execute(text(f"UPDATE sim SET state = 'lost', revision = revision + 1 WHERE sim_id = '{sim.sim_id}'"))
        thread.start()
        thread.join(0.5)
        assert thread.is_alive(), said
    thread.join(10)
    assert said == ["sim_blocked"]
    assert house.signing.find("qlvb", name).state is SignatureState.FAILED


def test_security_57_of_losses_and_releases_at_one_moment_none_is_released_after_the_loss(house: House) -> None:
    sim = house.active()
    name = ready(house)
    start, outcome = threading.Barrier(2), dict[str, Any]()

    def release() -> None:
        start.wait()
        try:
            outcome["release"] = house.signing.release("qlvb", name, b"d" * 32, CALLER)
        except RefusedError as err:
            outcome["release"] = err.code

    def lose() -> None:
        start.wait()
        outcome["loss"] = house.sims.act(HOLDER, sim.sim_id, Act.REPORT_LOSS, CALLER).state

    threads = [threading.Thread(target=release), threading.Thread(target=lose)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert outcome["loss"] is State.LOST
    one = house.signing.find("qlvb", name)
    assert (one.state, outcome["release"]) in ((SignatureState.RELEASED, one.signature), (SignatureState.FAILED, "sim_blocked"))
