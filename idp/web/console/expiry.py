"""When certificates end: how many by agency and month, and which they are.

Rules and scope are those of ``administration.enrollment.expiry``; every number leads to the list that it counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, Response, request
from flask_babel import gettext

from ...administration.enrollment.expiry import MONTHS, SORTS
from ...administration.pages import USUAL
from ...directory.unit import is_unit_code
from ...pki.expiry.forecast import bounds
from ...roles import Administrator, Right
from ...services import Services
from .door import Door, Entered
from .turning import asked, sorting, turning
from .words import day, request_words, state

FORECAST: Final = "/admin/certificates/expiry/"
LIST: Final = f"{FORECAST}list"
_YEAR: Final = 12


def filters() -> dict[str, str]:
    """Read how the list is narrowed; what is none is left out."""
    found = {name: request.args.get(name, "").strip()[:100] for name in ("month", "unit", "followed")}
    if found["unit"] and not is_unit_code(found["unit"]):
        found["unit"] = ""
    if found["followed"] not in ("true", "false"):
        found["followed"] = ""
    try:
        bounds(found["month"])
    except (ValueError, OverflowError):
        found["month"] = ""
    return {name: value for name, value in found.items() if value}


def add(views: Blueprint, services: Services, door: Door) -> None:
    """Make ``/admin/certificates/expiry/`` and what is below it."""
    room = services.administration.expiry

    @views.get("/certificates/expiry/")
    def forecast() -> Response:
        entered = door.enter(request.full_path, Right.SEE_CERTIFICATES)
        if isinstance(entered, Response):
            return entered
        later = request.args.get("later") == "true"
        told = room.forecast(entered.who, months=_YEAR, skip=_YEAR if later else 0)
        return door.page(
            "console/expiry.html", entered, here="expiry", later=later, months=[_words(one["month"]) for one in told["months"]],
            rows=[_row(one, one["unit_code"]) | {"name": one["unit_name"], "code": one["unit_code"]} for one in told["agencies"]],
            total=_row(told, ""), one_agency=not entered.who.of_the_province)

    @views.get("/certificates/expiry/list")
    def expiring() -> Response:
        entered = door.enter(request.full_path, Right.SEE_CERTIFICATES)
        if isinstance(entered, Response):
            return entered
        narrowed, sort = filters(), request.args.get("sort", "")
        sort = sort if sort in SORTS else SORTS[0]
        page = room.listed(entered.who, **narrowed, **asked(), sort=sort, limit=USUAL)
        return door.page(
            "console/expiring.html", entered, here="expiry", rows=[expiring_words(one) for one in page.items],
            narrowed={"month": "", "unit": "", "followed": ""} | narrowed, total=room.counted(entered.who, **narrowed),
            months=[{"value": one["month"], "word": _words(one["month"])}
                    for one in room.forecast(entered.who, months=MONTHS[-1])["months"]],
            units=_offered(services, entered, narrowed.get("unit", "")),
            renew_url=_renewing(entered, narrowed),
            sort=sort, sorts=sorting(LIST, narrowed.items(), sort, SORTS),
            turn=turning(LIST, narrowed | {"sort": sort}, following=page.next, prev=page.prev))

    @views.get("/certificates/expiry/forecast.csv")
    def forecast_file() -> Response:
        entered = door.enter(request.path, Right.SEE_CERTIFICATES)
        if isinstance(entered, Response):
            return entered
        content = room.csv(entered.who, (gettext("Mã đơn vị"), gettext("Đơn vị"), gettext("Tổng số"),
                                         gettext("Tổng số đã gửi đề nghị"), gettext("đã gửi đề nghị")))
        return Response(content, content_type="text/csv; charset=utf-8",
                        headers={"Content-Disposition": 'attachment; filename="sap-het-han.csv"'})


def waiting_rows(services: Services, who: Administrator) -> list[dict[str, Any]]:
    """Give what is to be renewed as the first page shows what waits; nothing where nothing is."""
    due = services.administration.expiry.counted(who, followed="false")
    return [{"step": gettext("Đề nghị gia hạn"), "word": gettext("Hết hạn trong 60 ngày tới"), "count": due, "overdue": 0,
             "url": f"{LIST}?followed=false"}] if due else []


def expiring_words(found: Mapping[str, Any]) -> dict[str, Any]:
    """Give a certificate that ends as pages show it."""
    return {**request_words(found), "ends": day(found["not_after"]), "left": found["days_left"],
            "following": [{"id": one["id"], "state": state(one["state"])} for one in found["following"]]}


def _row(told: Mapping[str, Any], unit: str) -> dict[str, Any]:
    """Give the cells of an agency, or of them all."""
    whose = {"unit": unit} if unit else {}
    due = told["due"]["count"] - told["due"]["followed"]
    return {"due": due, "due_url": f"{LIST}?{urlencode({**whose, 'followed': 'false'})}" if due else "",
            "count": told["count"], "followed": told["followed"],
            "cells": [{"count": one["count"], "followed": one["followed"], "label": _words(one["month"]),
                       "url": f"{LIST}?{urlencode({'month': one['month'], **whose})}" if one["count"] else ""}
                      for one in told["months"]]}


def _renewing(entered: Entered, narrowed: Mapping[str, str]) -> str:
    """Give where all of a list are renewed; "" where that is not what it shows, or not theirs to do."""
    may = entered.who.may(Right.ASK_CERTIFICATES) and entered.who.sub
    if not may or "month" in narrowed or narrowed.get("followed") == "true":
        return ""
    return f"{FORECAST}renewals?{urlencode({'unit': narrowed['unit']} if 'unit' in narrowed else {})}".rstrip("?")


def _words(month: str) -> str:
    year, number = month.split("-")
    return f"{number}/{year}"


def _offered(services: Services, entered: Entered, unit: str) -> list[dict[str, str]]:
    """Give the agencies to choose from; one that is asked for stands there whatever the directory says now."""
    found = [{"code": one.code, "name": one.name}
             for one in services.administration.enrollment_paper.asking.agencies(entered.who)]
    known = not unit or any(one["code"] == unit for one in found)
    return found if known or not entered.who.oversees(unit) else [{"code": unit, "name": unit}, *found]
