"""The audit chain: rows are sealed behind the requests, in commit order, by one worker at a time.

A seal covers the next records in commit order, names the previous seal's hash and is signed with a key outside the
database; a changed, added or deleted record breaks it. The newest seal is also remembered outside the database, because a chain
alone cannot show that its end was cut off. Between its commit and its seal (half a second) a record is not yet protected.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from ..clock import Clock
from ..errors import UnavailableError


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


class SealHeads(Protocol):
    """Where the newest seal is remembered outside the database, so that a cut-off end is noticed."""

    def last(self, chain: int) -> SealHead | None:
        """Give what is remembered of a chain. Raises UnavailableError when it cannot be read."""
        ...

    def keep(self, chain: int, head: SealHead) -> None:
        """Remember. Raises UnavailableError when it cannot be written."""
        ...


class SealStore(Protocol):
    """Records and seals as sealing and verification need them."""

    def hold(self) -> bool:
        """Become, or stay, the only sealer; False while another process is. Ends with the process or its connection."""
        ...

    def follow_cluster(self) -> int | None:
        """Raise the epoch when transaction numbers began again (restored into a new cluster); give the new one."""
        ...

    def chain(self) -> int:
        """Give the number that names this chain: random, made once per database, above 0."""
        ...

    def last_seal(self) -> Seal | None:
        """Give the newest seal."""
        ...

    def seals(self, *, after: int, limit: int) -> list[Seal]:
        """Give seals with a number above ``after``, in order."""
        ...

    def unsealed(self, *, after: Position, limit: int) -> list[StoredRecord]:
        """Give records after a position, in order, before which no other record can appear any more."""
        ...

    def records(self, *, after: Position, upto: Position) -> list[StoredRecord]:
        """Give the records after one position up to and with another, in order."""
        ...

    def backlog(self, *, after: Position) -> tuple[int, int | None]:
        """Give the number of records after a position (counted up to 100,000) and the ``at`` of the first."""
        ...

    def append(self, seal: Seal) -> bool:
        """Write a seal durably; False when another sealer wrote that number first."""
        ...


class AuditReader(Protocol):
    """Reads the trail for people and figures."""

    def between(self, *, start: int, end: int, after_id: int, limit: int) -> list[StoredRecord]:
        """Give records written from ``start`` up to before ``end`` with an id above ``after_id``, by id."""
        ...

    def counts(self, *, since: int) -> Mapping[str, int]:
        """Give the number of records by event, of those written since a moment not long ago."""
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
            ``signature_invalid`` ``end_missing`` ``end_replaced``.
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


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What verification found.

    Attributes:
        seals: Seals that hold.
        records: Records they cover.
        unsealed: Records behind the last seal (counted up to 100,000).
        oldest_unsealed_at: When the first of them was written, seconds since the epoch.
        broken: The first place that does not hold, or None.
    """

    seals: int
    records: int
    unsealed: int
    oldest_unsealed_at: int | None
    broken: Break | None


@dataclass(frozen=True, slots=True)
class SealRound:
    """What one round of sealing did.

    Attributes:
        records: How many were sealed; 0 also when another process is the sealer.
        seal: The new seal, or None.
        epoch: The new epoch when one had to begin, else None.
        head: ``kept``; ``conflict`` when what is remembered outside does not lead to this chain; ``unavailable``.
    """

    records: int = 0
    seal: Seal | None = None
    epoch: int | None = None
    head: str = "kept"


class AuditChain:
    """Seals records and verifies the chain."""

    def __init__(self, store: SealStore, signer: SealSigner, heads: SealHeads, clock: Clock) -> None:
        self._store, self._signer, self._heads, self._clock = store, signer, heads, clock

    def seal(self, limit: int = 2000) -> SealRound:
        """Seal up to ``limit`` records. Raises UnavailableError while the database does not answer."""
        if not self._store.hold():
            return SealRound()
        epoch = self._store.follow_cluster()
        previous = self._store.last_seal()
        records = self._store.unsealed(after=previous.last if previous else START, limit=limit)
        if not records:
            return SealRound(epoch=epoch)
        chain = self._store.chain()
        seal = make_seal(records, previous, chain=chain, signer=self._signer, sealed_at=self._clock.now())
        if not self._store.append(seal):
            return SealRound(epoch=epoch)
        return SealRound(len(records), seal, epoch, self._remember(chain, seal))

    def _remember(self, chain: int, seal: Seal) -> str:
        try:
            known = self._heads.last(chain)
            if known is not None and not self._leads_to(known, seal):
                return "conflict"
            self._heads.keep(chain, SealHead(seal.number, seal.hash))
        except UnavailableError:
            return "unavailable"
        return "kept"

    def _leads_to(self, known: SealHead, seal: Seal) -> bool:
        if known.number == seal.number - 1:
            return known.hash == seal.previous_hash
        if known.number >= seal.number:
            return False
        found = self._store.seals(after=known.number - 1, limit=1)
        return bool(found) and found[0].number == known.number and found[0].hash == known.hash

    def backlog(self) -> tuple[int, int]:
        """Give how many records wait for their seal and how many seconds the first has waited."""
        last = self._store.last_seal()
        count, oldest = self._store.backlog(after=last.last if last else START)
        return count, 0 if oldest is None else max(0, self._clock.now() - oldest)

    def head_conflict(self) -> str:
        """Say in words how the newest seal differs from what is remembered outside the database; "" when it does not."""
        known, last = self._heads.last(self._store.chain()), self._store.last_seal()
        if known is None:
            return ""
        if last is None or last.number < known.number:
            return f"seal {known.number} is known, the database ends at {last.number if last else 0}"
        found = self._store.seals(after=known.number - 1, limit=1)
        return "" if found and found[0].number == known.number and found[0].hash == known.hash else f"seal {known.number} differs"

    def verify(self, head: SealHead | None = None) -> ChainReport:
        """Walk the whole chain.

        Args:
            head: A seal known from elsewhere (a log line, a printed report); it must stand in the chain too.
        """
        chain = self._store.chain()
        known = [entry for entry in (self._heads.last(chain), head) if entry is not None]
        previous: Seal | None = None
        seals = records = 0
        broken: Break | None = None
        while broken is None:
            batch = self._store.seals(after=previous.number if previous else 0, limit=200)
            if not batch:
                break
            for seal in batch:
                rows = self._store.records(after=previous.last if previous else START, upto=seal.last)
                broken = find_break(seal, rows, previous, chain=chain, signer=self._signer)
                if broken is None and any(e.number == seal.number and e.hash != seal.hash for e in known):
                    broken = Break(seal.number, None, "end_replaced")
                if broken is not None:
                    break
                seals, records, previous = seals + 1, records + len(rows), seal
        reached = previous.number if previous else 0
        if broken is None and any(entry.number > reached for entry in known):
            broken = Break(reached + 1, None, "end_missing")
        unsealed, oldest = self._store.backlog(after=previous.last if previous else START)
        return ChainReport(seals, records, unsealed, oldest, broken)
