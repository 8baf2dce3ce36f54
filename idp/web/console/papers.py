"""Papers to print (request, record of the hand-over), and identity numbers read whole.

Source: Decree 68/2024, Decree 30/2020 (layout). Papers leave lines for numbers: who signs writes them by hand, so that printing
reads nothing that is personal.
"""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, abort, render_template, request

from ...errors import RefusedError
from ...roles import Right
from ...services import Services
from .custody.records import PAPERS as RECORDS
from .custody.records import date_words, of_request
from .desk import LIST, show
from .door import Door
from .words import refusal, request_words

PAPERS: Final = ("request", *RECORDS)


def add(views: Blueprint, services: Services, door: Door) -> None:
    """Make the views."""
    rooms = services.administration

    @views.get("/certificates/<enrollment_id>/papers/<paper>")
    def paper(enrollment_id: str, paper: str) -> Response:
        entered = door.enter(request.path, Right.SEE_CERTIFICATES)
        if isinstance(entered, Response):
            return entered
        if paper not in PAPERS:
            abort(404)
        found = rooms.enrollments.one(entered.who, enrollment_id)
        if paper in RECORDS:
            return of_request(services, entered, found, RECORDS[paper])
        return Response(render_template("console/paper.html", found=request_words(found), back=f"{LIST}{enrollment_id}",
                                        date=date_words(services.clock.now())))

    @views.post("/certificates/<enrollment_id>/identity")
    def read_identity(enrollment_id: str) -> Response:
        entered = door.enter(f"{LIST}{enrollment_id}", fresh=True)
        if isinstance(entered, Response):
            return entered
        told = {"purpose": request.form.get("purpose", "")}
        try:
            personal = rooms.enrollment_paper.personal.read(entered.who, enrollment_id, told, entered.caller)
        except RefusedError as err:
            if err.status != 422:
                raise
            return show(services, door, entered, enrollment_id, status=err.status, error=refusal(err.code))
        return show(services, door, entered, enrollment_id, personal=personal)
