"""/api/v1/campaigns: the province begins and changes, an agency sees its own officers, an auditor reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from shutil import copy
from typing import Any

import pytest

from idp.adapters.sql.rollout.reminders import SqlCampaignReminders
from idp.audit import AuditEvent, AuditRecord
from idp.notices import Notice, NoticeKind
from idp.pki.enrollment.working_days import day_of
from idp.rollout.reminders import Reminding
from tests.audit_desk import events_of

from .office import HOME, IT, PLENTY, Office

QUESTION = {"goal": "second_factor"}


def day(office: Office, later: int) -> str:
    return str(day_of(office.clock.now()) + timedelta(days=later))


@pytest.fixture(scope="module")
def office(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office of two agencies, one of which has a room."""
    target = tmp_path_factory.mktemp("campaigns") / "idp.sqlite3"
    copy(sqlite_template, target)
    office = Office(f"sqlite:///{target}", rates=PLENTY)
    for number in range(7):
        office.officer(f"canbo{number}", "qlvb", unit=(IT, f"{IT}.2", HOME)[number % 3])
    office.officer("nghiviec", "qlvb", unit=IT, disabled=True)
    yield office
    office.close()


@pytest.fixture(scope="module")
def campaign(office: Office) -> str:
    body = {"name": "Xác thực hai lớp", "deadline": day(office, 60), "groups": ["qlvb"], **QUESTION}
    answer = office.call("POST", "/campaigns", office.province(), body)
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"] == f"/api/v1/campaigns/{answer.json['id']}"
    assert office.call("POST", "/campaigns", office.province(), body).status_code == 409
    return str(answer.json["id"])


def test_a_question_says_who_would_not_count_and_why(office: Office) -> None:
    answer = office.call("POST", "/campaigns/preview", office.province(), {"groups": ["qlvb"], **QUESTION})
    assert (answer.status_code, answer.json) == (200, {"counted": 7, "left_out": {"disabled": 1}, "agencies": {IT: 5, HOME: 2}})


def get(office: Office, token: str, path: str) -> Any:
    answer = office.call("GET", f"/campaigns{path}", token)
    assert answer.status_code == 200, answer.text
    return answer.json


def pages(office: Office, token: str, path: str) -> list[Any]:
    found, cursor = [], ""
    while True:
        page = get(office, token, f"{path}&limit=2{cursor and f'&cursor={cursor}'}")
        found += page["items"]
        cursor = page["next"]
        if not cursor:
            return found


def test_security_38_an_agency_sees_its_own_whatever_it_asks_for(office: Office, campaign: str) -> None:
    whole = get(office, office.province(), f"/{campaign}")
    assert (whole["figures"]["counted"], whole["figures"]["done"], whole["list"]["excluded"]) == (7, 0, {"disabled": 1})
    assert {one["unit_code"]: one["counted"] for one in whole["agencies"]} == {IT: 5, HOME: 2}
    agency = office.agency()
    for query in ("", f"?unit={HOME}", f"?unit={IT}", "?unit=H30"):
        own = get(office, agency, f"/{campaign}{query}")
        assert [(one["unit_code"], one["counted"]) for one in own["agencies"]] == [(IT, 5)], query
        assert own["figures"]["counted"] == own["days"][-1]["counted"] == 5
        assert {one["unit_code"] for one in pages(office, agency, f"/{campaign}/missing{query or '?on=' + day(office, 0)}")} == {
            IT, f"{IT}.2"}
    for method, path, body in (("GET", "/report", None), ("POST", "/missing/file", {"purpose": "Nhắc việc"})):
        answer = office.call(method, f"/campaigns/{campaign}{path}", agency, body)
        content = answer.text
        if body:
            assert re.search(r"-den-[0-9]{8}-[0-9]{2}h[0-9]{2}[.]csv", answer.headers["Content-Disposition"]), "of when it is"
        assert IT in content
        assert HOME not in content
    begun, ended = (detail for _, _, detail in events_of(office.database, "campaign.exported"))
    assert {"campaign": campaign, "unit": IT, "purpose": "Nhắc việc", "form": "csv"}.items() <= begun.items()
    assert (ended["export"], ended["rows"]) == (begun["export"], 5)
    assert [one["figures"]["counted"] for one in get(office, agency, "")["items"]] == [5]
    assert get(office, office.auditor(), f"/{campaign}")["figures"]["counted"] == 7
    assert get(office, agency, f"/{campaign}?unit={IT}.2")["figures"]["counted"] == 2


def test_security_38_the_province_alone_changes_and_who_is_nobody_sees_nothing(office: Office, campaign: str) -> None:
    subject = pages(office, office.province(), f"/{campaign}/missing?sort=unit")[0]["subject"]
    changes = [("/campaigns", {"name": "x", "deadline": day(office, 9), **QUESTION}), ("/campaigns/preview", QUESTION),
               (f"/campaigns/{campaign}/deadline", {"deadline": day(office, 9), "reason": "x"}),
               (f"/campaigns/{campaign}/close", {"reason": "x"}),
               (f"/campaigns/{campaign}/exclusions", {"subject": subject, "reason": "seconded"}),
               (f"/campaigns/{campaign}/restorations", {"subject": subject})]
    for path, body in changes:
        for token in (office.agency(), office.auditor(), office.machine(), office.token("canbo0")):
            assert office.call("POST", path, token, body).status_code == 403, path
        assert office.call("POST", path, "", body).status_code == 401
        assert office.call("POST", path, office.province(), body | {"more": 1}).status_code == 422
    for path in ("", f"/{campaign}", f"/{campaign}/missing", f"/{campaign}/excluded", f"/{campaign}/report"):
        assert office.call("GET", f"/campaigns{path}").status_code == 401
        assert office.call("GET", f"/campaigns{path}", office.token("canbo0")).status_code == 403
        assert office.call("GET", f"/campaigns{path}", office.machine(scope="admin:read")).status_code == 200


def test_an_agency_does_not_see_a_campaign_of_another(office: Office) -> None:
    made = office.call("POST", "/campaigns", office.province(), {"name": "Sở khác", "deadline": day(office, 9), "unit": HOME,
                                                                 **QUESTION}).json["id"]
    assert office.call("POST", f"/campaigns/{made}/missing/file", office.agency(), {"purpose": "x"}).status_code == 404
    for kind in ("missing", "members", "movements", "reminders"):
        asked = {"kind": kind, "campaign": made, "purpose": "x"}
        assert office.call("POST", "/jobs", office.agency(), asked).status_code == 404, kind
    for path in ("", "/missing", "/excluded", "/report"):
        assert office.call("GET", f"/campaigns/{made}{path}", office.agency()).status_code == 404
    assert made not in [one["id"] for one in get(office, office.agency(), "")["items"]]
    assert get(office, office.agency(f"{HOME}.1"), f"/{made}")["figures"]["counted"] == 0


def test_the_missing_are_narrowed_ordered_and_turned(office: Office, campaign: str) -> None:
    token = office.province()
    whole = pages(office, token, f"/{campaign}/missing?sort=unit")
    assert len(whole) == 7
    assert {(one["step"], one["owner"]) for one in whole} == {("enrol_factor", "officer")}
    assert [one["subject"] for one in sorted(whole, key=lambda one: (one["since"], one["subject"]))] == [
        one["subject"] for one in pages(office, token, f"/{campaign}/missing?sort=since")]
    since = [pages(office, token, f"/{campaign}/missing?sort={sort}") for sort in ("since", "-since")]
    assert since[0] == since[1][::-1]
    assert pages(office, token, f"/{campaign}/missing?step=ask") == []
    assert len(pages(office, token, f"/{campaign}/missing?q=nguyen%20chuyen")) == 7
    assert pages(office, token, f"/{campaign}/missing?q=khong-co-ai") == []
    for wrong in ("?on=2020-01-01", f"?on={day(office, 1)}", "?on=x", "?step=x", "?sort=name", "?unit=x", "?cursor=x",
                  "?more=1", "?sort=since&cursor=WyJhIiwiYiIsImMiXQ"):
        assert office.call("GET", f"/campaigns/{campaign}/missing{wrong}", token).status_code == 400, wrong


def test_who_is_taken_out_stands_in_the_list_with_the_reason(office: Office, campaign: str) -> None:
    token = office.province()
    subject = pages(office, token, f"/{campaign}/missing?sort=unit")[0]["subject"]
    body = {"subject": subject, "reason": "long_leave", "note": "Nghỉ thai sản"}
    assert office.call("POST", f"/campaigns/{campaign}/exclusions", token, body).status_code == 204
    assert office.call("POST", f"/campaigns/{campaign}/exclusions", token, body).status_code == 409
    assert get(office, token, f"/{campaign}")["figures"]["counted"] == 6
    out = pages(office, token, f"/{campaign}/excluded?unit={IT}")
    assert sorted((one["reason"], one["by_hand"], one["note"]) for one in out) == [
        ("disabled", False, ""), ("long_leave", True, "Nghỉ thai sản")]
    for wrong in ({"subject": "nobody", "reason": "seconded"}, {"subject": "", "reason": "seconded"}):
        assert office.call("POST", f"/campaigns/{campaign}/exclusions", token, wrong).status_code == 404
    for reason in ("gone", "x", 1):
        assert office.call("POST", f"/campaigns/{campaign}/exclusions", token, body | {"reason": reason}).status_code == 422
    assert office.call("POST", f"/campaigns/{campaign}/restorations", token, {"subject": subject}).status_code == 204
    assert office.call("POST", f"/campaigns/{campaign}/restorations", token, {"subject": subject}).status_code == 409
    record = events_of(office.database, "campaign.excluded")[-1]
    assert (record[0], record[2]["campaign"], record[2]["reason"]) == (subject, campaign, "long_leave")
    assert record[2]["by_client"] == "console"


def test_the_whole_list_says_how_everybody_stands_and_files_say_the_same(office: Office, campaign: str) -> None:
    token = office.province()
    subject = pages(office, token, f"/{campaign}/missing?sort=unit")[0]["subject"]
    out = {"subject": subject, "reason": "seconded", "note": "=7/QĐ"}
    assert office.call("POST", f"/campaigns/{campaign}/exclusions", token, out).status_code == 204
    whole = pages(office, token, f"/{campaign}/members?sort=unit")
    assert sorted((one["state"], one["reason"] or "", one["step"] or "") for one in whole) == [
        ("excluded", "disabled", ""), ("excluded", "seconded", ""), *[("missing", "", "enrol_factor")] * 6]
    assert [one["subject"] for one in pages(office, token, f"/{campaign}/members?sort=since")] == [
        one["subject"] for one in sorted(whole, key=lambda one: (one["since"], one["subject"]))]
    for query, many in (("member_state=missing", 6), ("member_state=excluded", 2), ("member_state=done", 0),
                        ("member_state=joined", 0), ("member_state=left", 0), ("step=enrol_factor", 6), ("step=ask", 0),
                        (f"unit={HOME}", 2), ("q=khong-co", 0)):
        assert len(pages(office, token, f"/{campaign}/members?{query}")) == many, query
        body = dict([query.split("=")]) | {"purpose": "Đối chiếu"}
        assert office.call("POST", f"/campaigns/{campaign}/members/file", token, body).text.count("\n") == many + 1, query
    (move,) = pages(office, token, f"/{campaign}/movements?movement=excluded&q=nguyen")[:1]
    assert (move["subject"], move["reason"], move["note"], move["by_hand"], move["from_agency_code"]) == (
        subject, "seconded", "=7/QĐ", True, None)
    assert [one["act"] for one in pages(office, token, f"/{campaign}/movements?unit={HOME}")] == []
    taken = office.call("POST", f"/campaigns/{campaign}/movements/file", token, {"purpose": "Đối chiếu", "movement": "excluded"})
    assert ('"\'=7/QĐ"' in taken.text, taken.text.count("\n") > 1) == (True, True)
    exported = [one[2] for one in events_of(office.database, "campaign.exported") if "purpose" in one[2]][-1]
    assert {"list": "bien-dong", "movement": "excluded", "campaign": campaign, "purpose": "Đối chiếu"}.items() <= exported.items()
    for one in get(office, token, f"/{campaign}")["agencies"]:
        flow = one["list"]
        assert one["counted"] == flow["made_with"] + flow["joined"] + flow["moved_in"] - flow["left"] - flow["moved_out"] - flow[
            "excluded"]
    for wrong in ("members?member_state=x", "members?state=done", "members?cursor=x", "movements?movement=included",
                  "movements?cursor=WyJhIiwiYiIsImMiXQ", "members?step=x"):
        assert office.call("GET", f"/campaigns/{campaign}/{wrong}", token).status_code == 400, wrong
    for path, body in (("members", {"member_state": "x"}), ("members", {"step": 1}), ("members", {"movement": "left"}),
                       ("movements", {"movement": "included"}), ("movements", {"purpose": ""})):
        assert office.call("POST", f"/campaigns/{campaign}/{path}/file", token, {"purpose": "x"} | body).status_code == 422, body
    for kind, more in (("missing", {}), ("members", {"member_state": "excluded", "file": "csv"}), ("movements", {"q": "nguyen"}),
                       ("reminders", {"on": day(office, 0)})):
        body = {"purpose": "Đối chiếu", **more}
        job = office.call("POST", "/jobs", token, {"kind": kind, "campaign": campaign, **body})
        assert job.status_code == 202, job.text
        begun = office.services.job_work.take()
        office.services.job_work.do(begun)
        told = office.call("GET", f"/jobs/{job.json['id']}", token).json
        file = office.call("GET", f"/jobs/{job.json['id']}/file", token).data
        assert file == office.call("POST", f"/campaigns/{campaign}/{kind}/file", token, body).data, kind
        assert told["done"] == told["total"] == told["told"]["rows"] == file.count(b"\n") - 1, kind
        for wrong in ({"purpose": ""}, {"more": "x"}, {"unit": "x"}, {"on": 1}, {"file": "pdf"}, {"campaign": 1}):
            answer = office.call("POST", "/jobs", token, {"kind": kind, "campaign": campaign, **body, **wrong})
            assert answer.status_code == 422, (kind, wrong)
    agency = office.agency()
    for path in ("members", "movements"):
        text = office.call("POST", f"/campaigns/{campaign}/{path}/file", agency, {"purpose": "x", "unit": HOME}).text
        assert (IT in text, HOME in text) == (True, False)
    assert office.call("POST", f"/campaigns/{campaign}/restorations", token, {"subject": subject}).status_code == 204


def test_security_38_who_was_reminded_is_told_to_whoever_looks_after_them(office: Office, campaign: str) -> None:
    now, store = office.clock.now(), SqlCampaignReminders(office.database)
    for n, (unit, step) in enumerate(((IT, "enrol_factor"), (HOME, "enrol_factor"), (IT, ""))):
        line = Reminding(campaign, f"nhac{n}", now, step, 3 - n, f"=Mẫu {n}", "Chuyên viên", unit, "Sở")
        notice = Notice(NoticeKind.CAMPAIGN_REMINDER, line.sub, now, "worker", {})
        for later in (0, 7):
            assert store.remind([line], day_of(now) + timedelta(days=later), day_of(now) + timedelta(days=later - 6), notice,
                                AuditRecord(AuditEvent.CAMPAIGN_REMINDED, now, sub=line.sub))
    whole = pages(office, office.province(), f"/{campaign}/reminders?unit=H30")
    assert [(one["subject"], one["nth"], one["step"], one["cases"]) for one in whole] == [
        (f"nhac{n}", nth, step, 3 - n) for n, step in ((2, None), (1, "enrol_factor"), (0, "enrol_factor")) for nth in (2, 1)]
    for query in ("", f"?unit={HOME}"):
        own = get(office, office.agency(), f"/{campaign}/reminders{query}")["items"]
        assert {one["subject"] for one in own} == {"nhac0", "nhac2"}, query
    asked = {"purpose": "Kiểm tra", "unit": HOME}
    taken = office.call("POST", f"/campaigns/{campaign}/reminders/file", office.agency(), asked).text
    assert (taken.count("\n"), "\"'=Mẫu 0\"" in taken, HOME in taken) == (5, True, False)
    assert {"list": "da-nhac", "unit": IT}.items() <= events_of(office.database, "campaign.exported")[-1][2].items()
    for wrong in ("cursor=x", "on=2001-01-01", "unit=x", "q=a"):
        assert office.call("GET", f"/campaigns/{campaign}/reminders?{wrong}", office.province()).status_code == 400, wrong
    assert office.call("POST", f"/campaigns/{campaign}/reminders/file", office.province(), {"purpose": ""}).status_code == 422


@pytest.mark.parametrize("wrong", [
    {"name": ""}, {"name": "x" * 121}, {"name": "a\nb"}, {"name": 1}, {"goal": "all"}, {"deadline": "2020-01-01"},
    {"deadline": "x"}, {"deadline": "9999-12-31"}, {"unit": "x"}, {"unit": "H30.99"}, {"groups": "qlvb"},
    {"groups": [1]}, {"groups": ["a\0"]}, {"groups": ["x"] * 51}, {"titles": [""]}, {"owner_unit": "x"}, {"goal": None}])
def test_what_is_no_campaign_is_refused_with_a_sentence(office: Office, wrong: dict[str, Any]) -> None:
    body = {"name": "Y", "deadline": day(office, 9), **QUESTION} | wrong
    answer = office.call("POST", "/campaigns", office.province(), body)
    assert answer.status_code == 422, answer.text
    assert answer.json["detail"].endswith(".")


def test_a_deadline_is_changed_and_a_campaign_closed_once_with_a_reason(office: Office) -> None:
    token = office.province()
    made = office.call("POST", "/campaigns", token, {"name": "Đổi hạn", "deadline": day(office, 9), **QUESTION}).json["id"]
    path = f"/campaigns/{made}"
    moved = office.call("POST", f"{path}/deadline", token, {"deadline": day(office, 20), "reason": "Chờ thiết bị"})
    assert (moved.status_code, moved.json["deadline"]) == (200, day(office, 20))
    assert [one["act"] for one in moved.json["history"]] == ["created", "deadline"]
    assert office.call("POST", f"{path}/close", token, {"reason": ""}).status_code == 422
    closed = office.call("POST", f"{path}/close", token, {"reason": "Xong"})
    assert (closed.status_code, closed.json["figures"]) == (200, None)
    assert office.call("POST", f"{path}/close", token, {"reason": "Xong"}).status_code == 409
    assert office.call("POST", f"{path}/deadline", token, {"deadline": day(office, 30), "reason": "x"}).status_code == 409
    assert get(office, token, f"/{made}")["figures"]["counted"] > 0


def test_an_agency_is_reminded_by_whoever_looks_after_it_and_nobody_twice_a_day(office: Office) -> None:
    token, agency = office.province(), office.agency(IT)
    campaigns = {goal: office.call("POST", "/campaigns", token, {
        "name": f"Nhắc {goal}", "deadline": day(office, 9), "groups": ["qlvb"], "goal": goal}).json["id"]
        for goal in ("signed_in", "certificate")}
    path = f"/campaigns/{campaigns['signed_in']}/reminders"
    for wrong in ({}, {"agency": 1}, {"agency": ""}, {"agency": IT, "on": day(office, 0)}):
        assert office.call("POST", path, token, wrong).status_code == 422, wrong
    assert office.call("POST", path, office.auditor(), {"agency": IT}).status_code == 403
    for asker, code in ((agency, HOME), (token, f"{IT}.2"), (token, "H30.99")):
        assert office.call("POST", path, asker, {"agency": code}).json["code"] == "unknown_agency", code
    missing = len(get(office, agency, f"/{campaigns['signed_in']}/missing")["items"])
    done = office.call("POST", path, agency, {"agency": IT})
    assert (done.status_code, done.json) == (200, {"officers": missing, "administrators": 0, "left": 0})
    assert {(one["by"], one["unit_code"].startswith(IT)) for one in get(office, token, path[10:])["items"]} == {
        (office.services.mirror.by_uid("quantri.coquan").sub, True)}
    assert office.call("POST", path, token, {"agency": IT}).json["code"] == "already_done"
    records = [detail for _, _, detail in events_of(office.database, "campaign.reminded")]
    assert {detail["by_officer"] for detail in records if "by_officer" in detail} == {
        office.services.mirror.by_uid("quantri.coquan").sub}
    path = f"/campaigns/{campaigns['certificate']}/reminders"
    # What is the agency's is told to its administrators, and nobody reminds themselves.
    assert office.call("POST", path, agency, {"agency": IT}).json["code"] == "nobody_to_remind"
    assert office.call("POST", path, token, {"agency": IT}).json == {"officers": 0, "administrators": 1, "left": 0}
    assert office.call("POST", path, token, {"agency": IT}).json["code"] == "already_done"
    assert office.call("POST", path, token, {"agency": HOME}).json["code"] == "nobody_to_remind"
    closed = office.call("POST", f"/campaigns/{campaigns['certificate']}/close", token, {"reason": "Xong"})
    assert closed.status_code == 200
    assert office.call("POST", path, token, {"agency": IT}).json["code"] == "closed"


def test_a_report_is_a_file_in_the_form_asked_for(office: Office, campaign: str) -> None:
    token = office.province()
    answer = office.call("GET", f"/campaigns/{campaign}/report", token)
    assert answer.content_type == "text/csv; charset=utf-8" or answer.content_type == "text/csv"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{campaign}.csv"'
    assert answer.data == office.call("GET", f"/campaigns/{campaign}/report?on={day(office, 0)}", token).data
    assert office.call("GET", f"/campaigns/{campaign}/report?file=xlsx", token).data.startswith(b"PK")
    ask = {"purpose": "Nhắc việc", "file": "xlsx", "on": day(office, 0)}
    assert office.call("POST", f"/campaigns/{campaign}/missing/file", token, ask).data.startswith(b"PK")
    for wrong, status in (({"purpose": ""}, 422), ({"file": "pdf"}, 422), ({"unit": "x"}, 422), ({"more": 1}, 422),
                          ({"on": "x"}, 400)):
        assert office.call("POST", f"/campaigns/{campaign}/missing/file", token, ask | wrong).status_code == status, wrong
    assert office.call("GET", f"/campaigns/{campaign}/report?file=pdf", token).status_code == 400
