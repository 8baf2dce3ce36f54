"""Line 44: 64 kB of body, 100 parameters, 16 kB of headers, JSON of 20 levels; one more is a 4xx."""

from __future__ import annotations

import pytest

from idp.adapters.sql.database import Database
from idp.oauth.authorization_request import AuthorizationError, UnsafeRequestError
from tests.provider import SECRET, House, basic


@pytest.fixture
def house(database: Database) -> House:
    return House(database)


def test_line_44_bodies(house: House) -> None:
    start = "grant_type=client_credentials&x="
    assert house.post("/token", start + "x" * (65536 - len(start)), client_id="qlvb", secret=SECRET).status == 200
    assert house.post("/token", start + "x" * (65537 - len(start)), client_id="qlvb", secret=SECRET).status == 413


def test_line_44_parameters(house: House) -> None:
    start = "grant_type=client_credentials"
    for more, status in ((99, 200), (100, 400)):
        form = start + "".join(f"&p{number}=x" for number in range(more))
        assert house.post("/token", form, client_id="qlvb", secret=SECRET).status == status
    assert house.asked(**{f"p{number}": "x" for number in range(90)})
    with pytest.raises(UnsafeRequestError):
        house.asked(**{f"p{number}": "x" for number in range(100)})


def test_line_44_headers(house: House) -> None:
    sent = {"authorization": basic("qlvb", SECRET)}
    for more, status in ((16000, 200), (16384, 431)):
        reply = house.post("/token", {"grant_type": "client_credentials"}, headers=sent | {"x-padding": "x" * more})
        assert reply.status == status


def test_line_44_json(house: House) -> None:
    def nested(levels: int) -> str:
        return '{"userinfo":{"x":{"y":' + "[" * (levels - 3) + "]" * (levels - 3) + "}}}"

    assert house.asked(claims=nested(20))
    for levels in (21, 3000):
        with pytest.raises(AuthorizationError):
            house.asked(claims=nested(levels))
