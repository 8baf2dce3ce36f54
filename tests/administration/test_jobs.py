"""Jobs: asked for by a person, done by the worker as they may then, and fetched by them alone."""

from __future__ import annotations

import hashlib
import json
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from idp.administration.operation.jobs import FILE_SECONDS, MOST_OPEN, STUCK_SECONDS, Job, JobStore
from idp.administration.operation.work import LEASE_SECONDS, MOST_DEATHS
from idp.administration.people.officers import OfficerDirectory
from idp.audit import Caller
from idp.errors import RefusedError, UnavailableError

from .office import HOME, IT, Office

ASK = {"kind": "officers", "purpose": "Đối soát quý IV", "columns": ["title", "mail"]}


def asked(office: Office, token: str, **more: Any) -> Any:
    return office.call("POST", "/jobs", token, ASK | more)


def work(office: Office) -> int:
    """Do what is due; gives how many."""
    count = 0
    while (job := office.services.job_work.take()) is not None:
        office.services.job_work.do(job)
        count += 1
    return count


def job_of(office: Office, answer: Any) -> Job:
    found = store_of(office).find(answer.json["id"])
    assert found is not None
    return found


def store_of(office: Office) -> JobStore:
    store: JobStore = office.services.job_work._store
    return store


def told_of(office: Office, event: str) -> list[dict[str, Any]]:
    return [json.loads(one.detail) for one in office.audited() if one.event == event]


def test_a_file_of_officers_from_asking_to_fetching(office: Office) -> None:
    token = office.agency()
    office.officer("an", unit=f"{IT}.2")
    office.officer("binh", unit=HOME)
    made = asked(office, token)
    assert (made.status_code, made.json["state"], made.headers["Location"]) == (202, "waiting", f"/api/v1/jobs/{made.json['id']}")
    address = f"/jobs/{made.json['id']}"
    assert office.call("GET", f"{address}/file", token).json["code"] == "no_file"
    assert work(office) == 1
    job = office.call("GET", address, token).json
    assert (job["state"], job["told"], job["file"]["name"]) == ("done", {"rows": 2}, "can-bo.csv")
    file = office.call("GET", f"{address}/file", token)
    lines = file.data.decode("utf-8-sig").splitlines()
    assert lines[0] == '"Họ và tên","Tên đăng nhập","Đơn vị","Chức danh","Thư công vụ"'
    assert (len(lines), [line.split(",")[1] for line in lines[1:]]) == (3, ['"an"', '"quantri.coquan"'])
    assert hashlib.sha256(file.data).hexdigest() == job["file"]["sha256"]
    first, last = told_of(office, "officers.exported")
    assert (first["purpose"], first["form"], first["unit"]) == (ASK["purpose"], "csv", IT)
    assert (last["rows"], last["sha256"], last["export"]) == (2, job["file"]["sha256"], first["export"])
    purposes = [told["purpose"] for event in ("job.asked", "job.file_taken") for told in told_of(office, event)]
    assert purposes == [ASK["purpose"]] * 2
    assert [told["state"] for told in told_of(office, "job.ended")] == ["done"]


@pytest.mark.parametrize("wrong", [
    {"purpose": " "}, {"purpose": 1}, {"file": "pdf"}, {"columns": ["password"]}, {"state": "gone"}, {"sort": "x"},
    {"unit": "x"}, {"q": "\0"}, {"more": "x"}, {"kind": "list"}, {"kind": "x"}, {"kind": ["officers"]}])
def test_what_cannot_be_is_refused_when_it_is_asked_for(office: Office, wrong: dict[str, Any]) -> None:
    answer = asked(office, office.province(), **wrong)
    assert answer.status_code == 422, answer.text
    assert (work(office), told_of(office, "job.asked")) == (0, [])


def test_who_may_ask(office: Office) -> None:
    assert asked(office, office.machine()).status_code == 403, "somebody has to answer for it"
    assert asked(office, office.token("hotro", "hotro-nguoidung", unit=IT)).status_code == 403
    assert asked(office, office.auditor()).status_code == 202
    agency = office.agency()
    asked(office, agency, unit=HOME)
    work(office)
    assert {told["unit"] for told in told_of(office, "officers.exported") if told.get("by_officer") == _sub(office)} == {IT}
    audit = {"kind": "audit", "purpose": "Thanh tra", "legal_basis": "Quyết định", "since": 1, "before": 2}
    assert office.call("POST", "/jobs", agency, audit).status_code == 403
    reader = office.token("quantri3", "quantri-tinh", scope="openid admin:read")
    csv = {"media_type": "text/csv"}
    assert office.call("POST", "/jobs/lists?form=mau01_ca_nhan", reader, b"x", **csv).status_code == 403
    assert office.call("POST", "/jobs/lists?form=mau01_ca_nhan", office.auditor(), b"x", **csv).status_code == 403


def _sub(office: Office) -> str:
    known = office.services.mirror.by_uid("quantri.coquan")
    assert known is not None
    return known.sub


def test_a_job_is_its_owners(office: Office) -> None:
    agency, other, province = office.agency(), office.token("khac", "quantri-coquan", unit=HOME), office.province()
    made = asked(office, agency)
    address = f"/jobs/{made.json['id']}"
    assert {office.call("GET", path, other).status_code for path in (address, f"{address}/file")} == {404}
    assert office.call("POST", f"{address}/cancel", other).status_code == 404
    work(office)
    assert office.call("GET", f"{address}/file", province).status_code == 403
    assert office.call("GET", address, province).status_code == 200
    assert office.call("GET", "/jobs?everybody=true", other).status_code == 403
    lists = {who: [one["id"] for one in office.call("GET", f"/jobs{query}", token).json["items"]]
             for who, token, query in (("own", agency, ""), ("other", other, ""), ("all", province, "?everybody=true"),
                                       ("province", province, ""), ("machine", office.machine(), ""))}
    assert lists == {"own": [made.json["id"]], "other": [], "all": [made.json["id"]], "province": [], "machine": []}


def test_whoever_lost_the_role_gets_nothing(office: Office) -> None:
    token = office.agency()
    both = [asked(office, token) for _ in range(2)]
    job = office.services.job_work.take()
    assert job is not None
    before, after = both if both[0].json["id"] == job.job_id else both[::-1]
    office.services.job_work.do(job)
    office.officer("quantri.coquan", unit=IT)  # without the group
    assert work(office) == 1
    assert job_of(office, after).reason == "role_lost"
    assert job_of(office, before).state.value == "done"
    assert office.call("GET", f"/jobs/{before.json['id']}/file", token).status_code == 403
    assert told_of(office, "job.file_taken") == []


def test_a_role_that_shrinks_while_the_file_waits_gives_the_smaller_list(office: Office) -> None:
    token = office.province()
    office.officer("binh", unit=HOME)
    made = asked(office, token)
    office.officer("quantri", "quantri-coquan", unit=IT)
    work(office)
    assert job_of(office, made).state.value == "done"
    assert told_of(office, "officers.exported")[0]["unit"] == IT


def test_a_file_is_there_for_a_day(office: Office) -> None:
    made = asked(office, office.province())
    work(office)
    office.clock.advance(FILE_SECONDS)
    answer = office.call("GET", f"/jobs/{made.json['id']}/file", office.province())
    assert (answer.status_code, answer.json["code"]) == (410, "file_gone")
    office.clock.advance(2 * FILE_SECONDS)
    assert office.services.housekeeping.sweep(office.clock.now())["job_part"] == 1
    office.clock.advance(30 * FILE_SECONDS)
    assert office.services.housekeeping.sweep(office.clock.now())["job"] == 1


def test_what_lies_in_the_database_is_sealed(office: Office) -> None:
    made = asked(office, office.province())
    work(office)
    (part,) = store_of(office).parts(made.json["id"], "out")
    assert b"quantri" not in part


def test_so_many_at_once_and_a_cancelled_one_makes_room(office: Office) -> None:
    token = office.province()
    made = [asked(office, token) for _ in range(MOST_OPEN)]
    refused = asked(office, token)
    assert (refused.status_code, refused.json["code"]) == (409, "too_many_jobs")
    cancelled = office.call("POST", f"/jobs/{made[0].json['id']}/cancel", token)
    assert (cancelled.status_code, cancelled.json["state"]) == (200, "cancelled")
    assert office.call("POST", f"/jobs/{made[0].json['id']}/cancel", token).json["code"] == "job_over"
    assert asked(office, token).status_code == 202
    assert work(office) == MOST_OPEN
    assert job_of(office, made[0]).name == ""


def test_of_several_asked_for_at_one_instant_no_more_are_let_in(office: Office) -> None:
    token = office.agency()
    made = [asked(office, token) for _ in range(MOST_OPEN - 1)]
    jobs, repeats, ready = office.services.administration.jobs, office.services.administration.repeats, Barrier(3)
    who = jobs.of_now(job_of(office, made[0]))
    assert who is not None

    def ask(number: int) -> str:
        ready.wait()
        with repeats.named(who, "POST /jobs", str(number), b"", reaches_out=False):  # nothing of it is seen before its end
            try:
                jobs.ask(who, "officers", {"purpose": "Đối soát"}, Caller("x", "y"))
            except RefusedError as err:
                return err.code
            time.sleep(0.2)
            return ""

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(ask, range(3))) == ["", "too_many_jobs", "too_many_jobs"]
    assert len(told_of(office, "job.asked")) == MOST_OPEN


def test_one_that_is_cancelled_while_it_runs_leaves_no_file(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    token, listed = office.province(), OfficerDirectory.listed
    made = asked(office, token)

    def cancelling(*arguments: Any, **more: Any) -> Any:
        assert office.call("POST", f"/jobs/{made.json['id']}/cancel", token).status_code == 200
        return listed(*arguments, **more)

    monkeypatch.setattr(OfficerDirectory, "listed", cancelling)
    assert work(office) == 1
    assert (job_of(office, made).state.value, job_of(office, made).total) == ("cancelled", 1)
    assert list(store_of(office).parts(made.json["id"], "out")) == []
    assert [told["state"] for told in told_of(office, "job.ended")] == ["cancelled"]


def test_of_many_workers_one_takes_a_job(office: Office) -> None:
    asked(office, office.province())
    with ThreadPoolExecutor(8) as pool:
        taken = [job for job in pool.map(lambda _: office.services.job_work.take(), range(8)) if job is not None]
    assert len(taken) == 1


def test_a_worker_that_died_leaves_its_job_to_the_next_three_times(office: Office) -> None:
    made = asked(office, office.province())
    for death in range(MOST_DEATHS):
        job = office.services.job_work.take()
        assert job is not None
        assert job.deaths == death
        assert store_of(office).write(job, 0, b"half", lease_until=office.clock.now() + LEASE_SECONDS, until=2**40)
        assert office.services.job_work.take() is None, "it is believed to live"
        office.clock.advance(LEASE_SECONDS + 1)
        assert office.services.job_work.queue().dead == 1
    late = job
    assert work(office) == 1
    assert job_of(office, made).reason == "gave_up"
    assert list(store_of(office).parts(made.json["id"], "out")) == []
    assert not store_of(office).write(late, 1, b"late", lease_until=2**40, until=2**40)
    assert not store_of(office).go_on(late, done=1, total=None, lease_until=2**40)


def test_the_next_worker_writes_the_file_anew(office: Office) -> None:
    made = asked(office, office.province())
    job = office.services.job_work.take()
    assert job is not None
    store_of(office).write(job, 0, b"half", lease_until=office.clock.now() + LEASE_SECONDS, until=2**40)
    office.clock.advance(LEASE_SECONDS + 1)
    assert work(office) == 1
    assert office.call("GET", f"/jobs/{made.json['id']}/file", office.province()).data.startswith(b"\xef\xbb\xbf")


def test_what_is_away_is_waited_for(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    made = asked(office, office.province())

    def away(*_: Any, **__: Any) -> Any:
        raise UnavailableError("Away.", dependency="database")

    with monkeypatch.context() as outage:
        outage.setattr(OfficerDirectory, "listed", away)
        with pytest.raises(UnavailableError):
            work(office)
    assert (job_of(office, made).state.value, job_of(office, made).deaths) == ("waiting", 0)
    assert work(office) == 0
    office.clock.advance(31)
    assert work(office) == 1
    assert job_of(office, made).state.value == "done"


def test_a_worker_that_ends_gives_its_job_back(office: Office) -> None:
    made = asked(office, office.province())
    job = office.services.job_work.take()
    assert job is not None
    office.services.job_work.do(job, lambda: True)
    assert (job_of(office, made).state.value, job_of(office, made).deaths) == ("waiting", 0)
    assert work(office) == 1
    assert job_of(office, made).told == {"rows": 1}


def test_what_nobody_foresaw_is_said(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    from idp.worker import Worker

    made = asked(office, office.province())

    def broken(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(OfficerDirectory, "listed", broken)
    assert Worker(office.services)._do_a_job()
    assert job_of(office, made).reason == "broken"
    assert not Worker(office.services)._do_a_job()


def test_jobs_that_nobody_does_are_told_of(office: Office) -> None:
    asked(office, office.province())
    queue = office.services.job_work.queue()
    assert (queue.waiting, queue.running, queue.stuck(office.clock.now())) == (1, 0, False)
    assert queue.stuck(office.clock.now() + STUCK_SECONDS + 1)


def test_lists_of_forgotten_accounts_and_the_trail_leave_so_too(office: Office) -> None:
    token = office.province()
    office.officer("an")
    accounts = office.call("POST", "/jobs", token, {"kind": "accounts", "purpose": "Rà soát", "list": "never_signed_in",
                                                   "file": "xlsx"})
    audit = office.call("POST", "/jobs", token, {"kind": "audit", "purpose": "Thanh tra", "legal_basis": "QĐ 1", "since": 0,
                                                "before": office.clock.now() + 1})
    assert (accounts.status_code, audit.status_code, work(office)) == (202, 202, 2)
    for made, kind in ((accounts, "spreadsheetml"), (audit, "application/zip")):
        file = office.call("GET", f"/jobs/{made.json['id']}/file", token)
        assert (file.status_code, file.data[:2]) == (200, b"PK")
        assert kind in file.content_type
    assert office.call("POST", "/jobs", token, {"kind": "missing", "purpose": "x", "campaign": "CD-1"}).status_code == 404
