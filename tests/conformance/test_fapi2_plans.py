"""fapi2-security-profile-final-test-plan and fapi2-message-signing-final-test-plan, with private_key_jwt + DPoP and mTLS + mTLS.

The variants that run: plain_fapi, openid_connect, and for message signing signed requests with fapi_response_mode=jarm. Not
run: plain_oauth (no ID token), private_key_jwt with mTLS-bound tokens and the reverse (each half runs here), client_credentials,
and the national profiles (Brazil, Australia, CDR, ConnectID) with their modules.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from deploy.browser import Page
from tests.fakes.client_keys import pair

from .conftest import copy_of
from .fapi2 import CALLBACK, PLANS, Bank, House
from .suite import RP, read_segment

PREFIX = "test_fapi2_security_profile_final_"
EVERY = """
discovery-end-point-verification happy-flow user-rejects-authentication ensure-other-scope-order-succeeds
access-token-type-header-case-sensitivity test-claims-parameter-identity-claims
ensure-authorization-request-without-state-success ensure-authorization-request-without-nonce-success
ensure-authorization-request-with-64-char-nonce-success ensure-authorization-request-with-long-nonce
ensure-authorization-request-with-long-state ensure-registered-redirect-uri plain-fapi-tolerate-unregistered-redirect-uri
ensure-redirect-uri-in-authorization-request ensure-response-type-code-idtoken-fails ensure-response-type-token-fails
par-attempt-reuse-request_uri par-ensure-reused-request-uri-prior-to-auth-completion-succeeds
par-attempt-to-use-expired-request_uri par-attempt-to-use-request_uri-for-different-client
par-authorization-request-containing-request_uri-form-param par-attempt-invalid-http-method par-ensure-pkce-required
par-plain-pkce-rejected par-without-duplicate-parameters ensure-unsigned-authorization-request-without-using-par-fails
ensure-pkce-code-verifier-required incorrect-pkce-code-verifier-rejected ensure-authorization-code-is-bound-to-client
attempt-reuse-authorization-code-after-one-second ensure-token-endpoint-fails-with-expired-auth-code
ensure-client-id-in-token-endpoint ensure-holder-of-key-required refresh-token
ensure-different-nonce-inside-and-outside-request-object ensure-different-state-inside-and-outside-request-object
state-only-outside-request-object-not-used ensure-request-object-without-redirect-uri-fails
"""
ASSERTIONS = """
ensure-client-assertion-in-token-endpoint ensure-signed-client-assertion-with-RS256-fails
ensure-client-assertion-with-exp-is-5-minutes-in-past-fails ensure-client-assertion-with-wrong-aud-fails
ensure-client-assertion-with-no-sub-fails par-ensure-jwt-client-assertions-nbf-8-seconds-in-the-future-is-accepted
par-ensure-jwt-client-assertions-nbf-over-60-seconds-in-the-future-fails par-test-array-as-audience-fails
par-test-par-endpoint-url-as-audience-fails par-test-token-endpoint-url-as-audience-fails
"""
DPOP = """
dpop-negative-tests check-dpop-proof-nbf-exp ensure-dpopproof-with-iat-10seconds-before-succeeds
ensure-dpopproof-with-iat-10seconds-after-succeeds ensure-mismatched-dpop-jkt-fails
ensure-token-endpoint-fails-with-mismatched-dpop-proof-jkt ensure-token-endpoint-fails-with-mismatched-dpop-jkt
ensure-dpopproof-at-par-endpoint-binding-success ensure-dpop-auth-code-binding-success
"""
SIGNING = """
ensure-request-object-with-multiple-aud-succeeds ensure-request-object-without-exp-fails
ensure-request-object-without-nbf-fails ensure-request-object-with-bad-aud-fails ensure-request-object-with-exp-over-60-fails
ensure-request-object-with-nbf-over-60-fails ensure-request-object-with-nbf-8-seconds-in-the-future-is-accepted
ensure-request-object-signature-algorithm-is-not-none ensure-request-object-with-invalid-signature-fails
ensure-expired-request-object-fails ensure-signed-request-object-with-RS256-fails
ensure-matching-key-in-authorization-request ensure-unsigned-request-at-par-endpoint-fails
par-authorization-request-containing-request_uri
"""
"""Modules without their beginning ``fapi2-security-profile-final-``: of all four runs, of two, and of message signing alone."""


def test_every_module_of_the_fapi2_plans_has_its_test_and_no_other_is_claimed() -> None:
    tree = ast.parse(Path(__file__).read_text(encoding="utf-8"))
    found = {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith(PREFIX)}
    assert found == {PREFIX + name.replace("-", "_") for name in (EVERY + ASSERTIONS + DPOP + SIGNING).split()}


@pytest.fixture(scope="module")
def house(keys_and_database: Path, tmp_path_factory: pytest.TempPathFactory) -> House:
    folder = tmp_path_factory.mktemp("fapi2")
    return House(folder, copy_of(keys_and_database, folder))


@pytest.fixture(scope="module")
def banks(house: House) -> dict[str, Bank]:
    """One application of each plan, with an officer who stays signed in."""
    return {plan: Bank(house, plan) for plan in PLANS}


@pytest.fixture(params=PLANS)
def bank(request: pytest.FixtureRequest, banks: dict[str, Bank]) -> Bank:
    return banks[request.param]


def of(word: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("bank", [plan for plan in PLANS if word in plan], indirect=True)


with_assertions = with_dpop = of("dpop")
signing = of("signing")
BAD_REQUEST = ("invalid_request", "invalid_request_object")


# Basics

def test_fapi2_security_profile_final_discovery_end_point_verification(house: House) -> None:
    told = house.discovery
    assert told["issuer"] == house.issuer
    for name in ("authorization", "token", "pushed_authorization_request", "userinfo", "introspection"):
        assert told[f"{name}_endpoint"].startswith(f"{house.issuer}/")
    assert told["jwks_uri"].startswith("https://")
    assert "code" in told["response_types_supported"]
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert told["authorization_response_iss_parameter_supported"] is True
    assert told["tls_client_certificate_bound_access_tokens"] is True
    assert {"private_key_jwt", "self_signed_tls_client_auth"} <= set(told["token_endpoint_auth_methods_supported"])
    assert set(told["dpop_signing_alg_values_supported"]) == {"PS256", "ES256", "EdDSA"}
    for name in ("token_endpoint_auth", "request_object", "id_token", "authorization"):
        supported = told[f"{name}_signing_alg_values_supported"]
        assert {"PS256", "ES256"} <= set(supported)
        assert "none" not in supported
    assert "jwt" in told["response_modes_supported"]
    assert told["claims_parameter_supported"] is True
    assert {"token_endpoint", "pushed_authorization_request_endpoint"} <= set(told["mtls_endpoint_aliases"])


def test_fapi2_security_profile_final_happy_flow(bank: Bank) -> None:
    first = bank.flow()
    second = Bank(bank.house, bank.plan, 1).flow()
    assert first["claims"]["sub"] == second["claims"]["sub"]
    assert set(first["scope"].split()) == {"openid", "profile", "offline_access"}


def test_fapi2_security_profile_final_user_rejects_authentication(house: House, bank: Bank) -> None:
    fresh = Bank(house, bank.plan)
    fresh.arrive(fresh.pushed(prompt="consent"), error="access_denied", agree=False)


def test_fapi2_security_profile_final_ensure_other_scope_order_succeeds(bank: Bank) -> None:
    assert set(bank.flow(scope="profile openid")["scope"].split()) == {"openid", "profile"}


def test_fapi2_security_profile_final_access_token_type_header_case_sensitivity(bank: Bank) -> None:
    token = bank.flow()["access_token"]
    scheme = "DPoP" if bank.dpop else "Bearer"
    for written in (scheme.lower(), scheme.upper(), scheme.swapcase()):
        assert bank.userinfo(token, scheme=written).status_code == 200


def test_fapi2_security_profile_final_test_claims_parameter_identity_claims(bank: Bank) -> None:
    wanted = {"id_token": {"name": {"essential": True}}, "userinfo": {"email": None}}
    claims = wanted if bank.signs else '{"id_token": {"name": {"essential": true}}, "userinfo": {"email": null}}'
    tokens = bank.flow(scope="openid", claims=claims, prompt="consent")
    assert tokens["claims"]["name"]
    assert "email" in bank.userinfo(tokens["access_token"]).json


# state and nonce

def test_fapi2_security_profile_final_ensure_authorization_request_without_state_success(bank: Bank) -> None:
    bank.flow(state=None)


def test_fapi2_security_profile_final_ensure_authorization_request_without_nonce_success(bank: Bank) -> None:
    assert "nonce" not in bank.flow(nonce=None)["claims"]


def test_fapi2_security_profile_final_ensure_authorization_request_with_64_char_nonce_success(bank: Bank) -> None:
    assert bank.flow(nonce="n" * 64)["claims"]["nonce"] == "n" * 64


def test_fapi2_security_profile_final_ensure_authorization_request_with_long_nonce(bank: Bank) -> None:
    assert bank.flow(nonce="n" * 384)["claims"]["nonce"] == "n" * 384


def test_fapi2_security_profile_final_ensure_authorization_request_with_long_state(bank: Bank) -> None:
    bank.flow(state="s" * 384)


# Redirect URI and response type

def test_fapi2_security_profile_final_ensure_registered_redirect_uri(bank: Bank) -> None:
    bank.refused(bank.push(redirect_uri=f"{RP}/another"), "invalid_request")


def test_fapi2_security_profile_final_plain_fapi_tolerate_unregistered_redirect_uri(bank: Bank) -> None:
    """Either answer passes; ours is that only what is registered counts."""
    bank.refused(bank.push(redirect_uri=f"{CALLBACK}?dummy=1"), "invalid_request")


def test_fapi2_security_profile_final_ensure_redirect_uri_in_authorization_request(bank: Bank) -> None:
    bank.refused(bank.push(redirect_uri=None), "invalid_request")


def test_fapi2_security_profile_final_ensure_response_type_code_idtoken_fails(bank: Bank) -> None:
    bank.refused(bank.push(response_type="code id_token"), "unsupported_response_type", "unauthorized_client")


def test_fapi2_security_profile_final_ensure_response_type_token_fails(bank: Bank) -> None:
    bank.refused(bank.push(response_type="token"), "unsupported_response_type")


# Pushed requests

def test_fapi2_security_profile_final_par_attempt_reuse_request_uri(bank: Bank) -> None:
    reference = bank.pushed()
    bank.arrive(reference)
    bank.error_page(bank.url(reference))


def test_fapi2_security_profile_final_par_ensure_reused_request_uri_prior_to_auth_completion_succeeds(bank: Bank) -> None:
    fresh = Bank(bank.house, bank.plan)
    reference = fresh.pushed()
    for _ in range(2):
        page = fresh.browser.open(fresh.url(reference))
        assert isinstance(page, Page)
        assert page.form_with("password") is not None
    fresh.tokens(fresh.redeem(fresh.arrive(reference)))


def test_fapi2_security_profile_final_par_attempt_to_use_expired_request_uri(bank: Bank) -> None:
    reference = bank.pushed()
    bank.house.clock.advance(61)
    bank.error_page(bank.url(reference))


def test_fapi2_security_profile_final_par_attempt_to_use_request_uri_for_different_client(bank: Bank) -> None:
    reference = bank.pushed()
    bank.error_page(Bank(bank.house, bank.plan, 1).url(reference))


def test_fapi2_security_profile_final_par_authorization_request_containing_request_uri_form_param(bank: Bank) -> None:
    bank.refused(bank.push(beside={"request_uri": bank.pushed()}), "invalid_request")


def test_fapi2_security_profile_final_par_attempt_invalid_http_method(bank: Bank) -> None:
    answer = bank.house.http.send("PUT", bank.house.discovery["pushed_authorization_request_endpoint"],
                                  form=bank.parameters() | bank.authentication())
    assert answer.status_code == 405


def test_fapi2_security_profile_final_par_ensure_pkce_required(bank: Bank) -> None:
    bank.refused(bank.push(code_challenge=None, code_challenge_method=None), "invalid_request")


def test_fapi2_security_profile_final_par_plain_pkce_rejected(bank: Bank) -> None:
    bank.refused(bank.push(code_challenge=bank.verifier, code_challenge_method="plain"), "invalid_request")


def test_fapi2_security_profile_final_par_without_duplicate_parameters(bank: Bank) -> None:
    """Only client_id and request_uri are needed at the authorization endpoint; what else stands there counts for nothing."""
    bank.flow()
    code = bank.arrive(bank.pushed(), scope="openid email", state="another", redirect_uri="https://evil.example/")
    assert "email" not in bank.tokens(bank.redeem(code))["scope"]


def test_fapi2_security_profile_final_ensure_unsigned_authorization_request_without_using_par_fails(bank: Bank) -> None:
    asked = bank.asked = bank.parameters(response_mode=None)
    told = bank.browser.go(f"{bank.house.discovery['authorization_endpoint']}?{urlencode(asked)}")
    assert isinstance(told, dict)
    assert (told["error"], told["state"], told["iss"]) == ("invalid_request", asked["state"], bank.house.issuer)
    if bank.signs:  # nor does its signature let it through
        beside = {"client_id": bank.client_id, "redirect_uri": CALLBACK, "response_type": "code", "scope": "openid",
                  "request": bank.request_object(bank.parameters())}
        told = bank.browser.go(f"{bank.house.discovery['authorization_endpoint']}?{urlencode(beside)}")
        assert isinstance(told, dict)
        assert "code" not in told


# PKCE and codes

def test_fapi2_security_profile_final_ensure_pkce_code_verifier_required(bank: Bank) -> None:
    bank.refused(bank.redeem(bank.code(), code_verifier=None), "invalid_grant", "invalid_request")


def test_fapi2_security_profile_final_incorrect_pkce_code_verifier_rejected(bank: Bank) -> None:
    bank.refused(bank.redeem(bank.code(), code_verifier=bank.verifier[:-1] + "~"), "invalid_grant")


def test_fapi2_security_profile_final_ensure_authorization_code_is_bound_to_client(bank: Bank) -> None:
    other = Bank(bank.house, bank.plan, 1)
    bank.refused(other.redeem(bank.code(), code_verifier=bank.verifier), "invalid_grant")


def test_fapi2_security_profile_final_attempt_reuse_authorization_code_after_one_second(bank: Bank) -> None:
    code = bank.code()
    token = bank.tokens(bank.redeem(code))["access_token"]
    bank.house.clock.advance(1)
    bank.refused(bank.redeem(code), "invalid_grant")
    assert bank.userinfo(token).status_code == 401


def test_fapi2_security_profile_final_ensure_token_endpoint_fails_with_expired_auth_code(bank: Bank) -> None:
    code = bank.code()
    bank.house.clock.advance(60)
    bank.refused(bank.redeem(code), "invalid_grant")


# Client authentication

def test_fapi2_security_profile_final_ensure_client_id_in_token_endpoint(bank: Bank) -> None:
    """With mTLS it is needed; an assertion names the client itself, and a client_id beside it must be the same."""
    if bank.dpop:
        wrong = bank.authentication() | {"client_id": f"{bank.plan}-1"}
        bank.refused(bank.redeem(bank.code(), authentication=wrong), "invalid_client", "invalid_request")
    else:
        bank.refused(bank.redeem(bank.code(), authentication={}), "invalid_client", "invalid_request")
        bank.refused(bank.redeem(bank.code(), shown=1), "invalid_client")
        bank.refused(bank.redeem(bank.code(), shown=None), "invalid_client")


@with_assertions
def test_fapi2_security_profile_final_ensure_client_assertion_in_token_endpoint(bank: Bank) -> None:
    bank.refused(bank.redeem(bank.code(), authentication={"client_id": bank.client_id}), "invalid_client")


def assertion_fails(bank: Bank, **how: Any) -> None:
    bank.refused(bank.redeem(bank.code(), authentication=bank.authentication(**how)), "invalid_client")
    bank.refused(bank.push(authentication=bank.authentication(**how)), "invalid_client")


@with_assertions
def test_fapi2_security_profile_final_ensure_signed_client_assertion_with_RS256_fails(bank: Bank) -> None:
    assertion_fails(bank, key=pair("RS256", 0))


@with_assertions
def test_fapi2_security_profile_final_ensure_client_assertion_with_exp_is_5_minutes_in_past_fails(bank: Bank) -> None:
    now = bank.house.clock.now()
    assertion_fails(bank, iat=now - 360, exp=now - 300)


@with_assertions
def test_fapi2_security_profile_final_ensure_client_assertion_with_wrong_aud_fails(bank: Bank) -> None:
    assertion_fails(bank, audience="https://example.com")


@with_assertions
def test_fapi2_security_profile_final_ensure_client_assertion_with_no_sub_fails(bank: Bank) -> None:
    assertion_fails(bank, sub=None)


@with_assertions
def test_fapi2_security_profile_final_par_ensure_jwt_client_assertions_nbf_8_seconds_in_the_future_is_accepted(
        bank: Bank) -> None:
    now = bank.house.clock.now()
    bank.pushed(authentication=bank.authentication(nbf=now + 8, iat=now + 8))


@with_assertions
def test_fapi2_security_profile_final_par_ensure_jwt_client_assertions_nbf_over_60_seconds_in_the_future_fails(
        bank: Bank) -> None:
    assertion_fails(bank, nbf=bank.house.clock.now() + 61)
    assertion_fails(bank, nbf=bank.house.clock.now() + 11)


@with_assertions
def test_fapi2_security_profile_final_par_test_array_as_audience_fails(bank: Bank) -> None:
    assertion_fails(bank, audience=[bank.house.issuer])


@with_assertions
def test_fapi2_security_profile_final_par_test_par_endpoint_url_as_audience_fails(bank: Bank) -> None:
    assertion_fails(bank, audience=bank.house.discovery["pushed_authorization_request_endpoint"])


@with_assertions
def test_fapi2_security_profile_final_par_test_token_endpoint_url_as_audience_fails(bank: Bank) -> None:
    assertion_fails(bank, audience=bank.house.discovery["token_endpoint"])


# Sender constraint

def test_fapi2_security_profile_final_ensure_holder_of_key_required(bank: Bank) -> None:
    token = bank.flow()["access_token"]
    if bank.dpop:
        bank.refused(bank.redeem(bank.code(), proof=None), "invalid_dpop_proof", "invalid_request")
        assert bank.userinfo(token, proof=None).status_code == 401
        assert bank.userinfo(token, scheme="Bearer").status_code == 401
        assert bank.userinfo(token, key=pair("ES256", 1)).status_code == 401
    else:
        assert bank.userinfo(token, shown=1).status_code == 401
        assert bank.userinfo(token, shown=None).status_code == 401


@with_dpop
def test_fapi2_security_profile_final_dpop_negative_tests(bank: Bank) -> None:
    now, url = bank.house.clock.now(), bank.address("token_endpoint")
    mine, other = pair("ES256", 0).as_dict(private=True), pair("ES256", 1).as_dict(private=False)
    for how in ({"htm": "GET"}, {"htu": f"{url}x"}, {"htm": None}, {"htu": None}, {"iat": None}, {"jti": None},
                {"iat": now - 3600}, {"header": {"typ": "JWT"}}, {"header": {"jwk": None}}, {"header": {"jwk": other}},
                {"header": {"jwk": mine}}, {"key": pair("RS256", 0)}):
        bank.refused(bank.redeem(bank.code(), proof=bank.proof("token_endpoint", **how)), "invalid_dpop_proof")
    proof = bank.proof("token_endpoint")
    token = bank.tokens(bank.redeem(bank.code(), proof=proof))["access_token"]
    bank.refused(bank.redeem(bank.code(), proof=proof), "invalid_dpop_proof")
    for how in ({"htm": "POST"}, {"htu": url}, {"ath": "x" * 43}, {"ath": None}, {"iat": now - 3600}):
        assert bank.userinfo(token, **how).status_code == 401


@with_dpop
def test_fapi2_security_profile_final_check_dpop_proof_nbf_exp(bank: Bank) -> None:
    now = bank.house.clock.now()
    bank.tokens(bank.redeem(bank.code(), proof=bank.proof("token_endpoint", nbf=now, exp=now + 60)))
    for how in ({"nbf": now + 120}, {"exp": now - 120}):
        bank.refused(bank.redeem(bank.code(), proof=bank.proof("token_endpoint", **how)), "invalid_dpop_proof")


@with_dpop
def test_fapi2_security_profile_final_ensure_dpopproof_with_iat_10seconds_before_succeeds(bank: Bank) -> None:
    bank.tokens(bank.redeem(bank.code(), proof=bank.proof("token_endpoint", iat=bank.house.clock.now() - 10)))


@with_dpop
def test_fapi2_security_profile_final_ensure_dpopproof_with_iat_10seconds_after_succeeds(bank: Bank) -> None:
    bank.tokens(bank.redeem(bank.code(), proof=bank.proof("token_endpoint", iat=bank.house.clock.now() + 10)))
    far = bank.proof("token_endpoint", iat=bank.house.clock.now() + 11)
    bank.refused(bank.redeem(bank.code(), proof=far), "invalid_dpop_proof")


OWN, OTHER = (pair("ES256", number).thumbprint() for number in range(2))


@with_dpop
def test_fapi2_security_profile_final_ensure_mismatched_dpop_jkt_fails(bank: Bank) -> None:
    proof = bank.proof("pushed_authorization_request_endpoint")
    bank.refused(bank.push(dpop_jkt=OTHER, proof=proof), "invalid_request", "invalid_dpop_proof")


@with_dpop
def test_fapi2_security_profile_final_ensure_token_endpoint_fails_with_mismatched_dpop_proof_jkt(bank: Bank) -> None:
    code = bank.code(proof=bank.proof("pushed_authorization_request_endpoint"))
    other = bank.proof("token_endpoint", key=pair("ES256", 1))
    bank.refused(bank.redeem(code, proof=other), "invalid_grant", "invalid_dpop_proof")


@with_dpop
def test_fapi2_security_profile_final_ensure_token_endpoint_fails_with_mismatched_dpop_jkt(bank: Bank) -> None:
    bank.refused(bank.redeem(bank.code(dpop_jkt=OTHER)), "invalid_grant", "invalid_dpop_proof")


@with_dpop
def test_fapi2_security_profile_final_ensure_dpopproof_at_par_endpoint_binding_success(bank: Bank) -> None:
    bank.flow(proof=bank.proof("pushed_authorization_request_endpoint"))


@with_dpop
def test_fapi2_security_profile_final_ensure_dpop_auth_code_binding_success(bank: Bank) -> None:
    bank.flow(dpop_jkt=OWN)
    bank.flow(dpop_jkt=OWN, proof=bank.proof("pushed_authorization_request_endpoint"))


# Refresh

def test_fapi2_security_profile_final_refresh_token(bank: Bank) -> None:
    first = bank.flow()
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    for _ in range(2):
        proof = bank.proof("token_endpoint") if bank.dpop else None
        again = bank.tokens(bank.post("token_endpoint", form | bank.authentication(), proof=proof))
        assert "refresh_token" not in again
        assert again["access_token"] != first["access_token"]
        for name in ("iss", "sub", "aud", "auth_time"):
            assert again["claims"][name] == first["claims"][name]
    other = Bank(bank.house, bank.plan, 1)
    proof = other.proof("token_endpoint") if bank.dpop else None
    bank.refused(other.post("token_endpoint", form | other.authentication(), proof=proof), "invalid_grant")
    if bank.dpop:
        bank.refused(bank.post("token_endpoint", form | bank.authentication()), "invalid_dpop_proof", "invalid_request")


# Inside and outside

def test_fapi2_security_profile_final_ensure_different_nonce_inside_and_outside_request_object(bank: Bank) -> None:
    code = bank.arrive(bank.pushed(**({"beside": {"nonce": "outside"}} if bank.signs else {})), nonce="outside")
    assert bank.tokens(bank.redeem(code))["claims"]["nonce"] == bank.asked["nonce"]


def test_fapi2_security_profile_final_ensure_different_state_inside_and_outside_request_object(bank: Bank) -> None:
    bank.arrive(bank.pushed(**({"beside": {"state": "outside"}} if bank.signs else {})), state="outside")


def test_fapi2_security_profile_final_state_only_outside_request_object_not_used(bank: Bank) -> None:
    bank.arrive(bank.pushed(state=None, **({"beside": {"state": "outside"}} if bank.signs else {})), state="outside")
    assert "state" not in bank.asked


def test_fapi2_security_profile_final_ensure_request_object_without_redirect_uri_fails(bank: Bank) -> None:
    beside = {"redirect_uri": CALLBACK} if bank.signs else {}
    bank.refused(bank.push(redirect_uri=None, beside=beside), *BAD_REQUEST)


# Signed requests

def object_fails(bank: Bank, **claims: Any) -> None:
    bank.refused(bank.push(inside=claims), *BAD_REQUEST)


@signing
def test_fapi2_security_profile_final_ensure_request_object_with_multiple_aud_succeeds(bank: Bank) -> None:
    bank.flow(inside={"aud": [bank.house.issuer, "https://other.example"]})


@signing
def test_fapi2_security_profile_final_ensure_request_object_without_exp_fails(bank: Bank) -> None:
    object_fails(bank, exp=None)


@signing
def test_fapi2_security_profile_final_ensure_request_object_without_nbf_fails(bank: Bank) -> None:
    object_fails(bank, nbf=None)


@signing
def test_fapi2_security_profile_final_ensure_request_object_with_bad_aud_fails(bank: Bank) -> None:
    object_fails(bank, aud="https://other.example")


@signing
def test_fapi2_security_profile_final_ensure_request_object_with_exp_over_60_fails(bank: Bank) -> None:
    object_fails(bank, exp=bank.house.clock.now() + 70 * 60)


@signing
def test_fapi2_security_profile_final_ensure_request_object_with_nbf_over_60_fails(bank: Bank) -> None:
    object_fails(bank, nbf=bank.house.clock.now() - 70 * 60)


@signing
def test_fapi2_security_profile_final_ensure_request_object_with_nbf_8_seconds_in_the_future_is_accepted(bank: Bank) -> None:
    now = bank.house.clock.now()
    bank.flow(inside={"nbf": now + 8, "iat": now + 8})
    object_fails(bank, nbf=now + 11)


@signing
def test_fapi2_security_profile_final_ensure_request_object_signature_algorithm_is_not_none(bank: Bank) -> None:
    head = "eyJhbGciOiJub25lIn0"
    token = f"{head}.{bank.request_object(bank.parameters()).split('.')[1]}."
    assert read_segment(token, 0) == {"alg": "none"}
    bank.refused(bank.post("pushed_authorization_request_endpoint", {"request": token} | bank.authentication()), *BAD_REQUEST)


@signing
def test_fapi2_security_profile_final_ensure_request_object_with_invalid_signature_fails(bank: Bank) -> None:
    head, body, signature = bank.request_object(bank.parameters()).split(".")
    token = f"{head}.{body}.{signature[5:]}{signature[:5]}"
    bank.refused(bank.post("pushed_authorization_request_endpoint", {"request": token} | bank.authentication()), *BAD_REQUEST)


@signing
def test_fapi2_security_profile_final_ensure_expired_request_object_fails(bank: Bank) -> None:
    now = bank.house.clock.now()
    object_fails(bank, exp=now - 60, nbf=now - 120, iat=now - 120)


@signing
def test_fapi2_security_profile_final_ensure_signed_request_object_with_RS256_fails(bank: Bank) -> None:
    object_fails(bank, key=pair("RS256", 0))


@signing
def test_fapi2_security_profile_final_ensure_matching_key_in_authorization_request(bank: Bank) -> None:
    object_fails(bank, key=pair("PS256", 1))


@signing
def test_fapi2_security_profile_final_ensure_unsigned_request_at_par_endpoint_fails(bank: Bank) -> None:
    form = bank.parameters() | bank.authentication()
    bank.refused(bank.post("pushed_authorization_request_endpoint", form), *BAD_REQUEST)


@signing
def test_fapi2_security_profile_final_par_authorization_request_containing_request_uri(bank: Bank) -> None:
    object_fails(bank, request_uri=bank.pushed())
