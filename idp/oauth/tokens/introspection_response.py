"""Introspection answers that stay proof of what the provider said: signed, and encrypted where the asking client wants that.

Spec: RFC 9701 §4, §5, §6, §8.1; RFC 9110 §12.5.1 (Accept); FAPI 2.0 Message Signing §5.5. The answer is a JWT only where the
request asks for one; all checks are those of the plain answer (``introspection.py``), whose members stand in
``token_introspection``. It has a type of its own and neither ``sub`` nor ``exp``, so that it never passes for an access token or
an ID token (security checklist 11). Departs from RFC 9701 §4 (400 for a caller who does not authenticate): 401 with its
challenge, as RFC 7662 §2.3 and RFC 6749 §5.2 have it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ...clock import Clock
from ...jose import jwt
from ..client import Client
from ..clients.keys import ClientKeys
from .access_token import SigningKeys

TYPE: Final = "token-introspection+jwt"
MEDIA_TYPE: Final = f"application/{TYPE}"
ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA")
"""Algorithms that an application may register; the first is the default (§6)."""
_LONGEST_ACCEPT: Final = 1024


def asks_for_jwt(accept: str) -> bool:
    """Tell whether an Accept header names the media type, and does not rather have JSON.

    Args:
        accept: As received; "" where there was none. Wildcards ask for nothing in particular: JSON.
    """
    if MEDIA_TYPE not in accept.lower():
        return False
    weights: dict[str, float] = {}
    for part in accept[:_LONGEST_ACCEPT].lower().split(","):
        name, *parameters = (word.strip() for word in part.split(";"))
        weights[name] = next((_weight(word[2:]) for word in parameters if word.startswith("q=")), 1.0)
    return weights.get(MEDIA_TYPE, 0.0) > 0 and weights[MEDIA_TYPE] >= weights.get("application/json", 0.0)


def _weight(text: str) -> float:
    """Read a weight; what is none counts as nothing."""
    return float(text) if text[:1] in {"0", "1"} and text.replace(".", "", 1).isdecimal() and text.isascii() else 0.0


class SignedIntrospection:
    """Gives introspection answers as JWTs.

    Args:
        issuer: The provider's issuer identifier.
        keys: Our signing keys.
        client_keys: The applications' keys, to encrypt to.
        clock: Source of the time.
    """

    def __init__(self, *, issuer: str, keys: SigningKeys, client_keys: ClientKeys, clock: Clock) -> None:
        self._issuer = issuer
        self._keys = keys
        self._client_keys = client_keys
        self._clock = clock

    def answer(self, asking: Client, members: Mapping[str, Any]) -> str:
        """Sign an answer for the client that asked, and encrypt it where the client registered that.

        Args:
            asking: The resource server; the only audience.
            members: Of the plain answer.

        Raises:
            UnavailableError: it is to be encrypted, and the client has no key for it now; nothing is told then.

        Source: RFC 9701 §5.
        """
        claims = {"iss": self._issuer, "aud": asking.client_id, "iat": self._clock.now(), "token_introspection": members}
        token = jwt.sign(claims, self._keys.signing(asking.introspection_signed_response_alg), typ=TYPE)
        alg = asking.introspection_encrypted_response_alg
        if not alg:
            return token
        return self._client_keys.encrypted(asking, token, alg=alg, enc=asking.introspection_encrypted_response_enc, cty="JWT")
