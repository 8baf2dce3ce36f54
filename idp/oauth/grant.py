"""What an officer gave one application: the family that a code, its refresh tokens and its access tokens belong to.

Spec: RFC 6749 §1.3, §4.1.2 and §10.4; security checklist 14 and 18. Every path that issues or honours a token asks
``lapse_of``, so that none can forget a check that another makes.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..authn.assurance import AssurancePolicy
from ..directory.term import is_over, status_as_of
from .client import Client


@dataclass(frozen=True, slots=True)
class Standing:
    """How the officer and the session of a grant stand now.

    Attributes:
        officer_status: ``active``, ``disabled`` or ``gone`` as last mirrored; "" when the mirror has no such officer.
        officer_groups: Groups that hold the officer.
        officer_posts: Of every post as mirrored, the code of its unit and when it ends; 0 where it goes on.
        session_ended: The session was ended, or is no longer known.
        session_last_seen_at: Seconds since the epoch.
        session_expires_at: Absolute limit of the session.
        officer_ends_at: When the officer's account ends; 0 where it goes on.
    """

    officer_status: str
    officer_groups: frozenset[str] = frozenset()
    officer_posts: tuple[tuple[str, int], ...] = ()
    session_ended: bool = True
    session_last_seen_at: int = 0
    session_expires_at: int = 0
    officer_ends_at: int = 0

    def status_at(self, now: int) -> str:
        """Give the officer's status; that of a guest whose time is over is ``disabled``, whatever was mirrored."""
        return status_as_of(self.officer_status, self.officer_ends_at, now)

    def units_at(self, now: int) -> frozenset[str]:
        """Give the codes of the units of every current post; an acting post that has ended is none, whatever was mirrored."""
        return frozenset([unit for unit, ends_at in self.officer_posts if not is_over(ends_at, now)])


@dataclass(frozen=True, slots=True)
class Grant:
    """One grant.

    Attributes:
        scope: Space-separated, as agreed.
        offline: ``offline_access`` was granted: the family outlives the session.
        auth_time: When the officer last proved who they are, seconds since the epoch; equal over all refreshes.
        acr: Assurance level 1-3 at that time.
        amr: RFC 8176 values.
        expires_at: Absolute end of the family, whatever is rotated.
        revoked_at: None while it stands.
        standing: How officer and session stand.
        details: JSON object of what was asked for beyond scopes: ``claims`` (OpenID Connect Core §5.5),
            ``resources`` (RFC 8707), ``authorization_details`` (RFC 9396); "" where nothing was.
    """

    grant_id: str
    client_id: str
    sub: str
    sid: str
    scope: str
    offline: bool
    auth_time: int
    acr: int
    amr: tuple[str, ...]
    nonce: str
    created_at: int
    expires_at: int
    revoked_at: int | None
    standing: Standing
    details: str = ""


def admits(client: Client, status: str, groups: frozenset[str]) -> bool:
    """Tell whether an officer may use an application: active, and in one of its groups where it names any."""
    return status == "active" and (not client.allowed_groups or not client.allowed_groups.isdisjoint(groups))


def level_demanded(standing: Standing, client: Client, assurance: AssurancePolicy, *, now: int,
                   amr: tuple[str, ...] = (), sub: str = "") -> int:
    """Give the level that a grant must have reached for an application, as its officer stands now.

    The network is left out: at the token endpoint and at resources it is the application that calls, from its own address, which
    says nothing of where the officer is. It was asked at the authorization endpoint, where the officer's browser was. ``amr`` is
    the grant's, and says whether a remembered device let its officer in, or time that was granted and is not over; ``sub`` is
    its officer.
    """
    return assurance.demanded(standing.officer_groups, client.required_level, units=standing.units_at(now), source=None,
                              spared=assurance.spares(amr, now, sub=sub))


def lapse_of(grant: Grant, client: Client, *, assurance: AssurancePolicy, now: int, idle_limit_seconds: int | None) -> str:
    """Say why a grant gives nothing any more; "" while it does.

    Args:
        grant: As read in this request.
        client: Whoever asks; found in the registry, so not disabled.
        assurance: What level is demanded of whom; an officer who has joined a group or an agency since is asked what it asks.
        now: Seconds since the epoch.
        idle_limit_seconds: Idle limit of sessions. None leaves the session out: for honouring an access token, which lives for
            minutes and dies with the grant when the session is ended.

    Returns:
        One word for the log: ``client``, ``revoked``, ``expired``, ``officer``, ``level`` or ``session``.
    """
    standing = grant.standing
    if grant.client_id != client.client_id:
        return "client"
    if grant.revoked_at is not None:
        return "revoked"
    if now >= grant.expires_at:
        return "expired"
    if not admits(client, standing.status_at(now), standing.officer_groups):
        return "officer"
    if grant.acr < level_demanded(standing, client, assurance, now=now, amr=grant.amr, sub=grant.sub):
        return "level"
    if idle_limit_seconds is None or grant.offline:
        return ""
    return "" if session_stands(standing, now=now, idle_limit_seconds=idle_limit_seconds) else "session"


def session_stands(standing: Standing, *, now: int, idle_limit_seconds: int) -> bool:
    """Tell whether the session of a grant goes on: not ended, within the absolute and the idle limit."""
    return (not standing.session_ended and now < standing.session_expires_at
            and now < standing.session_last_seen_at + idle_limit_seconds)
