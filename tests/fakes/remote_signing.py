"""A small provider of remote signing for tests of applications: CSC API 1.0.4.0, OCSP, time-stamps, phones that obey the test."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from asn1crypto import keys as asn1_keys
from asn1crypto import tsp
from asn1crypto.algos import RSASSAPSSParams
from asn1crypto.x509 import Certificate
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID
from pyhanko.sign.timestamps import DummyTimeStamper
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

_RSA = rsa.generate_private_key(65537, 2048)
"""Of every card with an RSA key: making keys takes longer than all else here."""
ALGORITHMS = {"rsa": ["1.2.840.113549.1.1.11"], "pss": ["1.2.840.113549.1.1.10"], "ec": ["1.2.840.10045.4.3.2"]}
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey


@dataclass
class Card:
    """One credential: whose certificate, what kind of key, and what its phone does when asked.

    Where there is no key, whoever answers leaves the signature in ``signatures``, by the hash in base64.
    """

    name: str
    certificate: x509.Certificate
    key: Key | None
    kind: str
    answer: Callable[[dict[str, Any]], Response | None] = lambda body: None
    asked: list[dict[str, Any]] = field(default_factory=list)
    signatures: dict[str, bytes] = field(default_factory=dict)


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:
        pass


class RemoteSigning:
    """Serves everything on a free port.

    Attributes:
        cards: By access token, then by name.
        revoked: Serial numbers.
        stamps: Whether there is a time-stamp authority.
        tells_status: Whether OCSP answers; ``offers_services`` whether the certificate services are listed.
        calls: Paths in the order in which they were asked for, with what was sent.
    """

    def __init__(self) -> None:
        self._server = make_server("127.0.0.1", 0, Request.application(self._serve), threaded=True, request_handler=_Quiet)
        self.url = f"http://127.0.0.1:{self._server.port}"
        self.cards: dict[str, dict[str, Card]] = {}
        self.revoked: set[int] = set()
        self.calls: list[tuple[str, bytes]] = []
        self.offers_services = self.tells_status = self.stamps = True
        self._activations: dict[str, list[str]] = {}
        self._root_key = ec.generate_private_key(ec.SECP256R1())
        self.root = self._issue(self._root_key.public_key(), [(NameOID.COMMON_NAME, "Gốc thử nghiệm")], authority=True)
        stamp_key = _RSA
        stamp = self._issue(stamp_key.public_key(), [(NameOID.COMMON_NAME, "Dấu thời gian thử")], stamps=True)
        self._stamper = DummyTimeStamper(
            tsa_cert=Certificate.load(stamp.public_bytes(Encoding.DER)), certs_to_embed=None,
            tsa_key=asn1_keys.PrivateKeyInfo.load(stamp_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())))
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def start(self) -> RemoteSigning:
        self._thread.start()
        return self

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def card(self, token: str, name: str, kind: str, *subject: tuple[x509.ObjectIdentifier, str],
             public_key: PublicKey | None = None) -> Card:
        """Give an officer a credential; the subject is the common name, and what else is given."""
        key: Key | None = None
        if public_key is None:
            key = ec.generate_private_key(ec.SECP256R1()) if kind == "ec" else _RSA
            public_key = key.public_key()
        made = self._issue(public_key, [*subject, (NameOID.COMMON_NAME, name)])
        card = Card(f"cred-{len(self.cards)}-{kind}-{made.serial_number % 10_000}", made, key, kind)
        self.cards.setdefault(token, {})[card.name] = card
        return card

    def _issue(self, key: PublicKey, subject: list[tuple[x509.ObjectIdentifier, str]], *, authority: bool = False,
               stamps: bool = False) -> x509.Certificate:
        now, name = datetime.now(UTC), x509.Name([x509.NameAttribute(oid, text) for oid, text in subject])
        leaf = not authority and not stamps
        builder = (x509.CertificateBuilder().subject_name(name).issuer_name(name if authority else self.root.subject)
                   .public_key(key).serial_number(x509.random_serial_number())
                   .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=300))
                   .add_extension(x509.BasicConstraints(authority, None), critical=True)
                   .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
                   .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._root_key.public_key()), critical=False)
                   .add_extension(x509.KeyUsage(stamps or authority, leaf, False, False, False, authority, authority, False,
                                                False), critical=True))
        if stamps:
            builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        if not authority:
            builder = builder.add_extension(x509.AuthorityInformationAccess([x509.AccessDescription(
                AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(f"{self.url}/ocsp"))]), critical=False)
        return builder.sign(self._root_key, hashes.SHA256())

    def _serve(self, request: Request) -> Response:
        body = request.get_data()
        self.calls.append((request.path, body))
        if request.path == "/ocsp":
            return self._status(body) if self.tells_status else Response("", 503)
        if request.path == "/tsa":
            stamped = self._stamper.request_tsa_response(tsp.TimeStampReq.load(body))
            return Response(stamped.dump(), content_type="application/timestamp-reply")
        if request.path == "/.well-known/trust-services":
            listed: dict[str, Any] = {"ca_certificates": [f"{self.url}/ca/root.crt"]}
            listed |= {"tsa_endpoint": f"{self.url}/tsa"} if self.stamps else {}
            return _json(listed if self.offers_services else {})
        if request.path == "/ca/root.crt":
            return Response(self.root.public_bytes(Encoding.DER), content_type="application/pkix-cert")
        cards = self.cards.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if cards is None:
            return _json({"error": "invalid_token", "error_description": "The access token is not valid."}, 401)
        said = json.loads(body)
        if request.path == "/csc/v1/credentials/list":
            return _json({"credentialIDs": list(cards)})
        card = cards[said["credentialID"]]
        if request.path == "/csc/v1/credentials/info":
            chain = [base64.b64encode(one.public_bytes(Encoding.DER)).decode() for one in (card.certificate, self.root)]
            return _json({"key": {"status": "enabled", "algo": ALGORITHMS[card.kind], "len": 2048},
                          "cert": {"status": "valid", "certificates": chain}, "authMode": "implicit", "SCAL": "2",
                          "multisign": 5})
        if request.path == "/csc/v1/credentials/authorize":
            card.asked.append(said)
            refused = card.answer(said)
            if refused is not None:
                return refused
            sad = f"sad-{len(self.calls)}"
            self._activations[sad] = said["hash"]
            return _json({"SAD": sad, "expiresIn": 300})
        assert request.path == "/csc/v1/signatures/signHash"
        assert self._activations.pop(said["SAD"]) == said["hash"]
        made = [base64.b64encode(_signed(card, one, said)).decode() for one in said["hash"]]
        return _json({"signatures": made})

    def _status(self, asked: bytes) -> Response:
        wanted = ocsp.load_der_ocsp_request(asked)
        gone, now = wanted.serial_number in self.revoked, datetime.now(UTC)
        certificates = [card.certificate for cards in self.cards.values() for card in cards.values()]
        certificates.append(x509.load_der_x509_certificate(self._stamper.tsa_cert.dump()))
        [about] = [one for one in certificates if one.serial_number == wanted.serial_number]
        made = ocsp.OCSPResponseBuilder().add_response(
            about, self.root, wanted.hash_algorithm, ocsp.OCSPCertStatus.REVOKED if gone else ocsp.OCSPCertStatus.GOOD,
            now - timedelta(minutes=1), now + timedelta(hours=1), now - timedelta(minutes=2) if gone else None, None,
        ).responder_id(ocsp.OCSPResponderEncoding.HASH, self.root)
        for extension in wanted.extensions:
            if isinstance(extension.value, x509.OCSPNonce):
                made = made.add_extension(extension.value, critical=False)
        answer = made.sign(self._root_key, hashes.SHA256())
        return Response(answer.public_bytes(Encoding.DER), content_type="application/ocsp-response")


def refusal(error: str, outcome: str = "", *, status: int = 400) -> Response:
    """What the service answers when the phone does not sign."""
    return _json({"error": error, "error_description": "No.", **({"outcome": outcome} if outcome else {})}, status)


def not_yet() -> Response:
    """What it answers while nobody has."""
    answer = _json({"error": "temporarily_unavailable", "error_description": "Not yet."}, 503)
    answer.headers["Retry-After"] = "0"
    return answer


def _signed(card: Card, wanted: str, said: dict[str, Any]) -> bytes:
    if card.key is None:
        return card.signatures.pop(wanted)
    digest, hashed = base64.b64decode(wanted), Prehashed(hashes.SHA256())
    if isinstance(card.key, ec.EllipticCurvePrivateKey):
        return card.key.sign(digest, ec.ECDSA(hashed))
    if card.kind == "rsa":
        return card.key.sign(digest, padding.PKCS1v15(), hashed)
    assert RSASSAPSSParams.load(base64.b64decode(said["signAlgoParams"]))["salt_length"].native == 32
    return card.key.sign(digest, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashed)


def _json(content: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(content), status, content_type="application/json")
