"""The JWT bearer grant: an issuer that the operator trusts vouches for an officer, and an application gets a token for them.

Spec: RFC 7521 §4.1, §5; RFC 7523 §2.1, §3, §3.1; security checklist 15, 16 and 18. Whose assertions count, for which
applications and scopes, the operator says in a file; without one the grant is not offered. The officer did not sign in here: the
token stands on a grant without a session, with the level that the operator gives to the issuer, and no refresh token comes with
it. Departs from RFC 7523 §3 as client assertions do: the audience is our issuer identifier alone, ``iat`` and ``jti`` are
required, a jti counts once, and an assertion lives five minutes at most.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from authlib.oauth2.rfc6749 import (
    BaseGrant,
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    TokenEndpointMixin,
    UnauthorizedClientError,
)

from ...audit import AuditEvent
from ...clock import Clock
from ...directory.mirror import MirroredOfficer, OfficerMirror
from ...jose import jwt
from .. import client_authentication, scope
from ..client import Client
from ..clients import assertion
from ..clients.assertion import AssertionRefusedError
from ..clients.assertion_issuers import AssertionIssuer
from ..clients.keys import ClientKeys
from ..grant import Grant, Standing, lapse_of
from ..ports import NewTokens, SeenOnce
from ..tokens import resource_indicator
from ..tokens.access_token import IssuedToken
from .issuing import Issuing, told_of

GRANT_TYPE: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_WHAT: Final = "assertion"
_LONGEST_SUBJECT: Final = 255


@dataclass(frozen=True, slots=True)
class Vouched:
    """An assertion that holds, not used up yet.

    Attributes:
        issuer: Who vouches.
        officer: For whom.
        claims: As verified.
    """

    issuer: AssertionIssuer
    officer: MirroredOfficer
    claims: Mapping[str, Any]


class AuthorizationAssertions:
    """Reads assertions that stand for a grant.

    Args:
        issuers: Who is trusted, by ``iss``.
        audience: Our issuer identifier.
        keys: Their keys.
        seen: Remembers each jti.
        mirror: Knows the officers.
        clock: Source of the time.
    """

    def __init__(self, issuers: Mapping[str, AssertionIssuer], *, audience: str, keys: ClientKeys, seen: SeenOnce,
                 mirror: OfficerMirror, clock: Clock) -> None:
        self._issuers = issuers
        self._audience = audience
        self._keys = keys
        self._seen = seen
        self._mirror = mirror
        self._clock = clock

    def __bool__(self) -> bool:
        """Tell whether anybody is trusted; the grant is offered only then."""
        return bool(self._issuers)

    def read(self, value: str, client: Client) -> Vouched:
        """Check an assertion that an application brings.

        Raises:
            AssertionRefusedError: it says nothing that counts here.
            UnavailableError: the issuer's keys, or the database, cannot be had now.
        """
        issuer = self._issuer_of(value)
        if client.client_id not in issuer.clients:
            raise AssertionRefusedError("This application may not bring assertions of that issuer.")
        claims = assertion.verified(value, issuer, keys=self._keys, algorithms=assertion.ALGORITHMS, now=self._clock.now(),
                                    what=_WHAT)
        audience = claims.get("aud")
        if audience not in (self._audience, [self._audience]):
            raise AssertionRefusedError("aud of the assertion must be the issuer identifier of this provider, and nothing else.")
        if "iat" not in claims:
            raise AssertionRefusedError("The assertion does not say when it was issued.")
        return Vouched(issuer, self._officer(issuer, claims.get("sub")), claims)

    def use_up(self, vouched: Vouched) -> None:
        """Let an assertion count, once. Raises AssertionRefusedError when it did before, or lives too long for that."""
        assertion.use_up(vouched.claims, vouched.issuer.issuer, kind="authorization_assertion", seen=self._seen,
                         now=self._clock.now(), what=_WHAT)

    def _issuer_of(self, value: str) -> AssertionIssuer:
        try:
            named = jwt.unverified_claims(value).get("iss")
        except jwt.InvalidTokenError:
            raise AssertionRefusedError("The assertion is not a signed JWT.") from None
        issuer = self._issuers.get(named) if isinstance(named, str) else None
        if issuer is None:
            raise AssertionRefusedError("The issuer of the assertion is not trusted here.")
        return issuer

    def _officer(self, issuer: AssertionIssuer, subject: Any) -> MirroredOfficer:
        if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT or not subject.isprintable():
            raise AssertionRefusedError("sub of the assertion does not name an officer.")
        officer = self._mirror.by_uid(subject) if issuer.subject == "uid" else self._mirror.by_sub(subject)
        if officer is None:
            raise AssertionRefusedError("sub of the assertion names an officer who is not known here.")
        return officer


def scope_of(asked: str, *, issuer: AssertionIssuer, registered: frozenset[str]) -> tuple[str, ...] | None:
    """Decide the scope of the token: never more than the issuer may give, or the application is registered for.

    Args:
        asked: As received; "" asks for all of it.
        issuer: Who vouches.
        registered: Scopes of the application.

    Returns:
        The scopes; None when one is not to be had, or none is left. ``offline_access`` never is: there is no refresh token.
    """
    words = scope.words(asked)
    possible = (issuer.scope & registered) - {scope.OFFLINE, scope.CREDENTIAL}
    if words is None or not scope.within(words, possible):
        return None
    return words or tuple(sorted(possible)) or None


def vouched_for(vouched: Vouched, client: Client, words: tuple[str, ...], *, now: int, lifetime_seconds: int,
                resources: tuple[str, ...] = ()) -> Grant:
    """Make the grant that an assertion stands for: it has no session, and ends with its one access token.

    Args:
        vouched: The assertion.
        client: Who brought it.
        words: Scopes that are granted.
        now: Seconds since the epoch.
        lifetime_seconds: Of the access token.
        resources: What the token is to be for; whether the application may ask for it is looked at when the token is made.
    """
    officer = vouched.officer
    return Grant(
        grant_id=secrets.token_urlsafe(16), client_id=client.client_id, sub=officer.sub, sid="", scope=" ".join(words),
        offline=False, auth_time=min(int(vouched.claims["iat"]), now), acr=vouched.issuer.level, amr=(), nonce="", created_at=now,
        expires_at=now + lifetime_seconds, revoked_at=None,
        standing=Standing(officer.status, frozenset(officer.officer.groups),
                          tuple([(post.unit_code, post.ends_at) for post in officer.officer.posts]),
                          officer_ends_at=officer.officer.ends_at),
        details=json.dumps({"resources": resources}, separators=(",", ":")) if resources else "")


class AssertionGrant(Issuing, BaseGrant, TokenEndpointMixin):  # type: ignore[misc]
    """The grant on Authlib's order of steps and our store."""

    GRANT_TYPE = GRANT_TYPE
    TOKEN_ENDPOINT_AUTH_METHODS = client_authentication.CONFIDENTIAL
    vouched: Vouched
    granted: Grant

    def validate_token_request(self) -> None:
        """Decide on the request; what is refused uses no jti up."""
        client: Client = self.authenticate_token_endpoint_client()
        if not client.check_grant_type(GRANT_TYPE):
            raise UnauthorizedClientError("This application is not registered for this grant.")
        form, server = self.request.form, self.server
        if not form.get("assertion"):
            raise InvalidRequestError("assertion is missing.")
        try:
            self.vouched = server.assertions.read(form["assertion"], client)
        except AssertionRefusedError as refused:
            raise InvalidGrantError(refused.message) from None
        words = scope_of(form.get("scope", ""), issuer=self.vouched.issuer, registered=client.scope)
        if words is None:
            raise InvalidScopeError("A scope is beyond what the issuer may give or not registered for this application.")
        now = server.clock.now()
        self.granted = vouched_for(self.vouched, client, words, now=now, lifetime_seconds=server.tokens.lifetime_seconds,
                                   resources=self.request.values_of(resource_indicator.PARAMETER))
        if lapse_of(self.granted, client, assurance=server.assurance, now=now, idle_limit_seconds=None):
            raise InvalidGrantError("The officer may not use this application, or a higher level is demanded.")

    def create_token_response(self) -> tuple[int, IssuedToken, Any]:
        """Make the token, let the assertion count, and keep grant, token and audit record in one write."""
        server, grant = self.server, self.granted
        token: IssuedToken = self.generate_token(user=grant, scope=grant.scope, include_refresh_token=False)
        try:
            server.assertions.use_up(self.vouched)
        except AssertionRefusedError as refused:
            raise InvalidGrantError(refused.message) from None
        rows: NewTokens = server.rows(token, self.client, grant)
        record = server.record(AuditEvent.TOKEN_ISSUED, self.request, grant, grant_type="jwt-bearer",
                               issuer=self.vouched.issuer.issuer, **told_of(rows))
        if not server.store.issue_without_session(grant, rows, record):
            raise InvalidGrantError("The officer may not use this application.")
        return 200, token, self.TOKEN_RESPONSE_HEADER
