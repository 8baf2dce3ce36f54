"""Trust services C, E.2, E.3: certificates that the Government's authority makes for SIMs, from its list to the card's end."""

from __future__ import annotations

import io
import shlex
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from idp.adapters.crl_files import CrlFiles
from idp.adapters.sheets import SheetFiles
from idp.adapters.sql.database import Database
from idp.adapters.sql.pki.government import SqlBatches, SqlSeenCertificates
from idp.administration.signing.results import CardResults
from idp.errors import RefusedError, UnavailableError
from idp.pki.authority.ports import Received
from idp.pki.enrollment.moves import Actor
from idp.pki.government.authority import GovernmentAuthority
from idp.pki.government.chain import PublishedChain
from idp.roles import Administrator, Role
from idp.signing.evidence import package
from idp.signing.signing import Order
from idp.signing.sims.government import CardAuthorities
from idp.signing.sims.sim import ANOTHER_KEY, AWAITED, GOVERNMENT, Act, Sim, State
from idp.signing.transaction import State as SignatureState
from tests.fakes.clock import FakeClock
from tests.fakes.sealer import FakeSealer
from tests.pki.authority.house import run
from tests.pki.government.chain import DAY, Government, key, name
from tests.signing.cards import Card

from .house import AGENCY, CALLER, DESK, HOLDER, ICCID, UNIT, House

PROGRAM = Actor("", Administrator(role=Role.MACHINE, client_id="console", sub=""))
OTHER_CARD = "8984990000000000041"
MSISDN = "84912345678"


class Province(House):
    """A province whose SIMs are certified by a Government's authority of the test's own; its lists are in a folder."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.folder, self.government = folder, Government(FakeClock().moment())
        super().__init__(database, published=PublishedChain(self.government.chain, CrlFiles(folder, look_seconds=0)))
        self.revoked()
        root = x509.CertificateRevocationListBuilder(self.government.root.subject, self.clock.moment() - DAY,
                                                     self.clock.moment() + 90 * DAY).sign(key(1), hashes.SHA256())
        (folder / "root.crl").write_bytes(root.public_bytes(Encoding.DER))
        self.own = SqlSeenCertificates(database)
        assert self.published is not None
        authority = GovernmentAuthority(
            SqlBatches(database), self.own, self.published, SimpleNamespace(), FakeSealer(), SheetFiles(), self.clock,
            listed=lambda _: False, own=lambda spki, holder: False)
        self.results = CardResults(self.sims, authority, self.people, organization="Tỉnh Hậu Giang")

    def revoked(self, *certificates: x509.Certificate) -> None:
        (self.folder / "between.crl").write_bytes(self.government.revoked(*certificates))

    def card(self, iccid: str = ICCID) -> Card:
        return self.carrier.cards.setdefault(iccid, Card(MSISDN, iccid))

    def issue(self, iccid: str = ICCID, **more: Any) -> x509.Certificate:
        officer = self.people.by_sub("holder").officer
        given = {"public_key": self.card(iccid).key.public_key(),
                 "usage": {"content_commitment": True, "digital_signature": True}, **more}
        return self.government.issue(officer.name, officer.mail, **given)

    def given(self) -> Sim:
        """Give a card that waits for its certificate."""
        sim = self.bound()
        assert (sim.state, sim.reason, self.carrier.calls) == (State.CARD_GIVEN, AWAITED, []), "no carrier is asked before"
        return sim

    def take(self, certificate: x509.Certificate, *, actor: Actor = DESK, dry: bool = False,
             agrees: Callable[[Received], None] = lambda _: None, **values: str) -> str:
        mail = self.people.by_sub("holder").officer.mail
        row: Mapping[str, str] = {"iccid": ICCID, "mail": mail, "phone": "0912345678", **values}
        sim = self.results.meant(row)
        assert sim is not None
        return self.results.take(actor, sim, row, certificate.public_bytes(Encoding.DER), agrees, dry=dry, caller=CALLER)

    def now(self, sim: Sim) -> Sim:
        found = self.store.find(sim.sim_id)
        assert found is not None
        return found

    def settled(self, sim: Sim) -> Sim:
        self.clock.advance(61)
        self.sims.settle(CALLER, most=5)
        return self.now(sim)

    def signs_first(self, sim: Sim) -> Sim:
        asked = self.sims.test("holder", sim.sim_id, CALLER)
        self.carrier.answer(self.signing)
        self.clock.advance(15)
        return self.sims.advance(asked, CALLER)

    def in_use(self) -> tuple[Sim, x509.Certificate]:
        sim, certificate = self.given(), self.issue()
        self.take(certificate)
        return self.signs_first(self.settled(sim)), certificate


@pytest.fixture
def province(database: Database, tmp_path: Path) -> Province:
    return Province(database, tmp_path)


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(RefusedError) as info:
        act()
    return str(info.value.code)


def order(number: str = "1") -> Order:
    return Order(client_id="qlvb", idempotency_key=number, sub="holder", unit_code=UNIT, title="", digest=b"d" * 32,
                 digest_name="sha256", document="1/CV", subject="Công văn")


def test_a_card_waits_for_its_list_and_is_active_by_its_first_signature(province: Province) -> None:
    sim, certificate = province.given(), province.issue()
    assert province.settled(sim).reason == AWAITED
    assert province.carrier.calls == [], "nor while it waits"
    assert province.take(certificate, dry=True) == "taken"
    assert province.now(sim).certificate == b"", "a trial writes nothing"
    assert province.own.taken_last(5) == []
    assert province.take(certificate) == "taken"
    assert province.take(certificate) == "already"
    taken = province.now(sim)
    assert (taken.state, taken.authority, taken.serial, taken.reason) == (
        State.CARD_GIVEN, GOVERNMENT, f"{certificate.serial_number:x}", "")
    bound = province.settled(sim)
    assert (bound.state, bound.login_certificate) == (State.BOUND, b"")
    assert province.carrier.registered[ICCID] == certificate.public_bytes(Encoding.DER)
    assert province.take(certificate) == "already"
    assert refused(lambda: province.signing.ask(order(), CALLER)) == "no_sim", "the key is not proven yet"
    assert province.signs_first(bound).state is State.ACTIVE
    assert province.take(certificate) == "already"
    acts = [entry.act for entry in province.store.history(sim.sim_id)]
    assert acts[-4:] == [Act.TAKE_CERTIFICATE, Act.BIND, Act.TEST, Act.ACTIVATE]
    assert Act.CERTIFY not in acts, "our own authority has made none"


def test_a_program_takes_it_too_and_nobody_else_but_the_desk(province: Province) -> None:
    province.given()
    assert refused(lambda: province.take(province.issue(), actor=AGENCY)) == "not_yours"
    assert refused(lambda: province.take(province.issue(), actor=HOLDER)) == "not_yours"
    assert province.take(province.issue(), actor=PROGRAM) == "taken"


WRONG: dict[str, Callable[[Province], tuple[x509.Certificate, dict[str, Any]]]] = {
    "another_officer": lambda it: (it.issue(), {"mail": "khac@haugiang.gov.vn"}),
    "another_number": lambda it: (it.issue(), {"phone": "0912345670"}),
    "certificate_another_name": lambda it: (it.issue(subject=name("Người Khác", mail="holder@haugiang.gov.vn")), {}),
    "certificate_another_mail": lambda it: (it.government.issue(
        it.people.by_sub("holder").officer.name, "khac@haugiang.gov.vn"), {}),
    "certificate_of_others": lambda it: (it.issue(issuer_key=key(9)), {}),
    "certificate_ended": lambda it: (it.issue(begins=it.clock.moment() - 50 * DAY, days=50), {}),
    "certificate_not_for_documents": lambda it: (it.issue(usage={"digital_signature": True}), {}),
    "certificate_not_for_signing": lambda it: (it.issue(usage={"key_encipherment": True}), {}),
}


@pytest.mark.parametrize("why", WRONG)
def test_what_does_not_fit_is_refused_and_nothing_is_written(province: Province, why: str) -> None:
    sim = province.given()
    certificate, values = WRONG[why](province)
    for dry in (True, False):
        assert refused(lambda dry=dry: province.take(certificate, dry=dry, **values)) == why  # type: ignore[misc]
    assert province.now(sim) == sim


def test_a_revoked_one_and_one_that_its_row_does_not_fit_are_refused(province: Province) -> None:
    sim, certificate = province.given(), province.issue()

    def disagrees(_: Received) -> None:
        raise RefusedError("no", code="certificate_other_dates")

    assert refused(lambda: province.take(certificate, agrees=disagrees)) == "certificate_other_dates"
    province.revoked(certificate)
    assert refused(lambda: province.take(certificate)) == "certificate_revoked"
    assert province.now(sim) == sim


@pytest.mark.parametrize("names_keys", [True, False])
def test_a_certificate_for_another_key_never_signs_and_the_right_one_may_follow(province: Province, names_keys: bool) -> None:
    """Where the carrier names the key it shows at once, else by the first signature; in neither case does the SIM sign."""
    province.carrier.names_keys = names_keys
    sim, wrong, right = province.given(), province.issue(OTHER_CARD), province.issue()
    del province.carrier.cards[OTHER_CARD]
    province.take(wrong)
    stuck = province.settled(sim)
    if names_keys:
        assert (stuck.state, stuck.reason) == (State.CARD_GIVEN, ANOTHER_KEY)
    else:
        stuck = province.signs_first(stuck)
        assert (stuck.state, stuck.reason) == (State.BOUND, "invalid")
    assert refused(lambda: province.signing.ask(order(), CALLER)) == "no_sim"
    assert province.take(right) == "taken"
    assert province.signs_first(province.settled(sim)).state is State.ACTIVE
    other = province.issue()
    assert refused(lambda: province.take(other)) == "has_certificate"


def test_how_it_stands_is_told_by_lists_at_every_signature(province: Province, tmp_path: Path) -> None:
    sim, certificate = province.in_use()
    between = province.folder / "between.crl"
    list_ = between.read_bytes()
    between.unlink()
    with pytest.raises(UnavailableError):
        province.signing.ask(order(), CALLER)
    assert len(province.carrier.asked) == 1, "no phone is asked where nobody knows"
    between.write_bytes(list_)
    one = province.signing.ask(order(), CALLER)
    province.carrier.answer(province.signing)
    province.clock.advance(15)
    province.signing.go_on(CALLER, most=5)
    ready = province.signing.find("qlvb", one.transaction_id)
    assert ready.state is SignatureState.READY

    transactions = province.signing._store
    content = package(ready, transactions.events(ready.transaction_id), transactions.blob, province.government.chain[::-1])
    with zipfile.ZipFile(io.BytesIO(content)) as bundle:
        bundle.extractall(tmp_path / "evidence")
        lines = [line for line in bundle.read("README.txt").decode().splitlines() if line.startswith("openssl ")]
    assert len(lines) == 3
    assert "-crl_check_all" in lines[-1]
    for line in lines:
        here = tmp_path / "evidence"
        said = run(*[str(here / word) if (here / word).is_file() else word for word in shlex.split(line)])
        assert said.startswith("0\n"), (line, said)

    province.revoked(certificate)
    assert refused(lambda: province.signing.release("qlvb", one.transaction_id, b"d" * 32, CALLER)) == "certificate_unfit"
    assert refused(lambda: province.signing.ask(order("2"), CALLER)) == "certificate_unfit"
    assert province.now(sim).state is State.ACTIVE


def test_a_loss_blocks_at_once_and_waits_for_the_governments_list(province: Province) -> None:
    sim, certificate = province.in_use()
    lost = province.sims.act(HOLDER, sim.sim_id, Act.REPORT_LOSS, CALLER)
    assert (lost.state, lost.to_revoke) == (State.LOST, "lost")
    assert refused(lambda: province.signing.ask(order(), CALLER)) == "sim_blocked"
    assert province.settled(sim).to_revoke == "lost"
    assert [one.sim_id for one in province.store.to_be_revoked(GOVERNMENT, limit=5)] == [sim.sim_id]
    assert province.authority.revoked == [], "it is not ours to revoke"
    province.revoked(certificate)
    assert province.settled(sim).to_revoke == ""
    assert province.store.to_be_revoked(GOVERNMENT, limit=5) == []


def test_another_card_waits_until_the_certificate_of_the_one_before_is_revoked(province: Province) -> None:
    sim, first = province.given(), province.issue()
    province.take(first)
    province.sims.give_card(DESK, sim.sim_id, OTHER_CARD, CALLER)
    second = province.issue(OTHER_CARD)
    assert refused(lambda: province.take(second, iccid=OTHER_CARD)) == "waits_for_revocation"
    province.revoked(first)
    assert province.settled(sim).reason == AWAITED
    assert province.take(second, iccid=OTHER_CARD) == "taken"
    del province.carrier.cards[ICCID]
    active = province.signs_first(province.settled(sim))
    assert (active.state, active.serial) == (State.ACTIVE, f"{second.serial_number:x}")


@pytest.mark.parametrize("absent", [False, True])
def test_0011_the_other_key_is_certified_here_or_nobody_signs_in_by_that_sim(province: Province, absent: bool) -> None:
    province.carrier.authenticates, province.authority.absent = True, absent
    sim, certificate = province.in_use()
    assert certificate.extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature, "and yet not for signing in"
    if absent:
        assert (sim.state, sim.login_certificate) == (State.ACTIVE, b"")
        assert refused(lambda: province.signing_sims.authenticating("holder")) == "no_sim"
        return
    assert province.signing_sims.authenticating("holder").certificate == sim.login_certificate != sim.certificate
    province.sims.act(HOLDER, sim.sim_id, Act.REPORT_LOSS, CALLER)
    assert province.authority.revoked == [("8", "lost")], "at once, whatever the Government's list says"


def test_what_was_certified_here_before_is_revoked_and_goes_on_being_ours_elsewhere(province: Province) -> None:
    own = House(province.database)
    sim = own.bound()
    assert (sim.state, sim.authority) == (State.BOUND, "ours")
    assert province.published is not None
    back = CardAuthorities(own.authority, province.published, province.clock, by_list=False)
    assert not back.awaited(sim)
    province.carrier.cards = own.carrier.cards
    assert province.take(province.issue()) == "taken"
    assert province.authority.revoked == [("7", "swapped")]
    assert not back.awaited(province.now(sim)), "who turns back keeps what came"
