"""/admin/audit/: the trail looked through, one record in words, the chain in parts; its rules are the room's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from shutil import copy
from types import SimpleNamespace
from typing import Any

import pytest

from idp.audit import AuditEvent, AuditRecord
from idp.web.console.audit.words import families
from tests.administration.office import CALLER, HOME, IT, PLENTY, Office

from .console import Browser, Console
from .test_console_devices import agency, province

LIST = "/admin/audit/"


@pytest.fixture(scope="module")
def console(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """One office for all; each test has officers of its own."""
    target = tmp_path_factory.mktemp("audit") / "console.sqlite3"
    copy(sqlite_template, target)
    office = Office(f"sqlite:///{target}", rates=PLENTY)
    office.services.audit_chain.accept("a database of its own", office.services.audit, CALLER)
    yield Console(office)
    office.close()


def note(console: Console, sub: str, event: AuditEvent = AuditEvent.SIGN_IN, source: str = "192.0.2.7", **detail: Any) -> None:
    console.office.services.audit.record(AuditRecord(event, console.office.clock.now(), sub=sub, client_id="qlvb", source=source,
                                                     request_id="request-7", detail=detail))


def rows(browser: Browser, query: str = "") -> list[str]:
    return re.findall(rf'<tr><th scope="row"><a href="({LIST}\d+)">', browser.get(f"{LIST}?{query}").text)


def test_records_are_found_by_each_filter_and_shown_in_words(console: Console) -> None:
    sub = console.office.officer("timthay", unit=IT)
    note(console, sub, source="192.0.2.77", acr=2)
    desk = province(console)
    for query in ("person=timthay&event=sign_in", f"person={sub}&event=sign_in", "person=TIMTHAY&application=qlvb",
                  "address=192.0.2.77", f"address=192.0.2.77&unit={IT}"):
        assert len(rows(desk, query)) == 1, query
    for query in ("person=khongai", "person=timthay&application=khac", f"address=192.0.2.77&unit={HOME}",
                  "address=192.0.2.77&until=01/01/2001"):
        assert rows(desk, query) == [], query
    page = desk.get(rows(desk, "address=192.0.2.77")[0]).text
    for said in ("Đăng nhập", "Mức xác thực", "timthay", "192.0.2.77", "request-7", "Quản lý văn bản", "đang chờ niêm phong"):
        assert said in page, said


def test_every_event_has_its_words(console: Console) -> None:
    with console.app.test_request_context():
        known = [event for family in families().values() for event in family]
    assert sorted(known) == sorted(AuditEvent)


def test_the_newest_stand_first_page_by_page(console: Console) -> None:
    sub = console.office.officer("nhieu", unit=IT)
    for _ in range(60):
        note(console, sub, AuditEvent.TOKEN_ISSUED)
    desk = province(console)
    shown = desk.get(f"{LIST}?person=nhieu&event=token.issued").text
    first = rows(desk, "person=nhieu&event=token.issued")
    following = re.findall(r'href="([^"]+)" rel="next"', shown)[0].replace("&amp;", "&")
    second = rows(desk, following.partition("?")[2])
    numbers = [int(row.removeprefix(LIST)) for row in (*first, *second)]
    assert (len(first), len(second), numbers) == (50, 10, sorted(numbers, reverse=True))


def test_several_of_a_name_are_offered_and_one_is_taken(console: Console) -> None:
    for uid in ("mauchon1", "mauchon2"):
        note(console, console.office.officer(uid, unit=IT))
    desk = province(console)
    page = desk.get(f"{LIST}?person=mauchon&event=sign_in").text
    links = re.findall(r'class="hit" href="([^"]+person=mauchon\d[^"]*)"', page)
    assert len(links) == 2
    assert len(rows(desk, links[0].replace("&amp;", "&").partition("?")[2])) == 1


def test_a_day_that_is_none_is_said_so(console: Console) -> None:
    desk = province(console)
    for query in ("since=31/02/2026", "until=hôm qua", "since=02/01/2026&until=01/01/2026", "event=nothing", "cursor=x"):
        answer = desk.get(f"{LIST}?{query}")
        assert (answer.status_code, "Ngày ghi như 23/11/2026" in answer.text) == (422, True), query
    assert desk.get(f"{LIST}?since=2026-01-01&until=02/01/2026").status_code == 200
    assert desk.get(f"{LIST}?person=%00").status_code == 400


def test_security_38_an_agency_sees_its_own_and_does_not_check_the_chain(console: Console) -> None:
    mine, other = console.office.officer("cuatoi", unit=IT), console.office.officer("khac", unit=HOME)
    note(console, mine, AuditEvent.FACTOR_REMOVED, by_officer=console.office.officer("tren", "quantri-tinh"))
    note(console, other, AuditEvent.FACTOR_REMOVED)
    admin, desk = agency(console), province(console)
    (seen,) = rows(admin, "event=factor.removed")
    page = admin.get(seen).text
    assert "Người ngoài đơn vị" in page
    assert "192.0.2.7" not in page
    assert rows(admin, "person=tren") == []
    (hidden,) = set(rows(desk, "event=factor.removed")) - {seen}
    assert admin.get(hidden).status_code == 404
    assert rows(admin, "person=khac") == rows(admin, f"unit={HOME}&event=key.created") == []
    assert admin.get(f"{LIST}chain").status_code == 403
    assert console.person("canbo", unit=IT).get(LIST).status_code == 403


def test_security_61_the_chain_is_checked_on_the_page_and_a_change_is_named(console: Console) -> None:
    sub = console.office.officer("niemphong", unit=IT)
    note(console, sub)
    while console.office.services.audit_chain.seal().records:
        pass
    auditor = console.person("kiemtoan", "kiemtoan")
    (record,) = rows(auditor, "person=niemphong&event=sign_in")
    assert "còn nguyên như khi được niêm phong" in auditor.get(record).text
    assert "Phần vừa kiểm tra còn nguyên vẹn" in auditor.get(f"{LIST}chain").text
    with console.office.database.durable.connect() as connection:
        connection.exec_driver_sql("UPDATE audit SET source = '203.0.113.9' WHERE id = ?", (int(record.removeprefix(LIST)),))
        connection.commit()
    for page in (record, f"{LIST}chain"):
        told = auditor.get(page).text
        assert f"Bản ghi {record.removeprefix(LIST)} đã bị sửa sau khi niêm phong" in told
        assert "còn nguyên" not in told.replace("không còn nguyên vẹn", "")


def test_what_was_changed_stands_with_before_and_after(console: Console) -> None:
    note(console, "", AuditEvent.CLIENT_CHANGED, source="192.0.2.78", changed={"client_name": ["Cũ <b>", "Mới"]})
    desk = province(console)
    page = desk.get(rows(desk, "address=192.0.2.78")[0]).text
    assert re.search('client_name</span></th><td data-label="Trước"><span class="text-break">Cũ &lt;b&gt;</span>', page)
    assert '<span class="text-break">Mới</span>' in page


@pytest.mark.parametrize("number", ["0", "99999999", "9" * 40])
def test_a_record_that_is_not_there_is_404(console: Console, number: str) -> None:
    assert province(console).get(LIST + number).status_code == 404


def test_security_38_an_export_states_its_purpose_and_is_for_the_province_and_auditors(console: Console) -> None:
    import io
    import zipfile

    sub = console.office.officer("xuat", unit=IT)
    note(console, sub)
    auditor, page = console.person("kiemtoan", "kiemtoan"), f"{LIST}export"
    sent = {"purpose": "Thanh tra", "legal_basis": "QĐ 12", "days": "30", "form": "jsonl", "officer": "xuat", "event": "sign_in",
            "since": "01/11/2023", "until": "30/11/2023"}
    for wrong in ({"purpose": ""}, {"legal_basis": " "}, {"days": "0"}, {"days": "x"}, {"since": ""}, {"until": "31/02/2026"},
                  {"officer": "khongai"}, {"since": "02/01/2100"}, {"form": "pdf"}):
        refused = auditor.post(page, page, **(sent | wrong))
        assert (refused.status_code, "Chưa xuất được" in refused.text) == (422, True), wrong
    answer = auditor.post(page, page, **sent)
    assert (answer.status_code, answer.content_type) == (200, "application/zip")
    lines = zipfile.ZipFile(io.BytesIO(answer.data)).read("records.jsonl").splitlines()
    assert (len(lines), sub.encode() in lines[0]) == (1, True)
    later = auditor.post(page, page, **(sent | {"until": "01/01/2100"}))
    assert (later.status_code, later.headers["Location"]) == (303, "/admin/jobs/"), "a long time is written by the worker"
    assert "Thanh tra" in auditor.get("/admin/jobs/").text
    shown = [auditor.get(row).text for row in rows(auditor, "person=kiemtoan&event=audit.exported")]
    assert [said in shown[1] for said in ("Thanh tra", "QĐ 12")] == [True, True]
    assert auditor.client.post(page, data=sent, headers={"Host": "localhost:8000"}).status_code == 400, "without the form's token"
    admin = agency(console)
    assert admin.get(page).status_code == admin.post(page, "/admin/certificates/import", **sent).status_code == 403


def test_issue_7_a_search_that_reaches_into_archived_months_says_so(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    archives = console.office.services.archived_months.archives
    months = [SimpleNamespace(month=SimpleNamespace(month=f"2025-0{n}"), state=state, in_database=state == "restored")
              for n, state in ((5, "purged"), (6, "restored"), (7, "purged"))]
    monkeypatch.setattr(archives, "months", lambda: months)
    monkeypatch.setattr(archives, "_store", SimpleNamespace(months=lambda: months))
    desk = province(console)
    listed = desk.get(LIST).text
    assert "Đã chuyển vào kho lưu trữ: 05/2025, 07/2025." in listed
    assert "Tạm đưa trở lại để tra cứu: 06/2025." in listed
    for query, said in (("since=01/07/2025", "các tháng 07/2025 nằm"),
                        ("since=01/05/2025&until=31/07/2025", "05/2025, 07/2025 nằm"),
                        ("since=01/06/2025&until=30/06/2025", ""), ("since=01/08/2025", "")):
        page = desk.get(f"{LIST}?address=192.0.2.250&{query}").text
        assert ("Chưa tìm trong kho lưu trữ." in page, said in page) == (bool(said), True), query
