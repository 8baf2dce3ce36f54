"""``/api/v1/enrollments``: views over ``administration.enrollment``."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from ....administration.enrollment.expiry import MONTHS
from ....pki.forms import LONGEST_FILE
from ....roles import Right
from ..door import Door, MediaTypeError, identifier
from ..schemas.enrollments import BATCHES, MOST_BATCHES


def blueprint(door: Door) -> Blueprint:
    """Make the views."""
    views = Blueprint("enrollments", __name__)
    rooms = door.services

    @views.get("/enrollments")
    def listed() -> Response:
        who, _ = door.admit(Right.SEE_CERTIFICATES)
        asked = door.query("enrollment_state", "unit", "holder", "batch", "q", "overdue", "cursor", "limit")
        return door.page(rooms.administration.enrollments.listed(who, **_renamed(asked)))

    @views.post("/enrollments")
    def ask() -> Response:
        who, caller = door.admit(Right.CHANGE, Right.ASK_CERTIFICATES, change=True)
        door.query()
        made = rooms.administration.enrollments.ask(who, door.body(), caller)
        return door.json(made, status=201, location=f"enrollments/{made['id']}")

    @views.get("/enrollments/counts")
    def counts() -> Response:
        who, _ = door.admit(Right.SEE_CERTIFICATES)
        return door.json(rooms.administration.enrollments.counted(who, **door.query("unit", "batch")))

    @views.get("/enrollments/expiry")
    def forecast() -> Response:
        who, _ = door.admit(Right.SEE_CERTIFICATES)
        asked = door.query("months", "unit")
        return door.json(rooms.administration.expiry.forecast(who, months=int(asked.pop("months", MONTHS[0])), **asked))

    @views.get("/enrollments/expiring")
    def expiring() -> Response:
        who, _ = door.admit(Right.SEE_CERTIFICATES)
        return door.page(rooms.administration.expiry.listed(who, **door.query("month", "unit", "followed", "sort",
                                                                                  "cursor", "limit")))

    @views.post("/enrollments/renewals")
    def renew() -> Response:
        who, caller = door.admit(Right.CHANGE, Right.ASK_CERTIFICATES, change=True)
        door.query()
        return door.json(rooms.administration.renewals.ask(who, door.body(), caller))

    @views.post("/enrollments/<enrollment_id>/identity")
    def identity(enrollment_id: str) -> Response:
        who, caller = door.admit(Right.ADMINISTER)
        door.query()
        values = rooms.administration.enrollment_paper.personal.read(who, identifier(enrollment_id), door.body(), caller)
        return door.shown_once({"identity_number": values.get("identity_number") or None})

    @views.post("/enrollments/acts")
    def act_upon() -> Response:
        who, caller = door.admit(Right.CHANGE, Right.ASK_CERTIFICATES, change=True)
        door.query()
        return door.json(rooms.administration.enrollments.act_upon(who, door.body(), caller))

    @views.post("/enrollments/lists")
    def take() -> Response:
        who, caller = door.admit(Right.CHANGE, Right.ASK_CERTIFICATES, change=True, longest=LONGEST_FILE)
        asked = door.query("form", "dry_run", "submit")
        if request.mimetype not in BATCHES.values():
            raise MediaTypeError(" or ".join(BATCHES.values()))
        return door.json(rooms.administration.enrollment_lists.take(
            who, request.get_data(), form=asked.get("form", "mau01_ca_nhan"), dry=asked.get("dry_run", "true") == "true",
            submit=asked.get("submit", "false") == "true", caller=caller))

    @views.get("/enrollments/batches")
    def batches() -> Response:
        who, _ = door.admit()
        door.query()
        found, _, _ = rooms.administration.enrollment_lists.batches(who, limit=MOST_BATCHES)
        return door.json({"items": [{
            "batch": one.number, "document": one.document, "made_at": one.made_at, "made_by": one.made_by, "rows": one.rows,
            "sha256": one.sha256, "signature": one.signature} for one in found]})

    @views.post("/enrollments/batches")
    def send() -> Response:
        who, caller = door.admit(change=True)
        door.query()
        body = door.body()
        return door.json(rooms.administration.enrollment_lists.send(who, body, caller=caller), status=201)

    @views.get("/enrollments/batches/<batch>/<kind>")
    def batch(batch: str, kind: str) -> Response:
        who, caller = door.admit()
        door.query()
        content = rooms.administration.enrollment_lists.written(who, batch=identifier(batch), kind=kind, caller=caller)
        return Response(content, content_type=BATCHES[kind], headers={
            "Content-Disposition": f'attachment; filename="mau01-{batch}.{kind}"'})

    @views.get("/enrollments/<enrollment_id>")
    def one(enrollment_id: str) -> Response:
        who, _ = door.admit(Right.SEE_CERTIFICATES)
        door.query()
        return door.json(rooms.administration.enrollments.one(who, identifier(enrollment_id)))

    @views.post("/enrollments/<enrollment_id>/acts")
    def act(enrollment_id: str) -> Response:
        who, caller = door.admit(Right.CHANGE, Right.ASK_CERTIFICATES, change=True)
        door.query()
        return door.json(rooms.administration.enrollments.act(who, identifier(enrollment_id), door.body(), caller))

    @views.get("/officers/<sub>/signing-certificates")
    def signing(sub: str) -> Response:
        who, _ = door.admit(Right.SEE_CERTIFICATES)
        door.query()
        return door.json(rooms.administration.enrollments.signing(who, identifier(sub)))

    return views


def _renamed(asked: dict[str, Any]) -> dict[str, Any]:
    state = asked.pop("enrollment_state", "")
    return {**asked, "state": state}
