"""The head of each day: taken once, stamped, sent off the machine, tried again, given up, and sent anew by hand."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

from idp.adapters.sql.database import Database
from idp.adapters.sql.trail.days import SqlDayHeads
from idp.audit import Caller
from idp.audit.days import GIVE_UP_SECONDS, LONGEST_PAUSE, DailyHeads, DayHead
from idp.errors import UnavailableError
from tests.audit_desk import Desk, events_of

WORKER = Caller("worker", "w")


class Place:
    def __init__(self) -> None:
        self.taken: list[DayHead] = []
        self.broken = False

    def send(self, head: DayHead) -> None:
        if self.broken:
            raise UnavailableError("no", dependency="audit_heads", debug="refused")
        self.taken.append(head)


@pytest.fixture
def desk(database: Database) -> Desk:
    desk = Desk(database)
    desk.write(10)
    desk.seal()
    return desk


def heads(desk: Desk, place: Place | None, stamp: Callable[[bytes], bytes] = lambda _digest: b"") -> DailyHeads:
    return DailyHeads(SqlDayHeads(desk.database), desk.store, stamp, place, desk.clock)


def test_the_head_of_a_day_that_ended_is_taken_once_stamped_and_sent(desk: Desk) -> None:
    place, asked = Place(), []

    def stamp(digest: bytes) -> bytes:
        asked.append(digest)
        return b"stamp"

    room = heads(desk, place, stamp)
    assert room.follow(WORKER) == 1
    (head,) = place.taken
    last = desk.store.last_seal()
    assert last is not None
    assert (head.number, head.hash, head.time_stamp) == (last.number, last.hash, b"stamp")
    assert asked == [hashlib.sha256(head.document).digest()]
    assert json.loads(head.document)["hash"] == last.hash.hex()
    desk.write(10)
    desk.seal()
    assert room.follow(WORKER) == 0, "the day has its head"
    (kept,) = room.newest(9)
    assert (kept.state, kept.number, kept.document) == ("sent", head.number, head.document)
    desk.clock.advance(86400)
    assert room.follow(WORKER) == 1
    assert [one.day for one in room.newest(9)] == sorted((one.day for one in place.taken), reverse=True)
    assert [detail["attempts"] for *_, detail in events_of(desk.database, "audit.head_sent")] == [1, 1]


def test_two_workers_take_one_head(desk: Desk) -> None:
    place = Place()
    barrier = threading.Barrier(4)

    def work() -> None:
        barrier.wait()
        heads(desk, place).follow(WORKER)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(SqlDayHeads(desk.database).newest(9)) == 1
    assert len({head.document for head in place.taken}) == 1
    assert len(events_of(desk.database, "audit.head_sent")) == 1, "it may be sent twice, and is recorded once"


def test_what_is_not_taken_is_tried_again_with_pauses_and_given_up_after_a_week(desk: Desk) -> None:
    place = Place()
    place.broken = True
    room = heads(desk, place)
    began, tries = desk.clock.now(), []
    for _ in range(60):
        room.follow(WORKER)
        (*_, head) = room.newest(9)
        tries.append(head.attempts)
        desk.clock.advance(max(1, head.next_attempt_at - desk.clock.now()))
        if head.state != "waiting":
            break
    assert desk.clock.now() - began <= GIVE_UP_SECONDS + 2 * LONGEST_PAUSE
    assert tries[:3] == [1, 2, 3]
    assert (head.state, head.last_error) == ("dead", "refused")
    ((*_, told),) = events_of(desk.database, "audit.head_dead")
    assert (told["day"], told["error"]) == (head.day, "refused")
    place.broken = False
    before = len(place.taken)
    room.follow(WORKER)
    assert head.day not in {one.day for one in place.taken[before:]}, "it waits for an operator"
    assert room.revive() == 1
    room.follow(WORKER)
    assert head.day in {one.day for one in place.taken}
    assert room.newest(9)[-1].state == "sent"


def test_a_time_stamp_that_could_not_be_had_is_had_later_and_never_exchanged(desk: Desk) -> None:
    place, answers = Place(), iter([b"", b"first", b"second"])
    place.broken = True
    room = heads(desk, place, lambda _digest: next(answers))
    for _ in range(3):
        room.follow(WORKER)
        desk.clock.advance(3600)
    place.broken = False
    room.follow(WORKER)
    assert [head.time_stamp for head in place.taken] == [b"first"]


def test_without_a_place_outside_heads_are_stamped_and_kept(desk: Desk) -> None:
    room = heads(desk, None, lambda _digest: b"stamp")
    assert room.follow(WORKER) == 0
    (head,) = room.newest(9)
    assert (head.state, head.time_stamp, room.configured) == ("kept", b"stamp", False)


def test_without_a_seal_there_is_no_head(database: Database) -> None:
    room: Any = heads(Desk(database), Place())
    assert room.follow(WORKER) == 0
    assert room.newest(9) == []
