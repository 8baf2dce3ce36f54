"""``flask audit archive|restore|discard``: old months of the trail (docs/operations/audit.md, section 9)."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterator
from typing import Any

import click

from ...administration.audit.exports import LONGEST_PURPOSE
from ...audit import Caller
from ...audit.archive.archives import MOST_DAYS
from ...audit.archive.month import PURGED, RESTORED, Kept
from ...authn.password import normalise_login_name
from ...errors import IdpError
from ...services import Services
from ..verb import Verbs

_STATES = {"archived": "in its file and in the database", "purging": "being purged", PURGED: "in its file only",
           "restoring": "being brought back", RESTORED: "brought back into the database", "discarded": "deleted"}
_json_option = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")


def add(group: Verbs, services: Callable[[], Services]) -> None:
    """Add the verbs.

    Args:
        group: The group ``audit``.
        services: Gives the wired rooms.
    """
    @group.command("archive")
    @click.option("--now", "at_once", is_flag=True, help="Archive and purge what is old enough now, as the worker does.")
    @_json_option
    def archive(at_once: bool, as_json: bool) -> None:
        """Show the archived months, and what became of them."""
        house = services()
        room = house.archived_months.archives
        left = room.follow(_caller(), _pause) if at_once else 0
        months = room.months()
        if as_json:
            click.echo(json.dumps({"configured": room.configured, "left": left, "months": [_shown(one) for one in months]}))
            return
        if not room.configured:
            click.echo("No folder is configured (IDP_AUDIT_ARCHIVE_DIR): nothing is archived, and nothing is purged.")
        if at_once:
            click.echo(f"{left} months left the database.")
        for one in months:
            until = f" until {_day(one.restored_until)}" if one.restored_until else ""
            click.echo(f"{one.month.month}  seals {one.month.first} to {one.month.last}, {one.month.records} records:"
                       f" {_STATES[one.state]}{until}" + (f"; deletion asked for: {one.purpose}" if one.asked_by else ""))

    @group.command("restore")
    @click.argument("month", metavar="YYYY-MM")
    @click.option("--purpose", required=True, help="Why: it is recorded.")
    @click.option("--days", default=7, show_default=True, help=f"For how many days, 1 to {MOST_DAYS}; then it is purged again.")
    @_json_option
    def restore(month: str, purpose: str, days: int, as_json: bool) -> None:
        """Bring a month back into the database for a while, so that console and exports find it."""
        purpose = " ".join(purpose.split())
        if not 0 < len(purpose) <= LONGEST_PURPOSE or not purpose.isprintable():
            raise click.UsageError(f"--purpose is a text of 1 to {LONGEST_PURPOSE} characters.")
        records = services().archived_months.archives.restore(month, days=days, purpose=purpose, caller=_caller(), pause=_pause)
        if as_json:
            click.echo(json.dumps({"month": month, "records": records, "days": days}))
        else:
            click.echo(f"{records} records of {month} are in the database for {days} days.")

    @group.command("discard")
    @click.argument("month", metavar="YYYY-MM")
    @click.option("--by", "by_uid", metavar="UID", required=True, help="Login name of the administrator who answers for it.")
    @click.option("--purpose", default="", help="Ask for it, and say why; without it: delete what somebody else asked for.")
    @_json_option
    def discard(month: str, by_uid: str, purpose: str, as_json: bool) -> None:
        """Delete the file of a month whose time is over: one administrator asks, another one has it deleted within a week."""
        house = services()
        login = normalise_login_name(by_uid, mail_domain=house.settings.ldap_mail_domain)
        who, caller = house.administration.officers.acting(login, _caller())
        if purpose:
            house.archived_months.ask(who, month, purpose, caller)
        else:
            house.archived_months.discard(who, month, caller)
        if as_json:
            click.echo(json.dumps({"month": month, "asked": bool(purpose), "deleted": not purpose}))
        elif purpose:
            click.echo(f"Another administrator of the province deletes it within a week: audit discard {month} --by UID")
        else:
            click.echo(f"The file of {month} is deleted. The trail has the record.")


def health(house: Services) -> Iterator[tuple[str, str, str]]:
    """Say for ``doctor`` how old months do: ``ok``, ``warning`` or ``failed``; what was found; what to do."""
    room = house.archived_months.archives
    if not room.configured:
        if room.overdue() or not house.settings.development:
            yield ("ok" if house.settings.development else "warning", "no folder for archived months: nothing is purged.",
                   "Set IDP_AUDIT_ARCHIVE_DIR (docs/operations/audit.md, section 9).")
        return
    try:
        missing = room.missing()
    except IdpError as err:
        yield "failed", err.message, "Mount the folder of IDP_AUDIT_ARCHIVE_DIR, and let the service's account write into it."
        return
    if missing:
        yield ("failed", f"the files of archived months are missing: {', '.join(missing)}.",
               "Bring them back from the backup; then run: flask --app wsgi audit verify --archives")
    if overdue := room.overdue():
        yield ("warning", f"{overdue} should have left the database.",
               "See that the worker runs and what its log says of archives; or run: flask --app wsgi audit archive --now")
    if due := [one.month.month for one in room.due()]:
        yield ("warning", f"archived months are due for deletion: {', '.join(due)}.",
               "Two administrators decide: flask --app wsgi audit discard")
    if not missing and not overdue and not due:
        yield "ok", f"{len(room.months())} months are archived.", ""


def _caller() -> Caller:
    return Caller("cli", secrets.token_hex(8))


def _pause(seconds: float) -> bool:
    time.sleep(seconds)
    return False


def _day(at: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(at + 7 * 3600))


def _shown(one: Kept) -> dict[str, Any]:
    return {"month": one.month.month, "state": one.state, "first_seal": one.month.first, "last_seal": one.month.last,
            "hash": one.month.hash.hex(), "records": one.month.records, "sha256": one.month.sha256,
            "restored_until": one.restored_until, "asked_by": one.asked_by, "purpose": one.purpose}
