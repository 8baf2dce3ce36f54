"""A JWT that carries the key that signed it: it proves possession of that key, and nothing else about anybody.

Spec: RFC 9449 §4.2-§4.3 (the header member ``jwk``), RFC 7638 (thumbprint), RFC 8725 §3. The one place where a key from a token
is used at all (security checklist 10); what it gives is the key's thumbprint, for comparing, never a trust.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final, cast

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey

from . import jwt

_MEMBERS: Final = {"EC": ("crv", "x", "y"), "RSA": ("n", "e"), "OKP": ("crv", "x")}
_FITTING: Final = {"ES256": ("EC", "P-256"), "PS256": ("RSA", None), "RS256": ("RSA", None), "EdDSA": ("OKP", "Ed25519")}
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_SMALLEST_RSA_BITS: Final = 2048


def verify(token: str, *, typ: str, algorithms: Collection[str]) -> tuple[dict[str, Any], str]:
    """Check a token with the key in its own header.

    Args:
        token: As received.
        typ: Exact media type.
        algorithms: Algorithms that are taken, all asymmetric.

    Returns:
        The claims, of which only the signature was checked, and the key's SHA-256 thumbprint (base64url, 43 characters).

    Raises:
        InvalidTokenError: for whatever is wrong with it.
    """
    header = jwt.header_with_key(token)
    alg, members = header.get("alg"), header.get("jwk")
    if not isinstance(alg, str) or alg not in algorithms:
        raise jwt.InvalidTokenError("The token's algorithm is not accepted.")
    if header.get("typ") != typ:
        raise jwt.InvalidTokenError("The token is of another type.")
    key = _key(members, alg)
    return jwt.signed_claims(token, key, alg), key.thumbprint()


def _key(members: Any, alg: str) -> ECKey | RSAKey | OKPKey:
    kind, curve = _FITTING.get(alg, ("", None))
    if not isinstance(members, dict) or members.get("kty") != kind or (curve and members.get("crv") != curve):
        raise jwt.InvalidTokenError("The token does not carry a key for its algorithm.")
    if not _PRIVATE.isdisjoint(members):
        raise jwt.InvalidTokenError("The token carries a private key.")
    kept: dict[str, Any] = {"kty": kind} | {name: members.get(name) for name in _MEMBERS[kind]}
    if not all(isinstance(value, str) for value in kept.values()):
        raise jwt.InvalidTokenError("The token's key is not well formed.")
    try:
        key = cast("ECKey | RSAKey | OKPKey", JWKRegistry.import_key(kept))
        small = isinstance(key, RSAKey) and key.public_key.key_size < _SMALLEST_RSA_BITS
    except (JoseError, ValueError, TypeError, KeyError):
        raise jwt.InvalidTokenError("The token's key is not well formed.") from None
    if small:
        raise jwt.InvalidTokenError("The token's key is too small.")
    return key
