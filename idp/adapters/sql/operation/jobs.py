"""Jobs in the database; implements ``administration.operation.jobs.JobStore``.

Who has a job is known by its turn: every begin raises it, and whoever writes under an old one writes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Integer, and_, bindparam, case, delete, func, insert, literal_column, or_, select, update

from ....administration.operation.jobs import PART_SECONDS, Job, JobQueue, State
from ....audit import AuditRecord
from ..audit import audit_insert, audit_values
from ..database import Database, insert_row, parameter
from ..tables import JobPartRow, JobRow, OfficerRow

JOB: Any = JobRow.__table__
PART: Any = JobPartRow.__table__
OFFICER: Any = OfficerRow.__table__
_ENDED = ("state", "done", "total", "reason", "message", "told", "name", "media_type", "size", "sha256", "finished_at",
          "file_until", "reach")


def _word(state: State) -> Any:
    return literal_column(f"'{state.value}'")


class SqlJobs:
    """Rows of ``job`` and ``job_part``. Whoever asks holds the row of the owner, so that two at once count one another."""

    def __init__(self, database: Database) -> None:
        c, p = JOB.c, PART.c
        this, limit = c.job_id == parameter(c.job_id), bindparam("limit", type_=Integer())
        now, lease = parameter(c.lease_until, "now"), parameter(c.lease_until)
        is_open = c.state.in_((_word(State.WAITING), _word(State.RUNNING)))
        mine = and_(this, c.turn == parameter(c.turn), c.state == _word(State.RUNNING))
        due = or_(and_(c.state == _word(State.WAITING), c.lease_until <= now),
                  and_(c.state == _word(State.RUNNING), c.lease_until < now))
        parts = p.job_id == parameter(p.job_id)
        waiting = select(func.count()).where(c.sub == parameter(c.sub), is_open).scalar_subquery()
        entered = insert(JOB).inline().from_select([column.name for column in c], select(*(
            parameter(column) for column in c)).where(waiting < bindparam("most", type_=Integer()))).returning(c.job_id)
        self._sent = database.write(insert_row(PART))
        self._add = database.write(audit_insert(), guard=entered, after=select(OFFICER.c.sub).where(
            OFFICER.c.sub == parameter(OFFICER.c.sub)).with_for_update())
        self._find = database.read(select(JOB).where(this))
        before = c.job_id < parameter(c.job_id, "before")
        self._listed = database.read(select(JOB).where(c.sub == parameter(c.sub), before).order_by(c.job_id.desc()).limit(limit))
        self._all = database.read(select(JOB).where(before).order_by(c.job_id.desc()).limit(limit))
        self._due = database.read(select(JOB).where(due).order_by(c.job_id).limit(limit))
        self._begin = database.write(
            delete(PART).where(parts, p.side == literal_column("'out'")),
            guard=update(JOB).where(this, c.turn == parameter(c.turn), due).values(
                state=_word(State.RUNNING), turn=c.turn + literal_column("1"), lease_until=lease, done=literal_column("0"),
                started_at=func.coalesce(c.started_at, now),
                deaths=c.deaths + case((c.state == _word(State.RUNNING), literal_column("1")), else_=literal_column("0")))
            .returning(*c))
        going = update(JOB).where(mine)
        self._go_on = database.write(guard=going.values(
            done=parameter(c.done), total=parameter(c.total), lease_until=lease).returning(c.job_id), durable=False)
        self._write = database.write(
            insert(PART).inline().values(job_id=parameter(p.job_id), side=literal_column("'out'"), number=parameter(p.number),
                                         content=parameter(p.content), until=parameter(p.until)),
            guard=going.values(lease_until=lease).returning(c.job_id))
        self._give_back = database.write(guard=going.values(
            state=_word(State.WAITING), lease_until=parameter(c.lease_until, "due_at")).returning(c.job_id))
        self._end = database.write(
            audit_insert(), delete(PART).where(parts, or_(p.side == literal_column("'in'"), parameter(p.side, "kept") ==
                                                          literal_column("''"))),
            guard=going.values({name: parameter(c[name], f"new_{name}") for name in _ENDED}).returning(c.job_id))
        self._cancel = database.write(audit_insert(), delete(PART).where(parts), guard=update(JOB).where(this, is_open).values(
            state=_word(State.CANCELLED), finished_at=now).returning(c.job_id))
        self._part = database.read(select(p.content).where(
            parts, p.side == parameter(p.side), p.number == parameter(p.number)))
        is_waiting = c.state == _word(State.WAITING)
        counted: Any = select(
            func.count().label("open"), func.sum(case((is_waiting, 1), else_=0)).label("waiting"),
            func.min(case((is_waiting, c.created_at))).label("oldest"),
            func.sum(case((and_(c.state == _word(State.RUNNING), c.lease_until < now), 1), else_=0)).label("dead"))
        self._queue = database.read(counted.where(is_open))

    def add(self, job: Job, content: Sequence[bytes], record: AuditRecord, *, most: int) -> bool:
        """Keep a new one. Its parts go first: one that is there is whole, and parts of none go by their own time."""
        for number, part in enumerate(content):
            self._sent.run(job_id=job.job_id, side="in", number=number, content=part, until=job.created_at + PART_SECONDS)
        return self._add.run(**_values(job), most=most, **audit_values(record)) is not None

    def find(self, job_id: str) -> Job | None:
        """Find one."""
        row = self._find.one(job_id=job_id)
        return None if row is None else _read(row)

    def listed(self, *, sub: str, before: str, limit: int) -> Sequence[Job]:
        """Give those of an officer, or all."""
        rows = self._listed.all(sub=sub, before=before, limit=limit) if sub else self._all.all(before=before, limit=limit)
        return [_read(row) for row in rows]

    def due(self, *, now: int, limit: int) -> Sequence[Job]:
        """Give those that are due."""
        return [_read(row) for row in self._due.all(now=now, limit=limit)]

    def begin(self, job: Job, *, now: int, lease_until: int) -> Job | None:
        """Take one."""
        row = self._begin.run(job_id=job.job_id, turn=job.turn, now=now, lease_until=lease_until)
        return None if row is None else _read(_Row(row))

    def go_on(self, job: Job, *, done: int, total: int | None, lease_until: int) -> bool:
        """Say how far it is."""
        return self._go_on.run(job_id=job.job_id, turn=job.turn, done=done, total=total, lease_until=lease_until) is not None

    def write(self, job: Job, number: int, content: bytes, *, lease_until: int, until: int) -> bool:
        """Keep a part of the file."""
        return self._write.run(job_id=job.job_id, turn=job.turn, number=number, content=content, lease_until=lease_until,
                               until=until) is not None

    def give_back(self, job: Job, *, due_at: int) -> None:
        """Let it wait again."""
        self._give_back.run(job_id=job.job_id, turn=job.turn, due_at=due_at)

    def end(self, job: Job, ended: Job, record: AuditRecord) -> bool:
        """Note how it ended."""
        values = _values(ended)
        return self._end.run(job_id=job.job_id, turn=job.turn, kept=ended.name,
                             **{f"new_{name}": values[name] for name in _ENDED}, **audit_values(record)) is not None

    def cancel(self, job: Job, *, now: int, record: AuditRecord) -> bool:
        """End one that is open."""
        return self._cancel.run(job_id=job.job_id, now=now, **audit_values(record)) is not None

    def parts(self, job_id: str, side: str) -> Iterator[bytes]:
        """Give parts in order."""
        number = 0
        while (row := self._part.one(job_id=job_id, side=side, number=number)) is not None:
            yield bytes(row.content)
            number += 1

    def queue(self, now: int) -> JobQueue:
        """Count."""
        row: Any = self._queue.one(now=now)
        waiting = int(row.waiting or 0)
        return JobQueue(waiting, int(row.open) - waiting, None if row.oldest is None else int(row.oldest), int(row.dead or 0))


class _Row:
    """The columns of a RETURNING row by name."""

    def __init__(self, row: Sequence[Any]) -> None:
        self.__dict__.update(zip((column.name for column in JOB.c), row, strict=True))


def _values(job: Job) -> dict[str, Any]:
    return {column.name: getattr(job, column.name) for column in JOB.c} | {
        "asked": json.dumps(job.asked, ensure_ascii=False), "state": job.state.value,
        "told": "" if job.told is None else json.dumps(job.told)}


def _read(row: Any) -> Job:
    return Job(**{column.name: getattr(row, column.name) for column in JOB.c} | {
        "asked": json.loads(row.asked), "state": State(row.state), "told": json.loads(row.told) if row.told else None})
