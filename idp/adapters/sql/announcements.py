"""Announcements in the database; implements ``notices.announcements.AnnouncementBoard`` and the administrators' port.

Every change is one Write: the row, the version counter ``announcements`` that tells other processes, and the audit record.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Integer, and_, bindparam, literal_column, or_, select, update

from ...audit import AuditRecord
from ...notices.announcements import Announcement, Level, Where
from .audit import audit_insert, audit_values
from .database import Database, parameter
from .tables import AnnouncementRow, VersionRow

_ROW: Any = AnnouncementRow.__table__
_VERSION: Any = literal_column("'announcements'")
_FAR = 2**62


class SqlAnnouncements:
    """The announcements on one database."""

    def __init__(self, database: Database) -> None:
        c = _ROW.c
        raised = database.insert(VersionRow).values(name=_VERSION, value=literal_column("1")).on_conflict_do_update(
            index_elements=["name"], set_={"value": VersionRow.value + literal_column("1")})
        this, now = c.announcement_id == parameter(c.announcement_id), parameter(c.until_at, "now")
        self._version = database.read(select(VersionRow.value).where(VersionRow.name == _VERSION))
        self._not_over = database.read(select(*c).where(c.until_at > now))
        self._find = database.read(select(*c).where(this))
        before = parameter(c.from_at, "before")
        self._listed = database.read(select(*c).where(or_(c.from_at < before, and_(
            c.from_at == before, c.announcement_id > parameter(c.announcement_id, "before_id"))))
            .order_by(c.from_at.desc(), c.announcement_id).limit(bindparam("limit", type_=Integer())))
        entered = database.insert(_ROW).values({column.name: parameter(column) for column in c})
        self._add = database.write(raised, audit_insert(), guard=entered.on_conflict_do_nothing(
            index_elements=["announcement_id"]).returning(c.announcement_id))
        self._change = database.write(raised, audit_insert(), guard=update(_ROW).where(
            this, c.revision == parameter(c.revision, "known")).values(
            {column.name: parameter(column, f"new_{column.name}") for column in c if column.name != "announcement_id"})
            .returning(c.announcement_id))

    def version(self) -> int:
        """Give a number that every change raises."""
        row = self._version.one()
        return 0 if row is None else int(row.value)

    def not_over(self, now: int) -> Sequence[Announcement]:
        """Give those that are shown now or later."""
        return [_read(row) for row in self._not_over.all(now=now)]

    def find(self, announcement_id: str) -> Announcement | None:
        """Find one."""
        row = self._find.one(announcement_id=announcement_id)
        return None if row is None else _read(row)

    def listed(self, *, after: tuple[int, str] | None, limit: int) -> Sequence[Announcement]:
        """Give them by their beginning, the latest first."""
        before, before_id = after or (_FAR, "")
        return [_read(row) for row in self._listed.all(before=before, before_id=before_id, limit=limit)]

    def add(self, new: Announcement, record: AuditRecord) -> bool:
        """Keep a new one; False where there is one by this identifier."""
        return self._add.run(**_values(new), **audit_values(record)) is not None

    def change(self, known: Announcement, new: Announcement, record: AuditRecord) -> bool:
        """Exchange one while it is what was known of it; of several callers one gets True."""
        values = {f"new_{name}": value for name, value in _values(new).items() if name != "announcement_id"}
        return self._change.run(announcement_id=known.announcement_id, known=known.revision, **values,
                                **audit_values(record)) is not None


def _values(one: Announcement) -> dict[str, Any]:
    return {"announcement_id": one.announcement_id, "level": one.level.value, "places": " ".join(sorted(one.where)),
            "text_vi": one.text_vi, "text_en": one.text_en, "from_at": one.from_at, "until_at": one.until_at,
            "revision": one.revision, "made_by": one.made_by, "made_at": one.made_at}


def _read(row: Any) -> Announcement:
    return Announcement(
        announcement_id=row.announcement_id, level=Level(row.level), where=frozenset(map(Where, row.places.split())),
        text_vi=row.text_vi, text_en=row.text_en, from_at=int(row.from_at), until_at=int(row.until_at),
        revision=int(row.revision), made_by=row.made_by, made_at=int(row.made_at))
