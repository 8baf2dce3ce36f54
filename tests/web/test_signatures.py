"""/admin/signatures and /api/v1/signatures: who sees which, how they are looked for, and who is given evidence."""

from __future__ import annotations

import json
import zipfile
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import update

from idp.adapters.sql.tables import SignTransactionRow
from idp.audit import AuditEvent
from idp.audit.search import Wanted
from idp.errors import UnavailableError
from idp.signing.transaction import APPROVAL, LOGIN
from idp.web import api
from tests.administration.office import CALLER, HOME, IT

from .phones import FORM, LIST, Phones, signing

HISTORY = "/admin/signatures/"


def test_an_administrator_finds_a_signature_and_sees_its_course(phones: Phones) -> None:
    _, one = signing(phones)
    desk, sub = phones.person("quantri", "quantri-tinh"), phones.office.officer("lanhdao", unit=IT)
    listed = desk.get(HISTORY).text
    assert (listed.count(f"{HISTORY}{one}"), "12/CV" in listed, "KY THU" in listed) == (1, True, True)
    for secret in ("84912345678", "Công văn", "0912"):
        assert secret not in listed
    both, documents, nothing = 2, 1, 0
    for query, count in (("person=lanhdao", both), (f"person={sub}", both), ("application=qlvb", documents),
                         ("state=sent", documents), ("state=denied", nothing), (f"unit={IT}", both), (f"unit={HOME}", nothing),
                         ("state=no-such", both), ("since=01/01/2000", both), ("until=01/01/2000", nothing), ("unit=%27", both)):
        found = desk.get(f"{HISTORY}?{query}")
        assert (found.status_code, found.text.count('<th scope="row">')) == (200, count), query
    assert "Không tìm thấy cán bộ" in desk.get(f"{HISTORY}?person=khongco").text
    for query in ("since=32/13/2026", "since=02/02/2026&until=01/02/2026", "cursor=%3D"):
        assert desk.get(f"{HISTORY}?{query}").status_code == 422, query
    page = desk.get(HISTORY + one).text
    assert ("Nhận yêu cầu ký" in page, "•••• ••• 678" in page, "Giám đốc" in page) == (True, True, True)
    for secret in ("84912345678", "Công văn"):
        assert secret not in page
    assert phones.office.services.mobile_signatures is not None
    phones.office.services.mobile_signatures.signing.deny(sub, one, CALLER)
    assert "Cán bộ báo không yêu cầu" in desk.get(HISTORY + one).text
    assert desk.get(f"{HISTORY}?state=denied").text.count('<th scope="row">') == 1


def test_security_38_an_agency_sees_what_was_signed_for_it_and_others_nothing(phones: Phones) -> None:
    _, one = signing(phones)
    own, other = (phones.person(f"quantri.{unit}", "quantri-coquan", unit=unit) for unit in (IT, HOME))
    assert f"{HISTORY}{one}" in own.get(HISTORY).text
    assert own.get(HISTORY + one).status_code == 200
    assert one not in other.get(HISTORY).text
    for address in (one, "s0", "s0'--"):
        assert other.get(HISTORY + address).status_code == 404, address
    assert f"{HISTORY}{one}" in own.get(f"{HISTORY}?unit={HOME}").text, "another agency narrows nothing"
    for group in ("vanthu-thietbi", "dangky-chungthu", "hotro-nguoidung", ""):
        browser = phones.person(f"ai.{group}", *([group] if group else []), unit=IT)
        for path in (HISTORY, HISTORY + one):
            assert browser.get(path).status_code == 403, (group, path)
        assert browser.post(f"{HISTORY}{one}/evidence", FORM, purpose="Xem").status_code == 403, group


def test_law_91_evidence_has_a_purpose_a_record_and_is_told_to_the_officer(phones: Phones) -> None:
    officer, one = signing(phones)
    desk, auditor = phones.person("quantri", "quantri-tinh"), phones.person("kiemtoan", "kiemtoan")
    agency, other = (phones.person(f"quantri.{unit}", "quantri-coquan", unit=unit) for unit in (IT, HOME))
    address = f"{HISTORY}{one}/evidence"
    assert "/evidence" not in agency.get(HISTORY + one).text
    for browser in (agency, other):
        assert browser.post(address, FORM, purpose="Xem").status_code == 403
    for purpose in ("", "  ", "x" * 301, "hai\ndòng"):
        refused = desk.post(address, HISTORY + one, purpose=purpose)
        assert (refused.status_code, 'id="purpose-error"' in refused.text) == (422, True), purpose
    wanted = Wanted(event=AuditEvent.PERSONAL_DATA_READ)
    search = phones.office.services.administration.audit._search
    assert search.page(wanted, before=None, limit=9)[0] == []
    assert desk.get(address).status_code == 405
    assert desk.post(f"{HISTORY}s0/evidence", HISTORY + one, purpose="Xem").status_code == 404
    for number, browser in enumerate((desk, auditor), start=1):
        answer = browser.post(address, HISTORY + one, purpose="Thanh tra 12/QĐ")
        assert (answer.status_code, "manifest.json" in zipfile.ZipFile(BytesIO(answer.data)).namelist()) == (200, True)
        records, _ = search.page(wanted, before=None, limit=9)
        detail = json.loads(records[0].detail)
        assert (len(records), detail["why"], detail["purpose"], detail["number"]) == (number, "evidence", "Thanh tra 12/QĐ", one)
        assert records[0].sub == phones.office.officer("lanhdao", unit=IT)
    told = officer.get("/account/readings").text
    assert told.count("Lấy bằng chứng của một lần ký") == 2


def test_the_api_gives_the_same_to_the_same(phones: Phones) -> None:
    office = phones.office
    _, one = signing(phones)
    office.client = api.create(office.services).test_client(use_cookies=False)
    province, auditor, agency, other = office.province(), office.auditor(), office.agency(), office.token(
        "khac", "quantri-coquan", unit=HOME)
    machine, sub = office.machine(scope="admin:read"), office.officer("lanhdao", unit=IT)

    def listed(token: Any, query: str = "") -> list[str]:
        return [item["document"] for item in office.call("GET", f"/signatures{query}", token).json["items"]]

    for token in (province, auditor, agency, machine):
        assert listed(token) == ["12/CV", "KY THU"]
    assert listed(other) == []
    for query, documents in ((f"?sub={sub}&client_id=qlvb", ["12/CV"]), ("?signature_state=denied", []), ("?before=1000", []),
                             ("?signature_state=released", ["KY THU"]), (f"?unit={IT}&since=1000", ["12/CV", "KY THU"])):
        assert listed(province, query) == documents, query
    first = office.call("GET", "/signatures?limit=1", province).json
    assert listed(province, f"?limit=1&cursor={first['next']}") == ["KY THU"]
    for query in ("?signature_state=x", "?since=-1", "?since=5&before=5", "?cursor=x", "?q=x"):
        assert office.call("GET", f"/signatures{query}", province).status_code == 400, query
    assert office.call("GET", f"/signatures?unit={IT}", other).status_code == 403
    shown = office.call("GET", f"/signatures/{one}", agency).json
    assert ([line["state"] for line in shown["course"]], shown["number"], shown["sub"]) == (
        ["created", "sent"], "•••• ••• 678", sub)
    assert not {"subject", "text", "msisdn", "source", "signature"} & shown.keys()
    assert office.call("GET", f"/signatures/{one}", other).status_code == 404
    address, purpose = f"/signatures/{one}/evidence", {"purpose": "Thanh tra"}
    for token in (agency, machine, other):
        assert office.call("POST", address, token, purpose).status_code == 403
    for body in ({}, {"purpose": 1}, {"purpose": ""}, {"purpose": "x", "more": 1}):
        assert office.call("POST", address, province, body).status_code == 422, body
    for token in (province, auditor):
        assert office.call("POST", address, token, purpose).data[:2] == b"PK"


def test_evidence_that_cannot_be_recorded_is_not_given(phones: Phones, monkeypatch: pytest.MonkeyPatch) -> None:
    _, one = signing(phones)
    desk, rooms = phones.person("quantri", "quantri-tinh"), phones.office.services.mobile_signatures
    assert rooms is not None
    given: list[str] = []
    monkeypatch.setattr(rooms.signatures, "_evidence", lambda one, caller: given.append(one.transaction_id))

    def refuse(record: Any) -> None:
        raise UnavailableError("not written", dependency="database")

    monkeypatch.setattr(rooms.signatures, "_trail", type("Trail", (), {"record": staticmethod(refuse)}))
    assert desk.post(f"{HISTORY}{one}/evidence", HISTORY + one, purpose="Thanh tra").status_code == 503
    assert given == []


@pytest.mark.parametrize("purpose", [LOGIN, APPROVAL])
def test_security_39_what_was_asked_for_signing_in_is_no_page_of_signatures(phones: Phones, purpose: str) -> None:
    """Not even the officer's own, and not by whoever learns what it is called."""
    officer, one = signing(phones)
    page = f"{LIST}/{one}"
    assert officer.get(page).status_code == 200
    assert page in officer.get(LIST).text
    table = SignTransactionRow
    phones.office.database.write(update(table).where(table.transaction_id == one).values(purpose=purpose)).run()
    assert [officer.get(address).status_code for address in (page, f"{page}/evidence")] == [404, 404]
    assert officer.post(f"{page}/deny", FORM).status_code == 404
    assert page not in officer.get(LIST).text
    desk = phones.person("quantri", "quantri-tinh")
    assert desk.get(f"{HISTORY}{one}").status_code == 404
    assert phones.house.signing._store.find(one).denied_at is None  # type: ignore[union-attr]
