"""Line 30: acr, amr and auth_time tell the truth; prompt=login and max_age force a fresh authentication."""

from __future__ import annotations

from typing import Any

import pytest

from idp.adapters.sql.database import Database
from idp.oauth.client import Client
from tests.fakes.directory import PASSWORD
from tests.web.site import PORTAL, QLVB, STRICT, SURVEY, Site, authorize_url, query_of


@pytest.fixture
def site(database: Database) -> Site:
    site = Site(database)
    site.enrol("lanhdao")
    site.enrol("canbo")
    return site


def claims(site: Site, answer: Any, client: Client = QLVB) -> tuple[str, list[str], int]:
    found = site.id_token_claims(site.tokens(answer.headers["Location"], client)["id_token"])
    return found["acr"], found["amr"], found["auth_time"]


def test_line_30_one_factor_two_factors_and_a_step_up(site: Site) -> None:
    start = site.clock.now()
    browser = site.browser()
    assert claims(site, browser.sign_in()) == ("urn:haugiang:acr:1", ["pwd"], start)
    site.clock.advance(600)
    stepped = browser.submit(browser.authorize(STRICT), otp=site.otp())
    assert claims(site, stepped, STRICT) == ("urn:haugiang:acr:2", ["pwd", "otp", "mfa"], start)
    leader = site.browser()
    both = leader.submit(leader.follow(leader.sign_in(uid="lanhdao")), otp=site.otp())
    assert claims(site, both) == ("urn:haugiang:acr:2", ["pwd", "otp", "mfa"], start + 600)


def test_line_30_signing_in_again_with_less_tells_less(site: Site) -> None:
    browser = site.browser()
    browser.submit(browser.follow(browser.sign_in(STRICT)), otp=site.otp())
    site.clock.advance(60)
    again = browser.submit(browser.authorize(prompt="login"), username="canbo", password=PASSWORD)
    assert claims(site, again) == ("urn:haugiang:acr:1", ["pwd"], site.clock.now())


def test_line_30_single_sign_on_never_moves_auth_time(site: Site) -> None:
    start = site.clock.now()
    browser = site.browser()
    browser.sign_in()
    for _ in range(3):
        site.clock.advance(1000)
        assert claims(site, browser.get(authorize_url(PORTAL)), PORTAL)[2] == start


@pytest.mark.parametrize("more", [{"prompt": "login"}, {"max_age": "0"}, {"max_age": "59"}])
def test_line_30_fresh_authentication_is_forced_and_only_one_made_here_counts(site: Site, more: dict[str, str]) -> None:
    browser = site.browser()
    browser.sign_in()
    site.clock.advance(60)
    page = browser.authorize(**more)
    assert 'name="password"' in page.text
    interaction = page.request.path.rpartition("/")[2]
    browser.submit(browser.authorize(PORTAL, prompt="login"), username="canbo", password=PASSWORD)
    answer = browser.follow(browser.get(f"/authorize/{interaction}"))
    if more != {"max_age": "59"}:  # a sign-in of this moment in another tab is young enough for max_age=59
        assert 'name="password"' in answer.text
        answer = browser.submit(answer, username="canbo", password=PASSWORD)
    assert claims(site, answer)[2] == site.clock.now()


@pytest.mark.parametrize("more", [{"prompt": "login"}, {"max_age": "0"}, {"max_age": "600"}])
def test_line_30_a_consent_that_is_answered_late_is_answered_after_a_new_authentication(site: Site, more: dict[str, str]) -> None:
    browser = site.browser()
    page = browser.follow(browser.sign_in(SURVEY, **more))
    assert 'value="accept"' in page.text
    site.clock.advance(3000)
    again = browser.follow(browser.submit(page, answer="accept"))
    assert 'name="password"' in again.text
    assert "consent.given" not in site.events()
    asked = browser.follow(browser.submit(again, username="canbo", password=PASSWORD))
    assert 'value="accept"' in asked.text
    site.clock.advance(60)
    assert claims(site, browser.submit(asked, answer="accept"), SURVEY)[2] == site.clock.now() - 60


def test_line_30_a_consent_may_wait_where_no_fresh_authentication_is_asked(site: Site) -> None:
    browser = site.browser()
    page = browser.follow(browser.sign_in(SURVEY))
    site.clock.advance(1500)
    assert claims(site, browser.submit(page, answer="accept"), SURVEY)[2] == site.clock.now() - 1500


def test_line_30_a_second_factor_alone_is_no_fresh_authentication(site: Site) -> None:
    browser = site.browser()
    browser.sign_in()
    site.clock.advance(60)
    page = browser.authorize(STRICT, prompt="login")
    assert 'name="password"' in page.text
    answer = browser.submit(page, otp=site.otp())
    assert 'name="password"' in answer.text


def test_line_30_silent_requests_say_that_a_sign_in_is_needed(site: Site) -> None:
    browser = site.browser()
    browser.sign_in()
    site.clock.advance(60)
    assert query_of(browser.get(authorize_url(prompt="none", max_age="59")).headers["Location"])["error"] == "login_required"
