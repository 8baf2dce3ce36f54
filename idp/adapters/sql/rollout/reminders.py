"""Who was reminded of campaigns (port: ``rollout.reminders.ReminderStore``).

That an officer hears of campaigns once a week at most is decided in the statement that writes the notice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

import orjson
from sqlalchemy import JSON, BigInteger, Integer, Text, bindparam, cast, column, func, insert, literal_column, or_, select

from ....audit import AuditRecord
from ....notices import Notice
from ....rollout.reminders import Reminding
from ..audit import audit_insert, audit_values
from ..database import Database, Read, Write, parameter
from ..notices import notice_inserts, notice_values
from ..tables import CampaignDigestRow, CampaignReminderRow, CampaignRemindingRow

LINE: Any = CampaignRemindingRow.__table__
_LAST: Final = 2**62
_NAMES: Final = ("campaign_id", "sub", "at", "step", "cases", "name", "title", "unit_code", "unit_name", "actor")


class SqlCampaignReminders:
    """The store on one database. Every verb raises UnavailableError when the database does not answer."""

    def __init__(self, database: Database) -> None:
        self._reminded, self._remind = _statements(database, CampaignReminderRow)
        self._digests, self._digest = _statements(database, CampaignDigestRow)
        number, unit = bindparam("number", type_=BigInteger()), parameter(LINE.c.unit_code, "unit")
        asked = (
            LINE.c.campaign_id == parameter(LINE.c.campaign_id), LINE.c.at < parameter(LINE.c.at, "until"),
            or_(unit == literal_column("''"), LINE.c.unit_code == unit, LINE.c.unit_code.like(bindparam("below", type_=Text()))))
        found: Any = select(LINE).where(*asked)
        self._count = database.read(select(func.count().label("lines")).select_from(LINE).where(*asked))
        most = bindparam("most", type_=Integer())
        self._older = database.read(found.where(LINE.c.id < number).order_by(LINE.c.id.desc()).limit(most))
        self._newer = database.read(found.where(LINE.c.id > number).order_by(LINE.c.id).limit(most))

    def reminded(self, since: date) -> Mapping[str, date]:
        """Give who was reminded from a day on."""
        return _days(self._reminded, since)

    def remind(self, lines: Sequence[Reminding], day: date, before: date, notice: Notice, record: AuditRecord) -> bool:
        """Remind an officer."""
        return _told(self._remind, lines, day, before, notice, record)

    def digests(self, since: date) -> Mapping[str, date]:
        """Give which administrators were told from a day on."""
        return _days(self._digests, since)

    def digest(self, lines: Sequence[Reminding], day: date, before: date, notice: Notice, record: AuditRecord) -> bool:
        """Tell an administrator."""
        return _told(self._digest, lines, day, before, notice, record)

    def told(self, campaign_id: str, *, unit: str, until: int, after: int | None = None, before: int | None = None,
             most: int) -> Sequence[tuple[int, Reminding]]:
        """Give lines of a campaign, the newest first."""
        asked = {"campaign_id": campaign_id, "until": until, "unit": unit, "below": f"{unit}.%", "most": most}
        rows = (self._newer.all(number=before, **asked)[::-1] if before is not None
                else self._older.all(number=after if after is not None else _LAST, **asked))
        return [(int(row.id), Reminding(**{name: getattr(row, name) for name in _NAMES}, nth=row.nth)) for row in rows]

    def count(self, campaign_id: str, *, unit: str, until: int) -> int:
        """Count lines of a campaign."""
        return int(self._count.all(campaign_id=campaign_id, until=until, unit=unit, below=f"{unit}.%")[0].lines)


def _statements(database: Database, row: Any) -> tuple[Read, Write]:
    table: Any = row.__table__
    told = database.insert(table).values(sub=parameter(table.c.sub), told_on=parameter(table.c.told_on))
    return (database.read(select(table).where(table.c.told_on >= parameter(table.c.told_on, "since"))),
            database.write(audit_insert(), *notice_inserts(), _lines(database), guard=told.on_conflict_do_update(
                index_elements=["sub"], set_={"told_on": told.excluded.told_on},
                where=table.c.told_on < parameter(table.c.told_on, "before")).returning(table.c.sub)))


def _days(read: Read, since: date) -> dict[str, date]:
    return {row.sub: date.fromisoformat(row.told_on) for row in read.all(since=since.isoformat())}


def _lines(database: Database) -> Any:
    """Make the insert of the lines in one parameter, a JSON array."""
    array: Any = bindparam("lines", type_=Text())
    if database.is_sqlite:
        each: Any = func.json_each(array).table_valued("value")
        values: dict[str, Any] = {name: func.json_extract(each.c.value, literal_column(f"'$.{name}'")) for name in _NAMES}
    else:
        each = func.json_to_recordset(cast(array, JSON)).table_valued(
            *(column(name, LINE.c[name].type) for name in _NAMES)).render_derived(name="line", with_types=True)
        values = {name: each.c[name] for name in _NAMES}
    before = LINE.alias("before")
    nth = select(func.count() + literal_column("1")).select_from(before).where(
        before.c.sub == values["sub"], before.c.campaign_id == values["campaign_id"]).scalar_subquery()
    return insert(LINE).inline().from_select([*_NAMES, "nth"], select(*values.values(), nth).select_from(each))


def _told(write: Write, lines: Sequence[Reminding], day: date, before: date, notice: Notice, record: AuditRecord) -> bool:
    array = orjson.dumps([{name: getattr(line, name) for name in _NAMES} for line in lines]).decode()
    return write.run(sub=lines[0].sub, told_on=day.isoformat(), before=before.isoformat(), lines=array, **notice_values(notice),
                     **audit_values(record)) is not None
