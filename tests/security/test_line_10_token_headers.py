"""Checklist 10 and 12: keys come from our own store, header members never select one, crit is refused, sizes are limited first.

The whole list of refusals is in tests/jose/test_jwt.py; here the same holds for the key ring on both databases.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey

from idp.adapters.key_files import KeyFolder
from idp.adapters.sql.database import Database
from idp.adapters.sql.keys import SqlKeyStore
from idp.jose.jwt import MAX_TOKEN_BYTES, InvalidTokenError, sign, verify
from idp.jose.keyset import ALGORITHMS, KeyRing

from ..contracts.key_store import CALLER
from ..fakes.clock import FakeClock

CLAIMS = {"iss": "https://idp.example", "aud": "qlvb", "exp": 2_000_000_000}


@pytest.fixture
def ring(database: Database, tmp_path: Path) -> KeyRing:
    keys = KeyFolder(tmp_path / "keys")
    keys.make()
    ring = KeyRing(SqlKeyStore(database), keys.sealer(), FakeClock())
    ring.ensure(CALLER)
    return ring


def check(ring: KeyRing, token: str) -> dict[str, Any]:
    return verify(token, ring.verification(), algorithms=ALGORITHMS, typ="JWT", issuer="https://idp.example",
    audience="qlvb",
                  now=1_700_000_000)


def test_line_10_tokens_are_signed_with_asymmetric_keys_of_our_store(ring: KeyRing) -> None:
    for alg in ALGORITHMS:
        assert check(ring, sign(CLAIMS, ring.signing(alg), typ="JWT")) == CLAIMS


@pytest.mark.parametrize("member", ["jwk", "jku", "x5u", "x5c", "crit", "none"])
def test_line_10_header_members_never_select_a_key(ring: KeyRing, member: str) -> None:
    attacker = ECKey.generate_key("P-256")
    ours = ring.signing("ES256").kid
    values: dict[str, Any] = {"jwk": attacker.as_dict(private=False), "jku": "https://evil.example/",
    "x5u": "https://evil.example/",
                              "x5c": ["MIIB"], "crit": ["exp"]}
    header = {"alg": "ES256", "kid": ours, "typ": "JWT", **({member: values[member]} if member in values else {"alg": "none"})}
    text = b".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, CLAIMS))
    signature = jws.JWSRegistry(algorithms=["ES256"]).get_alg("ES256").sign(text, attacker)
    with pytest.raises(InvalidTokenError):
        check(ring, (text + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode())
    with pytest.raises(InvalidTokenError):
        check(ring, text.decode() + ".")


def test_line_12_a_long_token_is_refused_before_it_is_decoded(ring: KeyRing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("idp.jose.jwt.urlsafe_b64decode", lambda value: pytest.fail("decoded"))
    token = sign({**CLAIMS, "x": "y" * MAX_TOKEN_BYTES}, ring.signing("ES256"), typ="JWT")
    with pytest.raises(InvalidTokenError, match="too long"):
        check(ring, token)
