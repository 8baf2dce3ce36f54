"""Who stands behind a request to the administration API, if anybody who may.

Spec: RFC 6750 §3 (refusals), RFC 9470 §3 (the level), RFC 9449 §7 and RFC 8705 §3 (bound tokens, by ``oauth.proof.holder``).
Denied by default (security checklist 38): the token needs the scope, and behind it stands either an application that acts
for itself, or an officer with a role. An officer's session must stand too, whatever ``offline_access`` outlives: what
administers is never left running.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final, Protocol

from ..audit import Caller
from ..authn import break_glass
from ..authn.assurance import TWO_FACTORS, AssurancePolicy, temporary_until
from ..authn.lockout import GuessCounter, Move, Rule
from ..clock import Clock
from ..directory.mirror import MirroredOfficer
from ..errors import RefusedError
from ..oauth.client import Client, ClientRegistry
from ..oauth.grant import Grant, lapse_of, level_demanded, session_stands
from ..oauth.ports import StoredAccessToken
from ..oauth.proof.holder import Holders, TokenUse
from ..oauth.tokens.access_token import AccessTokens, TokenRefusedError
from ..roles import Administrator, Right, Role, RoleGroups
from ..roles import ForbiddenError as ForbiddenError

SCOPE: Final = "admin"
"""Reads and changes."""
READING: Final = "admin:read"
"""Reads only."""
_LONGEST_TOKEN: Final = 16 * 1024


class TooManyRequestsError(RefusedError):
    """Whoever asks does so too often."""

    code = "too_many_requests"
    status = 429


class AdministrationTokens(Protocol):
    """Where access tokens rest, with all that decides whether they administer."""

    def administrator_of(self, digest: bytes) -> tuple[StoredAccessToken, MirroredOfficer | None] | None:
        """Find an access token with its officer; the standing of its grant tells of the session as it is now."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """How often may be asked: so many requests at once, given back over so many seconds.

    Attributes:
        requests: Of one administrator, and of one address.
        changes: Of one administrator.
    """

    requests: Rule
    changes: Rule


RATES: Final = Rates(requests=Rule(600, 600), changes=Rule(120, 600))
"""One request a second and a change each five seconds, with room for work in bursts."""


class Access:
    """Lets administrators in.

    Args:
        tokens: Recognises access tokens.
        store: Where they rest.
        registry: Clients.
        clock: Source of the time.
        assurance: What level is demanded of whom.
        holders: Checks that a bound token is used by its holder.
        groups: The directory's groups that make administrators.
        idle_limit_seconds: Idle limit of sessions.
        resource: Address of the API; a token for other resources alone is none for this one.
        counter: Counts requests, for all nodes.
        emergency: Recognises the tokens of the break-glass administrator.
        rates: How often may be asked.
    """

    def __init__(self, tokens: AccessTokens, store: AdministrationTokens, registry: ClientRegistry, clock: Clock,
                 assurance: AssurancePolicy, holders: Holders, *, groups: RoleGroups, idle_limit_seconds: int, resource: str,
                 counter: GuessCounter, emergency: break_glass.BreakGlass, rates: Rates = RATES) -> None:
        self._tokens = tokens
        self._store = store
        self._registry = registry
        self._clock = clock
        self._assurance = assurance
        self._holders = holders
        self._groups = groups
        self._idle_limit_seconds = idle_limit_seconds
        self._resource = resource
        self._counter = counter
        self._emergency = emergency
        self._rates = rates

    def admit(self, access_token: str, use: TokenUse, *, change: bool, caller: Caller,
              rights: tuple[Right, ...] = ()) -> tuple[Administrator, Caller]:
        """Tell who asks, or refuse.

        Args:
            access_token: As received.
            use: How it was sent, with the proof that came beside it.
            change: Whether something is to be changed.
            caller: Who asks, as the edge saw it.
            rights: One of them is needed; where none is named, that of the roles that administer as a whole.

        Returns:
            The administrator, and the caller with the administrator in it, for the records.

        Raises:
            TokenRefusedError: 401 ``invalid_token``, 401 ``insufficient_user_authentication``, 403 ``insufficient_scope``.
            ForbiddenError: the token is good, and its officer no administrator, or one without these rights.
            TooManyRequestsError: too many requests from there.
        """
        now = self._clock.now()
        if access_token.startswith(break_glass.PREFIX):
            if use.scheme != "bearer" or not self._emergency.stands(access_token):
                raise _invalid()
            who = Administrator(role=Role.PROVINCE, client_id=break_glass.ACTS_AS)
        else:
            who = self._of_token(access_token, use, change=change, now=now)
        who.demand(*rights or (Right.CHANGE if change else Right.ADMINISTER,))
        self.count(who, caller.source, change=change)
        return who, caller._replace(officer=who.sub, client_id=who.client_id)

    def _of_token(self, access_token: str, use: TokenUse, *, change: bool, now: int) -> Administrator:
        found = self._tokens.locate(access_token) if len(access_token) <= _LONGEST_TOKEN else None
        stored = self._store.administrator_of(found) if found else None
        if stored is None:
            raise _invalid()
        token, officer = stored
        client = self._registry.find(token.client_id)
        if (client is None or token.revoked_at is not None or now >= token.expires_at
                or token.actors or (token.audience and self._resource not in token.audience)):
            raise _invalid()
        scopes = {SCOPE, READING}.intersection(token.scope.split()) & client.scope
        if not scopes or (change and SCOPE not in scopes):
            raise TokenRefusedError("The access token does not have the scope that this needs.", code="insufficient_scope",
                                    scope=SCOPE if change else READING)
        self._holders.check(token.confirmation, access_token, use)
        read_only = SCOPE not in scopes
        if token.grant is None:
            who: Administrator | None = Administrator(role=Role.MACHINE, client_id=client.client_id, read_only=read_only)
        else:
            lapse = lapse_of(token.grant, client, assurance=self._assurance, now=now,
                             idle_limit_seconds=self._idle_limit_seconds)
            self._check_officer(token.grant, client, lapse, change=change, now=now)
            who = self._groups.administrator(officer, client_id=client.client_id, read_only=read_only)
        if who is None:
            raise ForbiddenError("The officer is no administrator.")
        if who.deputy_for and token.grant is not None and token.grant.acr < TWO_FACTORS:
            raise self._more_factors(client, now)  # of members of the groups it is demanded at sign-in
        return who

    def _check_officer(self, grant: Grant, client: Client, lapse: str, *, change: bool, now: int) -> None:
        temporary = temporary_until(grant.amr) is not None  # it opens applications, and no administration, not even to read
        if lapse == "level" or (not lapse and (temporary or (change and grant.acr < TWO_FACTORS))):
            raise self._more_factors(client, now, level_demanded(grant.standing, client, self._assurance, now=now))
        # A grant with offline access outlives its session; as an administrator it does not.
        if lapse or not session_stands(grant.standing, now=now, idle_limit_seconds=self._idle_limit_seconds):
            raise _invalid()

    def _more_factors(self, client: Client, now: int, demanded: int = TWO_FACTORS) -> TokenRefusedError:
        return TokenRefusedError("More factors are needed at sign-in.", code="insufficient_user_authentication",
                                 acr_values=self._assurance.acr_of(max(TWO_FACTORS, demanded)))

    def count(self, who: Administrator, source: str, *, change: bool) -> None:
        """Count a request, whichever door it came by. Raises TooManyRequestsError."""
        now, rates, name = self._clock.now(), self._rates, who.sub or who.client_id
        moves = (_move("source", source, rates.requests, now), _move("requests", name, rates.requests, now),
                 _move("changes", name, rates.changes, now, counts=change))
        let_through = self._counter.move(moves, now=now, absurd=now + 86400)
        full = [move for move in moves if move.key not in let_through]
        if full:
            raise TooManyRequestsError("Too many requests. Please wait before asking again.",
                                       retry_after_seconds=max(1, rates.changes.cost))


def _move(kind: str, value: str, rule: Rule, now: int, *, counts: bool = True) -> Move:
    key = hashlib.sha256(f"administration\0{kind}\0{value}".encode("utf-8", "surrogatepass")).digest()
    # What does not count moves nothing, and is let through even where the counter is full.
    return Move(key, rule.cost, now + rule.capacity) if counts else Move(key, 0, now + 2 * rule.capacity)


def _invalid() -> TokenRefusedError:
    return TokenRefusedError("The access token is not valid.")
