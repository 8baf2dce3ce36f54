"""``flask clients test ID``: examines a registration, walks its flows, and prints what is wrong with it (docs/clients.md).

``failed`` means that something does not work (exit status 1), ``warning`` that somebody should look, ``ok`` what was walked.
The registration may also be one that stands in a file and is not entered yet.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from ..authn.password import normalise_login_name
from ..directory.officer import Officer
from ..errors import RefusedError
from ..oauth.client import Client
from ..oauth.clients.examination import FAILED, Finding
from ..services import Services
from .stand_in import StandIn
from .verb import Verb
from .walk import Step, Walk, example_officer

_LARGEST_FILE_BYTES = 64 * 1024


def command(services: Callable[[], Services]) -> click.Command:
    """Make the command ``test``, which stands below ``clients``."""
    @click.command("test", cls=Verb)
    @click.argument("client_id", metavar="[ID]", required=False)
    @click.option("--file", "path", type=click.Path(exists=True, dir_okay=False, path_type=Path),
                  help="A registration that is not entered yet: client.toml, or RFC 7591 metadata in JSON.")
    @click.option("--officer", "uid", metavar="UID", help="Walk as this officer; otherwise as an invented one.")
    @click.option("--fetch", is_flag=True, help="Look at the application's own addresses too: its keys, sector and logout.")
    @click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
    def test(client_id: str | None, path: Path | None, uid: str | None, fetch: bool, as_json: bool) -> None:
        """Run a registration through its flows and print what is wrong with it; nothing real happens to anybody."""
        if (client_id is None) == (path is None):
            raise click.UsageError("Give either the ID of a registered application, or --file.")
        house = services()
        house.clients.reload()
        known = {client.client_id: client for client in house.clients.all()}
        wrong: list[Finding] = []
        client: Client | None = None
        if path is not None:
            metadata = _read(path)
            client_id = str(metadata.get("client_id", ""))
            try:
                client = house.examiner.read(metadata)
            except RefusedError as err:
                member, _, sentence = err.message.partition(": ")
                wrong.append(Finding("rules", member, FAILED, sentence or err.message, "Correct the file; see docs/clients.md."))
        elif client_id not in known:
            raise click.ClickException("There is no such client. See: clients list")
        else:
            client = known[client_id]
        officer = None if uid is None else _officer(house, uid)
        steps: list[Step] = []
        if client is not None:
            wrong += house.examiner.examine(client, entered=known.get(client.client_id), fetch=fetch)
            steps = walked(house, client, officer)
        _show(str(client_id), wrong, steps, as_json)
        if not _is_fit(wrong, steps):
            raise SystemExit(1)

    return test


def walked(house: Services, client: Client, officer: Officer | None) -> list[Step]:
    """Walk a registration in a copy of this deployment."""
    stand_in = StandIn(client, issuer=house.settings.issuer, clock=house.clock)
    with house.rehearse(stand_in.documents()) as (copy, door):
        try:
            walk = Walk(copy, door, stand_in, officer or example_officer(client))
        except RefusedError as err:
            return [Step("registration", FAILED, f"it would be refused today: {err.message}", "See what is wrong above.")]
        return list(walk.steps())


def _officer(house: Services, uid: str) -> Officer:
    """Find an officer as the directory has them now."""
    found = house.directory.find_by_login(normalise_login_name(uid, mail_domain=house.settings.ldap_mail_domain))
    if found is None:
        raise click.ClickException(f"The directory knows no officer {uid!r}, or several.")
    return found


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _LARGEST_FILE_BYTES:
            raise click.ClickException(f"{path} is larger than {_LARGEST_FILE_BYTES} bytes.")
        text = path.read_text(encoding="utf-8")
        metadata = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except (OSError, ValueError, RecursionError) as err:
        raise click.ClickException(f"{path} is not {'TOML' if path.suffix == '.toml' else 'JSON'} in UTF-8.") from err
    if not isinstance(metadata, dict):
        raise click.ClickException(f"{path} is not a JSON object of client metadata (RFC 7591).")
    return metadata


def _is_fit(wrong: list[Finding], steps: list[Step]) -> bool:
    return all(finding.state != FAILED for finding in wrong) and all(step.state != FAILED for step in steps)


def _show(client_id: str, wrong: list[Finding], steps: list[Step], as_json: bool) -> None:
    fit = _is_fit(wrong, steps)
    if as_json:
        click.echo(json.dumps({"client_id": client_id, "fit": fit, "findings": [asdict(line) for line in wrong],
                               "walk": [asdict(line) for line in steps]}, ensure_ascii=False, indent=2))
        return
    lines = [(finding.state, finding.member, finding.found, finding.remedy) for finding in wrong]
    for state, name, found, remedy in [*lines, *((step.state, step.step, step.found, step.remedy) for step in steps)]:
        click.echo(f"{state:<8} {name}: {found}" + (f" Remedy: {remedy}" if remedy else ""))
    click.echo(f"{client_id} {'works' if fit else 'does not work'}"
               + (f"; {len(wrong)} {'thing' if len(wrong) == 1 else 'things'} to look at." if wrong else "."))
