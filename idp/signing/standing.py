"""How a certificate of ours stands at this moment, in words that hold years later: an OCSP response of our own responder.

Spec: RFC 6960 §2.2. Nobody is asked over the network: the responder answers from the record, as it answers everybody else. A
certificate of another issuer is nobody's to vouch for here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Final, Literal

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from ..errors import UnavailableError
from ..pki.authority.ports import Authority
from ..pki.shown_certificate import UNREADABLE
from .ports import Standing

_WORDS: Final[dict[ocsp.OCSPCertStatus, Literal["good", "revoked", "unknown"]]] = {
    ocsp.OCSPCertStatus.GOOD: "good", ocsp.OCSPCertStatus.REVOKED: "revoked", ocsp.OCSPCertStatus.UNKNOWN: "unknown"}


class OwnStandings:
    """Asks our own responder (port ``signing.ports.Standings``).

    Args:
        answer: Answers an OCSP question (DER) with a response (DER).
        authorities: Gives our authorities.
    """

    def __init__(self, answer: Callable[[bytes], bytes], authorities: Callable[[], Sequence[Authority]]) -> None:
        self._answer, self._authorities = answer, authorities
        self._issuers: dict[bytes, x509.Certificate] = {}

    def of(self, certificate: bytes) -> Standing:
        """Ask about a certificate.

        Raises:
            UnavailableError: the database does not answer, or nobody signs answers for its issuer now.
        """
        try:
            read = x509.load_der_x509_certificate(certificate)
            issuer = self._issuer(read)
        except UNREADABLE:
            issuer = None
        if issuer is None:
            return Standing("unknown", b"")
        asked = ocsp.OCSPRequestBuilder().add_certificate(read, issuer, SHA256()).build().public_bytes(Encoding.DER)
        der = self._answer(asked)
        response = ocsp.load_der_ocsp_response(der)
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise UnavailableError("Nobody tells how certificates stand now.", dependency="authority",
                                   debug=response.response_status.name)
        return Standing(_WORDS[response.certificate_status], der)

    def _issuer(self, certificate: x509.Certificate) -> x509.Certificate | None:
        """Find who has issued it, by the signature; looked for once per issuer and key."""
        for authority in self._authorities():
            known = hashlib.sha256(authority.certificate).digest()
            issuer = self._issuers.setdefault(known, x509.load_der_x509_certificate(authority.certificate))
            try:
                certificate.verify_directly_issued_by(issuer)
            except (*UNREADABLE, InvalidSignature):
                continue
            return issuer
        return None
