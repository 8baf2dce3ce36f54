"""``/api/v1/sims``: views over ``signing.sims``; 404 where no carrier is named. Of numbers the last digits are told."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from ....administration.pages import Page
from ....administration.signing.lists import TO
from ....administration.signing.sims import SORTS, sims_listed
from ....audit import Caller
from ....errors import RefusedError
from ....pki.enrollment.moves import Actor
from ....roles import Administrator, ForbiddenError, Right
from ....services import MobileSignatures
from ....signing.sims.brake import Doubt, demand_decider
from ....signing.sims.ports import SimSearch
from ....signing.sims.sim import Act, Sim
from ..door import Door, identifier
from ..schemas.enrollments import FILES
from ..schemas.sims import ACTS


def blueprint(door: Door) -> Blueprint:
    """Make the views."""
    views = Blueprint("sims", __name__)

    @views.get("/sims")
    def listed() -> Response:
        who, _ = door.admit(Right.SEE_SIMS)
        asked = door.query("sim_state", "unit", "holder", "q", "sort", "cursor", "limit")
        store = _rooms().sims.store
        if (unit := asked.get("unit", "")) and not who.oversees(unit):
            raise ForbiddenError("This agency is not yours.")
        search = SimSearch(unit=who.narrowed(unit), state=asked.get("sim_state", ""), sub=asked.get("holder", ""),
                           words=asked.get("q", ""))
        found, following, _ = sims_listed(store, search, sort=asked.get("sort", SORTS[0]), cursor=asked.get("cursor", ""),
                                          limit=asked["limit"])
        return door.page(Page([_shown(who, one) for one in found], following))

    @views.post("/sims")
    def ask() -> Response:
        who, caller = door.admit(Right.ASK_CERTIFICATES, change=True)
        door.query()
        body, rooms = door.body(), _rooms()
        texts = [body.get(name) for name in ("holder", "number", "carrier")]
        seal = body.get("seal", False)
        if not {"holder", "number", "carrier"} <= body.keys() <= {"holder", "number", "carrier", "seal"} or not isinstance(
                seal, bool) or not all(isinstance(text, str) and len(text) <= 128 for text in texts):
            raise RefusedError("The body holds holder, number, carrier, and perhaps seal.", code="invalid_body", status=422)
        holder, number, carrier = (str(text) for text in texts)
        made = rooms.sims.ask(_actor(who), holder, number, carrier, caller, seal=seal)
        return door.json(_shown(who, made), status=201, location=f"sims/{made.sim_id}")

    @views.get("/sims/doubts")
    def doubts() -> Response:
        who, _ = door.admit(Right.SEE_SIMS)
        door.query()
        if not who.of_the_province:
            raise ForbiddenError("What a carrier says of many SIMs at once is the province's.")
        return door.json({"items": [_doubt(one) for one in _rooms().brake.open()]})

    @views.post("/sims/doubts")
    def decide() -> Response:
        who, caller = door.admit(change=True)
        door.query()
        demand_decider(who)  # before anybody else hears whether SIMs are offered here
        body = door.body()
        carrier, decision, reason = (body.get(name) for name in ("carrier", "decision", "reason"))
        if body.keys() != {"carrier", "decision", "reason"} or not isinstance(carrier, str) or not isinstance(
                decision, str) or not isinstance(reason, str):
            raise RefusedError("The body holds carrier, decision and reason.", code="invalid_body", status=422)
        return door.json(_doubt(_rooms().brake.decide(who, carrier, decision, reason, caller)))

    @views.get("/sims/lists/<kind>")
    def lists(kind: str) -> Response:
        who, caller = door.admit()
        to = door.query("list_for").get("list_for", "carrier")
        content = _rooms().sim_lists.written(who, kind=kind, to=to, caller=caller)
        return Response(content, content_type=FILES[kind], headers={
            "Content-Disposition": f'attachment; filename="{TO[to].name}.{kind}"'})

    @views.get("/sims/<sim_id>")
    def one(sim_id: str) -> Response:
        who, _ = door.admit(Right.SEE_SIMS)
        door.query()
        room, number, told = _rooms().sims, identifier(sim_id), door.services.administration.actors.told(who)
        sim = room.seen(_actor(who), number)
        return door.json(_shown(who, sim) | {"history": [
            {"at": entry.at, "act": entry.act.value, "state": entry.state.value, "actor": told(entry.actor) or None,
             "detail": dict(entry.detail)} for entry in room.history(_actor(who), number)]})

    @views.post("/sims/<sim_id>/acts")
    def act(sim_id: str) -> Response:
        who, caller = door.admit(Right.ASK_CERTIFICATES, Right.REPORT_SIM_LOSS, change=True, reaches_out=True)
        door.query()
        return door.json(_shown(who, _done(who, identifier(sim_id), door.body(), caller)))

    def _done(who: Administrator, sim_id: str, body: dict[str, Any], caller: Caller) -> Sim:
        room, actor = _rooms().sims, _actor(who)
        room.seen(actor, sim_id)
        name, reason, iccid, match = (body.get(key) for key in ("act", "reason", "iccid", "owner_match"))
        if (not {"act"} <= body.keys() <= {"act", "reason", "iccid", "owner_match"} or name not in {one.value for one in ACTS}
                or not isinstance(match, bool | None) or not isinstance(reason or "", str) or not isinstance(iccid or "", str)):
            raise RefusedError("The body holds act, and what it needs: reason, iccid, owner_match.", code="invalid_body",
                               status=422)
        wanted = Act(str(name))
        if wanted in (Act.APPROVE, Act.APPROVE_FOR_PROVINCE):
            return room.approve(actor, sim_id, caller, owner_match=match)
        if wanted is Act.SEND_CODE:
            return room.send_code(actor, sim_id, caller)
        if wanted is Act.GIVE_CARD:
            return room.give_card(actor, sim_id, str(iccid or ""), caller)
        return room.act(actor, sim_id, wanted, caller, reason=str(reason or ""))

    def _doubt(one: Doubt) -> dict[str, Any]:
        return {"carrier": one.carrier, "began_at": one.began_at, "sims": one.sims}

    def _shown(who: Administrator, sim: Sim) -> dict[str, Any]:
        return {"id": sim.sim_id, "holder": sim.sub, "unit_code": sim.unit_code, "seal": sim.seal,
                "number": f"…{sim.msisdn[-3:]}", "carrier": sim.carrier, "iccid": sim.iccid or None,
                "state": sim.state.value, "in_doubt": bool(sim.doubt), "since": sim.since,
                "serial": sim.serial or None, "reason": sim.reason or None, "owner_match": sim.owner_match,
                "acts": [one.value for one in _rooms().sims.possible(_actor(who), sim) if one in ACTS]}

    def _rooms() -> MobileSignatures:
        rooms = door.services.mobile_signatures
        if rooms is None:
            raise RefusedError("Signatures by SIM are not offered here.", code="not_offered", status=404)
        return rooms

    def _actor(who: Administrator) -> Actor:
        return Actor(who.sub, who)

    return views
