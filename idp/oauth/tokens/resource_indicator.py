"""Resource indicators: which protected resources an access token is for, and what it may do there.

Spec: RFC 8707 §2, §2.1, §2.2; RFC 9068 §3 (aud), §4, §5. A resource is a URI that names an API; nothing is ever fetched from it,
and it is compared as a string. Which ones an application may name, and with which scopes, its operator says (``resources`` of the
table ``province``); the issuer itself, which is UserInfo and our other interfaces, anybody may name. A request that names none is
for the issuer. What was named at the authorization endpoint bounds every token of the grant: a token request can narrow it and
never widen it, and one that names nothing gets all of it. A token for several resources has only the scopes it may have at each.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence

from authlib.oauth2 import OAuth2Error

from ..client import Client
from ..scope import OFFLINE, OPENID

PARAMETER = "resource"
LONGEST = 512
"""Characters of a resource that is registered."""

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9._~:/?\[\]@!$&'()*+,;=%-]+")
_SHAPING = frozenset({OPENID, OFFLINE})
"""Scopes that say what the answer holds and open nothing at a resource; no policy takes them away."""


class InvalidTargetError(OAuth2Error):  # type: ignore[misc]
    """A resource is none that this application may ask for, here (RFC 8707 §2)."""

    error = "invalid_target"


def is_resource(text: object) -> bool:
    """Tell whether a text can name a resource: an absolute URI without fragment (RFC 8707 §2), in ASCII, of bounded length."""
    return isinstance(text, str) and len(text) <= LONGEST and _ABSOLUTE.fullmatch(text) is not None


def may_target(client: Client, resources: Collection[str], *, issuer: str) -> bool:
    """Tell whether an application may ask for tokens for all of these resources, as it is registered now."""
    known = {resource for resource, _ in client.resources}
    return all(resource == issuer or resource in known for resource in resources)


def named(client: Client, sent: Sequence[str], *, issuer: str) -> tuple[str, ...]:
    """Check the resources that a request names which an officer will answer, at whichever endpoint it comes (RFC 8707 §2.1).

    Args:
        client: Asks.
        sent: The values of ``resource``; an empty one names nothing.
        issuer: The provider's issuer identifier.

    Returns:
        Each once.

    Raises:
        InvalidTargetError: one of them is not the application's.
    """
    wanted = tuple(dict.fromkeys(value for value in sent if value))
    if not may_target(client, wanted, issuer=issuer):
        raise InvalidTargetError("A resource is not one that this application may ask for.")
    return wanted


def audience(client: Client, sent: Sequence[str], *, granted: Sequence[str] | None, issuer: str) -> tuple[str, ...]:
    """Decide for whom an access token is.

    Args:
        client: Asks, as registered now: what an operator took back since the grant was made is not given any more.
        sent: The values of ``resource`` in the token request.
        granted: What was named when the grant was made, empty for nothing; None without a grant.
        issuer: The provider's issuer identifier.

    Returns:
        Each resource once; empty when the token is for the issuer alone.

    Raises:
        InvalidTargetError: one of them is not the application's, or beyond the grant.

    Source: RFC 8707 §2.2.
    """
    if not sent and not granted:
        return ()
    wanted = tuple(dict.fromkeys(sent or granted or ()))
    if granted is not None and not set(wanted).issubset(granted or (issuer,)):
        raise InvalidTargetError("A resource was not part of the authorization request.")
    if not may_target(client, wanted, issuer=issuer):
        raise InvalidTargetError("A resource is not one that this application may ask for.")
    return () if wanted == (issuer,) else wanted


def scope_at(client: Client, scopes: Sequence[str], resources: Collection[str]) -> tuple[str, ...]:
    """Keep those scopes that the application may have at each of the resources (RFC 8707 §2.2: downscoped)."""
    policies = [policy.split() for resource, policy in client.resources if policy and resource in resources]
    return tuple(word for word in scopes if word in _SHAPING or all(word in policy for policy in policies))


def of_details(details: str) -> tuple[str, ...]:
    """Give the resources that a grant was made for (``Grant.details``); empty for none."""
    return tuple(json.loads(details).get("resources", ())) if details else ()


def is_for(resource: str, audience: Collection[str], *, issuer: str) -> bool:
    """Tell whether a token of this audience, as it is stored, is meant for a resource; that of no audience is for the issuer."""
    return resource in audience if audience else resource == issuer


def claim_of(audience: Sequence[str], *, issuer: str) -> str | list[str]:
    """Give the claim ``aud`` of a token of this audience, as it is stored (RFC 7519 §4.1.3)."""
    if not audience:
        return issuer
    return audience[0] if len(audience) == 1 else list(audience)
