"""Checklist 13: the JWK Set has no private or symmetric material, every kid once, and a key before it is used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from idp.adapters.key_files import KeyFolder
from idp.adapters.sql.database import Database
from idp.adapters.sql.keys import SqlKeyStore
from idp.jose.keyset import ALGORITHMS, KeyRing

from ..contracts.key_store import CALLER
from ..fakes.clock import FakeClock

PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "oth", "k", "r", "t"}


@pytest.fixture
def ring(database: Database, tmp_path: Path) -> KeyRing:
    keys = KeyFolder(tmp_path / "keys")
    keys.make()
    ring = KeyRing(SqlKeyStore(database), keys.sealer(), FakeClock())
    ring.ensure(CALLER)
    return ring


def published(ring: KeyRing) -> list[dict[str, str]]:
    keys: list[dict[str, str]] = json.loads(ring.jwks())["keys"]
    return keys


def test_line_13_public_keys_only_and_every_kid_once(ring: KeyRing) -> None:
    for emergency in (False, False, True):
        keys = published(ring)
        assert not any(PRIVATE & set(key) for key in keys)
        assert {key["kty"] for key in keys} == {"EC", "RSA", "OKP"}
        assert len({key["kid"] for key in keys}) == len(keys)
        ring.rotate(emergency=emergency, caller=CALLER)


def test_line_13_rotation_publishes_before_use_and_keeps_the_old_key(ring: KeyRing) -> None:
    before = {key["kid"] for key in published(ring)}
    old = {ring.signing(alg).kid for alg in ALGORITHMS}
    ring.rotate(caller=CALLER)
    assert {ring.signing(alg).kid for alg in ALGORITHMS} <= before - old
    assert old <= {key["kid"] for key in published(ring)}
