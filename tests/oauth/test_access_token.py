"""Opaque access tokens and RFC 9068 JWTs: made, recognised, and never taken for one another."""

from __future__ import annotations

import pytest
from sqlalchemy import delete

from idp.adapters.sql.tables import GrantRow
from idp.jose import jwt
from idp.oauth.ports import digest
from tests.provider import ACR_PREFIX, CALLER, ISSUER, House, json_segment


@pytest.fixture
def jwt_house(house: House) -> House:
    house.client(access_token_format="jwt")
    return house


def header_of(token: str) -> dict:
    return json_segment(token.split(".")[0])


def test_an_opaque_token_has_256_random_bits(house: House) -> None:
    token = house.tokens_for()["access_token"]
    assert len(token) == 43
    assert house.tokens.locate(token) == digest(token)


def test_rfc9470_s6_1_a_jwt_tells_the_level_and_when_it_was_reached_also_after_a_refresh(jwt_house: House) -> None:
    session = jwt_house.session(acr=2, amr=("pwd", "otp", "mfa"))
    jwt_house.clock.advance(300)
    tokens = jwt_house.tokens_for(session=session, scope="openid offline_access")
    jwt_house.clock.advance(300)
    for token in (tokens["access_token"], jwt_house.refresh(tokens["refresh_token"]).json["access_token"]):
        claims = json_segment(token.split(".")[1])
        assert (claims["acr"], claims["auth_time"]) == (f"{ACR_PREFIX}2", session.auth_time)


def test_rfc9068_s2_an_officers_token(jwt_house: House) -> None:
    session = jwt_house.session(acr=2, amr=("pwd", "otp", "mfa"))
    tokens = jwt_house.tokens_for(session=session, scope="openid profile")
    token = tokens["access_token"]
    header, claims = header_of(token), json_segment(token.split(".")[1])
    assert (header["typ"], header["alg"]) == ("at+jwt", "ES256")
    assert header["kid"] == jwt_house.keys.signing("ES256").kid
    assert set(claims) == {"iss", "sub", "aud", "client_id", "iat", "exp", "jti", "scope", "auth_time", "acr", "amr"}
    assert (claims["iss"], claims["aud"], claims["client_id"], claims["sub"]) == (ISSUER, ISSUER, "qlvb", session.sub)
    assert (claims["exp"] - claims["iat"], tokens["expires_in"]) == (600, 600)
    assert (claims["acr"], claims["amr"], claims["auth_time"]) == (f"{ACR_PREFIX}2", ["pwd", "otp", "mfa"], session.auth_time)
    assert claims["scope"] == "openid profile"
    verified = jwt.verify(token, jwt_house.keys.verification(), algorithms=["ES256"], typ="at+jwt", issuer=ISSUER,
                          audience=ISSUER, now=jwt_house.clock.now())
    assert verified == claims


def test_rfc9068_s2_2_a_machines_token_is_about_the_client(jwt_house: House) -> None:
    claims = json_segment(jwt_house.machine().json["access_token"].split(".")[1])
    assert claims["sub"] == claims["client_id"] == "qlvb"
    assert not {"auth_time", "acr", "amr"} & set(claims)


def test_a_jwt_opens_userinfo_and_introspection_and_dies_with_its_grant(jwt_house: House) -> None:
    session = jwt_house.session()
    token = jwt_house.tokens_for(session=session)["access_token"]
    assert jwt_house.userinfo(token).json["sub"] == session.sub
    assert jwt_house.is_active(token)
    jwt_house.sessions.end(session.sid, "logout", CALLER)
    assert jwt_house.userinfo(token).status == 401
    assert not jwt_house.is_active(token)


def test_a_jwt_can_be_revoked(jwt_house: House) -> None:
    token = jwt_house.tokens_for()["access_token"]
    assert jwt_house.revoke(token).status == 200
    assert not jwt_house.is_active(token)


@pytest.mark.parametrize("jti_as_token", [lambda jti: jti, lambda jti: f"jti:{jti}", lambda jti: jti.ljust(43, "A")])
def test_a_jti_is_no_token(jwt_house: House, jti_as_token) -> None:
    token = jwt_house.tokens_for()["access_token"]
    forged = jti_as_token(json_segment(token.split(".")[1])["jti"])
    assert jwt_house.userinfo(forged).status in {400, 401}
    assert not jwt_house.is_active(forged)


def test_security_11_an_id_token_is_no_access_token(house: House) -> None:
    tokens = house.tokens_for()
    assert house.userinfo(tokens["id_token"]).status == 401
    assert not house.is_active(tokens["id_token"])
    assert house.userinfo(tokens["refresh_token"]).status == 401


def test_security_10_a_token_of_another_key_issuer_or_type_is_not_ours(jwt_house: House) -> None:
    token = jwt_house.tokens_for()["access_token"]
    claims = json_segment(token.split(".")[1])
    key = jwt_house.keys.signing("ES256")
    for changed, typ in (({"iss": "https://evil.example"}, "at+jwt"), ({}, "JWT"), ({}, "logout+jwt"), ({"jti": 7}, "at+jwt"),
                         ({"exp": jwt_house.clock.now()}, "at+jwt")):
        assert jwt_house.tokens.locate(jwt.sign(claims | changed, key, typ=typ)) is None
    assert jwt_house.tokens.locate(token[:-4] + "AAAA") is None
    assert jwt_house.tokens.locate(token) is not None


@pytest.mark.parametrize("value", ["", "a.b.c", "..", "a" * 42, "a" * 44, "đ" * 43, "a" * 42 + "\n", "x." * 20000])
def test_what_cannot_be_a_token_is_not_looked_up(house: House, value: str) -> None:
    assert house.tokens.locate(value) is None


@pytest.mark.parametrize("fmt", ["opaque", "jwt"])
def test_a_token_lives_for_its_ten_minutes(house: House, fmt) -> None:
    house.client(access_token_format=fmt)
    token = house.tokens_for()["access_token"]
    house.clock.advance(599)
    assert house.is_active(token)
    house.clock.advance(1)
    assert not house.is_active(token)
    assert house.userinfo(token).status == 401


def test_a_token_whose_grant_is_gone_is_no_token(house: House) -> None:
    tokens = house.tokens_for(scope="openid profile")
    house.database.write(delete(GrantRow.__table__)).run()
    assert not house.is_active(tokens["access_token"])
    assert house.userinfo(tokens["access_token"]).error == "invalid_token"
    assert house.refresh(tokens["refresh_token"]).error == "invalid_grant"
