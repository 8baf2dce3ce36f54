"""``flask break-glass create|remove``: the administrator for the day nobody else can sign in (docs/operations/break-glass.md)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable

import click

from ...audit import Caller
from ...services import Services
from ..verb import Verbs


def commands(services: Callable[[], Services]) -> Verbs:
    """Make the command group ``break-glass``."""
    group = Verbs("break-glass", help="The administrator for the day nobody else can sign in.")
    json_option = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")

    @group.command("create")
    @json_option
    def create(as_json: bool) -> None:
        """Make password and TOTP seed, shown this once; IDP_BREAK_GLASS_NAME switches them on."""
        house = services()
        made = house.break_glass.create(Caller("cli", secrets.token_hex(8)))
        named = house.break_glass.named
        if as_json:
            click.echo(json.dumps({"password": made.password, "totp_seed": made.seed, "switched_on": named}))
            return
        click.echo(f"Password: {made.password}\nTOTP seed: {made.seed}\nThey are not shown again; keep them apart, under seal.")
        if not named:
            click.echo("Still switched off: set IDP_BREAK_GLASS_NAME to a login name, and restart.")

    @group.command("remove")
    @json_option
    def remove(as_json: bool) -> None:
        """Take the credential away; what is open with it ends at once."""
        gone = services().break_glass.remove(Caller("cli", secrets.token_hex(8)))
        click.echo(json.dumps({"removed": gone}) if as_json else "Removed." if gone else "There was none.")

    return group
