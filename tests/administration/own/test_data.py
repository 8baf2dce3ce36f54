"""An officer's own data: every table and column is decided upon, nothing secret leaves, and nobody else's is in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from idp.adapters.sql.database import Database, insert_row
from idp.adapters.sql.own_data import NOT_EXPORTED, SECTIONS, SqlOwnData
from idp.adapters.sql.tables import Base, NoticeReadingRow, NoticeRow, TotpRow

SECRETS = {"digest", "digests", "sealed_seed", "cookie_digest", "token_digest", "device_digest", "sad_digest", "user_code_digest",
           "code_digest", "personal", "identity_digest", "challenge", "public_key", "credential_id", "signature", "hashes",
           "nonce", "sealed_key", "sealed_private", "sealed_secret", "secret_digest", "browser_digest", "idempotency_key"}
"""Columns that leave with nobody."""


def test_every_table_is_in_the_export_or_in_the_list_of_exclusions_with_its_reason() -> None:
    exported = {section.table for section in SECTIONS}
    tables = set(Base.metadata.tables)
    assert tables - exported - set(NOT_EXPORTED) == set(), "a new table: decide whether it holds data about officers"
    assert (exported | set(NOT_EXPORTED)) - tables == set(), "a table that is no more"
    assert exported & set(NOT_EXPORTED) == set()
    assert all(len(reason) > 20 for reason in NOT_EXPORTED.values())
    assert len({section.name for section in SECTIONS}) == len(SECTIONS)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.name)
def test_every_column_is_given_or_left_out_and_no_secret_is_given(section: Any) -> None:
    columns = {column.name for column in Base.metadata.tables[section.table].columns}
    said = [section.key, *section.given, *section.left_out]
    assert sorted(said) == sorted(columns), "a new column: decide whether the officer is given it"
    assert SECRETS & set(section.given) == set()


def test_a_new_table_with_a_persons_key_would_be_found() -> None:
    """What the first test looks at are all tables, whatever their columns are called."""
    assert {"notice_reading", "sim", "deputy"} <= set(Base.metadata.tables)
    assert set(NOT_EXPORTED) | {section.table for section in SECTIONS} == set(Base.metadata.tables)


def test_rows_are_read_some_at_a_time_and_are_the_officers_own(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("idp.adapters.sql.own_data._PAGE", 3)
    tell, read, enrol = (database.write(insert_row(row)) for row in (NoticeRow, NoticeReadingRow, TotpRow))
    for number in range(7):
        for sub in ("u", "v"):
            tell.run(sub=sub, kind="sim.changed", at=number, source="x", detail='{"number":"678"}', read_at=None)
    read.run(sub="v", version="1", read_at=7)
    enrol.run(entry_uuid="e", sealed_seed=b"seed", last_step=1, created_at=5)
    store = SqlOwnData(database)

    def rows(section: str) -> list[Any]:
        return list(store.rows(section, sub="u", entry_uuid="e"))

    found: Iterator[Any] = store.rows("notice", sub="u", entry_uuid="e")
    assert next(found) == {"at": 0, "kind": "sim.changed", "detail": {"number": "678"}, "source": "x", "read_at": None}
    assert [row["at"] for row in found] == [1, 2, 3, 4, 5, 6]
    assert rows("totp") == [{"created_at": 5}]
    assert rows("notice_reading") == []
    for section in store.sections:  # every statement runs on both databases
        rows(section)
