"""SIMs: their keys, what they sign, and their PIN.

Spec: RFC 8017 §8.1, §8.2 (RSA; with PSS the salt has 32 octets), FIPS 186-5 (ECDSA; a card answers ``r`` and ``s`` one
after the other, without DER). A card is given a hash and never a document. Three wrong PINs in a row block the PIN, ten wrong
PUKs the card.
"""

from __future__ import annotations

import hmac
import sqlite3
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

KINDS = ("rsa-2048", "rsa-3072", "rsa-2048-pss", "p-256")
HASHES: dict[str, hashes.HashAlgorithm] = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
PIN_TRIES, PUK_TRIES = 3, 10
SALT = 32


def new_key(kind: str) -> bytes:
    """Make a key, as PKCS #8.

    Raises:
        ValueError: there is no such kind.
    """
    if kind not in KINDS:
        raise ValueError(f"no kind of key {kind!r}; there are {', '.join(KINDS)}")
    key: Any = (ec.generate_private_key(ec.SECP256R1()) if kind == "p-256" else
                rsa.generate_private_key(65537, int(kind.split("-")[1])))
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def public_key(key: bytes) -> bytes:
    """Give the public half, as SubjectPublicKeyInfo."""
    return _loaded(key).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def sign(kind: str, key: bytes, hash_name: str, digest: bytes) -> bytes:
    """Sign a hash as this kind of card does."""
    private = _loaded(key)
    algorithm = Prehashed(HASHES[hash_name])
    if kind == "p-256":
        r, s = decode_dss_signature(private.sign(digest, ec.ECDSA(algorithm)))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return private.sign(digest, _padding(kind, hash_name), algorithm)


def verifies(kind: str, public: Any, hash_name: str, digest: bytes, signature: bytes) -> bool:
    """Tell whether a signature is of this key over this hash."""
    algorithm = Prehashed(HASHES[hash_name])
    try:
        if kind == "p-256":
            half = len(signature) // 2
            pair = encode_dss_signature(int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big"))
            public.verify(pair, digest, ec.ECDSA(algorithm))
        else:
            public.verify(signature, digest, _padding(kind, hash_name), algorithm)
    except InvalidSignature:
        return False
    return True


def _loaded(key: bytes) -> Any:
    # Our own file: to prove the primes again at each signature takes longer than everything else.
    return load_der_private_key(key, None, unsafe_skip_rsa_key_validation=True)


def _padding(kind: str, hash_name: str) -> Any:
    if kind == "rsa-2048-pss":
        return padding.PSS(mgf=padding.MGF1(HASHES[hash_name]), salt_length=SALT)
    return padding.PKCS1v15()


def is_pin(text: str) -> bool:
    """Tell whether a text is four to eight digits."""
    return text.isascii() and text.isdigit() and 4 <= len(text) <= 8


def try_pin(database: sqlite3.Connection, card: sqlite3.Row, pin: str) -> str:
    """Take a PIN: ``right``, ``wrong`` or ``blocked``; counted before it is looked at."""
    if card["pin_left"] <= 0:
        return "blocked"
    if hmac.compare_digest(card["pin"].encode(), pin.encode()):
        database.execute("UPDATE card SET pin_left = ? WHERE iccid = ?", (PIN_TRIES, card["iccid"]))
        return "right"
    database.execute("UPDATE card SET pin_left = pin_left - 1 WHERE iccid = ?", (card["iccid"],))
    return "wrong" if card["pin_left"] > 1 else "blocked"


def try_puk(database: sqlite3.Connection, card: sqlite3.Row, puk: str, new_pin: str) -> str:
    """Take a PUK and a new PIN: ``right``, ``wrong``, ``blocked``, or ``bad_pin`` for a PIN that is none."""
    if not is_pin(new_pin):
        return "bad_pin"
    if card["puk_left"] <= 0:
        return "blocked"
    if hmac.compare_digest(card["puk"].encode(), puk.encode()):
        database.execute("UPDATE card SET pin = ?, pin_left = ?, puk_left = ? WHERE iccid = ?",
                         (new_pin, PIN_TRIES, PUK_TRIES, card["iccid"]))
        return "right"
    database.execute("UPDATE card SET puk_left = puk_left - 1 WHERE iccid = ?", (card["iccid"],))
    return "wrong" if card["puk_left"] > 1 else "blocked"
