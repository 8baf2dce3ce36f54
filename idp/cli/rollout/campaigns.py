"""``flask rollout list|create|deadline|close|report``: campaigns at the command line (docs/operations/rollout.md)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

import click
from flask import current_app

from ...administration.operation.files import FILES
from ...administration.tasks import OPERATOR
from ...audit import Caller
from ...rollout.campaign import Goal
from ...services import Services
from ..verb import Refusal, Verbs

CLI = Caller(source="cli", request_id="cli")
FORMATS = (*FILES, "html")


def commands(services: Callable[[], Services]) -> Verbs:
    """Make the command group ``rollout``."""
    group = Verbs("rollout", help="Campaigns: how many are done, who is late.")
    json_option = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
    campaign_option = click.option("--campaign", required=True, metavar="C", help="Number (CD-2026-0001), or an open one's name.")
    reason_option = click.option("--reason", required=True, help="Why; it stands in the audit trail.")

    @group.command("list")
    @json_option
    def list_(as_json: bool) -> None:
        """List campaigns, with the figures of now of those that are open."""
        found = services().administration.rollout.listed(OPERATOR)
        if as_json:
            click.echo(json.dumps({"campaigns": found}, ensure_ascii=False))
            return
        for one in found:
            click.echo(_line(one))

    @group.command("create")
    @click.option("--name", required=True, help="For people.")
    @click.option("--goal", required=True, type=click.Choice([goal.value for goal in Goal]))
    @click.option("--deadline", required=True, help="The last day that is in time: 2026-12-15.")
    @click.option("--unit", default="", help="Officers of this agency and below it, by its code.")
    @click.option("--group", "groups", multiple=True, help="Members of any of these groups of the directory.")
    @click.option("--title", "titles", multiple=True, help="Whose post has any of these titles.")
    @click.option("--owner", default="", help="Code of the agency that answers for it.")
    @click.option("--dry-run", is_flag=True, help="Say whom it would be about, and write nothing.")
    @json_option
    def create(name: str, goal: str, deadline: str, unit: str, groups: tuple[str, ...], titles: tuple[str, ...], owner: str,
               dry_run: bool, as_json: bool) -> None:
        """Begin a campaign, and make its list of the directory as it is now."""
        rooms = services().administration.rollout
        question = {"goal": goal, "unit": unit, "groups": list(groups), "titles": list(titles)}
        if dry_run:
            found = rooms.preview(OPERATOR, question)
            out = sum(found["left_out"].values())
            click.echo(json.dumps(found) if as_json else f"{found['counted']} would count, {out} would be left out.")
            return
        made = rooms.begin(OPERATOR, {**question, "name": name, "deadline": deadline, "owner_unit": owner}, CLI)
        click.echo(json.dumps(made, ensure_ascii=False) if as_json else _line(made))

    @group.command("deadline")
    @campaign_option
    @click.option("--to", "deadline", required=True, help="The last day that is in time: 2026-12-15.")
    @reason_option
    @json_option
    def deadline(campaign: str, deadline: str, reason: str, as_json: bool) -> None:
        """Change the deadline; figures of past days keep theirs."""
        rooms = services().administration.rollout
        made = rooms.move_deadline(OPERATOR, _number(rooms, campaign), {"deadline": deadline, "reason": reason}, CLI)
        click.echo(json.dumps(made, ensure_ascii=False) if as_json else _line(made))

    @group.command("close")
    @campaign_option
    @reason_option
    @json_option
    def close(campaign: str, reason: str, as_json: bool) -> None:
        """Close a campaign; its figures stay."""
        rooms = services().administration.rollout
        made = rooms.close(OPERATOR, _number(rooms, campaign), {"reason": reason}, CLI)
        click.echo(json.dumps(made, ensure_ascii=False) if as_json else _line(made))

    @group.command("report")
    @campaign_option
    @click.option("--format", "kind", type=click.Choice(FORMATS), default="csv", show_default=True)
    @click.option("--on", default="", metavar="DAY", help="Figures of this day (2026-11-23); else of the last that is over.")
    @click.option("--output", "-o", type=click.Path(path_type=Path), help="A file that is not there yet; else standard output.")
    @json_option
    def report(campaign: str, kind: str, on: str, output: Path | None, as_json: bool) -> None:
        """Make the report of a day: figures as csv or xlsx, or the page to sign as html, which prints on A4."""
        rooms = services().administration
        number = _number(rooms.rollout, campaign)
        day = on or rooms.rollout.default_day(rooms.rollout.seen(OPERATOR, number)).isoformat()
        if as_json and output is None:
            click.echo(json.dumps(rooms.rollout.one(OPERATOR, number, on=day), ensure_ascii=False))
            return
        content = (_page(services(), number, day) if kind == "html"
                   else rooms.rollout_reports.file(OPERATOR, number, kind, on=day))
        if output is None:
            click.echo(content, nl=False)
            return
        _write(output, content, as_json=as_json)
        click.echo(json.dumps({"written": str(output), "day": day}) if as_json else f"Written: {output}, {day}.")

    return group


def _number(rooms: Any, text: str) -> str:
    """Give the number of a campaign that is named by it, or by the name of an open one."""
    return next((str(one.campaign_id) for one in rooms.open() if one.name == text), text)


def _line(one: dict[str, Any]) -> str:
    figures = one["figures"]
    if figures is None:
        return f"{one['id']}  closed {datetime.fromtimestamp(one['closed_at'], UTC):%Y-%m-%d}  {one['name']}"
    return (f"{one['id']}  {figures['done']}/{figures['counted']} done, {figures['needed']} needed by now, deadline "
            f"{one['deadline']}  {one['name']}")


def _page(services: Services, number: str, day: str) -> bytes:
    """Make the page as one file that needs no other: its style stands in it."""
    made = services.administration.rollout_reports.page(OPERATOR, number, on=day)
    parts: Any = current_app.jinja_env.get_template("_parts/report.html").module
    style = (Path(current_app.root_path) / "web" / "static" / "tokens.css").read_text(encoding="utf-8")
    return (f'<!doctype html>\n<html lang="vi">\n<head>\n<meta charset="utf-8">\n<title>{escape(made.paper.subject)}</title>\n'
            f"<style>\n{style}</style>\n</head>\n<body>\n{parts.report(made.paper, made.chart, made.day)}\n</body>\n</html>\n"
            ).encode()


def _write(output: Path, content: bytes, *, as_json: bool) -> None:
    try:
        with output.open("xb") as file:
            file.write(content)
    except FileExistsError as err:
        raise Refusal(f"{output} is there already.", "Choose another name.", as_json=as_json) from err
    except OSError as err:
        raise Refusal(f"{output} cannot be written: {err.strerror}.", "Choose another folder.", as_json=as_json) from err
