"""Keys and database of one run, made where they are missing; a new database beside the keys of an earlier one is accepted.

``make clean`` removes the database and leaves the keys, which know the audit chain of the database that is gone. In production an
operator accepts such a change; here the run that made the database does, with the same command.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from .processes import StartError

REASON = "The database of the sample province was made anew; the keys are those of the one before."


def prepare(keys: Path, database_url: str) -> bool:
    """Make keys and tables; true when the database is new and the keys know another one's audit chain.

    Raises:
        StartError: one of them cannot be made.
    """
    from sqlalchemy.exc import SQLAlchemyError

    from idp.adapters.key_files import KeyFolder
    from idp.adapters.seal_files import HEADS
    from idp.adapters.sql import schema
    from idp.errors import IdpError

    try:
        KeyFolder(keys).make()
        new = schema.state(database_url) == "empty"
        schema.upgrade(database_url)
    except (IdpError, SQLAlchemyError) as err:
        raise StartError(f"Keys and database cannot be prepared: {str(err).splitlines()[0]}",
                         "Read the sentence above; IDP_DATABASE_URL chooses another database.") from err
    return new and (keys / HEADS).exists()


def accept_chain(environment: Mapping[str, str], *, folder: Path) -> None:
    """Do what an operator does after that (docs/operations/audit.md, section 4).

    Args:
        environment: In which ``flask --app wsgi`` finds the settings of this run.
        folder: The checkout.

    Raises:
        StartError: the command refused.
    """
    command = [Path(sys.executable).parent / "flask", "--app", "wsgi", "audit", "accept-chain", "--reason", REASON]
    done = subprocess.run(command, cwd=folder, env=dict(environment), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise StartError(f"The audit chain of the new database is not accepted. {done.stderr.strip()}",
                         "Read docs/operations/audit.md, section 4.")
