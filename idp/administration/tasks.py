"""Tasks about officers, for administrators: looked through, and noted as done with a proof.

Source: security checklist 38. An agency's administrator sees the tasks about officers of the agency and below it; auditors read.
What follows a departure is done by the province (``OWNERS``), whoever sees it; programs note nothing as done.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from ..audit import AuditEvent, AuditRecord, Caller
from ..clock import Clock
from ..directory.tasks import LONGEST_PROOF, OWNERS, Task, TaskKind, TaskStore
from ..errors import RefusedError
from ..roles import Administrator, ForbiddenError, Right, Role
from .pages import Page, cursor_of, known_sort, place_of

Unfinished = Callable[[Task], Sequence[str]]
SORTS: Final = ("due_at", "-due_at")
_READ: Final = 200
OPERATOR = Administrator(role=Role.MACHINE, client_id="")
"""Who works at the command line: nothing of the province is out of their sight."""


class TaskAdministration:
    """Shows tasks, and notes what was done.

    Args:
        store: Where they stand.
        clock: Source of the time.
        unfinished: Names the certificates because of which a task is not done yet.
    """

    def __init__(self, store: TaskStore, clock: Clock, unfinished: Unfinished) -> None:
        self._store, self._clock, self._unfinished = store, clock, unfinished

    def listed(self, who: Administrator, *, state: str = "open", unit: str = "", sort: str = SORTS[0], cursor: str = "",
               limit: int) -> Page:
        """Give tasks of one state, by ``SORTS``. Raises InvalidParameterError for a cursor or an order that is none."""
        who.demand(Right.ADMINISTER)
        found = self._store.page(state=state, unit=who.narrowed(unit), after=place_of(cursor, int, str), limit=limit + 1,
                                 descending=known_sort(sort, SORTS).startswith("-"))
        last = found[limit - 1] if len(found) > limit else None
        return Page([self._shown(task) for task in found[:limit]], cursor_of(last.due_at, last.task_id) if last else "")

    def waiting(self, who: Administrator) -> tuple[int, int]:
        """Count the open tasks that are an administrator's own to see done (``OWNERS``), and those of them that are overdue."""
        owner, now = {Role.PROVINCE: "province", Role.AGENCY: "agency"}.get(who.role), self._clock.now()
        count, late, after, more = 0, 0, None, owner is not None
        while more:
            found = self._store.page(state="open", unit=who.unit, after=after, limit=_READ)
            mine = [task for task in found if OWNERS[TaskKind(task.kind)] == owner]
            count, late = count + len(mine), late + sum(now > task.due_at for task in mine)
            more = len(found) == _READ
            after = (found[-1].due_at, found[-1].task_id) if found else None
        return count, late

    def one(self, who: Administrator, task_id: str) -> dict[str, Any]:
        """Give a task. Raises RefusedError (404) for one that is unknown, or another agency's."""
        return self._shown(self._seen(who, task_id))

    def workable_one(self, who: Administrator, task_id: str) -> dict[str, Any]:
        """Give a task as ``one`` does, for a page.

        Returns:
            Beside the task ``standing``, the requests whose certificates stand because of which it is not done, and
            ``may_complete``, whether this administrator may note it as done now. Raises as ``one``.
        """
        task = self._seen(who, task_id)
        standing = list(self._unfinished(task)) if task.state == "open" else []
        return {**self._shown(task), "standing": standing,
                "may_complete": task.state == "open" and not standing and _may(who, task)}

    def complete(self, who: Administrator, task_id: str, body: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
        """Note that a task was done.

        Args:
            who: The administrator.
            task_id: The task.
            body: ``proof``: in words who did what, when, under which number.
            caller: Who asks.

        Raises:
            ForbiddenError: a program; or the task is the province's (``OWNERS``), and an agency asks.
            RefusedError: unknown or another agency's (404), done before (409), no proof that can be kept (422); a certificate
                stands that it is about (409 ``not_done_yet``): then the task closes itself when that ends.
        """
        task = self._seen(who, task_id)
        if who != OPERATOR and not _may(who, task):
            raise ForbiddenError("People note what was done, and after a departure the province's administrators do.")
        proof = body.get("proof")
        if body.keys() != {"proof"} or not isinstance(proof, str) or not 0 < len(proof.strip()) <= LONGEST_PROOF or any(
                unicodedata.category(sign) in {"Cc", "Cs"} and sign not in "\n\t" for sign in proof):
            raise RefusedError(f"The body holds proof: 1 to {LONGEST_PROOF} characters, without control characters.",
                               code="invalid_body", status=422)
        if task.state == "open" and (standing := self._unfinished(task)):
            raise RefusedError(f"Not done yet: {', '.join(standing)}. The task closes itself when that has ended.",
                               code="not_done_yet", status=409)
        record = AuditRecord(AuditEvent.TASK_COMPLETED, self._clock.now(), sub=task.sub, source=caller.source,
                             request_id=caller.request_id, detail={"task": task_id, "kind": task.kind, **caller.by})
        if not self._store.complete(task_id, proof.strip(), caller.officer, record):
            raise RefusedError("This task was done before.", code="already_done", status=409)
        return self.one(who, task_id)

    def _seen(self, who: Administrator, task_id: str) -> Task:
        who.demand(Right.ADMINISTER)
        task = self._store.find(task_id)
        if task is None or not who.oversees(task.unit_code):
            raise RefusedError("There is no such task.", code="unknown_task", status=404)
        return task

    def _shown(self, task: Task) -> dict[str, Any]:
        shown = asdict(task)
        cause, kind = shown.pop("cause"), TaskKind(task.kind)
        return {"id": shown.pop("task_id"), **shown, "owner": OWNERS[kind],
                "enrollment": cause.split(":")[0] if kind is TaskKind.CHANGE_CERTIFICATE else None,
                "overdue": task.state == "open" and self._clock.now() > task.due_at}


def _may(who: Administrator, task: Task) -> bool:
    """Tell whether somebody may note a task as done: people, and what is the province's (``OWNERS``) its administrators."""
    return who.may_change and (who.role is Role.PROVINCE
                               or (who.role is Role.AGENCY and OWNERS[TaskKind(task.kind)] == "agency"))
