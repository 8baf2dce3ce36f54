"""ID tokens: who signed in, when, how well and in which session; made with every token answer to an OpenID request.

Spec: OpenID Connect Core §2, §3.1.3.3, §3.1.3.6, §3.2.2.10, §3.3.2.11, §5.4, §5.5, §12.2; FAPI 1.0 Advanced §5.2.2.1 (s_hash);
Back-Channel Logout §2.1 (sid). Plugs into the grants as an Authlib extension: the OAuth room does not know that OpenID Connect
exists. What a token says comes from the grant, so it is equal over all refreshes and on both ways; it is signed before anything
is written, so that a failure leaves nothing half done. ``none`` is never signed.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from ..authn.assurance import published
from ..clock import Clock
from ..errors import RefusedError
from ..jose import jwt
from ..oauth.client import Client
from ..oauth.grant import Grant
from ..oauth.grants.front_channel import FrontChannelAnswer
from ..oauth.response import gives
from ..oauth.scope import OPENID
from ..oauth.tokens.access_token import IssuedToken, SigningKeys
from . import acting_post, claims_request
from .claims_request import Wish
from .encryption import ResponseEncryption
from .subject import Subjects

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
"""Algorithms a client may register; RS256 is the default (OpenID Connect Registration §2)."""

SCOPE = OPENID
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
        claims_of: Gives what an ID token tells of an officer beside the sign-in (client, grant, scopes, what was asked).
        encryption: Encrypts to applications that asked for it.
        lifetime_seconds: How long an application may take a token for a fresh sign-in.
    """

    def __init__(self, *, issuer: str, keys: SigningKeys, subjects: Subjects, clock: Clock, acr_prefix: str,
                 claims_of: Callable[[Client, Grant, Collection[str], Mapping[str, Wish]], Mapping[str, Any]],
                 encryption: ResponseEncryption,
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
        """Register on a new grant (asked by Authlib)."""
        grant.register_hook("before_save_token", self._add)
        grant.register_hook("before_send_answer", self._add_to_answer)

    def _add(self, grant: Any, token: IssuedToken) -> None:
        if SCOPE in token.get("scope", "").split():
            credential = grant.request.authorization_code or grant.request.refresh_token or grant.request.credential
            token["id_token"] = self.make(grant.client, credential.grant, access_token=token["access_token"])

    def _add_to_answer(self, grant: Any, answer: FrontChannelAnswer) -> None:
        """Add an ID token to what leaves through the browser; it tells all where there will be no access token (§5.4)."""
        kind = answer.asked.response_type
        if not gives(kind, "id_token"):
            return
        answer.members["id_token"] = self.make(
            grant.client, answer.grant, access_token=answer.members.get("access_token", ""),
            code=answer.members.get("code", ""), state=answer.asked.state or "",
            scopes=answer.asked.scope if kind == "id_token" else ())

    def make(self, client: Client, grant: Grant, *, access_token: str = "", code: str = "", state: str = "",
             scopes: Collection[str] = ()) -> str:
        """Sign an ID token, and encrypt it for an application that asked for that.

        Args:
            client: Its only audience, so that no azp is needed (§2).
            grant: What it tells of.
            access_token: Issued with it; bound by at_hash (§3.1.3.6, §3.2.2.10).
            code: Issued with it; bound by c_hash (§3.3.2.11).
            state: Of the request that it answers through the browser; bound by s_hash.
            scopes: Scopes whose claims it tells, where no access token is issued to ask with (§5.4).

        Raises:
            UnavailableError: the application has no key to encrypt to now.
        """
        now = self._clock.now()
        algorithm = client.id_token_signed_response_alg
        asked = claims_request.of_grant(grant)
        # The post is a fact of this sign-in, like acr, so the token that tells of the sign-in always tells it.
        tells = {*scopes, acting_post.SCOPE} if acting_post.SCOPE in grant.scope.split() else scopes
        told = self._claims_of(client, grant, tells, asked.id_token) if tells or asked.id_token else {}
        bound = {"at_hash": access_token, "c_hash": code, "s_hash": state}
        members: dict[str, Any] = {
            **told, "iss": self._issuer, "sub": self._subjects.of(client, grant.sub), "aud": client.client_id, "iat": now,
            "exp": now + self._lifetime_seconds, "auth_time": grant.auth_time,
            "acr": asked.acr_of([f"{self._acr_prefix}{level}" for level in range(grant.acr, 0, -1)]),
            "amr": published(grant.amr), "sid": self._subjects.session_of(client, grant.sid),
            **{name: half_hash(value, algorithm) for name, value in bound.items() if value}}
        if grant.nonce:
            members["nonce"] = grant.nonce
        return self._encryption.id_token(client, jwt.sign(members, self._keys.signing(algorithm), typ=TYPE))

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


def half_hash(value: str, algorithm: str) -> str:
    """Give the left half of a hash, base64url.

    Args:
        value: An access token, a code or a state, as it stands in the answer.
        algorithm: How the ID token is signed. Its hash is taken: SHA-256, and for EdDSA, whose name holds none, the SHA-512 that
            is inside Ed25519 (RFC 8032 §5.1), as the certification suite does.

    Source: OpenID Connect Core §3.1.3.6, §3.3.2.11.
    """
    digest = (hashlib.sha512 if algorithm == "EdDSA" else hashlib.sha256)(value.encode("utf-8")).digest()
    return urlsafe_b64encode(digest[:len(digest) // 2]).rstrip(b"=").decode("ascii")
