"""The one authorization server: Authlib's framework-free core over our grants, reading a neutral request.

Spec: RFC 6749 §3-§6, RFC 7009, RFC 9126, RFC 9207, RFC 9396 §6, OAuth 2.0 Multiple Response Types, JWT Secured Authorization
Response Mode (JARM). Authlib keeps the order of steps and the form of errors; every decision is a function of this room. Nothing
here knows HTTP: the edges hand over a form that was read and checked, and get a status, a body and headers.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import AuthorizationServer, InvalidRequestError

from ..audit import AuditEvent, AuditRecord, Caller
from ..authn.assurance import AssurancePolicy
from ..authn.lockout import network_of
from ..clock import Clock
from . import client_authentication, response
from .authorization_request import AuthorizationError, AuthorizationRequest, UnsafeRequestError
from .client import Client, ClientRegistry
from .deferred.authorization import GRANT_TYPE_OF, DeferredStore
from .grant import Grant, admits
from .grants import delegation, jwt_bearer, token_exchange
from .grants.authorization_code import CodeGrant
from .grants.ciba import CibaGrant
from .grants.client_credentials import MachineGrant
from .grants.device_code import DeviceGrant
from .grants.front_channel import HybridGrant, ImplicitGrant
from .grants.jwt_bearer import AssertionGrant, AuthorizationAssertions
from .grants.refresh_token import RefreshGrant
from .grants.token_exchange import ExchangeGrant
from .pkce import ProofKey
from .ports import GrantStore, NewTokens, SessionFacts, digest
from .proof.confirmation import CERTIFICATE, JKT, bound_to
from .proof.dpop import InvalidProofError, Presented, Proofs
from .provider_request import Answer, ProviderRequest
from .requests import rich_authorization
from .requests.arrival import AuthorizationRequests
from .requests.fresh_sign_in import asks_afresh
from .requests.published import PublishedRequests
from .requests.pushed_authorization import PushedRequests
from .requests.request_object import RequestObjects
from .response import AuthorizationResponse
from .scope import leave_to_sign
from .tokens import resource_indicator
from .tokens.access_token import AccessTokens, Exchanged, IssuedToken, SigningKeys
from .tokens.resource_indicator import InvalidTargetError
from .tokens.revocation import Revocation

GRANT_TYPES = ("authorization_code", "refresh_token", "client_credentials", *GRANT_TYPE_OF.values(), delegation.GRANT_TYPE)
"""What /token takes in every deployment; ``Provider.grant_types`` adds what an operator switched on."""

MAY_REPEAT: Mapping[str, frozenset[str]] = {
    **dict.fromkeys((*GRANT_TYPES, jwt_bearer.GRANT_TYPE), frozenset({resource_indicator.PARAMETER})),
    delegation.GRANT_TYPE: frozenset({resource_indicator.PARAMETER, token_exchange.AUDIENCE})}
"""Parameters that a token request may send more than once, by its grant type (security checklist 9)."""

REFUSAL_SECONDS = 60
"""Whoever knows a client_id may be refused as often as they like, and fills the audit trail no faster than this."""
Parameters = Sequence[tuple[str, str]]
"""Names and values of an authorization answer."""

Extension = Callable[[Any], None]
"""Called with every new grant but that of machines; registers hooks on it (``before_save_token``, ``before_send_answer``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetimes:
    """How long things live, in seconds.

    Attributes:
        refresh_token_seconds: Absolute life of a family with offline_access.
        refresh_grace_seconds: Within it a repeated refresh is a lost answer; 0 takes every repeat for a theft.
        session_idle_seconds: Idle limit of sessions; a grant without offline_access gives nothing beyond it.
    """

    code_seconds: int = 60
    refresh_token_seconds: int = 30 * 86400
    refresh_grace_seconds: int = 10
    session_idle_seconds: int = 3600


class Provider(AuthorizationServer):  # type: ignore[misc]
    """The provider's OAuth side.

    Args:
        issuer: Issuer identifier, sent with every authorization response (RFC 9207).
        registry: Clients.
        store: Grants, codes and tokens.
        deferred: Authorizations that are waited for.
        tokens: Makes and recognises access tokens.
        keys: Our signing keys, for answers that leave as a JWT (JARM).
        clock: Source of the time.
        lifetimes: How long things live.
        assurance: What level is demanded of whom.
        officer_scopes: Scopes that need an officer; client credentials never get them.
        checks: Decides how applications authenticate with more than a secret.
        proofs: Checks that requests prove possession of a key.
        token_endpoints: Its addresses, of which proofs name one.
        pushed: Requests that applications handed over themselves.
        pushing_endpoints: Where they do, as ``token_endpoints``.
        objects: Checks request objects.
        read_hint: Gives the subject of an ID token of ours (token, client_id); raises RefusedError when it is none.
        extensions: Called with every new grant but that of machines; OpenID Connect plugs in here.
        response_types: Those that are offered (``response.offered``); without a token in the browser unless told otherwise.
        assertions: Reads assertions that stand for a grant; the JWT bearer grant is offered where it trusts anybody.
        details_types: Types of authorization details that are offered.
        published: Fetches request objects that applications publish; None where that is not offered.
    """

    def __init__(self, *, issuer: str, registry: ClientRegistry, store: GrantStore, deferred: DeferredStore,
                 tokens: AccessTokens, keys: SigningKeys, clock: Clock, lifetimes: Lifetimes, assurance: AssurancePolicy,
                 officer_scopes: frozenset[str],
                 checks: client_authentication.Checks, proofs: Proofs, token_endpoints: tuple[str, ...],
                 pushed: PushedRequests, pushing_endpoints: tuple[str, ...], objects: RequestObjects,
                 read_hint: Callable[[str, str], str], extensions: Sequence[Extension] = (),
                 response_types: Sequence[str] = (response.CODE,), assertions: AuthorizationAssertions | None = None,
                 details_types: rich_authorization.Types = MappingProxyType({}),
                 published: PublishedRequests | None = None) -> None:
        super().__init__()
        logging.getLogger("authlib").setLevel(logging.INFO)  # at DEBUG Authlib writes whole token answers
        self.issuer = issuer
        self.registry = registry
        self.store = store
        self.deferred = deferred
        self.tokens = tokens
        self.clock = clock
        self.lifetimes = lifetimes
        self.assurance = assurance
        self.officer_scopes = officer_scopes
        self.response_types = tuple(response_types)
        self.details_types = details_types
        self._keys = keys
        self.checks = checks
        self._proofs = proofs
        self._token_endpoints = token_endpoints
        self.pushed = pushed
        self._pushing_endpoints = pushing_endpoints
        self._requests = AuthorizationRequests(registry, pushed=pushed, objects=objects, read_hint=read_hint,
                                               response_types=self.response_types, issuer=issuer,
                                               details_types=details_types, published=published)
        self.register_grant(CodeGrant, [ProofKey(required=True), *extensions])
        if not set(response.FRONT_CHANNEL).isdisjoint(response_types):
            self.register_grant(HybridGrant, [ProofKey(required=True), *extensions])
            self.register_grant(ImplicitGrant, list(extensions))
        self.register_grant(RefreshGrant, list(extensions))
        self.register_grant(DeviceGrant, list(extensions))
        self.register_grant(CibaGrant, list(extensions))
        self.register_grant(MachineGrant)
        self.register_grant(ExchangeGrant)
        self.grant_types: tuple[str, ...] = GRANT_TYPES
        self.assertions = assertions
        if assertions:
            self.register_grant(AssertionGrant)
            self.grant_types += (jwt_bearer.GRANT_TYPE,)
        self.register_endpoint(Revocation)

    # What the edges call

    def parse_authorization(self, parameters: Mapping[str, Sequence[str]]) -> AuthorizationRequest:
        """Read an authorization request; errors as ``AuthorizationRequests.from_browser``."""
        return self._requests.from_browser(parameters)

    def push(self, request: ProviderRequest) -> Answer:
        """Keep a request that an application hands over itself, and give the reference to it (RFC 9126 §2).

        Raises:
            OAuth2Error: the client does not authenticate, its DPoP proof proves nothing, its request is refused (§2.3), or
                it cannot authenticate and asks too often.
        """
        client = self.authenticate_client(request, client_authentication.METHODS, "pushed_authorization")
        proof = Presented(request.dpop, "POST", self._pushing_endpoints)
        thumbprint = self._proofs.thumbprint(proof) if request.dpop else ""
        asked = self._requests.from_client(client, request.form, repeated=request.repeated, thumbprint=thumbprint)
        reference = self.pushed.keep(asked, client, request.caller)
        return Answer(201, {"request_uri": reference, "expires_in": self.pushed.lifetime_seconds}, ())

    def issue_code(self, request: AuthorizationRequest, *, session: SessionFacts, caller: Caller,
                   also: Parameters = ()) -> AuthorizationResponse:
        """Issue a code, or what the response type asks for: grant, code, access token, part and audit record in one write.

        The registration, the officer and the session are looked at once more, as they stand now.

        Args:
            request: As it is stored.
            session: Of the officer who agreed.
            caller: Who asks.
            also: What rooms that this one does not know add to the answer.

        Raises:
            UnsafeRequestError: the client was disabled, or its redirect URI withdrawn, since the request was stored.
            AuthorizationError: ``access_denied`` (the officer may not use this application), ``consent_required`` (they have not
                agreed to the authorization details), ``login_required`` (the session has just ended),
                ``unmet_authentication_requirements`` (its level is below what the application, a group or an
                agency of the officer's, or the network demands now), or what the registration or the deployment no longer allows.
        """
        client = self.registry.find(request.client_id)
        if client is None:
            raise UnsafeRequestError("The application is not known here.", code="unknown_client")
        if not client.check_redirect_uri(request.redirect_uri):
            raise UnsafeRequestError("The return address is not registered for this application.", code="redirect_uri_mismatch")
        self.admit(client, request, session, caller)
        if request.unseen_by(session.sub):
            raise request.refuse("consent_required", "The officer has not agreed to the authorization details.")
        if request.to_be_signed is not None and not request.signing:
            raise request.refuse("consent_required", "The officer's phone has not signed.")
        if request.response_type not in self.response_types:
            raise request.refuse("unsupported_response_type", "This response type is not offered.")
        form = {"client_id": request.client_id, "redirect_uri": request.redirect_uri, "response_type": request.response_type,
                "scope": " ".join(request.scope), "code_challenge": request.code_challenge,
                "code_challenge_method": request.code_challenge_method}
        oauth_request = ProviderRequest(form, caller=caller, asked=request)
        oauth_request.client = client
        grant = self.get_authorization_grant(oauth_request)
        answer: Answer = self.create_authorization_response(oauth_request, grant_user=session, grant=grant)
        made: AuthorizationResponse = answer.body
        return self._with_issuer(replace(made, parameters=(*made.parameters, *also)), request.state, request.client_id)

    def admit(self, client: Client, request: AuthorizationRequest, session: SessionFacts, caller: Caller) -> None:
        """Look once more whether an officer may give this application anything, as officer, groups, place and level stand now.

        Raises:
            AuthorizationError: ``access_denied`` or ``unmet_authentication_requirements``.
        """
        officer, now = self.store.officer(session.sub), self.clock.now()
        if officer is None or not admits(client, officer.status_at(now), officer.officer_groups):
            raise request.refuse("access_denied", "The officer may not use this application.")
        if session.acr < self.assurance.demanded(officer.officer_groups, client.required_level, units=officer.units_at(now),
                                                 source=caller.source, spared=self.assurance.spares(
                                                     session.amr, now, sub=session.sub, afresh=asks_afresh(request, client))):
            raise request.refuse("unmet_authentication_requirements", "A higher level is demanded now.")

    def error_response(self, error: AuthorizationError, *, also: Parameters = ()) -> AuthorizationResponse:
        """Make the answer that tells the application of an error (RFC 6749 §4.1.2.1, RFC 9207 §2), with what others add to it."""
        parameters = (("error", error.code), ("error_description", error.message), *also)
        return self._with_issuer(AuthorizationResponse(error.redirect_uri, error.response_mode, parameters), error.state,
                                 error.client_id)

    def token(self, request: ProviderRequest) -> Answer:
        """Answer a token request."""
        grant_type = request.form.get("grant_type")
        if not grant_type:
            return self.handle_error_response(request, InvalidRequestError("grant_type is missing."))
        if grant_type not in self.grant_types:
            # Authlib would echo the value in its description, whatever characters it holds.
            return self.handle_error_response(request, OAuth2Error("This grant type is not offered.",
                                                                   error="unsupported_grant_type"))
        if request.repeated and not MAY_REPEAT[grant_type].issuperset(request.repeated):
            return self.handle_error_response(request, InvalidRequestError("A parameter is sent more than once."))
        try:
            if request.dpop:
                proof = Presented(request.dpop, "POST", self._token_endpoints)
                request.confirmation = bound_to(JKT, self._proofs.thumbprint(proof))
        except OAuth2Error as refused:
            return self.handle_error_response(request, refused)
        answer: Answer = self.create_token_response(request)
        return answer

    def revoke(self, request: ProviderRequest) -> Answer:
        """Answer a revocation request (RFC 7009)."""
        answer: Answer = self.create_endpoint_response(Revocation.ENDPOINT_NAME, request)
        return answer

    # What the grants call

    def record(self, event: AuditEvent, request: ProviderRequest, grant: Grant | None, **detail: str | int | bool) -> AuditRecord:
        """Make an audit record of this request."""
        client_id = request.client.client_id if request.client else ""
        return AuditRecord(event, self.clock.now(), sub=grant.sub if grant else "", client_id=client_id,
                           sid=grant.sid if grant else "", source=request.caller.source,
                           request_id=request.caller.request_id, detail=detail)

    def not_issued(self, asked: AuthorizationRequest) -> AuthorizationError:
        """Say why the store issued nothing for a request."""
        if self.pushed.is_used(asked):
            return asked.refuse("invalid_request_uri", "The pushed request was used before.")
        return asked.refuse("login_required", "The session has ended.")

    def rows(self, token: IssuedToken, client: Client, grant: Grant | None, *, refresh_scope: str = "") -> NewTokens:
        """Give the rows of a token answer."""
        now = self.clock.now()
        return NewTokens(
            access_digest=token.access_digest, client_id=client.client_id, grant_id=grant.grant_id if grant else "",
            scope=token.get("scope", ""), issued_at=now, expires_at=now + token["expires_in"],
            refresh_digest=token.refresh_digest, refresh_scope=refresh_scope,
            refresh_expires_at=grant.expires_at if grant else 0, confirmation=token.confirmation,
            audience=" ".join(token.audience), details=token.details,
            # A confidential client's refresh token is bound by its authentication (RFC 9449 §5).
            refresh_confirmation=token.confirmation if client.public else "")

    def issue(self, request: ProviderRequest, *, grant: Grant | None, scope: str | None,
              include_refresh_token: bool, exchanged: Exchanged | None = None) -> IssuedToken:
        """Make a token answer, bound to what the request proves.

        Raises:
            InvalidProofError, InvalidRequestError: the client is registered for bound tokens only, and nothing is proven.
            InvalidDetailsError: as ``rich_authorization.narrowed``, and where no officer is.
            InvalidTargetError: as ``audience``; or no scope is left that the application may have at every resource.
        """
        client = request.client
        assert client is not None
        if client.dpop_bound_access_tokens and not request.confirmation:
            raise InvalidProofError("This application gets tokens with a DPoP proof only.")
        confirmation = request.confirmation
        if client.tls_client_certificate_bound_access_tokens and not confirmation:
            if request.shown is None or not self.checks.mutual_tls:
                raise InvalidRequestError("This application gets tokens over mutual TLS only.")
            confirmation = bound_to(CERTIFICATE, request.shown.thumbprint)
        if exchanged is not None:
            confirmation = confirmation or exchanged.confirmation
        allowed, audience = client.get_allowed_scope(scope), exchanged.audience if exchanged else self.audience(request, grant)
        if audience and allowed:
            allowed = " ".join(resource_indicator.scope_at(client, allowed.split(), audience))
            if not allowed:
                raise InvalidTargetError("No scope is left at these resources; ask for one resource at a time.")
        token = self.tokens.issue(client, scope=allowed, grant=grant, confirmation=confirmation, audience=audience,
                                  exchanged=exchanged, details=self._details(request, None if exchanged else grant))
        if include_refresh_token and grant is not None and not leave_to_sign(grant.scope.split()):
            value = token["refresh_token"] = secrets.token_urlsafe(32)
            token.refresh_digest = digest(value)
        return token

    def audience(self, request: ProviderRequest, grant: Grant | None) -> tuple[str, ...]:
        """Decide for whom the access token of a request is. Raises InvalidTargetError as ``resource_indicator.audience``."""
        assert request.client is not None
        granted = None if grant is None else resource_indicator.of_details(grant.details)
        return resource_indicator.audience(request.client, request.values_of(resource_indicator.PARAMETER), granted=granted,
                                           issuer=self.issuer)

    def _details(self, request: ProviderRequest, grant: Grant | None) -> Sequence[rich_authorization.Detail]:
        """Decide what the access token of a request allows beyond scopes."""
        sent = request.form.get(rich_authorization.PARAMETER)
        if grant is None:
            if sent:
                raise rich_authorization.InvalidDetailsError("authorization_details need an officer who agrees to them.")
            return ()
        assert request.client is not None
        granted = rich_authorization.of_details(grant.details)
        return rich_authorization.narrowed(sent, granted, request.client, self.details_types) if sent or granted else ()

    # What Authlib calls

    def query_client(self, client_id: str) -> Client | None:
        """Find a client that may act now."""
        return self.registry.find(client_id)

    def authenticate_client(self, request: ProviderRequest, methods: Sequence[str], endpoint: str = "token") -> Client:
        """Authenticate the caller; a known client that fails is noted in the audit trail, once a minute from one network."""
        try:
            client, request.auth_method = client_authentication.authenticate(
                request.form, request.headers.get("Authorization", ""), self.registry.find, methods, checks=self.checks,
                shown=request.shown)
        except client_authentication.ClientRefusedError as refused:
            if refused.client_id:
                self._note_refusal(refused, request.caller, endpoint)
            raise
        request.client = client
        return client

    def create_oauth2_request(self, request: ProviderRequest) -> ProviderRequest:
        """Give the request back: the edge made it."""
        return request

    def handle_response(self, status: int, body: Any, headers: Sequence[tuple[str, str]]) -> Answer:
        """Give the neutral answer."""
        return Answer(status, body, headers)

    def handle_error_response(self, request: ProviderRequest, error: OAuth2Error) -> Answer:
        """Give the neutral answer of an error; one of an authorization request travels to the application instead."""
        if request.authorization is not None:
            raise request.authorization.refuse(error.error, error.get_error_description() or "The request is refused.") from error
        return Answer(*error())

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""

    def _note_refusal(self, refused: client_authentication.ClientRefusedError, caller: Caller, endpoint: str) -> None:
        kind = "\0".join((AuditEvent.CLIENT_REFUSED, refused.client_id, network_of(caller.source), endpoint, refused.reason))
        record = AuditRecord(AuditEvent.CLIENT_REFUSED, self.clock.now(), client_id=refused.client_id, source=caller.source,
                             request_id=caller.request_id, detail={"endpoint": endpoint, "reason": refused.reason})
        self.store.note(record, kind=digest(kind), seconds=REFUSAL_SECONDS)

    def _with_issuer(self, made: AuthorizationResponse, state: str | None, client_id: str) -> AuthorizationResponse:
        more = (*(() if state is None else (("state", state),)), ("iss", self.issuer))
        whole = AuthorizationResponse(made.redirect_uri, made.response_mode, made.parameters + more)
        if not whole.to_be_signed:
            return whole
        client = self.registry.find(client_id)
        algorithm = client.authorization_signed_response_alg if client else response.ALGORITHMS[0]
        return response.signed(whole, audience=client_id, key=self._keys.signing(algorithm), now=self.clock.now())
