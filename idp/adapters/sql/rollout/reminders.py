"""Who was reminded of campaigns (port: ``rollout.reminders.ReminderStore``).

That an officer hears of campaigns once a week at most is decided in the statement that writes the notice.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import select

from ....audit import AuditRecord
from ....notices import Notice
from ..audit import audit_insert, audit_values
from ..database import Database, Read, Write, parameter
from ..notices import notice_inserts, notice_values
from ..tables import CampaignDigestRow, CampaignReminderRow


class SqlCampaignReminders:
    """The store on one database. Every verb raises UnavailableError when the database does not answer."""

    def __init__(self, database: Database) -> None:
        self._reminded, self._remind = _statements(database, CampaignReminderRow)
        self._digests, self._digest = _statements(database, CampaignDigestRow)

    def reminded(self, since: date) -> Mapping[str, date]:
        """Give who was reminded from a day on."""
        return _days(self._reminded, since)

    def remind(self, sub: str, day: date, before: date, notice: Notice, record: AuditRecord) -> bool:
        """Remind an officer."""
        return _told(self._remind, sub, day, before, notice, record)

    def digests(self, since: date) -> Mapping[str, date]:
        """Give which administrators were told from a day on."""
        return _days(self._digests, since)

    def digest(self, sub: str, day: date, before: date, notice: Notice, record: AuditRecord) -> bool:
        """Tell an administrator."""
        return _told(self._digest, sub, day, before, notice, record)


def _statements(database: Database, row: Any) -> tuple[Read, Write]:
    table: Any = row.__table__
    told = database.insert(table).values(sub=parameter(table.c.sub), told_on=parameter(table.c.told_on))
    return (database.read(select(table).where(table.c.told_on >= parameter(table.c.told_on, "since"))),
            database.write(audit_insert(), *notice_inserts(), guard=told.on_conflict_do_update(
                index_elements=["sub"], set_={"told_on": told.excluded.told_on},
                where=table.c.told_on < parameter(table.c.told_on, "before")).returning(table.c.sub)))


def _days(read: Read, since: date) -> dict[str, date]:
    return {row.sub: date.fromisoformat(row.told_on) for row in read.all(since=since.isoformat())}


def _told(write: Write, sub: str, day: date, before: date, notice: Notice, record: AuditRecord) -> bool:
    return write.run(sub=sub, told_on=day.isoformat(), before=before.isoformat(), **notice_values(notice),
                     **audit_values(record)) is not None
