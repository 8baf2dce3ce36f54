"""Profiles that contradict themselves do not load, names fit, and nothing is signed that the lint has not passed."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from idp.adapters.sql.database import Database
from idp.pki.authority import lint as lints
from idp.pki.authority.assembly import assembled, pointers, policy, random_serial
from idp.pki.authority.lint import Linted, LintError, lint, lint_signed
from idp.pki.authority.profile import PROFILES, Profile
from idp.pki.authority.subject import LONGEST, Subject, shortened

from .house import ADDRESSES, OFFICER, House

GOOD: dict[str, Any] = {"name": "x", "usages": ("digital_signature",), "purposes": ("client",), "names": ("dns",), "days": 10,
                        "most_days": 20, "policy": 9}


@pytest.mark.parametrize("wrong", [
    {"usages": ()}, {"usages": ("everything",)}, {"purposes": ("anything",)}, {"names": ("ip",)}, {"days": 0}, {"days": 30},
    {"usages": ("key_cert_sign",)}, {"authority": True}, {"path_length": 0}, {"usages": ("content_commitment",
                                                                                         "digital_signature")},
    {"purposes": ("time_stamp",)}, {"purposes": ("time_stamp", "client"), "purposes_critical": True}, {"purposes": ("ocsp",
                                                                                                                    "client")},
    {"purposes": ("ocsp",)}, {"no_check": True}, {"of": "officer"}, {"purposes": ("server",), "names": ("mail",)}, {"policy": 0},
    {"most_days": 9000, "days": 8000}])
def test_a_profile_that_contradicts_itself_does_not_load(wrong: dict[str, Any]) -> None:
    assert Profile(**GOOD)
    with pytest.raises(ValueError, match="profile x"):
        Profile(**{**GOOD, **wrong})


def test_long_names_of_agencies_are_abbreviated_as_offices_do() -> None:
    assert shortened("Sở Y tế") == "Sở Y tế"
    long = "Trung tâm Công nghệ thông tin và Truyền thông, Sở Thông tin và Truyền thông tỉnh Hậu Giang"
    assert shortened(long) == "TT Công nghệ thông tin và Truyền thông, Sở TT&TT tỉnh Hậu Giang"
    assert shortened("x" * 70) == "x" * 63 + "…"
    assert shortened(unicodedata.normalize("NFD", "Ủy ban")) == unicodedata.normalize("NFC", "Ủy ban")


@given(st.text(alphabet=st.characters(categories=["L", "M", "N", "Zs", "P"]), min_size=1, max_size=200))
def test_every_name_fits(text: str) -> None:
    name = shortened(text)
    assert len(name) <= LONGEST
    assert name == name.strip()


def test_the_subject_has_no_mailbox_and_the_alternative_name_has() -> None:
    assert OFFICER.distinguished_name().rfc4514_string() == (
        "CN=Nguyễn Văn Mẫu,UID=nvmau,title=Trưởng phòng,OU=Sở Y tế,O=Tỉnh Hậu Giang,C=VN") or "nvmau@" not in \
        OFFICER.distinguished_name().rfc4514_string()
    names = OFFICER.alternative_names(("mail",))
    assert names is not None
    assert names.get_values_for_type(x509.RFC822Name) == ["nvmau@haugiang.gov.vn"]
    with pytest.raises(ValueError, match="mailbox"):
        Subject(name="x", organization="y").alternative_names(("mail",))
    assert OFFICER.alternative_names(()) is None


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    house = House(database, tmp_path)
    house.founded()
    return house


def made(house: House, **changes: Any) -> tuple[Any, x509.Certificate]:
    issuer = x509.load_der_x509_certificate(house.issuance.authority().certificate)
    profile, now = PROFILES["officer_signing"], house.clock.moment()
    to_be_signed = assembled(
        profile, OFFICER.distinguished_name(), issuer, house.order().public_key, serial=random_serial(),
        not_before=now.replace(microsecond=0), not_after=now.replace(microsecond=0) + timedelta(days=300),
        names=OFFICER.alternative_names(("mail",)), status=pointers(ADDRESSES, "pilot", 0), policy=policy(ADDRESSES, profile))
    return replace(to_be_signed, **changes), issuer


def without(to_be_signed: Any, kind: type[Any]) -> tuple[Any, ...]:
    return tuple(one for one in to_be_signed.extensions if not isinstance(one[0], kind))


def test_what_is_right_may_be_signed(house: House) -> None:
    assert isinstance(lint(*made(house)), Linted)


def test_nothing_else_can_be_signed(house: House) -> None:
    to_be_signed, _ = made(house)
    with pytest.raises(TypeError):
        Linted(to_be_signed, by=object())
    with pytest.raises(AttributeError):
        house.keys.sign(house.issuance.authority(), to_be_signed)


def test_what_the_lint_finds(house: House) -> None:
    right, issuer = made(house)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "A" * 64)])
    wrong: list[dict[str, Any]] = [
        {"serial": 1}, {"serial": 1 << 159}, {"subject": x509.Name([])}, {"not_after": right.not_before},
        {"not_after": right.not_before + timedelta(days=800)}, {"not_before": issuer.not_valid_before_utc - timedelta(days=1)},
        {"subject": x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, unicodedata.normalize("NFD", "Mẫu"))])},
        {"subject": x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a\u202eb")])}, {"issuer": name},
        {"not_before": right.not_before.replace(microsecond=5)}, {"profile": PROFILES["officer_authentication"]},
        {"profile": PROFILES["tls_server"]}, {"profile": PROFILES["time_stamp_signer"]},
        {"extensions": (*right.extensions, right.extensions[0])}]
    for kind in (x509.BasicConstraints, x509.KeyUsage, x509.ExtendedKeyUsage, x509.SubjectKeyIdentifier,
                 x509.AuthorityKeyIdentifier,
                 x509.SubjectAlternativeName, x509.CertificatePolicies, x509.CRLDistributionPoints,
                 x509.AuthorityInformationAccess):
        wrong.append({"extensions": without(right, kind)})
    wrong.append({"extensions": (*without(right, x509.BasicConstraints), (x509.BasicConstraints(True, None), True))})
    wrong.append({"extensions": (*right.extensions, (x509.OCSPNoCheck(), False))})
    for changes in wrong:
        with pytest.raises(LintError):
            lint(replace(right, **changes), issuer)
    assert lint(right, issuer).to_be_signed is right
    assert lints.lint is lint


def test_what_came_back_is_looked_at_again(house: House) -> None:
    first, issuer = made(house)
    second, _ = made(house)
    linted = lint(first, issuer)
    signed = house.keys.sign(house.issuance.authority(), linted)
    lint_signed(signed, linted, issuer)
    with pytest.raises(LintError, match="not what was"):
        lint_signed(signed, lint(second, issuer), issuer)
    root = x509.load_der_x509_certificate(house.store.authorities()[0].certificate)
    with pytest.raises(LintError, match="issuer's"):
        lint_signed(signed, linted, root)
