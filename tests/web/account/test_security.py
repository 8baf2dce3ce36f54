"""The security page: what an officer has, what may go, and that every change asks for a fresh authentication."""

from __future__ import annotations

import pytest

from tests.fakes.directory import PASSWORD
from tests.web.site import Browser, Site, form_of

REMOVE = "/account/security/remove"


def at(site: Site, browser: Browser, path: str, uid: str = "canbo", *, otp: bool = False):
    """Sign in on the way to a page of ours."""
    page = browser.follow(browser.get(path))
    page = browser.follow(browser.submit(page, username=uid, password=PASSWORD))
    return browser.follow(browser.submit(page, otp=site.otp())) if otp else page


def test_without_a_session_the_way_leads_through_the_sign_in_and_back(site: Site) -> None:
    page = at(site, site.browser(), "/account/")
    assert page.request.path == "/account/security"
    assert "Chưa bật xác thực hai lớp" in page.text


def test_the_page_lists_what_the_officer_has(site: Site) -> None:
    site.enrol("canbo")
    browser = site.browser()
    page = at(site, browser, "/account/security")
    assert "Ứng dụng tạo mã 6 số" in page.text
    assert "Đã bật xác thực hai lớp" in page.text


def test_a_session_without_the_second_factor_that_policy_demands_sees_nothing(site: Site) -> None:
    site.enrol("lanhdao")
    browser = site.browser()
    page = browser.follow(browser.submit(browser.follow(browser.get("/account/security")), username="lanhdao", password=PASSWORD))
    assert 'name="otp"' in page.text


def test_checklist_34_removing_asks_for_password_and_factor_again_and_comes_back(site: Site) -> None:
    site.enrol("canbo")
    browser = site.browser()
    at(site, browser, "/account/security")
    page = browser.follow(browser.get(f"{REMOVE}?factor=otp&id="))
    assert 'name="otp"' in page.text, "the session is young, but has only the password"
    page = browser.follow(browser.submit(page, otp=site.otp()))
    assert page.request.path == REMOVE
    site.clock.advance(301)
    late = browser.follow(browser.submit(page))
    assert 'name="password"' in late.text, "the page stood open too long"
    assert "Trước khi thay đổi cách đăng nhập" in late.text
    assert site.totp.enrolled(site.directory.officers["canbo"].entry_uuid)


def test_a_fresh_officer_removes_the_app_and_it_is_recorded(site: Site) -> None:
    site.enrol("canbo")
    browser = site.browser()
    page = at(site, browser, f"{REMOVE}?factor=otp&id=", otp=True)
    answer = browser.submit(page)
    assert answer.headers["Location"] == "/account/security"
    assert not site.totp.enrolled(site.directory.officers["canbo"].entry_uuid)
    assert site.events()[-1] == "factor.removed"


def test_removing_by_a_form_of_ones_own_making_asks_all_the_same(site: Site) -> None:
    site.enrol("canbo")
    browser = site.browser()
    _, fields = form_of(browser.authorize())
    browser.sign_in()
    answer = browser.post(REMOVE, {"csrf_token": fields["csrf_token"], "factor": "otp", "id": ""})
    assert answer.headers["Location"].startswith("/login/")
    assert site.totp.enrolled(site.directory.officers["canbo"].entry_uuid)


def test_checklist_33_the_last_factor_of_who_needs_two_stays(site: Site) -> None:
    site.enrol("lanhdao")
    browser = site.browser()
    page = at(site, browser, f"{REMOVE}?factor=otp&id=", "lanhdao", otp=True)
    assert "Chưa gỡ được" in page.text
    assert "<form" not in page.text
    _, fields = form_of(browser.get("/logout"))
    answer = browser.post(REMOVE, {"csrf_token": fields["csrf_token"], "factor": "otp", "id": ""})
    assert answer.status_code == 409
    assert site.totp.enrolled(site.directory.officers["lanhdao"].entry_uuid)


@pytest.mark.parametrize("query", ["", "?factor=otp&id=x", "?factor=nothing", "?factor=%00%ff"])
def test_what_one_does_not_have_leads_back(site: Site, query: str) -> None:
    browser = site.browser()
    page = at(site, browser, f"{REMOVE}{query}")
    assert page.request.path == "/account/security"


def test_checklist_39_no_form_names_another_officer(site: Site) -> None:
    site.enrol("lanhdao")
    browser = site.browser()
    at(site, browser, "/account/security")
    _, fields = form_of(browser.get("/logout"))
    for name in ("sub", "officer", "entry_uuid", "uid"):
        browser.post(REMOVE, {"csrf_token": fields["csrf_token"], "factor": "otp", "id": "",
                              name: site.directory.officers["lanhdao"].entry_uuid})
    assert site.totp.enrolled(site.directory.officers["lanhdao"].entry_uuid)


def test_another_officer_who_signs_in_on_the_way_acts_for_themselves(site: Site) -> None:
    site.enrol("canbo")
    browser = site.browser()
    at(site, browser, "/account/security")
    page = browser.follow(browser.get(f"{REMOVE}?factor=otp&id="))
    page = browser.get(page.request.path + "?as=other")
    page = browser.follow(browser.submit(page, username="vanthu", password=PASSWORD))
    assert page.request.path == "/account/security"
    assert site.totp.enrolled(site.directory.officers["canbo"].entry_uuid)
