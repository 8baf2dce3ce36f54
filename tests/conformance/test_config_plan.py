"""oidcc-config-certification-test-plan, and the discovery modules of the logout plans."""

from __future__ import annotations

import re

from idp.oauth.server import GRANT_TYPES

from .suite import ISSUER, Suite

KNOWN = frozenset({
    # OpenID Connect Discovery 1.0 §3
    "issuer", "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "registration_endpoint",
    "scopes_supported", "response_types_supported", "response_modes_supported", "grant_types_supported", "acr_values_supported",
    "subject_types_supported", "id_token_signing_alg_values_supported", "display_values_supported", "claim_types_supported",
    "claims_supported", "claims_parameter_supported", "request_parameter_supported", "request_uri_parameter_supported",
    "require_request_uri_registration", "op_policy_uri", "op_tos_uri", "service_documentation", "claims_locales_supported",
    "ui_locales_supported", "token_endpoint_auth_methods_supported", "userinfo_signing_alg_values_supported",
    *(f"{what}_encryption_{kind}_values_supported" for what in ("id_token", "userinfo") for kind in ("alg", "enc")),
    # RFC 8414 §2, RFC 9207, logout, prompt=create
    "token_endpoint_auth_signing_alg_values_supported", "revocation_endpoint", "revocation_endpoint_auth_methods_supported",
    "revocation_endpoint_auth_signing_alg_values_supported", "introspection_endpoint",
    "introspection_endpoint_auth_methods_supported", "introspection_endpoint_auth_signing_alg_values_supported",
    "code_challenge_methods_supported",
    "authorization_response_iss_parameter_supported", "end_session_endpoint", "backchannel_logout_supported",
    "backchannel_logout_session_supported", "frontchannel_logout_supported", "frontchannel_logout_session_supported",
    "prompt_values_supported", "check_session_iframe",
    # RFC 9126 §5
    "pushed_authorization_request_endpoint", "require_pushed_authorization_requests",
    # encryption and keys of applications, JARM §4, RFC 8705, RFC 9449
    *(f"{what}_{use}_values_supported" for what in ("id_token", "userinfo", "request_object", "authorization")
      for use in ("signing_alg", "encryption_alg", "encryption_enc")),
    # RFC 9396 §10, RFC 9701 §7
    "authorization_details_types_supported",
    *(f"introspection_{use}_values_supported" for use in ("signing_alg", "encryption_alg", "encryption_enc")),
    # RFC 8628 §4, CIBA §4
    "device_authorization_endpoint",
    "backchannel_authentication_endpoint", "backchannel_token_delivery_modes_supported",
    "backchannel_authentication_request_signing_alg_values_supported", "backchannel_user_code_parameter_supported",
    "dpop_signing_alg_values_supported", "tls_client_certificate_bound_access_tokens", "mtls_endpoint_aliases",
})
BCP_47 = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
SCOPE_TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")


def test_oidcc_discovery_endpoint_verification(suite: Suite) -> None:
    answer = suite.http("GET", f"{ISSUER}/.well-known/openid-configuration")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    told = answer.json
    assert told["issuer"] == ISSUER
    assert told["response_types_supported"] == ["code"]
    assert told["subject_types_supported"] == ["public", "pairwise"]
    assert "RS256" in told["id_token_signing_alg_values_supported"]
    assert "none" not in told["id_token_signing_alg_values_supported"]
    assert {*GRANT_TYPES} == set(told["grant_types_supported"])
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert told["claims_supported"]
    assert told.keys() <= KNOWN


def test_oidcc_discovery_endpoint_verification_of_the_dynamic_plan(browser_suite: Suite) -> None:
    """A dynamic provider offers the implicit types (Discovery §3); ours does behind the setting."""
    told = browser_suite.discovery
    assert {frozenset(kind.split()) for kind in told["response_types_supported"]} >= {
        frozenset({"code"}), frozenset({"id_token"}), frozenset({"token", "id_token"})}
    assert {"authorization_code", "implicit"} <= set(told["grant_types_supported"])
    assert not {"token", "none"} & set(told["response_types_supported"])


def test_oidcc_discovery_endpoint_verification_addresses(suite: Suite) -> None:
    addresses = {name: value for name, value in suite.discovery.items() if name.endswith(("_endpoint", "_uri"))}
    assert set(addresses) == {"jwks_uri", *(f"{name}_endpoint" for name in (
        "authorization", "pushed_authorization_request", "token", "backchannel_authentication", "device_authorization",
        "userinfo", "introspection", "revocation", "registration", "end_session"))}
    assert all(value.startswith(f"{ISSUER}/") and "#" not in value for value in addresses.values())


def test_oidcc_discovery_endpoint_verification_lists(suite: Suite) -> None:
    lists = {name: value for name, value in suite.discovery.items() if isinstance(value, list)}
    assert all(values and all(isinstance(value, str) for value in values) and len(set(values)) == len(values)
               for values in lists.values())
    assert all(SCOPE_TOKEN.fullmatch(scope) for scope in suite.discovery["scopes_supported"])
    assert "openid" in suite.discovery["scopes_supported"]
    assert all(BCP_47.fullmatch(language) for language in suite.discovery["ui_locales_supported"])


def test_oidcc_discovery_endpoint_verification_jwks(suite: Suite) -> None:
    answer = suite.http("GET", suite.discovery["jwks_uri"])
    assert answer.status_code == 200
    keys = answer.json["keys"]
    assert len({key["kid"] for key in keys}) == len(keys)
    assert not any({"d", "p", "q", "dp", "dq", "qi", "oth", "k"} & key.keys() for key in keys)
    signing = [key for key in keys if key["use"] == "sig"]
    assert {key["alg"] for key in signing} == set(suite.discovery["id_token_signing_alg_values_supported"])
    assert all(key["kty"] == {"ES256": "EC", "EdDSA": "OKP"}.get(key["alg"], "RSA") for key in signing)
    assert sorted(key["kty"] for key in keys if key["use"] == "enc") == ["EC", "RSA"]


def test_oidcc_rp_initiated_logout_discovery_endpoint_verification(suite: Suite) -> None:
    assert suite.discovery["end_session_endpoint"].startswith(f"{ISSUER}/")


def test_oidcc_backchannel_logout_discovery_endpoint_verification(suite: Suite) -> None:
    assert suite.discovery["backchannel_logout_supported"] is True
    assert suite.discovery["backchannel_logout_session_supported"] is True


def test_oidcc_frontchannel_logout_discovery_endpoint_verification(suite: Suite) -> None:
    assert suite.discovery["frontchannel_logout_supported"] is True
    assert suite.discovery["frontchannel_logout_session_supported"] is True
    assert "sid" in suite.discovery["claims_supported"]


def test_oidcc_session_management_discovery_endpoint_verification(suite: Suite) -> None:
    assert suite.discovery["end_session_endpoint"].startswith(f"{ISSUER}/")
    assert suite.discovery["check_session_iframe"].startswith(f"{ISSUER}/")
    answer = suite.http("GET", suite.discovery["check_session_iframe"])
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
