"""Malformed registrations give the specification's 4xx, never a 5xx, and leave nothing half-written (checklist 37, 43)."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from idp.oauth.clients.registration import KNOWN
from tests.security.fuzzing import AUTHORIZATION, assert_helpful, call

pytestmark = pytest.mark.timeout(400)
"""Drawing the examples takes twenty seconds of a processor, the four thousand requests seven, none as much as half a second: what
a machine that is busy with other things makes of the first is no fault of a request."""
EXAMPLES = settings(max_examples=2000, deadline=None, database=None, print_blob=True, suppress_health_check=list(HealthCheck))

URIS = st.sampled_from([
    "http://localhost/cb", "https://a.example/cb", "https://a.example/cb", "https://a.example/cb#f", "https://u@a.example/",
    "//a.example", "javascript:alert(1)", "https://a.example:99999/", "https://[::1", "http://127.0.0.1/", "", "\u0000"])
WORDS = st.sampled_from([
    "authorization_code", "refresh_token", "client_credentials", "implicit", "code", "none", "RS256", "ES256", "private_key_jwt",
    "client_secret_post", "openid profile", "openid groups", "native", "web", "public", "pairwise", "đ", "\ud83d\ude00",
    "x" * 3000, "a\nb", '"\\'])
PLAIN = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), URIS, URIS, WORDS, WORDS,
                  st.text(max_size=20))
VALUES = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
    st.sampled_from(["keys", "kty", "crv", "x", "y", "n", "e", "d", "k", "kid"]) | st.text(max_size=5), inner, max_size=4),
    max_leaves=8)
NAMES = st.sampled_from([*sorted(KNOWN), "province", "client_id", "client_secret", "registration_access_token"])
ALMOST = st.dictionaries(NAMES, VALUES, max_size=2).map(lambda more: {"redirect_uris": ["https://a.example/cb"], **more})
METADATA = st.one_of(ALMOST, ALMOST, st.dictionaries(NAMES | st.text(max_size=8), VALUES, max_size=6))
POSTS = st.sampled_from(["POST"] * 20 + ["GET", "HEAD", "PUT", "DELETE", "BREW"])
JSON_MOSTLY = st.sampled_from(["application/json"] * 20 + ["", "text/plain", "application/json; charset=utf-16", "\xff"])


def torn(value: Any, seed: int) -> bytes:
    """Give JSON that somebody damaged."""
    chance, body = random.Random(seed), bytearray(json.dumps(value).encode())
    for _ in range(chance.randrange(4)):
        at = chance.randrange(len(body) + 1)
        body[at:at + chance.randrange(3)] = bytes(chance.choice(b'{}[]",:\\x\x00\xff9-') for _ in range(chance.randrange(3)))
    return bytes(body)


WHOLE = METADATA.map(lambda value: json.dumps(value).encode())
BODIES = st.one_of(
    WHOLE, WHOLE, WHOLE, st.builds(torn, METADATA, st.integers(0, 10**6)), st.binary(max_size=200),
    VALUES.map(lambda value: json.dumps(value).encode()),
    st.sampled_from([b"", b"[]", b"{}", b"[" * 60_000, b'{"a":' * 12_000, b"9" * 60_000, b"x" * 65_537, b'{"a":1,"a":1}',
                     b'{"jwks":' + b"[" * 18 + b"]" * 18 + b"}"]))


SENT = st.booleans().flatmap(lambda named: METADATA if named else BODIES)
"""Half of it is metadata that is sent with the client's own identifier, as the rules demand."""


def create_token(app: Flask, quota: int = 10_000) -> tuple[str, str]:
    """Make an initial access token; gives its identifier and its value."""
    made = app.test_cli_runner().invoke(args=[
        "clients", "initial-access-token", "create", "--owner", "Sở Nội vụ", "--quota", str(quota), "--json"])
    told = json.loads(made.stdout)
    return told["id"], told["initial_access_token"]


def listed(app: Flask, token_id: str) -> dict[str, Any]:
    """Give what operators are shown of a token."""
    told = json.loads(app.test_cli_runner().invoke(args=["clients", "initial-access-token", "list", "--json"]).stdout)
    return next(token for token in told["initial_access_tokens"] if token["id"] == token_id)


def bearers(token: str) -> st.SearchStrategy[str | None]:
    """Give Authorization headers, most of them good."""
    good = st.just(f"Bearer {token}")
    return st.one_of(good, good, good, AUTHORIZATION)


@pytest.fixture(scope="module")
def leave(fuzz_app: Flask) -> tuple[str, str]:
    return create_token(fuzz_app)


def test_line_43_registration_never_breaks_and_writes_all_or_nothing(fuzz_app: Any, leave: tuple[str, str]) -> None:
    registered: list[str] = []

    @EXAMPLES
    @given(method=POSTS, body=BODIES, content_type=JSON_MOSTLY, authorization=bearers(leave[1]))
    def attempt(method: str, body: bytes, content_type: str, authorization: str | None) -> None:
        seen = call(fuzz_app.wsgi_app, method, "/register", body=body, content_type=content_type, authorization=authorization)
        assert_helpful(seen, machine=True)
        status, _, content = seen
        assert status in {201, 400, 401, 405, 413, 431}
        if status == 201:
            registered.append(json.loads(content)["client_id"])

    attempt()
    found = listed(fuzz_app, leave[0])
    assert len(registered) > 50
    assert sorted(found["clients"]) == sorted(registered)
    assert found["used"] == len(registered)
    shown = json.loads(fuzz_app.test_cli_runner().invoke(args=["clients", "list", "--json"]).stdout)["clients"]
    assert {client["client_id"] for client in shown} >= set(registered)


def test_line_43_looking_after_a_registration_never_breaks(fuzz_app: Any) -> None:
    token_id, token = create_token(fuzz_app, 1)
    status, _, content = call(fuzz_app.wsgi_app, "POST", "/register", body=b'{"redirect_uris":["https://a.example/cb"]}',
                              content_type="application/json", authorization=f"Bearer {token}")
    assert status == 201
    told = json.loads(content)
    path = f"/register/{told['client_id']}"
    good = [told["registration_access_token"]]
    changes: list[int] = []

    @EXAMPLES
    @given(method=st.sampled_from(["PUT"] * 12 + ["GET", "GET", "POST", "HEAD", "BREW"]), content=SENT,
           content_type=JSON_MOSTLY, other=st.booleans() | st.just(False), authorization=AUTHORIZATION,
           tail=st.sampled_from(["", "", "", "", "", "", "/", "x", "\xff", "/../x", "%00"]))
    def attempt(method: str, content: bytes | dict[str, Any], content_type: str, other: bool, authorization: str | None,
                tail: str) -> None:
        # Only what is sent is drawn: drawing takes most of this test's time, and the requests a tenth of it.
        body = content if isinstance(content, bytes) else json.dumps({**content, "client_id": told["client_id"]}).encode()
        sent = authorization if other else f"Bearer {good[0]}"
        seen = call(fuzz_app.wsgi_app, method, path + tail, body=body, content_type=content_type, authorization=sent)
        assert_helpful(seen, machine=not tail)
        status, _, content = seen
        if status == 200:
            now = json.loads(content)
            assert now["client_id"] == told["client_id"]
            changes.append(now["registration_access_token"] != good[0])
            good[0] = now["registration_access_token"]

    attempt()
    assert sum(changes) > 50
    status, _, content = call(fuzz_app.wsgi_app, "GET", path, authorization=f"Bearer {good[0]}")
    assert status == 200
    assert listed(fuzz_app, token_id)["clients"] == [told["client_id"]]
    assert call(fuzz_app.wsgi_app, "DELETE", path, authorization=f"Bearer {good[0]}")[0] == 204
    assert listed(fuzz_app, token_id)["clients"] == []
