"""``flask factors list|remove|issue-codes``: the second factors of one officer (docs/operations/second-factors.md)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable

import click

from ...administration.factors import shown
from ...audit import Caller
from ...directory.mirror import MirroredOfficer
from ...services import Services
from ..verb import Verbs


def commands(services: Callable[[], Services]) -> Verbs:
    """Make the command group ``factors``."""
    group = Verbs("factors", help="Second factors of officers.")
    officer_option = click.option("--officer", "uid", required=True, metavar="UID", help="Login name of the officer.")
    json_option = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")

    def find(house: Services, uid: str) -> MirroredOfficer:
        """Find an officer as the directory has them now, so that one who never signed in is known too."""
        officer = house.directory.find_by_login(uid.strip().lower())
        if officer is None:
            raise click.ClickException(f"The directory knows no officer {uid}.")
        house.mirror.remember(officer, now=house.clock.now())
        known = house.mirror.by_entry_uuid(officer.entry_uuid)
        assert known is not None
        return known

    @group.command("list")
    @officer_option
    @json_option
    def list_factors(uid: str, as_json: bool) -> None:
        """Show what an officer has besides the password."""
        house = services()
        known = find(house, uid)
        items = [shown(standing) for standing in house.second_factors.of(known.officer.entry_uuid)]
        if as_json:
            click.echo(json.dumps({"officer": known.officer.uid, "sub": known.sub, "factors": items}, ensure_ascii=False))
            return
        for item in items:
            left = "" if item["left"] is None else f", {item['left']} left"
            click.echo(f"{item['factor']} {item['label']}".rstrip() + left)
        if not items:
            click.echo(f"{known.officer.uid} has no second factor.")

    @group.command("remove")
    @officer_option
    @click.option("--factor", default="", metavar="NAME", help="Only this kind, for example otp; else all.")
    @json_option
    def remove(uid: str, factor: str, as_json: bool) -> None:
        """Take factors away from an officer, whose sessions end and who is told."""
        house = services()
        known = find(house, uid)
        gone = house.administration.factors.by_operator(known, Caller("cli", secrets.token_hex(8)), factor=factor)
        if as_json:
            click.echo(json.dumps({"officer": known.officer.uid, "sub": known.sub, "removed": gone}))
        else:
            click.echo(f"Removed: {', '.join(gone) or 'nothing'}.")

    @group.command("issue-codes")
    @officer_option
    @json_option
    def issue_codes(uid: str, as_json: bool) -> None:
        """Make recovery codes for an officer who needs two factors and has none yet; hand them over in person."""
        house = services()
        known = find(house, uid)
        codes = house.recovery_codes.issue(known, Caller("cli", secrets.token_hex(8)))
        click.echo(json.dumps({"officer": known.officer.uid, "sub": known.sub, "codes": codes}) if as_json else "\n".join(codes))

    return group
