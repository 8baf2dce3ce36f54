"""A time-stamp: what is said of the digest, and the signature over it.

Spec: RFC 3161 §2.4.2 (TSTInfo; the certificate is in the answer exactly when it was asked for), RFC 5816 §2 (the certificate is
bound by SHA-256), RFC 5652 §5. The structures are those of asn1crypto.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final

from asn1crypto import algos, cms, core, tsp, x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from .question import Question, StampRefusedError


class TimeStampAnswer(core.Sequence):  # type: ignore[misc]
    """TimeStampResp, whose token is not there in a refusal (asn1crypto wants it always)."""

    _fields: ClassVar = [("status", tsp.PKIStatusInfo), ("time_stamp_token", cms.ContentInfo, {"optional": True})]


_SERIAL_BITS: Final = 152
"""With the one before them 153: nineteen and a bit of the at most twenty octets (RFC 3161 §2.4.2)."""


@dataclass(frozen=True, slots=True)
class Stamper:
    """Who signs.

    Attributes:
        key: P-256.
        certificate: DER.
        issuer: DER of its issuer, put beside it.
    """

    key: ec.EllipticCurvePrivateKey
    certificate: bytes
    issuer: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a time-stamp says beside the digest.

    Attributes:
        serial: Never given twice: 152 random bits, so that neither a restore nor a second node can repeat one.
        policy: Dotted.
        at: UTC, whole seconds.
        accuracy_seconds: By how much the clock may be wrong.
    """

    serial: int
    policy: str
    at: datetime
    accuracy_seconds: int


def random_serial() -> int:
    """Give the number of a new time-stamp."""
    return (1 << _SERIAL_BITS) | secrets.randbits(_SERIAL_BITS)


def granted(question: Question, said: Statement, stamper: Stamper) -> bytes:
    """Make a time-stamp and give the whole answer (TimeStampResp, DER)."""
    signer = x509.Certificate.load(stamper.certificate)
    info = tsp.TSTInfo({
        "version": "v1", "policy": said.policy, "serial_number": said.serial, "gen_time": said.at,
        "message_imprint": {"hash_algorithm": {"algorithm": question.algorithm}, "hashed_message": question.imprint},
        "accuracy": {"seconds": said.accuracy_seconds}, "ordering": False,
        "tsa": x509.GeneralName(name="directory_name", value=signer.subject),
        **({} if question.nonce is None else {"nonce": question.nonce})}).dump()
    attributes = cms.CMSAttributes([
        _attribute("content_type", "tst_info"),
        _attribute("message_digest", hashlib.sha256(info).digest()),
        _attribute("signing_time", cms.Time({"utc_time": said.at})),
        _attribute("signing_certificate_v2", tsp.SigningCertificateV2({"certs": [_bound(signer, stamper.certificate)]}))])
    one: dict[str, Any] = {
        "version": "v1", "digest_algorithm": {"algorithm": "sha256"}, "signed_attrs": attributes,
        "sid": cms.SignerIdentifier("issuer_and_serial_number",
                                    cms.IssuerAndSerialNumber({"issuer": signer.issuer, "serial_number": signer.serial_number})),
        "signature_algorithm": {"algorithm": "sha256_ecdsa"},
        "signature": stamper.key.sign(attributes.dump(), ec.ECDSA(SHA256()))}
    signed: dict[str, Any] = {
        "version": "v3", "digest_algorithms": [{"algorithm": "sha256"}], "signer_infos": [one],
        "encap_content_info": {"content_type": "tst_info", "content": core.ParsableOctetString(info)}}
    if question.with_certificate:
        signed["certificates"] = [signer, x509.Certificate.load(stamper.issuer)]
    answer: bytes = TimeStampAnswer({
        "status": {"status": "granted"},
        "time_stamp_token": {"content_type": "signed_data", "content": cms.SignedData(signed)}}).dump()
    return answer


def refused(why: StampRefusedError) -> bytes:
    """Give the answer that nothing was stamped (RFC 3161 §2.4.2)."""
    answer: bytes = TimeStampAnswer({"status": {
        "status": "rejection", "status_string": [why.message], "fail_info": {why.code}}}).dump()
    return answer


def _attribute(kind: str, value: Any) -> cms.CMSAttribute:
    return cms.CMSAttribute({"type": kind, "values": [value]})


def _bound(signer: x509.Certificate, der: bytes) -> tsp.ESSCertIDv2:
    return tsp.ESSCertIDv2({
        "hash_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}), "cert_hash": hashlib.sha256(der).digest(),
        "issuer_serial": {"issuer": [x509.GeneralName(name="directory_name", value=signer.issuer)],
                          "serial_number": signer.serial_number}})
