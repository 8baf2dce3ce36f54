"""Tasks that follow the directory: once for each change, and closed by the act itself."""

from __future__ import annotations

import threading

import pytest

from idp.adapters.sql.database import Database
from idp.adapters.sql.directory.tasks import SqlTasks
from idp.adapters.sql.notices import SqlNotices
from idp.adapters.sql.pki.devices import SqlDevices
from idp.adapters.sql.pki.enrollments import SqlEnrollments
from idp.administration.tasks import OPERATOR, TaskAdministration
from idp.audit import AuditEvent, AuditRecord
from idp.directory.changes import ChangeKind, OfficerChange
from idp.directory.officer import Post
from idp.directory.tasks import AFTER_A_DEPARTURE, DUE_SECONDS, NewTask, Task
from idp.notices import Notice, NoticeKind
from idp.pki.enrollment.ending import Departures
from idp.pki.enrollment.following import Following
from idp.pki.enrollment.record import DeviceKind, Purpose
from idp.pki.enrollment.states import State
from tests.fakes.directory import make_officer

from .house import CALLER, ELSEWHERE, HEALTH, MONDAY, House
from .test_desk import refused


class Follow(House):
    """The desk, with tasks."""

    def __init__(self, database: Database) -> None:
        super().__init__(SqlEnrollments(database), SqlDevices(database))
        self.tasks = SqlTasks(database, self.clock)
        self.following = Following(self.moves, self.mirror, self.tasks)

    def told(self, kind: ChangeKind, **facts: object) -> OfficerChange:
        sub = self.mirror.remember(make_officer("holder", **{"posts": (HEALTH,), **facts}), now=self.clock.now())
        assert sub == self.subs["holder"]
        return OfficerChange(kind, sub, None, self.mirror.by_sub(sub), self.clock.now())

    def open(self, state: str = "open") -> list[Task]:
        return list(self.tasks.page(state=state, unit="", after=None, limit=10))


@pytest.fixture
def house(database: Database) -> Follow:
    return Follow(database)


def test_a_mover_has_one_task_however_often_and_by_whomever_it_is_told(house: Follow, database: Database) -> None:
    number = house.brought(State.ACTIVE).enrollment_id
    moved = house.told(ChangeKind.MOVED, posts=(ELSEWHERE,))
    threads = [threading.Thread(target=house.following.of, args=(moved,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    house.clock.advance(60)
    house.following.of(house.told(ChangeKind.CHANGED, posts=(ELSEWHERE,), mail="khac@haugiang.gov.vn"))
    [task] = house.open()
    assert (task.kind, task.sub, task.cause, task.due_at) == (
        "certificate_change", house.subs["holder"], f"{number}:{MONDAY}", house.moves.calendar.deadline(MONDAY, 5))
    assert house.following.unfinished(task) == [number]
    told = [one.kind.value for one in SqlNotices(database).of(house.subs["holder"], limit=20)]
    assert told.count("certificate.change") == 1


def test_the_new_certificate_closes_the_task_and_is_its_proof(house: Follow) -> None:
    old = house.brought(State.ACTIVE)
    title = (Post(HEALTH.unit_code, HEALTH.unit_code_2016, HEALTH.unit_name, "Phó Giám đốc"),)
    house.following.of(house.told(ChangeKind.CHANGED, posts=title))
    new = house.brought(State.HANDED_OVER, purpose=Purpose.CHANGE, replaces=old.enrollment_id)
    assert len(house.open()) == 1
    house.custody.waive(house.actor("desk2"), new.enrollment_id, "x", CALLER)
    assert house.open() == []
    [task] = house.open("done")
    assert task.proof == f"{old.enrollment_id}: superseded ({new.enrollment_id})"
    assert (task.done_at, house.following.unfinished(task)) == (house.clock.now(), [])


@pytest.mark.parametrize("kind", [ChangeKind.MOVED, ChangeKind.CHANGED, ChangeKind.RETURNED])
def test_where_nothing_that_it_says_has_changed_there_is_no_task(house: Follow, kind: ChangeKind) -> None:
    house.brought(State.ACTIVE)
    house.following.of(house.told(kind, phone="+842930000009"))
    assert house.open() == []


def test_an_officer_who_is_back_where_they_were_has_nothing_to_change(house: Follow) -> None:
    house.brought(State.ACTIVE)
    house.following.of(house.told(ChangeKind.MOVED, posts=(ELSEWHERE,)))
    [task] = house.open()
    house.told(ChangeKind.MOVED)
    assert house.following.unfinished(task) == []


def test_a_leavers_task_is_closed_by_the_last_revocation(house: Follow, database: Database) -> None:
    first, sim, seal = (house.brought(State.ACTIVE, device_kind=kind) for kind in (DeviceKind.TOKEN, DeviceKind.SIM,
                                                                                 DeviceKind.HSM))
    gone = house.told(ChangeKind.REMOVED, disabled=True)
    for kind in AFTER_A_DEPARTURE:
        house.tasks.open(NewTask(kind.value, kind, f"departure:{gone.at}", gone.at, gone.at + DUE_SECONDS), gone.sub,
                         AuditRecord(AuditEvent.TASK_OPENED, gone.at), Notice(NoticeKind.CERTIFICATE_CHANGE, "", gone.at, ""))
    Departures(house.ending).of(gone)
    by_kind = {task.kind: task for task in house.open()}
    assert set(by_kind) == {"certificate_revocation", "sim_revocation"}
    assert sorted(house.following.unfinished(by_kind["certificate_revocation"])) == sorted([first.enrollment_id,
                                                                                            seal.enrollment_id])
    assert house.following.unfinished(by_kind["sim_revocation"]) == [sim.enrollment_id]
    house.ending.revoked(house.actor("desk"), first.enrollment_id, "1/CV", CALLER)
    assert {task.kind for task in house.open()} == {"certificate_revocation", "sim_revocation"}
    house.ending.revoked(house.actor("desk"), seal.enrollment_id, "2/CV", CALLER)
    assert [task.kind for task in house.open()] == ["sim_revocation"]
    [done] = house.open("done")
    assert done.proof == f"{first.enrollment_id}: revoked (1/CV); {seal.enrollment_id}: revoked (2/CV)"
    assert done.done_by == house.subs["desk"]
    house.ending.revoked(house.actor("desk"), sim.enrollment_id, "3/CV", CALLER)
    assert house.open() == []


def test_a_task_is_not_ticked_off_while_its_certificate_stands(house: Follow) -> None:
    enrollment = house.brought(State.ACTIVE)
    house.following.of(house.told(ChangeKind.MOVED, posts=(ELSEWHERE,)))
    desk = TaskAdministration(house.tasks, house.clock, house.following.unfinished)
    [task] = house.open()
    shown = desk.one(OPERATOR, task.task_id)
    assert (shown["owner"], shown["enrollment"], "cause" in shown) == ("agency", enrollment.enrollment_id, False)

    def complete() -> object:
        return desk.complete(OPERATOR, task.task_id, {"proof": "xong"}, CALLER)

    assert refused(complete) == "not_done_yet"
    house.ending.ask_revocation(house.actor("desk"), enrollment.enrollment_id, "x", CALLER)
    assert refused(complete) == "not_done_yet"
    house.ending.revoked(house.actor("desk"), enrollment.enrollment_id, "1/CV", CALLER)
    assert refused(complete) == "already_done"
    assert desk.one(OPERATOR, task.task_id)["proof"] == f"{enrollment.enrollment_id}: revoked (1/CV)"
