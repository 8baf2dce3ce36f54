"""``flask directory check|show|tasks|reset-password``: what the provider sees of the directory, and what people have to do."""

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
from ..directory.checkup import examine
from ..directory.mirror import MirroredOfficer
from ..directory.officer import CheckLine, Contact, Officer
from ..errors import UnavailableError
from ..services import Services
from .verb import Verbs

_json_option = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")


def commands(services: Callable[[], Services]) -> Verbs:
    """Make the command group ``directory``."""
    group = Verbs("directory", help="The officers' directory.")

    @group.command("check")
    @_json_option
    def check(as_json: bool) -> None:
        """Look at every server and at everybody's entry; exit status 1 when something is not as it should be."""
        directory = services().directory
        lines = list(directory.check())
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
        officer = house.directory.find_by_login(normalise_login_name(uid, mail_domain=house.settings.ldap_mail_domain))
        mirrored = None if officer is None else house.mirror.by_entry_uuid(officer.entry_uuid)
        if officer is None:
            raise click.ClickException(f"The directory knows no officer {uid!r}, or several.")
        contact = house.directory.contact(officer)
        if as_json:
            _print(_facts(officer, mirrored, contact))
        else:
            _describe(officer, mirrored, contact)

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


def _facts(officer: Officer, mirrored: MirroredOfficer | None, contact: Contact | None) -> dict[str, Any]:
    facts = asdict(officer)
    return facts | {"sub": mirrored.sub if mirrored else None, "mirrored": mirrored is not None and mirrored.officer == officer,
                    "contact": asdict(contact) if contact else None}


def _describe(officer: Officer, mirrored: MirroredOfficer | None, contact: Contact | None) -> None:
    rows = [("uid", officer.uid), ("name", officer.name), ("mail", officer.mail or "none"), ("phone", officer.phone or "none"),
            ("state", "disabled" if officer.disabled else "active")]
    rows += [("post", f"{post.title or 'no title'}, {post.unit_name or 'unknown agency'} "
                      f"({post.unit_code}, {post.unit_code_2016})") for post in officer.posts]
    rows += [("groups", ", ".join(officer.groups) or "none"),
             ("helped by", f"{contact.name}, {contact.phone_text}" if contact else "nobody known"),
             ("entry", officer.dn), ("entryUUID", officer.entry_uuid), ("subject", _subject(officer, mirrored))]
    for name, value in rows:
        click.echo(f"{name:<10} {value}")


def _subject(officer: Officer, mirrored: MirroredOfficer | None) -> str:
    if mirrored is None:
        return "none yet; given at the first sign-in"
    return mirrored.sub if mirrored.officer == officer else f"{mirrored.sub} (changed since the last sign-in)"


def _print(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))
