"""Decision 0011: the card's second key is bound with the first, ends with it, and neither stands in for the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from idp.adapters.sql.database import Database
from idp.errors import RefusedError
from idp.signing.sims.sim import Act, Sim, State

from .house import AGENCY, CALLER, DESK, HOLDER, ICCID, SECOND, House


@pytest.fixture
def house(database: Database) -> House:
    found = House(database)
    found.carrier.authenticates = True
    return found


def now(house: House, sim: Sim) -> Sim:
    found = house.store.find(sim.sim_id)
    assert found is not None
    return found


def without(house: House) -> str:
    with pytest.raises(RefusedError) as info:
        house.signing_sims.authenticating("holder")
    return info.value.code


def test_both_keys_are_bound_each_with_a_certificate_of_its_own(house: House) -> None:
    assert without(house) == "no_sim"
    sim = house.bound()
    assert without(house) == "no_sim", "before the first signature"
    sim = _activated(house, sim)
    assert (sim.serial, sim.login_serial, sim.login_authority) == ("7", "8", "ours")
    assert sim.certificate != sim.login_certificate
    assert house.carrier.registered_logins[ICCID] == sim.login_certificate
    assert house.signing_sims.authenticating("holder").certificate == sim.login_certificate
    assert house.signing_sims.signing("holder").certificate == sim.certificate
    bind = next(entry for entry in house.sims.history(HOLDER, sim.sim_id) if entry.act is Act.BIND)
    assert dict(bind.detail) == {"iccid": ICCID, "serial": "7", "login_serial": "8"}


def _activated(house: House, sim: Sim) -> Sim:
    sim = house.sims.test("holder", sim.sim_id, CALLER)
    house.carrier.answer(house.signing)
    house.clock.advance(15)
    return house.sims.advance(sim, CALLER)


def _same(house: House) -> None:
    house.carrier.logins = house.carrier.cards


HINDRANCES: dict[str, Callable[[House], Any]] = {
    "the service has no such profile": lambda house: setattr(house.carrier, "authenticates", False),
    "the card has no such key": lambda house: setattr(house.carrier, "refuses_logins", lambda _: True),
    "the service takes no certificate of it": lambda house: setattr(house.carrier, "refuses_logins", bool),
    "the authority does not certify it": lambda house: setattr(house.authority, "refuses_logins", True),
    "it is the key that signs documents": _same}


@pytest.mark.parametrize("hindrance", HINDRANCES)
def test_a_card_without_a_second_key_signs_documents_and_signs_nobody_in(house: House, hindrance: str) -> None:
    HINDRANCES[hindrance](house)
    sim = house.active()
    assert (sim.state, sim.login_certificate) == (State.ACTIVE, b"")
    assert sim.login_serial in {"", *(serial for serial, _ in house.authority.revoked)}, "what was certified is revoked"
    assert house.signing_sims.signing("holder").certificate == sim.certificate
    assert without(house) == "no_sim"
    assert house.authority.revoked == ([("8", "ended")] if "takes no" in hindrance else []), "nothing is left that nobody has"


def test_an_agencys_seal_signs_nobody_in(house: House) -> None:
    sim = house.sims.ask(AGENCY, "holder", "0912 345 678", "mang", CALLER, seal=True)
    sim = house.sims.verify("holder", sim.sim_id, house.inbox.code, CALLER)
    house.sims.approve(DESK, sim.sim_id, CALLER)
    house.sims.approve(SECOND, sim.sim_id, CALLER)
    sim = _activated(house, house.sims.give_card(DESK, sim.sim_id, ICCID, CALLER))
    assert (sim.state, sim.login_certificate) == (State.ACTIVE, b"")
    assert without(house) == "no_sim"


def test_a_service_that_is_away_between_the_two_keys_is_asked_again(house: House) -> None:
    def away(_certificate: bytes | None) -> bool:
        house.carrier.away = True
        house.carrier._here()
        return True

    house.carrier.refuses_logins = away
    sim = house.bound()
    assert sim.state is State.CARD_GIVEN
    house.carrier.away, house.carrier.refuses_logins = False, lambda _: False
    assert house.sims.settle(CALLER, most=5) == 1
    assert (now(house, sim).state, now(house, sim).login_serial) == (State.BOUND, "8")


@pytest.mark.parametrize(("end", "why"), [
    (lambda house, sim: house.sims.act(HOLDER, sim.sim_id, Act.REPORT_LOSS, CALLER), "lost"),
    (lambda house, sim: house.sims.noted(sim, Act.NOTE_SWAP, CALLER, "x"), "swapped"),
    (lambda house, sim: house.sims.act(DESK, sim.sim_id, Act.DEACTIVATE, CALLER), "ended")])
def test_what_ends_a_sim_ends_both_keys_also_when_the_authority_is_away(house: House, end: Any, why: str) -> None:
    sim = house.active()
    house.authority.away = True
    end(house, sim)
    assert without(house) in {"sim_blocked", "no_sim"}, "at once, whatever the authority says"
    assert house.authority.revoked == []
    house.authority.away = False
    house.sims.settle(CALLER, most=5)
    assert sorted(house.authority.revoked) == [("7", why), ("8", why)]
    assert now(house, sim).to_revoke == ""


def test_the_nightly_look_ends_only_the_second_key_where_the_carrier_knows_another(house: House) -> None:
    sim = house.active()
    house.clock.advance(86400)
    house.nightly.look(CALLER, most=5)
    assert now(house, sim).login_certificate, "both are listed"
    house.carrier.state["certificates"] = (sim.certificate,)
    house.clock.advance(86400)
    house.nightly.look(CALLER, most=5)
    found = now(house, sim)
    assert (found.state, found.login_certificate, found.login_serial) == (State.ACTIVE, b"", "8")
    assert house.authority.revoked == [("8", "swapped")]
    assert without(house) == "no_sim"
    assert house.signing_sims.signing("holder").certificate == sim.certificate
    house.sims.act(HOLDER, sim.sim_id, Act.REPORT_LOSS, CALLER)
    assert now(house, sim).state is State.LOST


def test_another_card_altogether_is_an_exchanged_one(house: House) -> None:
    sim = house.active()
    house.carrier.state["certificates"] = (sim.login_certificate,)
    house.clock.advance(86400)
    house.nightly.look(CALLER, most=5)
    assert now(house, sim).state is State.SWAPPED


@pytest.mark.parametrize("gone", ["disabled", "gone"])
def test_who_is_not_at_work_signs_in_with_no_sim(house: House, gone: str) -> None:
    house.active()
    house.people.status["holder"] = gone
    assert without(house) == "no_sim"


def test_a_blocked_pin_is_said(house: House) -> None:
    sim = house.active()
    house.sims.noted(sim, Act.BLOCK_PIN, CALLER, "pin_blocked")
    assert without(house) == "sim_blocked"


def test_a_sim_of_before_goes_on_without(house: House) -> None:
    house.carrier.authenticates = False
    sim = house.active()
    with house.database.durable.begin() as connection:
        connection.execute(text("UPDATE sim SET login_certificate = NULL, login_serial = NULL, login_authority = NULL"))
    house.carrier.authenticates = True
    assert (now(house, sim).login_certificate, now(house, sim).login_serial) == (b"", "")
    house.clock.advance(86400)
    house.nightly.look(CALLER, most=5)
    assert now(house, sim).state is State.ACTIVE
    assert house.signing_sims.signing("holder").iccid == ICCID
