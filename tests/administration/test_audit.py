"""Records for administrators: the province and auditors see all, an agency its own officers', nobody what is above them."""

from __future__ import annotations

from typing import Any

import pytest

from idp.audit import AuditEvent, AuditRecord

from .office import CALLER, HOME, IT, Office


def note(office: Office, sub: str = "", event: AuditEvent = AuditEvent.SIGN_IN, source: str = "192.0.2.7", **detail: Any) -> None:
    office.services.audit.record(AuditRecord(event, office.clock.now(), sub=sub, client_id="qlvb", source=source,
                                             request_id="request-7", detail=detail))


def found(office: Office, token: str, query: str = "") -> list[dict[str, Any]]:
    answer = office.call("GET", f"/audit?{query}", token)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json["items"]
    return items


def test_security_38_an_agency_sees_the_records_of_its_officers_and_no_others(office: Office) -> None:
    mine, other = office.officer("cuatoi", unit=IT), office.officer("khac", unit=HOME)
    above = office.officer("quantri2", "quantri-tinh", unit=IT)
    for sub in (mine, other, above, ""):
        note(office, sub)
    agency = office.agency()
    seen = found(office, agency, "event=sign_in&limit=200")
    assert {item["sub"] for item in seen} & {mine, other, above, ""} == {mine}
    for query in (f"sub={other}", "uid=khac", f"sub={above}", f"unit={HOME}&sub={other}"):
        assert found(office, agency, query) == [], query
    for token in (office.province(), office.auditor()):
        assert {mine, other, above, ""} <= {item["sub"] for item in found(office, token, "event=sign_in&limit=200")}
    hidden = found(office, office.province(), f"sub={other}&limit=1")[0]["id"]
    assert office.call("GET", f"/audit/{hidden}", agency).status_code == 404
    assert office.call("GET", "/audit/chain", agency).status_code == 403
    assert office.call("GET", "/audit", office.token("canbo", unit=IT)).status_code == 403


def test_security_38_who_from_above_acted_is_not_told_to_an_agency(office: Office) -> None:
    mine, above = office.officer("cuatoi", unit=IT), office.officer("quantri2", "quantri-tinh")
    colleague = office.officer("dongnghiep", unit=IT)
    note(office, mine, AuditEvent.FACTOR_REMOVED, factor="otp", by_officer=above)
    note(office, mine, AuditEvent.FACTOR_REMOVED, factor="otp", by_officer=colleague)
    agency = office.agency()
    second, first = found(office, agency, "event=factor.removed")
    assert (first["detail"]["by_officer"], first["source"], first["request_id"]) == ("outside", "outside", "")
    assert (second["detail"]["by_officer"], second["source"]) == (colleague, "192.0.2.7")
    one = office.call("GET", f"/audit/{first['id']}", agency)
    assert above not in one.text
    assert "192.0.2.7" not in one.text
    assert found(office, office.province(), "event=factor.removed")[1]["detail"]["by_officer"] == above


def test_what_an_administrator_changed_stands_with_before_and_after(office: Office) -> None:
    token = office.province()
    client_id, etag, _ = office.made(token)
    changed = office.call("PATCH", f"/clients/{client_id}", token, {"client_name": "Tên khác"}, etag=etag)
    assert changed.status_code == 200
    (record,) = found(office, token, f"client_id={client_id}&event=client.changed")
    assert record["detail"]["changed"] == {"client_name": ["Khảo sát", "Tên khác"]}
    assert "secret" not in str(record["detail"])
    office.call("PATCH", f"/clients/{client_id}", token, {"client_name": "Tên khác"}, etag=changed.headers["ETag"])
    assert "changed" not in found(office, token, f"client_id={client_id}&event=client.changed")[0]["detail"]


def test_a_record_is_read_with_its_seal(office: Office) -> None:
    note(office, office.officer("cuatoi", unit=IT))
    token = office.auditor()
    (record,) = found(office, token, "uid=cuatoi&event=sign_in")
    waiting = office.call("GET", f"/audit/{record['id']}", token).json["seal"]
    assert waiting == {"number": None, "sealed_at": None, "broken": None, "archived": None}
    office.services.audit_chain.accept("a database of its own", office.services.audit, CALLER)  # keys are the same for all
    while office.services.audit_chain.seal().records:
        pass
    sealed = office.call("GET", f"/audit/{record['id']}", token).json["seal"]
    assert (sealed["number"] >= 1, sealed["broken"]) == (True, None)
    part = office.call("GET", "/audit/chain", token).json
    assert (part["broken"], part["records"] >= 1, part["next"]) == (None, True, None)


@pytest.mark.parametrize("query", ["event=nothing", "since=5&before=5", "cursor=x", "sub=" + "a" * 200, "since=-1",
                                   "address=a%20b", "limit=201", "what=1", "since=99999999999"])
def test_what_cannot_be_looked_for_is_refused(office: Office, query: str) -> None:
    answer = office.call("GET", f"/audit?{query}", office.auditor())
    assert (answer.status_code, answer.json["code"]) == (400, "invalid_parameter")


@pytest.mark.parametrize("number", ["0", "x", "9" * 18, "9" * 30, "-1", "%C2%B2"])
def test_a_record_that_is_not_there_is_404(office: Office, number: str) -> None:
    assert office.call("GET", f"/audit/{number}", office.auditor()).status_code == 404


def test_somebody_of_an_unknown_name_has_no_records(office: Office) -> None:
    note(office)
    assert found(office, office.auditor(), "uid=khongai") == []
    sub = office.officer("cuatoi", unit=IT)
    assert found(office, office.auditor(), f"uid=cuatoi&sub={sub[::-1]}") == []
