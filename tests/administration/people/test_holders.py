"""/api/v1/role-holders: who has which role over which agency, since when, by whom, until when; narrowed, and as a file."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest

from idp.directory.officer import Post
from idp.pki.enrollment.working_days import day_of
from tests.administration.office import HOME, IT, Office
from tests.fakes.directory import make_officer

BELOW = f"{IT}.2"


def listed(office: Office, token: str, query: str = "") -> list[dict[str, Any]]:
    """Give the list, by pages of two."""
    found, cursor = [], ""
    while cursor is not None:
        answer = office.call("GET", f"/role-holders?limit=2{query}{cursor and f'&cursor={cursor}'}", token)
        assert answer.status_code == 200, answer.text
        found += answer.json["items"]
        assert len(answer.json["items"]) <= 2
        cursor = answer.json["next"]
    return found


def uids(office: Office, token: str, query: str = "") -> list[str]:
    return sorted(one["uid"] for one in listed(office, token, query))


def staffed(office: Office) -> tuple[str, str]:
    """Give everybody a role; gives the tokens of the province and of an agency."""
    province, agency = office.province(), office.agency(IT)
    for uid, group, unit in (("kiemtoan", "kiemtoan", HOME), ("hotro", "hotro-nguoidung", BELOW),
                             ("vanthu", "vanthu-thietbi", HOME), ("dangky", "dangky-chungthu", IT)):
        office.officer(uid, group, unit=unit)
    office.officer("ca.hai", "quantri-coquan", "quantri-tinh", unit=HOME)
    for uid, group, unit in (("khong", "lanhdao", IT), ("gan.giong", "quantri-tinh-cu", IT),
                             ("khong.don.vi", "quantri-coquan", "H30")):
        office.officer(uid, group, unit=unit)
    office.services.mirror.remember(office.directory.add(make_officer(
        "khach", groups=("quantri-tinh",), posts=(Post(IT, "", "Sở", ""),), guest="vendor", sponsor="x")), now=office.clock.now())
    office.officer("phophong", unit=BELOW)
    day = (day_of(office.clock.now()) + timedelta(days=20)).isoformat()
    assert office.call("POST", "/deputies", agency, {"deputy": "phophong", "ends_on": day, "reason": "Đi học"}).status_code == 201
    return province, agency


def test_everybody_who_has_a_role_stands_once_with_what_the_officers_page_says(each_office: Office) -> None:
    office = each_office
    province, agency = staffed(office)
    found = {one["uid"]: one for one in listed(office, province)}
    assert sorted(found) == ["ca.hai", "dangky", "hotro", "kiemtoan", "phophong", "quantri", "quantri.coquan", "vanthu"]
    assert len(listed(office, province)) == len(found)
    for one in found.values():
        role = office.call("GET", f"/officers/{one['sub']}", province).json["role"]
        assert role == {name: one[name] for name in ("role", "unit", "deputy_for")}, one["uid"]
        assert one["since"] == office.clock.now()
    deputy = found["phophong"]
    assert (deputy["role"], deputy["unit"], deputy["deputy_for_name"]) == ("agency_administrator", IT, "Nguyễn Văn Mẫu")
    assert deputy["named_by_name"] is None
    assert deputy["ends_at"] > office.clock.now() + 20 * 86400
    assert uids(office, agency) == ["dangky", "hotro", "phophong", "quantri.coquan"]
    assert uids(office, agency, f"&unit={HOME}") == uids(office, agency), "another agency is not theirs"
    assert uids(office, province, f"&unit={HOME}") == ["ca.hai", "kiemtoan", "quantri", "vanthu"]
    assert uids(office, province, "&role=agency_administrator") == ["phophong", "quantri.coquan"]
    assert uids(office, province, f"&role=help_desk&unit={IT}") == ["hotro"]
    for query in ("role=machine", "role=x", "holder_state=x", "cursor=eA", "unit=x"):
        assert office.call("GET", f"/role-holders?{query}", province).status_code == 400, query


def test_what_asks_to_be_looked_at(each_office: Office) -> None:
    office = each_office
    province, _ = staffed(office)
    assert uids(office, province, "&holder_state=ending") == []
    office.clock.advance(7 * 86400)
    province = office.province()
    assert uids(office, province, "&holder_state=ending") == ["phophong"]
    hotro = office.services.mirror.by_uid("hotro")
    assert hotro is not None
    office.services.mirror.signed_in(hotro.sub, now=office.clock.now())
    office.services.totp.enrol(hotro.officer.entry_uuid, "NRSWCZDFOJ2G65DQNRSWCZDFOJ2G65DQ", sub=hotro.sub)
    assert "hotro" not in uids(office, province, "&holder_state=never")
    assert "hotro" not in uids(office, province, "&holder_state=without_factor")
    assert {"vanthu", "phophong"} <= set(uids(office, province, "&holder_state=never")) & set(
        uids(office, province, "&holder_state=without_factor"))
    office.officer("vanthu", "vanthu-thietbi", unit=HOME, disabled=True)
    assert uids(office, province, "&holder_state=left") == ["vanthu"]
    assert {one["uid"]: one["status"] for one in listed(office, province)}["vanthu"] == "disabled"
    office.services.mirroring.ledger.remove(make_officer("vanthu").entry_uuid, now=office.clock.now())
    assert uids(office, province, "&holder_state=left") == ["vanthu"]
    assert "vanthu" not in uids(office, province)
    office.disable("quantri.coquan")
    assert "phophong" not in uids(office, province), "a deputy of nobody has nothing"


def test_since_when_is_kept_through_other_changes_and_begins_anew_with_another_role(each_office: Office) -> None:
    office = each_office
    began = office.clock.now()
    office.officer("dangky", "dangky-chungthu", unit=IT)

    def since() -> list[int]:
        office.clock.advance(60)
        return [one["since"] for one in listed(office, office.province(), f"&unit={IT}")]

    assert since() == [began]
    office.officer("dangky", "dangky-chungthu", "lanhdao", unit=BELOW)
    assert since() == [began]
    office.officer("dangky", "quantri-coquan", unit=BELOW)
    changed = office.clock.now()
    assert since() == [changed]
    office.officer("dangky", unit=BELOW)
    assert since() == []
    office.officer("dangky", "quantri-coquan", unit=BELOW)
    assert since() == [office.clock.now() - 60]


@pytest.mark.parametrize("group", ["hotro-nguoidung", "dangky-chungthu", "vanthu-thietbi", "lanhdao"])
def test_security_38_who_does_not_administer_as_a_whole_sees_nobody(office: Office, group: str) -> None:
    token = office.token("ai.do", group, unit=IT)
    assert office.call("GET", "/role-holders", token).status_code == 403
    assert office.call("POST", "/role-holders/file", token, {"purpose": "Rà soát"}).status_code == 403


def test_the_list_leaves_as_a_file_for_a_purpose_and_is_recorded(office: Office) -> None:
    _, agency = staffed(office)
    for wrong in ({}, {"purpose": " "}, {"purpose": "x", "file": "pdf"}, {"purpose": "x", "role": "machine"},
                  {"purpose": "x", "state": "y"}, {"purpose": "x", "unit": "y"}, {"purpose": "x", "more": 1}):
        assert office.call("POST", "/role-holders/file", agency, wrong).status_code == 422, wrong
    answer = office.call("POST", "/role-holders/file", agency, {"purpose": "Rà soát quý IV", "role": "agency_administrator"})
    rows = list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    assert [row[1] for row in rows[1:]] == ["quantri.coquan", "phophong"]
    assert rows[2][4:6] == ["Quản trị đơn vị", IT]
    told = [json.loads(one.detail) for one in office.audited() if one.event == "role_holders.exported"]
    assert [one.get("purpose") for one in told] == ["Rà soát quý IV", None]
    assert (told[0]["role"], told[0]["unit"], told[1]["rows"]) == ("agency_administrator", IT, 2)
    whole = office.call("POST", "/role-holders/file", office.auditor(), {"purpose": "Kiểm toán", "file": "xlsx"})
    assert whole.get_data()[:2] == b"PK"
