"""Whether a request is content with a sign-in that a remembered device eased (``sessions.remembered``).

Spec: OpenID Connect Core 1.0 §3.1.2.1 (prompt=login, max_age), Dynamic Registration 1.0 §2 (default_max_age); RFC 8628 §3.3 and
CIBA Core 1.0 §8 for approvals that somebody else waits for.
"""

from __future__ import annotations

from ..authorization_request import AuthorizationRequest
from ..client import Client


def asks_afresh(request: AuthorizationRequest, client: Client) -> bool:
    """Tell whether it is not: the age of the authentication is bounded, or the officer approves what is asked for elsewhere."""
    max_age = client.default_max_age if request.max_age is None else request.max_age
    return "login" in request.prompt or max_age is not None or bool(request.deferred)
