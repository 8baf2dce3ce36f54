"""/admin/devices/: the account of devices by its pages; its rules are those of the room (tests/pki/custody)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from shutil import copy

import pytest

from idp.pki.enrollment.moves import Actor
from idp.roles import Administrator, Role
from idp.web.console.custody.records import date_words
from tests.administration.office import CALLER, HOME, IT, PLENTY, Office
from tests.audit_desk import events_of

from .console import Browser, Console
from .test_console import request_of

LIST = "/admin/devices/"


@pytest.fixture(scope="module")
def console(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """One office for all; each test has devices of its own."""
    target = tmp_path_factory.mktemp("devices") / "console.sqlite3"
    copy(sqlite_template, target)
    office = Office(f"sqlite:///{target}", rates=PLENTY)
    yield Console(office)
    office.close()


def province(console: Console, uid: str = "quantri") -> Browser:
    return console.person(uid, "quantri-tinh")


def agency(console: Console, uid: str = "quantri.coquan", unit: str = IT) -> Browser:
    return console.person(uid, "quantri-coquan", unit=unit)


def entered(browser: Browser, serial: str, kind: str = "token") -> str:
    """Enter a device; gives its page."""
    answer = browser.post(LIST, LIST, kind=kind, device_serial=serial)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def given(console: Console, serial: str, uid: str = "nguoinhan", unit: str = IT, **fields: str) -> str:
    """Enter a device and hand it over; gives its page."""
    desk, receiver = province(console), console.office.officer(uid, unit=unit)
    page = entered(desk, serial)
    path = f"{page}/acts/hand_over?q={uid}"
    assert desk.post(path, path, receiver=receiver, record="07/BB", **fields).status_code == 303
    return page


def in_use(console: Console, uid: str = "canbo1", serial: str = "TK-0007", batch: str = "") -> tuple[str, str]:
    """Bring a request as far as a certificate in a token that its holder has; gives its number and the device's page."""
    number, rooms = request_of(console, uid), console.office.services.certificate_desk
    one, two, three = (Actor(sub, Administrator(role=Role.PROVINCE, client_id="console", sub=sub))
                       for sub in (console.office.officer(uid, "quantri-tinh") for uid in ("mot", "hai", "ba")))
    rooms.desk.approve(two, number, CALLER)
    rooms.desk.approve_for_province(one, number, CALLER)
    rooms.desk.send(one, number, "1/X", batch, CALLER)
    found = rooms.moves.store.find(number)
    assert found is not None
    now = console.office.clock.now()
    rooms.desk.issued(one, found, serial=f"54ab{serial[-4:]}", issuer="CN=CA", not_before=now - 60, not_after=now + 86400 * 900,
                      certificate=b"", device_serial=serial, caller=CALLER)
    rooms.custody.receive(one, number, serial, CALLER)
    rooms.custody.hand_over(one, number, identity_number="093080000001", record="07/CTS", caller=CALLER)
    rooms.custody.waive(three, number, "x", CALLER)
    return number, page_of(province(console), serial)


def page_of(browser: Browser, serial: str) -> str:
    found = re.search(rf'href="({LIST}[0-9a-f]+)">{serial}<', browser.get(f"{LIST}?q={serial}").text)
    assert found is not None
    return found[1]


def offered(browser: Browser, page: str) -> list[str]:
    return re.findall(r'/acts/(\w+)"', browser.get(page).text)


def test_a_list_of_devices_is_tried_then_taken_by_the_province(console: Console) -> None:
    desk, form = province(console), "/admin/certificates/import"
    assert f"{form}?form=thiet_bi" in desk.get(LIST).text
    content = "Loại thiết bị;Số hiệu thiết bị;Màu\nToken;TK-7001;đen\nMáy tính;X-1;\n".encode()
    tried = desk.post(form, f"{form}?form=thiet_bi", form="thiet_bi", step="try", file=content).text
    for said in ("1 dòng tốt, trong đó 0 dòng đã có từ trước", "<dd lang=\"vi\">Số hiệu thiết bị</dd>", "không dùng cột này"):
        assert said in tried, said
    assert "TK-7001" not in desk.get(LIST).text
    desk.post(form, form, form="thiet_bi", step="take", file=content)
    assert "TK-7001" in desk.get(LIST).text
    clerk = agency(console)
    assert "thiet_bi" not in clerk.get(LIST).text + clerk.get(form).text
    clerk.post(form, form, form="thiet_bi", step="take", file=content.replace(b"7001", b"7002"))
    assert "TK-7002" not in desk.get(LIST).text


def test_a_device_from_the_stock_to_an_officer_and_back(console: Console) -> None:
    desk = province(console)
    page = entered(desk, "TK-0101")
    assert offered(desk, page) == ["hand_over", "report_loss"]
    receiver = console.office.officer("nguoinhan", unit=IT)
    path = f"{page}/acts/hand_over"
    assert 'name="receiver"' not in desk.get(path).text, "first somebody is looked for"
    assert "Không tìm thấy" in desk.get(f"{path}?q=khongco").text
    assert receiver in desk.get(f"{path}?q=nguoinhan").text
    wrong = desk.post(path, f"{path}?q=nguoinhan", receiver=receiver, record="  ", q="nguoinhan", keeper="agency")
    assert wrong.status_code == 422
    assert f'value="{receiver}" selected' in wrong.text
    assert 'value="agency" selected' in wrong.text
    assert desk.post(path, f"{path}?q=nguoinhan", receiver="nobody", record="07/BB").status_code == 422
    assert desk.post(path, f"{path}?q=nguoinhan", receiver=receiver, record="07/BB").status_code == 303
    assert offered(desk, page) == ["demand_return", "take_back", "report_loss", "record_loss"]
    assert desk.post(f"{page}/acts/demand_return", page + "/acts/demand_return").status_code == 303
    assert "Thiết bị phải được trả lại trước 17 giờ" in desk.get(page).text
    back = f"{page}/acts/take_back"
    assert desk.post(back, back, record="08/BB").status_code == 303
    assert desk.post(back, LIST, record="08/BB").status_code == 409, "a form that is sent again does nothing"
    assert desk.post(f"{page}/acts/restock", page + "/acts/restock").status_code == 303
    shown = desk.get(page).text
    for words in ("Nhập kho", "07/BB (Mẫu 07)", "08/BB (Mẫu 08)", "Đưa về kho"):
        assert words in shown
    handled = [text for text in map(str, events_of(console.office.database, "device.handled")) if page.split("/")[-1] in text]
    assert len(handled) == 4
    assert all("console" in record for record in handled)
    shown = agency(console).get(given(console, "TK-0110", keeper="agency")).text
    assert re.search(r"Người giữ</dt><dd>–</dd>", shown), "the agency keeps it"
    assert "07/BB" in shown


def test_security_38_an_agency_sees_its_own_devices_and_reports_their_loss(console: Console) -> None:
    page, stock = given(console, "TK-0201"), entered(province(console), "TK-0202")
    mine, other = agency(console), agency(console, "khac", unit=HOME)
    assert "TK-0201" in mine.get(LIST).text
    assert "TK-0202" not in mine.get(LIST).text
    assert "TK-0201" not in other.get(LIST).text
    assert "TK-0201" not in other.get(f"{LIST}?unit={IT}").text
    assert "TK-0201" not in other.get(f"{LIST}?q=nguoinhan").text
    for path in (page, f"{page}/acts/report_loss", f"{page}/acts/hand_over"):
        assert other.get(path).status_code == 404
    for act in ("report_loss", "take_back", "hand_over", "record_loss"):
        assert other.post(f"{page}/acts/{act}", "/admin/certificates/import", record="x").status_code == 404
        assert mine.post(f"{stock}/acts/{act}", "/admin/certificates/import", record="x").status_code == 404
    assert offered(mine, page) == ["report_loss"]
    assert 'name="device_serial"' not in mine.get(LIST).text
    assert mine.post(LIST, "/admin/certificates/import", kind="token", device_serial="TK-0009").status_code == 403
    assert mine.get(f"{page}/acts/take_back").status_code == 303, "what is not offered leads back"
    for act in ("take_back", "hand_over", "record_loss", "demand_return", "restock"):
        assert mine.post(f"{page}/acts/{act}", "/admin/certificates/import", record="08/BB").status_code == 403, act
    assert mine.post(f"{page}/acts/report_loss", f"{page}/acts/report_loss").status_code == 303
    assert offered(province(console), page) == ["take_back", "record_loss"]


def test_auditors_read_nobody_acts_with_their_own_device_and_recording_a_loss_needs_a_fresh_sign_in(console: Console) -> None:
    page = given(console, "TK-0301")
    auditor = console.person("kiemtoan", "kiemtoan")
    assert offered(auditor, page) == []
    assert "TK-0301" in auditor.get(LIST).text
    form = "/admin/certificates/" + request_of(console, "canbo3")
    assert auditor.post(f"{page}/acts/report_loss", form).status_code == 403
    assert auditor.post(LIST, form, kind="token", device_serial="TK-0009").status_code == 403
    same = entered(province(console), "TK-0303")
    own = console.office.officer("quantri", "quantri-tinh")
    assert own not in province(console).get(f"{same}/acts/hand_over?q=quantri").text
    refused = province(console).post(f"{same}/acts/hand_over", LIST, receiver=own, record="07/BB")
    assert refused.status_code == 403
    assert "Không ai tự bàn giao" in refused.text
    desk = province(console)
    desk.get("/admin/")
    console.office.clock.advance(console.office.settings.fresh_authentication_seconds + 1)
    assert desk.get(page).status_code == 200
    for answer in (desk.get(f"{page}/acts/record_loss"), desk.post(f"{page}/acts/record_loss", LIST, record="09/BB")):
        assert (answer.status_code, answer.headers["Location"][:7]) == (303, "/login/")
    assert "09/BB" not in desk.get(page).text


def test_what_belongs_to_a_request_goes_by_the_request_and_a_loss_blocks_its_certificate(console: Console) -> None:
    number, page = in_use(console)
    desk = province(console)
    shown = desk.get(page).text
    assert f"/admin/certificates/{number}" in shown
    assert "54ab" in shown
    assert f"{LIST}?q=TK-0007" in desk.get(f"/admin/certificates/{number}").text
    assert offered(desk, page) == ["report_loss"]
    taken = desk.post(f"{page}/acts/take_back", LIST, record="08/BB")
    assert taken.status_code == 409
    assert "Vui lòng thu hồi trước" in taken.text
    assert agency(console).post(f"{page}/acts/report_loss", f"{page}/acts/report_loss").status_code == 303
    found = console.office.services.certificate_desk.moves.store.find(number)
    assert found is not None
    assert found.state == "revocation_requested"


def test_lists_by_state_kind_agency_holder_and_what_is_overdue(console: Console) -> None:
    page = given(console, "LS-0001", "nguyenliet")
    given(console, "LS-0002", "canbo2", HOME)
    desk = province(console)
    entered(desk, "8984048000000000001", "sim")

    def shown(query: str) -> list[str]:
        found = re.findall(rf'href="{LIST}[0-9a-f]+">([^<]+)<', desk.get(LIST + query).text)
        return sorted(set(found).intersection(everything))

    everything = ["8984048000000000001", "LS-0001", "LS-0002"]
    assert shown("") == shown("?state=none&kind=car&unit=%27&overdue=x&q=%07") == everything
    assert shown("?state=in_stock") == shown("?kind=sim") == ["8984048000000000001"]
    assert shown(f"?unit={IT}") == shown("?q=NguyenLiet") == shown("?q=ls-0001") == ["LS-0001"]
    assert shown("?q=%25") == shown("?q=_S-0001") == shown("?overdue=true") == []
    desk.post(f"{page}/acts/demand_return", page + "/acts/demand_return")
    console.office.clock.advance(86400 * 14)
    desk = province(console, "quantri2")
    assert shown("?overdue=true") == ["LS-0001"]
    assert "Quá hạn" in desk.get(LIST).text
    for number in range(51):
        console.office.services.certificate_desk.register.enter(
            Actor("d", Administrator(role=Role.PROVINCE, client_id="c", sub="d")), "token", f"XK-{number:04}", CALLER)
    following = re.search(r'href="([^"]+cursor=[^"]+)"', desk.get(f"{LIST}?kind=token").text)
    assert following is not None
    assert len(re.findall(f'href="{LIST}[0-9a-f]+"', desk.get(following[1].replace("&amp;", "&")).text)) > 0
    assert desk.get(f"{LIST}?cursor=x").status_code == 400
    assert desk.get(f"{LIST}lists/xlsx").data[:2] == b"PK"
    assert desk.get(f"{LIST}lists/pdf").status_code == 404


def test_what_is_no_device_is_not_entered(console: Console) -> None:
    desk = province(console)
    entered(desk, "TK-0401")
    again = desk.post(LIST, LIST, kind="token", device_serial="tk-0401")
    assert (again.status_code, "đã có trong danh sách" in again.text) == (409, True)
    for fields in ({"kind": "car", "device_serial": "TK-0402"}, {"kind": "token", "device_serial": "x"}, {}):
        assert desk.post(LIST, LIST, **fields).status_code == 422
    for path in ("acts/fly", "acts/enter"):
        assert desk.get(page_of(desk, "TK-0401") + "/" + path).status_code == 404
    assert desk.get(f"{LIST}khong-co").status_code == 404
    assert desk.get(f"{LIST}{'x' * 300}").status_code == 404


def test_the_list_is_turned_back_with_its_filter(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("idp.web.console.custody.devices.USUAL", 2)
    browser = province(console)
    for number in range(5):
        entered(browser, f"TURN-{number}")
    pages = [browser.get(f"{LIST}?q=TURN").text]
    while following := re.search(r'href="([^"]+)" rel="next"', pages[-1]):
        pages.append(browser.get(following[1].replace("&amp;", "&")).text)
    back = [pages[-1]]
    while prev := re.search(r'href="([^"]+)" rel="prev"', back[-1]):
        back.append(browser.get(prev[1].replace("&amp;", "&")).text)
    shown = [re.findall(r'href="/admin/devices/([0-9a-f]+)"', page) for page in pages]
    assert [len(page) for page in shown] == [2, 2, 1]
    assert [re.findall(r'href="/admin/devices/([0-9a-f]+)"', page) for page in reversed(back)] == shown


def test_decree_68_records_of_a_device_are_printed_before_and_after_they_are_signed(console: Console) -> None:
    page = given(console, "TK-0501", "nguoinhan5")
    desk, mine, other = province(console), agency(console), agency(console, "khac", unit=HOME)
    links = re.findall(rf'href="({page}/papers/[^"]+)"', desk.get(page).text)
    assert links == [f"{page}/papers/07?line=1", f"{page}/papers/08"]
    noted, draft = desk.get(links[0]).text, desk.get(links[1]).text
    assert "<p>Số: 07/BB</p>" in noted
    assert "………/BB-………" in draft
    for paper in (noted, draft):
        assert "TK-0501" in paper
        assert "UBND Tỉnh Hậu Giang" in paper
        assert re.search(r"ngày \d\d tháng \d+ năm \d{4}", paper)
    assert mine.get(links[1]).status_code == 200
    assert other.get(links[0]).status_code == other.get(links[1]).status_code == 404
    for path in ("papers/06", "papers/07?line=0", "papers/08?line=1", "papers/07?line=9", "papers/07?line=-1", "papers/07?line=x",
                 "papers/07?line=" + "1" * 5000):
        assert desk.get(f"{page}/{path}").status_code == 404, path[:30]
    mine.post(f"{page}/acts/report_loss", f"{page}/acts/report_loss")
    assert f"{page}/papers/09" in mine.get(page).text
    assert "bị mất" in mine.get(f"{page}/papers/09").text


def test_decree_68_records_of_a_request_and_of_a_batch_on_one_sheet(console: Console) -> None:
    numbers = [in_use(console, f"nguoinhan6{place}", f"TK-060{place}", "L-1")[0] for place in range(2)]
    path = f"/admin/certificates/{numbers[0]}/papers"
    desk, mine = province(console), agency(console)
    record = mine.get(f"{path}/hand-over").text
    assert "Số: 07/CTS" in record
    assert "54ab0600" in record
    assert "093080000001" not in record
    for paper in ("device-return", "device-loss"):
        assert "TK-0600" in mine.get(f"{path}/{paper}").text
    assert mine.get(f"{path}/x").status_code == 404
    sheet = "/admin/certificates/batches/L-1/hand-overs"
    assert sheet in desk.get("/admin/certificates/?batch=L-1").text
    for browser in (desk, mine):
        assert sorted(re.findall(r">(TK-\d+)<", browser.get(sheet).text)) == ["TK-0600", "TK-0601"]
    assert desk.get(f"{sheet}?unit={HOME}").status_code == 404
    assert agency(console, "khac", unit=HOME).get(sheet).status_code == 404
    assert desk.get("/admin/certificates/batches/x/hand-overs").status_code == 404
    assert events_of(console.office.database, "personal_data.read") == []


@pytest.mark.parametrize(("day", "words"), [(5, "ngày 05 tháng 02 năm 2026"), (74, "ngày 15 tháng 4 năm 2026")])
def test_decree_30_days_and_the_first_two_months_have_a_nought(console: Console, day: int, words: str) -> None:
    with console.app.test_request_context("/"):
        assert date_words(int(datetime(2026, 1, 31, 17, 30, tzinfo=UTC).timestamp()) + (day - 1) * 86400) == words


def test_security_51_no_record_of_another_agency_is_printed(console: Console) -> None:
    page, desk, mine = given(console, "TK-0801", "nguoinhan6", HOME), province(console), agency(console)
    assert desk.post(f"{page}/acts/take_back", f"{page}/acts/take_back", record="08/BB").status_code == 303
    assert desk.post(f"{page}/acts/restock", f"{page}/acts/restock").status_code == 303
    path = f"{page}/acts/hand_over?q=nguoinhan7"
    receiver = console.office.officer("nguoinhan7", unit=IT)
    assert desk.post(path, path, receiver=receiver, record="07/KHCN").status_code == 303
    assert [mine.get(f"{page}/papers/{form}?line={line}").status_code for form, line in (("07", 1), ("08", 2), ("07", 4))] == [
        404, 404, 200]
    assert desk.get(f"{page}/papers/07?line=1").status_code == 200
    shown = mine.get(page).text
    assert "07/KHCN" in shown
    assert "08/BB" not in shown
    assert f"{page}/papers/07?line=1" not in shown
