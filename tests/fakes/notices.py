"""Clients, keys and a transport for logout notices."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from idp.errors import UnavailableError
from idp.jose.keyset import KeyRing
from idp.oauth.client import Client
from tests.fakes.clock import FakeClock
from tests.fakes.key_store import FakeKeyStore
from tests.fakes.sealer import FakeSealer


class MemoryClients:
    """Registered applications in a list."""

    def __init__(self, *clients: Client) -> None:
        self.clients = list(clients)

    def all(self) -> tuple[Client, ...]:
        return tuple(self.clients)

    def reload(self) -> None:
        """Nothing is kept that could be old."""


def application(client_id: str, uri: str = "https://app.example/logout", **members: object) -> Client:
    return Client(client_id=client_id, client_name=client_id, backchannel_logout_uri=uri, **members)  # type: ignore[arg-type]


class RecordingTransport:
    """Answers as told, by URL; keeps what was posted."""

    def __init__(self) -> None:
        self.posted: list[tuple[str, dict[str, str]]] = []
        self.answers: dict[str, int | str | Callable[[], int]] = {}
        self._lock = threading.Lock()

    def post_form(self, url: str, fields: Mapping[str, str]) -> int:
        with self._lock:
            self.posted.append((url, dict(fields)))
        answer = self.answers.get(url, 200)
        if isinstance(answer, str):
            raise UnavailableError(answer, dependency="receiver")
        return answer if isinstance(answer, int) else answer()


def key_ring(clock: FakeClock) -> KeyRing:
    from idp.audit import Caller

    ring = KeyRing(FakeKeyStore(), FakeSealer(), clock)
    ring.ensure(Caller("test", "test"))
    return ring
