"""How an answer travels, and how one is signed (JARM)."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.errors import RefusedError
from idp.jose import jwt
from idp.jose.keyset import ALGORITHMS as OF_OUR_KEYS
from idp.oauth import response
from idp.oauth.authorization_request import AuthorizationError
from idp.oauth.response import ALGORITHMS, FRONT_CHANNEL, AuthorizationResponse
from tests.provider import CALLER, ISSUER, REDIRECT_URI, House, json_segment, query_of

SIGNED = ["query.jwt", "fragment.jwt", "form_post.jwt", "jwt"]


def answer(house: House, **changes: str | None) -> AuthorizationResponse:
    return house.provider.issue_code(house.asked(**changes), session=house.session(), caller=CALLER)


def refusal(house: House, **changes: str | None) -> AuthorizationResponse:
    with pytest.raises(AuthorizationError) as caught:
        house.asked(**{"prompt": "none login", **changes})
    return house.provider.error_response(caught.value)


def opened(house: House, sent: AuthorizationResponse, *, audience: str = "qlvb", alg: str = "RS256") -> dict[str, object]:
    """Check the JWT as the client must (JARM §2.4); gives its claims."""
    (name, token), = sent.parameters
    assert name == "response"
    assert json_segment(token.split(".")[0]) == {"alg": alg, "kid": house.keys.signing(alg).kid, "typ": "JWT"}
    return jwt.verify(token, house.keys.verification(), algorithms=[alg], typ="JWT", issuer=ISSUER, audience=audience,
                      now=house.clock.now())


# Where it goes

def test_rfc6749_s4_1_2_a_query_is_added_to_the_redirect_uris_own() -> None:
    sent = AuthorizationResponse("https://a.example/cb?app=1", "query", (("code", "c&d"), ("state", "x y"), ("iss", "https://i")))
    assert query_of(sent.location()) == {"app": "1", "code": "c&d", "state": "x y", "iss": "https://i"}
    assert AuthorizationResponse("https://a.example/cb", "query", (("code", "c"),)).location() == "https://a.example/cb?code=c"


@pytest.mark.parametrize("uri", ["https://a.example/cb", "https://a.example/cb?app=1&x=%23", "vn.example.app:/cb"])
def test_rfc6749_s4_2_2_a_fragment_leaves_the_redirect_uri_as_it_is(uri: str) -> None:
    sent = AuthorizationResponse(uri, "fragment", (("id_token", "a.b.c"), ("state", "x y#z&=?")))
    before, sign, fragment = sent.location().partition("#")
    assert (before, sign) == (uri, "#")
    assert dict(parse_qsl(fragment)) == {"id_token": "a.b.c", "state": "x y#z&=?"}


@given(state=st.text(st.characters(exclude_categories=["Cs"]), max_size=200), mode=st.sampled_from(["query", "fragment"]))
def test_whatever_the_state_holds_the_address_stays_one_line_of_ascii(state: str, mode: str) -> None:
    location = AuthorizationResponse("https://a.example/cb", mode, (("state", state),)).location()
    assert location.isascii()
    assert location.isprintable()
    assert " " not in location
    assert location.count("#") == (mode == "fragment")


# Which types there are

def test_oidc_registration_s2_the_grant_types_of_each_response_type() -> None:
    assert {kind: response.grant_types(kind) for kind in ("code", *FRONT_CHANNEL)} == {
        "code": ("authorization_code",), "id_token": ("implicit",), "id_token token": ("implicit",),
        "code id_token": ("authorization_code", "implicit"), "code token": ("authorization_code", "implicit"),
        "code id_token token": ("authorization_code", "implicit")}


def test_security_8_tokens_in_the_browser_are_offered_where_the_deployment_says_so() -> None:
    assert response.offered(front_channel=False) == ("code",)
    assert set(response.offered(front_channel=True)) == {"code", *FRONT_CHANNEL}
    assert {"token", "none"}.isdisjoint(response.offered(front_channel=True))
    assert all(response.type_of(kind) == kind for kind in response.offered(front_channel=True))


# JARM

@pytest.mark.parametrize(("mode", "encoding"), [
    ("jwt", "query"), ("query.jwt", "query"), ("fragment.jwt", "fragment"), ("form_post.jwt", "form_post")])
def test_jarm_s2_1_the_whole_answer_is_in_one_signed_parameter(house: House, mode: str, encoding: str) -> None:
    sent = answer(house, response_mode=mode, state="a b&c")
    assert (sent.redirect_uri, sent.response_mode) == (REDIRECT_URI, encoding)
    claims = opened(house, sent)
    code = claims.pop("code")
    assert claims == {"iss": ISSUER, "aud": "qlvb", "exp": house.clock.now() + 300, "state": "a b&c"}
    assert house.redeem(str(code)).status == 200


@pytest.mark.parametrize("mode", SIGNED)
def test_jarm_s2_1_errors_are_signed_too_before_and_after_the_request_was_read(house: House, mode: str) -> None:
    later = house.provider.error_response(house.asked(response_mode=mode).refuse("access_denied", "No."))
    for sent, code in ((refusal(house, response_mode=mode), "invalid_request"), (later, "access_denied")):
        claims = opened(house, sent)
        assert (claims["error"], claims["state"], claims["iss"], claims["aud"]) == (code, "xyz", ISSUER, "qlvb")
        assert set(claims) == {"error", "error_description", "state", "iss", "aud", "exp"}


@pytest.mark.parametrize("mode", SIGNED)
def test_rfc9207_s2_4_neither_iss_nor_state_stands_beside_the_jwt(house: House, mode: str) -> None:
    for sent in (answer(house, response_mode=mode), refusal(house, response_mode=mode)):
        assert [name for name, _ in sent.parameters] == ["response"]


def test_without_state_the_jwt_has_none(house: House) -> None:
    assert "state" not in opened(house, answer(house, response_mode="jwt", state=None))


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_jarm_s3_the_registered_algorithm_signs(house: House, alg: str) -> None:
    house.client("signed", authorization_signed_response_alg=alg)
    assert opened(house, answer(house, client_id="signed", response_mode="jwt"), audience="signed", alg=alg)["code"]
    assert opened(house, refusal(house, client_id="signed", response_mode="jwt"), audience="signed", alg=alg)["error"]


def test_jarm_s3_rs256_is_the_default_and_none_is_never_offered() -> None:
    assert ALGORITHMS[0] == "RS256"
    assert set(ALGORITHMS) == set(OF_OUR_KEYS)
    assert "none" not in ALGORITHMS


def test_jarm_s2_1_the_jwt_lives_for_ten_minutes_at_most(house: House) -> None:
    sent = answer(house, response_mode="jwt")
    assert response.LIFETIME_SECONDS <= 600
    house.clock.advance(response.LIFETIME_SECONDS)
    with pytest.raises(RefusedError, match="expired"):
        opened(house, sent)


def test_jarm_s2_4_a_changed_answer_does_not_verify(house: House) -> None:
    (name, token), = answer(house, response_mode="jwt").parameters
    head, body, signature = token.split(".")
    other = answer(house, response_mode="jwt", state="other").parameters[0][1].split(".")[1]
    for forged in (f"{head}.{other}.{signature}", f"{head}.{body}.{signature[:-6]}AAAAAA"):
        with pytest.raises(RefusedError):
            opened(house, AuthorizationResponse(REDIRECT_URI, "query", ((name, forged),)))


def test_jarm_an_error_of_a_client_that_was_closed_meanwhile_is_signed_with_the_default(house: House) -> None:
    house.client(authorization_signed_response_alg="ES256")
    error = house.asked(response_mode="jwt").refuse("access_denied", "No.")
    house.client(disabled=True)
    assert opened(house, house.provider.error_response(error))["error"] == "access_denied"
