"""Renewals for an agency in two steps: what is due, with what is left out and why; then what became of each.

Rules are those of ``administration.enrollment.renewals``; a form that is sent twice asks for nothing twice.
"""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, Response, abort, request
from flask_babel import gettext

from ...administration.enrollment.requests import MOST_AT_ONCE
from ...directory.unit import is_unit_code
from ...roles import Right
from ...services import Services
from ..onward import see_other
from .door import Door
from .expiry import FORECAST
from .field_words import sentence
from .words import day, refusals, request_words, state

RENEWALS: Final = f"{FORECAST}renewals"
_OF_FIELDS: Final = frozenset({"not_active", "guest", "no_mailbox", "no_agency", "too_early"})


def add(views: Blueprint, services: Services, door: Door) -> None:
    """Make the views."""
    room = services.administration.renewals

    @views.get("/certificates/expiry/renewals")
    def plan_renewals() -> Response:
        entered = door.enter(request.full_path, Right.ASK_CERTIFICATES)
        if isinstance(entered, Response):
            return entered
        if not entered.who.may(Right.ASK_CERTIFICATES):
            abort(403)
        unit = request.args.get("unit", "")[:100]
        plan = room.planned(entered.who, unit=unit if is_unit_code(unit) else "")
        return door.page(
            "console/renewals.html", entered, here="expiry", rows=[_words(one) for one in plan.renewed],
            left_out=[{**_words(one), "why": _why(one["code"]), "request": _request(one["request"])} for one in plan.left_out],
            unnamed=plan.unnamed, followed=plan.followed, more=plan.more, most=MOST_AT_ONCE,
            numbers=" ".join(one["id"] for one in plan.renewed))

    @views.post("/certificates/expiry/renewals")
    def ask_renewals() -> Response:
        entered = door.enter(FORECAST, Right.ASK_CERTIFICATES, change=True)
        if isinstance(entered, Response):
            return entered
        numbers = list(dict.fromkeys(request.form.get("numbers", "").split()))
        if not 0 < len(numbers) <= MOST_AT_ONCE:
            return see_other(FORECAST)
        answer = room.ask(entered.who, {"enrollments": numbers}, entered.caller)
        items = [{"id": item["id"], "name": item["name"] or item["id"], "why": _why(item["code"]) if item["code"] else "",
                  "request": _request({"id": item["request"], "state": item["state"]} if item["request"] else None)}
                 for item in answer["items"]]
        return door.page("console/renewed.html", entered, here="expiry", done=answer["done"],
                         items=sorted(items, key=lambda item: not item["why"]))


def _words(found: dict[str, Any]) -> dict[str, Any]:
    return {**request_words(found), "ends": day(found["not_after"])}


def _request(found: dict[str, str] | None) -> dict[str, Any] | None:
    return {"id": found["id"], "state": state(found["state"])} if found else None


def _why(code: str) -> str:
    """Say why a certificate is left out, by the code of the refusal."""
    if code in _OF_FIELDS:
        return sentence(code)
    known = {
        "already_asked": gettext("Đã có đề nghị đang được giải quyết."),
        "change_on_its_way": gettext("Đang có đề nghị thay đổi nội dung; chứng thư số mới sẽ thay chứng thư số này."),
        "needs_request": gettext("Khóa không do thiết bị tạo ra. Vui lòng lập đề nghị riêng, kèm yêu cầu chứng thư mới."),
        "nothing_to_replace": gettext("Chứng thư số này không còn đang dùng."),
        "unknown_officer": gettext("Người này không còn trong danh bạ cán bộ."),
        "not_yours": gettext("Người này nay thuộc đơn vị khác; đơn vị đó đề nghị gia hạn.")}
    return str(known.get(code) or refusals().get(code) or refusals()["changed"])
