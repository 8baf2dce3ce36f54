"""Line 8: no password grant, ever; no front-channel token response types while the setting is off."""

from __future__ import annotations

import pytest

from idp.adapters.sql.database import Database
from idp.oauth.authorization_request import AuthorizationError
from tests.provider import House


@pytest.fixture
def house(database: Database) -> House:
    return House(database)


def test_line_08_the_password_grant_is_not_offered(house: House) -> None:
    house.client(grant_types=("password", "implicit", "authorization_code"))
    reply = house.token({"grant_type": "password", "username": "canbo", "password": "HauGiang-2026!"})
    assert (reply.status, reply.error) == (400, "unsupported_grant_type")
    assert "password" not in house.call("GET", "/.well-known/openid-configuration").json["grant_types_supported"]


@pytest.mark.parametrize("response_type", ["token", "id_token", "id_token token", "code token", "code id_token", "none"])
def test_line_08_tokens_never_travel_through_the_browser(house: House, response_type: str) -> None:
    house.client(response_types=("code", response_type))
    with pytest.raises(AuthorizationError) as caught:
        house.asked(response_type=response_type)
    assert caught.value.code == "unsupported_response_type"
    assert house.call("GET", "/.well-known/openid-configuration").json["response_types_supported"] == ["code"]
