"""Known devices on both databases: first sign-ins are told once, known ones are not, impossible sequences are flagged."""

from __future__ import annotations

import json
import re
import threading
from dataclasses import replace

import pytest
from sqlalchemy import select

from idp.adapters.sql.authn.devices import SqlDevices
from idp.adapters.sql.database import Database
from idp.adapters.sql.directory.officers import SqlOfficers
from idp.adapters.sql.notices import SqlNotices
from idp.adapters.sql.sessions import SqlSessions
from idp.adapters.sql.tables import OutboxRow
from idp.audit import Caller
from idp.authn.networks import read_networks
from idp.notices import NoticeKind
from idp.sessions.devices import MAILED_A_DAY, Device, Devices
from idp.sessions.single_sign_on import Session, SessionLimits, Sessions
from tests.audit_desk import events_of
from tests.fakes.clock import FakeClock
from tests.fakes.directory import make_officer

WINDOWS = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36"
OFFICE = Caller("10.1.0.7", "r1", WINDOWS)


class Desk:
    def __init__(self, database: Database) -> None:
        self.clock, self.database = FakeClock(), database
        self.mirror, self.notices = SqlOfficers(database), SqlNotices(database)
        self.sessions = Sessions(SqlSessions(database), self.clock, SessionLimits(3600, 86400))
        self.devices = Devices(SqlDevices(database), read_networks((
            "so-noi-vu=10.1.0.0/16", "so-y-te=10.2.0.0/16", "tinh=10.0.0.0/8")), self.clock)
        self.subs = {uid: self.mirror.remember(replace(make_officer(uid), mail=f"{uid}.thu@haugiang.gov.vn"), now=1)
                     for uid in ("canbo", "vanthu")}

    def sign_in(self, cookie: str | None = None, uid: str = "canbo", caller: Caller = OFFICE) -> tuple[str, Session]:
        _, session = self.sessions.open(self.subs[uid], acr=1, amr=("pwd",), caller=caller)
        return self.devices.signed_in(session, cookie, caller), session

    def told(self, uid: str = "canbo") -> list[NoticeKind]:
        return [told.kind for told in self.notices.of(self.subs[uid], limit=99)]


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def test_security_34_a_device_is_told_of_once_for_each_officer(desk: Desk) -> None:
    cookie, session = desk.sign_in()
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", cookie)
    told, = desk.notices.of(desk.subs["canbo"], limit=9)
    words = {"browser": "Chrome", "system": "Windows"}
    assert (told.kind, told.source, told.detail) == (NoticeKind.NEW_DEVICE, "10.1.0.7", words)
    assert events_of(desk.database, "device.new") == [(desk.subs["canbo"], session.sid, words)]
    assert desk.sign_in(cookie)[0] == cookie
    assert len(desk.told()) == 1
    assert desk.sign_in(cookie, "vanthu")[0] == cookie
    assert (desk.told(), desk.told("vanthu")) == ([NoticeKind.NEW_DEVICE], [NoticeKind.NEW_DEVICE])
    assert desk.sign_in()[0] != cookie
    assert len(desk.told()) == 2


def mails(desk: Desk) -> list[str]:
    with desk.database.durable.connect() as connection:
        rows = connection.execute(select(OutboxRow.payload).where(OutboxRow.kind == "mail").order_by(OutboxRow.id))
        return [json.loads(row.payload)["kind"] for row in rows]


def test_security_34_whoever_has_a_password_cannot_fill_the_mailbox(desk: Desk) -> None:
    for _ in range(MAILED_A_DAY + 3):
        desk.sign_in()
    desk.sign_in(uid="vanthu")
    assert len(desk.told()) == MAILED_A_DAY + 3
    assert mails(desk) == ["device.new"] * (MAILED_A_DAY + 1)
    desk.clock.advance(86401)
    desk.sign_in()
    assert len(mails(desk)) == MAILED_A_DAY + 2


def test_security_34_nor_with_flags_of_places_that_cannot_be(desk: Desk) -> None:
    for number in range(2 * MAILED_A_DAY + 4):
        desk.sign_in(caller=Caller(f"10.{1 + number % 2}.0.7", "r1", WINDOWS))
    assert desk.told().count(NoticeKind.UNUSUAL_SEQUENCE) > MAILED_A_DAY
    assert sorted(mails(desk)) == ["device.new"] * MAILED_A_DAY + ["sign_in.unusual"] * MAILED_A_DAY


@pytest.mark.parametrize("cookie", ["", "x" * 43, "short", "é" * 43, "a" * 44, "'; DROP TABLE device; --"])
def test_security_20_a_cookie_that_nobody_knows_is_replaced(desk: Desk, cookie: str) -> None:
    """Nobody can put a device of his own choice into somebody else's browser and have it become known."""
    assert desk.sign_in(cookie)[0] != cookie
    assert desk.devices.known(cookie) == Device()


def test_a_known_device_is_known_for_its_officers_under_every_name_they_are_counted_by(desk: Desk) -> None:
    cookie, _ = desk.sign_in()
    device = desk.devices.known(cookie)
    marks = {device.mark(name) for name in ("canbo", "canbo.thu", "canbo.thu@haugiang.gov.vn", make_officer("canbo").entry_uuid)}
    assert len(marks) == 1
    assert marks != {""}
    assert cookie not in marks
    assert [device.mark(name) for name in ("vanthu", "vanthu.thu", "", "haugiang.gov.vn")] == [""] * 4


def test_security_15_of_parallel_first_sign_ins_on_a_device_one_is_told(desk: Desk) -> None:
    cookie, _ = desk.sign_in(uid="vanthu")
    sessions = [desk.sessions.open(desk.subs["canbo"], acr=1, amr=("pwd",), caller=OFFICE)[1] for _ in range(20)]
    threads = [threading.Thread(target=desk.devices.signed_in, args=(session, cookie, OFFICE)) for session in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert desk.told() == [NoticeKind.NEW_DEVICE]
    assert len(events_of(desk.database, "device.new")) == 2


def test_two_unrelated_networks_within_minutes_are_flagged_and_told(desk: Desk) -> None:
    cookie, _ = desk.sign_in()
    desk.clock.advance(9 * 60)
    _, session = desk.sign_in(cookie, caller=Caller("10.2.0.9", "r2", WINDOWS))
    assert desk.told() == [NoticeKind.UNUSUAL_SEQUENCE, NoticeKind.NEW_DEVICE]
    assert events_of(desk.database, "sign_in.unusual") == [(desk.subs["canbo"], session.sid, {
        "network": "so-y-te", "other_network": "so-noi-vu", "other_source": "10.1.0.7"})]


@pytest.mark.parametrize(("seconds", "source"), [(60, "10.1.9.9"), (60, "10.7.0.1"), (60, "203.0.113.5"), (601, "10.2.0.9")])
def test_the_same_network_one_within_another_outside_and_later_are_not_flagged(desk: Desk, seconds: int, source: str) -> None:
    cookie, _ = desk.sign_in()
    desk.clock.advance(seconds)
    desk.sign_in(cookie, caller=Caller(source, "r2", WINDOWS))
    assert desk.told() == [NoticeKind.NEW_DEVICE]


def test_history_is_ones_own_and_leaves_step_ups_out(desk: Desk) -> None:
    value, session = desk.sessions.open(desk.subs["canbo"], acr=1, amr=("pwd",), caller=OFFICE)
    desk.clock.advance(5)
    desk.sessions.step_up(session, acr=2, amr=("pwd", "otp"), caller=OFFICE, cookie=value)
    desk.clock.advance(5)
    desk.sessions.open(desk.subs["canbo"], acr=2, amr=("pwd", "otp"), caller=Caller("203.0.113.9", "r"))
    desk.sessions.open(desk.subs["vanthu"], acr=1, amr=("pwd",), caller=OFFICE)
    assert [(past.source, past.acr) for past in desk.devices.history(desk.subs["canbo"])] == [("203.0.113.9", 2), ("10.1.0.7", 1)]
    places = desk.devices.places(desk.subs["canbo"])
    assert [(place.source, place.user_agent) for place in places] == [("203.0.113.9", ""), ("10.1.0.7", WINDOWS)]
