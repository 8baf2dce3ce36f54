"""Devices that hold private keys, in the database (port: ``pki.custody.device.DeviceStore``).

A step is one conditional update on the revision that it was decided on. The registration desk writes its steps with the change of
the certificate: ``device_acts``, ``device_values`` and ``device_stands`` are for its statements.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Text, and_, bindparam, exists, literal_column, or_, select, update

from ....audit import AuditRecord
from ....pki.custody.device import Device, DeviceChange, DeviceEntry, DeviceSearch, DeviceState
from ..audit import audit_insert, audit_values
from ..database import Database, insert_row, parameter
from ..directory.search import called_so, is_called
from ..tables import CustodyDeviceRow, CustodyEntryRow

ROW: Any = CustodyDeviceRow.__table__
ENTRY: Any = CustodyEntryRow.__table__
_COLUMNS: Final = tuple(column.name for column in ROW.columns)
_ENTRY_COLUMNS: Final = tuple(column.name for column in ENTRY.columns if column.name != "id")
_KEPT: Final = frozenset({"device_id", "kind", "serial"})
_PREFIX: Final = "held_"
_ENTRY_PREFIX: Final = "held_entry_"


def _here() -> Any:
    return and_(ROW.c.device_id == parameter(ROW.c.device_id, _PREFIX + "id"),
                ROW.c.revision == parameter(ROW.c.revision, _PREFIX + "decided_on"))


def device_acts() -> tuple[Any, ...]:
    """Make the acts that write one step of a device; parameters: ``device_values``."""
    changed = update(ROW).where(_here()).values(
        {name: parameter(ROW.c[name], _PREFIX + name) for name in _COLUMNS if name not in _KEPT})
    return changed, _entry_insert()


def device_stands() -> Any:
    """Make the condition that a device is as it was when its step was decided."""
    return exists(select(literal_column("1")).select_from(ROW).where(_here()))


def device_held() -> Any:
    """Make the select that holds a device's row."""
    return select(ROW.c.device_id).where(ROW.c.device_id == parameter(ROW.c.device_id, _PREFIX + "id")).with_for_update()


def device_values(change: DeviceChange) -> dict[str, Any]:
    """Give the parameters of ``device_acts`` and ``device_stands``."""
    values = {_PREFIX + name: value for name, value in _values(change.after).items() if name not in _KEPT}
    return {**values, _PREFIX + "id": change.before.device_id, _PREFIX + "decided_on": change.before.revision,
            **_entry_values(change.entry)}


class SqlDevices:
    """The store on one database. Every verb raises UnavailableError when the database does not answer."""

    def __init__(self, database: Database) -> None:
        c = ROW.c
        self._add = database.write(_entry_insert(), audit_insert(), guard=(
            database.insert(ROW).values(**{name: parameter(c[name]) for name in _COLUMNS}).on_conflict_do_nothing()
            .returning(c.device_id)))
        changed, entry = device_acts()
        self._change = database.write(entry, audit_insert(), guard=changed.returning(c.device_id))
        self._find = database.read(select(ROW).where(c.device_id == parameter(c.device_id)))
        self._by_serial = database.read(select(ROW).where(c.kind == parameter(c.kind), c.serial == parameter(c.serial)))
        self._history = database.read(select(ENTRY).where(ENTRY.c.device_id == parameter(ENTRY.c.device_id)).order_by(ENTRY.c.id))
        self._page = database.read(select(ROW).where(_meant(), c.device_id > parameter(c.device_id, "after"))
                                   .order_by(c.device_id).limit(parameter(c.revision, "limit")))
        self._page_before = database.read(select(ROW).where(_meant(), c.device_id < parameter(c.device_id, "before"))
                                          .order_by(c.device_id.desc()).limit(parameter(c.revision, "limit")))

    def add(self, device: Device, entry: DeviceEntry, record: AuditRecord) -> bool:
        """Keep a new one."""
        return self._add.run(**_values(device), **_entry_values(entry), **audit_values(record)) is not None

    def find(self, device_id: str) -> Device | None:
        """Find one."""
        return _one(self._find.one(device_id=device_id))

    def by_serial(self, kind: str, serial: str) -> Device | None:
        """Find the one that has this number."""
        return _one(self._by_serial.one(kind=kind, serial=serial))

    def page(self, search: DeviceSearch, *, after: str, limit: int, before: str = "") -> Sequence[Device]:
        """Give those that are meant, by identifier."""
        escaped = _escaped(search.words.strip().upper())
        asked = {"state": search.state, "kind": search.kind, "unit": search.unit, "below": f"{search.unit}.%",
                 "holder": search.holder, "overdue_at": search.overdue_at or 0, "words": escaped, "pattern": f"%{escaped}%",
                 **called_so(search.words), "limit": limit}
        if before:
            return [device_of(row) for row in reversed(self._page_before.all(before=before, **asked))]
        return [device_of(row) for row in self._page.all(after=after, **asked)]

    def history(self, device_id: str) -> Sequence[DeviceEntry]:
        """Give the history, oldest first."""
        return [DeviceEntry(**{name: getattr(row, name) for name in _ENTRY_COLUMNS})
                for row in self._history.all(device_id=device_id)]

    def change(self, change: DeviceChange, record: AuditRecord) -> bool:
        """Write a step, unless somebody was first."""
        return self._change.run(**device_values(change), **audit_values(record)) is not None


def _meant() -> Any:
    c: Any = ROW.c
    empty: Any = literal_column("''")
    unit, overdue = parameter(c.unit_code, "unit"), parameter(c.due_at, "overdue_at")
    exact = [or_(parameter(c[name]) == empty, c[name] == parameter(c[name])) for name in ("state", "kind", "holder")]
    return and_(*exact, or_(unit == empty, c.unit_code == unit, c.unit_code.like(bindparam("below", type_=Text()))),
                or_(overdue == literal_column("0"), c.due_at < overdue),
                or_(parameter(c.serial, "words") == empty, c.serial.like(bindparam("pattern", type_=Text()), escape="!"),
                    is_called(c.holder)))


def _escaped(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def _values(device: Device) -> dict[str, Any]:
    return {**{name: getattr(device, name) for name in _COLUMNS}, "state": device.state.value}


def _one(row: Any) -> Device | None:
    return None if row is None else device_of(row)


def device_of(row: Any) -> Device:
    """Give the device that a row holds."""
    return Device(**{**{name: getattr(row, name) for name in _COLUMNS}, "state": DeviceState(row.state)})


def _entry_insert() -> Any:
    return insert_row(ENTRY, **{name: parameter(ENTRY.c[name], _ENTRY_PREFIX + name) for name in _ENTRY_COLUMNS})


def _entry_values(entry: DeviceEntry) -> dict[str, Any]:
    return {_ENTRY_PREFIX + name: value for name, value in dataclasses.asdict(entry).items()}
