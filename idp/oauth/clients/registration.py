"""Client metadata in, client out, and back: what a registration may say and what of it is offered.

Spec: RFC 7591 §2 and §3.2, OpenID Connect Registration §2, RFC 8252 (native applications),
RFC 8628 (devices), RFC 9700 §2.1. Departs from
RFC 7591 §2: an unknown member is refused instead of ignored, because a mistyped name in a file must not pass in silence; a
member that is known but not offered yet is refused unless it asks for what happens anyway. Our own table ``province`` (fixed
interface §4) comes from operators only and is never taken from a client (security checklist 37).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, Literal

from ...jose import jwe
from .. import response
from ..backchannel import registration as backchannel
from ..client import FAPI2, SCOPES, Client
from ..deferred.authorization import GRANT_TYPE_OF
from ..grants.delegation import GRANT_TYPE as TOKEN_EXCHANGE
from ..grants.jwt_bearer import GRANT_TYPE as JWT_BEARER
from ..proof import certificate
from ..requests import request_object
from ..tokens import introspection_response
from . import assertion, profile
from .contradictions import check_response_types, check_together
from .keys import MAX_BYTES, InvalidKeysError, read_jwks
from .members import InvalidClientMetadataError, Members, is_localized

GRANT_TYPES: Final = ("authorization_code", "refresh_token", "client_credentials", *GRANT_TYPE_OF.values(), TOKEN_EXCHANGE)
AUTH_METHODS: Final = ("client_secret_basic", "client_secret_post", *assertion.METHODS, *certificate.METHODS, "none")
ID_TOKEN_ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA")
LOGIN_NAME_ATTRIBUTES: Final = ("uid", "mail", "employeeNumber")

PROVINCE: Final = (
    "owner", "allowed_groups", "required_acr", "required_level", "consent", "profile", "require_pkce", "access_token_format",
    "login_name_attribute", "exchange_from", "assertion_audience", "secret_file", "show_groups", "resources", "serves",
    "owner_unit")
"""Fields of a client that stand in the table ``province``: an operator's, never the client's own."""
_OURS: Final = frozenset({"client_id", "source", "secret_digest", "sealed_secret", "disabled", "created_at", "localized"})
_DEFAULTS: Final = {field.name: field.default for field in fields(Client)}
STANDARD: Final = tuple(name for name in _DEFAULTS if name not in PROVINCE and name not in _OURS)
"""Fields that are members of RFC 7591 and its kin, by the same names."""

_CLIENT_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,127}")
_NO: Final[tuple[object, ...]] = (False, "", [], None)

_NOT_OFFERED: Final[Mapping[str, tuple[object, ...]]] = {
    "request_uris": _NO,  # but where the policy has it
    "default_acr_values": _NO, "software_statement": _NO,
    "authorization_encrypted_response_alg": _NO, "authorization_encrypted_response_enc": _NO,
    "backchannel_user_code_parameter": _NO,
}
"""Members of later specifications, with the values that ask for nothing."""
KNOWN: Final = frozenset(STANDARD) | frozenset(_NOT_OFFERED)
"""Names of members that mean something here; a registration endpoint ignores all others."""


@dataclass(frozen=True, slots=True)
class RegistrationPolicy:
    """What this deployment accepts.

    Attributes:
        development: Loopback http addresses are accepted for every client.
        acr_prefix: Prefix of acr values; the level follows.
        highest_level: Highest assurance level that officers can reach today.
        front_channel: Response types that send tokens through the browser are offered.
        assertion_grant: The JWT bearer grant is offered.
        details_types: Types of authorization details that are offered.
        request_uris: Request objects are fetched from where applications publish them.
    """

    development: bool = False
    acr_prefix: str = "urn:haugiang:acr:"
    highest_level: int = 2
    front_channel: bool = False
    assertion_grant: bool = False
    details_types: tuple[str, ...] = ()
    request_uris: bool = False


def parse(
    metadata: Mapping[str, Any], policy: RegistrationPolicy, *, client_id: str, source: Literal["file", "registered"],
    created_at: int = 0, secret_digest: bytes | None = None,
) -> Client:
    """Check client metadata and make the client of it.

    Args:
        metadata: Members of RFC 7591 §2 and OpenID Connect Registration §2, without ``client_id``, and perhaps ``province``.
        policy: What this deployment accepts.
        client_id: The identifier it has or gets.
        source: ``file``: must have a name, and may have a secret file.
        created_at: Seconds since the epoch.
        secret_digest: SHA-256 of its secret, where it has one.

    Raises:
        InvalidClientMetadataError, InvalidRedirectUriError: with one sentence that names the member.
    """
    if _CLIENT_ID.fullmatch(client_id) is None:
        raise InvalidClientMetadataError("client_id: 1 to 128 letters, digits and . _ ~ -, the first a letter or digit.")
    table = metadata.get("province")
    if table is not None and not isinstance(table, Mapping):
        raise InvalidClientMetadataError("province: a table is expected.")
    members = Members({name: value for name, value in metadata.items() if name != "province"},
                      development=policy.development, not_offered=_NOT_OFFERED)
    offered = (*GRANT_TYPES, *(("implicit",) if policy.front_channel else ()), *((JWT_BEARER,) if policy.assertion_grant else ()))
    grant_types = members.words("grant_types", offered, default=("authorization_code",))
    uses_code = "authorization_code" in grant_types
    response_types = members.words("response_types", response.offered(front_channel=policy.front_channel),
                                   default=("code",) if uses_code else (), spelt=response.type_of)
    auth_method = members.choice("token_endpoint_auth_method", AUTH_METHODS)
    algorithms = profile.algorithms((table or {}).get("profile"))
    native = members.choice("application_type", ("web", "native")) == "native"
    name = members.text("client_name", 200)
    if source == "file" and not name:
        raise InvalidClientMetadataError("client_name: officers must be shown a name.")
    standard: dict[str, Any] = {
        "client_name": name or client_id,
        "client_uri": members.web_uri("client_uri"),
        "logo_uri": members.web_uri("logo_uri"),
        "policy_uri": members.web_uri("policy_uri"),
        "tos_uri": members.web_uri("tos_uri"),
        "redirect_uris": members.redirect_uris("redirect_uris", native=native),
        "grant_types": grant_types,
        "response_types": response_types,
        "token_endpoint_auth_method": auth_method,
        "scope": members.scope(default=default_scope(grant_types)),
        "contacts": members.texts("contacts"),
        "software_id": members.text("software_id", 200),
        "software_version": members.text("software_version", 100),
        "post_logout_redirect_uris": members.redirect_uris("post_logout_redirect_uris", native=native),
        "backchannel_logout_uri": members.web_uri("backchannel_logout_uri"),
        "backchannel_logout_session_required": members.flag("backchannel_logout_session_required", default=False),
        "frontchannel_logout_uri": members.web_uri("frontchannel_logout_uri"),
        "frontchannel_logout_session_required": members.flag("frontchannel_logout_session_required", default=False),
        "initiate_login_uri": members.web_uri("initiate_login_uri"),
        "id_token_signed_response_alg": members.choice("id_token_signed_response_alg", algorithms(ID_TOKEN_ALGORITHMS)),
        **_encryption(members, "id_token_encrypted_response"),
        "userinfo_signed_response_alg": members.choice("userinfo_signed_response_alg", algorithms(("", *ID_TOKEN_ALGORITHMS))),
        **_encryption(members, "userinfo_encrypted_response"),
        "default_max_age": members.seconds("default_max_age"),
        "require_auth_time": members.flag("require_auth_time", default=False),
        "application_type": "native" if native else "web",
        "subject_type": members.choice("subject_type", ("public", "pairwise")),
        "sector_identifier_uri": members.web_uri("sector_identifier_uri"),
        "jwks": _keys(members),
        "jwks_uri": members.web_uri("jwks_uri"),
        "dpop_bound_access_tokens": members.flag("dpop_bound_access_tokens", default=False),
        "tls_client_certificate_bound_access_tokens": members.flag("tls_client_certificate_bound_access_tokens", default=False),
        **{name: members.text(name, 500) for name in certificate.NAMES},
        "token_endpoint_auth_signing_alg": members.choice(
            "token_endpoint_auth_signing_alg", algorithms(("", *assertion.BY_METHOD.get(auth_method, assertion.ALGORITHMS)))),
        "authorization_signed_response_alg": members.choice("authorization_signed_response_alg", algorithms(response.ALGORITHMS)),
        "request_object_signing_alg": members.choice("request_object_signing_alg", algorithms(
            ("", *request_object.ALGORITHMS, *((request_object.UNSIGNED,) if policy.request_uris else ())))),
        **_encryption(members, "request_object_encryption"),
        "require_signed_request_object": members.flag("require_signed_request_object", default=False),
        "require_pushed_authorization_requests": members.flag(
            "require_pushed_authorization_requests", default=uses_code and (table or {}).get("profile") == FAPI2),
        **({"request_uris": members.request_uris("request_uris")} if policy.request_uris else {}),
        **backchannel.read(members),
        "introspection_signed_response_alg": members.choice(
            "introspection_signed_response_alg", algorithms(introspection_response.ALGORITHMS)),
        **_encryption(members, "introspection_encrypted_response"),
        "authorization_details_types": members.words("authorization_details_types", policy.details_types, default=()),
        "localized": members.localized(),
    }
    members.nothing_left()
    client = Client(client_id=client_id, source=source, created_at=created_at, secret_digest=secret_digest, **standard,
                    **_province(table or {}, policy, default_secret_file=f"{client_id}.secret" if source == "file" else "",
                                default_show_groups="groups" in standard["scope"]))
    check_together(client, table or {})
    check_response_types(client, development=policy.development)
    return client


def _keys(members: Members) -> str:
    """Read ``jwks``, and give it in the form that is stored; "" where absent."""
    document = members.take("jwks")
    if document is None:
        return ""
    try:
        read_jwks(document)
    except InvalidKeysError as err:
        raise members.refuse("jwks", err.message) from None
    try:
        text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        size = len(text.encode())
    except ValueError:  # half of a surrogate pair, or a number that JSON does not have
        raise members.refuse("jwks", "it holds what JSON cannot carry.") from None
    if size > MAX_BYTES:
        raise members.refuse("jwks", f"longer than {MAX_BYTES} bytes.")
    return text


def _encryption(members: Members, what: str) -> dict[str, str]:
    """Read how something is encrypted; the second member has a default once the first is there."""
    alg = members.choice(f"{what}_alg", ("", *jwe.ALGORITHMS))
    enc = members.choice(f"{what}_enc", ("", *jwe.ENCRYPTIONS))
    if enc and not alg:
        raise members.refuse(f"{what}_enc", f"only together with {what}_alg.")
    return {f"{what}_alg": alg, f"{what}_enc": enc or (alg and jwe.ENCRYPTIONS[0])}


def default_scope(grant_types: Sequence[str]) -> frozenset[str]:
    """Give the scope of a registration that names none (RFC 7591 §2)."""
    if not {"authorization_code", "implicit", *GRANT_TYPE_OF.values()}.intersection(grant_types):
        return frozenset()
    offline = {"offline_access"} if "refresh_token" in grant_types else set()
    return frozenset({"openid", "profile", "email", "phone", "address"} | offline)


def _province(table: Mapping[str, Any], policy: RegistrationPolicy, *, default_secret_file: str,
              default_show_groups: bool) -> dict[str, Any]:
    members = Members(table, development=policy.development, prefix="province.")
    required_acr = members.text("required_acr", 200)
    fields: dict[str, Any] = {
        "owner": members.text("owner", 200),
        "owner_unit": members.text("owner_unit", 40),
        "allowed_groups": frozenset(members.texts("allowed_groups")),
        "required_acr": required_acr,
        "required_level": _level(required_acr, policy),
        "consent": members.choice("consent", ("ask", "implied")),
        "profile": members.choice("profile", profile.PROFILES),
        "require_pkce": members.flag("require_pkce", default=True),
        "access_token_format": members.choice("access_token_format", ("opaque", "jwt")),
        "exchange_from": _client_ids(members, "exchange_from"),
        "assertion_audience": members.choice("assertion_audience", ("issuer", "token_endpoint")),
        "login_name_attribute": members.choice("login_name_attribute", LOGIN_NAME_ATTRIBUTES),
        # An operator who registers the scope has decided; show_groups = true alone prepares a client for asking later.
        "show_groups": members.flag("show_groups", default=default_show_groups),
        "secret_file": members.text("secret_file", 128) or default_secret_file,
        "resources": members.resources("resources"),
        "serves": frozenset(members.resource_names("serves")),
    }
    members.nothing_left()
    return fields


def _client_ids(members: Members, name: str) -> tuple[str, ...]:
    """Read a list of identifiers of applications; whether each is there is looked at when it matters, so that order does not."""
    found = members.texts(name)
    if not all(map(_CLIENT_ID.fullmatch, found)):
        raise members.refuse(name, "a list of client_id is expected.")
    return found


def _level(required_acr: str, policy: RegistrationPolicy) -> int:
    if not required_acr:
        return 0
    offered = {f"{policy.acr_prefix}{level}": level for level in range(1, policy.highest_level + 1)}
    if required_acr not in offered:
        raise InvalidClientMetadataError(f"province.required_acr: one of {', '.join(offered)}, or empty.")
    return offered[required_acr]


def to_metadata(client: Client) -> dict[str, Any]:
    """Give the registered members of a client, and its table ``province``; ``from_metadata`` reads them back."""
    table = {name: _plain(getattr(client, name)) for name in PROVINCE} | {"resources": dict(client.resources)}
    return {**standard_metadata(client), "province": table}


def standard_metadata(client: Client) -> dict[str, Any]:
    """Give the members of RFC 7591 and OpenID Connect Registration that a client has; empty ones are left out."""
    members = {name: _plain(getattr(client, name)) for name in STANDARD}
    members |= {"scope": " ".join(word for word in SCOPES if word in client.scope),
                "jwks": json.loads(client.jwks) if client.jwks else None}
    kept = {"redirect_uris", "grant_types", "response_types", "scope"}
    shown = {name: value for name, value in members.items() if name in kept or value not in ("", [], None)}
    return shown | dict(client.localized)


def from_metadata(
    client_id: str, metadata: Mapping[str, Any], *, source: str, secret_digest: bytes | None, disabled: bool, created_at: int,
    sealed_secret: bytes | None = None,
) -> Client:
    """Make a client of what ``to_metadata`` gave: checked when it was registered, so that a changed policy locks nobody out."""
    table = metadata.get("province", {})
    lists = {name: () for name in ("redirect_uris", "grant_types", "response_types")}
    members = lists | {name: _typed(name, metadata[name]) for name in STANDARD if name in metadata}
    members["localized"] = tuple(sorted((name, value) for name, value in metadata.items() if is_localized(name)))
    ours = {name: _typed(name, table[name]) for name in PROVINCE if name in table}
    return Client(client_id=client_id, source="file" if source == "file" else "registered", secret_digest=secret_digest,
                  sealed_secret=sealed_secret, disabled=disabled, created_at=created_at, **members, **ours)


def _plain(value: Any) -> Any:
    """Give a field's value as JSON has it."""
    if isinstance(value, frozenset):
        return sorted(value)
    return list(value) if isinstance(value, tuple) else value


def _typed(name: str, value: Any) -> Any:
    """Give a field's value from JSON, in the type that the field has."""
    default = _DEFAULTS[name]
    if name == "jwks":
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    if isinstance(value, dict):
        return tuple(sorted(value.items()))
    if isinstance(default, frozenset):
        return frozenset(value.split() if isinstance(value, str) else value)
    return tuple(value) if isinstance(default, tuple) else value


def registration_response(client: Client, secret: str | None) -> dict[str, Any]:
    """Give the client information response (RFC 7591 §3.2.1).

    Args:
        client: As registered.
        secret: The secret, shown this once; None for a public client.
    """
    answer: dict[str, Any] = {"client_id": client.client_id, "client_id_issued_at": client.created_at}
    if secret is not None:
        answer |= {"client_secret": secret, "client_secret_expires_at": 0}
    return answer | standard_metadata(client)
