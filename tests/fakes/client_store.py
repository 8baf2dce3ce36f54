"""Registrations and secret files in memory."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from idp.audit import Caller
from idp.errors import UnavailableError
from idp.oauth.client import Client


class FakeClientStore:
    """Satisfies the ClientRecords port; ``put`` enters a client past all rules, ``down`` makes every verb fail."""

    def __init__(self, *clients: Client) -> None:
        self.down = False
        self.looks = 0
        self._clients: dict[str, Client] = {client.client_id: client for client in clients}
        self._version = 0
        self._lock = threading.Lock()

    def put(self, client: Client) -> None:
        self._clients[client.client_id] = client
        self._version += 1

    def drop(self, client_id: str) -> None:
        del self._clients[client_id]
        self._version += 1

    def _up(self) -> None:
        if self.down:
            raise UnavailableError("Down.", dependency="database")

    def version(self) -> int:
        self._up()
        self.looks += 1
        return self._version

    def all(self) -> Sequence[Client]:
        self._up()
        return sorted(self._clients.values(), key=lambda client: client.client_id)

    def _change(self, client_id: str, **changes: Any) -> bool:
        self._clients[client_id] = replace(self._clients[client_id], **changes)
        self._version += 1
        return True

    def create(self, client: Client, *, now: int, caller: Caller) -> bool:
        self._up()
        with self._lock:
            if client.client_id in self._clients:
                return False
            self._clients[client.client_id] = client
            return self._change(client.client_id, created_at=now)

    def change(self, client: Client, *, now: int, caller: Caller) -> bool:
        self._up()
        with self._lock:
            known = self._clients.get(client.client_id)
            if known is None:
                return False
            self._clients[client.client_id] = client
            return self._change(client.client_id, secret_digest=known.secret_digest, disabled=known.disabled,
                                sealed_secret=known.sealed_secret if client.signs_with_secret else None,
                                created_at=known.created_at, source=known.source)

    def set_secret(self, client_id: str, digest: bytes, *, first: bool, now: int, caller: Caller,
                   sealed: bytes | None = None) -> bool:
        self._up()
        with self._lock:
            known = self._clients.get(client_id)
            if known is None or (first and known.secret_digest is not None):
                return False
            return self._change(client_id, secret_digest=digest, sealed_secret=sealed)

    def keep_secret(self, client_id: str, digest: bytes, sealed: bytes, *, now: int, caller: Caller) -> bool:
        self._up()
        with self._lock:
            known = self._clients.get(client_id)
            if known is None or known.secret_digest != digest or known.sealed_secret is not None:
                return False
            return self._change(client_id, sealed_secret=sealed)

    def set_disabled(self, client_id: str, disabled: bool, *, now: int, caller: Caller) -> bool:
        self._up()
        with self._lock:
            known = self._clients.get(client_id)
            if known is None or known.disabled == disabled:
                return False
            return self._change(client_id, disabled=disabled)


class FakeSecretFiles:
    """Satisfies the SecretFiles port; ``files`` is what is on the disk."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}

    def read(self, name: str) -> str | None:
        return self.files.get(name)

    def make(self, name: str, secret: str) -> str:
        return self.files.setdefault(name, secret)

    def exchange(self, name: str, secret: str) -> None:
        self.files[name] = secret
