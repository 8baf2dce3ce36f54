"""Cards, a service that asks them, and an authority that knows their certificates; all in memory."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from idp.errors import RefusedError, UnavailableError
from idp.signing.mobile_signature import Answer, Exchange, KeyUse, Registered, SignatureRequest, SimState
from idp.signing.outcome import Outcome, of_fault, of_status
from idp.signing.ports import IN_DOUBT, BoundSim, Standing

AUTHORITY = ec.generate_private_key(ec.SECP256R1())
BEGAN = datetime(2023, 1, 1, tzinfo=UTC)


def certified(key: Any, *, commits: bool = True, ends: datetime = BEGAN + timedelta(days=3650)) -> x509.Certificate:
    """Make a certificate of a card's key, the private or the public one."""
    public = key.public_key() if hasattr(key, "public_key") else key
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Nguyễn Văn Mẫu")])
    usage = x509.KeyUsage(digital_signature=not commits, content_commitment=commits, key_encipherment=False,
                          data_encipherment=False, key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False,
                          decipher_only=False)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(public).serial_number(7)
    return builder.add_extension(usage, critical=True).not_valid_before(BEGAN).not_valid_after(ends).sign(AUTHORITY, SHA256())


@dataclass
class Card:
    """A SIM that signs what it is asked."""

    msisdn: str
    iccid: str
    key: Any = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    carrier: str = "mang"
    login: Any = None
    """The key for signing in."""

    def __post_init__(self) -> None:
        self.der = certified(self.key).public_bytes(Encoding.DER)
        self.login_der = certified(self.login, commits=False).public_bytes(Encoding.DER) if self.login is not None else b""

    def sign(self, digest: bytes, *, login: bool = False) -> bytes:
        key = self.login if login else self.key
        if isinstance(key, rsa.RSAPrivateKey):
            return key.sign(digest, padding.PKCS1v15(), utils.Prehashed(SHA256()))
        r, s = utils.decode_dss_signature(key.sign(digest, ec.ECDSA(utils.Prehashed(SHA256()))))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


class Carrier:
    """A service: takes requests by name, and says what a test lets the phone do."""

    authenticates = False

    def __init__(self) -> None:
        self.asked: dict[str, SignatureRequest] = {}
        self.signatures: dict[str, bytes] = {}
        self.fault: tuple[int, int | None] | None = None
        self.takes: tuple[int, int | None] | None = None
        self.away = False
        self.at_once = False
        """A request is answered with the signature, where there is one."""
        self.lost = False
        """It takes a request, and its answer is lost."""
        self.calls: list[str] = []
        self._lock = threading.Lock()

    def sign(self, request: SignatureRequest) -> Answer:
        with self._lock:
            self.calls.append("sign")
            self._here()
            if self.takes is not None:
                return said(of_fault(*self.takes), *self.takes)
            known = self.asked.setdefault(request.transaction, request)
            assert known == request
            if self.lost:
                self._down()
            signature = self.signatures.get(request.transaction) if self.at_once else None
            code = 100 if signature is None else 500
            return said(of_status(code), code, service_transaction=f"c-{request.transaction}", signature=signature)

    def status(self, transaction: str, service_transaction: str, msisdn: str) -> Answer:
        with self._lock:
            self.calls.append("status")
            self._here()
            assert self.asked[service_transaction[2:]].msisdn == msisdn
            if self.fault is not None:
                return said(of_fault(*self.fault), *self.fault)
            signature = self.signatures.get(service_transaction[2:])
            code = 504 if signature is None else 500
            return said(of_status(code), code, service_transaction=service_transaction, signature=signature)

    def profile(self, transaction: str, msisdn: str) -> SimState:
        raise NotImplementedError

    def register(self, transaction: str, msisdn: str, iccid: str, certificate: bytes | None = None, *,
                 use: KeyUse = "signing") -> Registered:
        raise NotImplementedError

    def receipt(self, transaction: str, service_transaction: str, msisdn: str, text: str) -> Answer:
        raise NotImplementedError

    def handshake(self, transaction: str) -> Answer:
        self.calls.append("handshake")
        self._here()
        return said(of_fault(*self.takes), *self.takes) if self.takes is not None else said(of_status(100), 100)

    def _here(self) -> None:
        if self.away:
            self._down()

    def _down(self) -> None:
        raise UnavailableError("away", dependency="mobile_signature", debug="away")


def said(outcome: Outcome, code: int, finer: int | None = None, *, service_transaction: str = "",
         signature: bytes | None = None) -> Answer:
    exchange = Exchange(b"<sent/>", f"<{code}/>".encode())
    return Answer(outcome, code, finer, service_transaction, signature, f"said {code}", exchange)


class Bound:
    """Whose SIM it is."""

    def __init__(self, cards: dict[str, Card]) -> None:
        self.cards, self.blocked, self.doubted = cards, set[str](), set[str]()
        self.heard: list[tuple[str, str, Outcome]] = []

    def all(self, sub: str) -> list[BoundSim]:
        return [self.signing(sub)] if sub in self.cards and sub not in self.blocked | self.doubted else []

    def signing(self, sub: str, *, testing: bool = False, iccid: str = "") -> BoundSim:
        if sub not in self.cards:
            raise RefusedError("There is no SIM.", code="no_sim", status=404)
        if sub in self.blocked:
            raise RefusedError("The SIM is blocked.", code="sim_blocked", status=409)
        if sub in self.doubted:
            raise RefusedError("The SIM is being checked.", code=IN_DOUBT, status=409)
        card = self.cards[sub]
        return BoundSim(card.msisdn, card.iccid, card.carrier, card.der)

    def authenticating(self, sub: str) -> BoundSim:
        bound = self.signing(sub)
        if self.cards[sub].login is None:
            raise RefusedError("There is no key for it.", code="no_sim", status=404)
        return replace(bound, certificate=self.cards[sub].login_der)

    def told(self, sub: str, iccid: str, outcome: Outcome) -> None:
        self.heard.append((sub, iccid, outcome))


class Known:
    """How certificates stand."""

    def __init__(self) -> None:
        self.revoked: set[bytes] = set()
        self.away = False

    def of(self, certificate: bytes) -> Standing:
        if self.away:
            raise UnavailableError("away", dependency="authority")
        return Standing("revoked", b"ocsp: revoked") if certificate in self.revoked else Standing("good", b"ocsp: good")
