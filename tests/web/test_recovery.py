"""A forgotten password: a mailed link and a second factor together, neither alone (OWASP ASVS 5.0 6.4; security checklist 33)."""

from __future__ import annotations

import json
import re
import threading
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from idp.adapters.sql.tables import NoticeRow, PasswordRecoveryRow
from idp.audit import Caller
from tests.fakes.directory import PASSWORD

from .site import LEADERS, QLVB, Browser, Site
from .test_passkeys import ask, enrol, send

NEW = "Một câu dễ nhớ 2026"
BOTH = {"new_password": NEW, "new_password_again": NEW}


@pytest.fixture(autouse=True)
def an_account_that_resets(site: Site) -> None:
    site.directory.resets = True


def known(site: Site, uid: str = "canbo", *, app: bool = True) -> None:
    site.mirror.remember(site.directory.officers[uid], now=1)
    if app:
        site.enrol(uid)


def ask_for_link(site: Site, name: str = "canbo", browser: Browser | None = None) -> TestResponse:
    browser = browser or site.browser()
    page = browser.authorize()
    forgotten = browser.get(re.search(r'href="([^"]*/forgotten[^"]*)"', page.text)[1])  # type: ignore[index]
    return browser.submit(forgotten, username=name)


def details(site: Site) -> list[dict[str, str]]:
    return [json.loads(row.detail) for row in site.database.read(
        select(NoticeRow.detail).where(NoticeRow.kind == "password.forgotten").order_by(NoticeRow.id)).all()]


def link(site: Site, uid: str = "canbo") -> str:
    """Have a link sent, and take it out of the mail."""
    known(site, uid)
    assert ask_for_link(site, uid).status_code == 200
    return "/recovery/" + site.forgotten.link(details(site)[-1]["recovery"])


def proven(site: Site, browser: Browser, address: str) -> TestResponse:
    """Take a link up and prove the second factor; gives the page that asks for the new password."""
    factor = browser.follow(browser.submit(browser.get(address)))
    assert 'name="otp"' in factor.text
    return browser.follow(browser.submit(factor, otp=site.otp()))


def test_the_whole_way(site: Site) -> None:
    other = site.browser()
    other.sign_in()
    assert other.sso() is not None
    address, browser = link(site), site.browser()
    page = proven(site, browser, address)
    assert "Đặt mật khẩu mới" in page.text
    assert 'id="password"' not in page.text
    done = browser.submit(page, **BOTH)
    assert "Đã đặt mật khẩu mới" in done.text
    assert browser.sso() is None  # nobody is signed in by it
    assert site.services.sessions.find(other.sso()) is None
    assert site.browser().sign_in(password=NEW).headers["Location"].startswith(QLVB.redirect_uris[0])
    assert site.browser().sign_in().status_code == 400
    events = site.events()
    assert [one for one in events if one.startswith("password.")] == ["password.forgotten", "password.reset", "password.changed"]
    assert browser.get(address).status_code == 404


def test_opening_the_link_does_nothing(site: Site) -> None:
    address = link(site)
    for _ in range(3):
        assert "Bước tiếp theo" in site.browser().get(address).text
    assert site.browser().client.head(address, base_url=site.settings.issuer).status_code == 200
    assert "Đặt mật khẩu mới" in proven(site, site.browser(), address).text


@pytest.mark.parametrize("name", ["canbo", "khongco", "nghiviec", "vanthu", "CanBo@haugiang.gov.vn", "x" * 300, "*)(uid=*"])
def test_security_23_every_name_gets_the_same_answer(site: Site, name: str) -> None:
    for uid, app in (("canbo", True), ("nghiviec", True), ("vanthu", False)):
        known(site, uid, app=app)
    answer = ask_for_link(site, name)
    assert answer.status_code == 200
    text, other = (re.sub(r"<head.*?</head>|[A-Za-z0-9_-]{40,}", "", page, flags=re.DOTALL)
                   for page in (answer.text, ask_for_link(site, "ai do").text))
    assert text == other


def test_who_gets_a_link_and_who_is_told_whom_to_ask(site: Site) -> None:
    known(site, "canbo")
    known(site, "vanthu", app=False)
    known(site, "nghiviec")
    site.mirror.remember(replace(site.directory.officers["nghiviec"], disabled=True), now=1)
    for name in ("canbo", "vanthu", "nghiviec", "khongco"):
        ask_for_link(site, name)
    assert [sorted(detail) for detail in details(site)] == [["recovery"], []]
    assert len(site.database.read(select(PasswordRecoveryRow.recovery_id)).all()) == 1


def test_a_frozen_factor_and_a_certificate_alone_open_no_way(site: Site) -> None:
    known(site)
    sub = site.sub("canbo")
    site.deprovisioning.end_access(sub, "x", Caller("cli", "r"))
    site.services.second_factors._frozen_until = lambda _entry_uuid: 2**40
    ask_for_link(site)
    assert details(site) == [{}]


def test_requests_are_counted_by_name_and_by_source(site: Site) -> None:
    known(site)
    for name in ("canbo", "khongco"):
        answers = [ask_for_link(site, name).status_code for _ in range(4)]
        assert answers == [200, 200, 200, 429], name
    assert int(ask_for_link(site).headers["Retry-After"]) > 60
    assert len(details(site)) == 3


def test_an_empty_name_is_asked_for_again(site: Site) -> None:
    answer = ask_for_link(site, "  ")
    assert answer.status_code == 400
    assert "Vui lòng nhập tên đăng nhập" in answer.text


@pytest.mark.parametrize("setting", ["switched off", "nobody resets"])
def test_where_there_is_no_such_way_none_is_offered(site: Site, setting: str) -> None:
    there = Site(site.database, password_recovery=False) if setting == "switched off" else site
    there.directory.resets = setting == "switched off"
    page = there.browser().authorize()
    forgotten = there.browser().get(re.search(r'href="([^"]*/forgotten[^"]*)"', page.text)[1])  # type: ignore[index]
    assert "<form" not in forgotten.text.split("<main")[-1]


def test_a_later_request_replaces_the_one_before_and_each_ends_by_time(site: Site) -> None:
    first, second = link(site), link(site)
    assert site.browser().get(first).status_code == 404
    assert site.browser().get(second).status_code == 200
    site.clock.advance(1800)
    assert site.browser().get(second).status_code == 404


def test_links_that_are_none(site: Site) -> None:
    address = link(site)
    number, digest = address.rsplit("/", 1)[1].split(".")
    for wrong in (f"{number}.{digest[:-1]}A" if digest[-1] != "A" else f"{number}.{digest[:-1]}B", f"{number}.", number, "x",
                  f"{'A' * 22}.{digest}",
                  site.forgotten.link("B" * 22)):
        for call in (site.browser().get, site.browser().post):
            answer = call(f"/recovery/{wrong}")
            assert answer.status_code in (400, 404), wrong  # a post without a form token is refused before
    assert site.browser().get(f"/recovery/{number}.{'é' * 43}").status_code == 404


def test_the_first_browser_has_it_and_no_other(site: Site) -> None:
    address, mine, theirs = link(site), site.browser(), site.browser()
    page, theirs_page = mine.get(address), theirs.get(address)
    mine.submit(page)
    assert theirs.submit(theirs_page).status_code == 404
    assert theirs.get(address).status_code == 404
    assert 'name="otp"' in mine.get(address).text


def test_security_33_no_new_password_without_the_second_factor(site: Site) -> None:
    address, browser = link(site), site.browser()
    factor = browser.follow(browser.submit(browser.get(address)))
    for fields in (BOTH, {**BOTH, "otp": "000000"}, {"otp": "000000"}, {"recovery_code": "aaaaa-aaaaa"}, {"passkey": "{}"},
                   {"certificate": "x"}):
        answer = browser.submit(factor, **fields)
        assert answer.status_code in (200, 400)
        assert "Đặt mật khẩu mới</h1>" not in answer.text, fields
    assert site.directory.check_password(site.directory.officers["canbo"], PASSWORD).result == "accepted"


def test_the_same_code_is_not_taken_twice_and_guesses_are_counted(site: Site) -> None:
    address, browser = link(site), site.browser()
    factor = browser.follow(browser.submit(browser.get(address)))
    answers = [browser.submit(factor, otp="000000").status_code for _ in range(4)]
    assert answers == [400] * 3 + [429]  # the third is followed by a pause
    assert browser.submit(factor, otp=site.otp()).status_code == 429


def test_a_proof_waits_ten_minutes_for_the_password(site: Site) -> None:
    browser = site.browser()
    page = proven(site, browser, link(site))
    site.clock.advance(601)
    answer = browser.submit(page, **BOTH)
    assert 'name="otp"' in answer.text
    assert site.directory.check_password(site.directory.officers["canbo"], PASSWORD).result == "accepted"


@pytest.mark.parametrize(("fields", "words"), [
    ({"new_password": NEW, "new_password_again": "khác"}, "chưa giống nhau"), ({"new_password": "ngắn",
                                                                                "new_password_again": "ngắn"}, "cần ít nhất"),
    ({"new_password": PASSWORD, "new_password_again": PASSWORD}, "đã dùng"), ({"new_password": "", "new_password_again": ""},
                                                                              "cần ít nhất")])
def test_passwords_that_are_not_taken(site: Site, fields: dict[str, str], words: str) -> None:
    browser = site.browser()
    page = proven(site, browser, link(site))
    answer = browser.submit(page, **fields)
    assert answer.status_code == 400
    assert words in answer.text
    assert "Đã đặt mật khẩu mới" in browser.submit(answer, **BOTH).text


def test_an_officer_who_is_disabled_meanwhile_gets_nothing(site: Site) -> None:
    browser = site.browser()
    page = proven(site, browser, link(site))
    site.directory.disabled.add("canbo")
    site.directory.officers["canbo"] = replace(site.directory.officers["canbo"], disabled=True)
    assert browser.submit(page, **BOTH).status_code == 404
    assert "password.changed" not in site.events()


def test_f02_without_the_directory_nothing_is_half_done(site: Site) -> None:
    browser, address = site.browser(), link(site)
    page = proven(site, browser, address)
    site.directory.down = True
    answer = browser.submit(page, **BOTH)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert site.browser().get(address).status_code == 404  # it still is this browser's
    site.directory.down = False
    assert "Đã đặt mật khẩu mới" in browser.submit(page, **BOTH).text


def test_a_passkey_proves_it_too(site: Site) -> None:
    device = enrol(site)
    assert ask_for_link(site).status_code == 200
    address, browser = "/recovery/" + site.forgotten.link(details(site)[-1]["recovery"]), site.browser()
    page = browser.follow(browser.submit(browser.get(address)))
    options = ask(browser, page, "passkey")
    answer = send(browser, page, "passkey", device.prove(options))
    assert "Đặt mật khẩu mới" in browser.follow(answer).text


def test_a_passkey_is_asked_of_the_browser_that_has_the_link_alone(site: Site) -> None:
    enrol(site)
    ask_for_link(site)
    address = "/recovery/" + site.forgotten.link(details(site)[-1]["recovery"])
    mine, theirs = site.browser(), site.browser()
    page = mine.follow(mine.submit(mine.get(address)))
    token = re.search(r'name="csrf_token" value="([^"]*)"', theirs.authorize().text)[1]  # type: ignore[index]
    assert theirs.post(f"{address}/passkey", X_CSRFToken=token).status_code == 409
    assert ask(mine, page, "passkey")["challenge"]


def test_an_answer_for_a_sign_in_is_none_here(site: Site) -> None:
    device = enrol(site, "lanhdao")
    ask_for_link(site, "lanhdao")
    address = "/recovery/" + site.forgotten.link(details(site)[-1]["recovery"])
    signing, browser = site.browser(), site.browser()
    second = signing.follow(signing.sign_in(LEADERS, uid="lanhdao"))
    options = ask(signing, second, "passkey")
    page = browser.follow(browser.submit(browser.get(address)))
    assert send(browser, page, "passkey", device.prove(options)).status_code == 400


def test_once_when_many_send_it_together(site: Site) -> None:
    browser = site.browser()
    page = proven(site, browser, link(site))
    found = site.forgotten
    token = re.search(r'action="/recovery/([^"]*)"', page.text)[1]  # type: ignore[index]
    row = site.database.read(select(PasswordRecoveryRow.browser_digest)).one()
    assert row is not None
    digest, outcomes = bytes(row.browser_digest), []

    def change(n: int) -> None:
        known_one = found.read(token, digest)
        outcomes.append("over" if known_one is None else found.change(*known_one, f"{NEW} lần {n}", digest, Caller("192.0.2.1",
                                                                                                                   "r")))

    threads = [threading.Thread(target=change, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("changed") == 1
    assert site.events().count("password.changed") == 1


def test_the_link_stands_in_no_table(site: Site) -> None:
    address = link(site)
    digest = address.rsplit(".", 1)[1]
    with site.database.durable.connect() as connection:
        tables: list[Any] = [row[0] for row in connection.exec_driver_sql(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'" if not site.database.is_sqlite
            else "SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            for row in connection.exec_driver_sql(f'SELECT * FROM "{table}"'):
                assert digest not in str(row), table
