"""The portal: the officer's applications, last used first."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from idp.web.presentation import entrance
from tests.fakes.directory import PASSWORD

from .site import ISSUER, LEADERS, PORTAL, QLVB, SURVEY, Site


def enter(site: Site, uid: str = "canbo"):
    browser = site.browser()
    page = browser.follow(browser.get("/"))
    return browser, browser.follow(browser.submit(page, username=uid, password=PASSWORD))


def names(page) -> list[str]:
    return re.findall(r'class="app__name">([^<]*)<', page.text)


def test_a_stranger_signs_in_and_comes_back(site: Site) -> None:
    browser, page = enter(site)
    assert page.status_code == 200
    assert "Nguyễn Văn Mẫu" in page.text
    assert browser.get("/").status_code == 200


def test_only_applications_that_the_officer_may_use_are_shown(site: Site) -> None:
    site.enrol("lanhdao")
    _, page = enter(site)
    assert LEADERS.client_name not in names(page)
    browser = site.browser()
    factor = browser.follow(browser.submit(browser.follow(browser.get("/")), username="lanhdao", password=PASSWORD))
    leaders_page = browser.follow(browser.submit(factor, otp=site.otp()))
    assert LEADERS.client_name in names(leaders_page)


def test_disabled_applications_and_those_without_an_entrance_are_left_out(site: Site) -> None:
    site.client_store.put(replace(QLVB, disabled=True))
    site.client_store.put(replace(QLVB, client_id="api", client_name="Chỉ là máy", client_uri=""))
    site.client_store.put(replace(QLVB, client_id="js", client_name="Kẻ xấu", client_uri="javascript:alert(1)"))
    site.clock.advance(2)
    _, page = enter(site)
    assert QLVB.client_name not in names(page)
    assert "Chỉ là máy" not in names(page)
    assert "javascript:" not in page.text


def test_security_37_an_application_that_registered_itself_is_shown_to_those_who_used_it(site: Site) -> None:
    browser, page = enter(site)
    assert SURVEY.client_name not in names(page)
    browser.submit(browser.authorize(SURVEY), answer="accept")
    assert SURVEY.client_name in names(browser.get("/"))
    assert SURVEY.client_name not in names(enter(site, "vanthu")[1])
    for change in ({"consent": "implied"}, {"source": "file"}):
        site.client_store.put(replace(SURVEY, **change))
        site.services.clients.reload()
        assert SURVEY.client_name in names(enter(site, "vanthu")[1])


def test_the_last_used_application_comes_first_and_says_when(site: Site) -> None:
    browser, page = enter(site)
    assert "Chưa dùng lần nào" in page.text
    browser.authorize(QLVB)
    site.clock.advance(300)
    browser.authorize(PORTAL)
    site.clock.advance(120)
    page = browser.get("/")
    assert names(page)[:2] == [PORTAL.client_name, QLVB.client_name]
    assert "2 phút trước" in page.text
    assert "7 phút trước" in page.text
    assert page.text.count("Đang mở") == 2
    assert "http://localhost:8002/login?iss=http%3A%2F%2Flocalhost%3A8000" in page.text


@pytest.mark.parametrize(("start", "home", "address"), [
    ("https://a.example/start", "https://a.example/", f"https://a.example/start?iss={quote(ISSUER, safe='')}"),
    ("https://a.example/start?from=portal&x=%20", "", f"https://a.example/start?from=portal&x=%20&iss={quote(ISSUER, safe='')}"),
    ("", "https://a.example/", "https://a.example/"),
    ("javascript:alert(1)", "https://a.example/", "https://a.example/"),
    ("", "", "/"),
])
def test_core_s4_an_application_is_entered_where_it_begins_a_sign_in_itself(start: str, home: str, address: str) -> None:
    assert entrance(replace(QLVB, initiate_login_uri=start, client_uri=home), ISSUER) == address


def test_core_s4_the_link_tells_the_issuer_and_nothing_of_the_officer(site: Site) -> None:
    browser, page = enter(site)
    link, = (unescape(found) for found in re.findall(r'class="app" href="([^"]+)"', page.text) if "8002" in found)
    assert parse_qs(urlsplit(link).query) == {"iss": [site.settings.issuer]}
    assert browser.get("/").headers["Referrer-Policy"] == "no-referrer"


def test_core_s4_who_follows_the_link_is_in_the_application_without_a_question(site: Site) -> None:
    browser, _ = enter(site)
    answer = browser.authorize(PORTAL)  # as the application does when its initiate_login_uri is opened
    assert answer.headers["Location"].startswith(f"{PORTAL.redirect_uris[0]}?code=")


def test_the_portal_asks_for_the_second_factor_that_the_groups_demand(site: Site) -> None:
    browser, _ = enter(site)
    site.enrol("canbo")
    officer = next(o for o in site.directory.officers.values() if o.uid == "canbo")
    site.mirror.remember(replace(officer, groups=("lanhdao",)), now=site.clock.now())
    page = browser.follow(browser.get("/"))
    assert 'name="otp"' in page.text
    assert browser.follow(browser.submit(page, otp=site.otp())).status_code == 200


def test_in_english(site: Site) -> None:
    browser, _ = enter(site)
    page = browser.follow(browser.get("/language/en?next=/"))
    assert '<html lang="en">' in page.text
    assert "My applications" in page.text
