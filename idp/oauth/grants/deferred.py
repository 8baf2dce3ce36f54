"""What the grants have in common whose client polls until an officer has answered elsewhere.

Spec: RFC 8628 §3.4 and §3.5, OpenID Connect Client-Initiated Backchannel Authentication §10.1 and §11. The decision is
``deferred.fault_of``; only a poll of what is still pending is counted.
"""

from __future__ import annotations

from collections.abc import Callable

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidGrantError

from ...audit import AuditEvent
from ..deferred.authorization import Deferred, Kind, Poll, fault_of
from ..ports import NewTokens, digest
from ..tokens.access_token import IssuedToken
from .issuing import Issuing, told_of

_SENTENCES = {
    "authorization_pending": "The officer has not answered yet.",
    "slow_down": "The officer has not answered yet, and the interval between two polls was not kept; it is 5 seconds longer now.",
    "expired_token": "The officer has not answered in time, or the tokens were not fetched in time; begin again.",
    "access_denied": "The officer refused, or may not answer any more.",
    "invalid_grant": "The code is not known, was used before, or is not valid any more.",
}


class Waiting(Issuing):
    """Goes before Authlib's grant class, or ``BaseGrant``.

    Attributes:
        KIND: What the grant type is for.
    """

    KIND: Kind
    GRANT_TYPE: str
    execute_hook: Callable[..., None]

    def awaited(self, secret: str) -> Deferred:
        """Find what a client polls for, once it was approved.

        Raises:
            OAuth2Error: anything else, with the error of RFC 8628 §3.5.
        """
        server, client = self.server, self.request.client
        for _ in range(2):
            found: Deferred | None = server.deferred.find(digest(secret))
            now = server.clock.now()
            fault = "invalid_grant" if found is None else fault_of(
                found, client, kind=self.KIND, assurance=server.assurance, now=now,
                idle_limit_seconds=server.lifetimes.session_idle_seconds)
            if found is not None and not fault:
                return found
            if found is None or fault != "authorization_pending":
                break
            counted = server.deferred.poll(found.digest, now)
            if counted is not Poll.DECIDED:
                fault = "slow_down" if counted is Poll.TOO_EARLY else fault
                break
        raise OAuth2Error(_SENTENCES[fault], error=fault)

    def save_token(self, token: IssuedToken) -> None:
        """Use up the approval and keep what is given for it, at once; who comes second is refused."""
        self.execute_hook("before_save_token", token)
        approved: Deferred = self.request.credential
        assert approved.grant is not None
        rows: NewTokens = self.server.rows(token, self.request.client, approved.grant, refresh_scope=approved.grant.scope)
        record = self.server.record(AuditEvent.TOKEN_ISSUED, self.request, approved.grant, grant_type=self.GRANT_TYPE,
                                    **told_of(rows))
        if not self.server.deferred.redeem(approved.digest, rows, record):
            raise InvalidGrantError(_SENTENCES["invalid_grant"])
