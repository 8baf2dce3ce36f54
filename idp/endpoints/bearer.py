"""Bearer tokens at endpoints of ours: read from the header, refused with the challenge.

Spec: RFC 6750 §2.1 and §3, RFC 9449 §7.1. The token in the address (§2.3) is refused (RFC 9700 §4.3.2).
"""

from __future__ import annotations

from ..oauth import bearer
from ..oauth.bearer import from_header
from ..oauth.tokens.access_token import TokenRefusedError
from .wsgi import NO_STORE, EndpointRequest, Response, error

__all__ = ["bearer_of", "challenge", "from_header"]


def bearer_of(request: EndpointRequest) -> str:
    """Give the token of a request that may carry it in the header only. Raises as ``from_header``."""
    if request.query:
        raise TokenRefusedError("The access token belongs into the Authorization header, not into the address.",
                                code="invalid_request")
    return from_header(request.header("authorization"))[1]


def challenge(refused: TokenRefusedError, *, realm: str, status: int | None = None) -> Response:
    """Say what is wrong; where no token came, say only that one is needed (RFC 6750 §3.1)."""
    status = status or refused.status
    body = error(status, refused.code or "invalid_token", refused.message)
    nonce = (("DPoP-Nonce", refused.nonce),) if refused.nonce else ()
    told = ("WWW-Authenticate", bearer.challenge(refused, realm=realm))
    return Response(status, body.body, (*NO_STORE, told, *nonce), body.error)
