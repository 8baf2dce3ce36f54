"""Agencies in the console: the tree with its numbers, and one agency with its people and things."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, request

from ....roles import Right
from ....services import Services
from ..desk import unit_names
from ..door import Door
from ..tasks import task_words
from ..words import request_words

LIST: Final = "/admin/agencies/"


def add(views: Blueprint, services: Services, door: Door) -> None:
    """Make the views."""
    room = services.administration.people.agencies

    @views.get("/agencies/")
    def agencies() -> Response:
        entered = door.enter(request.full_path, Right.SEE_AGENCIES)
        if isinstance(entered, Response):
            return entered
        return door.page("console/people/agencies.html", entered, here="agencies", rows=room.tree(entered.who))

    @views.get("/agencies/<code>")
    def agency(code: str) -> Response:
        entered = door.enter(request.path, Right.SEE_AGENCIES)
        if isinstance(entered, Response):
            return entered
        found, units = room.one(entered.who, code), unit_names(services)
        return door.page(
            "console/people/agency.html", entered, here="agencies", found=found,
            may_see_holders=entered.who.may(Right.ADMINISTER),
            seals=[{**request_words(one), "serial": one["serial"] or ""} for one in found["seals"]],
            tasks=[task_words(one, units) for one in found["tasks"]])
