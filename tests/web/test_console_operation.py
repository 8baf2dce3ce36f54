"""/admin/system/ and /admin/keys/: the province looks, has messages sent anew, and exchanges keys; an agency does neither."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from shutil import copy
from typing import Any

import pytest

from idp import readiness
from idp.adapters.sql.database import insert_row
from idp.adapters.sql.tables import OutboxRow
from idp.web.console.operation.system import _dependency
from tests.administration.office import CALLER, IT, PLENTY, Office
from tests.audit_desk import events_of

from .console import Browser, Console

SYSTEM, KEYS, ROTATE = "/admin/system/", "/admin/keys/", "/admin/keys/rotate"
FORM = "/logout"
"""A page with a form that everybody sees."""


@pytest.fixture
def console(sqlite_template: Path, tmp_path: Path) -> Iterator[Console]:
    target = tmp_path / "console.sqlite3"
    copy(sqlite_template, target)
    office = Office(f"sqlite:///{target}", rates=PLENTY)
    yield Console(office)
    office.close()


def province(console: Console) -> Browser:
    return console.person("quantri", "quantri-tinh")


def dead(office: Office, client_id: str = "qlvb", kind: str = "backchannel_logout") -> None:
    now = office.clock.now()
    office.database.write(insert_row(OutboxRow)).run(
        kind=kind, receiver=client_id, payload='{"sid":"s","sub":"u"}', state="dead", attempts=9, next_attempt_at=now,
        created_at=now, finished_at=now, last_error="HTTP 502 <b>")


def test_everything_the_house_leans_on_has_a_name_in_words(console: Console) -> None:
    names = re.findall(r'Dependency\("(\w+)"', Path(readiness.__file__).read_text(encoding="utf-8"))
    assert len(names) > 10
    with console.app.test_request_context():
        assert [name for name in names if _dependency(name, {"state": "down"})["label"] == name] == []


def test_security_38_what_fails_is_seen_by_the_province_alone(console: Console) -> None:
    dead(console.office)
    page = province(console).get(SYSTEM)
    assert (page.status_code, "Hệ thống chạy, có phần cần xem" in page.text) == (200, True), "no worker is at work in this test"
    assert "Chương trình chạy nền" in page.text
    assert "HTTP 502 &lt;b&gt;" in page.text
    auditor = console.person("kiemtoan", "kiemtoan").get(SYSTEM)
    assert (auditor.status_code, 'action="/admin/system/retry"' in auditor.text) == (200, False)
    agency = console.person("quantri.coquan", "quantri-coquan", unit=IT)
    assert agency.get(SYSTEM).status_code == agency.get(KEYS).status_code == agency.get(ROTATE).status_code == 403
    assert SYSTEM not in agency.get("/admin/").text


def test_dead_messages_are_sent_anew_with_a_record(console: Console) -> None:
    office, desk = console.office, province(console)
    dead(office)
    assert desk.post("/admin/system/retry", SYSTEM, kind="logout", receiver="qlvb").status_code == 303
    assert (office.services.outbox.state().dead, office.services.outbox.state().waiting) == (0, 1)
    for kind, receiver in (("logout", "qlvb"), ("mail", "qlvb"), ("sudo", "x"), ("logout", ""), ("logout", "x" * 300)):
        assert desk.post("/admin/system/retry", FORM, kind=kind, receiver=receiver).status_code == 404, kind
    (record,) = map(str, events_of(office.database, "delivery.retried"))
    assert "logout" in record
    for who in (console.person("kiemtoan", "kiemtoan"), console.person("quantri.coquan", "quantri-coquan", unit=IT)):
        dead(office, "console")
        assert who.post("/admin/system/retry", FORM, kind="logout", receiver="console").status_code == 403
    assert office.services.outbox.state().dead == 2


def test_the_api_tells_and_does_the_same(console: Console) -> None:
    office = console.office
    dead(office)
    token = office.province()
    (failing,) = office.call("GET", "/deliveries", token).json["logout"]["failing"]
    assert failing == {"receiver": "qlvb", "waiting": 0, "dead": 1, "last_error": "HTTP 502 <b>"}
    wish = {"kind": "logout", "receiver": "qlvb"}
    for other in (office.auditor(), office.agency(), office.machine(scope="admin:read")):
        assert office.call("POST", "/deliveries/retry", other, wish).status_code == 403
    assert office.call("GET", "/deliveries", office.agency()).status_code == 403
    bodies: list[Any] = [{}, {"kind": "logout"}, wish | {"x": 1}, {"kind": 1, "receiver": "qlvb"}]
    for body in bodies:
        assert office.call("POST", "/deliveries/retry", token, body).status_code == 422
    assert office.call("POST", "/deliveries/retry", token, wish).json == {"queued": 1}
    assert office.call("POST", "/deliveries/retry", token, wish).status_code == 404


def test_keys_are_shown_and_exchanged_by_the_province(console: Console) -> None:
    desk, ring = province(console), console.office.services.keys
    before = ring.signing("ES256").kid
    page = desk.get(KEYS)
    assert (page.status_code, before in page.text, "private" in page.text) == (200, True, False)
    asked = f"{ROTATE}?alg=ES256"
    done = desk.post(ROTATE, asked, alg="ES256")
    assert (done.status_code, "Đã đổi khóa." in done.text) == (200, True)
    ring.reload()
    assert ring.signing("ES256").kid != before
    assert desk.post(ROTATE, asked, alg="HS256").status_code == 400
    auditor = console.person("kiemtoan", "kiemtoan")
    shown = auditor.get(KEYS)
    assert (shown.status_code, ROTATE in shown.text) == (200, False)
    assert auditor.get(ROTATE).status_code == 403
    assert auditor.post(ROTATE, FORM, alg="ES256").status_code == 403
    console.office.services.keys.ensure(CALLER)
    lost = ring.signing("ES256").kid
    gone = desk.post(ROTATE, f"{ROTATE}?emergency=true", alg="", emergency="true")
    assert (gone.status_code, "báo người vận hành" in gone.text) == (200, True)
    assert lost not in json.dumps(console.office.services.administration.keys.listed(
        console.office.services.administration.console.admit(
            console.office.services.mirror.by_sub(console.office.officer("quantri", "quantri-tinh")),  # type: ignore[arg-type]
            change=False, caller=CALLER)[0]))
