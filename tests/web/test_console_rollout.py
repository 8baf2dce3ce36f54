"""/admin/rollout/: begun after a look at whom it is about, read by everybody in their scope, changed by the province alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from shutil import copy
from typing import Any

import pytest

from idp.pki.enrollment.working_days import day_of
from idp.web.console.rollout import files
from tests.administration.office import HOME, IT, PLENTY, Office
from tests.audit_desk import events_of

from .console import Browser, Console

LIST = "/admin/rollout/"


@pytest.fixture(scope="module")
def console(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    target = tmp_path_factory.mktemp("rollout") / "idp.sqlite3"
    copy(sqlite_template, target)
    office = Office(f"sqlite:///{target}", rates=PLENTY)
    for number in range(5):
        office.officer(f"canbo{number}", "qlvb", unit=(IT, HOME)[number % 2])
    office.officer("nghiviec", "qlvb", unit=IT, disabled=True)
    yield Console(office)
    office.close()


@pytest.fixture(scope="module")
def province(console: Console) -> Browser:
    return console.person("quantri", "quantri-tinh")


@pytest.fixture(scope="module")
def campaign(console: Console, province: Browser) -> str:
    """Begin a campaign as a person does; gives its address."""
    deadline = str(day_of(console.office.clock.now()) + timedelta(days=40))
    told = {"name": "Xác thực hai lớp", "goal": "second_factor", "deadline": deadline, "groups": "qlvb, khong-co"}
    assert "Lập chiến dịch" in province.get(LIST).text
    seen = province.post(f"{LIST}new", f"{LIST}new", step="preview", **told)
    assert seen.status_code == 200
    assert "Sẽ tính 5, ở 2 đơn vị." in seen.text
    assert "Tài khoản đã khóa (1)" in seen.text
    assert events_of(console.office.database, "campaign.created") == []
    begun = province.post(f"{LIST}new", f"{LIST}new", step="begin", **told)
    assert begun.status_code == 303
    again = province.post(f"{LIST}new", f"{LIST}new", step="begin", **told)
    assert again.status_code == 409
    assert "Đã có chiến dịch đang chạy mang tên này." in again.text
    return str(begun.headers["Location"])


def test_the_first_page_and_the_campaign_say_the_same(province: Browser, campaign: str) -> None:
    for page in (province.get("/admin/").text, province.get(LIST).text, province.get(campaign).text):
        assert "0 trên 5 người" in page
        assert "Xác thực hai lớp" in page
    page = province.get(campaign).text
    links = [unescape(link) for link in re.findall(rf'href="({campaign}[^"]*)"', page)]
    assert {link.split("?")[0].removeprefix(campaign) for link in links} >= {
        "/missing", "/excluded", "/report", "/report/file", "/change", "/members", "/movements", "/agencies", "/reminders"}
    assert all(province.get(link).status_code == 200 for link in links)
    assert "5 người còn thiếu đang dừng ở đâu" in page
    assert "Chưa bật xác thực hai lớp" in page


def test_the_headline_of_an_officer_is_what_campaigns_wait_for(console: Console, province: Browser, campaign: str) -> None:
    sub = console.office.services.mirror.by_uid("canbo0").sub
    headline = unescape(province.get(f"/admin/officers/{sub}").text.split('class="note"')[1].split("</div>")[0])
    deadline = (day_of(console.office.clock.now()) + timedelta(days=40)).strftime("%d/%m/%Y")
    assert "Việc tiếp theo: Bật xác thực hai lớp" in headline
    assert f"Người làm: Cán bộ này, đến hết ngày {deadline}" in headline
    assert f'<a href="{campaign}">Xác thực hai lớp</a>' in headline
    assert "Sau đó: Đăng nhập lần đầu (Cán bộ này)." in headline
    left = province.get(f"/admin/officers/{console.office.services.mirror.by_uid('nghiviec').sub}").text
    assert "Không có việc nào đang chờ về cán bộ này." in left
    assert "Việc tiếp theo" not in left


def test_numbers_lead_to_lists_of_as_many(province: Browser, campaign: str) -> None:
    page = province.get(campaign).text
    for unit, count in ((IT, 3), (HOME, 2)):
        link = f'{campaign}/missing?unit={unit}"'
        assert link in page
        assert province.get(link[:-1]).text.count('<tr><th scope="row">') == count
    assert province.get(f"{campaign}/missing?step=enrol_factor").text.count('<tr><th scope="row">') == 5
    assert province.get(f"{campaign}/missing?q=khong-co-ai").text.count('<tr><th scope="row">') == 0
    for query in ("step=x", "unit=x", "sort=x", "on=x", "on=2023-13-01"):
        assert province.get(f"{campaign}/missing?{query}").status_code == 200, query
    assert province.get(f"{campaign}?on=2001-01-01").status_code == 400
    assert province.get(f"{campaign}/missing?cursor=x").status_code == 400


def test_security_38_an_agency_sees_its_own_and_changes_nothing(console: Console, campaign: str) -> None:
    agency = console.person("quantri.coquan", "quantri-coquan", unit=HOME)
    assert "0 trên 2 người" in agency.get("/admin/").text
    for query in ("", f"?unit={IT}"):
        assert "0 trên 2 người" in agency.get(f"{campaign}{query}").text
        assert f"unit={IT}" not in agency.get(campaign).text
        assert agency.get(f"{campaign}/missing{query}").text.count('<tr><th scope="row">') == 2
        asked = {"unit": IT} if query else {}
        taken = agency.post(f"{campaign}/missing/file", f"{campaign}/missing/file", purpose="Nhắc việc", **asked)
        assert (taken.status_code, taken.content_type.split(";")[0]) == (200, "text/csv")
        assert taken.text.count("\n") == 3
        assert IT not in taken.text
    assert IT not in agency.get(f"{campaign}/report/file").text
    assert "Lập chiến dịch</a>" not in agency.get(LIST).text
    auditor = console.person("kiemtoan", "kiemtoan")
    assert "0 trên 5 người" in auditor.get(campaign).text
    for browser in (agency, auditor):
        for path in (f"{LIST}new", f"{campaign}/change", f"{campaign}/exclude?subject=x"):
            assert browser.get(path).status_code == 403, path
        for path in (f"{LIST}new", f"{campaign}/change", f"{campaign}/exclude", f"{campaign}/restore"):
            # A token of their own, from a page that they may see.
            assert browser.post(path, "/logout", step="begin", act="close", reason="x").status_code == 403, path
    assert console.person("canbo", "qlvb").get(campaign).status_code == 403
    assert len(events_of(console.office.database, "campaign.created")) == 1


def test_the_slowest_agencies_say_where_it_is_stuck_and_are_reminded_once_a_day(console: Console, province: Browser) -> None:
    made = console.office.call("POST", "/campaigns", console.office.province(), {
        "name": "Đăng nhập", "goal": "signed_in", "groups": ["qlvb"],
        "deadline": str(day_of(console.office.clock.now()) + timedelta(days=20))}).json["id"]
    page, ask = unescape(province.get(f"{LIST}{made}").text), f"{LIST}{made}/remind?agency={IT}"
    row = next(row for row in page.split("<tr>") if f'href="{ask}"' in row)
    assert "3 chưa đăng nhập lần nào" in row
    assert "Cán bộ tự làm" in row
    assert "3 cán bộ, về việc của chính mình" in province.get(ask).text
    agency, auditor = console.person("quantri.tu", "quantri-coquan", unit=HOME), console.person("kiemtoan", "kiemtoan")
    assert f"{LIST}{made}/remind?agency={HOME}" in agency.get(f"{LIST}{made}").text
    assert "/remind?" not in auditor.get(f"{LIST}{made}").text
    assert (agency.get(ask).status_code, auditor.get(ask).status_code) == (404, 403)
    done = province.post(f"{LIST}{made}/remind", ask, agency=IT)
    assert (done.status_code, done.headers["Location"]) == (303, f"{LIST}{made}/reminders?unit={IT}")
    told = province.get(done.headers["Location"]).text
    assert (told.count('<tr><th scope="row">'), "Hệ thống, theo lịch" in told) == (3, False)
    again = province.post(f"{LIST}{made}/remind", "/logout", agency=IT)  # the page has no form any more
    assert (again.status_code, "đã được nhắc hôm nay" in again.text) == (409, True)
    assert len(events_of(console.office.database, "campaign.reminded")) == 3


def test_somebody_is_taken_out_with_a_reason_and_let_in_again(province: Browser, campaign: str) -> None:
    form = unescape(re.findall(rf'href="({campaign}/exclude\?subject=[^"]+)"', province.get(f"{campaign}/missing").text)[0])
    subject = form.split("=")[1]
    wrong = province.post(f"{campaign}/exclude", form, subject=subject, reason="other", note="")
    assert wrong.status_code == 422
    done = province.post(f"{campaign}/exclude", form, subject=subject, reason="other", note="Đi học <b>")
    assert (done.status_code, done.headers["Location"]) == (303, f"{campaign}/excluded")
    page = province.get(f"{campaign}/excluded").text
    assert "Đi học &lt;b&gt;" in page
    assert page.count('<tr><th scope="row">') == 2
    assert "0 trên 4 người" in province.get(campaign).text
    for _ in range(2):  # sent twice, it does nothing twice
        assert province.post(f"{campaign}/restore", form, subject=subject).status_code == 303
    assert "0 trên 5 người" in province.get(campaign).text
    assert province.get(f"{campaign}/exclude?subject=nobody").status_code == 404
    page = province.get(f"{campaign}/movements").text
    assert (page.count('<tr><th scope="row">'), "Tính lại" in page, "Đi học &lt;b&gt;" in page) == (2, True, True)
    assert province.get(f"{campaign}/movements?act=left").text.count('<tr><th scope="row">') == 0
    assert province.post(f"{campaign}/movements/file", f"{campaign}/movements/file", purpose="Đối chiếu").text.count("\n") == 3


def test_the_whole_list_its_changes_and_agencies_are_pages_and_files(console: Console, province: Browser, campaign: str) -> None:
    row = '<tr><th scope="row">'
    for query, many in (("", 6), ("?state=missing", 5), ("?state=excluded", 1), ("?state=joined", 0), ("?state=x&act=x", 6)):
        page = province.get(f"{campaign}/members{query}").text
        assert page.count(row) == many, query
        (link,) = [unescape(link) for link in re.findall(rf'href="({campaign}/members/file[^"]*)"', page)]
        assert province.get(link).status_code == 200
    taken = province.post(f"{campaign}/members/file", link, purpose="Đối chiếu", state="missing")
    assert (taken.status_code, taken.text.count("\n")) == (200, 6)
    assert province.post(f"{campaign}/members/file", link, purpose="").status_code == 422
    page = province.get(f"{campaign}/agencies").text
    assert page.count(row) == 3
    names = {sort: re.findall(r'<tr><th scope="row"><a href="[^"]*unit=([^"&]+)', province.get(
        f"{campaign}/agencies?sort={sort}").text) for sort in ("code", "rate", "-rate", "name")}
    assert names["code"] == sorted(names["rate"]) == sorted(names["-rate"]) == names["name"]
    assert names["rate"] == names["-rate"][::-1]
    assert '<td class="num" data-label="Nay tính"><strong>5</strong></td>' in page
    agency = console.person("quantri.ba", "quantri-coquan", unit=HOME)
    assert "Chưa nhắc ai." in province.get(f"{campaign}/reminders").text
    assert province.post(f"{campaign}/reminders/file", f"{campaign}/reminders/file", purpose="Đối chiếu").text.count("\n") == 1
    assert f"{campaign}/members/file?state=excluded" in unescape(province.get(f"{campaign}/excluded").text)
    for path in ("members", "movements", "agencies", "reminders"):
        page = agency.get(f"{campaign}/{path}?unit={IT}").text
        assert (f'"{IT}' in page, f">{IT}" in page) == (False, False), path
        assert province.get(f"{campaign}/{path}?on=2001-01-01").status_code == 400


def test_a_long_list_is_written_by_the_worker(
        console: Console, province: Browser, campaign: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "AT_ONCE", 0)
    pages = [f"{campaign}/{path}/file" for path in ("missing", "members", "movements")] + ["/admin/accounts/file"]
    told = {"purpose": "Đối chiếu", "unit": IT, "state": "missing", "q": "Nguyễn", "list": "never_signed_in"}
    for page in pages:
        assert province.post(page, page, **told).headers["Location"] == "/admin/jobs/", page
        assert province.post(page, page, **(told | {"purpose": ""})).status_code == 422, page
    store: Any = console.office.services.job_work._store
    number, on = campaign.rpartition("/")[2], {"purpose": "Đối chiếu", "unit": IT}
    assert {one.kind: one.asked for one in store.listed(sub="", before="~", limit=9)} == {
        "missing": {"campaign": number, **on}, "movements": {"campaign": number, "q": "Nguyễn", **on},
        "members": {"campaign": number, "member_state": "missing", "q": "Nguyễn", **on},
        "accounts": {"list": "never_signed_in", **on}}
    while province.post(pages[0], pages[0], **told).status_code == 303:
        pass
    for page in pages:
        refused = province.post(page, page, **told)
        assert (refused.status_code, "việc chưa xong" in refused.text) == (409, True), page


def test_decree_30_2020_the_report_is_a_page_to_sign_and_files(province: Browser, campaign: str) -> None:
    page = province.get(f"{campaign}/report").text
    for said in ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Xác thực hai lớp", "0/5 người", "<polyline", "TM. ỦY BAN NHÂN DÂN"):
        assert said in page
    files = [unescape(link) for link in re.findall(rf'href="({campaign}/report/file[^"]+)"', page)]
    assert [province.get(link).content_type.split(";")[0] for link in files] == [
        "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"]
    assert province.get(f"{campaign}/report?on=2999-01-01").status_code == 400
    assert province.get(f"{LIST}CD-2000-0001/report").status_code == 404


def test_a_deadline_is_changed_and_a_campaign_closed_with_a_reason(console: Console, province: Browser) -> None:
    office = console.office
    day = [str(day_of(office.clock.now()) + timedelta(days=days)) for days in (9, 20)]
    begun = province.post(f"{LIST}new", f"{LIST}new", step="begin", name="Đóng", goal="mailbox", deadline=day[0])
    address = begun.headers["Location"]
    form = f"{address}/change"
    assert province.post(form, form, act="deadline", deadline=day[1], reason="").status_code == 422
    assert province.post(form, form, act="deadline", deadline="x", reason="x").status_code == 422
    assert 'value="31/02/2027"' in province.post(form, form, act="deadline", deadline="31/02/2027", reason="x").text
    typed = "/".join(reversed(day[1].split("-")))
    assert province.post(form, form, act="deadline", deadline=f" {typed} ", reason="Chờ thiết bị").status_code == 303
    assert province.post(form, form, act="close", reason="Xong").status_code == 303
    assert province.post(form, form, act="close", reason="Xong").status_code == 409
    assert "Đã đóng ngày" in province.get(address).text
    assert "Không tính</" not in province.get(f"{address}/missing").text
    assert f'href="{address}"' in province.get(LIST).text
    assert f'href="{address}"' not in province.get("/admin/").text
    assert [one[2]["reason"] for one in events_of(office.database, "campaign.closed")] == ["Xong"]


def test_accounts_to_look_through_are_lists_of_the_own_agency(console: Console, province: Browser) -> None:
    page = province.get("/admin/accounts/?list=never_signed_in").text
    assert page.count('<tr><th scope="row">') >= 5
    (link,) = [unescape(link) for link in re.findall(r'href="(/admin/accounts/file[^"]*)"', page)]
    assert "Chưa đăng nhập lần nào" in province.get(link).text
    assert events_of(console.office.database, "accounts.exported") == []
    told = {"list": "never_signed_in", "purpose": "Đối soát <b>", "form": "xlsx"}
    assert province.post("/admin/accounts/file", link, **told).data.startswith(b"PK")
    assert [one[2]["purpose"] for one in events_of(console.office.database, "accounts.exported") if "purpose" in one[2]] == [
        "Đối soát <b>"]
    wrong = province.post("/admin/accounts/file", link, **(told | {"purpose": " "}))
    assert wrong.status_code == 422
    assert "Vui lòng ghi mục đích" in wrong.text
    assert province.client.post("/admin/accounts/file", data=told, headers={"Host": "localhost:8000"}).status_code == 400
    assert "Quản lý văn bản" in province.get("/admin/accounts/?list=without_logout").text
    agency = console.person("quantri.hai", "quantri-coquan", unit=HOME)
    taken = agency.post("/admin/accounts/file", "/admin/accounts/file", list="never_signed_in", purpose="Đối soát")
    assert HOME in taken.text
    assert IT not in taken.text
    for query in ("list=x", "unit=x", "file=x"):
        assert province.get(f"/admin/accounts/?{query}").status_code == 200
    assert province.get("/admin/accounts/?cursor=x").status_code == 400
