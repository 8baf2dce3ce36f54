"""Discovery says exactly what is on."""

from __future__ import annotations

from idp.oauth.client import SCOPES
from idp.oauth.metadata import Offer, Paths, discovery
from idp.oidc import claims, id_token
from idp.oidc.subject import TYPES

OFFER = Offer(scopes=tuple(claims.SCOPES), claims=claims.SUPPORTED, acr_values=("urn:x:1",), subject_types=TYPES,
              id_token_algorithms=id_token.ALGORITHMS, ui_locales=("vi", "en"))
DOCUMENT = discovery("https://id.example", OFFER)


def test_oidc_discovery_s3_required_members_are_there() -> None:
    assert DOCUMENT["issuer"] == "https://id.example"
    for member in ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "introspection_endpoint",
                   "revocation_endpoint", "end_session_endpoint", "registration_endpoint"):
        assert DOCUMENT[member].startswith("https://id.example/")
    assert DOCUMENT["response_types_supported"] == ["code"]
    assert DOCUMENT["subject_types_supported"] == ["public"]
    assert DOCUMENT["id_token_signing_alg_values_supported"][0] == "RS256"
    assert "openid" in DOCUMENT["scopes_supported"]


def test_security_1_nothing_is_listed_that_is_off() -> None:
    assert DOCUMENT["grant_types_supported"] == ["authorization_code", "refresh_token", "client_credentials"]
    assert DOCUMENT["response_modes_supported"] == ["query", "form_post"]
    assert DOCUMENT["token_endpoint_auth_methods_supported"] == ["client_secret_basic", "client_secret_post", "private_key_jwt",
                                                                 "none"]
    assert "none" not in DOCUMENT["introspection_endpoint_auth_methods_supported"]
    for endpoint in ("token", "introspection", "revocation"):
        assert DOCUMENT[f"{endpoint}_endpoint_auth_signing_alg_values_supported"] == ["ES256", "PS256", "RS256", "EdDSA"]
    assert DOCUMENT["code_challenge_methods_supported"] == ["S256"]
    for member in ("claims_parameter_supported", "request_parameter_supported", "request_uri_parameter_supported"):
        assert DOCUMENT[member] is False
    for member in ("device_authorization_endpoint", "pushed_authorization_request_endpoint",
                   "check_session_iframe", "frontchannel_logout_supported", "require_pushed_authorization_requests"):
        assert member not in DOCUMENT


def test_what_is_on_is_said() -> None:
    assert DOCUMENT["authorization_response_iss_parameter_supported"] is True
    assert DOCUMENT["backchannel_logout_supported"] is True
    assert DOCUMENT["backchannel_logout_session_supported"] is True
    assert DOCUMENT["prompt_values_supported"] == ["none", "login", "consent", "select_account"]
    assert DOCUMENT["acr_values_supported"] == ["urn:x:1"]
    assert DOCUMENT["ui_locales_supported"] == ["vi", "en"]


def test_claims_and_scopes_are_those_that_are_released() -> None:
    assert set(claims.SUPPORTED) < set(DOCUMENT["claims_supported"])
    assert len(DOCUMENT["claims_supported"]) == len(set(DOCUMENT["claims_supported"]))
    assert set(DOCUMENT["scopes_supported"]) <= set(SCOPES)


def test_paths_may_be_moved() -> None:
    assert discovery("https://x", OFFER, Paths(token="/t"))["token_endpoint"] == "https://x/t"
