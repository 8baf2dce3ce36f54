"""Bearer tokens at endpoints of ours: read from the header, refused with the challenge.

Spec: RFC 6750 §2.1 and §3. The token in the address (§2.3) is refused (RFC 9700 §4.3.2).
"""

from __future__ import annotations

from ..oauth.access_token import TokenRefusedError
from .wsgi import NO_STORE, EndpointRequest, Response, error


def bearer_of(request: EndpointRequest) -> str:
    """Give the token of a request that may carry it in the header only. Raises as ``from_header``."""
    if request.query:
        raise TokenRefusedError("The access token belongs into the Authorization header, not into the address.",
                                code="invalid_request")
    return from_header(request.header("authorization"))


def from_header(sent: str) -> str:
    """Read an Authorization header.

    Args:
        sent: As received; "" where there was none.

    Raises:
        TokenRefusedError: it holds no bearer token (code ""), or is not well formed (``invalid_request``).
    """
    scheme, _, token = sent.partition(" ")
    if scheme.lower() != "bearer":
        raise TokenRefusedError("An access token is needed.", code="")
    token = token.strip(" ")
    if not token or not token.isascii() or " " in token:
        raise TokenRefusedError("The Authorization header is not well formed.", code="invalid_request")
    return token


def challenge(refused: TokenRefusedError, *, realm: str, status: int | None = None) -> Response:
    """Say what is wrong; where no token came, say only that one is needed (RFC 6750 §3.1)."""
    status = status or refused.status
    parts = [f'Bearer realm="{realm}"']
    if refused.code:
        parts += [f'error="{refused.code}"', f'error_description="{refused.message}"']
    if refused.scope:
        parts.append(f'scope="{refused.scope}"')
    body = error(status, refused.code or "invalid_token", refused.message)
    return Response(status, body.body, (*NO_STORE, ("WWW-Authenticate", ", ".join(parts))), body.error)
