"""Which applications have what of an officer, taken back by the officer; and what the directory says of them.

Source: RFC 7009 §2 (tokens end with what they were given on), security checklist 39: the officer is that of the session. Taking
back needs no fresh sign-in: it gives nothing to anybody.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, render_template, request

from ...directory.officer import phone_text
from ...oidc.consent import Access
from ...services import Services
from ..console.people.deputies import own_words
from ..onward import Onward, see_other
from ..presentation import agency_help, clock_words, day_words, in_words, officer_words, post_words, sharing
from ..security import caller

PAGE = "/account/applications"


def add(views: Blueprint, services: Services, onward: Onward) -> None:
    """Make ``/account/applications`` and ``/account/profile``."""
    @views.get("/applications")
    def access() -> Response:
        entered = onward.enter(request.path)
        if isinstance(entered, Response):
            return entered
        session, officer = entered
        found = [_words(services, one, officer.officer) for one in services.consents.accesses(session.sub)]
        return make_response(render_template(
            "account/applications.html", who=officer_words(officer.officer), apps=[one for one in found if one is not None],
            agency_help=agency_help(services, officer.officer)))

    @views.post("/applications/withdraw")
    def withdraw_access() -> Response:
        entered = onward.enter(PAGE)
        if isinstance(entered, Response):
            return entered
        services.consents.withdraw(entered[0].sub, request.form.get("client_id", "")[:255], caller())
        return see_other(PAGE)

    @views.get("/profile")
    def profile() -> Response:
        entered = onward.enter(request.path)
        if isinstance(entered, Response):
            return entered
        officer = entered[1].officer
        return make_response(render_template(
            "account/profile.html", who=officer_words(officer), agency_help=agency_help(services, officer), mail=officer.mail,
            phone=phone_text(officer.phone), posts=[post_words(post) for post in officer.posts],
            administers=own_words(services, entered[1].sub),
            notice_read=next(({"version": one.version, "day": day_words(one.read_at)}
                              for one in services.personal_data.of(entered[0].sub)), None)))


def _words(services: Services, access: Access, officer: Any) -> dict[str, Any] | None:
    """Give an application with what it has; None for one that is not there any more."""
    client = next((one for one in services.clients.all() if one.client_id == access.client_id), None)
    if client is None:
        return None
    now = services.clock.now()
    shown = in_words(client)
    told = sharing(client, officer, access.scope - {"offline_access"}, access.claims)
    return {"client_id": client.client_id, "name": shown.client_name or client.client_id, "owner": shown.owner,
            "shares": [share["label"] for share in told["shares"]], "offline": access.offline, "asked": client.consent == "ask",
            "agreed": day_words(access.agreed_at) if access.agreed_at is not None else "",
            "last_used": clock_words(access.last_at, now) if access.last_at is not None else ""}
