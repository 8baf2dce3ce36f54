"""``flask directory check|show|sync|release|tasks|reset-password``: the directory, and the mirror of it that we live on."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import click

from ..administration.pages import MOST
from ..administration.tasks import OPERATOR
from ..audit import Caller
from ..authn.password import normalise_login_name
from ..directory.brake import BRAKED_REMEDY, LATE_SECONDS, sentence
from ..directory.changes import ChangeKind
from ..directory.checkup import examine
from ..directory.mirror import MirroredOfficer
from ..directory.officer import CheckLine, Contact, Officer
from ..directory.term import ENDED, last_day_of
from ..errors import UnavailableError
from ..services import Services
from .verb import DATABASE_ERRORS, Verbs

_CALLER = Caller(source="cli", request_id="cli")
_FIGURES = ("seen", "units", *(kind.value for kind in ChangeKind))
_json_option = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")


def commands(services: Callable[[], Services]) -> Verbs:
    """Make the command group ``directory``."""
    group = Verbs("directory", help="The officers' directory.")

    @group.command("check")
    @_json_option
    def check(as_json: bool) -> None:
        """Look at every server and at everybody's entry; exit status 1 when something is not as it should be."""
        directory = services().directory
        lines = [*directory.check(), _mirror_line(services())]
        try:
            lines += examine(directory.everyone())
        except UnavailableError as err:
            lines.append(CheckLine("officers", False, err.message, "Read the lines of the servers."))
        if as_json:
            _print({"ok": all(line.ok for line in lines), "checks": [asdict(line) for line in lines]})
        else:
            for line in lines:
                click.echo(f"{'ok ' if line.ok else 'BAD'}  {line.name}: {line.detail}")
                if line.remedy:
                    click.echo(f"     {line.remedy}")
        if not all(line.ok for line in lines):
            raise click.exceptions.Exit(1)

    @group.command("show")
    @click.argument("uid")
    @_json_option
    def show(uid: str, as_json: bool) -> None:
        """Show the officer with this uid or official mail, as the directory has it and as it is mirrored here."""
        house = services()
        name = normalise_login_name(uid, mail_domain=house.settings.ldap_mail_domain)
        officer = house.directory.find_by_login(name)
        mirrored = house.mirror.by_uid(name) if officer is None else house.mirror.by_entry_uuid(officer.entry_uuid)
        if officer is None:
            known = f" The mirror has one, who is {mirrored.status}, subject {mirrored.sub}." if mirrored else ""
            raise click.ClickException(f"The directory knows no officer {uid!r}, or several.{known}")
        officer = house.directory.find(officer.entry_uuid) or officer
        contact = house.directory.contact(officer)
        if as_json:
            _print(_facts(officer, mirrored, contact))
        else:
            _describe(officer, mirrored, contact)

    @group.command("sync")
    @click.option("--dry-run", is_flag=True, help="Only say what would change.")
    @_json_option
    def sync(dry_run: bool, as_json: bool) -> None:
        """Compare everybody in the directory with the mirror now, whether or not a worker listens."""
        def progress(compared: int) -> None:
            click.echo(f"{compared} officers compared ...", err=True)

        feed = services().mirroring.feed
        figures = feed.reconcile(_CALLER, dry=dry_run, progress=(lambda _: None) if as_json else progress)
        if as_json:
            _print({"dry_run": dry_run, **{name: figures.get(name, 0) for name in _FIGURES}})
            return
        changes = ", ".join(f"{figures[kind]} {kind}" for kind in _FIGURES[2:] if figures.get(kind))
        click.echo(f"{figures.get('seen', 0)} officers in {figures['units']} agencies: "
                   f"{changes or 'nothing has changed'}{' (nothing was written)' if dry_run else ''}.")

    @group.command("release")
    @_json_option
    def release(as_json: bool) -> None:
        """Let through the losses at which the brake has stopped; look first what the directory says (sync --dry-run)."""
        released = services().mirroring.brake.release(_CALLER)
        if as_json:
            _print({"released": True, "reason": released.reason, "losses": released.losses, "active": released.active})
        else:
            click.echo(f"{released.losses} of {released.active} officers may leave; the worker compares everybody at once.")

    @group.command("tasks")
    @click.option("--done", "done_id", metavar="ID", help="Note that this task was done; needs --proof.")
    @click.option("--proof", default="", help="Who did what, when, under which number.")
    @click.option("--all", "done_too", is_flag=True, help="Show those that are done instead of those that are open.")
    @_json_option
    def tasks(done_id: str | None, proof: str, done_too: bool, as_json: bool) -> None:
        """Show what people have to do about officers who left, or note that it was done."""
        desk = services().administration.tasks
        if done_id is not None:
            found = [desk.complete(OPERATOR, done_id, {"proof": proof}, Caller("cli", secrets.token_hex(8)))]
        else:
            found, cursor = [], ""
            while page := desk.listed(OPERATOR, state="done" if done_too else "open", cursor=cursor, limit=MOST):
                found += page.items
                cursor = page.next
                if not cursor:
                    break
        if as_json:
            _print({"tasks": found})
            return
        for task in found:
            due = datetime.fromtimestamp(task["due_at"], UTC).strftime("%Y-%m-%d %H:%M UTC")
            click.echo(f"{task['id']}  {task['kind']:<22}  {task['uid']}, {task['unit_code']}  due {due}"
                       + ("  OVERDUE" if task["overdue"] else "") + (f"  done: {task['proof']}" if task["proof"] else ""))
        if not found:
            click.echo("Nothing.")

    @group.command("reset-password")
    @click.argument("uid")
    @_json_option
    def reset_password(uid: str, as_json: bool) -> None:
        """Make a password for an officer who has forgotten theirs, and show it this once.

        It has to be changed at the next sign-in and is good for a day; all sessions end and all tokens are revoked. The second
        factor stays as it is. Give the password to the officer in person or on the telephone, once you know who calls.
        """
        house = services()
        officer = house.directory.find_by_login(normalise_login_name(uid, mail_domain=house.settings.ldap_mail_domain))
        if officer is None:
            raise click.ClickException(f"The directory knows no officer {uid!r}, or several.")
        made = house.administration.password_resets.by_operator(officer, Caller("cli", secrets.token_hex(8)))
        until = datetime.fromtimestamp(made.one_time.expires_at, UTC)
        if as_json:
            _print({"uid": officer.uid, "sub": made.sub, "one_time_password": made.one_time.password,
                    "expires_at": made.one_time.expires_at, "applications_told": sorted(made.told)})
        else:
            click.echo(f"New password of {officer.uid} ({officer.name}): {made.one_time.password}")
            click.echo(f"Good until {until:%Y-%m-%d %H:%M} UTC, and only for being changed. Sessions have ended.")

    return group


def _mirror_line(house: Services) -> CheckLine:
    """Say how the mirror follows; where there is no database yet, there is nothing to say."""
    try:
        return _mirror(house)
    except (UnavailableError, *DATABASE_ERRORS):
        return CheckLine("mirror", True, "not looked at: the database does not answer, or lacks migrations")


def _mirror(house: Services) -> CheckLine:
    state, now = house.mirroring.brake.state(), house.clock.now()
    if state.braked_at:
        return CheckLine("mirror", False, sentence(state.reason, losses=state.losses, active=state.active), BRAKED_REMEDY)
    followed = house.mirroring.feed.source != "off"
    heard = f"heard {now - state.heard_at} s ago, by {state.source}" if state.heard_at else "never heard by a worker"
    late = followed and now - state.heard_at > LATE_SECONDS
    return CheckLine("mirror", not late, f"{house.mirroring.ledger.active()} active officers; "
                     f"{heard if followed else 'the directory is not followed'}",
                     "See that the worker runs, and what its log says of the directory." if late else "")


def _facts(officer: Officer, mirrored: MirroredOfficer | None, contact: Contact | None) -> dict[str, Any]:
    facts = asdict(officer)
    return facts | {"sub": mirrored.sub if mirrored else None, "mirrored": mirrored is not None and mirrored.officer == officer,
                    "status": mirrored.status if mirrored else None,
                    "mirror": asdict(mirrored.officer) if mirrored else None,
                    "contact": asdict(contact) if contact else None}


def _describe(officer: Officer, mirrored: MirroredOfficer | None, contact: Contact | None) -> None:
    rows = [("uid", officer.uid), ("name", officer.name), ("mail", officer.mail or "none"), ("phone", officer.phone or "none"),
            ("state", "disabled" if officer.disabled else "active")]
    rows += [("post", f"{post.title or 'no title'}, {post.unit_name or 'unknown agency'} "
                      f"({post.unit_code}, {post.unit_code_2016})"
                      + (f", acting until {last_day_of(post.ends_at)}" if post.ends_at else "")) for post in officer.posts]
    if officer.guest:
        rows.append(("guest", f"{officer.guest}, for {officer.sponsor or 'nobody: no sponsor'}"))
    if officer.ends_at:
        rows.append(("until", str(last_day_of(officer.ends_at)) if officer.ends_at > ENDED else "no last day that can be read"))
    rows += [("groups", ", ".join(officer.groups) or "none"),
             ("helped by", f"{contact.name}, {contact.phone_text}" if contact else "nobody known"),
             ("entry", officer.dn), ("entryUUID", officer.entry_uuid), ("subject", _subject(officer, mirrored))]
    for name, value in rows:
        click.echo(f"{name:<10} {value}")
    if mirrored is not None:
        ours, theirs = asdict(mirrored.officer), asdict(officer)
        for name in (name for name in ours if ours[name] != theirs[name]):
            click.echo(f"differs    {name}: mirrored as {ours[name]!r}")


def _subject(officer: Officer, mirrored: MirroredOfficer | None) -> str:
    if mirrored is None:
        return "none yet; given when the worker hears of the entry, or at the first sign-in"
    same = mirrored.officer == officer
    return f"{mirrored.sub}, mirrored as {mirrored.status}" + ("" if same else " (changed since it was mirrored)")


def _print(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))
