"""What the provider says of itself: exactly what is on.

Spec: OpenID Connect Discovery 1.0 §3, RFC 8414 §2, RFC 8628 §4, RFC 8705 §3.3 and §5, RFC 9101 §10.5, RFC 9126 §5, RFC 9207 §3,
RFC 9396 §10, RFC 9449 §5.1, RFC 9701 §7, CIBA §4, Back-Channel Logout §2.1, Front-Channel Logout §3, RP-Initiated Logout §2.1,
Session Management §3.3, Initiating User Registration §4 (prompt_values_supported), JWT Secured Authorization Response Mode §4.
Each list comes from the module that enforces it (security checklist 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..jose import jwe
from . import pkce, response
from .authorization_request import DISPLAYS, PROMPTS
from .backchannel import request as backchannel
from .backchannel import signed_request
from .clients import assertion
from .proof import dpop
from .requests import request_object
from .server import GRANT_TYPES
from .tokens import introspection_response


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What the rooms to the right of this one add.

    Attributes:
        scopes: Scopes an application may ask for.
        claims: Claims that are released.
        acr_values: Levels that can be reached, lowest first.
        subject_types: As OpenID Connect Core §8 names them.
        id_token_algorithms: Algorithms of ID tokens and signed UserInfo answers, the default first.
        ui_locales: Languages of the pages, the first one first.
        auth_methods: Ways in which applications can authenticate in this deployment.
        mtls_origin: Where our proxy asks for client certificates; "" where it does not.
        response_types: Response types of this deployment (``response.offered``).
        require_pushed_requests: Every request has to be pushed.
        grant_types: What /token takes in this deployment (``Provider.grant_types``).
        details_types: Types of authorization details.
        request_uris: Request objects are fetched from where applications publish them.
    """

    scopes: Sequence[str]
    claims: Sequence[str]
    acr_values: Sequence[str]
    subject_types: Sequence[str]
    id_token_algorithms: Sequence[str]
    ui_locales: Sequence[str]
    auth_methods: Sequence[str]
    mtls_origin: str = ""
    response_types: Sequence[str] = (response.CODE,)
    require_pushed_requests: bool = False
    grant_types: Sequence[str] = GRANT_TYPES
    details_types: Sequence[str] = ()
    request_uris: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """Where the endpoints are, below the issuer; ``app`` mounts them at the same."""

    authorization: str = "/authorize"
    pushed_authorization: str = "/par"
    token: str = "/token"
    backchannel_authentication: str = "/bc-authorize"
    device_authorization: str = "/device_authorization"
    device: str = "/device"
    introspection: str = "/introspect"
    revocation: str = "/revoke"
    registration: str = "/register"
    userinfo: str = "/userinfo"
    jwks: str = "/jwks"
    end_session: str = "/logout"
    check_session: str = "/check-session"
    discovery: str = "/.well-known/openid-configuration"
    authorization_server: str = "/.well-known/oauth-authorization-server"
    trust_services: str = "/.well-known/trust-services"
    time_stamps: str = "/tsa"
    administration: str = "/api/v1"
    administration_document: str = "/api/v1/openapi.json"


def discovery(issuer: str, offer: Offer, paths: Paths | None = None) -> dict[str, Any]:
    """Give the members of the discovery document, which serves RFC 8414 as well.

    Args:
        issuer: Issuer identifier; every address is built on it and on nothing from a request (security checklist 2).
        offer: What the other rooms offer.
        paths: Where the endpoints are.
    """
    at = paths or Paths()
    confidential = [method for method in offer.auth_methods if method != "none"]
    in_browser = not set(response.FRONT_CHANNEL).isdisjoint(offer.response_types)
    return {
        "issuer": issuer,
        "authorization_endpoint": issuer + at.authorization,
        "pushed_authorization_request_endpoint": issuer + at.pushed_authorization,
        "require_pushed_authorization_requests": offer.require_pushed_requests,
        "token_endpoint": issuer + at.token,
        "backchannel_authentication_endpoint": issuer + at.backchannel_authentication,
        "backchannel_token_delivery_modes_supported": list(backchannel.DELIVERY_MODES),
        "backchannel_authentication_request_signing_alg_values_supported": list(signed_request.ALGORITHMS),
        "backchannel_user_code_parameter_supported": False,
        "device_authorization_endpoint": issuer + at.device_authorization,
        "userinfo_endpoint": issuer + at.userinfo,
        "jwks_uri": issuer + at.jwks,
        "introspection_endpoint": issuer + at.introspection,
        "revocation_endpoint": issuer + at.revocation,
        "registration_endpoint": issuer + at.registration,
        "end_session_endpoint": issuer + at.end_session,
        "check_session_iframe": issuer + at.check_session,
        "scopes_supported": list(offer.scopes),
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "at_hash",
                             *(("c_hash", "s_hash") if in_browser else ()), *(claim for claim in offer.claims if claim != "sub")],
        "claim_types_supported": ["normal"],
        "claims_parameter_supported": True,
        "response_types_supported": list(offer.response_types),
        "response_modes_supported": list(response.MODES),
        "authorization_signing_alg_values_supported": list(response.ALGORITHMS),
        "grant_types_supported": [*offer.grant_types, *(("implicit",) if in_browser else ())],
        "prompt_values_supported": list(PROMPTS),
        "acr_values_supported": list(offer.acr_values),
        "subject_types_supported": list(offer.subject_types),
        "id_token_signing_alg_values_supported": list(offer.id_token_algorithms),
        "userinfo_signing_alg_values_supported": list(offer.id_token_algorithms),
        "introspection_signing_alg_values_supported": list(introspection_response.ALGORITHMS),
        **{f"{what}_encryption_{kind}_values_supported": list(values) for what in ("id_token", "userinfo", "introspection")
           for kind, values in (("alg", jwe.ALGORITHMS), ("enc", jwe.ENCRYPTIONS))},
        "token_endpoint_auth_methods_supported": list(offer.auth_methods),
        "introspection_endpoint_auth_methods_supported": confidential,
        "revocation_endpoint_auth_methods_supported": list(offer.auth_methods),
        **{f"{endpoint}_endpoint_auth_signing_alg_values_supported": [
            alg for method, algorithms in assertion.BY_METHOD.items() if method in offer.auth_methods for alg in algorithms]
           for endpoint in ("token", "introspection", "revocation")},
        "dpop_signing_alg_values_supported": list(dpop.ALGORITHMS),
        "code_challenge_methods_supported": [pkce.METHOD],
        "display_values_supported": list(DISPLAYS),
        "ui_locales_supported": list(offer.ui_locales),
        "claims_locales_supported": ["vi"],
        "request_parameter_supported": True,
        "request_object_signing_alg_values_supported": [
            *request_object.ALGORITHMS, *((request_object.UNSIGNED,) if offer.request_uris else ())],
        "request_object_encryption_alg_values_supported": list(jwe.ALGORITHMS),
        "request_object_encryption_enc_values_supported": list(jwe.ENCRYPTIONS),
        "request_uri_parameter_supported": offer.request_uris,
        **({"require_request_uri_registration": True} if offer.request_uris else {}),
        **({"authorization_details_types_supported": list(offer.details_types)} if offer.details_types else {}),
        "authorization_response_iss_parameter_supported": True,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "frontchannel_logout_supported": True,
        "frontchannel_logout_session_supported": True,
        **(_mutual_tls(offer.mtls_origin, at) if offer.mtls_origin else {}),
    }


def _mutual_tls(origin: str, at: Paths) -> dict[str, Any]:
    """Give what is said of mutual TLS (RFC 8705 §3.3, §5); the pages stay where nobody is asked for a certificate."""
    return {"tls_client_certificate_bound_access_tokens": True, "mtls_endpoint_aliases": {
        "token_endpoint": origin + at.token, "pushed_authorization_request_endpoint": origin + at.pushed_authorization,
        "device_authorization_endpoint": origin + at.device_authorization,
        "backchannel_authentication_endpoint": origin + at.backchannel_authentication,
        "introspection_endpoint": origin + at.introspection, "revocation_endpoint": origin + at.revocation,
        "userinfo_endpoint": origin + at.userinfo}}
