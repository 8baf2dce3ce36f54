"""ID tokens: who signed in, when, how well and in which session; made with every code and refresh answer of an OpenID request.

Spec: OpenID Connect Core §2, §3.1.3.3, §3.1.3.6, §5.5, §12.2; Back-Channel Logout §2.1 (sid). Plugs into the grants as an Authlib
extension: the OAuth room does not know that OpenID Connect exists. What a token says comes from the grant, so it is equal
over all refreshes; it is signed before anything is written, so that a failure leaves nothing half done. ``none`` is never
signed.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..clock import Clock
from ..errors import RefusedError
from ..jose import jwt
from ..oauth.access_token import IssuedToken, SigningKeys
from ..oauth.client import Client
from ..oauth.grant import Grant
from . import claims_request
from .claims_request import Wish
from .encryption import ResponseEncryption
from .subject import Subjects

ALGORITHMS = ("RS256", "ES256")
"""Algorithms a client may register; RS256 is the default (OpenID Connect Registration §2)."""

SCOPE = "openid"
TYPE = "JWT"
_SKEW_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Hint:
    """What an ID token that comes back says of a sign-in, in its application's words; expired ones say it too."""

    sub: str
    sid: str
    client_id: str


class IdTokens:
    """Makes ID tokens and reads those that come back as hints.

    Args:
        issuer: The provider's issuer identifier.
        keys: Our signing keys.
        subjects: Gives the names that applications know officers and sessions by.
        clock: Source of the time.
        acr_prefix: Prefix of acr values; the level follows.
        claims_of: Gives the claims of an officer that were asked for by name (client, sub, what was asked).
        encryption: Encrypts to applications that asked for it.
        lifetime_seconds: How long an application may take a token for a fresh sign-in.
    """

    def __init__(self, *, issuer: str, keys: SigningKeys, subjects: Subjects, clock: Clock, acr_prefix: str,
                 claims_of: Callable[[Client, str, Mapping[str, Wish]], Mapping[str, Any]], encryption: ResponseEncryption,
                 lifetime_seconds: int = 600) -> None:
        self._issuer = issuer
        self._keys = keys
        self._subjects = subjects
        self._clock = clock
        self._acr_prefix = acr_prefix
        self._claims_of = claims_of
        self._encryption = encryption
        self._lifetime_seconds = lifetime_seconds

    def __call__(self, grant: Any) -> None:
        """Register on a new code or refresh grant (asked by Authlib)."""
        grant.register_hook("before_save_token", self._add)

    def _add(self, grant: Any, token: IssuedToken) -> None:
        if SCOPE in token.get("scope", "").split():
            credential = grant.request.authorization_code or grant.request.refresh_token
            token["id_token"] = self.make(grant.client, credential.grant, access_token=token["access_token"])

    def make(self, client: Client, grant: Grant, *, access_token: str) -> str:
        """Sign an ID token, and encrypt it for an application that asked for that.

        Args:
            client: Its only audience, so that no azp is needed (§2).
            grant: What it tells of.
            access_token: Issued with it; bound by at_hash (§3.1.3.6).

        Raises:
            UnavailableError: the application has no key to encrypt to now.
        """
        now = self._clock.now()
        asked = claims_request.of_grant(grant)
        told = self._claims_of(client, grant.sub, asked.id_token) if asked.id_token else {}
        claims: dict[str, Any] = {
            **told, "iss": self._issuer, "sub": self._subjects.of(client, grant.sub), "aud": client.client_id, "iat": now,
            "exp": now + self._lifetime_seconds, "auth_time": grant.auth_time,
            "acr": asked.acr_of([f"{self._acr_prefix}{level}" for level in range(grant.acr, 0, -1)]),
            "amr": list(grant.amr), "sid": self._subjects.session_of(client, grant.sid), "at_hash": at_hash(access_token)}
        if grant.nonce:
            claims["nonce"] = grant.nonce
        token = jwt.sign(claims, self._keys.signing(client.id_token_signed_response_alg), typ=TYPE)
        return self._encryption.id_token(client, token)

    def read_hint(self, token: str) -> Hint:
        """Read an ID token of ours that comes back, expired or not.

        Raises:
            InvalidTokenError: it is none of ours, or no ID token (access and logout tokens name another type).
        """
        claims = jwt.verify(token, self._keys.verification(), algorithms=ALGORITHMS, typ=TYPE, issuer=self._issuer, audience=None,
                            now=self._clock.now(), leeway=_SKEW_SECONDS, allow_expired=True)
        sub, sid, audience = claims.get("sub"), claims.get("sid"), claims.get("aud")
        if not (isinstance(sub, str) and isinstance(sid, str) and isinstance(audience, str)):
            raise jwt.InvalidTokenError("The token is no ID token.")
        return Hint(sub, sid, audience)

    def subject_of_hint(self, token: str, client_id: str) -> str:
        """Give the subject of an ``id_token_hint`` that this very client sends (OpenID Connect Core §3.1.2.1).

        Raises:
            RefusedError: it is no ID token of ours, or was made for another application.
        """
        hint = self.read_hint(token)
        if hint.client_id != client_id:
            raise RefusedError("The ID token was made for another application.", code="invalid_request")
        return hint.sub


def at_hash(access_token: str) -> str:
    """Give the left half of the SHA-256 of an access token, base64url; both algorithms hash with SHA-256 (§3.1.3.6)."""
    return urlsafe_b64encode(hashlib.sha256(access_token.encode("ascii")).digest()[:16]).rstrip(b"=").decode("ascii")
