"""Line 44: 64 kB of body, 100 parameters, 16 kB of headers, JSON of 20 levels; one more is a 4xx."""

from __future__ import annotations

import pytest

from idp.adapters.sql.database import Database
from idp.oauth.authorization_request import AuthorizationError, UnsafeRequestError
from tests.provider import SECRET, House, basic
from tests.web.site import Site, authorize_url, form_of


@pytest.fixture
def house(database: Database) -> House:
    return House(database)


@pytest.fixture
def site(database: Database) -> Site:
    return Site(database)


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


def test_line_44_headers_of_people(site: Site) -> None:
    browser = site.browser()
    for path in ("/", "/login", authorize_url(), "/static/nothing.css", "/nowhere"):
        assert browser.get(path, **{"X-Padding": "x" * 15000}).status_code != 431
        answer = browser.get(path, **{"X-Padding": "x" * 16384})
        assert answer.status_code == 431
        assert "cookie" in answer.text
        assert "<h1" in answer.text
    signing_in = browser.authorize()
    action, hidden = form_of(signing_in)
    answer = browser.post(action, {**hidden, "username": "canbo", "password": "x"}, **{"X-Padding": "x" * 16384})
    assert answer.status_code == 431
    assert "sign_in.refused" not in site.events()


@pytest.mark.parametrize("place", ["login", "consent", "authorize", "logout"])
def test_line_44_parameters_of_people(site: Site, place: str) -> None:
    browser = site.browser()
    action, hidden = form_of(browser.authorize())
    path = action if place == "login" else f"/{place}" if place != "consent" else "/consent/" + "x" * 43
    for number, refused in ((100, False), (101, True)):
        fields = hidden | {f"p{n}": "x" for n in range(number - len(hidden))}
        answer = browser.post(path, fields)
        assert (answer.status_code == 400 and "Yêu cầu chưa đúng" in answer.text) is refused, answer.text
        answer = browser.get(path.partition("?")[0] + "?" + "&".join(f"p{n}=x" for n in range(number)))
        assert (answer.status_code == 400 and "Yêu cầu chưa đúng" in answer.text) is refused, answer.text


def test_line_44_bodies_of_people(site: Site) -> None:
    browser = site.browser()
    action, hidden = form_of(browser.authorize())
    size = len("&".join(f"{name}={value}" for name, value in hidden.items()) + "&x=")
    assert browser.post(action, {**hidden, "x": "x" * (65536 - size - 100)}).status_code == 200
    answer = browser.post(action, {**hidden, "x": "x" * 65537})
    assert answer.status_code == 413
    assert "quá dài" in answer.text
