"""``flask throttle clear``: an operator lets an officer or an address try again at once (docs/operations/throttling.md)."""

from __future__ import annotations

import json
from collections.abc import Callable

import click

from ...audit import Caller
from ...services import Services
from ..verb import Verbs


def commands(services: Callable[[], Services]) -> Verbs:
    """Make the command group ``throttle``."""
    group = Verbs("throttle", help="Limits of sign-in attempts.")

    @group.command("clear")
    @click.option("--officer", default="", help="uid or official mail.")
    @click.option("--source", default="", help="Address that the attempts came from.")
    @click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
    def clear(officer: str, source: str, as_json: bool) -> None:
        """Forget the wrong attempts on an officer, from an address, or (both given) on that officer from that address too."""
        if not officer and not source:
            raise click.UsageError("Give --officer, --source or both.")
        cleared = services().sign_in.clear_limits(officer, source, Caller("cli", ""))
        click.echo(json.dumps({"counters_cleared": cleared}) if as_json else f"{cleared} counters emptied.")

    return group
