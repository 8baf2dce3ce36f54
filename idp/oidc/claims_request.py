"""Claims asked for by name: what a ``claims`` parameter means for the sign-in, for the ID token and for UserInfo.

Spec: OpenID Connect Core §5.5, §5.5.1, §5.5.1.1, §3.1.2.1. How the parameter is written is checked where the request is read
(``oauth.authorization_request``); a grant keeps what was asked, so that all refreshes tell the same. Two claims decide about the
sign-in itself: ``sub`` with a value is a hint that must come true; ``acr`` with values is a demand as an essential claim, and
else a wish like ``acr_values``. Any other claim that cannot be had is left out, essential or not (§5.5.1).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..oauth.authorization_request import AuthorizationRequest
from ..oauth.grant import Grant


@dataclass(frozen=True, slots=True)
class Wish:
    """How one claim is asked for.

    Attributes:
        essential: Without it the application cannot do its work well.
        values: The claim is wanted with one of these, in order of preference; empty for any.
    """

    essential: bool = False
    values: tuple[Any, ...] = ()

    def admits(self, value: Any) -> bool:
        """Tell whether a value is one that was asked for."""
        return not self.values or value in self.values


@dataclass(frozen=True, slots=True)
class ClaimsRequest:
    """What is asked for by name, for UserInfo and for the ID token."""

    userinfo: Mapping[str, Wish] = field(default_factory=dict)
    id_token: Mapping[str, Wish] = field(default_factory=dict)

    def admits_subject(self, subject: str) -> bool:
        """Tell whether an answer may be about this officer, as the application knows them (§5.5.1, §3.1.2.2)."""
        return all(asked.get("sub", _ANY).admits(subject) for asked in (self.userinfo, self.id_token))

    def acr_of(self, satisfied: Sequence[str]) -> str:
        """Give the acr value to tell.

        Args:
            satisfied: Values that the authentication satisfies, the highest first: who proved two factors proved one as well.

        Returns:
            The first of them that was asked for as essential (§5.5.1.1: the value must be one of those), else the highest.
        """
        wish = self.id_token.get("acr", _ANY)
        return next((value for value in satisfied if wish.essential and wish.admits(value)), satisfied[0])


_ANY = Wish()
_NOTHING = ClaimsRequest()


def of_request(request: AuthorizationRequest) -> ClaimsRequest:
    """Give what a stored request asks for by name."""
    return _read(json.loads(request.claims)) if request.claims else _NOTHING


def of_grant(grant: Grant) -> ClaimsRequest:
    """Give what was asked for by name when a grant was made."""
    return _read(json.loads(grant.details).get("claims", {})) if grant.details else _NOTHING


def acr_asked(request: AuthorizationRequest) -> tuple[tuple[str, ...], bool]:
    """Give the acr values that a request asks for, in order of preference, and whether one of them must be reached.

    Where ``acr_values`` stands beside the claim, which Core leaves open, the claim goes first: it alone can be a demand.
    """
    wish = of_request(request).id_token.get("acr", _ANY)
    named = tuple(value for value in wish.values if isinstance(value, str))
    if wish.essential and wish.values:
        return named, True
    return (*named, *request.acr_values), False


def _read(stored: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> ClaimsRequest:
    def wishes(part: str) -> dict[str, Wish]:
        said = stored.get(part, {}).items()
        return {name: Wish(how.get("essential", False), tuple(how.get("values", ()))) for name, how in said}

    return ClaimsRequest(wishes("userinfo"), wishes("id_token"))
