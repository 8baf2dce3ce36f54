"""A certificate that came is the answer to a request, or is refused for a reason that a person reads."""

from __future__ import annotations

import io
import re
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from idp.adapters.crl_files import CrlFiles
from idp.errors import RefusedError
from idp.pki.authority.ports import Wanted
from idp.pki.authority.subject import Subject
from idp.pki.enrollment.record import DeviceKind, Enrollment, Kind
from idp.pki.government import received, words
from idp.pki.government.chain import PublishedChain, list_addresses
from idp.pki.government.received import UnfitError, check, read, unpacked
from idp.pki.government.standing import NotWithdrawn
from tests.fakes.clock import FakeClock

from .chain import DAY, Government, certified, key, name

CLOCK = FakeClock()
NOW = CLOCK.moment()
GOVERNMENT = Government(NOW)
MAIL = "nvmau@haugiang.gov.vn"
WANTED = Wanted(number="2026-00000001", profile="officer_signing", holder="sub-1", unit_code="H30.11",
                subject=Subject(name="Nguyễn Văn Mẫu", organization="Tỉnh Hậu Giang", mail=MAIL))
CHAIN = PublishedChain(GOVERNMENT.chain, CrlFiles(None))


def checked(certificate: x509.Certificate, wanted: Wanted = WANTED, chain: PublishedChain = CHAIN) -> Any:
    return check(read(certificate.public_bytes(Encoding.DER)), wanted, chain, NOW, listed=lambda _: False)


def why(certificate: x509.Certificate, wanted: Wanted = WANTED, chain: PublishedChain = CHAIN) -> str:
    with pytest.raises(UnfitError) as refused:
        checked(certificate, wanted, chain)
    assert refused.value.status == 422
    return refused.value.code


@pytest.mark.parametrize("common", ["Nguyễn Văn Mẫu", "NGUYỄN VĂN MẪU"])
def test_an_answer_is_taken(common: str) -> None:
    issued = GOVERNMENT.issue(common, MAIL.upper())
    found = checked(issued)
    assert (found.serial, found.issuer) == (f"{issued.serial_number:x}", GOVERNMENT.between.subject.rfc4514_string())
    assert found.not_before == issued.not_valid_before_utc.timestamp()
    assert found.not_after == issued.not_valid_after_utc.timestamp()
    assert found.der == issued.public_bytes(Encoding.DER)


def test_the_mailbox_may_stand_in_the_alternative_name() -> None:
    names = x509.SubjectAlternativeName([x509.RFC822Name(MAIL)])
    assert checked(GOVERNMENT.issue("Nguyễn Văn Mẫu", "", extensions=((names, False),)))


STRANGER = Government(NOW)
STRANGER.between = certified(GOVERNMENT.between.subject, key(7).public_key(), GOVERNMENT.root.subject, key(6), NOW - 9 * DAY, 900,
                             authority=True)
"""Names as the Government's, keys of somebody else's."""
WRONG: dict[str, Callable[[], x509.Certificate]] = {
    "certificate_ended": lambda: GOVERNMENT.issue("Nguyễn Văn Mẫu", MAIL, begins=NOW - 50 * DAY, days=50),
    "certificate_begins_later": lambda: GOVERNMENT.issue("Nguyễn Văn Mẫu", MAIL, begins=NOW + 40 * DAY),
    "certificate_another_mail": lambda: GOVERNMENT.issue("Nguyễn Văn Mẫu", "khac@haugiang.gov.vn"),
    "certificate_another_name": lambda: GOVERNMENT.issue("Nguyễn Văn Khác", MAIL),
    "certificate_of_others": lambda: STRANGER.issue("Nguyễn Văn Mẫu", MAIL, issuer_key=key(7)),
    "certificate_weak_key": lambda: GOVERNMENT.issue("Nguyễn Văn Mẫu", MAIL, public_key=SMALL.public_key()),
    "certificate_weak_digest": lambda: LEGACY,
    "certificate_not_for_signing": lambda: GOVERNMENT.issue("Nguyễn Văn Mẫu", MAIL, usage={"key_encipherment": True}),
}
SMALL = rsa.generate_private_key(65537, 1024)
LEGACY = x509.load_pem_x509_certificate(Path(__file__).with_name("sha1.pem").read_bytes())


@pytest.mark.parametrize("code", WRONG)
def test_what_does_not_fit_is_refused(code: str) -> None:
    assert why(WRONG[code]()) == code


def test_a_certificate_without_a_mailbox_is_an_agencys_at_most() -> None:
    seal = GOVERNMENT.issue("Sở Y tế", "")
    wanted = replace(WANTED, person=False, subject=Subject(name="Sở Y tế", organization="Tỉnh", mail="syt@haugiang.gov.vn"))
    assert checked(seal, wanted)
    assert why(seal, replace(wanted, person=True)) == "certificate_another_mail"
    assert why(GOVERNMENT.issue("Sở Y tế", "khac@haugiang.gov.vn"), wanted) == "certificate_another_mail"


def test_rfc5280_s6_an_authority_is_no_officer_and_a_root_vouches_for_nobody_alone() -> None:
    authority = certified(name("Nguyễn Văn Mẫu", mail=MAIL), key(3).public_key(), GOVERNMENT.root.subject, key(1), NOW - DAY, 90,
                          authority=True, usage={"key_cert_sign": True, "digital_signature": True})
    assert why(authority) in ("certificate_not_for_signing", "certificate_of_others")
    assert why(GOVERNMENT.issue("Nguyễn Văn Mẫu", MAIL), chain=PublishedChain([GOVERNMENT.root], CrlFiles(None))) \
        == "certificate_of_others"
    own = name("Nguyễn Văn Mẫu", mail=MAIL)
    itself = certified(own, key(3).public_key(), own, key(3), NOW - DAY, 9)
    assert why(itself) == "certificate_of_others"
    assert why(itself, chain=PublishedChain([itself], CrlFiles(None))) == "certificate_of_others"


def test_the_key_is_the_requests_where_there_is_one() -> None:
    request = x509.CertificateSigningRequestBuilder().subject_name(name("x")).sign(key(10), SHA256()).public_bytes(Encoding.DER)
    wanted = replace(WANTED, request=request)
    assert checked(GOVERNMENT.issue("Nguyễn Văn Mẫu", MAIL, 10), wanted)
    assert why(GOVERNMENT.issue("Nguyễn Văn Mẫu", MAIL, 11), wanted) == "certificate_another_key"


def test_what_the_issuer_has_withdrawn_is_refused_and_not_activated(tmp_path: Path) -> None:
    issued = GOVERNMENT.issue("Nguyễn Văn Mẫu", MAIL)
    chain = PublishedChain(GOVERNMENT.chain, CrlFiles(tmp_path, look_seconds=0))
    standing = NotWithdrawn(chain, CLOCK)
    enrollment = Enrollment(enrollment_id="2026-1", kind=Kind.PERSON, holder="x", unit_code="H30", unit_name="", name="", mail="",
                            device_kind=DeviceKind.TOKEN, since=0, requester="", not_before=0, not_after=2**40,
                            certificate=issued.public_bytes(Encoding.DER))
    assert checked(issued, chain=chain)
    assert standing.good(enrollment)
    (tmp_path / "ca.crl").write_bytes(GOVERNMENT.revoked(issued))
    assert why(issued, chain=chain) == "certificate_revoked"
    assert not standing.good(enrollment)
    assert standing.good(replace(enrollment, certificate=b""))
    assert not standing.good(replace(enrollment, not_after=1))


def test_where_lists_are_published_is_read_from_certificates() -> None:
    point = x509.CRLDistributionPoints([x509.DistributionPoint(
        [x509.UniformResourceIdentifier("http://ca.example/ca.crl"), x509.UniformResourceIdentifier("ldap://ca.example/x")],
        None, None, None)])
    issued = GOVERNMENT.issue("x", MAIL, extensions=((point, False),))
    assert list_addresses(issued) == ("http://ca.example/ca.crl",)
    assert CHAIN.list_addresses() == ()
    assert [link.root for link in CHAIN.links()] == [True, False]


def zipped(**files: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as bundle:
        for file, content in files.items():
            bundle.writestr(file.replace("__", "/").replace("_", "."), content)
    return written.getvalue()


def test_a_bundle_holds_one_list_and_certificates() -> None:
    one, two = GOVERNMENT.issue("a", MAIL, serial=0x5401), GOVERNMENT.issue("b", MAIL, serial=0x5402)
    pem = one.public_bytes(Encoding.PEM) + two.public_bytes(Encoding.PEM)
    for content, files in ((zipped(list_csv=b"x", certs__A_CER=one.public_bytes(Encoding.DER), b_pem=pem, note_txt=b"?"), ()),
                           (b"x", (one.public_bytes(Encoding.DER), pem, b"none", b"\0" * 20_000))):
        sent = unpacked(content, files)
        assert sent.sheet == b"x"
        assert sent.certificates == {"5401": [one.public_bytes(Encoding.DER)], "5402": [two.public_bytes(Encoding.DER)]}
    other = GOVERNMENT.der("c", MAIL, serial=0x5401)
    assert len(unpacked(b"x", (pem, other)).certificates["5401"]) == 2


def test_a_workbook_is_a_list_and_no_bundle() -> None:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as bundle:
        bundle.writestr("[Content_Types].xml", b"<x/>")
    assert unpacked(written.getvalue()).sheet == written.getvalue()


@pytest.mark.parametrize("content", [
    zipped(a_cer=b"x"), zipped(a_csv=b"x", b_csv=b"y"), b"PK\x03\x04 none", zipped(a_csv=b"\0" * (received.MOST_UNPACKED + 1))])
def test_a_bundle_that_is_none_is_refused(content: bytes) -> None:
    with pytest.raises(RefusedError) as refused:
        unpacked(content)
    assert (refused.value.code, refused.value.status) == ("unreadable_list", 422)


def test_a_bundle_that_claims_to_be_smaller_than_it_is() -> None:
    content = zipped(a_csv=b"0" * 5000)
    lying = content.replace((5000).to_bytes(4, "little"), (50).to_bytes(4, "little"))
    assert lying != content
    with pytest.raises(RefusedError):
        unpacked(lying)


@given(st.binary(max_size=300))
def test_whatever_is_sent_is_read_or_refused(content: bytes) -> None:
    good = GOVERNMENT.der("x", MAIL)
    for one in (content, good[:len(content)] + content, zipped(a_csv=b"x", a_cer=content)[:-1] + content[:1]):
        for act in (lambda one=one: unpacked(one, (content,)), lambda one=one: read(one)):
            try:
                act()
            except RefusedError as err:
                assert err.code in ("unreadable_list", "certificate_unreadable")  # noqa: PT017 (it may also be read)


def test_every_reason_that_is_raised_has_its_words() -> None:
    sources = [Path(received.__file__), Path(received.__file__).with_name("authority.py"),
               Path(received.__file__).parents[2] / "administration" / "enrollment" / "results.py",
               Path(received.__file__).parents[2] / "administration" / "signing" / "results.py"]
    raised = {code for source in sources for code in re.findall(r'UnfitError\([^)]*?code="([a-z_]+)"', source.read_text())}
    assert raised == set(words.REASONS)


def lying(how: int, content: bytes, says: int) -> bytes:
    """Make a ZIP file with one list that says that it is shorter than it is."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", how) as bundle:
        bundle.writestr("a.csv", content)
    return written.getvalue().replace(struct.pack("<I", len(content)), struct.pack("<I", says))


@pytest.mark.parametrize("how", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_security_44_no_more_is_unpacked_than_an_entry_says(how: int) -> None:
    bomb = lying(how, bytes(40 * 2**20), 10)
    tracemalloc.start()
    try:
        with pytest.raises(RefusedError) as refused:
            unpacked(bomb)
        assert tracemalloc.get_traced_memory()[1] < 2 * 2**20
    finally:
        tracemalloc.stop()
    assert refused.value.code == "unreadable_list"


def test_a_zip_file_that_was_damaged_on_its_way_is_unreadable() -> None:
    good = bytearray(zipped(a_csv=bytes(range(256)) * 40))
    at = good.index(b"a.csv") + 5
    good[at:at + 8] = b"\xff" * 8
    with pytest.raises(RefusedError) as refused:
        unpacked(bytes(good))
    assert refused.value.code == "unreadable_list"


def bent(certificate: x509.Certificate, old: bytes, new: bytes) -> bytes:
    der = certificate.public_bytes(Encoding.DER)
    assert old in der
    return der.replace(old, new, 1)


SOUND = GOVERNMENT.issue("Nguyễn Văn Mẫu", MAIL)
ISSUER = str(SOUND.issuer.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value)
ODD = {"version": bent(SOUND, b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x06"),
       "issuer": bent(SOUND, ISSUER.encode(), b"\xff" * len(ISSUER.encode()))}


@pytest.mark.parametrize("kind", sorted(ODD))
def test_a_certificate_that_the_library_reads_in_part_is_unreadable(kind: str) -> None:
    with pytest.raises(UnfitError) as refused:
        read(ODD[kind])
    assert refused.value.code == "certificate_unreadable"
    assert isinstance(unpacked(b"x", [ODD[kind]]).certificates, dict)


@pytest.mark.parametrize("serial", [1 << 160, (1 << 400) + 1])
def test_rfc5280_s4_1_2_2_a_serial_number_has_twenty_octets(serial: int, monkeypatch: pytest.MonkeyPatch) -> None:
    class Numbered:
        """A certificate with another number."""

        def __init__(self, certificate: x509.Certificate) -> None:
            self._certificate, self.serial_number = certificate, serial

        def __getattr__(self, name: str) -> Any:
            return getattr(self._certificate, name)

    load = x509.load_der_x509_certificate
    monkeypatch.setattr(received.x509, "load_der_x509_certificate", lambda der: Numbered(load(der)))
    with pytest.raises(UnfitError) as refused:
        read(SOUND.public_bytes(Encoding.DER))
    assert refused.value.code == "certificate_unreadable"
