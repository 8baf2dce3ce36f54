"""Guests for whom nobody answers any more: a task at once, or when everybody is looked at; closed by the directory itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import literal_column, select, update

from idp.adapters.sql.database import Database
from idp.adapters.sql.directory.guests import SqlGuests
from idp.adapters.sql.directory.officers import SqlOfficers
from idp.adapters.sql.directory.tasks import SqlTasks
from idp.adapters.sql.tables import AuditRow, OfficerRow
from idp.audit import Caller
from idp.directory.changes import ChangeKind, OfficerChange
from idp.directory.sponsors import ALONE, SETTLED_SECONDS, Sponsors
from idp.directory.tasks import Task
from idp.pki.enrollment.working_days import WorkingDays
from tests.fakes.clock import FakeClock
from tests.fakes.directory import make_officer

WORKER = Caller("worker", "worker")
HERE = make_officer("đỡ.đầu", dn="uid=Đỡ.Đầu,ou=people,dc=haugiang,dc=gov,dc=vn", number=1)
"""Whose name has letters that SQLite cannot fold."""
OTHER = make_officer("khac", number=2)


class Visit:
    """A sponsor with a guest, and another officer."""

    def __init__(self, database: Database) -> None:
        self.clock, self.database, self.mirror = FakeClock(), database, SqlOfficers(database)
        self.tasks = SqlTasks(database, self.clock)
        self.sponsors = Sponsors(SqlGuests(database, self.tasks), self.clock, WorkingDays().deadline)
        for officer in (HERE, OTHER):
            self.mirror.remember(officer, now=self.clock.now())
        self.guest = self.come()
        self.clock.advance(SETTLED_SECONDS)

    def come(self, sponsor: str = HERE.dn.upper(), **facts: Any) -> str:
        return self.mirror.remember(make_officer("khach", **{"number": 9, "guest": "vendor", "sponsor": sponsor, **facts}),
                                    now=self.clock.now())

    def leave(self, uid: str, status: str = "disabled") -> None:
        table: Any = OfficerRow.__table__
        self.database.write(update(table).where(table.c.uid == literal_column(f"'{uid}'"))
                            .values(status=literal_column(f"'{status}'"))).run()

    def told(self, uid: str, kind: ChangeKind) -> OfficerChange:
        known = self.mirror.by_uid(uid)
        assert known is not None
        return OfficerChange(kind, known.sub, known, known, self.clock.now())

    def found(self, state: str = "open") -> list[Task]:
        return list(self.tasks.page(state=state, unit="", after=None, limit=10))

    def events(self) -> list[str]:
        return [row.event for row in self.database.read(select(AuditRow.__table__).order_by(AuditRow.id)).all()
                if row.event.startswith("task.")]


@pytest.fixture
def visit(database: Database) -> Visit:
    return Visit(database)


@pytest.mark.parametrize("kind", [ChangeKind.DISABLED, ChangeKind.REMOVED])
def test_who_leaves_leaves_one_task_for_each_guest_however_often_it_is_told(visit: Visit, kind: ChangeKind) -> None:
    visit.mirror.remember(make_officer("cua-nguoi-khac", guest="intern", sponsor=OTHER.dn, number=10), now=visit.clock.now())
    visit.leave(HERE.uid)
    change, now = visit.told(HERE.uid, kind), visit.clock.now()
    for _ in range(2):
        visit.sponsors.of(change)
        visit.clock.advance(60)
    visit.sponsors.look(WORKER)
    [task] = visit.found()
    assert (task.kind, task.sub, task.due_at, task.unit_code) == (
        "guest_sponsor", visit.guest, WorkingDays().deadline(now, 5), "H30.1")
    assert visit.sponsors.unfinished(task) == (ALONE,)
    assert visit.events() == ["task.opened"]


@pytest.mark.parametrize(("uid", "kind"), [(OTHER.uid, ChangeKind.DISABLED), (HERE.uid, ChangeKind.MOVED),
                                           (HERE.uid, ChangeKind.REMOVED)])
def test_others_who_leave_and_who_is_here_leave_none(visit: Visit, uid: str, kind: ChangeKind) -> None:
    """The last: a removal that is looked at when the officer is back."""
    visit.sponsors.of(visit.told(uid, kind))
    assert visit.sponsors.look(WORKER) == 0
    assert visit.found() == []


@pytest.mark.parametrize("sponsor", ["", "uid=xoa,dc=x", "uid=khach2,ou=people,dc=haugiang,dc=gov,dc=vn"])
def test_who_is_alone_otherwise_is_found_when_everybody_is_looked_at(visit: Visit, sponsor: str) -> None:
    visit.mirror.remember(make_officer("khach2", number=10, guest="intern", sponsor=OTHER.dn), now=visit.clock.now())
    visit.come(sponsor)
    visit.clock.advance(SETTLED_SECONDS - 1)
    assert visit.sponsors.look(WORKER) == (not sponsor), "a first import may bring the sponsor a moment later"
    visit.clock.advance(1)
    visit.sponsors.look(WORKER)
    assert [task.sub for task in visit.found()] == [visit.guest]
    assert visit.sponsors.look(WORKER) == 0


@pytest.mark.parametrize(("done", "proof"), [
    (lambda visit: visit.come(OTHER.dn), f"sponsor: {OTHER.dn}"),
    (lambda visit: visit.mirror.remember(HERE, now=visit.clock.now()), f"sponsor: {HERE.dn.upper()}"),
    (lambda visit: visit.leave("khach", "gone"), "guest: ended"),
    (lambda visit: visit.come(guest=""), "guest: ended")], ids=["named", "back", "gone", "taken on"])
def test_a_task_closes_itself_with_what_did_it_as_proof_and_opens_again_later(
        visit: Visit, done: Callable[[Visit], object], proof: str) -> None:
    visit.leave(HERE.uid)
    visit.sponsors.of(visit.told(HERE.uid, ChangeKind.DISABLED))
    done(visit)
    assert visit.sponsors.unfinished(visit.found()[0]) == ()
    assert visit.sponsors.look(WORKER) == 1
    assert visit.found() == []
    [task] = visit.found("done")
    assert (task.proof, task.done_at, task.done_by) == (proof, visit.clock.now(), "")
    assert visit.events() == ["task.opened", "task.completed"]
    visit.come()
    visit.leave(HERE.uid)
    visit.clock.advance(SETTLED_SECONDS)
    assert visit.sponsors.look(WORKER) == 1
    assert len(visit.found()) == 1
