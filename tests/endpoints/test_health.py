"""/healthz and /readyz."""

from __future__ import annotations

import json
import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest

from idp.administration.operation.jobs import JobQueue
from idp.audit import Caller
from idp.directory.brake import FeedState
from idp.endpoints.monitoring.health import HealthEndpoint, ReadinessEndpoint
from idp.endpoints.wsgi import EndpointRequest
from idp.errors import ConfigurationError, UnavailableError
from idp.jose.keyset import ALGORITHMS, StoredKey
from idp.jose.rotation import OVERDUE_SECONDS
from idp.outbox import FailingReceiver, QueueState
from idp.readiness import Dependency, Finding, Readiness, dependencies
from idp.signing.sims.brake import Doubt
from tests.fakes.clock import FakeClock
from tests.fakes.mirroring import quiet_mirroring
from tests.signing.cards import Carrier

NOW = FakeClock().now()
CALLER = Caller("127.0.0.1", "r")


def request() -> EndpointRequest:
    return EndpointRequest({"REQUEST_METHOD": "GET"}, CALLER)


class Rooms:
    """As much of the services as readiness asks."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.mobile_signatures: Any = None
        self.database_error: Exception | None = None
        made = self.clock.now() - 86400
        self.stored = [StoredKey(f"{alg}-{state}", alg, state, "{}", b"sealed", made, made)
                       for alg in ALGORITHMS for state in ("active", "next")]
        self.due: int | None = self.clock.now() + 3600
        self.keys = SimpleNamespace(signing=lambda _alg: None, stored=lambda: self.stored, token=None,
                                    next_rotation_at=lambda alg: self.due if alg == "RS256" else None)
        self.health: dict[str, object] = {"state": "up", "servers": [{"uri": "ldap://ldap1.hidden.example", "state": "up"}]}
        self.mirroring = quiet_mirroring()
        self.directory = SimpleNamespace(health=lambda: self.health)
        self.heartbeat: int | None = self.clock.now()
        self.queued = JobQueue(0, 1, None, 0)
        self.job_work = SimpleNamespace(queue=lambda: self.queued)
        self.pulse = SimpleNamespace(last=lambda: self.heartbeat)
        self.notices = QueueState(0, None, 0, ())
        self.outbox = SimpleNamespace(state=lambda: self.notices)
        self.letters = QueueState(0, None, 0, ())
        self.mail = SimpleNamespace(state=lambda: self.letters)
        self.mail_delivery = SimpleNamespace(server=None)
        self.backlog, self.conflict = (0, 0), ""
        self.break_glass = SimpleNamespace(named=False, problem=lambda: None)
        self.audit_chain = SimpleNamespace(backlog=lambda: self.backlog, head_conflict=lambda: self.conflict)

    def ping_database(self) -> None:
        if self.database_error:
            raise self.database_error

    def look(self) -> tuple[int, dict]:
        return Readiness(dependencies(self)).look()  # type: ignore[arg-type]


def test_alive_asks_nothing() -> None:
    response = HealthEndpoint()(request())
    assert (response.status, json.loads(response.body)) == (200, {"status": "alive"})


def test_a_break_glass_administrator_who_is_switched_on_is_seen() -> None:
    rooms = Rooms()
    rooms.break_glass = SimpleNamespace(named=True, problem=lambda: None)
    status, body = rooms.look()
    assert (status, body["status"]) == (200, "degraded")
    assert body["dependencies"]["break_glass"] == {"state": "degraded", "switched_on": 1, "usable": 1}
    rooms.break_glass = SimpleNamespace(named=True, problem=lambda: ConfigurationError("No file.", remedy="Make it."))
    assert rooms.look()[1]["dependencies"]["break_glass"]["usable"] == 0


def test_ready_names_each_dependency() -> None:
    status, body = Rooms().look()
    assert (status, body["status"]) == (200, "ready")
    assert {name: found["state"] for name, found in body["dependencies"].items()} == dict.fromkeys(
        ("database", "keys", "directory", "directory_feed", "worker", "logout_notices", "audit_trail",
         "jobs"), "up")


def test_imports_and_exports_that_nobody_does_are_told_of() -> None:
    rooms = Rooms()
    rooms.queued = JobQueue(3, 0, rooms.clock.now() - 901, 1)
    status, body = rooms.look()
    assert (status, body["dependencies"]["jobs"]) == (200, {
        "state": "degraded", "waiting": 3, "running": 0, "oldest_waiting_seconds": 901, "abandoned": 1})


def test_a_database_that_is_down_makes_503_without_telling_where_it_is() -> None:
    rooms = Rooms()
    rooms.database_error = UnavailableError("x", dependency="database", debug="db1.hidden.example: refused")
    status, body = rooms.look()
    assert (status, body["status"], body["dependencies"]["database"]) == (503, "unavailable", {"state": "down"})
    assert "hidden" not in json.dumps(body)


def test_missing_signing_keys_make_503() -> None:
    rooms = Rooms()

    def none(_alg: str) -> None:
        raise ConfigurationError("none", remedy="x")

    rooms.keys.signing = none
    assert rooms.look()[0] == 503


def test_the_age_of_the_keys_and_the_next_rotation_are_shown() -> None:
    rooms = Rooms()
    assert rooms.look()[1]["dependencies"]["keys"] == {
        "state": "up", "signing_key_age_seconds": 86400, "next_rotation_seconds": 3600}
    rooms.due = None
    assert rooms.look()[1]["dependencies"]["keys"]["next_rotation_seconds"] is None


def test_a_rotation_that_is_a_day_late_is_degraded_and_keeps_the_process_in_service() -> None:
    rooms = Rooms()
    rooms.due = rooms.clock.now() - OVERDUE_SECONDS - 1
    status, body = rooms.look()
    assert (status, body["dependencies"]["keys"]["state"]) == (200, "degraded")


def test_a_token_that_does_not_answer_is_shown_and_keeps_the_process_in_service() -> None:
    rooms = Rooms()

    def away() -> str:
        raise UnavailableError("x", dependency="key_token", debug="slot 3 of hsm1.hidden.example")

    rooms.keys.token = SimpleNamespace(check=lambda: "province")
    assert rooms.look()[1]["dependencies"]["key_token"] == {"state": "up"}
    rooms.keys.token = SimpleNamespace(check=away)
    status, body = rooms.look()
    assert (status, body["status"], body["dependencies"]["key_token"]) == (200, "degraded", {"state": "down"})
    assert "hidden" not in json.dumps(body)


def test_carriers_that_are_away_or_refuse_us_are_counted_and_keep_the_process_in_service() -> None:
    rooms, asked = Rooms(), Carrier()
    assert "mobile_signature" not in rooms.look()[1]["dependencies"]
    doubts: list[Doubt] = []
    brake = SimpleNamespace(open=lambda: doubts)
    rooms.mobile_signatures = SimpleNamespace(carriers={"one": asked, "two": Carrier()}, brake=brake)
    assert rooms.look()[1]["dependencies"]["mobile_signature"] == {"state": "up", "carriers": 2, "carriers_up": 2}
    asked.away = True
    status, body = rooms.look()
    assert (status, body["dependencies"]["mobile_signature"]) == (200, {"state": "degraded", "carriers": 2, "carriers_up": 1})
    rooms.mobile_signatures = SimpleNamespace(carriers={"one": asked}, brake=brake)
    assert rooms.look()[1]["dependencies"]["mobile_signature"]["state"] == "down"
    asked.away, asked.takes = False, (104, None)
    assert rooms.look()[1]["dependencies"]["mobile_signature"]["state"] == "down"
    assert rooms.look()[1]["dependencies"]["signing_sims"] == {"state": "up", "carriers_in_doubt": 0, "in_doubt": 0}
    doubts.append(Doubt("d1", "one", NOW, 412))
    assert rooms.look()[1]["dependencies"]["signing_sims"] == {"state": "degraded", "carriers_in_doubt": 1, "in_doubt": 412}


def test_a_directory_that_is_down_leaves_the_process_in_service() -> None:
    rooms = Rooms()
    rooms.health = {"state": "down", "servers": [{"uri": "ldap://ldap1.hidden.example", "state": "down"}] * 2}
    status, body = rooms.look()
    assert (status, body["status"]) == (200, "degraded")
    assert body["dependencies"]["directory"] == {"state": "down", "servers": 2, "servers_up": 0}
    assert "hidden" not in json.dumps(body)


def test_one_of_two_directory_servers_down_is_degraded() -> None:
    rooms = Rooms()
    rooms.health = {"state": "up", "servers": [{"state": "up"}, {"state": "down"}]}
    assert rooms.look()[1]["dependencies"]["directory"] == {"state": "degraded", "servers": 2, "servers_up": 1}


def test_mail_is_shown_where_a_server_is_set_and_keeps_the_process_in_service() -> None:
    rooms = Rooms()
    assert "mail" not in rooms.look()[1]["dependencies"]
    rooms.mail_delivery.server = object()
    assert rooms.look()[1]["dependencies"]["mail"] == {"state": "up", "waiting": 0, "oldest_waiting_seconds": 0, "dead": 0}
    rooms.letters = QueueState(2, rooms.clock.now() - 301, 0, ())
    status, body = rooms.look()
    assert (status, body["dependencies"]["mail"]["state"]) == (200, "degraded")
    rooms.letters = QueueState(0, None, 1, ())
    assert rooms.look()[1]["dependencies"]["mail"]["state"] == "degraded"


@pytest.mark.parametrize(("age", "state"), [(0, "up"), (15, "up"), (16, "down"), (None, "down")])
def test_a_worker_without_a_heartbeat_is_down(age: int | None, state: str) -> None:
    rooms = Rooms()
    rooms.heartbeat = None if age is None else rooms.clock.now() - age
    status, body = rooms.look()
    assert (status, body["dependencies"]["worker"]) == (200, {"state": state, "heartbeat_age_seconds": age})


def test_dead_notices_and_a_sealing_lag_are_shown() -> None:
    rooms = Rooms()
    rooms.notices = QueueState(3, rooms.clock.now() - 90, 2, (FailingReceiver("qlvb", 3, 2, "HTTP 500"),))
    rooms.backlog = (70, 61)
    found = rooms.look()[1]["dependencies"]
    assert found["logout_notices"] == {
        "state": "degraded", "waiting": 3, "oldest_waiting_seconds": 90, "dead": 2, "failing_applications": 1}
    assert found["audit_trail"] == {
        "state": "degraded", "unsealed_records": 70, "sealing_lag_seconds": 61, "differs_from_known_head": 0}


def test_security_61_a_trail_that_is_not_the_known_one_is_shown_without_telling_more() -> None:
    rooms = Rooms()
    rooms.conflict = "chain 1 is known up to seal 9, the database has chain 2"
    status, body = rooms.look()
    assert (status, body["status"]) == (200, "degraded")
    assert body["dependencies"]["audit_trail"] == {
        "state": "degraded", "unsealed_records": 0, "sealing_lag_seconds": 0, "differs_from_known_head": 1}


def test_a_check_that_hangs_counts_as_down_and_is_not_started_again() -> None:
    release = threading.Event()
    started: list[int] = []

    def hang() -> Finding:
        started.append(1)
        release.wait(60)
        return Finding("up", {})

    readiness = Readiness((Dependency("slow", True, hang), Dependency("quick", True, lambda: Finding("up", {}))),
                          keep_seconds=0, longest_check_seconds=0.1)
    start = time.monotonic()
    for _ in range(3):
        status, body = readiness.look()
        assert (status, body["dependencies"]) == (
            503, {"slow": {"state": "down", "reason": "no answer in time"}, "quick": {"state": "up"}})
    assert time.monotonic() - start < 20
    assert len(started) == 1
    release.set()
    while time.monotonic() - start < 60 and readiness.look()[0] != 200:
        time.sleep(0.01)
    assert readiness.look()[0] == 200


def test_answers_are_kept_for_a_second_and_nobody_waits_for_a_second_caller() -> None:
    asked: list[int] = []

    def check() -> Finding:
        asked.append(1)
        time.sleep(0.05)
        return Finding("up", {})

    readiness = Readiness((Dependency("one", True, check),), keep_seconds=60)
    threads = [threading.Thread(target=readiness.look) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(asked) == 1
    short = Readiness((Dependency("one", True, check),), keep_seconds=0.1)
    assert short.look()[0] == 200
    time.sleep(0.1)
    assert short.look()[0] == 200
    assert len(asked) == 3


def test_a_service_of_others_is_not_asked_as_often_as_we_are() -> None:
    rooms, asked = Rooms(), Carrier()
    rooms.mobile_signatures = SimpleNamespace(carriers={"one": asked}, brake=SimpleNamespace(open=lambda: []))
    readiness = Readiness(dependencies(rooms), keep_seconds=0)  # type: ignore[arg-type]
    for _ in range(5):
        assert readiness.look()[1]["dependencies"]["mobile_signature"]["state"] == "up"
    assert asked.calls == ["handshake"]


def test_an_unforeseen_fault_in_a_check_is_down_and_not_500() -> None:
    def broken() -> Finding:
        raise ZeroDivisionError

    status, body = Readiness((Dependency("one", True, broken),)).look()
    assert (status, body["dependencies"]["one"]) == (503, {"state": "down"})


def test_readyz_answers_json_that_nobody_stores() -> None:
    response = ReadinessEndpoint(Readiness((Dependency("one", True, lambda: Finding("up", {})),)))(request())
    assert (response.status, ("Cache-Control", "no-store") in response.headers) == (200, True)


@pytest.mark.parametrize(("source", "state", "waiting", "found"), [
    ("syncrepl", FeedState(heard_at=NOW - 10), (0, None), "up"),
    ("syncrepl", FeedState(heard_at=NOW - 61), (0, None), "degraded"),
    ("syncrepl", FeedState(), (0, None), "degraded"), ("off", FeedState(), (0, None), "up"),
    ("off", FeedState(braked_at=NOW - 5, losses=60), (0, None), "degraded"),
    ("syncrepl", FeedState(heard_at=NOW), (3, NOW - 61), "degraded")])
def test_a_mirror_that_does_not_follow_is_degraded(source: str, state: FeedState, waiting: tuple[int, int | None],
                                                   found: str) -> None:
    rooms = Rooms()
    rooms.mirroring = quiet_mirroring(source=source, state=state, waiting=waiting)
    status, body = rooms.look()
    assert (status, body["dependencies"]["directory_feed"]["state"]) == (200, found)
    assert body["dependencies"]["directory_feed"]["held_losses"] == (60 if state.braked_at else 0)
