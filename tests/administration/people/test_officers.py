"""Officers as a list, whole, and by what happened; agencies as a tree; many officers at once."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from typing import Any
from urllib.parse import quote

import pytest

from idp.adapters.sql.directory.people import FEW
from idp.administration.pages import cursor_of
from idp.administration.people.ports import SORTS
from idp.directory.unit import Unit, UnitEntry
from tests.administration.office import HOME, IT, Office
from tests.administration.test_factors import enrol
from tests.fakes.directory import make_officer

PHONE = "+84912345678"


def people(office: Office) -> dict[str, str]:
    """Add four officers of two agencies; gives their subjects."""
    subs = {uid: office.officer(uid, unit=unit) for uid, unit in (("an", IT), ("binh", f"{IT}.2"), ("chi", HOME), ("dung", IT))}
    enrol(office, subs["an"])
    office.session(subs["an"])
    return subs


def uids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [item["uid"] for item in answer.json["items"]]


def only(answer: Any, *known: str) -> list[str]:
    return [uid for uid in uids(answer) if uid in known]


FOUR = ("an", "binh", "chi", "dung")


def test_a_list_is_narrowed_sorted_and_turned(each_office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office = each_office
    subs = people(office)
    province, agency = office.province(), office.agency(IT)
    everybody = only(office.call("GET", "/officers?limit=200", province), *FOUR)
    assert sorted(everybody) == sorted(FOUR)
    assert only(office.call("GET", "/officers?limit=200&sort=-name", province), *FOUR) == everybody[::-1]
    assert sorted(only(office.call("GET", "/officers?limit=200", agency), *FOUR)) == ["an", "binh", "dung"]
    assert only(office.call("GET", f"/officers?unit={IT}.2", province), *FOUR) == ["binh"]
    mine = only(office.call("GET", "/officers", agency), *FOUR)
    assert only(office.call("GET", f"/officers?unit={HOME}", agency), *FOUR) == mine
    for few in (FEW, 0):  # found one by one, and read through
        monkeypatch.setattr("idp.adapters.sql.directory.people.FEW", few)
        assert only(office.call("GET", "/officers?factor=with", province), *FOUR) == ["an"]
        assert only(office.call("GET", f"/officers?factor=with&unit={IT}.2", province), *FOUR) == []
    assert sorted(only(office.call("GET", "/officers?factor=without&limit=200", agency), *FOUR)) == ["binh", "dung"]
    for number, uid in enumerate(("chi", "an"), start=1):
        office.services.mirror.signed_in(subs[uid], now=office.clock.now() + number)
    assert only(office.call("GET", "/officers?sort=last_sign_in&limit=200", province), *FOUR)[-2:] == ["chi", "an"]
    assert only(office.call("GET", "/officers?sort=-last_sign_in&limit=200", province), *FOUR)[:2] == ["an", "chi"]
    assert office.call("GET", "/officers?sort=mail", province).status_code == 400
    office.disable("binh")
    assert only(office.call("GET", "/officers?officer_state=disabled", agency), *FOUR) == ["binh"]
    for order in SORTS:
        turned: list[str] = []
        cursor = ""
        while True:
            page = office.call("GET", f"/officers?limit=2&sort={order}{cursor}", province)
            turned += uids(page)
            if not page.json["next"]:
                break
            cursor = f"&cursor={page.json['next']}"
        assert turned == uids(office.call("GET", f"/officers?limit=200&sort={order}", province)), order
        assert len(turned) == len(set(turned))


def test_words_and_filters_together(each_office: Office) -> None:
    office = each_office
    people(office)
    province = office.province()
    assert only(office.call("GET", "/officers?q=nguyen&factor=with", province), *FOUR) == ["an"]
    assert sorted(only(office.call("GET", f"/officers?q=nguyen&unit={IT}&officer_state=active", province), *FOUR)) == [
        "an", "binh", "dung"]


def test_a_number_of_a_certificate_or_a_device_finds_its_holder(office: Office) -> None:
    subs, province = people(office), office.province()
    device = office.call("POST", "/devices", province, {"kind": "token", "serial": "TK-0417"}).json["id"]
    given = office.call("POST", f"/devices/{device}/acts", province, {"act": "hand_over", "receiver": subs["chi"], "record": "7"})
    assert given.status_code == 200
    assert uids(office.call("GET", "/officers?q=tk-0417", province)) == ["chi"]
    assert uids(office.call("GET", "/officers?q=tk-0417", office.agency(IT))) == []


def test_numbers_of_telephones_are_hidden_and_no_part_of_one_finds_anybody(office: Office) -> None:
    officer = make_officer("an", phone=PHONE, posts=office.directory.add(make_officer("mau")).posts)
    sub = office.services.mirror.remember(office.directory.add(officer), now=1)
    unit = officer.main_post.unit_code
    desk, agency = office.token("hotro", "hotro-nguoidung", unit=unit), office.token("qt", "quantri-coquan", unit=unit)
    for path in (f"/officers/{sub}", "/officers?q=an&limit=200"):
        for token in (desk, agency, office.province(), office.machine()):
            answer = office.call("GET", path, token)
            found = answer.json if "items" not in answer.json else next(one for one in answer.json["items"] if one["sub"] == sub)
            assert found["phone"] == "•••• ••• 678"
            assert PHONE[3:] not in answer.text
    for part in (PHONE[-3:], PHONE[-4:], PHONE[4:9], PHONE[:-1], "0" + PHONE[3:-1], PHONE[3:]):
        assert [uids(office.call("GET", f"/officers?q={quote(part)}", token)) for token in (desk, agency)] == [[], []], part
    office.officer("an.hai", unit=unit)
    for query in ("limit=1", "limit=1&sort=-name", "limit=1&sort=last_sign_in", "q=an&limit=1"):
        cursor = office.call("GET", f"/officers?{query}", desk).json["next"]
        assert PHONE[-6:].encode() not in urlsafe_b64decode(cursor + "=="), "a cursor is read by whoever gets it"
        assert office.call("GET", f"/officers?{query}&cursor={cursor}", desk).status_code == 200
    assert office.call("GET", f"/officers?cursor={cursor_of('nobody')}", desk).status_code == 400


def test_an_agency_learns_no_more_from_a_timeline_than_from_the_audit_trail(office: Office) -> None:
    """Of one of its own who has a role for the province nothing; from where others acted on its officers neither."""
    subs, agency, desk = people(office), office.agency(IT), office.token("hotro", "hotro-nguoidung", unit=IT)
    auditor = office.officer("kiemtoan.it", "kiemtoan", unit=IT)
    office.session(auditor)
    for token in (agency, desk):
        assert office.call("GET", f"/officers/{auditor}/timeline", token).json["items"] == []
        assert office.call("GET", f"/officers/{auditor}", token).json["sessions"] == []
    assert office.call("GET", f"/officers/{auditor}/timeline", office.province()).json["items"]
    office.call("POST", f"/officers/{subs['an']}/end-access", office.province())
    seen = office.call("GET", f"/officers/{subs['an']}/timeline", agency).json["items"]
    assert {one["source"] for one in seen if one["by"]} == {None}
    assert [one for one in office.call("GET", f"/officers/{subs['an']}/timeline", desk).json["items"] if one["detail"]] == []


def test_an_officer_whole_shows_each_role_what_it_may_see(office: Office) -> None:
    subs = people(office)
    office.token(session=office.session(subs["an"]), client_id="qlvb", scope="openid offline_access")
    whole = office.call("GET", f"/officers/{subs['an']}", office.agency(IT)).json
    assert [one["factor"] for one in whole["factors"]] == ["otp", "recovery_codes"]
    assert [one["client_id"] for one in whole["applications"]] == ["qlvb"]
    assert (len(whole["sessions"]), whole["has_factor"], whole["certificates"], whole["devices"], whole["tasks"]) == (
        2, True, [], [], [])
    desk = office.call("GET", f"/officers/{subs['an']}", office.token("hotro", "hotro-nguoidung", unit=IT)).json
    assert [desk[name] for name in ("applications", "certificates", "devices", "tasks")] == [None] * 4
    assert office.call("GET", f"/officers/{subs['chi']}", office.agency(IT)).status_code == 404


def test_one_timeline_holds_everything_about_an_officer_the_newest_first(each_office: Office) -> None:
    office = each_office
    subs, agency = people(office), office.agency(IT)
    number = office.call("POST", "/enrollments", agency, {"holder": subs["an"], "device_kind": "token"}).json["id"]
    office.call("POST", f"/officers/{subs['an']}/end-access", agency)
    first = office.call("GET", f"/officers/{subs['an']}/timeline?limit=200", agency).json
    seen = [one["event"] for one in first["items"]]
    assert {"sign_in", "factor.enrolled", "enrollment.asked", "access.ended", "session.ended"} <= set(seen)
    assert seen.index("access.ended") < seen.index("enrollment.asked") < seen.index("sign_in")
    asked = next(one for one in first["items"] if one["event"] == "enrollment.asked")
    assert asked["detail"]["number"] == number
    assert asked["by"] == office.services.mirror.by_uid("quantri.coquan").sub  # type: ignore[union-attr]
    page = office.call("GET", f"/officers/{subs['an']}/timeline?limit=2", agency).json
    second = office.call("GET", f"/officers/{subs['an']}/timeline?limit=200&cursor={page['next']}", agency).json
    assert [*page["items"], *second["items"]] == first["items"]


def test_many_at_once_each_for_itself_and_reminded_once_a_day(office: Office) -> None:
    subs, agency = people(office), office.agency(IT)
    asked = {"act": "remind", "officers": [subs["an"], subs["dung"], subs["chi"], "nobody", subs["dung"]]}
    answer = office.call("POST", "/officers/acts", agency, asked).json
    assert answer == {"done": 1, "items": [
        {"sub": subs["an"], "code": "has_factor"}, {"sub": subs["dung"], "code": None},
        {"sub": subs["chi"], "code": "unknown_officer"}, {"sub": "nobody", "code": "unknown_officer"}]}
    again = office.call("POST", "/officers/acts", office.province(), {"act": "remind", "officers": [subs["dung"]]}).json
    assert again["items"] == [{"sub": subs["dung"], "code": "already_done"}]
    assert [told.kind.value for told in office.services.notices.of(subs["dung"])] == ["factor.wanted"]
    ended = office.call("POST", "/officers/acts", agency, {"act": "end_access", "officers": [subs["an"], subs["chi"]]}).json
    assert [item["code"] for item in ended["items"]] == [None, "unknown_officer"]
    assert office.call("GET", f"/officers/{subs['an']}", agency).json["sessions"] == []


@pytest.mark.parametrize("body", [{}, {"act": "x", "officers": ["a"]}, {"act": "remind", "officers": []},
                                  {"act": "remind", "officers": ["a"] * 201}, {"act": "remind", "officers": [1]},
                                  {"act": ["remind"], "officers": ["a"]}, {"act": "remind", "officers": "a"}])
def test_what_is_not_such_an_act(office: Office, body: dict[str, Any]) -> None:
    answer = office.call("POST", "/officers/acts", office.agency(IT), body)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_body")


class TestAgencies:
    @pytest.fixture(autouse=True)
    def units(self, office: Office) -> None:
        for code, called in (("H30", "Tỉnh"), (IT, "Sở TTTT"), (f"{IT}.2", "Trung tâm"), ("H30.2", "Sở Hai"), (HOME, "Sở Khác")):
            office.services.mirroring.units.note_unit(UnitEntry(f"unit-{code}", Unit(code, "", called)), now=1)

    def test_the_tree_has_numbers_of_all_below_in_the_order_of_numbers(self, office: Office) -> None:
        people(office)
        agency = office.agency(IT)
        tree = office.call("GET", "/agencies", office.province()).json["items"]
        assert [(one["code"], one["depth"]) for one in tree] == [("H30", 0), ("H30.2", 1), (IT, 1), (f"{IT}.2", 2), (HOME, 1)]
        mine = office.call("GET", "/agencies", agency).json["items"]
        assert [(one["code"], one["depth"], one["officers"], one["with_factor"]) for one in mine] == [
            (IT, 0, 4, 1), (f"{IT}.2", 1, 1, 0)]

    def test_an_agency_whole(self, office: Office) -> None:
        subs, agency, province = people(office), office.agency(IT), office.province()
        client, _, _ = office.made(province, province={"owner_unit": IT})
        device = office.call("POST", "/devices", province, {"kind": "token", "serial": "TK-1000"}).json["id"]
        office.call("POST", f"/devices/{device}/acts", province, {"act": "hand_over", "receiver": subs["an"], "record": "7"})
        whole = office.call("GET", f"/agencies/{IT}", agency).json
        assert [one["code"] for one in whole["below"]] == [f"{IT}.2"]
        assert whole["above"] == []
        assert [one["name"] for one in whole["administrators"]] == ["Nguyễn Văn Mẫu"]
        assert [one["client_id"] for one in whole["applications"]] == [client]
        assert [one["id"] for one in whole["devices"]] == [device]
        assert [one["code"] for one in office.call("GET", f"/agencies/{IT}", province).json["above"]] == ["H30"]
        assert office.call("GET", f"/agencies/{HOME}", agency).status_code == 404
        assert office.call("GET", "/agencies/H30.99", province).status_code == 404


def test_a_whole_number_is_read_or_looked_for_by_who_may_and_the_officer_learns_who_and_why(each_office: Office) -> None:
    office = each_office
    officer = make_officer("an", phone=PHONE, posts=office.directory.add(make_officer("mau")).posts)
    sub = office.services.mirror.remember(office.directory.add(officer), now=1)
    unit = officer.main_post.unit_code
    desk, agency = office.token("hotro", "hotro-nguoidung", unit=unit), office.token("qt", "quantri-coquan", unit=unit)
    other, auditor = office.token("xa", "quantri-coquan", unit=HOME if unit != HOME else IT), office.auditor()

    def read(token: str, purpose: object = "Gọi báo lịch nhận thiết bị", **more: object) -> Any:
        return office.call("POST", f"/officers/{sub}/phone", token, {"purpose": purpose, **more})

    assert [read(token).status_code for token in (desk, other, office.machine())] == [403, 404, 403]
    for purpose in ("", "ngắn quá", "x" * 301, "a\nb" * 9, 5):
        refused = read(agency, purpose)
        assert (refused.status_code, refused.json["code"]) == (422, "bad_purpose")
    assert read(agency, more=1).status_code == 422
    own = office.services.own_readings
    assert not [one for one in office.audited() if one.event == "personal_data.read"]
    assert read(agency).json == {"phone": PHONE}
    assert read(auditor, "Kiểm tra theo kế hoạch năm").json == {"phone": PHONE}
    assert [(one["why"], one["purpose"], one["name"]) for one in own.of(sub, limit=9).items] == [
        ("phone", "Kiểm tra theo kế hoạch năm", "Nguyễn Văn Mẫu"), ("phone", "Gọi báo lịch nhận thiết bị", "Nguyễn Văn Mẫu")]
    whole = "0" + PHONE[3:]
    assert [uids(office.call("GET", f"/officers?q={whole}", token)) for token in (desk, other, agency)] == [[], [], ["an"]]
    records = [(one.sub, json.loads(one.detail)["why"]) for one in office.audited() if one.event == "personal_data.read"]
    assert records[2:] == [("", "phone_search"), (sub, "phone_search")], "who may not read one looks for none"
    assert PHONE[3:] not in str([tuple(one) for one in office.audited()])
