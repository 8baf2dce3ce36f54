"""``/api/v1/signatures``: views over ``administration.signing.history``; 404 where no carrier is named."""

from __future__ import annotations

from flask import Blueprint, Response

from ....administration.signing.history import Signatures
from ....errors import RefusedError
from ..door import Door, identifier
from ..schemas.enrollments import ARCHIVE


def blueprint(door: Door) -> Blueprint:
    """Make the views."""
    views = Blueprint("signatures", __name__)

    @views.get("/signatures")
    def listed() -> Response:
        who, _ = door.admit()
        query = door.query("sub", "client_id", "signature_state", "unit", "since", "before", "cursor", "limit")
        return door.page(_room().listed(who, state=query.pop("signature_state", ""), **query))

    @views.get("/signatures/<transaction_id>")
    def one(transaction_id: str) -> Response:
        who, _ = door.admit()
        door.query()
        return door.json(_room().told(who, identifier(transaction_id)))

    @views.post("/signatures/<transaction_id>/evidence")
    def evidence(transaction_id: str) -> Response:
        who, caller = door.admit()
        door.query()
        body, room = door.body(), _room()
        purpose = body.get("purpose")
        if body.keys() != {"purpose"} or not isinstance(purpose, str):
            raise RefusedError("The body holds purpose.", code="invalid_body", status=422)
        return Response(room.evidence(who, identifier(transaction_id), purpose, caller), content_type=ARCHIVE, headers={
            "Content-Disposition": f'attachment; filename="{transaction_id}.zip"'})

    def _room() -> Signatures:
        rooms = door.services.mobile_signatures
        if rooms is None:
            raise RefusedError("Signatures by SIM are not offered here.", code="not_offered", status=404)
        return rooms.signatures

    return views
