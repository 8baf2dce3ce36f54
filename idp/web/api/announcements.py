"""``/api/v1/announcements``: views over ``administration.operation.announcements``."""

from __future__ import annotations

from flask import Blueprint, Response

from ...administration.operation.announcements import shown
from ...notices.announcements import Announcement
from .door import Door, identifier


def blueprint(door: Door) -> Blueprint:
    """Make the views."""
    views = Blueprint("announcements", __name__)
    room, clock = door.services.administration.announcements, door.services.clock

    @views.get("/announcements")
    def listed() -> Response:
        who, _ = door.admit()
        return door.page(room.listed(who, **door.query("cursor", "limit")))

    @views.post("/announcements")
    def create() -> Response:
        who, caller = door.admit(change=True)
        door.query()
        return answer(made := room.create(who, door.body(), caller), 201, f"announcements/{made.announcement_id}")

    @views.get("/announcements/<announcement_id>")
    def one(announcement_id: str) -> Response:
        who, _ = door.admit()
        door.query()
        return answer(room.one(who, identifier(announcement_id)))

    @views.put("/announcements/<announcement_id>")
    def replace(announcement_id: str) -> Response:
        who, caller = door.admit(change=True)
        door.query()
        return answer(room.replace(who, identifier(announcement_id), door.body(), door.matches(), caller))

    @views.post("/announcements/<announcement_id>/end")
    def end(announcement_id: str) -> Response:
        who, caller = door.admit(change=True)
        door.query()
        return answer(room.end(who, identifier(announcement_id), door.matches(), caller))

    def answer(found: Announcement, status: int = 200, location: str = "") -> Response:
        return door.json(shown(found, clock.now()), status=status, etag=found.etag, location=location)

    return views
