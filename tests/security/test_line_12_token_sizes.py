"""Line 12: tokens are limited in size before anything decodes them."""

from __future__ import annotations

import pytest

from idp.adapters.sql.database import Database
from idp.jose import jwt
from tests.provider import House


@pytest.fixture
def house(database: Database) -> House:
    return House(database)


def test_line_12_a_huge_token_is_refused_unread(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_args, **_more):
        raise AssertionError("a huge token was decoded")

    monkeypatch.setattr(jwt.jws, "deserialize_compact", never)
    huge = "eyJhbGciOiJFUzI1NiJ9." + "A" * 40_000 + ".AAAA"
    assert house.introspect(huge).json == {"active": False}
    assert house.revoke(huge).status == 200
    body = f"access_token={huge}".encode()
    assert house.call("POST", "/userinfo", body=body, headers={"content-type": "application/x-www-form-urlencoded"}).status == 401
    assert house.userinfo(huge).status == 431
