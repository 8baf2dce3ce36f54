"""What an application asks an officer by name, from the request to the tokens, through the simulator and our own client."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key

from deploy.mobile_signature.requests import LOGIN
from deploy.mobile_signature.subscribers import luhn
from idp.adapters.sql.database import Database
from idp.signing.following import Rules
from idp.signing.login import Logins
from idp.signing.signing import Signing
from tests.signing.cards import Card, certified
from tests.web import test_approvals as ciba
from tests.web.test_phone_approvals import Office

from .conftest import Carrier
from .test_with_the_client import client


class Province(Office):
    """An office whose carrier is the simulator, with one officer's phone."""

    def __init__(self, database: Database, carrier: Carrier) -> None:
        super().__init__(database)
        self.carrier, self.number = carrier, f"84992{next(carrier._names):06}"
        iccid = luhn(f"898499{self.number[-8:]}0000")
        carrier.simulator.phones.add({"msisdn": self.number, "carrier": "Mạng mẫu C", "cards": [
            {"iccid": iccid, "login_key": "p-256"}]})
        ours = client(carrier, authentication_profile=LOGIN)
        card = Card(self.number, iccid, carrier="mang", login=self.phones.cards[self.sub_].login)
        for use in ("signing", "authentication"):
            key = load_der_public_key(ours.register(carrier.name(), self.number, iccid, use=use).public_key or b"")
            der = certified(key, commits=use == "signing").public_bytes(Encoding.DER)
            setattr(card, "der" if use == "signing" else "login_der", der)
        self.phones.cards[self.sub_] = card
        services = {"mang": ours}
        self.phones.signing = Signing(self.phones.store, self.phones.sims, self.phones.standings, services, self.clock, Rules())
        self.mobile_id.phones = Logins(self.phones.signing, self.phones.sims, services)

    def shown(self) -> str:
        phone = self.carrier.simulator.phones.one(self.number)
        assert phone is not None
        return str(phone["shows"]["text"]) if phone["shows"] else ""


@pytest.fixture
def province(sqlite_template: Path, tmp_path: Path, carrier: Carrier) -> Iterator[Province]:
    database = Database(f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'province.sqlite3')}")
    yield Province(database, carrier)
    database.dispose()


def test_the_phone_shows_it_the_pin_approves_it_and_the_tokens_go_out(province: Province) -> None:
    ciba.ask(province, message="Lệnh chi 12/7")
    province.work()
    assert province.shown() == f"DONG Y CHO Chi tra luong: Lenh chi 12/7 {province.question().code}"
    assert province.poll() == "authorization_pending"
    province.carrier.hand(province.number)
    province.work(10)
    claims = province.id_token_claims(province.poll()["id_token"])
    assert (claims["acr"], claims["amr"]) == ("urn:haugiang:acr:3", ["sc", "pin", "mfa"])
    assert province.shown() == ""


@pytest.mark.parametrize(("act", "pin"), [("cancel", ""), ("accept", "0000")])
def test_who_cancels_or_knows_no_pin_refuses(province: Province, act: str, pin: str) -> None:
    ciba.ask(province)
    province.work()
    province.carrier.hand(province.number, act, pin)
    province.work(10)
    assert province.poll() == "access_denied"
    assert province.alive() == []


def test_an_answer_by_the_key_for_documents_approves_nothing(province: Province) -> None:
    ciba.ask(province)
    with province.carrier.disturbed("other_profile", msisdn=province.number):
        province.work()
        province.carrier.hand(province.number)
        province.work(10)
    assert province.question().outcome == "invalid"
    assert province.poll() == "authorization_pending"
