"""The notice about personal data on every way in: shown once, and nothing is told or opened before it was read."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from idp.adapters.sql.database import Database
from idp.adapters.sql.personal_data import SqlReadings
from idp.notices.personal_data import PersonalDataNotice, PersonalDataText, Section

from .site import CALLBACK, STRICT, SURVEY, Browser, Site, form_of, query_of
from .test_device import asked as asked_by_device
from .test_device import registered as registered_device

TEXT = PersonalDataText("2026-1", date(2026, 11, 23), {
    "vi": (Section("Chúng tôi giữ những gì", ("Họ tên <b>",)),), "en": (Section("What we keep", ("Your name",)),)})
SHIPPED = Path(__file__).parents[2] / "deploy" / "personal-data-notice.toml"
HEADING = "Thông báo về dữ liệu cá nhân"


@pytest.fixture
def site(sqlite_template: Path, tmp_path: Path) -> Iterator[Site]:
    for source, target in ((sqlite_template, tmp_path / "pages.sqlite3"), (SHIPPED, tmp_path / "notice.toml")):
        shutil.copy(source, target)
    database = Database(f"sqlite:///{tmp_path / 'pages.sqlite3'}")
    site = Site(database, personal_data_notice_file=tmp_path / "notice.toml")
    site.services.personal_data.text = TEXT
    yield site
    database.dispose()


def events(site: Site) -> int:
    return site.events().count("personal_data.notice_read")


def read(browser: Browser, page: TestResponse) -> TestResponse:
    assert HEADING in page.text
    return browser.submit(page, answer="accept")


def test_the_first_sign_in_shows_it_once_and_leads_on(site: Site) -> None:
    browser = site.browser()
    page = browser.follow(browser.sign_in())
    assert ("Họ tên &lt;b&gt;" in page.text, "Phiên bản 2026-1, từ ngày 23/11/2026" in page.text) == (True, True)
    assert "code.issued" not in site.events()
    answer = read(browser, page)
    assert answer.headers["Location"].startswith(CALLBACK)
    assert "code" in query_of(answer.headers["Location"])
    assert site.events().index("personal_data.notice_read") < site.events().index("code.issued")
    assert browser.authorize(follow=False).headers["Location"].startswith(CALLBACK), "it is not shown again"
    assert HEADING not in browser.get("/").text
    again = site.browser()
    assert again.sign_in().headers["Location"].startswith(CALLBACK), "nor at another sign-in"
    profile = again.get("/account/profile").text
    assert "Bạn đã đọc phiên bản 2026-1" in profile
    assert events(site) == 1


def test_another_version_is_shown_to_whoever_has_read_the_first(site: Site) -> None:
    browser = site.browser()
    page = browser.follow(browser.sign_in())
    site.services.personal_data.text = replace(TEXT, version="2026-2")
    page = browser.follow(browser.submit(page, answer="accept"))
    assert "Phiên bản 2026-2" in page.text, "what stood open was another text"
    assert events(site) == 0
    read(browser, page)
    site.services.personal_data.text = replace(TEXT, version="2026-3")
    assert HEADING in browser.follow(browser.get("/")).text
    assert HEADING in browser.authorize().text


def test_a_silent_request_is_told_that_something_has_to_be_asked(site: Site) -> None:
    browser = site.browser()
    browser.follow(browser.sign_in())
    silent = browser.authorize(follow=False, prompt="none")
    assert query_of(silent.headers["Location"])["error"] == "interaction_required"
    assert "code.issued" not in site.events()


def test_it_comes_after_the_factors_and_before_what_is_shared(site: Site) -> None:
    site.enrol("canbo")
    browser = site.browser()
    page = browser.follow(browser.sign_in(STRICT))
    assert HEADING not in page.text
    assert HEADING in browser.follow(browser.submit(page, otp=site.otp())).text
    asked = browser.authorize(SURVEY)
    assert HEADING in asked.text
    assert "Khảo sát công vụ" in browser.follow(read(browser, asked)).text
    assert "consent.given" not in site.events()


@pytest.mark.parametrize("sent", [
    {}, {"answer": "deny"}, {"answer": "accept", "version": "2026-0"}, {"answer": "accept", "to": "x"}])
def test_security_29_no_other_post_counts_as_having_read_it(site: Site, sent: dict[str, str]) -> None:
    browser = site.browser()
    page = browser.follow(browser.sign_in())
    action, hidden = form_of(page)
    if "to" in sent:
        action = re.sub(r"to=[0-9a-f]+", "to=0", action)
    answer = browser.post(action, {**hidden, **sent})
    assert HEADING in browser.follow(answer).text
    assert events(site) == 0
    assert browser.post(action, {"answer": "accept", "version": "2026-1"}).status_code == 400, "without the form's token"
    assert events(site) == 0


def test_no_page_opens_and_no_form_is_taken_before_it_is_read(site: Site) -> None:
    """Every address there is, by GET and by POST with a form's token, as an officer who is signed in and has read nothing."""
    browser = site.browser()
    page = browser.follow(browser.sign_in())
    token = form_of(page)[1]["csrf_token"]
    before = len(site.events())
    open_pages = set()
    for rule in site.app.url_map.iter_rules():
        if "static" in rule.endpoint or rule.endpoint.startswith("help.") or rule.endpoint in {"logout.answer", "logout.leave"}:
            continue
        path = re.sub(r"<[^>]+>", "x", rule.rule)
        for method in (rule.methods or set()) & {"GET", "POST"}:
            answer = browser.get(path) if method == "GET" else browser.post(path, {"csrf_token": token, "answer": "accept"})
            if answer.status_code == 200:
                open_pages.add(f"{method} {rule.endpoint}")
            assert answer.status_code < 500, (method, path)
    assert open_pages == {
        "GET personal_data.text", "GET device.ask_code", "GET session_management.frame", "GET signing.state",
        "GET gallery.gallery", "GET login.phone", "GET logout.begin",
        "POST logout.end_session"}, "nothing about the officer, and the way out"
    assert [event for event in site.events()[before:] if event != "session.ended"] == []


def test_an_approval_for_a_device_is_not_given_before(site: Site) -> None:
    registered_device(site)
    asking: Any = asked_by_device(site)
    browser = site.browser()
    browser.follow(browser.sign_in())
    page = browser.submit(browser.get("/device"), user_code=asking["user_code"])
    assert HEADING in browser.follow(page).text


def test_the_text_can_be_read_by_everybody_at_any_time(site: Site) -> None:
    anyone = site.browser()
    assert "Chúng tôi giữ những gì" in anyone.get("/personal-data").text
    assert "What we keep" in anyone.get("/personal-data", Accept_Language="en").text
    assert 'href="/personal-data"' in anyone.authorize().text
    site.services.personal_data.text = None
    assert anyone.get("/personal-data").status_code == 404


def test_without_a_text_nothing_is_asked(site: Site) -> None:
    site.services.personal_data = PersonalDataNotice(None, SqlReadings(site.database), site.clock)
    assert site.browser().sign_in().headers["Location"].startswith(CALLBACK)
