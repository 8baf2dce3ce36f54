"""RFC 9701: introspection answers that stay proof of what the provider said."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwe as library
from sqlalchemy import literal_column, update

from idp.adapters.sql.tables import AccessTokenRow
from idp.errors import RefusedError
from idp.jose import jwe, jwt
from idp.oauth.tokens.introspection_response import ALGORITHMS, MEDIA_TYPE, TYPE, asks_for_jwt
from tests.fakes.client_keys import assertion_of, jwks_of, pair
from tests.provider import ISSUER, SECRET, House, Reply, house, json_segment, registry_house

__all__ = ["house", "registry_house"]

PUBLISHED = "https://qlvb.example/jwks.json"


def ask(house: House, token: str, *, accept: str = MEDIA_TYPE, client_id: str = "qlvb", secret: str = SECRET) -> Reply:
    return house.post("/introspect", {"token": token}, client_id=client_id, secret=secret, headers={"accept": accept})


def verified(house: House, token: str, alg: str = "RS256") -> dict[str, Any]:
    """Check the signature with our published keys, and nothing else: such an answer has no expiry."""
    header = json_segment(token.split(".")[0])
    assert (header["alg"], header["typ"]) == (alg, TYPE)
    key = next(key for key in house.keys.verification().keys if key.kid == header["kid"])
    return jwt.signed_claims(token, key, alg)  # type: ignore[arg-type]


def opened(token: str, alg: str) -> str:
    registry = library.JWERegistry(algorithms=[alg, *jwe.ENCRYPTIONS])
    content = library.decrypt_compact(token, pair(alg), registry=registry).plaintext
    assert content is not None
    return content.decode()


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_rfc9701_s5_the_answer_is_a_jwt_for_the_client_that_asked(house: House, alg: str) -> None:
    house.client(introspection_signed_response_alg=alg)
    token = house.tokens_for(scope="openid profile")["access_token"]
    reply = ask(house, token)
    assert (reply.status, reply.headers["Content-Type"], reply.headers["Cache-Control"]) == (200, MEDIA_TYPE, "no-store")
    assert verified(house, reply.body.decode(), alg) == {
        "iss": ISSUER, "aud": "qlvb", "iat": house.clock.now(), "token_introspection": house.introspect(token).json}


def test_rfc9701_s6_rs256_where_nothing_is_registered(house: House) -> None:
    assert verified(house, ask(house, house.tokens_for()["access_token"]).body.decode())["token_introspection"]["active"]


@pytest.mark.parametrize("accept", ["", "*/*", "application/json", "application/*", "application/jwt",
                                    f"{MEDIA_TYPE};q=0", f"application/json, {MEDIA_TYPE};q=0.5"])
def test_rfc9701_s4_who_does_not_ask_for_a_jwt_gets_json_whatever_is_registered(house: House, accept: str) -> None:
    house.client(introspection_signed_response_alg="ES256", introspection_encrypted_response_alg="RSA-OAEP-256",
                 introspection_encrypted_response_enc="A128GCM", jwks=jwks_of(pair("RSA-OAEP-256")))
    reply = ask(house, house.tokens_for()["access_token"], accept=accept)
    assert (reply.headers["Content-Type"], reply.json["active"]) == ("application/json", True)


def test_security_17_a_jwt_tells_strangers_nothing_more_than_json_does(house: House) -> None:
    house.client("other")
    token = house.tokens_for()["access_token"]
    told = verified(house, ask(house, token, client_id="other").body.decode())
    assert (told["aud"], told["token_introspection"]) == ("other", {"active": False})
    for value in ("x" * 43, "a.b.c", "x" * 20_000):
        assert verified(house, ask(house, value).body.decode())["token_introspection"] == {"active": False}


def test_a_resource_server_in_the_audience_is_the_audience_of_the_answer(house: House) -> None:
    house.client("resource-server")
    token = house.tokens_for()["access_token"]
    house.database.write(update(AccessTokenRow.__table__).values(audience=literal_column("'resource-server'"))).run()
    told = verified(house, ask(house, token, client_id="resource-server").body.decode())
    assert (told["aud"], told["token_introspection"]["active"], told["token_introspection"]["aud"]) == (
        "resource-server", True, "resource-server")


def test_rfc9701_s4_who_does_not_authenticate_is_told_nothing(house: House) -> None:
    house.client("spa", token_endpoint_auth_method="none")
    token = house.tokens_for()["access_token"]
    for reply in (ask(house, token, secret="wrong"), ask(house, token, client_id="nobody"),
                  house.post("/introspect", {"token": token}, headers={"accept": MEDIA_TYPE}),
                  house.post("/introspect", {"token": token, "client_id": "spa"}, headers={"accept": MEDIA_TYPE})):
        assert (reply.status, reply.error, reply.headers["Content-Type"]) == (401, "invalid_client", "application/json")
    assert ask(house, "").error == "invalid_request"


@pytest.mark.parametrize("alg", ["RSA-OAEP-256", "ECDH-ES+A128KW"])
def test_rfc9701_s5_signed_first_and_encrypted_then_where_registered(house: House, alg: str) -> None:
    house.client(introspection_encrypted_response_alg=alg, introspection_encrypted_response_enc="A256GCM",
                 introspection_signed_response_alg="ES256", jwks=jwks_of(pair(alg)))
    reply = ask(house, house.tokens_for()["access_token"])
    assert reply.headers["Content-Type"] == MEDIA_TYPE
    header = json_segment(reply.body.decode().split(".")[0])
    assert [header[name] for name in ("alg", "enc", "cty")] == [alg, "A256GCM", "JWT"]
    assert verified(house, opened(reply.body.decode(), alg), "ES256")["token_introspection"]["active"]


@pytest.mark.parametrize("document", [None, b'{"keys":[]}', jwks_of(pair("RS256")).encode()])
def test_without_a_key_to_encrypt_to_nothing_is_told(house: House, document: bytes | None) -> None:
    house.client(introspection_encrypted_response_alg="RSA-OAEP-256", introspection_encrypted_response_enc="A128GCM",
                 jwks_uri=PUBLISHED)
    if document is not None:
        house.documents[PUBLISHED] = document
    reply = ask(house, house.tokens_for()["access_token"])
    assert (reply.status, reply.error) == (503, "temporarily_unavailable")


def test_security_11_the_answer_passes_for_nothing_else(house: House) -> None:
    tokens = house.tokens_for(scope="openid offline_access")
    house.client("bank", token_endpoint_auth_method="private_key_jwt", secret_digest=None, jwks=jwks_of(pair("ES256")))
    for alg in ALGORITHMS:
        house.client(introspection_signed_response_alg=alg)
        answer = ask(house, tokens["access_token"]).body.decode()
        assert not {"sub", "exp"} & verified(house, answer, alg).keys()
        assert house.userinfo(answer).status == 401
        assert not house.is_active(answer)
        assert house.refresh(answer).error == "invalid_grant"
        assert house.redeem(answer).error == "invalid_grant"
        with pytest.raises(RefusedError):
            house.id_tokens.read_hint(answer)
        proof = assertion_of("bank", ISSUER, house.clock.now()) | {"client_assertion": answer, "client_id": "qlvb"}
        assert house.post("/introspect", {"token": "x"} | proof).status == 401


# Accept

@pytest.mark.parametrize(("accept", "asks"), [
    (MEDIA_TYPE, True), (MEDIA_TYPE.upper(), True), (f" {MEDIA_TYPE} ", True), (f"text/html,{MEDIA_TYPE};q=0.1", True),
    (f"application/json;q=0.9, {MEDIA_TYPE}", True), (f"application/json, {MEDIA_TYPE}", True), (f"{MEDIA_TYPE};v=1;q=1.0", True),
    (f"{MEDIA_TYPE}; q=0.000", False), (f"{MEDIA_TYPE};q=0.8, application/json;q=0.9", False), (f"x{MEDIA_TYPE}", False),
    (f"{MEDIA_TYPE}x", False), (f"{MEDIA_TYPE};q=nan", False), (f"{MEDIA_TYPE};q=1e9", False), (f"{MEDIA_TYPE};q=", False),
    ("", False), ("*/*", False),
])
def test_rfc9110_s12_5_1_what_an_accept_header_asks_for(accept: str, asks: bool) -> None:
    assert asks_for_jwt(accept) is asks


@given(st.text(st.sampled_from(f"{MEDIA_TYPE},;q=01.²* "), max_size=60).map(lambda text: MEDIA_TYPE + text)
       | st.text(max_size=60))
def test_any_accept_header_is_read_without_an_error(text: str) -> None:
    assert asks_for_jwt(text) in {True, False}


def test_a_long_accept_header_is_read_as_far_as_a_thousand_characters(house: House) -> None:
    assert ask(house, "x" * 43, accept="a/b," * 3000 + MEDIA_TYPE).json == {"active": False}


def test_the_registration_tells_how_answers_are_signed(registry_house: House) -> None:
    house = registry_house
    told = house.register(house.leave(quota=2), {
        "client_name": "Máy chủ", "redirect_uris": ["https://rs.example/cb"], "introspection_signed_response_alg": "ES256",
        "introspection_encrypted_response_alg": "RSA-OAEP-256", "jwks": json.loads(jwks_of(pair("RSA-OAEP-256")))}).json
    assert told.items() >= {
        "introspection_signed_response_alg": "ES256", "introspection_encrypted_response_alg": "RSA-OAEP-256",
        "introspection_encrypted_response_enc": "A128CBC-HS256"}.items()
