"""A console and self-service with a carrier, whose phones answer when they are told to."""

from __future__ import annotations

import dataclasses
from typing import Any

from idp.adapters.sheets import SheetFiles
from idp.adapters.sql.signing.history import SqlSignatureHistory
from idp.adapters.sql.trail.records import SqlAuditTrail
from idp.administration.signing.history import Signatures
from idp.administration.signing.lists import SimLists, SimRows
from idp.audit import Caller
from idp.directory.officer import Post
from idp.services import MobileSignatures
from idp.signing.evidence import package
from idp.signing.signing import Order
from idp.signing.transaction import Transaction
from tests.administration.office import CALLER, IT, Office
from tests.fakes.directory import make_officer
from tests.signing.sims.house import DESK as PROVINCE
from tests.signing.sims.house import ICCID, SECOND, House

from .console import Browser, Console

SIM, LIST, DESK, FORM = "/account/sim", "/account/signatures", "/admin/sims/", "/logout"


class Phones(Console):
    """A console and self-service with a carrier."""

    def __init__(self, office: Office) -> None:
        self.house = House(office.database, office.clock, mirror=office.services.mirror)
        house = self.house
        transactions = house.signing._store

        def evidence(one: Transaction, _: Caller) -> bytes:
            return package(one, transactions.events(one.transaction_id), transactions.blob, ())

        rooms = MobileSignatures(
            signing=house.signing, transactions=transactions, sims=house.sims, nightly=house.nightly, brake=house.brake,
            carriers={"mang": house.carrier}, evidence=evidence, signatures=Signatures(
                SqlSignatureHistory(office.database), transactions, office.services.mirror, evidence,
                SqlAuditTrail(office.database), office.clock), sim_lists=SimLists(
                    house.sims, office.services.mirror, SheetFiles(), SqlAuditTrail(office.database), office.clock))
        office.services.administration.enrollment_lists._sims = SimRows(house.sims, office.clock)
        office.services = dataclasses.replace(office.services, mobile_signatures=rooms)
        super().__init__(office)

    def officer(self, uid: str, unit: str = IT, phone: str = "") -> str:
        """Add an officer whose agency has a name."""
        office = self.office
        return office.services.mirror.remember(office.directory.add(make_officer(
            uid, phone=phone, posts=(Post(unit, "", "Sở Thông tin và Truyền thông", "Giám đốc"),))), now=office.clock.now())


def asked(browser: Browser, number: str = "0912 345 678") -> Any:
    return browser.post(f"{SIM}/ask", SIM, phone=number, carrier="mang")


def the_sim(phones: Phones, sub: str) -> str:
    return phones.house.store.of_officer(sub)[0].sim_id


def signing(phones: Phones) -> tuple[Browser, str]:
    """Give an officer with an active SIM and a signature that is asked for."""
    house, office = phones.house, phones.office
    browser = phones.person("lanhdao", unit=IT)
    sub = office.officer("lanhdao", unit=IT)
    asked(browser)
    sim = the_sim(phones, sub)
    house.sims.verify(sub, sim, house.inbox.code, CALLER)
    for actor in (PROVINCE, SECOND):
        house.sims.approve(actor, sim, CALLER)
    house.sims.give_card(PROVINCE, sim, ICCID, CALLER)
    house.sims.test(sub, sim, CALLER)
    house.carrier.answer(house.signing)
    office.clock.advance(15)
    house.sims.settle(CALLER, most=5)
    one = house.signing.ask(Order(client_id="qlvb", idempotency_key="1", sub=sub, unit_code=IT, title="Giám đốc",
                                  digest_name="sha256", digest=b"d" * 32, document="12/CV",
                                  subject="Công văn <b>số 12</b>"), CALLER)
    return browser, one.transaction_id
