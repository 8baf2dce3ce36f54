"""Line 17: introspection and revocation need client authentication and say nothing about other parties' tokens."""

from __future__ import annotations

import pytest

from idp.adapters.sql.database import Database
from tests.provider import House


@pytest.fixture
def house(database: Database) -> House:
    house = House(database)
    house.client("stranger")
    return house


def test_line_17_a_strangers_token_and_no_token_look_alike(house: House) -> None:
    tokens = house.tokens_for(scope="openid offline_access")
    for token in (tokens["access_token"], tokens["refresh_token"], house.machine().json["access_token"]):
        for hint in ({}, {"token_type_hint": "access_token"}, {"token_type_hint": "refresh_token"}):
            for ask in (house.introspect, house.revoke):
                about, nothing = ask(token, client_id="stranger", **hint), ask("x" * 43, client_id="stranger", **hint)
                assert (about.status, about.body, about.headers) == (nothing.status, nothing.body, nothing.headers)
        assert house.is_active(token)


def test_line_17_both_need_authentication(house: House) -> None:
    token = house.tokens_for()["access_token"]
    for path in ("/introspect", "/revoke"):
        for form in ({"token": token}, {"token": token, "client_id": "qlvb"}):
            assert house.post(path, form).status == 401
    assert house.is_active(token)
