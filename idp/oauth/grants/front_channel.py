"""The hybrid and implicit grants: a code and tokens, or tokens alone, that travel through the browser.

Spec: OAuth 2.0 Multiple Response Types §3, §5; RFC 6749 §4.2; OpenID Connect Core §3.2, §3.3; security checklist 8. Registered
only where the deployment offers such response types. An access token is a row like any other, of the same grant as the code
beside it: it ends with the session (with ``offline_access``, with the family), a replay of the code ends it too, and no refresh
token comes with it. What an ID token says is left to whoever registers for ``before_send_answer``; it is signed before anything
is written.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

from authlib.oauth2.rfc6749 import InvalidScopeError
from authlib.oauth2.rfc6749.grants import AuthorizationEndpointMixin, BaseGrant
from authlib.oauth2.rfc6749.grants.authorization_code import validate_code_authorization_request

from ...audit import AuditEvent
from .. import response, scope
from ..authorization_request import AuthorizationRequest
from ..grant import Grant
from ..ports import NewTokens, SessionFacts
from ..response import AuthorizationResponse
from ..tokens.access_token import IssuedToken
from .authorization_code import agreed, begin, origin
from .issuing import Issuing, told_of


@dataclass(slots=True)
class FrontChannelAnswer:
    """What is about to leave through the browser; hooks of ``before_send_answer`` add to ``members``.

    Attributes:
        asked: The request that it answers.
        grant: What the officer gave.
        members: Parameters of the answer without ``state`` and ``iss``: by then ``code`` and the access token, where asked for.
    """

    asked: AuthorizationRequest
    grant: Grant
    members: dict[str, str] = field(default_factory=dict)


class FrontChannelGrant(Issuing, BaseGrant, AuthorizationEndpointMixin):  # type: ignore[misc]
    """What both grants do, on Authlib's order of steps and our store."""

    GRANT_TYPE = "implicit"

    def validate_authorization_request(self) -> str:
        """Look once more at what the registration holds now; gives the redirect URI."""
        redirect_uri: str = validate_code_authorization_request(self)
        return redirect_uri

    def validate_requested_scope(self) -> None:
        """Refuse what the registration does not hold now, whatever it held when the request was stored."""
        if not scope.within(self.request.authorization.scope, self.client.scope):
            raise InvalidScopeError()

    def create_authorization_response(self, redirect_uri: str, grant_user: SessionFacts) -> tuple[int, Any, list[Any]]:
        """Make what the response type asks for, keep it in one write, and give the answer; iss is added by the server."""
        asked: AuthorizationRequest = self.request.authorization
        server, lifetimes = self.server, self.server.lifetimes
        grant = agreed(asked, grant_user, now=server.clock.now(), offline_seconds=lifetimes.refresh_token_seconds)
        answer = FrontChannelAnswer(asked, grant)
        code, tokens = None, None
        if response.gives(asked.response_type, "code"):
            answer.members["code"] = secrets.token_urlsafe(32)
            code = begin(asked, grant, value=answer.members["code"], code_seconds=lifetimes.code_seconds)
        if response.gives(asked.response_type, "token"):
            tokens = self._access_token(answer)
        self.execute_hook("before_send_answer", answer)
        record = server.record(AuditEvent.FRONT_CHANNEL_ISSUED, self.request, grant, response_type=asked.response_type,
                               **({"scope": grant.scope} | (told_of(tokens) if tokens else {}) | origin(asked)))
        if not server.store.issue_front_channel(grant, record, code=code, tokens=tokens, pushed=bytes.fromhex(asked.pushed)):
            raise server.not_issued(asked)
        return 303, AuthorizationResponse(redirect_uri, asked.response_mode, tuple(answer.members.items())), []

    def _access_token(self, answer: FrontChannelAnswer) -> NewTokens:
        token: IssuedToken = self.generate_token(user=answer.grant, scope=answer.grant.scope, include_refresh_token=False)
        answer.members |= {name: str(value) for name, value in token.items()}
        tokens: NewTokens = self.server.rows(token, self.client, answer.grant)
        return tokens


class ImplicitGrant(FrontChannelGrant):
    """Tokens and no code (OpenID Connect Core §3.2)."""

    RESPONSE_TYPES = frozenset(kind for kind in response.FRONT_CHANNEL if not response.gives(kind, "code"))


class HybridGrant(FrontChannelGrant):
    """A code with tokens beside it (OpenID Connect Core §3.3); the code is redeemed like any other."""

    RESPONSE_TYPES = frozenset(kind for kind in response.FRONT_CHANNEL if response.gives(kind, "code"))
