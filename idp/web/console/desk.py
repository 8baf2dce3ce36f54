"""Requests for certificates: the list with its counts, and one request with its course."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, Response, request
from flask_babel import gettext

from ...administration.audit.actors import OUTSIDE
from ...administration.pages import USUAL
from ...directory.unit import is_unit_code
from ...pki.enrollment.states import State
from ...roles import Right
from ...services import Services
from .door import Door, Entered
from .turning import asked, turning
from .words import day, details, done, moment, next_steps, request_words, states

LIST: Final = "/admin/certificates/"
BULK: Final = ("approve", "approve_for_province", "waive_test_signature", "return")
"""What may be done with many at once, the best first."""
_LONGEST: Final = 100
_EMPTY: Final = {"state": "", "unit": "", "q": "", "overdue": "", "batch": ""}


def filters(names: tuple[str, ...] = ("state", "unit", "q", "overdue", "batch")) -> dict[str, str]:
    """Read how the list is narrowed; what is none is left out."""
    asked = {name: request.args.get(name, "").strip()[:_LONGEST] for name in names}
    if asked.get("state") not in {one.value for one in State}:
        asked["state"] = ""
    if asked.get("unit") and not is_unit_code(asked["unit"]):
        asked["unit"] = ""
    if asked.get("overdue") != "true":
        asked["overdue"] = ""
    return {name: value for name, value in asked.items() if value and value.isprintable()}


def state_rows(counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """Give each state with its count and the way to its list."""
    return [{"word": word, "tag": tag, "icon": icon, "name": name, "count": counts[name], "url": f"{LIST}?state={name}"}
            for name, (word, tag, icon) in states().items()]


def waiting_rows(waiting: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Give what waits for somebody, with what is to be done and the way to it (``EnrollmentAdministration.waiting``)."""
    return [{"step": next_steps()[one["state"]], "word": states()[one["state"]][0], "count": one["count"],
             "overdue": one["overdue"], "url": f"{LIST}?state={one['state']}"} for one in waiting]


def add(views: Blueprint, services: Services, door: Door) -> None:
    """Make ``/admin/certificates/`` and ``/admin/certificates/<id>``."""
    room = services.administration.enrollments

    @views.get("/certificates/")
    def listed() -> Response:
        entered = door.enter(request.full_path, Right.SEE_CERTIFICATES)
        if isinstance(entered, Response):
            return entered
        narrowed = filters()
        page = room.workable(entered.who, **narrowed, **asked(), limit=USUAL)
        counts = room.counted(entered.who, **{name: value for name, value in narrowed.items() if name != "state"})
        rows = [request_words(one) for one in page.items]
        return door.page(
            "console/list.html", entered, here="list", rows=rows, narrowed=_EMPTY | narrowed, states=state_rows(counts["states"]),
            total=counts["states"][narrowed["state"]] if "state" in narrowed else counts["total"],
            units=[{"code": unit.code, "name": unit.name}
                   for unit in services.administration.enrollment_paper.asking.agencies(entered.who)],
            may_ask=entered.who.may(Right.ASK_CERTIFICATES), bulk=bulk_of(rows), all_url=f"{LIST}all?{urlencode(narrowed)}",
            turn=turning(LIST, narrowed, following=page.next, prev=page.prev))

    @views.get("/certificates/<enrollment_id>")
    def one(enrollment_id: str) -> Response:
        entered = door.enter(request.path, Right.SEE_CERTIFICATES)
        if isinstance(entered, Response):
            return entered
        return show(services, door, entered, enrollment_id)


def bulk_of(rows: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Give what may be done with at least one of the rows, and with many at once."""
    found = {act["name"]: act for row in rows for act in row["acts"]}
    return [found[name] for name in BULK if name in found]


def show(services: Services, door: Door, entered: Entered, enrollment_id: str, *, status: int = 200, error: str = "",
         personal: Mapping[str, str] | None = None) -> Response:
    """Make the page of one request. Raises RefusedError (404)."""
    rooms = services.administration
    found = rooms.enrollments.workable_one(entered.who, enrollment_id)
    number = personal.get("identity_number", "") if personal is not None else rooms.enrollment_paper.personal.masked(
        entered.who, enrollment_id, entered.caller)
    names, of = done(), details()
    return door.page(
        "console/request.html", entered, here="list", status=status, error=error, found=request_words(found), identity=number,
        may_read=entered.who.of_the_province and bool(number) and personal is None,
        serial=found["serial"], device_serial=found["device_serial"], document=found["document"], record=found["record"],
        ends=day(found["not_after"]),
        history=[{"at": moment(line["at"]), "what": names.get(line["act"], line["act"]), "who": name_of(services, line["actor"]),
                  "details": [f"{of[key]}: {value}" for key, value in line["detail"].items() if key in of]}
                 for line in reversed(found["history"])])


def name_of(services: Services, sub: str | None) -> str:
    """Give an officer's name; "" for the system, and for who is no longer known."""
    if sub == OUTSIDE:
        return str(gettext("Người ngoài đơn vị"))
    officer = services.mirror.by_sub(sub) if sub else None
    return officer.officer.name if officer is not None else ""


def unit_names(services: Services) -> dict[str, str]:
    """Give what agencies are called, by code."""
    return {entry.unit.code: entry.unit.name for entry in services.mirroring.units.units()}
