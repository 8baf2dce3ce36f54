"""How often clients may ask that cannot authenticate: anybody can play them, and each of their requests leaves a row.

Spec: RFC 9126 §2.3 (429), RFC 8628 §5.2; security checklist 27 and 44. Counted in the database before anything
is kept, per client and address, per client, and per address; requests at one instant count each. A client that authenticates
answers for what it sends and is not counted. The limits leave room for an office of five hundred officers behind one address, who
all begin to work at the same time.
"""

from __future__ import annotations

from typing import Final

from ...audit import AuditEvent, AuditRecord, Caller
from ...authn.lockout import Limits, Lockout, Rule, ThrottledError, network_of
from ...clock import Clock
from ..client import Client
from ..ports import GrantStore, digest
from ..provider_request import LaterError

DEVICE_LIMITS: Final = Limits(pair=Rule(600), account=Rule(6000), source=Rule(1200))
"""Device authorizations in half an hour: an officer begins one, now and then a second."""
PUSH_LIMITS: Final = Limits(pair=Rule(2000), account=Rule(20_000), source=Rule(4000))
"""Pushed requests in half an hour: an officer's browser pushes one for each application that is opened."""
NOTE_SECONDS: Final = 60


class PublicClients:
    """Holds one kind of request to a rate.

    Args:
        requests: Counts them (``DEVICE_LIMITS``, ``PUSH_LIMITS``).
        store: Takes note when a limit is met, once a minute for each client and network.
        clock: Source of the time.
        endpoint: For the record.
        code: Error of the endpoint's specification for one who has to come later.
    """

    def __init__(self, requests: Lockout, store: GrantStore, clock: Clock, *, endpoint: str, code: str) -> None:
        self._requests = requests
        self._store = store
        self._clock = clock
        self._endpoint = endpoint
        self._code = code

    def count(self, client: Client, caller: Caller) -> None:
        """Count a request that was read and is about to be kept; one of a client that authenticates is not counted.

        Raises:
            LaterError: 429, and nothing is to be kept.
        """
        if not client.public:
            return
        try:
            self._requests.take(client.client_id, caller.source)
        except ThrottledError as err:
            self._note(client, caller, err.limit)
            raise LaterError(self._code, "Too many requests of this application; wait a moment.",
                             retry_after_seconds=err.retry_after_seconds or 1) from None

    def _note(self, client: Client, caller: Caller, limit: str) -> None:
        record = AuditRecord(AuditEvent.CLIENT_THROTTLED, self._clock.now(), client_id=client.client_id, source=caller.source,
                             request_id=caller.request_id, detail={"endpoint": self._endpoint, "limit": limit})
        kind = digest("\0".join((AuditEvent.CLIENT_THROTTLED, client.client_id, network_of(caller.source), self._endpoint)))
        self._store.note(record, kind=kind, seconds=NOTE_SECONDS)


def of_devices(requests: Lockout, store: GrantStore, clock: Clock) -> PublicClients:
    """Make what counts device authorizations (RFC 8628 §3.5 has the error)."""
    return PublicClients(requests, store, clock, endpoint="device_authorization", code="slow_down")


def of_pushed(requests: Lockout, store: GrantStore, clock: Clock) -> PublicClients:
    """Make what counts pushed requests (RFC 6749 §4.1.2.1 has the error)."""
    return PublicClients(requests, store, clock, endpoint="pushed_authorization", code="temporarily_unavailable")
