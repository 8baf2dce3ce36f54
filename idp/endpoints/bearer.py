"""Bearer tokens at endpoints of ours: read from the header, refused with the challenge.

Spec: RFC 6750 §2.1 and §3, RFC 9449 §7.1. The token in the address (§2.3) is refused (RFC 9700 §4.3.2).
"""

from __future__ import annotations

from collections.abc import Collection

from ..oauth.proof.dpop import ALGORITHMS
from ..oauth.tokens.access_token import TokenRefusedError
from .wsgi import NO_STORE, EndpointRequest, Response, error


def bearer_of(request: EndpointRequest) -> str:
    """Give the token of a request that may carry it in the header only. Raises as ``from_header``."""
    if request.query:
        raise TokenRefusedError("The access token belongs into the Authorization header, not into the address.",
                                code="invalid_request")
    return from_header(request.header("authorization"))[1]


def from_header(sent: str, *, schemes: Collection[str] = ("bearer",)) -> tuple[str, str]:
    """Read an Authorization header: its scheme, in lower case, and the token.

    Args:
        sent: As received; "" where there was none.
        schemes: Schemes that are taken.

    Raises:
        TokenRefusedError: it holds no such token (code ""), or is not well formed (``invalid_request``).
    """
    scheme, _, token = sent.partition(" ")
    scheme = scheme.lower()
    if scheme not in schemes:
        raise TokenRefusedError("An access token is needed.", code="")
    token = token.strip(" ")
    if not token or not token.isascii() or " " in token:
        raise TokenRefusedError("The Authorization header is not well formed.", code="invalid_request")
    return scheme, token


def challenge(refused: TokenRefusedError, *, realm: str, status: int | None = None) -> Response:
    """Say what is wrong; where no token came, say only that one is needed (RFC 6750 §3.1)."""
    status = status or refused.status
    parts = [f'{refused.scheme} realm="{realm}"']
    if refused.code:
        parts += [f'error="{refused.code}"', f'error_description="{refused.message}"']
    if refused.scope:
        parts.append(f'scope="{refused.scope}"')
    if refused.scheme == "DPoP":
        parts.append(f'algs="{" ".join(ALGORITHMS)}"')
    body = error(status, refused.code or "invalid_token", refused.message)
    nonce = (("DPoP-Nonce", refused.nonce),) if refused.nonce else ()
    return Response(status, body.body, (*NO_STORE, ("WWW-Authenticate", ", ".join(parts)), *nonce), body.error)
