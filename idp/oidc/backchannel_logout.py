"""Back-channel logout: applications that took part in a session are told when it ends.

Spec: OpenID Connect Back-Channel Logout 1.0 §2.4 (logout token), §2.5-§2.8 (request and answer).

The notice is queued in the same write that ends the session; nothing here is on the officer's path. Delivery is at least once:
a crash between sending and noting it sends again, with a new ``jti``. Only 200 and 204 are success (§2.8 names 200, and 204 for
receivers that answer without a body). What becomes of a receiver that fails: ``idp/outbox.py``.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ..audit import AuditEvent, AuditRecord
from ..clock import Clock
from ..errors import IdpError
from ..jose.jwt import sign
from ..jose.keyset import SigningKey
from ..oauth.client import Client
from ..outbox import Attempt, QueueState, Round
from .encryption import ResponseEncryption
from .subject import Subjects

EVENT = "http://schemas.openid.net/event/backchannel-logout"
CALL_SECONDS = 6
"""Time that one call may take, with a second to spare; a lease with less left is given back."""


@dataclass(frozen=True, slots=True)
class LogoutNotice:
    """One notice that this process has taken from the queue.

    Attributes:
        id: Row of the queue; order of ids is order of session ends.
        client_id: Receiver.
        sub: Officer, as the provider knows them.
        sid: Session that ended.
        attempts: Failed attempts so far; 0 again once its receiver recovered.
        created_at: Seconds since the epoch.
        lease_until: Until then no other process takes it; also tells ours from a later lease.
    """

    id: int
    client_id: str
    sub: str
    sid: str
    attempts: int
    created_at: int
    lease_until: int

    @property
    def receiver(self) -> str:
        """Who gets it."""
        return self.client_id


class NoticeQueue(Protocol):
    """The outbox, as far as logout notices go. A change to a notice counts only while its lease is ours."""

    def claim(self, *, now: int, lease_until: int, retried: bool, per_receiver: int, limit: int) -> list[LogoutNotice]:
        """Take due notices, oldest first; none of a receiver that somebody is sending to just now.

        Args:
            now: Seconds since the epoch.
            lease_until: End of the lease that is taken.
            retried: Whether to take notices that failed before, or such that never did.
            per_receiver: Most notices of one receiver.
            limit: Most notices in all.
        """
        ...

    def sent(self, notice: LogoutNotice, *, now: int, record: AuditRecord) -> None:
        """Note a delivery and its audit record."""
        ...

    def failed(self, notice: LogoutNotice, *, next_attempt_at: int, error: str) -> None:
        """Count an attempt and wait until ``next_attempt_at``."""
        ...

    def put_off(self, notice: LogoutNotice, *, next_attempt_at: int) -> None:
        """Give a notice back that was not tried."""
        ...

    def dead(self, notice: LogoutNotice, *, now: int, error: str, record: AuditRecord) -> None:
        """Give a notice up, durably, with its audit record."""
        ...

    def drop(self, notice: LogoutNotice) -> None:
        """Forget a notice whose application has no address for it."""
        ...

    def recovered(self, client_id: str, *, now: int) -> None:
        """Make everything that waits for a receiver due now, except what it refused itself (4xx)."""
        ...

    def revive(self, client_id: str, *, now: int) -> int:
        """Queue a receiver's dead notices anew, as if just made; gives how many."""
        ...

    def state(self) -> QueueState:
        """Tell what waits and what is dead."""
        ...


class LogoutTransport(Protocol):
    """Posts a form to an address that a client registered."""

    def post_form(self, url: str, fields: Mapping[str, str]) -> int:
        """Give the status of the answer. Raises IdpError with a short reason where there is none."""
        ...


class Clients(Protocol):
    """Registered applications, disabled ones too: they must still learn that a session ended."""

    def all(self) -> tuple[Client, ...]:
        """Give every client; what changed a moment ago may be missing."""
        ...

    def reload(self) -> None:
        """Read them anew. Raises UnavailableError."""
        ...


class Keys(Protocol):
    """The provider's signing keys."""

    def signing(self, alg: str) -> SigningKey:
        """Give the active key of an algorithm."""
        ...


def logout_token_claims(
    *, issuer: str, client: Client, subjects: Subjects, sub: str, sid: str, now: int, lifetime_seconds: int,
) -> dict[str, Any]:
    """Give the claims of a logout token: both ``sub`` and ``sid``, never a ``nonce``; a life of two minutes at most.

    Source: OpenID Connect Back-Channel Logout 1.0 §2.4.
    """
    return {"iss": issuer, "aud": client.client_id, "iat": now, "exp": now + min(lifetime_seconds, 120),
            "jti": secrets.token_urlsafe(16), "sub": subjects.of(client, sub), "sid": subjects.session_of(client, sid),
            "events": {EVENT: {}}}


class LogoutDelivery:
    """Delivers notices of one receiver, one after the other.

    ``heard`` is told the application, its address and the time once it took a notice there; at least once for each process.
    """

    def __init__(self, queue: NoticeQueue, transport: LogoutTransport, clients: Clients, keys: Keys, clock: Clock, *,
                 subjects: Subjects, encryption: ResponseEncryption, issuer: str, lifetime_seconds: int,
                 heard: Callable[[str, str, int], None]) -> None:
        self._heard, self._known = heard, set[tuple[str, str]]()
        self._queue, self._transport, self._clients, self._keys, self._clock = queue, transport, clients, keys, clock
        self._subjects, self._encryption, self._issuer, self._lifetime = subjects, encryption, issuer, lifetime_seconds
        self._round: Round[LogoutNotice] = Round(queue, clock, call_seconds=CALL_SECONDS)

    def deliver(self, notices: Sequence[LogoutNotice], *, stopping: Callable[[], bool] = lambda: False) -> bool:
        """Send notices of one receiver, oldest first; stop at the first sign that it is down. As ``outbox.Round.deliver``."""
        client = self._receiver(notices[0].client_id)

        def attempt(notice: LogoutNotice, now: int) -> Attempt:
            return Attempt(dropped=True) if client is None else self._send(client, notice, now)

        def sent(notice: LogoutNotice, now: int) -> None:
            self._queue.sent(notice, now=now, record=_record(AuditEvent.LOGOUT_NOTICE_SENT, notice, now))
            if client is not None and (proof := (client.client_id, client.backchannel_logout_uri)) not in self._known:
                self._heard(*proof, now)
                self._known.add(proof)

        def dead(notice: LogoutNotice, now: int, error: str) -> None:
            self._queue.dead(notice, now=now, error=error,
                             record=_record(AuditEvent.LOGOUT_NOTICE_DEAD, notice, now, error=error))

        return self._round.deliver(notices, attempt, sent=sent, dead=dead, stopping=stopping)

    def _receiver(self, client_id: str) -> Client | None:
        """Find who gets a notice; None where nobody does.

        A notice that is dropped is gone, so nobody is given up on what this process knew a moment ago: an application may have
        been registered, or have got its address, since.
        """
        for again in (False, True):
            if again:
                self._clients.reload()
            client = next((c for c in self._clients.all() if c.client_id == client_id), None)
            if client is not None and client.backchannel_logout_uri:
                return client
        return None

    def _send(self, client: Client, notice: LogoutNotice, now: int) -> Attempt:
        """Post one token."""
        claims = logout_token_claims(issuer=self._issuer, client=client, subjects=self._subjects, sub=notice.sub, sid=notice.sid,
                                     now=now, lifetime_seconds=self._lifetime)
        token = sign(claims, self._keys.signing(client.id_token_signed_response_alg), typ="logout+jwt")
        try:
            token = self._encryption.id_token(client, token)
            status = self._transport.post_form(client.backchannel_logout_uri, {"logout_token": token})
        except IdpError as err:
            return Attempt(err.message, down=True)
        if status in (200, 204):
            return Attempt()
        return Attempt(f"HTTP {status}", down=not 400 <= status < 500 or status == 429)


def _record(event: AuditEvent, notice: LogoutNotice, now: int, **detail: str) -> AuditRecord:
    return AuditRecord(event, now, sub=notice.sub, client_id=notice.client_id, sid=notice.sid, source="worker",
                       request_id=f"outbox-{notice.id}", detail={"attempts": notice.attempts + 1, **detail})
