"""FAPI 2.0 Security Profile §5.3-§5.4: what an application of the profile registers, all of it or nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from idp.errors import RefusedError
from idp.oauth.backchannel.request import GRANT_TYPE as CIBA
from idp.oauth.client import Client
from idp.oauth.clients.assertion import STRICT_ALGORITHMS
from idp.oauth.clients.registration import RegistrationPolicy, from_metadata, parse, to_metadata
from idp.oauth.deferred.authorization import GRANT_TYPE_OF
from idp.oauth.grants.delegation import GRANT_TYPE as TOKEN_EXCHANGE
from idp.oauth.grants.jwt_bearer import GRANT_TYPE as JWT_BEARER
from tests.fakes.client_keys import jwks_of, pair

JWKS = json.loads(jwks_of(pair("ES256")))
POLICY = RegistrationPolicy(front_channel=True, assertion_grant=True, development=True)
BANK: dict[str, Any] = {
    "redirect_uris": ["https://bank.example/cb"], "token_endpoint_auth_method": "private_key_jwt", "jwks": JWKS,
    "dpop_bound_access_tokens": True, "province": {"profile": "fapi2"}}
SIGNING_MEMBERS = ("id_token_signed_response_alg", "userinfo_signed_response_alg", "authorization_signed_response_alg",
                   "request_object_signing_alg", "introspection_signed_response_alg", "token_endpoint_auth_signing_alg")


def register(province: dict[str, Any] | None = None, **members: Any) -> Client:
    table = BANK["province"] | (province or {})
    return parse({**BANK, **members, "province": table}, POLICY, client_id="bank", source="registered")


def test_fapi2_is_one_word_that_turns_everything_on() -> None:
    client = register()
    assert client.fapi2
    assert client.require_pushed_authorization_requests
    assert client.require_pkce
    assert client.response_types == ("code",)
    assert client.assertion_audience == "issuer"
    assert {client.id_token_signed_response_alg, client.authorization_signed_response_alg,
            client.introspection_signed_response_alg} == {"ES256"}
    assert not client.require_signed_request_object  # message signing is asked for beside it
    assert from_metadata("bank", to_metadata(client), source="registered", secret_digest=None, disabled=False,
                         created_at=0) == client


@pytest.mark.parametrize("members", [
    {"token_endpoint_auth_method": "self_signed_tls_client_auth"},
    {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "bank.example", "jwks": None},
    {"dpop_bound_access_tokens": False, "tls_client_certificate_bound_access_tokens": True},
    {"grant_types": ["client_credentials"], "redirect_uris": None},
    {"grant_types": ["authorization_code", "refresh_token", TOKEN_EXCHANGE]},
    {"grant_types": [CIBA], "backchannel_token_delivery_mode": "poll", "redirect_uris": None,
     "backchannel_authentication_request_signing_alg": "ES256"},
    {"require_signed_request_object": True},
    *({name: alg} for name in SIGNING_MEMBERS for alg in STRICT_ALGORITHMS),
])
def test_fapi2_what_the_profile_leaves_open_may_be_chosen(members: dict[str, Any]) -> None:
    client = register(**members)
    assert client.fapi2
    assert client.require_pushed_authorization_requests == bool(client.redirect_uris)


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post", "client_secret_jwt", "none"])
def test_fapi2_s5_3_2_1_an_application_proves_itself_with_a_key_or_a_certificate(method: str) -> None:
    assert refused(token_endpoint_auth_method=method).startswith("token_endpoint_auth_method: the profile")


def test_fapi2_s5_3_2_1_tokens_are_bound_to_their_holder() -> None:
    sentence = refused(dpop_bound_access_tokens=False)
    assert "dpop_bound_access_tokens" in sentence
    assert "tls_client_certificate_bound_access_tokens" in sentence


@pytest.mark.parametrize("members", [
    {"grant_types": ["authorization_code", "implicit"], "response_types": ["code", "code id_token"]},
    {"grant_types": ["implicit"], "response_types": ["id_token"]},
    {"grant_types": [GRANT_TYPE_OF["device"]], "redirect_uris": None}, {"grant_types": [JWT_BEARER], "redirect_uris": None},
])
def test_fapi2_s5_3_2_2_nothing_but_code_comes_through_a_browser_and_nothing_comes_by_other_grants(members: Any) -> None:
    assert refused(**members).startswith("grant_types: the profile")


@pytest.mark.parametrize(("uri", "kind"), [
    ("http://localhost:8001/cb", "web"), ("http://127.0.0.1/cb", "native"), ("vn.gov.example.bank:/cb", "native")])
def test_fapi2_s5_3_2_2_redirect_uris_are_https(uri: str, kind: str) -> None:
    assert refused(redirect_uris=["https://bank.example/cb", uri], application_type=kind).startswith("redirect_uris: the profile")


def test_fapi2_s5_3_2_2_requests_are_pushed() -> None:
    assert refused(require_pushed_authorization_requests=False).startswith("require_pushed_authorization_requests: the profile")


def test_fapi2_s5_3_2_2_pkce_is_always_used() -> None:
    assert refused({"require_pkce": False}).startswith("province.require_pkce: the profile")


def test_security_16_the_audience_of_assertions_is_the_issuer() -> None:
    assert refused({"assertion_audience": "token_endpoint"}).startswith("province.assertion_audience: the profile")


@pytest.mark.parametrize("alg", ["RS256", "HS256", "none"])
@pytest.mark.parametrize("name", SIGNING_MEMBERS)
def test_fapi2_s5_4_1_other_algorithms_are_refused(name: str, alg: str) -> None:
    sentence = refused(**{name: alg})
    assert sentence.startswith(name)
    assert "ES256, PS256, EdDSA are offered" in sentence


def test_fapi_ciba_s5_2_2_backchannel_requests_are_signed() -> None:
    assert "signed requests" in refused(grant_types=[CIBA], backchannel_token_delivery_mode="poll", redirect_uris=None)


def test_without_the_profile_nothing_of_this_is_asked() -> None:
    client = register({"profile": "", "require_pkce": False, "assertion_audience": "token_endpoint"},
                      dpop_bound_access_tokens=False, redirect_uris=["http://localhost:8001/cb"])
    assert not client.fapi2
    assert client.id_token_signed_response_alg == "RS256"


def refused(province: dict[str, Any] | None = None, **members: Any) -> str:
    with pytest.raises(RefusedError) as caught:
        register(province, **members)
    assert caught.value.code == "invalid_client_metadata"
    assert caught.value.message.isascii()
    return caught.value.message
