"""Line 2: the issuer is fixed configuration; no header of a request changes any address that we emit."""

from __future__ import annotations

from io import BytesIO, StringIO

import pytest
from flask import Flask
from werkzeug.test import run_wsgi_app

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


@pytest.mark.parametrize("path", ["//static//x", "/language//en", "/login//x", "//logout", "/authorize//x", "/logout/"])
def test_line_02_no_path_is_tidied_by_a_redirect_to_the_host_of_the_header(fuzz_app: Flask, path: str) -> None:
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": "", "HTTP_HOST": "localhost:1",
               "SERVER_NAME": "localhost", "SERVER_PORT": "8000", "wsgi.url_scheme": "http", "wsgi.input": BytesIO(),
               "wsgi.errors": StringIO()}
    answer = run_wsgi_app(fuzz_app.wsgi_app, environ)
    assert "localhost:1" not in answer[2].get("Location", "")
