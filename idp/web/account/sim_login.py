"""Letting the signing SIM sign in, and having the phone asked for approvals: the officer's own choice, where the card can."""

from __future__ import annotations

from flask import Blueprint, Response, abort, make_response, render_template, request

from ...services import Services
from ..onward import Onward, see_other
from ..presentation import officer_words
from ..security import caller
from .factors.sim import PAGE

AFTER = "/account/security"


def add(views: Blueprint, services: Services, onward: Onward) -> None:
    """Make ``/account/security/sim``."""

    @views.get("/security/sim")
    def ask_sim_login() -> Response:
        if not services.mobile_id.offered:
            abort(404)
        entered = onward.enter(PAGE, fresh=True, enrols=True)
        if isinstance(entered, Response):
            return entered
        _, officer = entered
        enrolled = bool(services.mobile_id.standings(officer.officer.entry_uuid))
        if not enrolled and not services.mobile_id.may_enrol(officer):
            return see_other(AFTER)
        return make_response(render_template(
            "account/sim_login.html", who=officer_words(officer.officer), action=PAGE, enrolled=enrolled,
            approves=enrolled and services.mobile_id.approves(officer)))

    @views.post("/security/sim")
    def take_sim_login() -> Response:
        if not services.mobile_id.offered:
            abort(404)
        entered = onward.enter(PAGE, fresh=True, enrols=True)
        if isinstance(entered, Response):
            return entered
        wanted = request.form.get("approvals", "")
        if wanted in {"on", "off"}:
            services.mobile_id.choose_approvals(entered[1], wanted == "on", caller())
        else:
            services.mobile_id.enrol(entered[1], caller())
        return see_other(AFTER)
