"""``flask db upgrade`` and its sisters: Flask-Migrate's verbs, which refuse in one sentence and answer programs like ours.

With ``--json`` a verb prints ``{"said": [...]}``, the lines that it would have printed; those that look at the database or change
it add ``revision``, the one it is at now ("" for none), and ``latest``.
"""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import click
from flask import current_app
from flask_migrate import current
from flask_migrate.cli import db as migrations

from ..errors import ConfigurationError
from ..settings import Settings
from .verb import DATABASE_ERRORS, Refusal, own_words, refusal

_OF_THE_DATABASE: Final = frozenset({"upgrade", "downgrade", "current", "stamp", "check"})
"""Verbs after which somebody wants to know where the database is."""


class _Migration(click.Command):
    """One verb of Flask-Migrate's, with ``--json``."""

    def __init__(self, verb: click.Command, settings: Callable[[], Settings]) -> None:
        said_in_json = click.Option(["--json", "as_json"], is_flag=True, expose_value=False, help="Answer in JSON.")
        super().__init__(verb.name, callback=verb.callback, params=[*verb.params, said_in_json], help=verb.help)
        self._settings = settings

    def invoke(self, ctx: click.Context) -> Any:
        """Run it; what is refused is a ``Refusal``."""
        as_json = ctx.get_parameter_source("as_json") is click.core.ParameterSource.COMMANDLINE
        try:
            self._settings()
            return self._in_json(ctx) if as_json else super().invoke(ctx)
        except ConfigurationError as err:
            raise refusal(err, as_json=as_json) from err
        except DATABASE_ERRORS as err:
            raise Refusal(f"The database does not answer, or refuses what it was asked: {own_words(err)}.",
                          "See that it runs, that IDP_DATABASE_URL is right and that its role may change tables.",
                          as_json=as_json) from err

    def _in_json(self, ctx: click.Context) -> None:
        faults = _Faults()
        logging.getLogger("flask_migrate").addHandler(faults)
        try:
            with _printed() as said:
                super().invoke(ctx)
            answer: dict[str, Any] = {"said": said.getvalue().splitlines()}
            if self.name in _OF_THE_DATABASE:
                with _printed() as where:
                    current()
                revision, _, rest = where.getvalue().strip().partition(" ")
                answer |= {"revision": revision, "latest": "(head)" in rest}
        except SystemExit as err:  # so Flask-Migrate ends where Alembic refuses, after it has logged why
            if not err.code:
                raise
            raise Refusal(faults.last or "The migration was refused.", "Standard error says more.", as_json=True) from None
        finally:
            logging.getLogger("flask_migrate").removeHandler(faults)
        click.echo(json.dumps(answer, ensure_ascii=False))


class _Faults(logging.Handler):
    """Keeps what Flask-Migrate says last."""

    last = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one sentence."""
        self.last = record.getMessage().removeprefix("Error: ")


@contextmanager
def _printed() -> Iterator[io.StringIO]:
    """Collect what Alembic prints."""
    said = io.StringIO()

    def collecting(config: Any) -> Any:
        config.stdout = config.output_buffer = said
        return config

    callbacks = current_app.extensions["migrate"].migrate.configure_callbacks
    callbacks.append(collecting)
    try:
        yield said
    finally:
        callbacks.remove(collecting)


def commands(settings: Callable[[], Settings]) -> click.Group:
    """Make the command group ``db``.

    Args:
        settings: Gives the settings; raises ConfigurationError while they are wrong.
    """
    return click.Group("db", commands={name: _Migration(verb, settings) for name, verb in migrations.commands.items()},
                       params=migrations.params, callback=migrations.callback, help="Migrations of the database.")
