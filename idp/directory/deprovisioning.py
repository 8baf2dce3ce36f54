"""What an officer loses who may no longer sign in, and what an officer has again who may: one rule, for every way there.

Sources: security checklist 18 (a disabled officer stops every path), OWASP ASVS 5.0 7.4.2 (disabling ends sessions). The mirror's
status alone stops every path; here what was given is ended for good, in one transaction: sessions, grants with all their codes
and tokens, requests that wait for an answer, passwords proven on an open page. Each application that took part is told. Factors
are frozen, and stay so after a return until an administrator releases them: whoever comes back may have left telephone or key
behind. What only people can take back (certificates, signing SIMs) becomes a task. Consents and the subject stay.

An officer who moves keeps all of this. What an agency's administrator may do is worked out from groups and main post at each
request (``roles``) and is kept nowhere, so that there is nothing to take away.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from ..audit import AuditEvent, AuditRecord, Caller
from ..clock import Clock
from .changes import ChangeKind, OfficerChange
from .mirror import OfficerMirror
from .tasks import AFTER_A_DEPARTURE, DUE_SECONDS, NewTask

FEED: Final = Caller(source="directory", request_id="directory")
"""Who acts when the directory tells of a change."""
_REASONS: Final = {ChangeKind.DISABLED: "disabled", ChangeKind.REMOVED: "removed"}
EVERYTHING: Final = 2**62
"""As a moment: later than anything was given."""


@dataclass(frozen=True, slots=True)
class Ending:
    """What is ended, and how it is recorded.

    Attributes:
        sub: The officer.
        reason: One word: ``disabled``, ``removed``, ``administrator``.
        given_until: What was given after this moment stays: the officer is active again since.
        record: Tells that everything was ended.
        each: Tells that a session was; the store adds which one.
    """

    sub: str
    reason: str
    given_until: int
    record: AuditRecord
    each: AuditRecord

    @property
    def at(self) -> int:
        """When it is done, seconds since the epoch."""
        return self.record.at


class AccessStore(Protocol):
    """Where everything stands that officers were given. Every verb may raise UnavailableError(dependency="database").

    Every write is one durable transaction, and holds the officer meanwhile: what is given at the same moment is given before, and
    ended, or is refused.
    """

    def leave(self, ending: Ending, left_at: int, tasks: Sequence[NewTask]) -> bool:
        """End everything, freeze the factors and open the tasks; False, and nothing done, when this departure is known."""
        ...

    def end(self, ending: Ending, *, always: bool) -> None:
        """End everything. The record is written where something was ended, or ``always``."""
        ...

    def come_back(self, sub: str, at: int, record: AuditRecord) -> bool:
        """Note that an officer is back; False when nobody knows that they were away, or this is known."""
        ...

    def release(self, sub: str, record: AuditRecord) -> bool:
        """Let the factors of an officer who is back work again; False when they are not frozen, or the officer is not back."""
        ...

    def frozen_until(self, entry_uuid: str) -> int | None:
        """Give when an officer came back whose factors are frozen, ``EVERYTHING`` for one who is not; None when they are not."""
        ...

    def told(self, sub: str) -> list[str]:
        """Name the applications that take part in an officer's sessions."""
        ...

    def left_over(self) -> Sequence[tuple[str, str]]:
        """Give officers (subject and status) who are not active, and of whom something lives all the same; 200 at most."""
        ...


class Deprovisioning:
    """Ends what officers were given; implements ``directory.changes.Consequences``.

    Args:
        store: Where it stands.
        mirror: Officers.
        clock: Source of the time.
    """

    def __init__(self, store: AccessStore, mirror: OfficerMirror, clock: Clock) -> None:
        self._store = store
        self._mirror = mirror
        self._clock = clock

    def of(self, change: OfficerChange) -> None:
        """Do what a change means for sessions, tokens and factors."""
        if change.kind in _REASONS:
            self._leave(change.sub, _REASONS[change.kind], change.at, FEED)
        elif change.kind is ChangeKind.RETURNED:
            self._store.come_back(change.sub, change.at, self._record(AuditEvent.ACCESS_RETURNED, change.sub, FEED))

    def end_access(self, sub: str, reason: str, caller: Caller) -> list[str]:
        """End everything that an officer was given, who may sign in again at once: an administrator's act.

        Returns:
            The applications that are told, each once.
        """
        told = self._store.told(sub)
        self._store.end(self._ending(sub, reason, caller, EVERYTHING), always=True)
        return told

    def settle(self, caller: Caller) -> int:
        """End what lives of officers who are not active, however it came to; gives of how many. For the worker.

        The change that took their access away did all this; this is for a mirror that was written in another way.
        """
        found = self._store.left_over()
        for sub, status in found:
            self._leave(sub, "removed" if status == "gone" else "disabled", self._clock.now(), caller)
        return len(found)

    def frozen_until(self, entry_uuid: str) -> int | None:
        """Give the moment until which factors that were enrolled count for nothing, until an administrator releases them."""
        return self._store.frozen_until(entry_uuid)

    def release_factors(self, sub: str, caller: Caller) -> bool:
        """Let the factors of an officer who is back work again; False when there is nothing to release."""
        return self._store.release(sub, self._record(AuditEvent.FACTORS_RELEASED, sub, caller))

    def _leave(self, sub: str, reason: str, at: int, caller: Caller) -> None:
        officer = self._mirror.by_sub(sub)
        back = officer is not None and officer.status == "active"
        ending = self._ending(sub, reason, caller, at if back else EVERYTHING)
        tasks = [NewTask(secrets.token_urlsafe(12), kind, f"departure:{at}", ending.at, ending.at + DUE_SECONDS)
                 for kind in AFTER_A_DEPARTURE]
        if not self._store.leave(ending, at, tasks):
            self._store.end(ending, always=False)

    def _ending(self, sub: str, reason: str, caller: Caller, given_until: int) -> Ending:
        return Ending(sub, reason, given_until, self._record(AuditEvent.ACCESS_ENDED, sub, caller, reason),
                      self._record(AuditEvent.SESSION_ENDED, sub, caller, reason))

    def _record(self, event: AuditEvent, sub: str, caller: Caller, reason: str = "") -> AuditRecord:
        return AuditRecord(event, self._clock.now(), sub=sub, source=caller.source, request_id=caller.request_id,
                           detail={**({"reason": reason} if reason else {}), **caller.by})
