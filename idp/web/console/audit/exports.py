"""An export of the trail for inspectors: why and on what grounds is typed before anything leaves.

Source: security checklist 38, 41, 61. Who exports, and how it is recorded, is decided in ``administration.audit.exports``.
"""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, Response, abort, request
from flask_babel import gettext

from ....administration.audit.exports import FORMS, LONGEST_BASIS, LONGEST_PURPOSE, MOST_DAYS
from ....administration.pages import InvalidParameterError
from ....errors import RefusedError
from ....roles import Right, Role
from ....services import Services
from ...onward import see_other
from ..desk import unit_names
from ..door import Door, Entered
from ..operation.jobs import PAGE as JOBS
from ..operation.jobs import too_many
from .records import LIST, units_of, wanted_of
from .words import families

PAGE: Final = f"{LIST}export"
_NARROWS: Final = ("application", "address", "event", "unit", "since", "until")
_FIELDS: Final = (*_NARROWS, "officer", "purpose", "legal_basis", "form", "days")
_LONGEST: Final = 1000
AT_ONCE_DAYS: Final = 31
"""A longer time is written by the worker."""


def add(views: Blueprint, services: Services, door: Door) -> None:
    """Make the views."""
    room = services.administration.audit_exports

    @views.get("/audit/export")
    def ask_audit_export() -> Response:
        entered = door.enter(request.full_path, fresh=True)
        if isinstance(entered, Response):
            return entered
        _check(entered)
        return _page(entered, {name: request.args.get(name, "")[:_LONGEST] for name in _NARROWS})

    @views.post("/audit/export")
    def audit_export() -> Response:
        entered = door.enter(PAGE, fresh=True)
        if isinstance(entered, Response):
            return entered
        _check(entered)
        sent = {name: request.form.get(name, "").strip().replace("\r\n", "\n")[:_LONGEST] for name in _FIELDS}
        if not sent["since"] or not sent["until"]:
            return _page(entered, sent, error=gettext("Vui lòng ghi từ ngày nào đến ngày nào."), at="since")
        try:
            found = wanted_of({name: value for name, value in sent.items() if value})
        except InvalidParameterError:
            return _page(entered, sent, at="since",
                         error=gettext("Ngày ghi như 23/11/2026, và “đến ngày” không trước “từ ngày”."))
        body = {**found, "purpose": sent["purpose"], "legal_basis": sent["legal_basis"], "form": sent["form"],
                "keep_days": int(sent["days"]) if sent["days"].isascii() and sent["days"].isdigit() else 0}
        if sent["officer"]:
            officer = services.mirror.by_uid(sent["officer"].casefold())
            if officer is None:
                return _page(entered, sent, error=gettext("Không có cán bộ nào có tên đăng nhập này."), at="officer")
            body["sub"] = officer.sub
        try:
            if body["before"] - body["since"] > AT_ONCE_DAYS * 86400:
                services.administration.jobs.ask(entered.who, "audit", body, entered.caller)
                return see_other(JOBS)
            export = room.begin(entered.who, body, entered.caller)
        except RefusedError as err:
            if err.status == 403:
                raise
            if err.code == "too_many_jobs":
                return _page(entered, sent, error=too_many(), at="since")
            return _page(entered, sent, at="purpose", error=gettext(
                "Vui lòng ghi mục đích, căn cứ và số ngày được giữ (1 đến %(most)s). Từ ngày không sau đến ngày.",
                most=MOST_DAYS))
        return Response(export.chunks, content_type="application/zip",
                        headers={"Content-Disposition": f'attachment; filename="{export.name}"'})

    def _page(entered: Entered, sent: dict[str, str], *, error: str = "", at: str = "") -> Response:
        values: dict[str, Any] = {**dict.fromkeys(_FIELDS, ""), "days": "30", "form": FORMS[0], **sent}
        return door.page("console/audit/export.html", entered, here="audit", status=422 if error else 200, error=error, at=at,
                         values=values, families=families(), units=units_of(entered, unit_names(services)),
                         longest=LONGEST_PURPOSE, longest_basis=LONGEST_BASIS, most_days=MOST_DAYS)


def _check(entered: Entered) -> None:
    entered.who.demand(Right.ADMINISTER)
    if entered.who.role not in (Role.PROVINCE, Role.AUDITOR):
        abort(403)
