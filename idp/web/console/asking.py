"""The form for one request: whom it is for is looked for first, then the form of its kind, with errors beside their fields.

Security checklist 38, 51: the room (``administration.enrollment.asking``) decides whom one finds and what one may ask for. A form
that is sent again finds that the request is on its way, and makes no second one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, request

from ...administration.enrollment.asking import AGAIN, DEVICES, FIELDS, FormError
from ...directory.mirror import MirroredOfficer
from ...pki.enrollment.record import Enrollment, Kind, Purpose
from ...roles import Right
from ...services import Services
from ..onward import see_other
from .desk import LIST
from .door import Door, Entered
from .field_words import fields, holders_of_keys, sentence, what_for
from .words import kinds

PAGE: Final = "/admin/certificates/new"
_LONGEST: Final = 100
_LONGEST_FIELD: Final = 20_000
_FILLED_IN: Final = ("device_kind", "old_serial", "purpose")
"""What a link may fill in: nothing that is personal."""


def add(views: Blueprint, services: Services, door: Door) -> None:
    """Make the views."""
    rooms = services.administration

    @views.get("/certificates/new")
    def look_for_holder() -> Response:
        entered = door.enter(request.full_path, Right.ASK_CERTIFICATES)
        if isinstance(entered, Response):
            return entered
        if not entered.who.may(Right.ASK_CERTIFICATES):
            abort(403)
        kind = _kind(request.args.get("kind", ""))
        if holder := request.args.get("holder", ""):
            return _form(entered, kind, rooms.enrollment_paper.asking.officer(entered.who, holder),
                         {name: request.args[name][:_LONGEST] for name in _FILLED_IN if name in request.args})
        words = request.args.get("q", "").strip()[:_LONGEST]
        found, more = rooms.enrollment_paper.asking.found(entered.who, words) if words.isprintable() else ((), False)
        return door.page("console/ask.html", entered, here="list", kind=kind.value, q=words if words.isprintable() else "",
                         kinds=[{"name": one.value, "label": kinds()[one.value]} for one in Kind], more=more,
                         found=[{**found_officer(one), "url": f"{PAGE}?{urlencode({'kind': kind.value, 'holder': one.sub})}"}
                                for one in found])

    @views.post("/certificates/new")
    def ask_for_one() -> Response:
        kind, holder = _kind(request.form.get("kind", "")), request.form.get("holder", "")
        entered = door.enter(f"{PAGE}?{urlencode({'kind': kind.value, 'holder': holder})}", Right.ASK_CERTIFICATES, change=True)
        if isinstance(entered, Response):
            return entered
        typed = {name: request.form.get(name, "")[:_LONGEST_FIELD] for name in FIELDS[kind]}
        try:
            made = rooms.enrollment_paper.asking.one(entered.who, kind, holder, typed, caller=entered.caller,
                                                     submit=request.form.get("step") != "draft")
        except FormError as err:
            return _form(entered, kind, rooms.enrollment_paper.asking.officer(entered.who, holder), typed, err)
        return see_other(f"{LIST}{made['id']}")

    def _form(entered: Entered, kind: Kind, officer: MirroredOfficer, typed: Mapping[str, str],
              refused: FormError | None = None) -> Response:
        wrong = [{"field": one.field, "message": sentence(one.code)} for one in refused.wrong] if refused else []
        named = fields(kind, FIELDS[kind])
        labels = {field["name"]: field["label"] for field in named}
        units = [{"value": unit.code, "label": unit.name} for unit in rooms.enrollment_paper.asking.agencies(entered.who)]
        chosen = {"device_kind": DEVICES[kind][0].value, "purpose": AGAIN[0].value,
                  "unit_code": officer.officer.main_post.unit_code, **typed}
        options = {"device_kind": holders_of_keys(DEVICES[kind]), "unit_code": units, "purpose": what_for(AGAIN)}
        return door.page(
            "console/form.html", entered, here="list", status=refused.status if refused else 200, kind=kind.value,
            there=refused.request if refused else "",
            what=kinds()[kind.value], holder=found_officer(officer), error=wrong[0]["message"] if wrong else "",
            wrong=[{**one, "label": labels.get(one["field"], "")} for one in wrong],
            fields=[{**field, "value": chosen.get(field["name"], ""), "options": options.get(field["name"]),
                     "error": next((one["message"] for one in wrong if one["field"] == field["name"]), "")}
                    for field in named])


def change_url(found: Enrollment) -> str:
    """Give the form for a certificate with what the directory says now, filled in as far as the desk knows."""
    return f"{PAGE}?" + urlencode({
        "kind": found.kind.value, "holder": found.holder, "device_kind": found.device_kind.value, "old_serial": found.serial,
        "purpose": Purpose.CHANGE.value})


def _kind(name: str) -> Kind:
    return Kind(name) if name in {kind.value for kind in Kind} else Kind.PERSON


def found_officer(found: MirroredOfficer) -> dict[str, Any]:
    """Give an officer who was looked for, as pages show them."""
    officer, post = found.officer, found.officer.main_post
    return {"sub": found.sub, "name": officer.name, "title": post.title, "unit_name": post.unit_name or post.unit_code,
            "mail": officer.mail}
