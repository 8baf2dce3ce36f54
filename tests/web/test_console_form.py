"""/admin/certificates/new: one request by a form; what is typed is read as a row of the list, and goes the way of a row."""

from __future__ import annotations

import dataclasses
import re
import secrets
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from shutil import copy
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from flask_babel import force_locale
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from idp.administration.enrollment.asking import _PLACES, DEVICES, FIELDS, FormError
from idp.directory.officer import Post
from idp.directory.unit import Unit, UnitEntry
from idp.pki.enrollment.moves import Actor
from idp.pki.enrollment.record import Enrollment, Kind, Purpose, Search
from idp.pki.forms import Flaw
from idp.roles import Administrator, Role
from idp.web.console.field_words import fields, sentence
from tests.administration.office import CALLER, HOME, IT, PLENTY, Office
from tests.administration.test_enrollments import joined, sheet, take
from tests.fakes.directory import make_officer
from tests.pki.expiry.records import put
from tests.pki.government.chain import key

from .console import Browser, Console

NEW = "/admin/certificates/new"
ROADS = "H30.13"
GOOD = {"device_kind": "token", "identity_number": "093080000001", "birth_date": "05/09/1980", "identity_issued_on": "1/2/2020",
        "identity_issued_by": "Cục Cảnh sát", "phone": "0912 345 678"}


@pytest.fixture(scope="module")
def console(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    target = tmp_path_factory.mktemp("form") / "idp.sqlite3"
    copy(sqlite_template, target)
    office = Office(f"sqlite:///{target}", rates=PLENTY)
    names = {IT: "Sở Thông tin và Truyền thông", f"{IT}.2": "Phòng Văn thư", HOME: "Sở Nội vụ", ROADS: "Sở Xây dựng"}
    for number, (code, name) in enumerate(names.items()):
        office.services.mirroring.units.note_unit(
            UnitEntry(f"unit-{number}", Unit(code, "", name)), now=office.clock.now())
    yield Console(office)
    office.close()


def clerk(console: Console, uid: str = "vanthu", unit: str = IT) -> Browser:
    return console.person(uid, "quantri-coquan", unit=unit)


def person(console: Console, uid: str, name: str = "Trần Thị Đẹp", unit: str = IT, **facts: Any) -> str:
    return console.office.services.mirror.remember(console.office.directory.add(make_officer(
        uid, name, posts=(Post(unit, "", "Sở", "Chuyên viên"),), **facts)), now=console.office.clock.now())


def requests_of(console: Console, holder: str) -> list[Enrollment]:
    return list(console.office.services.certificate_desk.moves.store.page(Search(holder=holder), after="", limit=10))


def sent(browser: Browser, holder: str, kind: str = "person", step: str = "submit", **typed: str) -> Any:
    return browser.post(NEW, "/admin/certificates/import", kind=kind, holder=holder, step=step, **typed)


def made_for(console: Console, uid: str) -> str:
    holder = person(console, uid)
    assert sent(clerk(console), holder, **GOOD).status_code == 303
    return holder


def errors(page: Any) -> dict[str, str]:
    """Read what stands beside fields."""
    return {name: unescape(re.sub("<[^>]+>", "", said)).replace("Lỗi: ", "")
            for name, said in re.findall(r'id="([a-z_]+)-error">(.*?)</div>', page.text)}


def csr() -> str:
    made = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key(77), SHA256())
    return made.public_bytes(Encoding.PEM).decode()


def test_an_officer_is_found_without_accents_and_by_mailbox_and_only_in_ones_own_agency(console: Console) -> None:
    mine, below = person(console, "ttdep"), person(console, "ttdep2", unit=f"{IT}.2")
    elsewhere, alike = person(console, "ttdep3", unit=HOME), person(console, "ttdep4", unit=f"{IT}9")
    for words in ("tran thi dep", "Đẹp", "ttdep@haugiang"):
        found = clerk(console).get(f"{NEW}?kind=person&q={words}").text
        assert mine in found, words
        assert words == "ttdep@haugiang" or below in found
        assert elsewhere not in found
        assert alike not in found, "a code that begins alike is another agency"
    assert elsewhere in console.person("quantri", "quantri-tinh").get(f"{NEW}?q=tran+thi+dep").text
    assert "Không có cán bộ nào như vậy" in clerk(console).get(f"{NEW}?q=khong+co+ai").text
    assert clerk(console).get(f"{NEW}?holder={elsewhere}").status_code == 404
    assert sent(clerk(console), elsewhere, **GOOD).status_code == 404
    assert requests_of(console, elsewhere) == []


def test_errors_stand_beside_their_fields_and_nothing_is_written_until_there_are_none(console: Console) -> None:
    holder, browser = person(console, "mothai"), clerk(console)
    wrong = sent(browser, holder, device_kind="hsm", identity_number="12", birth_date="31/02/1980", phone="1",
                 identity_issued_on="01/01/2999", old_serial="xyz")
    assert wrong.status_code == 422
    assert set(errors(wrong)) == {"device_kind", "identity_number", "birth_date", "phone", "identity_issued_on", "old_serial"}
    assert errors(wrong)["birth_date"] == "Ngày này không có trong lịch."
    assert [field for field in re.findall(r'<li><a href="#([a-z_]+)"', wrong.text)] == [
        field for field in FIELDS[Kind.PERSON] if field in errors(wrong)], "above in the order of the fields"
    assert 'value="31/02/1980"' in wrong.text, "what was typed stands there again"
    assert errors(sent(browser, holder, device_kind="token")) == dict.fromkeys(
        ("identity_number", "birth_date"), "Ô này còn trống. Vui lòng điền.")
    assert set(errors(sent(browser, holder, **{**GOOD, "identity_issued_on": "05/09/1970"}))) == {"identity_issued_on"}
    assert requests_of(console, holder) == []


def test_a_form_makes_what_a_row_of_the_list_makes_and_is_the_same_request(console: Console) -> None:
    row = joined(console.office, 1)
    listed = console.office.services.mirror.by_uid("canbo1")
    assert listed is not None
    typed = person(console, "nhumot", "Nguyễn Văn Mẫu B")
    agency = console.office.token("vanthu", "quantri-coquan", unit=IT)
    rows = [{**row, "identity_issued_on": "2020-02-01", "identity_issued_by": "Cục Cảnh sát"}]
    assert take(console.office, agency, sheet("mau01_ca_nhan", rows), dry_run="false", submit="true").json["good"] == 1
    made = sent(clerk(console), typed, **{**GOOD, "phone": row["phone"]})
    assert made.status_code == 303
    (one,), (other,) = requests_of(console, listed.sub), requests_of(console, typed)
    assert made.headers["Location"] == f"/admin/certificates/{other.enrollment_id}"
    told_apart = {"enrollment_id", "holder", "name", "mail", "personal"}
    facts = [{name: value for name, value in dataclasses.asdict(each).items() if name not in told_apart} for each in (one, other)]
    assert facts[0] == facts[1]
    again = sent(clerk(console), typed, **GOOD)
    assert (again.status_code, errors(again)["device_kind"][:11]) == (409, "Đã có đề ng")
    assert len(requests_of(console, typed)) == 1
    assert f'<a href="/admin/certificates/{other.enrollment_id}">' in again.text, "a second press leads to what the first made"
    assert "Mở đề nghị" not in sent(clerk(console), typed, **{**GOOD, "phone": "1"}).text
    same = {**row, "name": "Nguyễn Văn Mẫu B", "mail": "nhumot@haugiang.gov.vn"}
    answer = take(console.office, agency, sheet("mau01_ca_nhan", [same]), dry_run="false", submit="true").json
    assert (answer["good"], answer["already"]) == (1, 1)


def moved(console: Console, uid: str, serial: str, days: int, **more: Any) -> tuple[str, Enrollment]:
    """Let somebody come from one agency to another, with the certificate of the first."""
    sub, office = person(console, uid, unit=HOME), console.office
    return sub, put(office.services.certificate_desk.moves.store, IT, office.clock.now() + days * 86400, holder=sub,
                    serial=serial, **{"name": "Trần Thị Đẹp", "mail": f"{uid}@haugiang.gov.vn",
                                      "title": "Chuyên viên", **more})


def test_who_came_from_another_agency_is_renewed_and_changed_by_the_agency_of_now_alone(console: Console) -> None:
    renewed, old = moved(console, "doigiahan", "abcd01", 20)
    changed, other = moved(console, "doinoidung", "abcd02", 400)
    now, before = clerk(console, "nay", HOME), clerk(console, "truoc")
    assert sent(before, renewed, **GOOD, old_serial="abcd01").status_code == 404
    assert sent(now, renewed, **GOOD, old_serial="abcd01").status_code == 303
    assert {(one.purpose, one.replaces, one.unit_code) for one in requests_of(console, renewed) if one.replaces} == {
        (Purpose.RENEW, old.enrollment_id, HOME)}
    early = sent(now, changed, **GOOD, old_serial="abcd02")
    assert (early.status_code, set(errors(early))) == (422, {"old_serial"})
    assert set(errors(sent(now, changed, **GOOD, purpose="change"))) == {"old_serial"}
    assert set(errors(sent(now, changed, **GOOD, purpose="new", old_serial="abcd02"))) == {"purpose"}
    stranger = sent(now, changed, **GOOD, purpose="change", old_serial="abcd01")
    assert (stranger.status_code, set(errors(stranger))) == (422, {"old_serial"}), "another officer's"
    assert sent(now, changed, **GOOD, purpose="change", old_serial="abcd02").status_code == 303
    assert {(one.purpose, one.replaces, one.unit_code) for one in requests_of(console, changed) if one.replaces} == {
        (Purpose.CHANGE, other.enrollment_id, HOME)}
    assert now.get(f"/admin/certificates/{other.enrollment_id}").status_code == 404, "it is still the other agency's to read"


def test_a_change_is_asked_for_only_where_the_directory_says_another_thing(console: Console) -> None:
    same, _one = moved(console, "khongdoi", "abcd03", 400, unit_code=HOME)
    refused = sent(clerk(console, "nay", HOME), same, **GOOD, purpose="change", old_serial="abcd03")
    assert (refused.status_code, set(errors(refused))) == (422, {"purpose"})
    keeper, browser = person(console, "giumayky", unit=HOME), clerk(console, "nay", HOME)
    office = console.office
    seal = put(office.services.certificate_desk.moves.store, HOME, office.clock.now() + 400 * 86400, kind=Kind.SEAL,
               holder=keeper, serial="abcd04", name="Văn phòng", mail="vp@haugiang.gov.vn")
    typed = {"device_kind": "token", "name": seal.name, "mail": seal.mail, "unit_code": HOME, "identity_number": "093080000004",
             "purpose": "change", "old_serial": "abcd04"}
    assert set(errors(sent(browser, keeper, "seal", **typed))) == {"purpose"}
    elsewhere = console.person("tinh", "quantri-tinh")
    assert sent(elsewhere, keeper, "seal", **{**typed, "unit_code": IT}).status_code == 422, "not the seal of that agency"
    assert sent(browser, keeper, "seal", **{**typed, "mail": "vanphong@haugiang.gov.vn"}).status_code == 303


def test_a_seal_whose_keeper_has_moved_is_renewed_with_a_new_keeper_by_its_own_agency_alone(console: Console) -> None:
    office = console.office
    gone, keeper = person(console, "giucu", unit=IT), person(console, "giumoi", unit=ROADS)
    old = put(office.services.certificate_desk.moves.store, ROADS, office.clock.now() + 20 * 86400, kind=Kind.SEAL,
              holder=gone, serial="abcd05", name="Văn phòng Hai", mail="vp2@haugiang.gov.vn")
    typed = {"device_kind": "token", "name": old.name, "mail": old.mail, "unit_code": ROADS, "identity_number": "093080000005",
             "purpose": "renew", "old_serial": "abcd05"}
    stranger = sent(clerk(console), gone, "seal", **{**typed, "unit_code": IT})
    assert (stranger.status_code, set(errors(stranger))) == (422, {"old_serial"}), "another agency's"
    browser = clerk(console, "duong", ROADS)
    assert sent(browser, gone, "seal", **typed).status_code == 404, "who keeps it is no longer theirs"
    assert sent(browser, keeper, "seal", **typed).status_code == 303
    (asked,) = requests_of(console, keeper)
    assert (asked.replaces, asked.name) == (old.enrollment_id, old.name)


def test_who_cannot_have_one_is_said_at_the_officer_and_a_draft_is_handed_in_later(console: Console) -> None:
    without = person(console, "khongthu", mail="")
    refused = sent(clerk(console), without, **GOOD)
    assert refused.status_code == 422
    assert '<a href="#holder">Cán bộ này chưa có thư công vụ.' in refused.text
    gone = person(console, "danghi", disabled=True)
    console.office.disable("danghi")
    assert "không còn hoạt động" in sent(clerk(console), gone, **GOOD).text
    assert requests_of(console, without) == requests_of(console, gone) == []
    holder = person(console, "nhap")
    assert sent(clerk(console), holder, step="draft", **GOOD).status_code == 303
    (draft,) = requests_of(console, holder)
    assert draft.state == "draft"
    path = f"/admin/certificates/{draft.enrollment_id}"
    assert clerk(console).post(f"{path}/acts/submit", path).status_code == 303
    assert requests_of(console, holder)[0].state == "submitted"


def test_a_seal_is_the_agencys_and_a_service_brings_its_key(console: Console) -> None:
    keeper, browser = person(console, "giudau"), clerk(console)
    seal = {"device_kind": "token", "name": "Sở Thông tin và Truyền thông", "mail": "stttt@haugiang.gov.vn", "unit_code": IT,
            "identity_number": "093080000002"}
    page = browser.get(f"{NEW}?kind=seal&holder={keeper}").text
    assert f'value="{IT}.2"' in page
    assert f'value="{HOME}"' not in page
    refused = sent(browser, keeper, "seal", **{**seal, "unit_code": HOME})
    assert (refused.status_code, errors(refused)) == (403, {"unit_code": "Đơn vị này không thuộc phạm vi của bạn."})
    assert "name" in errors(sent(browser, keeper, "seal", **{**seal, "name": "  "}))
    assert sent(browser, keeper, "seal", **seal).status_code == 303
    (made,) = requests_of(console, keeper)
    assert (made.kind, made.unit_code, made.unit_name, made.wet_ink) == (Kind.SEAL, IT, "Sở Thông tin và Truyền thông", True)
    service = {**seal, "device_kind": "software", "name": "qlvb.haugiang.gov.vn", "unit_code": f"{IT}.2"}
    for request, said in (("", "còn trống"), ("-----BEGIN X", "Chưa đọc được"), ("é", "Chưa đọc được")):
        assert said in errors(sent(browser, keeper, "service", **service, request=request))["request"]
    assert sent(browser, keeper, "service", **service, request=csr()).status_code == 303
    assert {one.kind for one in requests_of(console, keeper)} == {Kind.SEAL, Kind.SERVICE}
    assert all(bool(one.request) is (one.kind is Kind.SERVICE) for one in requests_of(console, keeper))


def test_security_38_auditors_ask_for_nothing_and_nobody_asks_without_a_token_of_the_form(console: Console) -> None:
    holder, auditor = person(console, "docthoi"), console.person("kiemtoan", "kiemtoan")
    assert "/certificates/new" not in auditor.get("/admin/certificates/").text
    assert auditor.get(NEW).status_code == 403
    number = requests_of(console, made_for(console, "cosan"))[0].enrollment_id
    assert auditor.post(NEW, f"/admin/certificates/{number}", kind="person", holder=holder, **GOOD).status_code == 403
    bare = clerk(console).client.post(NEW, data={"kind": "person", "holder": holder, **GOOD}, headers={"Host": "localhost:8000"})
    assert bare.status_code == 400
    assert requests_of(console, holder) == []


def test_every_field_has_its_words_and_every_refusal_its_sentence_in_both_languages(console: Console) -> None:
    elsewhere = {Flaw.NOT_A_CARD_NUMBER, Flaw.NOT_AN_ENTRY, Flaw.NOT_A_TAX_CODE, Flaw.TWICE}
    desk = {*_PLACES, "not_active", "guest", "no_mailbox", "no_agency"}
    for language in ("vi", "en"):
        with console.app.test_request_context(), force_locale(language):
            said = [sentence(code) for code in (*(set(Flaw) - elsewhere), *desk)]
            assert sentence("changed") not in said
            for kind in Kind:
                assert all(field["label"] for field in fields(kind, FIELDS[kind]))
    assert set(DEVICES) == set(Kind)


TYPED = st.dictionaries(st.sampled_from(sorted({name for names in FIELDS.values() for name in names})),
                        st.text(max_size=40) | st.sampled_from([*GOOD.values(), IT, "Sở", "software", csr()]))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(typed=TYPED, kind=st.sampled_from(list(Kind)), submit=st.booleans())
def test_whatever_is_typed_becomes_a_request_or_is_said_at_its_field(console: Console, typed: dict[str, str], kind: Kind,
                                                                     submit: bool) -> None:
    who = Administrator(role=Role.AGENCY, client_id="console", sub="s" * 22, unit=IT)
    wrong: set[str] = set()
    try:
        console.office.services.administration.enrollment_paper.asking.one(
            who, kind, person(console, "nhieu"), typed, submit=submit, caller=CALLER)
    except FormError as err:
        wrong = {one.field for one in err.wrong}
    assert wrong <= {*FIELDS[kind], "holder"}


def test_whom_a_batch_goes_to_is_chosen_and_a_seal_goes_to_the_government_alone(console: Console) -> None:
    keeper, path = person(console, "giudau2", unit=f"{IT}.2"), "/admin/certificates/batches"
    assert sent(clerk(console), keeper, "seal", device_kind="token", name="Phòng Văn thư", mail="pvt@haugiang.gov.vn",
                unit_code=f"{IT}.2", identity_number="093080000003").status_code == 303
    (seal,) = requests_of(console, keeper)
    office = console.office
    rooms = office.services.certificate_desk
    one, two = office.officer("pd1", "quantri-tinh"), office.officer("pd2", "quantri-tinh")
    for do, sub in ((rooms.desk.approve, one), (rooms.desk.approve_for_province, two)):
        do(Actor(sub, Administrator(role=Role.PROVINCE, client_id="console", sub=sub)), seal.enrollment_id, CALLER)
    desk = console.person("quantri", "quantri-tinh")
    assert 'name="authority"' not in desk.get(path).text, "there is one authority only"
    name = f"thu-{secrets.token_hex(4)}"
    office.services.certification.found(name, CALLER, root_key=None)
    page = desk.get(path).text
    assert re.findall(r'name="authority"[^>]* value="([^"]+)"', page) == ["government", f"internal:{name}"]
    assert "không thay cho chứng thư số của Chính phủ" in page
    assert "Cấp được 0 trên 1 đề nghị đang chờ." in page
    for chosen, status, said in ((f"internal:{name}", 409, "chỉ gửi được cho đơn vị cấp chứng thư của Chính phủ"),
                                 ("internal:khong-co", 422, "không còn cấp nữa"), ("x", 422, "chưa đúng mẫu|không đúng mẫu")):
        refused = desk.post(path, path, document="1/X", authority=chosen)
        assert refused.status_code == status
        assert re.search(said, refused.text)
    assert requests_of(console, keeper)[0].state == "province_approved"
    assert "với 1 đề nghị" in desk.post(path, path, document="1/X", authority="government").text
    assert requests_of(console, keeper)[0].state == "sent_to_ca"
