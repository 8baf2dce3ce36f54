"""Line 16: one client authentication method per request, and the registered one only, at every endpoint."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest

from idp.adapters.sql.database import Database
from tests.provider import SECRET, House, basic

FORMS = {"/token": {"grant_type": "client_credentials"}, "/introspect": {"token": "x" * 43}, "/revoke": {"token": "x" * 43}}
IN_BODY = {"client_id": "qlvb", "client_secret": SECRET}


@pytest.fixture(params=list(FORMS))
def path(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def house(database: Database) -> House:
    return House(database)


@pytest.mark.parametrize(("registered", "body", "header", "status"), [
    ("client_secret_basic", {}, True, 200),
    ("client_secret_basic", IN_BODY, False, 401),
    ("client_secret_basic", IN_BODY, True, 400),
    ("client_secret_basic", IN_BODY | {"client_secret": "wrong"}, True, 400),
    ("client_secret_post", IN_BODY, False, 200),
    ("client_secret_post", {}, True, 401),
    ("client_secret_post", IN_BODY, True, 400),
    ("client_secret_basic", {"client_id": "qlvb"}, False, 401),
    ("client_secret_basic", {"client_id": "another"}, True, 400),
    ("client_secret_basic", {"client_assertion_type": "x", "client_assertion": "y"}, True, 401),
    ("client_secret_basic", {"client_assertion_type": "x"}, True, 400),
    ("none", IN_BODY, False, 401),
])
def test_line_16_exactly_the_registered_method(house: House, path: str, registered, body, header, status) -> None:
    house.client(token_endpoint_auth_method=registered)
    headers = {"authorization": basic("qlvb", SECRET)} if header else {}
    reply = house.post(path, FORMS[path] | body, headers=headers)
    assert reply.status == status
    if status != 200:
        assert reply.error == ("invalid_client" if status == 401 else "invalid_request")
        assert ("WWW-Authenticate" in reply.headers) is (status == 401)


def test_line_16_an_unknown_client_and_a_wrong_secret_look_alike(house: House, path: str) -> None:
    replies = [house.post(path, FORMS[path], client_id=client_id, secret="wrong") for client_id in ("qlvb", "nobody")]
    assert replies[0].body == replies[1].body
    first, second = ({name: value for name, value in reply.headers.items() if name != "X-Request-Id"} for reply in replies)
    assert first == second


def refused_from(house: House, source: str, *, path: str = "/token", secret: str = "wrong", client_id: str = "qlvb") -> None:
    """Fail to authenticate from an address; a secret in the body is the wrong method, one in the header a wrong secret."""
    reply = house.call("POST", path, body=urlencode(FORMS[path]).encode(), peer=source, headers={
        "content-type": "application/x-www-form-urlencoded", "authorization": basic(client_id, secret)})
    assert reply.status == 401


def test_line_16_whoever_knows_a_client_id_cannot_fill_the_audit_trail(house: House) -> None:
    for number in range(50):
        refused_from(house, "203.0.113.9", secret=f"guess {number}")
        refused_from(house, f"2001:db8::{number:x}")
    assert house.events() == ["client.refused"] * 2
    for _ in range(3):
        house.clock.advance(59)
        refused_from(house, "203.0.113.9")
        house.clock.advance(1)
        refused_from(house, "203.0.113.9")
    assert house.events() == ["client.refused"] * 5


def test_line_16_each_kind_of_refusal_is_recorded(house: House) -> None:
    house.client("other")
    house.client("posting", token_endpoint_auth_method="client_secret_post")
    for _ in range(3):
        for path in FORMS:
            refused_from(house, "203.0.113.9", path=path)
        refused_from(house, "203.0.113.10")
        refused_from(house, "203.0.113.9", client_id="other")
        refused_from(house, "203.0.113.9", client_id="posting")
    told = [(row.client_id, row.source, json.loads(row.detail)) for row in house.audited()]
    assert sorted(told, key=repr) == sorted([
        ("qlvb", "203.0.113.9", {"endpoint": "token", "reason": "secret"}),
        ("qlvb", "203.0.113.9", {"endpoint": "introspection", "reason": "secret"}),
        ("qlvb", "203.0.113.9", {"endpoint": "revocation", "reason": "secret"}),
        ("qlvb", "203.0.113.10", {"endpoint": "token", "reason": "secret"}),
        ("other", "203.0.113.9", {"endpoint": "token", "reason": "secret"}),
        ("posting", "203.0.113.9", {"endpoint": "token", "reason": "method"})], key=repr)


def test_line_16_of_twenty_refusals_at_once_one_is_recorded(house: House) -> None:
    for _ in range(3):
        with ThreadPoolExecutor(20) as pool:
            list(pool.map(lambda _: refused_from(house, "203.0.113.9"), range(20)))
        house.clock.advance(60)
    assert house.events() == ["client.refused"] * 3


def test_line_16_a_clock_that_was_wrong_once_silences_nothing(house: House) -> None:
    house.clock.advance(86400)
    refused_from(house, "203.0.113.9")
    house.clock.advance(-86400)
    refused_from(house, "203.0.113.9")
    assert house.events() == ["client.refused"] * 2
