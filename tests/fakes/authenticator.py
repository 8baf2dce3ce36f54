"""An authenticator and its browser in software: makes passkeys and proves them, rightly or wrongly."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from idp.authn.webauthn import encode

ORIGIN = "http://localhost:8000"
RP_ID = "localhost"

PRESENT, VERIFIED, ELIGIBLE, BACKED_UP, ATTESTED = 0x01, 0x04, 0x08, 0x10, 0x40

_RSA = rsa.generate_private_key(65537, 2048)
"""One for all tests; a new one takes longer than all the rest of a test."""


def cose(key: Any) -> dict[int, Any]:
    """Give the public half of a key as COSE (RFC 9053)."""
    public = key.public_key()
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = public.public_numbers()
        return {1: 3, 3: -257, -1: numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big"),
                -2: numbers.e.to_bytes(3, "big")}
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return {1: 1, 3: -8, -1: 6, -2: public.public_bytes_raw()}
    numbers = public.public_numbers()
    return {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}


def new_key(alg: int = -7) -> Any:
    """Make a private key for one of the three algorithms."""
    if alg == -257:
        return _RSA
    return ed25519.Ed25519PrivateKey.generate() if alg == -8 else ec.generate_private_key(ec.SECP256R1())


def sign(key: Any, data: bytes) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(data)
    return bytes(key.sign(data, ec.ECDSA(hashes.SHA256())))


@dataclass
class Authenticator:
    """One credential; whatever is told it does, also where no honest one would.

    Attributes:
        flags: Of authenticator data.
        counter: Grows by ``step`` at each use.
    """

    key: Any = field(default_factory=new_key)
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    user_handle: bytes = b""
    flags: int = PRESENT | VERIFIED
    counter: int = 0
    step: int = 1
    origin: str = ORIGIN
    rp_id: str = RP_ID

    def make(self, options: dict[str, Any], *, fmt: str = "none", statement: dict[str, Any] | None = None,
             public: Any = ..., attested_id: bytes | None = None, type: str = "webauthn.create",
             extra: bytes = b"", **client: Any) -> dict[str, Any]:
        """Answer creation options (``navigator.credentials.create``)."""
        self.user_handle = decoded(options["user"]["id"])
        named = self.credential_id if attested_id is None else attested_id
        data = (self._head(self.flags | ATTESTED) + bytes(16) + len(named).to_bytes(2, "big") + named
                + cbor2.dumps(cose(self.key) if public is ... else public) + extra)
        attestation = cbor2.dumps({"fmt": fmt, "attStmt": statement or {}, "authData": data})
        return self._answer({"clientDataJSON": encode(self._client_data(type, options, client)), "transports": ["internal"],
                             "attestationObject": encode(attestation)})

    def prove(self, options: dict[str, Any], *, type: str = "webauthn.get", user_handle: bytes | None = None,
              key: Any = None, **client: Any) -> dict[str, Any]:
        """Answer request options (``navigator.credentials.get``)."""
        self.counter += self.step
        data, told = self._head(self.flags), self._client_data(type, options, client)
        handle = self.user_handle if user_handle is None else user_handle
        return self._answer({
            "clientDataJSON": encode(told), "authenticatorData": encode(data),
            "signature": encode(sign(key or self.key, data + hashlib.sha256(told).digest())),
            "userHandle": encode(handle) if handle else None})

    def _head(self, flags: int) -> bytes:
        return hashlib.sha256(self.rp_id.encode()).digest() + bytes([flags]) + self.counter.to_bytes(4, "big")

    def _client_data(self, type: str, options: dict[str, Any], more: dict[str, Any]) -> bytes:
        told = {"type": type, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": False, **more}
        return json.dumps(told).encode()

    def _answer(self, response: dict[str, Any]) -> dict[str, Any]:
        return {"id": encode(self.credential_id), "rawId": encode(self.credential_id), "type": "public-key",
                "response": response, "clientExtensionResults": {}}


def decoded(text: str) -> bytes:
    """Read base64url."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
