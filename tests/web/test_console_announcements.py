"""Announcements by console, API and command line: written with a preview, shown on the pages, changed and ended once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from shutil import copy
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from idp.cli.notices import announcements as commands
from tests.administration.office import IT, PLENTY, Office
from tests.audit_desk import events_of

from .console import Browser, Console

PAGE, NEW = "/admin/announcements/", "/admin/announcements/new"


@pytest.fixture(scope="module")
def console(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    target = tmp_path_factory.mktemp("announcements") / "console.sqlite3"
    copy(sqlite_template, target)
    office = Office(f"sqlite:///{target}", rates=PLENTY)
    yield Console(office)
    office.close()


@pytest.fixture
def province(console: Console) -> Browser:
    return console.person("quantri", "quantri-tinh")


def moments(office: Office) -> dict[str, str]:
    """From a while ago until tomorrow, as they are typed."""
    zone, now = ZoneInfo("Asia/Ho_Chi_Minh"), office.clock.now()
    return {name: f"{datetime.fromtimestamp(at, zone):%H:%M ngày %d/%m/%Y}" for name, at in (
        ("from_at", now - 600), ("until_at", now + 86400))}


def written(office: Office, **more: Any) -> dict[str, Any]:
    return {"level": "warning", "where": ["sign_in"], "text_vi": "Bảo trì tối nay", "until_at": office.clock.now() + 3600, **more}


def test_an_announcement_is_previewed_written_shown_and_ended(console: Console, province: Browser) -> None:
    office, someone = console.office, console.app.test_client()
    form = {"level": "warning", "where": ["sign_in", "portal"], "text_vi": "Bảo trì <b>tối nay</b>\nhttps://haugiang.gov.vn/tin",
            "text_en": "", **moments(office)}
    preview = province.post(NEW, NEW, **form)
    assert preview.status_code == 200
    assert "Người đọc sẽ thấy" in preview.text
    assert "Bảo trì &lt;b&gt;tối nay" in preview.text
    assert "Chưa có thông báo chung nào" in province.get(PAGE).text, "a preview keeps nothing"
    saved = province.post(NEW, NEW, **form, step="save")
    assert (saved.status_code, saved.location) == (303, PAGE)
    office.clock.advance(1)
    sign_in = someone.get("/account/profile", headers={"Host": "localhost:8000"}, follow_redirects=True).text
    assert "Bảo trì &lt;b&gt;tối nay&lt;/b&gt;" in sign_in
    assert '<a href="https://haugiang.gov.vn/tin" rel="noreferrer">' in sign_in
    assert "Bảo trì" in province.get("/").text
    listed = province.get(PAGE).text
    assert "Đang hiện" in listed
    address = re.findall(r'href="/admin/announcements/([0-9a-f]{16})"', listed)[0]
    one = province.get(PAGE + address).text
    tag = one.split('name="etag" value="')[1].split('"')[0]
    stale = province.post(PAGE + address, NEW, **form, step="save", etag="x")
    assert (stale.status_code, "Có người vừa sửa" in stale.text) == (412, True)
    changed = province.post(PAGE + address, NEW, **{**form, "text_vi": "Bảo trì sáng mai"}, step="save", etag=tag)
    assert changed.status_code == 303
    tag = province.get(PAGE + address).text.split('name="etag" value="')[1].split('"')[0]
    assert province.post(PAGE + address, NEW, step="end", etag=tag).status_code == 303
    office.clock.advance(1)
    assert "Bảo trì" not in someone.get("/account/profile", headers={"Host": "localhost:8000"}, follow_redirects=True).text
    assert "Đã hết" in province.get(PAGE).text
    assert province.post(PAGE + address, NEW, step="end", etag=tag).status_code == 412
    assert "textarea" not in province.get(PAGE + address).text, "what is over is read only"
    records = [detail for event in ("announcement.changed", "announcement.ended")
               for _sub, _sid, detail in events_of(office.database, event)]
    assert records[0]["changed"]["text_vi"][1] == "Bảo trì sáng mai"
    assert list(records[1]["changed"]) == ["until_at"]
    assert all(record["by_officer"] for record in records)


@pytest.mark.parametrize(("wrong", "said"), [
    ({"text_vi": " "}, "Vui lòng nhập nội dung tiếng Việt"), ({"text_vi": "a\u202eb"}, "Vui lòng nhập nội dung tiếng Việt"),
    ({"text_vi": "x" * 1001}, "Vui lòng nhập nội dung tiếng Việt"), ({"text_en": "x" * 1001}, "Nội dung tiếng Anh"),
    ({"where": []}, "ít nhất một nơi"), ({"from_at": "28/11/2026"}, "ngày giờ bắt đầu"),
    ({"from_at": "31/02/2026 17:00"}, "ngày giờ bắt đầu"), ({"from_at": "mai"}, "ngày giờ bắt đầu"),
    ({"until_at": "2020-01-01T00:00"}, "kết thúc"),
    ({"level": "loud"}, "Nội dung gửi lên chưa đúng")])
def test_a_form_that_is_wrong_says_where(console: Console, province: Browser, wrong: dict[str, Any], said: str) -> None:
    right = {"level": "info", "where": ["portal"], "text_vi": "Giữ nguyên", "text_en": "", "step": "save",
             **moments(console.office)}
    answer = province.post(NEW, NEW, **{**right, **wrong})
    assert (answer.status_code, said in answer.text, "Giữ nguyên" in answer.text or "text_vi" in wrong) == (422, True, True)


def test_security_38_the_province_writes_auditors_read_and_agencies_do_neither(console: Console) -> None:
    office = console.office
    auditor = console.person("kiemtoan", "kiemtoan")
    assert "/admin/announcements/new" not in auditor.get(PAGE).text
    assert auditor.get(NEW).status_code == auditor.post(NEW, "/logout", step="save").status_code == 403
    agency = console.person("quantri.coquan", "quantri-coquan", unit=IT)
    assert agency.get(PAGE).status_code == agency.get(NEW).status_code == 403
    assert PAGE not in agency.get("/admin/").text
    for token in (office.agency(), office.machine(), office.token("kiemtoan2", "kiemtoan")):
        assert office.call("POST", "/announcements", token, written(office)).status_code == 403


def test_the_api_writes_changes_and_ends_by_what_was_read(console: Console) -> None:
    office = console.office
    token = office.province()
    made = office.call("POST", "/announcements", token, written(office))
    assert made.status_code == 201
    path = made.headers["Location"].removeprefix("/api/v1")
    assert office.call("GET", path, token).json == made.json
    assert {"state": "present", "from_at": office.clock.now(), "text_en": ""}.items() <= made.json.items()
    body = written(office, text_vi="Bảo trì ngày mai", from_at=office.clock.now() + 60)
    assert office.call("PUT", path, token, body).status_code == 428
    assert office.call("PUT", path, token, body, etag='"x"').status_code == 412
    changed = office.call("PUT", path, token, body, etag=made.headers["ETag"])
    assert (changed.status_code, changed.json["state"]) == (200, "future")
    assert office.call("POST", f"{path}/end", token, etag=made.headers["ETag"]).status_code == 412
    ended = office.call("POST", f"{path}/end", token, etag=changed.headers["ETag"])
    assert (ended.status_code, ended.json["state"]) == (200, "past")
    assert office.call("PUT", path, token, body, etag=ended.headers["ETag"]).json["code"] == "over"
    assert office.call("POST", f"{path}/end", token, etag=ended.headers["ETag"]).json["code"] == "over"
    for wrong in ({"level": "loud"}, {"where": []}, {"where": "sign_in"}, {"where": [{}]}, {"text_vi": ""}, {"text_vi": 7},
                  {"text_en": "\u200b"}, {"until_at": office.clock.now()}, {"until_at": 2**60}, {"until_at": True},
                  {"from_at": -1}, {"from_at": 2**39, "until_at": 2**39 + 60}, {"from_at": "now"}, {"colour": "red"},
                  {"level": []}):
        assert office.call("POST", "/announcements", token, written(office, **wrong)).status_code == 422, wrong
    assert office.call("GET", "/announcements/none", token).status_code == 404
    first = office.call("GET", "/announcements?limit=1", token).json
    assert len(first["items"]) == 1
    assert first["next"]
    assert office.call("GET", f"/announcements?cursor={first['next']}", token).status_code == 200
    assert office.call("GET", "/announcements?cursor=x", token).status_code == 400


def test_the_command_line_lists_writes_and_ends(console: Console) -> None:
    office, app = console.office, Flask("test")
    app.cli.add_command(commands.commands(lambda: office.services))

    def run(*arguments: str) -> Any:
        return app.test_cli_runner().invoke(args=["announcements", *arguments])

    made = run("create", "--text", "Nghỉ lễ", "--where", "portal", "--from", "2030-01-01T07:00", "--until", "2030-01-02T07:00",
               "--json")
    one = json.loads(made.stdout)
    assert (one["state"], one["where"], one["from_at"]) == ("future", ["portal"], 1_893_456_000)
    assert "Nghỉ lễ" in run("list").stdout
    assert json.loads(run("list", "--json").stdout)["announcements"][0] == one
    assert run("end", one["id"]).exit_code == 0
    again = run("end", one["id"], "--json")
    assert (again.exit_code, json.loads(again.stdout)["error"]) == (1, "This announcement is over. Write a new one.")
    assert run("create", "--text", " ", "--until", "2030-01-02T07:00").exit_code == 1
    assert run("create", "--text", "x", "--until", "mai").exit_code == 2
