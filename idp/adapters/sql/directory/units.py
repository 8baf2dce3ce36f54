"""Store of the mirror of agencies (``directory.ledger.UnitMirror``)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import literal_column, select, update

from ....directory.unit import UnitEntry
from ..database import Database, parameter
from ..tables import UnitRow
from .rows import unit_entry, unit_values

UNIT: Any = UnitRow.__table__
_ACTIVE: Any = literal_column("'active'")


class SqlUnits:
    """Agencies as mirrored. Every verb raises UnavailableError when the database does not answer."""

    def __init__(self, database: Database) -> None:
        known = UNIT.c.entry_uuid == parameter(UNIT.c.entry_uuid)
        self._one = database.read(select(UNIT).where(known))
        self._all = database.read(select(UNIT).where(UNIT.c.status == _ACTIVE).order_by(UNIT.c.code, UNIT.c.entry_uuid))
        insertion = database.insert(UNIT).inline().values({c.name: parameter(c) for c in UNIT.columns})
        self._note = database.write(guard=insertion.on_conflict_do_update(
            index_elements=["entry_uuid"],
            set_={c.name: getattr(insertion.excluded, c.name) for c in UNIT.columns if c.name != "entry_uuid"},
        ).returning(UNIT.c.entry_uuid), durable=False)
        self._remove = database.write(update(UNIT).where(known).values(
            status=literal_column("'gone'"), updated_at=parameter(UNIT.c.updated_at)))

    def units(self) -> tuple[UnitEntry, ...]:
        """Give every agency that is in the directory, in order of codes."""
        return tuple(unit_entry(row) for row in self._all.all())

    def note_unit(self, entry: UnitEntry, *, now: int) -> bool:
        """Mirror an agency as seen; tell whether anything changed."""
        values = unit_values(entry) | {"status": "active"}
        row = self._one.one(entry_uuid=entry.entry_uuid)
        if row is not None and all(getattr(row, name) == value for name, value in values.items()):
            return False
        self._note.run(entry_uuid=entry.entry_uuid, updated_at=now, **values)
        return True

    def remove_unit(self, entry_uuid: str, *, now: int) -> None:
        """Mirror that an agency is no longer in the directory."""
        self._remove.run(entry_uuid=entry_uuid, updated_at=now)
