"""``flask clients create|apply|list|show|rotate-secret|registration-access-token|disable|enable`` (docs/clients.md).

``clients initial-access-token`` is in initial_access.py, ``clients test`` in client_test.py.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from ..audit import Caller
from ..oauth.client import Client
from ..oauth.clients.registration import registration_response, to_metadata
from ..services import Services
from . import client_test, initial_access
from .verb import Verbs

_LARGEST_FILE_BYTES = 64 * 1024
_json_option = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")


def commands(services: Callable[[], Services]) -> Verbs:
    """Make the command group ``clients``."""
    group = Verbs("clients", help="Applications that officers sign in to.")

    @group.command("create")
    @click.option("--file", "path", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
                  help="RFC 7591 metadata in JSON; client_id and the table province may be added.")
    @_json_option
    def create(path: Path, as_json: bool) -> None:
        """Register an application; its secret is shown this once."""
        client, secret = services().registrar.create(_read(path), _caller())
        answer = registration_response(client, secret)
        if as_json:
            _print(answer)
        else:
            click.echo(f"client_id      {client.client_id}")
            if secret is not None:
                click.echo(f"client_secret  {secret}\nThe secret is not shown again.")

    @group.command("apply")
    @click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
    @_json_option
    def apply(folder: Path, as_json: bool) -> None:
        """Bring the registrations in line with the files DIR/*/client.toml; all are checked before the first is applied."""
        house = services()
        done = house.registrar.apply(house.read_client_files(folder), _caller())
        for warning in done.warnings:
            click.echo(f"Note: {warning}", err=True)
        words = {"created": done.created, "changed": done.changed, "unchanged": done.unchanged, "not_in_files": done.not_in_files}
        if as_json:
            _print({**{name: list(ids) for name, ids in words.items()}, "warnings": list(done.warnings)})
            return
        for name, ids in words.items():
            if ids:
                click.echo(f"{name.replace('_', ' ')}: {', '.join(ids)}")

    @group.command("list")
    @_json_option
    def list_clients(as_json: bool) -> None:
        """Show all applications."""
        clients = _all(services())
        if as_json:
            _print({"clients": [{
                "client_id": client.client_id, "client_name": client.client_name, "owner": client.owner, "source": client.source,
                "disabled": client.disabled} for client in clients]})
            return
        for client in clients:
            state = "disabled" if client.disabled else "open"
            click.echo(f"{client.client_id:<24} {client.source:<10} {state:<8} {client.client_name}")

    @group.command("show")
    @click.argument("client_id", metavar="ID")
    @_json_option
    def show(client_id: str, as_json: bool) -> None:
        """Show everything registered about an application, except its secret."""
        found = [client for client in _all(services()) if client.client_id == client_id]
        if not found:
            raise click.ClickException("There is no such client. See: clients list")
        client = found[0]
        shown = {"client_id": client.client_id, "client_id_issued_at": client.created_at, "source": client.source,
                 "disabled": client.disabled, **to_metadata(client)}
        if as_json:
            _print(shown)
            return
        for name, value in {**shown, **shown.pop("province")}.items():
            if name != "province":
                click.echo(f"{name:<38} {_text(value)}")

    @group.command("rotate-secret")
    @click.argument("client_id", metavar="ID")
    @_json_option
    def rotate_secret(client_id: str, as_json: bool) -> None:
        """Make a new secret, shown this once; the old one is worthless at once."""
        secret = services().registrar.rotate_secret(client_id, _caller())
        if as_json:
            _print({"client_id": client_id, "client_secret": secret, "client_secret_expires_at": 0})
        else:
            click.echo(f"client_secret  {secret}\nThe secret is not shown again.")

    @group.command("registration-access-token")
    @click.argument("client_id", metavar="ID")
    @_json_option
    def registration_access_token(client_id: str, as_json: bool) -> None:
        """Make a new token with which an application that registered itself looks after its registration; shown this once."""
        told = services().client_configuration.renew_token(client_id, _caller())
        if as_json:
            _print({"client_id": client_id, **told})
        else:
            click.echo("\n".join(f"{name:<26} {value}" for name, value in told.items()) + "\nThe token is not shown again.")

    def switch(name: str, disabled: bool, help_text: str) -> None:
        @group.command(name, help=help_text)
        @click.argument("client_id", metavar="ID")
        @_json_option
        def act(client_id: str, as_json: bool) -> None:
            registrar = services().registrar
            changed = (registrar.disable if disabled else registrar.enable)(client_id, _caller())
            if as_json:
                _print({"client_id": client_id, "disabled": disabled, "changed": changed})
            else:
                click.echo(f"{client_id} is {'disabled' if disabled else 'open'}{'' if changed else ', as it was before'}.")

    switch("disable", True, "Close every path to an application; what it holds is worthless at once.")
    switch("enable", False, "Open a closed application again.")
    group.add_command(initial_access.commands(services))
    group.add_command(client_test.command(services))
    return group


def _caller() -> Caller:
    return Caller("cli", secrets.token_hex(8))


def _all(house: Services) -> tuple[Client, ...]:
    house.clients.reload()
    return house.clients.all()


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _LARGEST_FILE_BYTES:
            raise click.ClickException(f"{path} is larger than {_LARGEST_FILE_BYTES} bytes.")
        metadata = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as err:
        raise click.ClickException(f"{path} is not JSON in UTF-8.") from err
    if not isinstance(metadata, dict):
        raise click.ClickException(f"{path} is not a JSON object of client metadata (RFC 7591).")
    return metadata


def _print(answer: dict[str, Any]) -> None:
    click.echo(json.dumps(answer, ensure_ascii=False, indent=2))


def _text(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
