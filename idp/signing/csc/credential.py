"""What an officer signs with, as programs know it: the certificate of the SIM, its chain, how it stands, and its key.

Spec: CSC API 1.0.4.0 §11.4 (list) and §11.5 (info). A credential is one officer's card with its certificate: another card, or a
new certificate, is another credential. An officer has one at a time, and one of each agency whose seal they keep. Its name always
reads the same, tells nobody anything (RFC 5297, AES-SIV under a key of the deployment's), and leads back to its officer here.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.x509 import ocsp

from ...clock import Clock
from ...errors import RefusedError
from ...pki.shown_certificate import UNREADABLE
from ..ports import IN_DOUBT, Sims, Standings, TransactionStore
from ..signature import SignatureError, verified
from ..transaction import State
from .algorithms import Key, key_of

LONGEST_NAME: Final = 160
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]+")
_PREFIX: Final = "sim-"
_MARK: Final = 12
"""Octets of the certificate's hash in a name."""
LOOKED_AT: Final = 20
"""Signatures of an officer, the newest first, among which one by this card is looked for."""
Status = Literal["valid", "expired", "revoked", "suspended", "unknown"]
Issuers = Callable[[x509.Certificate], Sequence[x509.Certificate]]
"""Gives the certificates above one, its issuer first; empty where they are not known here."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A credential.

    Attributes:
        credential_id: As ``Names`` makes it.
        certificate: Of the card.
        chain: The certificates above it, its issuer first.
        status: ``unknown`` where nobody vouches for it here.
        key: What its key does.
        msisdn: The number, international, without ``+``.
    """

    credential_id: str
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    status: Status
    key: Key
    msisdn: str

    @property
    def enabled(self) -> bool:
        """Whether it signs now."""
        return self.status == "valid"


class Names:
    """Makes and reads names of credentials.

    Args:
        key: 32 octets, this deployment's, for nothing else.
    """

    def __init__(self, key: bytes) -> None:
        self._cipher = AESSIV(key)

    def of(self, sub: str, certificate: bytes) -> str:
        """Name the credential of an officer's certificate (DER)."""
        sealed = self._cipher.encrypt(hashlib.sha256(certificate).digest()[:_MARK] + sub.encode(), None)
        return _PREFIX + base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    def owner(self, name: str) -> str:
        """Give the officer (``sub``) of a name that this deployment made; empty for any other text."""
        text = name.removeprefix(_PREFIX)
        if text == name or len(name) > LONGEST_NAME or _BASE64URL.fullmatch(text) is None:
            return ""
        try:
            sealed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            return self._cipher.decrypt(sealed, None)[_MARK:].decode()
        except (ValueError, InvalidTag):
            return ""


class Credentials:
    """Finds credentials.

    Args:
        sims: Which SIMs sign.
        standings: How certificates stand.
        store: Signatures that cards have made; they show how a card signs.
        issuers: Who stands above a certificate.
        naming: Names credentials.
        clock: Source of the time.
    """

    def __init__(self, sims: Sims, standings: Standings, store: TransactionStore, issuers: Issuers, naming: Names,
                 clock: Clock) -> None:
        self.naming = naming
        self._sims, self._standings, self._store, self._issuers, self._clock = sims, standings, store, issuers, clock

    def names(self, sub: str) -> tuple[str, ...]:
        """Give the names of an officer's credentials: by which they sign as themself, then seals that they keep; perhaps none."""
        return tuple(self.naming.of(sub, sim.certificate) for sim in self._sims.all(sub))

    def own(self, sub: str) -> str:
        """Name the credential by which an officer signs as themself, and never a seal; empty where there is none."""
        try:
            return self.naming.of(sub, self._sims.signing(sub).certificate)
        except RefusedError:
            return ""

    def card(self, sub: str, credential_id: str) -> str:
        """Give the number of the card of an officer's credential; empty where it signs no more."""
        return next((sim.iccid for sim in self._sims.all(sub) if self.naming.of(sub, sim.certificate) == credential_id), "")

    def in_doubt(self, sub: str) -> bool:
        """Tell whether an officer signs as themself with nothing only because the SIM is in doubt (``sims.brake``)."""
        try:
            self._sims.signing(sub)
        except RefusedError as refused:
            return refused.code == IN_DOUBT
        return False

    def find(self, sub: str, credential_id: str) -> Credential:
        """Find an officer's credential.

        Raises:
            RefusedError: 400 ``invalid_request``: it is not theirs, or there is none, or the SIM is lost, blocked or in doubt.
            UnavailableError: nobody tells how its certificate stands.
        """
        signing = self._sims.all(sub)
        if not signing:
            try:
                self._sims.signing(sub)
            except RefusedError as refused:
                if refused.code in ("sim_blocked", IN_DOUBT):
                    raise RefusedError("The credential identified by credentialID is disabled",
                                       code="invalid_request") from refused
        sim = next((one for one in signing if self.naming.of(sub, one.certificate) == credential_id), None)
        if sim is None:
            raise _unknown()
        try:
            certificate = x509.load_der_x509_certificate(sim.certificate)
            key = key_of(certificate, self._scheme(sub, sim.certificate))
        except (*UNREADABLE, AssertionError) as err:
            raise _unknown() from err
        return Credential(credential_id, certificate, tuple(self._issuers(certificate)),
                          self._status(sim.certificate, certificate), key, sim.msisdn)

    def _scheme(self, sub: str, der: bytes) -> str:
        """Tell how a card signs, by a signature that it has made; empty where it has made none."""
        known = hashlib.sha256(der).digest()
        for one in self._store.of_officer(sub, limit=LOOKED_AT):
            if one.certificate == known and one.state in (State.READY, State.RELEASED) and one.signature is not None:
                try:
                    return verified(x509.load_der_x509_certificate(der), one.digest_name, one.digest, one.signature).scheme
                except SignatureError:
                    continue
        return ""

    def _status(self, der: bytes, certificate: x509.Certificate) -> Status:
        at = datetime.fromtimestamp(self._clock.now(), UTC)
        if at > certificate.not_valid_after_utc:
            return "expired"
        standing = self._standings.of(der)
        if standing.status == "good":
            return "valid"
        if standing.status == "unknown":
            return "unknown"
        try:
            held = ocsp.load_der_ocsp_response(standing.proof).revocation_reason is x509.ReasonFlags.certificate_hold
        except ValueError:
            held = False
        return "suspended" if held else "revoked"


def _unknown() -> RefusedError:
    return RefusedError("Invalid parameter credentialID", code="invalid_request")
