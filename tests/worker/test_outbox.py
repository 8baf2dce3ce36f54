"""Delivery to real receivers, good and bad (fault F-21 in its short form)."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from deploy.ports import free_port
from idp.adapters.outbound import Outbound
from idp.adapters.sql import prepared
from idp.adapters.sql.database import Database, insert_row
from idp.adapters.sql.outbox import SqlOutbox
from idp.adapters.sql.tables import OutboxRow
from idp.clock import SystemClock
from idp.oauth.client import Client
from idp.oidc.backchannel_logout import LogoutDelivery
from idp.outbox import GIVE_UP_SECONDS
from idp.worker.outbox import OutboxPump
from tests.fakes.client_keys import response_encryption
from tests.fakes.clock import FakeClock
from tests.fakes.notices import MemoryClients, application, key_ring
from tests.fakes.subjects import SUBJECTS
from tests.receivers import Receivers


class Desk:
    """An outbox, its pump and a server that plays many applications."""

    def __init__(self, database: Database, *, timeout_seconds: float = 5.0, clock: FakeClock | SystemClock | None = None) -> None:
        self.receivers = Receivers()
        self.clients = MemoryClients()
        self.clock = clock or SystemClock()
        self.outbox = SqlOutbox(database)
        keys = key_ring(FakeClock())
        delivery = LogoutDelivery(self.outbox, Outbound(development=True, timeout_seconds=timeout_seconds), self.clients, keys,
                                  self.clock, subjects=SUBJECTS, encryption=response_encryption(self.clock),
                                  issuer="https://sso.example", lifetime_seconds=120, heard=lambda *_: None)
        self.stopping = threading.Event()
        self.pump = OutboxPump(self.outbox, delivery, self.clock, stopping=self.stopping.is_set)
        self._insert = database.write(insert_row(OutboxRow), durable=False)
        self._rows = database.read(select(OutboxRow.__table__).order_by(OutboxRow.id))

    def add(self, client_id: str, path: str, *, port: int | None = None) -> Client:
        url = self.receivers.url(path) if port is None else f"http://127.0.0.1:{port}{path}"
        client = application(client_id, url, id_token_signed_response_alg="ES256")
        self.clients.clients.append(client)
        return client

    def queue(self, client_id: str, sid: str = "sid") -> None:
        now = self.clock.now()
        self._insert.run(kind="backchannel_logout", receiver=client_id, payload=f'{{"sid":"{sid}","sub":"sub"}}',
                         state="waiting", attempts=0, next_attempt_at=now, created_at=now, finished_at=None, last_error="")

    def states(self) -> dict[str, str]:
        return {row.receiver: f"{row.state} {row.last_error}".strip() for row in self._rows.all()}

    def run(self, until: float) -> None:
        while time.monotonic() < until:
            self.pump.round()
            self.pump.wait(0.3)

    def close(self) -> None:
        self.stopping.set()
        self.receivers.stop()
        self.pump.close()


@pytest.fixture
def desk(database: Database) -> Iterator[Desk]:
    found = Desk(database)
    yield found
    found.close()


def test_fault_f21_healthy_receivers_are_told_within_5_s_whatever_50_dead_of_500_do(desk: Desk) -> None:
    closed = free_port()
    for number in range(500):
        client_id = f"app{number}"
        if number % 10:
            desk.add(client_id, f"/status-{200 if number % 2 else 204}/{number}")
        else:
            kind = (number // 10) % 5
            path = ("/status-500", "/slow-30", "/redirect", "/drip-header", "/")[kind]
            desk.add(client_id, f"{path}/{number}", port=closed if kind == 4 else None)
    for number in range(500):
        desk.queue(f"app{number}")
    healthy = {f"/status-{200 if number % 2 else 204}/{number}" for number in range(500) if number % 10}

    def seconds_until_told() -> float:
        start = time.monotonic()
        while not healthy.issubset(desk.receivers.paths()):
            assert time.monotonic() - start < 120
            desk.pump.round()
            desk.pump.wait(0.3)
        return time.monotonic() - start

    took = seconds_until_told()
    desk.pump.drain()
    states = desk.states()
    assert sum(state == "sent" for state in states.values()) == 450
    assert {states[f"app{number}"] for number in range(0, 500, 10)} == {
        "waiting HTTP 500", "waiting HTTP 302", "waiting No answer in time.", "waiting No connection."}
    assert not any("redirected" in path for path in desk.receivers.paths())
    if took >= 5:  # on a machine that does other things too: no longer than without the dead
        desk.receivers.received.clear()
        for number in range(500):
            if number % 10:
                desk.queue(f"app{number}", sid="again")
        assert took < 2 * seconds_until_told() + 2
    # The next notices of healthy ones are not behind the retries of the dead.
    time.sleep(2)
    desk.receivers.received.clear()
    for number in range(1, 30):
        desk.queue("app1" if number % 2 else "app3", sid=f"again{number}")
    start = time.monotonic()
    desk.pump.round()
    while sum(path in ("/status-200/1", "/status-200/3") for path in desk.receivers.paths()) < 29:
        assert time.monotonic() - start < 15
        desk.pump.round()
        desk.pump.wait(0.3)


def test_a_huge_answer_and_a_slow_one_cost_no_more_than_their_time(desk: Desk) -> None:
    desk.add("huge", "/huge/1")
    desk.add("drip", "/drip-body/1")
    desk.queue("huge")
    desk.queue("drip")
    start = time.monotonic()
    desk.pump.round()
    desk.pump.drain()
    assert time.monotonic() - start < 30
    assert desk.states() == {"huge": "sent", "drip": "sent"}


def test_notices_of_one_receiver_arrive_in_order_and_one_at_a_time(desk: Desk) -> None:
    desk.add("app", "/status-200/x")
    for number in range(40):
        desk.queue("app", sid=f"{number:02}")
    start = time.monotonic()
    while len(desk.receivers.paths()) < 40 and time.monotonic() < start + 60:
        desk.pump.round()
        desk.pump.wait(0.3)
    desk.pump.drain()
    arrivals = [at for *_rest, at in desk.receivers.received]
    assert len(arrivals) == 40
    assert arrivals == sorted(arrivals)
    assert list(desk.states().values()) == ["sent"]


def test_a_receiver_that_comes_back_gets_everything_at_once(database: Database) -> None:
    desk = Desk(database, clock=FakeClock(int(time.time())))
    try:
        desk.add("app", "/back/1")
        desk.receivers.kinds["/back/1"] = "status-503"
        for _ in range(3):
            desk.queue("app")
        for _ in range(6):
            desk.pump.round()
            desk.pump.drain()
            desk.clock.advance(40)  # type: ignore[union-attr]
        failed = len(desk.receivers.paths())
        desk.receivers.kinds["/back/1"] = "status-200"
        desk.queue("app", sid="new")
        for _ in range(5):
            desk.pump.round()
            desk.pump.drain()
        assert len(desk.receivers.paths()) - failed >= 4
        assert set(desk.states().values()) == {"sent"}
    finally:
        desk.close()


def test_a_receiver_that_stays_dead_for_a_day_is_given_up_audited_and_shown(database: Database) -> None:
    desk = Desk(database, clock=FakeClock(int(time.time())), timeout_seconds=1)
    try:
        desk.add("app", "/status-500/1")
        desk.queue("app")
        clock = desk.clock
        start = clock.now()
        while desk.outbox.state().dead == 0:
            desk.pump.round()
            desk.pump.drain()
            clock.advance(600 if clock.now() - start > 3600 else 5)  # type: ignore[union-attr]
            assert clock.now() - start < GIVE_UP_SECONDS + 1300
        assert clock.now() - start >= GIVE_UP_SECONDS
        state = desk.outbox.state()
        assert (state.waiting, state.dead, [f.client_id for f in state.failing]) == (0, 1, ["app"])
        assert 20 < len(desk.receivers.paths()) < 60
    finally:
        desk.close()


def test_a_worker_that_ends_gives_back_what_it_has_not_begun(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    # 96 threads are answered in one moment and share a few connections: how long a busy machine takes is not the question here.
    monkeypatch.setattr(prepared, "_PATIENCE_SECONDS", 60)
    desk = Desk(database, timeout_seconds=30)
    try:
        for number in range(150):
            desk.add(f"app{number}", f"/slow-20/{number}")
            desk.queue(f"app{number}")
        desk.pump.round()
        while not desk.receivers.paths():
            time.sleep(0.01)
        desk.stopping.set()
        # Nobody has been answered yet, so that only what a thread had begun is sent, however busy the machine is.
        desk.receivers.stopping.set()
        desk.pump.close()
        states = list(desk.states().values())
        assert set(states) == {"sent", "waiting"}, Counter(states)
        assert min(states.count("sent"), states.count("waiting")) > 0
        assert len(desk.receivers.paths()) == states.count("sent")
    finally:
        desk.receivers.stop()
