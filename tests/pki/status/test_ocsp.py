"""RFC 6960: answers as OpenSSL and pkilint read them, right in the moment of the revocation, and one for whatever is sent."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA512
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from idp.adapters.sql.database import Database
from idp.pki.authority.ports import Reason
from tests.fakes.certificates import issue, root
from tests.pki.authority.house import CALLER, run

from .house import House


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return House(database, tmp_path)


def question(house: House, certificate: x509.Certificate, *, digest: Any = None, nonce: bytes | None = None,
             issuer: Any = None) -> bytes:
    issuer = issuer or x509.load_der_x509_certificate(house.issuance.authority().certificate)
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, digest or SHA256())
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(Encoding.DER)


def answered(house: House, request: bytes) -> ocsp.OCSPResponse:
    return ocsp.load_der_ocsp_response(house.ocsp.answer(request).der)


@pytest.mark.parametrize("digest", [SHA1(), SHA256()])
def test_good_revoked_suspended_and_back(house: House, digest: Any) -> None:
    issued = house.issue()
    ask = question(house, issued.certificate, digest=digest)
    assert answered(house, ask).certificate_status is ocsp.OCSPCertStatus.GOOD
    house.issuance.revoke(issued.record.serial, Reason.CERTIFICATE_HOLD, CALLER)
    held = answered(house, ask)
    assert (held.certificate_status, held.revocation_reason) == (ocsp.OCSPCertStatus.REVOKED, x509.ReasonFlags.certificate_hold)
    house.issuance.restore(issued.record.serial, CALLER)
    assert answered(house, ask).certificate_status is ocsp.OCSPCertStatus.GOOD
    house.issuance.revoke(issued.record.serial, Reason.UNSPECIFIED, CALLER)
    gone = answered(house, ask)
    assert (gone.certificate_status, gone.revocation_reason) == (ocsp.OCSPCertStatus.REVOKED, None)
    assert int(gone.revocation_time_utc.timestamp()) == house.clock.now()  # type: ignore[union-attr]


def test_security_52_what_was_never_issued_is_unknown(house: House) -> None:
    issued, hashes = house.issue(), _hashes(house)

    def status(serial: int) -> ocsp.OCSPCertStatus:
        asked = ocsp.OCSPRequestBuilder().add_certificate_by_hash(*hashes, serial_number=serial, algorithm=SHA256()).build()
        return answered(house, asked.public_bytes(Encoding.DER)).certificate_status

    assert status(issued.certificate.serial_number) is ocsp.OCSPCertStatus.GOOD
    assert status(4711) is ocsp.OCSPCertStatus.UNKNOWN
    assert house.store.intend(replace(issued.record, serial="abc123", state="intended", der=b"", sha256="", issued_at=None))
    assert status(0xabc123) is ocsp.OCSPCertStatus.UNKNOWN
    assert status(1 << 158) is ocsp.OCSPCertStatus.UNKNOWN


def _hashes(house: House) -> tuple[bytes, bytes]:
    asked = ocsp.load_der_ocsp_request(question(house, house.issue().certificate))
    return asked.issuer_name_hash, asked.issuer_key_hash


def test_somebody_elses_certificates_are_not_ours_to_tell_of(house: House) -> None:
    stranger, elsewhere = issue("stranger", root()).certificate, root().certificate
    for asked in (question(house, stranger, issuer=elsewhere), question(house, house.issue().certificate, digest=SHA512())):
        assert answered(house, asked).response_status is ocsp.OCSPResponseStatus.UNAUTHORIZED


def test_the_nonce_comes_back_and_such_answers_are_not_kept(house: House) -> None:
    certificate = house.issue().certificate
    for nonce in (b"n", b"n" * 32, b"n" * 128):
        answer = house.ocsp.answer(question(house, certificate, nonce=nonce))
        assert ocsp.load_der_ocsp_response(answer.der).extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == nonce
        assert answer.kept_seconds == 0
    for nonce in (b"", b"n" * 129):
        assert answered(house, question(house, certificate,
                                        nonce=nonce)).response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST
    assert house.ocsp.answer(question(house, certificate)).kept_seconds == 60


def test_security_53_the_signer_is_named_for_this_alone_and_renews_itself(house: House) -> None:
    first = house.status.signer("pilot")
    assert first is not None
    certificate = x509.load_der_x509_certificate(first.certificate)
    purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(purposes) == [x509.ExtendedKeyUsageOID.OCSP_SIGNING]
    assert certificate.extensions.get_extension_for_class(x509.OCSPNoCheck)
    assert b"PRIVATE" not in first.sealed_key
    assert house.ocsp.renew_due(CALLER) == 0
    ask = question(house, house.issue(days=365).certificate)
    house.clock.advance(24 * 86400)
    assert house.ocsp.renew_due(CALLER) == 1
    assert answered(house, ask).certificates[0] != certificate
    house.clock.advance(31 * 86400)
    assert answered(house, ask).response_status is ocsp.OCSPResponseStatus.UNAUTHORIZED  # nobody has renewed it


def test_a_signer_whose_key_opens_no_more_answers_nothing_and_is_replaced(house: House) -> None:
    ask, signer = question(house, house.issue(days=365).certificate), house.status.signer("pilot")
    assert signer is not None
    house.status.put_signer(replace(signer, sealed_key=b"1|under a key that was lost|x"))
    house.clock.advance(61)
    assert answered(house, ask).response_status is ocsp.OCSPResponseStatus.UNAUTHORIZED
    assert (house.ocsp.renew_due(CALLER), house.ocsp.renew_due(CALLER)) == (1, 0)
    house.clock.advance(61)
    assert answered(house, ask).certificates != []


def test_no_answer_outlives_its_signer(house: House) -> None:
    ask = question(house, house.issue(days=365).certificate)
    signer = house.status.signer("pilot")
    assert signer is not None
    house.clock.advance(signer.not_after - house.clock.now() - 600)
    assert int(answered(house, ask).next_update_utc.timestamp()) == signer.not_after  # type: ignore[union-attr]


def test_rfc6960_s4_4_a_critical_extension_that_is_not_known_refuses_the_question(house: House) -> None:
    issuer = x509.load_der_x509_certificate(house.issuance.authority().certificate)
    builder = ocsp.OCSPRequestBuilder().add_certificate(house.issue().certificate, issuer, SHA256())
    strange = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    for critical, status in ((True, ocsp.OCSPResponseStatus.MALFORMED_REQUEST), (False, ocsp.OCSPResponseStatus.SUCCESSFUL)):
        asked = builder.add_extension(strange, critical=critical).build().public_bytes(Encoding.DER)
        assert answered(house, asked).response_status is status


def test_openssl_and_pkilint_read_it(house: House, database: Database) -> None:
    issued = house.issue()
    leaf, issuing, top = house.files(issued)
    chain, asked, answer = (house.folder / name for name in ("chain.pem", "ask.der", "answer.der"))
    chain.write_bytes(issuing.read_bytes() + top.read_bytes())
    assert run("openssl", "ocsp", "-issuer", issuing, "-cert", leaf, "-no_nonce", "-reqout", asked).startswith("0")
    for status in ("good", "revoked"):
        answer.write_bytes(house.ocsp.answer(asked.read_bytes()).der)
        said = run("openssl", "ocsp", "-issuer", issuing, "-cert", leaf, "-CAfile", chain, "-respin", answer, "-attime",
                   str(house.clock.now()), "-validity_period", "999999999", "-no_nonce")
        assert "Response verify OK" in said, said
        assert f"leaf.pem: {status}" in said, said
        house.issuance.revoke(issued.record.serial, Reason.KEY_COMPROMISE, CALLER) if status == "good" else None
    linted = run(Path(sys.executable).parent / "lint_ocsp_response", "lint", "-s", "NOTICE", answer)
    assert linted.strip() == "0", linted


def test_questions_that_are_none(house: House) -> None:
    for content in (b"", b"\x30\x00", b"x" * 20_000, question(house, house.issue().certificate)[:-2]):
        assert answered(house, content).response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.data())
def test_security_53_whatever_is_sent_is_answered(house: House, data: st.DataObject) -> None:
    content = bytearray(question(house, root().certificate))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    assert answered(house, bytes(content)).response_status in set(ocsp.OCSPResponseStatus)
    assert answered(house, data.draw(st.binary(max_size=120))).response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST
