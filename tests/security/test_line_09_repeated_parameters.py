"""Line 9: any parameter sent twice is refused, except resource."""

from __future__ import annotations

import pytest
from flask import Flask

from idp.adapters.sql.database import Database
from tests.fakes.directory import PASSWORD
from tests.provider import SECRET, House
from tests.web.site import Site, form_of


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


def test_line_09_no_field_of_a_page_stands_twice(database: Database) -> None:
    site = Site(database)
    browser = site.browser()
    action, hidden = form_of(browser.authorize())
    before = site.events()
    for twice in ({"username": ["canbo", "vanthu"]}, {"password": [PASSWORD, "x"]}, {"csrf_token": [hidden["csrf_token"]] * 2},
                  {"anything": ["1", "1"]}):
        answer = browser.post(action, {**hidden, "username": "canbo", "password": PASSWORD, **twice})
        assert answer.status_code == 400, twice
    assert (site.events(), browser.sso()) == (before, None)
    browser.sign_in()
    for path in ("/?q=1&q=2", "/account/sessions?x=&x=", "/device?user_code=A&user_code=B", "/nothing?x=1&x=2"):
        assert browser.get(path).status_code == (404 if path.startswith("/nothing") else 400), path
    action, hidden = form_of(browser.get("/account/password"))
    answer = browser.post(action, {**hidden, "password": [PASSWORD, PASSWORD], "new_password": "Một câu dễ nhớ 2026",
                                   "new_password_again": "Một câu dễ nhớ 2026"})
    assert answer.status_code == 400
    assert browser.get("/account/notices?cols=a&cols=b").status_code == 200, "several boxes of one name may be ticked"
