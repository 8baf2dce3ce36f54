"""``flask officers stop|lift|show``: an account is stopped without the directory, and let go on (docs/operations/roles.md).

An operator notes what an administrator answers for: ``--by`` names them, and their rights decide.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from datetime import UTC, datetime

import click

from ...administration.tasks import OPERATOR
from ...audit import Caller
from ...services import Services
from ..verb import Verbs


def commands(services: Callable[[], Services]) -> Verbs:
    """Make the command group ``officers``."""
    group = Verbs("officers", help="Accounts of officers: stopped here, and let go on.")
    officer = click.option("--officer", "uid", required=True, metavar="UID", help="Login name of the officer.")
    reason_option = click.option("--reason", required=True, metavar="TEXT", help="Why, in one line.")
    by_option = click.option("--by", "by_uid", required=True, metavar="UID", help="Administrator who answers for it.")
    json_option = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")

    def find(house: Services, uid: str) -> str:
        known = house.mirror.by_uid(uid.strip().lower())
        if known is None:
            raise click.ClickException(f"Nobody is called {uid}.")
        return known.sub

    @group.command("stop")
    @officer
    @reason_option
    @by_option
    @json_option
    def stop(uid: str, reason: str, by_uid: str, as_json: bool) -> None:
        """Stop an account: everything ends at once, and only another administrator lets it go on."""
        house = services()
        sub = find(house, uid)
        who, caller = house.administration.officers.acting(by_uid.strip().lower(), Caller("cli", secrets.token_hex(8)))
        made = house.administration.people.stops.stop(who, sub, {"reason": reason}, caller)
        click.echo(json.dumps(made, ensure_ascii=False) if as_json else f"{uid} is stopped.")

    @group.command("lift")
    @officer
    @reason_option
    @by_option
    @json_option
    def lift(uid: str, reason: str, by_uid: str, as_json: bool) -> None:
        """Let an account go on that another administrator stopped; the directory's word counts again."""
        house = services()
        sub = find(house, uid)
        who, caller = house.administration.officers.acting(by_uid.strip().lower(), Caller("cli", secrets.token_hex(8)))
        made = house.administration.people.stops.lift(who, sub, {"reason": reason}, caller)
        click.echo(json.dumps(made, ensure_ascii=False) if as_json else f"{uid} is {made['status']}.")

    @group.command("show")
    @officer
    @json_option
    def show(uid: str, as_json: bool) -> None:
        """Show whether an account is stopped here, by whom and why."""
        house = services()
        found = house.administration.people.stops.of(OPERATOR, find(house, uid))
        if as_json:
            click.echo(json.dumps({"stop": found}, ensure_ascii=False))
        elif found is None:
            click.echo(f"{uid} is not stopped here.")
        else:
            at = datetime.fromtimestamp(found["at"], UTC).isoformat()
            click.echo(f"{uid} is stopped since {at} by {found['by_name'] or found['by']}: {found['reason']}")

    return group
