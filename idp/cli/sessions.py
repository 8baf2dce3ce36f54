"""``flask sessions end``: an officer is out, everywhere (docs/operations/logout.md)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable

import click

from ..audit import Caller
from ..services import Services
from .verb import Verbs


def commands(services: Callable[[], Services]) -> Verbs:
    """Make the command group ``sessions``."""
    group = Verbs("sessions", help="Single sign-on sessions.")

    @group.command("end")
    @click.option("--officer", required=True, metavar="UID", help="Login name of the officer.")
    @click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
    def end(officer: str, as_json: bool) -> None:
        """End every session of an officer, revoke all tokens (offline access too) and tell the applications."""
        house = services()
        known = house.mirror.by_uid(officer.strip().lower())
        if known is None:
            raise click.ClickException(f"No officer {officer} has signed in here, or several have that name now and before.")
        told = house.deprovisioning.end_access(known.sub, "administrator", Caller("cli", secrets.token_hex(8)))
        if as_json:
            click.echo(json.dumps({"officer": known.officer.uid, "sub": known.sub, "applications_told": sorted(told)}))
        else:
            click.echo(f"Sessions of {known.officer.uid} are ended and tokens revoked. Applications that are told: "
                       + (", ".join(sorted(told)) or "none") + ".")

    return group
