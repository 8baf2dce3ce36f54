"""A registered application as every request sees it: parsed once, kept in memory, never changed.

Spec: RFC 6749 §2; RFC 7591 §2 and OpenID Connect Registration §2 for the members' names; RFC 8252 §7.3 for the one exception
to exact redirect URIs. What a registration may hold is decided in ``clients/registration.py``; this module answers questions.
Departs from RFC 7591 §2 (logo_uri should be displayed): only a logo on a host of the application's redirect URIs is.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol
from urllib.parse import urlsplit

from ..clock import Clock
from ..directory.unit import is_unit_code
from ..errors import UnavailableError

SCOPES = ("openid", "profile", "email", "phone", "address", "offline_access", "unit", "post", "groups", "service",
          "credential", "admin", "admin:read", "time_stamp", "est")
"""Scopes that may be registered today (fixed interface §6)."""
FAPI2 = "fapi2"
"""The one profile there is (``clients/profile.py``)."""
ADMINISTRATION = frozenset({"admin", "admin:read", "est"})
"""Scopes of the administration API and of enrolment: only a file in clients/ gives them, and nobody gets them without asking."""
NEVER_UNASKED = ADMINISTRATION | {"time_stamp", "credential"}
"""Scopes that an application which names none does not get (RFC 6749 §3.3)."""
SPARE_LOOKS = 10
"""How often a second a process looks for clients that it does not know."""

_LOOPBACK = re.compile(r"http://(127\.0\.0\.1|\[::1\])(?::([0-9]{1,5}))?((?:[/?].*)?)")


def secret_digest(secret: str) -> bytes:
    """Give the SHA-256 of a client secret: the only form that is kept, but for applications that sign with theirs (32 bytes)."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One application. Members that are absent in the registration hold their default, never None where a type is iterated.

    Attributes:
        scope: Scopes it may ask for.
        default_max_age: Seconds; None where not registered.
        subject_type: ``pairwise`` tells it subjects that no application of another sector knows.
        sector_identifier_uri: Its host is the sector; "" where the host of the redirect URIs is.
        backchannel_authentication_request_signing_alg: It signs every authentication request so; "" where it sends them unsigned.
        software_statement: As it came, checked when it was registered; "" where nobody vouched.
        localized: What officers are shown in other languages: members such as ``client_name#en`` with their values, sorted.
        jwks: JSON of its public keys, checked when it was registered; "" where it has none or publishes them at ``jwks_uri``.
        authorization_details_types: Types of authorization details that it may ask for (RFC 9396 §10); an operator's decision.
        request_uris: Where it publishes request objects; a fragment says nothing here.
        source: ``file`` (clients/<name>/client.toml) or ``registered`` (made at run time).
        secret_digest: SHA-256 of the secret; None for public clients and before the secret is made.
        sealed_secret: The secret itself, sealed under the key-encryption key (``clients/client_secret.py``); only where
            ``signs_with_secret``, else None.
        disabled: True closes every path; ``ClientRegistry.find`` does not even give such a client.
        owner: Agency that answers for it.
        owner_unit: That agency's code, which alone counts; "" leaves the client to the province's administrators.
        allowed_groups: Officers need one of these groups; empty admits every officer.
        required_acr: Least assurance as registered, an acr value, or "".
        required_level: The same as a level 1-3; 0 where nothing is asked.
        profile: ``fapi2``, or "" for none.
        login_name_attribute: Directory attribute that ``preferred_username`` carries.
        show_groups: Whether the scope ``groups`` may be released to it.
        resources: Resources that it may ask tokens for, each with the space-separated scopes that it may have there; "" for all
            that are registered.
        serves: Resources that it answers for: it may introspect tokens that are meant for them.
        secret_file: Name under keys/clients/ where a client from a file has its secret; "" otherwise.
    """

    client_id: str
    client_name: str
    client_uri: str = ""
    logo_uri: str = ""
    policy_uri: str = ""
    tos_uri: str = ""
    redirect_uris: tuple[str, ...] = ()
    grant_types: tuple[str, ...] = ("authorization_code",)
    response_types: tuple[str, ...] = ("code",)
    token_endpoint_auth_method: str = "client_secret_basic"
    scope: frozenset[str] = frozenset()
    contacts: tuple[str, ...] = ()
    software_id: str = ""
    software_version: str = ""
    post_logout_redirect_uris: tuple[str, ...] = ()
    backchannel_logout_uri: str = ""
    backchannel_logout_session_required: bool = False
    frontchannel_logout_uri: str = ""
    frontchannel_logout_session_required: bool = False
    initiate_login_uri: str = ""
    id_token_signed_response_alg: str = "RS256"
    id_token_encrypted_response_alg: str = ""
    id_token_encrypted_response_enc: str = ""
    userinfo_signed_response_alg: str = ""
    userinfo_encrypted_response_alg: str = ""
    userinfo_encrypted_response_enc: str = ""
    default_max_age: int | None = None
    require_auth_time: bool = False
    application_type: Literal["web", "native"] = "web"
    subject_type: Literal["public", "pairwise"] = "public"
    sector_identifier_uri: str = ""
    jwks: str = ""
    jwks_uri: str = ""
    token_endpoint_auth_signing_alg: str = ""
    dpop_bound_access_tokens: bool = False
    tls_client_certificate_bound_access_tokens: bool = False
    tls_client_auth_subject_dn: str = ""
    tls_client_auth_san_dns: str = ""
    tls_client_auth_san_uri: str = ""
    tls_client_auth_san_ip: str = ""
    tls_client_auth_san_email: str = ""
    authorization_signed_response_alg: str = "RS256"
    request_object_signing_alg: str = ""
    request_object_encryption_alg: str = ""
    request_object_encryption_enc: str = ""
    require_signed_request_object: bool = False
    require_pushed_authorization_requests: bool = False
    request_uris: tuple[str, ...] = ()
    backchannel_token_delivery_mode: Literal["", "poll", "ping"] = ""
    backchannel_client_notification_endpoint: str = ""
    backchannel_authentication_request_signing_alg: str = ""
    introspection_signed_response_alg: str = "RS256"
    introspection_encrypted_response_alg: str = ""
    introspection_encrypted_response_enc: str = ""
    authorization_details_types: tuple[str, ...] = ()
    software_statement: str = ""
    localized: tuple[tuple[str, str], ...] = ()
    source: Literal["file", "registered"] = "registered"
    secret_digest: bytes | None = None
    sealed_secret: bytes | None = field(default=None, repr=False)
    disabled: bool = False
    created_at: int = 0

    owner: str = ""
    owner_unit: str = ""
    allowed_groups: frozenset[str] = frozenset()
    required_acr: str = ""
    required_level: int = 0
    consent: Literal["implied", "ask"] = "ask"
    profile: str = ""
    require_pkce: bool = True
    access_token_format: Literal["opaque", "jwt"] = "opaque"
    login_name_attribute: str = "uid"
    exchange_from: tuple[str, ...] = ()
    assertion_audience: str = "issuer"
    secret_file: str = ""
    show_groups: bool = False
    resources: tuple[tuple[str, str], ...] = ()
    serves: frozenset[str] = frozenset()

    @property
    def public(self) -> bool:
        """Whether it cannot keep a secret (RFC 6749 §2.1)."""
        return self.token_endpoint_auth_method == "none"

    @property
    def fapi2(self) -> bool:
        """Whether it is held to FAPI 2.0, in its registration (``clients/profile.py``) and in every message."""
        return self.profile == FAPI2

    @property
    def has_secret(self) -> bool:
        """Whether it authenticates with a secret that we made (RFC 6749 §2.3.1, OpenID Connect Core §9)."""
        return self.token_endpoint_auth_method.startswith("client_secret_")

    @property
    def signs_with_secret(self) -> bool:
        """Whether it never sends its secret but signs with it, so that we have to know the secret and not only its digest."""
        return self.token_endpoint_auth_method == "client_secret_jwt"

    @property
    def sector_identifier(self) -> str:
        """The host that pairwise subjects are computed for (OpenID Connect Core §8.1); "" where no one host is known."""
        uris = (self.sector_identifier_uri,) if self.sector_identifier_uri else self.redirect_uris
        hosts = {urlsplit(uri).hostname or "" for uri in uris}
        return hosts.pop() if len(hosts) == 1 else ""

    def in_language(self, language: str) -> Client:
        """Give the client as officers who read a language are shown it (RFC 7591 §2.2).

        Args:
            language: Such as ``vi``; a tag with a region (``vi-VN``) counts where the bare language is not registered.
        """
        shown: dict[str, str] = {}
        for tagged, value in self.localized:
            name, _, tag = tagged.partition("#")
            if tag.lower() == language or (name not in shown and tag.lower().startswith(f"{language}-")):
                shown[name] = value
        return replace(self, **shown) if shown else self  # type: ignore[arg-type]

    @property
    def announced(self) -> bool:
        """Whether officers see it among their applications before they first used it.

        One that was registered at run time and asks for consent is not the province's own: whoever has leave to register could
        put a link before every officer (security checklist 37).
        """
        return self.source == "file" or self.consent == "implied"

    @property
    def shown_logo(self) -> str:
        """Its logo, where the logo is on a host that officers are sent to anyway; any other would learn who signs in where.

        Source: OpenID Connect Registration §9.1 (an application could wear the logo of another).
        """
        hosts = {urlsplit(uri).hostname for uri in self.redirect_uris} - {None}
        return self.logo_uri if self.logo_uri and urlsplit(self.logo_uri).hostname in hosts else ""

    def get_client_id(self) -> str:
        """Give the identifier (asked by Authlib)."""
        return self.client_id

    def get_default_redirect_uri(self) -> str | None:
        """Give the redirect URI where exactly one is registered (RFC 6749 §3.1.2.3); OpenID requests send it anyway."""
        return self.redirect_uris[0] if len(self.redirect_uris) == 1 else None

    def get_allowed_scope(self, scope: str | None) -> str:
        """Keep those of the space-separated scopes that are registered, in the order asked."""
        return " ".join(word for word in (scope or "").split() if word in self.scope)

    def check_client_secret(self, client_secret: str) -> bool:
        """Compare a secret in constant time, as digests; any text is taken, none raises."""
        if self.secret_digest is None or not client_secret:
            return False
        return hmac.compare_digest(self.secret_digest, secret_digest(client_secret))

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Tell whether this is the one registered method; it holds at every endpoint."""
        return method == self.token_endpoint_auth_method

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Compare as a simple string (RFC 6749 §3.1.2.3, RFC 9700 §2.1).

        The one exception is the port of a loopback address literal for a native application (RFC 8252 §7.3): ``localhost``
        and https never vary.
        """
        if redirect_uri in self.redirect_uris:
            return True
        return self.application_type == "native" and any(
            _same_but_for_the_port(redirect_uri, registered) for registered in self.redirect_uris)

    def check_response_type(self, response_type: str) -> bool:
        """Tell whether the response type is registered, its words in order (``response.type_of``)."""
        return response_type in self.response_types

    def check_grant_type(self, grant_type: str) -> bool:
        """Tell whether the grant type is registered."""
        return grant_type in self.grant_types


def administration_fault(client: Client) -> str:
    """Say what is wrong with what a client may administer, and with who administers it; "" where nothing is."""
    if client.source == "registered" and not ADMINISTRATION.isdisjoint(client.scope):
        return "scope: admin and admin:read are for clients in clients/ only."
    if client.owner_unit and not is_unit_code(client.owner_unit):
        return "province.owner_unit: an agency's code such as H30.11."
    return ""


def _same_but_for_the_port(sent: str, registered: str) -> bool:
    known = _LOOPBACK.fullmatch(registered)
    asked = _LOOPBACK.fullmatch(sent) if known and len(sent) <= 2048 else None
    if known is None or asked is None or known[1] != asked[1] or known[3] != asked[3]:
        return False
    return asked[2] is None or 1 <= int(asked[2]) <= 65535


class ClientStore(Protocol):
    """Where registrations are read from."""

    def version(self) -> int:
        """Give a number that every change raises."""
        ...

    def all(self) -> Sequence[Client]:
        """Give every client, disabled ones too, ordered by client_id."""
        ...


class ClientRegistry:
    """All clients in memory; a change anywhere is seen within a second, and a client that is new at once.

    ``find`` is on the token path: it costs a dictionary look-up, and once a second in one thread a look at the version. Some more
    looks a second are spared for identifiers that are not known here: an application that has just registered itself comes with
    its first request, perhaps to another process. While the database does not answer, the clients last seen stay.
    """

    def __init__(self, store: ClientStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._clients: dict[str, Client] = {}
        self._version = -1
        self._checked_at = -1
        self._spare_looks, self._spared_at = 0, -1

    def find(self, client_id: str) -> Client | None:
        """Find a client that may act now: unknown and disabled ones give None, so that no path can forget the difference."""
        self.refresh()
        client = self._clients.get(client_id)
        if client is None and self._look_again():
            client = self._clients.get(client_id)
        return None if client is None or client.disabled else client

    def all(self) -> tuple[Client, ...]:
        """Give every client, disabled ones too, ordered by client_id."""
        self.refresh()
        return tuple(self._clients.values())

    def refresh(self) -> None:
        """Look at the version if this second has not done so; load when it changed.

        Raises:
            UnavailableError: only while nothing was ever loaded.
        """
        now = self._clock.now()
        if now == self._checked_at:
            return
        if self._version < 0:
            self.reload()
        elif self._lock.acquire(blocking=False):
            try:
                self._checked_at = now
                if self._store.version() != self._version:
                    self._load()
            except UnavailableError:
                return
            finally:
                self._lock.release()

    def _look_again(self) -> bool:
        """Look at the version out of turn, so many times a second at most; tell whether there was anything new."""
        now = self._clock.now()
        if now != self._spared_at:
            self._spare_looks, self._spared_at = SPARE_LOOKS, now
        if self._spare_looks <= 0:
            return False
        self._spare_looks -= 1
        try:
            with self._lock:
                if self._store.version() == self._version:
                    return False
                self._load()
        except UnavailableError:
            return False
        return True

    def reload(self) -> None:
        """Load now, whatever the version says; after a change of one's own."""
        with self._lock:
            self._load()

    def _load(self) -> None:
        # The version is read first: clients newer than it are loaded once more at the next look, never missed.
        version = self._store.version()
        self._clients = {client.client_id: client for client in self._store.all()}
        self._version = version
        self._checked_at = self._clock.now()
