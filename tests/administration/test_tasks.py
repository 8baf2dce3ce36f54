"""Who notes a task as done: its owner, and no program."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from idp.administration.tasks import OPERATOR, TaskAdministration
from idp.audit import AuditRecord
from idp.directory.tasks import Task, TaskKind
from idp.errors import RefusedError
from idp.roles import Administrator, Role
from tests.fakes.clock import FakeClock

from .office import CALLER, IT


class OneTask:
    """A store that holds one open task."""

    def __init__(self, kind: TaskKind) -> None:
        self.task = Task("t-1", kind.value, "sub-1", "canbo", "Nguyễn Văn A", IT, "2026-00000001:1", 1, 2, "open", None, "", "")

    def page(self, **_search: Any) -> list[Task]:
        return [self.task]

    def find(self, _task_id: str) -> Task:
        return self.task

    def complete(self, _task_id: str, proof: str, done_by: str, _record: AuditRecord) -> bool:
        self.task = dataclasses.replace(self.task, state="done", proof=proof, done_by=done_by)
        return True


PROVINCE = Administrator(role=Role.PROVINCE, client_id="console", sub="p")
AGENCY = Administrator(role=Role.AGENCY, client_id="console", sub="a", unit=IT)
MACHINE = Administrator(role=Role.MACHINE, client_id="qlvb")


@pytest.mark.parametrize(("kind", "who", "may"), [
    (TaskKind.REVOKE_CERTIFICATES, PROVINCE, True), (TaskKind.REVOKE_CERTIFICATES, OPERATOR, True),
    (TaskKind.REVOKE_CERTIFICATES, AGENCY, False), (TaskKind.REVOKE_CERTIFICATES, MACHINE, False),
    (TaskKind.REVOKE_SIMS, AGENCY, False), (TaskKind.REVOKE_SIMS, PROVINCE, True),
    (TaskKind.CHANGE_CERTIFICATE, PROVINCE, True), (TaskKind.CHANGE_CERTIFICATE, AGENCY, True),
    (TaskKind.CHANGE_CERTIFICATE, OPERATOR, True), (TaskKind.CHANGE_CERTIFICATE, MACHINE, False)])
def test_a_task_is_done_by_its_owner_and_by_no_program(kind: TaskKind, who: Administrator, may: bool) -> None:
    store = OneTask(kind)
    desk = TaskAdministration(store, FakeClock(), lambda _task: ())

    def complete() -> Any:
        return desk.complete(who, "t-1", {"proof": "Thu hồi, số 12"}, CALLER)

    if may:
        assert complete()["state"] == "done"
        return
    with pytest.raises(RefusedError) as refused:
        complete()
    assert (refused.value.status, refused.value.code, store.task.state) == (403, "forbidden", "open")
    assert desk.one(who, "t-1")["owner"] in ("province", "agency")  # it is read all the same
