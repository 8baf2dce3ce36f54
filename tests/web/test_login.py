"""Signing in through the pages: every step, every way it may fail, and every way on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from idp.audit import Caller
from idp.directory.changes import ChangeKind, OfficerChange
from tests.fakes.directory import PASSWORD

from .site import LEADERS, PORTAL, QLVB, STRICT, Site, authorize_url, form_of, query_of


def claims_of(site: Site, location: str, client=QLVB) -> dict:
    return site.id_token_claims(site.tokens(location, client)["id_token"])


def test_frozen_factors_are_explained_and_open_nothing_until_they_are_released(site: Site) -> None:
    """An officer was away: the password is enough where it was before, the second factor needs somebody who administers."""
    site.enrol("canbo")
    site.browser().sign_in()
    sub = site.mirror.by_uid("canbo").sub  # type: ignore[union-attr]
    for kind, disabled in ((ChangeKind.DISABLED, True), (ChangeKind.RETURNED, False)):
        site.clock.advance(60)
        site.mirror.remember(replace(site.directory.officers["canbo"], disabled=disabled), now=site.clock.now())
        site.deprovisioning.of(OfficerChange(kind, sub, None, site.mirror.by_sub(sub), site.clock.now()))
    assert "code=" in site.browser().sign_in().headers["Location"]
    browser = site.browser()
    action, fields = form_of(browser.authorize(STRICT))
    page = browser.follow(browser.post(action, {**fields, "username": "canbo", "password": PASSWORD}))
    refused = browser.post(action, {**fields, "otp": site.otp()})
    for shown in (page, refused):
        assert "đang tạm khóa" in shown.text
        assert 'name="otp"' not in shown.text
    assert browser.sso() is None
    assert site.deprovisioning.release_factors(sub, Caller("cli", "test"))
    assert "code=" in browser.post(action, {**fields, "otp": site.otp()}).headers["Location"]


def test_name_and_password_lead_to_the_application_with_a_code(site: Site) -> None:
    browser = site.browser()
    page = browser.authorize()
    assert page.status_code == 200
    assert QLVB.client_name in page.text
    answer = browser.submit(page, username="canbo", password=PASSWORD)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(QLVB.redirect_uris[0] + "?code=")
    query = query_of(answer.headers["Location"])
    assert (query["state"], query["iss"]) == ("st-1", site.settings.issuer)
    claims = claims_of(site, answer.headers["Location"])
    assert (claims["acr"], claims["amr"], claims["auth_time"], claims["nonce"]) == (
        "urn:haugiang:acr:1", ["pwd"], site.clock.now(), "n-1")
    assert site.events()[:3] == ["sign_in", "device.new", "code.issued"]


@pytest.mark.parametrize("name", ["canbo", " CanBo ", "canbo@haugiang.gov.vn", "CANBO@HauGiang.gov.vn\t"])
def test_the_name_field_takes_uid_or_official_mail_any_case_and_stray_spaces(site: Site, name: str) -> None:
    assert site.browser().sign_in(uid=name).status_code == 303


def test_the_second_application_opens_without_a_password(site: Site) -> None:
    browser = site.browser()
    browser.sign_in()
    answer = browser.authorize(PORTAL)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(PORTAL.redirect_uris[0] + "?code=")


@pytest.mark.parametrize(("name", "password"), [
    ("canbo", "wrong"), ("khong-co", PASSWORD), ("nghiviec", PASSWORD), ("canbo", ""), ("", PASSWORD), ("", ""),
    ("canbo\x00", PASSWORD), ("*", "*"), ("canbo)(uid=*", "x"), ("x" * 5000, "y" * 5000), ("\ufffd", "z"),
])
def test_every_refusal_has_the_same_status_and_words(site: Site, name: str, password: str) -> None:
    browser = site.browser()
    answer = browser.submit(browser.authorize(), username=name, password=password)
    assert answer.status_code == 400
    assert "Tên đăng nhập hoặc mật khẩu chưa đúng" in answer.text
    assert browser.sso() is None
    assert browser.submit(answer, username="canbo", password=PASSWORD).status_code == 303


@pytest.mark.parametrize(("typed", "words"), [("hAUgIANG-2026!", "Caps Lock đang bật"),
                                              ("HâuGiang-2026!", "bộ gõ tiếng Việt đang bật")])
def test_a_password_typed_with_caps_lock_or_an_input_method_gets_a_hint(site: Site, typed: str, words: str) -> None:
    browser = site.browser()
    assert words in browser.submit(browser.authorize(), username="canbo", password=typed).text


def test_a_form_without_token_shows_the_page_again_with_words(site: Site) -> None:
    browser = site.browser()
    action, _ = form_of(browser.authorize())
    answer = browser.post(action, {"username": "canbo", "password": PASSWORD})
    assert answer.status_code == 400
    assert "Vui lòng nhập lại mật khẩu" in answer.text
    assert 'value="canbo"' in answer.text
    assert browser.sso() is None
    assert browser.submit(answer, username="canbo", password=PASSWORD).status_code == 303


def test_an_empty_post_finishes_nothing(site: Site) -> None:
    browser = site.browser()
    page = browser.authorize()
    answer = browser.submit(page)
    assert answer.status_code == 200
    assert browser.sso() is None


def test_two_tabs_both_succeed(site: Site) -> None:
    browser = site.browser()
    one = browser.authorize(state="tab-1")
    two = browser.authorize(PORTAL, state="tab-2")
    first = browser.submit(one, username="canbo", password=PASSWORD)
    second = browser.submit(two, username="canbo", password=PASSWORD)
    assert query_of(first.headers["Location"])["state"] == "tab-1"
    assert query_of(second.headers["Location"])["state"] == "tab-2"
    assert claims_of(site, first.headers["Location"])["sid"] == claims_of(site, second.headers["Location"], PORTAL)["sid"]


def test_a_double_press_gets_a_code_both_times(site: Site) -> None:
    browser = site.browser()
    page = browser.authorize()
    first = browser.submit(page, username="canbo", password=PASSWORD)
    second = browser.submit(page, username="canbo", password=PASSWORD)
    assert query_of(first.headers["Location"])["code"] != query_of(second.headers["Location"])["code"]


@pytest.mark.parametrize(("client", "way"), [(QLVB, "http://localhost:8001/"),
                                             (PORTAL, "http://localhost:8002/login?iss=http%3A%2F%2Flocalhost%3A8000")])
def test_a_page_gone_back_to_leads_on_to_the_application(site: Site, client, way: str) -> None:
    browser = site.browser()
    page = browser.authorize(client)
    action, _ = form_of(page)
    browser.submit(page, username="canbo", password=PASSWORD)
    assert browser.get(action).headers["Location"] == way
    site.clock.advance(20)
    late = browser.submit(page, username="canbo", password=PASSWORD)
    assert late.status_code == 410
    assert way.replace("&", "&amp;") in late.text


def test_an_expired_or_unknown_page_leads_on_even_when_the_interaction_is_gone(site: Site) -> None:
    browser = site.browser()
    page = browser.authorize()
    action, _ = form_of(page)
    site.clock.advance(3601)
    assert browser.get(action).headers["Location"] == QLVB.client_uri
    assert QLVB.client_uri in browser.submit(page, username="canbo", password=PASSWORD).text
    assert browser.get("/login/" + "x" * 43 + "?app=qlvb").headers["Location"] == QLVB.client_uri
    assert browser.get("/login/" + "x" * 43 + "?app=https://evil.example").headers["Location"] == "/"
    assert browser.get("/login/bookmark").headers["Location"] == "/"
    assert browser.get("/login").headers["Location"] == "/"


def test_another_browser_is_led_away(site: Site) -> None:
    browser, other = site.browser(), site.browser()
    action, fields = form_of(browser.authorize())
    assert other.get(action).headers["Location"] == QLVB.client_uri
    assert other.post(action, {**fields, "username": "canbo", "password": PASSWORD}).status_code == 410
    assert other.sso() is None


def test_a_leader_needs_the_second_factor(site: Site) -> None:
    site.enrol("lanhdao")
    browser = site.browser()
    page = browser.follow(browser.sign_in(uid="lanhdao"))
    assert 'name="otp"' in page.text
    assert "Trần Văn Lãnh" in page.text
    assert browser.sso() is None
    answer = browser.submit(page, otp=site.otp())
    assert answer.status_code == 303
    claims = claims_of(site, answer.headers["Location"])
    assert (claims["acr"], claims["amr"]) == ("urn:haugiang:acr:2", ["pwd", "otp", "mfa"])
    assert site.events() == ["factor.enrolled", "factor.accepted", "sign_in", "device.new", "code.issued", "token.issued"]


def test_a_wrong_code_and_a_used_code_are_refused(site: Site) -> None:
    site.enrol("lanhdao")
    browser = site.browser()
    page = browser.follow(browser.sign_in(uid="lanhdao"))
    for code in ["000000", "", "abc", "１２３４５６７", "9" * 500]:
        page = browser.submit(page, otp=code)
        assert page.status_code in {400, 429}
        assert browser.sso() is None
    site.clock.advance(3600 - 1800)
    page = browser.follow(browser.sign_in(uid="lanhdao"))
    code = site.otp()
    assert browser.submit(page, otp=code).status_code == 303
    other = site.browser()
    page = other.follow(other.sign_in(uid="lanhdao"))
    refused = other.submit(page, otp=code)
    assert refused.status_code == 400
    assert "Mã này đã được dùng" in refused.text


def test_a_leader_without_a_factor_is_led_to_enrol_one_and_gets_no_session_before(site: Site) -> None:
    browser = site.browser()
    page = browser.follow(browser.sign_in(uid="lanhdao"))
    assert "bạn chưa có cách nào" in page.text
    assert 'name="otp"' not in page.text
    assert browser.sso() is None
    assert "Dùng tài khoản công vụ" in browser.get(f"{page.request.path.removesuffix('/enrol')}?as=other").text


def test_the_second_factor_cannot_be_skipped_by_other_addresses(site: Site) -> None:
    site.enrol("lanhdao")
    browser = site.browser()
    page = browser.follow(browser.sign_in(uid="lanhdao"))
    interaction = page.request.path.rpartition("/")[2]
    for path in (f"/authorize/{interaction}", f"/consent/{interaction}", "/", authorize_url()):
        assert 'name="' in browser.follow(browser.get(path)).text
        assert browser.sso() is None
    assert "login_required" in browser.get(authorize_url(prompt="none")).headers["Location"]
    action, fields = form_of(page)
    for form in ({}, {"answer": "accept"}, {"new_password": "x", "new_password_again": "x"}, {"otp": ""}):
        assert browser.post(action, {**fields, **form}).status_code in {200, 400}
        assert browser.sso() is None


def test_a_proven_password_does_not_wait_for_ever(site: Site) -> None:
    site.enrol("lanhdao")
    browser = site.browser()
    page = browser.follow(browser.sign_in(uid="lanhdao"))
    site.clock.advance(601)
    answer = browser.submit(page, otp=site.otp())
    assert 'name="password"' in answer.text
    assert browser.sso() is None


def test_a_password_that_must_be_changed_is_changed_in_the_flow(site: Site) -> None:
    browser = site.browser()
    page = browser.follow(browser.sign_in(uid="doimatkhau"))
    assert "Bạn cần đổi mật khẩu" in page.text or "Đổi mật khẩu" in page.text
    assert browser.sso() is None
    answer = browser.submit(page, password=PASSWORD, new_password="Một câu dễ nhớ 2026", new_password_again="Một câu dễ nhớ 2026")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(QLVB.redirect_uris[0] + "?code=")
    assert "password.changed" in site.events()
    assert site.browser().sign_in(uid="doimatkhau", password="Một câu dễ nhớ 2026").status_code == 303


@pytest.mark.parametrize(("old", "new", "again", "words"), [
    ("wrong", "Một câu dễ nhớ 2026", "Một câu dễ nhớ 2026", "Mật khẩu hiện nay chưa đúng"),
    (PASSWORD, "ngắn", "ngắn", "ít nhất 12 ký tự"),
    (PASSWORD, PASSWORD, PASSWORD, "trùng một mật khẩu đã dùng"),
    (PASSWORD, "Một câu dễ nhớ 2026", "Một câu khác hẳn 2026", "chưa giống nhau"),
    (PASSWORD, "", "", "ký tự không dùng được"),
    (PASSWORD, "có\x07chuông reo mãi", "có\x07chuông reo mãi", "ký tự không dùng được"),
])
def test_what_is_wrong_with_a_new_password_is_said(site: Site, old: str, new: str, again: str, words: str) -> None:
    browser = site.browser()
    page = browser.follow(browser.sign_in(uid="doimatkhau"))
    answer = browser.submit(page, password=old, new_password=new, new_password_again=again)
    assert answer.status_code == 400
    assert words in answer.text
    assert browser.sso() is None


def test_the_change_cannot_be_skipped(site: Site) -> None:
    browser = site.browser()
    page = browser.follow(browser.sign_in(uid="doimatkhau"))
    action, fields = form_of(page)
    interaction = page.request.path.rpartition("/")[2]
    for attempt in (browser.post(action, {**fields, "otp": "123456"}), browser.post(action, fields),
                    browser.post(action, {**fields, "username": "doimatkhau", "password": PASSWORD}),
                    browser.get(f"/authorize/{interaction}")):
        assert 'name="' in browser.follow(attempt).text
        assert browser.sso() is None


def test_a_new_password_ends_the_officers_other_sessions(site: Site) -> None:
    site.directory.must_change.discard("doimatkhau")
    elsewhere = site.browser()
    elsewhere.sign_in(uid="doimatkhau")
    site.directory.must_change.add("doimatkhau")
    browser = site.browser()
    page = browser.follow(browser.sign_in(uid="doimatkhau"))
    browser.submit(page, password=PASSWORD, new_password="Một câu dễ nhớ 2026", new_password_again="Một câu dễ nhớ 2026")
    assert site.notices() == ["qlvb"]
    assert "login_required" in elsewhere.get(authorize_url(prompt="none")).headers["Location"]
    assert "Phiên đăng nhập trước đã kết thúc" in elsewhere.authorize().text


def test_the_directory_being_down_is_said_with_503_and_the_session_lives_on(site: Site) -> None:
    signed_in = site.browser()
    signed_in.sign_in()
    site.directory.down = True
    browser = site.browser()
    answer = browser.submit(browser.authorize(), username="canbo", password=PASSWORD)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "Danh bạ cán bộ tạm thời chưa trả lời" in answer.text
    assert signed_in.authorize(PORTAL).headers["Location"].startswith(PORTAL.redirect_uris[0])
    site.directory.down = False
    assert browser.submit(answer, username="canbo", password=PASSWORD).status_code == 303


def test_the_directory_being_down_at_a_change_is_said_with_503(site: Site) -> None:
    browser = site.browser()
    page = browser.follow(browser.sign_in(uid="doimatkhau"))
    site.directory.down = True
    answer = browser.submit(page, password=PASSWORD, new_password="Một câu dễ nhớ 2026", new_password_again="Một câu dễ nhớ 2026")
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers


def test_too_many_wrong_guesses_are_answered_with_429_and_minutes(site: Site) -> None:
    browser = site.browser()
    page = browser.authorize()
    for _ in range(6):
        page = browser.submit(page, username="canbo", password="wrong")
        site.clock.advance(16)
    answer = browser.submit(page, username="canbo", password=PASSWORD)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 60
    assert "phút" in answer.text
    assert browser.sso() is None


def test_security_27_after_a_third_wrong_guess_the_page_says_how_many_seconds_to_wait(site: Site) -> None:
    browser = site.browser()
    page = browser.authorize()
    statuses = []
    for wait in (0, 0, 0, 1, 2):
        site.clock.advance(wait)
        page = browser.submit(page, username="canbo", password="wrong")
        statuses.append(page.status_code)
        answer = browser.submit(page, username="canbo", password="wrong") if len(statuses) > 2 else page
    assert statuses == [400] * 5
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "4")
    assert "Vui lòng thử lại sau 4 giây." in answer.text
    assert browser.submit(page, username="canbo", password=PASSWORD).status_code == 429
    site.clock.advance(4)
    assert browser.submit(page, username="canbo", password=PASSWORD).status_code == 303
    assert browser.sso() is not None


def test_login_hint_prefills_the_name(site: Site) -> None:
    assert 'value="vanthu"' in site.browser().authorize(login_hint="vanthu").text
    assert 'value="&#34;&gt;&lt;script&gt;"' in site.browser().authorize(login_hint='"><script>').text


def test_a_higher_level_asks_a_signed_in_officer_for_the_missing_factor_only(site: Site) -> None:
    site.enrol("canbo")
    browser = site.browser()
    sid = claims_of(site, browser.sign_in().headers["Location"])["sid"]
    before = browser.sso()
    site.clock.advance(120)
    page = browser.authorize(STRICT)
    assert 'name="otp"' in page.text
    assert 'name="password"' not in page.text
    answer = browser.submit(page, otp=site.otp())
    claims = claims_of(site, answer.headers["Location"], STRICT)
    assert (claims["acr"], claims["amr"]) == ("urn:haugiang:acr:2", ["pwd", "otp", "mfa"])
    assert claims["auth_time"] == site.clock.now() - 120
    assert claims["sid"] == sid
    assert browser.sso() not in {None, before}
    assert browser.authorize(STRICT).headers["Location"].startswith(STRICT.redirect_uris[0])


def test_not_me_at_the_step_up_shows_the_sign_in_form(site: Site) -> None:
    site.enrol("canbo")
    site.enrol("lanhdao")
    browser = site.browser()
    browser.sign_in()
    page = browser.authorize(STRICT)
    page = browser.get(page.request.path + "?as=other")
    page = browser.follow(browser.submit(page, username="lanhdao", password=PASSWORD))
    answer = browser.submit(page, otp=site.otp())
    assert answer.headers["Location"].startswith(STRICT.redirect_uris[0] + "?code=")
    assert site.notices() == ["qlvb"]


def test_a_wished_level_that_the_officer_cannot_reach_is_passed_over(site: Site) -> None:
    answer = site.browser().sign_in(acr_values="urn:haugiang:acr:2")
    assert answer.headers["Location"].startswith(QLVB.redirect_uris[0] + "?code=")


def test_a_level_that_nobody_can_reach_is_told_to_the_application(site: Site) -> None:
    site.client_store.put(replace(STRICT, required_acr="urn:haugiang:acr:3", required_level=3))
    site.clock.advance(2)
    site.enrol("canbo")
    browser = site.browser()
    page = browser.follow(browser.sign_in(STRICT))
    answer = browser.submit(page, otp=site.otp())
    assert query_of(answer.headers["Location"])["error"] == "unmet_authentication_requirements"


def test_an_officer_outside_the_groups_learns_whom_to_call(site: Site) -> None:
    browser = site.browser()
    answer = browser.sign_in(LEADERS)
    assert answer.status_code == 403
    assert site.settings.help_phone in answer.text
    assert "error=access_denied" in answer.text
    silent = browser.get(authorize_url(LEADERS, prompt="none"))
    assert query_of(silent.headers["Location"])["error"] == "access_denied"


def test_signing_in_as_another_officer_ends_the_first_ones_session(site: Site) -> None:
    browser = site.browser()
    browser.sign_in()
    before = browser.sso()
    page = browser.authorize(prompt="login")
    answer = browser.submit(page, username="vanthu", password=PASSWORD)
    assert answer.status_code == 303
    assert site.sessions.find(before) is None
    assert site.notices() == ["qlvb"]


def test_an_officer_who_was_disabled_is_signed_out_at_the_next_step(site: Site) -> None:
    browser = site.browser()
    browser.sign_in()
    officer = next(o for o in site.directory.officers.values() if o.uid == "canbo")
    site.mirror.remember(replace(officer, disabled=True), now=site.clock.now())
    assert 'name="password"' in browser.authorize(PORTAL).text
    assert site.notices() == ["qlvb"]
