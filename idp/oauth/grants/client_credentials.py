"""The client credentials grant: an application acts for itself.

Spec: RFC 6749 §4.4, RFC 8707 §2. No refresh token; scopes that tell of an officer, and those that the application may not have at
every resource it names, are refused. Stored relaxed: a crash may lose the last
moment's tokens, which then read as inactive, and the client asks again.
"""

from __future__ import annotations

from authlib.oauth2.rfc6749 import InvalidScopeError
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant

from ...audit import AuditEvent
from .. import client_authentication, scope
from ..tokens import resource_indicator
from ..tokens.access_token import IssuedToken
from .issuing import Issuing, told_of


class MachineGrant(Issuing, ClientCredentialsGrant):  # type: ignore[misc]
    """Authlib's grant on our store; public clients are refused (RFC 6749 §4.4)."""

    TOKEN_ENDPOINT_AUTH_METHODS = client_authentication.CONFIDENTIAL

    def validate_requested_scope(self) -> None:
        """Put the scopes that are granted in the place of those asked for."""
        form = self.request.form
        asked = scope.words(form.get("scope"))
        registered = self.client.scope
        audience = self.server.audience(self.request, None)
        if audience:
            registered = frozenset(resource_indicator.scope_at(self.client, tuple(registered), audience))
        granted = None if asked is None else scope.of_machines(asked, registered, self.server.officer_scopes)
        if granted is None:
            raise InvalidScopeError("A scope is not for this application, not for the resource, or needs an officer.")
        form["scope"] = " ".join(granted)

    def save_token(self, token: IssuedToken) -> None:
        """Keep the token with its audit record."""
        rows = self.server.rows(token, self.client, None)
        self.server.store.save_access_token(rows, self.server.record(
            AuditEvent.TOKEN_ISSUED, self.request, None, grant_type="client_credentials", **told_of(rows)))
