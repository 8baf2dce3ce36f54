"""``/api/v1/officers``: a view over ``administration.password_reset``."""

from __future__ import annotations

from flask import Blueprint, Response

from .door import Door, identifier


def blueprint(door: Door) -> Blueprint:
    """Make the views."""
    views = Blueprint("officers", __name__)
    rooms = door.services

    @views.post("/officers/<sub>/password-reset")
    def reset_password(sub: str) -> Response:
        who, caller = door.admit(change=True)
        door.query()
        return door.json(rooms.administration.password_resets.reset(who, identifier(sub), door.idempotency_key(), caller))

    return views
