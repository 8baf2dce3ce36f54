"""Commands of operators: ``flask --app wsgi <group> <verb>``; exit status 0, 1 (refused, says why) or 2 (usage).

Commands get the wired rooms through a function, so that those which make a deployment fit to start run before it is.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask

from ..services import Services
from . import clients, keys, throttle, totp


def register(app: Flask, services: Callable[[], Services], *, make_keys: Callable[[], tuple[str, ...]]) -> None:
    """Add every command group.

    Args:
        app: The Flask application.
        services: Builds the rooms at its first call; raises ConfigurationError while the deployment is not fit.
        make_keys: Makes what is missing in keys/.
    """
    app.cli.add_command(keys.commands(services, make_keys))
    for group in (clients, totp, throttle):
        app.cli.add_command(group.commands(services))
