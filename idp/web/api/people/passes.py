"""``/api/v1/temporary-passes``, and ``/officers/{sub}/temporary-pass``: views over ``administration.people.temporary_access``."""

from __future__ import annotations

from flask import Blueprint, Response

from ....roles import Right
from ..door import Door, identifier


def blueprint(door: Door) -> Blueprint:
    """Make the views."""
    views = Blueprint("passes", __name__)
    people = door.services.administration.people

    @views.post("/officers/<sub>/temporary-pass")
    def ask(sub: str) -> Response:
        who, caller = door.admit(Right.ASK_TEMPORARY_PASS, change=True)
        door.query()
        made = people.passes.ask(who, identifier(sub), door.body(), caller)
        return door.json(made, status=201, location=f"temporary-passes/{made['id']}")

    @views.get("/temporary-passes")
    def listed() -> Response:
        who, _ = door.admit(Right.ADMINISTER, Right.ASK_TEMPORARY_PASS)
        return door.page(people.passes.listed(who, **door.query("cursor", "limit")))

    @views.get("/temporary-passes/<pass_id>")
    def one(pass_id: str) -> Response:
        who, _ = door.admit(Right.ADMINISTER, Right.ASK_TEMPORARY_PASS)
        door.query()
        return door.json(people.passes.one(who, identifier(pass_id)))

    @views.post("/temporary-passes/<pass_id>/approve")
    def approve(pass_id: str) -> Response:
        who, caller = door.admit(Right.ACT_ON_FACTORS, change=True)
        door.query()
        return door.shown_once(people.passes.approve(who, identifier(pass_id), caller))

    @views.post("/temporary-passes/<pass_id>/refuse")
    def refuse(pass_id: str) -> Response:
        who, caller = door.admit(Right.ACT_ON_FACTORS, Right.ASK_TEMPORARY_PASS, change=True)
        door.query()
        return door.json(people.passes.refuse(who, identifier(pass_id), caller))

    @views.post("/temporary-passes/<pass_id>/withdraw")
    def withdraw(pass_id: str) -> Response:
        who, caller = door.admit(Right.ASK_TEMPORARY_PASS, change=True)
        door.query()
        return door.json(people.passes.withdraw(who, identifier(pass_id), caller))

    return views
