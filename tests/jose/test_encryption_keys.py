"""Keys that applications encrypt to: the newest is shown, the one before still decrypts, older ones are gone."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, JWKRegistry

from idp.audit import Caller
from idp.errors import ConfigurationError, UnavailableError
from idp.jose import jwe
from idp.jose.encryption_keys import EncryptionKeys
from idp.jose.keyset import ALGORITHMS, ENCRYPTION_ALGORITHMS, KeyRing, StoredKey
from idp.jose.rotation import ROTATION_SECONDS
from tests.fakes.clock import FakeClock
from tests.fakes.key_store import FakeKeyStore
from tests.fakes.sealer import FakeSealer

CALLER = Caller("cli", "test")


class AnotherSealer(FakeSealer):
    """One with another key."""

    def open(self, sealed: bytes, *, context: str) -> bytes:
        raise ConfigurationError("Sealed under another key.", remedy="Restore it.")


class SealerWithout(FakeSealer):
    """One that opens all keys but one."""

    def __init__(self, kid: str) -> None:
        super().__init__()
        self._kid = kid

    def open(self, sealed: bytes, *, context: str) -> bytes:
        if self._kid in context:
            raise ConfigurationError("Sealed under another key.", remedy="Restore it.")
        return super().open(sealed, context=context)


class CountingSealer(FakeSealer):
    """One that counts how often it opens something."""

    opened = 0

    def open(self, sealed: bytes, *, context: str) -> bytes:
        self.opened += 1
        return super().open(sealed, context=context)


class Node:
    def __init__(self, store: FakeKeyStore | None = None, clock: FakeClock | None = None) -> None:
        self.store, self.clock = store or FakeKeyStore(), clock or FakeClock()
        self.ring = KeyRing(self.store, FakeSealer(), self.clock)
        self.keys = EncryptionKeys(self.store, FakeSealer(), self.clock)
        self.keys.ensure(CALLER)

    def published(self) -> dict[str, Any]:
        """Public keys with ``use`` enc, by type."""
        self.ring.reload()
        return {key["kty"]: key for key in json.loads(self.ring.jwks())["keys"] if key["use"] == "enc"}

    def encrypted(self, alg: str = "ECDH-ES", enc: str = "A128GCM", content: str = "hello") -> str:
        jwk = self.published()["RSA" if alg.startswith("RSA") else "EC"]
        return jwe.encrypt(content, JWKRegistry.import_key(jwk), alg=alg, enc=enc)


def stored(node: Node) -> list[StoredKey]:
    return list(node.store.keys())


@pytest.fixture(scope="module")
def node() -> Node:
    return Node()


@pytest.mark.parametrize("alg", jwe.ALGORITHMS)
@pytest.mark.parametrize("enc", jwe.ENCRYPTIONS)
def test_rfc7516_s5_2_what_is_encrypted_to_a_published_key_is_read(node: Node, alg: str, enc: str) -> None:
    assert node.keys.decrypt(node.encrypted(alg, enc, "Nguyễn")) == "Nguyễn"


def test_rfc7517_s4_2_one_key_of_each_kind_is_published_for_encryption_and_no_private_part(node: Node) -> None:
    shown = node.published()
    assert set(shown) == {"RSA", "EC"}
    assert shown["RSA"]["alg"] == "RSA-OAEP-256"
    assert "alg" not in shown["EC"]  # one key for all of ECDH-ES
    assert not {"d", "p", "q", "dp", "dq", "qi"} & {name for key in shown.values() for name in key}
    assert len(json.loads(node.ring.jwks())["keys"]) == len(shown)


def test_the_two_rings_leave_each_others_keys_alone() -> None:
    node = Node()
    node.ring.ensure(CALLER)
    assert {key.alg for key in stored(node)} == {*ALGORITHMS, *ENCRYPTION_ALGORITHMS}
    kids = [key["kid"] for key in node.published().values()]
    node.ring.rotate("ES256", caller=CALLER)
    assert [key["kid"] for key in node.published().values()] == kids
    assert all(key.kid not in kids for key in node.ring.stored() if key.alg in ALGORITHMS)
    for kid in kids:
        assert kid not in {key.kid for key in node.ring.verification().keys}


def test_core_s10_2_1_a_rotation_publishes_another_key_and_the_one_before_still_decrypts() -> None:
    node = Node()
    old = node.encrypted()
    node.keys.rotate("ECDH-ES", caller=CALLER)
    new = node.encrypted()
    assert node.keys.decrypt(old) == node.keys.decrypt(new) == "hello"
    node.keys.rotate("ECDH-ES", caller=CALLER)
    assert node.keys.decrypt(new) == "hello"
    with pytest.raises(jwe.DecryptionError):
        node.keys.decrypt(old)
    assert all(not key.sealed_private for key in stored(node) if key.state == "retired")


def test_an_emergency_leaves_nothing_that_was_ever_published() -> None:
    node = Node()
    old = node.encrypted()
    node.keys.rotate("ECDH-ES", emergency=True, caller=CALLER)
    with pytest.raises(jwe.DecryptionError):
        node.keys.decrypt(old)
    assert node.keys.decrypt(node.encrypted()) == "hello"
    assert sorted(key.state for key in stored(node) if key.alg == "ECDH-ES") == ["active", "next", "removed", "removed"]


def test_the_worker_rotates_one_kind_after_the_other_when_their_time_has_come() -> None:
    node = Node()
    assert node.keys.rotate_due(CALLER) is None
    node.clock.advance(ROTATION_SECONDS)
    assert {node.keys.rotate_due(CALLER), node.keys.rotate_due(CALLER)} == set(ENCRYPTION_ALGORITHMS)
    assert node.keys.rotate_due(CALLER) is None


def test_where_operators_rotate_the_worker_does_not() -> None:
    node = Node()
    keys = EncryptionKeys(node.store, FakeSealer(), node.clock, rotation_seconds=0)
    node.clock.advance(100 * ROTATION_SECONDS)
    assert keys.next_rotation_at("ECDH-ES") is None
    assert keys.rotate_due(CALLER) is None


@pytest.mark.parametrize("alg", jwe.ALGORITHMS)
def test_rfc7516_s4_1_6_a_token_that_names_no_key_is_tried_with_each_that_decrypts(alg: str) -> None:
    node = Node()
    tokens = []
    for _ in range(2):
        jwk = dict(node.published()["RSA" if alg.startswith("RSA") else "EC"])
        del jwk["kid"]
        tokens.append(jwe.encrypt("hello", JWKRegistry.import_key(jwk), alg=alg, enc="A128GCM"))
        assert [node.keys.decrypt(token) for token in tokens] == ["hello"] * len(tokens)
        node.keys.rotate("RSA-OAEP-256" if alg.startswith("RSA") else "ECDH-ES", caller=CALLER)
    with pytest.raises(jwe.DecryptionError):
        node.keys.decrypt(tokens[0])
    assert node.keys.decrypt(tokens[1]) == "hello"


def test_rfc7516_s4_1_6_a_token_that_names_another_key_is_not_tried(node: Node) -> None:
    jwk = {**node.published()["EC"], "kid": "another"}
    with pytest.raises(jwe.DecryptionError):
        node.keys.decrypt(jwe.encrypt("x", JWKRegistry.import_key(jwk), alg="ECDH-ES", enc="A128GCM"))


def test_a_key_is_opened_once() -> None:
    node = Node()
    sealer = CountingSealer()
    keys = EncryptionKeys(node.store, sealer, node.clock)
    token = node.encrypted()
    keys.decrypt(token)
    opened = sealer.opened
    assert [keys.decrypt(token) for _ in range(3)] == ["hello"] * 3
    assert sealer.opened == opened


def test_operators_are_told_when_a_key_is_missing() -> None:
    store = FakeKeyStore()
    with pytest.raises(UnavailableError):
        EncryptionKeys(store, FakeSealer(), FakeClock()).prove()


def test_another_node_reads_with_the_new_key_within_a_second() -> None:
    node = Node()
    other = Node(node.store, node.clock)
    node.keys.rotate("ECDH-ES", caller=CALLER)
    token = node.encrypted()
    node.clock.advance(1)
    assert other.keys.decrypt(token) == "hello"


def test_operators_are_told_when_a_key_does_not_open() -> None:
    node = Node()
    node.keys.prove()
    with pytest.raises(ConfigurationError):
        EncryptionKeys(node.store, AnotherSealer(), node.clock).prove()


def test_keys_that_no_longer_decrypt_are_not_proved() -> None:
    node = Node()
    for _ in range(2):
        node.keys.rotate("ECDH-ES", caller=CALLER)
    assert {key.state for key in stored(node) if key.alg == "ECDH-ES"} == {"next", "active", "retired"}
    node.keys.prove()


@pytest.mark.parametrize("state", ["next", "active"])
@pytest.mark.parametrize("alg", ENCRYPTION_ALGORITHMS)
def test_operators_are_told_of_the_one_key_that_does_not_open(node: Node, alg: str, state: str) -> None:
    kid = next(key.kid for key in stored(node) if (key.alg, key.state) == (alg, state))
    with pytest.raises(ConfigurationError):
        EncryptionKeys(node.store, SealerWithout(kid), node.clock).prove()


def test_a_key_of_somebody_else_opens_nothing(node: Node) -> None:
    kid = node.published()["EC"]["kid"]
    stranger = ECKey.generate_key("P-256", {"kid": kid})
    with pytest.raises(jwe.DecryptionError):
        node.keys.decrypt(jwe.encrypt("x", stranger, alg="ECDH-ES", enc="A128GCM"))


def altered(node: Node, made_with: str, /, **changes: Any) -> str:
    """A token whose header says something else than what it was made with."""
    head, _, rest = node.encrypted(made_with).partition(".")
    header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4))) | changes
    header = {name: value for name, value in header.items() if value is not None}
    return base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode() + "." + rest


@pytest.mark.parametrize("alg", ["RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A128KW"])
@pytest.mark.parametrize("changes", [
    {"alg": "RSA1_5"}, {"alg": "RSA-OAEP"}, {"alg": "dir"}, {"alg": "PBES2-HS256+A128KW", "p2c": 1}, {"alg": None}, {"alg": 5},
    {"alg": ["RSA-OAEP-256"]}, {"enc": "A192GCM"}, {"enc": None}, {"enc": {}}, {"zip": "DEF"}, {"crit": ["exp"]},
    {"jwk": {}}, {"x5c": []}, {"kid": "unknown"}, {"kid": 5}, {"kid": None}, {"epk": "x"}, {"epk": {"kty": "EC"}}, {"epk": None},
    {"epk": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}}, {"epk": {"kty": "OKP", "crv": "X25519", "x": "AA"}},
    {"alg": "RSA-OAEP-256"}, {"alg": "ECDH-ES+A256KW"}, {"enc": "A256GCM"}, {"apu": 5}, {"iv": "x"}], ids=str)
def test_rfc8725_s3_1_a_header_that_says_something_else_is_refused(node: Node, alg: str, changes: dict[str, Any]) -> None:
    if changes == {"alg": alg}:
        return
    with pytest.raises(jwe.DecryptionError) as caught:
        node.keys.decrypt(altered(node, alg, **changes))
    assert caught.value.message.isascii()


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "a.b.c.d.e", "....", "a.b.c.d.e.f", "đ.a.a.a.a", "W10.a.a.a.a",
                                   "e30.a.a.a.a", "x" * 30000, "e30" + ".a" * 4 + "\n"])
def test_rubbish_is_refused(node: Node, token: str) -> None:
    with pytest.raises(jwe.DecryptionError):
        node.keys.decrypt(token)


@given(place=st.integers(0, 4), at=st.integers(0, 400), sign=st.sampled_from("Aa0_-.="))
def test_whatever_is_damaged_is_refused_and_never_breaks(node: Node, place: int, at: int, sign: str) -> None:
    for alg in ("RSA-OAEP-256", "ECDH-ES+A128KW"):
        parts = node.encrypted(alg).split(".")
        part = parts[place]
        at = at % (len(part) + 1)
        parts[place] = part[:at] + sign + part[at + 1:]
        try:
            assert node.keys.decrypt(".".join(parts)) == "hello"  # the last bits of base64url may say nothing
        except jwe.DecryptionError:
            continue
