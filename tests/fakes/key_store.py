"""Signing keys in memory."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace

from idp.audit import Caller
from idp.errors import UnavailableError
from idp.jose.keyset import StoredKey


class FakeKeyStore:
    """Satisfies the KeyStore port; ``down`` makes every verb fail."""

    def __init__(self) -> None:
        self.down = False
        self.looks = 0
        self._keys: dict[str, StoredKey] = {}
        self._version = 0
        self._lock = threading.Lock()

    def _up(self) -> None:
        if self.down:
            raise UnavailableError("Down.", dependency="database")

    def version(self) -> int:
        self._up()
        self.looks += 1
        return self._version

    def keys(self) -> Sequence[StoredKey]:
        self._up()
        with self._lock:
            return list(self._keys.values())

    def put(self, key: StoredKey) -> None:
        """Place a key past all rules."""
        self._keys[key.kid] = key
        self._version += 1

    def _change(self, version: int, changes: Sequence[StoredKey]) -> bool:
        self._up()
        if version != self._version:
            return False
        self._keys |= {key.kid: key for key in changes}
        self._version += 1
        return True

    def add(self, key: StoredKey, *, version: int, caller: Caller) -> bool:
        with self._lock:
            return self._change(version, [key])

    def promote(self, kid: str, *, version: int, now: int, caller: Caller) -> bool:
        with self._lock:
            return self._change(version, [replace(self._keys[kid], state="active", activated_at=now)])

    def rotate(self, new: Sequence[StoredKey], *, emergency: bool, version: int, now: int,
               detail: Mapping[str, Mapping[str, str]], caller: Caller) -> bool:
        out = {"active", "retired"} if emergency else {"active"}
        state = "removed" if emergency else "retired"
        algs = {key.alg for key in new}
        with self._lock:
            mine = [key for key in self._keys.values() if key.alg in algs]
            changes = [replace(key, state=state, retired_at=now, sealed_private=b"") for key in mine if key.state in out]
            changes += [replace(key, state="active", activated_at=now) for key in mine if key.state == "next"]
            return self._change(version, [*changes, *new])

    def remove(self, *, retired_before: int, version: int, now: int, caller: Caller) -> bool:
        with self._lock:
            return self._change(version, [replace(key, state="removed") for key in self._keys.values()
                                          if key.state == "retired" and (key.retired_at or 0) < retired_before])

    def forget(self, kid: str, *, now: int, caller: Caller) -> bool:
        self._up()
        with self._lock:
            key = self._keys[kid]
            if key.state not in ("retired", "removed") or not key.token_uri:
                return False
            self._keys[kid] = replace(key, token_uri="")
            return True
