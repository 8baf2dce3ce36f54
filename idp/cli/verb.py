"""What every verb has in common: it refuses in one sentence with its remedy, exit status 1, and in JSON where JSON was asked for.

Verbs raise what the rooms raise; here alone it becomes an answer. The sentence goes to standard error, where people read; with
``--json`` standard output is ``{"error", "remedy"}`` as well, so that a program that asked for JSON reads JSON either way. Wrong
usage stays click's own: exit status 2.
"""

from __future__ import annotations

import json
import re
import sqlite3
from typing import IO, Any

import click
import psycopg
from flask.cli import AppGroup
from sqlalchemy.exc import DBAPIError

from ..errors import ConfigurationError, IdpError, UnavailableError

DATABASE_ERRORS = (DBAPIError, psycopg.Error, sqlite3.Error)
"""What comes out of a database that answers, but refuses what it was asked: migrations or rights are missing."""

_DOCTOR = "flask --app wsgi doctor"
_LACKS = re.compile("no such (table|column)|UndefinedTable|UndefinedColumn")
"""What both databases say of tables that are not there yet; SQLite says it as it says that it is busy."""
_REMEDIES = {
    "database": f"See that the database runs and that IDP_DATABASE_URL is right: {_DOCTOR}",
    "directory": "See what its servers say: flask --app wsgi directory check",
}


class Refusal(click.ClickException):
    """One sentence what is wrong, one what to do.

    Args:
        message: What is wrong.
        remedy: What to do, or "".
        as_json: Whether the caller reads JSON.
    """

    def __init__(self, message: str, remedy: str = "", *, as_json: bool = False) -> None:
        super().__init__(f"{message} Remedy: {remedy}" if remedy else message)
        self._answer = {"error": message, "remedy": remedy}
        self._as_json = as_json

    def show(self, file: IO[Any] | None = None) -> None:
        """Say it where people read, and where programs do."""
        if self._as_json:
            click.echo(json.dumps(self._answer, ensure_ascii=False))
        super().show(file)


class Verb(click.Command):
    """A command whose option ``--json``, where it has one, is the parameter ``as_json``."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run it; whatever the product refuses is a ``Refusal``."""
        as_json = bool(ctx.params.get("as_json"))
        try:
            return super().invoke(ctx)
        except (IdpError, *DATABASE_ERRORS) as err:
            raise refusal(err, as_json=as_json) from err
        except (click.UsageError, Refusal):
            raise
        except click.ClickException as err:
            raise Refusal(err.format_message(), as_json=as_json) from err


class Verbs(AppGroup):
    """A group of verbs."""

    command_class = Verb


def refusal(err: Exception, *, as_json: bool = False) -> Refusal:
    """Turn an error of the product, or of its database, into an answer."""
    if isinstance(err, ConfigurationError):
        return Refusal(err.message, err.remedy, as_json=as_json)
    if _LACKS.search(err.debug if isinstance(err, IdpError) else str(err)):
        return Refusal("The database lacks migrations.", f"Run: flask --app wsgi db upgrade; what else is wrong says {_DOCTOR}",
                       as_json=as_json)
    if isinstance(err, UnavailableError):
        return Refusal(err.message, _REMEDIES.get(err.dependency, f"See what is missing: {_DOCTOR}"), as_json=as_json)
    if isinstance(err, IdpError):
        return Refusal(err.message, as_json=as_json)
    return Refusal(f"The database refuses what it was asked: {own_words(err)}.",
                   f"Run: flask --app wsgi db upgrade; what else is wrong says {_DOCTOR}", as_json=as_json)


def own_words(err: Exception) -> str:
    """Give the first line of what the database said, without the statement that SQLAlchemy adds."""
    said = str(getattr(err, "orig", None) or err).strip() or type(err).__name__
    return said.splitlines()[0].rstrip(".")[:300]
