"""/api/v1/enrollments: a list of an agency from import to use; every row for itself, every rule by the record."""

from __future__ import annotations

import base64
import io
import secrets
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import select

from idp.adapters.sheets import SheetFiles
from idp.adapters.sql.pki.government import SEEN, SqlSeenCertificates
from idp.directory.changes import ChangeKind, OfficerChange
from idp.directory.officer import Post
from idp.errors import UnavailableError
from idp.pki.authority.csr import fingerprint
from idp.pki.enrollment.ending import Departures
from idp.pki.forms import writing
from idp.pki.forms.catalogue import FORMS
from idp.web.api.schemas.enrollments import BATCHES, FILES
from tests.audit_desk import events_of
from tests.fakes.clock import FakeClock
from tests.fakes.directory import make_officer
from tests.pki.government.chain import Government, key

from .office import CALLER, HOME, IT, PLENTY, Office

SHEETS = SheetFiles()
COUNT = 12
DOCUMENT = "12/STTTT-CNTT"


def joined(office: Office, number: int, unit: str = IT) -> dict[str, str]:
    """Add an officer; gives what a list says of them."""
    uid = f"canbo{number}"
    office.services.mirror.remember(office.directory.add(make_officer(
        uid, f"Nguyễn Văn Mẫu {chr(64 + number)}", posts=(Post(unit, "", "Sở", "Chuyên viên"),))), now=office.clock.now())
    return {"name": f"Nguyễn Văn Mẫu {chr(64 + number)}", "birth_date": "1980-09-05", "identity_number": f"0930800000{number:02}",
            "mail": f"{uid}@haugiang.gov.vn", "unit_name": "Sở", "title": "Chuyên viên", "phone": f"09123456{number:02}",
            "sim_pki": "no"}


def sheet(form: str, records: list[dict[str, str]], kind: str = "csv") -> bytes:
    rows = writing.rows(FORMS[form], records)
    return SHEETS.csv(rows) if kind == "csv" else SHEETS.xlsx(rows, form)


def take(office: Office, token: str, content: bytes, kind: str = "csv", **query: str) -> Any:
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    return office.call("POST", f"/enrollments/lists?{asked}", token, content, media_type=BATCHES[kind])


def listed(office: Office, token: str, query: str = "") -> list[dict[str, Any]]:
    answer = office.call("GET", f"/enrollments?limit=200&{query}", token)
    assert answer.status_code == 200, answer.text
    return list(answer.json["items"])


def numbers(office: Office, token: str, query: str = "") -> list[str]:
    return [one["id"] for one in listed(office, token, query)]


def act(office: Office, token: str, act: str, ids: list[str], **told: str) -> list[tuple[str, str | None]]:
    answer = office.call("POST", "/enrollments/acts", token, {"act": act, "enrollments": ids, **told})
    assert answer.status_code == 200, answer.text
    return [(one["state"], one["code"]) for one in answer.json["items"]]


def test_an_agency_from_its_list_to_certificates_in_use(office: Office) -> None:
    people = [joined(office, number) for number in range(1, COUNT + 1)]
    stranger = joined(office, 20, unit=HOME)
    agency, agency2 = office.agency(), office.token("truongphong", "quantri-coquan", unit=IT)
    province, province2 = office.province(), office.token("quantri2", "quantri-tinh")

    rows = [*people, stranger, {**people[0]}, {**people[1], "mail": "khongco@haugiang.gov.vn", "identity_number": "093080000099"}]
    content = sheet("mau01_ca_nhan", rows)
    tried = take(office, agency, content).json
    assert (tried["dry_run"], tried["good"], tried["bad"], tried["already"]) == (True, COUNT, 3, 0)
    assert [(one["line"], one["reason"].split(".")[0]) for one in tried["problems"]] == [
        (COUNT + 2, "Cán bộ này không thuộc đơn vị của bạn"), (COUNT + 3, "Trùng với dòng 2"),
        (COUNT + 4, "Không có cán bộ nào dùng địa chỉ thư này trong danh bạ")]
    assert numbers(office, agency) == []
    taken = take(office, agency, content, dry_run="false", submit="true").json
    assert (taken["dry_run"], taken["good"], taken["bad"]) == (False, COUNT, 3)
    again = take(office, agency, sheet("mau01_ca_nhan", people, "xlsx"), "xlsx", dry_run="false", submit="true").json
    assert (again["good"], again["already"], again["bad"]) == (COUNT, COUNT, 0)

    by_mail = {one["mail"]: one for one in listed(office, agency)}
    ids = [by_mail[one["mail"]]["id"] for one in people]
    assert len(set(ids)) == COUNT
    assert set(act(office, agency, "approve", ids)) == {(None, "same_person")}
    assert act(office, agency2, "return", ids[:1], reason="Thiếu ngày cấp") == [("returned", None)]
    assert act(office, agency2, "approve", ids) == [(None, "wrong_state"), *[("agency_approved", None)] * (COUNT - 1)]
    assert act(office, province, "approve_for_province", ids[1:]) == [("province_approved", None)] * (COUNT - 1)

    batch = office.call("POST", "/enrollments/batches", province, {"document": DOCUMENT})
    assert (batch.status_code, batch.json["sent"]) == (201, COUNT - 1)
    assert office.call("POST", "/enrollments/batches", province, {"document": DOCUMENT}).status_code == 409
    for kind in FILES:
        file = office.call("GET", f"/enrollments/batches/{batch.json['batch']}/{kind}", province)
        assert (file.status_code, file.content_type) == (200, FILES[kind])
        out = SHEETS.read(file.data)
        assert len(out) == COUNT
        assert {row[3] for row in out[1:]} == {one["identity_number"] for one in people[1:]}
    assert len(events_of(office.database, "personal_data.read")) == 3 * (COUNT - 1)

    results = [{"mail": one["mail"], "identity_number": one["identity_number"], "serial": f"5401{number:02x}",
                "not_before": "2023-11-01",
                "not_after": "2028-11-01", "device_serial": f"TK-{number:04}"} for number, one in enumerate(people)]
    content = sheet("ket_qua_cap", [*results, {**results[1], "mail": people[2]["mail"], "serial": "5402ff"}])
    assert take(office, agency, content, form="ket_qua_cap").status_code == 403
    tried = take(office, province, content, form="ket_qua_cap").json
    assert (tried["good"], tried["bad"]) == (COUNT - 1, 2)
    assert numbers(office, province, "enrollment_state=issued") == []
    taken = take(office, province, content, form="ket_qua_cap", dry_run="false").json
    assert (taken["good"], [one["line"] for one in taken["problems"]]) == (COUNT - 1, [2, COUNT + 2])
    assert take(office, province, content, form="ket_qua_cap", dry_run="false").json["already"] == COUNT - 1

    by_mail = {one["mail"]: one for one in listed(office, province, "enrollment_state=issued")}
    for number, one in enumerate(people[1:], start=1):
        found = by_mail[one["mail"]]
        assert (found["serial"], found["device_serial"], found["document"]) == (f"5401{number:02x}", f"TK-{number:04}", DOCUMENT)
        for name, token, told in (
                ("receive", province, {"device_serial": f"tk-{number:04}"}),
                ("hand_over", province, {"identity_number": one["identity_number"], "record": f"{number}/BB"}),
                ("waive_test_signature", province2, {"reason": "Máy đọc thẻ hỏng"})):
            answer = office.call("POST", f"/enrollments/{found['id']}/acts", token, {"act": name, **told})
            assert answer.status_code == 200, answer.text
    counts = office.call("GET", "/enrollments/counts", agency).json
    assert (counts["states"]["active"], counts["states"]["returned"], counts["total"]) == (COUNT - 1, 1, COUNT)
    signing = office.call("GET", f"/officers/{by_mail[people[1]['mail']]['holder']}/signing-certificates",
                          office.machine()).json["items"]
    assert [one["serial"] for one in signing] == ["540101"]
    history = office.call("GET", f"/enrollments/{by_mail[people[1]['mail']]['id']}", agency).json["history"]
    assert [one["act"] for one in history] == ["submit", "approve", "approve_for_province", "send", "issue", "receive",
                                               "hand_over",
                                               "activate"]


def asked(office: Office, token: str, holder: str, **more: Any) -> Any:
    return office.call("POST", "/enrollments", token, {"holder": holder, "device_kind": "token", **more})


def test_security_38_another_agency_sees_and_does_nothing(office: Office) -> None:
    holder = office.officer("canbo", unit=IT)
    number = asked(office, office.agency(), holder, submit=True).json["id"]
    other = office.token("khac", "quantri-coquan", unit=HOME)
    for method, path, body in (
            ("GET", f"/enrollments/{number}", None), ("POST", f"/enrollments/{number}/acts", {"act": "report_loss"})):
        answer = office.call(method, path, other, body)
        assert (answer.status_code, answer.json["code"]) == (404, "unknown_enrollment")
    assert act(office, other, "cancel", [number], reason="x") == [(None, "unknown_enrollment")]
    assert listed(office, other, f"unit={IT}") == []
    assert office.call("GET", "/enrollments/counts", other).json["total"] == 0
    assert asked(office, other, holder).status_code == 403
    assert office.call("GET", f"/officers/{holder}/signing-certificates", other).json["items"] == []


@pytest.mark.parametrize(("who", "status"), [("auditor", 403), ("reading", 403), ("officer", 403), ("nobody", 401)])
def test_who_may_change_nothing(office: Office, who: str, status: int) -> None:
    holder = office.officer("canbo", unit=IT)
    token = {"auditor": office.auditor, "reading": lambda: office.machine(scope="admin:read"), "nobody": lambda: "",
             "officer": lambda: office.token("thuong", unit=IT)}[who]()
    for path, body in (("/enrollments", {"holder": holder, "device_kind": "token"}), ("/enrollments/acts", {"act": "approve"}),
                       ("/enrollments/2026-00000001/acts", {"act": "approve"}), ("/enrollments/batches", {"document": "1"})):
        assert office.call("POST", path, token, body).status_code == status, path
    assert take(office, token, b"x").status_code == status


def test_a_machine_answers_for_no_list_and_no_request(office: Office) -> None:
    holder = office.officer("canbo", unit=IT)
    assert asked(office, office.machine(), holder).status_code == 403
    assert take(office, office.machine(), sheet("mau01_ca_nhan", [joined(office, 1)])).status_code == 403
    assert office.call("POST", "/enrollments/batches", office.machine(), {"document": "1"}).status_code == 403
    assert office.call("GET", "/enrollments/batches/x/csv", office.machine()).status_code == 403


def test_identity_numbers_leave_for_the_provinces_desk_alone(office: Office) -> None:
    for token in (office.agency(), office.auditor(), office.machine()):
        assert office.call("GET", "/enrollments/batches/20261127-00000000/csv", token).status_code == 403
    assert office.call("GET", "/enrollments/batches/20261127-00000000/csv", office.province()).status_code == 404
    assert office.call("GET", "/enrollments/batches/20261127-00000000/pdf", office.province()).status_code == 404


@pytest.mark.parametrize(("body", "status"), [
    ({"act": "approve", "enrollments": []}, 422), ({"act": "approve", "enrollments": ["x", "x"]}, 422), ({"act": "fly",
                                                                                                          "enrollments": ["x"]},
                                                                                                          422),
    ({"act": "approve", "enrollments": [1]}, 422), ({"act": "approve", "enrollments": "x"}, 422), ({"enrollments": ["x"]}, 422),
    ({"act": "approve", "enrollments": ["x"] * 201}, 422), ({"act": "return", "enrollments": ["2026-00000001"], "reason": 1},
                                                            422)])
def test_bodies_that_say_nothing(office: Office, body: Mapping[str, Any], status: int) -> None:
    answer = office.call("POST", "/enrollments/acts", office.province(), body)
    assert (answer.status_code, answer.json["code"]) == (status, "invalid_body")


@pytest.mark.parametrize("body", [{}, {"holder": "x"}, {"holder": "x", "device_kind": "paper"}, {"holder": 1,
                                                                                                 "device_kind": "token"},
                                  {"holder": "x", "device_kind": "token", "submit": "yes"},
                                  {"holder": "x", "device_kind": "token", "state": "active"}])
def test_requests_that_are_none(office: Office, body: Mapping[str, Any]) -> None:
    answer = office.call("POST", "/enrollments", office.province(), body)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_body")
    assert listed(office, office.token("quantri3", "quantri-tinh")) == []


@pytest.mark.parametrize("sent", [
    {"holder": "a\0b"}, {"holder": "x" * 1001}, {"identity_number": "0930"}, {"birth_date": "hôm qua"}, {"phone": "1"},
    {"kind": "seal", "name": "Sở", "unit_code": "x" * 900}, {"kind": "seal", "name": "Sở", "unit_code": "H30.11",
                                                             "mail": "x" * 900},
    {"kind": "seal", "name": "Sở", "unit_code": ""}, {"kind": "seal", "name": "a\u202eb", "unit_code": "H30.11"},
    {"kind": "seal", "name": "Sở", "unit_code": "H30.11", "unit_name": "x" * 201}])
def test_nothing_that_a_database_could_not_hold_comes_so_far(office: Office, sent: Mapping[str, Any]) -> None:
    holder = office.officer("canbo", unit=IT)
    answer = office.call("POST", "/enrollments", office.province(), {"holder": holder, "device_kind": "token", **sent})
    assert answer.status_code == 422, answer.text
    for path, body in (("/enrollments/acts", {"act": "submit", "enrollments": ["a\0b"]}),
                       ("/enrollments/batches", {"document": "1", "unit": "a\0b"})):
        assert office.call("POST", path, office.token("quantri4", "quantri-tinh"), body).status_code == 422


def test_files_that_are_none(office: Office) -> None:
    token = office.agency()
    assert office.call("POST", "/enrollments/lists", token, b"{}").status_code == 415
    for content in (b"", b"a,b\n1,2\n", b"PK\x03\x04", "Họ và tên,CCCD\n".encode()):
        answer = take(office, token, content)
        assert (answer.status_code, answer.json["code"]) == (422, "unreadable_list")
        assert answer.json["detail"].endswith(".")
    assert take(office, token, b"x" * (8 * 2**20 + 1)).status_code == 413
    assert take(office, token, b"x", form="mau05_thu_hoi").status_code == 400


def test_a_renewal_names_the_old_certificate(office: Office) -> None:
    person = joined(office, 1)
    agency, agency2, province = office.agency(), office.token("tp", "quantri-coquan", unit=IT), office.province()
    province2 = office.token("quantri2", "quantri-tinh")
    take(office, agency, sheet("mau01_ca_nhan", [person]), dry_run="false", submit="true")
    [number] = numbers(office, agency)
    result = {"mail": person["mail"], "serial": "540101", "not_before": "2023-11-01", "not_after": "2023-12-31",
              "device_serial": "TK-0001"}
    for token, name, told in ((agency2, "approve", {}), (province, "approve_for_province", {}), (province, "send",
                                                                                                 {"document": "1"})):
        assert act(office, token, name, [number], **told)[0][1] is None
    take(office, province, sheet("ket_qua_cap", [result]), form="ket_qua_cap", dry_run="false")
    for token, name, told in ((province, "receive", {"device_serial": "TK-0001"}),
                              (province, "hand_over", {"identity_number": person["identity_number"], "record": "1"}),
                              (province2, "waive_test_signature", {"reason": "x"})):
        assert act(office, token, name, [number], **told)[0][1] is None
    assert "Nếu cần gia hạn" in take(office, agency, sheet("mau01_ca_nhan", [person])).json["problems"][0]["reason"]
    wrong = take(office, agency, sheet("mau01_ca_nhan", [{**person, "old_serial": "5401ff"}])).json["problems"]
    assert "Số hiệu chứng thư cũ" in wrong[0]["reason"]
    assert take(office, agency, sheet("mau01_ca_nhan", [{**person, "old_serial": "540101"}]), dry_run="false").json["bad"] == 0
    [renewal] = listed(office, agency, "enrollment_state=draft")
    assert (renewal["purpose"], renewal["replaces"]) == ("renew", number)


def test_a_leaver_loses_requests_and_a_disabled_officer_signs_nothing(office: Office) -> None:
    holder = office.officer("canbo", unit=IT)
    number = asked(office, office.agency(), holder, submit=True).json["id"]
    change = OfficerChange(ChangeKind.REMOVED, holder, None, None, office.clock.now())
    for _ in range(2):
        Departures(office.services.certificate_desk.ending).of(change)
    assert [one["state"] for one in listed(office, office.province())] == ["cancelled"]
    assert len(events_of(office.database, "enrollment.moved")) == 1
    assert office.call("GET", f"/enrollments/{number}", office.auditor()).json["reason"] == "cessation"


def test_pages_by_cursor_and_by_what_is_overdue(office: Office) -> None:
    token = office.agency()
    for number in range(5):
        assert asked(office, token, office.officer(f"canbo{number}", unit=IT), submit=True).status_code == 201
    seen, cursor = [], ""
    while True:
        page = office.call("GET", f"/enrollments?limit=2{cursor}", token).json
        seen += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert len(set(seen)) == 5
    assert seen == sorted(seen)
    assert listed(office, token, "overdue=true") == []
    office.clock.advance(7 * 86400)
    assert len(listed(office, office.token("tp", "quantri-coquan", unit=IT), "overdue=true")) == 5


def approved(office: Office, people: list[dict[str, str]]) -> list[str]:
    """Ask for certificates and approve them, twice; gives their numbers in the order of the people."""
    take(office, office.agency(), sheet("mau01_ca_nhan", people), dry_run="false", submit="true")
    by_mail = {one["mail"]: one["id"] for one in listed(office, office.province())}
    ids = [by_mail[one["mail"]] for one in people]
    act(office, office.token("truongphong", "quantri-coquan", unit=IT), "approve", ids)
    assert {code for _, code in act(office, office.province(), "approve_for_province", ids)} == {None}
    return ids


def results(certificates: list[tuple[dict[str, str], Any]]) -> list[dict[str, str]]:
    """Give what the issuer's list says of certificates."""
    return [{"name": person["name"], "mail": person["mail"], "identity_number": person["identity_number"],
             "serial": f"{one.serial_number:x}", "not_before": one.not_valid_before_utc.date().isoformat(),
             "not_after": one.not_valid_after_utc.date().isoformat(), "device_serial": f"TK-{one.serial_number % 9999:04}"}
            for person, one in certificates]


def bundle(sheet_: bytes, *certificates: Any) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as file:
        file.writestr("ket-qua.csv", sheet_)
        for number, one in enumerate(certificates):
            file.writestr(f"chung-thu/{number}.cer", one.public_bytes(Encoding.DER))
    return written.getvalue()


@pytest.fixture
def published(tmp_path: Path, database_url: str) -> Iterator[tuple[Office, Government]]:
    """An office that knows the chain of a Government's authority of the test's own."""
    government = Government(FakeClock().moment())
    for number, one in enumerate(government.chain):
        (tmp_path / f"{number}.cer").write_bytes(one.public_bytes(Encoding.DER))
    (tmp_path / "fingerprints.txt").write_text("".join(f"{one.fingerprint(SHA256()).hex()}\n" for one in government.chain))
    office = Office(database_url, rates=PLENTY, government_chain_dir=tmp_path)
    yield office, government
    office.close()


def test_e2_results_with_certificates_are_held_against_request_and_chain(published: tuple[Office, Government]) -> None:
    office, government = published
    people = [joined(office, number) for number in range(1, 5)]
    ids, province = approved(office, people), office.province()
    batch = office.call("POST", "/enrollments/batches", province, {"document": DOCUMENT}).json["batch"]
    content = office.call("GET", f"/enrollments/batches/{batch}/zip", province)
    assert content.content_type == "application/zip"
    assert office.call("GET", f"/enrollments/batches/{batch}/zip", province).data == content.data
    [shown] = office.call("GET", "/enrollments/batches", province).json["items"]
    assert (shown["batch"], shown["rows"], shown["document"]) == (batch, 4, DOCUMENT)
    assert office.call("GET", "/enrollments/batches", office.agency()).status_code == 403

    certificates = [government.issue(one["name"], one["mail"], 10 + number) for number, one in enumerate(people)]
    wrong = government.issue(people[1]["name"], "khac@haugiang.gov.vn", 20)
    given = [(people[0], certificates[0]), (people[1], wrong), (people[2], certificates[2]), (people[3], certificates[3])]
    rows = results(given)
    rows[2]["serial"] = "77ab"
    rows[2]["certificate"] = base64.b64encode(certificates[2].public_bytes(Encoding.DER)).decode()
    rows[3]["not_after"] = "2031-01-01"
    written = SHEETS.csv(writing.rows(FORMS["ket_qua_cap"], rows, hidden=True))
    sent = bundle(written, *(one for _, one in given))
    tried = take(office, province, sent, "zip", form="ket_qua_cap").json
    assert (tried["good"], tried["bad"]) == (1, 3)
    taken = take(office, province, sent, "zip", form="ket_qua_cap", dry_run="false").json
    assert taken["problems"] == tried["problems"]
    assert [(one["line"], one["reason"].split(".")[0]) for one in taken["problems"]] == [
        (3, "Thư công vụ trong chứng thư số khác với đề nghị"), (4, "Số hiệu ghi ở dòng này khác với số hiệu trong chứng thư số"),
        (5, "Ngày cấp hoặc ngày hết hạn ở dòng này khác với trong chứng thư số")]
    seen = SqlSeenCertificates(office.database)
    for one in (certificates[2], certificates[3]):  # the row was wrong: the certificate is kept, and has taken nothing
        assert seen.claimed(one.issuer.rfc4514_string(), f"{one.serial_number:x}") == ""
        assert seen.of_key(fingerprint(one.public_key())) == []
    verdicts = {row.serial: row.verdict for row in office.database.read(select(SEEN)).all()}
    assert [verdicts[f"{one.serial_number:x}"] for one in (certificates[0], wrong, *certificates[2:])] == [
        "", "certificate_another_mail", "certificate_another_serial", "certificate_other_dates"]
    issued = office.call("GET", f"/enrollments/{ids[0]}", province).json
    assert (issued["state"], issued["certificate_known"], issued["issuer"]) == (
        "issued", True, government.between.subject.rfc4514_string())

    mended = bundle(sheet("ket_qua_cap", results(list(zip(people, certificates, strict=True)))), *certificates)
    again = take(office, province, mended, "zip", form="ket_qua_cap", dry_run="false").json
    assert (again["good"], again["already"], again["bad"]) == (4, 1, 0)
    assert {one["state"] for one in listed(office, province)} == {"issued"}


def test_a_certificate_that_comes_after_its_number_completes_the_request(published: tuple[Office, Government]) -> None:
    office, government = published
    person = joined(office, 1)
    [number], province = approved(office, [person]), office.province()
    office.call("POST", "/enrollments/batches", province, {"document": DOCUMENT})
    certificate = government.issue(person["name"], person["mail"])
    other = government.issue(person["name"], person["mail"], 11, serial=certificate.serial_number)
    listed_ = sheet("ket_qua_cap", results([(person, certificate)]))
    assert take(office, province, listed_, form="ket_qua_cap", dry_run="false").json["good"] == 1
    before = office.call("GET", f"/enrollments/{number}", province).json
    assert (before["state"], before["certificate_known"]) == ("issued", False)

    def sent(*certificates: Any) -> Any:
        return take(office, province, bundle(listed_, *certificates), "zip", form="ket_qua_cap", dry_run="false").json

    assert (sent(certificate)["good"], sent(certificate)["already"]) == (1, 1)
    after = office.call("GET", f"/enrollments/{number}", province).json
    assert (after["state"], after["certificate_known"], after["since"], after["due_at"]) == (
        "issued", True, before["since"], before["due_at"])
    assert "Số hiệu này đã được dùng cho một chứng thư số khác" in sent(other)["problems"][0]["reason"]
    assert "Có nhiều chứng thư số mang số hiệu này" in sent(certificate, other)["problems"][0]["reason"]


def test_whoever_tries_identity_numbers_is_recorded_and_is_no_program(office: Office) -> None:
    people = [joined(office, number) for number in (1, 2)]
    approved(office, people)
    province = office.province()
    office.call("POST", "/enrollments/batches", province, {"document": DOCUMENT})
    before = len(events_of(office.database, "personal_data.read"))
    row = {"serial": "540101", "not_before": "2023-11-01", "not_after": "2028-11-01", "device_serial": "TK-0001"}
    tried = [{**row, "identity_number": people[0]["identity_number"], "mail": people[0]["mail"]},
             {**row, "serial": "540102", "identity_number": "093080000099", "mail": people[1]["mail"]},
             {**row, "serial": "540103", "mail": people[1]["mail"]}]
    results_ = sheet("ket_qua_cap", tried)
    machine = take(office, office.machine(), results_, form="ket_qua_cap")
    assert (machine.status_code, machine.json["code"]) == (403, "forbidden")
    assert len(events_of(office.database, "personal_data.read")) == before
    assert [one["line"] for one in take(office, province, results_, form="ket_qua_cap").json["problems"]] == [3]
    handed = {"name": people[0]["name"], "mail": people[0]["mail"], "identity_number": people[0]["identity_number"],
              "device_serial": "TK-0001", "record": "07/BB", "on": "2023-11-01"}
    take(office, province, sheet("ban_giao", [handed]), form="ban_giao")
    records = events_of(office.database, "personal_data.read")[before:]
    by = office.services.mirror.by_uid("quantri")
    assert by is not None
    assert [{name: detail[name] for name in ("form", "rows", "why", "by")} for _, _, detail in records] == [
        {"form": "ket_qua_cap", "rows": 2, "why": "dry_run", "by": by.sub},
        {"form": "ban_giao", "rows": 1, "why": "dry_run", "by": by.sub}]
    assert people[0]["identity_number"] not in str(records)
    take(office, office.agency(), sheet("mau01_ca_nhan", people))  # compares nothing
    take(office, province, sheet("ket_qua_cap", tried[2:]), form="ket_qua_cap")
    assert len(events_of(office.database, "personal_data.read")) == before + 2
    # Taken by a program it tells the same.
    taken = take(office, office.machine(), sheet("ket_qua_cap", tried[1:2]), form="ket_qua_cap", dry_run="false")
    assert (taken.json["good"], taken.json["bad"]) == (0, 1)
    assert events_of(office.database, "personal_data.read")[-1][2]["why"] == "list"


def test_security_49_a_request_brings_a_sound_key_and_the_certificate_has_it(published: tuple[Office, Government]) -> None:
    office, government = published
    person = joined(office, 1)
    officer = office.services.mirror.by_uid("canbo1")
    assert officer is not None
    for text, code in (("x", "bad_request"), ("-" * 9000, "invalid_body"), ("\u1ea5", "invalid_body"), (7, "invalid_body")):
        answer = asked(office, office.agency(), officer.sub, request=text)
        assert (answer.status_code, answer.json["code"]) == (422, code)
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key(10), SHA256())
    made = asked(office, office.agency(), officer.sub, request=request.public_bytes(Encoding.PEM).decode(), submit=True).json
    act(office, office.token("truongphong", "quantri-coquan", unit=IT), "approve", [made["id"]])
    act(office, office.province(), "approve_for_province", [made["id"]])
    office.call("POST", "/enrollments/batches", office.province(), {"document": DOCUMENT})
    certificate, other = (government.issue(person["name"], person["mail"], number) for number in (10, 11))
    for one, good in ((other, 0), (certificate, 1)):
        answer = take(office, office.province(), bundle(sheet("ket_qua_cap", results([(person, one)])), one), "zip",
                      form="ket_qua_cap", dry_run="false").json
        assert answer["good"] == good, answer


class Dying:
    """An authority that issues, and whose process dies before anybody hears of it."""

    def __init__(self, authority: Any) -> None:
        self.ready, self.authority = authority.ready, authority

    def request(self, letter: Any, wanted: Any, caller: Any) -> Any:
        self.authority.request(letter, wanted, caller)
        raise UnavailableError("It died.", dependency="database")


def test_what_brings_a_key_may_be_issued_here_at_once(office: Office) -> None:
    people = [joined(office, number) for number in range(1, 4)]
    subs = [office.services.mirror.by_uid(f"canbo{number}") for number in range(1, 4)]
    province, agency2 = office.province(), office.token("truongphong", "quantri-coquan", unit=IT)
    text = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key(10), SHA256()).public_bytes(
        Encoding.PEM).decode()
    ids = [asked(office, office.agency(), sub.sub, submit=True,  # type: ignore[union-attr]
                 **({"request": text, "device_kind": "software"} if number else {})).json["id"]
           for number, sub in enumerate(subs)]
    act(office, agency2, "approve", ids)
    act(office, province, "approve_for_province", ids)
    body = {"document": DOCUMENT, "authority": "internal"}
    assert office.call("POST", "/enrollments/batches", province, {**body, "authority": "other"}).status_code == 422
    refused = office.call("POST", "/enrollments/batches", province, body)
    assert (refused.status_code, refused.json["code"]) == (409, "no_authority")
    # The keys folder is all tests'; a name is given there once.
    office.services.certification.found(f"pilot-{secrets.token_hex(4)}", CALLER, root_key=None)
    lists: Any = office.services.administration.enrollment_lists
    internal = lists._internal
    lists._internal = Dying(internal)
    assert office.call("POST", "/enrollments/batches", province, body).status_code == 503
    assert sorted(one["state"] for one in listed(office, province)) == ["province_approved", "sent_to_ca", "sent_to_ca"]
    lists._internal = internal
    answer = office.call("POST", "/enrollments/batches", province, body).json
    assert (answer["batch"][:2], answer["sent"], answer["issued"]) == ("P-", 0, 1)
    for kind in ("csv", "xlsx", "zip"):  # what is issued here has no list for anybody, and none is made
        assert office.call("GET", f"/enrollments/batches/{answer['batch']}/{kind}", province).status_code == 404
        [left] = {one["batch"] for one in listed(office, province) if one["batch"]}
        assert office.call("GET", f"/enrollments/batches/{left}/{kind}", province).status_code == 404
    assert office.call("GET", "/enrollments/batches", province).json["items"] == []
    assert events_of(office.database, "personal_data.read") == []
    states = [office.call("GET", f"/enrollments/{number}", province).json for number in ids]
    assert states[0]["state"] == "province_approved"  # it brings no key
    [issued, returned] = sorted(states[1:], key=lambda one: str(one["state"]))  # two asked for one key: who is first has it
    assert (issued["state"], issued["certificate_known"], returned["state"]) == ("issued", True, "returned")
    assert "another holder" in returned["reason"]
    assert office.call("POST", "/enrollments/batches", province, body).status_code == 409
    assert [one["name"] for one in states] == [one["name"] for one in people]


def test_a_list_stays_as_it_went_when_its_requests_have_gone_on(office: Office) -> None:
    people = [joined(office, number) for number in (1, 2)]
    ids, province = approved(office, people), office.province()
    first = office.call("POST", "/enrollments/batches", province, {"document": DOCUMENT}).json["batch"]
    content = office.call("GET", f"/enrollments/batches/{first}/zip", province).data
    assert act(office, province, "return", ids, reason="Sai ngày sinh") == [("returned", None)] * 2
    assert act(office, office.agency(), "submit", ids) == [("submitted", None)] * 2
    act(office, office.token("phophong", "quantri-coquan", unit=IT), "approve", ids)
    act(office, province, "approve_for_province", ids)
    second = office.call("POST", "/enrollments/batches", province, {"document": "13/STTTT"}).json
    assert second["sent"] == 2
    before = len(events_of(office.database, "personal_data.read"))
    assert office.call("GET", f"/enrollments/batches/{first}/zip", province).data == content
    assert len(events_of(office.database, "personal_data.read")) == before + 2
    assert office.call("GET", f"/enrollments/batches/{second['batch']}/zip", province).data != content
    assert office.call("GET", "/enrollments/batches/20261127-00000000/zip", province).status_code == 404
