"""Client metadata in, client out, and back: what a registration may say and what of it is offered.

Spec: RFC 7591 §2 and §3.2, OpenID Connect Registration §2, RFC 8252 (native applications), RFC 9700 §2.1. Departs from
RFC 7591 §2: an unknown member is refused instead of ignored, because a mistyped name in a file must not pass in silence; a
member that is known but not offered yet is refused unless it asks for what happens anyway. Our own table ``province`` (fixed
interface §4) comes from operators only and is never taken from a client (security checklist 37).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from ..errors import RefusedError
from .client import SCOPES, Client
from .redirect_uri import check_redirect_uri, check_web_uri

GRANT_TYPES: Final = ("authorization_code", "refresh_token", "client_credentials")
AUTH_METHODS: Final = ("client_secret_basic", "client_secret_post", "none")
ID_TOKEN_ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA")
LOGIN_NAME_ATTRIBUTES: Final = ("uid", "mail", "employeeNumber")

_CLIENT_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,127}")
_FILE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_GROUP: Final = re.compile(r"[^\x00-\x1f\x7f]{1,128}")
_NO: Final[tuple[object, ...]] = (False, "", [], None)

_NOT_OFFERED: Final[Mapping[str, tuple[object, ...]]] = {
    "jwks": _NO, "jwks_uri": _NO, "sector_identifier_uri": _NO, "subject_type": (*_NO, "public"),
    "id_token_encrypted_response_alg": _NO, "id_token_encrypted_response_enc": _NO,
    "userinfo_signed_response_alg": _NO, "userinfo_encrypted_response_alg": _NO, "userinfo_encrypted_response_enc": _NO,
    "request_object_signing_alg": _NO, "request_object_encryption_alg": _NO, "request_object_encryption_enc": _NO,
    "request_uris": _NO, "require_signed_request_object": _NO, "require_pushed_authorization_requests": _NO,
    "token_endpoint_auth_signing_alg": _NO, "default_acr_values": _NO, "software_statement": _NO,
    "frontchannel_logout_uri": _NO, "frontchannel_logout_session_required": _NO, "dpop_bound_access_tokens": _NO,
    "tls_client_certificate_bound_access_tokens": _NO, "tls_client_auth_subject_dn": _NO, "tls_client_auth_san_dns": _NO,
    "tls_client_auth_san_uri": _NO, "tls_client_auth_san_ip": _NO, "tls_client_auth_san_email": _NO,
    "authorization_signed_response_alg": _NO, "authorization_details_types": _NO, "introspection_signed_response_alg": _NO,
    "backchannel_token_delivery_mode": _NO, "backchannel_client_notification_endpoint": _NO,
    "backchannel_authentication_request_signing_alg": _NO, "backchannel_user_code_parameter": _NO,
}
"""Members of later specifications, with the values that ask for nothing."""


class InvalidClientMetadataError(RefusedError):
    """A registration that cannot be accepted (RFC 7591 §3.2.2)."""

    code = "invalid_client_metadata"


@dataclass(frozen=True, slots=True)
class RegistrationPolicy:
    """What this deployment accepts.

    Attributes:
        development: Loopback http addresses are accepted for every client.
        acr_prefix: Prefix of acr values; the level follows.
        highest_level: Highest assurance level that officers can reach today.
    """

    development: bool = False
    acr_prefix: str = "urn:haugiang:acr:"
    highest_level: int = 2


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
    members = _Members({name: value for name, value in metadata.items() if name != "province"}, policy)
    grant_types = members.words("grant_types", GRANT_TYPES, default=("authorization_code",))
    uses_code = "authorization_code" in grant_types
    response_types = members.words("response_types", ("code",), default=("code",) if uses_code else ())
    auth_method = members.choice("token_endpoint_auth_method", AUTH_METHODS)
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
        "scope": members.scope(default=_default_scope(grant_types)),
        "contacts": members.texts("contacts"),
        "software_id": members.text("software_id", 200),
        "software_version": members.text("software_version", 100),
        "post_logout_redirect_uris": members.redirect_uris("post_logout_redirect_uris", native=native),
        "backchannel_logout_uri": members.web_uri("backchannel_logout_uri"),
        "backchannel_logout_session_required": members.flag("backchannel_logout_session_required", default=False),
        "initiate_login_uri": members.web_uri("initiate_login_uri"),
        "id_token_signed_response_alg": members.choice("id_token_signed_response_alg", ID_TOKEN_ALGORITHMS),
        "default_max_age": members.seconds("default_max_age"),
        "require_auth_time": members.flag("require_auth_time", default=False),
        "application_type": "native" if native else "web",
    }
    members.nothing_left()
    client = Client(client_id=client_id, source=source, created_at=created_at, secret_digest=secret_digest, **standard,
                    **_province(table or {}, policy, default_secret_file=f"{client_id}.secret" if source == "file" else "",
                                default_show_groups="groups" in standard["scope"]))
    _check_together(client, table or {})
    return client


def _default_scope(grant_types: tuple[str, ...]) -> frozenset[str]:
    if "authorization_code" not in grant_types:
        return frozenset()
    offline = {"offline_access"} if "refresh_token" in grant_types else set()
    return frozenset({"openid", "profile", "email", "phone", "address"} | offline)


def _province(table: Mapping[str, Any], policy: RegistrationPolicy, *, default_secret_file: str,
              default_show_groups: bool) -> dict[str, Any]:
    members = _Members(table, policy, prefix="province.")
    members.only("profile", "", "profiles such as fapi2 are not offered yet")
    members.only("exchange_from", [], "token exchange is not offered yet")
    members.only("assertion_audience", "issuer", "client assertions are not offered yet")
    required_acr = members.text("required_acr", 200)
    fields: dict[str, Any] = {
        "owner": members.text("owner", 200),
        "allowed_groups": frozenset(members.texts("allowed_groups")),
        "required_acr": required_acr,
        "required_level": _level(required_acr, policy),
        "consent": members.choice("consent", ("ask", "implied")),
        "require_pkce": members.flag("require_pkce", default=True),
        "access_token_format": members.choice("access_token_format", ("opaque", "jwt")),
        "login_name_attribute": members.choice("login_name_attribute", LOGIN_NAME_ATTRIBUTES),
        # An operator who registers the scope has decided; show_groups = true alone prepares a client for asking later.
        "show_groups": members.flag("show_groups", default=default_show_groups),
        "secret_file": members.text("secret_file", 128) or default_secret_file,
    }
    members.nothing_left()
    return fields


def _level(required_acr: str, policy: RegistrationPolicy) -> int:
    if not required_acr:
        return 0
    offered = {f"{policy.acr_prefix}{level}": level for level in range(1, policy.highest_level + 1)}
    if required_acr not in offered:
        raise InvalidClientMetadataError(f"province.required_acr: one of {', '.join(offered)}, or empty.")
    return offered[required_acr]


def _check_together(client: Client, table: Mapping[str, Any]) -> None:
    """Refuse members that contradict each other."""
    code = "authorization_code" in client.grant_types
    problem = ""
    if not client.grant_types:
        problem = "grant_types: at least one is needed."
    elif code and not client.redirect_uris:
        problem = "redirect_uris: authorization_code needs at least one."
    elif not code and client.redirect_uris:
        problem = "redirect_uris: only authorization_code uses them."
    elif code != ("code" in client.response_types):
        problem = "response_types: code goes with the grant type authorization_code, and with no other."
    elif "refresh_token" in client.grant_types and not code:
        problem = "grant_types: refresh_token goes with authorization_code."
    elif "client_credentials" in client.grant_types and client.public:
        problem = "grant_types: client_credentials needs a client that can keep a secret."
    elif client.public and not client.require_pkce:
        problem = "province.require_pkce: a public client always uses PKCE."
    elif client.public and table.get("secret_file"):
        problem = "province.secret_file: a public client has no secret."
    elif client.source == "registered" and table.get("secret_file"):
        problem = "province.secret_file: only a client in clients/ has one."
    elif client.secret_file and _FILE_NAME.fullmatch(client.secret_file) is None:
        problem = "province.secret_file: a plain file name under keys/clients/."
    elif "groups" in client.scope and not client.show_groups:
        problem = "scope: groups cannot be asked for while province.show_groups is false."
    elif any(_GROUP.fullmatch(group) is None for group in client.allowed_groups):
        problem = "province.allowed_groups: names of groups, 1 to 128 characters."
    if problem:
        raise InvalidClientMetadataError(problem)


def to_metadata(client: Client) -> dict[str, Any]:
    """Give the registered members of a client, and its table ``province``; ``from_metadata`` reads them back."""
    return {**standard_metadata(client), "province": {
        "owner": client.owner, "allowed_groups": sorted(client.allowed_groups), "required_acr": client.required_acr,
        "required_level": client.required_level, "consent": client.consent, "profile": client.profile,
        "require_pkce": client.require_pkce, "access_token_format": client.access_token_format,
        "login_name_attribute": client.login_name_attribute, "exchange_from": list(client.exchange_from),
        "assertion_audience": client.assertion_audience, "secret_file": client.secret_file, "show_groups": client.show_groups,
    }}


def standard_metadata(client: Client) -> dict[str, Any]:
    """Give the members of RFC 7591 and OpenID Connect Registration that a client has; empty ones are left out."""
    members: dict[str, Any] = {
        "client_name": client.client_name, "client_uri": client.client_uri, "logo_uri": client.logo_uri,
        "policy_uri": client.policy_uri, "tos_uri": client.tos_uri, "redirect_uris": list(client.redirect_uris),
        "grant_types": list(client.grant_types), "response_types": list(client.response_types),
        "token_endpoint_auth_method": client.token_endpoint_auth_method,
        "scope": " ".join(word for word in SCOPES if word in client.scope), "contacts": list(client.contacts),
        "software_id": client.software_id, "software_version": client.software_version,
        "post_logout_redirect_uris": list(client.post_logout_redirect_uris),
        "backchannel_logout_uri": client.backchannel_logout_uri,
        "backchannel_logout_session_required": client.backchannel_logout_session_required,
        "initiate_login_uri": client.initiate_login_uri, "id_token_signed_response_alg": client.id_token_signed_response_alg,
        "default_max_age": client.default_max_age, "require_auth_time": client.require_auth_time,
        "application_type": client.application_type, "subject_type": "public",
    }
    kept = {"redirect_uris", "grant_types", "response_types", "scope"}
    return {name: value for name, value in members.items() if name in kept or value not in ("", [], None)}


def from_metadata(
    client_id: str, metadata: Mapping[str, Any], *, source: str, secret_digest: bytes | None, disabled: bool, created_at: int,
) -> Client:
    """Make a client of what ``to_metadata`` gave: checked when it was registered, so that a changed policy locks nobody out."""
    table = metadata.get("province", {})
    lists: dict[str, Any] = {name: tuple(metadata.get(name, ())) for name in (
        "redirect_uris", "grant_types", "response_types", "contacts", "post_logout_redirect_uris")}
    plain: dict[str, Any] = {name: metadata[name] for name in (
        "client_name", "client_uri", "logo_uri", "policy_uri", "tos_uri", "token_endpoint_auth_method", "software_id",
        "software_version", "backchannel_logout_uri", "backchannel_logout_session_required", "initiate_login_uri",
        "id_token_signed_response_alg", "default_max_age", "require_auth_time", "application_type") if name in metadata}
    ours: dict[str, Any] = {name: table[name] for name in (
        "owner", "required_acr", "required_level", "consent", "profile", "require_pkce", "access_token_format",
        "login_name_attribute", "assertion_audience", "secret_file", "show_groups") if name in table}
    return Client(
        client_id=client_id, source="file" if source == "file" else "registered", secret_digest=secret_digest,
        disabled=disabled, created_at=created_at, scope=frozenset(metadata.get("scope", "").split()),
        allowed_groups=frozenset(table.get("allowed_groups", ())), exchange_from=tuple(table.get("exchange_from", ())),
        **lists, **plain, **ours)


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


class _Members:
    """Members that are read one by one; what is left in the end is unknown. null is as good as absent."""

    def __init__(self, members: Mapping[str, Any], policy: RegistrationPolicy, prefix: str = "") -> None:
        self._left = {str(name): value for name, value in members.items() if value is not None}
        self._policy = policy
        self._prefix = prefix

    def _refuse(self, name: str, what: str) -> InvalidClientMetadataError:
        return InvalidClientMetadataError(f"{self._prefix}{name}: {what}")

    def text(self, name: str, longest: int) -> str:
        value = self._left.pop(name, "")
        if not isinstance(value, str) or len(value) > longest or any(
                unicodedata.category(sign) in {"Cc", "Cs", "Zl", "Zp"} for sign in value):
            raise self._refuse(name, f"a text of one line, at most {longest} characters.")
        return unicodedata.normalize("NFC", value).strip()

    def flag(self, name: str, *, default: bool) -> bool:
        value = self._left.pop(name, default)
        if not isinstance(value, bool):
            raise self._refuse(name, "true or false.")
        return value

    def seconds(self, name: str) -> int | None:
        value = self._left.pop(name, None)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 10**9):
            raise self._refuse(name, "a number of seconds, 0 or more.")
        return value

    def choice(self, name: str, offered: tuple[str, ...]) -> str:
        value = self._left.pop(name, offered[0])
        if not isinstance(value, str) or value not in offered:
            raise self._refuse(name, f"{', '.join(offered)} are offered.")
        return value

    def only(self, name: str, offered: object, sentence: str) -> None:
        if self._left.pop(name, offered) != offered:
            raise self._refuse(name, f"{sentence}.")

    def texts(self, name: str) -> tuple[str, ...]:
        value = self._left.pop(name, [])
        if not isinstance(value, list) or len(value) > 50 or not all(
                isinstance(item, str) and 0 < len(item) <= 255 and item.isprintable() for item in value):
            raise self._refuse(name, "a list of at most 50 texts.")
        return tuple(dict.fromkeys(unicodedata.normalize("NFC", item) for item in value))

    def words(self, name: str, offered: tuple[str, ...], *, default: tuple[str, ...]) -> tuple[str, ...]:
        if name not in self._left:
            return default
        value = self.texts(name)
        if not set(value).issubset(offered):
            raise self._refuse(name, f"{', '.join(offered)} {'are' if len(offered) > 1 else 'is all that is'} offered.")
        return value

    def scope(self, *, default: frozenset[str]) -> frozenset[str]:
        if "scope" not in self._left:
            return default
        words = frozenset(self.text("scope", 1000).split(" ")) - {""}
        if not words.issubset(SCOPES):
            raise self._refuse("scope", f"{' '.join(SCOPES)} are offered, separated by spaces.")
        return words

    def web_uri(self, name: str) -> str:
        value = self._left.pop(name, "")
        return "" if value == "" else check_web_uri(value, development=self._policy.development, member=name)

    def redirect_uris(self, name: str, *, native: bool) -> tuple[str, ...]:
        value = self._left.pop(name, [])
        if not isinstance(value, list) or len(value) > 50:
            raise self._refuse(name, "a list of at most 50 addresses.")
        uris = [check_redirect_uri(uri, native=native, development=self._policy.development, member=name) for uri in value]
        return tuple(dict.fromkeys(uris))

    def nothing_left(self) -> None:
        for name, value in self._left.items():
            if not self._prefix and name in _NOT_OFFERED:
                if not any(value is nothing or (type(value) is type(nothing) and value == nothing)
                           for nothing in _NOT_OFFERED[name]):
                    raise self._refuse(name, "this is not offered yet.")
            else:
                shown = re.sub(r"[^A-Za-z0-9_#.-]", "?", name)[:60]
                raise self._refuse(shown, "unknown; see docs/clients.md for the members there are.")
