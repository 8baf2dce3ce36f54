"""Access tokens: how they are made, and how one that comes back is recognised.

Spec: RFC 6749 §1.4 and §5.1, RFC 6750, RFC 9068. An opaque token (the default) is 256 random bits; a JWT says the same to
resource servers that read it themselves. Either way the store has a row, so that both can be revoked. The row of a JWT is
found by its jti under a prefix that no opaque token can have, because a jti is no secret and must never pass as a token.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import Any, Protocol

from joserfc.jwk import KeySet

from ..clock import Clock
from ..errors import RefusedError
from ..jose import jwt
from ..jose.keyset import SigningKey
from .client import Client
from .grant import Grant
from .ports import digest
from .proof.confirmation import claim_of, token_type_of

TYPE = "at+jwt"
ALGORITHM = "ES256"

_OPAQUE = re.compile(r"[A-Za-z0-9_-]{43}")


class SigningKeys(Protocol):
    """Our keys (``jose.keyset.KeyRing``)."""

    def signing(self, alg: str) -> SigningKey:
        """Give the active key of an algorithm."""
        ...

    def verification(self) -> KeySet:
        """Give the public keys that verify."""
        ...


class TokenRefusedError(RefusedError):
    """A protected resource of ours refuses a request (RFC 6750 §3).

    Attributes:
        code: ``invalid_request``, ``invalid_token``, ``insufficient_scope``; "" where no token came at all.
        scope: What would have been needed.
        scheme: Of the challenge: Bearer, or DPoP (RFC 9449 §7.1).
        nonce: For the next proof; "" where none is needed.
        acr_values: Levels that would be enough (RFC 9470 §3); "" where the level is not what is wrong.
    """

    status = 401
    code = "invalid_token"

    def __init__(self, message: str, *, code: str = "invalid_token", scope: str = "", scheme: str = "Bearer",
                 nonce: str = "", acr_values: str = "") -> None:
        super().__init__(message, code=code, status={"invalid_request": 400, "insufficient_scope": 403}.get(code, 401))
        self.scope = scope
        self.scheme = scheme
        self.nonce = nonce
        self.acr_values = acr_values


class IssuedToken(dict[str, Any]):
    """The members of a token answer, and beside them what the store keeps instead of the values.

    Attributes:
        access_digest: 32 bytes.
        refresh_digest: 32 bytes; None where no refresh token is given.
        confirmation: What the access token is bound to.
    """

    __slots__ = ("access_digest", "confirmation", "refresh_digest")

    def __init__(self, members: dict[str, Any], access_digest: bytes, confirmation: str = "") -> None:
        super().__init__(members)
        self.access_digest = access_digest
        self.confirmation = confirmation
        self.refresh_digest: bytes | None = None


class AccessTokens:
    """Makes access tokens and recognises them.

    Args:
        issuer: The provider's issuer identifier.
        keys: Our signing keys.
        clock: Source of the time.
        lifetime_seconds: Of each access token; a grant that ends earlier shortens it.
        subject_of: Gives the subject that a client knows an officer by.
        acr_prefix: Prefix of acr values; the level follows.
    """

    def __init__(self, *, issuer: str, keys: SigningKeys, clock: Clock, lifetime_seconds: int,
                 subject_of: Callable[[Client, str], str], acr_prefix: str) -> None:
        self._issuer = issuer
        self._keys = keys
        self._clock = clock
        self._lifetime_seconds = lifetime_seconds
        self._subject_of = subject_of
        self._acr_prefix = acr_prefix

    def issue(self, client: Client, *, scope: str, grant: Grant | None, confirmation: str = "") -> IssuedToken:
        """Make a token answer without refresh token.

        Args:
            client: To whom.
            scope: Space-separated; "" leaves the member out.
            grant: What it stands on; None for client credentials.
            confirmation: What it is bound to; "" for a bearer token.

        Source: RFC 6749 §5.1, RFC 9449 §5.
        """
        now = self._clock.now()
        lifetime = self._lifetime_seconds if grant is None else min(self._lifetime_seconds, grant.expires_at - now)
        members = {"access_token": "", "token_type": token_type_of(confirmation), "expires_in": lifetime}
        if scope:
            members["scope"] = scope
        if client.access_token_format == "jwt":
            jti = secrets.token_urlsafe(16)
            members["access_token"] = self._signed(client, scope, grant, jti, now, lifetime, confirmation)
            return IssuedToken(members, _digest_of_jti(jti), confirmation)
        value = members["access_token"] = secrets.token_urlsafe(32)
        return IssuedToken(members, digest(value), confirmation)

    def locate(self, token: str) -> bytes | None:
        """Give the digest under which the store would have a token; None when it cannot be one of ours.

        A JWT counts only with our signature, our issuer and the type at+jwt; whether it is still good is the row's matter.
        """
        if _OPAQUE.fullmatch(token):
            return digest(token)
        if token.count(".") != 2:
            return None
        try:
            claims = jwt.verify(token, self._keys.verification(), algorithms=(ALGORITHM,), typ=TYPE, issuer=self._issuer,
                                audience=None, now=self._clock.now())
        except jwt.InvalidTokenError:
            return None
        jti = claims.get("jti")
        return _digest_of_jti(jti) if isinstance(jti, str) else None

    def _signed(self, client: Client, scope: str, grant: Grant | None, jti: str, now: int, lifetime: int,
                confirmation: str) -> str:
        claims: dict[str, Any] = {
            "iss": self._issuer, "sub": client.client_id if grant is None else self._subject_of(client, grant.sub),
            "aud": self._issuer, "client_id": client.client_id, "iat": now, "exp": now + lifetime, "jti": jti}
        if scope:
            claims["scope"] = scope
        if confirmation:
            claims["cnf"] = claim_of(confirmation)
        if grant is not None:
            claims |= {"auth_time": grant.auth_time, "acr": f"{self._acr_prefix}{grant.acr}", "amr": list(grant.amr)}
        return jwt.sign(claims, self._keys.signing(ALGORITHM), typ=TYPE)


def _digest_of_jti(jti: str) -> bytes:
    return digest(f"jti:{jti}")
