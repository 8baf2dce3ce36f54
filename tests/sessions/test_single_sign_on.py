"""Sessions on both databases: cookies, limits, and what ends with a session."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select

from idp.adapters.sql.database import Database, insert_row
from idp.adapters.sql.directory.access import SqlAccess
from idp.adapters.sql.directory.officers import SqlOfficers
from idp.adapters.sql.sessions import SqlSessions
from idp.adapters.sql.tables import AuditRow, GrantRow, OfficerRow, OutboxRow, SessionClientRow, SessionRow
from idp.audit import Caller
from idp.directory.deprovisioning import Deprovisioning
from idp.sessions.single_sign_on import NotActiveError, Session, SessionLimits, Sessions, digest
from tests.fakes.clock import FakeClock
from tests.fakes.directory import make_officer

CALLER = Caller("192.0.2.1", "request-1", "Firefox")
PASSWORD = {"acr": 1, "amr": ("pwd",), "caller": CALLER}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def sessions(database: Database, clock: FakeClock) -> Sessions:
    table: Any = OfficerRow.__table__
    empty = {column.name: None if column.nullable else 0 if column.type.python_type is int else "" for column in table.columns}
    known = empty | {
        "posts": "[]", "groups": "[]", "attributes": "{}", "status": "active", "updated_at": 1}
    for sub in ("u1", "u2"):
        database.write(insert_row(OfficerRow)).run(**known | {"sub": sub, "entry_uuid": f"uuid-{sub}", "uid": sub})
    return Sessions(SqlSessions(database), clock, SessionLimits(idle_seconds=3600, absolute_seconds=86400))


def rows(database: Database, mapped) -> list:
    return database.read(select(mapped.__table__)).all()


def takes_part(database: Database, session: Session, client_id: str, *, offline: bool = False, at: int = 5) -> None:
    database.write(insert_row(SessionClientRow)).run(sid=session.sid, client_id=client_id, sub=session.sub, first_used_at=at,
                                                     last_used_at=at)
    database.write(insert_row(GrantRow)).run(
        grant_id=f"{session.sid}-{client_id}", client_id=client_id, sub=session.sub, sid=session.sid, scope="openid",
        offline=offline, auth_time=1, acr=1, amr="pwd", nonce="", created_at=1, expires_at=9_000_000_000, revoked_at=None,
        revoke_reason="", details="")


def test_a_session_is_found_by_its_cookie_and_only_a_digest_is_kept(sessions: Sessions, database: Database) -> None:
    cookie, session = sessions.open("u1", **PASSWORD)
    assert len(cookie) >= 43
    assert sessions.find(cookie) == session
    (row,) = rows(database, SessionRow)
    assert bytes(row.cookie_digest) == digest(cookie)
    assert all(cookie not in str(value) for value in row)


@pytest.mark.parametrize("cookie", [None, "", "unknown", "x" * 5000, "\udcff", "\x00", "đ"])
def test_what_is_no_cookie_of_ours_finds_nothing(sessions: Sessions, cookie: str | None) -> None:
    sessions.open("u1", **PASSWORD)
    assert sessions.find(cookie) is None


def test_the_sign_in_is_recorded_once_with_level_and_application(sessions: Sessions, database: Database) -> None:
    _, session = sessions.open("u1", acr=2, amr=("pwd", "otp", "mfa"), caller=CALLER, client_id="qlvb")
    (record,) = rows(database, AuditRow)
    assert (record.event, record.sub, record.sid, record.client_id, record.source) == (
        "sign_in", "u1", session.sid, "qlvb", "192.0.2.1")
    assert json.loads(record.detail) == {"acr": 2, "amr": "pwd otp mfa"}


def test_signing_in_again_gives_a_new_cookie_and_keeps_the_sid(sessions: Sessions, clock: FakeClock) -> None:
    first, session = sessions.open("u1", **PASSWORD)
    clock.advance(50)
    second, again = sessions.open("u1", cookie=first, **PASSWORD)
    assert second != first
    assert again.sid == session.sid
    assert again.auth_time == clock.now()
    assert again.created_at == session.created_at
    assert sessions.find(first) is None
    assert sessions.find(second) == again


def test_signing_in_again_with_less_lowers_the_level(sessions: Sessions) -> None:
    cookie, _ = sessions.open("u1", acr=2, amr=("pwd", "otp", "mfa"), caller=CALLER)
    _, again = sessions.open("u1", cookie=cookie, **PASSWORD)
    assert (again.acr, again.amr) == (1, ("pwd",))


def test_another_officer_ends_the_old_session(sessions: Sessions, database: Database) -> None:
    first, old = sessions.open("u1", **PASSWORD)
    takes_part(database, old, "qlvb")
    second, new = sessions.open("u2", cookie=first, **PASSWORD)
    assert new.sid != old.sid
    assert sessions.find(first) is None
    assert sessions.find(second) == new
    assert [(row.kind, row.receiver, json.loads(row.payload), row.state) for row in rows(database, OutboxRow)] == [
        ("backchannel_logout", "qlvb", {"sub": "u1", "sid": old.sid}, "waiting")]
    assert {row.sid: row.end_reason for row in rows(database, SessionRow)} == {old.sid: "other_officer", new.sid: ""}


def test_a_step_up_keeps_sid_and_auth_time_and_changes_the_cookie(sessions: Sessions, clock: FakeClock) -> None:
    cookie, session = sessions.open("u1", **PASSWORD)
    clock.advance(120)
    raised = sessions.step_up(session, acr=2, amr=("pwd", "otp", "mfa"), caller=CALLER, cookie=cookie)
    assert raised is not None
    value, higher = raised
    assert (higher.sid, higher.acr) == (session.sid, 2)
    assert (higher.auth_time, higher.expires_at) == (session.auth_time, session.expires_at)
    assert sessions.find(cookie) is None
    assert sessions.find(value) == higher
    assert sessions.step_up(session, acr=2, amr=("pwd",), caller=CALLER, cookie=cookie) is None


def test_of_many_renewals_with_one_cookie_one_wins_and_every_officer_is_signed_in(sessions: Sessions) -> None:
    cookie, session = sessions.open("u1", **PASSWORD)
    barrier = threading.Barrier(10)

    def sign_in(_: int) -> tuple[str, Session]:
        barrier.wait()
        return sessions.open("u1", cookie=cookie, **PASSWORD)

    with ThreadPoolExecutor(10) as pool:
        results = list(pool.map(sign_in, range(10)))
    assert sum(found.sid == session.sid for _, found in results) == 1
    assert all(sessions.find(value) for value, _ in results)


def test_the_idle_limit_ends_a_session_and_being_seen_moves_it(sessions: Sessions, clock: FakeClock) -> None:
    cookie, _ = sessions.open("u1", **PASSWORD)
    clock.advance(3599)
    found = sessions.find(cookie)
    assert found is not None
    sessions.touch(found)
    clock.advance(3599)
    assert sessions.find(cookie) is not None
    clock.advance(1)
    assert sessions.find(cookie) is None


def test_the_absolute_limit_ends_a_session_in_use(sessions: Sessions, clock: FakeClock) -> None:
    cookie, _ = sessions.open("u1", **PASSWORD)
    for _ in range(47):
        clock.advance(1800)
        found = sessions.find(cookie)
        assert found is not None
        sessions.touch(found)
    clock.advance(1800)
    assert sessions.find(cookie) is None


def test_last_seen_is_written_at_most_once_a_minute(sessions: Sessions, database: Database, clock: FakeClock) -> None:
    _, session = sessions.open("u1", **PASSWORD)
    clock.advance(59)
    sessions.touch(session)
    assert rows(database, SessionRow)[0].last_seen_at == session.last_seen_at
    clock.advance(1)
    sessions.touch(session)
    assert rows(database, SessionRow)[0].last_seen_at == clock.now()


def test_ending_revokes_queues_and_records_in_one_write_and_only_once(sessions: Sessions, database: Database,
                                                                     clock: FakeClock) -> None:
    cookie, session = sessions.open("u1", **PASSWORD)
    takes_part(database, session, "qlvb", at=1)
    takes_part(database, session, "cong", at=2)
    takes_part(database, session, "mail", offline=True, at=3)
    assert sessions.end(session.sid, "logout", CALLER) == ["qlvb", "cong", "mail"]
    assert sessions.end(session.sid, "logout", CALLER) == []
    assert sessions.find(cookie) is None
    assert {row.client_id: row.revoked_at for row in rows(database, GrantRow)} == {
        "qlvb": clock.now(), "cong": clock.now(), "mail": None}
    assert sorted(row.receiver for row in rows(database, OutboxRow)) == ["cong", "mail", "qlvb"]
    ended = [row for row in rows(database, AuditRow) if row.event == "session.ended"]
    assert [(row.sub, row.sid, json.loads(row.detail)) for row in ended] == [("u1", session.sid, {"reason": "logout"})]


def test_of_many_who_end_a_session_one_queues_the_notices(sessions: Sessions, database: Database) -> None:
    _, session = sessions.open("u1", **PASSWORD)
    takes_part(database, session, "qlvb")
    barrier = threading.Barrier(10)

    def end(_: int) -> list[str]:
        barrier.wait()
        return sessions.end(session.sid, "logout", CALLER)

    with ThreadPoolExecutor(10) as pool:
        results = list(pool.map(end, range(10)))
    assert sorted(results)[-1] == ["qlvb"]
    assert len(rows(database, OutboxRow)) == 1


def test_ending_all_spares_one_session_and_offline_access(sessions: Sessions, database: Database) -> None:
    first, one = sessions.open("u1", **PASSWORD)
    second, two = sessions.open("u1", **PASSWORD)
    other, _ = sessions.open("u2", **PASSWORD)
    takes_part(database, one, "mail", offline=True)
    assert sessions.end_all("u1", "password_changed", CALLER, keep_sid=two.sid) == ["mail"]
    assert sessions.find(first) is None
    assert sessions.find(second) is not None
    assert rows(database, GrantRow)[0].revoked_at is None
    sessions.end_all("u1", "password_changed", CALLER)
    assert sessions.find(second) is None
    assert sessions.find(other) is not None


def test_overdue_sessions_are_ended_and_their_applications_told(sessions: Sessions, database: Database, clock: FakeClock) -> None:
    _, idle = sessions.open("u1", **PASSWORD)
    takes_part(database, idle, "qlvb")
    clock.advance(3000)
    fresh, _ = sessions.open("u2", **PASSWORD)
    clock.advance(600)
    assert sessions.end_overdue(CALLER) == 1
    assert sessions.end_overdue(CALLER) == 0
    assert sessions.find(fresh) is not None
    assert [row.receiver for row in rows(database, OutboxRow)] == ["qlvb"]


def test_nobody_who_is_not_active_gets_a_session(sessions: Sessions, database: Database, clock: FakeClock) -> None:
    officers = SqlOfficers(database)
    sub = officers.remember(make_officer("nghiviec"), now=clock.now())
    officers.remember(make_officer("nghiviec", disabled=True), now=clock.now())
    before = rows(database, AuditRow)
    for nobody in (sub, "unknown"):
        with pytest.raises(NotActiveError):
            sessions.open(nobody, **PASSWORD)
    assert rows(database, SessionRow) == []
    assert rows(database, AuditRow) == before


def test_of_many_workers_and_an_operator_one_ends_a_session_and_its_applications_are_told_once(
        sessions: Sessions, database: Database, clock: FakeClock) -> None:
    for number in range(4):
        _, session = sessions.open("u1", **PASSWORD)
        takes_part(database, session, "qlvb", at=number)
        takes_part(database, session, "cong", at=number)
    clock.advance(86_400)
    barrier = threading.Barrier(9)
    deprovisioning = Deprovisioning(SqlAccess(database), SqlOfficers(database), clock)
    acts = (sessions.end_overdue, lambda caller: sessions.end_all("u1", "administrator", caller),
            lambda caller: deprovisioning.end_access("u1", "administrator", caller))

    def act(number: int) -> None:
        barrier.wait()
        acts[number % 3](CALLER)

    with ThreadPoolExecutor(9) as pool:
        list(pool.map(act, range(9)))
    told = [(row.receiver, json.loads(row.payload)["sid"]) for row in rows(database, OutboxRow)]
    assert len(told) == len(set(told)) == 8
    assert [row.event for row in rows(database, AuditRow)].count("session.ended") == 4


def test_last_use_of_applications_is_told_over_all_sessions(sessions: Sessions, database: Database) -> None:
    _, one = sessions.open("u1", **PASSWORD)
    _, two = sessions.open("u1", **PASSWORD)
    takes_part(database, one, "qlvb", at=10)
    takes_part(database, two, "qlvb", at=30)
    takes_part(database, two, "cong", at=20)
    assert sessions.last_used("u1") == {"qlvb": 30, "cong": 20}
    assert sessions.last_used("u2") == {}
