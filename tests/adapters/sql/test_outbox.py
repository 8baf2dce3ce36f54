"""The outbox on both databases: leases, order, one receiver at a time."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select

from idp.adapters.sql.database import Database, insert_row
from idp.adapters.sql.outbox import SqlOutbox
from idp.adapters.sql.tables import AuditRow, OutboxRow
from idp.audit import AuditEvent, AuditRecord
from idp.oidc.backchannel_logout import LogoutNotice

NOW = 1_700_000_000
SENT = AuditRecord(AuditEvent.LOGOUT_NOTICE_SENT, NOW)
DEAD = AuditRecord(AuditEvent.LOGOUT_NOTICE_DEAD, NOW)


class Desk:
    def __init__(self, database: Database) -> None:
        self.database, self.outbox = database, SqlOutbox(database)
        self._insert = database.write(insert_row(OutboxRow))
        self._rows = database.read(select(OutboxRow.__table__).order_by(OutboxRow.id))
        self._audit = database.read(select(AuditRow.event))

    def queue(self, *receivers: str, at: int = NOW, kind: str = "backchannel_logout") -> None:
        for receiver in receivers:
            self._insert.run(kind=kind, receiver=receiver, payload='{"sid":"x","sub":"s"}', state="waiting", attempts=0,
                             next_attempt_at=at, created_at=at, finished_at=None, last_error="")

    def claim(self, *, now: int = NOW, retried: bool = False, per_receiver: int = 16, limit: int = 100) -> list[LogoutNotice]:
        return self.outbox.claim(now=now, lease_until=now + 60, retried=retried, per_receiver=per_receiver, limit=limit)

    def rows(self) -> list:
        return self._rows.all()

    def events(self) -> list[str]:
        return [row.event for row in self._audit.all()]


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def test_due_notices_are_claimed_oldest_first_and_once(desk: Desk) -> None:
    desk.queue("a", "b", "a", "c")
    desk.queue("d", at=NOW + 5)
    desk.queue("e", kind="mail")
    first = desk.claim()
    assert [(n.client_id, n.sub, n.sid, n.attempts, n.created_at, n.lease_until) for n in first] == [
        (r, "s", "x", 0, NOW, NOW + 60) for r in ("a", "b", "a", "c")]
    assert desk.claim() == []
    assert [n.client_id for n in desk.claim(now=NOW + 5)] == ["d"]


def test_one_busy_receiver_does_not_crowd_out_the_others(desk: Desk) -> None:
    desk.queue(*["dead"] * 50, "healthy")
    claimed = desk.claim(per_receiver=3, limit=10)
    assert [n.client_id for n in claimed] == ["dead"] * 3 + ["healthy"]


def test_a_receiver_that_somebody_sends_to_is_left_alone(desk: Desk) -> None:
    desk.queue("a", "a")
    assert len(desk.claim(per_receiver=1)) == 1
    assert desk.claim() == []
    desk.outbox.sent(desk_first := _first(desk), now=NOW, record=SENT)
    assert [n.id for n in desk.claim()] == [desk_first.id + 1]


def _first(desk: Desk) -> LogoutNotice:
    row = desk.rows()[0]
    return LogoutNotice(row.id, row.receiver, "s", "x", row.attempts, row.created_at, row.next_attempt_at)


def test_a_lease_that_ended_is_due_again_and_the_late_answer_does_not_count(desk: Desk) -> None:
    desk.queue("a")
    before, = desk.claim()
    after, = desk.claim(now=NOW + 61)
    assert after.id == before.id
    desk.outbox.sent(before, now=NOW + 62, record=SENT)
    assert (desk.rows()[0].state, desk.events()) == ("sending", [])
    desk.outbox.sent(after, now=NOW + 62, record=SENT)
    assert (desk.rows()[0].state, desk.rows()[0].finished_at, desk.events()) == ("sent", NOW + 62, ["logout_notice.sent"])


def test_failures_wait_and_are_claimed_as_such(desk: Desk) -> None:
    desk.queue("a", "b")
    a, b = desk.claim()
    desk.outbox.failed(a, next_attempt_at=NOW + 2, error="HTTP 500")
    desk.outbox.put_off(b, next_attempt_at=NOW + 2)
    assert desk.claim(now=NOW + 1, retried=True) == []
    again, = desk.claim(now=NOW + 2, retried=True)
    assert (again.id, again.attempts) == (a.id, 1)
    assert [n.id for n in desk.claim(now=NOW + 2)] == [b.id]


def test_dead_notices_are_audited_shown_and_can_be_queued_anew(desk: Desk) -> None:
    desk.queue("a", "a", "b")
    notices = desk.claim()
    for notice in notices[:2]:
        desk.outbox.dead(notice, now=NOW + 9, error="No connection." + "x" * 900, record=DEAD)
    desk.outbox.failed(notices[2], next_attempt_at=NOW + 2, error="HTTP 503")
    assert desk.events() == ["logout_notice.dead"] * 2
    state = desk.outbox.state()
    assert (state.waiting, state.dead, state.oldest_waiting_at) == (1, 2, NOW)
    assert [(f.client_id, f.waiting, f.dead, f.last_error[:14]) for f in state.failing] == [
        ("a", 0, 2, "No connection."), ("b", 1, 0, "HTTP 503")]
    assert desk.claim(now=NOW + 90_000) == []
    assert desk.outbox.revive("a", now=NOW + 90_000) == 2
    revived = desk.claim(now=NOW + 90_000)
    assert [(n.client_id, n.attempts, n.created_at) for n in revived] == [("a", 0, NOW + 90_000)] * 2
    assert desk.outbox.revive("nobody", now=NOW) == 0


def test_an_empty_outbox_has_an_empty_state(desk: Desk) -> None:
    state = desk.outbox.state()
    assert (state.waiting, state.dead, state.oldest_waiting_at, state.failing) == (0, 0, None, ())


def test_a_recovered_receiver_gets_what_waits_at_once_except_what_it_refused(desk: Desk) -> None:
    desk.queue("a", "a", "b")
    first, second, other = desk.claim()
    desk.outbox.failed(first, next_attempt_at=NOW + 3600, error="No connection.")
    desk.outbox.failed(second, next_attempt_at=NOW + 3600, error="HTTP 400")
    desk.outbox.failed(other, next_attempt_at=NOW + 3600, error="No connection.")
    desk.outbox.recovered("a", now=NOW + 1)
    assert [(n.id, n.attempts) for n in desk.claim(now=NOW + 1)] == [(first.id, 0)]
    assert desk.claim(now=NOW + 1, retried=True) == []


def test_a_notice_without_an_address_is_forgotten(desk: Desk) -> None:
    desk.queue("a")
    desk.outbox.drop(desk.claim()[0])
    assert desk.rows() == []


def test_many_workers_claim_each_notice_once(desk: Desk) -> None:
    desk.queue(*[f"app{number}" for number in range(120)])
    claimed: list[int] = []
    lock = threading.Lock()

    def work() -> None:
        while found := desk.claim(limit=7):
            with lock:
                claimed.extend(n.id for n in found)

    workers = [threading.Thread(target=work) for _ in range(5)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    while found := desk.claim():
        claimed.extend(n.id for n in found)
    assert len(claimed) == len(set(claimed)) == 120
