"""/api/v1/officers and /api/v1/tasks: who acts upon whom, what is done once, and what auditors only read."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from idp.directory.changes import ChangeKind, OfficerChange

from .office import HOME, IT, Office


def tasks(office: Office, token: str, query: str = "") -> list[dict[str, Any]]:
    answer = office.call("GET", f"/tasks?{query}", token)
    assert answer.status_code == 200, answer.text
    return list(answer.json["items"])


def leaves(office: Office, uid: str, *groups: str, unit: str) -> str:
    """An officer with a session is disabled; gives the subject."""
    sub = office.officer(uid, *groups, unit=unit)
    office.session(sub)
    office.disable(uid)
    tell(office, sub, ChangeKind.DISABLED)
    return sub


def tell(office: Office, sub: str, kind: ChangeKind) -> None:
    office.services.deprovisioning.of(
        OfficerChange(kind, sub, None, office.services.mirror.by_sub(sub), office.clock.now()))


def test_what_is_due_first_comes_first_page_by_page(office: Office) -> None:
    for number in range(3):
        leaves(office, f"nghiviec{number}", unit=IT)
        office.clock.advance(60)
    token, seen, cursor = office.machine(), [], ""
    while True:
        page = office.call("GET", f"/tasks?limit=2{cursor}", token).json
        seen += [(one["due_at"], one["id"]) for one in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert len(set(seen)) == 6
    assert seen == sorted(seen)
    down = tasks(office, token, "limit=4&sort=-due_at")
    place = office.call("GET", "/tasks?limit=4&sort=-due_at", token).json["next"]
    down += tasks(office, token, f"limit=4&sort=-due_at&cursor={place}")
    assert [(one["due_at"], one["id"]) for one in down] == seen[::-1]
    assert office.call("GET", "/tasks?sort=name", token).status_code == 400
    office.clock.advance(86400)
    assert {one["overdue"] for one in tasks(office, office.machine())} == {True}


def test_line_38_an_agency_sees_tasks_about_its_own_officers_and_the_province_does_them(office: Office) -> None:
    leaves(office, "canbo", unit=f"{IT}.2")
    leaves(office, "vanthu", unit=HOME)
    machine, agency = office.machine(), office.agency(IT)
    assert {one["uid"] for one in tasks(office, machine)} == {"canbo", "vanthu"}
    mine = tasks(office, agency)
    assert {one["uid"] for one in mine} == {"canbo"}
    other = next(one for one in tasks(office, machine) if one["uid"] == "vanthu")
    path = f"/tasks/{other['id']}"
    for method, where, body in (("GET", path, None), ("POST", f"{path}/complete", {"proof": "x"})):
        assert office.call(method, where, agency, body).status_code == 404
    assert {one["owner"] for one in mine} == {"province"}
    for token in (agency, machine):
        refused = office.call("POST", f"/tasks/{mine[0]['id']}/complete", token, {"proof": "Thu hồi, số 12"})
        assert (refused.status_code, refused.json["code"]) == (403, "forbidden")
    assert tasks(office, agency, "state=done") == []
    done = office.call("POST", f"/tasks/{mine[0]['id']}/complete", office.province(), {"proof": "Thu hồi, số 12"})
    assert (done.status_code, done.json["state"], done.json["proof"]) == (200, "done", "Thu hồi, số 12")
    assert done.json["done_by"] == office.services.mirror.by_uid("quantri").sub  # type: ignore[union-attr]
    assert tasks(office, agency, "state=done") == [done.json]


def test_a_task_is_done_once_and_recorded_once(office: Office) -> None:
    leaves(office, "canbo", unit=IT)
    token = office.province()
    task_id = tasks(office, token)[0]["id"]
    barrier = threading.Barrier(8)

    def complete(number: int) -> int:
        barrier.wait()
        return int(office.call("POST", f"/tasks/{task_id}/complete", token, {"proof": f"Lần {number}"}).status_code)

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(complete, range(8))) == [200] + [409] * 7
    assert [row.event for row in office.audited()].count("task.completed") == 1


@pytest.mark.parametrize("body", [{}, {"proof": ""}, {"proof": "  "}, {"proof": 1}, {"proof": "x" * 2001}, {"proof": "a\x00"},
                                  {"proof": "x", "state": "done"}])
def test_a_task_without_a_proof_that_can_be_kept_stays_open(office: Office, body: dict[str, Any]) -> None:
    leaves(office, "canbo", unit=IT)
    token = office.province()
    task_id = tasks(office, token)[0]["id"]
    assert office.call("POST", f"/tasks/{task_id}/complete", token, body).status_code == 422
    assert office.call("GET", f"/tasks/{task_id}", token).json["state"] == "open"


def test_auditors_read_tasks_and_do_none(office: Office) -> None:
    sub = leaves(office, "canbo", unit=IT)
    auditor = office.token("kiemtoan", "kiemtoan")
    task_id = tasks(office, auditor)[0]["id"]
    assert office.call("POST", f"/tasks/{task_id}/complete", auditor, {"proof": "x"}).status_code == 403
    for act in ("end-access", "release-factors"):
        assert office.call("POST", f"/officers/{sub}/{act}", auditor).status_code == 403


def test_an_administrator_ends_what_an_officer_has_and_the_applications_are_told(office: Office) -> None:
    sub = office.officer("canbo", unit=IT)
    token = office.token("canbo", unit=IT, client_id="qlvb", scope="openid offline_access")
    assert token
    agency = office.agency(IT)
    told = office.call("POST", f"/officers/{sub}/end-access", agency)
    assert (told.status_code, told.json) == (200, {"sub": sub, "uid": "canbo", "applications_told": ["qlvb"]})
    assert office.services.sessions._store.alive(sub) == []
    assert office.call("GET", f"/grants?sub={sub}", agency).json["items"] == []
    detail = next(json.loads(row.detail) for row in office.audited() if row.event == "access.ended")
    assert detail == {"reason": "administrator", "by_client": "console",
                      "by_officer": office.services.mirror.by_uid("quantri.coquan").sub}  # type: ignore[union-attr]


def test_factors_are_released_once_by_those_whose_officer_is_back(office: Office) -> None:
    sub = leaves(office, "canbo", unit=IT)
    agency, other = office.agency(IT), office.token("quantri.khac", "quantri-coquan", unit=HOME)
    path = f"/officers/{sub}/release-factors"
    assert office.call("POST", path, agency).status_code == 409, "not back yet"
    office.officer("canbo", unit=IT)
    tell(office, sub, ChangeKind.RETURNED)
    assert office.call("POST", path, other).status_code == 404
    assert office.call("POST", path, office.machine()).status_code == 403
    assert [office.call("POST", path, agency).status_code for _ in range(2)] == [204, 409]


def test_line_38_an_agency_does_not_act_on_officers_of_others_or_above(office: Office) -> None:
    theirs = office.officer("vanthu", unit=HOME)
    above = office.officer("tren", "quantri-tinh", unit=IT)
    agency = office.agency(IT)
    for act in ("end-access", "release-factors"):
        assert office.call("POST", f"/officers/{theirs}/{act}", agency).status_code == 404
        assert office.call("POST", f"/officers/{above}/{act}", agency).status_code == 403
        assert office.call("POST", f"/officers/unknown/{act}", agency).status_code == 404
    assert [row.event for row in office.audited()].count("access.ended") == 0


def test_whoever_moves_administers_the_new_agency_at_once_and_the_old_one_no_more(office: Office) -> None:
    leaves(office, "canbo", unit=IT)
    leaves(office, "vanthu", unit=HOME)
    token = office.agency(IT)
    assert {one["uid"] for one in tasks(office, token)} == {"canbo"}
    sub = office.officer("quantri.coquan", "quantri-coquan", unit=HOME)
    tell(office, sub, ChangeKind.MOVED)
    assert {one["uid"] for one in tasks(office, token)} == {"vanthu"}
    office.officer("quantri.coquan", unit=HOME)
    tell(office, sub, ChangeKind.CHANGED)
    assert office.call("GET", "/tasks", token).status_code == 403
