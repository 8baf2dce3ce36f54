"""Security checklist 38: what an agency's roles neither learn nor do by ways beside the usual one (docs/operations/roles.md)."""

from __future__ import annotations

from typing import Any

import pytest

from idp.administration.pages import place_of
from idp.audit import AuditEvent

from .office import HOME, IT, Office
from .test_audit import found, note
from .test_campaigns import QUESTION, day
from .test_enrollments import joined, sheet, take
from .test_jobs import asked, told_of, work


def test_how_many_of_another_agency_have_no_factor_is_not_in_the_pages(office: Office) -> None:
    for number in range(25):
        office.officer(f"canbo{number}", unit=HOME)
    for query in ("", "&demanded=true"):
        page = office.call("GET", f"/officers/without-factor?limit=1&unit={HOME}{query}", office.agency()).json
        strangers = [one for one in page["items"] if one["unit_code"] == HOME]
        place = place_of(page["next"] or "", str)
        known = office.services.mirror.by_entry_uuid(str(place[0])) if place else None
        assert (strangers, known is None or known.officer.main_post.unit_code != HOME) == ([], True), page


def test_nobody_of_another_agency_is_asked_to_keep_what_is_the_agencys(office: Office) -> None:
    stranger, gone = office.officer("la", unit=HOME), office.officer("nghi", unit=HOME, disabled=True)
    wish = {"kind": "seal", "device_kind": "token", "name": "Sở", "unit_code": IT, "unit_name": "Sở"}
    for kind in ("seal", "device", "service"):
        answers = [office.call("POST", "/enrollments", office.agency(), {**wish, "kind": kind, "holder": one})
                   for one in (stranger, gone, "x" * 43)]
        assert {(one.status_code, one.json["code"]) for one in answers} == {(422, "unknown_officer")}
    assert told_of(office, "enrollment.asked") == []
    own = office.officer("ta", unit=f"{IT}.2")
    assert office.call("POST", "/enrollments", office.agency(), {**wish, "holder": own}).status_code == 201


def test_a_list_tells_nothing_of_officers_of_another_agency_but_what_it_names(office: Office) -> None:
    row, disabled = joined(office, 1, unit=HOME), joined(office, 2, unit=HOME)
    office.disable("canbo2")
    tries = [row, row | {"name": "Người Khác"}, row | {"old_serial": "5401ab"}, disabled,
             row | {"mail": "khong.co@haugiang.gov.vn"}]
    for number, one in enumerate(tries):
        one["identity_number"] = f"09308000{number:04}"
    for token in (office.agency(), office.token("dangky", "dangky-chungthu", unit=IT)):
        answers = [take(office, token, sheet("mau01_ca_nhan", [one])).json["problems"][0] for one in tries]
        stranger, nobody = "Cán bộ này không thuộc đơn vị của bạn", "Không có cán bộ nào dùng địa chỉ thư này trong danh bạ"
        assert [one["reason"].split(".")[0] for one in answers] == [stranger, nobody, stranger, stranger, nobody]


@pytest.mark.parametrize(("first", "then", "status"), [
    (("quantri-tinh", HOME), ("quantri-coquan", IT), 403), (("quantri-coquan", IT), ("quantri-coquan", HOME), 403),
    (("quantri-coquan", IT), ("quantri-coquan", f"{IT}.2"), 403), (("quantri-coquan", f"{IT}.2"), ("quantri-coquan", IT), 200),
    (("quantri-tinh", HOME), ("kiemtoan", HOME), 200)])
def test_a_file_is_given_to_who_looks_after_all_that_is_in_it(office: Office, first: Any, then: Any, status: int) -> None:
    token = office.token("ai", first[0], unit=first[1])
    made = asked(office, token)
    work(office)
    office.officer("ai", then[0], unit=then[1])
    answer = office.call("GET", f"/jobs/{made.json['id']}/file", token)
    assert (answer.status_code, len(told_of(office, "job.file_taken"))) == (status, int(status == 200)), answer.text


def test_a_token_that_reads_ends_nothing_of_others_and_no_import(office: Office) -> None:
    agency = office.agency()
    export, listing = asked(office, agency), office.call(
        "POST", "/jobs/lists?form=mau01_ca_nhan", agency, b"x", media_type="text/csv")
    reads = office.token("quantri.coquan", "quantri-coquan", unit=IT, scope="openid admin:read")
    province = office.token("quantri3", "quantri-tinh", scope="openid admin:read")
    for token, job in ((province, export), (province, listing), (reads, listing)):
        assert office.call("POST", f"/jobs/{job.json['id']}/cancel", token).status_code == 403
    assert office.call("POST", f"/jobs/{export.json['id']}/cancel", reads).status_code == 200
    assert office.call("POST", f"/jobs/{listing.json['id']}/cancel", office.province()).status_code == 200


def test_who_acted_from_outside_is_told_by_no_course(office: Office) -> None:
    mine, colleague = office.officer("cuatoi", unit=IT), office.officer("dongnghiep", unit=f"{IT}.2")
    province, agency = office.province(), office.agency()
    above = office.officer("quantri", "quantri-tinh")
    note(office, mine, AuditEvent.FACTOR_REMOVED, source="192.0.2.9", by_officer=above, giver=above, changed={"x": [1, 2]})
    note(office, mine, AuditEvent.FACTOR_REMOVED, by_officer=colleague)
    wish = {"kind": "person", "device_kind": "token", "holder": mine}
    number = office.call("POST", "/enrollments", province, wish).json["id"]
    client, _, _ = office.made(province)
    office.call("PUT", f"/clients/{client}/old-login-off", province, {"note": "Tắt từ hôm nay"})
    campaign = office.call("POST", "/campaigns", province, {"name": "Hai lớp", "deadline": day(office, 9), **QUESTION}).json["id"]
    places = (f"/officers/{mine}/timeline", f"/enrollments/{number}", "/enrollments", f"/clients/{client}/onboarding",
              f"/campaigns/{campaign}", "/campaigns")
    for path in places:
        read, whole = office.call("GET", path, agency), office.call("GET", path, province)
        assert (read.status_code, above in read.text, '"outside"' in read.text) == (200, False, True), path
        assert (above in whole.text, '"outside"' in whole.text) == (True, False), path
    told = office.call("GET", f"/officers/{mine}/timeline", agency).json["items"]
    told = [one for one in told if one["event"] == "factor.removed"]
    assert [(one["by"], one["source"], one["detail"]) for one in told] == [
        (colleague, None, {}), ("outside", None, {"giver": "outside"})]
    assert [len(found(office, token, f"sub={mine}&address=192.0.2.9")) for token in (province, agency)] == [1, 0]
