"""/api/v1/officers/{sub}/factors: who sees them, who takes them away, and that nothing opens by it."""

from __future__ import annotations

import json
from typing import Any

import pytest

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
    return office.call("DELETE", f"/officers/{sub}/factors", token)


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
    assert remove(office, office.agency(IT), sub).status_code == 204
    assert not office.services.second_factors.enrolled(entry_uuid)
    assert office.services.sessions.end(session.sid, "logout", Caller("192.0.2.1", "r")) == []
    kinds = [told.kind.value for told in office.services.notices.of(sub)]
    assert kinds.count("factor.removed") == 2
    records = [one for one in office.audited() if one.event == "factor.removed"]
    by = office.services.mirror.by_uid("quantri.coquan")
    assert by is not None
    assert [(one.sub, json.loads(one.detail)["by_officer"]) for one in records] == [(sub, by.sub)] * 2
    assert remove(office, office.agency(IT), sub).status_code == 204, "again is nothing new"
    assert len([one for one in office.audited() if one.event == "factor.removed"]) == 2


@pytest.mark.parametrize(("unit", "groups", "posts", "status"), [
    (HOME, (), (), 404), ("H30", (), (), 404), ("H30.111", (), (), 404), (IT, ("quantri-tinh",), (), 403),
    (f"{IT}.2", ("kiemtoan",), (), 403), (IT, (), (HOME,), 403), (f"{IT}.2", ("quantri-coquan",), (), 204)])
def test_security_38_an_agency_acts_on_its_own_officers_and_never_upwards(
        office: Office, unit: str, groups: tuple[str, ...], posts: tuple[str, ...], status: int) -> None:
    token = office.agency(IT)
    officer = make_officer("canbo", groups=groups, posts=tuple(Post(code, "", "Sở", "") for code in (unit, *posts)))
    sub = office.services.mirror.remember(office.directory.add(officer), now=1)
    entry_uuid = enrol(office, sub)
    assert remove(office, token, sub).status_code == status
    assert office.services.second_factors.enrolled(entry_uuid) is (status != 204)
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
