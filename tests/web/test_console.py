"""/admin/: who gets in and for how long, and the certificate desk by its pages; its rules are the API's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from shutil import copy

import pytest

from idp.pki.enrollment.record import Search
from idp.pki.forms import LONGEST_FILE
from idp.sessions.single_sign_on import Session
from tests.administration.office import HOME, IT, PLENTY, Office
from tests.administration.test_enrollments import asked, joined, sheet, take
from tests.audit_desk import events_of

from .console import Browser, Console

LIST = "/admin/certificates/"


@pytest.fixture
def console(sqlite_template: Path, tmp_path: Path) -> Iterator[Console]:
    target = tmp_path / "console.sqlite3"
    copy(sqlite_template, target)
    office = Office(f"sqlite:///{target}", rates=PLENTY)
    yield Console(office)
    office.close()


def agency(console: Console, uid: str = "quantri.coquan", unit: str = IT) -> Browser:
    return console.person(uid, "quantri-coquan", unit=unit)


def request_of(console: Console, uid: str = "canbo1", unit: str = IT) -> str:
    """Let the agency's API ask for an officer; gives the number."""
    holder = console.office.officer(uid, unit=unit)
    return str(asked(console.office, console.office.token("vanthu", "quantri-coquan", unit=unit), holder, submit=True,
                     identity_number="093080000001").json["id"])


def state(console: Console, number: str) -> str:
    return str(console.office.services.certificate_desk.moves.store.find(number).state)


def test_officers_without_a_role_are_told_so_and_administrators_see_their_scope(console: Console) -> None:
    refused = console.person("canbo").get("/admin/")
    assert refused.status_code == 403
    assert "không có vai trò quản trị" in refused.text
    mine = agency(console).get("/admin/").text
    assert "Quản trị đơn vị" in mine
    assert "/admin/certificates/batches" not in mine
    assert "Chưa có đề nghị nào." in mine
    whole = console.person("quantri", "quantri-tinh").get("/admin/").text
    assert "Toàn tỉnh" in whole
    assert "/admin/certificates/batches" in whole
    reads = console.person("kiemtoan", "kiemtoan").get("/admin/").text
    assert "/admin/certificates/import" not in reads


def test_the_portal_leads_into_the_console_and_only_whoever_has_a_role_there(console: Console) -> None:
    assert 'href="/admin/"' in console.person("quantri", "quantri-tinh").get("/").text
    assert 'href="/admin/"' in agency(console).get("/account/security").text
    assert "/admin/" not in console.person("canbo").get("/").text


def test_places_stand_in_groups_and_officers_are_found_from_every_page(console: Console) -> None:
    page = console.person("quantri", "quantri-tinh").get("/admin/audit/").text
    side = page[page.index('class="side__wide"'):]
    groups = re.findall(r'class="side__group">([^<]+)<', side)
    assert groups == ["Triển khai", "Con người", "Chứng thư số và SIM", "Hệ thống"]
    assert side.index("Con người") < side.index('href="/admin/officers/"') < side.index("Chứng thư số và SIM")
    assert 'id="find" name="q"' in page
    found = console.person("quantri", "quantri-tinh").get("/admin/officers/?q=quantri")
    assert (found.status_code, 'id="find"' in found.text) == (200, False)
    clerk = console.person("thietbi", "vanthu-thietbi", unit=IT)
    assert clerk.get("/admin/").headers["Location"] == "/admin/certificates/", "the day begins with one's own work"
    page = clerk.get("/admin/devices/")
    assert (page.status_code, 'id="find"' in page.text, "/admin/officers/" in page.text) == (200, False, False)


def test_security_38_every_page_asks_for_a_sign_in_a_role_and_a_second_factor(console: Console) -> None:
    pages = {re.sub(r"<[^>]+>", "2026-00000001", rule.rule) for rule in console.app.url_map.iter_rules()
             if rule.rule.startswith("/admin") and "GET" in (rule.methods or ())}
    assert len(pages) > 20
    officer, one_factor = console.person("canbo"), console.person("quantri", "quantri-tinh", acr=1)
    for path in sorted(pages):
        for browser in (Browser(console.app, "x" * 43), one_factor):
            answer = browser.get(path)
            assert (answer.status_code, answer.headers["Location"][:7]) == (303, "/login/"), path
        assert officer.get(path).status_code == 403


@pytest.mark.parametrize(("level", "idle"), [(2, 1800), (3, 300)])
def test_interface_1_the_console_closes_by_its_own_clock_and_the_portal_does_not_keep_it_open(
        sqlite_template: Path, tmp_path: Path, level: int, idle: int) -> None:
    target = tmp_path / "level.sqlite3"
    copy(sqlite_template, target)
    office = Office(f"sqlite:///{target}", rates=PLENTY, security_level=level)
    browser = Console(office).person("quantri", "quantri-tinh")
    for _ in range(3):
        office.clock.advance(idle - 1)
        assert browser.get("/admin/").status_code == 200
    office.clock.advance(idle // 2)
    assert browser.get("/").status_code == 200
    office.clock.advance(idle - idle // 2)
    for _ in range(2):
        closed = browser.get("/admin/")
        assert (closed.status_code, closed.headers["Location"][:7]) == (303, "/login/")
    assert browser.get("/").status_code == 200, "only the console is closed"
    office.close()


def test_the_console_closes_twelve_hours_after_the_sign_in_however_busy_it_is(console: Console) -> None:
    browser = console.person("quantri", "quantri-tinh")
    for _ in range(12 * 3):
        assert browser.get("/admin/").status_code == 200
        console.office.clock.advance(1200)
    assert browser.get("/admin/").status_code == 303


def test_security_38_another_agencys_request_is_not_there_and_nothing_of_it_is_shown(console: Console) -> None:
    number = request_of(console)
    other = agency(console, "khac", unit=HOME)
    assert number not in other.get(LIST).text
    for path in (number, f"{number}/acts/return", f"{number}/papers/request"):
        assert other.get(LIST + path).status_code == 404
    for path, fields in ((f"{number}/acts/approve", {}), (f"{number}/acts/return", {"reason": "x"})):
        assert other.post(LIST + path, f"{LIST}import", **fields).status_code == 404
    assert other.post(f"{LIST}{number}/identity", f"{LIST}import").status_code == 403
    many = other.post(f"{LIST}acts", f"{LIST}import", act="approve", pick=number)
    assert "Không có đề nghị này" in many.text
    assert "canbo1" not in many.text
    assert state(console, number) == "submitted"


def test_nobody_approves_their_own_and_a_form_that_is_sent_again_does_nothing(console: Console) -> None:
    number = request_of(console)
    same = console.person("vanthu", "quantri-coquan", unit=IT)
    assert "/acts/approve" not in same.get(LIST + number).text, "it is not offered"
    refused = same.post(f"{LIST}{number}/acts/approve", f"{LIST}import")
    assert refused.status_code == 403
    assert "nhờ người khác" in refused.text
    approver = agency(console)
    assert f"{number}/acts/approve" in approver.get(LIST + number).text
    assert approver.post(f"{LIST}{number}/acts/approve", LIST + number).status_code == 303
    lines = len(events_of(console.office.database, "enrollment.moved"))
    again = approver.post(f"{LIST}{number}/acts/approve", f"{LIST}import")
    assert again.status_code == 409
    assert "ở bước khác" in again.text
    many = approver.post(f"{LIST}acts", f"{LIST}import", act="approve", pick=number)
    assert "Xong 0 trên 1" in many.text
    assert (state(console, number), len(events_of(console.office.database, "enrollment.moved"))) == ("agency_approved", lines)


def test_security_43_a_character_that_no_text_has_is_refused_before_anybody_looks_for_it(console: Console) -> None:
    browser, number = agency(console), request_of(console)
    assert browser.get(f"{LIST}?words=%00").status_code == 400
    for path in ("officers/%00", "officers/%00/acts/end-access", "rollout/%00", "rollout/%00/missing"):
        assert browser.get(f"/admin/{path}").status_code == 404, path
    assert browser.post(f"{LIST}acts", LIST + number, act="return", pick="a\0b").status_code == 400
    assert browser.post(f"{LIST}{number}/acts/return", f"{LIST}{number}/acts/return", reason="a\0b").status_code == 400
    assert state(console, number) == "submitted"


def test_returning_asks_for_a_reason_and_who_asked_reads_it(console: Console) -> None:
    number = request_of(console)
    approver = agency(console)
    path = f"{LIST}{number}/acts/return"
    assert "nhận được lý do" in approver.get(path).text
    assert approver.post(path, path, reason="  ").status_code == 422
    assert state(console, number) == "submitted"
    assert approver.post(path, path, reason="Thiếu ngày cấp <b>").status_code == 303
    page = console.person("vanthu", "quantri-coquan", unit=IT).get(LIST + number).text
    assert "Thiếu ngày cấp &lt;b&gt;" in page
    assert page.count("quantri.coquan") == 0


def test_many_at_once_each_for_itself_and_what_is_seen_is_what_is_approved(console: Console) -> None:
    numbers = [request_of(console, f"canbo{number}") for number in range(3)]
    approver = agency(console)
    all_of_them = approver.get(f"{LIST}all?state=submitted").text
    carried = re.search(r'name="numbers" value="([^"]+)"', all_of_them)
    assert carried is not None
    assert sorted(carried[1].split()) == sorted(numbers)
    approver.post(f"{LIST}{numbers[0]}/acts/approve", LIST + numbers[0])
    done = approver.post(f"{LIST}acts", f"{LIST}all", act="approve", numbers=carried[1])
    assert "Xong 2 trên 3 đề nghị" in done.text
    assert {state(console, number) for number in numbers} == {"agency_approved"}
    asked_first = console.person("quantri", "quantri-tinh").post(f"{LIST}acts", f"{LIST}all", act="return", pick=numbers[0])
    assert 'name="reason"' in asked_first.text
    assert state(console, numbers[0]) == "agency_approved"


def test_auditors_read_masked_numbers_change_nothing_and_a_whole_number_is_recorded(console: Console) -> None:
    number = request_of(console)
    auditor = console.person("kiemtoan", "kiemtoan")
    page = auditor.get(LIST + number).text
    assert "0930******01" in page
    assert "093080000001" not in page
    assert "/acts/" not in page
    for path in (f"{number}/acts/approve", "acts", "import", "batches"):
        assert auditor.post(LIST + path, LIST + number, act="approve", pick=number).status_code == 403
    assert events_of(console.office.database, "personal_data.read") == []
    for purpose in ("", "kiểm tra", "x" * 301):
        refused = auditor.post(f"{LIST}{number}/identity", LIST + number, purpose=purpose)
        assert (refused.status_code, "093080000001" in refused.text) == (422, False)
        assert "từ 10 đến 300 ký tự" in refused.text
    assert events_of(console.office.database, "personal_data.read") == []
    assert "093080000001" in auditor.post(f"{LIST}{number}/identity", LIST + number, purpose="Kiểm tra hồ sơ quý IV").text
    (record,) = events_of(console.office.database, "personal_data.read")
    assert number in str(record)
    assert record[2]["purpose"] == "Kiểm tra hồ sơ quý IV"
    assert "Xem đủ" not in agency(console).get(LIST + number).text
    assert agency(console).post(f"{LIST}{number}/identity", LIST).status_code == 403


def test_a_list_is_tried_then_taken_and_its_bad_rows_are_downloaded(console: Console) -> None:
    people = [joined(console.office, number) for number in range(1, 4)]
    content = sheet("mau01_ca_nhan", [*people, {**people[0], "mail": "khongco@haugiang.gov.vn", "identity_number": "093080000099",
                                                "name": "=cmd"}])
    clerk = agency(console)
    path = f"{LIST}import"
    tried = clerk.post(path, path, form="mau01_ca_nhan", step="try", file=content).text
    assert "3 dòng tốt" in tried
    assert "Không có cán bộ nào dùng địa chỉ thư này" in tried
    assert "093080000001" not in tried, "what the page carries is sealed"
    kept = re.search(r'name="kept" value="([^"]+)"', tried)
    assert kept is not None
    assert not console.office.services.certificate_desk.moves.store.count(Search())
    report = clerk.post(f"{path}/report", path, form="mau01_ca_nhan", kept=kept[1])
    assert report.headers["Content-Disposition"] == 'attachment; filename="can-sua-mau01_ca_nhan.csv"'
    assert "'=cmd" in report.data.decode("utf-8-sig")
    for already in (0, 3):
        taken = clerk.post(path, path, form="mau01_ca_nhan", step="take", kept=kept[1]).text
        assert f"3 dòng tốt, trong đó {already} dòng" in taken
    assert sum(console.office.services.certificate_desk.moves.store.count(Search()).values()) == 3
    other = agency(console, "khac", unit=HOME)
    assert "quá một giờ" in other.post(path, path, form="mau01_ca_nhan", step="take", kept=kept[1]).text, "another's"
    for chosen in ({}, {"file": b""}):
        none = other.post(path, path, form="mau01_ca_nhan", step="try", **chosen)
        assert (none.status_code, "Chưa chọn tệp nào" in none.text, 'id="file-error"' in none.text) == (422, True, True)
    console.office.clock.advance(3601)
    assert "quá một giờ" in agency(console).post(path, path, form="mau01_ca_nhan", step="take", kept=kept[1]).text


def test_security_44_large_bodies_are_for_lists_of_those_who_are_signed_in(console: Console) -> None:
    path = f"{LIST}import"
    clerk, large = agency(console), b"x" * 100_000
    assert "Chưa nhập được danh sách" in clerk.post(path, path, form="mau01_ca_nhan", step="try", file=large).text
    assert clerk.post(path, path, form="mau01_ca_nhan", step="try", file=b"x" * (LONGEST_FILE + 300_000)).status_code == 413
    assert Browser(console.app, "x" * 43).post(path, "/", file=large).status_code == 413
    assert clerk.post(f"{LIST}acts", path, act="approve", pick="x" * 100_000).status_code == 413


def test_results_batches_and_hand_over_lists_are_the_provinces(console: Console) -> None:
    clerk = agency(console)
    assert clerk.get(f"{LIST}batches").status_code == 403
    assert clerk.post(f"{LIST}batches", LIST + "import", document="1/X").status_code == 403
    assert clerk.get(f"{LIST}batches/x/csv").status_code == 403
    assert clerk.get(f"{LIST}import/ket_qua_cap.xlsx").status_code == 404
    handed = sheet("ban_giao", [{"name": "A", "mail": "a@haugiang.gov.vn", "identity_number": "093080000001", "on": "2023-11-02",
                                 "device_serial": "TK-1", "record": "1"}])
    for who in (console.office.agency(), console.office.machine(), console.office.auditor()):
        assert take(console.office, who, handed, form="ban_giao", dry_run="false").status_code == 403
    province = console.person("quantri", "quantri-tinh")
    assert province.post(f"{LIST}batches", f"{LIST}import", document="1/X").status_code == 409
    assert province.get(f"{LIST}batches/khong-co/csv").status_code == 404
    assert province.get(f"{LIST}import/ket_qua_cap.xlsx").data[:2] == b"PK"


def test_security_34_waiving_and_reading_whole_numbers_need_a_fresh_sign_in(console: Console) -> None:
    number = request_of(console)
    province = console.person("quantri", "quantri-tinh")
    province.get("/admin/")
    console.office.clock.advance(console.office.settings.fresh_authentication_seconds + 1)
    assert province.get(LIST).status_code == 200
    for path, fields in ((f"{number}/identity", {}), ("acts", {"act": "waive_test_signature", "pick": number, "reason": "x"}),
                         ("batches", {"document": "1/X"})):
        answer = province.post(LIST + path, LIST + number, **fields)
        assert (answer.status_code, answer.headers["Location"][:7]) == (303, "/login/"), path
    assert events_of(console.office.database, "personal_data.read") == []


def test_the_first_page_says_what_waits_for_whom_and_how_much_of_it_is_late(console: Console) -> None:
    for number in range(3):
        request_of(console, f"canbo{number}")

    def waits(browser: Browser) -> list[tuple[str, str]]:
        part = browser.get("/admin/").text.partition('id="waiting"')[2].partition("</section>")[0]
        return re.findall(r'state=([a-z_]+)">.*?<strong>(\d+)</strong>', part, re.DOTALL)

    assert waits(agency(console)) == [("submitted", "3")]
    assert "quá hạn" not in agency(console).get("/admin/").text
    console.office.clock.advance(30 * 86400)
    assert "3 quá hạn" in agency(console).get("/admin/").text
    assert waits(agency(console, "khac", unit=HOME)) == waits(console.person("quantri", "quantri-tinh")) == []
    assert "Không có việc nào đang chờ bạn" in console.person("quantri", "quantri-tinh").get("/admin/").text
    assert "Chờ bạn xử lý" not in console.person("kiemtoan", "kiemtoan").get("/admin/").text
    approver = agency(console)
    approver.post(f"{LIST}acts", f"{LIST}all", act="approve", numbers=" ".join(
        one.enrollment_id for one in console.office.services.certificate_desk.moves.store.page(Search(), after="", limit=2)))
    assert waits(console.person("quantri", "quantri-tinh")) == [("agency_approved", "2")]


def test_a_list_is_turned_forward_and_back_with_its_filter_and_its_count(
        console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("idp.web.console.desk.USUAL", 2)
    numbers = sorted(request_of(console, f"canbo{number}") for number in range(5))
    browser = agency(console)
    browser.post(f"{LIST}{numbers[4]}/acts/approve", LIST + numbers[4])

    def turned(page: str) -> tuple[list[str], dict[str, str]]:
        ways = dict(re.findall(r'<a class="hit" href="([^"]+)"[^>]*>(Trang [a-zđầướ]+)</a>', page))
        return re.findall(r'name="pick" value="([^"]+)"', page), {word: unescape(url) for url, word in ways.items()}

    seen, ways = turned(browser.get(f"{LIST}?state=submitted&q=canbo").text)
    assert (seen, set(ways)) == (numbers[:2], {"Trang sau"})
    page = browser.get(ways["Trang sau"]).text
    assert "2 trên 4 đề nghị." in page
    seen, ways = turned(page)
    assert (seen, set(ways)) == (numbers[2:4], {"Trang đầu", "Trang trước"})
    seen, ways = turned(browser.get(ways["Trang trước"]).text)
    assert seen == numbers[:2]
    assert all("state=submitted&q=canbo" in url for url in ways.values())
    assert browser.get(f"{LIST}?back=x").status_code == 400
    assert turned(agency(console, "khac", unit=HOME).get(ways["Trang sau"]).text)[0] == [], "another's page has nothing of it"


def test_papers_hold_no_identity_number(console: Console) -> None:
    number = request_of(console)
    for paper in ("request", "hand-over"):
        page = agency(console).get(f"{LIST}{number}/papers/{paper}")
        assert page.status_code == 200
        assert "093080000001" not in page.text
    assert events_of(console.office.database, "personal_data.read") == []


@pytest.mark.parametrize(("acr", "amr", "fits"), [(2, ("pwd", "otp", "mfa"), True), (3, ("sc",), True), (1, ("pwd",), False),
                                                  (2, ("pwd", "remembered"), False)])
def test_a_second_factor_is_shown_for_the_console_whatever_policy_says(console: Console, acr: int, amr: tuple[str, ...],
                                                                       fits: bool) -> None:
    now = console.office.clock.now()
    session = Session("s", "sub", now, acr, amr, now, now, now + 3600)
    assert console.office.services.administration.console.fits(session, None) is fits
