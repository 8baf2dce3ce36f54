"""Where an officer is signed in, ending that elsewhere, where no second factor is asked for, and the officer's last sign-ins.

What is ended is looked for among the officer's own sessions; another's ``sid`` in the form finds nothing (security checklist 39).
Ending needs no fresh sign-in: whoever finds a stranger among the sessions is to get rid of them at once.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, render_template, request
from flask_babel import gettext

from ...audit import PHONE
from ...services import Services
from ...sessions.devices import Place
from ...sessions.remembered import RememberedDevice, name_of
from ...sessions.single_sign_on import digest
from ...sessions.user_agent import described
from ..notice_words import device_words, place_words
from ..onward import Onward, see_other
from ..presentation import agency_help, clock_words, day_words, in_words, officer_words
from ..security import caller, device_cookie

PAGE = "/account/sessions"
ELSEWHERE = "ended_elsewhere"
"""Reason in the records: the officer ended it from another device."""


def add(views: Blueprint, services: Services, onward: Onward) -> None:
    """Make ``/account/sessions`` and the forms that end sessions, and have the second factor asked for again."""
    @views.get("/sessions")
    def sessions() -> Response:
        entered = onward.enter(request.path)
        if isinstance(entered, Response):
            return entered
        session, officer = entered
        now = services.clock.now()
        places = [_place(services, place, now) for place in services.known_devices.places(session.sub)
                  if services.sessions.goes_on(place.last_seen_at, place.expires_at)]
        places.sort(key=lambda place: place["sid"] != session.sid)
        return make_response(render_template(
            "account/sessions.html", who=officer_words(officer.officer), agency_help=agency_help(services, officer.officer),
            places=places, here=session.sid, others=len(places) > 1,
            remembered=[_remembered(services, device) for device in services.remembered_devices.of(session.sub)],
            history=[{"when": clock_words(past.at, now), "source": "" if past.source == PHONE else past.source,
                      "two_factors": past.acr > 1}
                     for past in services.known_devices.history(session.sub)]))

    @views.post("/sessions/end")
    def end() -> Response:
        entered = onward.enter(PAGE)
        if isinstance(entered, Response):
            return entered
        session, _ = entered
        meant = request.form.get("sid", "")
        if meant == session.sid:
            return see_other("/logout")
        if any(place.sid == meant for place in services.known_devices.places(session.sub)):
            services.sessions.end(meant, ELSEWHERE, caller())
        return see_other(PAGE)

    @views.post("/sessions/end-others")
    def end_others() -> Response:
        entered = onward.enter(PAGE)
        if isinstance(entered, Response):
            return entered
        session, _ = entered
        services.sessions.end_all(session.sub, ELSEWHERE, caller(), keep_sid=session.sid)
        services.remembered_devices.forget_all(session.sub, caller())
        return see_other(PAGE)

    @views.post("/sessions/ask-again")
    def ask_again() -> Response:
        entered = onward.enter(PAGE)
        if isinstance(entered, Response):
            return entered
        services.remembered_devices.forget(entered[0].sub, request.form.get("device", ""), caller())
        return see_other(PAGE)


def _place(services: Services, place: Place, now: int) -> dict[str, Any]:
    by_sim = place.source == PHONE
    handheld = by_sim or described(place.user_agent)["system"] in {"iPhone", "iPad", "Android"}
    found = (services.clients.find(client_id) for client_id in services.sessions.clients(place.sid))
    return {"sid": place.sid, "icon": "phone" if handheld else "laptop", "since": clock_words(place.since, now),
            "last_seen": clock_words(place.last_seen_at, now), "source": "" if by_sim else place.source,
            "device": place_words(place.source, place.user_agent, lambda text: str(gettext(text))),
            "open": ", ".join(in_words(client).client_name or client.client_id for client in found if client is not None)}


def _remembered(services: Services, device: RememberedDevice) -> dict[str, Any]:
    words = {"browser": device.browser, "system": device.system}
    cookie = device_cookie(services)
    return {"name": name_of(device), "device": device_words(words, lambda text: str(gettext(text))),
            "here": cookie is not None and digest(cookie) == device.device_digest, "until": day_words(device.expires_at)}
