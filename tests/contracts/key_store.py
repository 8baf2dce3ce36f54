"""What every KeyStore promises, and the key ring on top of it; run on the fake and on both databases."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from idp.audit import Caller
from idp.errors import RefusedError
from idp.jose import jwt
from idp.jose.keyset import ALGORITHMS, KeyRing, KeyStore, StoredKey
from idp.jose.rotation import PUBLISHED_FIRST_SECONDS, ROTATION_SECONDS

from ..fakes.clock import FakeClock
from ..fakes.sealer import FakeSealer

CALLER = Caller("cli", "r-1")


def states(ring: KeyRing, alg: str = "ES256") -> dict[str, str]:
    return {key.kid: key.state for key in ring.stored() if key.alg == alg}


def kids(store: KeyStore) -> set[str]:
    return {key.kid for key in list(store.keys())}


def count(ring: KeyRing, alg: str, state: str) -> int:
    return list(states(ring, alg).values()).count(state)


def verified(ring: KeyRing, token: str, clock: FakeClock) -> dict[str, Any]:
    return jwt.verify(token, ring.verification(), algorithms=["ES256"], typ="JWT", issuer=None, audience=None, now=clock.now())


def at_once(number: int, act: Callable[[], object]) -> list[object]:
    """Run an act in many threads that start together; gives results and exceptions."""
    barrier, results = threading.Barrier(number), []

    def run() -> None:
        barrier.wait()
        try:
            results.append(act())
        except Exception as err:
            results.append(err)

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def rotate_due_by_one_of(rings: list[KeyRing]) -> str | None:
    return rings.pop().rotate_due(CALLER)


class KeyStoreContract:
    """Subclasses give the fixture ``new_store``: every call opens the same store as another process would."""

    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    @pytest.fixture
    def new_ring(self, new_store: Callable[[], KeyStore], clock: FakeClock) -> Callable[[], KeyRing]:
        sealer = FakeSealer()
        return lambda: KeyRing(new_store(), sealer, clock)

    @pytest.fixture
    def ring(self, new_ring: Callable[[], KeyRing]) -> KeyRing:
        ring = new_ring()
        ring.ensure(CALLER)
        return ring

    def test_ensure_makes_one_active_and_one_next_key_per_algorithm(self, ring: KeyRing) -> None:
        for alg in ALGORITHMS:
            assert sorted(states(ring, alg).values()) == ["active", "next"]

    def test_ensure_changes_nothing_the_second_time(self, ring: KeyRing) -> None:
        before = ring.stored()
        ring.ensure(CALLER)
        assert ring.stored() == before

    def test_ensure_promotes_a_waiting_key_when_no_key_is_active(self, new_store: Any, clock: FakeClock) -> None:
        ring = KeyRing(new_store(), FakeSealer(), clock)
        waiting = ring._make("ES256", "next")
        store = new_store()
        assert store.add(waiting, version=store.version(), caller=CALLER)
        ring.ensure(CALLER)
        assert states(ring)[waiting.kid] == "active"

    def test_ensure_in_many_processes_at_once_makes_one_set(self, new_ring: Callable[[], KeyRing]) -> None:
        rings = iter([new_ring() for _ in range(6)])
        lock = threading.Lock()

        def start() -> None:
            with lock:
                ring = next(rings)
            ring.ensure(CALLER)

        assert at_once(6, start) == [None] * 6
        seen = new_ring()
        for alg in ALGORITHMS:
            assert sorted(states(seen, alg).values()) == ["active", "next"]

    def test_rotate_lets_next_sign_retires_active_and_publishes_a_new_next(self, ring: KeyRing) -> None:
        before = {alg: states(ring, alg) for alg in ALGORITHMS}
        ring.rotate(caller=CALLER)
        for alg in ALGORITHMS:
            after = states(ring, alg)
            assert sorted(after.values()) == ["active", "next", "retired"]
            for kid, state in before[alg].items():
                assert after[kid] == {"active": "retired", "next": "active"}[state]

    def test_a_key_is_published_before_it_signs(self, ring: KeyRing) -> None:
        for _ in range(2):
            published = ring.jwks().decode()
            ring.rotate(caller=CALLER)
            assert all(ring.signing(alg).kid in published for alg in ALGORITHMS)

    def test_a_retired_key_still_verifies_and_its_private_part_is_wiped(self, ring: KeyRing, clock: FakeClock) -> None:
        old = ring.signing("ES256")
        token = jwt.sign({"exp": clock.now() + 60}, old, typ="JWT")
        ring.rotate(caller=CALLER)
        assert verified(ring, token, clock)
        assert [key.sealed_private for key in ring.stored() if key.state == "retired"] == [b""] * len(ALGORITHMS)
        assert ring.signing("ES256").kid != old.kid

    def test_emergency_removes_every_key_that_ever_signed(self, ring: KeyRing, clock: FakeClock) -> None:
        tokens = [jwt.sign({"exp": clock.now() + 60}, ring.signing("ES256"), typ="JWT")]
        ring.rotate(caller=CALLER)
        tokens.append(jwt.sign({"exp": clock.now() + 60}, ring.signing("ES256"), typ="JWT"))
        ring.rotate(emergency=True, caller=CALLER)
        for token in tokens:
            with pytest.raises(jwt.InvalidTokenError):
                verified(ring, token, clock)
        assert sorted(states(ring).values()) == ["active", "next", "removed", "removed"]
        removed = [key for key in ring.stored() if key.state == "removed"]
        assert all(key.kid not in ring.jwks().decode() and key.sealed_private == b"" for key in removed)

    def test_another_process_sees_a_rotation_within_a_second(self, ring: KeyRing, new_ring: Any, clock: FakeClock) -> None:
        other = new_ring()
        assert other.signing("RS256").kid == ring.signing("RS256").kid
        ring.rotate(emergency=True, caller=CALLER)
        clock.advance(1)
        assert other.signing("RS256").kid == ring.signing("RS256").kid
        assert other.jwks() == ring.jwks()

    def test_rotations_at_once_leave_one_active_and_one_next_key(self, ring: KeyRing, new_ring: Callable[[], KeyRing]) -> None:
        rings = [new_ring() for _ in range(4)]
        for each in rings:
            each.reload()
        todo = iter(rings)
        lock = threading.Lock()

        def rotate() -> object:
            with lock:
                each = next(todo)
            return each.rotate(caller=CALLER)

        results = at_once(4, rotate)
        won = [result for result in results if isinstance(result, tuple)]
        refused = [result for result in results if isinstance(result, RefusedError) and result.code == "conflict"]
        assert won
        assert len(won) + len(refused) == 4
        seen = new_ring()
        for alg in ALGORITHMS:
            assert (count(seen, alg, "active"), count(seen, alg, "next"), count(seen, alg, "retired")) == (1, 1, len(won))

    def test_rotate_of_one_algorithm_leaves_the_others_alone(self, ring: KeyRing) -> None:
        before = {alg: states(ring, alg) for alg in ALGORITHMS}
        ring.rotate("PS256", caller=CALLER)
        ring.rotate("RS256", emergency=True, caller=CALLER)
        assert sorted(states(ring, "PS256").values()) == ["active", "next", "retired"]
        assert sorted(states(ring, "RS256").values()) == ["active", "next", "removed"]
        assert {alg: states(ring, alg) for alg in ("ES256", "EdDSA")} == {alg: before[alg] for alg in ("ES256", "EdDSA")}

    def test_rotate_due_exchanges_one_algorithm_at_a_time_and_only_what_is_due(self, ring: KeyRing, clock: FakeClock) -> None:
        assert ring.rotate_due(CALLER) is None
        clock.advance(ROTATION_SECONDS - 1)
        ring.rotate("RS256", caller=CALLER)
        clock.advance(1)
        assert [ring.rotate_due(CALLER) for _ in range(4)] == [*sorted({*ALGORITHMS} - {"RS256"}), None]
        for alg in ALGORITHMS:
            assert sorted(states(ring, alg).values()) == ["active", "next", "retired"]
            assert ring.next_rotation_at(alg) == clock.now() + ROTATION_SECONDS - (alg == "RS256")

    def test_rotate_due_waits_until_the_next_key_was_published_long_enough(self, new_store: Any, clock: FakeClock) -> None:
        ring = KeyRing(new_store(), FakeSealer(), clock, rotation_seconds=60)
        ring.ensure(CALLER)
        ring.rotate(caller=CALLER)
        clock.advance(PUBLISHED_FIRST_SECONDS - 1)
        assert ring.rotate_due(CALLER) is None
        clock.advance(1)
        assert ring.rotate_due(CALLER) == "ES256"

    def test_rotation_by_hand_only_is_left_to_hands(self, new_store: Any, clock: FakeClock) -> None:
        ring = KeyRing(new_store(), FakeSealer(), clock, rotation_seconds=0)
        ring.ensure(CALLER)
        clock.advance(3 * 365 * 86400)
        assert ring.rotate_due(CALLER) is None
        assert ring.next_rotation_at("ES256") is None

    def test_workers_that_find_the_same_key_due_make_one_rotation(self, ring: KeyRing, new_ring: Any, clock: FakeClock) -> None:
        for turn in range(1, len(ALGORITHMS) + 1):
            clock.advance(ROTATION_SECONDS)
            results = at_once(3, partial(rotate_due_by_one_of, [new_ring() for _ in range(3)]))
            assert not [result for result in results if isinstance(result, Exception)]
            rotated = [alg for alg in results if alg is not None]
            assert len(rotated) == len(set(rotated))
            for _ in range(len(ALGORITHMS)):
                ring.rotate_due(CALLER)
            for alg in ALGORITHMS:
                assert (count(ring, alg, "active"), count(ring, alg, "next"), count(ring, alg, "retired")) == (1, 1, turn)

    def test_a_worker_that_decided_before_another_rotated_does_nothing(
            self, ring: KeyRing, new_ring: Any, clock: FakeClock) -> None:
        clock.advance(ROTATION_SECONDS)
        late = new_ring()
        late.ensure(CALLER)
        seen = late._current()
        assert ring.rotate_due(CALLER) == "ES256"
        before = ring.stored()
        assert late._rotate(seen, ("ES256",), emergency=False, caller=CALLER) is False
        ring.reload()
        assert ring.stored() == before

    def test_a_destroyed_private_part_is_noted_once_and_only_of_a_key_that_signs_no_more(self, new_store: Any) -> None:
        store = new_store()
        for number, state in enumerate(("active", "retired", "removed")):
            key = StoredKey(f"k{number}", "ES256", state, '{"kty":"EC"}', b"", 5, 5, 5, "pkcs11:token=x;id=%00")
            assert store.add(key, version=store.version(), caller=CALLER)
        noted = [store.forget(f"k{number}", now=9, caller=CALLER) for number in (0, 1, 2, 1, 2)]
        assert noted == [False, True, True, False, False]
        assert {key.kid: key.token_uri for key in list(store.keys())} == {"k0": "pkcs11:token=x;id=%00", "k1": "", "k2": ""}

    def test_a_change_decided_on_an_old_version_does_nothing(self, ring: KeyRing, new_store: Any) -> None:
        store = new_store()
        seen = store.version()
        fresh = [ring._make(alg, "next") for alg in ALGORITHMS]
        assert store.add(ring._make("ES256", "next"), version=seen, caller=CALLER)
        keys = kids(store)
        facts: dict[str, dict[str, str]] = {"out": {}, "active": {}, "next": {}}
        assert not store.rotate(fresh, emergency=False, version=seen, now=1, detail=facts, caller=CALLER)
        assert not store.add(fresh[0], version=seen, caller=CALLER)
        assert not store.promote(next(iter(keys)), version=seen, now=1, caller=CALLER)
        assert not store.remove(retired_before=2**40, version=seen, now=1, caller=CALLER)
        assert kids(store) == keys

    def test_prune_removes_what_was_retired_long_enough_ago(self, ring: KeyRing, clock: FakeClock) -> None:
        ring.rotate(caller=CALLER)
        clock.advance(48 * 3600)
        assert ring.prune(CALLER) == 0
        ring.rotate(caller=CALLER)
        clock.advance(1)
        assert ring.prune(CALLER) == len(ALGORITHMS)
        for alg in ALGORITHMS:
            assert sorted(states(ring, alg).values()) == ["active", "next", "removed", "retired"]
        assert ring.prune(CALLER) == 0

    def test_everything_that_is_stored_comes_back(self, new_store: Any) -> None:
        key = StoredKey("kid", "ES256", "next", '{"kty":"EC"}', bytes(range(256)), 5, None, None, "pkcs11:token=x;id=%00")
        store = new_store()
        assert store.add(key, version=store.version(), caller=CALLER)
        assert list(new_store().keys()) == [key]
