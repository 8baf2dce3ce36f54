"""Tasks about officers in the database (port: ``directory.tasks.TaskStore``); ``access.py`` opens those of a departure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Integer, Text, bindparam, exists, literal_column, select, tuple_, update

from ....audit import AuditRecord
from ....clock import Clock, SystemClock
from ....directory.tasks import NewTask, Task
from ....notices import Notice
from ..audit import audit_insert, audit_values
from ..database import Database, parameter
from ..notices import notice_inserts, notice_values
from ..tables import OfficerRow, TaskRow
from .as_of import Unit, perhaps_of_unit, unit_of

OFFICER: Any = OfficerRow.__table__
TASK: Any = TaskRow.__table__


class SqlTasks:
    """The store on one database."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        whole = select(*TASK.c, OFFICER.c.uid, OFFICER.c.name, OFFICER.c.posts).select_from(
            TASK.outerjoin(OFFICER, OFFICER.c.sub == TASK.c.sub))
        place = (TASK.c.due_at, TASK.c.task_id)
        behind = tuple_(parameter(TASK.c.due_at, "after"), parameter(TASK.c.task_id, "after_id"))
        some = whole.where(TASK.c.state == parameter(TASK.c.state), perhaps_of_unit()).limit(bindparam("limit", type_=Integer))
        self._page = (database.read(some.where(tuple_(*place) > behind).order_by(*place)),
                      database.read(some.where(tuple_(*place) < behind).order_by(*(part.desc() for part in place))))
        self._find = database.read(whole.where(TASK.c.task_id == parameter(TASK.c.task_id)))
        self._complete = database.write(audit_insert(), guard=(
            update(TASK).where(TASK.c.task_id == parameter(TASK.c.task_id, "id"), TASK.c.state == literal_column("'open'"))
            .values(state=literal_column("'done'"), done_at=parameter(TASK.c.done_at, "now"),
                    done_by=parameter(TASK.c.done_by, "by"), proof=parameter(TASK.c.proof)).returning(TASK.c.task_id)))

        given = {name: parameter(TASK.c[name]) for name in ("task_id", "kind", "sub", "cause", "opened_at", "due_at")}
        alike = TASK.alias("other")
        fresh = {**given, "state": literal_column("'open'"), "done_at": literal_column("NULL"), "done_by": literal_column("''"),
                 "proof": literal_column("''")}
        waits = exists(select(literal_column("1")).select_from(alike).where(
            alike.c.sub == given["sub"], alike.c.kind == given["kind"], alike.c.state == literal_column("'open'"),
            alike.c.cause.like(bindparam("alike", type_=Text()))))
        opened = (database.insert(TASK).from_select(list(fresh), select(*fresh.values()).where(~waits)).on_conflict_do_nothing()
                  .returning(TASK.c.task_id))
        self._open = database.write(audit_insert(), *notice_inserts(), guard=opened)
        self._open_untold = database.write(audit_insert(), guard=opened)

    def page(self, *, state: str, unit: str, after: tuple[int, str] | None, limit: int,
             descending: bool = False) -> Sequence[Task]:
        """Give tasks, those first that are due first, or last."""
        now = self._clock.now()
        agency = Unit(unit, now)

        def rows_after(place: tuple[int, str]) -> Sequence[Any]:
            return self._page[descending].all(state=state, after=place[0], after_id=place[1], limit=limit, **agency.parameters)

        nowhere = (2**62, "") if descending else (-1, "")
        rows = agency.page(rows_after, after or nowhere, limit=limit, posts_of=lambda row: row.posts,
                           place_of=lambda row: (row.due_at, row.task_id))
        return [_task(row, now) for row in rows]

    def find(self, task_id: str) -> Task | None:
        """Find a task."""
        row = self._find.one(task_id=task_id)
        return None if row is None else _task(row, self._clock.now())

    def open(self, task: NewTask, sub: str, record: AuditRecord, notice: Notice | None = None) -> bool:
        """Open a task, once; its officer is told where there is a notice."""
        values = {"task_id": task.task_id, "kind": str(task.kind), "sub": sub, "cause": task.cause, "opened_at": task.opened_at,
                  "due_at": task.due_at, "alike": f"{task.cause.split(':')[0]}:%", **audit_values(record)}
        if notice is None:
            return self._open_untold.run(**values) is not None
        return self._open.run(**values, **notice_values(notice)) is not None

    def complete(self, task_id: str, proof: str, done_by: str, record: AuditRecord) -> bool:
        """Note that a task was done, once."""
        return self._complete.run(id=task_id, proof=proof, by=done_by, now=record.at, **audit_values(record)) is not None


def _task(row: Any, now: int) -> Task:
    return Task(row.task_id, row.kind, row.sub, row.uid or "", row.name or "", unit_of(row.posts, now), row.cause, row.opened_at,
                row.due_at, row.state, row.done_at, row.done_by, row.proof)
