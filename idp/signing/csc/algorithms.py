"""Signature algorithms by their object identifiers: what a key is offered with, and whether a signature is what was asked for.

Spec: CSC API 1.0.4.0 §11.5 (``key/algo``) and §11.9 (``signAlgo``, ``signAlgoParams``, ``hashAlgo``); RFC 4055 §2.1 and §3.1
(RSASSA-PSS-params), RFC 5758 §3.2. The names that hold key and hash together are listed first: programs look for those. A card
has its padding, and with PSS its salt, from when it was made; what it cannot do is refused, never answered with another one.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from asn1crypto.algos import RSASSAPSSParams
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from ...errors import RefusedError
from ..mobile_signature import DigestName
from ..signature import Verified

Scheme = Literal["rsa-pkcs1", "rsa-pss", "ecdsa"]

HASHES: Final[Mapping[str, DigestName]] = {
    "2.16.840.1.101.3.4.2.1": "sha256", "2.16.840.1.101.3.4.2.2": "sha384", "2.16.840.1.101.3.4.2.3": "sha512"}
LENGTHS: Final[Mapping[int, DigestName]] = {32: "sha256", 48: "sha384", 64: "sha512"}
"""Hash algorithms by the octets that they give."""
RSA: Final = "1.2.840.113549.1.1.1"
PSS: Final = "1.2.840.113549.1.1.10"
_PKCS1: Final[Mapping[str, DigestName]] = {
    "1.2.840.113549.1.1.11": "sha256", "1.2.840.113549.1.1.12": "sha384", "1.2.840.113549.1.1.13": "sha512"}
_ECDSA: Final[Mapping[str, DigestName]] = {
    "1.2.840.10045.4.3.2": "sha256", "1.2.840.10045.4.3.3": "sha384", "1.2.840.10045.4.3.4": "sha512"}
OFFERED: Final = (*_PKCS1, RSA, PSS, *_ECDSA)
"""Whatever some card may sign with; which of them, each credential says."""
_CURVES: Final = {"secp256r1": "1.2.840.10045.3.1.7", "secp384r1": "1.3.132.0.34", "secp521r1": "1.3.132.0.35"}
_LONGEST: Final = 400
_UNREADABLE: Final = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError)


@dataclass(frozen=True, slots=True)
class Key:
    """What a program is told of a key.

    Attributes:
        algorithms: Object identifiers.
        length: Bits.
        curve: Object identifier; empty for RSA.
    """

    algorithms: tuple[str, ...]
    length: int
    curve: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which signature a program asks for.

    Attributes:
        salt_length: Of ``rsa-pss``, octets; None where no parameters came.
    """

    scheme: Scheme
    digest_name: DigestName
    salt_length: int | None = None


def key_of(certificate: x509.Certificate, scheme: str = "") -> Key:
    """Describe a certificate's key.

    Args:
        certificate: Of the card.
        scheme: Of a signature that the card has made (``Verified.scheme``); empty where none is known. RSA is taken for
            PKCS #1 v1.5 then.
    """
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return Key((PSS,) if scheme == "rsa-pss" else (*_PKCS1, RSA), key.key_size)
    assert isinstance(key, ec.EllipticCurvePublicKey)
    return Key(tuple(_ECDSA), key.key_size, _CURVES.get(key.curve.name, ""))


def wanted(sign_algorithm: str, hash_algorithm: str, parameters: str, *, hash_parameter: str = "hashAlgo") -> Wanted:
    """Read which signature is asked for.

    Args:
        sign_algorithm: Object identifier.
        hash_algorithm: Object identifier; empty where the one above says it too.
        parameters: ``signAlgoParams``, base64 of DER; empty for none.
        hash_parameter: What the parameter is called (version 2: ``hashAlgorithmOID``).

    Raises:
        RefusedError: 400 ``invalid_request``.
    """
    known = _PKCS1.get(sign_algorithm) or _ECDSA.get(sign_algorithm)
    if known is None and sign_algorithm not in (RSA, PSS):
        raise _invalid("signAlgo")
    named = HASHES.get(hash_algorithm) if hash_algorithm else None
    if hash_algorithm and named is None:
        raise _invalid(hash_parameter)
    if known is None and named is None:
        raise RefusedError(f"Missing (or invalid type) string parameter {hash_parameter}", code="invalid_request")
    if known is not None and named not in (None, known):
        raise RefusedError(f"{hash_parameter} contradicts signAlgo", code="invalid_request")
    digest_name = known or named
    assert digest_name is not None
    if sign_algorithm == PSS:
        return Wanted("rsa-pss", digest_name, _salt(parameters, digest_name) if parameters else None)
    if parameters:
        raise RefusedError("signAlgoParams goes with RSASSA-PSS only", code="invalid_request")
    return Wanted("ecdsa" if sign_algorithm in _ECDSA else "rsa-pkcs1", digest_name)


def check(asked: Wanted, made: Verified) -> None:
    """See that a signature is the one asked for.

    Raises:
        RefusedError: 400 ``invalid_request``: the card signs in another way.
    """
    if asked.scheme != made.scheme:
        names = {"rsa-pkcs1": "RSASSA-PKCS1-v1_5", "rsa-pss": "RSASSA-PSS", "ecdsa": "ECDSA"}
        raise RefusedError(f"Invalid parameter signAlgo: this card signs with {names[made.scheme]}", code="invalid_request")
    if asked.scheme != "rsa-pss":
        return
    if asked.salt_length is None:
        raise RefusedError("Missing (or invalid type) string parameter signAlgoParams", code="invalid_request")
    if asked.salt_length != made.salt_length:
        raise RefusedError(f"Invalid parameter signAlgoParams: this card signs with a salt of {made.salt_length} octets, "
                           f"{asked.salt_length} were asked for", code="invalid_request")


def _salt(text: str, digest_name: DigestName) -> int:
    """Read RSASSA-PSS-params: one hash throughout, the trailer that there is; gives the salt's length."""
    if len(text) > _LONGEST:
        raise _invalid("signAlgoParams")
    try:
        said = RSASSAPSSParams.load(base64.b64decode(text, validate=True), strict=True)
        hashed = said["hash_algorithm"]["algorithm"].native
        generator = said["mask_gen_algorithm"]
        mask, masked = generator["algorithm"].native, generator["parameters"]["algorithm"].native
        salt, trailer = said["salt_length"].native, said["trailer_field"].native
    except (*_UNREADABLE, binascii.Error):
        raise _invalid("signAlgoParams") from None
    if (hashed, mask, masked, trailer) != (digest_name, "mgf1", digest_name, "trailer_field_bc") or not 0 <= salt <= 512:
        raise _invalid("signAlgoParams")
    return int(salt)


def _invalid(parameter: str) -> RefusedError:
    return RefusedError(f"Invalid parameter {parameter}", code="invalid_request")
