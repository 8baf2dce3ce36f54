"""/api/v1/devices: the account of tokens, SIMs and security modules, for those who answer for them."""

from __future__ import annotations

from typing import Any

import pytest

from idp.adapters.sheets import SheetFiles
from idp.pki.enrollment.working_days import day_of
from idp.pki.forms import reading, writing
from idp.pki.forms.catalogue import FORMS
from idp.web.api.schemas.devices import FILES
from tests.audit_desk import events_of

from .office import HOME, IT, Office

SHEETS, FORM = SheetFiles(), FORMS["thiet_bi"]


def entered(office: Office, token: str, serial: str, kind: str = "token") -> str:
    answer = office.call("POST", "/devices", token, {"kind": kind, "serial": serial})
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"].endswith(f"/devices/{answer.json['id']}")
    return str(answer.json["id"])


def serials(office: Office, token: str, query: str = "") -> list[str]:
    answer = office.call("GET", f"/devices?{query}", token)
    assert answer.status_code == 200, answer.text
    return sorted(one["serial"] for one in answer.json["items"])


def act(office: Office, token: str, device: str, act: str, **told: Any) -> Any:
    return office.call("POST", f"/devices/{device}/acts", token, {"act": act, **told})


def test_a_device_from_the_stock_to_an_agency_and_back(office: Office) -> None:
    province, agency = office.province(), office.agency()
    receiver = office.officer("nguoinhan", unit=IT)
    device = entered(office, province, "tk-0001")
    entered(office, province, "HSM 0001", "hsm")
    assert office.call("POST", "/devices", province, {"kind": "token", "serial": "TK-0001"}).json["code"] == "already_there"
    assert (serials(office, agency), serials(office, office.auditor())) == ([], ["HSM 0001", "TK-0001"])
    assert act(office, agency, device, "hand_over", receiver=receiver, record="07/BB").status_code == 404
    given = act(office, province, device, "hand_over", receiver=receiver, record="07/BB").json
    assert (given["state"], given["holder"], given["unit_code"], given["record"]) == ("handed_over", receiver, IT, "07/BB")
    assert act(office, province, device, "hand_over", receiver=receiver).status_code == 422
    assert serials(office, agency) == serials(office, agency, f"unit={IT}") == ["TK-0001"]
    assert serials(office, agency, f"unit={HOME}") == serials(office, agency, "q=nguoi%20khac") == []
    assert serials(office, province, "q=NGUOINHAN") == serials(office, agency, "q=nguoinh") == ["TK-0001"]
    assert serials(office, office.token("khac", "quantri-coquan", unit=HOME)) == []
    assert act(office, agency, device, "take_back", record="08/BB").status_code == 403
    assert act(office, office.auditor(), device, "report_loss").status_code == 403
    assert act(office, agency, device, "report_loss").json["state"] == "lost"
    assert act(office, agency, device, "report_loss").json["code"] == "wrong_state"
    assert act(office, province, device, "record_loss", record="09/BB").json["record"] == "09/BB"
    assert act(office, province, device, "take_back", record="08/BB").json["state"] == "returned"
    assert act(office, province, device, "restock").json["holder"] is None
    history = office.call("GET", f"/devices/{device}", province).json["history"]
    assert [(line["handling"], line["form"], line["record"]) for line in history] == [
        ("register", None, None), ("hand_over", "07", "07/BB"), ("report_loss", None, None), ("record_loss", "09", "09/BB"),
        ("take_back", "08", "08/BB"), ("restock", None, None)]
    assert len(events_of(office.database, "device.handled")) == 5
    assert len(events_of(office.database, "device.registered")) == 2


def test_an_overdue_device_is_listed(office: Office) -> None:
    province = office.province()
    device = entered(office, province, "TK-0001")
    act(office, province, device, "hand_over", receiver=office.officer("nguoinhan", unit=IT), record="7")
    due = act(office, province, device, "demand_return").json
    assert (due["state"], due["overdue"], serials(office, province, "overdue=true")) == ("return_due", False, [])
    office.clock.advance(due["due_at"] - office.clock.now() + 1)
    assert serials(office, office.token("quantri3", "quantri-tinh"), "overdue=true") == ["TK-0001"]


def test_lists_in_and_out(office: Office) -> None:
    province = office.province()
    rows = [["Loại thiết bị", "Số hiệu thiết bị"], ["Token", "TK-0001"], ["SIM PKI", "8984048000000000001"],
            ["Máy tính", "X-0001"], ["Token", "TK-0001"]]
    content = SHEETS.csv(rows)
    for dry, already in (("true", 0), ("false", 0), ("false", 2)):
        answer = office.call("POST", f"/devices/lists?dry_run={dry}", province, content, media_type=FILES["csv"]).json
        assert (answer["good"], answer["already"], answer["bad"]) == (2, already, 2)
        assert [one["line"] for one in answer["problems"]] == [4, 5]
    assert serials(office, province) == ["8984048000000000001", "TK-0001"]
    for kind in FILES:
        file = office.call("GET", f"/devices/lists/{kind}", province)
        assert (file.status_code, file.content_type) == (200, FILES[kind])
        read = reading.read(FORM, SHEETS.read(file.data), day_of(office.clock.now()))
        assert {(row.values["kind"], row.values["device_serial"], row.values["state"]) for row in read.good} == {
            ("token", "TK-0001", "in_stock"), ("sim", "8984048000000000001", "in_stock")}
    assert office.call("GET", "/devices/lists/pdf", province).status_code == 404
    agency = office.agency()
    assert office.call("POST", "/devices/lists", agency, content, media_type=FILES["csv"]).status_code == 403
    assert office.call("POST", "/devices/lists", province, content).status_code == 415
    assert office.call("POST", "/devices/lists", province, b"", media_type=FILES["csv"]).json["code"] == "unreadable_list"
    assert SHEETS.read(office.call("GET", "/devices/lists/csv", agency).data) == SHEETS.read(SHEETS.csv(
        writing.rows(FORM, [], hidden=True)))


def test_pages_of_devices(office: Office) -> None:
    province = office.province()
    for number in range(5):
        entered(office, province, f"TK-000{number}")
    seen: list[str] = []
    cursor = ""
    while True:
        page = office.call("GET", f"/devices?limit=2{cursor}", province).json
        seen += [one["serial"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert sorted(seen) == [f"TK-000{number}" for number in range(5)]
    assert serials(office, province, "q=tk-0003") == ["TK-0003"]
    assert office.call("GET", "/devices?cursor=x", province).status_code == 400


@pytest.mark.parametrize("body", [
    {}, {"kind": "token"}, {"kind": "token", "serial": ""}, {"kind": "car", "serial": "TK-0001"},
    {"kind": "token", "serial": "x"},
    {"kind": "token", "serial": "a\0bcd"}, {"kind": 1, "serial": "TK-0001"}, {"kind": "token", "serial": "TK-0001", "x": "y"}])
def test_what_is_no_device_is_refused(office: Office, body: Any) -> None:
    assert office.call("POST", "/devices", office.province(), body).json["code"] == "invalid_body"


@pytest.mark.parametrize("body", [
    {}, {"act": "fly"}, {"act": "hand_over", "record": 1}, {"act": "hand_over", "for_agency": "yes"},
    {"act": "restock", "x": "y"},
    {"act": "hand_over", "receiver": "a\0b", "record": "7"}, {"act": "hand_over", "receiver": "nobody", "record": "7"},
    {"act": "take_back"}, {"act": "record_loss", "record": "x" * 61}])
def test_what_is_no_act_is_refused(office: Office, body: Any) -> None:
    province = office.province()
    device = entered(office, province, "TK-0001")
    assert office.call("POST", f"/devices/{device}/acts", province, body).status_code == 422


def test_programs_only_read(office: Office) -> None:
    device = entered(office, office.province(), "TK-0001")
    machine = office.machine()
    assert serials(office, machine) == ["TK-0001"]
    assert office.call("POST", "/devices", machine, {"kind": "token", "serial": "TK-0002"}).status_code == 403
    assert act(office, machine, device, "report_loss").status_code == 403
    assert act(office, machine, device, "restock").status_code == 403


def test_security_51_an_agency_reads_nobody_elses_names_in_a_history(office: Office) -> None:
    province, before = office.province(), office.officer("nguoitruoc", unit=HOME)
    device = entered(office, province, "TK-0001")
    for told in ({"act": "hand_over", "receiver": before, "record": "07/SNV"}, {"act": "take_back", "record": "08/SNV"},
                 {"act": "restock"}, {"act": "hand_over", "receiver": office.officer("nguoisau", unit=IT), "record": "07/KHCN"}):
        assert act(office, province, device, told.pop("act"), **told).status_code == 200
    answer = office.call("GET", f"/devices/{device}", office.agency())
    assert before not in answer.text
    assert "SNV" not in answer.text
    steps = ["register", "hand_over", "take_back", "restock", "hand_over"]
    assert [line["handling"] for line in answer.json["history"]] == steps
    assert answer.json["history"][-1]["record"] == "07/KHCN"
    assert [line["actor"] for line in answer.json["history"][:-1]] == [None] * 4
    assert before in office.call("GET", f"/devices/{device}", province).text
