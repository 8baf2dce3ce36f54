"""Factors are taken away by two persons: who asks does not decide, and there is no other way for administrators."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest

from idp.audit import AuditEvent, AuditRecord, Caller
from idp.pki.enrollment.working_days import day_of
from tests.administration.office import HOME, IT, Office
from tests.administration.test_factors import enrol

REASON = {"reason": "Mất điện thoại, đã xem căn cước"}


def ask(office: Office, token: str, sub: str, body: Any = REASON) -> Any:
    return office.call("POST", f"/officers/{sub}/factor-reset", token, body)


def decide(office: Office, token: str, asked: Any, what: str = "approve") -> Any:
    return office.call("POST", f"/factor-resets/{asked.json['id']}/{what}", token)


def events(office: Office, *names: str) -> list[tuple[str, str]]:
    return [(one.event, json.loads(one.detail).get("by_officer", "")) for one in office.audited() if one.event in names]


def test_a_help_desk_asks_and_an_administrator_of_the_agency_decides(each_office: Office) -> None:
    office = each_office
    sub = office.officer("canbo", unit=IT)
    uuid, desk, agency = enrol(office, sub), office.token("hotro", "hotro-nguoidung", unit=IT), office.agency(IT)
    asked = ask(office, desk, sub)
    assert (asked.status_code, asked.json["state"]) == (201, "open")
    assert (asked.json["may_decide"], asked.json["may_take_back"]) == (False, True)
    assert asked.headers["Location"].endswith(f"/factor-resets/{asked.json['id']}")
    assert office.services.second_factors.enrolled(uuid)
    assert ask(office, agency, sub).json["code"] == "already_asked"
    assert [one["id"] for one in office.call("GET", "/factor-resets", agency).json["items"]] == [asked.json["id"]]
    assert decide(office, desk, asked).status_code == 403
    done = decide(office, agency, asked)
    assert (done.status_code, done.json["state"], done.json["done_at"]) == (200, "approved", office.clock.now())
    assert not office.services.second_factors.enrolled(uuid)
    assert office.call("GET", "/factor-resets", agency).json["items"] == []
    assert decide(office, agency, asked).json["code"] == decide(office, agency, asked, "refuse").json["code"] == "decided"
    by = {uid: found.sub for uid in ("hotro", "quantri.coquan") if (found := office.services.mirror.by_uid(uid))}
    assert events(office, "factor_reset.asked", "factor_reset.approved", "factor.removed") == [
        ("factor_reset.asked", by["hotro"]), ("factor_reset.approved", by["quantri.coquan"]),
        *[("factor.removed", by["quantri.coquan"])] * 2]


def test_who_asked_never_decides_and_may_take_it_back(office: Office) -> None:
    sub = office.officer("canbo", unit=IT)
    uuid, agency = enrol(office, sub), office.agency(IT)
    asked = ask(office, agency, sub)
    refused = decide(office, agency, asked)
    assert (refused.status_code, refused.json["code"]) == (403, "same_person")
    assert decide(office, agency, asked, "refuse").json["state"] == "refused"
    assert decide(office, office.province(), asked).json["code"] == "decided"
    assert office.services.second_factors.enrolled(uuid)
    assert ask(office, agency, sub).status_code == 201, "and may be asked again"


def test_a_giver_and_the_deputy_are_one_person(office: Office) -> None:
    sub = office.officer("canbo", unit=IT)
    uuid, agency = enrol(office, sub), office.agency(IT)
    office.officer("phophong", unit=IT)
    named = office.call("POST", "/deputies", agency, {"deputy": "phophong", "ends_on": today(office), "reason": "Đi công tác"})
    assert named.status_code == 201, named.text
    deputy = office.token("phophong", unit=IT)
    by_deputy = ask(office, deputy, sub)
    assert decide(office, agency, by_deputy).json["code"] == "same_person"
    assert decide(office, deputy, by_deputy, "refuse").status_code == 200
    by_giver = ask(office, agency, sub)
    assert decide(office, deputy, by_giver).json["code"] == "same_person"
    assert office.services.second_factors.enrolled(uuid)


def test_a_deputy_and_whoever_named_them_are_one_person(office: Office) -> None:
    """The province could name somebody whose password it can set, and be both persons of the act."""
    sub = office.officer("canbo", unit=IT)
    uuid, province = enrol(office, sub), office.province()
    office.officer("phophong", unit=IT)
    office.agency(IT)
    named = office.call("POST", "/deputies", province, {
        "deputy": "phophong", "giver": "quantri.coquan", "ends_on": today(office), "reason": "Đi công tác"})
    assert named.status_code == 201, named.text
    deputy = office.token("phophong", unit=IT)
    by_deputy = ask(office, deputy, sub)
    assert decide(office, province, by_deputy).json["code"] == "same_person"
    assert decide(office, deputy, by_deputy, "refuse").status_code == 200
    assert decide(office, deputy, ask(office, province, sub)).json["code"] == "same_person"
    assert office.services.second_factors.enrolled(uuid)


@pytest.mark.parametrize("body", [{}, {"reason": " "}, {"reason": "a\nb"}, {"reason": "x" * 301}, {"reason": "x", "sub": "y"}])
def test_a_reason_is_a_line(office: Office, body: dict[str, str]) -> None:
    sub = office.officer("canbo", unit=IT)
    enrol(office, sub)
    answer = ask(office, office.agency(IT), sub, body)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_body")


def test_after_a_day_nobody_decides_any_more(each_office: Office) -> None:
    office = each_office
    sub = office.officer("canbo", unit=IT)
    uuid = enrol(office, sub)
    asked = ask(office, office.agency(IT), sub)
    office.clock.advance(86400)
    late = decide(office, office.province(), asked)
    assert (late.status_code, late.json["code"]) == (409, "too_late")
    assert office.services.second_factors.enrolled(uuid)
    assert office.call("GET", f"/factor-resets/{asked.json['id']}", office.province()).json["state"] == "expired"
    assert ask(office, office.agency(IT), sub).status_code == 201


def test_what_somebody_asked_who_may_not_ask_any_more_is_not_carried_out(office: Office) -> None:
    sub = office.officer("canbo", unit=IT)
    uuid = enrol(office, sub)
    asked = ask(office, office.token("hotro", "hotro-nguoidung", unit=IT), sub)
    office.disable("hotro")
    refused = decide(office, office.province(), asked)
    assert (refused.status_code, refused.json["code"]) == (409, "asker_gone")
    assert office.services.second_factors.enrolled(uuid)


def test_another_agency_neither_sees_nor_decides(office: Office) -> None:
    sub = office.officer("canbo", unit=IT)
    enrol(office, sub)
    asked, other = ask(office, office.agency(IT), sub), office.token("khac", "quantri-coquan", unit=HOME)
    assert ask(office, other, sub).status_code == 404
    assert [decide(office, other, asked, what).status_code for what in ("approve", "refuse")] == [404, 404]
    assert office.call("GET", "/factor-resets", other).json["items"] == []


def test_of_several_who_decide_at_once_one_does(each_office: Office) -> None:
    office = each_office
    sub = office.officer("canbo", unit=IT)
    enrol(office, sub)
    asked = ask(office, office.agency(IT), sub)
    tokens = [office.token(f"tinh{n}", "quantri-tinh") for n in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda token: decide(office, token, asked), tokens))
    assert len(events(office, "factor_reset.approved")) == 1
    assert len(events(office, "factor.removed")) == 2


def test_what_was_approved_and_broke_off_is_carried_out_by_the_next_who_approves(office: Office) -> None:
    sub = office.officer("canbo", unit=IT)
    uuid = enrol(office, sub)
    asked, rooms = ask(office, office.agency(IT), sub), office.services.administration.people
    resets: Any = rooms.resets
    record = AuditRecord(AuditEvent.FACTOR_RESET_APPROVED, office.clock.now())
    assert resets._store.decide(asked.json["id"], "approved", "somebody", record)
    assert [one["state"] for one in office.call("GET", "/factor-resets", office.province()).json["items"]] == ["approved"]
    assert decide(office, office.province(), asked).status_code == 200
    assert not office.services.second_factors.enrolled(uuid)


def test_what_was_approved_and_broke_off_waits_no_longer_than_a_day(each_office: Office) -> None:
    office = each_office
    sub = office.officer("canbo", unit=IT)
    uuid = enrol(office, sub)
    asked, resets = ask(office, office.agency(IT), sub), cast(Any, office.services.administration.people.resets)
    record = AuditRecord(AuditEvent.FACTOR_RESET_APPROVED, office.clock.now())
    assert resets._store.decide(asked.json["id"], "approved", "somebody", record)
    office.clock.advance(86400)
    assert decide(office, office.province(), asked).json["code"] == "too_late"
    assert office.services.second_factors.enrolled(uuid)
    assert office.call("GET", "/factor-resets", office.province()).json["items"] == []
    assert ask(office, office.agency(IT), sub).status_code == 201


def test_there_is_no_other_way_for_administrators(office: Office) -> None:
    sub = office.officer("canbo", unit=IT)
    uuid = enrol(office, sub)
    assert office.call("DELETE", f"/officers/{sub}/factors", office.province()).status_code == 405
    assert office.services.second_factors.enrolled(uuid)
    officer = office.services.mirror.by_sub(sub)
    assert officer is not None
    assert office.services.administration.factors.by_operator(officer, Caller("cli", "r")) == ["otp", "recovery_codes"]


def today(office: Office) -> str:
    return day_of(office.clock.now()).isoformat()
