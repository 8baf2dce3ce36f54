"""Who has which role in the console: the list, narrowed, and as a file; ``administration.people.holders`` decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, Response, request
from flask_babel import gettext

from ....administration.pages import USUAL
from ....administration.people.holders import ROLES, STATES
from ....directory.unit import is_unit_code
from ....errors import RefusedError
from ....services import Services
from ..door import Door, Entered
from ..rollout.files import purpose_page, sent, told
from ..turning import turning
from ..words import day, moment
from . import words

LIST: Final = "/admin/role-holders/"
FILE: Final = f"{LIST}file"


def add(views: Blueprint, services: Services, door: Door) -> None:
    """Make ``/admin/role-holders/`` and its file."""
    room = services.administration.people.holders

    @views.get("/role-holders/")
    def role_holders() -> Response:
        entered = door.enter(request.full_path)
        if isinstance(entered, Response):
            return entered
        asked = _asked()
        page = room.listed(entered.who, **asked, cursor=request.args.get("cursor", ""), limit=USUAL)
        narrowed = {name: value for name, value in asked.items() if value}
        return door.page(
            "console/people/holders.html", entered, here="holders", asked=asked,
            rows=[_row(services, one) for one in page.items], roles=words.roles(), states=words.holder_states(),
            units=[{"code": entry.unit.code, "name": entry.unit.name} for entry in services.mirroring.units.units()
                   if entered.who.oversees(entry.unit.code)],
            export=f"{FILE}?{urlencode(narrowed)}" if narrowed else FILE,
            turn=turning(LIST, narrowed, following=page.next, prev=""))

    @views.get("/role-holders/file")
    def ask_role_holders_file() -> Response:
        entered = door.enter(request.full_path)
        return entered if isinstance(entered, Response) else _ask(entered)

    @views.post("/role-holders/file")
    def role_holders_file() -> Response:
        entered = door.enter(FILE)
        if isinstance(entered, Response):
            return entered
        try:
            return sent(room.file(entered.who, {**_asked(), **told()}, entered.caller))
        except RefusedError as err:
            if err.status != 422:
                raise
            return _ask(entered, status=422)

    def _ask(entered: Entered, *, status: int = 200) -> Response:
        kept = {name: value for name, value in _asked().items() if value}
        return purpose_page(door, entered, here="holders", status=status, title=gettext("Xuất danh sách người có vai trò"),
                            about=gettext("Mọi người mà danh sách đang hiện"), address=FILE, kept=kept,
                            back=f"{LIST}?{urlencode(kept)}" if kept else LIST, back_word=gettext("Người có vai trò"))


def _asked() -> dict[str, str]:
    """Read how the list is narrowed; what is none narrows nothing."""
    known = {"role": ROLES, "state": STATES}
    asked = {name: value if (value := request.values.get(name, "")) in values else "" for name, values in known.items()}
    unit = request.values.get("unit", "")
    return asked | {"unit": unit if is_unit_code(unit) else ""}


def _row(services: Services, one: Mapping[str, Any]) -> dict[str, Any]:
    by = ""
    if one["deputy_for"]:
        by = gettext("Làm thay %(name)s", name=one["deputy_for_name"] or "–")
        if one["named_by_name"]:
            by = f"{by}. {gettext('%(name)s giao', name=one['named_by_name'])}"
    return {"sub": one["sub"], "name": one["name"] or one["uid"], "title": one["title"], "unit_name": one["unit_name"],
            "what": words.role({"role": one["role"], "unit": one["unit"], "deputy_for": None}, services), "by": by,
            "since": day(one["since"]) if one["since"] else "", "until": day(one["ends_at"] - 1) if one["ends_at"] else "",
            "seen": moment(one["last_sign_in_at"]) if one["last_sign_in_at"] else "", "has_factor": one["has_factor"],
            "account": {"disabled": gettext("Bị khóa"), "gone": gettext("Không còn trong danh bạ")}.get(one["status"], "")}
