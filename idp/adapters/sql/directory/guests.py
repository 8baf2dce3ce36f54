"""Guests, and the tasks about them, in the database (port: ``directory.sponsors.GuestStore``)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import literal_column, select

from ....audit import AuditRecord
from ....directory.sponsors import Guest
from ....directory.tasks import NewTask, TaskKind
from ..database import Database, parameter
from ..tables import OfficerRow, TaskRow
from .tasks import SqlTasks

OFFICER: Any = OfficerRow.__table__
TASK: Any = TaskRow.__table__
_PAGE = 2000


class SqlGuests:
    """The store on one database. Every verb raises UnavailableError when the database does not answer."""

    def __init__(self, database: Database, tasks: SqlTasks) -> None:
        self._tasks = tasks
        nobody: Any = literal_column("''")
        active = OFFICER.c.status == literal_column("'active'")
        self._guests = database.read(select(OFFICER.c.sub, OFFICER.c.sponsor, OFFICER.c.updated_at).where(
            OFFICER.c.guest != nobody, active))
        after = OFFICER.c.entry_uuid > parameter(OFFICER.c.entry_uuid, "after")
        self._officers = database.read(
            select(OFFICER.c.entry_uuid, OFFICER.c.dn).where(after, OFFICER.c.guest == nobody, active)
            .order_by(OFFICER.c.entry_uuid).limit(literal_column(str(_PAGE))))
        self._waiting = database.read(select(TASK.c.task_id, TASK.c.sub).where(
            TASK.c.state == literal_column("'open'"), TASK.c.kind == parameter(TASK.c.kind)))

    def guests(self) -> Sequence[Guest]:
        """Give the guests who may sign in."""
        return [Guest(row.sub, row.sponsor, row.updated_at) for row in self._guests.all()]

    def answering(self, names: Collection[str]) -> frozenset[str]:
        """Give those of these DNs that are officers; letters are compared here, because SQLite knows those of ASCII alone."""
        found: set[str] = set()
        after = ""
        while len(found) < len(names) and (rows := self._officers.all(after=after)):
            found.update(name for row in rows if (name := row.dn.lower()) in names)
            after = rows[-1].entry_uuid
        return frozenset(found)

    def waiting(self, kind: TaskKind) -> Sequence[tuple[str, str]]:
        """Give the open tasks of a kind."""
        return [(row.task_id, row.sub) for row in self._waiting.all(kind=kind.value)]

    def open(self, task: NewTask, sub: str, record: AuditRecord) -> bool:
        """Open a task."""
        return self._tasks.open(task, sub, record)

    def complete(self, task_id: str, proof: str, done_by: str, record: AuditRecord) -> bool:
        """Note that a task was done, once."""
        return self._tasks.complete(task_id, proof, done_by, record)
