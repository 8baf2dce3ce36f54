"""A sealer that binds to its context without hiding anything."""

from __future__ import annotations

from idp.errors import ConfigurationError


class FakeSealer:
    """Satisfies the Sealer port; two seals of the same text differ, as real ones do."""

    def __init__(self) -> None:
        self._count = 0

    def seal(self, plain: bytes, *, context: str) -> bytes:
        self._count += 1
        return f"{self._count}|{context}|".encode() + plain

    def open(self, sealed: bytes, *, context: str) -> bytes:
        _number, bound, plain = sealed.split(b"|", 2)
        if bound.decode() != context:
            raise ConfigurationError("Sealed for something else.", remedy="Use the right context.")
        return plain
