"""Who notes a task as done: its owner, and no program."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from idp.administration.tasks import OPERATOR, TaskAdministration
from idp.audit import AuditRecord
from idp.directory.officer import Post
from idp.directory.tasks import Task, TaskKind
from idp.errors import RefusedError
from idp.roles import Administrator, Role
from tests.fakes.clock import FakeClock
from tests.fakes.directory import make_officer

from .office import CALLER, HOME, IT, Office


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
    (TaskKind.CHANGE_CERTIFICATE, OPERATOR, True), (TaskKind.CHANGE_CERTIFICATE, MACHINE, False),
    (TaskKind.NAME_SPONSOR, AGENCY, True), (TaskKind.NAME_SPONSOR, MACHINE, False)])
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


@pytest.mark.parametrize(("kind", "who", "counted"), [
    (TaskKind.REVOKE_CERTIFICATES, PROVINCE, (1, 0)), (TaskKind.REVOKE_CERTIFICATES, AGENCY, (0, 0)),
    (TaskKind.CHANGE_CERTIFICATE, AGENCY, (1, 0)), (TaskKind.CHANGE_CERTIFICATE, PROVINCE, (0, 0)),
    (TaskKind.NAME_SPONSOR, MACHINE, (0, 0))])
def test_a_task_waits_for_its_owner(kind: TaskKind, who: Administrator, counted: tuple[int, int]) -> None:
    store, clock = OneTask(kind), FakeClock()
    store.task = dataclasses.replace(store.task, due_at=clock.now())
    desk = TaskAdministration(store, clock, lambda _task: ())
    assert desk.waiting(who) == counted
    clock.advance(1)
    assert desk.waiting(who) == (counted[0], counted[0])


def test_tasks_are_counted_however_many_there_are() -> None:
    class Many(OneTask):
        def page(self, *, after: tuple[int, str] | None, limit: int, **_search: Any) -> list[Task]:
            start = 0 if after is None else int(after[1]) + 1
            return [dataclasses.replace(self.task, task_id=str(number)) for number in range(start, min(start + limit, 450))]

    assert TaskAdministration(Many(TaskKind.NAME_SPONSOR), FakeClock(), lambda _task: ()).waiting(AGENCY)[0] == 450


def test_the_agency_of_a_guest_whose_sponsor_left_has_a_task_until_somebody_answers(office: Office) -> None:
    office.officer("do.dau", unit=HOME)
    sponsor = office.directory.officers["do.dau"]
    guest = make_officer("khach", guest="vendor", sponsor=sponsor.dn, posts=(Post(IT, "", "Sở", "Nhà thầu"),))
    sub, ledger = office.services.mirror.remember(guest, now=office.clock.now()), office.services.mirroring.ledger
    ledger.remove(sponsor.entry_uuid, now=office.clock.now())
    office.services.mirroring.aftermath.round()
    token = office.agency(IT)
    [task] = office.call("GET", "/tasks", token).json["items"]
    assert (task["kind"], task["sub"], task["owner"], task["overdue"]) == ("guest_sponsor", sub, "agency", False)
    refused = office.call("POST", f"/tasks/{task['id']}/complete", token, {"proof": "Ông B nhận"})
    assert (refused.status_code, refused.json["code"]) == (409, "not_done_yet"), refused.text
    office.officer("nhan.thay", unit=IT)
    ledger.note(dataclasses.replace(guest, sponsor=office.directory.officers["nhan.thay"].dn), now=office.clock.now())
    done = office.call("POST", f"/tasks/{task['id']}/complete", token, {"proof": "Ông B nhận"})
    assert (done.status_code, done.json["state"], done.json["proof"]) == (200, "done", "Ông B nhận")
