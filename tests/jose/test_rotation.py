"""When a signing key gives way: the rule by itself, and what it gives a relying party over months on both databases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from joserfc.jwk import KeySet
from sqlalchemy import select

from idp.adapters.sql.database import Database
from idp.adapters.sql.keys import SqlKeyStore
from idp.adapters.sql.tables import AuditRow
from idp.jose import jwt
from idp.jose.keyset import ALGORITHMS, KeyRing, StoredKey
from idp.jose.rotation import (
    JWKS_MAX_AGE_SECONDS,
    KEEP_RETIRED_SECONDS,
    PUBLISHED_FIRST_SECONDS,
    ROTATION_SECONDS,
    next_rotation_at,
)
from idp.settings import Settings
from tests.contracts.key_store import CALLER
from tests.fakes.clock import FakeClock
from tests.fakes.sealer import FakeSealer

DAY = 86400
MONTHS_13 = 395 * DAY


def keys(*, active_since: int, next_since: int) -> list[StoredKey]:
    return [StoredKey("a", "RS256", "active", "{}", b"x", 0, active_since),
            StoredKey("n", "RS256", "next", "{}", b"x", next_since),
            StoredKey("r", "RS256", "retired", "{}", b"", 0, 0, 1),
            StoredKey("o", "ES256", "active", "{}", b"x", 0, 7)]


@pytest.mark.parametrize(("active_since", "next_since", "more", "expected"), [
    (1000, 1000, {}, 1000 + 90 * DAY),
    (1000, 1000 + 90 * DAY - 60, {}, 1000 + 90 * DAY - 60 + PUBLISHED_FIRST_SECONDS),
    (1000, 2000, {"misplaced": True}, 2000 + PUBLISHED_FIRST_SECONDS),
    (1000, 1000, {"period_seconds": 0}, None),
    (1000, 1000, {"period_seconds": 0, "misplaced": True}, None),
    (1000, 1000, {"period_seconds": 60}, 1000 + PUBLISHED_FIRST_SECONDS),
])
def test_a_key_gives_way_after_its_time_and_never_before_the_next_was_published_long_enough(
        active_since: int, next_since: int, more: dict[str, Any], expected: int | None) -> None:
    found = keys(active_since=active_since, next_since=next_since)
    assert next_rotation_at(found, "RS256", **{"period_seconds": 90 * DAY, **more}) == expected


def test_without_a_next_key_nothing_can_be_said() -> None:
    assert next_rotation_at(keys(active_since=1, next_since=1), "ES256", period_seconds=60) is None
    assert next_rotation_at([], "ES256", period_seconds=60) is None


def test_a_key_is_published_longer_than_the_jwk_set_may_be_kept_and_kept_longer_than_anything_it_signed() -> None:
    assert PUBLISHED_FIRST_SECONDS > JWKS_MAX_AGE_SECONDS
    longest_token = next(m.le for m in Settings.model_fields["access_token_lifetime_seconds"].metadata if hasattr(m, "le"))
    assert Settings(security_level=2).absolute_limit_seconds + longest_token < KEEP_RETIRED_SECONDS


@dataclass
class RelyingParty:
    """Keeps the JWK Set exactly as long as it may, and never fetches it because of an unknown kid."""

    node: KeyRing
    clock: FakeClock
    fetched_at: int
    keys: KeySet

    def verify(self, token: str, alg: str) -> None:
        if self.clock.now() - self.fetched_at >= JWKS_MAX_AGE_SECONDS:
            self.keys, self.fetched_at = KeySet.import_key_set(json.loads(self.node.jwks())), self.clock.now()
        jwt.verify(token, self.keys, algorithms=[alg], typ="JWT", issuer=None, audience=None, now=self.clock.now())


class Nodes:
    """Two nodes with a worker each on one database."""

    def __init__(self, database: Database, rotation_seconds: int = ROTATION_SECONDS) -> None:
        self.clock, self.start = FakeClock(), FakeClock().now()
        self.rings = [KeyRing(SqlKeyStore(database), FakeSealer(), self.clock, rotation_seconds=rotation_seconds)
                      for _ in range(2)]
        self.rings[0].ensure(CALLER)
        self.parties = [RelyingParty(self.rings[number % 2], self.clock, self.start - number * 1020,
                                     KeySet.import_key_set(json.loads(self.rings[0].jwks()))) for number in range(4)]

    def work(self) -> list[str]:
        """One round of both workers; gives what they rotated."""
        rotated = [ring.rotate_due(CALLER) for ring in self.rings]
        for ring in self.rings:
            ring.prune(CALLER)
        return [alg for alg in rotated if alg is not None]

    def steps(self, seconds: int) -> Iterator[int]:
        """Move the clock: by a day at most while nothing is due, by five minutes round every rotation."""
        busy_until = 0
        while self.clock.now() < self.start + seconds:
            first = min(at for alg in ALGORITHMS if (at := self.rings[0].next_rotation_at(alg)) is not None)
            if first - self.clock.now() < DAY // 2:
                busy_until = first + 3 * JWKS_MAX_AGE_SECONDS
            quiet = min(DAY, max(DAY // 4, first - self.clock.now() - DAY // 2))
            self.clock.advance(300 if self.clock.now() < busy_until else quiet)
            yield self.clock.now()

    def token(self, number: int, alg: str, lifetime: int) -> str:
        return jwt.sign({"exp": self.clock.now() + lifetime}, self.rings[number % 2].signing(alg), typ="JWT")

    def sign_in_everywhere(self, alg: str, *, by: int) -> None:
        """One of the nodes signs a token, and each relying party verifies it with the JWK Set that it has."""
        token = self.token(by, alg, 600)
        for party in self.parties:
            party.verify(token, alg)


@pytest.fixture
def nodes(database: Database) -> Nodes:
    return Nodes(database)


def test_oidc_core_s10_1_1_no_relying_party_meets_an_unknown_kid_in_a_year_of_rotations(nodes: Nodes) -> None:
    rotated: list[str] = []
    for step, _now in enumerate(nodes.steps(MONTHS_13)):
        rotated += nodes.work()
        nodes.sign_in_everywhere(ALGORITHMS[step % len(ALGORITHMS)], by=step // len(ALGORITHMS))
    assert sorted(rotated) == sorted(ALGORITHMS * 4)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the year is held to both; this is about time and keys
def test_oidc_core_s10_1_1_nor_when_keys_are_rotated_as_fast_as_the_rule_lets(database: Database) -> None:
    nodes, rotated = Nodes(database, rotation_seconds=1), 0
    for step, _now in enumerate(nodes.steps(DAY)):
        rotated += len(nodes.work())
        for alg in ALGORITHMS:
            nodes.sign_in_everywhere(alg, by=step)
    assert rotated > 20 * len(ALGORITHMS)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the year is held to both; this is about time and keys
def test_what_a_key_signed_verifies_until_it_expires_and_what_is_needed_no_more_goes(nodes: Nodes) -> None:
    lifetime = 25 * 3600
    waiting: list[tuple[int, str, str]] = []
    for step, now in enumerate(nodes.steps(200 * DAY)):
        nodes.work()
        alg = ALGORITHMS[step % len(ALGORITHMS)]
        waiting.append((now + lifetime, alg, nodes.token(step, alg, lifetime)))
        while waiting and waiting[0][0] - now < DAY // 4:
            expires, alg, token = waiting.pop(0)
            for ring in nodes.rings:
                jwt.verify(token, ring.verification(), algorithms=[alg], typ="JWT", issuer=None, audience=None, now=expires - 1)
    states = [key.state for key in nodes.rings[1].stored()]
    assert (states.count("active"), states.count("next")) == (len(ALGORITHMS), len(ALGORITHMS))
    assert states.count("removed") + states.count("retired") == 2 * len(ALGORITHMS)


def test_every_rotation_is_audited_once_with_its_algorithm_and_keys(nodes: Nodes, database: Database) -> None:
    before = {alg: nodes.rings[0].signing(alg).kid for alg in ALGORITHMS}
    nodes.clock.advance(ROTATION_SECONDS)
    while nodes.work():
        pass
    found = database.read(select(AuditRow.event, AuditRow.detail).order_by(AuditRow.id)).all()
    retired = [json.loads(row.detail) for row in found if row.event == "key.retired"]
    assert [record.pop("emergency") for record in retired] == [False] * len(ALGORITHMS)
    assert {alg: kid for record in retired for alg, kid in record.items()} == before
    assert [row.event for row in found].count("key.activated") == len(ALGORITHMS)


def test_a_clock_that_jumps_ahead_and_back_makes_no_second_rotation(nodes: Nodes) -> None:
    nodes.clock.advance(ROTATION_SECONDS + 3600)
    while nodes.work():
        pass
    nodes.clock.advance(-3 * 3600)
    assert nodes.work() == []
    nodes.clock.advance(4 * 3600)
    assert nodes.work() == []
