"""The form of a UserInfo answer: JSON, or a JWT that is signed, encrypted, or both, as the application registered.

Spec: OpenID Connect Core §5.3.2, §5.3.4; OpenID Connect Registration §2 (userinfo_signed_response_alg and its kin). A JWT names
issuer and audience, so that it proves something to nobody else. It has no expiry and no session, so that it never passes for an
ID token (security checklist 11).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..jose import jwt
from ..oauth.proof.holder import TokenUse
from ..oauth.tokens.access_token import SigningKeys
from .claims import UserInfo
from .encryption import ResponseEncryption


class UserInfoAnswers:
    """Answers UserInfo requests.

    Args:
        userinfo: Finds the claims for a token.
        issuer: The provider's issuer identifier.
        keys: Our signing keys.
        encryption: Encrypts to applications.
    """

    def __init__(self, userinfo: UserInfo, *, issuer: str, keys: SigningKeys, encryption: ResponseEncryption) -> None:
        self._userinfo = userinfo
        self._issuer = issuer
        self._keys = keys
        self._encryption = encryption

    def answer(self, access_token: str, use: TokenUse) -> Mapping[str, Any] | str:
        """Give the members of a JSON answer, or a JWT in compact form.

        Args:
            access_token: As received.
            use: How it was sent, with the proof that came beside it.

        Raises:
            TokenRefusedError: as ``UserInfo.claims``.
            UnavailableError: the application wants to be answered encrypted and has no key for it now.
        """
        client, claims = self._userinfo.claims(access_token, use)
        signing = client.userinfo_signed_response_alg
        if not signing and not client.userinfo_encrypted_response_alg:
            return claims
        members = {**claims, "iss": self._issuer, "aud": client.client_id}
        content = jwt.sign(members, self._keys.signing(signing), typ="JWT") if signing else json.dumps(members)
        if not client.userinfo_encrypted_response_alg:
            return content
        return self._encryption.userinfo(client, content, signed=bool(signing))
