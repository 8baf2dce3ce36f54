"""A campaign's page, the list of campaigns, who is missing and who does not count, and the report.

What anybody sees is decided in ``administration.rollout``; every number leads to the list that it counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext

from ....administration.operation.files import FILES
from ....administration.pages import USUAL
from ....administration.rollout.lists import MOVEMENTS, SORTS, Shown, excluded_of, missing_of
from ....directory.unit import is_unit_code
from ....errors import RefusedError
from ....pki.enrollment.working_days import day_of
from ....rollout.coverage import Coverage
from ....rollout.steps import Step
from ....services import Services
from ..desk import name_of, unit_names
from ..door import Door, Entered
from ..operation.jobs import too_many
from ..turning import asked, sorting, turning
from ..words import day, said_day, typed_day
from . import words
from .files import purpose_page, taken, told

LIST: Final = "/admin/rollout/"
WORST: Final = 6
FILTERS: Final = ("step", "unit", "q", "sort", "on", "state", "act")
_KNOWN: Final = {"step": {step.value for step in Step}, "sort": set(SORTS), "state": {one.value for one in Shown},
                 "act": {act.value for act in MOVEMENTS}}


def add(views: Blueprint, services: Services, door: Door) -> None:
    """Make the views."""
    rooms = services.administration

    @views.get("/rollout/")
    def campaigns() -> Response:
        entered = door.enter(request.full_path)
        if isinstance(entered, Response):
            return entered
        return door.page("console/rollout/list.html", entered, here="rollout", running=running(services, entered),
                         closed=[words.campaign_words(one) for one in rooms.rollout.concerning(entered.who)
                                 if one.closed_at is not None],
                         may_change=rooms.rollout.may_change(entered.who))

    @views.get("/rollout/<campaign_id>")
    def campaign(campaign_id: str) -> Response:
        entered = door.enter(request.full_path)
        if isinstance(entered, Response):
            return entered
        narrowed = filters()
        coverage = rooms.rollout.coverage(entered.who, campaign_id, on=narrowed.get("on", ""))
        rows = words.agencies(coverage)
        worst = [row for row in rows if row["missing"] != "0"][:WORST]
        stuck = words.slowest(coverage, [row["code"] for row in worst], lambda: _keepers(entered), lambda since: (
            services.certificate_desk.moves.calendar.between(day_of(since), coverage.last.day)))
        return door.page(
            "console/rollout/campaign.html", entered, here="rollout", found=words.campaign_words(coverage.campaign),
            figures=figures_of(services, coverage), stops=words.stops(coverage), agencies=rows,
            people=words.number(len(coverage.people)), movements=words.number(len(coverage.movements)),
            missing=words.number(len(coverage.missing)), worst=[row | stuck[row["code"]] for row in worst],
            low=sum(row["low"] for row in rows), course=words.course(coverage),
            excluded=words.number(len(coverage.excluded)), listed=words.number(coverage.listed),
            joined=words.number(coverage.joined), left=words.number(coverage.left),
            on=said_day(narrowed.get("on", "")), query=f"?{urlencode({'on': narrowed['on']})}" if "on" in narrowed else "",
            files=_files(f"{LIST}{campaign_id}/report/file", {"on": coverage.last.day.isoformat()}),
            may_remind=rooms.campaign_reminding.may(entered.who, coverage.campaign) and "on" not in narrowed,
            may_change=rooms.rollout.may_change(entered.who))

    def _keepers(entered: Entered) -> Mapping[str, list[str]]:
        return {unit: [name for sub in subs if (name := name_of(services, sub))]
                for unit, subs in rooms.campaign_reminding.keepers(entered.who).items()}

    @views.get("/rollout/<campaign_id>/missing")
    def missing(campaign_id: str) -> Response:
        entered = door.enter(request.full_path)
        if isinstance(entered, Response):
            return entered
        narrowed = filters()
        coverage = rooms.rollout.coverage(entered.who, campaign_id, on=narrowed.get("on", ""), unit=narrowed.get("unit", ""))
        page = missing_of(coverage, **for_room(narrowed, "step", "q", "sort"), **asked(), limit=USUAL)
        address = f"{LIST}{campaign_id}/missing"
        kept = _kept()
        return door.page(
            "console/rollout/missing.html", entered, here="rollout", found=words.campaign_words(coverage.campaign),
            rows=[_person(one) for one in page.items], narrowed={name: narrowed.get(name, "") for name in FILTERS},
            total=words.number(len(coverage.missing)), as_of=words.as_of(coverage),
            steps=[{"value": one["step"], "word": one["word"]} for one in words.stops(coverage)],
            units=words.units(entered.who, coverage),
            export=f"{address}/file{f'?{urlencode(kept)}' if kept else ''}",
            sorts=sorting(address, narrowed.items(), narrowed.get("sort", SORTS[0]), SORTS),
            turn=turning(address, narrowed, following=page.next, prev=page.prev),
            may_change=rooms.rollout.may_change(entered.who) and not coverage.campaign.closed_at)

    @views.get("/rollout/<campaign_id>/excluded")
    def excluded(campaign_id: str) -> Response:
        entered = door.enter(request.full_path)
        if isinstance(entered, Response):
            return entered
        narrowed = {name: value for name, value in filters().items() if name == "on"}
        coverage = rooms.rollout.coverage(entered.who, campaign_id, on=narrowed.get("on", ""))
        page, found = excluded_of(coverage, **asked(), limit=USUAL), coverage.campaign
        return door.page(
            "console/rollout/excluded.html", entered, here="rollout", found=words.campaign_words(found),
            as_of=words.as_of(coverage),
            rows=[{**one, "reason": words.reasons().get(one["reason"], one["reason"])} for one in page.items],
            turn=turning(f"{LIST}{campaign_id}/excluded", narrowed, following=page.next, prev=page.prev),
            export=f"{LIST}{campaign_id}/members/file?{urlencode({**narrowed, 'state': Shown.EXCLUDED.value})}",
            may_change=rooms.rollout.may_change(entered.who) and not found.closed_at)

    @views.get("/rollout/<campaign_id>/report")
    def report(campaign_id: str) -> Response:
        entered = door.enter(request.full_path)
        if isinstance(entered, Response):
            return entered
        made = rooms.rollout_reports.page(entered.who, campaign_id, on=filters().get("on", ""))
        shown = words.date_text(date.fromisoformat(made.day))
        return Response(render_template(
            "console/rollout/report.html", paper=made.paper, chart=made.chart, day=shown, back=f"{LIST}{campaign_id}",
            shown=shown, address=f"{LIST}{campaign_id}/report",
            files=_files(f"{LIST}{campaign_id}/report/file", {"on": made.day})))

    @views.get("/rollout/<campaign_id>/report/file")
    def report_file(campaign_id: str) -> Response:
        entered = door.enter(request.full_path)
        if isinstance(entered, Response):
            return entered
        kind = _kind()
        return _file(campaign_id, kind, rooms.rollout_reports.file(entered.who, campaign_id, kind, on=filters().get("on", "")))

    @views.get("/rollout/<campaign_id>/missing/file")
    def ask_missing_file(campaign_id: str) -> Response:
        entered = door.enter(request.full_path)
        return entered if isinstance(entered, Response) else _ask(entered, campaign_id)

    @views.post("/rollout/<campaign_id>/missing/file")
    def missing_file(campaign_id: str) -> Response:
        entered = door.enter(f"{LIST}{campaign_id}/missing/file")
        if isinstance(entered, Response):
            return entered
        body, room = {**_kept(), **told()}, rooms.campaign_files
        try:
            return taken(services, entered, "missing", {"campaign": campaign_id, **body},
                         rows=room.count(entered.who, "missing", campaign_id, body),
                         write=lambda: room.file(entered.who, "missing", campaign_id, body, entered.caller))
        except RefusedError as err:
            if err.code == "too_many_jobs":
                return _ask(entered, campaign_id, error=too_many(), status=409)
            if err.status != 422:
                raise
            return _ask(entered, campaign_id, status=422)

    def _ask(entered: Entered, campaign_id: str, *, error: str = "", status: int = 200) -> Response:
        found, kept, address = rooms.rollout.seen(entered.who, campaign_id), _kept(), f"{LIST}{campaign_id}/missing"
        return purpose_page(door, entered, here="rollout", error=error, status=status,
                            title=gettext("Xuất danh sách còn thiếu"), about=found.name, address=f"{address}/file", kept=kept,
                            back=f"{address}?{urlencode(kept)}", back_word=gettext("Danh sách còn thiếu"))


def running(services: Services, entered: Entered, most: int = 20) -> list[dict[str, Any]]:
    """Give the campaigns that are not closed and concern somebody, with their figures; for the first page too."""
    rooms = services.administration.rollout
    open_ones = [one for one in rooms.concerning(entered.who) if one.closed_at is None][:most]
    return [{**words.campaign_words(one), **figures_of(services, rooms.coverage(entered.who, one.campaign_id))}
            for one in open_ones]


def figures_of(services: Services, coverage: Coverage) -> dict[str, Any]:
    """Give the four figures on top of a page."""
    calendar = services.certificate_desk.moves.calendar
    return words.figures(coverage, calendar.between(coverage.last.day, coverage.campaign.deadline))


def filters() -> dict[str, str]:
    """Read how a list is narrowed; what is none is left out."""
    found = {name: request.values.get(name, "").strip()[:100] for name in FILTERS}
    for name, known in _KNOWN.items():
        if found[name] not in known:
            found[name] = ""
    if found["unit"] and not is_unit_code(found["unit"]):
        found["unit"] = ""
    try:
        found["on"] = date.fromisoformat(typed_day(found["on"])).isoformat()
    except ValueError:
        found["on"] = ""
    return {name: value for name, value in found.items() if value and value.isprintable()}


def _kept() -> dict[str, str]:
    return {name: value for name, value in filters().items() if name in ("on", "unit")}


def unit_choices(services: Services) -> list[dict[str, str]]:
    """Give the agencies to choose from, by code."""
    return [{"code": code, "name": name} for code, name in sorted(unit_names(services).items())]


def for_room(narrowed: Mapping[str, str], *names: str) -> dict[str, str]:
    """Give what a list is narrowed by as rooms take it."""
    return {name: value for name, value in narrowed.items() if name in names}


def _person(one: Mapping[str, Any]) -> dict[str, Any]:
    return {**one, "word": words.steps()[one["step"]], "who": words.owners()[one["owner"]], "since": day(one["since"])}


def _kind() -> str:
    kind = request.args.get("file", "")
    return kind if kind in FILES else "csv"


def _files(address: str, asked: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"kind": kind.upper(), "url": f"{address}?{urlencode({**asked, 'file': kind})}"} for kind in FILES]


def _file(name: str, kind: str, content: bytes) -> Response:
    return Response(content, content_type=FILES[kind], headers={"Content-Disposition": f'attachment; filename="{name}.{kind}"'})
