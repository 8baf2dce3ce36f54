"""Whether what a card made is a signature of that hash by that certificate's key.

Spec: RFC 8017 §8.1 and §8.2 (RSASSA-PSS and RSASSA-PKCS1-v1_5), FIPS 186-5 §6 (ECDSA); RFC 3279 §2.2.3 (``ECDSA-Sig-Value``,
which everybody else expects where cards give the two numbers side by side). A service that says "valid" is not believed: this is
what decides about release (security checklist 58).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm

from .mobile_signature import DigestName

DIGESTS: Final[dict[DigestName, type[HashAlgorithm]]] = {"sha256": SHA256, "sha384": SHA384, "sha512": SHA512}
_LEAST_RSA_BITS: Final = 2048
_CURVES: Final = ("secp256r1", "secp384r1", "secp521r1")


class SignatureError(ValueError):
    """It is none; the message says why."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A signature that holds.

    Attributes:
        octets: As others expect it: RSA as long as the modulus, ECDSA as DER.
        scheme: ``rsa-pkcs1``, ``rsa-pss`` or ``ecdsa``.
        salt_length: Of ``rsa-pss``, octets; else 0.
    """

    octets: bytes
    scheme: str
    salt_length: int = 0


def verified(certificate: x509.Certificate, digest_name: DigestName, digest: bytes, signature: bytes) -> Verified:
    """Verify a signature over a hash.

    Raises:
        SignatureError: it does not hold, or the key is none that signs here.
    """
    algorithm = DIGESTS[digest_name]()
    if len(digest) != algorithm.digest_size:
        raise SignatureError("the hash has not the length of its algorithm")
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm) as err:
        raise SignatureError("the certificate has a key of another kind") from err
    if isinstance(key, rsa.RSAPublicKey):
        return _rsa(key, algorithm, digest, signature)
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        return _ecdsa(key, algorithm, digest, signature)
    raise SignatureError("the certificate has a key of another kind")


def _rsa(key: rsa.RSAPublicKey, algorithm: HashAlgorithm, digest: bytes, signature: bytes) -> Verified:
    if key.key_size < _LEAST_RSA_BITS:
        raise SignatureError("the key is too short")
    if len(signature) != (key.key_size + 7) // 8:
        raise SignatureError("the signature has not the length of the key")
    hashed = utils.Prehashed(algorithm)
    try:
        key.verify(signature, digest, padding.PKCS1v15(), hashed)
    except InvalidSignature:
        return _pss(key, algorithm, digest, signature)
    return Verified(signature, "rsa-pkcs1")


def _pss(key: rsa.RSAPublicKey, algorithm: HashAlgorithm, digest: bytes, signature: bytes) -> Verified:
    """Verify RSASSA-PSS; which salt the card has used is in the signature, and whoever uses it has to know."""
    longest = padding.calculate_max_pss_salt_length(key, algorithm)
    for length in dict.fromkeys((algorithm.digest_size, longest, 0, 20)):
        try:
            key.verify(signature, digest, padding.PSS(padding.MGF1(algorithm), length), utils.Prehashed(algorithm))
        except InvalidSignature:
            continue
        return Verified(signature, "rsa-pss", length)
    raise SignatureError("the signature does not hold")


def _ecdsa(key: ec.EllipticCurvePublicKey, algorithm: HashAlgorithm, digest: bytes, signature: bytes) -> Verified:
    size = (key.key_size + 7) // 8
    forms = [signature]
    if len(signature) == 2 * size:
        halves = (int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big"))
        forms.insert(0, utils.encode_dss_signature(*halves))
    for form in forms:
        try:
            key.verify(form, digest, ec.ECDSA(utils.Prehashed(algorithm)))
            # The one way in which these two numbers are written.
            return Verified(utils.encode_dss_signature(*utils.decode_dss_signature(form)), "ecdsa")
        except (InvalidSignature, ValueError):
            continue
    raise SignatureError("the signature does not hold")
