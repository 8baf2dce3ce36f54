"""/api/v1/grants: seen by those whose officers they are, and taken back for good."""

from __future__ import annotations

import json

import pytest

from idp.authn.assurance import REMEMBERED
from idp.authn.enrolment.grace import DAY, mark_of

from .office import CALLER, HOME, IT, Office


def grants(office: Office, token: str, query: str) -> list[dict[str, object]]:
    answer = office.call("GET", f"/grants?{query}", token)
    assert answer.status_code == 200, answer.text
    return list(answer.json["items"])


def test_grants_are_found_by_officer_and_by_application(office: Office) -> None:
    sub = office.officer("canbo", unit=IT)
    for _ in range(2):
        office.token("canbo", unit=IT, client_id="qlvb", scope="openid profile")
        office.clock.advance(1)
    office.token("vanthu", client_id="qlvb", scope="openid")
    token = office.machine()
    of_officer = grants(office, token, f"sub={sub}")
    assert [one["uid"] for one in of_officer] == ["canbo", "canbo"]
    assert of_officer == grants(office, token, "uid=canbo") == grants(office, token, f"sub={sub}&client_id=qlvb")
    assert of_officer[0]["created_at"] > of_officer[1]["created_at"]  # type: ignore[operator]
    assert {one["uid"] for one in grants(office, token, "client_id=qlvb")} == {"canbo", "vanthu"}
    assert grants(office, token, "uid=nobody") == []
    assert office.call("GET", f"/grants/{of_officer[0]['grant_id']}", token).json == of_officer[0]
    assert of_officer[0]["acr"] == "urn:haugiang:acr:2"


def test_grants_are_shown_with_what_was_proven_and_none_of_our_marks(office: Office) -> None:
    sub = office.officer("canbo", unit=IT)
    amr = ("pwd", REMEMBERED, mark_of(office.clock.now() + DAY))
    _, session = office.services.sessions.open(sub, acr=1, amr=amr, caller=CALLER)
    office.token("canbo", client_id="qlvb", scope="openid", session=session)
    assert [one["amr"] for one in grants(office, office.machine(), f"sub={sub}")] == [["pwd"]]


@pytest.mark.parametrize("query", ["", "sub=a&uid=b", "limit=1"])
def test_a_list_of_everybodys_grants_is_not_given(office: Office, query: str) -> None:
    assert office.call("GET", f"/grants?{query}", office.machine()).status_code == 400


def test_pages_of_one_moment_hold_every_grant_once(office: Office) -> None:
    for _ in range(5):
        office.token("canbo", client_id="qlvb", scope="openid")
    token, seen, cursor = office.machine(), [], ""
    while True:
        page = office.call("GET", f"/grants?client_id=qlvb&limit=2{cursor}", token).json
        seen += [one["grant_id"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert len(seen) == len(set(seen)) == 5


def test_line_38_an_agency_sees_and_ends_the_grants_of_its_own_officers_only(office: Office) -> None:
    mine, other = office.officer("canbo", unit=f"{IT}.2"), office.officer("vanthu", unit=HOME)
    office.token("canbo", unit=f"{IT}.2", client_id="qlvb", scope="openid")
    office.token("vanthu", unit=HOME, client_id="qlvb", scope="openid")
    machine, agency = office.machine(), office.agency(IT)
    theirs = grants(office, machine, f"sub={other}")[0]["grant_id"]
    assert {one["uid"] for one in grants(office, agency, "client_id=qlvb")} == {"canbo"}
    assert grants(office, agency, f"sub={other}") == grants(office, agency, "uid=vanthu") == []
    for method in ("GET", "DELETE"):
        assert office.call(method, f"/grants/{theirs}", agency).status_code == 404
    assert office.call("DELETE", f"/grants?sub={other}", agency).status_code == 404
    assert office.call("DELETE", "/grants?client_id=qlvb", agency).status_code == 404
    assert len(grants(office, machine, "client_id=qlvb")) == 2
    assert office.call("DELETE", f"/grants?sub={mine}", agency).status_code == 204
    assert {one["uid"] for one in grants(office, machine, "client_id=qlvb")} == {"vanthu"}


def test_line_38_an_agency_does_not_act_on_those_above_it(office: Office) -> None:
    above = office.officer("quantri", "quantri-tinh", unit=f"{IT}.4")
    office.token("quantri", "quantri-tinh", unit=f"{IT}.4", client_id="qlvb", scope="openid")
    agency = office.agency(IT)
    grant_id = grants(office, agency, f"sub={above}")[0]["grant_id"]
    assert office.call("DELETE", f"/grants/{grant_id}", agency).status_code == 403
    assert office.call("DELETE", f"/grants?sub={above}", agency).status_code == 403
    assert len(grants(office, agency, f"sub={above}")) == 1


def test_line_38_an_agency_does_not_end_what_others_officers_gave_its_application(office: Office) -> None:
    client_id, _, _ = office.made(office.machine())
    assert office.call("DELETE", f"/grants?client_id={client_id}", office.agency(IT)).status_code == 403
    assert office.call("DELETE", f"/grants?client_id={client_id}", office.province()).status_code == 204


def test_rfc7009_s2_a_revoked_grant_takes_its_tokens_along_once(office: Office) -> None:
    sub = office.officer("quantri", "quantri-tinh")
    officers = office.token("quantri", "quantri-tinh")
    machine = office.machine()
    grant_id = grants(office, machine, f"sub={sub}")[0]["grant_id"]
    for _ in range(2):
        assert office.call("DELETE", f"/grants/{grant_id}", machine).status_code == 204
    assert office.call("GET", "/clients", officers).status_code == 401
    records = [one for one in office.audited() if one.event == "token.revoked"]
    assert len(records) == 1
    assert (records[0].sub, records[0].client_id) == (sub, "console")
    assert json.loads(records[0].detail) == {"reason": "administrator", "by_client": "console"}
    assert grants(office, machine, f"sub={sub}") == []
    ended = grants(office, machine, f"sub={sub}&ended=true")
    assert [(one["revoke_reason"], one["grant_id"]) for one in ended] == [("administrator", grant_id)]


def test_all_of_an_application_takes_what_it_has_for_itself_too(office: Office) -> None:
    officers, first = office.token("quantri", "quantri-tinh"), office.machine()
    assert office.call("DELETE", "/grants?client_id=console", first).status_code == 204
    for token in (officers, first):
        assert office.call("GET", "/clients", token).status_code == 401
    assert office.call("GET", "/clients", office.machine()).status_code == 200


@pytest.mark.parametrize("query", ["", "sub=x&client_id=qlvb", "uid=canbo"])
def test_all_of_nobody_in_particular_is_refused(office: Office, query: str) -> None:
    assert office.call("DELETE", f"/grants?{query}", office.machine()).status_code == 400


@pytest.mark.parametrize("path", ["/grants?sub=nobody", "/grants?client_id=nobody", "/grants/nobody", "/grants/a%00b"])
def test_what_is_not_there_is_not_found(office: Office, path: str) -> None:
    assert office.call("DELETE", path, office.machine()).status_code == 404


def test_an_auditor_and_a_reading_machine_see_and_end_nothing(office: Office) -> None:
    office.token("canbo", client_id="qlvb", scope="openid")
    for token in (office.auditor(), office.machine(scope="admin:read")):
        grant_id = grants(office, token, "client_id=qlvb")[0]["grant_id"]
        assert office.call("DELETE", f"/grants/{grant_id}", token).status_code == 403
        assert office.call("DELETE", "/grants?client_id=qlvb", token).status_code == 403
    assert "token.revoked" not in [one.event for one in office.audited()]
