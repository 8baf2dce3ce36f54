"""Pings reach applications, good and bad (CIBA §10.2), and never anybody else; on both databases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from idp.adapters.outbound import Outbound
from idp.adapters.sql.database import Database, insert_row
from idp.adapters.sql.outbox import SqlOutbox, SqlPings
from idp.adapters.sql.tables import OutboxRow
from idp.errors import ConfigurationError
from idp.oauth.backchannel.ping import PingDelivery, PingNotice, notice_of
from idp.oauth.client import SPARE_LOOKS, Client, ClientRegistry
from idp.worker.outbox import OutboxPump
from tests.fakes.client_store import FakeClientStore
from tests.fakes.clock import FakeClock
from tests.fakes.sealer import FakeSealer
from tests.receivers import Receivers

LIFE = 300


class Desk:
    """An outbox, its pump and a server that plays many applications."""

    def __init__(self, database: Database) -> None:
        self.receivers = Receivers()
        self.clock = FakeClock()
        self.sealer = FakeSealer()
        self.store = FakeClientStore()
        self.registry = ClientRegistry(self.store, self.clock)
        self.pings = SqlPings(database)
        self.logout = SqlOutbox(database)
        delivery = PingDelivery(self.pings, Outbound(development=True, timeout_seconds=1.0), self.registry, self.sealer,
                                self.clock)
        self.pump = OutboxPump(self.pings, delivery, self.clock)
        self._insert = database.write(insert_row(OutboxRow), durable=False)
        self._rows = database.read(select(OutboxRow.__table__).order_by(OutboxRow.id))

    def application(self, client_id: str, path: str, **members: Any) -> Client:
        client = Client(client_id=client_id, client_name=client_id, backchannel_token_delivery_mode="ping",
                        backchannel_client_notification_endpoint=self.receivers.url(path))
        self.store.put(replace(client, **members))
        self.registry.reload()
        return client

    def queue(self, client_id: str, auth_req_id: str = "req-1", token: str = "token-of-the-application") -> None:
        now = self.clock.now()
        payload = notice_of(self.sealer, client_id, auth_req_id=auth_req_id, token=token, expires_at=now + LIFE)
        self._insert.run(kind="ciba_ping", receiver=client_id, payload=payload, state="waiting", attempts=0, next_attempt_at=now,
                         created_at=now, finished_at=None, last_error="")

    def send(self) -> None:
        self.pump.round()
        self.pump.drain()

    def states(self) -> list[tuple[str, str, int]]:
        return [(row.state, row.last_error, row.attempts) for row in self._rows.all()]


@pytest.fixture
def desk(database: Database) -> Iterator[Desk]:
    desk = Desk(database)
    yield desk
    desk.pump.close()
    desk.receivers.stop()


@pytest.mark.parametrize("path", ["/status-204", "/status-200", "/json"])
def test_ciba_s10_2_the_application_is_told_with_its_own_token(desk: Desk, path: str) -> None:
    desk.application("bank", path)
    desk.queue("bank")
    desk.send()
    (asked, _, headers, _), = desk.receivers.received
    assert asked == path
    assert headers["Authorization"] == "Bearer token-of-the-application"
    assert headers["Content-Type"] == "application/json"
    assert json.loads(desk.receivers.bodies[0]) == {"auth_req_id": "req-1"}
    assert desk.states() == [("sent", "", 1)]
    desk.send()
    assert len(desk.receivers.received) == 1


@pytest.mark.parametrize(("path", "error"), [
    ("/status-401", "HTTP 401"), ("/status-403", "HTTP 403"), ("/status-404", "HTTP 404"), ("/redirect", "HTTP 302")])
def test_ciba_s10_2_who_refuses_or_redirects_is_not_called_again(desk: Desk, path: str, error: str) -> None:
    desk.application("bank", path)
    desk.queue("bank")
    for _ in range(3):
        desk.send()
        desk.clock.advance(61)
    assert desk.receivers.paths() == [path]
    assert desk.states() == [("dead", error, 1)]


@pytest.mark.parametrize("path", ["/status-500", "/status-503", "/status-429", "/slow-9"])
def test_ciba_s10_2_who_is_down_is_tried_again_until_there_is_nothing_to_fetch(desk: Desk, path: str) -> None:
    desk.application("bank", path)
    desk.queue("bank")
    desk.send()
    assert desk.states()[0][0] == "waiting"
    for _ in range(8):
        desk.clock.advance(61)
        desk.send()
    assert desk.states()[0][0] == "dead"
    assert 3 <= len(desk.receivers.received) <= 8


def test_who_recovers_is_told(desk: Desk) -> None:
    desk.application("bank", "/status-500")
    desk.queue("bank")
    desk.send()
    desk.receivers.kinds["/status-500"] = "status-204"
    desk.clock.advance(3)
    desk.send()
    assert desk.states() == [("sent", "", 2)]


@pytest.mark.parametrize("change", [
    {"disabled": True}, {"backchannel_token_delivery_mode": "poll"}, {"backchannel_token_delivery_mode": ""}])
def test_security_18_an_application_that_is_not_to_be_told_any_more_is_not(desk: Desk, change: dict[str, Any]) -> None:
    desk.application("bank", "/status-204", **change)
    desk.queue("bank")
    desk.send()
    assert desk.receivers.received == []
    assert desk.states() == []


def test_a_notice_whose_request_has_expired_is_forgotten(desk: Desk) -> None:
    desk.application("bank", "/status-204")
    desk.queue("bank")
    desk.clock.advance(LIFE)
    desk.send()
    assert desk.receivers.received == []
    assert desk.states() == []


def test_one_dead_application_delays_no_other(desk: Desk) -> None:
    desk.application("dead", "/status-503")
    desk.application("bank", "/status-204")
    for number in range(3):
        desk.queue("dead", f"d{number}")
        desk.queue("bank", f"b{number}")
    desk.send()
    assert sorted(json.loads(body)["auth_req_id"] for body in desk.receivers.bodies) == ["b0", "b1", "b2", "d0"]


def test_pings_and_logout_notices_are_never_taken_for_each_other(desk: Desk) -> None:
    desk.application("bank", "/status-204")
    desk.queue("bank")
    now = desk.clock.now()
    assert desk.logout.claim(now=now, lease_until=now + 60, retried=False, per_receiver=9, limit=9) == []
    assert desk.logout.state().waiting == 0
    found = desk.pings.claim(now=now, lease_until=now + 60, retried=False, per_receiver=9, limit=9)
    assert [notice.client_id for notice in found] == ["bank"]


def test_a_notice_that_was_sealed_for_another_application_tells_nobody(desk: Desk) -> None:
    client = desk.application("bank", "/status-204")
    payload = notice_of(desk.sealer, "other", auth_req_id="r", token="t", expires_at=desk.clock.now() + 60)
    notice = PingNotice(1, client.client_id, payload, 0, desk.clock.now() + 60)
    delivery = PingDelivery(desk.pings, Outbound(development=True), desk.registry, desk.sealer, desk.clock)
    with pytest.raises(ConfigurationError):
        delivery.deliver([notice])
    assert desk.receivers.received == []


def test_a_lease_that_is_nearly_over_is_given_back(desk: Desk) -> None:
    desk.application("bank", "/status-204")
    desk.queue("bank")
    now = desk.clock.now()
    found = desk.pings.claim(now=now, lease_until=now + 5, retried=False, per_receiver=9, limit=9)
    delivery = PingDelivery(desk.pings, Outbound(development=True), desk.registry, desk.sealer, desk.clock)
    assert delivery.deliver(found)
    assert desk.receivers.received == []
    assert desk.states() == [("waiting", "", 0)]


def test_an_application_that_changed_in_this_second_is_told_too(desk: Desk) -> None:
    bank = desk.application("bank", "/status-204", backchannel_token_delivery_mode="poll")
    desk.registry.all()
    desk.store.put(bank)
    desk.queue("bank")
    desk.send()
    assert [state for state, _error, _attempts in desk.states()] == ["sent"]


def test_an_application_that_is_new_is_told_when_many_unknown_ones_were_asked_for(desk: Desk) -> None:
    desk.registry.all()
    bank = Client(client_id="bank", client_name="bank", backchannel_token_delivery_mode="ping",
                  backchannel_client_notification_endpoint=desk.receivers.url("/status-204"))
    for number in range(SPARE_LOOKS):
        assert desk.registry.find(f"unknown-{number}") is None
    desk.store.put(bank)
    desk.queue("bank")
    desk.send()
    assert [state for state, _error, _attempts in desk.states()] == ["sent"]
