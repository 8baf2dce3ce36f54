"""Key ring over a store in memory."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from joserfc.jwk import JWKRegistry

from idp.errors import ConfigurationError, UnavailableError
from idp.jose.keyset import ALGORITHMS, KeyRing, KeyStore, StoredKey

from ..contracts.key_store import CALLER, KeyStoreContract
from ..fakes.clock import FakeClock
from ..fakes.key_store import FakeKeyStore
from ..fakes.sealer import FakeSealer


class TestFakeKeyStore(KeyStoreContract):
    @pytest.fixture
    def new_store(self) -> Callable[[], KeyStore]:
        store = FakeKeyStore()
        return lambda: store


@pytest.fixture
def store() -> FakeKeyStore:
    return FakeKeyStore()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def ring(store: FakeKeyStore, clock: FakeClock) -> KeyRing:
    ring = KeyRing(store, FakeSealer(), clock)
    ring.ensure(CALLER)
    return ring


def key_of(ring: KeyRing, state: str) -> StoredKey:
    return next(key for key in ring.stored() if key.alg == "ES256" and key.state == state)


def test_rfc7517_jwks_holds_public_members_only(ring: KeyRing) -> None:
    keys = json.loads(ring.jwks())["keys"]
    assert len(keys) == 2 * len(ALGORITHMS)
    for key in keys:
        assert set(key) - {"kty", "kid", "alg", "use"} == {
            "EC": {"crv", "x", "y"}, "RSA": {"n", "e"}, "OKP": {"crv", "x"}}[key["kty"]]
        assert key["use"] == "sig"


def test_rfc7638_kid_is_the_thumbprint_and_unique(ring: KeyRing) -> None:
    keys = json.loads(ring.jwks())["keys"]
    assert len({key["kid"] for key in keys}) == len(keys)
    for key in keys:
        assert JWKRegistry.import_key({name: value for name, value in key.items() if name != "kid"}).thumbprint() == key["kid"]


def test_rfc7518_s3_3_rsa_keys_have_2048_bits_and_ec_keys_are_p256(ring: KeyRing) -> None:
    for alg in ("RS256", "PS256"):
        private = ring.signing(alg).key.private_key
        assert private.key_size == 2048
        assert private.private_numbers().public_numbers.e == 65537
    assert ring.signing("ES256").key.private_key.curve.name == "secp256r1"


def test_rfc8037_s2_an_eddsa_key_is_an_okp_on_ed25519(ring: KeyRing) -> None:
    members = ring.signing("EdDSA").key.as_dict(private=False)
    assert (members["kty"], members["crv"], members["alg"]) == ("OKP", "Ed25519", "EdDSA")


def test_process_that_began_before_the_first_keys_signs_in_every_thread(store: FakeKeyStore, clock: FakeClock) -> None:
    early = KeyRing(store, FakeSealer(), clock)
    early.reload()
    KeyRing(store, FakeSealer(), clock).ensure(CALLER)
    # Without the clock moving, every look at the version has been done for this second: as for a thread beside one that loads.
    assert early.signing("RS256").alg == "RS256"


def test_verification_keys_are_public(ring: KeyRing) -> None:
    assert not any(key.is_private for key in ring.verification())


def test_key_objects_are_parsed_once_and_kept_over_a_reload(ring: KeyRing) -> None:
    before = ring.signing("RS256")
    ring.reload()
    assert ring.signing("RS256") is before


def test_etag_changes_with_the_document_and_only_with_it(ring: KeyRing, clock: FakeClock) -> None:
    document, etag = ring.published()
    ring.reload()
    clock.advance(5)
    assert ring.published() == (document, etag)
    assert etag.startswith('"')
    assert etag.endswith('"')
    ring.rotate(caller=CALLER)
    assert ring.published()[1] != etag


def test_the_version_is_looked_at_once_a_second(ring: KeyRing, store: FakeKeyStore, clock: FakeClock) -> None:
    ring.signing("ES256")
    before = store.looks
    for _ in range(50):
        ring.signing("ES256")
    assert store.looks == before
    clock.advance(1)
    for _ in range(50):
        ring.jwks()
    assert store.looks == before + 1


def test_a_clock_that_jumps_back_does_not_stop_the_looks(ring: KeyRing, store: FakeKeyStore, clock: FakeClock) -> None:
    before = store.looks
    clock.advance(-600)
    ring.signing("ES256")
    assert store.looks == before + 1


def test_keys_last_seen_stay_while_the_database_is_down(ring: KeyRing, store: FakeKeyStore, clock: FakeClock) -> None:
    kid, document = ring.signing("ES256").kid, ring.jwks()
    store.down = True
    clock.advance(10)
    assert (ring.signing("ES256").kid, ring.jwks()) == (kid, document)


def test_without_any_keys_seen_a_database_that_is_down_is_told(store: FakeKeyStore, clock: FakeClock) -> None:
    store.down = True
    with pytest.raises(UnavailableError):
        KeyRing(store, FakeSealer(), clock).jwks()


def test_signing_without_keys_names_the_remedy(store: FakeKeyStore, clock: FakeClock) -> None:
    with pytest.raises(ConfigurationError, match="no active ES256 key"):
        KeyRing(store, FakeSealer(), clock).signing("ES256")


def test_a_private_part_in_another_rows_place_is_refused(ring: KeyRing, store: FakeKeyStore, clock: FakeClock) -> None:
    active, waiting = key_of(ring, "active"), key_of(ring, "next")
    store.put(replace(active, sealed_private=waiting.sealed_private))
    with pytest.raises(ConfigurationError):
        KeyRing(store, FakeSealer(), clock).signing("ES256")


def test_a_private_part_that_is_not_its_kids_is_refused(ring: KeyRing, store: FakeKeyStore, clock: FakeClock) -> None:
    sealer = FakeSealer()
    active, waiting = key_of(ring, "active"), key_of(ring, "next")
    other = sealer.open(waiting.sealed_private, context=f"signing_key:{waiting.kid}")
    store.put(replace(active, sealed_private=sealer.seal(other, context=f"signing_key:{active.kid}")))
    with pytest.raises(ConfigurationError, match="does not fit its kid"):
        KeyRing(store, sealer, clock).signing("ES256")


def test_keys_of_an_algorithm_that_a_later_release_added_are_published_and_left_alone(
        ring: KeyRing, store: FakeKeyStore, clock: FakeClock) -> None:
    store.put(StoredKey("later", "ML-DSA-65", "active", '{"kty":"AKP","kid":"later"}', b"sealed in another way", 5))
    ring.reload()
    assert {"kty": "AKP", "kid": "later"} in json.loads(ring.jwks())["keys"]
    ring.rotate(caller=CALLER)
    assert next(key for key in ring.stored() if key.kid == "later").state == "active"


def test_every_active_key_proves_that_it_signs(ring: KeyRing) -> None:
    for alg in ALGORITHMS:
        ring.prove(alg)


def test_every_algorithm_signs_with_its_own_key(ring: KeyRing) -> None:
    for alg in ALGORITHMS:
        key = ring.signing(alg)
        assert (key.alg, key.key.kid, key.key.get("alg")) == (alg, key.kid, alg)
