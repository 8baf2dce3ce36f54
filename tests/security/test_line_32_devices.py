"""Line 32: device flow with full login and consent, throttled user codes, bound to client, and a page that shows who asks.

Over the whole application, both doors; the clauses one by one stand in tests/oauth/deferred and tests/web/test_device.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.fakes.clock import FakeClock
from tests.fakes.directory import PASSWORD
from tests.web.site import form_of
from tests.whole import CLIENT, make_app

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
BASE = "http://localhost:8000"
TV: dict[str, Any] = {"client_id": "man-hinh", "client_name": "Màn hình phòng họp", "grant_types": [DEVICE_CODE, "refresh_token"],
                      "token_endpoint_auth_method": "none", "scope": "openid profile", "province": {"consent": "ask"}}


@pytest.fixture
def app(tmp_path: Path, database_url: str) -> Flask:
    other = {**TV, "client_id": "man-hinh-khac"}
    return make_app(tmp_path, database_url, clients=[CLIENT, TV, other], clock=FakeClock())


def post(app: Flask, path: str, **form: str) -> TestResponse:
    return app.test_client().post(path, data=form, base_url=BASE)


def asked(app: Flask) -> dict[str, Any]:
    told: dict[str, Any] = post(app, "/device_authorization", client_id="man-hinh", scope="openid profile").get_json()
    return told


def poll(app: Flask, told: dict[str, Any], client_id: str = "man-hinh") -> dict[str, Any]:
    answer: dict[str, Any] = post(app, "/token", client_id=client_id, grant_type=DEVICE_CODE,
                                  device_code=told["device_code"]).get_json()
    return answer


def follow(browser: FlaskClient, answer: TestResponse) -> TestResponse:
    while answer.status_code == 303:
        answer = browser.get(answer.headers["Location"], base_url=BASE)
    return answer


def send(browser: FlaskClient, page: TestResponse, **fields: str) -> TestResponse:
    action, hidden = form_of(page)
    return follow(browser, browser.post(action, data=hidden | fields, base_url=BASE))


def test_line_32_the_whole_way_and_nothing_less_gives_tokens(app: Flask) -> None:
    told, browser = asked(app), app.test_client()
    page = browser.get(told["verification_uri_complete"].removeprefix(BASE), base_url=BASE)
    assert poll(app, told)["error"] == "authorization_pending"
    page = send(browser, page, user_code=told["user_code"])
    assert 'name="password"' in page.text
    assert poll(app, told)["error"] == "slow_down"
    page = send(browser, page, username="canbo", password=PASSWORD)
    for shown in ("Màn hình phòng họp", "Văn phòng UBND tỉnh", "127.0.0.1", "Họ và tên"):
        assert shown in page.text
    assert "error" in poll(app, told)
    assert "Đã chấp thuận" in send(browser, page, answer="accept").text
    assert poll(app, told, "man-hinh-khac")["error"] == "invalid_grant"
    assert {"access_token", "refresh_token", "id_token"} <= set(poll(app, told))
    assert poll(app, told)["error"] == "invalid_grant"


def test_line_32_typed_codes_are_throttled_on_every_node(app: Flask, tmp_path: Path, database_url: str) -> None:
    other = make_app(tmp_path, database_url, clients=[CLIENT, TV], clock=FakeClock())
    told, held = asked(app), 0
    for number in range(120):
        browser = (app, other)[number % 2].test_client()
        held += send(browser, browser.get("/device", base_url=BASE), user_code="BBBB-BBBB").status_code == 429
    assert held == 20
    browser = app.test_client()
    assert send(browser, browser.get("/device", base_url=BASE), user_code=told["user_code"]).status_code == 429
