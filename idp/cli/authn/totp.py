"""``flask totp import|release``: authenticator seeds from a file, and factors that were frozen with an officer's access."""

from __future__ import annotations

import json
import secrets
import stat
from collections.abc import Callable
from pathlib import Path

import click

from ...audit import Caller
from ...services import Services
from ..verb import Verbs

_LARGEST_FILE_BYTES = 1_000_000


def commands(services: Callable[[], Services]) -> Verbs:
    """Make the command group ``totp``."""
    group = Verbs("totp", help="Authenticator apps.")

    @group.command("import")
    @click.option("--file", "path", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
                  help="JSON object: uid to base32 seed.")
    @click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
    def import_seeds(path: Path, as_json: bool) -> None:
        """Enrol officers with the seeds of a file, once all are found usable. Who has the seed already is left alone."""
        house = services()
        if stat.S_IMODE(path.stat().st_mode) & 0o077 and not house.settings.development:
            raise click.ClickException(f"{path} holds seeds and can be read by others. Run: chmod 600 {path}")
        seeds = _read(path)
        officers = {uid: house.directory.find_by_login(uid.lower()) for uid in seeds}
        unknown = sorted(uid for uid, officer in officers.items() if officer is None)
        if unknown:
            raise click.ClickException(f"The directory knows no officer {', '.join(unknown)}. Nothing was changed.")
        for seed in seeds.values():
            house.totp.check_seed(seed)
        enrolled: list[str] = []
        unchanged: list[str] = []
        for uid, officer in officers.items():
            assert officer is not None
            known = house.mirror.by_entry_uuid(officer.entry_uuid)
            new = house.totp.enrol(officer.entry_uuid, seeds[uid], sub=known.sub if known else "")
            (enrolled if new else unchanged).append(uid)
        if as_json:
            click.echo(json.dumps({"enrolled": sorted(enrolled), "unchanged": sorted(unchanged)}, ensure_ascii=False))
        else:
            click.echo(f"{len(enrolled)} enrolled, {len(unchanged)} had this seed already.")

    @group.command("release")
    @click.option("--officer", required=True, metavar="UID", help="Login name of the officer.")
    @click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
    def release(officer: str, as_json: bool) -> None:
        """Let all second factors of an officer who is back work again, once it is sure who holds them."""
        house = services()
        known = house.mirror.by_uid(officer.strip().lower())
        if known is None:
            raise click.ClickException(f"No officer {officer} has signed in here, or several have that name now and before.")
        if not house.deprovisioning.release_factors(known.sub, Caller("cli", secrets.token_hex(8))):
            raise click.ClickException(f"The factors of {known.officer.uid} are not frozen, or the officer is not back.")
        if as_json:
            click.echo(json.dumps({"officer": known.officer.uid, "sub": known.sub, "released": True}))
        else:
            click.echo(f"The factors of {known.officer.uid} work again.")

    return group


def _read(path: Path) -> dict[str, str]:
    try:
        if path.stat().st_size > _LARGEST_FILE_BYTES:
            raise click.ClickException(f"{path} is larger than {_LARGEST_FILE_BYTES} bytes.")
        seeds = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as err:
        raise click.ClickException(f"{path} is not JSON in UTF-8.") from err
    if not isinstance(seeds, dict) or not all(isinstance(seed, str) for seed in seeds.values()):
        raise click.ClickException(f"{path} is not a JSON object of uid and base32 seed.")
    return seeds
