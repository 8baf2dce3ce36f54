"""Token exchange and assertions under attack: the specification's 4xx, never a 5xx (security checklist 43).

Attacks begin as good requests with live tokens and assertions. An issuer that is trusted may still send nonsense: the claims of
signed assertions are drawn as well.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from idp.adapters.sql.database import Database
from idp.oauth.grants import jwt_bearer, token_exchange
from idp.oauth.grants.token_exchange import ACCESS_TOKEN
from tests.oauth.test_jwt_bearer import make, vouch
from tests.provider import ISSUER, SECRET, House, basic

from .fuzzing import Attack, Envelope, assert_helpful, assert_reached, attacks, call

PLAIN = Envelope(None, None, None, None, None, b"")
EXCHANGE = {"grant_type": token_exchange.GRANT_TYPE, "subject_token": "<token>", "subject_token_type": ACCESS_TOKEN}
CASES: list[dict[str, str]] = [
    EXCHANGE, EXCHANGE | {"audience": "kho", "scope": "openid"}, EXCHANGE | {"resource": ISSUER},
    EXCHANGE | {"audience": "nobody"}, EXCHANGE | {"audience": "kho", "requested_token_type": ACCESS_TOKEN},
    EXCHANGE | {"actor_token": "<own>", "actor_token_type": ACCESS_TOKEN}, EXCHANGE | {"subject_token": "<own>"},
    {"grant_type": jwt_bearer.GRANT_TYPE, "assertion": "<assertion>"},
    {"grant_type": jwt_bearer.GRANT_TYPE, "assertion": "<assertion>", "scope": "openid"},
    {"grant_type": jwt_bearer.GRANT_TYPE, "assertion": "<assertion>", "scope": "openid admin"}]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(
        ["canbo", "canbo\x00", "\ud800", ISSUER, "x" * 300, 1e300, -1, 10**30, float("inf")]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3), max_leaves=6)
CLAIMS = st.dictionaries(st.sampled_from(["sub", "aud", "iat", "exp", "nbf", "jti", "iss", "act", "scope"]), JSON, max_size=3)


@pytest.fixture
def house(database: Database) -> House:
    """A provider with an application that may do both."""
    house = make(database)
    house.client("kho")
    house.client("lgsp", grant_types=("client_credentials", token_exchange.GRANT_TYPE, jwt_bearer.GRANT_TYPE),
                 exchange_from=("qlvb",), scope=frozenset({"openid", "profile", "service"}))
    return house


def fuzz(strategy: Any, act: Any, *, examples: int) -> Counter[str]:
    """Draw and act so many times, and count what came back."""
    kinds: Counter[str] = Counter()

    @settings(max_examples=examples, deadline=None, database=None, print_blob=True,
              phases=[Phase.generate, Phase.shrink], suppress_health_check=list(HealthCheck))
    @given(drawn=strategy)
    def attempt(drawn: Any) -> None:
        kinds[act(drawn)] += 1

    attempt()
    return kinds


def examples_on(house: House) -> int:
    return 1000 if house.database.is_sqlite else 200


def kind_of(status: int, content: bytes) -> str:
    return f"{status} {json.loads(content).get('error', '') if content else ''}".strip()


def test_line_43_the_token_endpoint_stands_exchanges_and_assertions(house: House) -> None:
    token = house.tokens_for(scope="openid profile")["access_token"]
    own = house.machine(client_id="lgsp").json["access_token"]

    def act(attack: Attack) -> str:
        odd = attack.envelope or PLAIN
        live = {"<token>": token, "<own>": own, "<assertion>": ""}
        if "assertion" in attack.case:
            live["<assertion>"] = vouch(house)
        filled = [(name.encode(), live.get(value, value).encode()) for name, value in attack.case.items()]
        right = basic("lgsp", "wrong" if attack.credentials == "wrong" else SECRET)
        seen = call(house.app, odd.method or "POST", "/token", query=odd.query,
                    body=attack.encoded(filled) if attack.body is None else attack.body,
                    content_type=odd.content_type or "application/x-www-form-urlencoded",
                    authorization=odd.authorization or (None if attack.credentials == "none" else right), cookie=odd.cookie,
                    user_agent=odd.user_agent)
        assert_helpful(seen, machine=True)
        return kind_of(seen.status, seen.content)

    kinds = fuzz(attacks(CASES, poisoned=not house.database.is_sqlite), act, examples=examples_on(house))
    assert_reached(kinds, **{"200": 10, "400 invalid_request": 15, "400 invalid_grant": 2, "400 invalid_target": 1,
                             "400 invalid_scope": 2, "401 invalid_client": 4})
    assert house.events().count("token.exchanged") + house.events().count("token.issued") <= 3 + kinds["200"]


def test_line_43_whatever_a_trusted_issuer_signs(house: House) -> None:
    def act(claims: dict[str, Any]) -> str:
        form = {"grant_type": jwt_bearer.GRANT_TYPE, "assertion": vouch(house, **claims)}
        reply = house.post("/token", form, client_id="lgsp", secret=SECRET)
        assert reply.status in {200, 400}, reply.body
        return kind_of(reply.status, reply.body)

    house.officer()
    kinds = fuzz(CLAIMS, act, examples=examples_on(house))
    assert_reached(kinds, **{"200": 4, "400 invalid_grant": 20})
