"""Line 9: any parameter sent twice is refused, except resource."""

from __future__ import annotations

import pytest
from flask import Flask

from idp.adapters.sql.database import Database
from tests.provider import SECRET, House


@pytest.fixture
def house(database: Database) -> House:
    return House(database)


@pytest.mark.parametrize("path", ["/token", "/introspect", "/revoke"])
@pytest.mark.parametrize("twice", ["grant_type", "client_id", "scope", "token", "code", "anything", "%61nything", ""])
def test_line_09_programs_may_send_nothing_twice(house: House, path: str, twice: str) -> None:
    form = f"grant_type=client_credentials&token=x&{twice}=client_credentials&{twice.replace('%61', 'a')}=client_credentials"
    reply = house.post(path, form, client_id="qlvb", secret=SECRET)
    assert (reply.status, reply.error) == (400, "invalid_request")


def test_line_09_resource_may_be_repeated(house: House) -> None:
    house.client(resources=(("https://a.example", ""), ("https://b.example", "")))
    form = "grant_type=client_credentials&resource=https://a.example&resource=https://b.example"
    assert house.post("/token", form, client_id="qlvb", secret=SECRET).status == 200
    for path in ("/introspect", "/revoke"):
        assert house.post(path, f"token=x&{form}", client_id="qlvb", secret=SECRET).error == "invalid_request"


def test_line_09_browsers_may_send_nothing_twice(fuzz_app: Flask) -> None:
    good = "client_id=qlvb&redirect_uri=http://localhost:8001/oidc/callback&response_type=code&scope=openid&state=s"
    for twice in ("scope=openid", "state=t", "nonce=a&nonce=b", "extra=1&extra=2"):
        answer = fuzz_app.test_client().get(f"/authorize?{good}&{twice}", headers={"Host": "localhost:8000"})
        assert "error=invalid_request" in answer.headers["Location"]
