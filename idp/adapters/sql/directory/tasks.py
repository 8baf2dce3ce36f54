"""Tasks about officers in the database (port: ``directory.tasks.TaskStore``); ``access.py`` opens them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Integer, String, and_, bindparam, literal_column, or_, select, update

from ....audit import AuditRecord
from ....directory.tasks import Task
from ..audit import audit_insert, audit_values
from ..database import Database, parameter
from ..tables import OfficerRow, TaskRow

OFFICER: Any = OfficerRow.__table__
TASK: Any = TaskRow.__table__


class SqlTasks:
    """The store on one database."""

    def __init__(self, database: Database) -> None:
        whole = select(*TASK.c, OFFICER.c.uid, OFFICER.c.name, OFFICER.c.unit_code).select_from(
            TASK.outerjoin(OFFICER, OFFICER.c.sub == TASK.c.sub))
        due, unit = parameter(TASK.c.due_at, "after"), parameter(OFFICER.c.unit_code, "unit")
        self._page = database.read(
            whole.where(
                TASK.c.state == parameter(TASK.c.state),
                or_(TASK.c.due_at > due, and_(TASK.c.due_at == due, TASK.c.task_id > parameter(TASK.c.task_id, "after_id"))),
                or_(unit == literal_column("''"), OFFICER.c.unit_code == unit,
                    OFFICER.c.unit_code.like(bindparam("below", type_=String(66)))))
            .order_by(TASK.c.due_at, TASK.c.task_id).limit(bindparam("limit", type_=Integer)))
        self._find = database.read(whole.where(TASK.c.task_id == parameter(TASK.c.task_id)))
        self._complete = database.write(audit_insert(), guard=(
            update(TASK).where(TASK.c.task_id == parameter(TASK.c.task_id, "id"), TASK.c.state == literal_column("'open'"))
            .values(state=literal_column("'done'"), done_at=parameter(TASK.c.done_at, "now"),
                    done_by=parameter(TASK.c.done_by, "by"), proof=parameter(TASK.c.proof)).returning(TASK.c.task_id)))

    def page(self, *, state: str, unit: str, after: tuple[int, str] | None, limit: int) -> Sequence[Task]:
        """Give tasks, those first that are due first."""
        due_at, task_id = after or (-1, "")
        return [_task(row) for row in self._page.all(state=state, unit=unit, below=f"{unit}.%", after=due_at, after_id=task_id,
                                                     limit=limit)]

    def find(self, task_id: str) -> Task | None:
        """Find a task."""
        row = self._find.one(task_id=task_id)
        return None if row is None else _task(row)

    def complete(self, task_id: str, proof: str, done_by: str, record: AuditRecord) -> bool:
        """Note that a task was done, once."""
        return self._complete.run(id=task_id, proof=proof, by=done_by, now=record.at, **audit_values(record)) is not None


def _task(row: Any) -> Task:
    return Task(row.task_id, row.kind, row.sub, row.uid or "", row.name or "", row.unit_code or "", row.opened_at, row.due_at,
                row.state, row.done_at, row.done_by, row.proof)
