"""The audit chain: rows are sealed behind the requests, in commit order, by one worker at a time.

A seal (seal.py) covers the next records in commit order and names the seal before. The newest seal is also remembered outside
the database, because a chain alone cannot show that its end was cut off, and with it the chain's name: the database names its
chain itself, so that whoever writes it could throw the chain away and let the worker seal an altered history as a new one.
Nothing is sealed in a chain that is not the one known outside, until an operator accepts it. Between its commit and its seal
(half a second) a record is not yet protected.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Protocol

from ..clock import Clock
from ..errors import RefusedError, UnavailableError
from . import AuditEvent, AuditRecord, AuditTrail, Caller
from .archive.month import DISCARDED, PURGED, Kept, Purged, purged_of
from .seal import START, Break, Position, Seal, SealHead, SealSigner, StoredRecord, find_break, genesis, make_seal


class KnownHead(NamedTuple):
    """What is remembered outside the database: the chain, and its newest seal (number 0 and ``genesis``: none yet)."""

    chain: int
    head: SealHead


class SealHeads(Protocol):
    """Where chain and newest seal are remembered outside the database: whoever writes the database does not write here."""

    def newest(self) -> KnownHead | None:
        """Give what is remembered of the chain that was accepted last; None before the first. Raises UnavailableError."""
        ...

    def keep(self, known: KnownHead) -> None:
        """Remember a newer seal of that chain, or the first chain of all.

        Without effect when a newer seal is remembered, or another chain was accepted meanwhile. Raises UnavailableError when it
        cannot be written.
        """
        ...

    def accept(self, known: KnownHead) -> None:
        """Let this be the chain and its newest seal from now on; what was remembered stays readable. Raises UnavailableError."""
        ...


class SealStore(Protocol):
    """Records and seals as sealing and verification need them."""

    def hold(self) -> bool:
        """Become, or stay, the only sealer; False while another process is. Ends with the process or its connection."""
        ...

    def release(self) -> None:
        """Stop being the sealer, so that another process can be."""
        ...

    def follow_cluster(self) -> int | None:
        """Raise the epoch when transaction numbers began again (restored into a new cluster); give the new one."""
        ...

    def chain(self) -> int | None:
        """Give the number that names this database's chain; None where none was begun."""
        ...

    def begin_chain(self) -> int:
        """Name the chain by a random number above 0, unless it has a name; give the one it has afterwards."""
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

    def archived(self) -> Sequence[Kept]:
        """Give the months that were archived, in order."""
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


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What verification found.

    Attributes:
        chain: The database's chain; None where none was begun.
        known: What is remembered outside the database, or None.
        seals: Seals that hold by themselves.
        records: Records they cover.
        unsealed: Records behind the last of these seals (counted up to 100,000).
        oldest_unsealed_at: When the first of them was written, seconds since the epoch.
        broken: The first place that does not hold, or None. ``other_chain``: the database's chain is not the one that is known;
            its seal is then the newest that is known of that one. ``archived``: a head that was to stand in the chain is of the
            part that is in archives alone.
        purged: The part that is in archives alone: signed months that lead back to the chain's beginning.
    """

    chain: int | None
    known: KnownHead | None
    seals: int
    records: int
    unsealed: int
    oldest_unsealed_at: int | None
    broken: Break | None
    purged: Purged = field(default_factory=Purged)


@dataclass(frozen=True, slots=True)
class SealRound:
    """What one round of sealing did.

    Attributes:
        chain: The chain that was sealed.
        records: How many were sealed; 0 also when another process is the sealer.
        seal: The new seal, or None.
        epoch: The new epoch when one had to begin, else None.
        head: What became of the remembered head: ``kept``; ``conflict`` when it does not lead to this seal; ``other_chain`` when
            the database has another chain, in which nothing is sealed; ``unavailable``; "" when it was not asked.
    """

    chain: int = 0
    records: int = 0
    seal: Seal | None = None
    epoch: int | None = None
    head: str = ""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What accepting a chain did.

    Attributes:
        now: What is remembered from now on; None where nothing was and nothing is.
        before: What was remembered until now, when that changed.
    """

    now: KnownHead | None
    before: KnownHead | None = None


class BrokenChainError(RefusedError):
    """A chain that does not hold by itself is not accepted."""

    code = "chain_broken"

    def __init__(self, report: ChainReport) -> None:
        super().__init__("The chain of the database does not hold by itself, so it cannot be accepted.")
        self.report = report


class AuditChain:
    """Seals records and verifies the chain."""

    def __init__(self, store: SealStore, signer: SealSigner, heads: SealHeads, clock: Clock) -> None:
        self._store, self._signer, self._heads, self._clock = store, signer, heads, clock

    def seal(self, limit: int = 2000) -> SealRound:
        """Seal up to ``limit`` records. Raises UnavailableError while the database does not answer."""
        try:
            known, readable = self._heads.newest(), True
        except UnavailableError:
            known, readable = None, False
        chain = self._store.chain()
        if known is not None and known.chain != chain:
            # Another node may have accepted it already, and shall be able to seal.
            self._store.release()
            return SealRound(head="other_chain")
        if not self._store.hold():
            return SealRound(head=self._witness(chain, known) if readable else "unavailable")
        epoch = self._store.follow_cluster()
        previous = self._store.last_seal()
        records = self._store.unsealed(after=previous.last if previous else START, limit=limit)
        if not records:
            return SealRound(epoch=epoch)
        if chain is None:
            if not readable:
                return SealRound(epoch=epoch, head="unavailable")  # it may know another chain
            chain = self._store.begin_chain()
        seal = make_seal(records, previous, chain=chain, signer=self._signer, sealed_at=self._clock.now())
        if not self._store.append(seal):
            return SealRound(epoch=epoch)
        return SealRound(chain, len(records), seal, epoch, self._remember(chain, seal, known) if readable else "unavailable")

    def _witness(self, chain: int | None, known: KnownHead | None) -> str:
        """In reserve, remember the newest seal too: a node that only begins to when it is needed believes whatever it finds."""
        seal = self._store.last_seal()
        if chain is None or seal is None or not self._signer.verify(seal.key_id, seal.hash, seal.signature):
            return ""
        return self._remember(chain, seal, known)

    def _remember(self, chain: int, seal: Seal, known: KnownHead | None) -> str:
        if known is not None and not self._leads_to(known, seal):
            return "conflict"
        try:
            self._heads.keep(KnownHead(chain, SealHead(seal.number, seal.hash)))
        except UnavailableError:
            return "unavailable"
        return "kept"

    def _leads_to(self, known: KnownHead, seal: Seal) -> bool:
        head = known.head
        if head.number >= seal.number:
            return (head.number, head.hash) == (seal.number, seal.hash)
        return head.hash == seal.previous_hash if head.number == seal.number - 1 else self._stands(known)

    def _stands(self, known: KnownHead) -> bool:
        """Tell whether the remembered seal is in the database, as it is remembered."""
        head = known.head
        if head.number == 0:
            return head.hash == genesis(known.chain)
        found = self._store.seals(after=head.number - 1, limit=1)
        if found and found[0].number > head.number:
            # Purged since, perhaps: the months that were are signed, and the first seal in the database hangs on them.
            last = purged_of(self._store.archived(), known.chain, self._signer).last
            return last is not None and head.number < last.last
        return bool(found) and (found[0].number, found[0].hash) == (head.number, head.hash)

    def backlog(self) -> tuple[int, int]:
        """Give how many records wait for their seal and how many seconds the first has waited."""
        last = self._store.last_seal()
        count, oldest = self._store.backlog(after=last.last if last else START)
        return count, 0 if oldest is None else max(0, self._clock.now() - oldest)

    def end(self) -> tuple[KnownHead | None, Break | None]:
        """Compare the end of the chain with what is remembered outside: give that, and how the database differs from it.

        Raises UnavailableError where what is remembered cannot be read.
        """
        known = self._heads.newest()
        if known is None:
            return None, None
        if self._store.chain() != known.chain:
            return known, Break(known.head.number, None, "other_chain")
        if self._stands(known):
            return known, None
        last = self._store.last_seal()
        ends_at = last.number if last else 0
        return known, (Break(ends_at + 1, None, "end_missing") if ends_at < known.head.number else
                       Break(known.head.number, None, "end_replaced"))

    def head_conflict(self) -> str:
        """Say in words how the database differs from what is remembered outside; "" when it does not."""
        known, broken = self.end()
        if known is None or broken is None:
            return ""
        number, here = known.head.number, name_of(self._store.chain())
        return {"other_chain": f"chain {known.chain} is known up to seal {number}, the database has {here}",
                "end_missing": f"seal {number} is known, the database ends at {broken.seal - 1}",
                "end_replaced": f"seal {number} differs"}[broken.what]

    def verify(self, head: SealHead | None = None) -> ChainReport:
        """Walk the whole chain.

        Args:
            head: A seal known from elsewhere (a log line, a printed report); it must stand in the chain too.
        """
        known, chain = self._heads.newest(), self._store.chain()
        same = known is not None and known.chain == chain
        report, _last = self._walk(chain, known, [*([known.head] if known and same else []), *([head] if head else [])])
        if known is None or same:
            return report
        return replace(report, broken=Break(known.head.number, None, "other_chain"))

    def accept(self, reason: str, trail: AuditTrail, caller: Caller) -> Acceptance:
        """Let the database's chain, as far as it goes now, be the known one: it was restored or made anew on purpose.

        Args:
            reason: Why, in the operator's words.
            trail: Takes the record of it; without that record nothing is accepted.
            caller: Who.

        Raises:
            BrokenChainError: the chain does not hold by itself.
            UnavailableError: the database does not answer, or what is remembered cannot be read or written.
        """
        known, chain = self._heads.newest(), self._store.chain()
        if known is None or (known.chain == chain and self._stands(known)):
            return Acceptance(known)
        report, last = self._walk(chain, known, [])
        if report.broken is not None:
            raise BrokenChainError(report)
        if chain is None:
            chain = self._store.begin_chain()
        now = KnownHead(chain, SealHead(last.number, last.hash) if last else SealHead(0, genesis(chain)))
        trail.record(AuditRecord(
            AuditEvent.AUDIT_CHAIN_ACCEPTED, self._clock.now(), source=caller.source, request_id=caller.request_id,
            detail={"reason": reason, "chain": str(chain), "seal": now.head.number, "known_chain": str(known.chain),
                    "known_seal": known.head.number, "known_hash": known.head.hash.hex()}))
        self._heads.accept(now)
        return Acceptance(now, known)

    def _walk(self, chain: int | None, known: KnownHead | None, heads: Sequence[SealHead]) -> tuple[ChainReport, Seal | None]:
        """Check every link, and that the given heads stand in the chain; give the last seal that holds too.

        A month that is purged meanwhile is no break: what began before is looked at anew.
        """
        while True:
            purged = purged_of(self._store.archived(), chain or 0, self._signer)
            report, last = self._walk_from(purged, chain, known, heads)
            if report.broken is None or purged == purged_of(self._store.archived(), chain or 0, self._signer):
                return report, last

    def _walk_from(self, purged: Purged, chain: int | None, known: KnownHead | None,
                   heads: Sequence[SealHead]) -> tuple[ChainReport, Seal | None]:
        previous, broken = self._anchor(purged)
        floor = previous.number if previous else 0
        reached, seals, records = floor, 0, 0
        while broken is None:
            batch = self._store.seals(after=reached, limit=200)
            if not batch:
                break
            for seal in batch:
                rows = self._store.records(after=previous.last if previous else START, upto=seal.last)
                broken = find_break(seal, rows, previous, chain=chain or 0, signer=self._signer)
                if broken is None and any(e.number == seal.number and e.hash != seal.hash for e in heads):
                    broken = Break(seal.number, None, "end_replaced")
                if broken is not None:
                    break
                seals, records, previous, reached = seals + 1, records + len(rows), seal, seal.number
        if broken is None:
            broken = self._stray()
        if broken is None and any(entry.number > reached for entry in heads):
            broken = Break(reached + 1, None, "end_missing")
        if broken is None:
            broken = _below(floor, purged, [entry for entry in heads if known is None or entry != known.head])
        unsealed, oldest = self._store.backlog(after=previous.last if previous else START)
        return ChainReport(chain, known, seals, records, unsealed, oldest, broken, purged), previous

    def _stray(self) -> Break | None:
        """Find a record where everything was purged, and nothing was brought back."""
        after = START
        for one in self._store.archived():
            if one.state in (PURGED, DISCARDED):
                found = self._store.records(after=after, upto=one.month.place)
                if found:
                    return Break(one.month.last, found[0].position.id, "record_added")
            after = one.month.place
        return None

    def _anchor(self, purged: Purged) -> tuple[Seal | None, Break | None]:
        """Give the seal on which what is in the database hangs: the last one that was purged, itself still there."""
        last = purged.last
        if purged.broken is not None or last is None:
            return None, purged.broken
        found = self._store.seals(after=last.last - 1, limit=1)
        if not found or found[0].number != last.last:
            return None, Break(last.last, None, "seal_missing")
        seal = found[0]
        if (seal.hash, seal.last) != (last.hash, last.place) or not self._signer.verify(seal.key_id, seal.hash, seal.signature):
            return None, Break(last.last, None, "seal_changed")
        return seal, None


def _below(floor: int, purged: Purged, heads: Sequence[SealHead]) -> Break | None:
    """Look at heads that are not above the last purged seal: that one is known, those before stand in archives."""
    for entry in heads:
        if entry.number < floor:
            return Break(entry.number, None, "archived")
        if entry.number == floor and purged.last is not None and entry.hash != purged.last.hash:
            return Break(entry.number, None, "end_replaced")
    return None


def name_of(chain: int | None) -> str:
    """Name a database's chain for people."""
    return "none" if chain is None else f"chain {chain}"
