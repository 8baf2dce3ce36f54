"""Line 20: the session cookie is opaque, host-bound, new at each login and step-up, and worthless after logout."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from idp.adapters.sql.database import Database
from idp.adapters.sql.tables import SessionRow
from tests.fakes.directory import PASSWORD
from tests.web.site import PORTAL, STRICT, Site, authorize_url


@pytest.fixture
def site(database: Database) -> Site:
    return Site(database)


def parts(header: str) -> set[str]:
    return {part.strip().split("=")[0] if "=" in part and not part.strip().startswith(("SameSite", "Path")) else part.strip()
            for part in header.split(";")}


def test_line_20_names_and_attributes_by_issuer(database: Database) -> None:
    for site, name, secure in ((Site(database), "sso", False),
                               (Site(database, env="production", issuer="https://login.example"), "__Host-sso", True)):
        answer = site.browser().sign_in()
        cookie = next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith(name + "="))
        assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= parts(cookie)
        assert ("Secure" in parts(cookie)) is secure
        assert not {"Domain", "Expires", "Max-Age"} & parts(cookie)


def test_line_20_it_is_opaque_and_long_and_kept_as_a_digest_only(site: Site) -> None:
    browser = site.browser()
    browser.sign_in()
    value = browser.sso()
    assert value is not None
    assert len(value) >= 43
    assert value not in repr(site.database.read(select(SessionRow.__table__)).all())


def test_line_20_a_new_value_at_each_login_and_step_up_and_the_old_one_is_worthless(site: Site) -> None:
    site.enrol("canbo")
    browser = site.browser()
    seen = []
    browser.sign_in()
    seen.append(browser.sso())
    browser.submit(browser.authorize(prompt="login"), username="canbo", password=PASSWORD)
    seen.append(browser.sso())
    browser.submit(browser.authorize(STRICT), otp=site.otp())
    seen.append(browser.sso())
    assert len(set(seen)) == 3
    for old in seen[:-1]:
        assert site.sessions.find(old) is None
    assert site.sessions.find(seen[-1]) is not None


def test_line_20_a_value_planted_before_the_sign_in_is_never_used(site: Site) -> None:
    browser = site.browser()
    browser.client.set_cookie("sso", "planted" * 8, domain="localhost")
    browser.sign_in()
    assert browser.sso() != "planted" * 8
    assert site.sessions.find("planted" * 8) is None


def test_line_20_the_session_ends_on_the_server_at_logout(site: Site) -> None:
    browser = site.browser()
    browser.sign_in()
    value = browser.sso()
    browser.submit(browser.get("/logout"), answer="accept")
    browser.client.set_cookie("sso", value, domain="localhost")
    assert "login_required" in browser.get(authorize_url(PORTAL, prompt="none")).headers["Location"]


def test_line_20_idle_and_absolute_limits_by_security_level(database: Database) -> None:
    for level, idle, absolute in ((2, 3600, 86400), (3, 900, 43200)):
        site = Site(database, security_level=level)
        browser = site.browser()
        browser.sign_in()
        site.clock.advance(idle)
        assert "login_required" in browser.get(authorize_url(prompt="none")).headers["Location"]
        browser.sign_in()
        for _ in range(absolute // (idle - 60)):
            site.clock.advance(idle - 60)
            browser.get(authorize_url(prompt="none"))
        site.clock.advance(idle - 60)
        assert "login_required" in browser.get(authorize_url(prompt="none")).headers["Location"]


def test_line_20_frames_of_applications_see_a_random_cookie_of_its_own_never_the_session_cookie(database: Database) -> None:
    for site, name, attributes in (
            (Site(database), "browser-state", {"SameSite=Lax", "Path=/"}),
            (Site(database, env="production", issuer="https://login.example"), "__Host-browser-state",
             {"SameSite=None", "Secure", "Path=/"})):
        browser, values = site.browser(), []
        for answer in (browser.sign_in(), browser.submit(browser.get("/logout"), answer="accept")):
            cookie, = [c for c in answer.headers.getlist("Set-Cookie") if c.startswith(f"{name}=")]
            assert {part.strip() for part in cookie.split(";")[1:]} == attributes
            values.append(cookie.split(";")[0].partition("=")[2])
        assert len(set(values)) == 2
        assert all(len(value) == 43 and site.sessions.find(value) is None for value in values)
        assert not any(value in repr(site.database.read(select(SessionRow.__table__)).all()) for value in values)
