"""/api/v1/clients/{client_id}/officers: which officers an application has something of, and its end for one of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .office import CALLER, HOME, IT, Office


def listed(office: Office, client_id: str, token: str, query: str = "") -> Any:
    answer = office.call("GET", f"/clients/{client_id}/officers{query}", token)
    assert answer.status_code == 200, answer.text
    return answer.json


def uids(office: Office, client_id: str, token: str) -> list[str]:
    return [one["uid"] for one in listed(office, client_id, token)["items"]]


def end(office: Office, client_id: str, token: str, sub: str, reason: Any = "Cán bộ đã chuyển việc") -> Any:
    return office.call("POST", f"/clients/{client_id}/end-access", token, {"sub": sub, "reason": reason})


def test_each_officer_stands_once_who_signed_in_last_first_as_their_own_page_says(office: Office) -> None:
    consents, subs = office.services.consents, {}
    for uid in ("mot", "hai"):
        for _ in range(2):
            office.token(uid, client_id="qlvb", scope="openid offline_access" if uid == "hai" else "openid")
            office.clock.advance(1)
        subs[uid] = office.officer(uid)
    agreed, past, gone = office.officer("dong.y"), office.officer("het.phien"), office.officer("rut.lai")
    consents.give(agreed, "qlvb", ["openid"], CALLER)
    consents.give(subs["mot"], "qlvb", ["openid"], CALLER)
    consents.give(gone, "qlvb", ["openid"], CALLER)
    consents.withdraw(gone, "qlvb", CALLER)
    session = office.session(past)
    office.token(session=session, client_id="qlvb", scope="openid")
    office.services.sessions.end(session.sid, "logout", CALLER)
    token = office.machine()
    found = listed(office, "qlvb", token)
    assert ([one["uid"] for one in found["items"]], found["count"], found["next"]) == (["dong.y", "hai", "mot"], 3, None)
    for one in found["items"]:
        own = {access.client_id: access for access in consents.accesses(one["sub"])}["qlvb"]
        assert (one["agreed_at"], one["last_at"], one["offline"]) == (own.agreed_at, own.last_at, own.offline), one
    assert consents.accesses(past) == consents.accesses(gone) == []
    seen, cursor = [], ""
    while cursor is not None:
        page = listed(office, "qlvb", token, f"?limit=1{cursor and f'&cursor={cursor}'}")
        assert page["count"] == (None if cursor else 3)
        seen += [one["uid"] for one in page["items"]]
        cursor = page["next"]
    assert seen == ["dong.y", "hai", "mot"]
    assert office.call("GET", "/clients/qlvb/officers?cursor=eA", token).status_code == 400


def test_line_38_an_agency_sees_its_own_officers_of_its_own_applications(office: Office) -> None:
    client_id, _, _ = office.made(office.machine())
    mine, other = office.officer("canbo", unit=f"{IT}.2"), office.officer("vanthu", unit=HOME)
    above = office.officer("tren", "quantri-tinh", unit=IT)
    for sub in (mine, other, above):
        office.services.consents.give(sub, client_id, ["openid"], CALLER)
    agency, province = office.agency(IT), office.province()
    assert sorted(uids(office, client_id, province)) == ["canbo", "tren", "vanthu"]
    assert sorted(uids(office, client_id, agency)) == ["canbo", "tren"]
    assert listed(office, client_id, agency)["count"] == 2
    assert office.call("GET", "/clients/qlvb/officers", agency).status_code == 404, "the application is the province's"
    assert [end(office, client_id, agency, sub).status_code for sub in (other, above, "nobody")] == [404, 403, 404]
    assert end(office, "qlvb", agency, mine).status_code == 404
    assert end(office, client_id, office.auditor(), mine).status_code == 403
    for wrong in ("", " ", 7, "x" * 301, "hai\ndòng"):
        assert end(office, client_id, agency, mine, wrong).status_code == 422, wrong
    assert len(uids(office, client_id, province)) == 3
    assert end(office, client_id, agency, mine).status_code == 204
    assert sorted(uids(office, client_id, province)) == ["tren", "vanthu"]


@pytest.mark.parametrize("asked", [True, False])
def test_rfc7009_s2_it_ends_with_every_token_once_recorded_with_the_reason_and_told(office: Office, asked: bool) -> None:
    sub = office.officer("quantri", "quantri-tinh")
    officers, other = office.token("quantri", "quantri-tinh"), office.token("khac", "quantri-tinh")
    if asked:
        office.services.consents.give(sub, "console", ["openid"], CALLER)
    machine = office.machine()
    for _ in range(2):
        assert end(office, "console", machine, sub).status_code == 204
    assert office.call("GET", "/clients", officers).status_code == 401
    assert office.call("GET", "/clients", other).status_code == 200, "what others gave stands"
    assert not office.services.consents.covers(sub, "console", ["openid"])
    records = [one for one in office.audited() if one.event == "token.revoked"]
    assert [(one.sub, one.client_id, json.loads(one.detail)) for one in records] == [
        (sub, "console", {"reason": "administrator", "why": "Cán bộ đã chuyển việc", "by_client": "console"})]
    assert [(told.kind.value, told.detail) for told in office.services.notices.of(sub)] == [
        ("application_access.ended", {"application": "Console"})]
    ended = office.call("GET", f"/grants?sub={sub}&ended=true", machine).json["items"]
    assert {one["revoke_reason"] for one in ended} == {"administrator"}
