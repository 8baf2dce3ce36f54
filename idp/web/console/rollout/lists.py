"""Everybody of a campaign, how its list changed, who was reminded, and why so many count in an agency; most of it as files too.

Rules and scope are those of ``administration.rollout``; files ask for a purpose first (``files``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, Response, request
from flask_babel import gettext

from ....administration.pages import USUAL
from ....administration.rollout.lists import MOVEMENTS, SORTS, Shown, members_of, movements_of
from ....errors import RefusedError
from ....rollout.campaign import MemberAct
from ....rollout.coverage import Coverage
from ....rollout.report import agency_rows, whole_flow
from ....services import Services
from ..desk import name_of
from ..door import Door, Entered
from ..operation.jobs import too_many
from ..turning import asked, sorting, turning
from ..words import day, moment, said_day
from . import words
from .files import purpose_page, taken, told
from .pages import FILTERS, LIST, filters, for_room, unit_choices

_KEPT: Final = {"members": ("on", "unit", "state", "step", "q"), "movements": ("on", "unit", "act", "q"),
                "reminders": ("on", "unit")}
"""How a list is narrowed, and so its file."""
_AGENCY_SORTS: Final = ("code", "rate", "-rate")


def add(views: Blueprint, services: Services, door: Door) -> None:
    """Make the views."""
    rooms = services.administration

    @views.get("/rollout/<campaign_id>/members")
    def campaign_members(campaign_id: str) -> Response:
        entered = door.enter(request.full_path)
        if isinstance(entered, Response):
            return entered
        narrowed = _kept(*_KEPT["members"], "sort")
        coverage = _coverage(entered, campaign_id, narrowed)
        page = members_of(coverage, **for_room(narrowed, "state", "step", "q", "sort"), **asked(), limit=USUAL)
        return _page("members", entered, coverage, narrowed, page.next, page.prev, total=words.number(len(coverage.people)),
                     steps=[{"value": one["step"], "word": one["word"]} for one in words.stops(coverage)],
                     states=[{"value": one.value, "word": words.shown()[one]} for one in Shown],
                     sorts=sorting(f"{LIST}{campaign_id}/members", narrowed.items(), narrowed.get("sort", SORTS[0]), SORTS),
                     rows=[_member(one) for one in page.items])

    @views.get("/rollout/<campaign_id>/movements")
    def campaign_movements(campaign_id: str) -> Response:
        entered = door.enter(request.full_path)
        if isinstance(entered, Response):
            return entered
        narrowed = _kept(*_KEPT["movements"])
        coverage = _coverage(entered, campaign_id, narrowed)
        page = movements_of(coverage, **for_room(narrowed, "act", "q"), **asked(), limit=USUAL)
        return _page("movements", entered, coverage, narrowed, page.next, page.prev,
                     total=words.number(len(coverage.movements)),
                     acts=[{"value": act.value, "word": words.movements()[act]} for act in MOVEMENTS],
                     rows=[_movement(one) for one in page.items])

    @views.get("/rollout/<campaign_id>/agencies")
    def agencies_of_campaign(campaign_id: str) -> Response:
        entered = door.enter(request.full_path)
        if isinstance(entered, Response):
            return entered
        narrowed, sort = _kept("on"), request.args.get("sort", "")
        sort = sort if sort in _AGENCY_SORTS else _AGENCY_SORTS[0]
        coverage = _coverage(entered, campaign_id, narrowed)
        rows = agency_rows(coverage, emptied=True)  # those first that have come least far
        if sort == "-rate":  # of whom nobody counts any more stays at the end
            rows = [*(row for row in rows[::-1] if row.tally.counted), *(row for row in rows if not row.tally.counted)]
        elif sort == "code":
            rows = sorted(rows, key=lambda row: row.code)
        last = coverage.last
        return door.page(
            "console/rollout/agencies.html", entered, here="rollout", found=words.campaign_words(coverage.campaign),
            day=words.as_of(coverage), on=narrowed.get("on", ""), query=f"?{urlencode(narrowed)}" if narrowed else "",
            sorts=sorting(f"{LIST}{campaign_id}/agencies", narrowed.items(), sort, _AGENCY_SORTS),
            rows=[{"code": row.code, "name": row.name, "flow": _numbers(row.flow), "done": words.number(row.tally.done),
                   "counted": words.number(row.tally.counted), "rate": words.rate(row.tally.done, row.tally.counted)}
                  for row in rows],
            whole={"code": "", "name": "", "flow": _numbers(whole_flow(rows)),
                   "done": words.number(last.done), "counted": words.number(last.counted),
                   "rate": words.rate(last.done, last.counted)})

    @views.get("/rollout/<campaign_id>/members/file")
    def ask_members_file(campaign_id: str) -> Response:
        entered = door.enter(request.full_path)
        return entered if isinstance(entered, Response) else _ask(entered, campaign_id, "members")

    @views.post("/rollout/<campaign_id>/members/file")
    def members_file(campaign_id: str) -> Response:
        return _file(campaign_id, "members")

    @views.get("/rollout/<campaign_id>/movements/file")
    def ask_movements_file(campaign_id: str) -> Response:
        entered = door.enter(request.full_path)
        return entered if isinstance(entered, Response) else _ask(entered, campaign_id, "movements")

    @views.post("/rollout/<campaign_id>/movements/file")
    def movements_file(campaign_id: str) -> Response:
        return _file(campaign_id, "movements")

    @views.get("/rollout/<campaign_id>/reminders")
    def campaign_reminders(campaign_id: str) -> Response:
        entered = door.enter(request.full_path)
        if isinstance(entered, Response):
            return entered
        narrowed = _kept(*_KEPT["reminders"])
        page = rooms.rollout_reports.reminders(entered.who, campaign_id, **narrowed, **asked(), limit=USUAL)
        found, address = rooms.rollout.seen(entered.who, campaign_id), f"{LIST}{campaign_id}/reminders"
        return door.page(
            "console/rollout/reminders.html", entered, here="rollout", found=words.campaign_words(found),
            units=[one for one in unit_choices(services) if entered.who.oversees(one["code"])], unit=narrowed.get("unit", ""),
            on=said_day(narrowed.get("on", "")), export=f"{address}/file{f'?{urlencode(narrowed)}' if narrowed else ''}",
            turn=turning(address, narrowed, following=page.next, prev=page.prev), rows=[
                {**one, "at": moment(one["at"]), "step": words.steps().get(one["step"], ""),
                 "who": name_of(services, one["by"]) if one["by"] else ""} for one in page.items])

    @views.get("/rollout/<campaign_id>/reminders/file")
    def ask_reminders_file(campaign_id: str) -> Response:
        entered = door.enter(request.full_path)
        return entered if isinstance(entered, Response) else _ask(entered, campaign_id, "reminders")

    @views.post("/rollout/<campaign_id>/reminders/file")
    def reminders_file(campaign_id: str) -> Response:
        return _file(campaign_id, "reminders")

    def _coverage(entered: Entered, campaign_id: str, narrowed: Mapping[str, str]) -> Coverage:
        return rooms.rollout.coverage(entered.who, campaign_id, on=narrowed.get("on", ""), unit=narrowed.get("unit", ""))

    def _page(name: str, entered: Entered, coverage: Coverage, narrowed: Mapping[str, str], following: str, prev: str,
              **more: Any) -> Response:
        address = f"{LIST}{coverage.campaign.campaign_id}/{name}"
        kept = {one: value for one, value in narrowed.items() if one != "sort"}
        return door.page(
            f"console/rollout/{name}.html", entered, here="rollout", found=words.campaign_words(coverage.campaign),
            day=words.as_of(coverage), narrowed={one: narrowed.get(one, "") for one in FILTERS},
            units=words.units(entered.who, coverage),
            export=f"{address}/file{f'?{urlencode(kept)}' if kept else ''}",
            turn=turning(address, narrowed, following=following, prev=prev), **more)

    def _file(campaign_id: str, name: str) -> Response:
        entered = door.enter(f"{LIST}{campaign_id}/{name}/file")
        if isinstance(entered, Response):
            return entered
        kept, room = _kept(*_KEPT[name]), rooms.campaign_files
        body = {{"state": "member_state", "act": "movement"}.get(one, one): value for one, value in kept.items()} | told()
        try:
            return taken(services, entered, name, {"campaign": campaign_id, **body},
                         rows=room.count(entered.who, name, campaign_id, body),
                         write=lambda: room.file(entered.who, name, campaign_id, body, entered.caller))
        except RefusedError as err:
            if err.code == "too_many_jobs":
                return _ask(entered, campaign_id, name, error=too_many(), status=409)
            if err.status != 422:
                raise
            return _ask(entered, campaign_id, name, status=422)

    def _ask(entered: Entered, campaign_id: str, name: str, *, error: str = "", status: int = 200) -> Response:
        found, address = rooms.rollout.seen(entered.who, campaign_id), f"{LIST}{campaign_id}/{name}"
        kept = _kept(*_KEPT[name])
        titles = {"members": (gettext("Xuất danh sách chiến dịch"), gettext("Danh sách chiến dịch")),
                  "movements": (gettext("Xuất biến động danh sách"), gettext("Biến động danh sách")),
                  "reminders": (gettext("Xuất danh sách đã nhắc"), gettext("Đã nhắc những ai"))}
        title, back_word = titles[name]
        return purpose_page(door, entered, here="rollout", error=error, status=status, title=title, about=found.name, kept=kept,
                            address=f"{address}/file", back=f"{address}?{urlencode(kept)}", back_word=back_word)


def _kept(*names: str) -> dict[str, str]:
    return {name: value for name, value in filters().items() if name in names}


def _numbers(flow: Any) -> list[str]:
    return [words.number(one) for one in flow.numbers]


def _member(one: Mapping[str, Any]) -> dict[str, Any]:
    return {**one, "word": words.shown()[one["state"]], "tag": words.TAGS[one["state"]],
            "step": words.steps().get(one["step"], ""), "who": words.owners().get(one["owner"], ""),
            "reason": words.reasons().get(one["reason"], ""), "since": day(one["since"]),
            "joined": day(one["joined_at"]) if one["joined_at"] else ""}


def _movement(one: Mapping[str, Any]) -> dict[str, Any]:
    came = one["act"] == MemberAct.MOVED
    return {**one, "word": words.movements()[one["act"]], "day": day(one["at"]),
            "reason": words.reasons().get(one["reason"], ""),
            "way": gettext("Từ %(origin)s đến %(target)s", origin=one["from_agency_name"], target=one["agency_name"])
            if came else ""}
