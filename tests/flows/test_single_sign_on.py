"""Signing in once, two applications, signing out of both: on SQLite, and on PostgreSQL with two processes behind nginx.

Real browser, real directory, the sample applications with Authlib's client, the worker.
"""

from __future__ import annotations

import re
import time

from tests.allowance import allowed

from .conftest import Place
from .person import PASSWORD, Person

TOLD_WITHIN_SECONDS = 5
NEW_PASSWORD = "Mùa nước nổi 2026"


def test_one_sign_in_opens_two_applications_and_one_sign_out_closes_both_within_5_s(place: Place) -> None:
    deployment, person = place
    before = deployment.answered()
    person.open(deployment.qlvb)
    assert person.url.startswith(f"{deployment.issuer}/login/")
    assert "Hệ thống Quản lý văn bản" in person.text
    person.sign_in("canbo")
    assert (person.url, person.name_in_application) == (deployment.qlvb, "Nguyễn Văn Mẫu")

    first = person.tab()
    person.open(deployment.portal)
    assert (person.url, person.name_in_application) == (deployment.portal, "Nguyễn Văn Mẫu")
    person.open(f"{deployment.issuer}/")
    assert {"Hệ thống Quản lý văn bản", "Cổng thông tin điện tử"} <= {
        name.text for name in person.driver.find_elements("css selector", ".app__name")}

    person.open(deployment.portal)
    person.press()
    began = time.monotonic()
    assert person.url.partition("?")[0] == f"{deployment.portal}logged-out"
    person.to(first)
    while person.name_in_application and time.monotonic() < began + 12 * TOLD_WITHIN_SECONDS:
        person.open(deployment.qlvb)
    assert time.monotonic() - began < allowed(TOLD_WITHIN_SECONDS)
    assert person.url.startswith(f"{deployment.issuer}/login/")
    assert person.is_asked_for_password
    person.open(deployment.portal)
    assert person.is_asked_for_password
    for process, (earlier, now) in enumerate(zip(before, deployment.answered(), strict=True)):
        assert now - earlier > 5, f"process {process} had no part in it"


def forgotten_by_the_application(person: Person) -> None:
    """Take the document management's session away, on a page of its own; the provider's stays."""
    mine = [cookie["name"] for cookie in person.driver.get_cookies() if "qlvb" in cookie["name"]]
    assert mine
    for name in mine:
        person.driver.delete_cookie(name)


def test_an_officer_of_two_posts_says_in_which_one_they_work_and_may_choose_again(place: Place) -> None:
    deployment, person = place
    person.open(deployment.portal)
    person.sign_in("quyengiamdoc")
    assert person.name_in_application, "this application does not ask"
    for title in ("Quyền Giám đốc", "Phó Giám đốc"):
        person.open(deployment.qlvb)
        assert person.heading == "Bạn đang làm việc với chức vụ nào?"
        choices = person.driver.find_elements("css selector", ".choice__go")
        assert len(choices) == 2
        person.leave_by(next(choice for choice in choices if choice.text.startswith(title)).click)
        assert (person.url, person.find("[data-officer=title]").text) == (deployment.qlvb, title)
        forgotten_by_the_application(person)
        person.open(deployment.qlvb)
        assert person.find("[data-officer=title]").text == title, "asked once"
        forgotten_by_the_application(person)
        person.open(f"{deployment.issuer}/")
        assert title in person.find("section[aria-labelledby=posts]").text
        person.press("section[aria-labelledby=posts] button")
        assert not person.sees("section[aria-labelledby=posts]")


def test_wrong_password_unknown_user_and_disabled_officer_see_the_same_page(place: Place) -> None:
    deployment, person = place
    pages = {}
    for uid, password in (("canbo", "Sai-mat-khau-2026!"), ("khongcoai", PASSWORD), ("nghiviec", PASSWORD),
                          ("nghiviec", "Sai-mat-khau-2026!")):
        person.begin_anew()
        person.open(deployment.qlvb)
        person.sign_in(uid, password)
        assert person.url.startswith(f"{deployment.issuer}/login/")
        assert person.find("input[name=username]").get_attribute("value") == uid
        assert person.find("input[name=password]").get_attribute("value") == ""
        pages[uid, password] = person.text, _without_secrets(person.driver.page_source)
    assert len(set(pages.values())) == 1
    assert "Tên đăng nhập hoặc mật khẩu chưa đúng" in pages["nghiviec", PASSWORD][0]
    person.sign_in("canbo")
    assert person.name_in_application == "Nguyễn Văn Mẫu"


def test_an_officer_who_must_change_the_password_does_so_and_goes_on_to_the_application(place: Place) -> None:
    deployment, person = place
    person.open(deployment.qlvb)
    person.sign_in("doimatkhau")
    assert person.heading == "Đổi mật khẩu"
    assert person.url.startswith(f"{deployment.issuer}/login/")
    change(person, PASSWORD, "ngan")
    assert person.heading == "Đổi mật khẩu"
    assert "Mật khẩu mới cần ít nhất" in person.text
    person.open(deployment.portal)  # no other way in while the password is due for a change
    assert not person.name_in_application
    person.sign_in("doimatkhau")
    change(person, PASSWORD, NEW_PASSWORD)
    assert (person.url, person.name_in_application) == (deployment.portal, "Bùi Thị Đổi Mật Khẩu")
    person.open(deployment.qlvb)
    assert person.name_in_application == "Bùi Thị Đổi Mật Khẩu"

    person.begin_anew()
    person.open(deployment.qlvb)
    person.sign_in("doimatkhau")
    assert "Tên đăng nhập hoặc mật khẩu chưa đúng" in person.text
    person.sign_in("doimatkhau", NEW_PASSWORD)
    assert person.name_in_application == "Bùi Thị Đổi Mật Khẩu"


def _without_secrets(page: str) -> str:
    """Leave out what differs from one answer to the next whoever asks: form token, nonce, identifier, and the name as typed."""
    return re.sub(r'(?:value|nonce)="[^"]*"|(?:/|%2F)login(?:/|%2F)[\w-]+', "", page)


def change(person: Person, old: str, new: str) -> None:
    """Fill in the page for a new password."""
    person.fill(password=old, new_password=new, new_password_again=new)
    person.press()
