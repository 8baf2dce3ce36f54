"""Which applications have what of an officer, taken back by the officer; and what the directory says of them."""

from __future__ import annotations

import re

from ..conftest import site as site
from ..site import SURVEY, Browser, Site, form_of
from .test_app import enter

PAGE = "/account/applications"


def consented(site: Site, uid: str = "canbo") -> Browser:
    """Sign an officer in at an application that asks, and let them agree."""
    browser, _ = enter(site, "/account/profile", uid)
    page = browser.follow(browser.authorize(SURVEY))
    answer = browser.submit(page, answer="accept")
    assert answer.headers["Location"].startswith(SURVEY.redirect_uris[0] + "?code="), answer.text
    return browser


def names(browser: Browser) -> list[str]:
    return re.findall(r'class="rows__name">([^<]*)<', browser.get(PAGE).text)


def test_rfc7009_an_officer_takes_back_what_an_application_has(site: Site) -> None:
    browser, other = consented(site), consented(site, "vanthu")
    page = browser.get(PAGE)
    assert "Khảo sát công vụ" in names(browser)
    assert "Bạn đồng ý ngày" in page.text
    address, fields = form_of(page)
    assert address == PAGE + "/withdraw"
    assert browser.post(address, {**fields, "client_id": "nobody"}).status_code == 303
    assert "Khảo sát công vụ" in names(browser)
    assert browser.post(address, {**fields, "client_id": SURVEY.client_id}).status_code == 303
    assert "Khảo sát công vụ" not in names(browser)
    assert "Khảo sát công vụ" in names(other), "another officer's stays"
    assert site.events().count("consent.withdrawn") == 1
    again = browser.follow(browser.authorize(SURVEY))
    assert 'value="accept"' in again.text, "the application asks anew"


def test_security_39_nobody_comes_in_without_a_session(site: Site) -> None:
    for path in (PAGE, "/account/profile"):
        answer = site.browser().get(path)
        assert (answer.status_code, answer.headers["Location"][:7]) == (303, "/login/"), path


def test_the_profile_says_what_the_directory_says(site: Site) -> None:
    browser, page = enter(site, "/account/profile")
    officer = site.directory.officers["canbo"]
    assert page.status_code == 200
    for said in (officer.name, officer.uid, officer.mail):
        assert said in page.text
    assert "Officer directory" not in page.text
    assert "officer directory" in browser.get("/account/profile", **{"Accept-Language": "en"}).text
