"""Session Management 1.0 on our pages: the frame, the cookie it reads, and session_state in answers and errors."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from idp.adapters.sql.database import Database
from idp.audit import Caller
from idp.oauth.metadata import Paths
from idp.oidc.session_management import session_state
from tests.fakes.directory import PASSWORD

from .site import PORTAL, STRICT, SURVEY, Browser, Site, authorize_url, form_of, query_of
from .test_security import policy_of

ORIGIN = "http://localhost:8001"


@pytest.fixture
def https_site(sqlite_template: Path, tmp_path: Path) -> Iterator[Site]:
    target = tmp_path / "https.sqlite3"
    shutil.copy(sqlite_template, target)
    database = Database(f"sqlite:///{target}")
    yield Site(database, env="production", issuer="https://login.example")
    database.dispose()


def state_of(browser: Browser) -> str:
    cookie = browser.client.get_cookie("browser-state")
    return cookie.value if cookie is not None else ""


def fits(answer: str, browser: Browser, client_id: str = "qlvb", origin: str = ORIGIN) -> bool:
    """Tell whether the session_state of a redirect is what the frame computes now."""
    given = query_of(answer)["session_state"]
    return given == session_state(client_id, origin, state_of(browser), salt=given.partition(".")[2])


def test_s2_an_answer_has_the_session_state_of_this_browser(site: Site) -> None:
    browser = site.browser()
    first = browser.sign_in().headers["Location"]
    assert list(query_of(first)) == ["code", "session_state", "state", "iss"]
    assert fits(first, browser)
    again = browser.authorize(prompt="none", follow=False).headers["Location"]
    assert fits(again, browser)
    assert fits(first, browser)
    assert query_of(again)["session_state"] != query_of(first)["session_state"]
    other = browser.authorize(PORTAL, follow=False).headers["Location"]
    assert fits(other, browser, "cong", "http://localhost:8002")


def test_s2_form_post_carries_it_as_well(site: Site) -> None:
    browser = site.browser()
    browser.sign_in()
    _, fields = form_of(browser.authorize(response_mode="form_post"))
    assert fields["session_state"] == session_state("qlvb", ORIGIN, state_of(browser),
                                                    salt=fields["session_state"].partition(".")[2])


def test_s2_errors_have_one_too_with_a_salt_of_their_own(site: Site) -> None:
    browser = site.browser()
    errors = [browser.get(authorize_url(prompt="none")).headers["Location"] for _ in range(2)]
    assert [query_of(error)["error"] for error in errors] == ["login_required"] * 2
    assert all(fits(error, browser) for error in errors)
    assert len({query_of(error)["session_state"] for error in errors}) == 2
    page = browser.follow(browser.sign_in(SURVEY))
    refused = browser.submit(page, answer="deny").headers["Location"]
    assert query_of(refused)["error"] == "access_denied"
    assert fits(refused, browser, "khaosat", "http://localhost:8003")


def test_s2_without_openid_there_is_none(site: Site) -> None:
    browser = site.browser()
    assert "session_state" not in query_of(browser.sign_in(scope="profile").headers["Location"])
    refused = browser.get(authorize_url(scope="openid nonsense")).headers["Location"]
    assert query_of(refused)["error"] == "invalid_scope"
    assert "session_state" not in query_of(refused)


def test_s3_2_the_state_changes_at_sign_in_step_up_and_sign_out_and_not_between(site: Site) -> None:
    site.enrol("canbo")
    browser, seen = site.browser(), []
    browser.sign_in()
    seen.append(state_of(browser))
    for answer in (browser.authorize(), browser.authorize(PORTAL), browser.get("/"), browser.get("/logout")):
        assert not [c for c in answer.headers.getlist("Set-Cookie") if c.startswith("browser-state=")]
    assert state_of(browser) == seen[0]
    browser.submit(browser.authorize(prompt="login"), username="canbo", password=PASSWORD)
    seen.append(state_of(browser))
    raised = browser.submit(browser.authorize(STRICT), otp=site.otp())
    assert fits(raised.headers["Location"], browser, "taichinh")
    seen.append(state_of(browser))
    browser.submit(browser.get("/logout"), answer="accept")
    seen.append(state_of(browser))
    assert len(set(seen)) == 4


def test_s3_2_another_officer_or_one_who_was_disabled_changes_it(site: Site) -> None:
    browser = site.browser()
    first = browser.sign_in().headers["Location"]
    browser.submit(browser.authorize(prompt="login"), username="vanthu", password=PASSWORD)
    assert not fits(first, browser)
    second = browser.authorize(follow=False).headers["Location"]
    assert fits(second, browser)
    officer = next(o for o in site.directory.officers.values() if o.uid == "vanthu")
    site.mirror.remember(replace(officer, disabled=True), now=site.clock.now())
    gone = browser.get(authorize_url(prompt="none")).headers["Location"]
    assert query_of(gone)["error"] == "login_required"
    assert not fits(second, browser)
    assert fits(gone, browser)


def test_a_browser_that_lost_the_cookie_or_holds_another_thing_gets_a_new_one_with_its_next_answer(site: Site) -> None:
    browser = site.browser()
    browser.sign_in()
    for planted in ("", "x", "a b" * 20, "<script>"):
        browser.client.set_cookie("browser-state", planted, domain="localhost")
        answer = browser.authorize(follow=False)
        assert fits(answer.headers["Location"], browser)
        assert len(state_of(browser)) == 43


def test_s3_3_the_frame_is_one_page_for_everybody_that_other_sites_may_frame(site: Site) -> None:
    browser = site.browser()
    browser.sign_in()
    for who in (browser, site.browser()):
        page = who.get(Paths().check_session)
        assert page.status_code == 200
        policy = policy_of(page)
        assert policy["frame-ancestors"] == ["https:", "http://localhost:*", "http://127.0.0.1:*"]
        assert policy["default-src"] == ["'none'"]
        assert "X-Frame-Options" not in page.headers
        assert "unsafe" not in page.headers["Content-Security-Policy"]
        nonce, = re.findall(r'<script src="/static/[0-9a-f]+/check-session.js" nonce="([^"]+)" defer></script>', page.text)
        assert f"'nonce-{nonce}'" in policy["script-src"]
        assert 'data-cookie="browser-state"' in page.text
        assert not re.search(r"<(?:a|form|button|input|iframe)\b", page.text)
        assert not page.headers.getlist("Set-Cookie")
        assert state_of(who) not in page.text or not state_of(who)


def test_in_production_only_https_pages_may_frame_it(https_site: Site) -> None:
    page = https_site.browser().get(Paths().check_session)
    assert policy_of(page)["frame-ancestors"] == ["https:"]
    assert 'data-cookie="__Host-browser-state"' in page.text


def test_what_ends_without_the_browser_leaves_its_state_for_the_next_sign_in(site: Site) -> None:
    browser = site.browser()
    answer = browser.sign_in().headers["Location"]
    session = site.sessions.find(browser.sso())
    assert session is not None
    site.sessions.end(session.sid, "administrator", Caller("cli", "r"))
    assert query_of(browser.get(authorize_url(prompt="none")).headers["Location"])["error"] == "login_required"
    assert fits(answer, browser)
    browser.sign_in()
    assert not fits(answer, browser)
