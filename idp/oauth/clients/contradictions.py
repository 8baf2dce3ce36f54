"""Members of a registration that are good each by itself and contradict each other.

Spec: RFC 7591 §2 and §2.1, OpenID Connect Registration §2, RFC 8705 §2, RFC 9101 §10.5, RFC 9126 §6. ``registration`` reads the
members one by one and asks here before there is a client.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from .. import response
from ..backchannel import registration as backchannel
from ..client import Client, administration_fault
from ..deferred.authorization import GRANT_TYPE_OF, Kind
from ..grants.delegation import GRANT_TYPE as TOKEN_EXCHANGE
from ..grants.jwt_bearer import GRANT_TYPE as JWT_BEARER
from ..proof import certificate
from ..redirect_uri import LOOPBACK_HOSTS, frontchannel_fault
from ..requests import request_object
from . import assertion, profile
from .keys import can_encrypt
from .members import InvalidClientMetadataError

_FILE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_GROUP: Final = re.compile(r"[^\x00-\x1f\x7f]{1,128}")


def check_together(client: Client, table: Mapping[str, Any]) -> None:
    """Refuse members that contradict each other.

    Args:
        client: With every member as it was read.
        table: Its table ``province``, as it was sent.

    Raises:
        InvalidClientMetadataError: with one sentence that names the member.
    """
    code = "authorization_code" in client.grant_types
    sends_back = code or "implicit" in client.grant_types
    asserts = client.token_endpoint_auth_method in assertion.METHODS
    encrypted = [alg for alg in (client.id_token_encrypted_response_alg, client.userinfo_encrypted_response_alg,
                                 client.introspection_encrypted_response_alg) if alg]
    unsigned = client.request_object_signing_alg == request_object.UNSIGNED
    problem = ""
    if not client.grant_types:
        problem = "grant_types: at least one is needed."
    elif sends_back and not client.redirect_uris:
        problem = "redirect_uris: authorization_code and implicit need at least one."
    elif not sends_back and client.redirect_uris:
        problem = "redirect_uris: only authorization_code uses them."
    elif "refresh_token" in client.grant_types and not code and set(GRANT_TYPE_OF.values()).isdisjoint(client.grant_types):
        problem = "grant_types: refresh_token goes with a grant type by which an officer gives something."
    elif unsigned and (client.require_signed_request_object or client.request_object_encryption_alg or not client.request_uris):
        problem = ("request_object_signing_alg: none is only for what stands at request_uris, not together with "
                   "require_signed_request_object or request_object_encryption_alg.")
    elif not unsigned and not (client.jwks or client.jwks_uri) and (
            client.request_object_signing_alg or client.require_signed_request_object):
        problem = "jwks: an application that signs its requests needs jwks or jwks_uri."
    elif client.public and client.require_signed_request_object and GRANT_TYPE_OF[Kind.DEVICE] in client.grant_types:
        problem = "require_signed_request_object: a public client signs nothing at the device authorization endpoint."
    elif client.request_uris and not sends_back:
        problem = "request_uris: only for grant types that use the authorization endpoint."
    elif client.require_pushed_authorization_requests and not sends_back:
        problem = "require_pushed_authorization_requests: only for grant types that use the authorization endpoint."
    elif "client_credentials" in client.grant_types and client.public:
        problem = "grant_types: client_credentials needs a client that can keep a secret."
    elif client.public and not {TOKEN_EXCHANGE, JWT_BEARER}.isdisjoint(client.grant_types):
        problem = "grant_types: token exchange and assertions need a client that can keep a secret."
    elif client.exchange_from and TOKEN_EXCHANGE not in client.grant_types:
        problem = f"province.exchange_from: only together with the grant type {TOKEN_EXCHANGE}."
    elif client.subject_type == "pairwise" and not client.sector_identifier:
        problem = "subject_type: pairwise needs sector_identifier_uri, or redirect_uris that are all on one host."
    elif client.jwks and client.jwks_uri:
        problem = "jwks: not together with jwks_uri."
    elif encrypted and not (client.jwks or client.jwks_uri):
        problem = "jwks: an application that wants to be answered encrypted needs jwks or jwks_uri."
    elif client.jwks and not all(can_encrypt(client.jwks, alg) for alg in encrypted):
        problem = "jwks: no key in it fits the algorithm that answers are to be encrypted with."
    elif client.token_endpoint_auth_method == assertion.METHOD and not (client.jwks or client.jwks_uri):
        problem = "token_endpoint_auth_method: private_key_jwt needs jwks or jwks_uri."
    elif client.token_endpoint_auth_method == certificate.SELF_SIGNED and not (client.jwks or client.jwks_uri):
        problem = "token_endpoint_auth_method: self_signed_tls_client_auth needs jwks or jwks_uri."
    elif (client.token_endpoint_auth_method == certificate.PKI) != (len(certificate.names_of(client)) == 1):
        problem = "token_endpoint_auth_method: tls_client_auth goes with exactly one of the tls_client_auth_ names."
    elif client.dpop_bound_access_tokens and client.tls_client_certificate_bound_access_tokens:
        problem = "dpop_bound_access_tokens: a token is bound to a key or to a certificate, not to both."
    elif not asserts and client.token_endpoint_auth_signing_alg:
        problem = "token_endpoint_auth_signing_alg: only for private_key_jwt and client_secret_jwt."
    elif not asserts and client.assertion_audience != "issuer":
        problem = "province.assertion_audience: only for private_key_jwt and client_secret_jwt."
    elif client.authorization_details_types and not code:
        problem = "authorization_details_types: only authorization_code leads to what an officer allows."
    elif client.public and client.serves:
        problem = "province.serves: only an application that can authenticate may ask about tokens."
    elif client.public and not client.require_pkce:
        problem = "province.require_pkce: a public client always uses PKCE."
    elif not client.has_secret and table.get("secret_file"):
        problem = "province.secret_file: only a client that authenticates with a secret has one."
    elif client.source == "registered" and table.get("secret_file"):
        problem = "province.secret_file: only a client in clients/ has one."
    elif client.secret_file and _FILE_NAME.fullmatch(client.secret_file) is None:
        problem = "province.secret_file: a plain file name under keys/clients/."
    elif client.frontchannel_logout_uri and (fault := frontchannel_fault(client.frontchannel_logout_uri, client.redirect_uris)):
        problem = f"frontchannel_logout_uri: {fault}"
    elif "groups" in client.scope and not client.show_groups:
        problem = "scope: groups cannot be asked for while province.show_groups is false."
    elif any(_GROUP.fullmatch(group) is None for group in client.allowed_groups):
        problem = "province.allowed_groups: names of groups, 1 to 128 characters."
    else:
        problem = administration_fault(client) or backchannel.fault_of(client) or profile.fault_of(client)
    if problem:
        raise InvalidClientMetadataError(problem)


def check_response_types(client: Client, *, development: bool) -> None:
    """Refuse response types that contradict the grant types or the addresses.

    Args:
        client: With every member as it was read.
        development: Any address will do for the implicit grant.

    Raises:
        InvalidClientMetadataError: with one sentence that names the member.

    Source: OpenID Connect Registration §2.
    """
    needed = {grant for kind in client.response_types for grant in response.grant_types(kind)}
    problem = ""
    if ("authorization_code" in client.grant_types) != ("authorization_code" in needed):
        problem = "response_types: code goes with the grant type authorization_code, and with no other."
    elif ("implicit" in client.grant_types) != ("implicit" in needed):
        problem = "response_types: id_token and token go with the grant type implicit, and with no other."
    elif "implicit" in needed and client.application_type == "web" and not development and any(
            urlsplit(uri).scheme != "https" or urlsplit(uri).hostname in LOOPBACK_HOSTS for uri in client.redirect_uris):
        problem = "redirect_uris: with the grant type implicit https and no loopback address."
    if problem:
        raise InvalidClientMetadataError(problem)
