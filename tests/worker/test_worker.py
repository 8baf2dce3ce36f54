"""The whole worker: it works, bears an outage of the database, and ends when asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from shutil import copy
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
import structlog
from sqlalchemy import select

from idp.adapters.outbound import Outbound
from idp.adapters.sql import schema
from idp.adapters.sql.client_steps import SqlClientSteps
from idp.adapters.sql.database import Database, insert_row
from idp.adapters.sql.housekeeping import SqlHousekeeping, SqlPulse
from idp.adapters.sql.outbox import SqlMail, SqlOutbox, SqlPings
from idp.adapters.sql.tables import OutboxRow
from idp.adapters.sql.trail.records import SqlAuditTrail
from idp.adapters.sql.trail.seals import SqlSealStore
from idp.administration.applications.onboarding import Step
from idp.audit import AuditEvent, AuditRecord
from idp.audit.archive.file import BrokenArchiveError
from idp.audit.chain import AuditChain
from idp.clock import SystemClock
from idp.errors import UnavailableError
from idp.notices.mail import MailDelivery
from idp.oauth.backchannel.ping import PingDelivery
from idp.oidc.backchannel_logout import LogoutDelivery
from idp.worker import Worker
from tests.fakes.client_keys import response_encryption
from tests.fakes.clock import FakeClock
from tests.fakes.mirror import FakeMirror
from tests.fakes.mirroring import quiet_mirroring
from tests.fakes.notices import MemoryClients, application, key_ring
from tests.fakes.sealer import FakeSealer
from tests.fakes.seals import MemorySealHeads, MemorySealSigner
from tests.fakes.subjects import SUBJECTS
from tests.postgresql import PostgreSQL
from tests.receivers import Receivers


class House:
    """A worker over a database, with one application that listens."""

    def __init__(self, database: Database) -> None:
        self.receivers = Receivers()
        self.clock = SystemClock()
        self.outbox = SqlOutbox(database)
        self.audit_chain = AuditChain(SqlSealStore(database), MemorySealSigner(), MemorySealHeads(), self.clock)
        clients = MemoryClients(application("app", self.receivers.url("/status-200"), id_token_signed_response_alg="ES256"))
        self.client_steps = SqlClientSteps(database)
        self.logout_delivery = LogoutDelivery(self.outbox, Outbound(development=True), clients, key_ring(FakeClock()), self.clock,
                                              subjects=SUBJECTS, encryption=response_encryption(self.clock),
                                              issuer="https://sso.example", lifetime_seconds=120,
                                              heard=self.client_steps.heard_of_logout)
        self.pings = SqlPings(database)
        self.ping_delivery = PingDelivery(self.pings, Outbound(development=True), clients,  # type: ignore[arg-type]
                                          FakeSealer(), self.clock)
        self.mail = SqlMail(database)
        self.mail_delivery = MailDelivery(self.mail, None, FakeMirror(), lambda told, name: ("", ""), self.clock)
        self.housekeeping, self.pulse = SqlHousekeeping(database), SqlPulse(database)
        self.job_work = SimpleNamespace(take=lambda: None)
        self.overdue: list[str] = []
        self.sessions = SimpleNamespace(end_overdue=lambda caller: self.overdue.append(caller.source) or 0)
        self.deprovisioning = SimpleNamespace(settle=lambda caller: self.overdue.append(caller.source) or 0)
        self.administration = SimpleNamespace(people=SimpleNamespace(deputies=SimpleNamespace(
            remind=lambda caller, most: self.looked_after.append("deputies") or 0)))
        self.daily_heads = SimpleNamespace(follow=lambda caller: 0)
        self.archived_months = SimpleNamespace(
            archives=SimpleNamespace(follow=lambda caller, pause: self.looked_after.append("archives") or 1),
            tell=lambda caller: self.looked_after.append("due archives") or 0)
        self.mobile_signatures = self.phone_approvals = self.remote_signing = None
        self.looked_after: list[str] = []
        self.ocsp = SimpleNamespace(renew_due=lambda caller: self.looked_after.append("signers") or 0)
        self.certificate_protocols = SimpleNamespace(time_stamps=SimpleNamespace(
            renew_due=lambda caller: self.looked_after.append("stamps") or 0))
        self.revocation_lists = SimpleNamespace(make_due=lambda: self.looked_after.append("lists") or 0)
        self.list_fetcher = SimpleNamespace(round=lambda: self.looked_after.append("fetched") or {"new": 1})
        self.certification = SimpleNamespace(settle=lambda: self.looked_after.append("settle") or 0)
        self.certificate_desk = SimpleNamespace(ending=SimpleNamespace(
            expire=lambda caller, most: self.looked_after.append("expire") or 0), overdue=SimpleNamespace(
            remind=lambda caller, most: self.looked_after.append("remind") or 0), reminders=SimpleNamespace(
            remind=lambda caller, most: self.looked_after.append("expiring") or 0), waiting=SimpleNamespace(
            tell=lambda caller: self.looked_after.append("waiting") or 0))
        self.campaigns = SimpleNamespace(follow=lambda: self.looked_after.append("campaigns") or 0)
        self.campaign_reminders = SimpleNamespace(remind=lambda caller, most: self.looked_after.append("reminders") or 0)
        self.campaign_courses = SimpleNamespace(keep=lambda now: self.looked_after.append("courses") or 0)
        self.keys = SimpleNamespace(**{verb: self._look_after(verb) for verb in ("rotate_due", "prune", "destroy_spent")})
        self.encryption_keys = SimpleNamespace(rotate_due=lambda caller: None)
        self.mirroring = quiet_mirroring()
        self.directory = SimpleNamespace(health=lambda: {"state": "up"})
        self.audit_repeats = self.trail = self.audit = SqlAuditTrail(database)
        self._insert = database.write(insert_row(OutboxRow))
        self.states = database.read(select(OutboxRow.state))
        self.worker = Worker(self)  # type: ignore[arg-type]
        self._thread = threading.Thread(target=self.worker.run)

    def _look_after(self, verb: str) -> Any:
        return lambda _caller: self.looked_after.append(verb)

    def act(self) -> None:
        now = self.clock.now()
        self.trail.record(AuditRecord(AuditEvent.CONSENT_GIVEN, now))
        self._insert.run(kind="backchannel_logout", receiver="app", payload='{"sid":"s","sub":"u"}', state="waiting", attempts=0,
                         next_attempt_at=now, created_at=now, finished_at=None, last_error="")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> float:
        start = time.monotonic()
        self.worker.stop()
        self._thread.join(60)
        assert not self._thread.is_alive()
        return time.monotonic() - start

    def wait_until(self, condition: Any, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end
            time.sleep(0.05)


@pytest.fixture
def events() -> Iterator[list[dict[str, Any]]]:
    with structlog.testing.capture_logs() as found:
        yield found


def test_the_worker_delivers_seals_beats_and_ends(database: Database, events: list[dict[str, Any]]) -> None:
    house = House(database)
    large = threading.Event()  # campaigns of a province take their time
    house.campaigns.follow = house.campaign_reminders.remind = lambda *_caller, **_most: large.wait(60)
    house.act()
    house.start()
    try:
        house.wait_until(lambda: len(house.receivers.paths()) == 1)
        house.wait_until(lambda: "deputies" in house.looked_after)
        house.act()
        house.wait_until(lambda: len(house.receivers.paths()) == 2)
        house.wait_until(lambda: house.audit_chain.verify().records == 4 and not house.audit_chain.verify().unsealed)
        assert house.pulse.last() is not None
        assert house.overdue == ["worker", "worker"]
        heard = house.client_steps.of("app")[Step.LOGOUT_PROVEN]
        assert heard.about == house.receivers.url("/status-200")
    finally:
        large.set()
        took = house.stop()
        house.receivers.stop()
    assert took < 20
    assert house.audit_chain.verify().broken is None
    names = [event["event"] for event in events]
    assert (names[0], names[-1]) == ("worker started", "worker stopped")
    assert "audit head" in names


def test_one_round_by_hand(database: Database) -> None:
    house = House(database)
    house.act()
    house.worker.once()
    assert [row.state for row in house.states.all()] == ["sent"]
    assert house.looked_after == ["rotate_due", "prune", "destroy_spent", "settle", "signers", "stamps", "lists", "expire",
                                  "expiring", "waiting", "deputies", "remind", "campaigns", "courses", "reminders",
                                  "archives", "due archives"]
    assert house.audit_chain.verify().unsealed == 0
    house.receivers.stop()


def test_fault_f06_an_outage_of_the_database_is_borne_and_said_once(events: list[dict[str, Any]]) -> None:
    server = PostgreSQL().start()
    try:
        with psycopg.connect(server.conninfo("postgres"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE idp_worker")
        schema.upgrade(server.url("idp_worker"))
        house = House(Database(server.url("idp_worker")))
        house.start()
        try:
            house.act()
            # Noted too: a notice whose delivery the outage keeps from being noted holds its receiver for the rest of its lease.
            house.wait_until(lambda: house.outbox.state().waiting == 0)
            # That note may be lost with the server (it is not durable, by design), unless something durable comes after it.
            house.trail.record(AuditRecord(AuditEvent.CONSENT_GIVEN, house.clock.now()))
            server.stop()
            house.wait_until(lambda: any(event["event"] == "dependency unavailable" for event in events))
            time.sleep(1)
            server.start()
            house.wait_until(lambda: any(event["event"] == "dependency recovered" for event in events))
            house.act()
            house.wait_until(lambda: len(house.receivers.paths()) == 2)
            house.wait_until(lambda: not house.audit_chain.verify().unsealed)
            assert house.audit_chain.verify().broken is None
        finally:
            assert house.stop() < 30
            house.receivers.stop()
        names = [event["event"] for event in events]
        assert names.count("dependency unavailable") == names.count("dependency recovered") == 1
    finally:
        server.remove()


def test_the_end_does_not_wait_for_slow_receivers_longer_than_one_call(database: Database) -> None:
    house = House(database)
    house.receivers.kinds["/status-200"] = "slow-30"
    for _ in range(5):
        house.act()
    house.start()
    house.wait_until(lambda: len(house.receivers.paths()) == 1)
    assert house.stop() < 25
    assert {row.state for row in house.states.all()} == {"waiting"}
    house.receivers.stop()


def test_what_hinders_archives_is_said_once_and_hinders_nothing_else(
        sqlite_template: Path, tmp_path: Path, events: list[dict[str, Any]]) -> None:
    house = House(Database(f"sqlite:///{copy(sqlite_template, tmp_path / 'w.sqlite3')}"))
    errors: list[Exception] = [BrokenArchiveError("tampered"), BrokenArchiveError("tampered"),
                               UnavailableError("away", dependency="audit_archive", debug="not mounted")]

    def follow(caller: Any, pause: Any) -> int:
        if errors:
            raise errors.pop(0)
        return 1

    house.archived_months.archives.follow = follow
    for _ in range(4):
        house.worker._archive()
    assert [(one["event"], one.get("reason")) for one in events if "audit trail" in one["event"]] == [
        ("months of the audit trail stay in the database", "tampered"),
        ("months of the audit trail stay in the database", "not mounted"),
        ("months of the audit trail left the database", None)]
    assert house.looked_after.count("due archives") == 4
    errors.append(UnavailableError("no", dependency="database"))
    with pytest.raises(UnavailableError):
        house.worker._archive()
    house.receivers.stop()
