"""Signed authentication requests: everything that is asked stands in one JWT that the application signed.

Spec: OpenID Connect Client-Initiated Backchannel Authentication §7.1.1; FAPI-CIBA §5.2.2 (nbf, and a life of 60
minutes at most); FAPI 1.0 Advanced §8.6 (algorithms). What FAPI asks holds for everybody who signs: there is one rule, and no
application has a reason to ask for less. An application that registered an algorithm signs every request with it; one that
registered none, none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ...clock import Clock
from ..client import Client
from ..ports import SeenOnce
from ..requests.request_object import SKEW_SECONDS, InvalidRequestObjectError, RequestObjects
from ..tokens import resource_indicator
from .request import BackchannelError

ALGORITHMS: Final = ("ES256", "PS256", "EdDSA")
"""Algorithms of signed requests; discovery lists the same."""
LONGEST_LIFE_SECONDS: Final = 3600
_LONGEST_JTI: Final = 255
_AUTHENTICATION: Final = frozenset({"request", "client_id", "client_secret", "client_assertion", "client_assertion_type"})
_ABOUT_ITSELF: Final = frozenset({"aud", "iss", "exp", "iat", "nbf", "jti"})
"""Claims that §7.1.1 requires of the request as a JWT; all others are parameters."""
_NOT_ONE_TEXT: Final = _ABOUT_ITSELF | {resource_indicator.PARAMETER}


class SignedRequests:
    """Opens signed requests.

    Args:
        objects: Checks that the application signed it for us.
        seen: Remembers each jti.
        clock: Source of the time.
    """

    def __init__(self, objects: RequestObjects, seen: SeenOnce, clock: Clock) -> None:
        self._objects = objects
        self._seen = seen
        self._clock = clock

    def open(self, form: Mapping[str, str], client: Client,
             resources: Sequence[str] = ()) -> tuple[Mapping[str, str], Sequence[str]]:
        """Give the parameters of a request: those of the form, or those that it carries signed and none beside them.

        Args:
            form: As received, each parameter once, empty ones left out.
            client: Who has authenticated.
            resources: The values of ``resource`` in the form.

        Returns:
            The parameters, and the values of ``resource``, which alone may have several: in a signed request a list of texts.

        Raises:
            BackchannelError: with ``invalid_request``.
            UnavailableError: the application's keys, or the database, cannot be had now.
        """
        registered = client.backchannel_authentication_request_signing_alg
        if "request" not in form:
            if registered:
                raise BackchannelError("invalid_request", "The application is registered to sign its requests, and did not.")
            return form, resources
        if registered not in ALGORITHMS:
            raise BackchannelError("invalid_request", "The application is not registered to sign its requests.")
        if not _AUTHENTICATION.issuperset(form):
            raise BackchannelError("invalid_request", "A parameter stands outside the signed request.")
        now = self._clock.now()
        try:
            claims = self._objects.verify(form["request"], client, registered_alg=registered, needed=_ABOUT_ITSELF)
        except InvalidRequestObjectError as err:
            raise BackchannelError("invalid_request", err.message) from None
        self._check(claims, client, now)
        named = claims.get(resource_indicator.PARAMETER, "")
        told = [_text(resource_indicator.PARAMETER, one) for one in (named if isinstance(named, list) else [named])]
        return {name: _text(name, value) for name, value in claims.items()
                if name not in _NOT_ONE_TEXT and value != ""}, told

    def _check(self, claims: Mapping[str, Any], client: Client, now: int) -> None:
        if not 0 < claims["exp"] - claims["nbf"] <= LONGEST_LIFE_SECONDS:
            raise _refusal("between nbf and exp lie more than 60 minutes, or none.")
        jti = claims.get("jti")
        if not isinstance(jti, str) or not 0 < len(jti) <= _LONGEST_JTI:
            raise _refusal("jti is missing or too long.")
        if not self._seen.take("authentication_request", f"{client.client_id} {jti}", now=now,
                               expires_at=int(claims["exp"]) + SKEW_SECONDS + 1):
            raise _refusal("it was used before.")


def _text(name: str, value: Any) -> str:
    """Give a claim as the form would carry it; a number is one for ``requested_expiry`` alone (§7.1.1)."""
    if name == "requested_expiry" and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise _refusal("a parameter in it is not a text.")
    return value


def _refusal(what: str) -> BackchannelError:
    return BackchannelError("invalid_request", f"The signed request is not accepted: {what}")
