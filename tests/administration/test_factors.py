"""/api/v1/officers/{sub}/factors: who sees them, who takes them away, and that nothing opens by it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import insert

from idp.adapters.sql.tables import SimLoginRow
from idp.audit import Caller
from idp.directory.officer import Post
from tests.fakes.directory import make_officer

from .office import HOME, IT, Office

SEED = "NRSWCZDFOJ2G65DQNRSWCZDFOJ2G65DQ"


def enrol(office: Office, sub: str) -> str:
    """Give an officer an app and codes; gives the entryUUID."""
    known = office.services.mirror.by_sub(sub)
    assert known is not None
    office.services.totp.enrol(known.officer.entry_uuid, SEED, sub=sub)
    office.services.recovery_codes.issue(known, Caller("192.0.2.1", "r"))
    return known.officer.entry_uuid


def remove(office: Office, token: str, sub: str) -> Any:
    """Have somebody else ask that the factors go, and approve it; gives the answer of the first that refuses."""
    asker = office.token("nguoihoi", "quantri-tinh")
    asked = office.call("POST", f"/officers/{sub}/factor-reset", asker, {"reason": "Mất máy"})
    waiting = [one["id"] for one in office.call("GET", "/factor-resets", asker).json["items"] if one["sub"] == sub]
    return asked if not waiting else office.call("POST", f"/factor-resets/{waiting[0]}/approve", token)


def test_they_are_listed_without_what_they_are_proven_with(office: Office) -> None:
    sub = office.officer("canbo", unit=f"{IT}.2")
    enrol(office, sub)
    items = office.call("GET", f"/officers/{sub}/factors", office.agency(IT)).json["items"]
    assert [(item["factor"], item["left"]) for item in items] == [("otp", None), ("recovery_codes", 10)]
    assert {frozenset(item) for item in items} == {frozenset({"factor", "label", "enrolled_at", "last_used_at", "left"})}


def test_security_34_all_go_sessions_end_and_the_officer_is_told_by_whom_is_recorded(office: Office) -> None:
    sub = office.officer("canbo", unit=IT)
    entry_uuid = enrol(office, sub)
    session = office.session(sub)
    assert remove(office, office.agency(IT), sub).status_code == 200
    assert not office.services.second_factors.enrolled(entry_uuid)
    assert [(one.sid, json.loads(one.detail)["reason"]) for one in office.audited() if one.event == "session.ended"] == [
        (session.sid, "factors_removed")]
    kinds = [told.kind.value for told in office.services.notices.of(sub)]
    assert kinds.count("factor.removed") == 2
    records = [one for one in office.audited() if one.event == "factor.removed"]
    by = office.services.mirror.by_uid("quantri.coquan")
    assert by is not None
    assert [(one.sub, json.loads(one.detail)["by_officer"]) for one in records] == [(sub, by.sub)] * 2
    assert remove(office, office.agency(IT), sub).json["code"] == "no_factor"
    assert len([one for one in office.audited() if one.event == "factor.removed"]) == 2


@pytest.mark.parametrize(("unit", "groups", "posts", "status"), [
    (HOME, (), (), 404), ("H30", (), (), 404), ("H30.111", (), (), 404), (IT, ("quantri-tinh",), (), 403),
    (f"{IT}.2", ("kiemtoan",), (), 403), (IT, (), (HOME,), 403), (f"{IT}.2", ("quantri-coquan",), (), 200)])
def test_security_38_an_agency_acts_on_its_own_officers_and_never_upwards(
        office: Office, unit: str, groups: tuple[str, ...], posts: tuple[str, ...], status: int) -> None:
    token = office.agency(IT)
    officer = make_officer("canbo", groups=groups, posts=tuple(Post(code, "", "Sở", "") for code in (unit, *posts)))
    sub = office.services.mirror.remember(office.directory.add(officer), now=1)
    entry_uuid = enrol(office, sub)
    assert remove(office, token, sub).status_code == status
    assert office.services.second_factors.enrolled(entry_uuid) is (status != 200)
    assert office.call("GET", f"/officers/{sub}/factors", token).status_code == (404 if status == 404 else 200)


def test_security_38_nobody_acts_on_themselves_no_machine_and_no_auditor_on_anybody(office: Office) -> None:
    sub = office.officer("canbo", unit=IT)
    entry_uuid = enrol(office, sub)
    token = office.province()
    me = office.services.mirror.by_uid("quantri")
    assert me is not None
    enrol(office, me.sub)
    assert remove(office, token, me.sub).status_code == 403
    assert remove(office, office.machine(), sub).status_code == 403
    assert remove(office, office.token("kiem", "kiemtoan"), sub).status_code == 403
    assert remove(office, token, "nobody").status_code == 404
    assert office.services.second_factors.enrolled(entry_uuid)
    assert office.services.second_factors.enrolled(me.officer.entry_uuid)


def test_tcvn_level_3_administrators_need_two_factors_whatever_policy_says(database_url: str) -> None:
    lax = Office(database_url, require_second_factor_groups=())
    try:
        for group in ("quantri-tinh", "quantri-coquan", "kiemtoan"):
            assert lax.services.assurance.demanded((group,), 0, units=(), source=None) == 2
        assert lax.services.assurance.demanded(("lanhdao",), 0, units=(), source=None) == 1
    finally:
        lax.close()


class TestEnrolmentCodes:
    def test_an_administrator_gives_one_and_it_is_told_and_recorded(self, office: Office) -> None:
        sub, token = office.officer("canbo", unit=IT), office.agency(IT)
        answer = office.call("POST", f"/officers/{sub}/enrolment-code", token)
        assert answer.status_code == 200, answer.text
        assert (answer.json["sub"], answer.json["uid"]) == (sub, "canbo")
        assert answer.json["expires_at"] == office.clock.now() + 3600
        assert answer.headers["Cache-Control"] == "no-store"
        by = office.services.mirror.by_uid("quantri.coquan")
        record = next(one for one in office.audited() if one.event == "enrolment_code.given")
        assert by is not None
        assert (record.sub, json.loads(record.detail)["by_officer"]) == (sub, by.sub)
        assert answer.json["code"] not in record.detail
        assert [told.kind.value for told in office.services.notices.of(sub)] == ["enrolment_code.given"]
        officer = office.services.mirror.by_sub(sub)
        assert officer is not None
        step = office.services.first_factors.codes.redeem(officer, answer.json["code"], "place", Caller("192.0.2.1", "r"))
        assert step.outcome == "accepted"

    @pytest.mark.parametrize(("unit", "groups", "status"), [
        (HOME, (), 404), ("H30", (), 404), (IT, ("quantri-tinh",), 403), (f"{IT}.2", ("kiemtoan",), 403), (f"{IT}.2", (), 200)])
    def test_security_38_an_agency_gives_them_to_its_own_officers_and_never_upwards(
            self, office: Office, unit: str, groups: tuple[str, ...], status: int) -> None:
        sub = office.officer("canbo", *groups, unit=unit)
        assert office.call("POST", f"/officers/{sub}/enrolment-code", office.agency(IT)).status_code == status

    def test_security_38_neither_for_oneself_nor_by_a_machine_nor_by_an_auditor(self, office: Office) -> None:
        sub, token = office.officer("canbo", unit=IT), office.province()
        me = office.services.mirror.by_uid("quantri")
        assert me is not None
        for who, whom in ((token, me.sub), (office.machine(), sub), (office.token("kiem", "kiemtoan"), sub)):
            assert office.call("POST", f"/officers/{whom}/enrolment-code", who).status_code == 403
        assert office.call("POST", "/officers/nobody/enrolment-code", token).status_code == 404
        assert not [one for one in office.audited() if one.event == "enrolment_code.given"]

    def test_who_has_a_factor_or_no_access_gets_none(self, office: Office) -> None:
        token = office.province()
        sub = office.officer("canbo", unit=IT)
        enrol(office, sub)
        refused = office.call("POST", f"/officers/{sub}/enrolment-code", token)
        assert (refused.status_code, refused.json["code"]) == (409, "has_factor")
        gone = office.officer("nghiviec", unit=IT, disabled=True)
        refused = office.call("POST", f"/officers/{gone}/enrolment-code", token)
        assert (refused.status_code, refused.json["code"]) == (409, "disabled")


class TestWhoHasNone:
    def test_in_pages_within_reach_and_by_what_is_demanded(self, office: Office) -> None:
        token, agency = office.province(), office.agency(IT)
        for number in range(7):
            office.officer(f"canbo{number}", *(("lanhdao",) if number % 2 else ()), unit=IT if number < 4 else HOME)
        enrol(office, office.officer("co.lop.hai", unit=IT))
        office.officer("nghiviec", unit=IT, disabled=True)

        def names(who: str, query: str) -> list[str]:
            found, cursor = [], ""
            while True:
                answer = office.call("GET", f"/officers/without-factor?limit=2{query}{cursor}", who)
                assert answer.status_code == 200, answer.text
                found += [one["uid"] for one in answer.json["items"]]
                if not answer.json["next"]:
                    return sorted(found)
                cursor = f"&cursor={answer.json['next']}"

        everybody = {f"canbo{number}" for number in range(7)}
        assert set(names(token, "")) == everybody | {"quantri", "quantri.coquan"}
        assert set(names(agency, "")) == {"canbo0", "canbo1", "canbo2", "canbo3", "quantri.coquan"}
        assert names(agency, f"&unit={HOME}") == []
        assert names(token, f"&unit={HOME}&demanded=false") == ["canbo4", "canbo6"]
        assert names(token, f"&unit={IT}&demanded=true") == ["canbo1", "canbo3", "quantri.coquan"]

    def test_every_wired_kind_of_factor_counts(self, office: Office) -> None:
        """The statement names the tables itself; a kind that it forgot would be missed here."""
        assert set(office.services.second_factors.names) == {"otp", "passkey", "certificate", "sim", "recovery_codes"}
        token, sub = office.province(), office.officer("canbo", unit=IT)
        officer = office.services.mirror.by_sub(sub)
        assert officer is not None
        codes = office.services.recovery_codes.issue(officer, Caller("192.0.2.1", "r"))

        def listed() -> bool:
            items = office.call("GET", "/officers/without-factor", token).json["items"]
            return "canbo" in [one["uid"] for one in items]

        assert not listed()
        for code in codes:
            office.services.second_factors.attempt(officer, "recovery_codes", {"recovery_code": code}, Caller("cli", "r"))
        assert listed(), "a set of which none is left is no factor"
        with office.database.durable.begin() as connection:
            connection.execute(insert(SimLoginRow).values(entry_uuid=officer.officer.entry_uuid, enrolled_at=1))
        assert not listed()
