"""ID tokens tell the truth, to one application, signed as it registered."""

from __future__ import annotations

import base64
import hashlib

import pytest

from idp.errors import RefusedError
from idp.jose import jwt
from idp.oauth.authorization_request import AuthorizationError
from idp.oauth.clients.registration import ID_TOKEN_ALGORITHMS
from idp.oidc.id_token import ALGORITHMS, half_hash
from tests.provider import ACR_PREFIX, ISSUER, House, json_segment


def test_oidc_core_s2_the_claims_of_an_id_token(house: House) -> None:
    session = house.session(acr=2, amr=("pwd", "otp", "mfa"))
    house.clock.advance(20)
    tokens = house.tokens_for(session=session)
    token = tokens["id_token"]
    now = house.clock.now()
    assert house.id_claims(token) == {
        "iss": ISSUER, "sub": session.sub, "aud": "qlvb", "iat": now, "exp": now + 600, "auth_time": now - 20,
        "acr": f"{ACR_PREFIX}2", "amr": ["pwd", "otp", "mfa"], "sid": session.sid, "nonce": "n-0S6_WzA2Mj",
        "at_hash": half_hash(tokens["access_token"], "RS256")}


def test_oidc_core_s3_1_3_6_at_hash_is_the_left_half_of_the_hash() -> None:
    half = hashlib.sha256(b"jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y").digest()[:16]
    for alg in ("RS256", "PS256", "ES256"):
        told = half_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y", alg)
        assert told == base64.urlsafe_b64encode(half).decode().rstrip("=") == "77QmUPtjPfzWtF2AnpK9RQ"


def test_oidc_core_s3_1_3_6_at_hash_beside_eddsa_is_the_left_half_of_sha_512() -> None:
    half = hashlib.sha512(b"jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y").digest()[:32]
    told = half_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y", "EdDSA")
    assert told == base64.urlsafe_b64encode(half).decode().rstrip("=")


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_oidc_registration_s2_the_registered_algorithm_signs(house: House, alg: str) -> None:
    house.client(id_token_signed_response_alg=alg)
    token = house.tokens_for()["id_token"]
    header = json_segment(token.split(".")[0])
    assert (header["alg"], header["kid"], header["typ"]) == (alg, house.keys.signing(alg).kid, "JWT")
    jwt.verify(token, house.keys.verification(), algorithms=[alg], typ="JWT", issuer=ISSUER, audience="qlvb",
               now=house.clock.now())


def test_security_1_what_may_be_registered_is_what_is_listed_and_what_has_a_key(house: House) -> None:
    listed = house.call("GET", "/.well-known/openid-configuration").json["id_token_signing_alg_values_supported"]
    assert list(ID_TOKEN_ALGORITHMS) == list(ALGORITHMS) == listed
    assert {house.keys.signing(alg).alg for alg in listed} == set(listed)


def test_rs256_is_the_default(house: House) -> None:
    assert json_segment(house.tokens_for()["id_token"].split(".")[0])["alg"] == "RS256"


def test_no_nonce_is_invented(house: House) -> None:
    assert "nonce" not in house.id_claims(house.tokens_for(nonce=None)["id_token"])


def test_security_30_a_new_sign_in_in_the_session_does_not_change_what_an_older_grant_tells(house: House) -> None:
    session = house.session()
    tokens = house.tokens_for(session=session)
    house.clock.advance(100)
    house.session(session.sub, acr=2, amr=("pwd", "otp", "mfa"))
    refreshed = house.id_claims(house.refresh(tokens["refresh_token"]).json["id_token"])
    assert (refreshed["auth_time"], refreshed["acr"], refreshed["amr"]) == (session.auth_time, f"{ACR_PREFIX}1", ["pwd"])


def test_a_narrowed_refresh_without_openid_gives_no_id_token(house: House) -> None:
    token = house.tokens_for(scope="openid profile")["refresh_token"]
    assert "id_token" not in house.refresh(token, scope="profile").json


# id_token_hint

def test_oidc_core_s3_1_2_1_an_own_id_token_is_a_hint_even_when_it_expired(house: House) -> None:
    session = house.session()
    token = house.tokens_for(session=session)["id_token"]
    house.clock.advance(100_000)
    assert house.asked(id_token_hint=token).id_token_hint_sub == session.sub
    hint = house.id_tokens.read_hint(token)
    assert (hint.sub, hint.sid, hint.client_id) == (session.sub, session.sid, "qlvb")


def test_anything_else_is_no_hint(house: House) -> None:
    house.client("other")
    house.client(access_token_format="jwt")
    tokens = house.tokens_for()
    key = house.keys.signing("RS256")
    claims = house.id_claims(tokens["id_token"])
    forgeries = [
        tokens["access_token"], tokens["id_token"][:-6] + "AAAAAA", "a.b.c", "", "đ" * 10,
        house.tokens_for(client_id="other")["id_token"],
        jwt.sign(claims | {"iss": "https://evil.example"}, key, typ="JWT"),
        jwt.sign(claims, key, typ="logout+jwt"),
        jwt.sign(claims | {"aud": ["qlvb"]}, key, typ="JWT"),
        jwt.sign({name: value for name, value in claims.items() if name != "sid"}, key, typ="JWT"),
        jwt.sign(claims | {"iat": house.clock.now() + 1000}, key, typ="JWT"),
    ]
    for token in filter(None, forgeries):
        with pytest.raises(AuthorizationError) as caught:
            house.asked(id_token_hint=token)
        assert caught.value.code == "invalid_request"
    with pytest.raises(RefusedError):
        house.id_tokens.read_hint("")
