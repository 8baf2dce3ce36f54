"""Client assertions: an application proves who it is with a JWT that it signed itself.

Spec: RFC 7521 §4.2, RFC 7523 §2.2 and §3, OpenID Connect Core §9 (private_key_jwt, client_secret_jwt), RFC 10070 (audience),
FAPI 2.0 Security Profile §5.3.2.1 and §5.4.1 (audience, skew, algorithms).
Departs from RFC 7523 §3: the audience is the issuer alone, as a text or (outside the profile fapi2) as a list of one; the token
endpoint's address counts only for a client whose operator set ``assertion_audience = "token_endpoint"``. A jti is required and
counts once; an assertion lives five minutes at most, and one that says when it was made (iat) is no older and not from the
future (security checklist 16). What it must be signed with, a key of the client's or its secret, follows from the registered
method alone and never from the assertion, so that no public key is ever taken for a secret (RFC 8725 §3.1). The profile fapi2
knows no secrets.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from authlib.oauth2.rfc6749 import InvalidRequestError

from ...clock import Clock
from ...errors import RefusedError
from ...jose import jwt
from ..client import Client
from ..ports import SeenOnce
from .client_secret import ClientSecrets
from .keys import ClientKeys, KeyHolder

TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
METHOD: Final = "private_key_jwt"
WITH_SECRET: Final = "client_secret_jwt"
METHODS: Final = (METHOD, WITH_SECRET)
ALGORITHMS: Final = ("ES256", "PS256", "RS256", "EdDSA")
"""Algorithms of assertions signed with keys."""
SECRET_ALGORITHMS: Final = jwt.MAC_ALGORITHMS
"""Those signed with a secret. HS256 alone: a secret has 43 characters, HS384 and HS512 need longer ones (RFC 7518 §3.2)."""
STRICT_ALGORITHMS: Final = ("ES256", "PS256", "EdDSA")
"""Those of the profile fapi2."""
BY_METHOD: Final[Mapping[str, tuple[str, ...]]] = {METHOD: ALGORITHMS, WITH_SECRET: SECRET_ALGORITHMS}
"""What discovery lists, for the methods that are offered."""
LONGEST_LIFE_SECONDS: Final = 300
SKEW_SECONDS: Final = 10
_LONGEST_JTI: Final = 255


class AssertionRefusedError(RefusedError):
    """The assertion proves nothing; the message says why and quotes nothing of it."""

    code = "invalid_client"
    status = 401


def names(form: Mapping[str, str]) -> str | None:
    """Tell which client an assertion claims to be from; None where none was sent.

    Raises:
        InvalidRequestError: client_id names another client, or only half of an assertion came (RFC 7521 §4.2).
        AssertionRefusedError: the assertion is of another type or not well formed.
    """
    assertion, kind = form.get("client_assertion"), form.get("client_assertion_type")
    if assertion is None and kind is None:
        return None
    if assertion is None or kind is None:
        raise InvalidRequestError("client_assertion and client_assertion_type go together.")
    if kind != TYPE:
        raise AssertionRefusedError("client_assertion_type is not one that is offered.")
    try:
        subject = jwt.unverified_claims(assertion).get("sub")
    except jwt.InvalidTokenError:
        raise AssertionRefusedError("The client assertion is not well formed.") from None
    if not isinstance(subject, str) or not subject:
        raise AssertionRefusedError("The client assertion does not say whom it is from.")
    if form.get("client_id", subject) != subject:
        raise InvalidRequestError("client_id differs from the subject of the client assertion.")
    return subject


def verified(assertion: str, holder: KeyHolder, *, keys: ClientKeys, algorithms: Collection[str], now: int,
             what: str = "client assertion") -> dict[str, Any]:
    """Check signature, type and times of an assertion, and give its claims; whose it is and whom it is for the caller checks.

    Args:
        assertion: As received.
        holder: Whose keys may have signed it.
        keys: Where they are.
        algorithms: Those that are taken.
        now: Seconds since the epoch.
        what: Its name, for the sentence that refuses it.

    Raises:
        AssertionRefusedError: it proves nothing.
        UnavailableError: the keys cannot be had now.
    """
    try:
        header = jwt.header_of(assertion)
        alg = header["alg"]
        if alg not in algorithms:
            raise AssertionRefusedError(f"The algorithm of the {what} is not accepted.")
        for key in keys.verifying(holder, alg=alg, kid=header.get("kid")):
            try:
                return jwt.verify(assertion, key, algorithms=(alg,), typ=None, issuer=None, audience=None, now=now,
                                  leeway=SKEW_SECONDS)
            except jwt.BadSignatureError:
                continue
    except jwt.InvalidTokenError as err:
        raise AssertionRefusedError(err.message.replace("The token", f"The {what}", 1)) from None
    raise AssertionRefusedError(f"The {what} is not signed by a key of whom it is from.")


def use_up(claims: Mapping[str, Any], by: str, *, kind: str, seen: SeenOnce, now: int, what: str = "client assertion") -> None:
    """Refuse an assertion that lives too long or has no jti; use up its jti, which counts once.

    Args:
        claims: As verified.
        by: Whom it is from; a jti of somebody else is another one.
        kind: Kind of assertion, for ``SeenOnce``.
        seen: Remembers each jti.
        now: Seconds since the epoch.
        what: Its name, for the sentence that refuses it.

    Raises:
        AssertionRefusedError: it counts for nothing (any more).
    """
    expires = claims["exp"]
    if expires > now + LONGEST_LIFE_SECONDS + SKEW_SECONDS:
        raise AssertionRefusedError(f"The {what} is valid for longer than five minutes.")
    if claims.get("iat", now) < now - LONGEST_LIFE_SECONDS - SKEW_SECONDS:
        raise AssertionRefusedError(f"The {what} was made more than five minutes ago.")
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= _LONGEST_JTI:
        raise AssertionRefusedError(f"jti of the {what} is missing or too long.")
    if not seen.take(kind, f"{by} {jti}", now=now, expires_at=int(expires) + SKEW_SECONDS + 1):
        raise AssertionRefusedError(f"The {what} was used before.")


class ClientAssertions:
    """Checks assertions.

    Args:
        issuer: The provider's issuer identifier: the one audience.
        token_endpoint: Its address, for clients that were let off.
        keys: The applications' keys.
        secrets: The secrets of applications that sign with theirs.
        seen: Remembers each jti.
        clock: Source of the time.
    """

    def __init__(self, *, issuer: str, token_endpoint: str, keys: ClientKeys, secrets: ClientSecrets, seen: SeenOnce,
                 clock: Clock) -> None:
        self._issuer = issuer
        self._token_endpoint = token_endpoint
        self._keys = keys
        self._secrets = secrets
        self._seen = seen
        self._clock = clock

    def check(self, client: Client, assertion: str) -> None:
        """Check an assertion of a client that is registered for one of ``METHODS``; its jti is used up by it.

        Raises:
            AssertionRefusedError: it proves nothing.
            UnavailableError: the client's keys or secret, or the database, cannot be had now.
        """
        now = self._clock.now()
        claims = self._verified(client, assertion, now)
        if claims.get("iss") != client.client_id or claims.get("sub") != client.client_id:
            raise AssertionRefusedError("iss and sub of the client assertion must be the client_id.")
        if not self._is_for_us(client, claims.get("aud")):
            raise AssertionRefusedError("aud of the client assertion must be the issuer identifier, as one text.")
        use_up(claims, client.client_id, kind="client_assertion", seen=self._seen, now=now)

    def _verified(self, client: Client, assertion: str, now: int) -> dict[str, Any]:
        registered = client.token_endpoint_auth_signing_alg
        algorithms = tuple(alg for alg in _offered(client) if registered in ("", alg))
        if client.signs_with_secret:
            return self._signed_with_secret(client, assertion, algorithms, now)
        return verified(assertion, client, keys=self._keys, algorithms=algorithms, now=now)

    def _signed_with_secret(self, client: Client, assertion: str, algorithms: Collection[str], now: int) -> dict[str, Any]:
        try:
            if jwt.header_of(assertion)["alg"] not in algorithms:
                raise AssertionRefusedError("The algorithm of the client assertion is not accepted.")
            secret = self._secrets.key(client)
            if secret is None:
                raise AssertionRefusedError("This client needs a new secret from the operator before it can sign with one.")
            return jwt.verify_mac(assertion, secret, now=now, leeway=SKEW_SECONDS)
        except jwt.BadSignatureError:
            raise AssertionRefusedError("The client assertion is not signed with the secret of this client.") from None
        except jwt.InvalidTokenError as err:
            raise AssertionRefusedError(err.message.replace("The token", "The client assertion", 1)) from None

    def _is_for_us(self, client: Client, audience: Any) -> bool:
        if isinstance(audience, list) and len(audience) == 1 and not client.fapi2:
            audience = audience[0]
        accepted = {self._issuer}
        if client.assertion_audience == "token_endpoint" and not client.fapi2:
            accepted.add(self._token_endpoint)
        return isinstance(audience, str) and audience in accepted


def _offered(client: Client) -> tuple[str, ...]:
    """Give the algorithms that this client may sign with."""
    if client.fapi2:
        return () if client.signs_with_secret else STRICT_ALGORITHMS
    return SECRET_ALGORITHMS if client.signs_with_secret else ALGORITHMS
