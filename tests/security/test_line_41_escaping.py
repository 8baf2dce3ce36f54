"""Line 41: what comes from outside is escaped for its place, in pages, form posts and headers."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from idp.adapters.sql.database import Database
from tests.fakes.directory import PASSWORD, make_officer
from tests.web.site import QLVB, SURVEY, Site, authorize_url, form_of

NASTY = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}${7*7}%0d%0aSet-Cookie: a=b"


@pytest.fixture
def site(database: Database) -> Site:
    site = Site(database)
    site.directory.add(make_officer("xau", NASTY))
    site.client_store.put(replace(SURVEY, client_name=NASTY, owner=NASTY, policy_uri="javascript:alert(1)",
                                  tos_uri="data:text/html,x", logo_uri="javascript:alert(1)", client_uri="javascript:alert(1)"))
    return site


def assert_clean(answer) -> None:
    assert "<script>alert" not in answer.text
    assert "<img src=x" not in answer.text
    assert "javascript:" not in answer.text
    assert "data:text" not in answer.text
    assert ">49<" not in answer.text
    assert "Set-Cookie: a=b" not in str(answer.headers)


def test_line_41_names_of_officers_and_applications(site: Site) -> None:
    browser = site.browser()
    page = browser.authorize(SURVEY, login_hint=NASTY, ui_locales=NASTY, state=NASTY, nonce="n")
    assert_clean(page)
    page = browser.follow(browser.submit(page, username="xau", password=PASSWORD))
    assert_clean(page)
    assert "&lt;script&gt;" in page.text
    assert_clean(browser.get("/"))
    assert_clean(browser.get("/logout?client_id=khaosat"))
    answer = browser.submit(page, answer="accept")
    assert "\n" not in answer.headers["Location"]
    assert "<" not in answer.headers["Location"]


def test_line_41_what_was_typed_comes_back_escaped(site: Site) -> None:
    browser = site.browser()
    answer = browser.submit(browser.authorize(), username=NASTY, password="x")
    assert_clean(answer)
    assert "&lt;script&gt;" in answer.text


def test_line_41_form_posts(site: Site) -> None:
    answer = site.browser().sign_in(response_mode="form_post", state=NASTY)
    assert_clean(answer)
    assert re.search(r'name="state" value="&#34;&#39;&gt;&lt;script', answer.text)


def test_line_41_error_pages_and_redirects_echo_nothing(site: Site) -> None:
    browser = site.browser()
    for path in (authorize_url(client_id=NASTY), authorize_url(redirect_uri=NASTY), authorize_url(scope=NASTY),
                 authorize_url(prompt=NASTY), authorize_url(response_type=NASTY), "/<script>alert(1)</script>",
                 "/language/en?next=" + NASTY.replace("%", "%25")):
        answer = browser.get(path)
        assert answer.status_code < 500
        assert_clean(answer)
        if "Location" in answer.headers:
            assert "alert" not in answer.headers["Location"]


def test_line_42_templates_come_from_the_product_only(site: Site) -> None:
    browser = site.browser()
    action, hidden = form_of(browser.authorize())
    answer = browser.post(action, {**hidden, "username": "{{config}}{% for x in ().__class__ %}", "password": "x"})
    assert "SECRET_KEY" not in answer.text
    assert "{{config}}" in answer.text
    assert QLVB.client_name in answer.text
