"""Notices on both databases: with the act or not at all, own ones only, each marked once; and mail in the outbox."""

from __future__ import annotations

import dataclasses
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum

import psycopg
import pytest
from sqlalchemy import literal_column, select, update
from sqlalchemy.exc import DBAPIError

from idp.adapters.sql.audit import audit_insert, audit_values
from idp.adapters.sql.database import Database, insert_row, parameter
from idp.adapters.sql.notices import SqlNotices, notice_inserts, notice_values
from idp.adapters.sql.outbox import SqlMail
from idp.adapters.sql.tables import AuditRow, NoticeRow, OutboxRow, VersionRow
from idp.audit import AuditEvent, AuditRecord
from idp.notices import Notice, NoticeKind
from idp.notices.mail import RECEIVER

NOW = 1_700_000_000
ADDED = Notice(NoticeKind.FACTOR_ADDED, "sub-1", NOW, "192.0.2.7", {"factor": "passkey", "name": "Máy bàn"})
RECORD = AuditRecord(AuditEvent.FACTOR_ENROLLED, NOW, sub="sub-1")


class Desk:
    def __init__(self, database: Database) -> None:
        self.store, self.mail = SqlNotices(database), SqlMail(database)
        self._counts = [database.read(select(row.__table__.c.id)) for row in (NoticeRow, OutboxRow, AuditRow)]
        version = VersionRow.__table__
        self.act = database.write(
            *notice_inserts(), audit_insert(), guard=update(version).where(
                version.c.name == parameter(version.c.name), version.c.value == literal_column("0"))
            .values(value=literal_column("1")).returning(version.c.name))
        database.write(insert_row(VersionRow)).run(name="act", value=0)

    def counts(self) -> list[int]:
        return [len(read.all()) for read in self._counts]


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def test_security_34_notice_mail_and_record_stand_or_fall_with_the_act(desk: Desk) -> None:
    assert desk.act.run(name="other", **notice_values(ADDED), **audit_values(RECORD)) is None
    assert desk.counts() == [0, 0, 0]
    winners: list[object] = []

    def try_it() -> None:
        if desk.act.run(name="act", **notice_values(ADDED), **audit_values(RECORD)) is not None:
            winners.append(1)

    threads = [threading.Thread(target=try_it) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(winners), desk.counts()) == (1, [1, 1, 1])


@pytest.mark.parametrize("nobody", [None, Notice(NoticeKind.PASSWORD_CHANGED, "", NOW)])
def test_an_act_that_nobody_is_told_of_happens_all_the_same(desk: Desk, nobody: Notice | None) -> None:
    assert desk.act.run(name="act", **notice_values(nobody), **audit_values(RECORD)) is not None
    assert desk.counts() == [0, 0, 1]


def test_notices_are_own_newest_first_and_marked_up_to_what_was_seen(desk: Desk) -> None:
    for number, sub in enumerate(("sub-1", "sub-2", "sub-1")):
        desk.store.tell(Notice(NoticeKind.PASSWORD_CHANGED, sub, NOW + number), None)
    newest, oldest = desk.store.of("sub-1", limit=10)
    assert (newest.at, oldest.at) == (NOW + 2, NOW)
    assert [told.at for told in desk.store.of("sub-1", limit=1)] == [NOW + 2]
    assert desk.store.mark_read("sub-1", up_to=oldest.id, now=NOW + 9) == 1
    assert desk.store.mark_read("sub-1", up_to=oldest.id, now=NOW + 10) == 0
    assert (desk.store.unread("sub-1"), desk.store.unread("sub-2")) == (1, 1)
    assert [told.read_at for told in desk.store.of("sub-1", limit=10)] == [None, NOW + 9]
    assert desk.store.mark_read("sub-2", up_to=newest.id + 9, now=NOW) == 1
    assert desk.store.unread("sub-1") == 1


def test_what_was_told_comes_back_and_its_mail_says_the_same(desk: Desk) -> None:
    desk.store.tell(ADDED, RECORD)
    told, = desk.store.of("sub-1", limit=10)
    assert (told.kind, told.at, told.source, told.detail, told.read_at) == (
        ADDED.kind, NOW, "192.0.2.7", {"factor": "passkey", "name": "Máy bàn"}, None)
    assert desk.counts() == [1, 1, 1]
    mail, = desk.mail.claim(now=NOW, lease_until=NOW + 60, retried=False, per_receiver=16, limit=100)
    assert (mail.told.kind, mail.told.sub, mail.told.at, mail.told.source, mail.told.detail, mail.address, mail.receiver) == (
        ADDED.kind, "sub-1", NOW, "192.0.2.7", told.detail, "", RECEIVER)
    assert (mail.attempts, mail.created_at, mail.lease_until) == (0, NOW, NOW + 60)


def test_mail_goes_by_the_same_leases_as_logout_notices(desk: Desk) -> None:
    for number in range(3):
        desk.store.tell(Notice(NoticeKind.MAIL_CHANGED, f"sub-{number}", NOW, address="old@haugiang.gov.vn"), None)
    first, = desk.mail.claim(now=NOW, lease_until=NOW + 60, retried=False, per_receiver=1, limit=9)
    assert first.address == "old@haugiang.gov.vn"
    assert desk.mail.claim(now=NOW, lease_until=NOW + 60, retried=False, per_receiver=1, limit=9) == []
    desk.mail.dead(first, now=NOW, error="SMTP 550", record=AuditRecord(AuditEvent.NOTICE_MAIL_DEAD, NOW))
    second, third = desk.mail.claim(now=NOW, lease_until=NOW + 60, retried=False, per_receiver=9, limit=9)
    desk.mail.failed(second, next_attempt_at=NOW + 2, error="No connection.")
    desk.mail.drop(third)
    state = desk.mail.state()
    assert (state.waiting, state.dead) == (1, 1)
    assert desk.mail.revive(RECEIVER, now=NOW + 5) == 1
    assert desk.counts() == [3, 2, 1]


def test_a_notice_of_a_later_release_does_not_stop_the_others(desk: Desk, database: Database) -> None:
    class Later(StrEnum):
        CERTIFICATE_EXPIRES = "certificate.expires"

    desk.store.tell(Notice(Later.CERTIFICATE_EXPIRES, "sub-1", NOW), None)  # type: ignore[arg-type]
    desk.store.tell(ADDED, None)
    assert [told.kind for told in desk.store.of("sub-1", limit=10)] == [NoticeKind.FACTOR_ADDED]
    claimed = desk.mail.claim(now=NOW, lease_until=NOW + 60, retried=False, per_receiver=9, limit=9)
    assert [mail.told.kind for mail in claimed] == [NoticeKind.FACTOR_ADDED]


def test_what_is_told_now_and_then_is_told_once_and_a_failure_keeps_nobody_from_the_next(
        database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    store, audit = SqlNotices(database), AuditRow.__table__
    wanted = Notice(NoticeKind.FACTOR_WANTED, "sub-1", NOW, "192.0.2.1")
    with monkeypatch.context() as broken:
        broken.setattr("idp.adapters.sql.notices.audit_values", lambda record: dict.fromkeys(audit_values(record)))
        with pytest.raises((DBAPIError, psycopg.Error, sqlite3.Error)):
            store.tell_unless(wanted, RECORD, within=60)
    with ThreadPoolExecutor(6) as pool:
        told = list(pool.map(lambda _: store.tell_unless(wanted, RECORD, within=60), range(6)))
    assert (sum(told), len(store.of("sub-1", limit=9))) == (1, 1)
    assert len(database.read(select(audit.c.id)).all()) == 1
    assert store.tell_unless(dataclasses.replace(wanted, at=NOW + 60), RECORD, within=60)
    assert store.tell_unless(dataclasses.replace(wanted, sub="sub-2"), RECORD, within=60)
