"""Records to print: of a hand-over (Mẫu 07), a return (Mẫu 08), a loss (Mẫu 09), and of all hand-overs of a batch on one sheet.

Sources: Decree 68/2024 (which records there are), Decree 30/2020, Appendix I (heads, number, place and day, signatures). A record
is printed before it is signed, with lines for what is not known yet, or again as it was noted. Identity numbers, places and
reasons are written by hand, so that printing reads nothing that is personal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from flask import Blueprint, Response, abort, render_template, request
from flask_babel import format_datetime, gettext

from ....administration.pages import MOST
from ....directory.unit import is_unit_code
from ....errors import RefusedError
from ....pki.custody.device import FORMS, Handling
from ....roles import Right, Role
from ....services import Services
from ..desk import LIST as REQUESTS
from ..desk import unit_names
from ..door import Door, Entered
from ..words import day
from .devices import LIST
from .words import kind_word

PAPERS: Final[Mapping[str, str]] = {"hand-over": "07", "device-return": "08", "device-loss": "09"}
"""Names of the records of a request in addresses, with their forms."""
MOST_ON_A_SHEET: Final = 1000
_ACTS: Final[Mapping[str, str]] = {"07": "hand_over", "08": "return_device", "09": "record_loss"}
"""By form: the act of a request whose record it is (``pki.enrollment.states.Act``)."""
_NOBODY: Final = {"name": "", "title": "", "unit_name": ""}


def add(views: Blueprint, services: Services, door: Door) -> None:
    """Make the views of a device and of a batch; those of a request are in ``papers``."""
    rooms = services.administration

    @views.get("/devices/<device_id>/papers/<form>")
    def device_record(device_id: str, form: str) -> Response:
        entered = door.enter(request.full_path, Right.SEE_DEVICES)
        if isinstance(entered, Response):
            return entered
        if form not in FORMS.values():
            abort(404)
        return _of_device(services, entered, rooms.devices.one(entered.who, device_id), form, request.args.get("line", ""))

    @views.get("/certificates/batches/<batch>/hand-overs")
    def batch_record(batch: str) -> Response:
        entered = door.enter(request.full_path, Right.SEE_CERTIFICATES)
        if isinstance(entered, Response):
            return entered
        unit = request.args.get("unit", "")
        found: list[Mapping[str, Any]] = []
        cursor = ""
        while len(found) < MOST_ON_A_SHEET:
            page = rooms.enrollments.listed(entered.who, batch=batch, unit=unit if is_unit_code(unit) else "", cursor=cursor,
                                            limit=MOST)
            found += [one for one in page.items if one["device_serial"]]
            cursor = page.next
            if not cursor:
                break
        if not found:
            abort(404)
        rows = sorted(({**_person_of(services, one), **_item(one["device_kind"], one["device_serial"], one)}
                       for one in found[:MOST_ON_A_SHEET]), key=lambda row: (row["unit_name"], row["name"]))
        giver = _person(services, entered.who.sub) if entered.who.role is Role.PROVINCE else _NOBODY
        return _page("07", back=f"{REQUESTS}?batch={batch}", at=services.clock.now(), number="", unit=giver["unit_name"],
                     giver=giver, receiver=_NOBODY, rows=rows, many=True)


def date_words(at: int) -> str:
    """Write a day as heads of documents have it: a nought before days up to 9, and before the months 1 and 2."""
    when = datetime.fromtimestamp(at, UTC)
    month = format_datetime(when, "M")
    return str(gettext("ngày %(day)s tháng %(month)s năm %(year)s", day=format_datetime(when, "dd"),
                       month=f"0{month}" if month in ("1", "2") else month, year=format_datetime(when, "yyyy")))


def of_request(services: Services, entered: Entered, found: Mapping[str, Any], form: str) -> Response:
    """Make the record of a request's device: as it was noted last, or to be signed."""
    noted = next((line for line in reversed(found["history"]) if line["act"] == _ACTS[form]), None)
    holder, desk = _person_of(services, found), _person(services, noted["actor"] if noted else _desk(entered))
    giver, receiver = (desk, holder) if form == "07" else (holder, desk)
    return _page(form, back=f"{REQUESTS}{found['id']}", at=noted["at"] if noted else services.clock.now(),
                 number=noted["detail"].get("record", "") if noted else "",
                 unit=desk["unit_name"] if form == "07" else holder["unit_name"], giver=giver, receiver=receiver,
                 rows=[_item(found["device_kind"], found["device_serial"] or "", found)])


def _of_device(services: Services, entered: Entered, found: Mapping[str, Any], form: str, asked: str) -> Response:
    history: Sequence[Mapping[str, Any]] = found["history"]
    noted: Mapping[str, Any] = {}
    if asked:
        if not (asked.isascii() and asked.isdigit() and len(asked) < 6 and int(asked) < len(history)):
            abort(404)
        history = history[:int(asked) + 1]
        noted = history[-1]
        if noted["form"] != form or noted["actor"] is None:  # another agency's line
            abort(404)
    had = next((line["receiver"] for line in reversed(history) if line["handling"] == Handling.HAND_OVER.value), None)
    holder, desk = (found["holder"] or had if form != "07" else None), _desk(entered)
    giver = _person(services, (noted["giver"] if noted else None) or (desk if form == "07" else holder))
    receiver = _person(services, noted["receiver"] if noted else desk if form == "08" else None)
    code = (noted["unit_code"] if noted else found["unit_code"]) or ""
    agency = unit_names(services).get(code, code)
    return _page(form, back=f"{LIST}{found['id']}", at=noted["at"] if noted else services.clock.now(),
                 number=(noted["record"] or "") if noted else "",
                 unit=giver["unit_name"] if form == "07" else giver["unit_name"] or agency, giver=giver, receiver=receiver,
                 rows=[_item(found["kind"], found["serial"], _certificate(
                     services, entered, (noted["enrollment"] if noted else None) or found["enrollment"]))])


def _page(form: str, *, back: str, at: int, number: str, unit: str, giver: Mapping[str, str], receiver: Mapping[str, str],
          rows: Sequence[Mapping[str, Any]], many: bool = False) -> Response:
    return Response(render_template("console/record.html", form=form, back=back, date=date_words(at), number=number, unit=unit,
                                    giver=giver, receiver=receiver, rows=rows, many=many))


def _item(kind: str, serial: str, certificate: Mapping[str, Any] | None) -> dict[str, str]:
    return {"kind": kind_word(kind), "serial": serial, "certificate": (certificate["serial"] or "") if certificate else "",
            "ends": day(certificate["not_after"]) if certificate else ""}


def _certificate(services: Services, entered: Entered, number: str | None) -> Mapping[str, Any] | None:
    try:
        return services.administration.enrollments.one(entered.who, number) if number else None
    except RefusedError:
        return None  # another agency's by now


def _desk(entered: Entered) -> str | None:
    return entered.who.sub if entered.who.role is Role.PROVINCE else None


def _person(services: Services, sub: str | None) -> Mapping[str, str]:
    officer = services.mirror.by_sub(sub) if sub else None
    if officer is None:
        return _NOBODY
    post = officer.officer.main_post
    return {"name": officer.officer.name, "title": post.title, "unit_name": post.unit_name}


def _person_of(services: Services, found: Mapping[str, Any]) -> Mapping[str, str]:
    """Give the holder of a request: an officer as the request names them, else whoever keeps the device."""
    if found["kind"] != "person":
        return _person(services, found["holder"])
    return {"name": found["name"], "title": found["title"], "unit_name": found["unit_name"] or found["unit_code"]}
