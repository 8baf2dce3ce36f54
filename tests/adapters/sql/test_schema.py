"""Migrations on both databases: up, down, up; and the tables they make are the tables that are declared."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

from idp.adapters.sql import schema
from idp.adapters.sql.tables import Base


@pytest.mark.filterwarnings("ignore:Did not recognize type 'xid8'")
def test_the_newest_migration_makes_exactly_the_declared_tables(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.connect() as connection:
        state = MigrationContext.configure(connection, opts={"compare_type": schema.compare_type})
        differences = compare_metadata(state, Base.metadata)
    engine.dispose()
    assert differences == []


def test_migrations_can_be_undone_and_done_again(database_url: str) -> None:
    schema.downgrade(database_url, "base")
    assert not schema.is_current(database_url)
    schema.upgrade(database_url)
    assert schema.is_current(database_url)
