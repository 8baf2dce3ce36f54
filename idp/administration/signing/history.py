"""Every signature that was asked of a SIM, for those who answer for the agency that it was made for.

Sources: security checklist 38, 57, 61; Law 91/2025 on personal data. A signature belongs to the agency of the post that the
officer had then; an agency sees its own and those of the agencies below it. Nothing of a document is told but the number by which
the application called it. The evidence holds the whole telephone number and what the document is about: it is given to the
province's administrators and to auditors alone, for a purpose, and the officer reads who had it (``/account/readings``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from ...audit import AuditEvent, AuditRecord, AuditTrail, Caller
from ...clock import Clock
from ...directory.mirror import OfficerMirror
from ...errors import RefusedError
from ...roles import Administrator, ForbiddenError, Right, Role
from ...signing.ports import SignatureHistory, SignatureSearch, TransactionStore
from ...signing.transaction import SIGNATURE, Event, State, Transaction
from ..pages import InvalidParameterError, Page, turned
from ..people.masked import phone

LONGEST_PURPOSE: Final = 300
FOREVER: Final = 10**10
"""A moment after all others, seconds since the epoch."""
DENIED: Final = "denied"
"""Stands among the states for: the officer says that they never asked for it."""
STATES: Final = (*(state.value for state in State), DENIED)


class Signatures:
    """Tells of signatures.

    Args:
        history: Looks through them.
        store: Where they rest.
        mirror: Who the officers are now.
        evidence: Makes the file that proves one.
        trail: Where readings are recorded.
        clock: Source of the time.
    """

    def __init__(self, history: SignatureHistory, store: TransactionStore, mirror: OfficerMirror,
                 evidence: Callable[[Transaction, Caller], bytes], trail: AuditTrail, clock: Clock) -> None:
        self._history, self._store, self._mirror = history, store, mirror
        self._evidence, self._trail, self._clock = evidence, trail, clock

    def listed(self, who: Administrator, *, limit: int, sub: str = "", client_id: str = "", state: str = "", unit: str = "",
               since: int = 0, before: int = FOREVER, cursor: str = "", back: str = "") -> Page:
        """Give signatures, the newest first, as ``shown`` tells of them.

        Args:
            who: Sees those of their agency, and below.
            limit: How many.
            sub: Of this officer.
            client_id: Asked for by this application.
            state: One of ``STATES``.
            unit: Made for this agency or one below it.
            since: Asked for then or later, seconds since the epoch.
            before: Asked for before then.
            cursor: The page after it.
            back: The page before it.

        Raises:
            ForbiddenError: an agency that is not theirs; a role that does not administer.
            InvalidParameterError: a cursor, a state or a time that is none.
        """
        who.demand(Right.ADMINISTER)
        if unit and not who.oversees(unit):
            raise ForbiddenError("This agency is not yours.")
        if state and state not in STATES:
            raise InvalidParameterError(f"state: one of {', '.join(STATES)}.")
        if not 0 <= since < before <= FOREVER:
            raise InvalidParameterError("since is before before.")
        search = SignatureSearch(unit=who.narrowed(unit), sub=sub, client_id=client_id, since=since, before=before,
                                 state="" if state == DENIED else state, denied=state == DENIED)

        def given(after: Any, earlier: Any, most: int) -> Sequence[Transaction]:
            return self._history.page(search, after=after[0] if after else "", before=earlier[0] if earlier else "", limit=most)

        found, following, prev = turned(given, lambda one: (one.transaction_id,), (str,), cursor=cursor, back=back, limit=limit)
        return Page([self.shown(one) for one in found], following, prev)

    def one(self, who: Administrator, transaction_id: str) -> tuple[Transaction, Sequence[Event]]:
        """Give a signature and its course, oldest first. Raises RefusedError (404), another agency's included."""
        who.demand(Right.ADMINISTER)
        found = self._store.find(transaction_id)
        if found is None or found.purpose != SIGNATURE or not who.oversees(found.unit_code):
            raise RefusedError("There is no such signature.", code="unknown_signature", status=404)
        return found, self._store.events(transaction_id)

    @staticmethod
    def may_have_evidence(who: Administrator) -> bool:
        """Tell whether evidence is given to somebody; they have to be a person who answers for it."""
        return who.role in (Role.PROVINCE, Role.AUDITOR) and bool(who.sub)

    def evidence(self, who: Administrator, transaction_id: str, purpose: str, caller: Caller) -> bytes:
        """Give the file that proves a signature (``signing.evidence``); who has it and why is recorded before.

        Raises:
            ForbiddenError: not the province, not an auditor, or a machine.
            RefusedError: 404; 422 ``purpose_needed``: none, too long, or not one line of text.
            UnavailableError: it cannot be recorded, or nobody stamps the time.
        """
        if not self.may_have_evidence(who):
            raise ForbiddenError("Evidence is for the province's administrators and auditors; somebody has to answer for it.")
        found, _ = self.one(who, transaction_id)
        why = purpose.strip()
        if not 0 < len(why) <= LONGEST_PURPOSE or not why.isprintable():
            raise RefusedError(f"Please say what for, in 1 to {LONGEST_PURPOSE} characters.", code="purpose_needed", status=422)
        self._trail.record(AuditRecord(
            AuditEvent.PERSONAL_DATA_READ, self._clock.now(), sub=found.sub, client_id=found.client_id, source=caller.source,
            request_id=caller.request_id,
            detail={"number": transaction_id, "why": "evidence", "purpose": why, "by": who.sub, **caller.by}))
        return self._evidence(found, caller)

    def shown(self, one: Transaction) -> dict[str, Any]:
        """Give a signature as lists tell of it: ``number`` is the masked telephone's, ``document`` its name there."""
        officer = self._mirror.by_sub(one.sub)
        return {"id": one.transaction_id, "at": one.created_at, "sub": one.sub, "name": officer.officer.name if officer else "",
                "unit_code": one.unit_code, "title": one.title, "client_id": one.client_id, "document": one.document,
                "number": phone(one.msisdn), "carrier": one.carrier, "state": one.state.value, "outcome": one.outcome,
                "denied": one.denied_at is not None, "ended_at": one.ended_at}

    def told(self, who: Administrator, transaction_id: str) -> dict[str, Any]:
        """Give one with its course: ``course`` holds moments in seconds, states and outcomes. Raises as ``one``."""
        one, events = self.one(who, transaction_id)
        return self.shown(one) | {
            "code": one.code, "digest_name": one.digest_name, "digest": one.digest.hex(), "certificate": one.certificate.hex(),
            "course": [{"at": event.at_us // 1_000_000, "state": event.state.value, "outcome": event.outcome}
                       for event in events]}
