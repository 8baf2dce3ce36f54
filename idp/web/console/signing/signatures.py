"""Every signature that was asked of a SIM, looked through, and one with its course and its evidence.

Source: security checklist 38, 57. Who sees which, and who is given evidence, is decided in ``administration.signing.history``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, request
from flask_babel import gettext

from ....administration.pages import USUAL, InvalidParameterError, Page
from ....administration.signing.history import FOREVER, LONGEST_PURPOSE, STATES
from ....directory.unit import is_unit_code
from ....errors import RefusedError, UnavailableError
from ....oauth.scope import CREDENTIAL, SERVICE
from ....services import MobileSignatures, Services
from ....signing.transaction import State
from ... import signature_words as words
from ..audit.records import people_meant, second, units_of, wanted_of
from ..desk import unit_names
from ..door import Door, Entered
from ..turning import asked, turning

LIST: Final = "/admin/signatures/"
FILTERS: Final = ("person", "application", "unit", "state", "since", "until")
_LONGEST: Final = 255


def add(views: Blueprint, services: Services, door: Door) -> None:
    """Make the views, where signatures by SIM are offered."""
    offered = services.mobile_signatures
    if offered is None:
        return
    rooms: MobileSignatures = offered

    @views.get("/signatures/")
    def signatures() -> Response:
        entered = door.enter(request.full_path)
        if isinstance(entered, Response):
            return entered
        narrowed = {name: value[:_LONGEST] for name in FILTERS
                    if (value := request.args.get(name, "").strip()) and value.isprintable()}
        if narrowed.get("state", State.SENT) not in STATES:
            del narrowed["state"]
        if not is_unit_code(narrowed.get("unit", "H30")):
            del narrowed["unit"]
        choices = people_meant(services, entered, narrowed.get("person", ""))
        error, page = "", None
        try:
            times = wanted_of({name: value for name, value in narrowed.items() if name in ("since", "until")})
            if choices is None or len(choices) == 1:
                page = rooms.signatures.listed(
                    entered.who, sub=choices[0]["sub"] if choices else "", client_id=narrowed.get("application", ""),
                    state=narrowed.get("state", ""), unit=entered.who.narrowed(narrowed.get("unit", "")), limit=USUAL,
                    since=times.get("since", 0), before=times.get("before", FOREVER), **asked())
        except InvalidParameterError:
            error = gettext("Ngày ghi như 23/11/2026, và “đến ngày” không trước “từ ngày”.")
        return _page(entered, narrowed, page, choices or (), error)

    @views.get("/signatures/<transaction_id>")
    def one_signature(transaction_id: str) -> Response:
        entered = door.enter(request.path)
        return entered if isinstance(entered, Response) else _one(entered, transaction_id)

    @views.post("/signatures/<transaction_id>/evidence")
    def give_evidence(transaction_id: str) -> Response:
        # Nothing is changed by it, and auditors have it too.
        entered = door.enter(LIST + transaction_id, fresh=True)
        if isinstance(entered, Response):
            return entered
        if not transaction_id.isalnum():
            abort(404)
        try:
            content = rooms.signatures.evidence(entered.who, transaction_id, request.form.get("purpose", ""), entered.caller)
        except UnavailableError as err:
            if err.dependency != "time_stamp":
                raise
            return _one(entered, transaction_id, status=503, error=gettext("Chưa đóng dấu thời gian được. Vui lòng thử lại sau."))
        except RefusedError as err:
            if err.status in (403, 404):
                raise
            return _one(entered, transaction_id, status=err.status, typed=request.form.get("purpose", "")[:LONGEST_PURPOSE],
                        error=gettext("Vui lòng ghi mục đích, nhiều nhất %(most)s ký tự.", most=LONGEST_PURPOSE))
        return Response(content, content_type="application/zip",
                        headers={"Content-Disposition": f'attachment; filename="{transaction_id}.zip"'})

    def _page(entered: Entered, narrowed: Mapping[str, str], page: Page | None, choices: Any, error: str) -> Response:
        names, applications = unit_names(services), _applications()
        return door.page(
            "console/signing/signatures.html", entered, here="signatures", status=422 if error else 200, error=error,
            narrowed={**dict.fromkeys(FILTERS, ""), **narrowed}, units=units_of(entered, names),
            applications={client_id: name for client_id, name in applications.items()
                          if client_id in _signing() or client_id == narrowed.get("application")},
            states=words.kept_states(), searched=page is not None,
            choices=[{**one, "url": f"{LIST}?{urlencode({**narrowed, 'person': one['uid']})}"} for one in choices]
            if page is None and not error else [],
            rows=[_row(one, names, applications) for one in (page.items if page else ())],
            turn=turning(LIST, narrowed, following=page.next if page else "", prev=page.prev if page else ""))

    def _one(entered: Entered, transaction_id: str, *, status: int = 200, error: str = "", typed: str = "") -> Response:
        if not transaction_id.isalnum():
            abort(404)
        found = rooms.signatures.told(entered.who, transaction_id)
        said = words.outcomes()
        return door.page(
            "console/signing/signature.html", entered, here="signatures", status=status, error=error, typed=typed,
            found=found | _row(found, unit_names(services), _applications()), longest=LONGEST_PURPOSE,
            ended="" if found["ended_at"] is None else second(found["ended_at"]),
            may_have_evidence=rooms.signatures.may_have_evidence(entered.who),
            course=[{"at": second(line["at"]), "what": words.course()[State(line["state"])],
                     "outcome": said.get(line["outcome"], "")} for line in found["course"]])

    def _signing() -> frozenset[str]:
        return frozenset(client.client_id for client in services.clients.all()
                         if not client.scope.isdisjoint((SERVICE, CREDENTIAL)))

    def _applications() -> dict[str, str]:
        return {client.client_id: client.client_name for client in services.clients.all()}


def _row(found: Mapping[str, Any], names: Mapping[str, str], applications: Mapping[str, str]) -> dict[str, Any]:
    tag, icon, word = words.kept(State(found["state"]), denied=found["denied"])
    client_id = found["client_id"]
    return {"id": found["id"], "at": second(found["at"]), "name": found["name"] or gettext("Không còn trong danh bạ"),
            "title": found["title"], "unit_name": names.get(found["unit_code"], found["unit_code"]),
            "application": applications.get(client_id) or words.our_own(client_id), "document": found["document"],
            "number": found["number"], "tag": tag, "icon": icon, "word": word,
            "outcome": words.outcomes().get(found["outcome"], "")}
