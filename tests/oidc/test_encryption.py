"""OpenID Connect Core §10.2, §16.14 and §5.3.2: answers that only their application can read, and none at all without its key."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from joserfc import jwe as library

from idp.jose import jwe, jwt
from idp.oauth.authorization_request import AuthorizationError
from idp.oidc.backchannel_logout import LogoutNotice
from tests.fakes.client_keys import jwks_of, pair
from tests.fakes.notices import application
from tests.provider import ISSUER, House, json_segment

from .test_backchannel_logout import URI, Desk

PUBLISHED = "https://qlvb.example/jwks.json"
KEY = pair("RSA-OAEP-256")


def wants(house: House, *, what: str = "id_token", alg: str = "RSA-OAEP-256", enc: str = "A128CBC-HS256", **members: Any) -> None:
    """Register that something is to be encrypted to a key that is registered by value."""
    given = {f"{what}_encrypted_response_alg": alg, f"{what}_encrypted_response_enc": enc, "jwks": jwks_of(pair(alg))}
    house.client(**{**given, **members})


def opened(token: str, alg: str = "RSA-OAEP-256") -> str:
    """Decrypt with the application's private key."""
    algorithms = [alg, *jwe.ENCRYPTIONS]
    content = library.decrypt_compact(token, pair(alg), registry=library.JWERegistry(algorithms=algorithms)).plaintext
    assert content is not None
    return content.decode()


# ID tokens

@pytest.mark.parametrize("enc", jwe.ENCRYPTIONS)
@pytest.mark.parametrize("alg", ["RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A256KW"])
def test_core_s16_14_an_id_token_is_signed_first_and_encrypted_then(house: House, alg: str, enc: str) -> None:
    wants(house, alg=alg, enc=enc, id_token_signed_response_alg="ES256")
    tokens = house.tokens_for()
    header = json_segment(tokens["id_token"].split(".")[0])
    assert [header[name] for name in ("alg", "enc", "cty", "kid")] == [alg, enc, "JWT", pair(alg).kid]
    inner = opened(tokens["id_token"], alg)
    claims = jwt.verify(inner, house.keys.verification(), algorithms=["ES256"], typ="JWT", issuer=ISSUER, audience="qlvb",
                        now=house.clock.now())
    assert claims["nonce"] == "n-0S6_WzA2Mj"


def test_a_refreshed_id_token_is_encrypted_too(house: House) -> None:
    wants(house)
    refreshed = house.refresh(house.tokens_for()["refresh_token"]).json["id_token"]
    assert opened(refreshed).count(".") == 2


def test_core_s10_2_2_a_new_key_of_the_application_is_used(house: House) -> None:
    wants(house, jwks="", jwks_uri=PUBLISHED)
    house.documents[PUBLISHED] = jwks_of(pair("RSA-OAEP-256", 1)).encode()
    first = house.tokens_for()["id_token"]
    house.documents[PUBLISHED] = jwks_of(KEY).encode()
    house.clock.advance(301)
    second = house.tokens_for(session=house.session())["id_token"]
    assert [json_segment(token.split(".")[0])["kid"] for token in (first, second)] == ["RSA-OAEP-256-1", "RSA-OAEP-256-0"]


@pytest.mark.parametrize("document", [None, b'{"keys":[]}', b"{", jwks_of(pair("RS256")).encode()])
def test_without_a_key_nothing_is_told_and_nothing_is_written(house: House, document: bytes | None) -> None:
    wants(house, jwks="", jwks_uri=PUBLISHED)
    if document is not None:
        house.documents[PUBLISHED] = document
    code = house.code()
    before = house.events()
    refused = house.redeem(code)
    assert (refused.status, refused.error) == (503, "temporarily_unavailable")
    assert int(refused.headers["Retry-After"]) > 0
    assert house.events() == before
    house.documents[PUBLISHED] = jwks_of(KEY).encode()
    house.clock.advance(11)
    tokens = house.redeem(code).json
    assert opened(tokens["id_token"])
    house.documents.clear()
    house.clock.advance(2)
    house.client(jwks_uri=PUBLISHED + "?moved")
    assert house.refresh(tokens["refresh_token"]).status == 503
    house.client(jwks_uri=PUBLISHED)
    assert house.refresh(tokens["refresh_token"]).status == 200  # the refused exchange has not used it up


def test_an_application_that_asked_for_nothing_is_not_asked_for_keys(house: House) -> None:
    house.client(jwks_uri=PUBLISHED)
    assert house.tokens_for()["id_token"].count(".") == 2


def test_core_s3_1_2_1_the_hint_is_the_decrypted_id_token(house: House) -> None:
    wants(house)
    session = house.session()
    token = house.tokens_for(session=session)["id_token"]
    with pytest.raises(AuthorizationError) as caught:
        house.asked(id_token_hint=token)
    assert caught.value.code == "invalid_request"
    assert house.asked(id_token_hint=opened(token)).id_token_hint_sub == session.sub


# UserInfo

@pytest.mark.parametrize("alg", ["RS256", "ES256"])
def test_core_s5_3_2_a_signed_answer_names_issuer_and_audience(house: House, alg: str) -> None:
    house.client(userinfo_signed_response_alg=alg)
    session = house.session()
    reply = house.userinfo(house.tokens_for(session=session, scope="openid email")["access_token"])
    assert (reply.status, reply.headers["Content-Type"], reply.headers["Cache-Control"]) == (200, "application/jwt", "no-store")
    token = reply.body.decode()
    header = json_segment(token.split(".")[0])
    assert (header["alg"], header["kid"]) == (alg, house.keys.signing(alg).kid)
    assert json_segment(token.split(".")[1]) == {
        "sub": session.sub, "email": "canbo@haugiang.gov.vn", "email_verified": True, "iss": ISSUER, "aud": "qlvb"}


def test_core_s16_14_an_answer_is_signed_first_and_encrypted_then(house: House) -> None:
    wants(house, what="userinfo", userinfo_signed_response_alg="RS256")
    reply = house.userinfo(house.tokens_for()["access_token"])
    assert reply.headers["Content-Type"] == "application/jwt"
    assert json_segment(reply.body.decode().split(".")[0])["cty"] == "JWT"
    assert json_segment(opened(reply.body.decode()).split(".")[1])["iss"] == ISSUER


def test_core_s5_3_2_an_answer_may_be_encrypted_alone(house: House) -> None:
    wants(house, what="userinfo")
    reply = house.userinfo(house.tokens_for(scope="openid profile")["access_token"])
    assert "cty" not in json_segment(reply.body.decode().split(".")[0])
    told = json.loads(opened(reply.body.decode()))
    assert (told["name"], told["iss"], told["aud"]) == ("Nguyễn Thị Cán Bộ", ISSUER, "qlvb")


def test_without_a_key_userinfo_tells_nothing(house: House) -> None:
    wants(house, what="userinfo", jwks="", jwks_uri=PUBLISHED, userinfo_signed_response_alg="RS256")
    reply = house.userinfo(house.tokens_for()["access_token"])
    assert (reply.status, reply.error) == (503, "temporarily_unavailable")


def test_refusals_stay_json(house: House) -> None:
    house.client(userinfo_signed_response_alg="RS256")
    reply = house.userinfo("x" * 43)
    assert (reply.status, reply.headers["Content-Type"], reply.error) == (401, "application/json", "invalid_token")


def test_security_11_a_signed_userinfo_answer_passes_for_no_token(house: House) -> None:
    house.client(userinfo_signed_response_alg="ES256")
    answer = house.userinfo(house.tokens_for()["access_token"]).body.decode()
    with pytest.raises(AuthorizationError):
        house.asked(id_token_hint=answer)
    assert house.userinfo(answer).status == 401
    assert not house.is_active(answer)


# Logout tokens

def test_backchannel_logout_s2_4_a_logout_token_is_encrypted_as_id_tokens_are() -> None:
    desk = Desk(application("qlvb", URI, id_token_encrypted_response_alg="RSA-OAEP-256",
                            id_token_encrypted_response_enc="A256GCM", jwks=jwks_of(KEY)))
    assert desk.delivery.deliver([desk.notice()])
    token = desk.transport.posted[0][1]["logout_token"]
    assert json_segment(token.split(".")[0])["cty"] == "JWT"
    claims = jwt.verify(opened(token), desk.keys.verification(), algorithms=["RS256"], typ="logout+jwt", issuer=None,
                        audience="qlvb", now=desk.clock.now())
    assert claims["sid"] == "sid-1"


def test_a_logout_token_that_cannot_be_encrypted_is_tried_again_and_never_sent_in_the_clear() -> None:
    desk = Desk(application("qlvb", URI, id_token_encrypted_response_alg="RSA-OAEP-256",
                            id_token_encrypted_response_enc="A256GCM", jwks=jwks_of(pair("RS256"))))
    notice: LogoutNotice = replace(desk.notice(), attempts=2)
    assert not desk.delivery.deliver([notice])
    assert desk.transport.posted == []
    assert desk.queue.decisions == [("failed", 1, desk.clock.now() + 8, "The application has no key to encrypt to.")]
