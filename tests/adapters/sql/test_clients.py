"""Registered applications on both databases."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, text

from idp.adapters.key_files import KeyFolder
from idp.adapters.sql.clients import SqlClientStore
from idp.adapters.sql.database import Database
from idp.adapters.sql.tables import AuditRow
from idp.errors import UnavailableError
from idp.oauth.client import secret_digest
from idp.oauth.clients.client_secret import ClientSecrets
from idp.oauth.clients.registrar import ClientRecords

from ...contracts.client_records import CALLER, CLIENT, ClientRecordsContract


class TestSqlClientStore(ClientRecordsContract):
    @pytest.fixture
    def new_store(self, database_url: str) -> Iterator[Callable[[], ClientRecords]]:
        databases: list[Database] = []

        def open_store() -> ClientRecords:
            database = Database(database_url)
            databases.append(database)
            store = SqlClientStore(database)
            database.prepare()
            return store

        yield open_store
        for database in databases:
            database.dispose()


def test_every_change_leaves_one_audit_record_and_no_secret(database: Database) -> None:
    store = SqlClientStore(database)
    store.create(CLIENT, now=1, caller=CALLER)
    store.change(CLIENT, now=2, caller=CALLER)
    store.set_secret("qlvb", secret_digest("very-secret"), first=False, now=3, caller=CALLER)
    store.set_disabled("qlvb", True, now=4, caller=CALLER)
    store.set_disabled("qlvb", True, now=5, caller=CALLER)
    store.set_disabled("qlvb", False, now=6, caller=CALLER)
    rows = database.read(select(AuditRow.event, AuditRow.at, AuditRow.client_id, AuditRow.source, AuditRow.request_id,
                                AuditRow.detail).order_by(AuditRow.id)).all()
    assert [(row.event, row.at) for row in rows] == [
        ("client.created", 1), ("client.changed", 2), ("client.secret_rotated", 3), ("client.disabled", 4), ("client.changed", 6)]
    assert {(row.client_id, row.source, row.request_id) for row in rows} == {("qlvb", "cli", "r-1")}
    assert json.loads(rows[4].detail) == {"what": "enabled"}


def test_only_the_digest_of_a_secret_is_stored(database: Database) -> None:
    store = SqlClientStore(database)
    store.create(CLIENT, now=1, caller=CALLER)
    store.set_secret("qlvb", secret_digest("very-secret"), first=False, now=3, caller=CALLER)
    with database.durable.connect() as connection:
        row = connection.execute(text("SELECT * FROM client")).one()
    assert bytes(row.secret_digest) == secret_digest("very-secret")
    assert "very-secret" not in str(tuple(row))


def test_only_a_client_that_signs_with_its_secret_has_a_sealed_copy_and_it_opens_nowhere_else(
        database: Database, tmp_path: Path) -> None:
    keys = KeyFolder(tmp_path / "keys")
    keys.make()
    secrets = ClientSecrets(keys.sealer())
    store = SqlClientStore(database)
    signing = replace(CLIENT, token_endpoint_auth_method="client_secret_jwt")
    store.create(secrets.give(signing, "very-secret" * 4), now=1, caller=CALLER)
    store.create(secrets.give(replace(CLIENT, client_id="other"), "very-secret" * 4), now=1, caller=CALLER)
    with database.durable.connect() as connection:
        rows = connection.execute(text("SELECT * FROM client ORDER BY client_id")).all()
    assert "very-secret" not in str([tuple(row) for row in rows])
    assert b"very-secret" not in bytes(rows[1].sealed_secret)
    assert rows[0].sealed_secret is None
    other, known = store.all()
    assert secrets.key(known).raw_value == b"very-secret" * 4  # type: ignore[union-attr]
    with pytest.raises(UnavailableError):
        secrets.key(replace(signing, client_id="other", sealed_secret=known.sealed_secret))
    assert secrets.key(other) is None


def test_a_row_of_a_later_version_is_read_past_what_is_unknown(database: Database) -> None:
    store = SqlClientStore(database)
    store.create(CLIENT, now=7, caller=CALLER)
    with database.durable.connect() as connection:
        stored = json.loads(connection.execute(text("SELECT metadata FROM client")).scalar_one())
        stored["from_the_future"] = 1
        stored["province"]["from_the_future"] = 1
        connection.execute(text("UPDATE client SET metadata = :metadata"), {"metadata": json.dumps(stored)})
        if database.is_sqlite:
            connection.commit()
    assert list(store.all()) == [CLIENT]


def test_only_what_changed_is_read_anew(database: Database) -> None:
    store, other = SqlClientStore(database), SqlClientStore(database)
    for client_id in ("app", "bus", "qlvb"):
        store.create(replace(CLIENT, client_id=client_id), now=1, caller=CALLER)
    before = {client.client_id: client for client in store.all()}
    assert all(client is before[client.client_id] for client in store.all())
    other.change(replace(CLIENT, client_id="app", client_name="Tên mới"), now=2, caller=CALLER)
    other.set_secret("bus", secret_digest("s" * 32), first=False, now=2, caller=CALLER)
    after = {client.client_id: client for client in store.all()}
    assert after["qlvb"] is before["qlvb"]
    assert (after["app"].client_name, after["bus"].secret_digest) == ("Tên mới", secret_digest("s" * 32))
    other.set_disabled("qlvb", True, now=3, caller=CALLER)
    assert [client.client_id for client in store.all() if client.disabled] == ["qlvb"]
    other.set_disabled("qlvb", False, now=4, caller=CALLER)
    assert store.all() == other.all()
    with database.durable.begin() as connection:
        connection.execute(text("DELETE FROM client WHERE client_id = 'bus'"))
    assert [client.client_id for client in store.all()] == ["app", "qlvb"]
