"""Ping: an application that asked for an officer is told that the answer is there, and fetches it.

Spec: OpenID Connect Client-Initiated Backchannel Authentication §10.2 (ping callback), §14 (security). The notice is
queued in the write that keeps the officer's answer; ``auth_req_id`` and the token that the application will know us by lie in
the queue sealed. No redirect is followed and no body is read. An application that does not answer is tried again with a growing
pause as long as there is something to fetch; one that refuses (4xx) is not: the same call again would be refused again, and it
can still poll.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from ...audit import AuditEvent, AuditRecord
from ...clock import Clock
from ...errors import IdpError
from ...jose.keyset import Sealer
from ..client import Client, ClientRegistry

LONGEST_PAUSE_SECONDS: Final = 60
CALL_SECONDS: Final = 6
"""Time that one call may take, with a second to spare; a lease with less left is given back."""


@dataclass(frozen=True, slots=True)
class PingNotice:
    """One notice that this process has taken from the queue.

    Attributes:
        id: Row of the queue.
        client_id: Receiver.
        payload: As ``notice_of`` gave it.
        attempts: Failed attempts so far.
        lease_until: Until then no other process takes it; also tells ours from a later lease.
    """

    id: int
    client_id: str
    payload: str
    attempts: int
    lease_until: int

    @property
    def receiver(self) -> str:
        """Who gets it."""
        return self.client_id


class PingQueue(Protocol):
    """The outbox, as far as pings go. A change to a notice counts only while its lease is ours."""

    def claim(self, *, now: int, lease_until: int, retried: bool, per_receiver: int, limit: int) -> list[PingNotice]:
        """Take due notices, oldest first; none of a receiver that somebody is sending to just now."""
        ...

    def sent(self, notice: PingNotice, *, now: int, record: AuditRecord) -> None:
        """Note a delivery and its audit record."""
        ...

    def failed(self, notice: PingNotice, *, next_attempt_at: int, error: str) -> None:
        """Count an attempt and wait until ``next_attempt_at``."""
        ...

    def put_off(self, notice: PingNotice, *, next_attempt_at: int) -> None:
        """Give a notice back that was not tried."""
        ...

    def dead(self, notice: PingNotice, *, now: int, error: str, record: AuditRecord) -> None:
        """Give a notice up, durably, with its audit record."""
        ...

    def drop(self, notice: PingNotice) -> None:
        """Forget a notice whose application is not to be told any more."""
        ...


class PingTransport(Protocol):
    """Posts JSON to an address that a client registered."""

    def post_json(self, url: str, members: Mapping[str, Any], *, bearer: str) -> int:
        """Give the status of the answer. Raises IdpError with a short reason where there is none."""
        ...


def notice_of(sealer: Sealer, client_id: str, *, auth_req_id: str, token: str, expires_at: int) -> str:
    """Make what the queue will hold of one request: JSON, the two secrets in it sealed for this application.

    Args:
        sealer: Seals.
        client_id: The application.
        auth_req_id: What is ready.
        token: ``client_notification_token`` of the request.
        expires_at: When there is nothing to fetch any more, seconds since the epoch.
    """
    sealed = sealer.seal(json.dumps([auth_req_id, token]).encode(), context=_context(client_id))
    return json.dumps({"sealed": urlsafe_b64encode(sealed).decode(), "expires_at": expires_at}, separators=(",", ":"))


def _context(client_id: str) -> str:
    return f"ciba ping {client_id}"


class PingDelivery:
    """Delivers notices of one application, one after the other.

    Args:
        queue: The outbox.
        transport: The guarded fetcher (security checklist 19).
        registry: Applications that may act now.
        sealer: Opens what was sealed.
        clock: Source of the time.
    """

    def __init__(self, queue: PingQueue, transport: PingTransport, registry: ClientRegistry, sealer: Sealer,
                 clock: Clock) -> None:
        self._queue, self._transport, self._registry = queue, transport, registry
        self._sealer, self._clock = sealer, clock

    def deliver(self, notices: Sequence[PingNotice], *, stopping: Callable[[], bool] = lambda: False) -> bool:
        """Send notices of one application, oldest first; stop at the first sign that it is down.

        Args:
            notices: All of one application, leased by us.
            stopping: Asked before each; what is left is then given back.

        Returns:
            Whether the application answered.

        Raises:
            UnavailableError: the database does not answer; leases end by themselves.
        """
        client = self._receiver(notices[0].client_id)
        for index, notice in enumerate(notices):
            now = self._clock.now()
            if now + CALL_SECONDS > notice.lease_until or stopping():
                for rest in notices[index:]:
                    self._queue.put_off(rest, next_attempt_at=now)
                return True
            kept = json.loads(notice.payload)
            over = now >= kept["expires_at"]
            if client is None or (over and not notice.attempts):
                self._queue.drop(notice)
                continue
            if over:
                error = "There is nothing to fetch any more."
                self._queue.dead(notice, now=now, error=error, record=_record(AuditEvent.PING_DEAD, notice, now, error=error))
                continue
            error, down = self._send(client.backchannel_client_notification_endpoint, notice, kept["sealed"])
            now = self._clock.now()
            if not error:
                self._queue.sent(notice, now=now, record=_record(AuditEvent.PING_SENT, notice, now))
                continue
            due = now + min(LONGEST_PAUSE_SECONDS, 1 << min(notice.attempts + 1, 12))
            if not down or due >= kept["expires_at"]:
                self._queue.dead(notice, now=now, error=error, record=_record(AuditEvent.PING_DEAD, notice, now, error=error))
            else:
                self._queue.failed(notice, next_attempt_at=due, error=error)
            if down:
                for rest in notices[index + 1:]:
                    self._queue.put_off(rest, next_attempt_at=due)
                return False
        return True

    def _receiver(self, client_id: str) -> Client | None:
        """Find who is told; None where nobody is. As for logout notices, nobody is given up on what was known a moment ago."""
        for again in (False, True):
            if again:
                self._registry.reload()
            client = self._registry.find(client_id)
            if client is not None and client.backchannel_token_delivery_mode == "ping":
                return client
        return None

    def _send(self, url: str, notice: PingNotice, sealed: str) -> tuple[str, bool]:
        """Make one call; gives the error ("" for success) and whether the application as a whole seems down."""
        opened = self._sealer.open(urlsafe_b64decode(sealed), context=_context(notice.client_id))
        auth_req_id, token = json.loads(opened)
        try:
            status = self._transport.post_json(url, {"auth_req_id": auth_req_id}, bearer=token)
        except IdpError as err:
            return err.message, True
        if status in (200, 204):
            return "", False
        return f"HTTP {status}", status >= 500 or status == 429


def _record(event: AuditEvent, notice: PingNotice, now: int, **detail: str) -> AuditRecord:
    return AuditRecord(event, now, client_id=notice.client_id, source="worker", request_id=f"outbox-{notice.id}",
                       detail={"attempts": notice.attempts + 1, **detail})
