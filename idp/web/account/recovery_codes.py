"""Recovery codes: a new set, shown once on a page to be printed."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template

from ...services import Services
from ..onward import Onward, see_other
from ..presentation import clock_words, officer_words
from ..security import caller

PAGE = "/account/security/recovery-codes"
AFTER = "/account/security"


def add(views: Blueprint, services: Services, onward: Onward) -> None:
    """Make ``/account/security/recovery-codes``."""

    @views.get("/security/recovery-codes")
    def ask_codes() -> Response:
        entered = onward.enter(PAGE, fresh=True, enrols=True)
        if isinstance(entered, Response):
            return entered
        _, officer = entered
        standings = services.second_factors.of(officer.officer.entry_uuid)
        if not any(standing.lasting for standing in standings):
            return see_other(AFTER)
        left = next((standing.left for standing in standings if standing.factor == services.recovery_codes.name), 0)
        return make_response(render_template("account/recovery_codes.html", who=officer_words(officer.officer), action=PAGE,
                                             left=left, codes=None))

    @views.post("/security/recovery-codes")
    def make_codes() -> Response:
        entered = onward.enter(PAGE, fresh=True, enrols=True)
        if isinstance(entered, Response):
            return entered
        _, officer = entered
        if not any(standing.lasting for standing in services.second_factors.of(officer.officer.entry_uuid)):
            return see_other(AFTER)
        codes = services.recovery_codes.issue(officer, caller())
        now = services.clock.now()
        return make_response(render_template("account/recovery_codes.html", who=officer_words(officer.officer), action=PAGE,
                                             left=len(codes), codes=codes, made_at=clock_words(now, now)))
