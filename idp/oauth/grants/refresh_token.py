"""The refresh token grant: each token once, a short grace for a lost answer, and an end of the family for anything else.

Spec: RFC 6749 §6, RFC 9700 §4.14.2, security checklist 14. The grace: within some seconds of its use a repeat by the same
authenticated client, while the successor is unused, gets a new token that replaces the successor. The write that decides is
the one that uses up the successor, so a family never has more than one live refresh token. An application of the profile fapi2
proves with every use who it is and what its tokens are bound to: its refresh token stays (FAPI 2.0 Security Profile §5.3.2.1).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from authlib.oauth2.rfc6749 import InvalidGrantError
from authlib.oauth2.rfc6749.grants import RefreshTokenGrant

from ...audit import AuditEvent, AuditRecord
from ...errors import UnavailableError
from .. import client_authentication
from ..client import Client
from ..grant import Grant, lapse_of
from ..ports import GrantStore, NewTokens, StoredRefreshToken, digest
from ..tokens.access_token import IssuedToken
from .issuing import Issuing, told_of

MOST_ATTEMPTS = 64
"""Each lost attempt means that another request won; more than this at once on one token is nobody's client."""


class Step(Enum):
    """What a refresh token that was presented deserves."""

    KEEP = "keep"
    ROTATE = "rotate"
    REPLACE_SUCCESSOR = "replace_successor"
    END_THE_FAMILY = "end_the_family"


def step_for(token: StoredRefreshToken, *, now: int, grace_seconds: int, rotates: bool = True) -> Step:
    """Decide on one presentation of a token whose grant stands.

    Args:
        token: As read just now.
        now: Seconds since the epoch; nodes' clocks may differ by less than the grace, either way.
        grace_seconds: 0 takes every repeat for a theft; also for clients that do not authenticate.
        rotates: Whether tokens of this client count once. Where not, one that was used all the same was used before it was so.

    Source: security checklist 14.
    """
    if token.used_at is None:
        return Step.ROTATE if rotates else Step.KEEP
    in_time = rotates and grace_seconds > 0 and abs(now - token.used_at) <= grace_seconds
    unused = token.successor is not None and not token.successor_used
    return Step.REPLACE_SUCCESSOR if in_time and unused else Step.END_THE_FAMILY


@dataclass(frozen=True, slots=True)
class Exchange:
    """One exchange of a refresh token.

    Attributes:
        store: Where grants rest.
        now: Seconds since the epoch.
        grace_seconds: As for ``step_for``.
        record: Makes the audit record of an outcome.
        rotates: As for ``step_for``.
    """

    store: GrantStore
    now: int
    grace_seconds: int
    record: Callable[[AuditEvent, bool], AuditRecord]
    rotates: bool = True

    def check(self, token: StoredRefreshToken) -> Step:
        """Decide; end the family where that is due.

        Raises:
            InvalidGrantError: the token was used before; the family is revoked, durably.
        """
        step = step_for(token, now=self.now, grace_seconds=self.grace_seconds, rotates=self.rotates)
        if step is Step.END_THE_FAMILY:
            self.store.revoke(token.grant.grant_id, "refresh_replayed", self.now, self.record(AuditEvent.REFRESH_REPLAYED, False))
            raise InvalidGrantError("The refresh token was used before.")
        if token.grant.revoked_at is not None:
            raise InvalidGrantError("The refresh token is not valid.")
        return step

    def run(self, token: StoredRefreshToken, tokens: NewTokens) -> None:
        """Write the exchange. Who loses a race reads again and decides again.

        Raises:
            InvalidGrantError: as for ``check``.
            UnavailableError: others kept winning.
        """
        current: StoredRefreshToken | None = token
        for _ in range(MOST_ATTEMPTS):
            if current is None:
                raise InvalidGrantError("The refresh token is not valid.")
            if self._write(current, self.check(current), tokens):
                return
            current = self.store.refresh_token(token.digest)
        raise UnavailableError("Too many requests use this refresh token at once.", dependency="database", retry_after_seconds=1)

    def _write(self, token: StoredRefreshToken, step: Step, tokens: NewTokens) -> bool:
        repeated = step is Step.REPLACE_SUCCESSOR
        record = self.record(AuditEvent.TOKEN_REFRESHED, repeated)
        if step is Step.KEEP:
            return self.store.renew(token.digest, tokens, record)
        if repeated:
            assert token.successor is not None
            return self.store.replace_successor(token.digest, token.successor, tokens, record)
        return self.store.rotate(token.digest, tokens, record)


class RefreshGrant(Issuing, RefreshTokenGrant):  # type: ignore[misc]
    """Authlib's grant on our store."""

    TOKEN_ENDPOINT_AUTH_METHODS = client_authentication.METHODS
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> StoredRefreshToken | None:
        """Find a token that may be exchanged; end the family of one that may not be used again."""
        client: Client = self.client
        stored: StoredRefreshToken | None = self.server.store.refresh_token(digest(refresh_token))
        if stored is None or not stored.check_client(client) or stored.grant.revoked_at is not None:
            return None
        if not self.proves(stored.confirmation):
            raise InvalidGrantError("The refresh token is bound to another key.")
        self._exchange(stored.grant).check(stored)
        now = self.server.clock.now()
        lapse = lapse_of(stored.grant, client, assurance=self.server.assurance, now=now,
                         idle_limit_seconds=self.server.lifetimes.session_idle_seconds)
        return None if lapse or now >= stored.expires_at else stored

    def generate_token(self, user: Grant | None = None, scope: str | None = None, grant_type: str | None = None,
                       expires_in: int | None = None, include_refresh_token: bool = True) -> IssuedToken:
        """Make the token answer (asked by Authlib), without a refresh token where the old one stays."""
        return super().generate_token(user, scope, grant_type, expires_in, include_refresh_token and not self.client.fapi2)

    def authenticate_user(self, refresh_token: StoredRefreshToken) -> Grant:
        """Give the grant, which stands for the officer."""
        return refresh_token.grant

    def save_token(self, token: IssuedToken) -> None:
        """Write the exchange; the new refresh token keeps the scope of the old one (RFC 6749 §6)."""
        self.execute_hook("before_save_token", token)
        stored: StoredRefreshToken = self.request.refresh_token
        tokens: NewTokens = self.server.rows(token, self.client, stored.grant, refresh_scope=stored.scope)
        self._exchange(stored.grant, told_of(tokens)).run(stored, tokens)

    def revoke_old_credential(self, refresh_token: StoredRefreshToken) -> None:
        """Nothing is left to do: ``save_token`` used the old token in the same write."""

    def _exchange(self, grant: Grant, told: dict[str, str] | None = None) -> Exchange:
        def record(event: AuditEvent, repeated: bool) -> AuditRecord:
            facts: dict[str, Any] = {**(told or {}), "repeated": repeated} if told or repeated else {}
            made: AuditRecord = self.server.record(event, self.request, grant, **facts)
            return made

        authenticated = self.request.auth_method != "none"
        return Exchange(self.server.store, self.server.clock.now(),
                        self.server.lifetimes.refresh_grace_seconds if authenticated else 0, record,
                        rotates=not self.client.fapi2)
