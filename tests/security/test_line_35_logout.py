"""Line 35: logout asks first unless a valid hint of this very session is given; the way back is exactly a registered one."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from idp.adapters.sql.database import Database
from tests.web.site import PORTAL, QLVB, Browser, Site, authorize_url

OUT = QLVB.post_logout_redirect_uris[0]


@pytest.fixture
def site(database: Database) -> Site:
    return Site(database)


def alive(browser: Browser) -> bool:
    return "code=" in browser.get(authorize_url(prompt="none")).headers["Location"]


def hint(site: Site, browser: Browser, **who: str) -> str:
    return site.tokens(browser.sign_in(**who).headers["Location"])["id_token"]


def test_line_35_a_link_on_a_strangers_page_signs_nobody_out(site: Site) -> None:
    browser, attacker = site.browser(), site.browser()
    own = hint(site, browser)
    foreign = hint(site, attacker, uid="vanthu")
    for parameters in ({}, {"client_id": "qlvb"}, {"id_token_hint": foreign}, {"id_token_hint": own[:-4] + "AAAA"},
                       {"id_token_hint": own, "client_id": "cong"}, {"logout_hint": "canbo"},
                       {"post_logout_redirect_uri": OUT}, {"id_token_hint": foreign, "post_logout_redirect_uri": OUT}):
        answer = browser.get("/logout?" + urlencode(parameters))
        assert answer.status_code == 200, parameters
        assert 'value="accept"' in answer.text
        assert alive(browser)
        stored = browser.post("/logout", parameters, Origin="https://evil.example")
        assert 'value="accept"' in browser.follow(stored).text
        assert alive(browser)


def test_line_35_a_hint_of_this_session_needs_no_question(site: Site) -> None:
    browser = site.browser()
    token = hint(site, browser)
    answer = browser.get("/logout?" + urlencode({"id_token_hint": token, "post_logout_redirect_uri": OUT, "state": "s"}))
    assert answer.headers["Location"] == OUT + "?state=s"
    assert not alive(browser)


@pytest.mark.parametrize("uri", [OUT + "/", OUT + "?", OUT + "#", OUT + "%2f", OUT.replace("localhost", "LOCALHOST"),
                                 PORTAL.post_logout_redirect_uris[0], "https://evil.example", "//evil.example", "",
                                 "javascript:0"])
def test_line_35_the_way_back_matches_exactly_and_for_that_client(site: Site, uri: str) -> None:
    browser = site.browser()
    token = hint(site, browser)
    answer = browser.get("/logout?" + urlencode({"id_token_hint": token, "post_logout_redirect_uri": uri}))
    if uri:
        assert alive(browser)
        answer = browser.submit(answer, answer="accept")
    assert answer.status_code == 200
    assert "Location" not in answer.headers
    assert "evil" not in answer.text
    assert not alive(browser)
