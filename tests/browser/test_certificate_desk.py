"""An agency's 200 officers, from its list to certificates in use, by the pages of the console and a real browser.

Rows that are wrong are reported and keep no other back; the figures on the pages are those of the records.
"""

from __future__ import annotations

import csv
import io
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from shutil import copy
from urllib.request import ProxyHandler, Request, build_opener

import pytest
from werkzeug.serving import WSGIRequestHandler, make_server

from deploy.ports import free_ports
from idp.directory.officer import Post
from idp.pki.enrollment.record import Search
from idp.pki.enrollment.states import State
from tests.administration.office import CALLER, IT, PLENTY, Office
from tests.administration.test_enrollments import sheet
from tests.fakes.directory import make_officer
from tests.flows.person import Person, person_at
from tests.web.console import Console

COUNT = 200
DOCUMENT = "12/STTTT-CNTT"


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:
        pass


class Desk:
    """The console on a port of its own, and one browser before which people take turns."""

    def __init__(self, office: Office, address: str, person: Person, folder: Path) -> None:
        self.office, self.address, self.person, self.folder = office, address, person, folder
        self.cookie = ""

    def sits_down(self, uid: str, *groups: str, unit: str = "H30.12") -> None:
        """Let somebody take over the browser, just signed in."""
        sub = self.office.officer(uid, *groups, unit=unit)
        self.cookie, _ = self.office.services.sessions.open(sub, acr=2, amr=("pwd", "otp", "mfa"), caller=CALLER)
        driver = self.person.driver
        driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        driver.execute_cdp_cmd("Network.setCookie", {"name": "sso", "value": self.cookie, "url": self.address, "httpOnly": True})
        self.open("/admin/")

    def open(self, path: str) -> None:
        self.person.open(self.address + path)

    def upload(self, form: str, content: bytes) -> str:
        """Try a list, then take it; gives what the page said of the trial."""
        file = self.folder / f"{form}.csv"
        file.write_bytes(content)
        self.open(f"/admin/certificates/import?form={form}")
        self.person.find("#file").send_keys(str(file))
        self.person.press("button[value=try]")
        said = self.person.find("main").text
        assert "chưa ghi gì" in said
        self.person.press("button[value=take]")
        assert "Đã nhập các dòng tốt." in self.person.find("[role=status]").text
        return said

    def all_of(self, state: str, act: str, **fields: str) -> str:
        """Act upon everybody in a state, as one sees them on one page; gives the sentence of the result."""
        self.open(f"/admin/certificates/all?state={state}")
        for name, text in fields.items():
            self.person.find(f"#{name}-{act}").send_keys(text)
        self.person.press(f"button[name=act][value={act}]")
        return self.person.find("[role=status]").text

    def fetched(self, css: str) -> bytes:
        """Give what a link leads to, without the browser's downloads."""
        request = Request(str(self.person.find(css).get_attribute("href")), headers={
            "Cookie": "; ".join(f"{one['name']}={one['value']}" for one in self.person.driver.get_cookies())})
        with build_opener(ProxyHandler({})).open(request, timeout=60) as answer:
            content: bytes = answer.read()
        return content

    def figures(self) -> dict[str, int]:
        """Read the figures of the first page, by state; those that are 0 do not stand there."""
        self.open("/admin/")
        rows = self.person.driver.find_elements("css selector", ".rows--count li")
        found = {re.sub(".*state=", "", str(row.find_element("tag name", "a").get_attribute("href"))):
                 int(row.find_element("tag name", "strong").text) for row in rows}
        assert set(found) <= {state.value for state in State}
        assert 0 not in found.values()
        return found

    def records(self) -> dict[str, int]:
        """Count what the database holds."""
        return {state.value: count for state, count in
                self.office.services.certificate_desk.moves.store.count(Search()).items() if count}


@pytest.fixture
def desk(sqlite_template: Path, tmp_path: Path) -> Iterator[Desk]:
    target = tmp_path / "desk.sqlite3"
    copy(sqlite_template, target)
    (port,) = free_ports(1)
    office = Office(f"sqlite:///{target}", rates=PLENTY, issuer=f"http://localhost:{port}")
    server = make_server("127.0.0.1", port, Console(office).app, threaded=True, request_handler=_Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with person_at(tmp_path / "chromium") as person:
            yield Desk(office, f"http://localhost:{port}", person, tmp_path)
    finally:
        server.shutdown()
        server.server_close()
        office.close()


def test_two_hundred_officers_from_a_list_to_certificates_in_use(desk: Desk) -> None:
    people = []
    for number in range(COUNT):
        uid, name = f"canbo{number:03}", f"Nguyễn Văn Mẫu {chr(65 + number // 26)}{chr(65 + number % 26)}"
        desk.office.services.mirror.remember(desk.office.directory.add(make_officer(
            uid, name, number=100_000 + number, posts=(Post(IT, "", "Sở", "Chuyên viên"),))), now=desk.office.clock.now())
        people.append({"name": name, "birth_date": "1980-09-05", "identity_number": f"093080000{number:03}",
                       "mail": f"{uid}@haugiang.gov.vn", "unit_name": "Sở", "title": "Chuyên viên",
                       "phone": f"0912345{number:03}", "sim_pki": "no"})
    wrong = [{**people[0]}, {**people[1], "mail": "khongco@haugiang.gov.vn", "identity_number": "093080009999"}]

    desk.sits_down("vanthu", "quantri-coquan", unit=IT)
    said = desk.upload("mau01_ca_nhan", sheet("mau01_ca_nhan", [*people, *wrong]))
    assert f"{COUNT} dòng tốt, trong đó 0 dòng đã có từ trước. 2 dòng cần sửa." in said
    assert "Trùng với dòng 2" in said
    assert "Không có cán bộ nào dùng địa chỉ thư này" in said
    assert f"trong đó {COUNT} dòng đã có" in desk.upload("mau01_ca_nhan", sheet("mau01_ca_nhan", people)), "once"
    assert desk.figures() == desk.records() == {"submitted": COUNT}
    assert f"Xong 0 trên {COUNT}" not in desk.person.text
    desk.open("/admin/certificates/all?state=submitted")
    assert not desk.person.sees("button[value=approve]"), "who asked does not approve"

    desk.sits_down("quantri.coquan", "quantri-coquan", unit=IT)
    assert desk.all_of("submitted", "approve") == f"Xong {COUNT} trên {COUNT} đề nghị."
    desk.sits_down("quantri", "quantri-tinh")
    assert desk.all_of("agency_approved", "approve_for_province") == f"Xong {COUNT} trên {COUNT} đề nghị."
    assert desk.figures() == desk.records() == {"province_approved": COUNT}

    desk.open("/admin/certificates/batches")
    desk.person.fill(document=DOCUMENT)
    desk.person.press()
    assert f"với {COUNT} đề nghị" in desk.person.find("[role=status]").text
    out = list(csv.reader(io.StringIO(desk.fetched("a[href$='/csv']").decode("utf-8-sig"))))
    assert len(out) == COUNT + 1
    asked = {cell for row in out[1:] for cell in row}
    assert asked >= {one["mail"] for one in people} | {one["identity_number"] for one in people}
    assert desk.figures() == desk.records() == {"sent_to_ca": COUNT}

    results = [{"mail": one["mail"], "identity_number": one["identity_number"], "serial": f"5401{number:04x}",
                "not_before": "2023-11-01", "not_after": "2028-11-01", "device_serial": f"TK-{number:04}"}
               for number, one in enumerate(people)]
    stray = {**results[0], "mail": people[1]["mail"], "serial": "5402ff"}
    said = desk.upload("ket_qua_cap", sheet("ket_qua_cap", [*results, stray]))
    assert f"{COUNT} dòng tốt" in said
    assert "1 dòng cần sửa" in said
    assert desk.figures() == desk.records() == {"issued": COUNT}

    given = [{"name": one["name"], "mail": one["mail"], "identity_number": one["identity_number"],
              "device_serial": f"TK-{number:04}", "on": "2023-11-02", "record": f"{number + 1}/BB-STTTT"}
             for number, one in enumerate(people)]
    said = desk.upload("ban_giao", sheet("ban_giao", [{**given[0], "identity_number": people[1]["identity_number"]}, *given[2:],
                                                      {**given[1], "device_serial": "TK-9999"}]))
    assert f"{COUNT - 2} dòng tốt" in said
    assert "Số định danh không phải của người được cấp" in said
    assert "ghi thiết bị khác" in said
    assert desk.figures() == desk.records() == {"issued": 2, "handed_over": COUNT - 2}
    assert f"trong đó {COUNT - 2} dòng đã có từ trước. 0 dòng cần sửa" in desk.upload("ban_giao", sheet("ban_giao", given))

    desk.open("/admin/certificates/all?state=handed_over")
    assert not desk.person.sees("button[value=waive_test_signature]"), "who handed over does not say that it works"
    desk.sits_down("pheduyet", "quantri-tinh")
    waived = desk.all_of("handed_over", "waive_test_signature", reason="Chưa có máy ký thử")
    assert waived == f"Xong {COUNT} trên {COUNT} đề nghị."
    assert desk.figures() == desk.records() == {"active": COUNT}

    desk.sits_down("quantri.coquan", "quantri-coquan", unit=IT)
    assert desk.figures() == {"active": COUNT}
    desk.open("/admin/certificates/?q=nguyen+van+mau+aa")
    desk.person.leave_by(desk.person.find("tbody th a").click)
    course = [line.text.split("\n")[0] for line in desk.person.driver.find_elements("css selector", ".timeline li strong")]
    assert course == ["Kích hoạt", "Bàn giao", "Nhận thiết bị", "Nhận kết quả cấp", "Gửi danh sách đi cấp", "Tỉnh duyệt",
                      "Đơn vị duyệt", "Gửi đề nghị"]
    assert "0930******" in desk.person.text
