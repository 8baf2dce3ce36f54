"""Deputies in the console: who acts for whom until when, one named, one ended early.

Source: security checklist 38: ``administration.people.deputies`` decides. Whoever has a role opens the list, a deputy too, and
sees there what they act as; naming one, which gives somebody rights, asks for a sign-in of a few minutes ago.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask import Blueprint, Response, request
from flask_babel import gettext

from ....administration.pages import USUAL
from ....administration.people.deputies import LONGEST_REASON, MOST_DAYS
from ....errors import RefusedError
from ....roles import Right
from ....services import Services
from ...onward import see_other
from ..desk import name_of
from ..door import Door, Entered
from ..turning import turning
from ..words import day, typed_day
from . import words

LIST: Final = "/admin/deputies/"
_FIELDS: Final = ("deputy", "giver", "unit", "ends_on", "reason")


def add(views: Blueprint, services: Services, door: Door) -> None:
    """Make the views."""
    room = services.administration.people.deputies

    @views.get("/deputies/")
    def deputies() -> Response:
        entered = door.enter(request.full_path, *Right)
        if isinstance(entered, Response):
            return entered
        page = room.listed(entered.who, cursor=request.args.get("cursor", ""), limit=USUAL)
        return door.page(
            "console/people/deputies.html", entered, here="deputies", rows=[_row(services, one) for one in page.items],
            may_name=entered.who.may(Right.LEND), may_see=entered.who.may(Right.SEE_OFFICERS),
            turn=turning(LIST, {}, following=page.next, prev=page.prev))

    @views.get("/deputies/new")
    def ask_deputy() -> Response:
        entered = door.enter(request.full_path, Right.LEND, fresh=True)
        if isinstance(entered, Response):
            return entered
        return _form(entered, {"deputy": request.args.get("deputy", "").strip()[:LONGEST_REASON]})

    @views.post("/deputies/new")
    def name_deputy() -> Response:
        entered = door.enter(f"{LIST}new", Right.LEND, fresh=True, change=True)
        if isinstance(entered, Response):
            return entered
        told = {name: request.form.get(name, "").strip() for name in _FIELDS}
        body = {name: value for name, value in told.items() if value or name not in ("giver", "unit")}
        body["ends_on"] = typed_day(told["ends_on"])
        try:
            room.name(entered.who, body, entered.caller)
        except RefusedError as err:
            if err.status == 403:
                raise
            return _form(entered, told, error=words.refusal_of_deputy(err.code), at=_field_of(err, told), status=err.status)
        return see_other(LIST)

    @views.get("/deputies/<deputy_id>/end")
    def ask_end_deputy(deputy_id: str) -> Response:
        entered = door.enter(request.path, *Right)
        return entered if isinstance(entered, Response) else _end(entered, deputy_id)

    @views.post("/deputies/<deputy_id>/end")
    def end_deputy(deputy_id: str) -> Response:
        entered = door.enter(LIST, *Right, change=True)
        if isinstance(entered, Response):
            return entered
        try:
            room.end(entered.who, deputy_id, entered.caller)
        except RefusedError as err:
            if err.code != "over":
                raise
        return see_other(LIST)

    def _form(entered: Entered, told: Mapping[str, str], *, error: str = "", at: str = "", status: int = 200) -> Response:
        return door.page(
            "console/people/deputy.html", entered, here="deputies", status=status, error=error, at=at, days=MOST_DAYS,
            told={**dict.fromkeys(_FIELDS, ""), **{name: value[:LONGEST_REASON] for name, value in told.items()}},
            for_others=entered.who.may(Right.LEND_FOR_OTHERS), longest=LONGEST_REASON,
            units=[{"code": entry.unit.code, "name": entry.unit.name} for entry in services.mirroring.units.units()
                   if entered.who.oversees(entry.unit.code)])

    def _end(entered: Entered, deputy_id: str) -> Response:
        return door.page("console/people/deputy_end.html", entered, here="deputies",
                         found=_row(services, room.one(entered.who, deputy_id)))


def _field_of(err: RefusedError, told: Mapping[str, str]) -> str:
    """Give the field that a refusal is about: with its name the room's sentence begins; or the first empty one, or who it is."""
    named = str(err).partition(":")[0]
    empty = next((name for name in ("deputy", "ends_on", "reason") if not told[name]), "reason")
    return named if named in _FIELDS else empty if err.code == "invalid_body" else "deputy"


def _row(services: Services, one: Mapping[str, Any]) -> dict[str, Any]:
    """Give a deputyship as the pages show it."""
    gone = gettext("Không còn trong danh bạ")
    what = words.role({"role": one["role"], "unit": one["unit"], "deputy_for": None}, services) if one["role"] else gettext(
        "Hiện không có quyền gì, vì người giao không còn vai trò")
    return {"id": one["id"], "deputy": one["deputy"], "deputy_name": one["deputy_name"] or gone, "giver": one["giver"],
            "giver_name": one["giver_name"] or gone, "what": what, "reason": one["reason"], "since": day(one["made_at"]),
            "until": day(one["ends_at"] - 1), "may_end": one["may_end"],
            "by": name_of(services, one["made_by"]) if one["made_by"] != one["giver"] else ""}


def own_words(services: Services, sub: str) -> dict[str, Any]:
    """Say on an officer's own page what they administer: the role, whose deputy they are until when, and who theirs is."""
    room = services.administration.people.deputies
    rows = [(one["deputy"] == sub, _row(services, one)) for one in room.of(sub)]
    return {"role": words.role(room.role(sub), services), "acts_for": [row for acts, row in rows if acts],
            "deputies": [row for acts, row in rows if not acts]}
