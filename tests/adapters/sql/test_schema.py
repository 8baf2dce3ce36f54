"""Migrations on both databases: up, down, up; and the tables they make are the tables that are declared."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, text

from idp.adapters.sql import schema
from idp.adapters.sql.tables import Base

VERSIONS = Path(__file__).parents[3] / "migrations" / "versions"


@pytest.mark.filterwarnings("ignore:Did not recognize type 'xid8'")
@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index")
def test_the_newest_migration_makes_exactly_the_declared_tables(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.connect() as connection:
        state = MigrationContext.configure(connection, opts={
            "compare_type": schema.compare_type, "include_object": lambda _object, name, *_: name != "ix_officer_trigrams"})
        differences = compare_metadata(state, Base.metadata)
    engine.dispose()
    assert differences == []


def test_migrations_can_be_undone_and_done_again(own_database_url: str) -> None:
    assert schema.state(own_database_url) == "current"
    schema.downgrade(own_database_url, "base")
    assert schema.state(own_database_url) == "empty"
    schema.upgrade(own_database_url)
    assert schema.state(own_database_url) == "current"


def test_a_database_of_a_later_release_is_told_apart_and_left_as_it_is(own_database_url: str) -> None:
    engine = create_engine(own_database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999_of_a_later_release'"))
    engine.dispose()
    assert schema.state(own_database_url) == "newer"
    schema.upgrade(own_database_url)
    assert schema.state(own_database_url) == "newer"


def test_a_database_that_stands_at_an_earlier_migration_is_behind(
    own_database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
) -> None:
    """A release with one migration more than the database has."""
    shutil.copytree(schema.MIGRATIONS, tmp_path / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
    [head] = schema.newest()
    (tmp_path / "migrations" / "versions" / "9999_next.py").write_text(
        f'revision = "9999_next"\ndown_revision = "{head}"\n\n\ndef upgrade() -> None:\n    pass\n')
    monkeypatch.setattr(schema, "MIGRATIONS", tmp_path / "migrations")
    assert schema.state(own_database_url) == "behind"
    schema.upgrade(own_database_url)
    assert schema.state(own_database_url) == "current"
    monkeypatch.undo()
    assert schema.state(own_database_url) == "newer"


def test_a_step_that_builds_beside_writers_changes_nothing_before_it() -> None:
    """What stands before such a block is committed by it, and a step that is cut off there could not be begun again."""
    changed = re.compile(r"op\.(add|alter|create|drop|rename|bulk|execute)\w*\(")
    found = {}
    for file in VERSIONS.glob("*.py"):
        before, block, _ = file.read_text(encoding="utf-8").partition("def upgrade")[2].partition("autocommit_block")
        if block:
            found[file.name] = changed.findall(before)
    assert len(found) > 5
    assert {name for name, acts in found.items() if acts} == set()
