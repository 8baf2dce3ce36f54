"""What every KeyToken promises, and the key ring on top of it; run on the fake and on SoftHSM."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from joserfc.jwk import JWKRegistry

from idp.errors import ConfigurationError, UnavailableError
from idp.jose import jwt
from idp.jose.keyset import ALGORITHMS, KeyRing, KeyToken, SigningKey
from idp.jose.rotation import DESTROY_AFTER_SECONDS, PUBLISHED_FIRST_SECONDS, ROTATION_SECONDS
from idp.jose.signing_key import PublicKey, describe, make_key, open_key

from ..fakes.clock import FakeClock
from ..fakes.key_store import FakeKeyStore
from ..fakes.sealer import FakeSealer
from .key_store import CALLER


def signs(token: KeyToken, uri: str, jwk: dict[str, Any]) -> bool:
    """Sign with a key of a token and verify with its public JWK."""
    key = SigningKey(jwk["kid"], jwk["alg"], token.open(uri, jwk))
    signed = jwt.sign({"exp": 60}, key, typ="JWT")
    return bool(jwt.verify(signed, JWKRegistry.import_key(jwk), algorithms=[jwk["alg"]], typ="JWT", issuer=None, audience=None,
                           now=0))


class Noting:
    """A token that notes what it makes."""

    def __init__(self, token: KeyToken) -> None:
        self._token, self.made = token, list[str]()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._token, name)

    def make(self, alg: str) -> tuple[str, PublicKey]:
        uri, public = self._token.make(alg)
        self.made.append(uri)
        return uri, public


class KeyTokenContract:
    """Subclasses give the fixtures ``token``, and ``clock``, which the token asks the time."""

    @pytest.fixture
    def store(self) -> FakeKeyStore:
        return FakeKeyStore()

    @pytest.fixture
    def new_ring(self, token: KeyToken, store: FakeKeyStore, clock: FakeClock) -> Callable[..., KeyRing]:
        def ring(**more: Any) -> KeyRing:
            return KeyRing(store, FakeSealer(), clock, **{"token": token, "new_in_token": True, **more})

        return ring

    @pytest.fixture
    def ring(self, new_ring: Callable[..., KeyRing]) -> KeyRing:
        ring = new_ring()
        ring.ensure(CALLER)
        return ring

    @pytest.mark.parametrize("alg", ALGORITHMS)
    def test_what_the_token_signs_verifies_with_the_public_key(self, token: KeyToken, alg: str) -> None:
        assert token.makes(alg)
        uri, public = token.make(alg)
        assert uri.startswith("pkcs11:token=")
        assert signs(token, uri, describe(public, alg))

    def test_nothing_private_can_be_read_from_the_object_that_signs(self, token: KeyToken) -> None:
        for alg in ALGORITHMS:
            uri, public = token.make(alg)
            key = token.open(uri, describe(public, alg))
            assert not key.is_private
            assert key.private_key is None
            assert not {"d", "p", "q", "dp", "dq", "qi"} & key.as_dict().keys()
            with pytest.raises(ValueError, match="not a private key"):
                key.as_dict(private=True)

    def test_a_key_is_held_until_it_is_destroyed_and_then_signs_no_more(self, token: KeyToken) -> None:
        uri, public = token.make("ES256")
        jwk = describe(public, "ES256")
        assert token.holds(uri)
        for _ in range(2):
            token.destroy(uri)
            assert not token.holds(uri)
        with pytest.raises(UnavailableError):
            signs(token, uri, jwk)

    @pytest.mark.parametrize("alg", ALGORITHMS)
    def test_a_signature_of_another_key_never_leaves(self, token: KeyToken, alg: str) -> None:
        uri, _public = token.make(alg)
        _uri, other = token.make(alg)
        with pytest.raises(UnavailableError):
            signs(token, uri, describe(other, alg))

    def test_threads_sign_beside_each_other(self, token: KeyToken) -> None:
        made = [(uri, describe(public, alg)) for alg in ALGORITHMS for uri, public in [token.make(alg)]]
        results: list[object] = []

        def work() -> None:
            for _ in range(5):
                for uri, jwk in made:
                    try:
                        results.append(signs(token, uri, jwk))
                    except Exception as err:
                        results.append(err)

        threads = [threading.Thread(target=work) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert results == [True] * (6 * 5 * len(ALGORITHMS))

    def test_the_token_tells_what_it_is(self, token: KeyToken) -> None:
        assert token.check()

    # The ring on top of it

    def test_the_ring_makes_keys_in_the_token_and_signs_with_them(self, ring: KeyRing) -> None:
        assert {(key.place, key.sealed_private) for key in ring.stored()} == {("pkcs11", b"")}
        for alg in ALGORITHMS:
            ring.prove(alg)
        assert {key["alg"] for key in json.loads(ring.jwks())["keys"]} == set(ALGORITHMS)

    def test_another_process_signs_with_the_same_keys(self, ring: KeyRing, new_ring: Callable[..., KeyRing]) -> None:
        other = new_ring()
        for alg in ALGORITHMS:
            other.prove(alg)
            assert other.signing(alg).kid == ring.signing(alg).kid

    def test_a_key_that_signs_no_more_is_destroyed_when_every_process_knows(
            self, ring: KeyRing, token: KeyToken, clock: FakeClock) -> None:
        old = {key.alg: key for key in ring.stored() if key.state == "active"}
        ring.rotate("RS256", caller=CALLER)
        ring.rotate("ES256", emergency=True, caller=CALLER)
        assert ring.destroy_spent(CALLER) == 0
        assert token.holds(old["RS256"].token_uri)
        clock.advance(DESTROY_AFTER_SECONDS + 1)
        assert ring.destroy_spent(CALLER) == 2
        assert not any(token.holds(old[alg].token_uri) for alg in ("RS256", "ES256"))
        assert token.holds(old["PS256"].token_uri)
        assert {key.place for key in ring.stored() if key.state in ("retired", "removed")} == {""}
        assert ring.destroy_spent(CALLER) == 0

    def test_keys_move_into_the_token_by_themselves_and_no_relying_party_notices(
            self, new_ring: Callable[..., KeyRing], clock: FakeClock) -> None:
        before = new_ring(new_in_token=False)
        before.ensure(CALLER)
        ring, clock_at_start = new_ring(), clock.now()
        while {key.place for key in ring.stored() if key.state in ("active", "next")} != {"pkcs11"}:
            published = ring.jwks().decode()
            clock.advance(PUBLISHED_FIRST_SECONDS // 2 + 1)
            rotated = ring.rotate_due(CALLER)
            assert rotated is None or ring.signing(rotated).kid in published
            assert clock.now() - clock_at_start < 20 * PUBLISHED_FIRST_SECONDS
        for alg in ALGORITHMS:
            ring.prove(alg)
            assert ring.next_rotation_at(alg) > clock.now() + ROTATION_SECONDS // 2

    def test_and_out_of_it_again(self, ring: KeyRing, new_ring: Callable[..., KeyRing], clock: FakeClock) -> None:
        after = new_ring(new_in_token=False)
        for _ in range(4 * len(ALGORITHMS)):
            clock.advance(PUBLISHED_FIRST_SECONDS)
            after.rotate_due(CALLER)
        assert {key.place for key in after.stored() if key.state in ("active", "next")} == {"database"}
        for alg in ALGORITHMS:
            after.prove(alg)

    def test_without_the_token_configured_everything_but_signing_goes_on(
            self, ring: KeyRing, store: FakeKeyStore, clock: FakeClock) -> None:
        without = KeyRing(store, FakeSealer(), clock)
        assert without.jwks() == ring.jwks()
        assert len(without.verification().keys) == 2 * len(ALGORITHMS)
        with pytest.raises(ConfigurationError, match="lies in a PKCS #11 token, and none is configured"):
            without.signing("ES256")

    def test_what_came_too_late_to_be_stored_is_not_left_in_the_token(
            self, ring: KeyRing, new_ring: Callable[..., KeyRing], token: KeyToken) -> None:
        noting = Noting(token)
        late = new_ring(token=noting)
        late.ensure(CALLER)
        seen = late._current()
        ring.rotate("ES256", caller=CALLER)
        assert late._rotate(seen, ("ES256",), emergency=False, caller=CALLER) is False
        (uri,) = noting.made
        assert uri not in {key.token_uri for key in ring.stored()}
        assert not token.holds(uri)

    def test_opening_a_key_asks_nothing_of_the_token(self, token: KeyToken) -> None:
        stored = make_key("RS256", "active", now=5, sealer=FakeSealer(), token=token)
        self.break_it(token)
        key = open_key(stored, sealer=FakeSealer(), token=token)
        assert (key.kid, key.alg, key.key.kid) == (stored.kid, "RS256", stored.kid)
        with pytest.raises(UnavailableError):
            jwt.sign({"exp": 1}, key, typ="JWT")

    def break_it(self, token: Any) -> None:
        """Make the device fail from now on."""
        raise NotImplementedError
