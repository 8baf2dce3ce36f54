"""Line 33: a reset of the password never removes or skips the second factor."""

from __future__ import annotations

import pytest

from idp.adapters.sql.database import Database
from idp.administration.password_reset import PasswordResets
from idp.audit import Caller
from idp.roles import RoleGroups
from tests.fakes.directory import PASSWORD
from tests.web.site import QLVB, Browser, Site, form_of

OPERATOR = Caller("cli", "request")
NEW = "Một câu dễ nhớ 2026"


@pytest.fixture
def site(database: Database) -> Site:
    site = Site(database)
    site.enrol("lanhdao")
    return site


def reset(site: Site, uid: str = "lanhdao") -> str:
    """Do what an operator does; gives the password."""
    desk = PasswordResets(site.directory, site.mirror, site.one_time, site.deprovisioning, site.services.interactions,
                          site.told, site.services.audit, site.clock, RoleGroups())
    officer = site.directory.find_by_login(uid)
    assert officer is not None
    return desk.by_operator(officer, OPERATOR).one_time.password


def changed(site: Site) -> tuple[Browser, str]:
    """Sign in with the password and change it; gives the browser before the second factor, with the form's address."""
    browser, password = site.browser(), reset(site)
    page = browser.follow(browser.sign_in(uid="lanhdao", password=password))
    page = browser.follow(browser.submit(page, password=password, new_password=NEW, new_password_again=NEW))
    assert 'name="otp"' in page.text
    return browser, form_of(page)[0]


def test_line_33_after_a_reset_the_factor_is_asked_for_on_every_path(site: Site) -> None:
    browser, action = changed(site)
    interaction = action.partition("?")[0]
    for path in (interaction, interaction + "/expiring", interaction + "/forgotten", "/account/password", "/account/security",
                 "/account/password/changed", "/", "/authorize?" + action.partition("?")[2]):
        assert "code=" not in browser.follow(browser.get(path)).headers.get("Location", ""), path
        assert browser.sso() is None, path
    page = browser.follow(browser.get(interaction))
    assert browser.submit(page, otp="000000").status_code == 400
    assert browser.sso() is None
    assert browser.submit(page, otp=site.otp()).headers["Location"].startswith(QLVB.redirect_uris[0] + "?code=")


def test_line_33_a_reset_and_a_change_leave_every_factor_where_it_was(site: Site) -> None:
    entry_uuid = site.directory.officers["lanhdao"].entry_uuid
    before = site.services.second_factors.of(entry_uuid)
    changed(site)
    assert site.services.second_factors.of(entry_uuid) == before
    assert not [event for event in site.events() if event.startswith("factor.")][1:], "enrolled once, and nothing since"


def test_line_33_a_reset_puts_everybody_out_and_the_old_password_with_them(site: Site) -> None:
    browser = site.browser()
    browser.submit(browser.follow(browser.sign_in(uid="lanhdao")), otp=site.otp())
    assert browser.sso() is not None
    reset(site)
    assert 'name="username"' in browser.authorize().text
    assert site.browser().sign_in(uid="lanhdao", password=PASSWORD).status_code == 400


def test_line_33_what_was_proven_before_a_reset_is_worth_nothing_after_it(site: Site) -> None:
    """Somebody who knew the old password, and has the second factor at hand, stands before it while the password is reset."""
    browser = site.browser()
    page = browser.follow(browser.sign_in(uid="lanhdao"))
    assert 'name="otp"' in page.text
    reset(site)
    answer = browser.submit(page, otp=site.otp())
    assert 'name="username"' in browser.follow(answer).text
    assert browser.sso() is None


def test_line_33_what_was_proven_with_the_old_password_is_worth_nothing_after_a_change(site: Site) -> None:
    thief = site.browser()
    page = thief.follow(thief.sign_in(uid="lanhdao"))
    browser = site.browser()
    browser.submit(browser.follow(browser.sign_in(uid="lanhdao")), otp=site.otp())
    assert browser.submit(browser.get("/account/password"), password=PASSWORD, new_password=NEW,
                          new_password_again=NEW).headers["Location"] == "/account/password/changed"
    site.clock.advance(60)
    answer = thief.submit(page, otp=site.otp())
    assert 'name="username"' in thief.follow(answer).text
    assert thief.sso() is None
