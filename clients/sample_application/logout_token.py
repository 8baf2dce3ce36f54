"""Reading a logout token: the provider's notice that an officer's session has ended.

Spec: OpenID Connect Back-Channel Logout 1.0 §2.4 (the token), §2.6 (how it is validated).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

EVENT = "http://schemas.openid.net/event/backchannel-logout"
LONGEST_TOKEN = 8192
CLOCK_TOLERANCE_SECONDS = 60
OLDEST_SECONDS = 300


class LogoutTokenError(Exception):
    """The token is not a logout token of our provider for us; the text says why and is safe to answer with."""


@dataclass(frozen=True)
class LogoutNotice:
    """Whose sessions end: those of the provider's session ``sid``, or without it all of the officer ``sub``."""

    sid: str | None
    sub: str | None


class SeenTokens:
    """Remembers the ``jti`` of tokens until they would be refused as expired anyway."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until: dict[str, int] = {}

    def first_time(self, jti: str, until: int, *, now: int) -> bool:
        """Take note of a token; False when it was there before."""
        with self._lock:
            for old in [key for key, end in self._until.items() if end < now]:
                del self._until[old]
            if jti in self._until:
                return False
            self._until[jti] = until
            return True


def read(token: str, keys: KeySet, *, issuer: str, client_id: str, algorithms: list[str], seen: SeenTokens,
         now: int) -> LogoutNotice:
    """Validate a logout token.

    Args:
        token: The form parameter ``logout_token``.
        keys: The provider's published keys.
        issuer: The provider's issuer identifier, exactly.
        client_id: Our own identifier; must be the audience.
        algorithms: What the provider may sign with; never ``none`` and never a MAC.
        seen: Remembers tokens that were used.
        now: Seconds since 1970, UTC.

    Raises:
        LogoutTokenError: anything is wrong with it. Unknown keys raise ``joserfc.errors.InvalidKeyIdError``, so that the
            caller can fetch the keys anew.

    Source: OpenID Connect Back-Channel Logout 1.0 §2.6.
    """
    if len(token) > LONGEST_TOKEN or token.count(".") != 2:
        raise LogoutTokenError("logout_token is not a compact JWT")
    decoded = _decode(token, keys, algorithms)
    if decoded.header.get("typ", "logout+jwt").lower().removeprefix("application/") != "logout+jwt":
        raise LogoutTokenError("typ is not logout+jwt")
    claims: dict[str, Any] = decoded.claims
    if claims.get("iss") != issuer:
        raise LogoutTokenError("iss is not our provider")
    audience = claims.get("aud")
    if client_id not in (audience if isinstance(audience, list) else [audience]):
        raise LogoutTokenError("aud is not this application")
    issued, expires = claims.get("iat"), claims.get("exp")
    if not isinstance(issued, int) or not now - OLDEST_SECONDS <= issued <= now + CLOCK_TOLERANCE_SECONDS:
        raise LogoutTokenError("iat is missing, too old or in the future")
    if not isinstance(expires, int) or expires < now - CLOCK_TOLERANCE_SECONDS:
        raise LogoutTokenError("exp is missing or past")
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):
        raise LogoutTokenError("events does not hold the logout event")
    if "nonce" in claims:
        raise LogoutTokenError("nonce is there, so this may be an ID token")
    sid, sub = claims.get("sid"), claims.get("sub")
    if (sid is None and sub is None) or not all(value is None or isinstance(value, str) for value in (sid, sub)):
        raise LogoutTokenError("neither sid nor sub is given")
    jti = claims.get("jti")
    if not isinstance(jti, str) or not jti:
        raise LogoutTokenError("jti is missing")
    if not seen.first_time(jti, now + OLDEST_SECONDS + CLOCK_TOLERANCE_SECONDS, now=now):
        raise LogoutTokenError("this token was used before")
    return LogoutNotice(sid=sid, sub=sub)


def _decode(token: str, keys: KeySet, algorithms: list[str]) -> jwt.Token:
    try:
        return jwt.decode(token, keys, algorithms=algorithms)
    except InvalidKeyIdError:
        raise
    except (JoseError, ValueError, TypeError, KeyError) as err:
        raise LogoutTokenError("the signature or the form of the token is not valid") from err
