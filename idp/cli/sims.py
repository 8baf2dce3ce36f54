"""``flask sims``: SIMs for operators and the hotline, day and night (docs/operations/mobile-signature.md)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from typing import Any

import click

from ..audit import Caller
from ..errors import ConfigurationError, RefusedError
from ..services import MobileSignatures, Services
from ..signing.sims.sim import LIVE, Act, Sim, number_of
from .verb import Verbs


def commands(services: Callable[[], Services]) -> Verbs:
    """Make the command group ``sims``."""
    group = Verbs("sims", help="Signing SIMs of officers.")
    as_json = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")

    @group.command("list")
    @click.option("--officer", default="", metavar="UID", help="Only this officer's.")
    @click.option("--number", default="", metavar="NUMBER", help="Only those of this number.")
    @as_json
    def listed(officer: str, number: str, as_json: bool) -> None:
        """List SIMs of an officer or a number, the newest first."""
        found = _found(services(), officer, number)
        if as_json:
            click.echo(json.dumps([_shown(one) for one in found]))
        for one in () if as_json else found:
            click.echo("  ".join((one.sim_id, f"…{one.msisdn[-3:]}", one.carrier, one.iccid or "-", one.state.value,
                                  one.reason)).rstrip())

    @group.command("lost")
    @click.option("--officer", default="", metavar="UID", help="Every SIM of this officer.")
    @click.option("--number", default="", metavar="NUMBER", help="The SIM of this number.")
    @click.option("--reason", required=True, help="Who called, and when.")
    @as_json
    def lost(officer: str, number: str, reason: str, as_json: bool) -> None:
        """Report SIMs lost: blocked at once, certificates revoked, signatures under way given to nobody."""
        house = services()
        done = [_rooms(house).sims.noted(one, Act.REPORT_LOSS, Caller("cli", secrets.token_hex(8)), reason[:300])
                for one in _found(house, officer, number) if one.state in LIVE]
        if not done:
            raise RefusedError("There is no SIM in use there.")
        if as_json:
            click.echo(json.dumps([_shown(one) for one in done]))
        for one in () if as_json else done:
            click.echo(f"{one.sim_id} of …{one.msisdn[-3:]} is {one.state.value}.")

    return group


def _rooms(house: Services) -> MobileSignatures:
    if house.mobile_signatures is None:
        raise ConfigurationError("No carrier is named.",
                                 remedy="Name one in IDP_MSSP_FILE (docs/operations/mobile-signature.md).")
    return house.mobile_signatures


def _found(house: Services, officer: str, number: str) -> list[Sim]:
    if bool(officer) == bool(number):
        raise click.UsageError("Give either --officer or --number.")
    if number:
        return list(_rooms(house).sims.store.of_number(number_of(number)))
    known = house.mirror.by_uid(officer.strip().lower())
    if known is None:
        raise RefusedError(f"No officer {officer} is known here.")
    return list(_rooms(house).sims.store.of_officer(known.sub))


def _shown(sim: Sim) -> dict[str, Any]:
    return {"id": sim.sim_id, "holder": sim.sub, "unit_code": sim.unit_code, "seal": sim.seal, "number": sim.msisdn[-3:],
            "carrier": sim.carrier, "iccid": sim.iccid, "state": sim.state.value, "since": sim.since, "serial": sim.serial,
            "reason": sim.reason}
