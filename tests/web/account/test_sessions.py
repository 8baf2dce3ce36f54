"""Where officers are signed in, and the device cookie."""

from __future__ import annotations

import re

import pytest

from tests.audit_desk import events_of
from tests.fakes.directory import PASSWORD

from ..conftest import site as site
from ..site import Browser, Site, form_of

CHROME = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Version/18.1 Mobile/15E148 Safari/604.1"


def enter(site: Site, uid: str = "canbo", user_agent: str = CHROME) -> Browser:
    browser = site.browser(User_Agent=user_agent)
    browser.follow(browser.submit(browser.follow(browser.get("/account/sessions")), username=uid, password=PASSWORD))
    return browser


def sid_of(page: str) -> list[str]:
    return re.findall(r'name="sid" value="([^"]*)"', page)


def test_the_officers_sessions_are_listed_in_words_this_one_first(site: Site) -> None:
    first = enter(site)
    site.clock.advance(60)
    enter(site, user_agent=IPHONE)
    enter(site, "vanthu")
    page = first.get("/account/sessions").text
    assert re.findall(r'class="rows__name">([^<]*)<', page)[:2] == ["Chrome trên Windows", "Safari trên iPhone"]
    assert page.count("Máy này") == 1
    assert len(sid_of(page)) == 1
    assert "Safari on iPhone" in first.get("/account/sessions", **{"Accept-Language": "en"}).text


def test_one_session_elsewhere_is_ended_and_its_applications_are_told(site: Site) -> None:
    here, elsewhere = enter(site), site.browser(User_Agent=IPHONE)
    elsewhere.sign_in()
    page = here.get("/account/sessions")
    sid, = sid_of(page.text)
    _, hidden = form_of(page)
    assert here.post("/account/sessions/end", {**hidden, "sid": sid}).status_code == 303
    assert site.notices() == ["qlvb"]
    assert elsewhere.get("/").headers["Location"].startswith("/login/")
    assert here.get("/").status_code == 200
    assert events_of(site.database, "session.ended")[0][2] == {"reason": "ended_elsewhere"}


def test_all_others_are_ended_at_once(site: Site) -> None:
    here, others = enter(site), [enter(site, user_agent=IPHONE) for _ in range(3)]
    stranger = enter(site, "vanthu")
    assert here.submit(here.get("/account/sessions")).status_code == 303
    assert [browser.get("/").status_code for browser in others] == [303, 303, 303]
    assert (here.get("/").status_code, stranger.get("/").status_code) == (200, 200)
    assert "Kết thúc các phiên khác" not in here.get("/account/sessions").text


def test_security_39_another_officers_session_cannot_be_ended(site: Site) -> None:
    mine, theirs = enter(site), enter(site, "vanthu")
    enter(site, "vanthu")
    sid, = sid_of(theirs.get("/account/sessions").text)
    enter(site)
    _, hidden = form_of(mine.get("/account/sessions"))
    for wrong in (sid, "", "x" * 500, "'--"):
        assert mine.post("/account/sessions/end", {**hidden, "sid": wrong}).status_code == 303
    assert len(sid_of(theirs.get("/account/sessions").text)) == 1
    assert events_of(site.database, "session.ended") == []


@pytest.mark.parametrize("path", ["/account/sessions/end", "/account/sessions/end-others"])
def test_security_21_ending_needs_the_forms_token_and_a_session(site: Site, path: str) -> None:
    browser, other = enter(site), enter(site)
    assert browser.post(path, {"sid": "x"}).status_code == 400
    _, hidden = form_of(browser.get("/account/sessions"))
    browser.client.delete_cookie("sso")
    assert browser.post(path, {**hidden, "sid": "x"}).headers["Location"].startswith("/login/")
    assert other.get("/").status_code == 200


def test_this_session_is_ended_by_signing_out(site: Site) -> None:
    browser = enter(site)
    enter(site)
    _, hidden = form_of(browser.get("/account/sessions"))
    sid = next(place.sid for place in site.known_devices.places(site.sub("canbo")) if place.user_agent == CHROME
               and place.sid not in sid_of(browser.get("/account/sessions").text))
    assert browser.post("/account/sessions/end", {**hidden, "sid": sid}).headers["Location"] == "/logout"
    assert browser.get("/").status_code == 200


def test_sessions_whose_limits_have_passed_are_not_listed(site: Site) -> None:
    enter(site, user_agent=IPHONE)
    site.clock.advance(site.settings.idle_limit_seconds)
    assert "iPhone" not in enter(site).get("/account/sessions").text


def test_security_20_the_device_cookie_outlives_the_session_and_opens_nothing(site: Site) -> None:
    browser = enter(site)
    cookie = browser.client.get_cookie("device")
    assert cookie is not None
    assert (cookie.http_only, cookie.same_site, cookie.path, cookie.max_age) == (True, "Lax", "/", 400 * 86400)
    browser.client.delete_cookie("sso")
    assert browser.get("/account/sessions").headers["Location"].startswith("/login/")
    browser.follow(browser.submit(browser.follow(browser.get("/account/sessions")), username="canbo", password=PASSWORD))
    assert browser.client.get_cookie("device").value == cookie.value  # type: ignore[union-attr]
    assert len(events_of(site.database, "device.new")) == 1


def test_a_stranger_at_the_same_address_does_not_keep_a_known_device_out(site: Site) -> None:
    browser = enter(site)
    browser.client.delete_cookie("sso")
    stranger = site.browser()
    page = stranger.follow(stranger.get("/account/sessions"))
    answers = [stranger.submit(page, username="canbo", password="wrong").status_code for _ in range(8)]
    assert answers == [400] * 3 + [429] * 5  # the third is followed by a pause
    page = browser.follow(browser.get("/account/sessions"))
    assert browser.follow(browser.submit(page, username="canbo", password=PASSWORD)).status_code == 200
    other = site.browser()
    assert other.submit(other.follow(other.get("/account/sessions")), username="canbo", password=PASSWORD).status_code == 429
