"""A pilot certificate with its key in one file: strong, made once, and nowhere else afterwards (security checklist 54)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import pkcs12

from idp.adapters.sql.database import Database
from idp.audit import AuditEvent
from idp.directory.officer import Post
from idp.errors import RefusedError, UnavailableError
from idp.pki.authority.portable import PortableCertificates
from tests.fakes.audit_trail import FakeAuditTrail
from tests.fakes.directory import make_officer
from tests.fakes.mirror import FakeMirror

from .house import CALLER, run
from .house import House as Authority


class House(Authority):
    """An authority that makes such files."""

    def __init__(self, database: Database, folder: Path) -> None:
        super().__init__(database, folder)
        self.founded()
        self.mirror, self.audit = FakeMirror(), FakeAuditTrail()
        self.posts = (Post("H30.11", "000.00.11.H30", "Sở Y tế", "Trưởng phòng"),)
        self.sub = self.mirror.remember(make_officer("canbo", posts=self.posts), now=self.clock.now())
        self.portable = PortableCertificates(self.issuance, self.mirror, self.audit, self.clock, organization="Tỉnh Hậu Giang")


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return House(database, tmp_path)


def test_security_54_openssl_opens_it_and_finds_a_strong_derivation(house: House, tmp_path: Path) -> None:
    made = house.portable.make(house.sub, "officer_authentication", CALLER)
    path = tmp_path / "canbo.p12"
    path.write_bytes(made.content)
    shown = run("openssl", "pkcs12", "-in", path, "-info", "-nodes", "-passin", f"pass:{made.password}")
    assert shown.startswith("0\n"), shown
    assert "PBES2, PBKDF2, AES-256-CBC, Iteration 600000, PRF hmacWithSHA256" in shown
    assert "MAC: sha256" in shown
    assert shown.count("BEGIN CERTIFICATE") == 3
    assert shown.count("BEGIN PRIVATE KEY") == 1
    wrong = run("openssl", "pkcs12", "-in", path, "-nodes", "-passin", "pass:x")
    assert not wrong.startswith("0\n")
    held = pkcs12.load_key_and_certificates(made.content, made.password.encode())
    assert held[0] is not None
    assert held[1] == made.issued.certificate
    assert held[0].public_key() == made.issued.certificate.public_key()


def test_security_54_nothing_of_it_is_kept(house: House) -> None:
    made = house.portable.make(house.sub, "officer_signing", CALLER)
    again = house.portable.make(house.sub, "officer_signing", CALLER)
    assert made.password != again.password
    assert made.issued.certificate.public_key() != again.issued.certificate.public_key()
    assert made.password not in repr(made)
    assert [record.event for record in house.audit.records] == [AuditEvent.KEY_FILE_MADE] * 2
    assert all(made.password not in str(record) for record in house.audit.records)
    assert len(made.password.replace("-", "")) == 25


@pytest.mark.parametrize("profile", ["tls_client", "tls_server", "agency_seal", "time_stamp_signer", "issuing", ""])
def test_only_an_officers_pilot_certificates_come_with_a_key(house: House, profile: str) -> None:
    with pytest.raises(RefusedError) as why:
        house.portable.make(house.sub, profile, CALLER)
    assert why.value.code == "unknown_profile"


def test_security_18_an_officer_who_may_not_act_gets_none(house: House) -> None:
    house.mirror.remember(make_officer("canbo", posts=house.posts, disabled=True), now=house.clock.now())
    for sub in (house.sub, "nobody"):
        with pytest.raises(RefusedError) as why:
            house.portable.make(sub, "officer_signing", CALLER)
        assert why.value.code == "officer"


def test_security_62_without_its_record_none_is_given(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(record: Any) -> None:
        raise UnavailableError("The database is away.", dependency="database")

    monkeypatch.setattr(house.audit, "record", away)
    with pytest.raises(UnavailableError):
        house.portable.make(house.sub, "officer_signing", CALLER)
