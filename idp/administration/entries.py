"""An application as it is entered, and the port through which administrators change it.

Spec: RFC 9110 §8.8.3 (entity tags) and §13.1.1 (If-Match).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Protocol

from ..audit import AuditRecord
from ..errors import RefusedError
from ..oauth.client import Client


class ChangedMeanwhileError(RefusedError):
    """What was to be changed is no longer what the administrator saw (RFC 9110 §15.5.13)."""

    code = "changed_meanwhile"
    status = 412

    def __init__(self) -> None:
        super().__init__("Somebody has changed this meanwhile. Read it again, and decide on what it is now.")


@dataclass(frozen=True, slots=True)
class Entry:
    """A registration as it stands in the store.

    Attributes:
        stored: The metadata as stored.
        registration_digest: Of the registration access token, where the application registered itself.
    """

    client: Client
    stored: str
    registration_digest: bytes | None

    @property
    def self_registered(self) -> bool:
        """Whether the application registered itself (RFC 7591)."""
        return self.registration_digest is not None

    @property
    def etag(self) -> str:
        """A strong tag, without quotes, that every change alters, that of a secret too; secrets cannot be told from it."""
        parts = (self.stored.encode(), b"disabled" if self.client.disabled else b"", self.client.secret_digest or b"",
                 self.registration_digest or b"")
        return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()[:32]


class ClientEntries(Protocol):
    """Where applications are looked at and changed one by one.

    Every write is one act with its audit record and a new version, durable. It happens only while the registration is, in all its
    parts, the one that it names and no file's: of several callers with one ``known`` exactly one gets True.
    """

    def find(self, client_id: str) -> Entry | None:
        """Find an application, a disabled one too."""
        ...

    def change(self, known: Entry, client: Client, *, now: int, record: AuditRecord) -> bool:
        """Exchange metadata and secret."""
        ...

    def set_disabled(self, known: Entry, disabled: bool, *, now: int, record: AuditRecord) -> bool:
        """Close or open it."""
        ...

    def set_token(self, known: Entry, registration_digest: bytes, *, now: int, record: AuditRecord) -> bool:
        """Exchange the registration access token of one that registered itself."""
        ...

    def remove(self, known: Entry, *, now: int, record: AuditRecord) -> bool:
        """Delete it, and end its grants, tokens, consents and part in sessions."""
        ...
