"""Initial access tokens and registrations on both databases, and in the fakes."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from idp.adapters.sql.database import Database
from idp.adapters.sql.registrations import SqlInitialAccess
from idp.adapters.sql.tables import AuditRow
from idp.oauth.ports import digest

from ...contracts.registrations import RECORD, InitialAccessContract
from ...fakes.registrations import FakeInitialAccess, initial_access_token


class TestSqlInitialAccess(InitialAccessContract):
    @pytest.fixture
    def tokens(self, database: Database) -> SqlInitialAccess:
        store = SqlInitialAccess(database)
        database.prepare()
        return store


class TestFakeInitialAccess(InitialAccessContract):
    @pytest.fixture
    def tokens(self) -> FakeInitialAccess:
        return FakeInitialAccess()


def test_only_the_digest_of_a_token_is_stored(database: Database) -> None:
    SqlInitialAccess(database).add(initial_access_token(), digest("very-secret"), RECORD)
    with database.durable.connect() as connection:
        row = connection.execute(text("SELECT * FROM initial_access")).one()
    assert bytes(row.digest) == digest("very-secret")
    assert "very-secret" not in str(tuple(row))


def test_each_act_leaves_one_record_and_what_did_not_happen_none(database: Database) -> None:
    store = SqlInitialAccess(database)
    store.add(initial_access_token(), digest("value"), RECORD)
    store.revoke("token-1", 8, RECORD)
    store.revoke("token-1", 9, RECORD)
    store.revoke("unknown", 9, RECORD)
    assert len(database.read(select(AuditRow.id)).all()) == 2
