"""A seal: what it covers, how it is hashed and signed, and where it does not hold.

A seal covers the next records in commit order, names the previous seal's hash and is signed with a key outside the
database; a changed, added or deleted record breaks it. How seals form a chain: chain.py.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol


class Position(NamedTuple):
    """Place of a record in commit order; the three compare in this order.

    ``epoch`` rises when the database moves to a cluster whose transaction numbers begin again; ``xact`` is the writing
    transaction (0 on SQLite, which has one writer), ``id`` the row.
    """

    epoch: int
    xact: int
    id: int


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record as the database holds it."""

    position: Position
    at: int
    event: str
    sub: str
    client_id: str
    sid: str
    source: str
    request_id: str
    detail: str

    def canonical(self) -> bytes:
        """Give the one line that is hashed: a JSON array in ASCII of all columns, so that no two rows share a form."""
        return json.dumps([*self.position, self.at, self.event, self.sub, self.client_id, self.sid, self.source,
                           self.request_id, self.detail], separators=(",", ":")).encode("ascii")


@dataclass(frozen=True, slots=True)
class Seal:
    """A signed link of the chain over the records after the previous seal's ``last`` up to and with its own.

    Attributes:
        number: 1, 2, 3 ... without a gap.
        last: Position of its last record.
        record_count: How many records it covers; at least 1.
        record_marks: Per record 8 bytes of id and 8 bytes of digest. For diagnosis only; not part of the hash.
        previous_hash: The previous seal's hash; of the first, ``genesis``.
        hash: SHA-256 over the seal's own values and every canonical record.
        signature: ES256 over ``hash``, 64 bytes r and s.
        key_id: Which key signed.
        sealed_at: Seconds since the epoch, UTC.
    """

    number: int
    last: Position
    record_count: int
    record_marks: bytes
    previous_hash: bytes
    hash: bytes
    signature: bytes
    key_id: str
    sealed_at: int


@dataclass(frozen=True, slots=True)
class SealHead:
    """The newest seal as something outside the database remembers it."""

    number: int
    hash: bytes


class SealSigner(Protocol):
    """The key that seals are signed with; it lives outside the database (keys/audit-seal.pem)."""

    @property
    def key_id(self) -> str:
        """Name of the current key, at most 64 characters."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Give the ES256 signature, raw r and s, 64 bytes."""
        ...

    def verify(self, key_id: str, message: bytes, signature: bytes) -> bool:
        """Tell whether the key of that name signed this; False for an unknown key."""
        ...

    def verify_der(self, key_id: str, message: bytes, signature: bytes) -> bool:
        """As ``verify``, of what ``DocumentSigner.sign_der`` gave."""
        ...


class DocumentSigner(Protocol):
    """The key that seals the trail, for documents that others check."""

    def sign_der(self, message: bytes) -> bytes:
        """Give an ECDSA signature over SHA-256, in DER (RFC 3279 §2.2.3), as OpenSSL checks it."""
        ...

    def public_pem(self) -> bytes:
        """Give the public key as PEM."""
        ...


class ArchiveSigner(SealSigner, DocumentSigner, Protocol):
    """The key that seals the trail, for its archives: they outlive keys."""

    def signed(self, message: bytes, signature: bytes) -> bool:
        """Tell whether any known key, of today or retired, signed this (DER)."""
        ...


START = Position(0, 0, 0)
_MARK = 16


def genesis(chain: int) -> bytes:
    """Give what the first seal of a chain names as its predecessor's hash."""
    return hashlib.sha256(b"idp audit chain %d" % chain).digest()


def seal_hash(
    number: int, last: Position, records: Sequence[StoredRecord], previous_hash: bytes, *, key_id: str, sealed_at: int,
) -> bytes:
    """Compute a seal's hash: its own values and every record, one canonical line each. 32 bytes."""
    head = json.dumps(["idp audit seal", 1, number, *last, len(records), previous_hash.hex(), key_id, sealed_at])
    digest = hashlib.sha256(head.encode("ascii"))
    for record in records:
        digest.update(b"\n")
        digest.update(record.canonical())
    return digest.digest()


def record_mark(record: StoredRecord) -> bytes:
    """Give the 16 bytes by which a seal remembers a record: id and the beginning of its digest."""
    return record.position.id.to_bytes(8, "big") + hashlib.sha256(record.canonical()).digest()[:_MARK - 8]


def make_seal(
    records: Sequence[StoredRecord], previous: Seal | None, *, chain: int, signer: SealSigner, sealed_at: int,
) -> Seal:
    """Make the next link over records that are in order; there must be one at least."""
    number = 1 if previous is None else previous.number + 1
    previous_hash = genesis(chain) if previous is None else previous.hash
    last, key_id = records[-1].position, signer.key_id
    value = seal_hash(number, last, records, previous_hash, key_id=key_id, sealed_at=sealed_at)
    return Seal(number, last, len(records), b"".join(map(record_mark, records)), previous_hash, value,
                signer.sign(value), key_id, sealed_at)


@dataclass(frozen=True, slots=True)
class Break:
    """The first place where the chain does not hold.

    Attributes:
        seal: Number of the seal that does not fit.
        record: Id of the first record that is wrong; None when it is the seal itself.
        what: ``record_changed`` ``record_added`` ``record_missing`` ``seal_changed`` ``seal_missing``
            ``signature_invalid`` ``end_missing`` ``end_replaced`` ``other_chain`` ``archive_forged`` ``archived``.
    """

    seal: int
    record: int | None
    what: str


def find_break(
    seal: Seal, records: Sequence[StoredRecord], previous: Seal | None, *, chain: int, signer: SealSigner,
) -> Break | None:
    """Check one link against its records and its predecessor; None when it holds."""
    number = 1 if previous is None else previous.number + 1
    if seal.number != number:
        return Break(number, None, "seal_missing")
    if seal.previous_hash != (genesis(chain) if previous is None else previous.hash):
        return Break(number, None, "seal_changed")
    value = seal_hash(seal.number, seal.last, records, seal.previous_hash, key_id=seal.key_id, sealed_at=seal.sealed_at)
    if value != seal.hash or seal.record_count != len(records):
        return _name_record(seal, records)
    if not signer.verify(seal.key_id, seal.hash, seal.signature):
        return Break(number, None, "signature_invalid")
    return None


def _name_record(seal: Seal, records: Sequence[StoredRecord]) -> Break:
    """Say which record made a seal fail, by its marks; the seal itself where the marks agree."""
    marks = [seal.record_marks[i:i + _MARK] for i in range(0, len(seal.record_marks), _MARK)]
    sealed_ids = {mark[:8] for mark in marks}
    found_ids = {record.position.id.to_bytes(8, "big") for record in records}
    for index, record in enumerate(records):
        mark = record_mark(record)
        expected = marks[index] if index < len(marks) else b""
        if mark == expected:
            continue
        if mark[:8] not in sealed_ids:
            return Break(seal.number, record.position.id, "record_added")
        if expected and expected[:8] not in found_ids:
            return Break(seal.number, int.from_bytes(expected[:8], "big"), "record_missing")
        return Break(seal.number, record.position.id, "record_changed")
    if len(marks) > len(records):
        return Break(seal.number, int.from_bytes(marks[len(records)][:8], "big"), "record_missing")
    return Break(seal.number, None, "seal_changed")
