"""Access tokens at resources of ours that ask for one scope: time-stamps, enrolment.

Spec: RFC 6750 §3 (refusals), RFC 9449 §7 and RFC 8705 §3 (bound tokens, by ``proof.holder``), RFC 9470 §3. The same checks as at
UserInfo and the administration API (security checklist 18): token, client, officer, level and holder, each as it is now. A token
by which an application acts for an officer is none here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from ...authn.assurance import AssurancePolicy, own_level
from ...clock import Clock
from ...directory.mirror import MirroredOfficer
from ..client import ClientRegistry
from ..grant import Grant, lapse_of, level_demanded, session_stands
from ..ports import StoredAccessToken
from ..proof.holder import Holders, TokenUse
from .access_token import AccessTokens, TokenRefusedError

_LONGEST: Final = 16 * 1024


class TokensWithOfficers(Protocol):
    """Where access tokens rest, with their officers."""

    def administrator_of(self, digest: bytes) -> tuple[StoredAccessToken, MirroredOfficer | None] | None:
        """Find an access token with its officer; the standing of its grant tells of the session as it is now."""
        ...


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who stands behind a token.

    Attributes:
        client_id: The application.
        officer: None where the application asks for itself.
        grant: What it stands on; None where the application asks for itself.
    """

    client_id: str
    officer: MirroredOfficer | None
    grant: Grant | None = None


class ResourceAccess:
    """Recognises who asks.

    Args:
        tokens: Recognises access tokens.
        store: Where they rest.
        idle_limit_seconds: Idle limit of sessions.
    """

    def __init__(self, tokens: AccessTokens, store: TokensWithOfficers, registry: ClientRegistry, clock: Clock,
                 assurance: AssurancePolicy, holders: Holders, *, idle_limit_seconds: int) -> None:
        self._tokens, self._store, self._registry, self._clock = tokens, store, registry, clock
        self._assurance, self._holders, self._idle_limit_seconds = assurance, holders, idle_limit_seconds

    def admit(self, access_token: str, use: TokenUse, *, scope: str, least_level: int = 0,
              fresh_seconds: int = 0) -> Bearer:
        """Tell who asks.

        Args:
            access_token: As received.
            use: How it was sent, with the proof that came beside it.
            scope: Needed.
            least_level: Level that an officer must have signed in with. Where it is not 0 the session must stand as well.
            fresh_seconds: How long ago the officer may have signed in; 0 for any time.

        Raises:
            TokenRefusedError: 401 ``invalid_token``, 401 ``insufficient_user_authentication``, 403 ``insufficient_scope``.
        """
        digest = self._tokens.locate(access_token) if len(access_token) <= _LONGEST else None
        found = self._store.administrator_of(digest) if digest else None
        if found is None:
            raise TokenRefusedError("The access token is not valid.")
        token, officer = found
        now, client = self._clock.now(), self._registry.find(token.client_id)
        if client is None or token.revoked_at is not None or now >= token.expires_at or token.actors:
            raise TokenRefusedError("The access token is not valid.")
        if not self._tokens.is_for_us(token):
            raise TokenRefusedError("The access token is meant for another resource.")
        if scope not in token.scope.split() or scope not in client.scope:
            raise TokenRefusedError(f"The access token does not have the scope {scope}.", code="insufficient_scope", scope=scope)
        self._holders.check(token.confirmation, access_token, use)
        grant = token.grant
        if grant is None:
            return Bearer(client.client_id, None)
        lapse = lapse_of(grant, client, assurance=self._assurance, now=now, idle_limit_seconds=self._idle_limit_seconds)
        old = bool(fresh_seconds) and now - grant.auth_time > fresh_seconds
        if lapse == "level" or (not lapse and (own_level(grant.acr, grant.amr) < least_level or old)):
            enough = max(least_level, level_demanded(grant.standing, client, self._assurance, now=now))
            raise TokenRefusedError("More factors, or a new sign-in, are needed.", code="insufficient_user_authentication",
                                    acr_values=self._assurance.acr_of(enough))
        if lapse or officer is None or (least_level and not session_stands(
                grant.standing, now=now, idle_limit_seconds=self._idle_limit_seconds)):
            raise TokenRefusedError("The access token is not valid.")
        return Bearer(client.client_id, officer, grant)
