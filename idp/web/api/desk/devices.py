"""``/api/v1/devices``: views over ``administration.enrollment.devices``."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from ....pki.forms import LONGEST_FILE
from ....roles import Right
from ..door import Door, MediaTypeError, identifier
from ..schemas.devices import FILES


def blueprint(door: Door) -> Blueprint:
    """Make the views."""
    views = Blueprint("devices", __name__)
    rooms = door.services

    @views.get("/devices")
    def listed() -> Response:
        who, _ = door.admit(Right.SEE_DEVICES)
        asked = door.query("device_state", "device_kind", "unit", "holder", "q", "overdue", "cursor", "limit")
        return door.page(rooms.administration.devices.listed(who, **_renamed(asked)))

    @views.post("/devices")
    def enter() -> Response:
        who, caller = door.admit(change=True)
        door.query()
        made = rooms.administration.devices.enter(who, door.body(), caller)
        return door.json(made, status=201, location=f"devices/{made['id']}")

    @views.post("/devices/lists")
    def take() -> Response:
        who, caller = door.admit(change=True, longest=LONGEST_FILE)
        asked = door.query("dry_run")
        if request.mimetype not in FILES.values():
            raise MediaTypeError(" or ".join(FILES.values()))
        return door.json(rooms.administration.devices.take(who, request.get_data(), dry=asked.get("dry_run", "true") == "true",
                                                           caller=caller))

    @views.get("/devices/lists/<kind>")
    def written(kind: str) -> Response:
        who, _ = door.admit(Right.SEE_DEVICES)
        door.query()
        content = rooms.administration.devices.written(who, kind)
        return Response(content, content_type=FILES[kind], headers={
            "Content-Disposition": f'attachment; filename="thiet-bi.{kind}"'})

    @views.get("/devices/<device_id>")
    def one(device_id: str) -> Response:
        who, _ = door.admit(Right.SEE_DEVICES)
        door.query()
        return door.json(rooms.administration.devices.one(who, identifier(device_id)))

    @views.post("/devices/<device_id>/acts")
    def act(device_id: str) -> Response:
        who, caller = door.admit(Right.CHANGE, Right.REPORT_LOSS, change=True)
        door.query()
        return door.json(rooms.administration.devices.act(who, identifier(device_id), door.body(), caller))

    return views


def _renamed(asked: dict[str, Any]) -> dict[str, Any]:
    state, kind = asked.pop("device_state", ""), asked.pop("device_kind", "")
    return {**asked, "state": state, "kind": kind}
