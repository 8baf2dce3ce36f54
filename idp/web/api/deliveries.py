"""``/api/v1/deliveries``: views over ``administration.operation.deliveries``."""

from __future__ import annotations

from flask import Blueprint, Response

from .door import Door


def blueprint(door: Door) -> Blueprint:
    """Make the views."""
    views = Blueprint("deliveries", __name__)
    room = door.services.administration.deliveries

    @views.get("/deliveries")
    def state() -> Response:
        who, _ = door.admit()
        door.query()
        return door.json(room.state(who))

    @views.post("/deliveries/retry")
    def retry() -> Response:
        who, caller = door.admit(change=True)
        door.query()
        return door.json({"queued": room.retry(who, door.body(), caller)})

    return views
