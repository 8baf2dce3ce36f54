"""Transactions of SIM signing in the database (port: ``signing.ports.TransactionStore``).

A step is one conditional update on the revision that it was decided on, with its line of history and the audit record; its
proofs are kept before it, under their own hash, so that a line never names what is not there. That a card is asked for one
signature at a time, and that a key stands for one transaction, is for two unique indexes to say.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import exists, literal_column, or_, select, union_all, update

from ....audit import AuditRecord
from ....notices import Notice
from ....signing.denial import MOST
from ....signing.outcome import Outcome
from ....signing.ports import BoundSim
from ....signing.transaction import LOGIN, SIGNATURE, Change, Event, Purpose, State, Transaction
from ..audit import audit_insert, audit_values
from ..database import Database, insert_row, parameter
from ..notices import notice_inserts, notice_values
from ..tables import EvidenceBlobRow, SignEventRow, SignTransactionRow, SimLoginRow, SimRow

ROW: Any = SignTransactionRow.__table__
EVENT: Any = SignEventRow.__table__
BLOB: Any = EvidenceBlobRow.__table__
_COLUMNS: Final = tuple(column.name for column in ROW.columns)
_FIXED: Final = frozenset({
    "transaction_id", "client_id", "idempotency_key", "sub", "unit_code", "title", "msisdn", "iccid", "carrier", "certificate",
    "digest_name", "digest", "document", "subject", "text", "code", "timeout_seconds", "created_at", "sid", "acr", "amr",
    "auth_time", "purpose", "binding", "source", "user_agent"})
"""What never changes."""
_EVENT: Final = "event_"
_STEP: Final = "step_"
_TOLD: Final = tuple(f"told{number}_" for number in range(MOST))
MAILED_A_DAY: Final = 5
"""Mails of one kind to one mailbox; the notices all stand on the page."""
WARNED_APART_SECONDS: Final = 3600
"""Between two notices to an officer that the phone did not confirm: whoever causes many is told of once."""
_SIGNATURE: Any = literal_column(f"'{SIGNATURE}'")
_LOGIN: Any = literal_column(f"'{LOGIN}'")


class SqlTransactions:
    """The store on one database."""

    def __init__(self, database: Database) -> None:
        c = ROW.c
        event = event_insert()
        self._add = database.write(event, audit_insert(), guard=(
            database.insert(ROW).values(**{name: parameter(c[name]) for name in _COLUMNS}).on_conflict_do_nothing()
            .returning(c.transaction_id)))
        here = decided_on()
        moved = update(ROW).where(*here).values(stepping()).returning(c.transaction_id)
        self._change = database.write(event, guard=moved)
        self._change_on_record = database.write(event, audit_insert(), guard=moved)
        told = [act for prefix in _TOLD for act in notice_inserts(prefix, mailed_a_day=MAILED_A_DAY)]
        self._change_and_tell = database.write(event, audit_insert(), *told, guard=moved)
        as_seen = sim_as_seen()
        self._release = database.write(event, audit_insert(), guard=update(ROW).where(*here, as_seen).values(
            stepping()).returning(c.transaction_id))
        self._change_and_warn = database.write(event, audit_insert(), *notice_inserts(
            mailed_a_day=MAILED_A_DAY, apart=WARNED_APART_SECONDS), guard=moved)
        factor: Any = SimLoginRow.__table__
        mine = factor.c.entry_uuid == parameter(factor.c.entry_uuid)
        used = update(factor).where(mine).values(last_used_at=parameter(factor.c.last_used_at))
        still = exists(select(literal_column("1")).select_from(factor).where(mine))
        confirmed = update(ROW).where(*here, still, as_seen, c.purpose == _LOGIN)
        self._take = database.write(event, audit_insert(), used, guard=confirmed.values(stepping()).returning(c.transaction_id))
        self._claim = database.write(guard=update(ROW).where(*here).values(
            next_try_at=parameter(c.next_try_at), tries=c.tries + literal_column("1"),
            revision=c.revision + literal_column("1")).returning(c.transaction_id))
        self._keep = database.write(database.insert(BLOB).values(
            sha256=parameter(BLOB.c.sha256), content=parameter(BLOB.c.content)).on_conflict_do_nothing())
        self._find = database.read(select(ROW).where(c.transaction_id == parameter(c.transaction_id)))
        self._by_key = database.read(select(ROW).where(
            c.client_id == parameter(c.client_id), c.idempotency_key == parameter(c.idempotency_key), c.purpose == _SIGNATURE))
        self._bound = database.read(select(ROW).where(
            c.binding == parameter(c.binding), c.binding != literal_column("''"), c.purpose == parameter(c.purpose)).order_by(
                c.transaction_id.desc()).limit(1))
        self._occupying = database.read(select(ROW).where(c.iccid == parameter(c.iccid), c.occupies))
        is_due = c.next_try_at <= parameter(c.next_try_at, "now")
        self._carriers = database.read(select(c.carrier).where(is_due).distinct())
        self._due = database.read(select(ROW).where(is_due, c.carrier == parameter(c.carrier)).order_by(c.next_try_at).limit(
            parameter(c.revision, "limit")))
        self._refusals = database.read(_refusals())
        earlier = c.transaction_id < parameter(c.transaction_id, "before")
        self._of_officer = database.read(select(ROW).where(
            c.sub == parameter(c.sub), c.purpose == _SIGNATURE, earlier).order_by(
                c.transaction_id.desc()).limit(parameter(c.revision, "limit")))
        self._events = database.read(select(EVENT).where(
            EVENT.c.transaction_id == parameter(EVENT.c.transaction_id)).order_by(EVENT.c.id))
        self._blob = database.read(select(BLOB).where(BLOB.c.sha256 == parameter(BLOB.c.sha256)))

    def add(self, change: Change, record: AuditRecord) -> bool:
        """Keep a new one."""
        self._keep_all(change.blobs)
        return self._add.run(**_values(change.after), **_event_values(change.event), **audit_values(record)) is not None

    def change(self, change: Change, record: AuditRecord | None, notices: Sequence[Notice] = ()) -> bool:
        """Write a step, unless somebody was first."""
        self._keep_all(change.blobs)
        given = step_values(change)
        if record is None:
            return self._change.run(**given) is not None
        if not notices:
            return self._change_on_record.run(**given, **audit_values(record)) is not None
        for number, prefix in enumerate(_TOLD):
            given |= notice_values(notices[number] if number < len(notices) else None, prefix)
        return self._change_and_tell.run(**given, **audit_values(record)) is not None

    def release(self, change: Change, record: AuditRecord, sim: BoundSim) -> bool:
        """Write that a signature is given out, unless somebody was first or the SIM has changed since it was looked at."""
        self._keep_all(change.blobs)
        return self._release.run(**step_values(change), **audit_values(record), sim_id=sim.sim_id,
                                 sim_revision=sim.revision) is not None

    def take(self, change: Change, record: AuditRecord, entry_uuid: str, sim: BoundSim) -> bool:
        """Write that a sign-in was opened, unless somebody was first, the factor was taken away or the SIM is another."""
        self._keep_all(change.blobs)
        return self._take.run(**step_values(change), **audit_values(record), entry_uuid=entry_uuid, last_used_at=record.at,
                              sim_id=sim.sim_id, sim_revision=sim.revision) is not None

    def warn(self, change: Change, record: AuditRecord, warning: Notice) -> bool:
        """Write a step and warn the officer, unless that was done lately."""
        self._keep_all(change.blobs)
        return self._change_and_warn.run(**step_values(change), **audit_values(record), **notice_values(warning)) is not None

    def claim(self, transaction: Transaction, next_try_at: int) -> Transaction | None:
        """Move the next time at which a service is asked, unless somebody was first."""
        if self._claim.run(this=transaction.transaction_id, decided_on=transaction.revision, next_try_at=next_try_at) is None:
            return None
        return dataclasses.replace(transaction, next_try_at=next_try_at, tries=transaction.tries + 1,
                                   revision=transaction.revision + 1)

    def find(self, transaction_id: str) -> Transaction | None:
        """Find one."""
        return _one(self._find.one(transaction_id=transaction_id))

    def by_key(self, client_id: str, idempotency_key: str) -> Transaction | None:
        """Find the one that a client calls so."""
        return _one(self._by_key.one(client_id=client_id, idempotency_key=idempotency_key))

    def bound(self, binding: str, purpose: Purpose) -> Transaction | None:
        """Find what was last asked for a sign-in, or an approval."""
        return _one(self._bound.one(binding=binding, purpose=purpose))

    def occupying(self, iccid: str) -> Transaction | None:
        """Give the one that occupies a card."""
        return _one(self._occupying.one(iccid=iccid))

    def carriers_due(self, now: int) -> Sequence[str]:
        """Name the services of which somebody is to be asked."""
        return [row.carrier for row in self._carriers.all(now=now)]

    def due(self, carrier: str, now: int, *, limit: int) -> Sequence[Transaction]:
        """Give those of a service at which somebody is to look."""
        return [transaction_of(row) for row in self._due.all(carrier=carrier, now=now, limit=limit)]

    def refusals(self, sub: str, purpose: Purpose, since: int, *, most: int) -> Sequence[int]:
        """Say when an officer has last refused."""
        return [row.at for row in self._refusals.all(sub=sub, purpose=purpose, since=since, most=most)]

    def of_officer(self, sub: str, *, before: str = "", limit: int) -> Sequence[Transaction]:
        """Give an officer's, newest first."""
        return [transaction_of(row) for row in self._of_officer.all(sub=sub, before=before or "t", limit=limit)]

    def events(self, transaction_id: str) -> Sequence[Event]:
        """Give the history, oldest first."""
        return [Event(row.transaction_id, row.at_us, State(row.state), row.outcome, row.code, row.finer, json.loads(row.proofs),
                      row.note) for row in self._events.all(transaction_id=transaction_id)]

    def blob(self, sha256: str) -> bytes | None:
        """Give an octet string that an event names."""
        row = self._blob.one(sha256=bytes.fromhex(sha256))
        return None if row is None else bytes(row.content)

    def _keep_all(self, blobs: Mapping[str, bytes]) -> None:
        for sha256, content in blobs.items():
            self._keep.run(sha256=bytes.fromhex(sha256), content=content)


def event_insert() -> Any:
    """Make the act that adds a line of history; parameters: ``step_values``."""
    return insert_row(EVENT, **{column.name: parameter(column, _EVENT + column.name)
                                for column in EVENT.columns if column.name != "id"})


def decided_on() -> tuple[Any, Any]:
    """Make the conditions that a transaction is still what a step was decided on; parameters: ``step_values``."""
    return ROW.c.transaction_id == parameter(ROW.c.transaction_id, "this"), ROW.c.revision == parameter(
        ROW.c.revision, "decided_on")


def sim_as_seen() -> Any:
    """Make the condition that a SIM is as it was looked at; parameters ``sim_id`` and ``sim_revision``.

    The SIM is held, so that whoever reports it lost comes before this, or this before them; never in between.
    """
    sim: Any = SimRow.__table__
    sim_id = parameter(sim.c.sim_id)
    return or_(sim_id == literal_column("''"), exists(select(literal_column("1")).select_from(sim).where(
        sim.c.sim_id == sim_id, sim.c.revision == parameter(sim.c.revision, "sim_revision")).with_for_update(read=True)))


def stepping() -> dict[str, Any]:
    """Give what a step may change, each from a parameter; parameters: ``step_values``."""
    return {name: parameter(ROW.c[name], _STEP + name) for name in _COLUMNS if name not in _FIXED}


def step_values(change: Change) -> dict[str, Any]:
    """Give the parameters of a step on a transaction, and of its line of history."""
    assert change.before is not None
    moved = {_STEP + name: value for name, value in _values(change.after).items() if name not in _FIXED}
    return {**moved, **_event_values(change.event), "this": change.before.transaction_id, "decided_on": change.before.revision}


def _refusals() -> Any:
    """Make the question for the last refusals: each half has an index that ends where the pause does."""
    c = ROW.c
    cancelled = (c.outcome == literal_column(f"'{Outcome.CANCELLED.value}'"), c.denied_at.is_(None))
    halves = [
        select(at.label("at")).where(c.sub == parameter(c.sub), c.purpose == parameter(c.purpose),
                                     at > parameter(c.ended_at, "since"), *more)
        .order_by(at.desc()).limit(parameter(c.revision, "most")).subquery()
        for at, more in ((c.ended_at, cancelled), (c.denied_at, (c.denied_at.is_not(None),)))]
    return union_all(*(select(half.c.at) for half in halves))


def _values(transaction: Transaction) -> dict[str, Any]:
    return {**{name: getattr(transaction, name) for name in _COLUMNS}, "state": transaction.state.value}


def _event_values(event: Event) -> dict[str, Any]:
    values = dataclasses.asdict(event)
    values |= {"state": event.state.value, "proofs": json.dumps(dict(event.proofs), sort_keys=True)}
    return {_EVENT + name: value for name, value in values.items()}


def _one(row: Any) -> Transaction | None:
    return None if row is None else transaction_of(row)


def transaction_of(row: Any) -> Transaction:
    """Read a row."""
    values = {name: getattr(row, name) for name in _COLUMNS}
    for name in ("certificate", "digest", "signature"):
        values[name] = None if values[name] is None else bytes(values[name])
    return Transaction(**{**values, "state": State(row.state), "occupies": bool(row.occupies)})
