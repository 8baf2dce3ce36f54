"""The two headers between a token's holder and a resource of ours: Authorization, and the challenge that answers it.

Spec: RFC 6750 §2.1 and §3, RFC 9449 §7.1, RFC 9470 §3 (``acr_values``).
"""

from __future__ import annotations

from collections.abc import Collection

from .proof.dpop import ALGORITHMS
from .tokens.access_token import TokenRefusedError


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


def challenge(refused: TokenRefusedError, *, realm: str) -> str:
    """Give the value of WWW-Authenticate; where no token came, say only that one is needed (RFC 6750 §3.1)."""
    parts = [f'{refused.scheme} realm="{realm}"']
    if refused.code:
        parts += [f'error="{refused.code}"', f'error_description="{refused.message}"']
    if refused.scope:
        parts.append(f'scope="{refused.scope}"')
    if refused.acr_values:
        parts.append(f'acr_values="{refused.acr_values}"')
    if refused.scheme == "DPoP":
        parts.append(f'algs="{" ".join(ALGORITHMS)}"')
    return ", ".join(parts)
