"""What officers were told, on their pages and in their mail."""

from __future__ import annotations

import re

import pytest

from idp.audit import Caller
from idp.notices import NoticeKind, Told
from idp.pki.enrollment.waiting import STEPS
from idp.web.notice_words import LetterWords, text_of, when_of
from tests.fakes.directory import PASSWORD

from ..conftest import site as site
from ..site import Browser, Site

CALLER = Caller("203.0.113.7", "r")


def enter(site: Site, uid: str = "canbo") -> tuple[Browser, str]:
    browser = site.browser()
    browser.follow(browser.submit(browser.follow(browser.get("/account/notices")), username=uid, password=PASSWORD))
    with site.database.cursor(site.database.durable) as cursor:
        cursor.execute("DELETE FROM notice")  # that of the new device
    return browser, site.sub(uid)


def test_security_39_notices_are_those_of_the_session_newest_first(site: Site) -> None:
    browser, sub = enter(site)
    assert "Chưa có thông báo nào" in browser.get("/account/notices").text
    site.told.tell(NoticeKind.PASSWORD_CHANGED, sub, CALLER)
    site.told.tell(NoticeKind.FACTOR_ADDED, sub, CALLER, detail={"factor": "passkey", "name": "<b>Máy</b>"})
    site.told.tell(NoticeKind.PASSWORD_RESET, "somebody else", CALLER)
    page = browser.get("/account/notices")
    titles = re.findall(r'class="rows__name">([^<]*)<', page.text)
    assert titles == ["Đã thêm một cách đăng nhập", "Mật khẩu đã được đổi"]
    assert "Khóa truy cập (&lt;b&gt;Máy&lt;/b&gt;) được thêm" in page.text
    assert "203.0.113.7" in page.text
    assert "2 thông báo chưa đọc" in page.text
    assert "Passkey (&lt;b&gt;Máy&lt;/b&gt;) was added" in browser.get("/account/notices", **{"Accept-Language": "en"}).text


@pytest.mark.parametrize(("source", "said"), [
    ("203.0.113.7", "từ địa chỉ 203.0.113.7."), ("2001:db8::7", "từ địa chỉ 2001:db8::7."), ("cli", ""), ("worker", ""),
    ("sample", ""), ("", "")])
def test_a_notice_names_where_from_if_that_is_an_address(source: str, said: str) -> None:
    words = when_of(Told(1, NoticeKind.PASSWORD_CHANGED, "s", 1_700_000_000, source, {}), str)
    assert words == ("Lúc 05:13 ngày 15/11/2023, " + said if said else "Lúc 05:13 ngày 15/11/2023.")


def test_what_administrators_are_told_leads_to_what_is_to_be_renewed(site: Site) -> None:
    browser, sub = enter(site)
    site.told.tell(NoticeKind.CERTIFICATES_EXPIRING, sub, CALLER, detail={"count": "12", "soon": "3"})
    page = browser.get("/account/notices").text
    assert 'href="/admin/certificates/expiry/list?followed=false"' in page
    assert "chưa gửi đề nghị gia hạn: 12; trong 7 ngày tới: 3" in page


def test_the_form_marks_what_was_on_the_page_and_nobody_elses(site: Site) -> None:
    browser, sub = enter(site)
    site.told.tell(NoticeKind.PASSWORD_RESET, "somebody else", CALLER)
    site.told.tell(NoticeKind.PASSWORD_CHANGED, sub, CALLER)
    page = browser.get("/account/notices")
    site.told.tell(NoticeKind.FACTORS_FROZEN, sub, CALLER)
    assert browser.submit(page).status_code == 303
    assert site.told.unread(sub) == 1
    assert site.told.unread("somebody else") == 1
    browser.submit(browser.get("/account/notices"))
    assert "Bạn đã đọc mọi thông báo" in browser.get("/account/notices").text


@pytest.mark.parametrize("up_to", ["", "x", "-1", "9" * 19, "1 or 1", "٣"])
def test_security_43_a_bad_mark_changes_nothing(site: Site, up_to: str) -> None:
    browser, sub = enter(site)
    site.told.tell(NoticeKind.PASSWORD_CHANGED, sub, CALLER)
    page = browser.get("/account/notices")
    assert browser.submit(page, up_to=up_to).status_code == 303
    assert site.told.unread(sub) == 1


def test_security_21_the_form_needs_its_token_and_a_session(site: Site) -> None:
    browser, sub = enter(site)
    site.told.tell(NoticeKind.PASSWORD_CHANGED, sub, CALLER)
    assert browser.post("/account/notices/read", {"up_to": "99"}).status_code == 400
    page = browser.get("/account/notices")
    browser.client.delete_cookie("sso")
    assert browser.submit(page).headers["Location"].startswith("/login/")
    assert site.told.unread(sub) == 1


def test_the_portal_shows_the_newest_that_are_unread(site: Site) -> None:
    browser, sub = enter(site)
    for kind in (NoticeKind.PASSWORD_CHANGED, NoticeKind.NEW_DEVICE, NoticeKind.RECOVERY_CODE_USED, NoticeKind.FACTORS_RESET):
        site.told.tell(kind, sub, CALLER)
    page = browser.get("/").text
    assert re.findall(r'class="rows__name">([^<]*)<', page) == [
        "Quản trị đã gỡ lớp thứ hai của bạn", "Một mã khôi phục đã được dùng", "Đăng nhập từ thiết bị mới"]
    assert "Tất cả thông báo, 4 chưa đọc" in page


NO_ALARM = {NoticeKind.PASSWORD_FORGOTTEN, NoticeKind.CERTIFICATE_RETURNED, NoticeKind.CERTIFICATE_READY,
            NoticeKind.CERTIFICATE_KEY, NoticeKind.FACTOR_WANTED, NoticeKind.DEPUTY_NAMED, NoticeKind.DEPUTY_ENDED,
            NoticeKind.DEPUTY_ENDING, NoticeKind.CERTIFICATE_ENDED, NoticeKind.DEVICE_OVERDUE, NoticeKind.CERTIFICATE_CHANGE,
            NoticeKind.CERTIFICATE_EXPIRING, NoticeKind.CERTIFICATES_EXPIRING, NoticeKind.OWN_CERTIFICATES_EXPIRING,
            NoticeKind.OWN_DEVICES_OVERDUE, NoticeKind.DEVICES_OVERDUE, NoticeKind.CAMPAIGN_REMINDER,
            NoticeKind.CAMPAIGN_MISSING, NoticeKind.AUDIT_ARCHIVE_DUE, NoticeKind.SIGNATURE_DENIED, NoticeKind.SIMS_IN_DOUBT,
            NoticeKind.ACCESS_STOPPED, NoticeKind.ACCESS_LIFTED, NoticeKind.APPROVAL_UNCONFIRMED,
            NoticeKind.TEMPORARY_PASS_WITHDRAWN, NoticeKind.APPROVED_BY_PHONE, *STEPS}
"""Kinds after which nobody has to change a password."""


@pytest.mark.parametrize("kind", NoticeKind)
def test_every_kind_has_its_words_in_both_languages_and_a_mail_has_no_link_that_acts(site: Site, kind: NoticeKind) -> None:
    told = Told(1, kind, "sub", 1_700_000_000, "203.0.113.7",
                {"factor": "otp", "browser": "Chrome", "system": "Windows", "left": "%(left)s %s", "name": "Điện thoại"})
    subject, text = LetterWords(site.settings, "link of {}".format)(told, "Nguyễn Văn Mẫu")
    assert subject.startswith("Hệ thống đăng nhập một lần: ")
    vietnamese, english = text.split("\n-- \n")
    assert "Lúc 05:13 ngày 15/11/2023, từ địa chỉ 203.0.113.7." in vietnamese
    assert "At 05:13 on 15/11/2023, from the address 203.0.113.7." in english
    assert not re.search("[ăđơưĂĐƠƯ]", english.replace("Nguyễn Văn Mẫu", "").replace("Điện thoại", "").replace("Hậu Giang", ""))
    assert set(re.findall(r"https?://\S+", text)) == {"http://localhost:8000/account/notices,"}
    assert ("0293 000 0000" in vietnamese) is (kind not in NO_ALARM)


def test_security_42_what_a_name_holds_is_not_expanded() -> None:
    told = Told(1, NoticeKind.FACTOR_ADDED, "s", 1, "", {"factor": "otp", "name": "%(left)s %(nothing)s {x} {{ 7*7 }}"})
    assert text_of(told, str) == "Ứng dụng tạo mã 6 số (%(left)s %(nothing)s {x} {{ 7*7 }}) được thêm vào tài khoản của bạn."
