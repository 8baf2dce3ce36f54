"""Fault F-16: signing keys rotate under load, then are removed in an emergency; nodes, workers, applications that cache."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from joserfc import jwt
from joserfc.jwk import KeySet

from idp.app import build_services, create_app
from idp.audit import Caller
from idp.jose.keyset import ALGORITHMS
from tests.conformance.suite import BASIC, ISSUER, Suite, read_segment
from tests.fakes.clock import FakeClock

CALLER = Caller("worker", "test")
STEP_SECONDS = 120
CLIENTS = {alg: {**BASIC, "client_id": alg.lower(), "id_token_signed_response_alg": alg,
                 "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
                 "province": {"consent": "implied", "require_pkce": False, "access_token_format": "jwt"}} for alg in ALGORITHMS}


class Node:
    """One process of the provider, as programs reach it."""

    def __init__(self, suite: Suite, app: Flask) -> None:
        self._suite, self._client = suite, app.test_client(use_cookies=False)

    def post(self, path: str, alg: str, **form: str) -> Any:
        secret = (self._suite.settings.keys_dir / "clients" / f"{alg.lower()}.secret").read_text().strip()
        answer = self._client.post(path, data=form, base_url=ISSUER, auth=(alg.lower(), secret))
        assert answer.status_code == 200, answer.text
        return answer.json

    def jwks(self) -> tuple[KeySet, int]:
        """The JWK Set and how long it may be kept."""
        answer = self._client.get("/jwks", base_url=ISSUER)
        return KeySet.import_key_set(answer.json), answer.cache_control.max_age

    def userinfo(self, token: str) -> int:
        return self._client.get("/userinfo", base_url=ISSUER, headers={"Authorization": f"Bearer {token}"}).status_code


class RelyingParty(threading.Thread):
    """Refreshes at one node after the other, and verifies with a JWK Set that it keeps as long as it may, and no shorter."""

    def __init__(self, nodes: list[Node], clock: FakeClock, alg: str, refresh_token: str, stop: threading.Event) -> None:
        super().__init__(name=f"relying party {alg}")
        self.nodes, self.clock, self.alg, self.refresh_token, self.stopping = nodes, clock, alg, refresh_token, stop
        self.verified: dict[str, int] = {}
        self.failures: list[BaseException] = []
        self.last: dict[str, str] = {}
        self._keys, self._good_until = KeySet([]), 0

    def run(self) -> None:
        turn = 0
        while not self.stopping.is_set() and not self.failures:
            turn += 1
            try:
                node = self.nodes[turn % len(self.nodes)]
                self.last = node.post("/token", self.alg, grant_type="refresh_token", refresh_token=self.refresh_token)
                self.refresh_token = self.last["refresh_token"]
                self._verify(node, self.last["id_token"], self.alg)
                self._verify(node, self.last["access_token"], "ES256")
            except BaseException as err:
                self.failures.append(err)

    def _verify(self, node: Node, token: str, alg: str) -> None:
        now = self.clock.now()
        if now >= self._good_until:
            self._keys, max_age = node.jwks()
            self._good_until = now + max_age
        jwt.decode(token, self._keys, algorithms=[alg])
        kid = read_segment(token, 0)["kid"]
        self.verified[kid] = self.verified.get(kid, 0) + 1


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
def test_fault_f16_rotation_under_load_and_emergency_removal(database_url: str, tmp_path: Path) -> None:
    suite = Suite(tmp_path, database_url, *CLIENTS.values(), signing_key_rotation_days=1)
    other = create_app(suite.settings, directory=suite.directory, clock=suite.clock)
    workers = [build_services(suite.settings, directory=suite.directory, clock=suite.clock).keys for _ in range(2)]
    suite.clock.advance(23 * 3600)
    person, stop, parties = suite.person(), threading.Event(), list[RelyingParty]()
    for alg, client in CLIENTS.items():
        _visit, tokens = suite.flow(person, client, scope="openid offline_access")
        nodes = [Node(suite, suite.app), Node(suite, other)]
        parties.append(RelyingParty(nodes, suite.clock, alg, tokens["refresh_token"], stop))
    before = {alg: workers[0].signing(alg).kid for alg in ALGORITHMS}
    rotated: list[str] = []
    for party in parties:
        party.start()
    try:
        for _ in range(4 * 3600 // STEP_SECONDS):
            suite.clock.advance(STEP_SECONDS)
            rotated += [alg for ring in workers if (alg := ring.rotate_due(CALLER))]
            time.sleep(0.03)
        time.sleep(0.5)
    finally:
        stop.set()
        for party in parties:
            party.join(30)
    assert [party.failures for party in parties] == [[]] * len(parties)
    assert sorted(rotated) == sorted(ALGORITHMS)
    for party in parties:
        new = workers[0].signing(party.alg).kid
        assert party.verified[before[party.alg]] > 10
        assert party.verified[new] > 0
        assert set(party.verified) == {before[party.alg], before["ES256"], new, workers[0].signing("ES256").kid}

    # The emergency: whatever the old keys signed is refused by both nodes within a second.
    held = {party.alg: party.last for party in parties}
    assert {node.userinfo(token["access_token"]) for node in nodes for token in held.values()} == {200}
    removed = {workers[1].signing(alg).kid for alg in ALGORITHMS} | set(before.values())
    workers[1].rotate(emergency=True, caller=CALLER)
    suite.clock.advance(1)
    for node in nodes:
        assert not removed & {str(key.kid) for key in node.jwks()[0]}
        for alg, tokens in held.items():
            assert node.userinfo(tokens["access_token"]) == 401
            assert node.post("/introspect", alg, token=tokens["access_token"]) == {"active": False}
    for party in parties:
        fresh = nodes[0].post("/token", party.alg, grant_type="refresh_token", refresh_token=party.refresh_token)
        jwt.decode(fresh["id_token"], nodes[1].jwks()[0], algorithms=[party.alg])
        assert read_segment(fresh["id_token"], 0)["kid"] not in removed
        assert nodes[1].userinfo(fresh["access_token"]) == 200
