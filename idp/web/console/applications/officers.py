"""Officers of whom an application has something, and the end of what it has of one.

Rules and scope are those of ``administration.applications.access``; the officer's own page says the same by ``oidc.consent``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request
from flask_babel import format_decimal, gettext, ngettext

from ....administration.applications.access import COUNTED
from ....administration.pages import USUAL
from ....administration.people.reason import LONGEST_REASON
from ....errors import RefusedError
from ....roles import Right
from ....services import Services
from ...onward import see_other
from ..door import Door, Entered
from ..people import words
from ..turning import turning
from ..words import day, moment

LIST = "/admin/applications/"


def add(views: Blueprint, services: Services, door: Door) -> None:
    """Make ``/admin/applications/<client_id>/officers`` and what is below it."""
    room = services.administration.application_access

    @views.get("/applications/<client_id>/officers")
    def application_officers(client_id: str) -> Response:
        entered = door.enter(request.full_path)
        if isinstance(entered, Response):
            return entered
        page, count = room.listed(entered.who, client_id, cursor=request.args.get("cursor", ""), limit=USUAL)
        shown, _ = services.administration.clients.one(entered.who, client_id)
        return door.page(
            "console/applications/officers.html", entered, here="applications", found=shown,
            rows=[_row(one) for one in page.items], may_end=entered.who.may(Right.CHANGE),
            said="" if request.args.get("cursor") else how_many(count),
            turn=turning(_address(client_id), {}, following=page.next, prev=""))

    @views.get("/applications/<client_id>/officers/<sub>/end")
    def ask_end_of_access(client_id: str, sub: str) -> Response:
        entered = door.enter(request.path, Right.CHANGE)
        return entered if isinstance(entered, Response) else _ask(entered, client_id, sub)

    @views.post("/applications/<client_id>/officers/<sub>/end")
    def end_of_access(client_id: str, sub: str) -> Response:
        entered = door.enter(_address(client_id), Right.CHANGE, change=True)
        if isinstance(entered, Response):
            return entered
        try:
            room.end_at(entered.who, client_id, {"sub": sub, "reason": request.form.get("reason", "").strip()}, entered.caller)
        except RefusedError as err:
            if err.status == 404:
                raise
            return _ask(entered, client_id, sub, error=words.refusal(err.code), status=err.status)
        return see_other(_address(client_id))

    def _ask(entered: Entered, client_id: str, sub: str, *, error: str = "", status: int = 200) -> Response:
        label, warning = words.acts()["revoke"]
        return door.page(
            "console/applications/officer_end.html", entered, here="applications", status=status, error=error, label=label,
            warning=warning, found=room.one(entered.who, client_id, sub), client_id=client_id, sub=sub, longest=LONGEST_REASON,
            reason=request.form.get("reason", "")[:LONGEST_REASON])


def how_many(count: int | None) -> str:
    """Say how many officers an application has something of."""
    if count is None:
        return str(gettext("Hơn %(count)s cán bộ", count=format_decimal(COUNTED)))
    return str(ngettext("%(num)d cán bộ", "%(num)d cán bộ", count))


def _address(client_id: str) -> str:
    return f"{LIST}{client_id}/officers"


def _row(one: Mapping[str, Any]) -> dict[str, Any]:
    return {"sub": one["sub"], "name": one["name"] or one["uid"], "unit_name": one["unit_name"], "offline": one["offline"],
            "closed": one["status"] != "active", "agreed": day(one["agreed_at"]) if one["agreed_at"] else "",
            "last": moment(one["last_at"]) if one["last_at"] else ""}
