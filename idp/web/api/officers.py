"""``/api/v1/officers``, ``/api/v1/directory/brake``: views over three rooms of the administration."""

from __future__ import annotations

from flask import Blueprint, Response

from .door import Door, identifier


def blueprint(door: Door) -> Blueprint:
    """Make the views."""
    views = Blueprint("officers", __name__)
    rooms = door.services

    @views.get("/officers")
    def listed() -> Response:
        who, _ = door.admit()
        return door.page(rooms.administration.officers.listed(who, **door.query("q", "cursor", "limit")))

    @views.post("/officers/<sub>/password-reset")
    def reset_password(sub: str) -> Response:
        who, caller = door.admit(change=True)
        door.query()
        return door.json(rooms.administration.password_resets.reset(who, identifier(sub), door.idempotency_key(), caller))

    @views.get("/officers/<sub>/factors")
    def list_factors(sub: str) -> Response:
        who, _ = door.admit()
        door.query()
        return door.json(rooms.administration.factors.of(who, identifier(sub)))

    @views.delete("/officers/<sub>/factors")
    def remove_factors(sub: str) -> Response:
        who, caller = door.admit(change=True)
        door.query()
        rooms.administration.factors.remove_all(who, identifier(sub), caller)
        return door.nothing()

    @views.get("/directory/brake")
    def brake() -> Response:
        who, _ = door.admit()
        door.query()
        return door.json(rooms.administration.officers.brake(who))

    @views.post("/directory/brake/release")
    def release() -> Response:
        who, caller = door.admit(change=True)
        door.query()
        return door.json(rooms.administration.officers.release(who, caller))

    return views
