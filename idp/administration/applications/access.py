"""Which officers an application has something of, and the end of what it has of one of them.

Source: RFC 7009 §2, security checklist 38. What an application has of an officer is what the officer reads on the own page
(``oidc.consent.Access``): an agreement that was not withdrawn, and grants that stand. It ends as the officer ends it, with both.
An agency sees its own officers of its own applications, and never acts upon whoever has a role beyond it. As at the revocation
endpoint, sessions go on and the application is not told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from ...audit import AuditEvent, AuditRecord, Caller
from ...clock import Clock
from ...directory.mirror import OfficerMirror
from ...errors import RefusedError
from ...notices import Notice, NoticeKind
from ...oauth.client import Client, ClientRegistry
from ...roles import Administrator, Right, RoleGroups
from ..grants import REASON
from ..officers import officer_to_act_on
from ..pages import Page, cursor_of, place_of
from ..people.reason import reason_of

COUNTED: Final = 1000
"""Officers of an application that are counted; of more it is said that there are more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerAccess:
    """What an application has of one officer.

    Attributes:
        status: As the mirror has it.
        agreed_at: When the officer agreed; None where nobody was asked.
        last_at: When they last signed in there; None where no grant stands.
        offline: The application keeps its access when the officer has signed out.
    """

    sub: str
    uid: str
    name: str
    unit_code: str
    unit_name: str
    status: str
    agreed_at: int | None
    last_at: int | None
    offline: bool

    @property
    def place(self) -> tuple[int, str]:
        """Where it stands in the list."""
        return self.last_at or self.agreed_at or 0, self.sub


class AccessStore(Protocol):
    """Where it rests. Every verb may raise UnavailableError(dependency="database")."""

    def of_application(self, client_id: str, *, unit: str, before: tuple[int, str] | None,
                       limit: int) -> Sequence[OfficerAccess]:
        """Give the officers of whom an application has something, who signed in last first.

        Args:
            client_id: The application.
            unit: Only officers of this agency or below; "" for all.
            before: Place of the last one seen.
            limit: How many at most.
        """
        ...

    def withdraw(self, sub: str, client_id: str, now: int, record: AuditRecord, *, reason: str = "",
                 notice: Notice | None = None) -> bool:
        """Withdraw an agreement and revoke the application's grants of this officer; False when there was neither."""
        ...


class ApplicationAccess:
    """Shows and ends it.

    Args:
        store: Where it rests.
        registry: Applications.
        mirror: Officers.
        groups: Tells who has a role for the whole province.
        clock: Source of the time.
    """

    def __init__(self, store: AccessStore, registry: ClientRegistry, mirror: OfficerMirror, groups: RoleGroups,
                 clock: Clock) -> None:
        self._store, self._registry, self._mirror, self._groups, self._clock = store, registry, mirror, groups, clock

    def listed(self, who: Administrator, client_id: str, *, cursor: str = "", limit: int) -> tuple[Page, int | None]:
        """Give the officers of an application, who signed in last first.

        Returns:
            The page; and how many there are, None where they are more than ``COUNTED``, and on later pages.

        Raises:
            RefusedError: there is no such application, or it is another agency's (404).
            InvalidParameterError: the cursor is none.
        """
        who.demand(Right.ADMINISTER)
        self._seen(who, client_id)
        before = place_of(cursor, int, str)
        most = limit if before else max(limit, COUNTED)
        found = self._store.of_application(client_id, unit=who.unit, limit=most + 1,
                                           before=(before[0], before[1]) if before else None)
        page = Page([_shown(one) for one in found[:limit]], cursor_of(*found[limit - 1].place) if len(found) > limit else "")
        return page, None if before or len(found) > COUNTED else len(found)

    def one(self, who: Administrator, client_id: str, sub: str) -> dict[str, Any]:
        """Give the application and the officer of whom it is asked: ``client_name`` and ``name``. Raises as ``end_at``."""
        who.demand(Right.CHANGE)
        client = self._seen(who, client_id)
        officer = self._mirror.by_sub(sub)
        if officer is None or not who.oversees(officer.officer.main_post.unit_code):
            raise RefusedError("There is no such officer.", code="unknown_officer", status=404)
        return {"client_name": client.client_name or client_id, "name": officer.officer.name or officer.officer.uid}

    def end_at(self, who: Administrator, client_id: str, body: Mapping[str, Any], caller: Caller) -> None:
        """End what one of an administrator's applications has of an officer.

        Args:
            who: The administrator.
            client_id: The application.
            body: ``sub``, the officer; ``reason``, a line.
            caller: Who asks.

        Raises:
            RefusedError: there is no such application, or it is another agency's (404); and as ``end``.
        """
        who.demand(Right.CHANGE)
        self._seen(who, client_id)
        sub = body.get("sub")
        if not isinstance(sub, str):
            raise RefusedError("sub: the officer.", code="invalid_body", status=422)
        self.end(who, sub, client_id, {name: value for name, value in body.items() if name != "sub"}, caller)

    def end(self, who: Administrator, sub: str, client_id: str, body: Mapping[str, Any], caller: Caller) -> None:
        """End what any application has of an officer: agreement, grants, and all that was issued from them; the officer is told.

        Nothing happens where it has nothing.

        Raises:
            RefusedError: the officer is unknown, or another agency's (404); no reason (422).
            ForbiddenError: the officer has a role beyond the agency.
        """
        who.demand(Right.CHANGE)
        officer, reason = officer_to_act_on(who, self._mirror.by_sub(sub), self._groups), reason_of(body)
        now, name = self._clock.now(), next((one.client_name for one in self._registry.all() if one.client_id == client_id), "")
        record = AuditRecord(
            AuditEvent.TOKEN_REVOKED, now, sub=officer.sub, client_id=client_id, source=caller.source,
            request_id=caller.request_id, detail={"reason": REASON, "why": reason, **caller.by})
        self._store.withdraw(officer.sub, client_id, now, record, reason=REASON, notice=Notice(
            NoticeKind.APPLICATION_ACCESS_ENDED, officer.sub, now, caller.source, {"application": name or client_id}))

    def _seen(self, who: Administrator, client_id: str) -> Client:
        client = next((one for one in self._registry.all() if one.client_id == client_id), None)
        if client is None or not who.oversees(client.owner_unit):
            raise RefusedError("There is no such client.", code="unknown_client", status=404)
        return client


def _shown(one: OfficerAccess) -> dict[str, Any]:
    return {"sub": one.sub, "uid": one.uid, "name": one.name, "unit_code": one.unit_code, "unit_name": one.unit_name,
            "status": one.status, "agreed_at": one.agreed_at, "last_at": one.last_at, "offline": one.offline}
