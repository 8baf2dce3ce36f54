"""The authorization code grant: a code for one client, once, within its minute.

Spec: RFC 6749 §4.1, RFC 9700 §2.1.1 and §4.5, security checklist 7. A code that comes a second time is taken for stolen: what
it gave is revoked, in a write of its own that the refusal does not undo.
"""

from __future__ import annotations

import secrets
from typing import Any

from authlib.oauth2.rfc6749 import InvalidGrantError, InvalidScopeError
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant

from ...audit import AuditEvent
from ...authn.assurance import AssurancePolicy, temporary_until
from .. import client_authentication, scope
from ..authorization_request import AuthorizationRequest
from ..client import Client
from ..grant import Grant, Standing, lapse_of, session_stands
from ..ports import NewTokens, SessionFacts, StoredCode, digest
from ..proof.confirmation import JKT, bound_to
from ..response import AuthorizationResponse
from ..tokens.access_token import IssuedToken
from .issuing import Issuing, told_of


def fault_of(code: StoredCode, client: Client, *, assurance: AssurancePolicy, now: int, idle_limit_seconds: int) -> str:
    """Say why a code gives nothing; "" when it may be redeemed, ``replayed`` when it was before.

    A code belongs to its session even where the tokens will outlive it (security checklist 7).
    """
    if code.grant.client_id != client.client_id:
        return "client"
    if code.used_at is not None:
        return "replayed"
    if now >= code.expires_at:
        return "expired"
    if not session_stands(code.grant.standing, now=now, idle_limit_seconds=idle_limit_seconds):
        return "session"
    return lapse_of(code.grant, client, assurance=assurance, now=now, idle_limit_seconds=idle_limit_seconds)


def agreed(request: AuthorizationRequest, session: SessionFacts, *, now: int, offline_seconds: int) -> Grant:
    """Make the grant that an officer gives.

    Args:
        request: What was asked and agreed to.
        session: Of the officer who agreed; the grant takes over when and how well they proved who they are.
        now: Seconds since the epoch.
        offline_seconds: Absolute life of a family that outlives the session.
    """
    offline = scope.OFFLINE in request.scope
    ends = now + offline_seconds if offline else session.expires_at
    until = temporary_until(session.amr)
    return Grant(
        grant_id=secrets.token_urlsafe(16), client_id=request.client_id, sub=session.sub, sid=session.sid,
        scope=" ".join(request.scope), offline=offline, auth_time=session.auth_time, acr=session.acr, amr=tuple(session.amr),
        nonce=request.nonce, created_at=now, expires_at=ends if until is None else min(ends, until),
        revoked_at=None, standing=Standing("active", session_ended=False, session_expires_at=session.expires_at),
        details=request.details)


def begin(request: AuthorizationRequest, grant: Grant, *, value: str, code_seconds: int) -> StoredCode:
    """Make the code for a grant that was given just now.

    Args:
        request: What was asked and agreed to.
        grant: What the code stands for.
        value: The code itself.
        code_seconds: Life of the code.
    """
    return StoredCode(digest=digest(value), redirect_uri=request.redirect_uri, code_challenge=request.code_challenge,
                      code_challenge_method=request.code_challenge_method, expires_at=grant.created_at + code_seconds,
                      used_at=None, grant=grant, dpop_jkt=request.dpop_jkt)


def origin(request: AuthorizationRequest) -> dict[str, bool]:
    """Give what the audit is told of the way that a request came: whether it was pushed (RFC 9126)."""
    return {"pushed": True} if request.pushed else {}


class CodeGrant(Issuing, AuthorizationCodeGrant):  # type: ignore[misc]
    """Authlib's grant on our store."""

    TOKEN_ENDPOINT_AUTH_METHODS = client_authentication.METHODS

    def validate_requested_scope(self) -> None:
        """Refuse what the registration does not hold now, whatever it held when the request was stored."""
        if not scope.within(self.request.authorization.scope, self.client.scope):
            raise InvalidScopeError()

    def create_authorization_response(self, redirect_uri: str, grant_user: SessionFacts) -> tuple[int, Any, list[Any]]:
        """Issue the code and give the answer that carries it; iss is added by the server."""
        value = secrets.token_urlsafe(32)
        self.request.user = grant_user
        self.save_authorization_code(value, self.request)
        asked: AuthorizationRequest = self.request.authorization
        return 303, AuthorizationResponse(redirect_uri, asked.response_mode, (("code", value),)), []

    def save_authorization_code(self, code: str, request: Any) -> None:
        """Keep grant and code, if the session and the officer still stand."""
        lifetimes = self.server.lifetimes
        grant = agreed(request.authorization, request.user, now=self.server.clock.now(),
                       offline_seconds=lifetimes.refresh_token_seconds)
        made = begin(request.authorization, grant, value=code, code_seconds=lifetimes.code_seconds)
        record = self.server.record(AuditEvent.CODE_ISSUED, request, grant, scope=grant.scope, **origin(request.authorization))
        if not self.server.store.issue_code(made, record, pushed=bytes.fromhex(request.authorization.pushed)):
            raise self.server.not_issued(request.authorization)

    def query_authorization_code(self, code: str, client: Client) -> StoredCode | None:
        """Find a code that may be redeemed; punish one that was before."""
        self.request.client = client
        stored: StoredCode | None = self.server.store.code(digest(code))
        if stored is None:
            return None
        fault = self._fault(stored, client)
        if not fault and stored.dpop_jkt and self.request.confirmation != bound_to(JKT, stored.dpop_jkt):
            raise InvalidGrantError("The code is bound to another key (dpop_jkt).")
        return None if fault else stored

    def authenticate_user(self, authorization_code: StoredCode) -> Grant:
        """Give the grant, which stands for the officer."""
        return authorization_code.grant

    def save_token(self, token: IssuedToken) -> None:
        """Use the code and keep what is given for it, at once.

        Who comes second is refused and ends it all; a code whose session or grant ended meanwhile was not used by anybody.
        """
        self.execute_hook("before_save_token", token)
        stored: StoredCode = self.request.authorization_code
        tokens: NewTokens = self.server.rows(token, self.client, stored.grant, refresh_scope=stored.grant.scope)
        record = self.server.record(AuditEvent.TOKEN_ISSUED, self.request, stored.grant, grant_type="authorization_code",
                                    **told_of(tokens))
        if not self.server.store.redeem(stored.digest, tokens, record):
            now_stored: StoredCode | None = self.server.store.code(stored.digest)
            if now_stored is not None:
                self._fault(now_stored, self.client)
            raise InvalidGrantError("The code is not valid any more.")

    def delete_authorization_code(self, authorization_code: StoredCode) -> None:
        """Keep the row: used in ``save_token``, it stays as a tombstone so that a replay shows."""

    def _fault(self, stored: StoredCode, client: Client) -> str:
        """Give ``fault_of`` a code as it stands now; punish one that was used before."""
        now = self.server.clock.now()
        fault = fault_of(stored, client, assurance=self.server.assurance, now=now,
                         idle_limit_seconds=self.server.lifetimes.session_idle_seconds)
        if fault == "replayed":
            self.server.store.revoke(stored.grant.grant_id, "code_replayed", now,
                                     self.server.record(AuditEvent.CODE_REPLAYED, self.request, stored.grant))
        return fault
