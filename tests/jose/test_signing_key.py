"""Private parts in a token in memory: what the ring does where the device cannot, or does not answer."""

from __future__ import annotations

import pytest

from idp.errors import UnavailableError
from idp.jose.keyset import ALGORITHMS, KeyRing
from idp.jose.rotation import DESTROY_AFTER_SECONDS, ROTATION_SECONDS
from tests.contracts.key_store import CALLER, at_once
from tests.contracts.key_token import KeyTokenContract
from tests.fakes.clock import FakeClock
from tests.fakes.key_store import FakeKeyStore
from tests.fakes.key_token import FakeKeyToken
from tests.fakes.sealer import FakeSealer


class TestFakeKeyToken(KeyTokenContract):
    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    @pytest.fixture
    def token(self) -> FakeKeyToken:
        return FakeKeyToken()

    def break_it(self, token: FakeKeyToken) -> None:
        token.down = True


def ring_over(token: FakeKeyToken, clock: FakeClock) -> KeyRing:
    ring = KeyRing(FakeKeyStore(), FakeSealer(), clock, token=token, new_in_token=True)
    ring.ensure(CALLER)
    return ring


def test_an_algorithm_that_the_token_cannot_make_is_sealed_in_the_database_and_stays_there() -> None:
    token, clock = FakeKeyToken(("ES256", "RS256", "PS256")), FakeClock()
    ring = ring_over(token, clock)
    assert {key.alg for key in ring.stored() if key.place == "database"} == {"EdDSA"}
    ring.prove("EdDSA")
    clock.advance(ROTATION_SECONDS // 2)
    assert ring.rotate_due(CALLER) is None
    clock.advance(ROTATION_SECONDS // 2)
    assert {ring.rotate_due(CALLER) for _ in ALGORITHMS} == set(ALGORITHMS)
    assert {key.place for key in ring.stored() if key.alg == "EdDSA" and key.state == "active"} == {"database"}


def test_a_token_that_is_away_stops_signatures_and_rotations_and_nothing_else() -> None:
    token, clock = FakeKeyToken(), FakeClock()
    ring = ring_over(token, clock)
    published, stored = ring.jwks(), ring.stored()
    token.down = True
    clock.advance(ROTATION_SECONDS)
    with pytest.raises(UnavailableError):
        ring.prove("RS256")
    with pytest.raises(UnavailableError):
        ring.rotate_due(CALLER)
    assert (ring.jwks(), ring.stored()) == (published, stored)
    assert ring.next_rotation_at("RS256") == clock.now()
    token.down = False
    assert ring.rotate_due(CALLER) is not None


def test_private_parts_that_could_not_be_destroyed_are_destroyed_later() -> None:
    token, clock = FakeKeyToken(), FakeClock()
    ring = ring_over(token, clock)
    ring.rotate(emergency=True, caller=CALLER)
    clock.advance(DESTROY_AFTER_SECONDS + 1)
    token.down = True
    with pytest.raises(UnavailableError):
        ring.destroy_spent(CALLER)
    assert len(token.keys) == 3 * len(ALGORITHMS)
    token.down = False
    assert ring.destroy_spent(CALLER) == len(ALGORITHMS)
    assert len(token.keys) == 2 * len(ALGORITHMS)


def test_a_token_that_was_lost_is_left_behind_by_two_rotations_in_an_emergency() -> None:
    store, clock = FakeKeyStore(), FakeClock()
    KeyRing(store, FakeSealer(), clock, token=FakeKeyToken(), new_in_token=True).ensure(CALLER)
    after = KeyRing(store, FakeSealer(), clock)
    for _ in range(2):
        after.rotate(emergency=True, caller=CALLER)
    for alg in ALGORITHMS:
        after.prove(alg)
    assert {key.state for key in after.stored() if key.token_uri} == {"removed"}


def test_processes_that_start_at_once_leave_no_key_in_the_token_that_no_row_names() -> None:
    token, clock, store = FakeKeyToken(), FakeClock(), FakeKeyStore()
    rings = [KeyRing(store, FakeSealer(), clock, token=token, new_in_token=True) for _ in range(5)]
    assert at_once(5, lambda: rings.pop().ensure(CALLER)) == [None] * 5
    assert set(token.keys) == {key.token_uri for key in list(store.keys())}
