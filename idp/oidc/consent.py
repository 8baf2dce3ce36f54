"""Which applications ask before they learn about an officer, and what the officer agreed to.

Spec: OpenID Connect Core 1.0 §3.1.2.4. The province's own applications have implied consent (``consent = "implied"`` in their
registration); others ask once, and the answer is remembered until more is asked for or the officer withdraws it. What is asked
for by name (§5.5) is agreed to by name: a scope that was agreed to covers its claims, never a claim its scope.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ..audit import AuditEvent, AuditRecord, AuditTrail, Caller
from ..clock import Clock
from .claims import brought_by


@dataclass(frozen=True, slots=True)
class Consent:
    """What an officer agreed to share with one application.

    Attributes:
        scope: Scope values agreed to.
        given_at: Seconds since the epoch.
        claims: Claims agreed to by name.
    """

    sub: str
    client_id: str
    scope: frozenset[str]
    given_at: int
    claims: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Access:
    """What an application has of an officer now.

    Attributes:
        scope: Scope values of everything that stands: what was agreed to, and what was granted.
        claims: Claims by name.
        agreed_at: When the officer agreed, seconds since the epoch; None where nobody was asked.
        last_at: When they last signed in there; None where no grant stands.
        offline: The application keeps its access when the officer has signed out.
    """

    client_id: str
    scope: frozenset[str]
    claims: frozenset[str]
    agreed_at: int | None
    last_at: int | None
    offline: bool


class ConsentStore(Protocol):
    """Where consents are kept; writes are durable and carry their audit record."""

    def find(self, sub: str, client_id: str) -> Consent | None:
        """Find a consent that was not withdrawn."""
        ...

    def give(self, consent: Consent, record: AuditRecord) -> None:
        """Keep a consent, replacing an earlier one of the same officer and application."""
        ...

    def accesses(self, sub: str, now: int) -> Sequence[Access]:
        """Give what applications have of an officer: consents that were not withdrawn, and grants that stand."""
        ...

    def withdraw(self, sub: str, client_id: str, now: int, record: AuditRecord) -> bool:
        """Withdraw a consent and revoke the application's grants of this officer; False when there was neither."""
        ...


class Consents:
    """Asks the store and keeps the officers' answers.

    Args:
        store: Where consents are kept.
        trail: Where a refusal is recorded.
        clock: Source of the time.
    """

    def __init__(self, store: ConsentStore, trail: AuditTrail, clock: Clock) -> None:
        self._store = store
        self._trail = trail
        self._clock = clock

    def covers(self, sub: str, client_id: str, scope: Iterable[str], claims: Collection[str] = ()) -> bool:
        """Tell whether the officer has agreed to all that is asked now, by scope and by name."""
        consent = self._store.find(sub, client_id)
        if consent is None or not consent.scope.issuperset(scope):
            return False
        return not claims or (consent.claims | brought_by(consent.scope)).issuperset(claims)

    def give(self, sub: str, client_id: str, scope: Iterable[str], caller: Caller, *, claims: Collection[str] = (),
             sid: str = "", details: str = "") -> None:
        """Keep the officer's agreement; arguments as ``agreement``."""
        self._store.give(*self.agreement(sub, client_id, scope, caller, claims=claims, sid=sid, details=details))

    def agreement(self, sub: str, client_id: str, scope: Iterable[str], caller: Caller, *, claims: Collection[str] = (),
                  sid: str = "", details: str = "") -> tuple[Consent, AuditRecord]:
        """Make what is kept when the officer agrees, and its record, for a write that does more (``Approvals.approve``).

        What was agreed to before stays agreed, but for authorization details (JSON). These are agreed to for one request; the
        audit trail keeps their digest, by which the application's copy is recognised.
        """
        now = self._clock.now()
        earlier = self._store.find(sub, client_id)
        agreed = frozenset(scope) | (earlier.scope if earlier else frozenset())
        named = frozenset(claims) | (earlier.claims if earlier else frozenset())
        return Consent(sub, client_id, agreed, now, named), AuditRecord(
            AuditEvent.CONSENT_GIVEN, now, sub=sub, client_id=client_id, sid=sid, source=caller.source,
            request_id=caller.request_id, detail=_detail(agreed, named, details))

    def refuse(self, sub: str, client_id: str, scope: Iterable[str], caller: Caller, *, claims: Collection[str] = (),
               sid: str = "", details: str = "") -> None:
        """Record that the officer did not agree; nothing else is kept, so the next request asks again."""
        self._trail.record(AuditRecord(
            AuditEvent.CONSENT_REFUSED, self._clock.now(), sub=sub, client_id=client_id, sid=sid, source=caller.source,
            request_id=caller.request_id, detail=_detail(scope, claims, details)))

    def accesses(self, sub: str) -> Sequence[Access]:
        """Give what applications have of an officer, the last used first."""
        return sorted(self._store.accesses(sub, self._clock.now()), key=lambda one: (-(one.last_at or one.agreed_at or 0),
                                                                                    one.client_id))

    def withdraw(self, sub: str, client_id: str, caller: Caller) -> bool:
        """Take back what an application has of an officer: the agreement, where there was one, and every token.

        False when it has nothing. An application that is not asked about gets anew what it had when the officer next signs in.
        """
        now = self._clock.now()
        return self._store.withdraw(sub, client_id, now, AuditRecord(
            AuditEvent.CONSENT_WITHDRAWN, now, sub=sub, client_id=client_id, source=caller.source, request_id=caller.request_id))


def _detail(scope: Iterable[str], claims: Collection[str], details: str) -> dict[str, str]:
    named = {"claims": " ".join(sorted(claims))} if claims else {}
    if details:
        named["authorization_details_sha256"] = hashlib.sha256(details.encode()).hexdigest()
    return {"scope": " ".join(sorted(scope)), **named}
