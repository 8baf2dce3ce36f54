"""RFC 9101: what the application signed is what is asked, and nothing else."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import JWKRegistry

from idp.errors import UnavailableError
from idp.jose import jwe
from idp.oauth.authorization_request import AuthorizationError, AuthorizationRequest, UnsafeRequestError
from idp.oauth.client import Client
from idp.oauth.clients.assertion import TYPE
from idp.oauth.requests.request_object import ALGORITHMS, InvalidRequestObjectError, RequestObjects, parameters_of
from tests.fakes.client_keys import assertion_of, jwks_of, keys_by_value, pair, signed
from tests.fakes.clock import FakeClock
from tests.provider import ISSUER, REDIRECT_URI, SECRET, House

KEYS = jwks_of(*(pair(alg) for alg in ALGORITHMS))
HEADER = {"typ": "oauth-authz-req+jwt"}


class Desk:
    """A house whose client has a key of each kind, and objects that it signs."""

    def __init__(self, house: House) -> None:
        self.house = house
        house.client(jwks=KEYS)

    def object(self, key: Any = None, *, header: Mapping[str, Any] | None = None, alg: str | None = None, **changes: Any) -> str:
        """A good request object with some changes; None leaves a claim out."""
        now = self.house.clock.now()
        claims = self.house.parameters() | {"iss": "qlvb", "aud": ISSUER, "iat": now, "nbf": now, "exp": now + 300} | changes
        return signed(claims, key or pair("ES256"), alg=alg, **{**HEADER, **(header or {})})

    def read(self, token: str, **outside: str | None) -> AuthorizationRequest:
        given = {"client_id": "qlvb", "request": token, **outside}
        return self.house.provider.parse_authorization({name: [value] for name, value in given.items() if value is not None})

    def told(self, token: str, **outside: str | None) -> str:
        """Why the application is told that its object is refused; the redirect URI outside is good."""
        with pytest.raises(AuthorizationError) as caught:
            self.read(token, **{"redirect_uri": REDIRECT_URI, "state": "outside"} | outside)
        assert caught.value.redirect_uri == REDIRECT_URI
        assert caught.value.message.isascii()
        return caught.value.code

    def refused(self, token: str, **outside: str | None) -> str:
        assert self.told(token, **outside) == "invalid_request_object"
        with pytest.raises(AuthorizationError) as caught:
            self.read(token, redirect_uri=REDIRECT_URI)
        return caught.value.message

    def shown(self, token: str, **outside: str | None) -> str:
        """Why nothing is redirected."""
        with pytest.raises(UnsafeRequestError) as caught:
            self.read(token, **outside)
        return caught.value.code


@pytest.fixture
def desk(house: House) -> Desk:
    return Desk(house)


# What is asked

@pytest.mark.parametrize("alg", ALGORITHMS)
def test_rfc9101_s6_a_signed_request_is_read(desk: Desk, alg: str) -> None:
    assert desk.read(desk.object(pair(alg))) == desk.house.asked()


def test_rfc9101_s6_3_only_what_was_signed_counts(desk: Desk) -> None:
    token = desk.object(state=None, nonce=None, prompt=None)
    asked = desk.read(token, state="outside", nonce="outside", prompt="none", scope="openid email",
                      claims='{"userinfo":{"x":null}}', redirect_uri="https://evil.example/", response_type="token",
                      response_mode="fragment", login_hint="outside")
    assert (asked.state, asked.nonce, asked.prompt, asked.claims, asked.login_hint) == (None, "", (), "", "")
    assert (asked.scope, asked.redirect_uri, asked.response_type) == (("openid", "profile"), REDIRECT_URI, "code")
    assert asked.response_mode == "query"


@pytest.mark.parametrize("missing", ["response_type", "scope", "code_challenge"])
def test_rfc9101_s6_3_nothing_outside_fills_in_what_is_missing(desk: Desk, missing: str) -> None:
    outside = desk.house.parameters()
    with pytest.raises(AuthorizationError):
        desk.read(desk.object(**{missing: None}), **outside)


def test_rfc9101_s6_3_without_a_redirect_uri_inside_nothing_is_redirected(desk: Desk) -> None:
    assert desk.shown(desk.object(redirect_uri=None), redirect_uri=REDIRECT_URI) == "redirect_uri_missing"


def test_a_redirect_uri_inside_has_to_be_registered(desk: Desk) -> None:
    assert desk.shown(desk.object(redirect_uri="https://evil.example/"), redirect_uri=REDIRECT_URI) == "redirect_uri_mismatch"


def test_rfc9101_s4_numbers_and_objects_stand_as_they_are_in_json(desk: Desk) -> None:
    asked = desk.read(desk.object(max_age=300, claims={"userinfo": {"email": {"essential": True}}}))
    assert (asked.max_age, asked.claims) == (300, '{"userinfo":{"email":{"essential":true}}}')


@pytest.mark.parametrize("typ", ["oauth-authz-req+jwt", "application/oauth-authz-req+jwt", "JWT", "jwt", None])
def test_rfc9101_s10_8_the_type_may_be_named(desk: Desk, typ: str | None) -> None:
    assert desk.read(desk.object(header={"typ": typ}))


def test_rfc9101_s5_client_id_may_be_left_out_inside_and_never_outside(desk: Desk) -> None:
    assert desk.read(desk.object(client_id=None)).client_id == "qlvb"
    assert desk.shown(desk.object(), client_id=None) == "unknown_client"


# What is refused

@pytest.mark.parametrize("changes", [
    {"iss": None}, {"iss": "other"}, {"iss": 5}, {"iss": ["qlvb"]}, {"aud": None}, {"aud": "https://id.example"}, {"aud": []},
    {"aud": f"{ISSUER}/"}, {"aud": 5}, {"aud": [5, ISSUER]}, {"exp": None, "nbf": None, "iat": None},
    {"exp": "soon"}, {"exp": True}, {"nbf": "x"},
    {"client_id": "other"}, {"client_id": ["qlvb"]}, {"sub": "qlvb"}, {"sub": 5}, {"request": "e.y.j"},
    {"request_uri": "https://a.example/"}, {"state": "\ud800"}, {"\ud800": "x"}, {"claims": {"userinfo": "\udfff"}},
], ids=str)
def test_rfc9101_s6_2_claims_that_are_wrong(desk: Desk, changes: dict[str, Any]) -> None:
    assert desk.refused(desk.object(**changes))


@pytest.mark.parametrize("aud", [[ISSUER], [ISSUER, "https://other.example"]])
def test_rfc9101_s4_the_audience_may_be_a_list(desk: Desk, aud: list[str]) -> None:
    assert desk.read(desk.object(aud=aud))


@pytest.mark.parametrize(("changes", "good"), [
    ({"exp": -9}, True), ({"exp": -10}, False), ({"exp": 3610}, True), ({"exp": 3611}, False), ({"nbf": 10}, True),
    ({"nbf": 11}, False), ({"nbf": -3610}, True), ({"nbf": -3611}, False), ({"iat": 11}, False), ({"nbf": None}, True),
    ({"iat": None}, True), ({"nbf": None, "iat": -3610}, True), ({"nbf": None, "iat": -3611}, False), ({"iat": -3611}, True),
    ({"exp": None}, True), ({"exp": None, "iat": None}, True), ({"exp": None, "nbf": None}, True),
    ({"exp": None, "nbf": -3610}, True), ({"exp": None, "nbf": -3611}, False), ({"exp": None, "nbf": None, "iat": -3611}, False),
    ({"nbf": None, "iat": None}, True), ({"nbf": -3600, "exp": 3600}, True)], ids=str)
def test_an_object_counts_for_an_hour_with_ten_seconds_to_spare(desk: Desk, changes: dict[str, Any], good: bool) -> None:
    now = desk.house.clock.now()
    token = desk.object(**{name: None if value is None else now + value for name, value in changes.items()})
    if good:
        assert desk.read(token)
    else:
        assert desk.refused(token)


@pytest.mark.parametrize("header", [
    {"typ": "at+jwt"}, {"typ": "logout+jwt"}, {"typ": "dpop+jwt"}, {"typ": ""}, {"typ": 5}, {"kid": "unknown"}, {"kid": 5},
    {"jwk": {"kty": "EC"}}, {"jku": "https://evil.example/"}, {"x5c": ["x"]}, {"crit": ["exp"]}, {"zip": "DEF"},
    {"alg": "HS256"}, {"alg": "ES512"}, {"alg": "none"}], ids=str)
def test_rfc9101_s6_2_headers_that_are_wrong(desk: Desk, header: dict[str, Any]) -> None:
    token = desk.object()
    rest = token.split(".")[1:]
    made = desk.object(header=header) if {"alg", "crit"}.isdisjoint(header) else ".".join([segment({**HEADER, **header}), *rest])
    assert desk.refused(made)


def segment(members: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(members).encode()).rstrip(b"=").decode()


def test_rfc9101_s6_2_signed_by_somebody_else(desk: Desk) -> None:
    desk.house.client("other", jwks=jwks_of(pair("ES256", 1)))
    assert desk.refused(desk.object(pair("ES256", 1)))
    assert desk.refused(desk.object(pair("ES256", 1), header={"kid": "ES256-0"}))
    assert desk.refused(desk.object(pair("ES256", 1), header={"kid": None}))


def test_rfc9101_s6_2_where_no_key_is_named_each_that_fits_is_tried(desk: Desk) -> None:
    desk.house.client(jwks=jwks_of(*(pair("ES256", number) for number in (1, 2, 3))))
    for number in (1, 2, 3):
        assert desk.read(desk.object(pair("ES256", number), header={"kid": None}))
    assert desk.refused(desk.object(pair("ES256", 4), header={"kid": None}))
    assert desk.refused(desk.object(pair("ES256", 1), header={"kid": "ES256-2"}))


def test_rfc9101_s6_2_altered_on_the_way(desk: Desk) -> None:
    header, claims, signature = desk.object().split(".")
    assert desk.refused(f"{header}.{claims[:-2]}{'A' if claims[-2] != 'A' else 'B'}{claims[-1]}.{signature}")
    assert desk.refused(f"{header}.{claims}.{signature[:-2]}{'A' if signature[-2] != 'A' else 'B'}{signature[-1]}")


def test_a_client_without_keys_signs_nothing(desk: Desk) -> None:
    desk.house.client(jwks="")
    assert desk.refused(desk.object())


def test_the_registered_algorithm_is_the_only_one(desk: Desk) -> None:
    desk.house.client(request_object_signing_alg="PS256")
    assert desk.read(desk.object(pair("PS256")))
    assert desk.refused(desk.object(pair("ES256")))
    assert desk.refused(desk.object(pair("RS256")))


def test_fapi2_asks_for_nbf_and_takes_no_rs256(desk: Desk) -> None:
    desk.house.client(profile="fapi2")
    assert desk.read(desk.object(pair("PS256")))
    assert desk.refused(desk.object(pair("RS256")))
    assert desk.refused(desk.object(nbf=None))
    assert desk.refused(desk.object(exp=None))


def test_fapi2_message_signing_s5_3_1_between_nbf_and_exp_lies_an_hour_at_most(desk: Desk) -> None:
    now = desk.house.clock.now()
    long = desk.object(pair("PS256"), nbf=now - 60, exp=now + 3541)
    assert desk.read(long)
    desk.house.client(profile="fapi2")
    assert "more than an hour" in desk.refused(long)
    assert desk.read(desk.object(pair("PS256"), nbf=now - 60, exp=now + 3540))


@pytest.mark.parametrize(("members", "code"), [
    ({}, "request_not_supported"), ({"request_object_signing_alg": "ES256"}, "invalid_request_object"),
    ({"require_signed_request_object": True}, "invalid_request_object")])
def test_an_object_that_is_not_signed_is_refused_by_name(desk: Desk, members: dict[str, Any], code: str) -> None:
    desk.house.client(**members)
    claims = desk.object().split(".")[1]
    assert desk.told(f"{segment({'alg': 'none'})}.{claims}.") == code


@pytest.mark.parametrize("token", ["x", "e.y.j", "..", "a.b.c.d.e", "đ", "x" * 20000, "{}", "a.b.c ", "\x00"])
def test_rubbish_is_refused(desk: Desk, token: str) -> None:
    assert desk.told(token) in {"invalid_request_object", "request_not_supported"}


@pytest.mark.parametrize("token", ["e30.", "e30.e30.e30.", "....", ".", "e30.e30.e30.e30."])
def test_only_three_parts_make_an_unsigned_object(desk: Desk, token: str) -> None:
    assert desk.told(token) == "invalid_request_object"


def test_rfc6749_s3_1_an_empty_request_is_none(desk: Desk) -> None:
    assert desk.read("", **desk.house.parameters()) == desk.house.asked()
    token = desk.object(state="inside")
    asked = desk.house.provider.parse_authorization({"client_id": ["qlvb"], "request": ["", token]})
    assert asked.state == "inside"


def test_rfc9101_s10_8_an_assertion_is_no_request_object_and_no_object_an_assertion(desk: Desk) -> None:
    desk.house.client(token_endpoint_auth_method="private_key_jwt", secret_digest=None)
    now = desk.house.clock.now()
    form = assertion_of("qlvb", ISSUER, now, **desk.house.parameters(client_id=None))
    assert desk.refused(form["client_assertion"])
    token = desk.object(jti="1", exp=now + 60)
    reply = desk.house.token({"grant_type": "client_credentials", "client_assertion_type": TYPE, "client_assertion": token},
                             secret=None)
    assert reply.error == "invalid_client"


def test_rfc9101_s5_request_and_request_uri_exclude_each_other(desk: Desk) -> None:
    assert desk.told(desk.object(), request_uri="https://a.example/") == "invalid_request"


def test_an_object_that_is_sent_twice_is_refused(desk: Desk) -> None:
    token = desk.object()
    with pytest.raises(AuthorizationError) as caught:
        desk.house.provider.parse_authorization(
            {"client_id": ["qlvb"], "redirect_uri": [REDIRECT_URI], "request": [token, token]})
    assert caught.value.code == "invalid_request"


def test_security_4_where_no_address_is_known_outside_the_refusal_stays_with_us(desk: Desk) -> None:
    bad = desk.object(pair("ES256", 1))
    assert desk.shown(bad) == desk.shown(bad, redirect_uri="https://evil.example/") == "invalid_request_object"


def test_security_4_an_address_inside_a_bad_object_is_not_redirected_to(desk: Desk) -> None:
    assert desk.shown(desk.object(pair("ES256", 1), redirect_uri="https://evil.example/")) == "invalid_request_object"


def test_rfc9101_s10_5_a_client_that_must_sign(desk: Desk) -> None:
    desk.house.client(require_signed_request_object=True)
    with pytest.raises(AuthorizationError) as caught:
        desk.house.asked()
    assert (caught.value.code, caught.value.state) == ("invalid_request", "xyz")
    assert desk.house.push().error == "invalid_request"
    assert desk.read(desk.object())


def test_the_clients_keys_may_be_out_of_reach(desk: Desk) -> None:
    desk.house.client(jwks="", jwks_uri="https://qlvb.example/jwks")
    with pytest.raises(UnavailableError):
        desk.read(desk.object())
    desk.house.clock.advance(11)
    desk.house.documents["https://qlvb.example/jwks"] = KEYS.encode()
    assert desk.read(desk.object())


# Pushed

def push(desk: Desk, token: str, **more: str | None) -> Any:
    return desk.house.post("/par", {"request": token, **more}, client_id="qlvb", secret=SECRET)


def test_rfc9126_s3_an_object_is_pushed(desk: Desk) -> None:
    reply = push(desk, desk.object(), state="outside", scope="openid email")
    assert reply.status == 201
    asked = desk.house.opened(reply.json["request_uri"])
    assert (asked.state, asked.scope) == ("xyz", ("openid", "profile"))


@pytest.mark.parametrize(("changes", "error"), [
    ({"aud": "x"}, "invalid_request_object"), ({"exp": None, "nbf": None, "iat": None}, "invalid_request_object"),
    ({"client_id": "other"}, "invalid_request_object"),
    ({"redirect_uri": None}, "invalid_request"), ({"scope": "openid unheard-of"}, "invalid_scope"),
    ({"request_uri": "https://a.example/"}, "invalid_request_object")])
def test_rfc9126_s3_a_pushed_object_is_checked_alike(desk: Desk, changes: dict[str, Any], error: str) -> None:
    reply = push(desk, desk.object(**changes), redirect_uri=REDIRECT_URI)
    assert (reply.status, reply.error) == (400, error)


def test_rfc9126_s3_an_unsigned_object_is_not_pushed(desk: Desk) -> None:
    desk.house.client(request_object_signing_alg="ES256")
    assert push(desk, f"{segment({'alg': 'none'})}.{desk.object().split('.')[1]}.").error == "invalid_request_object"


def test_a_client_that_must_sign_pushes_signed_requests(desk: Desk) -> None:
    desk.house.client(require_signed_request_object=True)
    assert push(desk, desk.object()).status == 201
    assert desk.house.push().error == "invalid_request"


def test_a_client_that_must_push_cannot_bring_its_object_by_the_browser(desk: Desk) -> None:
    desk.house.client(require_pushed_authorization_requests=True)
    with pytest.raises(AuthorizationError) as caught:
        desk.read(desk.object())
    assert caught.value.code == "invalid_request"


# As a function for other requests

def test_another_kind_of_request_says_what_it_needs() -> None:
    clock = FakeClock()
    client = Client(client_id="qlvb", client_name="x", jwks=KEYS)
    objects = RequestObjects(ISSUER, keys_by_value(clock), clock, decrypt=str)
    now = clock.now()
    claims = {"iss": "qlvb", "aud": ISSUER, "iat": now, "nbf": now, "exp": now + 60, "jti": "1"}
    needed = ("iss", "aud", "exp", "iat", "nbf", "jti")
    assert objects.verify(signed(claims, pair("PS256")), client, registered_alg="PS256", needed=needed) == claims
    with pytest.raises(InvalidRequestObjectError):
        objects.verify(signed(claims, pair("ES256")), client, registered_alg="PS256", needed=needed)
    for name in needed:
        with pytest.raises(InvalidRequestObjectError):
            objects.verify(signed(claims | {name: None}, pair("ES256")), client, needed=needed)
    without = signed(claims | {"exp": None}, pair("ES256"))
    assert "exp" not in objects.verify(without, client, needed=("iss", "aud"))


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(), lambda inner: st.lists(
    inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=10)


NAMES = st.sampled_from(["resource", "claims", "max_age", "state", "iss"]) | st.text(max_size=8)


@given(st.dictionaries(NAMES, JSON, max_size=6))
def test_whatever_the_claims_are_parameters_are_texts(claims: dict[str, Any]) -> None:
    try:
        found = parameters_of(claims)
    except InvalidRequestObjectError:
        return
    assert all(isinstance(text, str) and text.encode() is not None for values in found.values() for text in values)
    assert not {"iss", "aud", "exp"} & set(found)


def test_a_resource_may_be_a_list_and_nothing_else_may() -> None:
    assert parameters_of({"resource": ["https://a", "https://b"]}) == {"resource": ["https://a", "https://b"]}
    assert parameters_of({"resource": "https://a"}) == {"resource": ["https://a"]}
    assert parameters_of({"resource": {"a": "b"}}) == {"resource": ['{"a":"b"}']}
    assert parameters_of({"resource": ["https://a", 5]}) == {"resource": ['["https://a",5]']}
    assert parameters_of({"scope": ["openid"], "state": None}) == {"scope": ['["openid"]']}


@pytest.mark.parametrize("claims", [{"state": "\ud800"}, {"\udfff": "x"}, {"claims": {"a": "\ud800"}}, {"resource": ["\ud800"]}])
def test_half_of_a_surrogate_pair_is_refused(claims: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestObjectError):
        parameters_of(claims)


def test_a_claim_that_is_nested_too_deeply_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(InvalidRequestObjectError):
        parameters_of({"claims": deep})


# Encrypted

def published(desk: Desk, kty: str) -> Any:
    keys = desk.house.call("GET", "/jwks").json["keys"]
    return JWKRegistry.import_key(next(key for key in keys if key["use"] == "enc" and key["kty"] == kty))


def encrypted(desk: Desk, token: str, *, alg: str = "ECDH-ES", enc: str = "A128CBC-HS256") -> str:
    return jwe.encrypt(token, published(desk, "RSA" if alg.startswith("RSA") else "EC"), alg=alg, enc=enc, cty="JWT")


@pytest.mark.parametrize("alg", jwe.ALGORITHMS)
@pytest.mark.parametrize("enc", jwe.ENCRYPTIONS)
def test_rfc9101_s6_1_a_signed_object_may_be_encrypted(desk: Desk, alg: str, enc: str) -> None:
    token = encrypted(desk, desk.object(), alg=alg, enc=enc)
    assert desk.read(token) == desk.house.asked()
    assert push(desk, token).status == 201


def test_rfc9101_s10_2_an_encrypted_object_is_signed_inside(desk: Desk) -> None:
    desk.house.client(request_object_signing_alg="ES256")
    claims = desk.object().split(".")[1]
    for inside in (f"{segment({'alg': 'none'})}.{claims}.", json.dumps(desk.house.parameters()), encrypted(desk, desk.object()),
                   desk.object(pair("ES256", 1)), ""):
        assert desk.refused(encrypted(desk, inside))


def test_the_registered_encryption_is_the_only_one_and_need_not_be_used(desk: Desk) -> None:
    desk.house.client(request_object_encryption_alg="ECDH-ES", request_object_encryption_enc="A256GCM")
    assert desk.read(encrypted(desk, desk.object(), enc="A256GCM"))
    assert desk.read(desk.object())
    assert desk.refused(encrypted(desk, desk.object()))
    assert desk.refused(encrypted(desk, desk.object(), alg="RSA-OAEP-256", enc="A256GCM"))


def test_an_object_that_is_encrypted_to_somebody_else_is_refused(desk: Desk) -> None:
    assert desk.refused(jwe.encrypt(desk.object(), pair("ECDH-ES"), alg="ECDH-ES", enc="A128GCM"))


def test_security_12_an_encrypted_object_is_not_longer_than_24_kb(desk: Desk) -> None:
    assert desk.refused(encrypted(desk, "x" * 20000))
