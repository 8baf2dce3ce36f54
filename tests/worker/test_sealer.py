"""What the log says of sealing: the newest seal once a minute, and once that nothing is sealed and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from idp.adapters.sql.database import Database
from idp.audit import Caller
from idp.worker.sealer import HEAD_LINE_SECONDS, SealingRounds
from tests.audit_desk import Desk


@pytest.fixture
def events() -> Iterator[list[dict[str, Any]]]:
    with structlog.testing.capture_logs() as found:
        yield found


def test_the_newest_seal_leaves_with_the_log_once_a_minute(database: Database, events: list[dict[str, Any]]) -> None:
    desk = Desk(database)
    rounds = SealingRounds(desk.chain)
    for _ in range(3):
        desk.write(1)
        rounds.round()
    desk.clock.advance(HEAD_LINE_SECONDS)
    desk.write(1)
    rounds.round()
    known = desk.heads.newest()
    assert [event["event"] for event in events] == ["audit head"] * 2
    assert (events[1]["chain"], events[1]["seal"], events[1]["hash"]) == (str(known.chain), 4, known.head.hash.hex())


def test_security_61_a_chain_that_is_not_the_known_one_is_said_once_and_so_is_its_acceptance(
    database: Database, events: list[dict[str, Any]],
) -> None:
    desk = Desk(database)
    rounds = SealingRounds(desk.chain)
    desk.write(3)
    rounds.round()
    known = desk.heads.newest()
    desk.tamper("DELETE FROM audit_seal")
    desk.tamper("DELETE FROM version WHERE name = 'audit_chain'")
    for _ in range(3):
        desk.write(1)
        rounds.round()
    desk.chain.accept("made anew", desk.trail, Caller("cli", "r-1"))
    desk.clock.advance(HEAD_LINE_SECONDS)
    rounds.round()
    assert [event["event"].partition(":")[0] for event in events] == [
        "audit head", "audit chain not accepted", "audit head kept again", "audit head"]
    assert events[1]["log_level"] == "error"
    assert events[1]["reason"] == f"chain {known.chain} is known up to seal 1, the database has none"
    assert events[3]["chain"] != events[0]["chain"]


def test_what_cannot_be_read_is_said_once_while_sealing_goes_on(database: Database, events: list[dict[str, Any]]) -> None:
    desk = Desk(database)
    rounds = SealingRounds(desk.chain)
    desk.write(1)
    rounds.round()
    desk.heads.broken = True
    for _ in range(3):
        desk.write(1)
        rounds.round()
    assert [event["event"] for event in events] == ["audit head", "audit head cannot be read or written"]
    assert desk.chain.backlog() == (0, 0)
