"""What the provider says of itself: exactly what is on.

Spec: OpenID Connect Discovery 1.0 §3, RFC 8414 §2, RFC 9207 §3, Back-Channel Logout §2.1, RP-Initiated Logout §2.1,
Initiating User Registration §4 (prompt_values_supported). Each list comes from the module that enforces it (security
checklist 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from . import client_authentication, pkce
from .authorization_request import PROMPTS, RESPONSE_MODES
from .clients import assertion
from .server import GRANT_TYPES


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What the rooms to the right of this one add.

    Attributes:
        scopes: Scopes an application may ask for.
        claims: Claims that are released.
        acr_values: Levels that can be reached, lowest first.
        subject_types: As OpenID Connect Core §8 names them.
        id_token_algorithms: Algorithms of ID tokens, the default first.
        ui_locales: Languages of the pages, the first one first.
    """

    scopes: Sequence[str]
    claims: Sequence[str]
    acr_values: Sequence[str]
    subject_types: Sequence[str]
    id_token_algorithms: Sequence[str]
    ui_locales: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """Where the endpoints are, below the issuer; ``app.py`` mounts them at the same."""

    authorization: str = "/authorize"
    token: str = "/token"
    introspection: str = "/introspect"
    revocation: str = "/revoke"
    registration: str = "/register"
    userinfo: str = "/userinfo"
    jwks: str = "/jwks"
    end_session: str = "/logout"
    discovery: str = "/.well-known/openid-configuration"
    authorization_server: str = "/.well-known/oauth-authorization-server"
    trust_services: str = "/.well-known/trust-services"


def discovery(issuer: str, offer: Offer, paths: Paths | None = None) -> dict[str, Any]:
    """Give the members of the discovery document, which serves RFC 8414 as well.

    Args:
        issuer: Issuer identifier; every address is built on it and on nothing from a request (security checklist 2).
        offer: What the other rooms offer.
        paths: Where the endpoints are.
    """
    at = paths or Paths()
    return {
        "issuer": issuer,
        "authorization_endpoint": issuer + at.authorization,
        "token_endpoint": issuer + at.token,
        "userinfo_endpoint": issuer + at.userinfo,
        "jwks_uri": issuer + at.jwks,
        "introspection_endpoint": issuer + at.introspection,
        "revocation_endpoint": issuer + at.revocation,
        "registration_endpoint": issuer + at.registration,
        "end_session_endpoint": issuer + at.end_session,
        "scopes_supported": list(offer.scopes),
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "at_hash",
                             *(claim for claim in offer.claims if claim != "sub")],
        "claim_types_supported": ["normal"],
        "claims_parameter_supported": False,
        "response_types_supported": ["code"],
        "response_modes_supported": list(RESPONSE_MODES),
        "grant_types_supported": list(GRANT_TYPES),
        "prompt_values_supported": list(PROMPTS),
        "acr_values_supported": list(offer.acr_values),
        "subject_types_supported": list(offer.subject_types),
        "id_token_signing_alg_values_supported": list(offer.id_token_algorithms),
        "token_endpoint_auth_methods_supported": list(client_authentication.METHODS),
        "introspection_endpoint_auth_methods_supported": list(client_authentication.CONFIDENTIAL),
        "revocation_endpoint_auth_methods_supported": list(client_authentication.METHODS),
        **{f"{endpoint}_endpoint_auth_signing_alg_values_supported": list(assertion.ALGORITHMS)
           for endpoint in ("token", "introspection", "revocation")},
        "code_challenge_methods_supported": [pkce.METHOD],
        "ui_locales_supported": list(offer.ui_locales),
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "authorization_response_iss_parameter_supported": True,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
    }
