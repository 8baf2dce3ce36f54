"""What could not be delivered, for administrators: seen, and sent anew.

Source: security checklist 36, 38; rules of delivery: ``idp/outbox.py``. Queues are the province's: a receiver that fails belongs
to one agency, and officers of every agency stay signed in there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

from ...audit import AuditEvent, AuditRecord, AuditTrail, Caller
from ...clock import Clock
from ...errors import RefusedError
from ...outbox import QueueState
from ...roles import Administrator
from ..access import ForbiddenError

KINDS: Final = ("logout", "mail")
_LONGEST: Final = 128


class Queue(Protocol):
    """Messages of one kind."""

    def state(self) -> QueueState:
        """Tell what waits and what is dead."""
        ...

    def revive(self, client_id: str, *, now: int) -> int:
        """Queue a receiver's dead messages anew, as if just made; gives how many."""
        ...


class Deliveries:
    """Shows queues, and has dead messages sent anew.

    Args:
        queues: By kind, one of ``KINDS`` each.
        audit: Where it is recorded who asked.
        clock: Source of the time.
    """

    def __init__(self, queues: Mapping[str, Queue], audit: AuditTrail, clock: Clock) -> None:
        self._queues, self._audit, self._clock = queues, audit, clock

    def state(self, who: Administrator) -> dict[str, Any]:
        """Give each queue.

        Returns:
            By kind: ``waiting``, ``oldest_waiting_at`` (seconds since the epoch or None), ``dead`` and ``failing``: a list of
            ``receiver``, ``waiting``, ``dead`` and ``last_error``.

        Raises:
            ForbiddenError: an agency asks.
        """
        if not who.of_the_province:
            raise ForbiddenError("What could not be delivered is the province's to see.")
        return {kind: _shown(queue.state()) for kind, queue in self._queues.items()}

    def retry(self, who: Administrator, body: Mapping[str, Any], caller: Caller) -> int:
        """Queue a receiver's dead messages anew; gives how many.

        Args:
            who: Of the province.
            body: ``kind`` (one of ``KINDS``) and ``receiver`` (as ``state`` gives it).
            caller: For the record.

        Raises:
            ForbiddenError: whoever asks may not change what is the province's.
            RefusedError: 404: there is no such queue, or nothing of that receiver is dead; 422: the body holds something else.
        """
        if not who.of_the_province or not who.may_change:
            raise ForbiddenError("What could not be delivered is the province's to send anew.")
        kind, receiver = body.get("kind"), body.get("receiver")
        if body.keys() != {"kind", "receiver"} or not isinstance(kind, str) or not isinstance(receiver, str):
            raise RefusedError("The body holds kind and receiver.", code="invalid_body", status=422)
        queue = self._queues.get(kind)
        failing = queue.state().failing if queue is not None and len(receiver) <= _LONGEST else ()
        if queue is None or not any(one.client_id == receiver and one.dead for one in failing):
            raise RefusedError("Nothing of that receiver is dead.", code="not_found", status=404)
        now = self._clock.now()
        # Recorded first: what nobody can answer for does not happen.
        self._audit.record(AuditRecord(
            AuditEvent.DELIVERY_RETRIED, now, sub="", client_id=receiver if kind == "logout" else "", source=caller.source,
            request_id=caller.request_id, detail={"kind": kind, **caller.by}))
        return queue.revive(receiver, now=now)


def _shown(state: QueueState) -> dict[str, Any]:
    return {"waiting": state.waiting, "oldest_waiting_at": state.oldest_waiting_at, "dead": state.dead, "failing": [
        {"receiver": one.client_id, "waiting": one.waiting, "dead": one.dead, "last_error": one.last_error}
        for one in state.failing]}
