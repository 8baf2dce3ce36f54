"""DPoP: a request proves that whoever sends it holds a key.

Spec: RFC 9449 §4 (proofs), §5-§6 (binding), §7 (resources), §8-§9 (nonces). A proof counts once, for a minute, for one method and
one address. Nonces are made of the time and a key that all nodes have, so that nothing is stored for them; a proof that carries
one must carry a good one, and where the deployment asks for nonces every proof must.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from authlib.oauth2 import OAuth2Error

from ...clock import Clock
from ...jose import embedded_key, jwt
from ..ports import SeenOnce

TYPE: Final = "dpop+jwt"
ALGORITHMS: Final = ("ES256", "PS256", "EdDSA")
"""Algorithms of proofs; discovery lists the same. RFC 9449 §5.1 leaves them to the server: those of FAPI 2.0 Security Profile
§5.4.1, for every application. A proof is read before it is known whose token it comes with, so that RS256 for some would be a
second path for all; and software that holds an RSA key signs PS256 with it."""
LIFE_SECONDS: Final = 60
SKEW_SECONDS: Final = 10
NONCE_SECONDS: Final = 300
"""A nonce is good for this time, and the same time again while its successor is handed out."""
LONGEST: Final = 8192
_LONGEST_JTI: Final = 255


class InvalidProofError(OAuth2Error):  # type: ignore[misc]
    """The proof proves nothing (RFC 9449 §5)."""

    error = "invalid_dpop_proof"

    def __init__(self, description: str) -> None:
        super().__init__(description=description, status_code=400)


class NonceNeededError(OAuth2Error):  # type: ignore[misc]
    """The proof has to be made again with a nonce of ours (RFC 9449 §8).

    Attributes:
        nonce: The one to use.
    """

    error = "use_dpop_nonce"

    def __init__(self, nonce: str) -> None:
        super().__init__(description="The DPoP proof needs the nonce of this answer.", status_code=400)
        self.nonce = nonce

    def get_headers(self) -> list[tuple[str, str]]:
        """Give the headers of the answer."""
        return [*super().get_headers(), ("DPoP-Nonce", self.nonce)]


@dataclass(frozen=True, slots=True)
class Presented:
    """How a request was sent that a proof has to fit.

    Attributes:
        proof: The DPoP header, or "" where none came.
        method: HTTP method.
        addresses: Our own addresses of the endpoint, from configuration and not from the request.
    """

    proof: str
    method: str
    addresses: tuple[str, ...]


class Nonces:
    """Makes and recognises nonces.

    Args:
        key: Known to every node, to nobody else.
        clock: Source of the time.
        required: Whether every proof needs one.
    """

    def __init__(self, key: bytes, clock: Clock, *, required: bool = False) -> None:
        self._key = key
        self._clock = clock
        self.required = required

    def current(self) -> str:
        """Give the nonce of this moment."""
        return self._of(self._clock.now() // NONCE_SECONDS)

    def good(self, nonce: str) -> bool:
        """Tell whether it is this moment's or the one before (nodes' clocks may differ a little the other way)."""
        step = self._clock.now() // NONCE_SECONDS
        sent = nonce.encode("utf-8", "surrogatepass")
        return any(hmac.compare_digest(sent, self._of(number).encode()) for number in (step, step - 1, step + 1))

    def _of(self, step: int) -> str:
        return _base64url(hmac.digest(self._key, b"dpop-nonce %d" % step, "sha256")[:16])


class Proofs:
    """Checks proofs.

    Args:
        seen: Remembers each jti.
        nonces: Ours.
        clock: Source of the time.
    """

    def __init__(self, seen: SeenOnce, nonces: Nonces, clock: Clock) -> None:
        self._seen = seen
        self.nonces = nonces
        self._clock = clock

    def thumbprint(self, presented: Presented, *, access_token: str | None = None) -> str:
        """Check a proof and give the thumbprint of its key; its jti is used up by it.

        Args:
            presented: The proof and the request that it has to fit.
            access_token: At a resource, the token that it must name by ``ath``.

        Raises:
            InvalidProofError: it proves nothing.
            NonceNeededError: it needs a nonce, or another one.
            UnavailableError: the database does not answer.

        Source: RFC 9449 §4.3.
        """
        if len(presented.proof) > LONGEST:
            raise InvalidProofError("The DPoP proof is too long.")
        try:
            claims, thumbprint = embedded_key.verify(presented.proof, typ=TYPE, algorithms=ALGORITHMS)
        except jwt.InvalidTokenError as err:
            raise InvalidProofError(err.message.replace("The token", "The DPoP proof", 1)) from None
        issued_at = self._times(claims)
        if claims.get("htm") != presented.method or not _is_one_of(claims.get("htu"), presented.addresses):
            raise InvalidProofError("The DPoP proof is for another request.")
        if access_token is not None and claims.get("ath") != _base64url(hashlib.sha256(access_token.encode()).digest()):
            raise InvalidProofError("The DPoP proof is for another access token.")
        self._check_nonce(claims.get("nonce"))
        jti = claims.get("jti")
        if not isinstance(jti, str) or not 0 < len(jti) <= _LONGEST_JTI:
            raise InvalidProofError("jti of the DPoP proof is missing or too long.")
        if not self._seen.take("dpop", f"{thumbprint} {jti}", now=self._clock.now(),
                               expires_at=int(issued_at) + LIFE_SECONDS + SKEW_SECONDS + 1):
            raise InvalidProofError("The DPoP proof was used before.")
        return thumbprint

    def _times(self, claims: dict[str, Any]) -> float:
        now = self._clock.now()
        times = {name: claims[name] for name in ("iat", "nbf", "exp") if name in claims}
        if "iat" not in times or not all(isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e12
                                         for value in times.values()):
            raise InvalidProofError("The DPoP proof does not say when it was made.")
        issued_at: float = times["iat"]
        if not now - LIFE_SECONDS - SKEW_SECONDS <= issued_at <= now + SKEW_SECONDS:
            raise InvalidProofError("The DPoP proof is too old, or from the future.")
        if times.get("nbf", 0) > now + SKEW_SECONDS or times.get("exp", now + 1) + SKEW_SECONDS <= now:
            raise InvalidProofError("The DPoP proof is not valid now.")
        return issued_at

    def _check_nonce(self, nonce: Any) -> None:
        if nonce is None and not self.nonces.required:
            return
        if not isinstance(nonce, str) or not self.nonces.good(nonce):
            raise NonceNeededError(self.nonces.current())


def _is_one_of(sent: Any, addresses: tuple[str, ...]) -> bool:
    """Compare addresses without query and fragment, after the normalisation that RFC 9449 §4.3 allows (case, default port)."""
    if not isinstance(sent, str) or len(sent) > 2048:
        return False
    try:
        return _normal(sent) in map(_normal, addresses)
    except ValueError:
        return False


def _normal(address: str) -> tuple[str, str, int | None, str]:
    parts = urlsplit(address)
    scheme = parts.scheme.lower()
    port = parts.port or {"https": 443, "http": 80}.get(scheme)
    if parts.username is not None or parts.password is not None:
        raise ValueError("no user in the address")
    return scheme, (parts.hostname or "").lower(), port, parts.path or "/"


def _base64url(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode("ascii")
