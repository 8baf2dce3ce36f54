"""Contract of the store of one-time passwords: the fake in memory, SQLite and PostgreSQL keep the same promises."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from idp.adapters.sql.authn.one_time_password import SqlOneTimePasswords
from idp.adapters.sql.database import Database
from idp.adapters.sql.tables import AuditRow, OneTimePasswordRow
from idp.audit import AuditEvent, AuditRecord
from idp.authn.one_time_password import OneTimePasswordStore, digest_of
from tests.fakes.one_time_passwords import FakeOneTimePasswords

RECORD = AuditRecord(AuditEvent.PASSWORD_RESET, 1_700_000_000, sub="s")


class OneTimePasswordContract:
    def test_one_is_known_until_the_officer_has_a_password_of_their_own(self, store: OneTimePasswordStore) -> None:
        first, second, other = digest_of("a", "x"), digest_of("a", "y"), digest_of("b", "x")
        store.keep(first, "a", 100, RECORD)
        store.keep(second, "a", 200, RECORD)
        store.keep(other, "b", 300, RECORD)
        assert [store.expiry_of(one) for one in (first, second, other, digest_of("b", "y"))] == [100, 200, 300, None]
        store.forget("a")
        assert [store.expiry_of(one) for one in (first, second, other)] == [None, None, 300]
        store.forget("nobody")
        assert store.expiry_of(other) == 300


class TestFakeOneTimePasswords(OneTimePasswordContract):
    @pytest.fixture
    def store(self) -> OneTimePasswordStore:
        return FakeOneTimePasswords()


class TestSqlOneTimePasswords(OneTimePasswordContract):
    @pytest.fixture
    def store(self, database: Database) -> OneTimePasswordStore:
        return SqlOneTimePasswords(database)

    def test_security_61_the_record_is_written_with_it_and_no_password_is(
        self, database: Database, store: OneTimePasswordStore,
    ) -> None:
        store.keep(digest_of("a", "Hm4k-p2qx"), "a", 100, RECORD)
        assert [row.event for row in database.read(select(AuditRow.event)).all()] == ["password.reset"]
        rows = database.read(select(OneTimePasswordRow.__table__)).all()
        assert "Hm4k" not in repr([tuple(row) for row in rows])
