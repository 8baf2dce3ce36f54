"""The pages on which an officer answers what applications ask by name (CIBA §8): shown, full sign-in, answered by a button."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from werkzeug.test import TestResponse

from idp.audit import Caller
from idp.oauth.authorization_request import AuthorizationRequest
from idp.oauth.client import Client
from idp.oauth.deferred.authorization import GRANT_TYPE_OF, Deferred, Kind, State
from idp.oauth.ports import digest
from tests.fakes.directory import PASSWORD

from .site import Browser, Site, form_of

BANK = Client(
    client_id="ngan-hang", client_name="Chi trả lương", owner="Kho bạc Nhà nước tỉnh", consent="implied", response_types=(),
    grant_types=(GRANT_TYPE_OF[Kind.CIBA], "refresh_token"), backchannel_token_delivery_mode="poll",
    scope=frozenset({"openid", "profile", "email", "offline_access"}))
FROM = Caller("203.0.113.77", "ciba-1")


def registered(site: Site, **members: Any) -> Client:
    client = replace(BANK, **members)
    site.client_store.put(client)
    site.services.clients.reload()
    return client


def ask(site: Site, uid: str = "canbo", secret: str = "one", *, message: str = "W4SCT", notice: str = "", **members: Any) -> None:
    """Ask for an officer as the endpoint does."""
    known = site.mirror.by_uid(uid)
    sub = known.sub if known else site.mirror.remember(site.directory.officers[uid], now=site.clock.now())
    asked = AuthorizationRequest(**{"client_id": "ngan-hang", "redirect_uri": "", "response_type": "", "response_mode": "",
                                    "scope": ("openid", "profile"), **members})
    assert site.services.approvals.begin(
        Kind.CIBA, asked, FROM, secret=secret, sub=sub, lifetime_seconds=300, interval_seconds=5, most_pending=5,
        details=json.dumps({"binding_message": message, **({"notice": notice} if notice else {})}))


def state(site: Site, secret: str = "one") -> Deferred:
    found = site.provider.deferred.find(digest(secret))
    assert found is not None
    return found


def enter(site: Site, uid: str = "canbo", path: str = "/approvals") -> tuple[Browser, TestResponse]:
    browser = site.browser()
    return browser, browser.follow(browser.submit(browser.follow(browser.get(path)), username=uid, password=PASSWORD))


def choose(browser: Browser, page: TestResponse, number: int = 0) -> TestResponse:
    """Press the button of one request in the list."""
    action, hidden = form_of(page)
    wanted = re.findall(r'name="approval" value="([0-9a-f]{64})"', page.text)[number]
    return browser.follow(browser.post(action, {**hidden, "approval": wanted}))


@pytest.fixture(autouse=True)
def bank(site: Site) -> Client:
    return registered(site)


def test_ciba_s8_the_officer_signs_in_sees_who_asks_and_approves(site: Site) -> None:
    ask(site)
    browser, page = enter(site)
    for told in ("Chi trả lương", "Kho bạc Nhà nước tỉnh", "W4SCT", "203.0.113.77", "hôm nay", "còn 5 phút"):
        assert told in page.text
    page = choose(browser, page)
    for told in ("Chi trả lương", "W4SCT", "203.0.113.77", "hôm nay", "Họ và tên", "Nguyễn Văn Mẫu", "mật khẩu"):
        assert told in page.text
    assert state(site).state == State.PENDING
    done = browser.follow(browser.submit(page, answer="accept"))
    assert "Đã chấp thuận" in done.text
    found = state(site)
    assert (found.state, found.grant is not None and found.grant.scope) == (State.APPROVED, "openid profile")
    assert "Không có yêu cầu nào" in browser.get("/approvals").text


def test_ciba_s8_the_officer_refuses(site: Site) -> None:
    ask(site)
    browser, page = enter(site)
    done = browser.follow(browser.submit(choose(browser, page), answer="deny"))
    assert "Đã từ chối" in done.text
    assert (state(site).state, state(site).grant) == (State.DENIED, None)
    assert site.events()[-1] == "approval.refused"


def test_the_portal_says_how_many_wait(site: Site) -> None:
    _, page = enter(site, path="/")
    assert "/approvals" not in page.text
    ask(site)
    ask(site, secret="two")
    _, page = enter(site, path="/")
    assert '<a href="/approvals">2 yêu cầu chờ bạn trả lời</a>' in page.text
    assert "Chi trả lương" in page.text


def test_security_17_nobody_sees_or_answers_what_another_officer_is_asked(site: Site) -> None:
    ask(site)
    browser, page = enter(site, "vanthu")
    assert "Không có yêu cầu nào" in page.text
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/logout").text)
    assert token is not None
    answer = browser.post("/approvals", {"csrf_token": token[1], "approval": digest("one").hex()})
    assert answer.headers["Location"] == "/approvals"
    assert state(site).state == State.PENDING


def test_security_17_who_takes_over_the_browser_cannot_answer_for_the_officer_before(site: Site) -> None:
    ask(site)
    browser, page = enter(site)
    page = choose(browser, page)
    browser.follow(browser.submit(browser.get("/logout"), answer="accept"))
    browser.follow(browser.submit(browser.follow(browser.get("/")), username="vanthu", password=PASSWORD))
    answer = browser.follow(browser.submit(page, answer="accept"))
    assert answer.status_code == 410
    assert state(site).state == State.PENDING


def test_security_21_a_form_without_its_token_answers_nothing(site: Site) -> None:
    ask(site)
    browser, page = enter(site)
    wanted = re.findall(r'name="approval" value="([0-9a-f]{64})"', page.text)[0]
    assert browser.post("/approvals", {"approval": wanted}).status_code == 400
    page = choose(browser, page)
    action, _ = form_of(page)
    assert browser.post(action, {"answer": "accept"}).status_code == 400
    assert state(site).state == State.PENDING


def test_a_stranger_signs_in_first(site: Site) -> None:
    answer = site.browser().get("/approvals")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/login/")


def test_core_s3_1_2_1_the_level_that_is_asked_for_is_reached_first(site: Site) -> None:
    site.enrol("canbo")
    ask(site, acr_values=("urn:haugiang:acr:2",))
    browser, page = enter(site)
    factor = choose(browser, page)
    assert 'name="otp"' in factor.text
    page = browser.follow(browser.submit(factor, otp=site.otp()))
    assert 'value="accept"' in page.text
    browser.follow(browser.submit(page, answer="accept"))
    grant = state(site).grant
    assert grant is not None
    assert grant.acr == 2


def test_security_18_the_level_that_the_application_demands_cannot_be_passed_by(site: Site) -> None:
    registered(site, required_level=2, required_acr="urn:haugiang:acr:2")
    site.enrol("canbo")
    ask(site)
    browser, page = enter(site)
    assert 'name="otp"' in choose(browser, page).text
    assert state(site).state == State.PENDING


def test_registration_s2_default_max_age_holds_here_too(site: Site) -> None:
    registered(site, default_max_age=60)
    browser, _ = enter(site)
    site.clock.advance(61)
    ask(site)
    again = choose(browser, browser.get("/approvals"))
    assert 'name="password"' in again.text


def test_security_18_an_application_that_no_longer_admits_the_officer_is_not_shown(site: Site) -> None:
    ask(site)
    browser, page = enter(site)
    page = choose(browser, page)
    registered(site, allowed_groups=frozenset({"van-thu"}))
    assert "Không có yêu cầu nào" in browser.get("/approvals").text
    assert browser.follow(browser.submit(page, answer="accept")).status_code == 403
    registered(site, disabled=True)
    assert "Không có yêu cầu nào" in browser.get("/approvals").text
    assert state(site).state == State.PENDING


def test_consent_is_remembered_of_applications_that_ask_for_it(site: Site) -> None:
    registered(site, consent="ask")
    ask(site)
    browser, page = enter(site)
    browser.follow(browser.submit(choose(browser, page), answer="accept"))
    sub = state(site).sub
    assert site.services.consents.covers(sub, "ngan-hang", ("openid", "profile"))
    assert site.events()[-2:] == ["approval.given", "consent.given"]


def test_what_was_answered_or_is_over_is_said_so(site: Site) -> None:
    ask(site)
    browser, page = enter(site)
    page = choose(browser, page)
    site.clock.advance(300)
    over = browser.follow(browser.submit(page, answer="accept"))
    assert over.status_code == 410
    assert 'href="/approvals"' in over.text
    assert state(site).state == State.PENDING
    assert "Không có yêu cầu nào" in browser.get("/approvals").text


def test_security_41_what_applications_send_is_shown_as_text(site: Site) -> None:
    ask(site, message="<script>alert(1)</script>")
    browser, page = enter(site)
    assert "<script>alert" not in page.text
    assert "<script>alert" not in choose(browser, page).text
    assert "&lt;script&gt;" in page.text


def test_in_english(site: Site) -> None:
    ask(site)
    browser, _ = enter(site)
    browser.get("/language/en?next=/")
    assert "Requests waiting for your answer" in browser.get("/approvals").text
    assert "Confirm this request?" in choose(browser, browser.get("/approvals")).text
