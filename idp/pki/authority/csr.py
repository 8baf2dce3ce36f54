"""A request for a certificate (PKCS #10): the key that it holds and that whoever asks has it. Nothing else in it counts.

Spec: RFC 2986 §4.2 (the signature proves possession). Security checklist 48 and 49: names, extensions and wishes of a request
lead to nothing; a request that holds some that cannot be read, or an extension twice (RFC 5280 §4.2), is none at all; a key that
is weak is refused, whoever asks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ...errors import RefusedError
from ..shown_certificate import UNREADABLE
from . import weak_keys

LONGEST: Final = 16 * 1024
_CURVES: Final = (ec.SECP256R1, ec.SECP384R1)
_DIGESTS: Final = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
_RSA_BITS: Final = range(2048, 4097)
Listed = Callable[[rsa.RSAPublicNumbers], bool]
"""Tells whether a key is on a list of keys that others know (Debian's of 2008)."""


class CsrError(RefusedError):
    """A request that is not granted; ``code`` says why."""

    status = 422


@dataclass(frozen=True, slots=True)
class Request:
    """What counts of a request.

    Attributes:
        spki: SHA-256 of the public key (SubjectPublicKeyInfo), hexadecimal.
        der: The request itself.
    """

    public_key: Any
    spki: str
    der: bytes


def read(content: bytes, *, listed: Listed = lambda _numbers: False) -> Request:
    """Read a request, DER or PEM.

    Raises:
        CsrError: ``bad_request`` (none, or broken), ``bad_signature``, ``weak_digest``, ``key_kind``, ``weak_key``.
    """
    if len(content) > LONGEST:
        raise CsrError("The request is too long.", code="bad_request")
    try:
        pem = content.lstrip().startswith(b"-----BEGIN")
        csr = x509.load_pem_x509_csr(content) if pem else x509.load_der_x509_csr(content)
        digest, key = csr.signature_hash_algorithm, csr.public_key()
        proven = csr.is_signature_valid
        list(csr.extensions), list(csr.subject)
    except UNREADABLE as err:
        raise CsrError("This is not a certificate request (PKCS #10) that can be read.", code="bad_request",
                       debug=str(err)) from err
    if not isinstance(digest, _DIGESTS):
        raise CsrError("The request is signed with a digest that is too weak; use SHA-256.", code="weak_digest")
    if not proven:
        raise CsrError("The request is not signed with the key that it holds.", code="bad_signature")
    check_key(key, listed=listed)
    return Request(key, fingerprint(key), csr.public_bytes(Encoding.DER))


def fingerprint(public_key: Any) -> str:
    """Give the SHA-256 of a public key, hexadecimal."""
    return hashlib.sha256(public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def check_key(key: Any, *, listed: Listed) -> None:
    """See that a key is of a kind and strength that is certified here.

    Raises:
        CsrError: ``key_kind``, ``weak_key``.
    """
    if isinstance(key, ec.EllipticCurvePublicKey):
        if not isinstance(key.curve, _CURVES):
            raise CsrError("Keys are on the curve P-256 or P-384, or RSA.", code="key_kind")
        return
    if not isinstance(key, rsa.RSAPublicKey):
        raise CsrError("Keys are on the curve P-256 or P-384, or RSA.", code="key_kind")
    if key.key_size not in _RSA_BITS or key.key_size % 8:
        raise CsrError("An RSA key has 2048 to 4096 bits.", code="weak_key")
    why = weak_keys.weakness(key.public_numbers()) or ("known to others" if listed(key.public_numbers()) else "")
    if why:
        raise CsrError(f"This RSA key is weak ({why}). Make a new one with up-to-date software.", code="weak_key")
