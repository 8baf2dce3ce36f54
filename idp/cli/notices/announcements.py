"""``flask announcements list|create|end``: announcements at the command line, for the night when the console is away."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from ...administration.operation.announcements import shown
from ...administration.pages import MOST
from ...administration.tasks import OPERATOR
from ...audit import Caller
from ...notices.announcements import Level, Where
from ...services import Services
from ..verb import Verbs

_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
_MOMENTS = ("%Y-%m-%dT%H:%M",)
_PLACES = [place.value for place in Where]


def commands(services: Callable[[], Services]) -> Verbs:
    """Make the command group ``announcements``."""
    group = Verbs("announcements", help="What everybody reads on the sign-in page or in the portal.")
    json_option = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")

    @group.command("list")
    @json_option
    def listed(as_json: bool) -> None:
        """List announcements, the latest to begin first; the newest 200."""
        found = services().administration.announcements.listed(OPERATOR, limit=MOST).items
        if as_json:
            click.echo(json.dumps({"announcements": found}, ensure_ascii=False))
            return
        for one in found:
            click.echo(_line(one))

    @group.command("create")
    @click.option("--text", required=True, help="In Vietnamese; plain text, https addresses become links.")
    @click.option("--text-en", default="", help="In English; without it the Vietnamese text is shown.")
    @click.option("--level", type=click.Choice([level.value for level in Level]), default="info", show_default=True)
    @click.option("--where", multiple=True, type=click.Choice(_PLACES), default=_PLACES, help="May be given twice; else both.")
    @click.option("--from", "begins", type=click.DateTime(_MOMENTS), help="2026-11-30T07:00 in Vietnam; else now.")
    @click.option("--until", "ends", type=click.DateTime(_MOMENTS), required=True, help="2026-11-30T17:00 in Vietnam.")
    @json_option
    def create(text: str, text_en: str, level: str, where: tuple[str, ...], begins: datetime | None, ends: datetime,
               as_json: bool) -> None:
        """Write one; it is shown within a second of its beginning."""
        house = services()
        body = {"level": level, "where": list(where), "text_vi": text, "text_en": text_en, "until_at": _seconds(ends)}
        made = house.administration.announcements.create(
            OPERATOR, body if begins is None else {**body, "from_at": _seconds(begins)}, _caller())
        _say(shown(made, house.clock.now()), as_json)

    @group.command("end")
    @click.argument("identifier")
    @json_option
    def end(identifier: str, as_json: bool) -> None:
        """End one now, before its time."""
        house = services()
        ended = house.administration.announcements.end(OPERATOR, identifier, lambda _: True, _caller())
        _say(shown(ended, house.clock.now()), as_json)

    return group


def _seconds(moment: datetime) -> int:
    return int(moment.replace(tzinfo=_ZONE).timestamp())


def _caller() -> Caller:
    return Caller("cli", secrets.token_hex(8))


def _say(one: dict[str, Any], as_json: bool) -> None:
    click.echo(json.dumps(one, ensure_ascii=False) if as_json else _line(one))


def _line(one: dict[str, Any]) -> str:
    begins, ends = (f"{datetime.fromtimestamp(one[name], UTC).astimezone(_ZONE):%Y-%m-%dT%H:%M}" for name in (
        "from_at", "until_at"))
    first = one["text_vi"].split("\n")[0]
    return "  ".join((one["id"], one["state"], one["level"], "+".join(one["where"]), f"{begins}..{ends}", first))
