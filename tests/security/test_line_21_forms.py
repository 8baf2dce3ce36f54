"""Line 21: every form of ours has a token of this browser and its origin is checked; GET changes nothing."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest

from idp.adapters.sql.database import Database
from tests.fakes.directory import PASSWORD
from tests.web.site import QLVB, SURVEY, Browser, Site, authorize_url, form_of


@pytest.fixture
def site(database: Database) -> Site:
    return Site(database)


def forms(site: Site) -> dict[str, tuple[Browser, str, dict[str, str], dict[str, str]]]:
    """One browser standing before each form: where it goes, its hidden fields, what the officer would fill in."""
    site.enrol("lanhdao")
    found = {}
    for name, steps, fill in (
        ("sign_in", lambda b: b.authorize(), {"username": "canbo", "password": PASSWORD}),
        ("second_factor", lambda b: b.follow(b.sign_in(uid="lanhdao")), {"otp": site.otp()}),
        ("change_password", lambda b: b.follow(b.sign_in(uid="doimatkhau")),
         {"password": PASSWORD, "new_password": "Một câu dễ nhớ 2026", "new_password_again": "Một câu dễ nhớ 2026"}),
        ("own_wish", lambda b: (b.sign_in(uid="vanthu"), b.get("/account/password"))[1],
         {"password": PASSWORD, "new_password": "Một câu dễ nhớ 2026", "new_password_again": "Một câu dễ nhớ 2026"}),
        ("consent", lambda b: b.follow(b.sign_in(SURVEY)), {"answer": "accept"}),
        ("logout", lambda b: (b.sign_in(), b.get("/logout"))[1], {"answer": "accept"}),
    ):
        browser = site.browser()
        action, hidden = form_of(steps(browser))
        found[name] = (browser, action, hidden, fill)
    return found


def test_line_21_without_token_with_a_strangers_or_from_elsewhere_nothing_happens(site: Site) -> None:
    stranger = form_of(site.browser().authorize())[1]["csrf_token"]
    for name, (browser, action, hidden, fill) in forms(site).items():
        before = site.events()
        for fields, headers in (
            (fill, {}), ({**fill, "csrf_token": ""}, {}), ({**fill, "csrf_token": stranger}, {}),
            ({**fill, "csrf_token": "đ" * 100}, {}), ({**fill, **hidden}, {"Origin": "https://evil.example"}),
            ({**fill, **hidden}, {"Sec-Fetch-Site": "cross-site"}),
        ):
            answer = browser.post(action, fields, **headers)
            assert answer.status_code == 400, name
        assert site.events() == before, name
        assert browser.post(action, {**fill, **hidden}).status_code in {200, 303}, name
        assert site.events() != before, name


def test_line_21_get_ends_no_session_gives_no_consent_and_signs_nobody_in(site: Site) -> None:
    browser = site.browser()
    browser.sign_in(SURVEY)
    before = site.events()
    action, hidden = form_of(browser.authorize(SURVEY))
    query = "&".join(f"{name}={value}" for name, value in {**hidden, "answer": "accept"}.items())
    browser.get(f"{action}{'&' if '?' in action else '?'}{query}")
    browser.get("/logout?answer=accept&" + query)
    other = site.browser()
    action, hidden = form_of(other.authorize())
    other.get(f"{action}&username=canbo&password={PASSWORD}&csrf_token={hidden['csrf_token']}")
    assert site.events() == before
    assert other.sso() is None


def test_line_21_posts_from_other_sites_change_nothing_but_a_stored_request(site: Site) -> None:
    browser = site.browser()
    token = site.tokens(browser.sign_in().headers["Location"])["id_token"]
    before = site.events()
    for path, data in (("/authorize", dict(parse_qsl(urlsplit(authorize_url()).query))), ("/logout", {"id_token_hint": token})):
        answer = browser.post(path, data, Origin="https://evil.example", **{"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith(path + "/")
    assert site.events() == before
    assert site.sessions.find(browser.sso()) is not None


def test_line_21_a_sign_in_form_cannot_be_filled_in_for_another_browser(site: Site) -> None:
    attacker, victim = site.browser(), site.browser()
    action, hidden = form_of(attacker.authorize())
    answer = victim.post(action, {**hidden, "username": "vanthu", "password": PASSWORD})
    assert answer.status_code == 410
    assert victim.sso() is None
    assert QLVB.client_uri in answer.text
