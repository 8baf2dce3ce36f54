"""Remembered devices on both databases: a token counts once, a copy ends both, and nothing outlives its session's end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from idp.adapters.sql.authn.remembered import SqlRememberedDevices
from idp.adapters.sql.database import Database
from idp.adapters.sql.directory.officers import SqlOfficers
from idp.adapters.sql.housekeeping import SqlHousekeeping
from idp.adapters.sql.notices import SqlNotices
from idp.adapters.sql.sessions import SqlSessions
from idp.audit import Caller
from idp.notices import ENDS_REMEMBERED, Notice, NoticeKind
from idp.sessions.remembered import DAY, Kept, RememberedDevices, name_of
from idp.sessions.single_sign_on import Session, SessionLimits, Sessions
from tests.audit_desk import events_of
from tests.fakes.clock import FakeClock
from tests.fakes.directory import make_officer

FROM = Caller("10.1.0.7", "r1", "Mozilla/5.0 (Windows NT 10.0) Chrome/142.0.0.0 Safari/537.36")
HERE, THERE = "d" * 43, "e" * 43


@dataclass
class Desk:
    database: Database
    clock: FakeClock = field(default_factory=FakeClock)

    def __post_init__(self) -> None:
        self.sub = SqlOfficers(self.database).remember(make_officer("canbo"), now=1)
        self.sessions = Sessions(SqlSessions(self.database), self.clock, SessionLimits(3600, 86400))
        self.devices = RememberedDevices(SqlRememberedDevices(self.database), self.clock, days=30)

    def session(self) -> Session:
        return self.sessions.open(self.sub, acr=2, amr=("pwd", "otp", "mfa"), caller=FROM)[1]

    def keep(self, device: str = HERE) -> Kept:
        kept = self.devices.keep(self.session(), device, FROM)
        assert kept is not None
        return kept


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def together(count: int, act: Callable[[], object]) -> list[object]:
    start, found = threading.Barrier(count), []

    def run() -> None:
        start.wait()
        found.append(act())

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_of_parallel_uses_of_one_token_exactly_one_counts(desk: Desk) -> None:
    kept = desk.keep()
    found = together(8, lambda: desk.devices.recall(desk.sub, HERE, kept.cookie, FROM))
    assert sum(one is not None for one in found) == 1
    assert desk.devices.of(desk.sub) == []
    assert [detail for _, _, detail in events_of(desk.database, "device.forgotten")] == [{"reason": "copy"}]


def test_a_token_counts_for_its_officer_and_its_browser_and_not_after_its_end(desk: Desk) -> None:
    kept = desk.keep()
    other = SqlOfficers(desk.database).remember(make_officer("vanthu"), now=1)
    assert desk.devices.recall(other, HERE, kept.cookie, FROM) is None
    assert desk.devices.recall(desk.sub, THERE, kept.cookie, FROM) is None
    assert desk.devices.recall(desk.sub, None, kept.cookie, FROM) is None
    assert desk.devices.recall(desk.sub, HERE, None, FROM) is None
    desk.clock.advance(30 * DAY - 1)
    renewed = desk.devices.recall(desk.sub, HERE, kept.cookie, FROM)
    assert renewed is not None
    assert renewed.cookie != kept.cookie
    assert renewed.expires_at == kept.expires_at
    desk.clock.advance(1)
    assert desk.devices.of(desk.sub) == []
    assert desk.devices.recall(desk.sub, HERE, renewed.cookie, FROM) is None


def test_one_browser_is_remembered_once_and_the_newest_counts(desk: Desk) -> None:
    first, second = desk.keep(), desk.keep()
    assert len(desk.devices.of(desk.sub)) == 1
    renewed = desk.devices.recall(desk.sub, HERE, second.cookie, FROM)
    assert renewed is not None
    assert desk.devices.recall(desk.sub, HERE, first.cookie, FROM) is None


def test_nothing_is_remembered_of_a_session_that_has_ended(desk: Desk) -> None:
    session = desk.session()
    desk.sessions.end(session.sid, "disabled", FROM)
    assert desk.devices.keep(session, HERE, FROM) is None
    assert desk.devices.of(desk.sub) == []
    assert SqlNotices(desk.database).of(desk.sub, limit=9) == []


@pytest.mark.parametrize("kind", NoticeKind)
def test_what_is_told_of_as_a_change_of_password_or_factors_ends_all_and_nothing_else_does(desk: Desk, kind: NoticeKind) -> None:
    desk.keep()
    desk.keep(THERE)
    SqlNotices(desk.database).tell(Notice(kind, "another", desk.clock.now()), None)
    assert len(desk.devices.of(desk.sub)) == 2
    SqlNotices(desk.database).tell(Notice(kind, desk.sub, desk.clock.now()), None)
    assert len(desk.devices.of(desk.sub)) == (0 if kind in ENDS_REMEMBERED else 2)


def test_forgetting_one_leaves_the_other_and_forgetting_all_none(desk: Desk) -> None:
    desk.keep()
    kept = desk.keep(THERE)
    one, _ = desk.devices.of(desk.sub)
    assert not desk.devices.forget("another", name_of(one), FROM)
    assert not desk.devices.forget(desk.sub, "", FROM)
    here = next(device for device in desk.devices.of(desk.sub) if name_of(device) != name_of(one))
    assert desk.devices.forget(desk.sub, name_of(here), FROM)
    assert len(desk.devices.of(desk.sub)) == 1
    assert desk.devices.forget_all(desk.sub, FROM) == 1
    assert desk.devices.recall(desk.sub, THERE, kept.cookie, FROM) is None


def test_what_is_over_is_swept(desk: Desk) -> None:
    desk.keep()
    assert "remembered_device" not in SqlHousekeeping(desk.database).sweep(desk.clock.now())
    assert SqlHousekeeping(desk.database).sweep(desk.clock.now() + 31 * DAY)["remembered_device"] == 1
