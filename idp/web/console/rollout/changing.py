"""Campaigns are begun, changed and closed, and people are taken out of the number, by the province's administrators.

Before a campaign begins a page says whom it is about: the list that is made then is what later reports are measured by.
"""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, Response, request

from ....errors import RefusedError
from ....rollout.campaign import BY_HAND, Goal
from ....services import Services
from ...onward import see_other
from ..door import Door, Entered
from ..words import typed_day
from . import words
from .pages import LIST, unit_choices

NEW: Final = f"{LIST}new"
_FIELDS: Final = ("name", "goal", "deadline", "unit", "groups", "titles", "owner_unit")
_LONGEST: Final = 1000


def add(views: Blueprint, services: Services, door: Door) -> None:
    """Make the views."""
    room = services.administration.rollout

    @views.get("/rollout/new")
    def new_campaign() -> Response:
        entered = door.enter(NEW, change=True)
        return entered if isinstance(entered, Response) else _form(entered, dict.fromkeys(_FIELDS, ""))

    @views.post("/rollout/new")
    def begin_campaign() -> Response:
        entered = door.enter(NEW, change=True)
        if isinstance(entered, Response):
            return entered
        told = {name: request.form.get(name, "").strip()[:_LONGEST] for name in _FIELDS}
        body = {**told, "deadline": typed_day(told["deadline"]), "groups": _parted(told["groups"]),
                "titles": _parted(told["titles"])}
        try:
            if request.form.get("step") == "begin":
                return see_other(f"{LIST}{room.begin(entered.who, body, entered.caller)['id']}")
            found = room.preview(entered.who, {name: body[name] for name in ("goal", "unit", "groups", "titles")})
            room.check_new(body)
        except RefusedError as err:
            if err.status == 403:
                raise
            return _form(entered, told, error=words.refusal(err.code), status=err.status)
        return _form(entered, told, found={
            "counted": words.number(found["counted"]), "agencies": len(found["agencies"]),
            "left_out": [{"word": words.reasons()[reason], "count": count} for reason, count in found["left_out"].items()]})

    @views.get("/rollout/<campaign_id>/change")
    def ask_change(campaign_id: str) -> Response:
        entered = door.enter(request.path, change=True)
        return entered if isinstance(entered, Response) else _change(entered, campaign_id)

    @views.post("/rollout/<campaign_id>/change")
    def change_campaign(campaign_id: str) -> Response:
        entered = door.enter(f"{LIST}{campaign_id}/change", change=True)
        if isinstance(entered, Response):
            return entered
        told = {"reason": request.form.get("reason", "").strip()[:_LONGEST]}
        try:
            if request.form.get("act") == "close":
                room.close(entered.who, campaign_id, told, entered.caller)
            else:
                told["deadline"] = request.form.get("deadline", "").strip()[:_LONGEST]
                moved = {**told, "deadline": typed_day(told["deadline"])}
                room.move_deadline(entered.who, campaign_id, moved, entered.caller)
        except RefusedError as err:
            if err.status in (403, 404):
                raise
            return _change(entered, campaign_id, told, error=words.refusal(err.code), status=err.status)
        return see_other(f"{LIST}{campaign_id}")

    @views.get("/rollout/<campaign_id>/exclude")
    def ask_exclude(campaign_id: str) -> Response:
        entered = door.enter(request.full_path, change=True)
        return entered if isinstance(entered, Response) else _exclude(entered, campaign_id, request.args.get("subject", ""))

    @views.post("/rollout/<campaign_id>/exclude")
    def exclude_member(campaign_id: str) -> Response:
        entered = door.enter(f"{LIST}{campaign_id}", change=True)
        if isinstance(entered, Response):
            return entered
        told = {name: request.form.get(name, "").strip()[:_LONGEST] for name in ("subject", "reason", "note")}
        try:
            room.exclude(entered.who, campaign_id, told, entered.caller)
        except RefusedError as err:
            if err.status in (403, 404):
                raise
            return _exclude(entered, campaign_id, told["subject"], told, error=words.refusal(err.code), status=err.status)
        return see_other(f"{LIST}{campaign_id}/excluded")

    @views.post("/rollout/<campaign_id>/restore")
    def restore_member(campaign_id: str) -> Response:
        entered = door.enter(f"{LIST}{campaign_id}/excluded", change=True)
        if isinstance(entered, Response):
            return entered
        subject = request.form.get("subject", "").strip()[:_LONGEST]
        try:
            room.restore(entered.who, campaign_id, {"subject": subject}, entered.caller)
        except RefusedError as err:
            if err.status != 409:
                raise
        return see_other(f"{LIST}{campaign_id}/excluded")

    def _form(entered: Entered, told: dict[str, str], *, found: dict[str, Any] | None = None, error: str = "",
              status: int = 200) -> Response:
        room.check_may(entered.who)
        return door.page("console/rollout/new.html", entered, here="rollout", status=status, told=told, found=found, error=error,
                         goals=[{"value": goal.value, "word": words.goals()[goal]} for goal in Goal],
                         units=unit_choices(services))

    def _change(entered: Entered, campaign_id: str, told: dict[str, str] | None = None, *, error: str = "",
                status: int = 200) -> Response:
        room.check_may(entered.who)
        found = room.seen(entered.who, campaign_id)
        return door.page("console/rollout/change.html", entered, here="rollout", status=status, error=error,
                         found=words.campaign_words(found),
                         told={"deadline": words.date_text(found.deadline), "reason": "", **(told or {})})

    def _exclude(entered: Entered, campaign_id: str, subject: str, told: dict[str, str] | None = None, *, error: str = "",
                 status: int = 200) -> Response:
        room.check_may(entered.who)
        found, place = room.member(entered.who, campaign_id, subject)
        return door.page("console/rollout/exclude.html", entered, here="rollout", status=status, error=error,
                         found=words.campaign_words(found), subject=subject, name=place.entry.name,
                         about=", ".join(filter(None, (place.entry.title, place.entry.unit_name))),
                         reasons=[{"value": one.value, "word": words.reasons()[one]} for one in BY_HAND],
                         told={"reason": "", "note": "", **(told or {})})


def _parted(text: str) -> list[str]:
    return [part.strip() for part in text.replace("\r\n", "\n").replace("\n", ",").replace(";", ",").split(",") if part.strip()]
