"""``flask db upgrade`` and its sisters: Flask-Migrate's verbs, which refuse in one sentence like ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
from flask_migrate.cli import db as migrations

from ..errors import ConfigurationError
from ..settings import Settings
from .verb import DATABASE_ERRORS, Refusal, own_words, refusal


class _Migrations(click.Group):
    """The group ``db``."""

    def __init__(self, settings: Callable[[], Settings]) -> None:
        super().__init__("db", commands=migrations.commands, params=migrations.params, callback=migrations.callback,
                         help="Migrations of the database.")
        self._settings = settings

    def invoke(self, ctx: click.Context) -> Any:
        try:
            self._settings()
            return super().invoke(ctx)
        except ConfigurationError as err:
            raise refusal(err) from err
        except DATABASE_ERRORS as err:
            raise Refusal(f"The database does not answer, or refuses what it was asked: {own_words(err)}.",
                          "See that it runs, that IDP_DATABASE_URL is right and that its role may change tables.") from err


def commands(settings: Callable[[], Settings]) -> click.Group:
    """Make the command group ``db``.

    Args:
        settings: Gives the settings; raises ConfigurationError while they are wrong.
    """
    return _Migrations(settings)
