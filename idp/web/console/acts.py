"""Acts upon requests: one with what it needs, and many at once, each row for itself.

Security checklist 38, 51: the room decides, whatever a page has offered. An act that a row does not take leaves it as it is, so
that a form that is sent twice does nothing twice.
"""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, Response, abort, request

from ...administration.enrollment.requests import MOST_AT_ONCE
from ...errors import RefusedError
from ...roles import Right
from ...services import Services
from ..onward import see_other
from .desk import LIST, bulk_of, filters, show
from .door import Door
from .words import acts, refusal, request_words, state, warnings

NEEDS: Final = {
    "return": ("reason",), "cancel": ("reason",), "receive": ("device_serial",), "hand_over": ("identity_number", "record"),
    "waive_test_signature": ("reason",), "suspend": ("reason",), "ask_revocation": ("reason",), "revoked": ("document",),
    "device_returned": ("record",), "device_lost": ("record",)}
"""What an act needs beside its name (``administration.enrollment.requests``)."""
ASKED_FIRST: Final = frozenset({*NEEDS, "report_loss"})
"""Acts with a page of their own before them."""
FRESH: Final = frozenset({"waive_test_signature", "revoked", "device_lost", "suspend", "resume"})
"""Acts for which a sign-in of a few minutes ago is needed. Blocking is not among them: it must not wait."""


def add(views: Blueprint, services: Services, door: Door) -> None:
    """Make the views."""
    room = services.administration.enrollments

    @views.get("/certificates/<enrollment_id>/acts/<act>")
    def ask_act(enrollment_id: str, act: str) -> Response:
        entered = door.enter(request.path, Right.SEE_CERTIFICATES, fresh=act in FRESH)
        if isinstance(entered, Response):
            return entered
        if act not in acts():
            abort(404)
        found = request_words(room.workable_one(entered.who, enrollment_id))
        if act not in {one["name"] for one in found["acts"]}:
            return see_other(f"{LIST}{enrollment_id}")
        return _form(entered, found, act, enrollment_id)

    @views.post("/certificates/<enrollment_id>/acts/<act>")
    def do_act(enrollment_id: str, act: str) -> Response:
        entered = door.enter(f"{LIST}{enrollment_id}", Right.CHANGE, Right.ASK_CERTIFICATES, fresh=act in FRESH, change=True)
        if isinstance(entered, Response):
            return entered
        if act not in acts():
            abort(404)
        told = {name: request.form.get(name, "").strip() for name in NEEDS.get(act, ())}
        try:
            room.act(entered.who, enrollment_id, {"act": act, **told}, entered.caller)
        except RefusedError as err:
            if err.status == 404:
                raise
            if err.status == 422 and act in NEEDS:
                return _form(entered, request_words(room.workable_one(entered.who, enrollment_id)), act, enrollment_id,
                             error=refusal(err.code), status=422, told=told)
            return show(services, door, entered, enrollment_id, status=err.status, error=refusal(err.code))
        return see_other(f"{LIST}{enrollment_id}")

    @views.get("/certificates/all")
    def ask_all() -> Response:
        entered = door.enter(request.full_path, Right.SEE_CERTIFICATES, fresh=False)
        if isinstance(entered, Response):
            return entered
        page = room.workable(entered.who, **filters(), limit=MOST_AT_ONCE)
        rows = [row for row in (request_words(one) for one in page.items) if bulk_of([row])]
        return door.page("console/all.html", entered, here="list", rows=rows, bulk=bulk_of(rows), more=bool(page.next),
                         numbers=" ".join(row["id"] for row in rows))

    @views.post("/certificates/acts")
    def act_upon() -> Response:
        act = request.form.get("act", "")
        entered = door.enter(LIST, Right.CHANGE, Right.ASK_CERTIFICATES, fresh=act in FRESH, change=True)
        if isinstance(entered, Response):
            return entered
        numbers = list(dict.fromkeys([*request.form.getlist("pick"), *request.form.get("numbers", "").split()]))
        if act not in acts() or not 0 < len(numbers) <= MOST_AT_ONCE:
            return see_other(LIST)
        told = {name: request.form.get(name, "").strip() for name in NEEDS.get(act, ())}
        if not all(told.values()):
            rows = [request_words(one) for one in _workable(services, entered.who, numbers)]
            return door.page("console/all.html", entered, here="list", status=422, rows=rows, more=False,
                             bulk=[{"name": act, "label": acts()[act]}], numbers=" ".join(numbers))
        try:
            answer = room.act_upon(entered.who, {"act": act, "enrollments": numbers, **told}, entered.caller)
        except RefusedError as err:
            if err.code != "invalid_body":
                raise
            return see_other(LIST)
        names = {one["id"]: one["name"] for one in _workable(services, entered.who, numbers)}
        items = [{"id": item["id"], "name": names.get(item["id"], ""), "state": state(item["state"]) if item["state"] else None,
                  "why": refusal(item["code"]) if item["code"] else ""} for item in answer["items"]]
        items.sort(key=lambda item: not item["why"])
        return door.page("console/result.html", entered, here="list", label=acts()[act], done=answer["done"], items=items)

    def _form(entered: Any, found: dict[str, Any], act: str, enrollment_id: str, *, error: str = "", status: int = 200,
              told: dict[str, str] | None = None) -> Response:
        suggested = {"device_serial": room.one(entered.who, enrollment_id)["device_serial"] or ""} if act == "receive" else {}
        return door.page("console/act.html", entered, here="list", status=status, found=found, act=act, label=acts()[act],
                         warning=warnings().get(act, ""), needs=NEEDS.get(act, ()), told=told or suggested, error=error,
                         destructive=act in ("cancel", "ask_revocation", "report_loss", "revoked", "device_lost"))


def _workable(services: Services, who: Any, numbers: list[str]) -> list[dict[str, Any]]:
    """Give those of the numbers that somebody may see; the others are left out."""
    found = []
    for number in numbers:
        try:
            found.append(services.administration.enrollments.workable_one(who, number))
        except RefusedError:
            continue
    return found
