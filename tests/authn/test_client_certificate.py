"""Certificates of officers (security checklist 51, 55): who is taken for whom, in which browser, and how often."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from idp.adapters.sql.authn.certificates import SqlCertificates
from idp.adapters.sql.database import Database
from idp.adapters.sql.tables import AuditRow
from idp.audit import AuditEvent, AuditRecord, Caller
from idp.authn.client_certificate import PROOF_SECONDS, TICKET_SECONDS, ClientCertificates, Refusal
from idp.authn.second_factor import Acceptance
from idp.directory.mirror import MirroredOfficer
from idp.pki import shown_certificate
from idp.pki.path_validation import CertificateAuthorities, RevocationStatus
from idp.pki.shown_certificate import ShownCertificate
from tests.fakes.certificates import DAY, Identity, issue, root
from tests.fakes.clock import FakeClock
from tests.fakes.directory import make_officer
from tests.fakes.sealer import FakeSealer

OFFICER, OTHER = "7f5f3c1e-0000-4000-8000-000000000001", "7f5f3c1e-0000-4000-8000-000000000002"
MINE, THEIRS = issue("canbo", root()), issue("canbo", root())
RECORD = AuditRecord(AuditEvent.FACTOR_ACCEPTED, 1_700_000_000, sub="s", detail={"factor": "certificate"})


class Lists:
    """What the authorities have said."""

    def __init__(self) -> None:
        self.said: RevocationStatus = "good"

    def status(self, certificate: x509.Certificate, issuer: x509.Certificate, moment: datetime) -> RevocationStatus:
        return self.said

    def state(self, moment: datetime) -> dict[str, int]:
        return {"lists": 1, "out_of_date": 0, "unreadable": 0}


class Named:
    """A certificate whose names are as long as names are kept."""

    def __init__(self, certificate: x509.Certificate) -> None:
        self.serial_number, self.not_valid_after_utc = certificate.serial_number, certificate.not_valid_after_utc
        self.subject = self.issuer = self

    def rfc4514_string(self) -> str:
        return "Ễ" * 300


class Desk:
    """The factor on one database, and what tests ask it."""

    def __init__(self, database: Database) -> None:
        self.clock, self.lists, self.store = FakeClock(), Lists(), SqlCertificates(database)
        self.factor = ClientCertificates(
            self.store, CertificateAuthorities([root().certificate]), self.lists, FakeSealer(), self.clock)

    def proof(self, identity: Identity = MINE, purpose: str = "sign_in:one") -> str:
        return self.factor.proof(self.factor.ticket(purpose), shown(identity))

    def register(self, identity: Identity = MINE, officer: str = OFFICER) -> bool:
        read = self.factor.read(self.proof(identity, "enrol"), "enrol")
        assert read is not None
        mirrored = MirroredOfficer(f"sub of {officer}", replace(make_officer("canbo"), entry_uuid=officer), "active")
        return self.factor.register(read, mirrored, Caller("192.0.2.1", "r"))

    def verify(self, proof: str, officer: str = OFFICER, purpose: str = "sign_in:one") -> Acceptance:
        return self.factor.verify(officer, {"certificate": proof, "purpose": purpose}, RECORD).acceptance


def shown(identity: Identity) -> ShownCertificate:
    read = shown_certificate.read(identity.escaped)
    assert read is not None
    return read


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def test_a_registered_certificate_is_accepted_and_says_what_was_proven(desk: Desk) -> None:
    assert desk.register()
    assert desk.factor.examine(shown(MINE), present=True) is None
    proof = desk.factor.verify(OFFICER, {"certificate": desk.proof(), "purpose": "sign_in:one"}, RECORD)
    assert (proof.acceptance, proof.amr) == (Acceptance.ACCEPTED, ("sc",))


def test_a_proof_counts_once(desk: Desk) -> None:
    desk.register()
    proof = desk.proof()
    assert desk.verify(proof) is Acceptance.ACCEPTED
    assert desk.verify(proof) is Acceptance.REUSED


def test_of_twenty_with_one_proof_one_gets_through_and_leaves_one_record(desk: Desk, database: Database) -> None:
    desk.register()
    proof = desk.proof()
    before = database.read(select(func.count(AuditRow.id).label("records"))).one().records
    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(lambda _: desk.verify(proof), range(20)))
    assert sorted(found) == [Acceptance.ACCEPTED, *[Acceptance.REUSED] * 19]
    assert database.read(select(func.count(AuditRow.id).label("records"))).one().records == before + 1


def test_an_earlier_proof_is_worthless_after_a_later_one(desk: Desk) -> None:
    desk.register()
    earlier = desk.proof()
    desk.clock.advance(1)
    assert desk.verify(desk.proof()) is Acceptance.ACCEPTED
    assert desk.verify(earlier) is Acceptance.REUSED


@pytest.mark.parametrize("purpose", ["sign_in:two", "enrol", ""])
def test_a_proof_counts_only_where_it_was_asked_for(desk: Desk, purpose: str) -> None:
    desk.register()
    assert desk.verify(desk.proof(), purpose=purpose) is Acceptance.REFUSED
    assert desk.verify(desk.proof(purpose=purpose)) is Acceptance.REFUSED


def test_a_certificate_opens_for_its_officer_only(desk: Desk) -> None:
    desk.register()
    assert desk.verify(desk.proof(), officer=OTHER) is Acceptance.REFUSED
    assert desk.verify(desk.proof(THEIRS)) is Acceptance.REFUSED


def test_a_name_in_a_certificate_is_nobody(desk: Desk) -> None:
    desk.register(MINE)
    assert THEIRS.certificate.subject == MINE.certificate.subject
    assert desk.factor.find(shown(THEIRS).thumbprint) is None


def test_a_certificate_has_one_officer_and_twenty_cannot_share_it(desk: Desk) -> None:
    officers = [f"officer-{number}" for number in range(20)]
    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(lambda officer: desk.register(MINE, officer), officers)) == 1
    assert not desk.register(MINE, OTHER)
    assert sum(len(desk.store.of(officer)) for officer in officers) == 1


def test_tickets_and_proofs_are_old_after_a_while(desk: Desk) -> None:
    desk.register()
    ticket, proof = desk.factor.ticket("sign_in:one"), desk.proof()
    desk.clock.advance(PROOF_SECONDS)
    assert desk.verify(proof) is Acceptance.REFUSED
    assert desk.factor.purpose_of(ticket) == "sign_in:one"
    desk.clock.advance(TICKET_SECONDS - PROOF_SECONDS)
    assert desk.factor.purpose_of(ticket) == ""
    assert desk.factor.proof(ticket, shown(MINE)) == ""


def test_a_ticket_is_no_proof_and_a_proof_no_ticket(desk: Desk) -> None:
    desk.register()
    assert desk.verify(desk.factor.ticket("sign_in:one")) is Acceptance.REFUSED
    assert desk.factor.purpose_of(desk.proof()) == ""


@given(text=st.text(max_size=80))
def test_any_text_is_no_ticket_and_no_proof(text: str) -> None:
    factor = ClientCertificates(None, CertificateAuthorities(), Lists(), FakeSealer(), FakeClock())  # type: ignore[arg-type]
    assert factor.purpose_of(text) == ""
    assert factor.read(text, "sign_in:one") is None


def test_what_is_too_long_is_not_opened(desk: Desk) -> None:
    assert desk.factor.purpose_of(desk.factor.ticket("x" * 5000)) == ""


def test_the_longest_names_in_vietnamese_come_through(desk: Desk) -> None:
    named = replace(shown(MINE), certificate=Named(MINE.certificate))  # type: ignore[arg-type]
    read = desk.factor.read(desk.factor.proof(desk.factor.ticket("sign_in:" + "x" * 43), named), "sign_in:" + "x" * 43)
    assert read is not None
    assert read.certificate.subject == read.certificate.issuer == "Ễ" * 255


@pytest.mark.parametrize(("said", "refusal"), [
    ("good", None), ("revoked", Refusal.REVOKED), ("unknown", Refusal.UNKNOWN_STATUS)])
def test_one_that_was_withdrawn_or_of_which_nobody_can_say_is_not_taken(
        desk: Desk, said: RevocationStatus, refusal: Refusal | None) -> None:
    desk.lists.said = said
    assert desk.factor.examine(shown(MINE), present=True) is refusal


def test_each_reason_has_its_name(desk: Desk) -> None:
    assert desk.factor.examine(None, present=False) is Refusal.MISSING
    assert desk.factor.examine(None, present=True) is Refusal.UNSOUND
    assert desk.factor.examine(shown(issue("self")), present=True) is Refusal.UNTRUSTED
    assert desk.factor.examine(shown(issue("old", root(), after=-DAY / 2)), present=True) is Refusal.UNTRUSTED


def test_one_that_has_ended_is_no_way_to_sign_in_any_more(desk: Desk) -> None:
    desk.register()
    assert [standing.id for standing in desk.factor.standings(OFFICER)] == [shown(MINE).thumbprint]
    desk.clock.advance(2 * 86_400)
    assert desk.factor.standings(OFFICER) == ()
    assert desk.verify(desk.proof()) is Acceptance.REFUSED


def test_one_that_was_removed_opens_nothing_and_may_be_registered_again(desk: Desk) -> None:
    desk.register()
    assert not desk.factor.remove(OTHER, shown(MINE).thumbprint, RECORD)
    assert desk.factor.remove(OFFICER, shown(MINE).thumbprint, RECORD)
    assert not desk.factor.remove(OFFICER, shown(MINE).thumbprint, RECORD)
    assert desk.verify(desk.proof()) is Acceptance.REFUSED
    assert desk.register(MINE, OTHER)
