"""Leave to register applications, for administrators.

Spec: RFC 7591 §1.2, §3; the tokens themselves: ``oauth.clients.initial_access``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ..audit import Caller
from ..clock import Clock
from ..errors import RefusedError
from ..oauth import scope
from ..oauth.clients.initial_access import GRANT_TYPES, InitialAccess, InitialAccessToken, Terms
from ..oauth.clients.members import InvalidClientMetadataError, Members
from ..oauth.clients.registration import default_scope
from ..roles import Administrator, Right
from . import delegation
from .pages import Page, cursor_of, place_of

LONGEST_SECONDS: Final = 366 * 86400
USUAL_SECONDS: Final = 30 * 86400


class InitialAccessAdministration:
    """Makes, lists and revokes initial access tokens.

    Args:
        tokens: The rules.
        clock: Source of the time.
    """

    def __init__(self, tokens: InitialAccess, clock: Clock) -> None:
        self._tokens = tokens
        self._clock = clock

    def listed(self, who: Administrator, *, cursor: str = "", limit: int) -> Page:
        """Give tokens that an administrator oversees, the oldest first, never their values."""
        place = place_of(cursor, int, str) or (-1, "")
        found = [token for token in self._seen(who) if (token.created_at, token.token_id) > place]
        last = found[limit - 1] if len(found) > limit else None
        return Page([self._shown(token) for token in found[:limit]], cursor_of(last.created_at, last.token_id) if last else "")

    def create(self, who: Administrator, members: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
        """Make a token; its answer alone holds the value.

        Raises:
            RefusedError: the terms are wrong, with one sentence.
            ForbiddenError: they are more than the administrator may give.
        """
        who.demand(Right.CHANGE)
        terms, quota, seconds = _read(members)
        delegation.check_terms(who, terms)
        token, value = self._tokens.create(terms, quota=quota, expires_at=self._clock.now() + seconds, caller=caller)
        return self._shown(token) | {"initial_access_token": value}

    def revoke(self, who: Administrator, token_id: str, caller: Caller) -> None:
        """End a token; what was registered with it stays. Raises RefusedError (404): unknown, or another agency's."""
        who.demand(Right.CHANGE)
        if all(token.token_id != token_id for token in self._seen(who)):
            raise RefusedError("There is no such initial access token.", code="unknown_token", status=404)
        self._tokens.revoke(token_id, caller)

    def _seen(self, who: Administrator) -> Sequence[InitialAccessToken]:
        who.demand(Right.ADMINISTER)
        return [token for token in self._tokens.tokens() if who.oversees(token.terms.owner_unit)]

    def _shown(self, token: InitialAccessToken) -> dict[str, Any]:
        return {"id": token.token_id, "state": token.lapse(self._clock.now()) or "open", "quota": token.quota,
                "used": token.used, "created_at": token.created_at, "expires_at": token.expires_at,
                "revoked_at": token.revoked_at, "terms": token.terms.as_dict(), "clients": list(token.clients)}


def _read(body: Mapping[str, Any]) -> tuple[Terms, int, int]:
    """Read terms, quota and life in seconds; what is registered on them is judged by ``InitialAccess.create``."""
    members = Members(body, development=False)
    asked = scope.words(members.text("scope", 1000)) if "scope" in body else tuple(sorted(default_scope(GRANT_TYPES)))
    if asked is None:
        raise InvalidClientMetadataError("scope: scopes separated by spaces.")
    terms = Terms(
        owner=members.text("owner", 200), owner_unit=members.text("owner_unit", 40), scope=frozenset(asked),
        consent="implied" if members.choice("consent", ("ask", "implied")) == "implied" else "ask",
        grant_types=members.texts("grant_types") or GRANT_TYPES, require_pkce=members.flag("require_pkce", default=True),
        required_acr=members.text("required_acr", 200), allowed_groups=members.texts("allowed_groups"),
        software_issuer=members.text("software_issuer", 500))
    quota = _number(members, "quota", 1, 1, 10_000)
    seconds = _number(members, "expires_in", USUAL_SECONDS, 60, LONGEST_SECONDS)
    members.nothing_left()
    return terms, quota, seconds


def _number(members: Members, name: str, usual: int, least: int, most: int) -> int:
    value = members.take(name)
    if value is None:
        return usual
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise members.refuse(name, f"a whole number, {least} to {most}.")
    return value
