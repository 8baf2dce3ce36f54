"""Revocation: a client gives a token back.

Spec: RFC 7009. An access token ends alone, a refresh token with its whole family. A token that is unknown, or somebody
else's, gives the same 200 and changes nothing (security checklist 17 over RFC 7009 §2.1, which would tell of a stranger's
token); a wrong hint changes nothing either (§2.1: the hint may be ignored).
"""

from __future__ import annotations

from typing import Any

from authlib.oauth2.rfc6749 import InvalidRequestError
from authlib.oauth2.rfc7009 import RevocationEndpoint

from ...audit import AuditEvent
from .. import client_authentication
from ..client import Client
from ..ports import StoredAccessToken, StoredRefreshToken, digest

Found = StoredAccessToken | StoredRefreshToken


class Revocation(RevocationEndpoint):  # type: ignore[misc]
    """Authlib's endpoint on our store; public clients may give back their own tokens (RFC 7009 §5)."""

    CLIENT_AUTH_METHODS = client_authentication.METHODS

    def authenticate_token(self, request: Any, client: Client) -> Found | None:
        """Find the token among this client's own, in both stores, beginning where the hint says."""
        value = request.form.get("token")
        if not value:
            raise InvalidRequestError("token is missing.")
        looks = [self._access_token, self._refresh_token]
        if request.form.get("token_type_hint") == "refresh_token":
            looks.reverse()
        for look in looks:
            found = look(value, client)
            if found is not None:
                return found
        return None

    def revoke_token(self, token: Found, request: Any) -> None:
        """End it, durably and once."""
        server = self.server
        now = server.clock.now()
        if isinstance(token, StoredRefreshToken):
            record = server.record(AuditEvent.TOKEN_REVOKED, request, token.grant, token="refresh_token")
            server.store.revoke(token.grant.grant_id, "revoked_by_client", now, record)
        else:
            record = server.record(AuditEvent.TOKEN_REVOKED, request, token.grant, token="access_token")
            server.store.revoke_access_token(token.digest, now, record)

    def give_back(self, request: Any, client: Client) -> None:
        """End a token of a client that is known by other means; as the endpoint does, and as quietly."""
        request.client = client
        found = self.authenticate_token(request, client)
        if found is not None:
            self.revoke_token(found, request)

    def _access_token(self, value: str, client: Client) -> Found | None:
        found = self.server.tokens.locate(value)
        stored: StoredAccessToken | None = self.server.store.access_token(found) if found else None
        return stored if stored is not None and stored.client_id == client.client_id else None

    def _refresh_token(self, value: str, client: Client) -> Found | None:
        stored: StoredRefreshToken | None = self.server.store.refresh_token(digest(value))
        return stored if stored is not None and stored.check_client(client) else None
