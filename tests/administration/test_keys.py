"""/api/v1/keys: who sees them, who rotates them, and what the records say."""

from __future__ import annotations

import json

import pytest

from idp.administration.keys import KINDS

from .office import Office


def test_rfc7517_s4_keys_are_listed_with_public_parts_only(office: Office) -> None:
    answer = office.call("GET", "/keys", office.province())
    assert answer.status_code == 200, answer.text
    assert {key["alg"] for key in answer.json["keys"]} == set(KINDS)
    for key in answer.json["keys"]:
        assert {"d", "p", "q", "k"}.isdisjoint(key["public_jwk"])
        assert key["age_seconds"] >= 0
    assert set(answer.json["next_rotation_at"]) == set(KINDS)
    assert answer.headers["Cache-Control"] == "no-store"
    assert not [name for name, _ in answer.headers if name.lower().startswith(("access-control", "set-cookie"))]


def test_a_rotation_of_one_algorithm_leaves_the_others_and_says_who_did_it(office: Office) -> None:
    token = office.province()
    before = {key["kid"]: key for key in office.call("GET", "/keys", token).json["keys"]}
    answer = office.call("POST", "/keys/rotate", token, {"alg": "ES256"})
    assert answer.status_code == 200, answer.text
    active = {key["alg"]: key["kid"] for key in answer.json["keys"] if key["state"] == "active"}
    assert before[active["ES256"]]["state"] == "next"
    assert before[active["RS256"]]["state"] == "active"
    sub = office.officer("quantri", "quantri-tinh")
    records = [row for row in office.audited() if row.event.startswith("key.") and "by_officer" in row.detail]
    assert {row.event for row in records} == {"key.retired", "key.activated", "key.created"}
    assert all(json.loads(row.detail)["by_officer"] == sub and json.loads(row.detail)["by_client"] == "console"
               for row in records)


def test_an_emergency_removes_what_ever_signed(office: Office) -> None:
    token = office.province()
    active = {key["kid"] for key in office.call("GET", "/keys", token).json["keys"] if key["state"] == "active"}
    answer = office.call("POST", "/keys/rotate", token, {"emergency": True})
    assert answer.status_code == 200
    assert active.isdisjoint({key["kid"] for key in answer.json["keys"]})
    assert len(answer.json["warnings"]) == 2


@pytest.mark.parametrize("body", [{"alg": "HS256"}, {"alg": None}, {"alg": ["ES256"]}, {"emergency": 1}, {"force": True}])
def test_a_rotation_that_asks_for_anything_else_is_refused(office: Office, body: dict[str, object]) -> None:
    answer = office.call("POST", "/keys/rotate", office.province(), body)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_body")


def test_line_38_keys_are_the_provinces(office: Office) -> None:
    agency = office.agency()
    assert office.call("GET", "/keys", agency).status_code == 403
    assert office.call("POST", "/keys/rotate", agency, {}).status_code == 403
    auditor = office.auditor()
    assert office.call("GET", "/keys", auditor).status_code == 200
    assert office.call("POST", "/keys/rotate", auditor, {}).status_code == 403
    assert "key.retired" not in [row.event for row in office.audited()]
