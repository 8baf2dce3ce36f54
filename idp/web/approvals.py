"""What applications ask an officer by name: a list, and for each the page that shows who asks and takes the answer.

Spec: OpenID Connect Client-Initiated Backchannel Authentication §7, §8; security checklist 18, 21, 29, 32. From here on a
request is one of those that ``Onward`` leads on, like a device's: sign-in again, level, groups and consent are those of every
application, and the page of ``device.confirm`` takes the answer. What the officer's phone is asked meanwhile
(``oidc.phone_approval``) is said here; whoever answers first has answered.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, render_template, request

from ..directory.mirror import MirroredOfficer
from ..oauth.client import Client
from ..oauth.deferred.approvals import request_of
from ..oauth.deferred.authorization import Deferred
from ..oauth.grant import admits
from ..services import Services
from .onward import Onward, address_of, see_other
from .presentation import agency_help, clock_words, in_words, minutes, officer_words


def blueprint(services: Services) -> Blueprint:
    """Make ``/approvals``."""
    views = Blueprint("approvals", __name__)
    onward = Onward(services)

    @views.get("/approvals")
    def waiting() -> Response:
        entered = onward.enter(request.path)
        if isinstance(entered, Response):
            return entered
        _, officer = entered
        now = services.clock.now()
        return make_response(render_template(
            "approvals/waiting.html", who=officer_words(officer.officer), agency_help=agency_help(services, officer.officer),
            asked=[{**_words(deferred, client, now), "code": _on_the_phone(services, deferred)}
                   for deferred, client in awaiting(services, officer)],
            by_phone=bool(services.mobile_id.standings(officer.officer.entry_uuid)) and (
                "on" if services.mobile_id.approves(officer) else "off")))

    @views.post("/approvals")
    def take_up() -> Response:
        signed_in = onward.signed_in()
        meant = request.form.get("approval", "")
        chosen = [] if signed_in is None else [
            deferred for deferred, _ in awaiting(services, signed_in[1]) if deferred.digest.hex() == meant]
        if not chosen:
            return see_other("/approvals")
        interaction = services.interactions.begin_authorization(chosen[0].client_id, request_of(chosen[0]).to_json())
        return see_other(address_of("authorize.resume", interaction))

    return views


def awaiting(services: Services, officer: MirroredOfficer) -> list[tuple[Deferred, Client]]:
    """Give what an officer is asked by name and can answer now, oldest first, with the applications that ask."""
    found = ((deferred, services.clients.find(deferred.client_id)) for deferred in services.approvals.awaiting(officer.sub))
    groups = frozenset(officer.officer.groups)
    return [(deferred, client) for deferred, client in found if client is not None and admits(client, officer.status, groups)]


def _on_the_phone(services: Services, deferred: Deferred) -> str:
    """Give the digits that the officer's phone shows of a request now; "" where it shows nothing."""
    one = services.phone_approvals.asked(deferred) if services.phone_approvals is not None else None
    return one.code if one is not None else ""


def _words(deferred: Deferred, client: Client, now: int) -> dict[str, Any]:
    return {"id": deferred.digest.hex(), "name": in_words(client).client_name or client.client_id, "owner": client.owner,
            "message": deferred.binding_message, "at": clock_words(deferred.created_at, now), "source": deferred.source,
            "minutes": minutes(deferred.expires_at - now)}
