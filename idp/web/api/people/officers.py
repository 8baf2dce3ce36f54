"""``/api/v1/officers``, ``/role-holders``, ``/factor-resets``, ``/deputies``, ``/agencies``, ``/directory/brake``: views."""

from __future__ import annotations

from flask import Blueprint, Response

from ....roles import Right
from ..door import Door, identifier


def blueprint(door: Door) -> Blueprint:
    """Make the views."""
    views = Blueprint("officers", __name__)
    rooms = door.services

    @views.get("/officers")
    def listed() -> Response:
        who, caller = door.admit(Right.SEE_OFFICERS)
        asked = door.query("q", "unit", "officer_state", "factor", "sort", "cursor", "limit")
        state = asked.pop("officer_state", "")
        return door.page(rooms.administration.people.directory.listed(who, caller, state=state, **asked))

    @views.post("/officers/acts")
    def act_upon() -> Response:
        who, caller = door.admit(Right.ASK_FACTOR_RESET, change=True)
        door.query()
        return door.json(rooms.administration.people.many.act(who, door.body(), caller))

    @views.get("/officers/<sub>")
    def one(sub: str) -> Response:
        who, _ = door.admit(Right.SEE_OFFICERS)
        door.query()
        return door.json(rooms.administration.people.directory.one(who, identifier(sub)))

    @views.get("/officers/<sub>/timeline")
    def timeline(sub: str) -> Response:
        who, _ = door.admit(Right.SEE_OFFICERS)
        return door.page(rooms.administration.people.directory.timeline(who, identifier(sub), **door.query("cursor", "limit")))

    @views.post("/officers/<sub>/factor-reset")
    def ask_reset(sub: str) -> Response:
        who, caller = door.admit(Right.ASK_FACTOR_RESET, change=True)
        door.query()
        made = rooms.administration.people.resets.ask(who, identifier(sub), door.body(), caller)
        return door.json(made, status=201, location=f"factor-resets/{made['id']}")

    @views.get("/factor-resets")
    def resets() -> Response:
        who, _ = door.admit(Right.ADMINISTER, Right.ASK_FACTOR_RESET)
        return door.page(rooms.administration.people.resets.listed(who, **door.query("cursor", "limit")))

    @views.get("/factor-resets/<proposal_id>")
    def reset(proposal_id: str) -> Response:
        who, _ = door.admit(Right.ADMINISTER, Right.ASK_FACTOR_RESET)
        door.query()
        return door.json(rooms.administration.people.resets.one(who, identifier(proposal_id)))

    @views.post("/factor-resets/<proposal_id>/approve")
    def approve_reset(proposal_id: str) -> Response:
        who, caller = door.admit(Right.ACT_ON_FACTORS, change=True)
        door.query()
        return door.json(rooms.administration.people.resets.approve(who, identifier(proposal_id), caller))

    @views.post("/factor-resets/<proposal_id>/refuse")
    def refuse_reset(proposal_id: str) -> Response:
        who, caller = door.admit(Right.ACT_ON_FACTORS, Right.ASK_FACTOR_RESET, change=True)
        door.query()
        return door.json(rooms.administration.people.resets.refuse(who, identifier(proposal_id), caller))

    @views.get("/deputies")
    def deputies() -> Response:
        who, _ = door.admit(Right.LEND, Right.ADMINISTER)
        return door.page(rooms.administration.people.deputies.listed(who, **door.query("cursor", "limit")))

    @views.post("/deputies")
    def name_deputy() -> Response:
        who, caller = door.admit(Right.LEND, change=True)
        door.query()
        return door.json(rooms.administration.people.deputies.name(who, door.body(), caller), status=201)

    @views.delete("/deputies/<deputy_id>")
    def end_deputy(deputy_id: str) -> Response:
        who, caller = door.admit(*Right, change=True)
        door.query()
        rooms.administration.people.deputies.end(who, identifier(deputy_id), caller)
        return door.nothing()

    @views.get("/role-holders")
    def role_holders() -> Response:
        who, _ = door.admit()
        asked = door.query("role", "unit", "holder_state", "cursor", "limit")
        return door.page(rooms.administration.people.holders.listed(who, state=asked.pop("holder_state", ""), **asked))

    @views.post("/role-holders/file")
    def role_holders_file() -> Response:
        who, caller = door.admit()
        door.query()
        file = rooms.administration.people.holders.file(who, door.body(), caller)
        return Response(file.chunks, content_type=file.media_type,
                        headers={"Content-Disposition": f'attachment; filename="{file.name}"'})

    @views.get("/agencies")
    def agencies() -> Response:
        who, _ = door.admit(Right.SEE_AGENCIES)
        door.query()
        return door.json({"items": rooms.administration.people.agencies.tree(who)})

    @views.get("/agencies/<code>")
    def agency(code: str) -> Response:
        who, _ = door.admit(Right.SEE_AGENCIES)
        door.query()
        return door.json(rooms.administration.people.agencies.one(who, identifier(code)))

    @views.post("/officers/<sub>/end-access")
    def end_access(sub: str) -> Response:
        who, caller = door.admit(Right.END_ACCESS, change=True)
        door.query()
        return door.json(rooms.administration.officers.end_access(who, identifier(sub), caller))

    @views.post("/officers/<sub>/phone")
    def phone(sub: str) -> Response:
        who, caller = door.admit(Right.ADMINISTER)
        door.query()
        return door.shown_once(rooms.administration.people.directory.phone(who, identifier(sub), door.body(), caller))

    @views.get("/officers/<sub>/stop")
    def stopped(sub: str) -> Response:
        who, _ = door.admit(Right.SEE_OFFICERS)
        door.query()
        return door.json({"stop": rooms.administration.people.stops.of(who, identifier(sub))})

    @views.post("/officers/<sub>/stop")
    def stop(sub: str) -> Response:
        who, caller = door.admit(Right.STOP_ACCESS, change=True)
        door.query()
        return door.json(rooms.administration.people.stops.stop(who, identifier(sub), door.body(), caller), status=201)

    @views.post("/officers/<sub>/lift-stop")
    def lift_stop(sub: str) -> Response:
        who, caller = door.admit(Right.STOP_ACCESS, change=True)
        door.query()
        return door.json(rooms.administration.people.stops.lift(who, identifier(sub), door.body(), caller))

    @views.post("/officers/<sub>/release-factors")
    def release_factors(sub: str) -> Response:
        who, caller = door.admit(Right.ACT_ON_FACTORS, change=True)
        door.query()
        rooms.administration.officers.release_factors(who, identifier(sub), caller)
        return door.nothing()

    @views.post("/officers/<sub>/password-reset")
    def reset_password(sub: str) -> Response:
        who, caller = door.admit(Right.RESET_PASSWORD, change=True, reaches_out=True, named=True)
        door.query()
        return door.shown_once(rooms.administration.password_resets.reset(who, identifier(sub), caller))

    @views.get("/officers/<sub>/factors")
    def list_factors(sub: str) -> Response:
        who, _ = door.admit(Right.SEE_OFFICERS)
        door.query()
        return door.json(rooms.administration.factors.of(who, identifier(sub)))

    @views.post("/officers/<sub>/enrolment-code")
    def give_code(sub: str) -> Response:
        who, caller = door.admit(Right.ACT_ON_FACTORS, change=True)
        door.query()
        return door.shown_once(rooms.administration.factors.give_code(who, identifier(sub), caller))

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
