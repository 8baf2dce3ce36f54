"""Answers to the question how one certificate stands, from the record itself: a revocation is seen in the next answer.

Spec: RFC 6960 §2.2 (``unknown`` for numbers that were never issued), §4.4 (a critical extension that is not known refuses a
question), §4.2.2.2 (a signer that the issuer has named for this alone), RFC 5019 §6 (what may be kept, and for how long), RFC
9654 §2.1 (a nonce of 1 to 128 octets is given back). One certificate a question; other questions are malformed requests. A
question about somebody else's certificates gets ``unauthorized`` (RFC 5019 §2.2.3).
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_der_private_key
from cryptography.x509 import ocsp

from ...audit import Caller
from ...clock import Clock
from ...errors import ConfigurationError
from ...jose.keyset import Sealer
from ..authority.issuance import Issuance, Order
from ..authority.ports import Authority, Certificate, CertificateStore, Status
from ..authority.subject import Subject
from .crl import reason_of
from .ports import Signer, StatusStore

LONGEST: Final = 10 * 1024
LIFETIME_SECONDS: Final = 3600
KEPT_SECONDS: Final = 60
"""How long others may keep an answer: within a minute everybody sees a revocation."""
RENEW_SECONDS: Final = 7 * 86400
_LOOK_SECONDS: Final = 60
_NONCE: Final = range(1, 129)
_REFUSALS: Final = {
    "malformed": ocsp.OCSPResponseStatus.MALFORMED_REQUEST, "unauthorized": ocsp.OCSPResponseStatus.UNAUTHORIZED,
    "try_later": ocsp.OCSPResponseStatus.TRY_LATER}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer.

    Attributes:
        der: OCSPResponse.
        kept_seconds: How long it may be kept; 0 for not at all.
        etag: Tells answers apart.
    """

    der: bytes
    kept_seconds: int = 0
    etag: str = ""


@dataclass(frozen=True, slots=True)
class _Responder:
    authority: Authority
    key: Any
    certificate: x509.Certificate


class OcspResponder:
    """Answers.

    Args:
        certificates: What was issued.
        store: Where signers rest.
        issuance: Issues the signers' certificates.
        sealer: Seals their keys, which all nodes share.
        clock: Source of the time.
        organization: The province.
    """

    def __init__(self, certificates: CertificateStore, store: StatusStore, issuance: Issuance, sealer: Sealer, clock: Clock, *,
                 organization: str) -> None:
        self._certificates, self._store, self._issuance = certificates, store, issuance
        self._sealer, self._clock, self._organization = sealer, clock, organization
        self._known: Mapping[tuple[str, bytes, bytes], _Responder] = {}
        self._looked_at = -_LOOK_SECONDS
        self._offered = False
        self._lock = threading.Lock()

    def renew_due(self, caller: Caller) -> int:
        """Give every authority a signer whose time is not over soon; gives how many were made. For the worker.

        One whose key was sealed under a key-encryption key that is gone is replaced as well.
        """
        made = 0
        for authority in self._certificates.authorities():
            signer = self._store.signer(authority.name) if authority.kind == "issuing" else None
            if authority.kind == "issuing" and (signer is None or signer.not_after - self._clock.now() < RENEW_SECONDS
                                                or self._key(signer) is None):
                self._make_signer(authority, caller)
                made += 1
        return made

    def signer_ends(self, authority: str) -> int | None:
        """Give when the signer of an authority ends; None where there is none."""
        signer = self._store.signer(authority)
        return None if signer is None else signer.not_after

    def offered(self) -> bool:
        """Tell whether there is any authority of whose certificates something could be told; looked up once a minute."""
        self._responders()
        return self._offered

    def answer(self, request: bytes) -> Answer:
        """Answer a question (DER). Whatever is sent, there is an answer. Raises UnavailableError(dependency="database")."""
        if len(request) > LONGEST:
            return refusal("malformed")
        try:
            asked = ocsp.load_der_ocsp_request(request)
            named = asked.hash_algorithm.name, asked.issuer_name_hash, asked.issuer_key_hash
            serial = asked.serial_number
            nonce = _nonce(asked)
            strange = any(one.critical and not isinstance(one.value, x509.OCSPNonce) for one in asked.extensions)
        except (ValueError, TypeError, NotImplementedError, UnsupportedAlgorithm, x509.DuplicateExtension):
            return refusal("malformed")
        if strange or (nonce is not None and len(nonce) not in _NONCE):
            return refusal("malformed")
        responder = self._responders().get(named)
        if responder is None:
            return refusal("unauthorized")
        found = self._certificates.find(responder.authority.name, f"{serial:x}") if serial > 0 else None
        return self._signed(responder, asked, found, nonce)

    def _signed(self, responder: _Responder, asked: ocsp.OCSPRequest, found: Certificate | None, nonce: bytes | None) -> Answer:
        now = datetime.fromtimestamp(self._clock.now(), UTC)
        status, since, reason = ocsp.OCSPCertStatus.UNKNOWN, None, None
        if found is not None and found.state == "issued":
            status = ocsp.OCSPCertStatus.GOOD
            if found.status is not Status.GOOD:
                status, reason = ocsp.OCSPCertStatus.REVOKED, reason_of(found)
                since = datetime.fromtimestamp(found.revoked_at or 0, UTC)
        builder = ocsp.OCSPResponseBuilder().add_response_by_hash(
            issuer_name_hash=asked.issuer_name_hash, issuer_key_hash=asked.issuer_key_hash, serial_number=asked.serial_number,
            algorithm=asked.hash_algorithm, cert_status=status, this_update=now,
            next_update=min(now + timedelta(seconds=LIFETIME_SECONDS), responder.certificate.not_valid_after_utc),
            revocation_time=since, revocation_reason=reason,
        ).responder_id(ocsp.OCSPResponderEncoding.HASH, responder.certificate).certificates([responder.certificate])
        if nonce is not None:
            builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
        der = builder.sign(responder.key, SHA256()).public_bytes(Encoding.DER)
        kept = 0 if nonce is not None or status is ocsp.OCSPCertStatus.UNKNOWN else KEPT_SECONDS
        return Answer(der, kept, hashlib.sha256(der).hexdigest()[:32])

    def _responders(self) -> Mapping[tuple[str, bytes, bytes], _Responder]:
        """Give who answers for whom, by the hashes that name an issuer; looked up once a minute, the keys opened then alone."""
        now = self._clock.now()
        if now - self._looked_at >= _LOOK_SECONDS:
            with self._lock:
                if now - self._looked_at >= _LOOK_SECONDS:
                    self._known, self._looked_at = self._read(now), now
        return self._known

    def _read(self, now: int) -> Mapping[tuple[str, bytes, bytes], _Responder]:
        known: dict[tuple[str, bytes, bytes], _Responder] = {}
        authorities = self._certificates.authorities()
        self._offered = bool(authorities)
        for authority in authorities:
            signer = self._store.signer(authority.name)
            key = self._key(signer) if signer is not None and signer.not_after > now else None
            if signer is None or key is None:
                continue
            responder = _Responder(authority, key, x509.load_der_x509_certificate(signer.certificate))
            issuer = x509.load_der_x509_certificate(authority.certificate)
            for algorithm in (SHA1(), SHA256()):  # noqa: S303 (a name for an issuer, RFC 5019 §2.1.1; nothing is secured by it)
                named = ocsp.OCSPRequestBuilder().add_certificate(responder.certificate, issuer, algorithm).build()
                known[algorithm.name, named.issuer_name_hash, named.issuer_key_hash] = responder
        return known

    def _key(self, signer: Signer) -> PrivateKeyTypes | None:
        """Open a signer's key; None where it does not open any more (docs/operations/keys.md, "Emergency")."""
        try:
            return load_der_private_key(self._sealer.open(signer.sealed_key, context=_context(signer.authority)), None)
        except ConfigurationError:
            return None

    def _make_signer(self, authority: Authority, caller: Caller) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        issued = self._issuance.issue(Order(
            authority=authority.name, profile="ocsp_signer", public_key=key.public_key(),
            subject=Subject(name=f"OCSP {authority.name}", organization=self._organization)), caller)
        plain = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        self._store.put_signer(Signer(
            authority=authority.name, serial=issued.record.serial, certificate=issued.record.der,
            not_after=issued.record.not_after,
            sealed_key=self._sealer.seal(plain, context=_context(authority.name))))


def refusal(why: str) -> Answer:
    """Give an answer without a status: ``malformed``, ``unauthorized`` or ``try_later``."""
    return Answer(ocsp.OCSPResponseBuilder.build_unsuccessful(_REFUSALS[why]).public_bytes(Encoding.DER))


def _nonce(asked: ocsp.OCSPRequest) -> bytes | None:
    try:
        return asked.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
    except x509.ExtensionNotFound:
        return None


def _context(authority: str) -> str:
    return f"OCSP signer of {authority}"
