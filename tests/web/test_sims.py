"""SIMs and signatures on pages: the officer's own, and those whom an administrator oversees."""

from __future__ import annotations

import json
import re
import zipfile
from io import BytesIO
from pathlib import Path
from shutil import copy
from typing import Any
from urllib.parse import urlencode

import pytest
from click.testing import CliRunner
from flask_babel import force_locale

from idp.cli.sims import commands as sims_commands
from idp.signing.outcome import FAULTS, STATUS, Outcome, of_fault
from idp.signing.sims.brake import DoubtRule
from idp.signing.transaction import DENIED, NOT_FETCHED, SIM_BLOCKED, STANDING_UNKNOWN
from idp.web import api, signature_words
from tests.administration.office import CALLER, HOME, IT, PLENTY, Office
from tests.signing.sims.house import ICCID, NUMBER

from .console import Console
from .phones import DESK, FORM, LIST, SIM, Phones, asked, signing, the_sim


def test_an_officer_gets_a_sim_and_two_approve_it(phones: Phones) -> None:
    leader, agency = phones.person("lanhdao", unit=IT), phones.person("quantri.coquan", "quantri-coquan", unit=IT)
    desk = phones.person("quantri", "quantri-tinh")
    sub = phones.office.officer("lanhdao", unit=IT)
    wrong = asked(leader, "12")
    assert (wrong.status_code, 'id="phone-error"' in wrong.text, 'value="12"' in wrong.text) == (422, True, True)
    assert asked(leader).status_code == 303
    sim = the_sim(phones, sub)
    assert phones.house.inbox.sent[-1][0] == "84912345678"
    page = leader.get(SIM).text
    assert "•••• ••• 678" in page
    assert "0912" not in page
    assert "84912345678" not in page
    bad = leader.post(f"{SIM}/{sim}/code", SIM, otp="000000" if phones.house.inbox.code != "000000" else "1")
    assert (bad.status_code, "Mã chưa đúng" in bad.text) == (422, True)
    assert leader.post(f"{SIM}/{sim}/code", SIM, otp=phones.house.inbox.code).status_code == 303
    assert "lanhdao" in agency.get(DESK).text or sim in agency.get(DESK).text
    refused = agency.post(f"{DESK}{sim}/acts/approve", FORM, owner="no")
    assert (refused.status_code, "của người khác" in refused.text) == (409, True)
    assert agency.post(f"{DESK}{sim}/acts/approve", FORM, owner="yes").status_code == 303
    assert agency.post(f"{DESK}{sim}/acts/approve_for_province", FORM).status_code == 403
    assert desk.post(f"{DESK}{sim}/acts/approve_for_province", FORM).status_code == 303
    wrong = desk.post(f"{DESK}{sim}/acts/give_card", FORM, needed="123")
    assert (wrong.status_code, 'id="needed-error"' in wrong.text) == (422, True)
    assert desk.post(f"{DESK}{sim}/acts/give_card", FORM, needed=ICCID).status_code == 303
    assert leader.post(f"{SIM}/{sim}/test", SIM).status_code == 303
    shown = leader.get(SIM)
    waiting = shown.text
    code = phones.house.signing._store.of_officer(sub, limit=1)[0].code
    assert f"Số đối chiếu: {', '.join(code)}" in waiting
    assert shown.headers["Refresh"] == f"4;url={SIM}"
    phones.house.carrier.answer(phones.house.signing)
    phones.office.clock.advance(15)
    for looked in (leader.get(SIM), desk.get(f"{DESK}{sim}")):
        assert "Chờ ký thử" in looked.text, "looking changes nothing"
    phones.house.signing.go_on(CALLER, most=10)
    checked = leader.get(SIM)
    assert ("Hệ thống đang kiểm tra" in checked.text, "Số đối chiếu" in checked.text, "Refresh" in checked.headers) == (
        True, False, True)
    phones.house.sims.settle(CALLER, most=10)
    done = leader.get(SIM)
    assert ("Đang dùng" in done.text, "Refresh" in done.headers) == (True, False)
    history = desk.get(f"{DESK}{sim}").text
    assert history.count("<time>") == 10 + 1  # a wrong code stands there too
    whole, block = f"/admin/officers/{sub}", f'href="{DESK}{sim}/acts/report_loss"'
    for browser, blocks in ((desk, True), (agency, True), (phones.person("kiemtoan", "kiemtoan"), False)):
        page = browser.get(whole).text
        assert (f'href="{DESK}{sim}">•••• ••• 678<' in page, block in page, "84912345678" in page) == (True, blocks, False)


def test_security_38_another_agency_and_an_auditor(phones: Phones) -> None:
    leader = phones.person("lanhdao", unit=IT)
    asked(leader)
    sim = the_sim(phones, phones.office.officer("lanhdao", unit=IT))
    other, auditor = phones.person("khac", "quantri-coquan", unit=HOME), phones.person("kiemtoan", "kiemtoan")
    assert sim not in other.get(DESK).text
    for path in (sim, f"{sim}/acts/report_loss"):
        assert other.get(DESK + path).status_code == 404, path
    assert other.post(f"{DESK}{sim}/acts/deactivate", FORM).status_code == 404
    assert auditor.get(DESK + sim).status_code == 200
    assert auditor.post(f"{DESK}{sim}/acts/deactivate", FORM).status_code == 403
    assert phones.person("canbo").get(DESK).status_code == 403
    assert other.get(f"{DESK}{sim}/acts/sudo").status_code == 404


def test_security_57_the_help_desk_reports_a_loss_and_does_nothing_else(phones: Phones) -> None:
    helper, another = (phones.person(uid, "hotro-nguoidung", unit=unit) for uid, unit in (("hotro", IT), ("hotro.khac", HOME)))
    house, office = phones.house, phones.office
    sims = [house.active(number, phones.officer(uid, phone="+84931222333"), iccid).sim_id for uid, number, iccid in (
        ("lanhdao", "0912 345 678", ICCID), ("chuyenvien", "0912 345 679", "8984990000000000041"))]
    assert DESK in helper.get("/admin/officers/").text
    listed = helper.get(f"{DESK}?q=678").text
    assert (sims[0] in listed, sims[1] in listed, f"{DESK}new" in listed, "84912345678" in listed) == (True, False, False, False)
    for words, shown in (("Truyền thông, lanhdao", True), ("lanhdao giám đốc,", True), ("lanhdao Nội vụ", False),
                         ("931222333", False), ("lanhdao 222", False)):
        found = helper.get(f"{DESK}?{urlencode({'q': words})}").text
        assert (sims[0] in found) is shown, (words, "a hidden number is told by no part of it")
    assert set(re.findall(r'acts/([a-z_]+)"', helper.get(DESK + sims[0]).text)) == {"report_loss"}
    for act in ("deactivate", "unlock", "give_card", "approve"):
        assert helper.post(f"{DESK}{sims[0]}/acts/{act}", FORM, needed="x").status_code in {403, 409, 422}, act
    assert another.post(f"{DESK}{sims[0]}/acts/report_loss", FORM).status_code == 404
    assert helper.post(f"{DESK}{sims[0]}/acts/report_loss", FORM).status_code == 303
    office.client = api.create(office.services).test_client(use_cookies=False)
    token = office.token("hotro", "hotro-nguoidung", unit=IT)
    assert [one["acts"] for one in office.call("GET", "/sims?q=679", token).json["items"]] == [["report_loss"]]
    assert office.call("POST", f"/sims/{sims[1]}/acts", token, {"act": "deactivate"}).status_code == 403
    assert office.call("POST", f"/sims/{sims[1]}/acts", token, {"act": "report_loss"}).json["state"] == "lost"
    assert office.call("GET", "/sims", office.token("hotro.khac", "hotro-nguoidung")).json["items"] == []
    assert [house.store.find(one).state.value for one in sims] == ["lost", "lost"]  # type: ignore[union-attr]


def test_an_administrator_asks_for_somebody_else_and_for_a_seal(phones: Phones) -> None:
    clerk, holder = phones.person("dangky", "dangky-chungthu", unit=IT), phones.person("giudau", unit=IT)
    keeper = phones.officer("giudau")
    assert f"{DESK}new" in clerk.get(DESK).text
    found = clerk.get(f"{DESK}new?kind=seal&q=giudau").text
    assert f"holder={keeper}" in found
    form = f"{DESK}new?kind=seal&holder={keeper}"
    assert "ký thay mặt Sở Thông tin và Truyền thông" in clerk.get(form).text
    asked_for: dict[str, str] = {"kind": "seal", "holder": keeper, "carrier": "mang"}
    for wrong, at in (({"phone": "12"}, "phone"), ({"phone": "0912345678", "carrier": "không có"}, "carrier")):
        refused = clerk.post(f"{DESK}new", form, **(asked_for | wrong))
        assert (refused.status_code, f'id="{at}-error"' in refused.text, f'value="{wrong["phone"]}"' in refused.text) == (
            422, True, True), at
    made = clerk.post(f"{DESK}new", form, **asked_for, phone="0912 345 678")
    sim = the_sim(phones, keeper)
    assert (made.status_code, made.headers["Location"]) == (303, f"{DESK}{sim}")
    again = clerk.post(f"{DESK}new", form, **asked_for, phone="0912 345 678")
    assert (again.status_code, "đã có người đăng ký" in again.text) == (409, True)
    one = phones.house.store.find(sim)
    assert one is not None
    assert (one.seal, one.name, one.requester) == (True, "Sở Thông tin và Truyền thông", phones.office.officer(
        "dangky", "dangky-chungthu", unit=IT))
    assert "Duyệt" not in re.findall(r'acts/[a-z_]+">([^<]+)', clerk.get(DESK + sim).text)
    assert clerk.post(f"{DESK}{sim}/acts/send_code", FORM).status_code == 303
    assert len(phones.house.inbox.sent) == 2
    phones.house.inbox.away = True
    late = clerk.post(f"{DESK}{sim}/acts/send_code", FORM)
    assert (late.status_code, "Chưa gửi được tin nhắn" in late.text) == (503, True)
    phones.house.inbox.away, phones.house.inbox.unknown = False, {"84912345678"}
    nobodys = clerk.post(f"{DESK}{sim}/acts/send_code", FORM)
    assert (nobodys.status_code, "Nhà mạng không có số này" in nobodys.text) == (422, True)
    phones.house.inbox.away = True
    other = clerk.post(f"{DESK}new", form, **(asked_for | {"kind": "person"}), phone="0912 345 679")
    page = clerk.get(other.headers["Location"])
    assert (other.status_code, "Chưa gửi được tin nhắn" in page.text, "acts/send_code" in page.text) == (303, True, True)
    assert holder.get(SIM).text.count('name="otp"') == 2, "the holder types the codes"


def test_a_number_that_no_carrier_has_is_a_mistake_in_the_form(phones: Phones) -> None:
    leader = phones.person("lanhdao", unit=IT)
    phones.house.inbox.unknown = {"84912345678"}
    refused = asked(leader)
    assert (refused.status_code, "Nhà mạng không có số này" in refused.text, 'value="0912 345 678"' in refused.text) == (
        422, True, True)
    assert asked(leader, "0912 345 679").status_code == 303, "the number that was meant, at once"


def test_security_38_who_may_not_ask_for_others(phones: Phones) -> None:
    sub = phones.officer("lanhdao")
    form = f"{DESK}new?holder={sub}"
    for uid, group, unit in (("kiemtoan", "kiemtoan", IT), ("vanthu", "vanthu-thietbi", IT), ("canbo", "", IT)):
        browser = phones.person(uid, *([group] if group else []), unit=unit)
        for path in (f"{DESK}new", form):
            assert browser.get(path).status_code == 403, uid
        sent = browser.post(f"{DESK}new", FORM, holder=sub, phone="0912345678", carrier="mang")
        assert sent.status_code == 403, uid
        assert f"{DESK}new" not in browser.get(DESK).text
    other = phones.person("khac", "quantri-coquan", unit=HOME)
    assert other.get(form).status_code == 404
    assert other.post(f"{DESK}new", FORM, holder=sub, phone="0912345678", carrier="mang").status_code == 403
    assert "lanhdao" not in other.get(f"{DESK}new?q=lanhdao").text.split("<main")[1].split("</form>")[1]
    assert phones.house.store.of_officer(sub) == []
    assert phones.house.inbox.sent == []


def test_security_39_a_sim_and_a_signature_are_their_officers(phones: Phones) -> None:
    leader, other = phones.person("lanhdao", unit=IT), phones.person("canbo", unit=IT)
    asked(leader)
    sub = phones.office.officer("lanhdao", unit=IT)
    sim = the_sim(phones, sub)
    for act in ("code", "send", "test", "lost", "end"):
        assert other.post(f"{SIM}/{sim}/{act}", FORM, otp=phones.house.inbox.code).status_code == 404, act
    assert other.get(f"{SIM}/{sim}/lost").status_code == 404
    assert "•••• ••• 678" not in other.get(SIM).text
    taken = asked(other)
    assert (taken.status_code, "đã có người đăng ký" in taken.text) == (409, True)


def test_security_57_what_was_not_asked_for_is_over_at_once(phones: Phones) -> None:
    browser, one = signing(phones)
    listed = browser.get(LIST).text
    assert "Công văn &lt;b&gt;số 12&lt;/b&gt;" in listed
    assert "Quản lý văn bản" in listed
    page = browser.get(f"{LIST}/{one}")
    assert (page.status_code, "Tôi không yêu cầu ký" in page.text) == (200, True)
    stranger = phones.person("canbo", unit=IT)
    for path in (one, f"{one}/evidence"):
        assert stranger.get(f"{LIST}/{path}").status_code == 404
    assert stranger.post(f"{LIST}/{one}/deny", FORM).status_code == 404
    assert browser.post(f"{LIST}/{one}/deny", f"{LIST}/{one}").status_code == 303
    after = browser.get(f"{LIST}/{one}").text
    assert ("Bạn không yêu cầu" in after, "Tôi không yêu cầu ký" in after) == (True, False)
    phones.house.carrier.answer(phones.house.signing)
    phones.office.clock.advance(15)
    phones.house.signing.go_on(CALLER, most=5)
    assert phones.house.signing.find("qlvb", one).signature is None


def test_evidence_comes_as_a_file(phones: Phones) -> None:
    browser, one = signing(phones)
    answer = browser.get(f"{LIST}/{one}/evidence")
    assert answer.headers["Content-Type"] == "application/zip"
    assert f'filename="{one}.zip"' in answer.headers["Content-Disposition"]
    assert "manifest.json" in zipfile.ZipFile(BytesIO(answer.data)).namelist()


def test_security_57_a_loss_is_reported_by_the_officer(phones: Phones) -> None:
    browser, _ = signing(phones)
    sub = phones.office.officer("lanhdao", unit=IT)
    sim = the_sim(phones, sub)
    assert browser.get(f"{SIM}/{sim}/lost").status_code == 200
    assert browser.post(f"{SIM}/{sim}/lost", f"{SIM}/{sim}/lost").status_code == 303
    assert "Đã báo mất" in browser.get(SIM).text
    assert phones.house.authority.revoked == [("7", "lost")]
    assert 'name="phone"' in browser.get(SIM).text, "a new one may be asked for"


def test_without_a_carrier_nothing_of_it_is_offered(sqlite_template: Path, tmp_path: Path) -> None:
    target = tmp_path / "console.sqlite3"
    copy(sqlite_template, target)
    office = Office(f"sqlite:///{target}", rates=PLENTY)
    console = Console(office)
    browser = console.person("lanhdao")
    assert browser.get(SIM).status_code == browser.get(LIST).status_code == 404
    assert "/account/sim" not in browser.get("/account/security").text
    desk = console.person("quantri", "quantri-tinh")
    assert desk.get(DESK).status_code == 404
    assert DESK not in desk.get("/admin/").text
    office.close()


def test_the_api_follows_the_same_rules(phones: Phones) -> None:
    office, house = phones.office, phones.house
    office.client = api.create(office.services).test_client(use_cookies=False)
    sub = phones.officer("lanhdao")
    agency, province, second = office.agency(), office.province(), office.token("pheduyet", "quantri-tinh")
    wish = {"holder": sub, "number": "0912 345 678", "carrier": "mang", "seal": True}
    bodies: list[Any] = [{}, {"holder": sub}, wish | {"seal": 1}, wish | {"more": 1}, wish | {"number": 7},
                         wish | {"number": "1"}]
    for body in bodies:
        assert office.call("POST", "/sims", agency, body).status_code == 422, body
    for other in (office.auditor(), office.machine(scope="admin:read")):
        assert office.call("POST", "/sims", other, wish).status_code == 403
    assert office.call("POST", "/sims", office.agency(HOME), wish).status_code == 403
    agency = office.agency()
    made = office.call("POST", "/sims", agency, wish)
    assert (made.status_code, made.json["state"], made.json["number"]) == (201, "requested", "…678")
    address = f"/sims/{made.json['id']}"
    assert made.json["acts"] == ["send_code", "report_loss"]
    assert office.call("POST", f"{address}/acts", office.auditor(), {"act": "send_code"}).status_code == 403
    assert office.call("POST", f"{address}/acts", agency, {"act": "send_code"}).json["state"] == "requested"
    house.sims.verify(sub, made.json["id"], house.inbox.code, CALLER)
    acts = address + "/acts"
    for body in ({}, {"act": "verify"}, {"act": "approve", "owner_match": "yes"}, {"act": "approve", "x": 1}, {"act": 1}):
        assert office.call("POST", acts, agency, body).status_code == 422, body
    assert office.call("POST", acts, agency, {"act": "approve"}).json["code"] == "another_person", "who asked does not approve"
    assert office.call("POST", acts, province, {"act": "approve", "owner_match": True}).json["state"] == "agency_approved"
    assert office.call("POST", acts, province, {"act": "approve_for_province"}).json["code"] == "another_person"
    assert office.call("POST", acts, second, {"act": "approve_for_province"}).json["state"] == "approved"
    assert office.call("POST", acts, second, {"act": "give_card", "iccid": "1"}).json["code"] == "bad_card"
    assert office.call("POST", acts, second, {"act": "give_card", "iccid": ICCID}).json["state"] == "bound"
    assert [one["id"] for one in office.call("GET", "/sims?unit=" + IT, agency).json["items"]] == [made.json["id"]]
    other = office.agency(HOME)
    assert office.call("GET", "/sims", other).json["items"] == []
    assert office.call("GET", "/sims?unit=" + IT, other).status_code == 403
    assert office.call("GET", address, other).status_code == 404
    assert office.call("POST", acts, other, {"act": "deactivate"}).status_code == 404
    read = office.call("GET", address, province).json
    assert [line["act"] for line in read["history"]][-3:] == ["give_card", "certify", "bind"]
    assert "84912345678" not in str(read)
    assert office.call("POST", acts, province, {"act": "report_loss"}).json["state"] == "lost"


def in_doubt(phones: Phones) -> str:
    """Bring an officer's SIM into doubt, as one more than the carrier may end; gives its name."""
    house = phones.house
    sim = house.active(NUMBER, phones.officer("lanhdao"))
    sims = house.copies(sim, DoubtRule().least)
    for one in (*sims, sim):
        house.brake.exchanged(one, "unsuitable_sim", CALLER)
    return sim.sim_id


def test_security_57_what_a_carrier_says_of_many_at_once_is_decided_by_the_province(phones: Phones) -> None:
    leader, desk = phones.person("lanhdao", unit=IT), phones.person("quantri", "quantri-tinh")
    agency, auditor = phones.person("quantri.coquan", "quantri-coquan", unit=IT), phones.person("kiemtoan", "kiemtoan")
    row = "Quyết định về SIM"
    assert row not in desk.get("/admin/").text
    sim = in_doubt(phones)
    held = f"{DESK}doubts/"
    assert (row in desk.get("/admin/").text, row in agency.get("/admin/").text) == (True, False)
    own = leader.get(SIM).text
    assert ("Đang kiểm tra với nhà mạng" in own, "Tỉnh đang kiểm tra" in own, f"{SIM}/{sim}/lost" in own) == (True, True, True)
    assert "Tỉnh đang kiểm tra" in agency.get(DESK + sim).text
    listed = desk.get(DESK).text
    assert (listed.count("Đang kiểm tra với nhà mạng ("), f"{held}dismiss?carrier=mang" in listed) == (1, True)
    assert [held in one.get(DESK).text for one in (agency, auditor)] == [False, False]
    assert re.findall(rf"{DESK}(sim-[0-9a-z]+)", desk.get(f"{DESK}?state=in_doubt&carrier=mang").text) == [sim]
    for one in (agency, auditor):
        assert one.get(f"{held}confirm?carrier=mang").status_code == 303
        assert one.post(f"{held}confirm", FORM, carrier="mang", needed="Đúng").status_code == 403
    assert desk.get(f"{held}sudo?carrier=mang").status_code == 404
    assert desk.get(f"{held}confirm?carrier=khac").status_code == 303
    assert "1 SIM chờ quyết định" in desk.get(f"{held}confirm?carrier=mang").text
    wrong = desk.post(f"{held}dismiss", FORM, carrier="mang", needed=" ")
    assert (wrong.status_code, 'id="needed-error"' in wrong.text) == (422, True)
    assert desk.post(f"{held}dismiss", FORM, carrier="mang", needed="Nhà mạng khôi phục nhầm").status_code == 303
    again = desk.post(f"{held}confirm", FORM, carrier="mang", needed="Đúng")
    assert (again.status_code, "người khác đã quyết định" in again.text) == (409, True)
    assert "Đang dùng" in leader.get(SIM).text
    assert row not in desk.get("/admin/").text
    assert "Nhà mạng báo nhầm" in desk.get(DESK + sim).text


def test_security_57_the_same_by_program_and_by_command(phones: Phones) -> None:
    office, group = phones.office, sims_commands(lambda: phones.office.services)
    office.client = api.create(office.services).test_client(use_cookies=False)
    province, body = office.province(), {"carrier": "mang", "decision": "confirm", "reason": "Đổi SIM theo lô"}
    sim = in_doubt(phones)
    assert [one["sims"] for one in office.call("GET", "/sims/doubts", province).json["items"]] == [1]
    assert [one["id"] for one in office.call("GET", "/sims?sim_state=in_doubt", province).json["items"]] == [sim]
    assert office.call("GET", f"/sims/{sim}", province).json["in_doubt"] is True
    agency, auditor, machine = office.agency(IT), office.auditor(), office.machine()
    assert [office.call("GET", "/sims/doubts", one).status_code for one in (agency, auditor)] == [403, 200]
    assert [office.call("POST", "/sims/doubts", one, body).status_code for one in (agency, auditor, machine)] == [403] * 3
    for wrong in ({}, body | {"reason": " "}, body | {"decision": "forget"}, body | {"carrier": 1}, body | {"more": "x"}):
        assert office.call("POST", "/sims/doubts", province, wrong).status_code == 422, wrong
    assert office.call("POST", "/sims/doubts", province, body | {"carrier": "khac"}).status_code == 409

    def run(*words: str) -> Any:
        with phones.app.app_context():
            return CliRunner().invoke(group, list(words))

    assert "1 are in doubt" in run("doubts").output
    assert run("decide", "confirm", "--carrier", "mang", "--by", "quantri").exit_code == 2, "a reason is needed"
    assert run("decide", "confirm", "--carrier", "mang", "--reason", "x", "--by", "lanhdao").exit_code == 1, "no administrator"
    done = run("decide", "confirm", "--carrier", "mang", "--reason", "Đổi SIM theo lô", "--by", "quantri", "--json")
    assert json.loads(done.output)["sims"] == 1
    assert office.call("POST", "/sims/doubts", province, body).json["code"] == "no_doubt"
    assert office.call("GET", f"/sims/{sim}", province).json["state"] == "swapped"
    assert (run("doubts", "--json").output, phones.house.authority.revoked[-1]) == ("[]\n", ("7", "swapped"))


def test_an_operator_reports_a_loss_by_command(phones: Phones) -> None:
    signing(phones)
    group = sims_commands(lambda: phones.office.services)

    def run(*words: str) -> Any:
        with phones.app.app_context():
            return CliRunner().invoke(group, list(words))

    assert run("list").exit_code == 2
    assert run("list", "--officer", "nobody").exit_code == 1
    assert run("list", "--number", "12").exit_code == 1
    assert json.loads(run("list", "--officer", "lanhdao", "--json").output)[0]["state"] == "active"
    assert run("lost", "--number", "0912345678").exit_code == 2, "a reason is needed"
    done = run("lost", "--number", "0912 345 678", "--reason", "Gọi lúc 2 giờ sáng", "--json")
    assert [one["state"] for one in json.loads(done.output)] == ["lost"]
    assert run("lost", "--number", "0912345678", "--reason", "x").exit_code == 1


@pytest.mark.parametrize("language", ["vi", "en"])
def test_etsi_102204_every_code_has_a_sentence_in_both_languages(phones: Phones, language: str) -> None:
    with phones.app.test_request_context("/"), force_locale(language):
        said = signature_words.outcomes()
    assert set(said) == {outcome.value for outcome in Outcome} | {DENIED, NOT_FETCHED, SIM_BLOCKED, STANDING_UNKNOWN}
    for code in (*STATUS, *FAULTS):
        outcome = STATUS.get(code) or of_fault(code, None)
        sentence = said[outcome.value]
        assert sentence.endswith("."), code
        assert bool(re.search(r"[à-ỹđ]", sentence)) is (language == "vi"), sentence
