"""Tokens that were exchanged: which applications act for the officer, and whether every one of them still may.

Spec: RFC 8693 §1.1 (delegation), §4.1 (act). An exchanged token hangs on the grant that the officer gave to the first application
(its origin), so it ends with that grant. Every path that honours an access token asks ``lapse_of_token``; every exchange asks
``lapse_of_chain`` and ``lapse_of_target``, which are the same rules for the token that is about to be made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from ...authn.assurance import AssurancePolicy
from ..client import Client
from ..grant import Grant, admits, lapse_of, level_demanded
from ..ports import StoredAccessToken
from ..tokens import resource_indicator

GRANT_TYPE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
MOST_ACTORS: Final = 4
"""How often a token may be exchanged onwards; a longer chain is nobody's design, and every link is looked at each time."""

Find = Callable[[str], Client | None]
"""Gives an application that may act now (``ClientRegistry.find``)."""


def act_claim(actors: Sequence[str]) -> dict[str, Any]:
    """Give the value of ``act``: who acts now, and nested in it who acted before (RFC 8693 §4.1).

    Args:
        actors: client_id of each, the newest first; at least one.
    """
    claim: dict[str, Any] = {}
    for actor in reversed(actors):
        claim = {"sub": actor, "act": claim} if claim else {"sub": actor}
    return claim


def lapse_of_token(token: StoredAccessToken, client: Client, find: Find, *, assurance: AssurancePolicy, now: int) -> str:
    """Say why what an access token stands on gives nothing any more; "" while it does. Its own dates are the caller's to read.

    Args:
        token: As read in this request.
        client: To whom it was issued; found in the registry.
        find: Finds the other applications of a chain; not asked for a token that was not exchanged.
        assurance: What level is demanded of whom.
        now: Seconds since the epoch.

    Returns:
        One word for the log, as ``lapse_of``.
    """
    if token.grant is None:
        return ""
    if token.actors:
        lapse = lapse_of_chain(token.grant, token.actors, find, assurance=assurance, now=now)
        lapses = (lapse_of_target(token.grant, target, find, assurance=assurance, now=now) for target in token.audience)
        return lapse or next(filter(None, lapses), "")
    return lapse_of(token.grant, client, assurance=assurance, now=now, idle_limit_seconds=None)


def lapse_of_chain(grant: Grant, actors: Sequence[str], find: Find, *, assurance: AssurancePolicy, now: int) -> str:
    """Say why a chain of applications may not act for an officer; "" while every link holds.

    Each application must be known and not disabled, admit the officer, have its level reached, and still be registered for
    token exchange and for what the one before it holds: an operator who withdraws either ends what was exchanged by it.

    Args:
        grant: What the officer gave to the origin.
        actors: Who acts, the newest first.
        find: Finds applications that may act now.
        assurance: What level is demanded of whom.
        now: Seconds since the epoch.

    Returns:
        One word for the log, as ``lapse_of``.
    """
    before = find(grant.client_id)
    if before is None:
        return "client"
    lapse = lapse_of(grant, before, assurance=assurance, now=now, idle_limit_seconds=None)
    if lapse:
        return lapse
    for actor in reversed(actors):
        acting = find(actor)
        if acting is None or not acting.check_grant_type(GRANT_TYPE) or before.client_id not in acting.exchange_from:
            return "client"
        lapse = _barred(grant, acting, assurance, now)
        if lapse:
            return lapse
        before = acting
    return ""


def lapse_of_target(grant: Grant, target: str, find: Find, *, assurance: AssurancePolicy, now: int) -> str:
    """Say why an exchanged token cannot be for a target; "" while it can. A resource is a name, and admits nobody.

    Args:
        grant: What the officer gave to the origin.
        target: client_id of an application, or a resource.
        find: Finds applications that may act now.
        assurance: What level is demanded of whom.
        now: Seconds since the epoch.

    Returns:
        One word for the log, as ``lapse_of``.
    """
    if resource_indicator.is_resource(target):  # a client_id is none: it holds no colon
        return ""
    application = find(target)
    return "client" if application is None else _barred(grant, application, assurance, now)


def _barred(grant: Grant, client: Client, assurance: AssurancePolicy, now: int) -> str:
    """Say why an officer may not use an application beside the one that they signed in to."""
    standing = grant.standing
    if not admits(client, standing.status_at(now), standing.officer_groups):
        return "officer"
    demanded = level_demanded(standing, client, assurance, now=now, amr=grant.amr, sub=grant.sub)
    return "level" if grant.acr < demanded else ""
