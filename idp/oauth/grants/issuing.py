"""What the token grants have in common: the server makes the token, from the request with its proof.

Spec: RFC 6749 §5.1, RFC 9449 §5. Authlib's own generator is told neither the request nor what it proves.
"""

from __future__ import annotations

from typing import Any

from ..grant import Grant
from ..ports import NewTokens
from ..proof.confirmation import CERTIFICATE, bound_to, method_of
from ..tokens.access_token import IssuedToken


def told_of(tokens: NewTokens) -> dict[str, str]:
    """Give what the audit trail is told of an access token: its scope, and whom it is for where that is not the issuer."""
    return {"scope": tokens.scope} | ({"audience": tokens.audience} if tokens.audience else {})


class Issuing:
    """Goes before Authlib's grant class."""

    request: Any
    server: Any

    def generate_token(self, user: Grant | None = None, scope: str | None = None, grant_type: str | None = None,
                       expires_in: int | None = None, include_refresh_token: bool = True) -> IssuedToken:
        """Make the token answer (asked by Authlib)."""
        made: IssuedToken = self.server.issue(self.request, grant=user, scope=scope, include_refresh_token=include_refresh_token)
        return made

    def proves(self, confirmation: str) -> bool:
        """Tell whether this request proves what a token is bound to, in the way in which it is bound; "" needs no proof."""
        if method_of(confirmation) == CERTIFICATE:
            shown = self.request.shown
            return shown is not None and bound_to(CERTIFICATE, shown.thumbprint) == confirmation
        return not confirmation or bool(self.request.confirmation == confirmation)
