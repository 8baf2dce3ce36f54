"""Signing keys on both databases."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, text

from idp.adapters.key_files import KeyFolder
from idp.adapters.sql.database import Database
from idp.adapters.sql.keys import SqlKeyStore
from idp.adapters.sql.tables import AuditRow
from idp.errors import ConfigurationError
from idp.jose.keyset import KeyRing, KeyStore

from ...contracts.key_store import CALLER, KeyStoreContract
from ...fakes.clock import FakeClock


class TestSqlKeyStore(KeyStoreContract):
    @pytest.fixture
    def new_store(self, database_url: str) -> Iterator[Callable[[], KeyStore]]:
        databases: list[Database] = []

        def open_store() -> KeyStore:
            database = Database(database_url, pool_size=2)
            databases.append(database)
            store = SqlKeyStore(database)
            database.prepare()
            return store

        yield open_store
        for database in databases:
            database.dispose()


@pytest.fixture
def keys(tmp_path: Path) -> KeyFolder:
    folder = KeyFolder(tmp_path / "keys")
    folder.make()
    return folder


def events(database: Database) -> list[tuple[str, dict[str, object]]]:
    rows = database.read(select(AuditRow.event, AuditRow.detail).order_by(AuditRow.id)).all()
    return [(row.event, json.loads(row.detail)) for row in rows]


def test_every_change_leaves_its_audit_records(database: Database, keys: KeyFolder) -> None:
    ring = KeyRing(SqlKeyStore(database), keys.sealer(), FakeClock())
    ring.ensure(CALLER)
    assert [name for name, _ in events(database)] == ["key.created"] * 8
    old, new = ring.signing("ES256").kid, next(k.kid for k in ring.stored() if k.alg == "ES256" and k.state == "next")
    ring.rotate(caller=CALLER)
    planned = dict(events(database)[8:])
    assert set(planned) == {"key.retired", "key.activated", "key.created"}
    assert (planned["key.retired"]["ES256"], planned["key.activated"]["ES256"]) == (old, new)
    ring.rotate(emergency=True, caller=CALLER)
    urgent = dict(events(database)[11:])
    assert set(urgent) == {"key.removed", "key.activated", "key.created"}
    assert urgent["key.removed"]["emergency"] is True


def test_prune_leaves_its_audit_record(database: Database, keys: KeyFolder) -> None:
    clock = FakeClock()
    ring = KeyRing(SqlKeyStore(database), keys.sealer(), clock, keep_retired_seconds=600)
    ring.rotate(caller=CALLER)
    clock.advance(601)
    ring.prune(CALLER)
    assert events(database)[-1] == ("key.removed", {"retired_before": clock.now() - 600})


def test_the_database_holds_no_private_key_in_clear(database: Database, keys: KeyFolder) -> None:
    ring = KeyRing(SqlKeyStore(database), keys.sealer(), FakeClock())
    ring.ensure(CALLER)
    with database.durable.connect() as connection:
        rows = connection.execute(text("SELECT kid, public_jwk, sealed_private FROM signing_key")).all()
    for _kid, public_jwk, sealed in rows:
        assert not {"d", "p", "q", "dp", "dq", "qi", "k"}.intersection(json.loads(public_jwk))
        assert bytes(sealed)[:2] != b"\x30\x82"
        assert bytes(sealed).startswith(bytes.fromhex(keys.sealer().key_id))


def test_another_key_encryption_key_is_refused_with_a_sentence(database: Database, keys: KeyFolder, tmp_path: Path) -> None:
    KeyRing(SqlKeyStore(database), keys.sealer(), FakeClock()).ensure(CALLER)
    other = KeyFolder(tmp_path / "other")
    other.make()
    with pytest.raises(ConfigurationError, match="sealed under another key"):
        KeyRing(SqlKeyStore(database), other.sealer(), FakeClock()).signing("ES256")
