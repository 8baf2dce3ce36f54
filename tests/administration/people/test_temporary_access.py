"""Temporary passes: who asks does not give, who gives sees the code once, and nobody gains anything by one but applications."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from idp.audit import Caller
from idp.authn.assurance import temporary_mark
from idp.notices import NoticeKind
from tests.administration.office import CALLER, HOME, IT, Office

from .test_two_persons import today

WHY = {"reason": "Quên điện thoại ở nhà, đã gọi số trong danh bạ"}


def ask(office: Office, token: str, sub: str, **more: Any) -> Any:
    return office.call("POST", f"/officers/{sub}/temporary-pass", token, {**WHY, **more})


def act(office: Office, token: str, asked: Any, what: str = "approve") -> Any:
    return office.call("POST", f"/temporary-passes/{asked.json['id']}/{what}", token)


def told(office: Office, sub: str) -> list[NoticeKind]:
    return [one.kind for one in reversed(office.services.notices.of(sub))]


def redeem(office: Office, sub: str, code: str) -> str:
    officer = office.services.mirror.by_sub(sub)
    assert officer is not None
    return office.services.temporary_passes.redeem(officer, code, CALLER).outcome


def events(office: Office) -> list[tuple[str, str]]:
    return [(one.event, json.loads(one.detail).get("by_officer", "")) for one in office.audited()
            if one.event.startswith("temporary_pass.")]


def by(office: Office, uid: str) -> str:
    found = office.services.mirror.by_uid(uid)
    assert found is not None
    return found.sub


def test_a_help_desk_asks_an_administrator_gives_and_the_officer_is_told_of_each(each_office: Office) -> None:
    office = each_office
    sub = office.officer("canbo", unit=IT)
    desk, agency = office.token("hotro", "hotro-nguoidung", unit=IT), office.agency(IT)
    asked = ask(office, desk, sub)
    assert (asked.status_code, asked.json["state"], asked.json["hours"], asked.json["several"]) == (201, "open", 8, False)
    assert (asked.json["may_decide"], asked.json["may_take_back"], asked.json["may_withdraw"]) == (False, True, False)
    assert "code" not in asked.json
    assert act(office, desk, asked).status_code == 403, "a help desk alone gives nothing"
    assert ask(office, agency, sub).json["code"] == "already_asked"
    given = act(office, agency, asked)
    assert (given.status_code, given.json["state"], given.json["until"]) == (200, "active", office.clock.now() + 8 * 3600)
    code = given.json["code"]
    assert "code" not in office.call("GET", f"/temporary-passes/{asked.json['id']}", agency).json
    assert code not in office.call("GET", "/temporary-passes", agency).text
    assert ask(office, agency, sub).json["code"] == "pass_stands"
    assert act(office, office.province(), asked).json["code"] == "decided"
    assert [redeem(office, sub, it) for it in ("00000-00000", code, code)] == ["refused", "accepted", "refused"]
    assert office.call("GET", f"/temporary-passes/{asked.json['id']}", agency).json["state"] == "used"
    assert events(office) == [("temporary_pass.asked", by(office, "hotro")),
                              ("temporary_pass.approved", by(office, "quantri.coquan")), ("temporary_pass.wrong", ""),
                              ("temporary_pass.used", ""), ("temporary_pass.wrong", "")]
    assert told(office, sub) == [NoticeKind.TEMPORARY_PASS_ASKED, NoticeKind.TEMPORARY_PASS_APPROVED,
                                 NoticeKind.TEMPORARY_PASS_USED]
    assert code not in "".join(str(tuple(one)) for one in office.audited())
    assert ask(office, agency, sub).status_code == 201, "one that was used up makes room for the next"


def test_it_is_withdrawn_without_a_second_person_and_what_it_opened_ends(each_office: Office) -> None:
    office = each_office
    sub, agency = office.officer("canbo", unit=IT), office.agency(IT)
    asked = ask(office, agency, sub, hours=24, several=True)
    code = act(office, office.province(), asked).json["code"]
    assert [redeem(office, sub, code) for _ in range(2)] == ["accepted", "accepted"]
    office.session(sub)
    gone = act(office, agency, asked, "withdraw")
    assert (gone.status_code, gone.json["state"], gone.json["uses"]) == (200, "withdrawn", 2)
    assert office.services.sessions._store.alive(sub) == []
    assert redeem(office, sub, code) == "refused"
    assert told(office, sub)[-1] is NoticeKind.TEMPORARY_PASS_WITHDRAWN
    assert act(office, agency, asked, "withdraw").status_code == 200, "ending that broke off is done again"
    assert [one for one, _ in events(office)].count("temporary_pass.withdrawn") == 1
    office.clock.advance(24 * 3600)
    assert act(office, office.province(), asked, "withdraw").json["code"] == "decided"


def test_one_that_was_never_used_ends_no_session(office: Office) -> None:
    sub, agency = office.officer("canbo", unit=IT), office.agency(IT)
    asked = ask(office, agency, sub)
    assert act(office, agency, asked, "withdraw").json["code"] == "decided", "there is no pass yet"
    act(office, office.province(), asked)
    office.session(sub)
    assert act(office, agency, asked, "withdraw").status_code == 200
    assert len(office.services.sessions._store.alive(sub)) == 1


def test_who_asked_never_gives_and_may_take_it_back(office: Office) -> None:
    sub, agency = office.officer("canbo", unit=IT), office.agency(IT)
    asked = ask(office, agency, sub)
    assert act(office, agency, asked).json["code"] == "same_person"
    assert act(office, agency, asked, "refuse").json["state"] == "refused"
    assert act(office, office.province(), asked).json["code"] == "decided"
    assert office.services.temporary_passes.standing(sub) is None
    assert ask(office, agency, sub).status_code == 201


def test_a_deputy_their_giver_and_who_named_them_are_one_person(office: Office) -> None:
    sub, agency, province = office.officer("canbo", unit=IT), office.agency(IT), office.province()
    office.officer("phophong", unit=IT)
    named = office.call("POST", "/deputies", province, {
        "deputy": "phophong", "giver": "quantri.coquan", "ends_on": today(office), "reason": "Đi công tác"})
    assert named.status_code == 201, named.text
    deputy = office.token("phophong", unit=IT)
    for asker, others in ((deputy, (agency, province)), (agency, (deputy,)), (province, (deputy,))):
        asked = ask(office, asker, sub)
        assert [act(office, other, asked).json["code"] for other in others] == ["same_person"] * len(others)
        assert act(office, asker, asked, "refuse").status_code == 200
    asked = ask(office, deputy, sub)
    office.call("DELETE", f"/deputies/{named.json['id']}", agency)
    assert act(office, agency, asked).json["code"] == "same_person", "whom they stood in for when they asked"


def test_nobody_asks_for_themselves_for_another_agency_or_for_whom_reaches_further(office: Office) -> None:
    agency, other = office.agency(IT), office.officer("khac", unit=HOME)
    desk = office.token("hotro", "hotro-nguoidung", unit=IT)
    above = office.officer("sep", "quantri-tinh", unit=IT)
    auditor = office.officer("thanhtra", "kiemtoan", unit=IT)
    assert [ask(office, token, by(office, uid)).status_code for token, uid in (
        (agency, "quantri.coquan"), (desk, "hotro"))] == [403, 403]
    assert ask(office, office.province(), by(office, "quantri")).status_code == 403
    assert ask(office, agency, other).status_code == 404
    assert [ask(office, token, sub).status_code for token in (agency, desk) for sub in (above, auditor)] == [403] * 4
    mine = office.officer("canbo", unit=IT)
    assert [ask(office, token, mine).status_code for token in (
        office.machine(), office.auditor(), office.token("vanthu", "vanthu-thietbi", unit=IT),
        office.token("dangky", "dangky-chungthu", unit=IT), office.token("thuong", unit=IT))] == [403] * 5
    asked = ask(office, agency, mine)
    stranger = office.token("khac.quantri", "quantri-coquan", unit=HOME)
    assert [act(office, stranger, asked, what).status_code for what in ("approve", "refuse", "withdraw")] == [404] * 3
    assert office.call("GET", "/temporary-passes", stranger).json["items"] == []


def test_the_officer_does_not_give_it_to_themselves_and_who_became_more_is_out_of_reach(office: Office) -> None:
    sub = office.officer("phophong", "quantri-coquan", unit=IT)
    asked = ask(office, office.province(), sub)
    assert asked.status_code == 201
    assert act(office, office.token(session=office.session(sub)), asked).status_code == 403
    office.officer("phophong", "quantri-tinh", unit=IT)
    assert act(office, office.agency(IT), asked).status_code == 403


@pytest.mark.parametrize(("body", "code"), [
    ({}, "invalid_body"), ({"reason": " "}, "invalid_body"), ({"reason": "x", "more": 1}, "invalid_body"),
    ({"reason": "x", "several": "true"}, "invalid_body"), ({"reason": "x", "hours": 0}, "bad_hours"),
    ({"reason": "x", "hours": 25}, "bad_hours"), ({"reason": "x", "hours": True}, "bad_hours"),
    ({"reason": "x", "hours": "8"}, "bad_hours"), ({"reason": "x", "hours": 1.5}, "bad_hours")])
def test_a_body_is_what_it_is(office: Office, body: Any, code: str) -> None:
    sub = office.officer("canbo", unit=IT)
    answer = office.call("POST", f"/officers/{sub}/temporary-pass", office.agency(IT), body)
    assert (answer.status_code, answer.json["code"]) == (422, code)


def test_too_late_asker_gone_and_an_officer_who_is_not_at_work(office: Office) -> None:
    sub, agency = office.officer("canbo", unit=IT), office.agency(IT)
    asked = ask(office, agency, sub)
    office.clock.advance(86400)
    late = act(office, office.province(), asked)
    assert (late.status_code, late.json["code"]) == (409, "too_late")
    asked = ask(office, office.token("hotro", "hotro-nguoidung", unit=IT), sub)
    office.disable("hotro")
    assert act(office, office.province(), asked).json["code"] == "asker_gone"
    assert act(office, office.province(), asked, "refuse").status_code == 200
    asked = ask(office, office.agency(IT), sub)
    office.disable("canbo")
    assert act(office, office.province(), asked).json["code"] == "disabled"
    assert act(office, office.province(), asked, "refuse").status_code == 200
    assert ask(office, office.agency(IT), sub).json["code"] == "disabled"


def test_a_stopped_account_has_no_pass_when_it_goes_on(office: Office) -> None:
    sub, agency = office.officer("canbo", unit=IT), office.agency(IT)
    code = act(office, office.province(), ask(office, agency, sub)).json["code"]
    assert office.call("POST", f"/officers/{sub}/stop", agency, {"reason": "Mất máy"}).status_code == 201
    assert office.call("POST", f"/officers/{sub}/lift-stop", office.province(), {"reason": "Tìm thấy"}).status_code == 200
    assert redeem(office, sub, code) == "refused"


@pytest.mark.parametrize("several", [False, True])
def test_of_several_who_use_it_at_once_one_does_unless_it_is_for_several(each_office: Office, several: bool) -> None:
    office = each_office
    sub = office.officer("canbo", unit=IT)
    given = act(office, office.province(), ask(office, office.agency(IT), sub, several=several)).json
    officer = office.services.mirror.by_sub(sub)
    assert officer is not None
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda n: office.services.temporary_passes.redeem(
            officer, given["code"], Caller(f"198.51.{n}.7", "r")).outcome, range(4)))
    assert outcomes.count("accepted") == (4 if several else 1)
    assert [one for one, _ in events(office)].count("temporary_pass.used") == (4 if several else 1)


def test_of_several_who_give_it_at_once_one_does_and_has_the_code(each_office: Office) -> None:
    office = each_office
    sub = office.officer("canbo", unit=IT)
    asked, tokens = ask(office, office.agency(IT), sub), [office.token(f"tinh{n}", "quantri-tinh") for n in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda token: act(office, token, asked), tokens))
    assert sorted(one.status_code for one in answers) == [200, 409, 409, 409]
    code = next(one.json["code"] for one in answers if one.status_code == 200)
    assert redeem(office, sub, code) == "accepted"


def test_who_came_in_by_a_pass_administers_nothing_not_even_reading(office: Office) -> None:
    sub, until = office.officer("quantri.moi", "quantri-tinh"), office.clock.now() + 3600
    session = office.services.sessions.open(sub, acr=2, amr=("pwd", temporary_mark(until)), caller=CALLER, until=until)[1]
    token = office.token(session=session, scope="openid admin offline_access")
    for method, path, body in (("GET", "/officers?q=a", None), ("GET", "/factor-resets", None),
                               ("POST", f"/officers/{sub}/end-access", {})):
        answer = office.call(method, path, token, body)
        assert (answer.status_code, answer.json["code"]) == (401, "insufficient_user_authentication"), path
    grant = office.call("GET", f"/grants?sub={sub}", office.province()).json["items"][0]
    assert grant["amr"] == ["pwd"]
    assert grant["expires_at"] == until, "what outlives the session does not outlive the pass"
    console = office.services.administration.console
    assert not console.fits(session, None)
    assert console.fits(office.session(sub), None)
