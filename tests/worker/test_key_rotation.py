"""The worker looks after the signing keys: it rotates what is due, also where two of them look at the same moment."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
import structlog

from idp.app import build_services
from idp.audit import Caller
from idp.jose.keyset import ALGORITHMS
from idp.jose.rotation import KEEP_RETIRED_SECONDS
from idp.services import Services
from idp.worker import Worker
from tests.fakes.clock import FakeClock
from tests.fakes.directory import FakeDirectory
from tests.whole import make_settings

DAY = 86400


class Two:
    """Two workers of one deployment, each with rooms of its own, as on two machines."""

    def __init__(self, folder: Path, database_url: str, **settings: object) -> None:
        self.clock = FakeClock()
        made = make_settings(folder, database_url, **settings)
        self.services = [build_services(made, directory=FakeDirectory([]), clock=self.clock) for _ in range(2)]
        for ring in (self.services[0].keys, self.services[0].encryption_keys):
            ring.ensure(Caller("start", "test"))

    def work(self) -> list[str]:
        """One round of both at the same moment; gives the algorithms that their logs say were rotated."""
        barrier, failures = threading.Barrier(2), list[BaseException]()

        def once(services: Services) -> None:
            worker = Worker(services)
            barrier.wait()
            try:
                worker.once()
            except BaseException as err:
                failures.append(err)

        with structlog.testing.capture_logs() as lines:
            threads = [threading.Thread(target=once, args=(services,)) for services in self.services]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert failures == []
        return [line["alg"] for line in lines if line["event"] == "signing key rotated"]

    def states(self) -> list[tuple[str, str]]:
        self.services[0].keys.reload()
        return sorted((key.alg, key.state) for key in self.services[0].keys.stored() if key.alg in ALGORITHMS)


@pytest.fixture
def two(database_url: str, tmp_path: Path) -> Two:
    return Two(tmp_path, database_url)


def test_two_workers_rotate_each_key_once_when_its_time_has_come(two: Two) -> None:
    two.clock.advance(90 * DAY - 1)
    assert two.work() == []
    two.clock.advance(1)
    rotated: list[str] = []
    for _ in range(2 * len(ALGORITHMS)):
        rotated += two.work()
    assert sorted(rotated) == sorted(ALGORITHMS)
    assert two.states() == sorted((alg, state) for alg in ALGORITHMS for state in ("active", "next", "retired"))
    two.clock.advance(KEEP_RETIRED_SECONDS + 1)
    assert two.work() == []
    assert two.states() == sorted((alg, state) for alg in ALGORITHMS for state in ("active", "next", "removed"))


def test_the_worker_rotates_the_keys_to_encrypt_to_as_well(two: Two) -> None:
    def published() -> set[str]:
        two.services[0].keys.reload()
        return {key["kid"] for key in json.loads(two.services[0].keys.jwks())["keys"] if key["use"] == "enc"}

    before = published()
    two.clock.advance(90 * DAY)
    for _ in range(4):
        two.work()
    assert len(published()) == len(before) == 2
    assert published().isdisjoint(before)


def test_what_the_worker_rotates_is_audited_as_its_own(two: Two) -> None:
    old = two.services[1].keys.signing("ES256").kid
    two.clock.advance(90 * DAY)
    for _ in range(2 * len(ALGORITHMS)):
        two.work()
    trail = two.services[0].audit_reader.between(start=0, end=two.clock.now() + 1, after_id=0, limit=1000)
    records = [record for record in trail if record.event == "key.retired"]
    assert {record.source for record in records} == {"worker"}
    assert [json.loads(record.detail)["ES256"] for record in records if "ES256" in record.detail] == [old]


def test_a_deployment_may_leave_rotation_to_its_operators(database_url: str, tmp_path: Path) -> None:
    two = Two(tmp_path, database_url, signing_key_rotation_days=0)
    two.clock.advance(1000 * DAY)
    assert two.work() == []
    assert {state for _alg, state in two.states()} == {"active", "next"}
