"""RFC 5280 §6: who vouches for a certificate that was shown, and whether anything on the way up was withdrawn."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st

from idp.adapters.crl_files import CrlFiles
from idp.pki import shown_certificate
from idp.pki.path_validation import CertificateAuthorities, RevocationStatus, standing
from tests.fakes.certificates import DAY, NOW, Identity, issue, root, small

OFFICER = issue("canbo", root())
SELF = issue("self")
HOUR = datetime.timedelta(hours=1)


def vouched(identity: Identity, authorities: CertificateAuthorities | None = None, moment: datetime.datetime = NOW) -> bool:
    shown = shown_certificate.read(identity.escaped)
    assert shown is not None
    if authorities is None:
        authorities = CertificateAuthorities([root().certificate])
    return authorities.vouch_for(shown, moment)


def test_an_authoritys_certificate_is_verified() -> None:
    assert vouched(OFFICER)
    assert vouched(issue("x", root(), purposes=None))
    assert vouched(issue("x", root(), names=()))


@pytest.mark.parametrize(("identity", "moment"), [
    (SELF, NOW), (issue("canbo", root("Another")), NOW), (OFFICER, NOW + 2 * DAY), (OFFICER, NOW - 2 * DAY),
    (issue("x", root(), purposes=(ExtendedKeyUsageOID.SERVER_AUTH,)), NOW),
    (issue("x", issue("not an authority", root()), purposes=None), NOW),
    (issue("canbo", issue("Authority", authority=True)), NOW),
])
def test_whatever_is_wrong_with_it_is_refused(identity: Identity, moment: datetime.datetime) -> None:
    assert not vouched(identity, moment=moment)


def test_without_authorities_nothing_is_vouched_for() -> None:
    assert not CertificateAuthorities()
    assert not vouched(OFFICER, CertificateAuthorities())


@pytest.mark.parametrize("text", ["", "x", "-----BEGIN%20CERTIFICATE-----", OFFICER.escaped[:200], "%00" * 50, "A" * 20_000,
                                  issue("small", key=small()).escaped,
                                  issue("curve", key=ec.generate_private_key(ec.SECP256K1())).escaped, "(null)", "%FF%FE"])
def test_what_is_no_sound_certificate_is_none(text: str) -> None:
    assert shown_certificate.read(text) is None


@given(st.text(max_size=60)
       | st.integers(0, len(OFFICER.escaped)).map(lambda at: OFFICER.escaped[:at] + "%41" + OFFICER.escaped[at:]))
def test_any_text_is_read_without_an_error(text: str) -> None:
    shown_certificate.read(text)


def crl(issuer: Identity, *withdrawn: Identity, signer: Identity | None = None, at: datetime.datetime = NOW - HOUR,
        until: datetime.datetime = NOW + HOUR, extensions: Sequence[tuple[x509.ExtensionType, bool]] = ()) -> bytes:
    builder = x509.CertificateRevocationListBuilder().issuer_name(issuer.certificate.subject).last_update(at).next_update(until)
    for identity in withdrawn:
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder().serial_number(identity.certificate.serial_number).revocation_date(at).build())
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign((signer or issuer).key, hashes.SHA256()).public_bytes(Encoding.DER)


def status(folder: Path, identity: Identity = OFFICER, issuer: Identity | None = None) -> RevocationStatus:
    return CrlFiles(folder, look_seconds=0).status(identity.certificate, (issuer or root()).certificate, NOW)


def test_rfc5280_s6_3_who_is_not_on_the_list_is_good_and_who_is_on_it_is_revoked(tmp_path: Path) -> None:
    (tmp_path / "a.crl").write_bytes(crl(root(), issue("other", root())))
    assert status(tmp_path) == "good"
    (tmp_path / "a.crl").write_bytes(crl(root(), issue("other", root()), OFFICER))
    assert status(tmp_path) == "revoked"


def test_a_list_in_pem_is_read_too(tmp_path: Path) -> None:
    (tmp_path / "a.crl").write_bytes(x509.load_der_x509_crl(crl(root(), OFFICER)).public_bytes(Encoding.PEM))
    assert status(tmp_path) == "revoked"


@pytest.mark.parametrize("data", [
    b"", b"rubbish", b"-----BEGIN X509 CRL-----", crl(root("Another")), crl(root(), signer=root("Another")),
    crl(root(), until=NOW), crl(root(), at=NOW + HOUR / 2),
    crl(root(), extensions=[(x509.DeltaCRLIndicator(1), True)]),
    crl(root(), extensions=[(x509.IssuingDistributionPoint(None, None, True, False, None, False, False), True)]),
    crl(root(), extensions=[(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True)]),
])
def test_rfc5280_s6_3_a_list_that_does_not_count_says_nothing(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.crl").write_bytes(data)
    assert status(tmp_path) == "unknown"


def test_of_several_lists_the_newest_counts(tmp_path: Path) -> None:
    (tmp_path / "new.crl").write_bytes(crl(root(), OFFICER, at=NOW - HOUR))
    (tmp_path / "old.crl").write_bytes(crl(root(), at=NOW - 2 * HOUR))
    assert status(tmp_path) == "revoked"


def test_without_a_folder_or_a_list_nothing_is_known(tmp_path: Path) -> None:
    assert status(tmp_path) == "unknown"
    assert status(tmp_path / "missing") == "unknown"
    assert CrlFiles(None).status(OFFICER.certificate, root().certificate, NOW) == "unknown"


def test_a_list_that_is_exchanged_is_seen_and_one_that_is_known_is_not_read_again(tmp_path: Path) -> None:
    lists = CrlFiles(tmp_path, look_seconds=0)
    (tmp_path / "a.crl").write_bytes(crl(root()))
    assert lists.status(OFFICER.certificate, root().certificate, NOW) == "good"
    (tmp_path / "a.crl").write_bytes(crl(root(), OFFICER))
    assert lists.status(OFFICER.certificate, root().certificate, NOW) == "revoked"


def test_the_state_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.crl").write_bytes(crl(root()))
    (tmp_path / "b.crl").write_bytes(crl(root("Another"), until=NOW - HOUR / 2))
    (tmp_path / "c.crl").write_bytes(b"rubbish")
    assert CrlFiles(tmp_path).state(NOW) == {"lists": 2, "out_of_date": 1, "unreadable": 1}


def test_an_intermediate_that_was_withdrawn_takes_what_it_issued_with_it(tmp_path: Path) -> None:
    between = issue("Between", root(), authority=True)
    officer = issue("canbo", between)
    authorities = CertificateAuthorities([root().certificate, between.certificate])
    shown = shown_certificate.read(officer.escaped)
    assert shown is not None
    path = authorities.path(shown, NOW)
    assert path == (officer.certificate, between.certificate, root().certificate)
    (tmp_path / "between.crl").write_bytes(crl(between))
    lists = CrlFiles(tmp_path, look_seconds=0)
    assert standing(path, lists, NOW) == "unknown"
    (tmp_path / "root.crl").write_bytes(crl(root()))
    assert standing(path, lists, NOW) == "good"
    (tmp_path / "root.crl").write_bytes(crl(root(), between))
    assert standing(path, lists, NOW) == "revoked"


def test_an_intermediate_whose_issuer_was_not_named_is_an_end_of_its_own() -> None:
    between = issue("Between", root(), authority=True)
    assert vouched(issue("canbo", between), CertificateAuthorities([between.certificate]))


def test_a_certificate_that_is_its_own_authority_is_not_good(tmp_path: Path) -> None:
    assert standing((root().certificate,), CrlFiles(tmp_path), NOW) == "unknown"
