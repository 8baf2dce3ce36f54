"""``flask custody list|overdue|show|enter|hand-over|demand-return|take-back|restock|lost|record-loss``: devices with keys.

Source: Decree 68/2024 (Mẫu 07, 08, 09). Who works here has the whole account before them; what is done is done by a person who
answers for it, named by ``--by``, and by the rules of ``pki.custody.register`` as in the API and in the console
(docs/operations/custody.md).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import click

from ...administration.enrollment.devices import KINDS
from ...administration.pages import MOST
from ...administration.tasks import OPERATOR
from ...audit import Caller
from ...authn.password import normalise_login_name
from ...directory.mirror import MirroredOfficer
from ...directory.unit import is_unit_code
from ...pki.custody.device import DeviceState
from ...services import Services
from ..verb import Refusal, Verbs

_json_option = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
_by = click.option("--by", "by_uid", metavar="UID", required=True, help="Login name of the administrator who answers for it.")
_record = click.option("--record", required=True, help="Number of the record that was signed.")
_PARTS = (("by", "actor"), ("from", "giver"), ("to", "receiver"))
_device = click.argument("device")


def commands(services: Callable[[], Services]) -> Verbs:
    """Make the command group ``custody``."""
    group = Verbs("custody", help="Devices that hold private keys: who has which, by which record.")

    @group.command("list")
    @click.option("--state", type=click.Choice([state.value for state in DeviceState]), default=None)
    @click.option("--kind", type=click.Choice(KINDS), default=None)
    @click.option("--unit", default="", help="Code of an agency: its devices, and those below it.")
    @click.option("--find", default="", help="Part of the number, or of what the holder is called.")
    @_json_option
    def list_(state: str | None, kind: str | None, unit: str, find: str, as_json: bool) -> None:
        """Show devices."""
        if unit and not is_unit_code(unit):
            raise click.BadParameter("no code of an agency, such as H30.11", param_hint="--unit")
        _listed(services(), as_json=as_json, state=state or "", kind=kind or "", unit=unit, q=find)

    @group.command("overdue")
    @_json_option
    def overdue(as_json: bool) -> None:
        """Show devices that should have been back."""
        _listed(services(), as_json=as_json, overdue="true")

    @group.command("show")
    @_device
    @_json_option
    def show(device: str, as_json: bool) -> None:
        """Show one device, by identifier or by the number printed on it, and who had it."""
        house = services()
        found = house.administration.devices.one(OPERATOR, _named(house, device))
        if as_json:
            click.echo(json.dumps({"device": found}, ensure_ascii=False))
            return
        click.echo(_line(house, found))
        for entry in found["history"]:
            people = [f"{word} {_who(house, entry[part])}" for word, part in _PARTS if entry[part]]
            record = f"  record {entry['record']}" if entry["record"] else ""
            request = f"  request {entry['enrollment']}" if entry["enrollment"] else ""
            click.echo(f"  {_time(entry['at'])}  {entry['handling']:<13}  {', '.join(people)}{record}{request}")

    @group.command("enter")
    @click.argument("kind", type=click.Choice(KINDS))
    @click.argument("serial")
    @_by
    @_json_option
    def enter(kind: str, serial: str, by_uid: str, as_json: bool) -> None:
        """Enter a device into the stock."""
        house = services()
        who, caller = house.administration.officers.acting(_login(house, by_uid), _caller())
        _told(house, house.administration.devices.enter(who, {"kind": kind, "serial": serial}, caller), as_json=as_json)

    @group.command("hand-over")
    @_device
    @click.option("--to", "to_uid", metavar="UID", required=True, help="Login name of the officer who signed for it.")
    @click.option("--for-agency", is_flag=True, help="The officer's agency has it from now on, not the officer.")
    @_record
    @_by
    @_json_option
    def hand_over(device: str, to_uid: str, for_agency: bool, record: str, by_uid: str, as_json: bool) -> None:
        """Hand a device over that follows no request (Mẫu 07)."""
        house = services()
        receiver = house.mirror.by_uid(_login(house, to_uid))
        if receiver is None:
            raise Refusal("There is no such officer.", "Look: flask --app wsgi directory show UID", as_json=as_json)
        _done(house, device, by_uid, as_json, "hand_over", receiver=receiver.sub, for_agency=for_agency, record=record)

    @group.command("demand-return")
    @_device
    @_by
    @_json_option
    def demand_return(device: str, by_uid: str, as_json: bool) -> None:
        """Demand a device back, within five working days."""
        _done(services(), device, by_uid, as_json, "demand_return")

    @group.command("take-back")
    @_device
    @_record
    @_by
    @_json_option
    def take_back(device: str, record: str, by_uid: str, as_json: bool) -> None:
        """Note that a device is back (Mẫu 08)."""
        _done(services(), device, by_uid, as_json, "take_back", record=record)

    @group.command("restock")
    @_device
    @_by
    @_json_option
    def restock(device: str, by_uid: str, as_json: bool) -> None:
        """Note that a device that came back is wiped."""
        _done(services(), device, by_uid, as_json, "restock")

    @group.command("lost")
    @_device
    @_by
    @_json_option
    def lost(device: str, by_uid: str, as_json: bool) -> None:
        """Report a device lost: no certificate in it signs from this moment on."""
        _done(services(), device, by_uid, as_json, "report_loss")

    @group.command("record-loss")
    @_device
    @_record
    @_by
    @_json_option
    def record_loss(device: str, record: str, by_uid: str, as_json: bool) -> None:
        """Note the record of a loss (Mẫu 09)."""
        _done(services(), device, by_uid, as_json, "record_loss", record=record)

    return group


def _done(house: Services, device: str, by_uid: str, as_json: bool, act: str, **told: Any) -> None:
    who, caller = house.administration.officers.acting(_login(house, by_uid), _caller())
    found = house.administration.devices.act(who, _named(house, device), {"act": act, **told}, caller)
    _told(house, found, as_json=as_json)


def _listed(house: Services, *, as_json: bool, **search: str) -> None:
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = house.administration.devices.listed(OPERATOR, **search, cursor=cursor, limit=MOST)
        found += page.items
        cursor = page.next
        if not cursor:
            break
    if as_json:
        click.echo(json.dumps({"devices": found}, ensure_ascii=False))
        return
    for one in found:
        click.echo(_line(house, one))
    if not found:
        click.echo("Nothing.")


def _told(house: Services, found: dict[str, Any], *, as_json: bool) -> None:
    click.echo(json.dumps({"device": found}, ensure_ascii=False) if as_json else _line(house, found))


def _named(house: Services, device: str) -> str:
    return house.administration.devices.named(OPERATOR, device)


def _line(house: Services, found: dict[str, Any]) -> str:
    due = f"  due {_time(found['due_at'])}" if found["due_at"] is not None else ""
    return (f"{found['id']}  {found['kind']:<5}  {found['serial']}  {found['state']}  {_who(house, found['holder']) or '-'}"
            f", {found['unit_code'] or '-'}{due}{'  OVERDUE' if found['overdue'] else ''}")


def _who(house: Services, sub: str | None) -> str:
    found: MirroredOfficer | None = house.mirror.by_sub(sub) if sub else None
    return found.officer.uid if found is not None else ""


def _login(house: Services, uid: str) -> str:
    return normalise_login_name(uid, mail_domain=house.settings.ldap_mail_domain)


def _caller() -> Caller:
    return Caller("cli", secrets.token_hex(8))


def _time(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")
