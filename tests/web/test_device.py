"""The page for a device's code: full sign-in, who asks, and an answer by a press of a button only (RFC 8628 §3.3)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from werkzeug.test import TestResponse

from idp.audit import Caller
from idp.oauth.client import Client
from idp.oauth.provider_request import ProviderRequest
from tests.fakes.directory import PASSWORD

from .site import Browser, Site, form_of

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
SCANNER = Client(
    client_id="may-quet", client_name="Máy quét văn bản", owner="Văn phòng UBND tỉnh", consent="implied",
    token_endpoint_auth_method="none", grant_types=(DEVICE_CODE, "refresh_token"), response_types=(),
    scope=frozenset({"openid", "profile", "email", "offline_access"}))
FROM = Caller("203.0.113.77", "device-1")


def registered(site: Site, **members: Any) -> Client:
    client = replace(SCANNER, **members)
    site.client_store.put(client)
    site.services.clients.reload()
    return client


def clerks(site: Site) -> None:
    """Admit to the application only those of a group, which is one officer's."""
    site.directory.add(replace(site.directory.officers["vanthu"], groups=("van-thu",)))
    registered(site, allowed_groups=frozenset({"van-thu"}))


def asked(site: Site, scope: str = "openid profile") -> dict[str, Any]:
    return dict(site.devices.ask(ProviderRequest({"client_id": "may-quet", "scope": scope}, caller=FROM)).body)


def poll(site: Site, told: dict[str, Any]) -> dict[str, Any]:
    form = {"client_id": "may-quet", "grant_type": DEVICE_CODE, "device_code": told["device_code"]}
    return dict(site.provider.token(ProviderRequest(form, caller=FROM)).body)


def typed(browser: Browser, code: str) -> TestResponse:
    """Type a code and follow to the page that is due."""
    return browser.follow(browser.submit(browser.get("/device"), user_code=code))


def confirmation(browser: Browser, code: str, uid: str = "canbo") -> TestResponse:
    """Type a code and sign in."""
    return browser.follow(browser.submit(typed(browser, code), username=uid, password=PASSWORD))


@pytest.fixture
def device(site: Site) -> dict[str, Any]:
    registered(site)
    return asked(site)


def test_rfc8628_s3_3_the_officer_types_the_code_signs_in_sees_who_asks_and_approves(site: Site, device: dict[str, Any]) -> None:
    browser = site.browser()
    sign_in = typed(browser, device["user_code"].lower())
    assert "Máy quét văn bản" in sign_in.text
    page = browser.follow(browser.submit(sign_in, username="canbo", password=PASSWORD))
    for told in ("Máy quét văn bản", "Văn phòng UBND tỉnh", "203.0.113.77", "hôm nay", "Họ và tên", "Nguyễn Văn Mẫu"):
        assert told in page.text
    assert 'value="accept"' in page.text
    assert 'value="deny"' in page.text
    assert poll(site, device)["error"] == "authorization_pending"
    done = browser.follow(browser.submit(page, answer="accept"))
    assert done.status_code == 200
    assert "Đã chấp thuận" in done.text
    site.clock.advance(5)
    assert "access_token" in poll(site, device)
    assert site.events()[-2:] == ["approval.given", "token.issued"]


def test_who_is_signed_in_is_not_asked_for_the_password_again(site: Site, device: dict[str, Any]) -> None:
    browser = site.browser()
    browser.sign_in()
    assert 'value="accept"' in typed(browser, device["user_code"]).text


def test_a_refusal_is_told_to_the_device(site: Site, device: dict[str, Any]) -> None:
    browser = site.browser()
    done = browser.follow(browser.submit(confirmation(browser, device["user_code"]), answer="deny"))
    assert "Đã từ chối" in done.text
    assert poll(site, device)["error"] == "access_denied"
    assert site.events()[-1] == "approval.refused"


def test_rfc8628_s3_3_1_the_complete_address_fills_the_code_in_and_approves_nothing(site: Site, device: dict[str, Any]) -> None:
    browser = site.browser()
    browser.sign_in()
    address = device["verification_uri_complete"].removeprefix(site.settings.issuer)
    page = browser.get(address)
    assert f'value="{device["user_code"]}"' in page.text
    assert browser.follow(page).status_code == 200
    assert poll(site, device)["error"] == "authorization_pending"
    assert "approval.given" not in site.events()


def test_security_21_no_address_approves(site: Site, device: dict[str, Any]) -> None:
    browser = site.browser()
    action, _ = form_of(confirmation(browser, device["user_code"]))
    browser.get(f"{action}&answer=accept")
    assert poll(site, device)["error"] == "authorization_pending"


def test_security_21_neither_form_is_taken_without_its_token_or_from_another_site(site: Site, device: dict[str, Any]) -> None:
    browser = site.browser()
    page = confirmation(browser, device["user_code"])
    action, hidden = form_of(page)
    assert browser.post(action, {"answer": "accept"}).status_code == 400
    assert browser.post(action, {**hidden, "answer": "accept"}, Origin="https://evil.example").status_code == 400
    assert browser.post("/device", {"user_code": device["user_code"]}).status_code == 400
    assert poll(site, device)["error"] == "authorization_pending"


def test_an_answer_that_is_neither_yes_nor_no_is_none(site: Site, device: dict[str, Any]) -> None:
    browser = site.browser()
    page = confirmation(browser, device["user_code"])
    for said in ("", "yes", "ACCEPT"):
        assert browser.submit(page, answer=said).status_code == 303
    assert poll(site, device)["error"] == "authorization_pending"


def test_security_29_the_page_belongs_to_the_browser_that_typed_the_code(site: Site, device: dict[str, Any]) -> None:
    browser, other = site.browser(), site.browser()
    action, _ = form_of(confirmation(browser, device["user_code"]))
    other.sign_in(uid="vanthu")
    token = form_of(other.get("/device"))[1]
    assert other.get(action).status_code == 410
    assert other.post(action, {**token, "answer": "accept"}).status_code == 410
    assert poll(site, device)["error"] == "authorization_pending"


def test_security_29_an_answer_seen_by_one_officer_is_not_given_by_another(site: Site, device: dict[str, Any]) -> None:
    browser = site.browser()
    page = confirmation(browser, device["user_code"])
    browser.submit(browser.follow(browser.get("/logout")), answer="accept")
    browser.sign_in(uid="vanthu")
    assert browser.submit(page, answer="accept").status_code in {303, 400}
    assert poll(site, device)["error"] == "authorization_pending"


def test_security_29_without_a_session_the_form_leads_to_the_sign_in(site: Site, device: dict[str, Any]) -> None:
    browser = site.browser()
    sign_in = typed(browser, device["user_code"])
    action = re.sub("^/login/", "/device/", form_of(sign_in)[0])
    answered = browser.follow(browser.post(action, {**form_of(sign_in)[1], "answer": "accept"}))
    assert 'name="password"' in answered.text
    assert poll(site, device)["error"] == "authorization_pending"


def test_security_32_the_level_that_the_application_demands_is_reached_first(site: Site) -> None:
    registered(site, required_acr="urn:haugiang:acr:2", required_level=2)
    told = asked(site)
    site.enrol("canbo")
    browser = site.browser()
    factor = confirmation(browser, told["user_code"])
    assert 'name="otp"' in factor.text
    page = browser.follow(browser.submit(factor, otp=site.otp()))
    browser.submit(page, answer="accept")
    assert "access_token" in poll(site, told)


def test_security_32_a_level_demanded_meanwhile_is_asked_for_before_the_answer_counts(site: Site, device: dict[str, Any]) -> None:
    browser = site.browser()
    page = confirmation(browser, device["user_code"])
    registered(site, required_acr="urn:haugiang:acr:2", required_level=2)
    site.enrol("canbo")
    assert 'name="otp"' in browser.follow(browser.submit(page, answer="accept")).text
    assert poll(site, device)["error"] == "authorization_pending"


def test_security_18_an_officer_whom_the_application_does_not_admit_approves_nothing(site: Site) -> None:
    clerks(site)
    told = asked(site)
    refused = confirmation(site.browser(), told["user_code"])
    assert refused.status_code == 403
    assert 'value="accept"' not in refused.text
    assert poll(site, told)["error"] == "authorization_pending"
    assert 'value="accept"' in confirmation(site.browser(), told["user_code"], "vanthu").text


def test_security_18_a_group_left_meanwhile_counts(site: Site) -> None:
    clerks(site)
    told = asked(site)
    browser = site.browser()
    page = confirmation(browser, told["user_code"], "vanthu")
    registered(site, allowed_groups=frozenset({"khac"}))
    assert browser.submit(page, answer="accept").status_code == 403
    assert poll(site, told)["error"] == "authorization_pending"


@pytest.mark.parametrize("members", [{"disabled": True}, {"grant_types": ("refresh_token",)}, {"scope": frozenset({"openid"})}])
def test_security_18_a_registration_that_changed_meanwhile_counts(
        site: Site, device: dict[str, Any], members: dict[str, Any]) -> None:
    browser = site.browser()
    page = confirmation(browser, device["user_code"])
    registered(site, **members)
    answer = browser.submit(page, answer="accept")
    assert 400 <= answer.status_code < 500
    assert "approval.given" not in site.events()


def test_core_s3_1_2_4_an_application_that_asks_is_agreed_to_on_the_same_page_and_remembered(site: Site) -> None:
    registered(site, consent="ask")
    told = asked(site)
    browser = site.browser()
    browser.submit(confirmation(browser, told["user_code"]), answer="accept")
    assert site.events()[-2:] == ["approval.given", "consent.given"]
    again = asked(site)
    browser.submit(typed(browser, again["user_code"]), answer="accept")
    assert site.events().count("consent.given") == 1
    assert site.events()[-1] == "approval.given"


def test_the_consent_page_leads_to_the_one_that_shows_who_asks(site: Site) -> None:
    registered(site, consent="ask")
    told = asked(site)
    browser = site.browser()
    action, hidden = form_of(confirmation(browser, told["user_code"]))
    consent = re.sub("^/device/", "/consent/", action)
    assert "203.0.113.77" in browser.follow(browser.get(consent)).text
    for said in ("accept", "deny"):
        assert browser.post(consent, {**hidden, "answer": said}).headers["Location"].startswith("/device/")
    assert poll(site, told)["error"] == "authorization_pending"


def test_a_second_press_shows_the_same_and_a_second_browser_is_told_that_it_is_over(site: Site, device: dict[str, Any]) -> None:
    first, second = site.browser(), site.browser()
    page, late = confirmation(first, device["user_code"]), confirmation(second, device["user_code"], "vanthu")
    for _ in range(2):
        assert "Đã chấp thuận" in first.follow(first.submit(page, answer="accept")).text
    assert second.submit(late, answer="accept").status_code == 410
    assert site.events().count("approval.given") == 1


def test_a_page_that_waited_too_long_is_over(site: Site, device: dict[str, Any]) -> None:
    browser = site.browser()
    page = confirmation(browser, device["user_code"])
    site.clock.advance(600)
    assert browser.submit(page, answer="accept").status_code == 410
    assert "approval.given" not in site.events()


@pytest.mark.parametrize("code", ["", "BBBB-BBBB", "hello", "\u202e", "a" * 500, "<b>x</b>"])
def test_a_code_that_nobody_waits_for_is_answered_with_the_form(site: Site, device: dict[str, Any], code: str) -> None:
    browser = site.browser()
    page = browser.submit(browser.get("/device"), user_code=code)
    assert page.status_code == 400
    assert "Không có thiết bị nào đang chờ mã này" in page.text
    assert "<b>x</b>" not in page.text


def test_rfc8628_s5_1_guesses_are_throttled_with_a_time_to_wait(site: Site, device: dict[str, Any]) -> None:
    browser = site.browser()
    for wait in (0, 0, 1, 2, 4, 0):
        assert browser.submit(browser.get("/device"), user_code="BBBB-BBBB").status_code == 400
        if wait:
            assert browser.submit(browser.get("/device"), user_code="BBBB-BBBB").headers["Retry-After"] == str(wait)
        site.clock.advance(wait)
    held = browser.submit(browser.get("/device"), user_code=device["user_code"])
    assert held.status_code == 429
    assert int(held.headers["Retry-After"]) > 0
    assert "phút" in held.text


def test_a_code_is_over_once_it_was_answered(site: Site, device: dict[str, Any]) -> None:
    browser = site.browser()
    browser.submit(confirmation(browser, device["user_code"]), answer="deny")
    assert browser.submit(browser.get("/device"), user_code=device["user_code"]).status_code == 400


def test_the_pages_are_kept_to_themselves(site: Site, device: dict[str, Any]) -> None:
    browser = site.browser()
    for page in (browser.get("/device"), confirmation(browser, device["user_code"])):
        assert page.headers["Cache-Control"] == "no-store"
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


def test_signing_out_tells_the_application_that_took_part(site: Site) -> None:
    registered(site, backchannel_logout_uri="http://localhost:8009/bcl")
    told = asked(site)
    browser = site.browser()
    browser.submit(confirmation(browser, told["user_code"]), answer="accept")
    browser.submit(browser.get("/logout"), answer="accept")
    assert site.notices() == ["may-quet"]
    assert poll(site, told)["error"] == "invalid_grant"
