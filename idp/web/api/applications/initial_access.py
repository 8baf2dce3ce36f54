"""``/api/v1/initial-access-tokens``: views over ``administration.initial_access``."""

from __future__ import annotations

from flask import Blueprint, Response

from ..door import Door, identifier


def blueprint(door: Door) -> Blueprint:
    """Make the views."""
    views = Blueprint("initial_access", __name__)
    rooms = door.services

    @views.get("/initial-access-tokens")
    def listed() -> Response:
        who, _ = door.admit()
        return door.page(rooms.administration.initial_access.listed(who, **door.query("cursor", "limit")))

    @views.post("/initial-access-tokens")
    def create() -> Response:
        who, caller = door.admit(change=True)
        door.query()
        made = rooms.administration.initial_access.create(who, door.body(), caller)
        return door.shown_once(made, status=201, location=f"initial-access-tokens/{made['id']}")

    @views.delete("/initial-access-tokens/<token_id>")
    def revoke(token_id: str) -> Response:
        who, caller = door.admit(change=True)
        door.query()
        rooms.administration.initial_access.revoke(who, identifier(token_id), caller)
        return door.nothing()

    return views
