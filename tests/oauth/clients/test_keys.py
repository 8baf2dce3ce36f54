"""RFC 7517: which keys an application may publish, and how they are found."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc.jwk import ECKey, OctKey, RSAKey

from idp.errors import RefusedError, UnavailableError
from idp.oauth.clients.keys import (
    FRESH_SECONDS,
    MOST_KEYS,
    REPEAT_SECONDS,
    STALE_SECONDS,
    ClientKeys,
    InvalidKeysError,
    read_jwks,
)
from tests.fakes.client_keys import jwks_of, pair
from tests.fakes.clock import FakeClock
from tests.provider import REGISTERED

URI = "https://a.example/jwks"
BY_VALUE = replace(REGISTERED, jwks=jwks_of(pair("ES256"), pair("RS256")))
BY_URI = replace(REGISTERED, jwks_uri=URI)


class World:
    """One address, and how often it was asked."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.content: bytes | Exception = jwks_of(pair("ES256")).encode()
        self.asked = 0
        self.keys = ClientKeys(self._fetch, self.clock)

    def _fetch(self, url: str) -> bytes:
        assert url == URI
        self.asked += 1
        if isinstance(self.content, Exception):
            raise self.content
        return self.content

    def kids(self, alg: str = "ES256", kid: str | None = None) -> list[str | None]:
        return [key.kid for key in self.keys.verifying(BY_URI, alg=alg, kid=kid)]


@pytest.fixture
def world() -> World:
    return World()


def public(key: Any, **changes: Any) -> dict[str, Any]:
    members = {**key.as_dict(private=False), **changes}
    return {name: value for name, value in members.items() if value is not None}


def test_rfc7517_s5_keys_of_unknown_types_are_left_out() -> None:
    strange = [{"kty": "ZZ"}, {"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA"}, {"kty": "OKP", "crv": "Ed448", "x": "AA"}]
    assert [key.kid for key in read_jwks({"keys": [*strange, public(pair("ES256"))]})] == ["ES256-0"]


@pytest.mark.parametrize(("document", "word"), [
    (None, "JWK Set"), ([], "JWK Set"), ("x", "JWK Set"), ({}, "JWK Set"), ({"keys": {}}, "JWK Set"),
    ({"keys": ["x"]}, "JWK Set"),
    ({"keys": [{"kty": "ZZ"}] * (MOST_KEYS + 1)}, "more than"),
    ({"keys": [pair("ES256").as_dict(private=True)]}, "private"),
    ({"keys": [pair("RS256").as_dict(private=True)]}, "private"),
    ({"keys": [OctKey.generate_key(256).as_dict(private=True)]}, "symmetric"),
    ({"keys": [{"kty": "oct"}]}, "symmetric"),
    ({"keys": [public(pair("ES256")), public(pair("ES256", 1), kid="ES256-0")]}, "same kid"),
    ({"keys": [public(pair("ES256"), kid=1)]}, "texts"), ({"keys": [public(pair("ES256"), use=["sig"])]}, "texts"),
    ({"keys": [public(pair("ES256"), kid="")]}, "kid"), ({"keys": [public(pair("ES256"), kid="x" * 256)]}, "kid"),
    ({"keys": [public(pair("ES256"), kid="a\nb")]}, "kid"),
    ({"keys": [public(pair("ES256"), x="AAAA")]}, "well formed"), ({"keys": [public(pair("ES256"), y=None)]}, "well formed"),
    ({"keys": [public(pair("RS256"), n="!")]}, "well formed"), ({"keys": [public(pair("EdDSA"), x="AA")]}, "well formed"),
])
def test_what_is_no_set_of_sound_public_keys_is_refused(document: Any, word: str) -> None:
    with pytest.raises(InvalidKeysError) as caught:
        read_jwks(document)
    assert word in caught.value.message
    assert caught.value.message.isascii()


def test_rfc8725_s3_5_small_rsa_keys_are_refused() -> None:
    small = RSAKey.generate_key(1024, {"kid": "small"})
    with pytest.raises(InvalidKeysError, match="2048"):
        read_jwks({"keys": [public(small)]})


def test_security_10_a_certificate_in_the_key_is_not_looked_at() -> None:
    found, = read_jwks({"keys": [public(pair("ES256"), x5c=["rubbish"], x5u="https://evil.example", key_ops=["sign"])]})
    assert found.thumbprint() == pair("ES256").thumbprint()


json_values = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=20), lambda inner: st.lists(
    inner, max_size=4) | st.dictionaries(st.sampled_from(["keys", "kty", "crv", "n", "e", "x", "y", "kid", "use", "alg"]), inner,
                                         max_size=6), max_leaves=12)
key_members = st.fixed_dictionaries({"kty": st.sampled_from(["EC", "RSA", "OKP"])}, optional={
    "crv": st.sampled_from(["P-256", "P-384", "Ed25519", "X25519", "?"]), "x": st.text(max_size=60), "y": st.text(max_size=60),
    "n": st.text(max_size=80), "e": st.text(max_size=8), "kid": st.text(max_size=8)})


@settings(max_examples=400)
@given(json_values | st.fixed_dictionaries({"keys": st.lists(json_values | key_members, max_size=3)}))
def test_any_json_is_read_or_refused(document: Any) -> None:
    with contextlib.suppress(InvalidKeysError):
        read_jwks(document)


def test_keys_by_value_are_chosen_by_type_use_alg_and_kid(world: World) -> None:
    def choose(client: Any, alg: str, kid: str | None = None) -> list[str | None]:
        return [key.kid for key in world.keys.verifying(client, alg=alg, kid=kid)]

    assert choose(BY_VALUE, "ES256") == ["ES256-0"]
    assert choose(BY_VALUE, "RS256", "RS256-0") == ["RS256-0"]
    assert choose(BY_VALUE, "RS256", "ES256-0") == []
    assert choose(BY_VALUE, "PS256") == []  # the RSA key says RS256
    assert choose(BY_VALUE, "EdDSA") == choose(BY_VALUE, "HS256") == choose(BY_VALUE, "none") == []
    free = replace(BY_VALUE, jwks=json.dumps({"keys": [public(pair("RS256"), alg=None, use=None),
                                                       public(ECKey.generate_key("P-384"), kid="384")]}))
    assert choose(free, "PS256") == choose(free, "RS256") == ["RS256-0"]
    assert choose(free, "ES256") == []
    assert choose(REGISTERED, "ES256") == []
    assert world.asked == 0


def test_a_changed_registration_is_seen_at_once(world: World) -> None:
    world.keys.verifying(BY_VALUE, alg="ES256", kid=None)
    changed = replace(BY_VALUE, jwks=jwks_of(pair("ES256", 1)))
    assert [key.kid for key in world.keys.verifying(changed, alg="ES256", kid=None)] == ["ES256-1"]


def test_encryption_takes_keys_that_are_not_for_signatures(world: World) -> None:
    enc = public(RSAKey.generate_key(2048), kid="enc", use="enc", alg=None)
    agree = public(ECKey.generate_key("P-256"), kid="agree", use="enc", alg=None)
    client = replace(REGISTERED, jwks=json.dumps({"keys": [public(pair("RS256")), enc, agree]}))
    rsa, elliptic = (world.keys.encrypting(client, alg=alg) for alg in ("RSA-OAEP-256", "ECDH-ES"))
    assert (rsa and rsa.kid, elliptic and elliptic.kid) == ("enc", "agree")
    assert world.keys.encrypting(BY_VALUE, alg="RSA-OAEP-256") is None
    assert world.keys.encrypting(BY_VALUE, alg="RSA1_5") is None


def test_a_document_is_fetched_once_and_again_when_it_is_old(world: World) -> None:
    assert world.kids() == world.kids() == ["ES256-0"]
    world.clock.advance(FRESH_SECONDS - 1)
    assert world.kids() == ["ES256-0"]
    assert world.asked == 1
    world.content = jwks_of(pair("ES256", 1)).encode()
    world.clock.advance(1)
    assert world.kids() == ["ES256-1"]
    assert world.asked == 2


def test_oidc_core_s10_1_1_an_unknown_kid_fetches_again_but_not_all_the_time(world: World) -> None:
    assert world.kids(kid="ES256-0") == ["ES256-0"]
    world.content = jwks_of(pair("ES256", 1)).encode()
    assert world.kids(kid="ES256-1") == []
    assert world.asked == 1
    world.clock.advance(REPEAT_SECONDS)
    assert world.kids(kid="ES256-1") == ["ES256-1"]
    for number in range(50):
        assert world.kids(kid=f"invented-{number}") == []
    assert world.asked == 2


@pytest.mark.parametrize("trouble", [
    UnavailableError("No connection.", dependency="receiver"), RefusedError("The host has an address that is not allowed."),
    b"not json", b"[" * 40_000, b"\xff", b"{}", b'{"keys": []}' + b" " * 40_000,
    json.dumps({"keys": [pair("ES256").as_dict(private=True)]}).encode()])
def test_a_document_that_cannot_be_had_is_told_apart_from_a_wrong_key(world: World, trouble: Any) -> None:
    good, world.content = world.content, trouble
    for _ in range(3):
        with pytest.raises(UnavailableError) as caught:
            world.kids()
        assert caught.value.dependency == "jwks_uri"
    assert world.asked == 1  # a server in trouble is not asked by every request
    world.content = good
    world.clock.advance(REPEAT_SECONDS)
    assert world.kids() == ["ES256-0"]


def test_the_last_good_document_bridges_an_outage_of_an_hour(world: World) -> None:
    assert world.kids() == ["ES256-0"]
    world.content = UnavailableError("No connection.", dependency="receiver")
    world.clock.advance(STALE_SECONDS - 1)
    assert world.kids() == ["ES256-0"]
    world.clock.advance(1)
    with pytest.raises(UnavailableError):
        world.kids()
