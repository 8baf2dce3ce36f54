"""Line 45: input that is long and almost right is refused as fast as any other."""

from __future__ import annotations

import time

import pytest

from idp.adapters.sql.database import Database
from idp.oauth import pkce, scope
from tests.provider import SECRET, House, basic

LONG = 15_000


@pytest.fixture
def house(database: Database) -> House:
    return House(database)


@pytest.mark.parametrize("filling", [" ", ";", "=", "a", "-", "a-", "%41", "\t"])
def test_line_45_no_header_or_parameter_takes_long_to_refuse(house: House, filling: str) -> None:
    text = (filling * LONG)[:LONG]
    form = {"content-type": "application/x-www-form-urlencoded"}
    machine = b"grant_type=client_credentials"
    started = time.process_time()
    house.call("POST", "/token", body=machine, headers={"content-type": f"application/x-www-form-urlencoded{text}x"})
    house.call("POST", "/token", body=machine, headers=form | {"authorization": f"Basic {text}"})
    house.call("GET", "/userinfo", headers={"authorization": f"Bearer {text}"})
    house.call("GET", "/jwks", headers={"if-none-match": f'"{text}'})
    house.call("GET", "/jwks", headers={"user-agent": text, "x-forwarded-for": text, "x-request-id": text})
    house.post("/token", {"grant_type": "client_credentials", "scope": text}, headers={"authorization": basic("qlvb", SECRET)})
    house.introspect(text)
    scope.words(text)
    pkce.matches(text, text)
    pkce.fault_of(text, "S256", required=True)
    assert time.process_time() - started < 1
