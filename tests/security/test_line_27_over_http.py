"""Checklist 27 through the whole application: what an attacker, an office and our proxy see."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.fakes.clock import FakeClock
from tests.fakes.directory import PASSWORD, FakeDirectory, make_officer
from tests.whole import make_app

ATTACKER, OFFICE, HOME = "198.51.100.9", "203.0.113.7", "192.0.2.55"


@pytest.fixture
def directory() -> FakeDirectory:
    return FakeDirectory([make_officer("canbo"), *(make_officer(f"officer{n}", number=1000 + n) for n in range(500))])


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def app(tmp_path: Path, database_url: str, directory: FakeDirectory, clock: FakeClock) -> Flask:
    return make_app(tmp_path, database_url, directory=directory, clock=clock, trusted_proxies=("127.0.0.1",))


class Browser:
    """A browser behind our proxy with a sign-in page open."""

    def __init__(self, app: Flask, address: str, *, peer: str = "127.0.0.1") -> None:
        self._client = app.test_client()
        self._asked = {"headers": {"Host": "localhost:8000", "X-Forwarded-For": address, "Origin": "http://localhost:8000"},
                       "environ_base": {"REMOTE_ADDR": peer}}
        self._address = self._client.get("/", **self._asked).location
        page = self._client.get(self._address, **self._asked)
        self._token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)[1]  # type: ignore[index]

    def sign_in(self, name: str, password: str = PASSWORD) -> TestResponse:
        return self._client.post(self._address, **self._asked, data={
            "username": name, "password": password, "csrf_token": self._token})


def test_line_27_two_hundred_guesses_then_the_officer_from_another_address(app: Flask, directory: FakeDirectory) -> None:
    attacker = Browser(app, ATTACKER)
    statuses = [attacker.sign_in("canbo", f"guess{number}").status_code for number in range(200)]
    assert statuses == [400] * 3 + [429] * 197  # the third is followed by a pause, and the clock stands
    assert len(directory.binds) == 3
    refused = attacker.sign_in("canbo")
    assert (refused.status_code, 0 < int(refused.headers["Retry-After"]) <= 300) == (429, True)
    assert Browser(app, OFFICE).sign_in("canbo").status_code == 303


def test_line_27_an_office_of_five_hundred_signs_in_within_five_minutes_without_one_refusal(app: Flask, clock: FakeClock) -> None:
    for number in range(500):
        browser = Browser(app, OFFICE)
        for _ in range(1 + number % 2 if number % 20 in (3, 11, 17) else 0):
            assert browser.sign_in(f"officer{number}", "typing mistake").status_code == 400
        assert browser.sign_in(f"officer{number}").status_code == 303
        if number % 5 == 4:
            clock.advance(3)


def test_line_27_x_forwarded_for_counts_only_from_our_proxy(app: Flask) -> None:
    """Who speaks to us directly cannot choose an address, nor use up another's guesses."""
    for number in range(12):
        status = Browser(app, f"10.9.8.{number}", peer=ATTACKER).sign_in("canbo", "guess").status_code
        assert status == (400 if number < 3 else 429)
    assert Browser(app, "10.9.8.1").sign_in("canbo").status_code == 303


def test_line_27_the_first_addresses_of_a_forged_chain_do_not_count(app: Flask) -> None:
    for number in range(12):
        status = Browser(app, f"10.9.8.{number}, {ATTACKER}").sign_in("canbo", "guess").status_code
        assert status == (400 if number < 3 else 429)


def test_line_27_every_spelling_of_a_name_is_one_name(app: Flask, directory: FakeDirectory) -> None:
    browser = Browser(app, ATTACKER)
    for name in ("canbo", "CanBo", " canbo ", "canbo@haugiang.gov.vn", "CANBO@HAUGIANG.GOV.VN", "\u200bcanbo", "ｃａｎｂｏ"):
        browser.sign_in(name, "guess")
    assert browser.sign_in("canbo").status_code == 429
    assert len(directory.binds) == 3
    assert Browser(app, HOME).sign_in("canbo@haugiang.gov.vn").status_code == 303
