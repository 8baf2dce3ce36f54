"""Guess counters in memory."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from idp.authn.lockout import Move


class FakeGuessCounter:
    """Satisfies GuessCounter under one lock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.until: dict[bytes, int] = {}

    def read(self, keys: Sequence[bytes]) -> Mapping[bytes, int]:
        with self._lock:
            return {key: self.until[key] for key in keys if key in self.until}

    def move(self, moves: tuple[Move, ...], *, now: int, absurd: int) -> Mapping[bytes, int]:
        moved = {}
        with self._lock:
            for move in moves:
                current = self.until.get(move.key)
                stands = (now if current is None or not now <= current <= absurd else current) + move.seconds
                if current is None or stands <= move.limit:
                    self.until[move.key] = moved[move.key] = stands
        return moved

    def keep(self, key: bytes, until: int, *, older_than: int) -> None:
        with self._lock:
            if self.until.get(key, older_than - 1) < older_than:
                self.until[key] = until

    def clear(self, key: bytes) -> bool:
        with self._lock:
            return self.until.pop(key, None) is not None
