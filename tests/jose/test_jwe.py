"""RFC 7516, RFC 7518 §4 and §5: what we encrypt is read here by hand, with none of the library that encrypted it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import struct
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap
from joserfc.jwk import ECKey, OKPKey, RSAKey

from idp.jose import jwe
from tests.fakes.client_keys import AnyKey, pair

KEY_BYTES = {"A128CBC-HS256": 32, "A128GCM": 16, "A256GCM": 32}
CONTENT = "Nguyễn Văn Mẫu " * 20


def unbase64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def header_of(token: str) -> dict[str, Any]:
    return dict(json.loads(unbase64(token.split(".")[0])))


def agreed(private: AnyKey, epk: dict[str, str]) -> bytes:
    """ECDH as RFC 6090 and RFC 7748 have it."""
    x = unbase64(epk["x"])
    if isinstance(private, OKPKey):
        key = private.private_key
        assert isinstance(key, X25519PrivateKey)
        return key.exchange(X25519PublicKey.from_public_bytes(x))
    assert isinstance(private, ECKey)
    curve = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}[epk["crv"]]
    numbers = ec.EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(unbase64(epk["y"])), curve)
    return private.private_key.exchange(ec.ECDH(), numbers.public_key())


def derived(secret: bytes, name: str, length: int) -> bytes:
    """Concat KDF, one round or two (RFC 7518 §4.6.2)."""
    info = struct.pack(">I", len(name)) + name.encode() + struct.pack(">III", 0, 0, length * 8)
    rounds = (hashlib.sha256(struct.pack(">I", n) + secret + info).digest() for n in (1, 2))
    return b"".join(rounds)[:length]


def content_key(token: str, private: AnyKey) -> bytes:
    header, wrapped = header_of(token), unbase64(token.split(".")[1])
    if isinstance(private, RSAKey):
        return private.private_key.decrypt(wrapped, padding.OAEP(padding.MGF1(SHA256()), SHA256(), None))
    secret = agreed(private, header["epk"])
    if header["alg"] == "ECDH-ES":
        assert wrapped == b""
        return derived(secret, header["enc"], KEY_BYTES[header["enc"]])
    return aes_key_unwrap(derived(secret, header["alg"], int(header["alg"][9:12]) // 8), wrapped)


def read(token: str, private: AnyKey) -> str:
    """Decrypt a compact JWE (RFC 7516 §5.2)."""
    head, _, *rest = token.split(".")
    iv, text, tag = map(unbase64, rest)
    key, enc = content_key(token, private), header_of(token)["enc"]
    assert len(key) == KEY_BYTES[enc]
    if enc.endswith("GCM"):
        return AESGCM(key).decrypt(iv, text + tag, head.encode()).decode()
    mac = hmac.digest(key[:16], head.encode() + iv + text + struct.pack(">Q", len(head) * 8), "sha256")
    assert hmac.compare_digest(mac[:16], tag)
    decryptor = Cipher(algorithms.AES(key[16:]), modes.CBC(iv)).decryptor()
    padded = decryptor.update(text) + decryptor.finalize()
    return padded[:-padded[-1]].decode()


def public(key: AnyKey) -> AnyKey:
    return type(key).import_key(key.as_dict(private=False))  # type: ignore[return-value]


def receivers(alg: str) -> list[AnyKey]:
    if alg.startswith("RSA"):
        return [pair(alg)]
    return [pair(alg), ECKey.generate_key("P-384"), ECKey.generate_key("P-521"), OKPKey.generate_key("X25519")]


@pytest.mark.parametrize("enc", jwe.ENCRYPTIONS)
@pytest.mark.parametrize("alg", jwe.ALGORITHMS)
def test_rfc7516_s5_1_what_is_encrypted_is_read_by_its_receiver(alg: str, enc: str) -> None:
    for key in receivers(alg):
        token = jwe.encrypt(CONTENT, public(key), alg=alg, enc=enc, cty="JWT")
        assert read(token, key) == CONTENT
        header = header_of(token)
        assert {name: header.get(name) for name in ("alg", "enc", "cty", "kid")} == {
            "alg": alg, "enc": enc, "cty": "JWT", "kid": key.kid}
        assert header.keys() <= {"alg", "enc", "cty", "kid", "epk"}
        assert "d" not in header.get("epk", {})


def test_nothing_is_said_of_the_content_where_nothing_is_to_be_said() -> None:
    assert "cty" not in header_of(jwe.encrypt("{}", public(pair("ECDH-ES")), alg="ECDH-ES", enc="A256GCM"))


def test_the_same_content_is_never_encrypted_alike() -> None:
    key = public(pair("RSA-OAEP-256"))
    made = [jwe.encrypt(CONTENT, key, alg="RSA-OAEP-256", enc="A128CBC-HS256").split(".") for _ in range(3)]
    for part in (1, 2, 3, 4):
        assert len({token[part] for token in made}) == 3


@pytest.mark.parametrize(("alg", "enc"), [
    ("RSA1_5", "A128GCM"), ("RSA-OAEP", "A128GCM"), ("dir", "A128GCM"), ("A128KW", "A128GCM"), ("PBES2-HS256+A128KW", "A128GCM"),
    ("RSA-OAEP-256", "A128CBC"), ("RSA-OAEP-256", "none"), ("none", "A128GCM"), ("", ""),
])
def test_security_12_nothing_beyond_the_lists_can_be_asked_for(alg: str, enc: str) -> None:
    with pytest.raises(KeyError):
        jwe.encrypt("x", public(pair("RSA-OAEP-256")), alg=alg, enc=enc)


def test_rfc8725_s3_2_the_lists_hold_what_is_sound() -> None:
    assert jwe.ALGORITHMS == ("RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW")
    assert jwe.ENCRYPTIONS == ("A128CBC-HS256", "A128GCM", "A256GCM")
