"""``/api/v1/grants``: views over ``administration.grants``."""

from __future__ import annotations

from flask import Blueprint, Response

from ..door import Door, identifier


def blueprint(door: Door) -> Blueprint:
    """Make the views."""
    views = Blueprint("grants", __name__)
    rooms = door.services

    @views.get("/grants")
    def listed() -> Response:
        who, _ = door.admit()
        asked = door.query("sub", "uid", "client_id", "ended", "cursor", "limit")
        ended_too = asked.pop("ended", "") == "true"
        return door.page(rooms.administration.grants.listed(who, ended_too=ended_too, **asked))

    @views.get("/grants/<grant_id>")
    def one(grant_id: str) -> Response:
        who, _ = door.admit()
        door.query()
        return door.json(rooms.administration.grants.one(who, identifier(grant_id)))

    @views.delete("/grants/<grant_id>")
    def revoke(grant_id: str) -> Response:
        who, caller = door.admit(change=True)
        door.query()
        rooms.administration.grants.revoke(who, identifier(grant_id), caller)
        return door.nothing()

    @views.delete("/grants")
    def revoke_all() -> Response:
        who, caller = door.admit(change=True)
        rooms.administration.grants.revoke_all(who, caller, **door.query("sub", "client_id"))
        return door.nothing()

    return views
