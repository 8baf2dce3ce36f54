"""Outages of the directory are recorded once each way."""

from __future__ import annotations

import pytest

from idp.audit import AuditRecord
from idp.errors import UnavailableError
from idp.worker.directory_watch import DirectoryWatch
from tests.fakes.clock import FakeClock


class Trail:
    def __init__(self) -> None:
        self.records: list[AuditRecord] = []
        self.down = False

    def record(self, record: AuditRecord) -> None:
        if self.down:
            raise UnavailableError("away", dependency="database")
        self.records.append(record)


def test_an_outage_is_two_records_whatever_its_length() -> None:
    state, trail, clock = {"state": "up"}, Trail(), FakeClock()
    watch = DirectoryWatch(lambda: dict(state), trail, clock)
    for change in ("up", "down", "down", "down", "up", "up"):
        state["state"] = change
        watch.look()
        clock.advance(10)
    assert [(record.event, record.source, dict(record.detail)) for record in trail.records] == [
        ("directory.unavailable", "worker", {}), ("directory.recovered", "worker", {"seconds": 30})]


def test_a_change_that_could_not_be_recorded_is_recorded_later() -> None:
    trail = Trail()
    watch = DirectoryWatch(lambda: {"state": "down"}, trail, FakeClock())
    trail.down = True
    with pytest.raises(UnavailableError):
        watch.look()
    trail.down = False
    watch.look()
    watch.look()
    assert [record.event for record in trail.records] == ["directory.unavailable"]
