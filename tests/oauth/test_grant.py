"""When a grant gives nothing any more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from idp.authn.assurance import AssurancePolicy
from idp.oauth.grant import Grant, Standing, admits, lapse_of, session_stands
from tests.provider import ACR_PREFIX, REGISTERED

NOW = 1000
POLICY = AssurancePolicy(ACR_PREFIX, frozenset({"leaders"}), frozenset({"H30.3"}), frozenset({"outside"}))
STANDING = Standing("active", frozenset({"a"}), session_ended=False, session_last_seen_at=900, session_expires_at=2000)
GRANT = Grant("g", "qlvb", "s", "sid", "openid", False, 900, 1, ("pwd",), "", 900, 2000, None, STANDING)


def standing(**changes) -> dict:
    return {"standing": replace(STANDING, **changes)}


@pytest.mark.parametrize(("changes", "lapse"), [
    ({}, ""),
    ({"client_id": "other"}, "client"),
    ({"revoked_at": 950}, "revoked"),
    ({"expires_at": 1000}, "expired"),
    (standing(officer_status="disabled"), "officer"),
    (standing(officer_status="gone"), "officer"),
    (standing(officer_status=""), "officer"),
    (standing(session_ended=True), "session"),
    (standing(session_expires_at=1000), "session"),
    (standing(session_last_seen_at=400), "session"),
    (standing(officer_groups=frozenset({"a", "leaders"})), "level"),
    ({"acr": 2} | standing(officer_groups=frozenset({"a", "leaders"})), ""),
    (standing(officer_posts=(("H30.11", 0), ("H30.3.2", 0))), "level"),
    ({"offline": True} | standing(officer_posts=(("H30.3", 0),)), "level"),
    ({"acr": 2} | standing(officer_posts=(("H30.3", 0),)), ""),
    (standing(officer_posts=(("H30.30", 0), ("H30", 0))), ""),
    (standing(officer_posts=(("H30.3", 1001),)), "level"),
    (standing(officer_posts=(("H30.3", 1000),)), ""),
    (standing(officer_posts=(("H30.3", 1000), ("H30.3", 0))), "level"),
    (standing(officer_ends_at=1001), ""),
    (standing(officer_ends_at=1000), "officer"),
    ({"offline": True} | standing(officer_ends_at=1000, officer_status="gone"), "officer"),
    ({"offline": True} | standing(officer_groups=frozenset({"leaders"})), "level"),
    ({"offline": True} | standing(session_ended=True), ""),
    ({"offline": True} | standing(officer_status="disabled", session_ended=True), "officer"),
])
def test_security_18_every_reason_stops_a_grant(changes, lapse) -> None:
    assert lapse_of(replace(GRANT, **changes), REGISTERED, assurance=POLICY, now=NOW, idle_limit_seconds=600) == lapse


@pytest.mark.parametrize(("acr", "level", "lapse"), [(1, 0, ""), (1, 1, ""), (1, 2, "level"), (2, 2, ""), (2, 3, "level")])
def test_security_29_an_application_that_asks_for_more_is_given_nothing_from_less(acr: int, level: int, lapse: str) -> None:
    client = replace(REGISTERED, required_level=level)
    assert lapse_of(replace(GRANT, acr=acr), client, assurance=POLICY, now=NOW, idle_limit_seconds=600) == lapse


def test_honouring_an_access_token_leaves_the_session_out() -> None:
    ended = replace(GRANT, standing=replace(STANDING, session_ended=True))
    assert lapse_of(ended, REGISTERED, assurance=POLICY, now=NOW, idle_limit_seconds=None) == ""


@pytest.mark.parametrize(("groups", "status", "admitted"), [
    (frozenset(), "active", True), (frozenset({"a", "x"}), "active", True), (frozenset({"x"}), "active", False),
    (frozenset(), "disabled", False),
])
def test_security_18_an_application_may_be_for_some_groups_only(groups, status, admitted) -> None:
    client = replace(REGISTERED, allowed_groups=groups)
    assert admits(client, status, frozenset({"a"})) is admitted
    lapse = lapse_of(replace(GRANT, **standing(officer_status=status)), client, assurance=POLICY, now=NOW,
                     idle_limit_seconds=600)
    assert lapse == ("" if admitted else "officer")


def test_the_last_second_of_a_session_counts() -> None:
    assert session_stands(replace(STANDING, session_expires_at=1001, session_last_seen_at=401), now=NOW, idle_limit_seconds=600)
