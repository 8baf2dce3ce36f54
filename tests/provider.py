"""The provider's programs' side wired with real stores on a database, a clock that tests move, and codes without pages."""

from __future__ import annotations

import base64
import functools
import hashlib
import io
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
from cryptography.x509 import Certificate
from sqlalchemy import literal_column, select, update

from idp.adapters.sql.administration import SqlAdministrationTokens
from idp.adapters.sql.authn.throttle import SqlGuessCounter
from idp.adapters.sql.clients import SqlClientStore
from idp.adapters.sql.database import Database
from idp.adapters.sql.deferred import SqlDeferred
from idp.adapters.sql.directory.access import SqlAccess
from idp.adapters.sql.directory.officers import SqlOfficers
from idp.adapters.sql.oauth import SqlGrants
from idp.adapters.sql.operation.seen_once import SqlSeenOnce
from idp.adapters.sql.pushed_requests import SqlPushedRequests
from idp.adapters.sql.registrations import SqlInitialAccess, SqlRegistrations
from idp.adapters.sql.sessions import SqlSessions
from idp.adapters.sql.tables import AuditRow, GrantRow, OfficerRow, RefreshTokenRow
from idp.adapters.sql.trail.records import SqlAuditTrail
from idp.audit import Caller
from idp.authn.assurance import AssurancePolicy
from idp.authn.lockout import Limits, Lockout
from idp.directory.deprovisioning import Deprovisioning
from idp.directory.officer import Officer, Post
from idp.endpoints.backchannel_authentication import BackchannelAuthenticationEndpoint
from idp.endpoints.bearer import challenge, from_header
from idp.endpoints.device_authorization import DeviceAuthorizationEndpoint
from idp.endpoints.documents import Document, fixed
from idp.endpoints.introspection import IntrospectionEndpoint
from idp.endpoints.pushed_authorization import PushedAuthorizationEndpoint
from idp.endpoints.registration import ConfigurationEndpoint, RegistrationEndpoint
from idp.endpoints.revocation import RevocationEndpoint
from idp.endpoints.sources import Sources
from idp.endpoints.token import TokenEndpoint
from idp.endpoints.userinfo import UserInfoEndpoint
from idp.endpoints.wsgi import Dispatcher, EndpointRequest, Response, Route
from idp.endpoints.wsgi import json as answer
from idp.jose.encryption_keys import EncryptionKeys
from idp.jose.keyset import KeyRing
from idp.oauth import response
from idp.oauth.authorization_request import AuthorizationRequest
from idp.oauth.backchannel.authentication import HINT_LIMITS, BackchannelAuthentication
from idp.oauth.backchannel.officers import HintedOfficers
from idp.oauth.backchannel.signed_request import SignedRequests
from idp.oauth.client import SCOPES, Client, ClientRegistry, secret_digest
from idp.oauth.client_authentication import METHODS, Checks
from idp.oauth.clients.assertion import ClientAssertions
from idp.oauth.clients.assertion_issuers import AssertionIssuer
from idp.oauth.clients.configuration import ClientConfiguration
from idp.oauth.clients.dynamic import Desk, DynamicRegistration
from idp.oauth.clients.initial_access import InitialAccess, Terms
from idp.oauth.clients.keys import ClientKeys
from idp.oauth.clients.registration import RegistrationPolicy
from idp.oauth.clients.sectors import Sectors
from idp.oauth.clients.software_statement import SoftwareStatements
from idp.oauth.deferred.approvals import Approvals
from idp.oauth.deferred.authorization import GRANT_TYPE_OF, Kind
from idp.oauth.deferred.device_authorization import CODE_LIMITS, DeviceAuthorization
from idp.oauth.deferred.user_code import normal
from idp.oauth.grants.jwt_bearer import AuthorizationAssertions
from idp.oauth.metadata import Offer, discovery
from idp.oauth.proof.dpop import Nonces, Presented, Proofs
from idp.oauth.proof.holder import Holders, TokenUse
from idp.oauth.requests import public_clients
from idp.oauth.requests.public_clients import DEVICE_LIMITS, PUSH_LIMITS
from idp.oauth.requests.published import PublishedRequests
from idp.oauth.requests.pushed_authorization import PushedRequests
from idp.oauth.requests.request_object import RequestObjects
from idp.oauth.requests.signing_details import SigningDetails
from idp.oauth.server import Extension, Lifetimes, Provider
from idp.oauth.tokens.access_token import AccessTokens, TokenRefusedError
from idp.oauth.tokens.introspection import Introspection
from idp.oauth.tokens.introspection_response import SignedIntrospection
from idp.oauth.tokens.resource_access import ResourceAccess
from idp.oidc import claims, id_token
from idp.oidc.encryption import ResponseEncryption
from idp.oidc.subject import TYPES
from idp.oidc.userinfo import UserInfoAnswers
from idp.pki import shown_certificate
from idp.pki.path_validation import CertificateAuthorities
from idp.sessions.single_sign_on import Session, SessionLimits, Sessions
from tests.fakes.client_keys import SECRETS
from tests.fakes.client_store import FakeClientStore
from tests.fakes.clock import FakeClock
from tests.fakes.directory import FakeDirectory
from tests.fakes.documents import FakeDocuments
from tests.fakes.key_store import FakeKeyStore
from tests.fakes.sealer import FakeSealer
from tests.fakes.subjects import SUBJECTS

ISSUER = "https://id.haugiang.example"
MTLS = "https://mtls.id.haugiang.example"
ACR_PREFIX = "urn:haugiang:acr:"
ASSURANCE = AssurancePolicy(ACR_PREFIX, frozenset({"lanhdao"}), frozenset({"H30.9"}))
SIGNING = "urn:haugiang:authorization:signing"
CALLER = Caller("198.51.100.7", "request-1")
REDIRECT_URI = "https://qlvb.example/callback"
SECRET = "a-machine-made-secret"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
"""Verifier and challenge of RFC 7636 appendix B."""

DEVICE_CODE = GRANT_TYPE_OF[Kind.DEVICE]

REGISTERED = Client(
    client_id="qlvb", client_name="Quản lý văn bản", redirect_uris=(REDIRECT_URI,), scope=frozenset(SCOPES),
    grant_types=("authorization_code", "refresh_token", "client_credentials", DEVICE_CODE), secret_digest=secret_digest(SECRET),
    consent="implied", source="file")


@functools.cache
def both_key_rings() -> tuple[KeyRing, EncryptionKeys]:
    """Keys are made once per test process: RSA takes its time."""
    store, sealer, clock = FakeKeyStore(), FakeSealer(), FakeClock()
    rings = KeyRing(store, sealer, clock), EncryptionKeys(store, sealer, clock)
    for ring in rings:
        ring.ensure(CALLER)
    rings[0].reload()
    return rings


def key_ring() -> KeyRing:
    """Give the keys that sign."""
    return both_key_rings()[0]


@dataclass(frozen=True)
class Reply:
    """An answer of the WSGI door."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> str:
        return str(self.json["error"])


class House:
    """Everything a program meets, without pages.

    Attributes:
        clock: Move it with ``advance``.
        app: The WSGI door; ``call`` and ``post`` go through it.
        documents: What stands at addresses that the provider fetches; the rest of the world does not answer.
        client_store: In memory, with ``qlvb`` in it, unless another is given.
    """

    def __init__(self, database: Database, *, lifetimes: Lifetimes | None = None, access_token_seconds: int = 600,
                 trusted_proxies: tuple[str, ...] = (), fallback: Any = None, meter: Any = None, log: Any = None,
                 mutual_tls: bool = False, authorities: Sequence[Certificate] = (),
                 extensions: tuple[Extension, ...] = (), front_channel: bool = False, client_store: Any = None,
                 require_pushed_requests: bool = False,
                 assertion_issuers: Mapping[str, AssertionIssuer] | None = None, request_uris: bool = False,
                 push_limits: Limits = PUSH_LIMITS, assurance: AssurancePolicy = ASSURANCE, clock: Any = None) -> None:
        self.database = database
        self.clock = clock or FakeClock()
        self.keys = key_ring()
        self.client_store = client_store or FakeClientStore(REGISTERED)
        self.registry = ClientRegistry(self.client_store, self.clock)
        self.officers = SqlOfficers(database, self.clock)
        limits = SessionLimits(idle_seconds=3600, absolute_seconds=86400)
        self.sessions = Sessions(SqlSessions(database), self.clock, limits)
        self.deprovisioning = Deprovisioning(SqlAccess(database), self.officers, self.clock)
        self.store = SqlGrants(database, self.clock)
        self.deferred = SqlDeferred(database)
        self.tokens = AccessTokens(issuer=ISSUER, keys=self.keys, clock=self.clock, lifetime_seconds=access_token_seconds,
                                   subject_of=SUBJECTS.of, acr_prefix=ACR_PREFIX)
        self.documents = FakeDocuments()
        self.software_issuers: dict[str, Any] = {}
        self.client_keys = ClientKeys(self.documents.document, self.clock)
        encryption = ResponseEncryption(self.client_keys)
        self.id_tokens = id_token.IdTokens(issuer=ISSUER, keys=self.keys, subjects=SUBJECTS, clock=self.clock,
                                           acr_prefix=ACR_PREFIX, claims_of=claims.IdTokenClaims(self.officers),
                                           encryption=encryption)
        seen = SqlSeenOnce(database)
        self.assertions = ClientAssertions(issuer=ISSUER, token_endpoint=f"{ISSUER}/token", keys=self.client_keys,
                                           secrets=SECRETS, seen=seen, clock=self.clock)
        self.checks = Checks(self.assertions, self.client_keys, CertificateAuthorities(authorities), mutual_tls, self.clock)
        self.nonces = Nonces(b"n" * 32, self.clock)
        guesses = SqlGuessCounter(database)
        self.pushing = public_clients.of_pushed(
            Lockout(guesses, self.clock, push_limits, kind="push"), self.store, self.clock)
        self.devices_asking = public_clients.of_devices(
            Lockout(guesses, self.clock, DEVICE_LIMITS, kind="device_request"), self.store, self.clock)
        self.proofs = Proofs(seen, self.nonces, self.clock)
        self.provider = Provider(
            issuer=ISSUER, registry=self.registry, store=self.store, deferred=self.deferred, tokens=self.tokens, keys=self.keys,
            clock=self.clock, lifetimes=lifetimes or Lifetimes(), assurance=assurance,
            officer_scopes=frozenset({*claims.SCOPES, "credential"}), checks=self.checks,
            proofs=self.proofs, token_endpoints=(f"{ISSUER}/token", f"{MTLS}/token"),
            pushed=PushedRequests(SqlPushedRequests(database), self.clock, required=require_pushed_requests,
                                  public=self.pushing),
            objects=RequestObjects(ISSUER, self.client_keys, self.clock, both_key_rings()[1].decrypt),
            pushing_endpoints=(f"{ISSUER}/par", f"{MTLS}/par"),
            read_hint=self.id_tokens.subject_of_hint, extensions=[self.id_tokens, *extensions],
            response_types=response.offered(front_channel=front_channel), assertions=AuthorizationAssertions(
                assertion_issuers or {}, audience=ISSUER, keys=self.client_keys, seen=seen, mirror=self.officers,
                clock=self.clock), details_types={SIGNING: SigningDetails(), "credential": SigningDetails(most=3)},
            published=PublishedRequests(self.documents.document) if request_uris else None)
        self.approvals = Approvals(self.deferred, self.provider)
        self.devices = DeviceAuthorization(
            self.provider, self.approvals, verification_uri=f"{ISSUER}/device", lifetime_seconds=600,
            typed=Lockout(guesses, self.clock, CODE_LIMITS, kind="user_code"),
            requests=self.devices_asking)
        self.directory = FakeDirectory()
        self.backchannel = BackchannelAuthentication(
            self.provider, self.approvals, sealer=FakeSealer(),
            hints=Lockout(guesses, self.clock, HINT_LIMITS, kind="hint"),
            officers=HintedOfficers(self.officers, self.directory, self.clock, mail_domain="haugiang.gov.vn",
                                    read_hint=self.id_tokens.subject_of_hint),
            requests=SignedRequests(
                RequestObjects(ISSUER, self.client_keys, self.clock, both_key_rings()[1].decrypt), seen, self.clock))
        policy = RegistrationPolicy(details_types=(SIGNING,), request_uris=request_uris)
        self.initial_access = InitialAccess(SqlInitialAccess(database), SqlAuditTrail(database), self.clock, policy,
                                            software_issuers=self.software_issuers)
        desk = Desk(store=SqlRegistrations(database), initial_access=self.initial_access, registry=self.registry,
                    clock=self.clock, policy=policy, sectors=Sectors(self.documents.document),
                    statements=SoftwareStatements(self.software_issuers, self.clock), secrets=SECRETS,
                    address=f"{ISSUER}/register")
        self.configuration = ClientConfiguration(desk)
        offer = Offer(scopes=tuple(claims.SCOPES), claims=claims.SUPPORTED, acr_values=(f"{ACR_PREFIX}1", f"{ACR_PREFIX}2"),
                      subject_types=TYPES, id_token_algorithms=id_token.ALGORITHMS, ui_locales=("vi", "en"),
                      auth_methods=[method for method in METHODS if self.checks.can(method)],
                      mtls_origin=MTLS if mutual_tls else "", response_types=self.provider.response_types,
                      require_pushed_requests=self.provider.pushed.required, grant_types=self.provider.grant_types,
                      details_types=(SIGNING,), request_uris=request_uris)
        metadata = Document(fixed(discovery(ISSUER, offer)), max_age_seconds=3600)
        self.app = Dispatcher([
            Route("/.well-known/openid-configuration", "discovery", metadata, Document.METHODS),
            Route("/.well-known/oauth-authorization-server", "discovery", metadata, Document.METHODS),
            Route("/.well-known/trust-services", "trust_services", Document(fixed({}), max_age_seconds=3600), Document.METHODS),
            Route("/jwks", "jwks", Document(self.keys.published, max_age_seconds=3600), Document.METHODS),
            Route("/par", "pushed_authorization", PushedAuthorizationEndpoint(self.provider)),
            Route("/token", "token", TokenEndpoint(self.provider)),
            Route("/bc-authorize", "backchannel_authentication", BackchannelAuthenticationEndpoint(self.backchannel)),
            Route("/device_authorization", "device_authorization", DeviceAuthorizationEndpoint(self.devices)),
            Route("/introspect", "introspection", IntrospectionEndpoint(
                Introspection(self.provider, subject_of=SUBJECTS.of, acr_prefix=ACR_PREFIX,
                              told_of=claims.PostOfGrant(self.officers)),
                SignedIntrospection(issuer=ISSUER, keys=self.keys, client_keys=self.client_keys, clock=self.clock))),
            Route("/revoke", "revocation", RevocationEndpoint(self.provider)),
            Route("/register", "registration", RegistrationEndpoint(DynamicRegistration(desk))),
            Route("/register/*", "client_configuration", ConfigurationEndpoint(self.configuration),
                  ConfigurationEndpoint.METHODS),
            Route("/userinfo", "userinfo", UserInfoEndpoint(UserInfoAnswers(
                claims.UserInfo(self.tokens, self.store, self.registry, self.clock, assurance, Holders(self.proofs),
                                subjects=SUBJECTS), issuer=ISSUER, keys=self.keys, encryption=encryption),
                (f"{ISSUER}/userinfo", f"{MTLS}/userinfo")), ("GET", "POST")),
            Route("/resource", "resource", self._resource),
        ], fallback, sources=Sources(trusted_proxies), meter=meter, log=log)

    def _resource(self, request: EndpointRequest) -> Response:
        """Stand for what is asked with a token of a scope: enrolment, time-stamps."""
        access = ResourceAccess(self.tokens, SqlAdministrationTokens(self.database, self.clock), self.registry, self.clock,
                                self.provider.assurance, Holders(self.proofs), idle_limit_seconds=3600)
        try:
            scheme, token = from_header(request.header("authorization"), schemes=("bearer", "dpop"))
            use = TokenUse(scheme, Presented(request.header("dpop"), request.method, (f"{ISSUER}/resource",)),
                           shown_certificate.read(request.certificate()))
            return answer(200, {"client_id": access.admit(token, use, scope="openid", least_level=1).client_id})
        except TokenRefusedError as refused:
            return challenge(refused, realm="resource")

    # People and applications

    def officer(self, uid: str = "canbo", **facts: Any) -> str:
        """Mirror an officer; gives the subject."""
        given = {
            "entry_uuid": f"uuid-{uid}", "dn": f"uid={uid},ou=people", "uid": uid, "name": "Nguyễn Thị Cán Bộ",
            "given_name": "Cán Bộ", "family_name": "Nguyễn", "mail": f"{uid}@haugiang.gov.vn", "phone": "+84293000000",
            "posts": (Post("H30.1", "000.01.00.H30", "Văn phòng UBND tỉnh", "Chuyên viên"),), "groups": ("can-bo",),
            "attributes": {"uid": uid, "mail": f"{uid}@haugiang.gov.vn", "employeeNumber": "4711"}}
        return self.officers.remember(Officer(**(given | facts)), now=self.clock.now())

    def session(self, sub: str | None = None, **facts: Any) -> Session:
        """Sign an officer in."""
        told = {"acr": 1, "amr": ("pwd",), "caller": CALLER} | facts
        return self.sessions.open(sub or self.officer(), **told)[1]

    def client(self, client_id: str = "qlvb", **members: Any) -> Client:
        """Register or change an application; without members it is a confidential one for every grant."""
        known = next((c for c in self.client_store.all() if c.client_id == client_id), replace(REGISTERED, client_id=client_id))
        if members.get("token_endpoint_auth_method") == "none":
            members = {"secret_digest": None} | members
        client = replace(known, **members)
        self.client_store.put(client)
        self.registry.reload()
        return client

    def disable(self, uid: str = "canbo", status: str = "disabled") -> None:
        """Mark an officer in the mirror."""
        table: Any = OfficerRow.__table__
        self.database.write(update(table).where(table.c.uid == literal_column(f"'{uid}'"))
                            .values(status=literal_column(f"'{status}'"))).run()

    # Registration

    def leave(self, *, quota: int = 1, seconds: int | None = 3600, **terms: Any) -> str:
        """Make an initial access token; gives its value."""
        expires = None if seconds is None else self.clock.now() + seconds
        return self.initial_access.create(Terms(**{"owner": "Sở Nội vụ", **terms}), quota=quota, expires_at=expires,
                                          caller=CALLER)[1]

    def register(self, token: str, metadata: Any, **headers: str) -> Reply:
        """POST /register."""
        body = metadata if isinstance(metadata, bytes) else json.dumps(metadata).encode()
        sent = {"content-type": "application/json", "authorization": f"Bearer {token}"} | headers
        return self.call("POST", "/register", body=body, headers=sent)

    def manage(self, method: str, told: dict[str, Any], metadata: Any = None, *, token: str | None = None) -> Reply:
        """Call the address that a registration's answer gave, with the token in it or another one."""
        body = b"" if metadata is None else metadata if isinstance(metadata, bytes) else json.dumps(metadata).encode()
        return self.call(method, told["registration_client_uri"].removeprefix(ISSUER), body=body, headers={
            "content-type": "application/json", "authorization": f"Bearer {token or told['registration_access_token']}"})

    # Codes and tokens

    def parameters(self, **changes: str | None) -> dict[str, str]:
        """Parameters of a good authorization request; None leaves one out."""
        given = {"client_id": "qlvb", "redirect_uri": REDIRECT_URI, "response_type": "code", "scope": "openid profile",
                 "state": "xyz", "nonce": "n-0S6_WzA2Mj", "code_challenge": CHALLENGE, "code_challenge_method": "S256"}
        return {name: value for name, value in (given | changes).items() if value is not None}

    def asked(self, **changes: str | None) -> AuthorizationRequest:
        """A parsed authorization request."""
        return self.provider.parse_authorization({name: [value] for name, value in self.parameters(**changes).items()})

    def code(self, session: Session | None = None, **changes: str | None) -> str:
        """Issue a code."""
        answer = self.provider.issue_code(self.asked(**changes), session=session or self.session(), caller=CALLER)
        return dict(answer.parameters)["code"]

    def redeem(self, code: str, /, *, client_id: str = "qlvb", secret: str | None = SECRET, **changes: str | None) -> Reply:
        """Send a code to the token endpoint."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI, "code_verifier": VERIFIER}
        return self.token(form | changes, client_id=client_id, secret=secret)

    def refresh(self, token: str, *, client_id: str = "qlvb", secret: str | None = SECRET, **more: str) -> Reply:
        """Exchange a refresh token."""
        return self.token({"grant_type": "refresh_token", "refresh_token": token} | more, client_id=client_id, secret=secret)

    def machine(self, *, client_id: str = "qlvb", secret: str | None = SECRET, **more: str) -> Reply:
        """Ask by client credentials."""
        return self.token({"grant_type": "client_credentials"} | more, client_id=client_id, secret=secret)

    def device(self, *, client_id: str = "qlvb", secret: str | None = SECRET, **changes: str | None) -> Reply:
        """Ask as a device."""
        form = {"scope": "openid profile"} | ({"client_id": client_id} if secret is None else {}) | changes
        return self.post("/device_authorization", form, client_id=client_id, secret=secret)

    def approve(self, asked: Reply, session: Session | None = None, *, answer: str = "accept") -> bool:
        """Answer a device's request as an officer does on our page."""
        deferred = self.approvals.by_user_code(normal(asked.json["user_code"]))
        assert deferred is not None
        act = self.approvals.approve if answer == "accept" else self.approvals.deny
        return act(deferred, session or self.session(), CALLER)

    def poll(self, asked: Reply, *, client_id: str = "qlvb", secret: str | None = SECRET, **more: str) -> Reply:
        """Ask for the tokens as a device does."""
        form = {"grant_type": DEVICE_CODE, "device_code": asked.json["device_code"]}
        return self.token(form | more, client_id=client_id, secret=secret)

    def tokens_for(self, *, session: Session | None = None, client_id: str = "qlvb", secret: str | None = SECRET,
                   **changes: str | None) -> dict[str, Any]:
        """Go the whole way from request to token answer."""
        reply = self.redeem(self.code(session, client_id=client_id, **changes), client_id=client_id, secret=secret)
        assert reply.status == 200, reply.body
        return dict(reply.json)

    def push(self, *, client_id: str = "qlvb", secret: str | None = SECRET, headers: dict[str, str] | None = None,
             **changes: str | None) -> Reply:
        """Push a good authorization request with some changes to /par."""
        return self.post("/par", self.parameters(client_id=client_id) | changes, client_id=client_id, secret=secret,
                         headers=headers)

    def opened(self, request_uri: str, client_id: str = "qlvb", **more: str) -> AuthorizationRequest:
        """Open a pushed request as a browser does that brings nothing else, or something."""
        return self.provider.parse_authorization(
            {name: [value] for name, value in {"client_id": client_id, "request_uri": request_uri, **more}.items()})

    def token(self, form: dict[str, str | None], *, client_id: str = "qlvb", secret: str | None = SECRET) -> Reply:
        """Call /token with client_secret_basic, or as a public client when ``secret`` is None."""
        if secret is None:
            form = {"client_id": client_id} | form
        return self.post("/token", form, client_id=client_id, secret=secret)

    def introspect(self, token: str, *, client_id: str = "qlvb", secret: str = SECRET, **more: str) -> Reply:
        """Call /introspect."""
        return self.post("/introspect", {"token": token} | more, client_id=client_id, secret=secret)

    def revoke(self, token: str, *, client_id: str = "qlvb", secret: str | None = SECRET, **more: str) -> Reply:
        """Call /revoke."""
        named = {"client_id": client_id} if secret is None else {}
        return self.post("/revoke", named | {"token": token} | more, client_id=client_id, secret=secret)

    def userinfo(self, token: str) -> Reply:
        """Call /userinfo with a bearer header."""
        return self.call("GET", "/userinfo", headers={"authorization": f"Bearer {token}"})

    def is_active(self, token: str, **who: Any) -> bool:
        """Ask introspection."""
        return bool(self.introspect(token, **who).json["active"])

    def id_claims(self, token: str) -> dict[str, Any]:
        """Read an ID token's claims without judging it."""
        return json_segment(token.split(".")[1])

    # HTTP

    def post(self, path: str, form: dict[str, str | None] | str | bytes, *, client_id: str = "", secret: str | None = None,
             headers: dict[str, str] | None = None) -> Reply:
        """POST a form."""
        if isinstance(form, dict):
            form = urlencode({name: value for name, value in form.items() if value is not None})
        body = form.encode() if isinstance(form, str) else form
        sent = dict(headers or {})
        if secret is not None:
            sent.setdefault("authorization", basic(client_id, secret))
        return self.call("POST", path, body=body, headers={"content-type": "application/x-www-form-urlencoded"} | sent)

    def call(self, method: str, path: str, *, query: str = "", body: bytes = b"", headers: dict[str, str] | None = None,
             peer: str = "198.51.100.7") -> Reply:
        """Call the door as a server would."""
        sent = dict(headers or {})
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, "CONTENT_TYPE": sent.pop("content-type", ""),
            "CONTENT_LENGTH": sent.pop("content-length", str(len(body)) if body else ""), "REMOTE_ADDR": peer,
            "wsgi.input": io.BytesIO(body), "wsgi.url_scheme": "https", "SERVER_PROTOCOL": "HTTP/1.1"}
        environ |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in sent.items()}
        seen: list[Any] = []

        def start_response(status: str, given: list[tuple[str, str]], _exc_info: Any = None) -> None:
            assert len({name.lower() for name, _ in given}) == len(given), "a header stands twice"
            seen[:] = [int(status[:3]), dict(given)]

        content = b"".join(self.app(environ, start_response))
        return Reply(seen[0], seen[1], content)

    # What is in the database

    def audited(self) -> list[Any]:
        """All audit records, oldest first, but those of the mirror: the officers of a test join it too."""
        mirrored = AuditRow.event.like("officer.%")
        return self.database.read(select(AuditRow.__table__).where(~mirrored).order_by(AuditRow.id)).all()

    def events(self) -> list[str]:
        """Names of all audit events, oldest first."""
        return [row.event for row in self.audited()]

    def live_refresh_tokens(self) -> int:
        """How many refresh tokens could be exchanged now."""
        refresh: Any = RefreshTokenRow.__table__
        grant: Any = GrantRow.__table__
        live = (select(refresh.c.digest).join(grant, grant.c.grant_id == refresh.c.grant_id)
                .where(refresh.c.used_at.is_(None), grant.c.revoked_at.is_(None)))
        return len(self.database.read(live).all())


def basic(client_id: str, secret: str) -> str:
    """Make a Basic header as RFC 6749 §2.3.1 says, for names that need no encoding."""
    return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()


def challenge_of(verifier: str) -> str:
    """S256 by the book (RFC 7636 §4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def new_verifier() -> str:
    """A fresh code verifier."""
    return secrets.token_urlsafe(32)


def json_segment(segment: str) -> dict[str, Any]:
    """Decode one part of a compact JWT."""
    return dict(json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))))


def query_of(address: str) -> dict[str, str]:
    """Read the query of an address in which no name stands twice."""
    pairs = parse_qsl(urlsplit(address).query, keep_blank_values=True)
    assert len(parse_qs(urlsplit(address).query, keep_blank_values=True)) == len(pairs)
    return dict(pairs)


@pytest.fixture
def house(database: Database) -> House:
    """A house on each database."""
    return House(database)


@pytest.fixture
def registry_house(database: Database) -> House:
    """A house whose clients are in the database, none yet; ``register`` enters them."""
    return House(database, client_store=SqlClientStore(database))
