"""Refusals that are counted: few rows, exact figures, on both databases."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from idp.adapters.sql.database import Database
from idp.adapters.sql.trail.records import SqlAuditTrail
from idp.adapters.sql.trail.seals import SqlAuditReader
from idp.audit import AuditEvent, AuditRecord
from tests.audit_desk import events_of

NOW = 1_700_000_000 // 60 * 60
WRONG = AuditRecord(AuditEvent.SIGN_IN_REFUSED, NOW, sub="sub-1", source="192.0.2.7", request_id="r1", detail={"reason": "wrong"})


def figures(database: Database) -> tuple[int, int]:
    """Give how many rows there are, and how many refusals they tell of."""
    rows = events_of(database, "sign_in.refused")
    return len(rows), sum(int(detail.get("repeated", 1)) for _, _, detail in rows)


def test_security_61_a_flood_makes_two_rows_a_minute_and_none_of_it_is_lost(database: Database) -> None:
    trail = SqlAuditTrail(database)

    def flood() -> None:
        for _ in range(25):
            trail.repeated(WRONG, about="canbo")

    threads = [threading.Thread(target=flood) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert figures(database) == (1, 1)
    assert trail.settle(NOW + 59) == 0
    assert trail.settle(NOW + 60) == 1
    assert figures(database) == (2, 500)
    assert events_of(database, "sign_in.refused")[1] == ("sub-1", "", {"reason": "wrong", "repeated": 499})
    assert trail.settle(NOW + 3600) == 0
    assert SqlAuditReader(database).counts(since=NOW) == {"sign_in.refused": 500}


def test_counting_and_settling_at_the_same_time_lose_nothing_and_count_nothing_twice(database: Database) -> None:
    trail = SqlAuditTrail(database)
    ended = threading.Event()

    def settle() -> None:
        while not ended.is_set():
            trail.settle(NOW + 60)  # a worker whose clock is ahead

    def count() -> None:
        for _ in range(20):
            trail.repeated(WRONG, about="canbo")

    settling = [threading.Thread(target=settle) for _ in range(2)]
    counting = [threading.Thread(target=count) for _ in range(10)]
    for thread in (*settling, *counting):
        thread.start()
    for thread in counting:
        thread.join()
    ended.set()
    for thread in settling:
        thread.join()
    trail.settle(NOW + 60)
    assert figures(database)[1] == 200


@pytest.mark.parametrize(("other", "about"), [
    (replace(WRONG, detail={"reason": "disabled"}), "canbo"), (WRONG, "vanthu"), (replace(WRONG, sub="sub-2"), "canbo"),
    (replace(WRONG, at=NOW + 60), "canbo"), (replace(WRONG, event=AuditEvent.SIGN_IN_THROTTLED), "canbo")])
def test_what_differs_is_recorded_at_once(database: Database, other: AuditRecord, about: str) -> None:
    trail = SqlAuditTrail(database)
    trail.repeated(WRONG, about="canbo")
    trail.repeated(other, about=about)
    assert len(events_of(database, WRONG.event)) + len(events_of(database, "sign_in.throttled")) == 2
    assert trail.settle(NOW + 120) == 2
    assert len(events_of(database, WRONG.event)) + len(events_of(database, "sign_in.throttled")) == 2


def test_the_count_has_the_time_of_the_last_one(database: Database) -> None:
    trail = SqlAuditTrail(database)
    for seconds in (0, 10, 50):
        trail.repeated(replace(WRONG, at=NOW + seconds, request_id=f"r{seconds}"), about="canbo")
    trail.settle(NOW + 60)
    assert [detail for _, _, detail in events_of(database, WRONG.event)] == [
        {"reason": "wrong"}, {"reason": "wrong", "repeated": 2}]
