"""What status needs from outside: lists and signers that every node shares, and the key of an authority."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from ..authority.ports import Authority


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationList:
    """A list that was made.

    Attributes:
        shard: Which certificates it is about.
        number: Its number; only grows.
        made_at: ``thisUpdate``.
        next_update: Until when it counts.
        content: What it says, as a digest: another one has to be made when that changes.
        der: The list.
    """

    authority: str
    shard: int
    number: int
    made_at: int
    next_update: int
    content: str
    der: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """A delegated signer of answers.

    Attributes:
        authority: For whose certificates it answers; ``pki.timestamp.service.PLACE`` where it signs time-stamps.
        sealed_key: PKCS #8, sealed.
        certificate: DER.
    """

    authority: str
    serial: str
    sealed_key: bytes
    certificate: bytes
    not_after: int


class StatusStore(Protocol):
    """Where lists and signers rest. Every verb may raise UnavailableError(dependency="database")."""

    def put_list(self, made: RevocationList) -> bool:
        """Keep a list instead of an older one; False when there is one with a higher number."""
        ...

    def find_list(self, authority: str, shard: int) -> RevocationList | None:
        """Find the newest list."""
        ...

    def put_signer(self, signer: Signer) -> None:
        """Keep a signer instead of the one before."""
        ...

    def signer(self, authority: str) -> Signer | None:
        """Find the signer in use."""
        ...


class AuthorityKeys(Protocol):
    """Who holds the authorities' keys."""

    def key(self, authority: Authority) -> Any:
        """Give the private key of an authority. Raises ConfigurationError, UnavailableError."""
        ...
