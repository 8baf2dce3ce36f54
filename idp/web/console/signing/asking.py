"""The form that asks for a SIM for somebody else, or for an agency's seal: the officer is looked for first.

Security checklist 38, 56: who may ask for whom is decided in ``signing.sims.enrollment``; the code goes to the number, and only
the officer can type it. Where nobody takes the message the request stands, and the page of the SIM offers to send it anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, request

from ....errors import RefusedError, UnavailableError
from ....pki.enrollment.moves import Actor
from ....roles import Right
from ....services import MobileSignatures, Services
from ....signing.sims.sim import number_of
from ... import signature_words as words
from ...onward import see_other
from ..asking import found_officer
from ..door import Door, Entered
from .sims import LIST, UNSENT

PAGE: Final = f"{LIST}new"
_LONGEST: Final = 100
_FIELDS: Final = ("phone", "carrier")
_AT: Final = {"bad_number": "phone", "number_taken": "phone", "number_unknown": "phone", "bad_carrier": "carrier"}
"""Where a refusal stands."""


def add(views: Blueprint, services: Services, door: Door) -> None:
    """Make the views, where signatures by SIM are offered."""
    offered = services.mobile_signatures
    if offered is None:
        return
    rooms: MobileSignatures = offered
    finding = services.administration.enrollment_paper.asking

    @views.get("/sims/new")
    def look_for_sim_holder() -> Response:
        holder, seal = request.args.get("holder", ""), request.args.get("kind") == "seal"
        entered = door.enter(request.full_path, Right.ASK_CERTIFICATES, fresh=bool(holder))
        if isinstance(entered, Response):
            return entered
        if not entered.who.may(Right.ASK_CERTIFICATES):
            abort(403)
        if holder:
            return _form(entered, holder, dict.fromkeys(_FIELDS, ""), seal=seal)
        typed = request.args.get("q", "").strip()[:_LONGEST]
        typed = typed if typed.isprintable() else ""
        found, more = finding.found(entered.who, typed)
        return door.page("console/signing/find.html", entered, here="sims", seal=seal, q=typed, more=more,
                         found=[{**found_officer(one), "url": _address(one.sub, seal=seal)} for one in found])

    @views.post("/sims/new")
    def ask_for_sim() -> Response:
        holder, seal = request.form.get("holder", ""), request.form.get("kind") == "seal"
        entered = door.enter(_address(holder, seal=seal), Right.ASK_CERTIFICATES, fresh=True, change=True)
        if isinstance(entered, Response):
            return entered
        typed = {name: request.form.get(name, "").strip()[:_LONGEST] for name in _FIELDS}
        try:
            made = rooms.sims.ask(Actor(entered.who.sub, entered.who), holder, typed["phone"], typed["carrier"], entered.caller,
                                  seal=seal)
        except UnavailableError as err:
            if err.dependency != "short_messages":
                raise
            asked = rooms.sims.store.of_number(number_of(typed["phone"]))[0]
            return see_other(f"{LIST}{asked.sim_id}?{UNSENT}")
        except RefusedError as err:
            if err.status == 403:
                raise
            return _form(entered, holder, typed, seal=seal, refused=err)
        return see_other(f"{LIST}{made.sim_id}")

    def _form(entered: Entered, holder: str, typed: Mapping[str, str], *, seal: bool,
              refused: RefusedError | None = None) -> Response:
        officer = finding.officer(entered.who, holder)
        return door.page(
            "console/signing/new.html", entered, here="sims", status=refused.status if refused else 200, seal=seal,
            holder=found_officer(officer), typed=typed, carriers=rooms.sims.carriers,
            error=words.refusal(refused.code) if refused else "", at=_AT.get(refused.code, "") if refused else "")


def _address(holder: str, *, seal: bool) -> str:
    return f"{PAGE}?{urlencode({'for': 'seal' if seal else 'officer', 'holder': holder})}"
