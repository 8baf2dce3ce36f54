"""Alembic environment: one linear history, safe with the code before and after each step, on SQLite and PostgreSQL."""

from alembic import context
from sqlalchemy import create_engine

from idp.adapters.sql.schema import compare_type
from idp.adapters.sql.tables import Base


def run() -> None:
    """Run the migrations on the connection that was handed over, or on the application's URL."""
    connection = context.config.attributes.get("connection")
    if connection is not None:
        _configure(connection)
        return
    from flask import current_app

    engine = create_engine(current_app.config["SQLALCHEMY_DATABASE_URI"])
    with engine.connect() as connection:
        _configure(connection)


def _configure(connection) -> None:
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True, compare_type=compare_type,
                      user_module_prefix="tables.")
    with context.begin_transaction():
        context.run_migrations()


run()
