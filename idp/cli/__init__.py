"""Commands of operators: ``flask --app wsgi <group> <verb>``; exit status 0, 1 (refused, says why) or 2 (usage).

Commands get the wired rooms through a function, so that those which make a deployment fit to start run before it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from flask import Flask

from ..clock import Clock
from ..pki.forms import Sheets
from ..services import Services
from ..settings import Settings
from . import clients, db, directory, doctor, keys, sessions, sims, worker
from .audit import trail as audit
from .authn import break_glass, deputies, factors, officers, throttle, totp
from .notices import announcements
from .pki import ca, custody, forms
from .rollout import campaigns


def register(app: Flask, services: Callable[[], Services], settings: Callable[[], Settings], *,
             make_keys: Callable[[], tuple[str, ...]], make_worker: Callable[[Services], worker.LongRunning],
             secret_files: Callable[[Settings], Mapping[Path, str]], sheets: Sheets, clock: Clock) -> None:
    """Add every command group.

    Args:
        app: The Flask application.
        services: Builds the rooms at its first call; raises ConfigurationError while the deployment is not fit.
        settings: Gives the settings of this deployment; raises ConfigurationError while they are wrong.
        make_keys: Makes what is missing in keys/.
        make_worker: Makes the worker over the rooms.
        secret_files: Gives the files that hold secrets, and what to do when one is not there.
        sheets: Reads and writes spreadsheets.
        clock: Time, for verbs that need no deployment.
    """
    app.cli.add_command(keys.commands(services, make_keys))
    app.cli.add_command(worker.commands(services, make_worker))
    app.cli.add_command(doctor.commands(services, settings, secret_files))
    app.cli.add_command(db.commands(settings))
    app.cli.add_command(forms.commands(sheets, clock))
    app.cli.add_command(ca.commands(services))
    app.cli.add_command(custody.commands(services))
    for group in (clients, directory, officers, deputies, factors, totp, throttle, audit, sessions, sims, break_glass, campaigns,
                  announcements):
        app.cli.add_command(group.commands(services))
