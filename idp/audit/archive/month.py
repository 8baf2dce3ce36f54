"""A month of the trail as its archive says it: which seals, from which hash to which, signed by the key that seals.

A month holds whole seals: those that were made in it, in Vietnam. What was written in its last half second may therefore stand
in the next. Months hang on each other as seals do, so that a chain whose beginning was purged still leads back to its genesis:
whoever writes the database can throw records away, but cannot sign that they were archived.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from ..lines import ZONE
from ..seal import Break, Position, SealSigner, genesis

ARCHIVED: Final = "archived"
"""In its file, and in the database still."""
PURGING: Final = "purging"
PURGED: Final = "purged"
RESTORING: Final = "restoring"
RESTORED: Final = "restored"
"""In the database again, for a while."""
DISCARDED: Final = "discarded"
"""Its file is deleted too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """What an archive holds.

    Attributes:
        month: YYYY-MM, in Vietnam.
        chain: Name of the chain.
        first: Number of its first seal.
        last: Number of its last seal, on which the next month hangs.
        place: Place of its last record.
        previous_hash: Hash of the seal before the first; ``genesis`` for the first of all.
        hash: Hash of the last seal, 32 bytes.
        records: How many.
        sha256: SHA-256 of ``records.jsonl``, hexadecimal.
        archived_at: Seconds since the epoch.
    """

    month: str
    chain: int
    first: int
    last: int
    place: Position
    previous_hash: bytes
    hash: bytes
    records: int
    sha256: str
    archived_at: int

    @property
    def document(self) -> bytes:
        """What is signed: JSON, the same whenever it is asked for."""
        return json.dumps({
            "audit_archive": 1, "month": self.month, "chain": str(self.chain), "first_seal": self.first, "last_seal": self.last,
            "place": list(self.place), "previous_hash": self.previous_hash.hex(), "hash": self.hash.hex(),
            "records": self.records, "sha256": self.sha256, "archived_at": self.archived_at}, indent=1).encode("ascii")

    @classmethod
    def read(cls, document: bytes) -> Month:
        """Read what ``document`` gave. Raises ValueError, KeyError or TypeError for anything else."""
        found = json.loads(document)
        month = cls(month=str(found["month"]), chain=int(found["chain"]), first=int(found["first_seal"]),
                    last=int(found["last_seal"]), place=Position(*map(int, found["place"])),
                    previous_hash=bytes.fromhex(found["previous_hash"]), hash=bytes.fromhex(found["hash"]),
                    records=int(found["records"]), sha256=str(found["sha256"]), archived_at=int(found["archived_at"]))
        if month.document != document:
            raise ValueError("not the manifest of an archive")
        return month


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An archived month as the database keeps it.

    Attributes:
        month: What it holds.
        signature: Over its document: ECDSA with SHA-256, DER.
        key_id: Which key signed.
        state: One of this module's states.
        restored_until: When what was restored is purged again; 0 otherwise.
        told_at: When administrators were told that its file is due for deletion; 0 for not.
        asked_by: Who asked that the file is deleted; "" for nobody.
        asked_at: When; 0 for never.
        purpose: Why.
    """

    month: Month
    signature: bytes
    key_id: str
    state: str = ARCHIVED
    restored_until: int = 0
    told_at: int = 0
    asked_by: str = ""
    asked_at: int = 0
    purpose: str = ""

    @property
    def in_database(self) -> bool:
        """Whether all its records stand in the database."""
        return self.state in (ARCHIVED, RESTORED)


@dataclass(frozen=True, slots=True)
class Purged:
    """The part of a chain that is in archives alone.

    Attributes:
        last: The newest month of it; None where nothing was purged.
        records: How many records the months hold together.
        broken: Why the months do not lead back to the chain's beginning, or None.
    """

    last: Month | None = None
    records: int = 0
    broken: Break | None = field(default=None)


def purged_of(kept: Sequence[Kept], chain: int, signer: SealSigner) -> Purged:
    """Check what is said to be purged of a chain: every month is signed, and hangs on the one before.

    Args:
        kept: The months, in order; those that are in the database as they were (``archived``) do not count.
        chain: Name of the database's chain.
        signer: Knows the keys.
    """
    number, value, records, last = 0, genesis(chain), 0, None
    for one in kept:
        if one.state == ARCHIVED:
            break
        month = one.month
        if not signer.verify_der(one.key_id, month.document, one.signature):
            return Purged(last, records, Break(month.first, None, "archive_forged"))
        if (month.chain, month.first, month.previous_hash) != (chain, number + 1, value) or month.last < month.first:
            return Purged(last, records, Break(number + 1, None, "seal_missing"))
        number, value, records, last = month.last, month.hash, records + month.records, month
    return Purged(last, records)


def month_of(at: int) -> str:
    """Give the month of a moment, YYYY-MM in Vietnam."""
    return datetime.fromtimestamp(at, ZONE).strftime("%Y-%m")


def start_of(month: str) -> int:
    """Give the first second of a month."""
    year, number = map(int, month.split("-"))
    return int(datetime(year, number, 1, tzinfo=ZONE).astimezone(UTC).timestamp())


def later(month: str, by: int) -> str:
    """Give the month that is so many later; earlier for less than 0."""
    year, number = map(int, month.split("-"))
    years, rest = divmod(year * 12 + number - 1 + by, 12)
    return f"{years:04d}-{rest + 1:02d}"
