"""The officer's portal: the applications that this officer may use, last used first."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, render_template, request
from flask_babel import gettext, ngettext

from ..authn.enrolment.grace import days_left, deadline_of
from ..authn.recovery_codes import FEW
from ..directory.mirror import MirroredOfficer
from ..notices.announcements import Where
from ..oauth.grant import admits
from ..services import Services
from ..sessions.single_sign_on import Session
from .account.notices import words
from .approvals import awaiting
from .onward import Onward
from .presentation import agency_help, ago_words, announced, clock_words, day_words, entrance, in_words, officer_words, post_words

SHOWN_NOTICES = 3
"""Of the newest so many notices the portal shows those that are not read; all stand on a page of their own."""


def blueprint(services: Services) -> Blueprint:
    """Make ``/``."""
    views = Blueprint("portal", __name__)
    onward = Onward(services)

    @views.get("/")
    def applications() -> Response:
        entered = onward.enter(request.path)
        if isinstance(entered, Response):
            return entered
        session, officer = entered
        return make_response(render_template(
            "portal/applications.html", who=officer_words(officer.officer), apps=_applications(services, session, officer),
            since=clock_words(session.auth_time, services.clock.now()), notices=_notices(services, officer),
            grace=_grace(services, session), announcements=announced(services, Where.PORTAL),
            posts=_posts(services, session, officer), unread=services.notices.unread(session.sub),
            agency_help=agency_help(services, officer.officer)))

    return views


def _applications(services: Services, session: Session, officer: MirroredOfficer) -> list[dict[str, Any]]:
    now = services.clock.now()
    last_used = services.sessions.last_used(session.sub)
    opened = set(services.sessions.clients(session.sid))
    groups = frozenset(officer.officer.groups)
    allowed = [in_words(client) for client in services.clients.all()
               if not client.disabled and (client.announced or client.client_id in last_used)
               and admits(client, officer.status, groups) and _entrance(client, services) != "/"]
    allowed.sort(key=lambda client: (-last_used.get(client.client_id, 0), client.client_name.casefold()))
    return [{"name": client.client_name or client.client_id, "owner": client.owner, "url": _entrance(client, services),
             "icon": "doc", "open": client.client_id in opened,
             "last_used": ago_words(last_used[client.client_id], now) if client.client_id in last_used else None}
            for client in allowed]


def _posts(services: Services, session: Session, officer: MirroredOfficer) -> list[dict[str, str]]:
    """Tell in which post the officer acts, where an application asked in this session."""
    chosen = services.acting_posts.chosen(session, officer.officer)
    found = ((services.clients.find(client_id), post) for client_id, post in sorted(chosen.items()))
    return [{"client_id": client.client_id, "name": in_words(client).client_name or client.client_id, "post": post_words(post)}
            for client, post in found if client is not None]


def _grace(services: Services, session: Session) -> dict[str, Any] | None:
    """Tell until when an officer without a second factor may wait, where this sign-in was let through for that."""
    deadline, now = deadline_of(session.amr), services.clock.now()
    return None if deadline is None or deadline <= now else {"days": days_left(deadline, now), "until": day_words(deadline - 1)}


def _notices(services: Services, officer: MirroredOfficer) -> list[dict[str, str]]:
    """Tell what waits for the officer."""
    found: list[dict[str, str]] = []
    asking = [in_words(client).client_name or client.client_id for _, client in awaiting(services, officer)]
    if asking:
        title = ngettext("%(num)d yêu cầu chờ bạn trả lời", "%(num)d yêu cầu chờ bạn trả lời", len(asking))
        found.append({"icon": "phone", "title": title, "note": ", ".join(dict.fromkeys(asking)), "url": "/approvals"})
    for told in services.notices.of(officer.sub, limit=SHOWN_NOTICES):
        if told.read_at is None:
            said = words(told)
            found.append({"icon": said["icon"], "title": said["title"], "note": f"{said['text']} {said['when']}"})
    left = [standing.left for standing in services.recovery_codes.standings(officer.officer.entry_uuid)]
    found += [{"icon": "codes", "title": ngettext("Còn %(num)d mã khôi phục", "Còn %(num)d mã khôi phục", number or 0),
               "note": gettext("Nên tạo và in bộ mã mới."), "url": "/account/security"}
              for number in left if (number or 0) <= FEW]
    return found


def _entrance(client: Any, services: Services) -> str:
    return entrance(client, services.settings.issuer)
