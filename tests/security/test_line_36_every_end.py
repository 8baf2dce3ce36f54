"""Line 36: however a session ends, each of its applications gets exactly one logout token, and no other session's does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from flask import Flask

from idp.adapters.sql.database import Database
from idp.audit import Caller
from idp.cli import sessions as command
from tests.fakes.directory import PASSWORD
from tests.security.test_line_36_backchannel_logout import Desk
from tests.web.site import SURVEY, Browser

WORKER = Caller("worker", "worker")
NEW_PASSWORD = "Một câu dễ nhớ 2026"


@pytest.fixture
def desk(database: Database) -> Iterator[Desk]:
    found = Desk(database)
    yield found
    found.receivers.stop()
    found.pump.close()


def work(desk: Desk) -> None:
    """Do what the worker does when its jobs are due."""
    desk.site.sessions.end_overdue(WORKER)
    desk.site.deprovisioning.settle(WORKER)
    desk.deliver()


def idle(desk: Desk, _browser: Browser) -> None:
    desk.site.clock.advance(desk.site.settings.idle_limit_seconds)


def absolute(desk: Desk, browser: Browser) -> None:
    for _ in range(desk.site.settings.absolute_limit_seconds // 1800):
        desk.site.clock.advance(1800)
        browser.get("/")


def administrator(desk: Desk, _browser: Browser) -> None:
    app = Flask("test")
    app.cli.add_command(command.commands(lambda: desk.site.services))
    assert app.test_cli_runner().invoke(args=["sessions", "end", "--officer", "canbo"]).exit_code == 0


def disabled(desk: Desk, _browser: Browser) -> None:
    """The directory disables the officer; somebody tries the account once, at another browser."""
    officer = desk.site.directory.officers["canbo"]
    desk.site.directory.add(replace(officer, disabled=True))
    assert desk.site.browser().sign_in().status_code == 400


def password_changed(desk: Desk, _browser: Browser) -> None:
    desk.site.directory.must_change.add("canbo")
    elsewhere = desk.site.browser()
    page = elsewhere.follow(elsewhere.sign_in())
    answer = elsewhere.submit(page, password=PASSWORD, new_password=NEW_PASSWORD, new_password_again=NEW_PASSWORD)
    assert answer.status_code == 303


def other_officer(desk: Desk, browser: Browser) -> None:
    browser.submit(browser.authorize(prompt="login"), username="vanthu", password=PASSWORD)


def signed_out(_desk: Desk, browser: Browser) -> None:
    browser.submit(browser.get("/logout"), answer="accept")


@pytest.mark.parametrize("end", [idle, absolute, administrator, disabled, password_changed, other_officer, signed_out])
def test_line_36_however_a_session_ends_each_application_is_told_once(desk: Desk, end: Callable[[Desk, Browser], None]) -> None:
    browser = desk.site.browser()
    claims = desk.site.id_token_claims(desk.site.tokens(browser.sign_in().headers["Location"])["id_token"])
    browser.authorize(replace(SURVEY, consent="implied"))
    work(desk)
    assert desk.receivers.received == []
    end(desk, browser)
    for _ in range(3):
        work(desk)
    tokens = desk.tokens()
    assert sorted((token["aud"], token["sid"], token["sub"]) for token in tokens) == [
        ("khaosat", claims["sid"], claims["sub"]), ("qlvb", claims["sid"], claims["sub"])]
    assert desk.site.events().count("session.ended") == 1
    assert desk.outbox.state().waiting == 0


def test_line_36_an_officer_who_is_disabled_and_comes_back_is_told_of_once_as_well(desk: Desk) -> None:
    browser = desk.site.browser()
    browser.sign_in()
    disabled(desk, browser)
    assert "login_required" in browser.authorize(prompt="none", follow=False).headers["Location"]
    for _ in range(2):
        work(desk)
    assert [token["aud"] for token in desk.tokens()] == ["qlvb"]
