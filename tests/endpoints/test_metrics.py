"""/metrics: who may read it and what it says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from prometheus_client import CollectorRegistry, Histogram, generate_latest

from idp.audit import Caller
from idp.endpoints.monitoring.metrics import MetricsEndpoint, PrometheusMeter
from idp.endpoints.wsgi import EndpointRequest
from idp.errors import UnavailableError
from idp.readiness import Dependency, Finding, Readiness
from tests.fakes.clock import FakeClock

READINESS = (Dependency("database", True, lambda: Finding("up", {})),
             Dependency("worker", False, lambda: Finding("down", {"heartbeat_age_seconds": 99, "reason": "x"})))


def endpoint(token: str = "", counts: object = None) -> tuple[PrometheusMeter, MetricsEndpoint]:
    meter = PrometheusMeter()
    reader = SimpleNamespace(counts=counts or (lambda since: {"sign_in": 3, "sign_in.refused": 1}))
    services = SimpleNamespace(clock=FakeClock(), audit_reader=reader)
    return meter, MetricsEndpoint(meter, Readiness(READINESS), services, token=token)  # type: ignore[arg-type]


def ask(found: MetricsEndpoint, source: str, **headers: str) -> tuple[int, str]:
    environ = {"REQUEST_METHOD": "GET", **{f"HTTP_{name.upper()}": value for name, value in headers.items()}}
    response = found(EndpointRequest(environ, Caller(source, "r")))
    return response.status, response.body.decode()


@pytest.mark.parametrize("source", ["127.0.0.1", "::1"])
def test_loopback_may_read(source: str) -> None:
    assert ask(endpoint()[1], source)[0] == 200


@pytest.mark.parametrize("source", ["10.0.0.5", "192.0.2.1", "unknown", ""])
def test_others_see_nothing(source: str) -> None:
    assert ask(endpoint()[1], source)[0] == 404
    assert ask(endpoint()[1], source, authorization="Bearer ")[0] == 404


@pytest.mark.parametrize("header", ["x_forwarded_for", "forwarded", "x_real_ip", "x_forwarded_host", "x_forwarded_proto"])
def test_what_a_proxy_passes_on_is_not_local(header: str) -> None:
    assert ask(endpoint()[1], "127.0.0.1", **{header: "203.0.113.5"})[0] == 404


@pytest.mark.parametrize(("authorization", "status"), [
    ("Bearer right-token", 200), ("bearer right-token", 200), ("Bearer wrong", 404), ("Bearer ", 404), ("Basic right-token", 404),
    ("right-token", 404), ("", 404), ("Bearer \udcff", 404)])
def test_the_bearer_token_opens_it_from_elsewhere(authorization: str, status: int) -> None:
    assert ask(endpoint("right-token")[1], "10.0.0.5", authorization=authorization)[0] == status


def test_answers_and_times_are_counted_by_endpoint_and_status() -> None:
    meter, found = endpoint()
    meter.count("token", 200, 0.002)
    meter.count("token", 200, 0.2)
    meter.count("token", 401, 0.001)
    text = ask(found, "127.0.0.1")[1]
    assert 'idp_answers_total{endpoint="token",status="200"} 2.0' in text
    assert 'idp_answers_total{endpoint="token",status="401"} 1.0' in text
    assert 'idp_answer_seconds_bucket{endpoint="token",le="0.0025"} 2.0' in text
    assert 'idp_answer_seconds_count{endpoint="token"} 3.0' in text


def test_dependencies_and_events_are_figures() -> None:
    text = ask(endpoint()[1], "127.0.0.1")[1]
    assert 'idp_dependency_up{dependency="database"} 1.0' in text
    assert 'idp_dependency_up{dependency="worker"} 0.0' in text
    assert "idp_worker_heartbeat_age_seconds 99.0" in text
    assert 'idp_audit_events_last_minute{event="sign_in.refused"} 1.0' in text


def test_a_database_that_is_away_leaves_the_other_figures() -> None:
    def away(since: int) -> dict[str, int]:
        raise UnavailableError("x", dependency="database")

    status, text = ask(endpoint(counts=away)[1], "127.0.0.1")
    assert status == 200
    assert "idp_dependency_up" in text


def test_processes_that_share_a_folder_answer_for_each_other(tmp_path: Path) -> None:
    program = ("from idp.endpoints.monitoring.metrics import PrometheusMeter; import sys\n"
               "meter = PrometheusMeter()\nfor _ in range(int(sys.argv[1])): meter.count('token', 200, 0.01)\n"
               "print(meter.text().decode())")
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    outputs = [subprocess.run([sys.executable, "-c", program, str(count)], env=environment, capture_output=True, text=True,
                              check=True).stdout for count in (3, 4)]
    assert 'idp_answers_total{endpoint="token",status="200"} 7.0' in outputs[1]


@pytest.mark.parametrize("amounts", [
    [0.001], [0.0011, 0.0009, 0.001], [0.0, 10.0, 10.1, 99.0], [0.25] * 7 + [0.3, 5.0]])
def test_times_that_are_counted_together_are_those_that_the_library_counts_one_by_one(amounts: list[float]) -> None:
    registry, meter = CollectorRegistry(), PrometheusMeter(bundle_seconds=3600)
    one_by_one = Histogram("idp_answer_seconds", "Time to answer", ("endpoint",), registry=registry,
                           buckets=(.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10)).labels("token")
    for amount in amounts:
        one_by_one.observe(amount)
        meter.count("token", 200, amount)
    expected = [line for line in generate_latest(registry).decode().splitlines() if "_bucket" in line or "_count" in line]
    told = meter.text().decode().splitlines()
    assert len(expected) == 15
    assert set(expected) <= set(told)
    assert f"idp_answer_seconds_sum{{endpoint=\"token\"}} {sum(amounts)}" in told
