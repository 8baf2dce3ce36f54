"""Initial access tokens and registrations on both databases, and in the fakes."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from idp.adapters.sql.clients import SqlClientStore
from idp.adapters.sql.database import Database
from idp.adapters.sql.registrations import SqlInitialAccess, SqlRegistrations
from idp.adapters.sql.tables import AuditRow
from idp.oauth.ports import digest

from ...contracts.registrations import CLIENT, RECORD, InitialAccessContract, RegistrationContract
from ...fakes.client_store import FakeClientStore
from ...fakes.registrations import FakeInitialAccess, FakeRegistrations, initial_access_token


class TestSqlRegistrations(InitialAccessContract, RegistrationContract):
    @pytest.fixture
    def records(self, database: Database) -> SqlClientStore:
        return SqlClientStore(database)

    @pytest.fixture
    def registrations(self, database: Database) -> SqlRegistrations:
        return SqlRegistrations(database)

    @pytest.fixture
    def tokens(self, database: Database) -> SqlInitialAccess:
        store = SqlInitialAccess(database)
        database.prepare()
        return store


class TestFakeRegistrations(InitialAccessContract, RegistrationContract):
    @pytest.fixture
    def tokens(self) -> FakeInitialAccess:
        return FakeInitialAccess()

    @pytest.fixture
    def records(self) -> FakeClientStore:
        return FakeClientStore()

    @pytest.fixture
    def registrations(self, records: FakeClientStore, tokens: FakeInitialAccess) -> FakeRegistrations:
        return FakeRegistrations(records, tokens)


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


def test_only_the_digest_of_a_registration_access_token_is_stored(database: Database) -> None:
    SqlInitialAccess(database).add(initial_access_token(), digest("value"), RECORD)
    SqlRegistrations(database).enter(CLIENT, initial_access_token(), registration_digest=digest("very-secret"), now=7,
                                     record=RECORD)
    with database.durable.connect() as connection:
        row = connection.execute(text("SELECT * FROM client")).one()
    assert bytes(row.registration_digest) == digest("very-secret")
    assert "very-secret" not in str(tuple(row))
