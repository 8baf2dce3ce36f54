"""Line 2: the issuer is fixed configuration; no header of a request changes any address that we emit."""

from __future__ import annotations

import pytest

from idp.adapters.sql.database import Database
from tests.provider import ISSUER, House

BENT = {"host": "evil.example", "x-forwarded-host": "evil.example", "x-forwarded-proto": "http", "forwarded": "host=evil.example",
        "x-original-url": "/evil", "x-rewrite-url": "/evil"}


@pytest.fixture
def house(database: Database) -> House:
    return House(database, trusted_proxies=("198.51.100.0/24",))


def test_line_02_discovery_is_the_same_whatever_the_headers_say(house: House) -> None:
    path = "/.well-known/openid-configuration"
    assert house.call("GET", path, headers=BENT).body == house.call("GET", path).body
    assert b"evil" not in house.call("GET", path, headers=BENT).body


def test_line_02_tokens_name_the_configured_issuer(house: House) -> None:
    form = {"grant_type": "authorization_code", "code": house.code(), "redirect_uri": "https://qlvb.example/callback",
            "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"}
    tokens = house.post("/token", form, client_id="qlvb", secret="a-machine-made-secret", headers=BENT).json
    assert house.id_claims(tokens["id_token"])["iss"] == ISSUER
