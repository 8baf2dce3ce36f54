"""F-15, trust-services E.3: wherever the certifying of a card's keys is cut off, and whatever ends the SIM before somebody goes
on, no certificate stands that belongs to no SIM. With the province's own authority."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from idp.adapters.sql.database import Database
from idp.app.signatures import OwnCards
from idp.audit import Caller
from idp.errors import RefusedError
from idp.pki.authority.card_certificates import CardCertificates
from idp.pki.authority.ports import Certificate, Reason, Status
from idp.signing.mobile_signature import KeyUse
from idp.signing.sims.enrollment import RETRY_SECONDS
from idp.signing.sims.ports import Certifier, Prepared
from idp.signing.sims.sim import LIVE, Act, Sim, SimError, State
from tests.pki.authority import house as authority
from tests.signing.cards import Card

from .house import CALLER, DESK, HOLDER, House


class Killed(BaseException):
    """The process has died: nothing that it would have done comes after this."""


class Interrupted:
    """The province's authority; ``at`` is called at each point that it is at, for each of a card's keys."""

    def __init__(self, inner: Certifier) -> None:
        self._inner = inner
        self.at: Callable[[str, KeyUse, Sim], None] = lambda *_: None
        self.prepared: list[Prepared] = []

    def awaited(self, sim: Sim) -> bool:
        return self._inner.awaited(sim)

    def prepare(self, sim: Sim, public_key: bytes, *, use: KeyUse = "signing") -> Prepared:
        self.at("before it is made", use, sim)
        found = self._inner.prepare(sim, public_key, use=use)
        self.prepared.append(found)
        self.at("before it is kept", use, sim)

        def issue(caller: Caller) -> None:
            self.at("before it stands", use, sim)
            found.issue(caller)
            self.at("after it stands", use, sim)

        return replace(found, issue=issue)

    def revoke(self, serial: str, authority: str, reason: str, caller: Caller, *, certificate: bytes = b"") -> None:
        self._inner.revoke(serial, authority, reason, caller, certificate=certificate)


class Place(House):
    """The rooms, over an authority in a folder."""

    def __init__(self, database: Database, folder: Path) -> None:
        super().__init__(database)
        self.ca = authority.House(database, folder, clock=self.clock)
        self.ca.founded()
        self.interrupted = Interrupted(OwnCards(CardCertificates(
            self.ca.issuance, self.people, organization="Tỉnh Hậu Giang")))
        self.certifier = self.interrupted
        self.__post_init__()
        self.carrier.authenticates = True
        self.number = 0

    def ready(self) -> tuple[Sim, str]:
        """Give a SIM that is approved, and a card for it."""
        self.number += 1
        self.clock.advance(3600)
        return self.approved(f"0912 345 {self.number:03}"), f"8984990000000{self.number:06}"

    def standing(self) -> list[Certificate]:
        """Give the holder's certificates that stand."""
        return [one for one in self.ca.store.of_holder("holder") if one.status is not Status.REVOKED]

    def orphans(self) -> set[str]:
        """Name certificates that stand and are no live SIM's."""
        owned = {serial for sim in self.store.of_officer("holder") if sim.state in LIVE
                 for serial in (sim.serial, sim.login_serial)}
        return {one.serial for one in self.standing()} - owned

    def worker(self) -> None:
        """Let the worker do what waits."""
        self.clock.advance(RETRY_SECONDS + 1)
        self.sims.settle(CALLER, most=10)


@pytest.fixture
def place(database: Database, tmp_path: Path) -> Place:
    return Place(database, tmp_path)


def _other_card(place: Place, sim: Sim) -> None:
    place.number += 1
    place.sims.give_card(DESK, sim.sim_id, f"8984990000000{place.number:06}", CALLER)


ENDS: dict[str, Callable[[Place, Sim], Any]] = {
    "lost": lambda place, sim: place.sims.act(HOLDER, sim.sim_id, Act.REPORT_LOSS, CALLER),
    "exchanged": lambda place, sim: place.sims.noted(sim, Act.NOTE_SWAP, CALLER, "x"),
    "ended": lambda place, sim: place.sims.act(DESK, sim.sim_id, Act.DEACTIVATE, CALLER),
    "another card": _other_card,
    "the same key is made anew": lambda place, sim: place.carrier.cards.update(
        {place.store.find(sim.sim_id).iccid: Card(sim.msisdn, place.store.find(sim.sim_id).iccid)}),  # type: ignore[union-attr]
    "nothing": lambda place, sim: None}


@pytest.mark.parametrize("point", ["before it is made", "before it is kept", "before it stands", "after it stands"])
def test_f15_wherever_a_process_dies_no_certificate_is_left_without_a_sim(place: Place, point: str) -> None:
    for use in ("signing", "authentication"):
        for end, act in ENDS.items():
            sim, iccid = place.ready()

            def dies(where: str, which: str, _sim: Sim, use: str = use) -> None:
                if (where, which) == (point, use):
                    raise Killed

            place.interrupted.at = dies
            with pytest.raises(Killed):
                place.sims.give_card(DESK, sim.sim_id, iccid, CALLER)
            place.interrupted.at = lambda *_: None
            act(place, place.store.find(sim.sim_id))  # type: ignore[arg-type]
            place.worker()
            assert place.orphans() == set(), (use, end)
            after = place.store.find(sim.sim_id)
            assert after is not None
            if after.state in LIVE:
                assert after.state is State.BOUND, (use, end)
                mine = {one.serial: one.profile for one in place.standing()}
                assert (mine.get(after.serial), mine.get(after.login_serial)) == (
                    "officer_signing", "officer_authentication"), (use, end)
                place.sims.act(DESK, sim.sim_id, Act.DEACTIVATE, CALLER)
            assert place.standing() == [], (use, end)
            assert after.to_revoke == ""


@pytest.mark.parametrize("use", ["signing", "authentication"])
def test_f15_who_is_slower_than_the_end_of_a_sim_certifies_nothing(place: Place, use: str) -> None:
    for point in ("before it is kept", "before it stands", "after it stands"):
        sim, iccid = place.ready()

        def slow(where: str, which: str, one: Sim, point: str = point) -> None:
            if (where, which) == (point, use):
                place.sims.act(HOLDER, one.sim_id, Act.REPORT_LOSS, CALLER)

        place.interrupted.at = slow
        assert place.sims.give_card(DESK, sim.sim_id, iccid, CALLER).state is State.LOST
        assert place.standing() == [], point


def test_f15_who_is_slower_than_another_who_goes_on_certifies_nothing(place: Place) -> None:
    for point in ("before it is kept", "before it stands"):
        sim, iccid = place.ready()

        def overtaken(where: str, which: str, one: Sim, point: str = point) -> None:
            if (where, which) == (point, "signing"):
                place.interrupted.at = lambda *_: None
                place.worker()

        place.interrupted.at = overtaken
        after = place.sims.give_card(DESK, sim.sim_id, iccid, CALLER)
        assert after.state is State.BOUND
        assert {one.serial for one in place.standing()} == {after.serial, after.login_serial}, point
        place.sims.act(DESK, sim.sim_id, Act.DEACTIVATE, CALLER)
        assert place.standing() == []


def test_f15_who_is_slower_burns_no_key_either(place: Place) -> None:
    """A key of which a certificate was revoked is never certified again: the slow one's is given up before it stands."""
    sim, iccid = place.ready()

    def slow(where: str, which: str, _one: Sim) -> None:
        if (where, which) == ("before it stands", "signing"):
            place.interrupted.at = quicker
            place.worker()

    def quicker(where: str, which: str, _one: Sim) -> None:
        if (where, which) == ("before it is kept", "signing"):
            with pytest.raises(RefusedError):
                place.interrupted.prepared[0].issue(CALLER)

    place.interrupted.at = slow
    after = place.sims.give_card(DESK, sim.sim_id, iccid, CALLER)
    assert after.state is State.BOUND
    assert {one.serial for one in place.ca.store.of_holder("holder")} == {after.serial, after.login_serial}


def test_f15_of_several_who_go_on_at_one_moment_one_has_certified(place: Place) -> None:
    sim, iccid = place.ready()
    given = place.sims.give_card(DESK, sim.sim_id, iccid, CALLER, at_once=False)
    place.carrier.register("r", given.msisdn, iccid)  # the card has its keys
    place.carrier.register("r", given.msisdn, iccid, use="authentication")
    threads = [threading.Thread(target=place.sims.advance, args=(given, CALLER)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    place.worker()
    after = place.store.find(sim.sim_id)
    assert after is not None
    assert after.state is State.BOUND
    assert {one.serial for one in place.standing()} == {after.serial, after.login_serial}


def test_a_certificate_that_is_only_suspended_is_revoked_with_its_sim(place: Place) -> None:
    sim, iccid = place.ready()
    bound = place.sims.give_card(DESK, sim.sim_id, iccid, CALLER)
    place.ca.issuance.revoke(bound.serial, Reason.CERTIFICATE_HOLD, CALLER)
    place.sims.act(HOLDER, sim.sim_id, Act.REPORT_LOSS, CALLER)
    assert place.standing() == []


def test_a_loss_that_is_reported_while_less_is_revoked_is_not_forgotten(place: Place) -> None:
    sim = place.active()
    place.sims.noted(sim, Act.END_LOGIN, CALLER, "certificate")
    ended = replace(place.store.find(sim.sim_id), to_revoke="login")  # type: ignore[type-var]
    place.interrupted.revoke = lambda *_args, **_more: (_ for _ in ()).throw(SimError("away", code="away"))  # type: ignore[method-assign]
    place.sims.act(HOLDER, sim.sim_id, Act.REPORT_LOSS, CALLER)
    place.store.revoked(ended)  # whoever ended the second key comes to its end only now
    after = place.store.find(sim.sim_id)
    assert after is not None
    assert after.to_revoke == "lost"
