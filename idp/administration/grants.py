"""What officers gave applications, for administrators: seen, and taken back.

Spec: RFC 7009 §2 (a grant that is revoked takes its tokens along), RFC 6749 §10.4. A grant belongs to its officer's agency:
an agency's administrator sees those of the agency's own officers and no others, whoever's the application is, and never acts
upon those who have a role for the whole province. As at the revocation endpoint, sessions go on and applications are not
told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ..audit import AuditEvent, AuditRecord, Caller
from ..authn.assurance import AssurancePolicy, published
from ..clock import Clock
from ..directory.mirror import OfficerMirror
from ..errors import RefusedError
from ..oauth.client import ClientRegistry
from ..oauth.grant import Grant
from ..oauth.ports import GrantStore
from ..roles import Administrator, ForbiddenError, Right, RoleGroups
from .officers import check_may_act_on, officer_to_act_on
from .pages import InvalidParameterError, Page, cursor_of, place_of

REASON = "administrator"


@dataclass(frozen=True, slots=True)
class SeenGrant:
    """A grant with what tells whose it is.

    Attributes:
        uid: Login name as last mirrored; "" for an officer who is not mirrored any more.
        unit_code: Of the officer's main post now; "" without one.
        revoke_reason: "" while it stands.
    """

    grant: Grant
    uid: str
    unit_code: str
    revoke_reason: str


class GrantPages(Protocol):
    """Where grants are looked through. Every write is one act with its audit record."""

    def page(self, *, sub: str, client_id: str, unit: str, live_at: int | None, before: tuple[int, str] | None,
             limit: int) -> Sequence[SeenGrant]:
        """Give grants of an officer, of a client, or of both, the newest first.

        Args:
            sub: The officer; "" for any, then a client is given.
            client_id: The client; "" for any.
            unit: Only of officers of this agency or below; "" for all.
            live_at: Only those that stand at this moment; None for all.
            before: Moment and identifier of the last one seen.
            limit: How many at most.
        """
        ...

    def find(self, grant_id: str) -> SeenGrant | None:
        """Find a grant, one that has ended too."""
        ...

    def revoke_all(self, *, sub: str, client_id: str, reason: str, now: int, record: AuditRecord) -> None:
        """End every grant of an officer or of a client (the other is ""), and a client's own access tokens, durably."""
        ...


class GrantAdministration:
    """Shows and revokes grants.

    Args:
        pages: Where they are looked through.
        store: Where one of them is revoked, as everywhere.
        mirror: Officers.
        registry: Clients.
        assurance: Names levels.
        groups: Tells who has a role for the whole province.
        clock: Source of the time.
    """

    def __init__(self, pages: GrantPages, store: GrantStore, mirror: OfficerMirror, registry: ClientRegistry,
                 assurance: AssurancePolicy, groups: RoleGroups, clock: Clock) -> None:
        self._pages = pages
        self._store = store
        self._mirror = mirror
        self._registry = registry
        self._assurance = assurance
        self._groups = groups
        self._clock = clock

    def listed(self, who: Administrator, *, sub: str = "", uid: str = "", client_id: str = "", ended_too: bool = False,
               cursor: str = "", limit: int) -> Page:
        """Give grants of an officer (by subject or login name), of a client, or of both, the newest first.

        Raises:
            InvalidParameterError: neither is named, the officer twice, or the cursor is none.
        """
        who.demand(Right.ADMINISTER)
        if sub and uid:
            raise InvalidParameterError("sub, uid: one of the two.")
        if not (sub or uid or client_id):
            raise InvalidParameterError("sub, uid, client_id: an officer or a client must be named.")
        before = place_of(cursor, int, str)
        if uid:
            known = self._mirror.by_uid(uid.lower())
            if known is None:
                return Page(())
            sub = known.sub
        found = self._pages.page(sub=sub, client_id=client_id, unit=who.unit, before=before, limit=limit + 1,
                                 live_at=None if ended_too else self._clock.now())
        last = found[limit - 1].grant if len(found) > limit else None
        return Page([self._shown(one) for one in found[:limit]],
                    cursor_of(last.created_at, last.grant_id) if last else "")

    def one(self, who: Administrator, grant_id: str) -> dict[str, Any]:
        """Give a grant. Raises RefusedError (404) for one that is unknown, or another agency's."""
        return self._shown(self._seen(who, grant_id))

    def revoke(self, who: Administrator, grant_id: str, caller: Caller) -> None:
        """End a grant and all that was issued from it; nothing happens to one that had ended before.

        Raises:
            RefusedError: it is unknown, or another agency's (404).
            ForbiddenError: its officer has a role for the whole province, and an agency asks.
        """
        who.demand(Right.CHANGE)
        seen = self._seen(who, grant_id)
        check_may_act_on(who, self._mirror.by_sub(seen.grant.sub), self._groups)
        self._store.revoke(grant_id, REASON, self._clock.now(), self._record(
            caller, sub=seen.grant.sub, client_id=seen.grant.client_id, sid=seen.grant.sid))

    def revoke_all(self, who: Administrator, caller: Caller, *, sub: str = "", client_id: str = "") -> None:
        """End every grant of an officer, or of a client with the tokens it has for itself.

        Raises:
            RefusedError: the officer or client is unknown, or another agency's (404).
            InvalidParameterError: not exactly one of the two is named.
            ForbiddenError: an agency may not act on this officer, or on the grants that officers of all agencies gave a client.
        """
        who.demand(Right.CHANGE)
        if bool(sub) == bool(client_id):
            raise InvalidParameterError("sub, client_id: exactly one of the two must be named.")
        if client_id:
            client = next((known for known in self._registry.all() if known.client_id == client_id), None)
            if client is None or not who.oversees(client.owner_unit):
                raise RefusedError("There is no such client.", code="unknown_client", status=404)
            if not who.of_the_province:
                raise ForbiddenError("Officers of all agencies gave these grants; the province ends them, or disable the client.")
        else:
            officer_to_act_on(who, self._mirror.by_sub(sub), self._groups)
        self._pages.revoke_all(sub=sub, client_id=client_id, reason=REASON, now=self._clock.now(), record=self._record(
            caller, sub=sub, client_id=client_id, all=True))

    def _seen(self, who: Administrator, grant_id: str) -> SeenGrant:
        who.demand(Right.ADMINISTER)
        seen = self._pages.find(grant_id)
        if seen is None or not who.oversees(seen.unit_code):
            raise RefusedError("There is no such grant.", code="unknown_grant", status=404)
        return seen

    def _shown(self, seen: SeenGrant) -> dict[str, Any]:
        grant = seen.grant
        return {"grant_id": grant.grant_id, "client_id": grant.client_id, "sub": grant.sub, "uid": seen.uid,
                "unit_code": seen.unit_code, "scope": grant.scope, "offline": grant.offline, "auth_time": grant.auth_time,
                "acr": self._assurance.acr_of(grant.acr), "amr": published(grant.amr), "created_at": grant.created_at,
                "expires_at": grant.expires_at, "revoked_at": grant.revoked_at, "revoke_reason": seen.revoke_reason}

    def _record(self, caller: Caller, *, sub: str, client_id: str, sid: str = "", **detail: bool) -> AuditRecord:
        return AuditRecord(AuditEvent.TOKEN_REVOKED, self._clock.now(), sub=sub, client_id=client_id, sid=sid,
                           source=caller.source, request_id=caller.request_id,
                           detail={"reason": REASON, **detail, **caller.by})
