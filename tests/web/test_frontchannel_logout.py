"""Front-Channel Logout 1.0 on our pages: frames of the applications that took part, a policy that names them, and the way on."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from werkzeug.test import TestResponse

from .site import PORTAL, QLVB, SURVEY, Browser, Site, authorize_url
from .test_security import policy_of

OUT = QLVB.post_logout_redirect_uris[0]
FIRST = replace(QLVB, frontchannel_logout_uri="http://localhost:8001/oidc/out?from=sso&x='1'", backchannel_logout_uri="")
PLAIN = replace(SURVEY, consent="implied")
SECOND = replace(PORTAL, frontchannel_logout_uri="http://localhost:8002/out", backchannel_logout_uri="http://localhost:8002/bcl")


@pytest.fixture
def site(site: Site) -> Site:
    """Two applications that are told in frames; the others are not."""
    for client in (FIRST, SECOND, PLAIN):
        site.client_store.put(client)
    site.services.clients.reload()
    return site


def frames_of(page: TestResponse) -> list[str]:
    return [unescape(src) for src in re.findall(r'<iframe src="([^"]*)"', page.text)]


def signed_in(site: Site) -> tuple[Browser, dict[str, Any], str]:
    browser = site.browser()
    tokens = site.tokens(browser.sign_in().headers["Location"])
    return browser, site.id_token_claims(tokens["id_token"]), tokens["id_token"]


def asked(token: str, **more: str) -> str:
    return "/logout?" + urlencode({"id_token_hint": token, "post_logout_redirect_uri": OUT, "state": "s", **more})


def src(client: Any, sid: str) -> str:
    uri = client.frontchannel_logout_uri
    return f"{uri}{'&' if '?' in uri else '?'}iss={quote('http://localhost:8000', safe='')}&sid={sid}"


def test_s3_the_page_frames_each_application_with_iss_and_sid_and_then_goes_on(site: Site) -> None:
    browser, claims, token = signed_in(site)
    site.clock.advance(5)
    browser.authorize(SECOND)
    page = browser.get(asked(token))
    assert page.status_code == 200
    assert frames_of(page) == [src(FIRST, claims["sid"]), src(SECOND, claims["sid"])]
    assert page.headers["Refresh"] == f"1;url={OUT}?state=s"
    assert f'href="{OUT}?state=s" data-leave="">' in page.text
    assert "Bạn đã đăng xuất" in page.text
    assert browser.sso() is None
    assert "login_required" in browser.get(authorize_url(prompt="none")).headers["Location"]
    assert site.notices() == ["cong", "qlvb"]


def test_the_policy_names_exactly_the_origins_of_the_frames(site: Site) -> None:
    browser, _, token = signed_in(site)
    site.clock.advance(5)
    browser.authorize(SECOND)
    browser.authorize(PLAIN)
    page = browser.get(asked(token))
    assert policy_of(page)["frame-src"] == ["http://localhost:8001", "http://localhost:8002"]
    assert policy_of(page)["default-src"] == ["'none'"]
    assert policy_of(page)["frame-ancestors"] == ["'none'"]
    assert page.headers["X-Frame-Options"] == "DENY"
    for other in (browser.get("/logout"), browser.authorize(), browser.get("/khong-co")):
        assert "frame-src" not in policy_of(other)


def test_two_applications_of_one_origin_are_two_frames_and_one_source(site: Site) -> None:
    site.client_store.put(replace(PLAIN, frontchannel_logout_uri="http://localhost:8001/survey/out"))
    site.services.clients.reload()
    browser, _, token = signed_in(site)
    browser.authorize(PLAIN)
    page = browser.get(asked(token))
    assert len(frames_of(page)) == 2
    assert policy_of(page)["frame-src"] == ["http://localhost:8001"]


def test_frames_are_hidden_and_can_lead_nobody_away(site: Site) -> None:
    browser, _, token = signed_in(site)
    frame, = re.findall(r"<iframe [^>]*>", browser.get(asked(token)).text)
    assert frame.endswith('sandbox="allow-forms allow-same-origin allow-scripts" hidden>')


def test_without_a_way_back_the_page_stays_and_tells_by_frames_all_the_same(site: Site) -> None:
    browser, claims, _ = signed_in(site)
    page = browser.submit(browser.get("/logout"), answer="accept")
    assert frames_of(page) == [src(FIRST, claims["sid"])]
    assert policy_of(page)["frame-src"] == ["http://localhost:8001"]
    assert "Refresh" not in page.headers
    assert "leave.js" not in page.text
    assert "Trình duyệt này đang báo cho ứng dụng" in page.text
    assert FIRST.client_name in page.text


def test_an_officer_who_confirms_an_applications_request_gets_the_frames_too(site: Site) -> None:
    _, _, foreign = signed_in(site)
    browser, claims, _ = signed_in(site)
    question = browser.get(asked(foreign))
    assert frames_of(question) == []
    page = browser.submit(question, answer="accept")
    assert frames_of(page) == [src(FIRST, claims["sid"])]
    assert page.headers["Refresh"].endswith(f";url={OUT}?state=s")


def test_who_did_not_take_part_did_not_register_or_is_disabled_gets_no_frame(site: Site) -> None:
    browser, _, token = signed_in(site)
    browser.authorize(PLAIN)
    site.client_store.put(replace(FIRST, disabled=True))
    site.client_store.put(replace(PLAIN, client_id="khac", frontchannel_logout_uri="http://localhost:8009/out"))
    site.services.clients.reload()
    page = browser.get("/logout?" + urlencode({"id_token_hint": token}))
    done = browser.submit(page, answer="accept")
    assert frames_of(done) == []
    assert "frame-src" not in policy_of(done)
    assert site.notices() == ["khaosat", "qlvb"]


def test_nobody_is_framed_when_the_officer_says_no_or_nothing_has_ended(site: Site) -> None:
    browser, _, token = signed_in(site)
    answer = browser.submit(browser.get("/logout"), answer="deny")
    assert answer.status_code == 303
    assert frames_of(browser.get(asked(token))) != []
    again = browser.get(asked(token))
    assert (again.status_code, again.headers["Location"]) == (303, f"{OUT}?state=s")
    assert frames_of(browser.get("/logout")) == []


def test_without_such_applications_the_browser_goes_back_at_once(site: Site) -> None:
    site.client_store.put(QLVB)
    site.services.clients.reload()
    browser, _, token = signed_in(site)
    answer = browser.get(asked(token))
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{OUT}?state=s")
