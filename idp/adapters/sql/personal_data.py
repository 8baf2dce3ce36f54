"""Who has read which notice about personal data; implements ``notices.personal_data.ReadingStore``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from ...audit import AuditRecord
from ...notices.personal_data import Reading
from .audit import audit_insert, audit_values
from .database import Database, parameter
from .tables import NoticeReadingRow

_ROW: Any = NoticeReadingRow.__table__


class SqlReadings:
    """The readings on one database."""

    def __init__(self, database: Database) -> None:
        c = _ROW.c
        its = c.sub == parameter(c.sub)
        self._has_read = database.read(select(c.read_at).where(its, c.version == parameter(c.version)))
        self._of = database.read(select(*c).where(its).order_by(c.read_at.desc(), c.version.desc()))
        entered = database.insert(_ROW).values({column.name: parameter(column, f"r_{column.name}") for column in c})
        self._read = database.write(audit_insert(), guard=entered.on_conflict_do_nothing(
            index_elements=["sub", "version"]).returning(c.sub))

    def has_read(self, sub: str, version: str) -> bool:
        """Tell whether an officer has read a version."""
        return self._has_read.one(sub=sub, version=version) is not None

    def read(self, sub: str, reading: Reading, record: AuditRecord) -> bool:
        """Keep that an officer has read a version; of several presses one counts."""
        return self._read.run(r_sub=sub, r_version=reading.version, r_read_at=reading.read_at,
                              **audit_values(record)) is not None

    def of(self, sub: str) -> Sequence[Reading]:
        """Give what an officer has read, the last first."""
        return [Reading(row.version, int(row.read_at)) for row in self._of.all(sub=sub)]
