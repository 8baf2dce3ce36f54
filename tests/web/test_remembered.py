"""A remembered device: what it spares, what it never spares, and everything that ends it (security checklist 20, 29, 33)."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest
from werkzeug.test import TestResponse

from idp.audit import Caller
from idp.directory.changes import ChangeKind, OfficerChange
from idp.directory.officer import Post
from idp.notices import NoticeKind
from idp.oauth.provider_request import ProviderRequest
from tests.fakes.directory import PASSWORD

from . import test_approvals, test_device, test_passkeys
from .site import STRICT, Browser, Site, form_of, query_of

UID = "lanhdao"
DAY = 86400
OFFER = 'name="remember"'
THEIR_OWN = Caller("192.0.2.1", "r1")


@pytest.fixture
def site(site: Site) -> Site:
    """A province with an officer whose group needs two factors, and who has an app."""
    site.enrol(UID)
    return site


def first(site: Site, *, remember: str = "1", **more: Any) -> tuple[Browser, TestResponse]:
    """Sign in with both factors in a new browser, ticking the box."""
    browser = site.browser()
    page = browser.follow(browser.sign_in(uid=UID, **more))
    assert 'name="otp"' in page.text
    answer = browser.submit(page, otp=site.otp(), remember=remember)
    site.clock.advance(60)
    return browser, answer


def again(browser: Browser, **more: Any) -> TestResponse:
    """Sign in with the password some time later: gives the page that asks for the second factor, or the way on."""
    browser.client.delete_cookie("sso")
    return browser.follow(browser.sign_in(uid=UID, **more))


def spared(answer: TestResponse) -> bool:
    """Tell whether the officer was let in; the only other answer is the question for the second factor."""
    if "code=" in answer.headers.get("Location", ""):
        return True
    assert 'name="otp"' in answer.text
    return False


def cookie_of(browser: Browser) -> str:
    cookie = browser.client.get_cookie("remembered")
    assert cookie is not None
    return cookie.value


def officer_of(site: Site) -> Any:
    return site.mirror.by_uid(UID)


def test_a_ticked_device_is_not_asked_again_and_the_claims_tell_of_the_password_alone(site: Site) -> None:
    browser, _ = first(site)
    answer = again(browser)
    assert spared(answer)
    tokens = site.tokens(answer.headers["Location"])
    claims = site.id_token_claims(tokens["id_token"])
    assert (claims["acr"], claims["amr"]) == ("urn:haugiang:acr:1", ["pwd"])
    assert claims["auth_time"] == site.clock.now()
    assert browser.get("/").status_code == 200


def test_nothing_is_remembered_that_was_not_ticked_and_the_box_comes_unticked(site: Site) -> None:
    browser = site.browser()
    page = browser.follow(browser.sign_in(uid=UID))
    assert OFFER in page.text
    assert "checked" not in page.text
    browser.submit(page, otp=site.otp())
    assert browser.client.get_cookie("remembered") is None
    site.clock.advance(60)
    assert not spared(again(browser))
    assert site.services.remembered_devices.of(site.sub(UID)) == []


def test_security_20_the_cookie_is_its_own_and_changes_at_each_use_while_its_end_stays(site: Site) -> None:
    browser, _ = first(site)
    cookie = browser.client.get_cookie("remembered")
    assert cookie is not None
    assert (cookie.http_only, cookie.same_site, cookie.path, cookie.max_age) == (True, "Lax", "/", 30 * DAY)
    device, = site.services.remembered_devices.of(site.sub(UID))
    site.clock.advance(10 * DAY)
    assert spared(again(browser))
    renewed = browser.client.get_cookie("remembered")
    assert renewed is not None
    assert renewed.value != cookie.value
    assert renewed.max_age == 20 * DAY - 60
    assert site.services.remembered_devices.of(site.sub(UID)) == [device]
    site.clock.advance(20 * DAY - 61)
    assert spared(again(browser))
    site.clock.advance(2)
    assert not spared(again(browser))


def test_security_20_behind_https_the_cookie_belongs_to_the_host(site: Site) -> None:
    secure = Site(site.database, env="production", issuer="https://id.example.vn")
    browser = Browser(secure, {})
    browser.client.environ_base["wsgi.url_scheme"] = "https"
    page = browser.follow(browser.sign_in(uid=UID))
    answer = browser.submit(page, otp=secure.otp(), remember="1")
    cookies = [value for value in answer.headers.getlist("Set-Cookie") if value.startswith("__Host-remembered=")]
    assert len(cookies) == 1
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookies[0].split("; "))


def test_security_33_the_officer_is_told_and_the_records_say_it(site: Site) -> None:
    first(site)
    told = {told.kind: told.detail for told in site.told.of(site.sub(UID))}
    assert told[NoticeKind.DEVICE_REMEMBERED]["days"] == "30"
    assert "device.remembered" in site.events()


def test_a_stolen_cookie_without_the_password_is_nothing_and_in_another_browser_neither(site: Site) -> None:
    browser, _ = first(site)
    thief = site.browser()
    thief.client.set_cookie("remembered", cookie_of(browser))
    assert thief.sign_in(uid=UID, password="wrong").status_code == 400
    assert thief.sso() is None
    assert not spared(again(thief))
    assert spared(again(browser))


def test_a_copy_of_both_cookies_ends_it_for_both_at_its_second_use(site: Site) -> None:
    browser, _ = first(site)
    thief = site.browser()
    for name in ("remembered", "device"):
        cookie = browser.client.get_cookie(name)
        assert cookie is not None
        thief.client.set_cookie(name, cookie.value)
    assert spared(again(thief))
    assert not spared(again(browser))
    assert not spared(again(thief))
    assert "device.forgotten" in site.events()


def test_another_officers_device_spares_nothing(site: Site) -> None:
    browser, _ = first(site)
    site.directory.add(replace(site.directory.officers["vanthu"], groups=("lanhdao",)))
    site.enrol("vanthu")
    browser.client.delete_cookie("sso")
    assert 'name="otp"' in browser.follow(browser.sign_in(uid="vanthu")).text
    assert spared(again(browser))


def test_security_23_wrong_passwords_are_counted_on_a_remembered_device_too(site: Site) -> None:
    browser, _ = first(site)
    browser.client.delete_cookie("sso")
    answers = [browser.sign_in(uid=UID, password="wrong").status_code for _ in range(4)]
    assert answers == [400] * 3 + [429]
    assert browser.sign_in(uid=UID).status_code == 429


# What is never spared.

ASKED_AFRESH = [{"prompt": "login"}, {"max_age": "3600"}, {"max_age": "0"}, {"acr_values": "urn:haugiang:acr:2"},
                {"claims": '{"id_token":{"acr":{"essential":true,"values":["urn:haugiang:acr:2"]}}}'}]


@pytest.mark.parametrize("more", ASKED_AFRESH, ids=lambda more: next(iter(more)))
def test_rfc9470_s4_who_asks_for_two_factors_or_for_a_fresh_sign_in_gets_it(site: Site, more: dict[str, str]) -> None:
    browser, _ = first(site)
    page = again(browser, **more)
    assert not spared(page)
    assert OFFER not in page.text
    answer = browser.submit(page, otp=site.otp(), remember="1")
    claims = site.id_token_claims(site.tokens(answer.headers["Location"])["id_token"])
    assert (claims["acr"], claims["amr"]) == ("urn:haugiang:acr:2", ["pwd", "otp", "mfa"])
    site.clock.advance(60)
    assert spared(again(browser))


@pytest.mark.parametrize("more", [{"max_age": "3600"}, {"acr_values": "urn:haugiang:acr:2"}], ids=lambda more: next(iter(more)))
def test_rfc9470_s4_a_session_of_a_remembered_device_steps_up_for_it(site: Site, more: dict[str, str]) -> None:
    browser, _ = first(site)
    assert spared(again(browser))
    error = query_of(browser.authorize(follow=False, prompt="none", max_age="3600").headers["Location"])["error"]
    assert error == "interaction_required"
    page = browser.authorize(**more)
    assert 'name="otp"' in page.text
    assert OFFER not in page.text
    answer = browser.submit(page, otp=site.otp())
    claims = site.id_token_claims(site.tokens(answer.headers["Location"])["id_token"])
    assert (claims["acr"], claims["amr"]) == ("urn:haugiang:acr:2", ["pwd", "otp", "mfa"])


def test_an_application_that_needs_two_factors_is_not_entered_with_a_remembered_device(site: Site) -> None:
    browser, _ = first(site)
    assert spared(again(browser))
    page = browser.authorize(STRICT)
    assert 'name="otp"' in page.text
    assert OFFER not in page.text
    browser.client.delete_cookie("sso")
    page = browser.follow(browser.sign_in(STRICT, uid=UID))
    assert 'name="otp"' in page.text
    assert OFFER not in page.text


@pytest.mark.parametrize("group", ["quantri-tinh", "quantri-coquan", "kiemtoan"])
def test_security_33_administrators_are_never_spared_whoever_they_were_before(site: Site, group: str) -> None:
    browser, _ = first(site)
    assert spared(again(browser))
    officer = replace(site.directory.officers[UID], groups=("lanhdao", group))
    site.directory.officers[UID] = officer
    site.mirror.remember(officer, now=site.clock.now())
    assert 'name="otp"' in browser.authorize().text
    assert "/login/" in browser.get("/").headers["Location"]
    page = again(browser)
    assert not spared(page)
    assert OFFER not in page.text
    browser.submit(page, otp=site.otp(), remember="1")
    site.clock.advance(60)
    assert not spared(again(browser))


def test_a_grant_of_a_remembered_device_lapses_when_its_officer_becomes_an_administrator(site: Site) -> None:
    browser, _ = first(site)
    answer = again(browser, scope="openid offline_access")
    refresh = site.tokens(answer.headers["Location"])["refresh_token"]
    officer = replace(site.directory.officers[UID], groups=("lanhdao", "quantri-tinh"))
    site.mirror.remember(officer, now=site.clock.now())
    basic = "Basic " + base64.b64encode(b"qlvb:s3cret").decode()
    refused = site.provider.token(ProviderRequest({"grant_type": "refresh_token", "refresh_token": refresh},
                                                  caller=Caller("192.0.2.9", "r"), authorization=basic))
    assert (refused.status, refused.body["error"]) == (400, "invalid_grant")


def test_the_network_that_demands_two_factors_is_asked_on_a_remembered_device(site: Site) -> None:
    strict = Site(site.database, networks=("tinh=10.0.0.0/8",), require_second_factor_networks=("outside",))
    browser = strict.browser()
    browser.client.environ_base["REMOTE_ADDR"] = "10.1.2.3"
    page = browser.follow(browser.sign_in(uid=UID))
    browser.submit(page, otp=strict.otp(), remember="1")
    strict.clock.advance(60)
    assert spared(again(browser))
    browser.client.environ_base["REMOTE_ADDR"] = "203.0.113.7"
    assert 'name="otp"' in browser.authorize().text
    page = again(browser)
    assert not spared(page)
    assert OFFER not in page.text


def test_an_agencys_demand_is_spared(site: Site) -> None:
    strict = Site(site.database, require_second_factor_units=("H30.3",), require_second_factor_groups=())
    officer = replace(strict.directory.officers[UID], posts=(Post("H30.3.1", "000.01.03.H30", "Phòng Ngân sách", "Chuyên viên"),))
    strict.directory.officers[UID] = officer
    browser, _ = first(strict)
    assert spared(again(browser))


@pytest.mark.parametrize("path", ["/account/security/app", "/account/security/remove?factor=otp&id=",
                                  "/account/security/recovery-codes"])
def test_security_34_what_changes_factors_asks_for_both(site: Site, path: str) -> None:
    browser, _ = first(site)
    assert spared(again(browser))
    page = browser.follow(browser.get(path))
    assert 'name="otp"' in page.text
    assert OFFER not in page.text
    browser.client.delete_cookie("sso")
    page = browser.follow(browser.submit(browser.follow(browser.get(path)), username=UID, password=PASSWORD))
    assert 'name="otp"' in page.text


def test_rfc8628_s3_3_an_approval_for_a_device_asks_for_both(site: Site) -> None:
    test_device.registered(site)
    browser, _ = first(site)
    assert spared(again(browser))
    page = test_device.typed(browser, test_device.asked(site)["user_code"])
    assert 'name="otp"' in page.text
    assert OFFER not in page.text


def test_ciba_s8_an_approval_by_name_asks_for_both(site: Site) -> None:
    test_approvals.registered(site)
    test_approvals.ask(site, UID)
    browser, _ = first(site)
    assert spared(again(browser))
    page = test_approvals.choose(browser, browser.get("/approvals"))
    assert 'name="otp"' in browser.follow(page).text


def test_it_is_not_offered_where_the_password_did_not_come_first_or_nothing_would_be_spared(site: Site) -> None:
    browser = site.browser()
    site.enrol("canbo")
    page = browser.follow(browser.sign_in(uid="canbo", acr_values="urn:haugiang:acr:2"))
    assert 'name="otp"' in page.text
    assert OFFER not in page.text
    browser.submit(page, otp=site.otp(), remember="1")
    assert browser.client.get_cookie("remembered") is None


def test_a_recovery_code_makes_no_device_remembered(site: Site) -> None:
    site.mirror.remember(site.directory.officers[UID], now=site.clock.now())
    codes = site.recovery_codes.issue(officer_of(site), THEIR_OWN)
    browser = site.browser()
    page = browser.follow(browser.sign_in(uid=UID))
    action, hidden = form_of(page)
    answer = browser.post(action, {**hidden, "recovery_code": codes[0], "remember": "1"})
    assert "code=" in answer.headers["Location"]
    assert browser.client.get_cookie("remembered") is None


def test_switched_off_nothing_is_offered_and_nothing_that_was_remembered_counts(site: Site) -> None:
    browser, _ = first(site)
    site.services.remembered_devices.days = 0
    page = again(browser)
    assert not spared(page)
    assert OFFER not in page.text


def test_a_shorter_time_counts_for_what_was_remembered_before(site: Site) -> None:
    browser, _ = first(site)
    site.clock.advance(8 * DAY)
    site.services.remembered_devices.days = 7
    assert not spared(again(browser))


# What ends it.


def _change_password(site: Site) -> None:
    assert site.services.sign_in.change_password(officer_of(site), PASSWORD, "Ngày mới 2026 đẹp!", THEIR_OWN).outcome == "changed"
    site.directory.passwords[UID] = PASSWORD


def _app_removed(site: Site) -> None:
    assert site.services.second_factors.remove(officer_of(site), "otp", "", THEIR_OWN) == "removed"
    site.enrol(UID)


def _passkey_added(site: Site) -> None:
    test_passkeys.enrol(site, UID)


def _left_and_returned(site: Site) -> None:
    sub = site.sub(UID)
    site.deprovisioning.end_access(sub, "disabled", THEIR_OWN)


def _everywhere(site: Site) -> None:
    site.services.remembered_devices.forget_all(site.sub(UID), THEIR_OWN)


def _told(kind: NoticeKind) -> Any:
    return lambda site: site.told.tell(kind, site.sub(UID), THEIR_OWN, detail={"factor": "otp"})


ENDS = {"password changed": _change_password, "app removed": _app_removed, "passkey added": _passkey_added,
        "access ended": _left_and_returned, "everywhere": _everywhere, "password reset": _told(NoticeKind.PASSWORD_RESET),
        "factors reset": _told(NoticeKind.FACTORS_RESET), "factors frozen": _told(NoticeKind.FACTORS_FROZEN)}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_security_33_it_ends_with(site: Site, end: Any) -> None:
    browser, _ = first(site)
    assert spared(again(browser))
    end(site)
    assert site.services.remembered_devices.of(site.sub(UID)) == []
    browser.client.delete_cookie("sso")
    page = browser.follow(browser.sign_in(uid=UID))
    assert "code=" not in page.headers.get("Location", "")


@pytest.mark.parametrize("kind", [NoticeKind.NEW_DEVICE, NoticeKind.RECOVERY_CODE_USED, NoticeKind.UNUSUAL_SEQUENCE])
def test_other_notices_end_nothing(site: Site, kind: NoticeKind) -> None:
    browser, _ = first(site)
    _told(kind)(site)
    assert spared(again(browser))


def test_another_officers_change_ends_nothing(site: Site) -> None:
    browser, _ = first(site)
    site.told.tell(NoticeKind.PASSWORD_CHANGED, "somebody-else", THEIR_OWN)
    assert spared(again(browser))


def test_security_18_an_officer_who_leaves_leaves_no_remembered_device(site: Site) -> None:
    first(site)
    sub = site.sub(UID)
    disabled = replace(site.directory.officers[UID], disabled=True)
    site.mirror.remember(disabled, now=site.clock.now())
    site.deprovisioning.of(OfficerChange(ChangeKind.DISABLED, sub, None, site.mirror.by_sub(sub), site.clock.now()))
    assert site.services.remembered_devices.of(sub) == []


def test_the_officer_sees_the_end_and_has_it_asked_again(site: Site) -> None:
    browser, _ = first(site)
    page = browser.get("/account/sessions")
    assert "Hỏi lại lần sau" in page.text
    device, = site.services.remembered_devices.of(site.sub(UID))
    name = device.device_digest.hex()
    other = site.browser()
    other.sign_in(uid="canbo")
    another = site.browser()
    another.sign_in(uid="canbo")
    _, theirs = form_of(other.get("/account/sessions"))
    assert other.post("/account/sessions/ask-again", {**theirs, "device": name}).status_code == 303
    for wrong in ("", "x" * 500, "'--"):
        _, hidden = form_of(page)
        assert browser.post("/account/sessions/ask-again", {**hidden, "device": wrong}).status_code == 303
    assert len(site.services.remembered_devices.of(site.sub(UID))) == 1
    _, hidden = form_of(page)
    assert browser.post("/account/sessions/ask-again", {**hidden, "device": name}).status_code == 303
    assert site.last_detail() == {"reason": "officer"}
    assert "Hỏi lại lần sau" not in browser.get("/account/sessions").text
    assert not spared(again(browser))


def test_ending_everywhere_else_ends_it_everywhere(site: Site) -> None:
    browser, _ = first(site)
    elsewhere = site.browser()
    elsewhere.submit(elsewhere.follow(elsewhere.sign_in(uid=UID)), otp=site.otp(ahead=0))
    action = "/account/sessions/end-others"
    _, hidden = form_of(elsewhere.get("/account/sessions"))
    assert elsewhere.post(action, hidden).status_code == 303
    site.clock.advance(60)
    assert not spared(again(browser))


@pytest.mark.parametrize("cookie", ["", "short", "x" * 43, "é" * 43, "'; DROP TABLE remembered_device; --", "a" * 4000])
def test_a_cookie_that_was_never_given_is_only_asked_for_the_factor(site: Site, cookie: str) -> None:
    browser = site.browser()
    browser.client.set_cookie("remembered", cookie)
    assert not spared(again(browser))
