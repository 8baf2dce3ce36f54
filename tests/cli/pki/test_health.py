"""What doctor says of the authority."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from idp.adapters.crl_files import CrlFiles
from idp.adapters.sql.database import Database
from idp.cli.pki import health
from idp.pki.authority.ports import Reason
from idp.pki.government.chain import PublishedChain
from idp.pki.timestamp.service import TimeStamps
from tests.fakes.audit_trail import FakeAuditTrail
from tests.fakes.clock import FakeClock
from tests.fakes.sealer import FakeSealer
from tests.pki.authority.house import CALLER
from tests.pki.government.chain import Government
from tests.pki.status.house import House


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return House(database, tmp_path)


def stamps(house: House, *, offered: bool = True) -> TimeStamps:
    return TimeStamps(house.store, house.status, house.issuance, FakeSealer(), FakeAuditTrail(), house.clock,
                      organization="Tỉnh Hậu Giang", policy="1.2.3.4", accuracy_seconds=1, offered=offered)


def said(house: House) -> list[tuple[str, str]]:
    services: Any = SimpleNamespace(settings=SimpleNamespace(keys_dir=house.folder), certification=house.issuance,
                                    revocation_lists=house.lists, ocsp=house.ocsp, clock=house.clock,
                                    certificate_protocols=SimpleNamespace(
                                        time_stamps=stamps(house, offered=False), est=SimpleNamespace(switched_on=False)))
    found = list(health.look(services))
    assert all(remedy for state, _, remedy in found if state != "ok")
    return [(state, text.split(" ")[0] + " " + text.split(" ")[3]) for state, text, _ in found]


def test_everything_is_well(house: House) -> None:
    assert [state for state, _ in said(house)] == ["ok"] * 3


def test_a_list_that_nobody_made_anew_and_a_signer_that_nobody_renewed(house: House) -> None:
    house.clock.advance(20 * 3600)
    assert [state for state, _ in said(house)][:2] == ["ok", "warning"]
    house.clock.advance(86400)
    assert [state for state, _ in said(house)][:2] == ["ok", "failed"]
    house.clock.advance(27 * 86400)
    house.lists.make_due()
    assert [state for state, _ in said(house)][:3] == ["ok", "ok", "warning"]
    house.clock.advance(4 * 86400)
    house.lists.make_due()
    assert [state for state, _ in said(house)][:3] == ["ok", "ok", "failed"]
    house.ocsp.renew_due(CALLER)
    house.clock.advance(300 * 86400)
    assert said(house)[0][0] == "warning"  # the root's list has sixty days left
    house.clock.advance(60 * 86400)
    assert said(house)[0][0] == "failed"


def test_who_signs_time_stamps(house: House) -> None:
    room = stamps(house)
    services: Any = SimpleNamespace(settings=SimpleNamespace(keys_dir=house.folder), certification=house.issuance,
                                    revocation_lists=house.lists, ocsp=house.ocsp, clock=house.clock,
                                    certificate_protocols=SimpleNamespace(
                                        time_stamps=room, est=SimpleNamespace(switched_on=False)))

    def state() -> str:
        return next(state for state, text, _ in health.look(services) if "time-stamps" in text)

    assert state() == "failed"
    made = room.make_signer(CALLER)
    assert state() == "ok"
    house.clock.advance(280 * 86400)
    assert state() == "warning"
    house.clock.advance(86 * 86400)
    assert state() == "failed"
    house.issuance.revoke(made.serial, Reason.KEY_COMPROMISE, CALLER)
    assert state() == "failed"


def test_enrolment_without_an_authority_or_an_address_for_certificates(house: House) -> None:
    def state(*, offered: bool, mtls: str) -> str:
        services: Any = SimpleNamespace(
            certification=house.issuance, revocation_lists=house.lists, ocsp=house.ocsp, clock=house.clock,
            settings=SimpleNamespace(mtls_origin=mtls, keys_dir=house.folder), certificate_protocols=SimpleNamespace(
                time_stamps=stamps(house, offered=False), est=SimpleNamespace(switched_on=True, offered=lambda: offered)))
        return next(state for state, text, _ in health.look(services) if "EST" in text)

    assert state(offered=False, mtls="https://mtls.example") == "failed"
    assert state(offered=True, mtls="") == "warning"
    assert state(offered=True, mtls="https://mtls.example") == "ok"


def test_the_governments_chain_and_its_lists(tmp_path: Path) -> None:
    clock = FakeClock()
    government = Government(clock.moment())
    chain = PublishedChain(government.chain, CrlFiles(tmp_path, look_seconds=0))
    services: Any = SimpleNamespace(published_chain=chain, clock=clock, settings=SimpleNamespace(sim_certificates="government"))
    assert [state for state, *_ in health.chain(services)] == ["ok", "failed"], "no SIM signs"
    services.settings.sim_certificates = "internal"
    assert [state for state, *_ in health.chain(services)] == ["ok", "ok"]
    (tmp_path / "ca.crl").write_bytes(government.revoked())
    assert [state for state, *_ in health.chain(services)] == ["ok"]
    clock.advance(31 * 86400)
    assert [state for state, *_ in health.chain(services)] == ["ok", "warning"]
    clock.advance(2800 * 86400)
    assert f"{government.between.subject.rfc4514_string()} ends on" in next(iter(health.chain(services)))[1]
    assert list(health.chain(SimpleNamespace(published_chain=PublishedChain([], CrlFiles(None)), clock=clock))) == []  # type: ignore[arg-type]
