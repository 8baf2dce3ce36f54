"""The schema's state: bring it to the newest migration, or tell that it is not there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError

from ...errors import UnavailableError
from .tables import TransactionId

MIGRATIONS = Path(__file__).parents[3] / "migrations"


def compare_type(_context: Any, _column: Any, _declared: Any, _found_type: Any, declared_type: Any) -> bool | None:
    """Leave xid8 out of comparisons: SQLite holds it as INTEGER, and PostgreSQL's reflection does not know it."""
    return False if isinstance(declared_type, TransactionId) else None


def _config() -> Config:
    config = Config(str(MIGRATIONS / "alembic.ini"))
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def upgrade(url: str, revision: str = "head") -> None:
    """Run the migrations up to ``revision``; a file of SQLite is made with its folder."""
    engine = create_engine(url)
    if engine.dialect.name == "sqlite" and engine.url.database:
        Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True)
    config = _config()
    try:
        with engine.connect() as connection:
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


def is_current(url: str) -> bool:
    """Tell whether the database stands at the newest migration.

    Raises:
        UnavailableError: the database does not answer.
    """
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            found = MigrationContext.configure(connection).get_current_heads()
    except DBAPIError as err:
        raise UnavailableError("The database does not answer.", dependency="database", debug=str(err)[:300]) from err
    finally:
        engine.dispose()
    return set(found) == set(ScriptDirectory.from_config(_config()).get_heads())
