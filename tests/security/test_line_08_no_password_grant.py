"""Line 8: no password grant, ever; no front-channel token response types while the setting is off."""

from __future__ import annotations

import shutil
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from flask import Flask

from idp.adapters.sql.database import Database
from idp.errors import ConfigurationError
from idp.oauth.authorization_request import AuthorizationError
from idp.oauth.response import FRONT_CHANNEL
from tests.provider import House, json_segment
from tests.whole import CLIENT, make_app

NEVER = ["token", "none"]
EVERYTHING = {**CLIENT, "response_types": ["code", *FRONT_CHANNEL],
              "grant_types": ["authorization_code", "refresh_token", "client_credentials", "implicit"]}


@pytest.fixture
def house(database: Database) -> House:
    return House(database)


def test_line_08_the_password_grant_is_not_offered(house: House) -> None:
    house.client(grant_types=("password", "implicit", "authorization_code"))
    reply = house.token({"grant_type": "password", "username": "canbo", "password": "HauGiang-2026!"})
    assert (reply.status, reply.error) == (400, "unsupported_grant_type")
    assert "password" not in house.call("GET", "/.well-known/openid-configuration").json["grant_types_supported"]


@pytest.mark.parametrize("response_type", [*FRONT_CHANNEL, *NEVER])
def test_line_08_tokens_never_travel_through_the_browser(house: House, response_type: str) -> None:
    house.client(response_types=("code", response_type), grant_types=("authorization_code", "implicit"))
    with pytest.raises(AuthorizationError) as caught:
        house.asked(response_type=response_type)
    assert caught.value.code == "unsupported_response_type"
    document = house.call("GET", "/.well-known/openid-configuration").json
    assert document["response_types_supported"] == ["code"]
    assert "implicit" not in document["grant_types_supported"]


@pytest.mark.parametrize("response_type", NEVER)
def test_line_08_with_the_setting_on_an_access_token_alone_still_never_does(database: Database, response_type: str) -> None:
    house = House(database, front_channel=True)
    house.client(response_types=("code", response_type), grant_types=("authorization_code", "implicit"))
    with pytest.raises(AuthorizationError) as caught:
        house.asked(response_type=response_type)
    assert caught.value.code == "unsupported_response_type"
    assert response_type not in house.call("GET", "/.well-known/openid-configuration").json["response_types_supported"]


# The whole application, whose setting was on once: such clients stay registered

@pytest.fixture(scope="module")
def folder(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("setting")
    shutil.copy(sqlite_template, folder / "idp.sqlite3")
    make_app(folder, f"sqlite:///{folder / 'idp.sqlite3'}", clients=[EVERYTHING], legacy_response_types=True)
    return folder


@pytest.fixture(scope="module")
def app(folder: Path) -> Flask:
    (folder / "clients" / "qlvb" / "client.toml").unlink()
    return make_app(folder, f"sqlite:///{folder / 'idp.sqlite3'}", clients=())


def test_line_08_the_setting_is_off_unless_somebody_turns_it_on(app: Flask) -> None:
    document = app.test_client().get("/.well-known/openid-configuration", base_url="http://localhost:8000").get_json()
    assert document["response_types_supported"] == ["code"]
    assert "implicit" not in document["grant_types_supported"]


@pytest.mark.parametrize("mode", [None, "query", "fragment", "form_post", "jwt"])
@pytest.mark.parametrize("response_type", [*FRONT_CHANNEL, *NEVER, "token id_token", "id_token code"])
def test_line_08_while_it_is_off_nothing_of_it_is_reachable(app: Flask, response_type: str, mode: str | None) -> None:
    """Not even by a client that registered while it was on: it is told so at once, and no page is shown."""
    request = {"client_id": "qlvb", "redirect_uri": CLIENT["redirect_uris"][0], "response_type": response_type, "scope": "openid",
               "nonce": "n", "state": "s", "code_challenge": "x" * 43, "code_challenge_method": "S256"}
    query = urlencode(request | ({"response_mode": mode} if mode else {}))
    answer = app.test_client().get(f"/authorize?{query}", base_url="http://localhost:8000")
    if mode == "form_post":
        assert 'name="error" value="unsupported_response_type"' in answer.text
        assert 'name="id_token"' not in answer.text
        return
    assert answer.status_code == 303
    parts = urlsplit(answer.headers["Location"])
    told = dict(parse_qsl(parts.fragment or parts.query))
    if mode == "jwt":
        told = {name: value for name, value in json_segment(told["response"].split(".")[1]).items() if name not in {"aud", "exp"}}
    assert set(told) == {"error", "error_description", "state", "iss"}
    assert told["error"] == "unsupported_response_type"


def test_line_08_while_it_is_off_nothing_of_it_can_be_registered(folder: Path, app: Flask) -> None:
    with pytest.raises(ConfigurationError, match="offered"):
        make_app(folder, f"sqlite:///{folder / 'idp.sqlite3'}", clients=[{**EVERYTHING, "client_id": "new"}])
