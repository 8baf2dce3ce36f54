"""The schema's state: bring it to the newest migration, or tell how far it is from there.

A migration is safe with the code before it (docs/operations/deploy.md, Upgrade), so a database that a later release has
migrated is fit for this one: a node that is not upgraded yet restarts, and a roll-back leaves the schema alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import DBAPIError

from ...errors import UnavailableError
from .tables import TransactionId

MIGRATIONS = Path(__file__).parents[3] / "migrations"

State = Literal["empty", "behind", "current", "newer"]


def compare_type(_context: Any, _column: Any, _declared: Any, _found_type: Any, declared_type: Any) -> bool | None:
    """Leave xid8 out of comparisons: SQLite holds it as INTEGER, and PostgreSQL's reflection does not know it."""
    return False if isinstance(declared_type, TransactionId) else None


def _config() -> Config:
    config = Config(str(MIGRATIONS / "alembic.ini"))
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def upgrade(url: str, revision: str = "head") -> None:
    """Run the migrations up to ``revision``; a file of SQLite is made with its folder. What a later release has made stays."""
    engine = create_engine(url)
    if engine.dialect.name == "sqlite" and engine.url.database:
        Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True)
    config = _config()
    try:
        with engine.connect() as connection:
            if revision == "head" and _state(connection) == "newer":
                return
            connection.rollback()  # what only looked; a migration that leaves its transaction must find its own
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
            connection.commit()
    finally:
        engine.dispose()


def downgrade(url: str, revision: str) -> None:
    """Run the migrations down to ``revision`` (``base``: empty)."""
    engine = create_engine(url)
    config = _config()
    try:
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            command.downgrade(config, revision)
            connection.commit()
    finally:
        engine.dispose()


def newest() -> tuple[str, ...]:
    """Give the newest migration that this release knows (one name: the history is linear)."""
    return tuple(ScriptDirectory.from_config(_config()).get_heads())


def state(url: str) -> State:
    """Tell where the database stands: ``empty``, ``behind``, ``current``, or ``newer`` than this release knows.

    Raises:
        UnavailableError: the database does not answer.
    """
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return _state(connection)
    except DBAPIError as err:
        raise UnavailableError("The database does not answer.", dependency="database", debug=str(err)[:300]) from err
    finally:
        engine.dispose()


def has_trigrams(url: str) -> bool:
    """Tell whether any part of an officer's name is found by an index; SQLite needs none.

    Raises:
        UnavailableError: the database does not answer.
    """
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        return True
    try:
        with engine.connect() as connection:
            return bool(connection.exec_driver_sql("SELECT to_regclass('ix_officer_trigrams') IS NOT NULL").scalar())
    except DBAPIError as err:
        raise UnavailableError("The database does not answer.", dependency="database", debug=str(err)[:300]) from err
    finally:
        engine.dispose()


def _state(connection: Connection) -> State:
    found = set(MigrationContext.configure(connection).get_current_heads())
    if not found:
        return "empty"
    scripts = ScriptDirectory.from_config(_config())
    if found == set(scripts.get_heads()):
        return "current"
    # The history is linear, so that whoever made a revision that is unknown here had all of ours before it.
    known = {script.revision for script in scripts.walk_revisions()}
    return "behind" if found <= known else "newer"
