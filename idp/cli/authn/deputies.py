"""``flask deputies list|end``: who has another's role until a day, and that it ends (docs/operations/roles.md).

An operator names nobody: a role is lent by whoever has it, or by the province's administrators.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from typing import Any

import click

from ...audit import Caller
from ...pki.enrollment.working_days import day_of
from ...services import Services
from ..verb import Verbs


def commands(services: Callable[[], Services]) -> Verbs:
    """Make the command group ``deputies``."""
    group = Verbs("deputies", help="Who acts for whom in the administration, until when.")
    json_option = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")

    @group.command("list")
    @click.option("--officer", "uid", default="", metavar="UID", help="Only those of this giver or deputy.")
    @json_option
    def listed(uid: str, as_json: bool) -> None:
        """Show what stands now, the first that end first."""
        house, sub = services(), ""
        if uid:
            known = house.mirror.by_uid(uid.strip().lower())
            if known is None:
                raise click.ClickException(f"Nobody at work is called {uid}.")
            sub = known.sub
        items = house.administration.people.deputies.of(sub)
        click.echo(json.dumps({"items": items}, ensure_ascii=False) if as_json
                   else "\n".join(map(_line, items)) or "Nobody acts for anybody.")

    @group.command("end")
    @click.argument("deputy_id", metavar="ID")
    @json_option
    def end(deputy_id: str, as_json: bool) -> None:
        """End one before its day; both are told."""
        services().administration.people.deputies.end_by_operator(deputy_id, Caller("cli", secrets.token_hex(8)))
        click.echo(json.dumps({"ended": deputy_id}) if as_json else "Ended.")

    return group


def _line(one: dict[str, Any]) -> str:
    role = one["role"] or "nothing, since the giver has no role any more"
    return (f"{one['id']}  {one['deputy_name'] or one['deputy']} for {one['giver_name'] or one['giver']}: {role}, "
            f"until the end of {day_of(one['ends_at'] - 1)}")
