"""``/api/v1/keys``: views over ``administration.keys``; and the document that describes the API."""

from __future__ import annotations

from flask import Blueprint, Response

from ..door import Door, rotation_of
from ..openapi import document


def blueprint(door: Door) -> Blueprint:
    """Make the views."""
    views = Blueprint("keys", __name__)
    rooms = door.services
    described = document(rooms.settings.issuer)

    @views.get("/keys")
    def listed() -> Response:
        who, _ = door.admit()
        door.query()
        return door.json(rooms.administration.keys.listed(who))

    @views.post("/keys/rotate")
    def rotate() -> Response:
        who, caller = door.admit(change=True, reaches_out=True)
        door.query()
        return door.json(rooms.administration.keys.rotate(who, caller, **rotation_of(door.body())))

    @views.get("/openapi.json")
    def openapi() -> Response:
        answer = door.json(described)
        answer.headers["Cache-Control"] = "public, max-age=3600"
        return answer

    return views
