"""Proof Key for Code Exchange, S256 only.

Spec: RFC 7636 §4.1-§4.6, RFC 9700 §2.1.1 and §4.8. Departs from §4.2: ``plain`` is never accepted, so a challenge without a named
method, which would mean plain, is refused as well; every application sends a challenge, unless a confidential one was let off.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from typing import Any

from authlib.oauth2.rfc6749 import InvalidGrantError, InvalidRequestError
from authlib.oauth2.rfc7636 import CodeChallenge

from .client import Client

METHOD = "S256"

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def required_of(client: Client) -> bool:
    """Tell whether a client must send a challenge: public ones always, others unless let off (security checklist 5)."""
    return client.public or client.require_pkce


def fault_of(challenge: str | None, method: str | None, *, required: bool) -> str:
    """Say what is wrong with the challenge of an authorization request; "" when nothing is.

    Source: RFC 7636 §4.3, §4.4.1.
    """
    if not challenge:
        if method:
            return "code_challenge is missing."
        return "code_challenge is required (PKCE with S256)." if required else ""
    if method != METHOD:
        return "code_challenge_method must be S256."
    if _CHALLENGE.fullmatch(challenge) is None:
        return "code_challenge is not the base64url form of a SHA-256 digest."
    return ""


def matches(verifier: str, challenge: str) -> bool:
    """Tell whether the token request proves that it began the authorization.

    Args:
        verifier: 43-128 unreserved ASCII characters, as sent to /token.
        challenge: 43 characters, base64url without padding, kept with the code.

    Source: RFC 7636 §4.6.
    """
    if _VERIFIER.fullmatch(verifier) is None:
        return False
    digest = urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest()).rstrip(b"=")
    return hmac.compare_digest(digest, challenge.encode("utf-8"))


class ProofKey(CodeChallenge):  # type: ignore[misc]
    """The two checks on Authlib's code grant, at the authorization and at the token request."""

    DEFAULT_CODE_CHALLENGE_METHOD = METHOD
    SUPPORTED_CODE_CHALLENGE_METHOD = (METHOD,)

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        """Refuse an authorization request without a sound challenge."""
        data = grant.request.payload.data
        fault = fault_of(data.get("code_challenge"), data.get("code_challenge_method"), required=required_of(grant.client))
        if fault:
            raise InvalidRequestError(fault)

    def validate_code_verifier(self, grant: Any, result: None) -> None:
        """Require the verifier where there was a challenge, and refuse one where there was none (RFC 9700 §4.8.2)."""
        verifier = grant.request.form.get("code_verifier") or ""
        challenge = grant.request.authorization_code.code_challenge
        if bool(verifier) != bool(challenge) or (challenge and not matches(verifier, challenge)):
            raise InvalidGrantError("The code_verifier does not belong to this code.")
