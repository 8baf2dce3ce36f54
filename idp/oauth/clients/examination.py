"""What is wrong with a registration, member by member: for the people who connect an application, before officers find out.

Spec: RFC 7591 §2 and OpenID Connect Registration §2 for the members; RFC 9700 §2 for what is allowed and yet discouraged;
RFC 7523 §3 and security checklist 16 for the audience of assertions. ``parse`` refuses what contradicts itself when something is
registered; here is told what only the deployment, the directory or the application's own servers make wrong, and what a
registration asks for in vain. Nothing is changed, and nothing is fetched unless the caller says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from ...errors import ConfigurationError, IdpError, RefusedError
from .. import response, scope
from ..client import Client
from ..client_authentication import Checks
from ..deferred.authorization import GRANT_TYPE_OF
from ..proof import certificate
from . import assertion
from .registrar import SecretFiles
from .registration import RegistrationPolicy, parse, to_metadata
from .sectors import Sectors

FAILED: Final = "failed"
WARNING: Final = "warning"
PROBE: Final = {"logout_token": "a.b.c"}
"""What a back-channel logout address is asked with: it is no JWT, so an application that works refuses it and ends nothing."""
CODES: Final = frozenset({"disabled", "not_https", "logo_elsewhere", "no_start_page", "method_unavailable",
    "binding_unavailable", "assertion_audience", "no_secret", "secret_unreadable", "secret_elsewhere", "secret_differs",
    "no_signing_key", "no_certificate_key", "no_encryption_key", "keys_unreachable", "no_owner", "unknown_groups", "sector",
    "logout_unreachable", "logout_unchecked", "logout_status", "no_openid", "offline_unused", "refresh_ends",
    "officer_scopes", "no_pkce", "browser_tokens", "no_logout_page", "rules", "logout_by_browser", "no_logout"})
_ENCRYPTED: Final = ("id_token", "userinfo")
_DOCS: Final = "See docs/clients.md for the member, correct it, and register again."


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        code: What it is, for whoever says it in other words: one of ``CODES``.
        member: Name of the member, as in a registration; ours with ``province.`` before it.
        state: ``failed``: it does not work; ``warning``: it works, and somebody should look.
        found: What was found, one sentence.
        remedy: What to do.
    """

    code: str
    member: str
    state: str
    found: str
    remedy: str


class Examiner:
    """Looks at registrations.

    Args:
        policy: What this deployment accepts today.
        checks: Which client authentication it can check, and the applications' keys.
        secret_files: The secrets of clients from files.
        sectors: Checks sector documents; asked only with leave to fetch.
        post: Posts a form to an application through the guarded fetcher and gives the status (security checklist 19).
        groups: Gives the groups of the officers who are mirrored.
        officer_scopes: Scopes that client credentials never get.
    """

    def __init__(self, *, policy: RegistrationPolicy, checks: Checks, secret_files: SecretFiles, sectors: Sectors,
                 post: Callable[[str, Mapping[str, str]], int], groups: Callable[[], frozenset[str]],
                 officer_scopes: frozenset[str]) -> None:
        self._policy = policy
        self._checks = checks
        self._secret_files = secret_files
        self._sectors = sectors
        self._post = post
        self._groups = groups
        self._officer_scopes = officer_scopes

    def read(self, metadata: Mapping[str, Any]) -> Client:
        """Make the client of a registration that is not entered yet, by the rules of today, as if it stood in a file.

        Raises:
            InvalidClientMetadataError, InvalidRedirectUriError: what is wrong, in one sentence that names the member.
        """
        members = dict(metadata)
        return parse(members, self._policy, client_id=str(members.pop("client_id", "")), source="file")

    def examine(self, client: Client, *, entered: Client | None, fetch: bool = False) -> tuple[Finding, ...]:
        """Give everything that is wrong with a registration; empty where all is well.

        Args:
            client: What is examined.
            entered: The registration as it stands in the database; None where there is none yet.
            fetch: Look at the application's own addresses too.
        """
        looks = [self._rules(client), self._addresses(client), self._authentication(client), self._secret(client, entered),
                 self._keys(client, fetch=fetch), _scopes(client, self._officer_scopes), _leniences(client),
                 self._admission(client), _logout(client)]
        if entered is not None and entered.disabled:
            looks.insert(0, iter([Finding("disabled", "client_id", FAILED,
                                          "the application is disabled; every path to it is closed.",
                                          f"Run: flask --app wsgi clients enable {client.client_id}")]))
        if fetch:
            looks.append(self._others(client))
        return tuple(finding for look in looks for finding in look)

    def _rules(self, client: Client) -> Iterator[Finding]:
        """Judge an old registration by the rules of today: it goes on as it is, but could not be registered again."""
        try:
            parse(registrable(client), self._policy, client_id=client.client_id, source=client.source)
        except RefusedError as err:
            member, _, sentence = err.message.partition(": ")
            yield Finding("rules", member, FAILED, sentence or err.message, _DOCS)

    def _addresses(self, client: Client) -> Iterator[Finding]:
        if self._policy.development and client.application_type == "web":  # elsewhere the rules refuse it
            for uri in client.redirect_uris:
                if urlsplit(uri).scheme != "https":
                    yield Finding("not_https", "redirect_uris", WARNING,
                                  f"{uri} is not https: it is accepted in development only.",
                                  "Register an https address where officers sign in.")
        if client.logo_uri and not client.shown_logo:
            yield Finding("logo_elsewhere", "logo_uri", WARNING,
                          "it is on another host than the redirect_uris, so it is not shown.",
                          "Put the logo on the application's own host.")
        if client.redirect_uris and client.announced and not (client.client_uri or client.initiate_login_uri):
            yield Finding("no_start_page", "client_uri", WARNING,
                          "officers cannot open the application from their list of applications.",
                          "Register client_uri or initiate_login_uri.")

    def _authentication(self, client: Client) -> Iterator[Finding]:
        method = client.token_endpoint_auth_method
        if not self._checks.can(method):
            lacks = ("IDP_MTLS_ORIGIN" if not self._checks.mutual_tls else "IDP_TLS_CLIENT_CA_FILE")
            yield Finding("method_unavailable", "token_endpoint_auth_method", FAILED,
                          f"this deployment cannot check {method}: {lacks} is not set.",
                          f"Set {lacks} (docs/operations/deploy.md), or register another method.")
        if client.tls_client_certificate_bound_access_tokens and not self._checks.mutual_tls:
            yield Finding("binding_unavailable", "tls_client_certificate_bound_access_tokens", FAILED,
                          "no proxy of this deployment asks for certificates, so no token can be bound to one.",
                          "Set IDP_MTLS_ORIGIN, or register dpop_bound_access_tokens instead.")
        if client.assertion_audience != "issuer":
            yield Finding("assertion_audience", "province.assertion_audience", WARNING,
                          "assertions may name the token endpoint as their audience.",
                          'Let the application name the issuer, then set assertion_audience = "issuer".')

    def _secret(self, client: Client, entered: Client | None) -> Iterator[Finding]:
        if not client.has_secret or entered is None:
            return
        rotate = f"Run: flask --app wsgi clients rotate-secret {client.client_id}, and give the application the new one."
        if entered.secret_digest is None:
            yield Finding("no_secret", "client_secret", FAILED,
                          "no secret was ever made, so the application cannot authenticate.", rotate)
        elif client.secret_file:
            name = f"keys/clients/{client.secret_file}"
            try:
                secret = self._secret_files.read(client.secret_file)
            except ConfigurationError as err:
                yield Finding("secret_unreadable", "province.secret_file", FAILED, err.message, err.remedy)
                return
            if secret is None:
                yield Finding("secret_elsewhere", "province.secret_file", WARNING, f"{name} is not on this machine.",
                              f"Copy it from the node that has it. Where none has: {rotate}")
            elif not entered.check_client_secret(secret):
                yield Finding("secret_differs", "province.secret_file", FAILED,
                              f"{name} does not hold the secret that is registered.",
                              f"Copy it from the node that has the right one. Where none has: {rotate}")

    def _keys(self, client: Client, *, fetch: bool) -> Iterator[Finding]:
        if not client.jwks and not (client.jwks_uri and fetch):
            return
        member = "jwks" if client.jwks else "jwks_uri"
        try:
            if client.token_endpoint_auth_method == assertion.METHOD:
                named = client.token_endpoint_auth_signing_alg
                algorithms = (named,) if named else assertion.ALGORITHMS
                if not any(self._checks.keys.verifying(client, alg=alg, kid=None) for alg in algorithms):
                    yield Finding("no_signing_key", member, FAILED,
                                  f"no key in it can have signed an assertion with {' or '.join(algorithms)}.",
                                  'Publish the public key that the application signs with, with "use": "sig" or without use.')
            if client.token_endpoint_auth_method == certificate.SELF_SIGNED and not self._checks.keys.all(client):
                yield Finding("no_certificate_key", member, FAILED, "it holds no key that a certificate could be over.",
                              "Publish the public key of the certificate.")
            for what in _ENCRYPTED:
                alg = getattr(client, f"{what}_encrypted_response_alg")
                if alg and self._checks.keys.encrypting(client, alg=alg) is None:
                    yield Finding("no_encryption_key", member, FAILED,
                                  f"no key in it fits {what}_encrypted_response_alg = {alg}.",
                                  'Publish a key of that type with "use": "enc".')
        except IdpError as err:
            yield Finding("keys_unreachable", member, FAILED, f"{client.jwks_uri or 'the keys'}: {err.message}",
                          "See that the address answers 200 with a JWK Set of public keys over https; a host in a private"
                          " network has to be in IDP_OUTBOUND_ALLOW.")

    def _admission(self, client: Client) -> Iterator[Finding]:
        if not client.owner:
            yield Finding("no_owner", "province.owner", WARNING, "no agency answers for the application.", "Name one.")
        unknown = sorted(client.allowed_groups - self._groups()) if client.allowed_groups else []
        if unknown:
            yield Finding("unknown_groups", "province.allowed_groups", WARNING,
                          f"no officer known here is in {', '.join(unknown)}.",
                          "Compare the spelling with: flask --app wsgi directory show UID")

    def _others(self, client: Client) -> Iterator[Finding]:
        try:
            self._sectors.check(client)
        except IdpError as err:
            yield Finding("sector", "sector_identifier_uri", FAILED, err.message.removeprefix("sector_identifier_uri: "),
                          "Publish a JSON list there that holds every redirect URI.")
        if not client.backchannel_logout_uri:
            return
        remedy = "See that POST reaches the application there, from the provider's network (docs/relying-applications/README.md)."
        try:
            status = self._post(client.backchannel_logout_uri, PROBE)
        except IdpError as err:
            yield Finding("logout_unreachable", "backchannel_logout_uri", FAILED, err.message, remedy)
            return
        if status < 400:
            yield Finding("logout_unchecked", "backchannel_logout_uri", FAILED,
                          f"it answers {status} to a logout token that is none.",
                          "Let the application check the token's signature, iss, aud and events before it answers 200.")
        elif status != 400:  # OpenID Connect Back-Channel Logout §2.8
            yield Finding("logout_status", "backchannel_logout_uri", FAILED,
                          f"it answers {status} to a token that is none; 400 is right.", remedy)


def registrable(client: Client) -> dict[str, Any]:
    """Give the metadata with which a client could be registered again."""
    metadata = to_metadata(client)
    metadata.pop("software_statement", None)
    metadata["province"] = {name: value for name, value in metadata["province"].items() if name != "required_level"}
    if not client.has_secret:
        metadata["province"].pop("secret_file", None)
    return metadata


def _scopes(client: Client, of_officers: frozenset[str]) -> Iterator[Finding]:
    officer = not client.grant_types or bool(
        {"authorization_code", "implicit", *GRANT_TYPE_OF.values()}.intersection(client.grant_types))
    refreshes = "refresh_token" in client.grant_types
    if officer and scope.OPENID not in client.scope:
        yield Finding("no_openid", "scope", WARNING,
                      "without openid the application gets no ID token and learns of nobody.", "Add openid.")
    if scope.OFFLINE in client.scope and not refreshes:
        yield Finding("offline_unused", "scope", WARNING, "offline_access is of no use without the grant type refresh_token.",
                      "Add refresh_token to grant_types, or leave offline_access out.")
    if refreshes and scope.OFFLINE not in client.scope:
        yield Finding("refresh_ends", "scope", WARNING, "without offline_access refresh tokens end with the officer's session.",
                      "Add offline_access where the application works while the officer is away; else this is as it should be.")
    in_vain = sorted(client.scope & of_officers)
    if client.grant_types == ("client_credentials",) and in_vain:
        yield Finding("officer_scopes", "scope", WARNING,
                      f"{' '.join(in_vain)} tell of an officer, and client_credentials never gets them.",
                      "Leave them out, or add authorization_code.")


def _leniences(client: Client) -> Iterator[Finding]:
    if "authorization_code" in client.grant_types and not client.require_pkce:
        yield Finding("no_pkce", "province.require_pkce", WARNING, "officers may be signed in without PKCE.",
                      "Set require_pkce = true as soon as the application sends code_challenge.")
    if any(kind != response.CODE for kind in client.response_types):
        yield Finding("browser_tokens", "response_types", WARNING, "tokens travel through the officer's browser.",
                      'Register response_types = ["code"] as soon as the application can.')


def _logout(client: Client) -> Iterator[Finding]:
    if not client.redirect_uris:
        return
    if not client.post_logout_redirect_uris:
        yield Finding("no_logout_page", "post_logout_redirect_uris", WARNING,
                      "officers who sign out stay on the provider's page.",
                      "Register the page that they are to see then.")
    if client.backchannel_logout_uri or client.public:
        return  # what runs on the officer's own device has no server to be told at
    found = ("only the officer's browser tells the application of a logout, and only of one in that browser."
             if client.frontchannel_logout_uri else "the application is not told when the officer signs out elsewhere.")
    code = "logout_by_browser" if client.frontchannel_logout_uri else "no_logout"
    yield Finding(code, "backchannel_logout_uri", WARNING, found, "Register an address that ends the session it is told of.")
