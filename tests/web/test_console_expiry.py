"""/admin/certificates/expiry/: numbers that lead to their lists, and the file with all of them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from shutil import copy

import pytest

from idp.audit import Caller
from idp.pki.enrollment.record import Purpose
from idp.pki.enrollment.states import State
from idp.web.i18n import COOKIE
from tests.administration.office import HOME, IT, PLENTY, Office
from tests.audit_desk import events_of
from tests.pki.expiry.records import put

from .console import Browser, Console

FORECAST = "/admin/certificates/expiry/"
DAY = 86400


@pytest.fixture(scope="module")
def console(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    target = tmp_path_factory.mktemp("expiry") / "idp.sqlite3"
    copy(sqlite_template, target)
    office = Office(f"sqlite:///{target}", rates=PLENTY)
    store, now = office.services.certificate_desk.moves.store, office.clock.now()
    for unit, many in ((IT, 4), (HOME, 2), ("H30.13", 1)):
        for number in range(many):
            one = put(store, unit, now + (20 + 90 * number) * DAY, unit_name="=1+1" if unit == "H30.13" else "Sở")
            if number == 0 and unit == HOME:
                put(store, unit, None, replaces=one.enrollment_id, purpose=Purpose.RENEW, holder=one.holder,
                    state=State.SUBMITTED)
    yield Console(office)
    office.close()


@pytest.fixture(scope="module")
def province(console: Console) -> Browser:
    return console.person("quantri", "quantri-tinh")


def links(page: str) -> dict[str, int]:
    """Give the number that leads to each list."""
    found = re.findall(r'<a href="(/admin/certificates/expiry/list\?[^"]+)">(\d+)', page)
    return {unescape(url): int(number) for url, number in found}


def test_numbers_lead_to_lists_of_as_many(province: Browser) -> None:
    shown = links(province.get(FORECAST).text) | links(province.get(f"{FORECAST}?later=true").text)
    assert sum(number for url, number in shown.items() if "month=" in url and "unit=" not in url) == 7
    assert shown[f"{FORECAST}list?followed=false"] == 2
    for url, number in shown.items():
        page = province.get(url).text
        assert f"{number} chứng thư số." in page, url
        assert page.count('class="sub nowrap"') == number, url


def test_the_first_page_leads_to_what_is_to_be_renewed(console: Console, province: Browser) -> None:
    row = '<a class="hit" href="/admin/certificates/expiry/list?followed=false">Đề nghị gia hạn</a>'
    for browser, many in ((province, 2), (console.person("quantri.mot", "quantri-coquan", unit=IT), 1)):
        page = browser.get("/admin/").text
        assert re.search(rf"{re.escape(row)}.*?<strong>{many}</strong>", page)
    assert row not in console.person("quantri.hai", "quantri-coquan", unit=HOME).get("/admin/").text
    assert row not in console.person("kiemtoan", "kiemtoan").get("/admin/").text


def test_in_english_the_day_of_the_end_is_no_state(console: Console) -> None:
    browser = console.person("quantri.anh", "quantri-coquan", unit=IT)
    browser.client.set_cookie(COOKIE, "en", domain="localhost")
    shown, plan = browser.get(f"{FORECAST}list").text, browser.get(f"{FORECAST}renewals").text
    assert ">Expires in</label>" in shown
    for page in (shown, plan):
        assert re.search(r'<th scope="col"[^>]*>(<a [^>]*>)?Expires on<', page)
        assert "Expired" not in page


def test_security_38_an_agency_sees_its_own_row_alone(console: Console) -> None:
    clerk = console.person("quantri.coquan", "quantri-coquan", unit=HOME)
    page = clerk.get(FORECAST).text
    assert set(re.findall(r'class="sub">(H30[^<]*)<', page)) == {HOME}
    assert "Tất cả đơn vị" not in page
    assert "2 chứng thư số." not in page
    assert "1 chứng thư số." in clerk.get(f"{FORECAST}list?unit={IT}").text
    assert IT not in clerk.get(f"{FORECAST}forecast.csv").text


@pytest.mark.parametrize("query", ["month=2026-13", "month=0001-01", "month=9999-12", "unit=x", "followed=x",
                                   "month=%2F&unit=H30.11&followed=true"])
def test_what_is_no_filter_is_left_out(province: Browser, query: str) -> None:
    assert province.get(f"{FORECAST}list?{query}").status_code == 200


def test_a_cursor_that_is_none_is_refused(province: Browser) -> None:
    assert province.get(f"{FORECAST}list?cursor=x").status_code == 400


def test_security_41_the_file_has_every_number_and_no_formula(province: Browser) -> None:
    answer = province.get(f"{FORECAST}forecast.csv")
    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert (rows[0][0], rows[0][-2], len(rows[0])) == ("Mã đơn vị", "Tổng số", 2 + 48 + 2)
    assert [(row[0], row[-2], row[-1]) for row in rows[1:]] == [(IT, "4", "0"), (HOME, "2", "1"), ("H30.13", "1", "0")]
    assert all(sum(map(int, row[2:-2:2])) == int(row[-2]) for row in rows[1:])
    assert rows[3][1] == "'=1+1"


def test_an_agency_is_told_renews_all_that_is_due_in_two_steps_and_a_second_press_asks_for_nothing(
        sqlite_template: Path, tmp_path: Path) -> None:
    target = tmp_path / "renewals.sqlite3"
    copy(sqlite_template, target)
    office = Office(f"sqlite:///{target}", rates=PLENTY)
    console, store, now = Console(office), office.services.certificate_desk.moves.store, office.clock.now()
    due = [put(store, IT, now + 30 * DAY, holder=office.officer(f"canbo{number}", unit=IT)) for number in range(3)]
    away = put(store, IT, now + 30 * DAY, holder=office.officer("nghi", unit=IT, disabled=True))
    put(store, HOME, now + 30 * DAY, holder=office.officer("khac", unit=HOME))
    clerk = console.person("quantri.coquan", "quantri-coquan", unit=IT)
    assert office.services.certificate_desk.reminders.remind(Caller("worker", "worker"), most=500) == 4 + 1
    notices = clerk.get("/account/notices").text
    assert "chưa gửi đề nghị gia hạn: 4; trong 7 ngày tới: 0" in notices
    told = re.findall(r'href="(/admin/[^"]+)"', notices)
    first = unescape(re.findall(r'class="btn btn-primary" href="([^"]+)"', clerk.get(told[0]).text)[0])
    confirm = clerk.get(first).text
    assert "3 chứng thư số được đề nghị gia hạn" in confirm
    assert "1 chứng thư số không đề nghị được" in confirm
    assert "không còn hoạt động" in confirm
    numbers = re.findall(r'name="numbers" value="([^"]*)"', confirm)[0]
    assert numbers.split() == [one.enrollment_id for one in due]
    path = f"{FORECAST}renewals"
    done = clerk.post(path, first, numbers=numbers)
    assert done.status_code == 200
    assert "Đã gửi 3 đề nghị trên 3 chứng thư số." in done.text
    form = f"/admin/certificates/{due[0].enrollment_id}/acts/report_loss"
    again = clerk.post(path, form, numbers=f"{numbers} {away.enrollment_id} 2026-99999999").text
    assert "Đã gửi 0 đề nghị trên 5 chứng thư số." in again
    requests = re.findall(r'href="/admin/certificates/([0-9-]+)">\1<', done.text)
    assert len(requests) == 3
    assert set(requests) <= set(re.findall(r'href="/admin/certificates/([0-9-]+)">\1<', again))
    assert again.count("Đã có đề nghị đang được giải quyết.") == 3
    assert len(events_of(office.database, "enrollment.asked")) == 3 + 5
    for wrong in ("", " ".join(f"2026-{number:08}" for number in range(201))):
        assert clerk.post(path, form, numbers=wrong).status_code == 303
    auditor = console.person("kiemtoan", "kiemtoan")
    assert "Đề nghị gia hạn tất cả" not in auditor.get(f"{FORECAST}list").text
    assert auditor.get(path).status_code == 403
    office.close()
