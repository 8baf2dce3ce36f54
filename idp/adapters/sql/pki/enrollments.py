"""Enrollments in the database (port: ``pki.enrollment.record.EnrollmentStore``).

A change is one conditional update on the revision that it was decided on; history, audit record and notice stand or fall with
it. Who brings a certificate into use holds the row of its holder meanwhile, so that there is one in use of a kind.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Text, and_, bindparam, case, exists, func, literal_column, or_, select, update
from sqlalchemy.orm import aliased

from ....audit import AuditRecord
from ....directory.tasks import TaskKind
from ....notices import Notice
from ....pki.custody.device import DeviceChange
from ....pki.enrollment.record import DeviceKind, Enrollment, Entry, Kind, Purpose, Search
from ....pki.enrollment.states import WITH_A_CERTIFICATE, State
from ....pki.forms.cells import folded
from ..audit import audit_insert, audit_values
from ..database import Database, insert_row, parameter
from ..directory.ledger import listed
from ..directory.search import has_words, word_parameters
from ..notices import notice_inserts, notice_values
from ..tables import EnrollmentEntryRow, EnrollmentRow, OfficerRow, TaskRow
from .devices import device_acts, device_held, device_stands, device_values

ROW: Any = EnrollmentRow.__table__
ENTRY: Any = EnrollmentEntryRow.__table__
OFFICER: Any = OfficerRow.__table__
TASK: Any = TaskRow.__table__
_COLUMNS: Final = tuple(column.name for column in ROW.columns)
_ENTRY_COLUMNS: Final = tuple(column.name for column in ENTRY.columns if column.name != "id")
_NAMES: Final = tuple(field.name for field in dataclasses.fields(Enrollment))
_KEPT: Final = frozenset({"enrollment_id", "kind", "purpose", "holder", "device_kind"})
"""Columns that no change touches: figures of past days go by them (``rollout.coverage``)."""


class SqlEnrollments:
    """The store on one database. Every verb raises UnavailableError when the database does not answer."""

    def __init__(self, database: Database) -> None:
        c = ROW.c
        values = {name: parameter(c[name]) for name in _COLUMNS}
        added = database.insert(ROW).values(**values).on_conflict_do_nothing().returning(c.enrollment_id)
        self._add = database.write(_entry_insert(), audit_insert(), guard=added)
        holder = select(OFFICER.c.sub).where(OFFICER.c.sub == parameter(c.holder, "holder")).with_for_update()
        other: Any = aliased(EnrollmentRow)
        alone = ~exists(select(literal_column("1")).where(
            other.active_key == parameter(c.active_key), other.enrollment_id != parameter(c.enrollment_id, "id"),
            other.enrollment_id != parameter(c.enrollment_id, "old_id")))
        changed = update(ROW).where(c.enrollment_id == parameter(c.enrollment_id, "id"), c.revision == parameter(c.revision,
                                                                                                                 "decided_on"),
                                    alone).values({name: value for name, value in values.items() if name not in _KEPT})
        self._move = database.write(_entry_insert(), audit_insert(), *notice_inserts(), _task_update(), after=holder,
                                    guard=changed.returning(c.enrollment_id))
        self._move_with_device = database.write(
            _entry_insert(), audit_insert(), *notice_inserts(), _task_update(), *device_acts(), after=(holder, device_held()),
            guard=changed.where(device_stands()).returning(c.enrollment_id))
        old = {"state": "old_state", "since": "old_since", "due_at": "old_due_at", "active_key": "old_active_key",
               "revision": "old_revision", "reason": "old_reason"}
        ended = update(ROW).where(c.enrollment_id == parameter(c.enrollment_id, "old_id")).values(
            {name: parameter(c[name], given) for name, given in old.items()})
        other_stands = exists(select(literal_column("1")).where(
            other.enrollment_id == parameter(c.enrollment_id, "old_id"), other.revision == parameter(c.revision,
                                                                                                     "old_decided_on")))
        succession = (ended, _entry_insert(), _entry_insert("last_"), audit_insert(), audit_insert("ending_"), *notice_inserts(),
                      _task_update())
        self._succeed = database.write(*succession, after=holder, guard=changed.where(other_stands).returning(c.enrollment_id))
        self._succeed_with_device = database.write(
            *succession, *device_acts(), after=(holder, device_held()),
            guard=changed.where(other_stands, device_stands()).returning(c.enrollment_id))
        self._find = database.read(select(ROW).where(c.enrollment_id == parameter(c.enrollment_id)))
        self._waiting = database.read(select(ROW).where(c.open_key == parameter(c.open_key)))
        self._in_use = database.read(select(ROW).where(c.active_key == parameter(c.active_key)))
        self._by_serial = database.read(select(ROW).where(c.serial == parameter(c.serial), c.serial != literal_column("''")))
        standing: list[Any] = [literal_column(f"'{one.value}'") for one in WITH_A_CERTIFICATE]
        self._in_device = database.read(select(ROW).where(
            c.state.in_(standing), c.device_kind == parameter(c.device_kind),
            func.upper(c.device_serial) == parameter(c.device_serial)).order_by(c.enrollment_id))
        mail, digest = parameter(c.mail), parameter(c.identity_digest)
        self._sent = database.read(select(ROW).where(c.state == literal_column(f"'{State.SENT.value}'"), or_(
            and_(c.mail == mail, mail != literal_column("''")),
            and_(c.identity_digest == digest, digest != literal_column("''")))).order_by(c.enrollment_id))
        self._history = database.read(select(ENTRY).where(ENTRY.c.enrollment_id == parameter(ENTRY.c.enrollment_id))
                                      .order_by(ENTRY.c.id))
        meant = _meant(database)
        self._page = database.read(select(ROW).where(meant, c.enrollment_id > parameter(c.enrollment_id, "after"))
                                   .order_by(c.enrollment_id).limit(parameter(c.revision, "limit")))
        self._page_before = database.read(select(ROW).where(meant, c.enrollment_id < parameter(c.enrollment_id, "before"))
                                          .order_by(c.enrollment_id.desc()).limit(parameter(c.revision, "limit")))
        self._count = database.read(select(c.state, func.count().label("found")).where(meant).group_by(c.state))
        self._ever = database.read(select(c.enrollment_id).where(
            c.unit_code == parameter(c.unit_code), c.kind == parameter(c.kind), c.serial != literal_column("''"))
            .limit(literal_column("1")))
        states = ", ".join(f"'{state.value}'" for state in WITH_A_CERTIFICATE)
        self._over = database.read(select(ROW).where(
            c.not_after <= parameter(c.not_after, "now"), c.state.in_([literal_column(state) for state in states.split(", ")]))
            .order_by(c.not_after).limit(parameter(c.revision, "limit")))

    def add(self, enrollment: Enrollment, entry: Entry, record: AuditRecord) -> bool:
        """Keep a new one."""
        return self._add.run(**_values(enrollment), **_entry_values(entry), **audit_values(record)) is not None

    def find(self, enrollment_id: str) -> Enrollment | None:
        """Find one by its number."""
        return _one(self._find.one(enrollment_id=enrollment_id))

    def waiting(self, open_key: str) -> Enrollment | None:
        """Find the one on the way that has this key."""
        return _one(self._waiting.one(open_key=open_key))

    def in_use(self, active_key: str) -> Enrollment | None:
        """Find the one in use that has this key."""
        return _one(self._in_use.one(active_key=active_key))

    def by_serial(self, serial: str) -> Sequence[Enrollment]:
        """Find those whose certificate has this number."""
        return [enrollment_of(row) for row in self._by_serial.all(serial=serial)]

    def in_device(self, kind: str, serial: str) -> Sequence[Enrollment]:
        """Find those whose key a device holds and whose certificate nobody has ended."""
        return [enrollment_of(row) for row in self._in_device.all(device_kind=kind, device_serial=serial.upper())]

    def sent(self, *, mail: str, identity_digest: str) -> Sequence[Enrollment]:
        """Find those at the issuer that have this mailbox or this digest."""
        return [enrollment_of(row) for row in self._sent.all(mail=mail, identity_digest=identity_digest)]

    def page(self, search: Search, *, after: str, limit: int, before: str = "") -> Sequence[Enrollment]:
        """Give those that are meant, by number."""
        if before:
            rows = self._page_before.all(before=before, limit=limit, **_searched(search))
            return [enrollment_of(row) for row in reversed(rows)]
        return [enrollment_of(row) for row in self._page.all(after=after, limit=limit, **_searched(search))]

    def count(self, search: Search) -> Mapping[State, int]:
        """Count those that are meant, by state."""
        return {State(row.state): int(row.found) for row in self._count.all(**_searched(search))}

    def move(self, before: Enrollment, after: Enrollment, entry: Entry, record: AuditRecord, notice: Notice | None,
             device: DeviceChange | None = None) -> bool:
        """Write a change, unless somebody was first."""
        values = {**_changed(before, after), "old_id": "", **_entry_values(entry), **audit_values(record),
                  **notice_values(notice), **_task_values(before, after, entry)}
        if device is None:
            return self._move.run(**values) is not None
        return self._move_with_device.run(**values, **device_values(device)) is not None

    def succeed(self, before: Enrollment, after: Enrollment, old: Enrollment, ended: Enrollment,
                entries: tuple[Entry, Entry], records: tuple[AuditRecord, AuditRecord], notice: Notice | None,
                device: DeviceChange | None = None) -> bool:
        """Activate one and end the one that it follows."""
        values = {
            **_changed(before, after), "old_id": old.enrollment_id, "old_decided_on": old.revision,
            "old_state": ended.state.value, "old_since": ended.since, "old_due_at": ended.due_at,
            "old_active_key": ended.active_key, "old_revision": ended.revision, "old_reason": ended.reason,
            **_entry_values(entries[0]), **_entry_values(entries[1], "last_"), **audit_values(records[0]),
            **audit_values(records[1], "ending_"), **notice_values(notice), **_task_values(old, ended, entries[1])}
        if device is None:
            return self._succeed.run(**values) is not None
        return self._succeed_with_device.run(**values, **device_values(device)) is not None

    def history(self, enrollment_id: str) -> Sequence[Entry]:
        """Give the history, oldest first."""
        return [Entry(row.enrollment_id, row.at, row.act, row.before, row.after, row.actor, row.part, json.loads(row.detail))
                for row in self._history.all(enrollment_id=enrollment_id)]

    def ever_issued(self, kind: Kind, unit_code: str) -> bool:
        """Tell whether an agency was ever issued a certificate of a kind."""
        return self._ever.one(kind=kind.value, unit_code=unit_code) is not None

    def due_to_expire(self, now: int, *, limit: int) -> Sequence[Enrollment]:
        """Give those whose validity is over and whose state does not say so."""
        return [enrollment_of(row) for row in self._over.all(now=now, limit=limit)]


def _meant(database: Database) -> Any:
    c = ROW.c

    def unless(name: str, column: Any, condition: Any) -> Any:
        return or_(parameter(column, name) == literal_column("''"), condition)

    unit = parameter(c.unit_code, "unit")
    overdue = parameter(c.due_at, "overdue_at")
    return and_(
        unless("states", ROW.c.reason, c.state.in_(listed(database, "states_json"))),
        or_(unit == literal_column("''"), c.unit_code == unit, c.unit_code.like(bindparam("below", type_=Text()))),
        unless("holder", c.holder, c.holder == parameter(c.holder, "holder")),
        unless("batch", c.batch, c.batch == parameter(c.batch, "batch")),
        or_(overdue == literal_column("0"), c.due_at < overdue),
        unless("words", ROW.c.reason, or_(has_words(c.search_key),
                                          c.enrollment_id.like(bindparam("beginning", type_=Text()), escape="!"))))


def _searched(search: Search) -> dict[str, Any]:
    words = folded(search.words)
    escaped = search.words.strip().replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return {"states": ",".join(search.states), "states_json": json.dumps(list(search.states)), "unit": search.unit,
            "below": f"{search.unit}.%", "holder": search.holder, "batch": search.batch, "overdue_at": search.overdue_at or 0,
            "words": words or escaped, **word_parameters(words.split()), "beginning": f"{escaped}%"}


def _values(enrollment: Enrollment) -> dict[str, Any]:
    values = {name: getattr(enrollment, name) for name in _NAMES}
    for name in ("kind", "purpose", "device_kind", "state"):
        values[name] = values[name].value
    return {**values, "open_key": enrollment.open_key, "active_key": enrollment.active_key,
            "search_key": f" {folded(enrollment.name)} {folded(enrollment.mail.split('@')[0])}"}


def _task_update() -> Any:
    """Make the act by which tasks close themselves when a certificate ends; parameters: ``_task_values``.

    A change of content is done when that certificate has ended; a revocation when no other of the officer's stands, and what
    ended before is in the proof. The officer's row is held (``after``), so that of two that end at once one is the last.
    """
    c, other = TASK.c, ROW.alias("standing")
    line, kind = parameter(c.proof, "task_line"), parameter(c.kind, "task_kind")
    change: Any = literal_column(f"'{TaskKind.CHANGE_CERTIFICATE.value}'")
    sim: Any = literal_column(f"'{DeviceKind.SIM.value}'")
    states: list[Any] = [literal_column(f"'{one.value}'") for one in WITH_A_CERTIFICATE]
    sims = kind == literal_column(f"'{TaskKind.REVOKE_SIMS.value}'")
    stands = exists(select(literal_column("1")).select_from(other).where(
        other.c.holder == c.sub, other.c.enrollment_id != parameter(ROW.c.enrollment_id, "task_enrollment"),
        other.c.state.in_(states),
        or_(and_(sims, other.c.device_kind == sim), and_(~sims, other.c.device_kind != sim))))
    waits = and_(c.kind != change, stands)
    return update(TASK).where(
        c.sub == parameter(c.sub, "task_sub"), c.state == literal_column("'open'"),
        or_(c.kind == kind, and_(c.kind == change, c.cause.like(bindparam("task_cause", type_=Text()))))).values(
            proof=case((c.proof == literal_column("''"), line), else_=c.proof + literal_column("'; '") + line),
            state=case((waits, c.state), else_=literal_column("'done'")),
            done_at=case((waits, c.done_at), else_=parameter(c.done_at, "task_at")),
            done_by=case((waits, c.done_by), else_=parameter(c.done_by, "task_by")))


def _task_values(before: Enrollment, after: Enrollment, entry: Entry) -> dict[str, Any]:
    ends = before.state in WITH_A_CERTIFICATE and after.state not in WITH_A_CERTIFICATE
    kind = TaskKind.REVOKE_SIMS if before.device_kind is DeviceKind.SIM else TaskKind.REVOKE_CERTIFICATES
    by = entry.detail.get("document") or entry.detail.get("by_request", "")
    return {"task_sub": before.holder if ends else "", "task_kind": kind.value, "task_cause": f"{before.enrollment_id}:%",
            "task_enrollment": before.enrollment_id, "task_at": entry.at, "task_by": entry.actor,
            "task_line": f"{before.enrollment_id}: {after.state.value}{f' ({by})' if by else ''}"}


def _changed(before: Enrollment, after: Enrollment) -> dict[str, Any]:
    values = _values(after)
    return {**{name: value for name, value in values.items() if name not in _KEPT}, "id": before.enrollment_id,
            "holder": before.holder, "decided_on": before.revision}


def _one(row: Any) -> Enrollment | None:
    return None if row is None else enrollment_of(row)


def enrollment_of(row: Any) -> Enrollment:
    """Give the enrollment of a row that holds the table's columns under their own names."""
    values = {name: getattr(row, name) for name in _NAMES}
    return Enrollment(**{**values, "kind": Kind(row.kind), "purpose": Purpose(row.purpose),
                         "device_kind": DeviceKind(row.device_kind),
                         "state": State(row.state), "personal": bytes(row.personal), "certificate": bytes(row.certificate),
                         "request": bytes(row.request or b""),
                         "wet_ink": bool(row.wet_ink)})


def _entry_insert(prefix: str = "entry_") -> Any:
    return insert_row(ENTRY, **{name: parameter(ENTRY.c[name], prefix + name) for name in _ENTRY_COLUMNS})


def _entry_values(entry: Entry, prefix: str = "entry_") -> dict[str, Any]:
    values = dataclasses.asdict(entry)
    return {prefix + name: json.dumps(value, ensure_ascii=False) if name == "detail" else value for name, value in values.items()}
