"""Discovery says exactly what is on."""

from __future__ import annotations

from dataclasses import replace

from idp.jose import jwe
from idp.oauth.client import SCOPES
from idp.oauth.metadata import Offer, Paths, discovery
from idp.oauth.response import ALGORITHMS, offered
from idp.oidc import claims, id_token
from idp.oidc.subject import TYPES

OFFER = Offer(scopes=tuple(claims.SCOPES), claims=claims.SUPPORTED, acr_values=("urn:x:1",), subject_types=TYPES,
              id_token_algorithms=id_token.ALGORITHMS, ui_locales=("vi", "en"),
              auth_methods=("client_secret_basic", "client_secret_post", "private_key_jwt", "none"))
DOCUMENT = discovery("https://id.example", OFFER)


def test_oidc_discovery_s3_required_members_are_there() -> None:
    assert DOCUMENT["issuer"] == "https://id.example"
    for member in ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "introspection_endpoint",
                   "revocation_endpoint", "end_session_endpoint", "check_session_iframe", "registration_endpoint"):
        assert DOCUMENT[member].startswith("https://id.example/")
    assert DOCUMENT["response_types_supported"] == ["code"]
    assert DOCUMENT["subject_types_supported"] == ["public", "pairwise"]
    assert DOCUMENT["id_token_signing_alg_values_supported"][0] == "RS256"
    assert "openid" in DOCUMENT["scopes_supported"]


def test_security_1_nothing_is_listed_that_is_off() -> None:
    assert DOCUMENT["grant_types_supported"] == [
        "authorization_code", "refresh_token", "client_credentials", "urn:ietf:params:oauth:grant-type:device_code",
        "urn:openid:params:grant-type:ciba", "urn:ietf:params:oauth:grant-type:token-exchange"]
    assert DOCUMENT["response_types_supported"] == ["code"]
    assert not {"c_hash", "s_hash"} & set(DOCUMENT["claims_supported"])
    assert DOCUMENT["token_endpoint_auth_methods_supported"] == ["client_secret_basic", "client_secret_post", "private_key_jwt",
                                                                 "none"]
    assert "none" not in DOCUMENT["introspection_endpoint_auth_methods_supported"]
    for endpoint in ("token", "introspection", "revocation"):
        assert DOCUMENT[f"{endpoint}_endpoint_auth_signing_alg_values_supported"] == ["ES256", "PS256", "RS256", "EdDSA"]
        both = discovery("https://id.example", replace(OFFER, auth_methods=("private_key_jwt", "client_secret_jwt")))
        assert both[f"{endpoint}_endpoint_auth_signing_alg_values_supported"] == ["ES256", "PS256", "RS256", "EdDSA", "HS256"]
    assert DOCUMENT["code_challenge_methods_supported"] == ["S256"]
    assert DOCUMENT["request_uri_parameter_supported"] is False
    assert "require_request_uri_registration" not in DOCUMENT
    assert "authorization_encryption_alg_values_supported" not in DOCUMENT


def test_rfc9101_s10_5_request_objects_are_signed() -> None:
    assert DOCUMENT["request_parameter_supported"] is True
    assert DOCUMENT["request_object_signing_alg_values_supported"] == ["ES256", "PS256", "RS256", "EdDSA"]
    assert DOCUMENT["request_object_encryption_alg_values_supported"] == list(jwe.ALGORITHMS)
    assert DOCUMENT["request_object_encryption_enc_values_supported"] == list(jwe.ENCRYPTIONS)


def test_oidc_discovery_s3_request_objects_are_fetched_only_from_registered_addresses() -> None:
    document = discovery("https://id.example", replace(OFFER, request_uris=True))
    assert document["request_uri_parameter_supported"] is document["require_request_uri_registration"] is True
    assert document["request_object_signing_alg_values_supported"] == ["ES256", "PS256", "RS256", "EdDSA", "none"]


def test_rfc9126_s5_where_requests_are_pushed_and_whether_they_must_be() -> None:
    assert DOCUMENT["pushed_authorization_request_endpoint"] == "https://id.example/par"
    assert DOCUMENT["require_pushed_authorization_requests"] is False
    document = discovery("https://id.example", replace(OFFER, require_pushed_requests=True, mtls_origin="https://m.example"))
    assert document["require_pushed_authorization_requests"] is True
    assert document["mtls_endpoint_aliases"]["pushed_authorization_request_endpoint"] == "https://m.example/par"


def test_rfc8705_s5_mutual_tls_is_said_with_its_addresses_where_it_is_on() -> None:
    assert not {"mtls_endpoint_aliases", "tls_client_certificate_bound_access_tokens"} & set(DOCUMENT)
    document = discovery("https://id.example", replace(OFFER, mtls_origin="https://mtls.id.example"))
    assert document["tls_client_certificate_bound_access_tokens"] is True
    aliases = document["mtls_endpoint_aliases"]
    assert aliases["token_endpoint"] == "https://mtls.id.example/token"
    assert {name: address.replace("mtls.", "") for name, address in aliases.items()}.items() <= document.items()


def test_what_is_on_is_said() -> None:
    assert DOCUMENT["authorization_response_iss_parameter_supported"] is True
    assert DOCUMENT["claims_parameter_supported"] is True
    assert DOCUMENT["userinfo_signing_alg_values_supported"] == DOCUMENT["id_token_signing_alg_values_supported"]
    assert DOCUMENT["introspection_signing_alg_values_supported"] == ["RS256", "PS256", "ES256", "EdDSA"]
    for what in ("id_token", "userinfo", "introspection"):
        assert DOCUMENT[f"{what}_encryption_alg_values_supported"] == list(jwe.ALGORITHMS)
        assert DOCUMENT[f"{what}_encryption_enc_values_supported"] == list(jwe.ENCRYPTIONS)
    assert DOCUMENT["backchannel_logout_supported"] is True
    assert DOCUMENT["backchannel_logout_session_supported"] is True
    assert DOCUMENT["frontchannel_logout_supported"] is True
    assert DOCUMENT["frontchannel_logout_session_supported"] is True
    assert DOCUMENT["prompt_values_supported"] == ["none", "login", "consent", "select_account"]
    assert DOCUMENT["acr_values_supported"] == ["urn:x:1"]
    assert DOCUMENT["ui_locales_supported"] == ["vi", "en"]
    assert DOCUMENT["display_values_supported"] == ["page", "popup", "touch", "wap"]
    assert DOCUMENT["claims_locales_supported"] == ["vi"]


def test_jarm_s4_modes_and_algorithms_of_answers() -> None:
    assert DOCUMENT["response_modes_supported"] == ["query", "fragment", "form_post", "jwt", "query.jwt", "fragment.jwt",
                                                    "form_post.jwt"]
    assert DOCUMENT["authorization_signing_alg_values_supported"] == list(ALGORITHMS)


def test_security_1_types_with_tokens_in_the_browser_are_listed_where_they_are_on() -> None:
    document = discovery("https://id.example", replace(OFFER, response_types=offered(front_channel=True)))
    assert document["response_types_supported"] == ["code", "id_token", "id_token token", "code id_token", "code token",
                                                    "code id_token token"]
    assert document["grant_types_supported"] == [*DOCUMENT["grant_types_supported"], "implicit"]
    assert {"c_hash", "s_hash", "at_hash"} <= set(document["claims_supported"])


def test_claims_and_scopes_are_those_that_are_released() -> None:
    assert set(claims.SUPPORTED) < set(DOCUMENT["claims_supported"])
    assert len(DOCUMENT["claims_supported"]) == len(set(DOCUMENT["claims_supported"]))
    assert set(DOCUMENT["scopes_supported"]) <= set(SCOPES)


def test_paths_may_be_moved() -> None:
    assert discovery("https://x", OFFER, Paths(token="/t"))["token_endpoint"] == "https://x/t"


def test_ciba_s4_what_backchannel_authentication_offers() -> None:
    assert DOCUMENT["backchannel_authentication_endpoint"] == f"{DOCUMENT['issuer']}/bc-authorize"
    assert DOCUMENT["backchannel_token_delivery_modes_supported"] == ["poll", "ping"]
    assert DOCUMENT["backchannel_authentication_request_signing_alg_values_supported"] == ["ES256", "PS256", "EdDSA"]
    assert DOCUMENT["backchannel_user_code_parameter_supported"] is False
