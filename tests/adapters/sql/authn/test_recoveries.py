"""Requests for new passwords on both databases: one browser, one end, and the latest counts."""

from __future__ import annotations

import threading

import pytest

from idp.adapters.sql.authn.recoveries import SqlRecoveries
from idp.adapters.sql.database import Database
from idp.adapters.sql.notices import SqlNotices
from idp.audit import AuditEvent, AuditRecord
from idp.authn.sign_in.forgotten import Recovery
from idp.notices import Notice, NoticeKind

NOW = 1_700_000_000
MINE, THEIRS = b"m" * 32, b"t" * 32


@pytest.fixture
def store(database: Database) -> SqlRecoveries:
    return SqlRecoveries(database)


def begin(store: SqlRecoveries, number: str = "a", officer: str = "officer-1") -> str:
    recovery_id = number * 22
    store.begin(Recovery(recovery_id, officer, NOW, NOW + 1800),
                Notice(NoticeKind.PASSWORD_FORGOTTEN, "sub-1", NOW, "192.0.2.7", {"recovery": recovery_id}),
                AuditRecord(AuditEvent.PASSWORD_FORGOTTEN, NOW, sub="sub-1"))
    return recovery_id


def test_kept_with_its_notice_and_found_again(store: SqlRecoveries, database: Database) -> None:
    number = begin(store)
    assert store.find(number) == Recovery(number, "officer-1", NOW, NOW + 1800)
    assert store.find("b" * 22) is None
    [told] = SqlNotices(database).of("sub-1", limit=5)
    assert told.detail == {"recovery": number}


def test_the_latest_of_an_officer_counts_and_of_others_nothing_changes(store: SqlRecoveries) -> None:
    first, other, second = begin(store), begin(store, "o", "officer-2"), begin(store, "b")
    assert not store.take_up(first, MINE, NOW)
    assert store.take_up(second, MINE, NOW)
    assert store.take_up(other, MINE, NOW)


def test_of_several_browsers_one_has_it(store: SqlRecoveries) -> None:
    number, outcomes = begin(store), []

    def take_up(browser: bytes) -> None:
        outcomes.append(store.take_up(number, browser, NOW))

    threads = [threading.Thread(target=take_up, args=(bytes([n]) * 32,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count(True) == 1
    found = store.find(number)
    assert found is not None
    assert found.browser_digest is not None
    assert store.take_up(number, found.browser_digest, NOW)


def test_steps_in_their_order_in_the_browser_that_has_it(store: SqlRecoveries) -> None:
    number = begin(store)
    assert not store.prove(number, MINE, NOW)
    assert store.take_up(number, MINE, NOW)
    assert not store.prove(number, THEIRS, NOW)
    assert not store.finish(number, MINE, NOW)
    assert store.prove(number, MINE, NOW)
    assert not store.finish(number, THEIRS, NOW)
    assert [store.finish(number, MINE, NOW) for _ in range(2)] == [True, False]
    assert not store.prove(number, MINE, NOW)


def test_over_by_time(store: SqlRecoveries) -> None:
    number = begin(store)
    assert not store.take_up(number, MINE, NOW + 1800)
    assert store.take_up(number, MINE, NOW + 1799)
    assert not store.prove(number, MINE, NOW + 1800)
