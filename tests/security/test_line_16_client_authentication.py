"""Line 16: one client authentication method per request, and the registered one only, at every endpoint."""

from __future__ import annotations

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
