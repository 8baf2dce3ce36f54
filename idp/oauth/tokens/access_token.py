"""Access tokens: how they are made, and how one that comes back is recognised.

Spec: RFC 6749 §1.4 and §5.1, RFC 6750, RFC 8693 §4.1 (act), RFC 9068, RFC 9396 §9.1. An opaque token (the default) is 256 random
bits; a JWT says the same to resource servers that read it themselves. Either way the store has a row, so that both can be
revoked. The row of a JWT is found by its jti under a prefix that no opaque token can have, because a jti is no secret and must
never pass as a token.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from joserfc.jwk import KeySet

from ...authn.assurance import published
from ...clock import Clock
from ...errors import RefusedError
from ...jose import jwt
from ...jose.keyset import SigningKey
from ..client import Client
from ..grant import Grant
from ..grants.delegation import act_claim
from ..ports import StoredAccessToken, digest
from ..proof.confirmation import claim_of, token_type_of
from ..requests.rich_authorization import Detail, spell
from . import resource_indicator

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
        audience: Whom it is for; empty for the issuer.
        details: What it allows beyond scopes, as it is stored; "" for nothing.
    """

    __slots__ = ("access_digest", "audience", "confirmation", "details", "refresh_digest")

    def __init__(self, members: dict[str, Any], access_digest: bytes, confirmation: str = "",
                 audience: tuple[str, ...] = ()) -> None:
        super().__init__(members)
        self.access_digest = access_digest
        self.confirmation = confirmation
        self.audience = audience
        self.details = ""
        self.refresh_digest: bytes | None = None


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What a token takes over from the one that it is given in exchange for (RFC 8693).

    Attributes:
        until: When that one ends; the new one lives no longer.
        actors: client_id of the applications that act for the officer, the newest first.
        known_to: By whose name for the officer the token tells of them: the application that it is meant for.
        audience: Whom the new one is for, as it was decided; empty for the issuer.
        confirmation: What that one is bound to; the new one never is bound to less.
    """

    until: int
    actors: tuple[str, ...]
    known_to: Client
    audience: tuple[str, ...] = ()
    confirmation: str = ""


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
        self.lifetime_seconds = lifetime_seconds
        self._subject_of = subject_of
        self._acr_prefix = acr_prefix

    def issue(self, client: Client, *, scope: str, grant: Grant | None, confirmation: str = "",
              audience: tuple[str, ...] = (), exchanged: Exchanged | None = None, details: Sequence[Detail] = ()) -> IssuedToken:
        """Make a token answer without refresh token.

        Args:
            client: To whom.
            scope: Space-separated; "" leaves the member out.
            grant: What it stands on; None for client credentials.
            confirmation: What it is bound to; "" for a bearer token.
            audience: Whom it is for (``resource_indicator.audience``, or identifiers of applications); empty for the issuer.
            exchanged: What it is given in exchange for; None for any other token.
            details: What it allows beyond scopes (``rich_authorization.narrowed``).

        Source: RFC 6749 §5.1, RFC 9449 §5, RFC 8707 §2.2, RFC 9396 §7.
        """
        now = self._clock.now()
        lifetime = self.lifetime_seconds if grant is None else min(self.lifetime_seconds, grant.expires_at - now)
        if exchanged is not None:
            lifetime = min(lifetime, exchanged.until - now)
        members = {"access_token": "", "token_type": token_type_of(confirmation), "expires_in": lifetime}
        if scope:
            members["scope"] = scope
        if client.access_token_format == "jwt":
            jti = secrets.token_urlsafe(16)
            members["access_token"] = self._signed(client, scope, grant, jti, now, lifetime, confirmation, audience, exchanged,
                                                   details)
            token = IssuedToken(members, _digest_of_jti(jti), confirmation, audience)
        else:
            value = members["access_token"] = secrets.token_urlsafe(32)
            token = IssuedToken(members, digest(value), confirmation, audience)
        if details:
            token["authorization_details"] = list(details)
            token.details = spell(details)
        return token

    def is_for_us(self, token: StoredAccessToken) -> bool:
        """Tell whether a token is meant for interfaces of ours, such as UserInfo; each of them has to ask (RFC 9068 §4)."""
        return resource_indicator.is_for(self._issuer, token.audience, issuer=self._issuer)

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
                confirmation: str, audience: tuple[str, ...], exchanged: Exchanged | None, details: Sequence[Detail]) -> str:
        known_to = client if exchanged is None else exchanged.known_to
        claims: dict[str, Any] = {
            "iss": self._issuer, "sub": client.client_id if grant is None else self._subject_of(known_to, grant.sub),
            "aud": resource_indicator.claim_of(audience, issuer=self._issuer), "client_id": client.client_id, "iat": now,
            "exp": now + lifetime, "jti": jti}
        if scope:
            claims["scope"] = scope
        if confirmation:
            claims["cnf"] = claim_of(confirmation)
        if exchanged is not None:
            claims["act"] = act_claim(exchanged.actors)
        if details:
            claims["authorization_details"] = list(details)
        if grant is not None:
            claims |= {"auth_time": grant.auth_time, "acr": f"{self._acr_prefix}{grant.acr}", "amr": published(grant.amr)}
        return jwt.sign(claims, self._keys.signing(ALGORITHM), typ=TYPE)


def _digest_of_jti(jti: str) -> bytes:
    return digest(f"jti:{jti}")
