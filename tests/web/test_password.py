"""The dialogue about a password: its end, the last sign-ins, a change by one's own wish, and what an administrator made."""

from __future__ import annotations

import json
import re

import pytest
from sqlalchemy import select

from idp.adapters.sql.tables import AuditRow
from idp.audit import Caller
from idp.directory.officer import ChangeResult
from tests.fakes.directory import PASSWORD

from .site import PORTAL, QLVB, Browser, Site, authorize_url, form_of

DAY = 86400
NEW = "Một câu dễ nhớ 2026"
CHANGE = {"password": PASSWORD, "new_password": NEW, "new_password_again": NEW}
CODE = QLVB.redirect_uris[0] + "?code="


def link(text: str, words: str) -> str:
    found = re.search(rf'<a class="btn[^"]*" href="([^"]*)">{words}', text)
    assert found is not None, text
    return found[1].replace("&amp;", "&")


class TestExpiring:
    def arrive(self, site: Site, browser: Browser | None = None, uid: str = "canbo") -> tuple[Browser, str]:
        browser = browser or site.browser()
        answer = browser.sign_in(uid=uid)
        assert "/expiring" in answer.headers["Location"], answer.headers["Location"]
        return browser, browser.follow(answer).text

    def test_a_password_about_to_end_is_spoken_of_between_sign_in_and_application(self, site: Site) -> None:
        site.directory.expires_in["canbo"] = 5 * DAY + 100
        browser, text = self.arrive(site)
        assert "còn dùng được 5 ngày" in text
        assert browser.sso() is not None
        assert browser.follow(browser.get(link(text, "Để sau"))).headers["Location"].startswith(CODE)

    def test_once_a_day_at_most_whatever_the_browser(self, site: Site) -> None:
        site.directory.expires_in["canbo"] = 5 * DAY
        self.arrive(site)
        assert site.browser().sign_in().headers["Location"].startswith(CODE)
        site.clock.advance(DAY)
        self.arrive(site)

    def test_never_far_from_its_end_and_never_where_it_is_switched_off(self, site: Site) -> None:
        site.directory.expires_in["canbo"] = 15 * DAY
        assert site.browser().sign_in().headers["Location"].startswith(CODE)
        off = Site(site.database, password_notice_days=0)
        off.directory.expires_in["canbo"] = DAY
        assert off.browser().sign_in().headers["Location"].startswith(CODE)

    def test_prompt_none_gets_its_answer_and_no_page(self, site: Site) -> None:
        site.directory.expires_in["canbo"] = DAY
        browser, _ = self.arrive(site)
        site.clock.advance(DAY // 2)
        for _ in range(2):
            answer = browser.get(authorize_url(PORTAL, prompt="none"))
            assert answer.headers["Location"].startswith(PORTAL.redirect_uris[0])
            assert "code=" in answer.headers["Location"] or "login_required" in answer.headers["Location"]

    def test_it_comes_after_the_second_factor(self, site: Site) -> None:
        site.enrol("lanhdao")
        site.directory.expires_in["lanhdao"] = 3 * DAY
        browser = site.browser()
        page = browser.follow(browser.sign_in(uid="lanhdao"))
        assert 'name="otp"' in page.text
        answer = browser.submit(page, otp=site.otp())
        assert "/expiring" in answer.headers["Location"]
        assert "còn dùng được 3 ngày" in browser.follow(answer).text

    def test_changed_now_leads_on_to_the_application_and_is_spoken_of_no_more(self, site: Site) -> None:
        site.directory.expires_in["canbo"] = 5 * DAY
        elsewhere = site.browser()
        self.arrive(site, elsewhere)
        site.clock.advance(DAY)
        browser, text = self.arrive(site)
        cookie = browser.sso()
        page = browser.get(link(text, "Đổi mật khẩu ngay"))
        assert QLVB.client_name in page.text
        answer = browser.follow(browser.submit(page, **CHANGE))
        assert answer.headers["Location"].startswith(CODE)
        assert browser.sso() == cookie
        assert "login_required" in elsewhere.get(authorize_url(prompt="none")).headers["Location"]
        site.clock.advance(DAY)
        assert site.browser().sign_in(password=NEW).headers["Location"].startswith(CODE)

    def test_nobody_else_sees_it_and_it_skips_nothing(self, site: Site) -> None:
        site.directory.expires_in["canbo"] = 5 * DAY
        browser = site.browser()
        page = browser.authorize()
        address = re.search(r'action="(/login/[^"?]*)', page.text)
        assert address is not None
        before = browser.follow(browser.get(address[1] + "/expiring"))
        assert 'name="username"' in before.text
        browser.sign_in()
        assert "còn dùng được" not in site.browser().follow(site.browser().get(address[1] + "/expiring")).text


class TestGrace:
    def test_the_sign_ins_left_are_named(self, site: Site) -> None:
        browser = site.browser()
        page = browser.follow(browser.sign_in(uid="saphet"))
        assert "nhiều nhất 2 lần nữa" in page.text
        page = browser.submit(page, password=PASSWORD, new_password="ngắn", new_password_again="ngắn")
        assert (page.status_code, "ít nhất 12 ký tự" in page.text) == (400, True)
        assert browser.submit(page, **CHANGE).headers["Location"].startswith(CODE)

    def test_the_last_one_says_so_names_who_helps_and_goes_on(self, site: Site) -> None:
        site.directory.expired["saphet"] = 1
        browser = site.browser()
        answer = browser.follow(browser.sign_in(uid="saphet"))
        assert "lần cuối" in answer.text
        assert "0293" in answer.text
        assert browser.follow(browser.get(link(answer.text, "Vào"))).headers["Location"].startswith(CODE)

    def test_without_any_left_nobody_signs_in_and_the_way_out_is_named(self, site: Site) -> None:
        browser = site.browser()
        answer = browser.sign_in(uid="hethan")
        assert answer.status_code == 403
        assert "không còn lần đăng nhập" in answer.text
        assert "đặt lại mật khẩu" in answer.text
        assert browser.sso() is None


class TestOneTime:
    def give(self, site: Site, uid: str) -> str:
        one = site.one_time.make(site.directory.officers[uid].entry_uuid, sub="", caller=Caller("cli", "r"))
        site.directory.reset_password(site.directory.officers[uid], one.password)
        return one.password

    def test_security_33_it_leads_to_the_change_and_the_second_factor_is_asked_for_all_the_same(self, site: Site) -> None:
        site.enrol("lanhdao")
        password = self.give(site, "lanhdao")
        browser = site.browser()
        page = browser.follow(browser.sign_in(uid="lanhdao", password=password))
        assert "do quản trị đơn vị đặt" in page.text
        page = browser.follow(browser.submit(page, **(CHANGE | {"password": password})))
        assert 'name="otp"' in page.text
        assert browser.sso() is None
        assert browser.submit(page, otp="000000").status_code == 400
        assert browser.submit(page, otp=site.otp()).headers["Location"].startswith(CODE)

    def test_it_leads_to_the_change_although_the_directory_has_lost_its_mark(self, site: Site) -> None:
        password = self.give(site, "canbo")
        site.directory.must_change.clear()
        browser = site.browser()
        page = browser.follow(browser.sign_in(password=password))
        assert 'name="new_password"' in page.text
        assert browser.sso() is None

    def test_after_its_time_it_opens_nothing_and_says_who_helps(self, site: Site) -> None:
        password = self.give(site, "canbo")
        browser = site.browser()
        page = browser.follow(browser.sign_in(password=password))
        site.clock.advance(DAY - 300)
        page = browser.follow(browser.sign_in(password=password))
        site.clock.advance(300)
        late = browser.submit(page, **(CHANGE | {"password": password}))
        again = site.browser().sign_in(password=password)
        for answer in (late, again):
            assert answer.status_code == 403
            assert "thời gian đó đã qua" in answer.text
        assert browser.sso() is None
        assert site.directory.passwords["canbo"] == password


class TestOwnWish:
    @pytest.fixture
    def browser(self, site: Site) -> Browser:
        browser = site.browser()
        browser.sign_in()
        return browser

    def test_whoever_is_not_signed_in_signs_in_first(self, site: Site) -> None:
        page = site.browser().follow(site.browser().get("/account/password"))
        assert 'name="username"' in page.text
        browser = site.browser()
        page = browser.follow(browser.get("/account/password"))
        assert 'name="new_password"' in browser.follow(browser.submit(page, username="canbo", password=PASSWORD)).text

    def test_the_rules_stand_there_before_anybody_types(self, site: Site, browser: Browser) -> None:
        text = browser.get("/account/password").text
        assert "Ít nhất 12 ký tự" in text
        assert "chữ số và ký tự khác" not in text
        strict = Site(site.database, security_level=3)
        signed_in = strict.browser()
        signed_in.sign_in()
        text = signed_in.get("/account/password").text
        assert "Ít nhất 14 ký tự" in text
        assert "Có chữ hoa, chữ thường, chữ số và ký tự khác" in text
        page = signed_in.submit(signed_in.get("/account/password"), password=PASSWORD, new_password="motmatkhaudaihon",
                                new_password_again="motmatkhaudaihon")
        assert "thiếu loại ký tự" in page.text
        strict.enrol("lanhdao")
        leader = strict.browser()
        leader.submit(leader.follow(leader.sign_in(uid="lanhdao")), otp=strict.otp())
        assert "Ít nhất 8 ký tự" in leader.get("/account/password").text

    def test_the_present_session_goes_on_all_others_end_and_the_officer_is_told(self, site: Site, browser: Browser) -> None:
        other = site.browser()
        other.sign_in()
        cookie = browser.sso()
        answer = browser.submit(browser.get("/account/password"), **CHANGE)
        assert answer.headers["Location"] == "/account/password/changed"
        assert "vẫn tiếp tục" in browser.follow(answer).text
        assert browser.sso() == cookie
        assert "code=" in browser.get(authorize_url(prompt="none")).headers["Location"]
        assert "login_required" in other.get(authorize_url(prompt="none")).headers["Location"]
        officer = site.mirror.by_uid("canbo")
        assert officer is not None
        assert "password.changed" in [one.kind.value for one in site.told.of(officer.sub)]
        assert site.browser().sign_in(password=NEW).headers["Location"].startswith(CODE)
        assert site.browser().sign_in().status_code == 400

    @pytest.mark.parametrize(("result", "words"), [
        (ChangeResult.WRONG_OLD, "Mật khẩu hiện nay chưa đúng"), (ChangeResult.TOO_SHORT, "Danh bạ cán bộ cần mật khẩu dài hơn"),
        (ChangeResult.TOO_SIMPLE, "dễ đoán quá"), (ChangeResult.IN_HISTORY, "trùng một mật khẩu đã dùng"),
        (ChangeResult.TOO_YOUNG, "vừa được đổi"), (ChangeResult.NOT_ALLOWED, "không cho bạn tự đổi")])
    def test_whatever_the_directory_says_is_said_in_words(
        self, site: Site, browser: Browser, monkeypatch: pytest.MonkeyPatch, result: ChangeResult, words: str,
    ) -> None:
        other = site.browser()
        other.sign_in()
        monkeypatch.setattr(site.directory, "change_password", lambda *_: result)
        answer = browser.submit(browser.get("/account/password"), **CHANGE)
        assert (answer.status_code, words in answer.text) == (400, True)
        assert "code=" in other.get(authorize_url(prompt="none")).headers["Location"]
        assert "password.changed" not in site.events()

    def test_a_password_that_holds_the_name_is_not_even_tried(self, site: Site, browser: Browser) -> None:
        answer = browser.submit(browser.get("/account/password"), password=PASSWORD, new_password="nguyen van mau 2026",
                                new_password_again="nguyen van mau 2026")
        assert "dễ đoán quá" in answer.text
        assert site.directory.passwords.get("canbo", PASSWORD) == PASSWORD

    def test_security_27_wrong_old_passwords_are_counted_with_those_of_sign_ins(self, site: Site, browser: Browser) -> None:
        page = browser.get("/account/password")
        statuses = [browser.submit(page, **(CHANGE | {"password": "sai"})).status_code for _ in range(4)]
        assert statuses == [400, 400, 400, 429]
        answer = browser.submit(page, **CHANGE)
        assert (answer.status_code, "sau 1 giây" in answer.text) == (429, True)
        assert int(answer.headers["Retry-After"]) > 0
        assert browser.sso() is not None

    def test_a_directory_that_is_away_is_said_with_503(self, site: Site, browser: Browser) -> None:
        page = browser.get("/account/password")
        site.directory.down = True
        answer = browser.submit(page, **CHANGE)
        assert answer.status_code == 503
        assert "Retry-After" in answer.headers

    @pytest.mark.parametrize("then", ["", "x", "a" * 43, "đ" * 43, "https://evil.example/", "//evil.example"])
    def test_security_39_a_made_up_way_on_leads_nowhere(self, browser: Browser, then: str) -> None:
        page = browser.get(f"/account/password?then={then}")
        assert page.status_code == 200
        assert form_of(page)[0] == "/account/password"
        assert link(page.text, "Để sau") == "/account/security"
        assert browser.submit(page, **CHANGE).headers["Location"] == "/account/password/changed"

    def test_the_way_on_of_another_browser_is_nobodys(self, site: Site, browser: Browser) -> None:
        other = site.browser()
        page = other.authorize()
        interaction = re.search(r'action="/login/([^"?]*)', page.text)
        assert interaction is not None
        page = browser.get(f"/account/password?then={interaction[1]}")
        assert form_of(page)[0] == "/account/password"
        assert browser.submit(page, **CHANGE).headers["Location"] == "/account/password/changed"

    def test_a_session_that_was_ended_changes_nothing(self, site: Site, browser: Browser) -> None:
        page = browser.get("/account/password")
        officer = site.mirror.by_uid("canbo")
        assert officer is not None
        site.sessions.end_all(officer.sub, "administrator", Caller("cli", "r"))
        assert "/login/" in browser.submit(page, **CHANGE).headers["Location"]
        assert site.directory.passwords.get("canbo", PASSWORD) == PASSWORD


def test_security_61_no_password_stands_in_the_records(site: Site) -> None:
    browser = site.browser()
    browser.sign_in()
    browser.submit(browser.get("/account/password"), **CHANGE)
    rows = site.database.read(select(AuditRow.event, AuditRow.detail).order_by(AuditRow.id)).all()
    assert "password.changed" in [row.event for row in rows]
    assert not [row for row in rows if PASSWORD in row.detail or NEW in json.loads(row.detail)]


def test_security_23_forgotten_tells_everybody_the_same_and_does_nothing(site: Site) -> None:
    browser = site.browser()
    page = browser.authorize()
    address = re.search(r'href="(/login/[^"]*/forgotten[^"]*)"', page.text)
    assert address is not None
    before = site.events()
    answer = browser.get(address[1].replace("&amp;", "&"))
    assert answer.status_code == 200
    assert "mật khẩu dùng một lần" in answer.text
    assert "Lớp thứ hai của bạn giữ nguyên" in answer.text
    assert site.events() == before
    assert 'name="username"' in browser.follow(browser.get(link(answer.text, "Trở lại đăng nhập"))).text
    assert site.browser().get(address[1]).status_code == 303
