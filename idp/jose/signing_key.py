"""A signing key: what the database and the world see of it, and where its private part rests.

Spec: RFC 7517 §4 (members), RFC 7518 §3.3-§3.5 (RS256, ES256, PS256), RFC 8037 §2, §3.1 (EdDSA with Ed25519), RFC 7638 (kid),
RFC 7512 §2.3 (URI of a key in a token). Departs from RFC 9864 §2.2: the name is EdDSA and not Ed25519, because that is what
relying parties and the certification suite know.

A private part is either sealed in the database, or made in a device (a PKCS #11 token) that signs with it and never gives it
out. One key has one algorithm, which its JWK names: RS256 and PS256 have a key each, so that a signature of one kind never
counts as one of the other (RFC 8725 §3.1).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol, cast

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_der_private_key
from joserfc.jwk import ECKey, KeyParameters, OKPKey, RSAKey

from ..errors import ConfigurationError

ALGORITHMS: Final = ("ES256", "RS256", "PS256", "EdDSA")
"""One signing key each: ES256 for access tokens, any of them for the ID and logout tokens of clients that ask for it."""

ENCRYPTION_ALGORITHMS: Final = ("RSA-OAEP-256", "ECDH-ES")
"""One key each that applications encrypt to; the second serves all of ECDH-ES, so its JWK names none."""

RSA_BITS: Final = 2048

State = Literal["next", "active", "retired", "removed"]
KeyObject = ECKey | RSAKey | OKPKey
PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey


class Sealer(Protocol):
    """Seals small secrets for the database under the key-encryption key."""

    def seal(self, plain: bytes, *, context: str) -> bytes:
        """Encrypt and authenticate; only the same context opens it again."""
        ...

    def open(self, sealed: bytes, *, context: str) -> bytes:
        """Decrypt.

        Raises:
            ConfigurationError: sealed under another key, for another context, or altered.
        """
        ...


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key that may sign now. ``key`` carries kid, alg and use."""

    kid: str
    alg: str
    key: KeyObject


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key as the database has it.

    Attributes:
        public_jwk: JSON of the public JWK with kid, alg and use.
        sealed_private: PKCS #8 DER, sealed with the context ``signing_key:<kid>``; empty once retired, and for a key in a token.
        token_uri: Where a private part is that lies in a token (RFC 7512); empty once it was destroyed, and for a sealed key.
    """

    kid: str
    alg: str
    state: str
    public_jwk: str
    sealed_private: bytes
    created_at: int
    activated_at: int | None = None
    retired_at: int | None = None
    token_uri: str = ""

    @property
    def place(self) -> str:
        """Where the private part is: ``database``, ``pkcs11``, or ``""`` when there is none any more."""
        return "pkcs11" if self.token_uri else "database" if self.sealed_private else ""


class KeyToken(Protocol):
    """A device that makes private keys, signs with them and never gives them out.

    Every verb but ``open`` may ask the device and raises UnavailableError while it does not answer; so does a signature.
    ConfigurationError says what an operator must mend: a wrong PIN, a missing module.
    """

    def makes(self, alg: str) -> bool:
        """Tell whether the device can make and use keys of an algorithm."""
        ...

    def make(self, alg: str) -> tuple[str, PublicKey]:
        """Make a key that cannot leave the device; gives its URI (RFC 7512) and its public part."""
        ...

    def open(self, uri: str, jwk: Mapping[str, Any]) -> KeyObject:
        """Give an object that signs with a key of the device, without asking the device.

        Args:
            uri: From ``make``.
            jwk: Its public JWK with kid, alg and use. A signature that does not verify with it never leaves the object.
        """
        ...

    def holds(self, uri: str) -> bool:
        """Tell whether the device has the private part."""
        ...

    def destroy(self, uri: str) -> None:
        """Destroy a private part; one that is gone already is no fault."""
        ...

    def check(self) -> str:
        """Ask the device for an answer; gives a short description of it for operators."""
        ...


def _rsa() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)


_KINDS: Final[Mapping[str, tuple[type[PrivateKey], Callable[[], PrivateKey]]]] = {
    "ES256": (ec.EllipticCurvePrivateKey, lambda: ec.generate_private_key(ec.SECP256R1())),
    "RS256": (rsa.RSAPrivateKey, _rsa),
    "PS256": (rsa.RSAPrivateKey, _rsa),
    "EdDSA": (ed25519.Ed25519PrivateKey, ed25519.Ed25519PrivateKey.generate),
    "RSA-OAEP-256": (rsa.RSAPrivateKey, _rsa),
    "ECDH-ES": (ec.EllipticCurvePrivateKey, lambda: ec.generate_private_key(ec.SECP256R1())),
}


def describe(public: PublicKey, alg: str) -> dict[str, Any]:
    """Give the public JWK of a key, with kid (RFC 7638 thumbprint), alg and use."""
    key = _wrap(public)
    return {**key.as_dict(private=False), "kid": key.thumbprint(), **_purpose(alg)}


def _purpose(alg: str) -> dict[str, str]:
    if alg not in ENCRYPTION_ALGORITHMS:
        return {"alg": alg, "use": "sig"}
    return {"use": "enc"} if alg == "ECDH-ES" else {"alg": alg, "use": "enc"}


def make_key(alg: str, state: State, *, now: int, sealer: Sealer, token: KeyToken | None = None) -> StoredKey:
    """Make a key that was not stored yet.

    Args:
        alg: One of ``ALGORITHMS`` or ``ENCRYPTION_ALGORITHMS``.
        state: ``next`` or ``active``.
        now: Seconds since the epoch.
        sealer: Seals the private part where no token keeps it.
        token: Makes and keeps the private part; None seals it for the database.

    Raises:
        UnavailableError: the token does not answer.
    """
    uri, sealed, private = "", b"", None
    if token is not None:
        uri, public = token.make(alg)
    else:
        private = _KINDS[alg][1]()
        public = private.public_key()
    jwk = describe(public, alg)
    if private is not None:
        der = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        sealed = sealer.seal(der, context=_context(jwk["kid"]))
    return StoredKey(kid=jwk["kid"], alg=alg, state=state, public_jwk=json.dumps(jwk, sort_keys=True), sealed_private=sealed,
                     created_at=now, activated_at=now if state == "active" else None, token_uri=uri)


def open_key(stored: StoredKey, *, sealer: Sealer, token: KeyToken | None = None) -> SigningKey:
    """Open the private part of a key; a device is asked at the first signature, not here.

    Raises:
        ConfigurationError: it was sealed under another key, does not fit its row, or lies in a token that is not configured.
    """
    if stored.token_uri:
        if token is None:
            raise ConfigurationError(f"The {stored.alg} key lies in a PKCS #11 token, and none is configured.",
                                     remedy="Set IDP_PKCS11_MODULE and IDP_PKCS11_TOKEN_LABEL as they were when it was made.",
                                     debug=stored.token_uri)
        return SigningKey(stored.kid, stored.alg, token.open(stored.token_uri, json.loads(stored.public_jwk)))
    der = sealer.open(stored.sealed_private, context=_context(stored.kid))
    # The seal says that these bytes are ours: to look for mistakes in the primes again would cost 40 ms a key at every start.
    private = load_der_private_key(der, password=None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(private, _KINDS[stored.alg][0]):
        raise ConfigurationError(f"The signing key {stored.kid} is of an unknown kind.",
                                 remedy="The table signing_key was altered; restore it from the backup.")
    if _wrap(private.public_key()).thumbprint() != stored.kid:
        raise ConfigurationError(f"The signing key {stored.kid} does not fit its kid.",
                                 remedy="The table signing_key was altered; restore it from the backup.")
    return SigningKey(stored.kid, stored.alg, _wrap(private, cast(KeyParameters, {"kid": stored.kid, **_purpose(stored.alg)})))


def _context(kid: str) -> str:
    return f"signing_key:{kid}"


def _wrap(key: PrivateKey | PublicKey, members: KeyParameters | None = None) -> KeyObject:
    if isinstance(key, ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey):
        return ECKey(key, None, members)
    if isinstance(key, rsa.RSAPrivateKey | rsa.RSAPublicKey):
        return RSAKey(key, None, members)
    return OKPKey(key, None, members)
