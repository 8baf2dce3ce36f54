"""What is kept of dealings with the Government's authority: the lists that went out, and every certificate that ever came.

Source: trust-services E.6 (what must never be lost). Rows are added and never changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ...audit import AuditRecord

Moment = tuple[int, str]
"""Where a list stands among others: when it was made, and its number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A list of requests that went out.

    Attributes:
        number: ``20261127-5f2c9a10``.
        document: Number of the letter.
        made_at: Seconds since the epoch.
        made_by: Subject of who sent it.
        rows: How many requests stand on it.
        sha256: Of the list (CSV), hexadecimal.
        signature: JWS in compact form over what the list is; holds nothing personal.
        sealed: The file that went out, sealed, byte for byte.
    """

    number: str
    document: str
    made_at: int
    made_by: str
    rows: int
    sha256: str
    signature: str
    sealed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A certificate that came, whether it was taken or not.

    Attributes:
        sha256: Of ``der``, hexadecimal.
        issuer: RFC 4514; empty for what cannot be read, like the other facts.
        serial: Small hexadecimal digits without leading zeros.
        spki: SHA-256 of the public key, hexadecimal.
        number: Of the request with which it came.
        holder: Subject of the officer of that request.
        verdict: Empty where it was taken, otherwise the code of the refusal, when it first came.
    """

    sha256: str
    der: bytes
    issuer: str = ""
    serial: str = ""
    spki: str = ""
    seen_at: int
    number: str
    holder: str
    verdict: str = ""


class BatchStore(Protocol):
    """Where lists that went out rest. Every verb may raise UnavailableError(dependency="database")."""

    def keep(self, batch: Batch, record: AuditRecord) -> bool:
        """Keep a list with its record; False when its number is there already: what was first stays."""
        ...

    def find(self, number: str) -> Batch | None:
        """Find a list by its number."""
        ...

    def newest(self, limit: int, *, after: Moment | None = None, before: Moment | None = None) -> Sequence[Batch]:
        """Give lists, newest first, their files left empty: the first of all, or after one, or the last before one."""
        ...


class SeenCertificates(Protocol):
    """Where certificates that came rest. Every verb may raise UnavailableError(dependency="database")."""

    def keep(self, seen: Seen) -> None:
        """Keep what came; what is known already stays as it was, but that one which was refused counts as taken once it was."""
        ...

    def claim(self, issuer: str, serial: str, sha256: str) -> str:
        """Take a serial number of an issuer for one certificate, unless another has it: one statement, for good.

        Returns:
            SHA-256 of the certificate that has the number now.
        """
        ...

    def claimed(self, issuer: str, serial: str) -> str:
        """Give the SHA-256 of the certificate that has a number; empty for none."""
        ...

    def taken_last(self, limit: int) -> Sequence[bytes]:
        """Give those that were taken last, DER, newest first."""
        ...

    def of_key(self, spki: str) -> Sequence[Seen]:
        """Give those that were taken and certify a key."""
        ...
