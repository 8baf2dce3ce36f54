"""How a certificate stands at this moment, in words that hold years later: an OCSP response of our own responder, or lists.

Spec: RFC 6960 §2.2; RFC 5280 §6.3. Nobody is asked over the network while somebody signs: the responder answers from the record,
as it answers everybody else, and of certificates of the Government's authority the lists tell that were fetched. Where these are
missing or out of date nobody tells, and nothing is signed. A certificate of any other issuer is nobody's to vouch for here.
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

from ..clock import Clock
from ..errors import UnavailableError
from ..pki.authority.ports import Authority
from ..pki.government.chain import PublishedChain
from ..pki.shown_certificate import UNREADABLE
from .ports import Standing, Standings

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


class PublishedStandings:
    """Tells of certificates of the Government's authority; of all others somebody else does (port ``signing.ports.Standings``).

    Args:
        chain: Who issues, and their lists.
        others: Who tells of everything else.
        clock: Source of the time.
    """

    def __init__(self, chain: PublishedChain, others: Standings, clock: Clock) -> None:
        self._chain, self._others, self._clock = chain, others, clock

    def of(self, certificate: bytes) -> Standing:
        """Tell; the proof are the lists (PEM) of everybody on the way to the root.

        Raises:
            UnavailableError: a list is missing or out of date; else as the others.
        """
        now = self._clock.moment()
        try:
            path = self._chain.path(x509.load_der_x509_certificate(certificate), now) if self._chain else ()
        except UNREADABLE:
            path = ()
        if len(path) < 2:
            return self._others.of(certificate)
        status, lists = self._chain.told(path, now)
        if status == "unknown":
            raise UnavailableError("Nobody tells how certificates stand now.", dependency="authority",
                                   debug="no list of what the Government's authority has revoked, or out of date")
        return Standing(status, lists)
