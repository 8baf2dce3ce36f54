"""The missing of an agency are reminded at once: a page says whom it reaches, then it is done, once a day for each.

Who may, and whom it reaches, is decided in ``administration.rollout.reminding``.
"""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, Response, request

from ....administration.rollout.reminding import MOST_AT_ONCE
from ....errors import RefusedError
from ....services import Services
from ...onward import see_other
from ..desk import name_of
from ..door import Door, Entered
from . import words
from .pages import LIST


def add(views: Blueprint, services: Services, door: Door) -> None:
    """Make the views."""
    room = services.administration.campaign_reminding

    @views.get("/rollout/<campaign_id>/remind")
    def ask_remind(campaign_id: str) -> Response:
        entered = door.enter(request.full_path, change=True)
        return entered if isinstance(entered, Response) else _ask(entered, campaign_id, request.args.get("agency", ""))

    @views.post("/rollout/<campaign_id>/remind")
    def remind_agency(campaign_id: str) -> Response:
        entered = door.enter(f"{LIST}{campaign_id}", change=True)
        if isinstance(entered, Response):
            return entered
        agency = request.form.get("agency", "")
        try:
            room.remind(entered.who, campaign_id, {"agency": agency}, entered.caller)
        except RefusedError as err:
            if err.code not in ("already_done", "nobody_to_remind"):
                raise
            return _ask(entered, campaign_id, agency, error=words.refusal(f"reminder_{err.code}"), status=err.status)
        return see_other(f"{LIST}{campaign_id}/reminders?{urlencode({'unit': agency})}")

    def _ask(entered: Entered, campaign_id: str, agency: str, *, error: str = "", status: int = 200) -> Response:
        due = room.due(entered.who, campaign_id, agency)
        found = services.administration.rollout.seen(entered.who, campaign_id)
        return door.page(
            "console/rollout/remind.html", entered, here="rollout", status=status, error=error, most=MOST_AT_ONCE,
            found=words.campaign_words(found), agency=agency, name=due["name"], officers=due["officers"], already=due["already"],
            administrators=[{"name": name_of(services, one["sub"]), "cases": one["cases"]} for one in due["administrators"]])
