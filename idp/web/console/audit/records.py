"""The trail looked through, one record with its facts in words and its standing in the chain, and the chain checked in parts.

Source: security checklist 38, 61. Who sees what is decided in ``administration.audit``; these pages change nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort, request
from flask_babel import format_datetime, gettext

from ....administration.audit.actors import OUTSIDE
from ....administration.pages import USUAL, InvalidParameterError
from ....audit.archive.month import RESTORED
from ....audit.seal import Break
from ....services import Services
from ..desk import unit_names
from ..door import Door, Entered
from ..turning import turning
from ..words import typed_day
from .words import facts, families, source_words

LIST: Final = "/admin/audit/"
FILTERS: Final = ("person", "application", "address", "event", "unit", "since", "until")
_ZONE: Final = ZoneInfo("Asia/Ho_Chi_Minh")
_MOST_CHOICES: Final = 10
_LONGEST: Final = 255
_MOST_MONTHS: Final = 3
_FIRST_MOMENT: Final = 10**9
"""Numbers above are moments, in facts whose names say that they are."""
_MOMENTS: Final = frozenset({"expires_at", "deadline", "due_at", "end", "ends", "from", "to", "until", "not_after"})


def add(views: Blueprint, services: Services, door: Door) -> None:
    """Make the views."""
    room = services.administration.audit

    @views.get("/audit/")
    def audit() -> Response:
        entered = door.enter(request.full_path)
        if isinstance(entered, Response):
            return entered
        narrowed = {name: value[:_LONGEST] for name in FILTERS if (value := request.args.get(name, "").strip())}
        error, page, choices, absent = "", None, people_meant(services, entered, narrowed.get("person", "")), list[str]()
        try:
            if choices is None or len(choices) == 1:
                wanted = wanted_of(narrowed)
                page = room.listed(entered.who, sub=choices[0]["sub"] if choices else "", limit=USUAL,
                                   cursor=request.args.get("cursor", ""), **wanted)
                if not page.next:
                    absent = room.absent(entered.who, since=wanted.get("since", 0), before=wanted.get("before", 2**53))
        except InvalidParameterError:
            error = gettext("Ngày ghi như 23/11/2026, và “đến ngày” không trước “từ ngày”.")
        names, months = unit_names(services), room.archived(entered.who)
        applications = {client.client_id: client.client_name for client in services.clients.all()}
        items = page.items if page else ()
        return door.page(
            "console/audit/list.html", entered, here="audit", status=422 if error else 200, error=error,
            narrowed={**dict.fromkeys(FILTERS, ""), **narrowed}, families=families(), units=units_of(entered, names),
            applications=applications if entered.who.of_the_province else {}, searched=page is not None,
            choices=[{**one, "url": f"{LIST}?{urlencode({**narrowed, 'person': one['uid']})}"} for one in choices or ()]
            if page is None and not error else [],
            rows=[_row(one, names, applications) for one in items], may_check=entered.who.of_the_province,
            export_url=f"{LIST}export?{urlencode({name: value for name, value in narrowed.items() if name != 'person'})}",
            absent=_months(absent), archived=_months([month for month, state in months if state != RESTORED]),
            restored=_months([month for month, state in months if state == RESTORED]),
            unfinished=bool(page and page.next and len(items) < USUAL),
            turn=turning(LIST, narrowed, following=page.next if page else "", prev=""))

    @views.get("/audit/<number>")
    def audit_record(number: str) -> Response:
        entered = door.enter(request.path)
        if isinstance(entered, Response):
            return entered
        if not number.isascii() or not number.isdigit() or len(number) > 18:
            abort(404)
        found, standing = room.one(entered.who, int(number))
        names = unit_names(services)
        applications = {client.client_id: client.client_name for client in services.clients.all()}
        changed = found["detail"].get("changed", {})
        return door.page(
            "console/audit/record.html", entered, here="audit", found=_row(found, names, applications),
            facts=list(_facts(found["detail"], found["people"], names, applications)),
            changes=[{"what": name, "before": before, "after": after} for name, (before, after) in changed.items()],
            technical={"id": found["id"], "event": found["event"], "sub": found["sub"], "sid": found["sid"],
                       "request_id": found["request_id"]},
            archived=_months([standing.archived] if standing.archived else []),
            seal=None if standing.seal is None else {"number": standing.seal.number, "at": second(standing.seal.sealed_at)},
            broken=broken_words(standing.broken), may_check=entered.who.of_the_province)

    @views.get("/audit/chain")
    def audit_chain() -> Response:
        entered = door.enter(request.full_path)
        if isinstance(entered, Response):
            return entered
        asked = request.args.get("seal", "")
        found = room.stretch(entered.who, int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else None)
        return door.page(
            "console/audit/chain.html", entered, here="audit", found=found, archived=_months(
                [found.archived] if found.archived else []), since=second(found.since), until=second(found.until),
            at_end=not asked, broken=broken_words(found.broken), next_url=f"{LIST}chain?seal={found.next}" if found.next else "")


def people_meant(services: Services, entered: Entered, person: str) -> list[dict[str, Any]] | None:
    """Give who may be meant by what was typed, each with ``sub`` and ``uid``; None where nobody is looked for."""
    if not person:
        return None
    for officer in (services.mirror.by_uid(person.casefold()), services.mirror.by_sub(person)):
        if officer is not None and entered.who.oversees(officer.officer.main_post.unit_code):
            return [{"sub": officer.sub, "uid": officer.officer.uid}]
    try:
        found = services.administration.mirror.listed(entered.who, q=person[:100], limit=_MOST_CHOICES).items
    except InvalidParameterError:
        return []
    return [dict(one) for one in found]


def second(at: int) -> str:
    """Write a moment to the second."""
    return str(format_datetime(datetime.fromtimestamp(at, UTC), "dd/MM/yyyy HH:mm:ss"))


def _months(months: Sequence[str]) -> str:
    """Write months (YYYY-MM) as officials do; of many the first and the last."""
    written = [f"{month[5:]}/{month[:4]}" for month in months]
    return ", ".join(written) if len(written) <= _MOST_MONTHS else f"{written[0]} – {written[-1]}"


def broken_words(found: Break | None) -> str:
    """Say where the chain does not hold; "" where it does."""
    if found is None:
        return ""
    said = {
        "record_changed": gettext("Bản ghi %(record)s đã bị sửa sau khi niêm phong.", record=found.record),
        "record_added": gettext("Bản ghi %(record)s được thêm vào sau khi niêm phong.", record=found.record),
        "record_missing": gettext("Bản ghi %(record)s đã bị xóa.", record=found.record),
        "end_missing": gettext("Dấu niêm phong %(seal)s đã có mà nay không còn: phần cuối của chuỗi bị cắt.", seal=found.seal),
        "end_replaced": gettext("Dấu niêm phong %(seal)s không phải dấu đã có: phần cuối của chuỗi bị thay.", seal=found.seal),
        "other_chain": gettext("Cả chuỗi niêm phong bị thay bằng một chuỗi khác; chuỗi trước đã đến dấu %(seal)s.",
                               seal=found.seal),
        "seal_missing": gettext("Dấu niêm phong %(seal)s không còn.", seal=found.seal),
        "archive_forged": gettext("Bản kê tháng lưu trữ bắt đầu từ dấu niêm phong %(seal)s không đúng chữ ký.", seal=found.seal),
        "signature_invalid": gettext("Chữ ký của dấu niêm phong %(seal)s không đúng.", seal=found.seal)}
    return str(said.get(found.what, gettext("Dấu niêm phong %(seal)s đã bị sửa.", seal=found.seal)))


def wanted_of(narrowed: Mapping[str, str]) -> dict[str, Any]:
    """Give what is looked for as the room takes it. Raises InvalidParameterError for a day that is none."""
    days = {name: _day(narrowed[name]) for name in ("since", "until") if name in narrowed}
    wanted: dict[str, Any] = {"client_id": narrowed.get("application", ""), "source": narrowed.get("address", ""),
                              "event": narrowed.get("event", ""), "unit": narrowed.get("unit", "")}
    if "since" in days:
        wanted["since"] = _start_of(days["since"])
    if "until" in days:
        wanted["before"] = _start_of(days["until"] + timedelta(days=1))
    return wanted


def _day(text: str) -> date:
    """Read a day as officials write it, or as a browser sends it."""
    try:
        found = date.fromisoformat(typed_day(text))
    except ValueError:
        raise InvalidParameterError("not a day") from None
    if 1970 < found.year < 9000:
        return found
    raise InvalidParameterError("not a day")


def _start_of(day: date) -> int:
    return int(datetime.combine(day, time(), _ZONE).timestamp())


def units_of(entered: Entered, names: Mapping[str, str]) -> list[dict[str, str]]:
    """Give the agencies to choose from, by name."""
    return [{"code": code, "name": name} for code, name in sorted(names.items(), key=lambda one: one[1])
            if entered.who.oversees(code)]


def _row(found: Mapping[str, Any], names: Mapping[str, str], applications: Mapping[str, str]) -> dict[str, Any]:
    said = {name: word for family in families().values() for name, word in family.items()}
    return {"id": found["id"], "at": second(found["at"]), "what": said.get(found["event"], found["event"]),
            "name": found["name"], "uid": found["uid"], "sub": found["sub"], "client_id": found["client_id"],
            "unit_name": names.get(found["unit_code"], found["unit_code"]),
            "application": applications.get(found["client_id"], found["client_id"]), "source": source_words(found["source"])}


def _facts(detail: Mapping[str, Any], people: Mapping[str, str], units: Mapping[str, str],
           applications: Mapping[str, str]) -> Iterator[dict[str, str]]:
    labels = facts()
    for name, value in detail.items():
        if isinstance(value, dict):
            continue
        if isinstance(value, bool):
            text = gettext("Có") if value else gettext("Không")
        elif isinstance(value, int):
            text = second(value) if name in _MOMENTS and value > _FIRST_MOMENT else str(value)
        elif value == OUTSIDE:
            text = gettext("Người ngoài đơn vị")
        else:
            text = people.get(value) or (units.get(value) if name.startswith(("unit", "from_unit")) else "") or (
                applications.get(value) if name == "by_client" else "") or value
        yield {"label": labels.get(name, name), "value": str(text)}
