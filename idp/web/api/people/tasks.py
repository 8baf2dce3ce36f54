"""``/api/v1/tasks``: views over ``administration.tasks``."""

from __future__ import annotations

from flask import Blueprint, Response

from ..door import Door, identifier


def blueprint(door: Door) -> Blueprint:
    """Make the views."""
    views = Blueprint("tasks", __name__)
    rooms = door.services

    @views.get("/tasks")
    def listed() -> Response:
        who, _ = door.admit()
        return door.page(rooms.administration.tasks.listed(who, **door.query("state", "sort", "cursor", "limit")))

    @views.get("/tasks/<task_id>")
    def one(task_id: str) -> Response:
        who, _ = door.admit()
        door.query()
        return door.json(rooms.administration.tasks.one(who, identifier(task_id)))

    @views.post("/tasks/<task_id>/complete")
    def complete(task_id: str) -> Response:
        who, caller = door.admit(change=True)
        door.query()
        return door.json(rooms.administration.tasks.complete(who, identifier(task_id), door.body(), caller))

    return views
