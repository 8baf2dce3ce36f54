"""What is over goes, what somebody may still ask for stays."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from idp.adapters.sql import tables
from idp.adapters.sql.database import Database, insert_row
from idp.adapters.sql.housekeeping import DAY, HOUR, SqlHousekeeping, SqlPulse

NOW = 1_700_000_000


class Desk:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.housekeeping = SqlHousekeeping(database, batch=10, batches=3)
        self._numbers = 0

    def add(self, row: Any, **values: Any) -> None:
        """Insert a row whose unnamed columns hold something."""
        self._numbers += 1
        members: dict[str, Any] = {}
        for column in row.__table__.columns:
            kind = column.type.python_type if column.name != "xact" else str
            members[column.name] = {
                str: f"x{self._numbers}"[:16], int: self._numbers, bytes: self._numbers.to_bytes(32, "big"), bool: False}[kind]
        if members.get("id") and row.__table__.columns["id"].autoincrement is True:
            members.pop("id")
        self.database.write(insert_row(row)).run(**{**members, **values})

    def count(self, row: Any) -> int:
        found = self.database.read(select(func.count().label("n")).select_from(row.__table__)).one()
        return int(found.n) if found else 0


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


CASES = [
    (tables.InteractionRow, "expires_at", 7 * DAY),
    (tables.AuthorizationCodeRow, "expires_at", DAY),
    (tables.PushedRequestRow, "expires_at", DAY),
    (tables.DeferredAuthorizationRow, "expires_at", DAY),
    (tables.AccessTokenRow, "expires_at", HOUR),
    (tables.RefreshTokenRow, "expires_at", DAY),
    (tables.GrantRow, "expires_at", 2 * DAY),
    (tables.EnrollmentLeaveRow, "expires_at", 90 * DAY),
]


def test_expired_rows_stay_for_their_time_and_then_go(desk: Desk) -> None:
    for row, column, keep in CASES:
        desk.add(row, **{column: NOW - keep - 1})
        desk.add(row, **{column: NOW - keep})
        desk.add(row, **{column: NOW + 60})
        assert desk.housekeeping.sweep(NOW) == {row.__tablename__: 1}
        assert desk.count(row) == 2
        assert desk.housekeeping.sweep(NOW) == {}


def test_ended_sessions_go_after_a_week_and_their_applications_after_them_and_no_other_goes(desk: Desk) -> None:
    live = {"expires_at": NOW + HOUR, "ended_at": None, "end_reason": ""}
    desk.add(tables.SessionRow, sid="alive", **live)
    desk.add(tables.SessionRow, sid="ended", **{**live, "ended_at": NOW - 7 * DAY - 1})
    desk.add(tables.SessionRow, sid="lately", **{**live, "ended_at": NOW - DAY})
    desk.add(tables.SessionRow, sid="overdue", **{**live, "expires_at": NOW - 7 * DAY - 1})
    for sid in ("alive", "ended", "lately", "overdue", "forgotten"):
        desk.add(tables.SessionClientRow, sid=sid, client_id="a", first_used_at=NOW - 8 * DAY - 1)
        desk.add(tables.SessionClientRow, sid=sid, client_id="b", first_used_at=NOW - 8 * DAY - 1)
        desk.add(tables.PostChoiceRow, sid=sid, client_id="a", chosen_at=NOW - 8 * DAY - 1)
    assert desk.housekeeping.sweep(NOW) == {"sso_session": 1, "session_client": 4, "post_choice": 2}
    assert desk.count(tables.SessionRow) == 3
    assert desk.count(tables.SessionClientRow) == 6
    assert desk.count(tables.PostChoiceRow) == 3


def test_throttle_counters_go_when_they_are_empty_again(desk: Desk) -> None:
    desk.add(tables.ThrottleRow, until=NOW - 1)
    desk.add(tables.ThrottleRow, until=NOW)
    assert desk.housekeeping.sweep(NOW) == {"throttle": 1}


def test_initial_access_tokens_go_90_days_after_their_end_and_never_while_they_are_good(desk: Desk) -> None:
    for revoked, expires in ((None, None), (None, NOW + 1), (None, NOW - 89 * DAY), (None, NOW - 90 * DAY - 1),
                             (NOW - 90 * DAY - 1, None), (NOW - 89 * DAY, None)):
        desk.add(tables.InitialAccessRow, revoked_at=revoked, expires_at=expires)
    assert desk.housekeeping.sweep(NOW) == {"initial_access": 2}
    assert desk.count(tables.InitialAccessRow) == 4


def test_delivered_notices_go_after_a_week_dead_ones_after_30_days_and_waiting_ones_never(desk: Desk) -> None:
    for state, finished in (("sent", 7 * DAY + 1), ("sent", 6 * DAY), ("dead", 8 * DAY), ("dead", 30 * DAY + 1)):
        desk.add(tables.OutboxRow, state=state, finished_at=NOW - finished)
    desk.add(tables.OutboxRow, state="waiting", finished_at=None, created_at=1)
    desk.add(tables.SessionClientRow, sid="gone", first_used_at=NOW - 8 * DAY, last_used_at=NOW - 8 * DAY)
    desk.add(tables.PostChoiceRow, sid="gone", chosen_at=NOW - 8 * DAY)
    assert desk.housekeeping.sweep(NOW) == {"outbox": 2}
    assert desk.count(tables.OutboxRow) == 3


def test_a_sweep_takes_small_batches_and_leaves_the_rest_for_the_next(desk: Desk) -> None:
    for _ in range(45):
        desk.add(tables.AccessTokenRow, expires_at=1)
    assert desk.housekeeping.sweep(NOW) == {"access_token": 30}
    assert desk.housekeeping.sweep(NOW) == {"access_token": 15}


def test_audit_records_consents_and_factors_are_never_touched(desk: Desk) -> None:
    desk.add(tables.AuditRow, at=1, epoch=1, event="x", detail="{}")
    desk.add(tables.ConsentRow, given_at=1, withdrawn_at=2)
    desk.add(tables.TotpRow)
    assert desk.housekeeping.sweep(NOW) == {}
    assert [desk.count(row) for row in (tables.AuditRow, tables.ConsentRow, tables.TotpRow)] == [1, 1, 1]


def test_the_heartbeat_is_the_newest_beat(database: Database) -> None:
    pulse = SqlPulse(database)
    assert pulse.last() is None
    pulse.beat(NOW)
    pulse.beat(NOW + 2)
    assert SqlPulse(database).last() == NOW + 2
