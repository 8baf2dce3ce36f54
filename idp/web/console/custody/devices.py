"""Devices with private keys: the list, one device with who had it, and what is done with it by hand.

Source: Decree 68/2024 (Mẫu 07, 08, 09); security checklist 38, 51. What somebody may do is decided in ``pki.custody.register``,
whatever a page has offered. What belongs to a request goes by the request's own pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask import Blueprint, Response, abort, request

from ....administration.enrollment.devices import FILES, KINDS
from ....administration.pages import USUAL
from ....directory.mirror import search_words
from ....directory.unit import is_unit_code
from ....errors import RefusedError
from ....pki.custody.device import DeviceState
from ....roles import Right, Role
from ....services import Services
from ...onward import see_other
from ..desk import unit_names
from ..door import Door, Entered
from ..lists import file_of
from ..turning import asked, turning
from ..words import request_words
from .words import acts, device_words, kind_word, line_words, refusal, states, warnings

LIST: Final = "/admin/devices/"
NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "hand_over": ("receiver", "keeper", "record"), "take_back": ("record",), "record_loss": ("record",)}
"""What an act needs beside its name (``administration.enrollment.devices``); ``keeper`` is ``for_agency`` in words."""
FRESH: Final = frozenset({"record_loss"})
"""Acts for which a sign-in of a few minutes ago is needed, as for the same act upon a request."""
_LONGEST: Final = 100
_MOST_OFFICERS: Final = 20
_EMPTY: Final = {"state": "", "kind": "", "unit": "", "q": "", "overdue": ""}


def add(views: Blueprint, services: Services, door: Door) -> None:
    """Make the views."""
    room = services.administration.devices

    @views.get("/devices/")
    def devices() -> Response:
        entered = door.enter(request.full_path, Right.SEE_DEVICES)
        return entered if isinstance(entered, Response) else _list(entered)

    @views.post("/devices/")
    def enter_device() -> Response:
        entered = door.enter(LIST, change=True)
        if isinstance(entered, Response):
            return entered
        told = {"kind": request.form.get("kind", ""), "serial": request.form.get("device_serial", "").strip()}
        try:
            made = room.enter(entered.who, told, entered.caller)
        except RefusedError as err:
            return _list(entered, status=err.status, error=refusal(err.code), told=told)
        return see_other(f"{LIST}{made['id']}")

    @views.get("/devices/lists/<kind>")
    def devices_file(kind: str) -> Response:
        entered = door.enter(request.path, Right.SEE_DEVICES)
        if isinstance(entered, Response):
            return entered
        if kind not in FILES:
            abort(404)
        return file_of(room.written(entered.who, kind), kind, "thiet-bi")

    @views.get("/devices/<device_id>")
    def device(device_id: str) -> Response:
        entered = door.enter(request.path, Right.SEE_DEVICES)
        return entered if isinstance(entered, Response) else _one(entered, device_id)

    @views.get("/devices/<device_id>/acts/<act>")
    def ask_device_act(device_id: str, act: str) -> Response:
        entered = door.enter(request.full_path, Right.CHANGE, Right.REPORT_LOSS, fresh=act in FRESH)
        if isinstance(entered, Response):
            return entered
        if act not in acts():
            abort(404)
        found = room.workable_one(entered.who, device_id)
        if act not in found["acts"]:
            return see_other(f"{LIST}{device_id}")
        return _form(entered, found, act, told={"q": request.args.get("q", "").strip()[:_LONGEST]})

    @views.post("/devices/<device_id>/acts/<act>")
    def do_device_act(device_id: str, act: str) -> Response:
        entered = door.enter(f"{LIST}{device_id}", Right.CHANGE, Right.REPORT_LOSS, fresh=act in FRESH, change=True)
        if isinstance(entered, Response):
            return entered
        if act not in acts():
            abort(404)
        told = {name: request.form.get(name, "").strip() for name in NEEDS.get(act, ())}
        keeper = {"for_agency": told.pop("keeper") == "agency"} if "keeper" in told else {}
        try:
            room.act(entered.who, device_id, {"act": act, **told, **keeper}, entered.caller)
        except RefusedError as err:
            if err.status == 404:
                raise
            if err.status == 422 and act in NEEDS:
                asked = {**told, "keeper": request.form.get("keeper", ""), "q": request.form.get("q", "").strip()[:_LONGEST]}
                return _form(entered, room.workable_one(entered.who, device_id), act, told=asked, error=refusal(err.code),
                             status=422)
            return _one(entered, device_id, status=err.status, error=refusal(err.code))
        return see_other(f"{LIST}{device_id}")

    def _list(entered: Entered, *, status: int = 200, error: str = "", told: Mapping[str, str] | None = None) -> Response:
        narrowed, names = _filters(), unit_names(services)
        page = room.listed(entered.who, **narrowed, **asked(), limit=USUAL)
        return door.page(
            "console/devices.html", entered, here="devices", status=status, error=error, narrowed=_EMPTY | narrowed,
            rows=[device_words(services, one, names) for one in page.items],
            units=[{"code": unit.code, "name": unit.name}
                   for unit in services.administration.enrollment_paper.asking.agencies(entered.who)],
            states=[{"name": name, "word": word} for name, (word, _tag, _icon) in states().items()],
            kinds=[{"name": kind, "word": kind_word(kind)} for kind in KINDS],
            may_enter=entered.who.role is Role.PROVINCE, told=told or {"kind": "", "serial": ""},
            turn=turning(LIST, narrowed, following=page.next, prev=page.prev))

    def _one(entered: Entered, device_id: str, *, status: int = 200, error: str = "") -> Response:
        found = room.workable_one(entered.who, device_id)
        numbers = list(dict.fromkeys(line["enrollment"] for line in reversed(found["history"]) if line["enrollment"]))
        history = [line_words(services, number, line) for number, line in enumerate(found["history"])]
        return door.page("console/device.html", entered, here="devices", status=status, error=error,
                         found=device_words(services, found, unit_names(services)), history=history[::-1],
                         certificates=_certificates(entered, numbers))

    def _certificates(entered: Entered, numbers: list[str]) -> list[dict[str, Any]]:
        """Give the requests whose keys the device held, the last first; those that are not theirs to see are left out."""
        found = []
        for number in numbers:
            try:
                one = services.administration.enrollments.one(entered.who, number)
            except RefusedError:
                continue
            found.append({**request_words(one), "serial": one["serial"] or ""})
        return found

    def _form(entered: Entered, found: Mapping[str, Any], act: str, *, told: Mapping[str, str], error: str = "",
              status: int = 200) -> Response:
        words = told.get("q", "")
        officers = services.administration.mirror.listed(
            entered.who, q=words, limit=_MOST_OFFICERS).items if act == "hand_over" and search_words(words) else ()
        return door.page(
            "console/device_act.html", entered, here="devices", status=status, error=error, act=act, label=acts()[act],
            warning=warnings()[act], needs=NEEDS.get(act, ()), told=told, destructive=act in ("report_loss", "record_loss"),
            found=device_words(services, found, unit_names(services)),
            officers=[{"sub": one["sub"], "name": ", ".join(filter(None, (one["name"], one["title"], one["unit_name"])))}
                      for one in officers if one["status"] == "active" and one["sub"] != entered.who.sub])


def _filters() -> dict[str, str]:
    """Read how the list is narrowed; what is none is left out."""
    asked = {name: request.args.get(name, "").strip()[:_LONGEST] for name in _EMPTY}
    known = {"state": asked["state"] in [state.value for state in DeviceState], "kind": asked["kind"] in KINDS,
             "unit": is_unit_code(asked["unit"]), "overdue": asked["overdue"] == "true", "q": asked["q"].isprintable()}
    return {name: value for name, value in asked.items() if value and known[name]}
