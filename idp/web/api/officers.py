"""``/api/v1/officers``, ``/api/v1/directory/brake``: views over rooms of the administration."""

from __future__ import annotations

from flask import Blueprint, Response

from ...roles import Right
from .door import Door, identifier


def blueprint(door: Door) -> Blueprint:
    """Make the views."""
    views = Blueprint("officers", __name__)
    rooms = door.services

    @views.get("/officers")
    def listed() -> Response:
        who, _ = door.admit(Right.SEE_OFFICERS)
        return door.page(rooms.administration.mirror.listed(who, **door.query("q", "cursor", "limit")))

    @views.post("/officers/<sub>/end-access")
    def end_access(sub: str) -> Response:
        who, caller = door.admit(Right.END_ACCESS, change=True)
        door.query()
        return door.json(rooms.administration.officers.end_access(who, identifier(sub), caller))

    @views.post("/officers/<sub>/release-factors")
    def release_factors(sub: str) -> Response:
        who, caller = door.admit(Right.ACT_ON_FACTORS, change=True)
        door.query()
        rooms.administration.officers.release_factors(who, identifier(sub), caller)
        return door.nothing()

    @views.post("/officers/<sub>/password-reset")
    def reset_password(sub: str) -> Response:
        who, caller = door.admit(Right.RESET_PASSWORD, change=True)
        door.query()
        return door.json(rooms.administration.password_resets.reset(who, identifier(sub), door.idempotency_key(), caller))

    @views.get("/officers/<sub>/factors")
    def list_factors(sub: str) -> Response:
        who, _ = door.admit(Right.SEE_OFFICERS)
        door.query()
        return door.json(rooms.administration.factors.of(who, identifier(sub)))

    @views.delete("/officers/<sub>/factors")
    def remove_factors(sub: str) -> Response:
        who, caller = door.admit(Right.ACT_ON_FACTORS, change=True)
        door.query()
        rooms.administration.factors.remove_all(who, identifier(sub), caller)
        return door.nothing()

    @views.post("/officers/<sub>/enrolment-code")
    def give_code(sub: str) -> Response:
        who, caller = door.admit(Right.ACT_ON_FACTORS, change=True)
        door.query()
        return door.json(rooms.administration.factors.give_code(who, identifier(sub), caller))

    @views.get("/officers/without-factor")
    def without_factor() -> Response:
        who, _ = door.admit(Right.SEE_OFFICERS)
        return door.page(rooms.administration.factors.without(who, **door.query("unit", "demanded", "cursor", "limit")))

    @views.get("/directory/brake")
    def brake() -> Response:
        who, _ = door.admit()
        door.query()
        return door.json(rooms.administration.mirror.brake(who))

    @views.post("/directory/brake/release")
    def release() -> Response:
        who, caller = door.admit(change=True)
        door.query()
        return door.json(rooms.administration.mirror.release(who, caller))

    return views
