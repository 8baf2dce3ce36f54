"""Lines 46 and 47: answers about somebody are not stored; public documents set no cookie; CORS is for those documents only."""

from __future__ import annotations

import pytest

from idp.adapters.sql.database import Database
from tests.provider import House, Reply

ORIGIN = {"origin": "https://evil.example"}


@pytest.fixture
def house(database: Database) -> House:
    return House(database)


def private(house: House) -> list[Reply]:
    token = house.tokens_for()["access_token"]
    bearer = ORIGIN | {"authorization": f"Bearer {token}"}
    return [house.machine(), house.machine(secret="wrong"), house.introspect(token), house.revoke("x"), house.token({}),
            house.call("GET", "/userinfo", headers=bearer), house.call("GET", "/userinfo", headers=ORIGIN),
            house.call("OPTIONS", "/token", headers=ORIGIN | {"access-control-request-method": "POST"}),
            house.call("OPTIONS", "/userinfo", headers=ORIGIN | {"access-control-request-headers": "authorization"})]


def test_line_46_answers_about_somebody_are_not_stored_and_set_no_cookie(house: House) -> None:
    for reply in private(house):
        assert reply.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in reply.headers


def test_line_47_no_other_origin_may_read_them(house: House) -> None:
    for reply in private(house):
        assert not any(name.lower().startswith("access-control-") for name in reply.headers)


def test_line_46_47_public_documents_are_for_everybody_and_set_no_cookie(house: House) -> None:
    for path in ("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/jwks"):
        reply = house.call("GET", path, headers=ORIGIN | {"cookie": "__Host-sso=x"})
        assert "Set-Cookie" not in reply.headers
        assert reply.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in reply.headers
        assert reply.headers["Cache-Control"].startswith("public")
