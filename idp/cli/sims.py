"""``flask sims list|lost|doubts|decide|import|export``: SIMs for operators and the hotline (docs/operations/mobile-signature.md).

Lists go in and out in the name of an administrator who answers for them (``--by``), by the rules of the console and the API.
"""

from __future__ import annotations

import dataclasses
import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from ..administration.enrollment.lists import RESULTS
from ..administration.signing.lists import KINDS, SIMS, TO
from ..audit import Caller
from ..authn.password import normalise_login_name
from ..errors import ConfigurationError, RefusedError
from ..roles import Administrator
from ..services import MobileSignatures, Services
from ..signing.sims.brake import Decision, sentence
from ..signing.sims.sim import LIVE, Act, Sim, number_of
from .verb import Refusal, Verbs

_by = click.option("--by", "by_uid", metavar="UID", required=True, help="Login name of the administrator who answers for it.")
_BECOME = {Decision.CONFIRM: "end", Decision.DISMISS: "work again"}


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

    @group.command("doubts")
    @as_json
    def doubts(as_json: bool) -> None:
        """List carriers that say of many SIMs at once that they were exchanged; those SIMs sign nothing until it is decided."""
        found = _rooms(services()).brake.open()
        if as_json:
            click.echo(json.dumps([dataclasses.asdict(one) for one in found], ensure_ascii=False))
        for one in () if as_json else found:
            click.echo(sentence(one))

    @group.command("decide")
    @click.argument("decision", type=click.Choice([one.value for one in Decision]))
    @click.option("--carrier", required=True, help="Whose word it is, as in IDP_MSSP_FILE.")
    @click.option("--reason", required=True, help="What the carrier says now, and who.")
    @_by
    @as_json
    def decide(decision: str, carrier: str, reason: str, by_uid: str, as_json: bool) -> None:
        """Confirm what a carrier says, and its SIMs in doubt end; or dismiss it, and they work again."""
        house = services()
        who, caller = _acting(house, by_uid)
        done = _rooms(house).brake.decide(who, carrier, decision, reason, caller)
        click.echo(json.dumps(dataclasses.asdict(done), ensure_ascii=False) if as_json else
                   f"Decided: {done.sims} SIMs of {done.carrier} {_BECOME[Decision(decision)]}.")

    @group.command("import")
    @click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
    @click.option("--form", type=click.Choice((SIMS.name, RESULTS.name)), default=SIMS.name, show_default=True,
                  help="Requests and carriers' answers, or certificates that the Government's authority has made.")
    @click.option("--certificate", "certificates", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
                  help="A file with certificates beside the list; may be given several times.")
    @click.option("--take", is_flag=True, help="Take it; without, it is tried and nothing is written.")
    @_by
    @as_json
    def bring_in(file: Path, form: str, certificates: tuple[Path, ...], take: bool, by_uid: str, as_json: bool) -> None:
        """Try a list, or take it; exit status 1 when a row is to be corrected."""
        house = services()
        who, caller = _acting(house, by_uid)
        found = house.administration.enrollment_lists.take(
            who, file.read_bytes(), form=form, dry=not take, submit=False, caller=caller,
            certificates=[one.read_bytes() for one in certificates])
        if as_json:
            click.echo(json.dumps(found, ensure_ascii=False))
        else:
            click.echo(f"{'Taken' if take else 'Tried'}: {found['good']} rows, {found['already']} of them before; "
                       f"{found['bad']} to be corrected.")
            for one in found["problems"]:
                click.echo(f"  row {one['line']} ({one['name'] or '?'}), {one['column']}: {one['reason']}")
        if found["bad"]:
            raise click.exceptions.Exit(1)

    @group.command("export")
    @click.argument("file", type=click.Path(path_type=Path))
    @click.option("--for", "to", type=click.Choice(tuple(TO)), default="carrier", show_default=True, help="Who gets the list.")
    @click.option("--carrier", default="", help="Only SIMs of this carrier.")
    @_by
    @as_json
    def write_out(file: Path, to: str, carrier: str, by_uid: str, as_json: bool) -> None:
        """Write what waits for somebody, with whole numbers, to a .csv or .xlsx file that is not there yet; it is recorded."""
        house, kind = services(), file.suffix.removeprefix(".")
        if kind not in KINDS:
            raise click.BadParameter("the file's name ends in .csv or .xlsx", param_hint="file")
        if os.path.exists(file):
            raise Refusal(f"{file} is there already.", "Choose another name.", as_json=as_json)
        who, caller = _acting(house, by_uid)
        try:  # whole numbers: for nobody but who asked; a place that cannot be written is known before anything is recorded
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as written:
                try:
                    written.write(_rooms(house).sim_lists.written(who, kind=kind, to=to, carrier=carrier, caller=caller))
                except BaseException:
                    file.unlink(missing_ok=True)
                    raise
        except OSError as err:
            raise Refusal(f"{file} cannot be written: {err.strerror}.", "Choose another folder.", as_json=as_json) from err
        click.echo(json.dumps({"written": str(file)}) if as_json else f"Written: {file}")

    return group


def _acting(house: Services, uid: str) -> tuple[Administrator, Caller]:
    name = normalise_login_name(uid, mail_domain=house.settings.ldap_mail_domain)
    return house.administration.officers.acting(name, Caller("cli", secrets.token_hex(8)))


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
