"""RFC 9126 §4 at the pages: the browser brings client_id and request_uri, and nothing else counts."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from werkzeug.test import TestResponse

from idp.audit import Caller
from idp.oauth.client import Client
from idp.oauth.provider_request import ProviderRequest
from tests.fakes.directory import PASSWORD
from tests.provider import basic

from .site import CHALLENGE, PORTAL, QLVB, Browser, Site, query_of


def push(site: Site, client: Client = QLVB, **more: str) -> str:
    form = {"client_id": client.client_id, "redirect_uri": client.redirect_uris[0], "response_type": "code",
            "scope": "openid profile", "state": "st-1", "nonce": "n-1", "code_challenge": CHALLENGE,
            "code_challenge_method": "S256", **more}
    answer = site.provider.push(ProviderRequest(form, caller=Caller("192.0.2.9", "r"),
                                                authorization=basic(client.client_id, "s3cret")))
    assert answer.status == 201
    return str(answer.body["request_uri"])


def visit(browser: Browser, request_uri: str, client: Client = QLVB, **more: str) -> TestResponse:
    return browser.get("/authorize?" + urlencode({"client_id": client.client_id, "request_uri": request_uri, **more}))


def test_a_pushed_request_signs_in_and_a_reload_shows_the_page_again(site: Site) -> None:
    browser, request_uri = site.browser(), push(site)
    first = browser.follow(visit(browser, request_uri))
    again = browser.follow(visit(browser, request_uri))
    assert (first.status_code, again.status_code) == (200, 200)
    answer = browser.submit(again, username="canbo", password=PASSWORD)
    query = query_of(answer.headers["Location"])
    assert query["state"] == "st-1"
    assert site.id_token_claims(site.tokens(answer.headers["Location"])["id_token"])["nonce"] == "n-1"


def test_the_page_of_a_reload_that_was_left_open_gets_no_second_code(site: Site) -> None:
    browser, request_uri = site.browser(), push(site)
    first, second = visit(browser, request_uri), visit(browser, request_uri)
    browser.submit(browser.follow(first), username="canbo", password=PASSWORD)
    assert query_of(browser.get(second.headers["Location"].replace("/login/", "/authorize/")).headers["Location"])["error"] == (
        "invalid_request_uri")


def test_what_stands_beside_it_is_passed_over(site: Site) -> None:
    browser, request_uri = site.browser(), push(site)
    browser.sign_in()
    answer = visit(browser, request_uri, state="outside", redirect_uri="https://evil.example/", prompt="login",
                   scope="openid email", response_mode="form_post")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(QLVB.redirect_uris[0] + "?")
    assert query_of(answer.headers["Location"])["state"] == "st-1"
    assert site.tokens(answer.headers["Location"])["scope"] == "openid profile"


def test_a_post_opens_it_as_well(site: Site) -> None:
    browser, request_uri = site.browser(), push(site)
    browser.sign_in()
    stored = browser.post("/authorize", {"client_id": QLVB.client_id, "request_uri": request_uri})
    assert query_of(browser.get(stored.headers["Location"]).headers["Location"])["code"]


@pytest.mark.parametrize("wrong", ["used", "expired", "unknown", "another client"])
def test_a_reference_that_leads_nowhere_gets_a_page_and_no_redirect(site: Site, wrong: str) -> None:
    browser, request_uri = site.browser(), push(site)
    browser.sign_in()
    if wrong == "used":
        assert "code=" in visit(browser, request_uri).headers["Location"]
    elif wrong == "expired":
        site.clock.advance(60)
    request_uri += "x" if wrong == "unknown" else ""
    answer = visit(browser, request_uri, PORTAL if wrong == "another client" else QLVB)
    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert "invalid_request_uri" in answer.text
    assert "đã hết hạn hoặc đã được dùng" in answer.text
