"""Signatures as cards make them, and what is none."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from hypothesis import given, settings
from hypothesis import strategies as st

from idp.signing.mobile_signature import DigestName
from idp.signing.signature import SignatureError, verified

from .cards import certified

HASHES: dict[DigestName, Any] = {"sha256": SHA256(), "sha384": SHA384(), "sha512": SHA512()}


@cache
def key(kind: str) -> Any:
    if kind.startswith("rsa"):
        return rsa.generate_private_key(65537, int(kind[3:]))
    return ed25519.Ed25519PrivateKey.generate() if kind == "ed25519" else ec.generate_private_key(
        {"p256": ec.SECP256R1(), "p384": ec.SECP384R1(), "k256": ec.SECP256K1()}[kind])


@cache
def certificate(kind: str) -> x509.Certificate:
    return certified(key(kind))


def digest(name: DigestName, content: bytes = b"van ban") -> bytes:
    return hashlib.new(name, content).digest()


@pytest.mark.parametrize("name", HASHES)
@pytest.mark.parametrize("kind", ["rsa2048", "rsa3072"])
def test_rfc8017_s8_2_pkcs1(kind: str, name: DigestName) -> None:
    made = key(kind).sign(digest(name), padding.PKCS1v15(), utils.Prehashed(HASHES[name]))
    found = verified(certificate(kind), name, digest(name), made)
    assert (found.octets, found.scheme, found.salt_length) == (made, "rsa-pkcs1", 0)


@pytest.mark.parametrize("salt", [32, 222, 0, 20])
def test_rfc8017_s8_1_pss_and_its_salt(salt: int) -> None:
    made = key("rsa2048").sign(digest("sha256"), padding.PSS(padding.MGF1(SHA256()), salt), utils.Prehashed(SHA256()))
    found = verified(certificate("rsa2048"), "sha256", digest("sha256"), made)
    assert (found.scheme, found.salt_length) == ("rsa-pss", salt)


@pytest.mark.parametrize(("kind", "name"), [("p256", "sha256"), ("p384", "sha384"), ("p256", "sha512")])
def test_rfc3279_s2_2_3_two_numbers_side_by_side_become_der(kind: str, name: DigestName) -> None:
    der = key(kind).sign(digest(name), ec.ECDSA(utils.Prehashed(HASHES[name])))
    r, s = utils.decode_dss_signature(der)
    size = key(kind).key_size // 8
    side = r.to_bytes(size, "big") + s.to_bytes(size, "big")
    assert verified(certificate(kind), name, digest(name), side).octets == der
    assert verified(certificate(kind), name, digest(name), der).octets == der


def test_security_58_another_hash_another_key_another_length() -> None:
    made = key("rsa2048").sign(digest("sha256"), padding.PKCS1v15(), utils.Prehashed(SHA256()))
    point = key("p256").sign(digest("sha256"), ec.ECDSA(utils.Prehashed(SHA256())))
    wrong: list[tuple[str, DigestName, bytes, bytes]] = [
        ("rsa2048", "sha256", digest("sha256", b"another"), made), ("rsa3072", "sha256", digest("sha256"), made),
        ("p256", "sha256", digest("sha256"), made), ("rsa2048", "sha256", digest("sha256"), made[:-1]),
        ("rsa2048", "sha256", digest("sha256"), b"\0" + made), ("rsa2048", "sha512", digest("sha256"), made),
        ("rsa2048", "sha512", digest("sha512"), made), ("rsa2048", "sha256", digest("sha256"), b""),
        ("p256", "sha256", digest("sha256", b"another"), point), ("p256", "sha256", digest("sha256"), b"\0" * 64),
        ("p256", "sha256", digest("sha256"), point + b"\0")]
    for kind, name, hashed, signature in wrong:
        with pytest.raises(SignatureError):
            verified(certificate(kind), name, hashed, signature)


def test_keys_that_sign_no_documents() -> None:
    small = key("rsa1024").sign(digest("sha256"), padding.PKCS1v15(), utils.Prehashed(SHA256()))
    with pytest.raises(SignatureError, match="short"):
        verified(certificate("rsa1024"), "sha256", digest("sha256"), small)
    curve = key("k256").sign(digest("sha256"), ec.ECDSA(utils.Prehashed(SHA256())))
    for kind, made in (("k256", curve), ("ed25519", key("ed25519").sign(digest("sha256")))):
        with pytest.raises(SignatureError, match="another kind"):
            verified(certificate(kind), "sha256", digest("sha256"), made)


@settings(max_examples=100)
@given(st.sampled_from(["rsa2048", "p256"]), st.one_of(st.binary(max_size=80), st.binary(min_size=256, max_size=256)))
def test_whatever_a_card_sends_is_refused(kind: str, made: bytes) -> None:
    with pytest.raises(SignatureError):
        verified(certificate(kind), "sha256", digest("sha256"), made)
