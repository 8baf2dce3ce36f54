"""``flask keys init|list|rotate``: key files, the keys that sign tokens, and those to encrypt to (docs/operations/keys.md)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from ..administration.keys import KINDS, exchange, in_order, next_rotation_at, shown
from ..audit import Caller
from ..jose.keyset import StoredKey
from ..services import Services
from .verb import Verbs

_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
_PLACES = {"database": "sealed in the database", "pkcs11": "in the PKCS #11 token", "": "none"}


def commands(services: Callable[[], Services], make_keys: Callable[[], tuple[str, ...]]) -> Verbs:
    """Make the command group ``keys``.

    Args:
        services: Gives the wired rooms; asked only by commands that need them.
        make_keys: Makes what is missing in keys/ and gives the names made; must work before anything else does.
    """
    group = Verbs("keys", help="Key files, and the keys that sign tokens.")

    @group.command("init")
    @click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
    def init(as_json: bool) -> None:
        """Make the key files that are missing, mode 0600, and close the folder to others. Existing keys are never touched."""
        made = make_keys()
        if as_json:
            click.echo(json.dumps({"made": list(made)}))
        else:
            click.echo(f"Made: {', '.join(made)}." if made else "All key files are there; nothing was changed.")

    @group.command("list")
    @click.option("--all", "with_removed", is_flag=True, help="Removed keys too.")
    @click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
    def list_keys(with_removed: bool, as_json: bool) -> None:
        """Show all keys: algorithm, state, age, where the private part is, and when the next one takes over."""
        house = services()
        house.keys.reload()
        keys = [key for key in house.keys.stored() if with_removed or key.state != "removed"]
        _show(house, keys, as_json, {})

    @group.command("rotate")
    @click.option("--alg", type=click.Choice(KINDS), help="Only the keys of this algorithm.")
    @click.option("--emergency", is_flag=True,
                  help="The keys are compromised: remove every key that ever signed at once; tokens signed by them are refused.")
    @click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
    def rotate(alg: str | None, emergency: bool, as_json: bool) -> None:
        """Let the next keys sign, keep the old ones for verification, publish new next ones; and new ones to encrypt to."""
        algs = (alg,) if alg else KINDS
        house = services()
        caller = Caller("cli", secrets.token_hex(8))
        warnings = exchange(house.keys, house.encryption_keys, algs, emergency=emergency, caller=caller, now=house.clock.now())
        keys = house.keys.stored()
        for warning in warnings:
            click.echo(f"Note: {warning}", err=True)
        _show(house, [key for key in keys if key.state != "removed"], as_json, {"warnings": warnings})

    return group


def _show(house: Services, keys: Iterable[StoredKey], as_json: bool, more: dict[str, Any]) -> None:
    now, due = house.clock.now(), next_rotation_at(house.keys, house.encryption_keys)
    keys = in_order(keys)
    if as_json:
        click.echo(json.dumps({"keys": [shown(key, now) for key in keys], "next_rotation_at": due, **more}))
        return
    for key in keys:
        since = max(moment for moment in (key.created_at, key.activated_at, key.retired_at) if moment is not None)
        at = due.get(key.alg)
        then = "by hand" if at is None else _local(at) if at > now else "now due"
        click.echo(f"{key.alg:<12}  {key.state:<7} since {_local(since)}, {(now - key.created_at) // 86400} days old  {key.kid}"
                   f"  private part: {_PLACES[key.place]}" + (f"; next rotation: {then}" if key.state == "active" else ""))


def _local(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment, _ZONE):%d/%m/%Y %H:%M}"
