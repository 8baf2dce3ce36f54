"""OpenID Connect Core §5.5: what it means that a claim is asked for by name, from the request to tokens and refreshes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from idp.oidc.claims_request import ClaimsRequest, Wish, acr_asked, of_request
from tests.provider import ACR_PREFIX, House

ONE, TWO, THREE = (f"{ACR_PREFIX}{level}" for level in (1, 2, 3))


def asked(**members: Any) -> str:
    return json.dumps(members)


def told(house: House, claims: str, scope: str = "openid", **more: Any) -> dict[str, Any]:
    """Go the whole way; gives what UserInfo tells."""
    return dict(house.userinfo(house.tokens_for(scope=scope, claims=claims, **more)["access_token"]).json)


# Release

def test_core_s5_5_userinfo_tells_what_was_asked_for_by_name_and_nothing_else(house: House) -> None:
    found = told(house, asked(userinfo={"name": {"essential": True}, "email": None}))
    assert found.keys() == {"sub", "name", "email"}
    assert (found["name"], found["email"]) == ("Nguyễn Thị Cán Bộ", "canbo@haugiang.gov.vn")


def test_core_s5_5_names_add_to_the_scopes(house: House) -> None:
    assert told(house, asked(userinfo={"phone_number": None}), "openid email").keys() == {
        "sub", "email", "email_verified", "phone_number"}


def test_core_s5_5_the_id_token_tells_what_was_asked_for_it_and_userinfo_does_not(house: House) -> None:
    tokens = house.tokens_for(scope="openid", claims=asked(id_token={"email": None, "unit_code": {"essential": True}}))
    claims = house.id_claims(tokens["id_token"])
    assert (claims["email"], claims["unit_code"]) == ("canbo@haugiang.gov.vn", "H30.1")
    assert not {"name", "email_verified", "phone_number"} & claims.keys()
    assert house.userinfo(tokens["access_token"]).json.keys() == {"sub"}


def test_core_s5_4_without_names_the_id_token_tells_of_the_sign_in_alone(house: House) -> None:
    tokens = house.tokens_for(scope="openid profile email", claims=asked(userinfo={"phone_number": None}))
    assert not {"name", "email", "phone_number"} & house.id_claims(tokens["id_token"]).keys()


def test_core_s5_5_1_what_the_registration_does_not_hold_is_left_out_in_silence(house: House) -> None:
    house.client(scope=frozenset({"openid", "profile"}))
    wish = {"name": None, "email": {"essential": True}, "birthdate": {"essential": True}, "groups": None}
    tokens = house.tokens_for(scope="openid", claims=asked(userinfo=wish, id_token=wish))
    assert house.userinfo(tokens["access_token"]).json.keys() == {"sub", "name"}
    assert not {"email", "birthdate", "groups"} & house.id_claims(tokens["id_token"]).keys()


def test_a_scope_that_the_registration_loses_is_lost_for_names_too(house: House) -> None:
    token = house.tokens_for(scope="openid", claims=asked(userinfo={"email": None}))["access_token"]
    house.client(scope=frozenset({"openid", "profile"}))
    assert house.userinfo(token).json.keys() == {"sub"}


def test_groups_by_name_are_for_those_who_may_see_groups(house: House) -> None:
    wish = asked(userinfo={"groups": None})
    assert "groups" not in told(house, wish)
    house.client(show_groups=True)
    assert told(house, wish)["groups"] == ["can-bo"]


def test_core_s5_5_1_a_claim_wanted_with_another_value_is_left_out(house: House) -> None:
    for values, comes in (({"value": "canbo@haugiang.gov.vn"}, True), ({"values": ["x", "canbo@haugiang.gov.vn"]}, True),
                          ({"value": "x", "essential": True}, False), ({"value": None}, False)):
        assert ("email" in told(house, asked(userinfo={"email": values}))) is comes, values


def test_protocol_claims_cannot_be_changed_by_asking(house: House) -> None:
    session = house.session()
    names = {name: {"value": "forged"} for name in ("iss", "aud", "exp", "iat", "auth_time", "acr", "amr", "sid", "at_hash")}
    plain = house.id_claims(house.tokens_for(session=session)["id_token"])
    claims = house.id_claims(house.tokens_for(session=session, claims=asked(id_token=names))["id_token"])
    assert claims | {"at_hash": ""} == plain | {"at_hash": ""}


def test_core_s12_2_a_refresh_tells_what_was_asked_for_in_the_beginning(house: House) -> None:
    first = house.tokens_for(scope="openid offline_access", claims=asked(userinfo={"name": None}, id_token={"email": None}))
    second = house.refresh(first["refresh_token"]).json
    third = house.refresh(second["refresh_token"], scope="openid").json
    for tokens in (second, third):
        assert house.id_claims(tokens["id_token"])["email"] == "canbo@haugiang.gov.vn"
        assert house.userinfo(tokens["access_token"]).json.keys() == {"sub", "name"}


def test_what_was_asked_is_told_as_it_is_now(house: House) -> None:
    first = house.tokens_for(scope="openid offline_access", claims=asked(id_token={"email": None}))
    house.officer(mail="moi@haugiang.gov.vn")
    assert house.id_claims(house.refresh(first["refresh_token"]).json["id_token"])["email"] == "moi@haugiang.gov.vn"


# The sign-in

@pytest.mark.parametrize(("claims", "admitted"), [
    ("", True),
    (asked(id_token={"sub": None}), True),
    (asked(id_token={"sub": {"value": "u"}}), True),
    (asked(userinfo={"sub": {"value": "u"}}), True),
    (asked(id_token={"sub": {"values": ["v", "u"]}}), True),
    (asked(id_token={"sub": {"value": "v"}}), False),
    (asked(userinfo={"sub": {"value": "v"}}), False),
    (asked(id_token={"sub": {"value": "u"}}, userinfo={"sub": {"value": "v"}}), False),
    (asked(id_token={"sub": {"value": 7}}), False),
])
def test_core_s5_5_1_a_value_for_sub_names_the_officer(house: House, claims: str, admitted: bool) -> None:
    assert of_request(house.asked(claims=claims)).admits_subject("u") is admitted


@pytest.mark.parametrize(("claims", "acr_values", "wished", "essential"), [
    ("", "", (), False),
    ("", f"{TWO} {ONE}", (TWO, ONE), False),
    (asked(id_token={"acr": {"essential": True, "values": [TWO, THREE]}}), "", (TWO, THREE), True),
    (asked(id_token={"acr": {"essential": True, "value": TWO}}), ONE, (TWO,), True),
    (asked(id_token={"acr": {"essential": True}}), TWO, (TWO,), False),
    (asked(id_token={"acr": {"values": [TWO, 7]}}), ONE, (TWO, ONE), False),
    (asked(userinfo={"acr": {"essential": True, "value": TWO}}), "", (), False),
])
def test_core_s5_5_1_1_acr_is_a_demand_when_essential_with_values(house: House, claims: str, acr_values: str,
                                                                 wished: tuple[str, ...], essential: bool) -> None:
    assert acr_asked(house.asked(claims=claims, acr_values=acr_values)) == (wished, essential)


def test_core_s5_5_1_1_the_acr_told_is_one_of_those_demanded(house: House) -> None:
    session = house.session(acr=2, amr=("pwd", "otp", "mfa"))
    for wish, expected in (({"essential": True, "values": [ONE]}, ONE), ({"essential": True, "values": [ONE, TWO]}, TWO),
                           ({"values": [ONE]}, TWO), ({"essential": True}, TWO), (None, TWO)):
        tokens = house.tokens_for(session=session, claims=asked(id_token={"acr": wish}))
        assert house.id_claims(tokens["id_token"])["acr"] == expected, wish


def test_security_30_an_acr_that_was_not_reached_is_never_told() -> None:
    demand = ClaimsRequest(id_token={"acr": Wish(essential=True, values=(TWO,))})
    assert demand.acr_of([ONE]) == ONE


def test_core_s5_5_1_1_auth_time_as_an_essential_claim_comes(house: House) -> None:
    session = house.session()
    tokens = house.tokens_for(session=session, claims=asked(id_token={"auth_time": {"essential": True}}))
    assert house.id_claims(tokens["id_token"])["auth_time"] == session.auth_time
