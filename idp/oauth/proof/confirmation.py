"""What a token is bound to: the thumbprint of a key or of a certificate, or nothing.

Spec: RFC 7800 §3.1 (cnf), RFC 9449 §6 (jkt), RFC 8705 §3.1 (x5t#S256). The store keeps one text, ``<method>:<thumbprint>``,
or "" for a bearer token.
"""

from __future__ import annotations

from typing import Final

JKT: Final = "jkt"
CERTIFICATE: Final = "x5t#S256"


def bound_to(method: str, thumbprint: str) -> str:
    """Give the text that the store keeps."""
    return f"{method}:{thumbprint}"


def method_of(confirmation: str) -> str:
    """Tell how a token is bound: ``jkt``, ``x5t#S256``, or "" for a bearer token."""
    return confirmation.partition(":")[0]


def claim_of(confirmation: str) -> dict[str, str]:
    """Give the members of ``cnf`` of a bound token (RFC 7800 §3.1)."""
    method, _, thumbprint = confirmation.partition(":")
    return {method: thumbprint}


def token_type_of(confirmation: str) -> str:
    """Give the token type: DPoP for a token bound to a key (RFC 9449 §5), Bearer for all others (RFC 8705 §3 keeps it)."""
    return "DPoP" if method_of(confirmation) == JKT else "Bearer"
