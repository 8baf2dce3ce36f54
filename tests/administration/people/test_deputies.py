"""Deputies: a role until a day, never more than the giver has, never further, by no route."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest

from idp.pki.enrollment.working_days import day_of
from idp.roles import ForbiddenError
from tests.administration.office import CALLER, HOME, IT, Office

BELOW = f"{IT}.2"


def day(office: Office, ahead: int = 0) -> str:
    return (day_of(office.clock.now()) + timedelta(days=ahead)).isoformat()


def name(office: Office, token: str, deputy: str = "phophong", **more: Any) -> Any:
    return office.call("POST", "/deputies", token, {"deputy": deputy, "ends_on": day(office), "reason": "Đi công tác", **more})


def reaches(office: Office, token: str, *subs: str) -> list[int]:
    return [office.call("GET", f"/officers/{sub}", token).status_code for sub in subs]


def test_a_deputy_has_the_givers_role_until_the_end_of_the_day(each_office: Office) -> None:
    office = each_office
    agency, own, other = office.agency(IT), office.officer("mot", unit=BELOW), office.officer("ba", unit=HOME)
    sub = office.officer("phophong", unit=BELOW)
    made = name(office, agency, ends_on=day(office, 1))
    assert (made.status_code, made.json["role"], made.json["deputy"]) == (201, "agency_administrator", sub)
    session = office.session(sub)
    token = office.token(session=session)
    assert reaches(office, token, own, other) == [200, 404]
    assert office.call("POST", f"/officers/{own}/end-access", token).status_code == 200
    shown = office.call("GET", f"/officers/{sub}", agency).json["role"]
    giver = office.services.mirror.by_uid("quantri.coquan")
    assert giver is not None
    assert shown == {"role": "agency_administrator", "unit": IT, "deputy_for": giver.sub}
    assert [told.kind.value for told in office.services.notices.of(sub)] == ["deputy.named"]
    assert [told.kind.value for told in office.services.notices.of(giver.sub)] == ["deputy.named"]
    office.clock.advance(made.json["ends_at"] - office.clock.now())
    late = office.token(session=office.session(sub))
    assert office.call("GET", "/officers?q=mot", late).status_code == 403


@pytest.mark.parametrize("end", [
    lambda office, agency, made: office.call("DELETE", f"/deputies/{made.json['id']}", agency),
    lambda office, _agency, made: office.call("DELETE", f"/deputies/{made.json['id']}", office.province()),
    lambda office, _agency, made: office.call("DELETE", f"/deputies/{made.json['id']}", office.token("phophong", unit=IT)),
    lambda office, _agency, _made: office.disable("quantri.coquan"),
    lambda office, _agency, _made: office.officer("quantri.coquan", unit=IT)])
def test_it_ends_by_either_of_the_two_by_the_province_and_with_the_givers_role(
        office: Office, end: Callable[[Office, str, Any], Any]) -> None:
    office.officer("phophong", unit=IT)
    agency = office.agency(IT)
    made = name(office, agency)
    token = office.token("phophong", unit=IT)
    assert office.call("GET", "/officers?q=mau", token).status_code == 200
    end(office, agency, made)
    assert office.call("GET", "/officers?q=mau", token).status_code == 403


def test_security_38_nobody_lends_what_was_lent_and_only_the_province_for_others(office: Office) -> None:
    office.officer("phophong", unit=IT)
    office.officer("khac", unit=IT)
    agency, desk = office.agency(IT), office.token("hotro", "hotro-nguoidung", unit=IT)
    assert name(office, agency).status_code == 201
    deputy = office.token("phophong", unit=IT)
    assert name(office, deputy, "khac").status_code == 403
    assert name(office, deputy, "khac", giver="quantri.coquan").status_code == 403
    assert name(office, desk, "khac", giver="quantri.coquan").status_code == 403
    assert name(office, agency, "khac", giver="hotro").status_code == 403
    assert name(office, office.auditor(), "khac").status_code == 403
    assert name(office, office.machine(), "khac").status_code == 403
    made = name(office, office.province(), "khac", giver="hotro")
    assert (made.status_code, made.json["role"]) == (201, "help_desk")


@pytest.mark.parametrize(("more", "status", "code"), [
    ({"deputy": "khong.co"}, 422, "unknown_officer"), ({"deputy": "quantri.coquan"}, 422, "unknown_officer"),
    ({"deputy": "xa"}, 409, "beyond"), ({"deputy": "hotro"}, 409, "has_role"), ({"unit": HOME}, 409, "beyond"),
    ({"unit": "H30"}, 409, "beyond"), ({"unit": "x"}, 409, "beyond"), ({"ends_on": "2020-01-01"}, 422, "bad_day"),
    ({"ends_on": "mai"}, 422, "bad_day"), ({"reason": " "}, 422, "invalid_body"), ({"more": "x"}, 422, "invalid_body"),
    ({"reason": 1}, 422, "invalid_body")])
def test_what_cannot_be_lent(office: Office, more: dict[str, Any], status: int, code: str) -> None:
    office.officer("phophong", unit=IT)
    office.officer("xa", unit=HOME)
    office.officer("hotro", "hotro-nguoidung", unit=IT)
    answer = name(office, office.agency(IT), **{"deputy": "phophong", **more})
    assert (answer.status_code, answer.json["code"]) == (status, code)


def test_no_day_is_too_far_ahead(office: Office) -> None:
    office.officer("phophong", unit=IT)
    agency = office.agency(IT)
    assert name(office, agency, ends_on=day(office, 93)).json["code"] == "bad_day"
    assert name(office, agency, ends_on=day(office, 92)).status_code == 201


def test_an_officer_stands_in_for_one_person_at_a_time_and_of_several_who_ask_one_is_first(each_office: Office) -> None:
    office = each_office
    office.officer("phophong", unit=IT)
    tokens = [office.token(f"quantri{n}", "quantri-coquan", unit=IT) for n in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = sorted(answer.status_code for answer in pool.map(lambda token: name(office, token), tokens))
    assert answers == [201, 409, 409, 409]
    office.clock.advance(86400)
    assert name(office, office.agency(IT)).status_code == 201, "what is over makes room"


def test_security_38_an_administrator_below_gains_nothing_by_the_account_of_a_deputy(office: Office) -> None:
    sub = office.officer("phophong", unit=BELOW)
    name(office, office.agency(IT))
    below = office.token("quantri.duoi", "quantri-coquan", unit=BELOW)
    for path, body in (("password-reset", None), ("enrolment-code", None), ("end-access", None),
                       ("factor-reset", {"reason": "x"})):
        answer = office.call("POST", f"/officers/{sub}/{path}", below, body, Idempotency_Key="k" * 12)
        assert answer.status_code == 403, path


def test_a_deputy_of_the_province_is_above_every_agency(office: Office) -> None:
    sub = office.officer("phophong", unit=IT)
    assert name(office, office.province(), "phophong").status_code == 201
    assert office.call("POST", f"/officers/{sub}/end-access", office.agency(IT)).status_code == 403


def test_a_deputy_decides_nothing_that_they_asked_for_themselves(office: Office) -> None:
    holder = office.officer("canbo", unit=IT)
    office.officer("phophong", unit=IT)
    name(office, office.agency(IT))
    deputy = office.token("phophong", unit=IT)
    number = office.call("POST", "/enrollments", deputy, {"holder": holder, "device_kind": "token", "submit": True}).json["id"]
    answer = office.call("POST", f"/enrollments/{number}/acts", deputy, {"act": "approve"})
    assert (answer.status_code, answer.json["code"]) == (403, "same_person")


def test_a_deputy_reads_nothing_on_a_password_alone(office: Office) -> None:
    sub = office.officer("phophong", unit=IT)
    name(office, office.agency(IT))
    token = office.token(session=office.session(sub, acr=1))
    assert office.call("GET", "/officers?q=mau", token).status_code == 401


def test_who_sees_which(each_office: Office) -> None:
    office = each_office
    for uid, unit in (("mot", IT), ("ba", HOME)):
        office.officer(uid, unit=unit)
    agency, other = office.agency(IT), office.token("khac", "quantri-coquan", unit=HOME)
    name(office, agency, "mot")
    name(office, other, "ba")

    def listed(token: str) -> list[str]:
        return [one["deputy_name"] and one["id"] for one in office.call("GET", "/deputies", token).json["items"]]

    assert [len(listed(token)) for token in (agency, other, office.token("mot", unit=IT), office.province())] == [1, 1, 1, 2]
    assert office.call("DELETE", f"/deputies/{listed(agency)[0]}", other).status_code == 404
    assert date.fromisoformat(day(office))


def test_both_are_reminded_once_before_the_end_of_what_is_long(each_office: Office) -> None:
    office = each_office
    deputies = office.services.administration.people.deputies
    long, short = office.officer("phophong", unit=IT), office.officer("ngan", unit=HOME)
    name(office, office.agency(IT), ends_on=day(office, 9))
    name(office, office.token("khac", "quantri-coquan", unit=HOME), "ngan", ends_on=day(office, 2))

    def remind() -> int:
        with ThreadPoolExecutor(4) as pool:
            return sum(pool.map(lambda _: deputies.remind(CALLER, most=9), range(4)))

    def kinds(sub: str) -> list[str]:
        return [told.kind.value for told in office.services.notices.of(sub)]

    assert remind() == 0
    office.clock.advance(7 * 86400)
    assert remind() == 1
    assert remind() == 0
    giver = office.services.mirror.by_uid("quantri.coquan")
    assert giver is not None
    assert (kinds(long), kinds(giver.sub)) == (["deputy.ending", "deputy.named"],) * 2
    assert kinds(short) == ["deputy.named"]
    assert [one.sub for one in office.audited() if one.event == "deputy.reminded"] == [long]
    office.clock.advance(3 * 86400)
    name(office, office.agency(IT), ends_on=day(office, 9))
    office.clock.advance(7 * 86400)
    assert remind() == 1, "and so is the next one"


def test_security_38_a_deputy_gains_nothing_by_any_route(office: Office) -> None:
    """Neither for themselves, nor for whom they stand in, nor through a further one."""
    sub, other = office.officer("phophong", unit=IT), office.officer("khac", unit=IT)
    agency, province = office.agency(IT), office.province()
    giver = office.services.mirror.by_uid("quantri.coquan")
    assert giver is not None
    made = name(office, agency, ends_on=day(office, 1))
    deputy = office.token("phophong", unit=IT)
    acts = [("password-reset", None), ("enrolment-code", None), ("release-factors", None), ("factor-reset", {"reason": "x"})]
    for whom in (sub, giver.sub):
        for path, body in acts:
            answer = office.call("POST", f"/officers/{whom}/{path}", deputy, body, Idempotency_Key="k" * 12)
            assert answer.status_code == 403, (whom, path)
    further = {"deputy": "khac", "ends_on": day(office, 1), "reason": "x"}
    longer = {"deputy": "phophong", "ends_on": day(office, 60), "reason": "x"}
    for body in (further, longer, {**further, "giver": "quantri.coquan"}, {**longer, "giver": "quantri"}):
        assert office.call("POST", "/deputies", deputy, body).status_code == 403
    for role in ("quantri-tinh", "kiemtoan"):
        assert office.call("GET", f"/officers/{office.officer(f'tren.{role}', role, unit=IT)}", deputy).json["sessions"] == []
    assert reaches(office, deputy, office.officer("xa", unit=HOME)) == [404]
    assert office.call("POST", "/campaigns", deputy, {"name": "x"}).status_code == 403
    # The giver's own certificate, and what the giver asked for: the deputy is no second person.
    for token, holder in ((province, giver.sub), (agency, other)):
        number = office.call("POST", "/enrollments", token, {"holder": holder, "device_kind": "token", "submit": True}).json["id"]
        answer = office.call("POST", f"/enrollments/{number}/acts", deputy, {"act": "approve"})
        assert (answer.status_code, answer.json["code"]) == (403, "same_person"), holder
        assert "approve" not in office.call("GET", f"/enrollments/{number}", deputy).json.get("acts", ())
    # After the end: the token that was good until then, one made now, and the command line.
    acting = office.services.administration.officers.acting
    assert acting("phophong", CALLER)[0].deputy_for == giver.sub
    office.clock.advance(made.json["ends_at"] - office.clock.now())
    for token in (deputy, office.token(session=office.session(sub))):
        assert office.call("GET", "/officers?q=mau", token).status_code in (401, 403)
        assert office.call("POST", f"/officers/{other}/end-access", token).status_code in (401, 403)
    with pytest.raises(ForbiddenError):
        acting("phophong", CALLER)
    assert office.services.administration.people.deputies.of(sub) == []
