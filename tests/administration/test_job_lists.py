"""Lists that the worker takes in: row by row, once each, however often a worker is killed."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

import pytest
from sqlalchemy import func, select

from idp.adapters.sheets import SheetFiles
from idp.adapters.sql.tables import EnrollmentRow
from idp.administration.enrollment.asking import Asking
from idp.administration.operation.work import LEASE_SECONDS

from . import office as offices
from .office import IT, Office
from .test_enrollments import joined, listed, sheet
from .test_jobs import job_of

ROWS = 8
FORM = "mau01_ca_nhan"


def records(office: Office, count: int) -> list[dict[str, str]]:
    """Give rows of as many officers."""
    return [joined(office, number) for number in range(1, count + 1)]


def sent(office: Office, token: str, rows: list[dict[str, str]], **more: str) -> Any:
    return office.call("POST", f"/jobs/lists?form={more.get('form', FORM)}&submit=true", token, sheet(FORM, rows),
                       media_type="text/csv")


def work(office: Office) -> None:
    while (job := office.services.job_work.take()) is not None:
        office.services.job_work.do(job)


def requests(office: Office, token: str) -> int:
    return len(listed(office, token))


def test_a_list_is_taken_and_what_is_wrong_comes_back(office: Office) -> None:
    token = office.agency()
    rows = records(office, 2)
    rows.append(rows[0] | {"mail": "khong.co@haugiang.gov.vn"})
    made = sent(office, token, rows)
    assert made.status_code == 202, made.text
    assert requests(office, token) == 0
    work(office)
    job = office.call("GET", f"/jobs/{made.json['id']}", token).json
    assert (job["state"], job["told"]) == ("done", {"rows": 3, "good": 2, "bad": 1, "already": 0})
    assert requests(office, token) == 2
    report = office.call("GET", f"/jobs/{made.json['id']}/file", token).data.decode("utf-8-sig")
    assert "khong.co" not in report.splitlines()[0]
    assert len(report.splitlines()) == 2
    store: Any = office.services.job_work._store
    assert list(store.parts(made.json["id"], "in")) == [], "what was sent is gone"


def test_a_list_of_devices_is_taken_by_the_province_alone(office: Office) -> None:
    token, asked = office.province(), "/jobs/lists?form=thiet_bi"
    content = SheetFiles().csv([["Loại thiết bị", "Số hiệu thiết bị"], ["Token", "TK-1"], ["Token", "TK-2"], ["Máy tính", "X"]])
    for already in (0, 2):
        made = office.call("POST", asked, token, content, media_type="text/csv")
        assert made.status_code == 202, made.text
        work(office)
        job = office.call("GET", f"/jobs/{made.json['id']}", token).json
        assert (job["state"], job["told"]) == ("done", {"rows": 3, "good": 2, "bad": 1, "already": already})
        assert "Máy tính" in office.call("GET", f"/jobs/{made.json['id']}/file", token).data.decode("utf-8-sig")
    for other in (office.agency(), office.auditor(), office.token("quantri3", "quantri-tinh", scope="openid admin:read")):
        assert office.call("POST", asked, other, content, media_type="text/csv").status_code == 403
        answer = office.call("POST", "/enrollments/lists?form=thiet_bi&dry_run=false", other, content, media_type="text/csv")
        assert answer.status_code == 403
    assert len(office.call("GET", "/devices", token).json["items"]) == 2
    made = office.call("POST", asked, office.token("quantri5", "quantri-tinh"), content, media_type="text/csv")
    office.officer("quantri5", unit=IT)  # without the group
    work(office)
    assert job_of(office, made).reason == "role_lost"


def test_a_file_that_is_no_list_fails_with_a_sentence(office: Office) -> None:
    token = office.agency()
    made = office.call("POST", f"/jobs/lists?form={FORM}", token, b"a,b\n1,2\n", media_type="text/csv")
    work(office)
    job = office.call("GET", f"/jobs/{made.json['id']}", token).json
    assert (job["state"], job["reason"], bool(job["message"]), job["file"]) == ("failed", "refused", True, None)


def test_what_is_no_such_request(office: Office) -> None:
    token = office.agency()
    assert office.call("POST", "/jobs/lists", token, b"{}").status_code == 415
    assert office.call("POST", "/jobs/lists?form=x", token, b"x", media_type="text/csv").status_code == 400
    assert office.call("POST", "/jobs/lists", token, b"", media_type="text/csv").status_code == 422
    assert office.call("POST", "/jobs/lists?form=ket_qua_cap", token, b"x", media_type="text/csv").status_code == 403


def test_a_killed_worker_leaves_rows_that_are_done_once(office: Office, database_url: str) -> None:
    token = office.agency()
    made = sent(office, token, records(office, ROWS))
    child = os.fork()
    if child == 0:
        try:
            _die_at_it(database_url)
        finally:
            os._exit(1)
    deadline = time.monotonic() + 20
    count = office.database.read(select(func.count().label("rows")).select_from(EnrollmentRow))
    while count.one().rows < 3:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    done = requests(office, token)
    assert 3 <= done < ROWS
    assert office.services.job_work.take() is None, "it is believed to live"
    office.clock.advance(LEASE_SECONDS + 1)
    job = office.services.job_work.take()
    assert job is not None
    assert job.deaths == 1
    office.services.job_work.do(job)
    shown = office.call("GET", f"/jobs/{made.json['id']}", token).json
    assert (shown["state"], shown["told"]) == ("done", {"rows": ROWS, "good": ROWS, "bad": 0, "already": done})
    assert requests(office, token) == ROWS
    assert [one.event for one in office.audited()].count("enrollment.asked") == ROWS


def _die_at_it(url: str) -> None:
    """Take a list in a process of its own, slowly."""
    row = Asking.row

    def slowly(*arguments: Any, **more: Any) -> Any:
        answer = row(*arguments, **more)
        time.sleep(0.15)
        return answer

    Asking.row = slowly  # type: ignore[method-assign]
    offices._made.clear()  # the keys are there
    work(Office(url))


def test_a_list_that_is_cancelled_keeps_what_was_taken(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    token, row, seen = office.agency(), Asking.row, []
    made = sent(office, token, records(office, 3))

    def cancelling(*arguments: Any, **more: Any) -> Any:
        seen.append(1)
        if len(seen) == 2:
            assert office.call("POST", f"/jobs/{made.json['id']}/cancel", token).status_code == 200
            office.clock.advance(2)
        return row(*arguments, **more)

    monkeypatch.setattr(Asking, "row", cancelling)
    work(office)
    assert office.call("GET", f"/jobs/{made.json['id']}", token).json["state"] == "cancelled"
    assert requests(office, token) == 2
