"""A new password by the officer's own wish: behind the old one, counted like a sign-in; the present session alone goes on.

Source: OWASP ASVS 5.0 6.2.2, 6.2.3 (the old password is asked for), 7.4.3 (other sessions end). What an application may do while
the officer is away (``offline_access``) was given by the officer and goes on; a reset by an administrator ends that too.
"""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, Response, make_response, render_template, request

from ...authn.lockout import ThrottledError
from ...services import Services
from ...sessions.interaction import Interaction
from ..new_password import NewPassword
from ..onward import Onward, address_of, see_other
from ..presentation import application_words, officer_words
from ..security import allow_onward_redirect, browser_id, caller

PAGE = "/account/password"


def add(views: Blueprint, services: Services, onward: Onward) -> None:
    """Make ``/account/password`` and ``/account/password/changed``."""
    new = NewPassword(services)

    def on_the_way() -> Interaction | None:
        """Give the sign-in that led here, where one did; of another browser, or one that is over, none."""
        then = services.interactions.take_up(request.args.get("then", ""), browser_id())
        return then if then is not None and then.done_at is None and then.kind != "logout" else None

    def here(then: Interaction | None) -> str:
        return PAGE if then is None else f"{PAGE}?{urlencode({'then': then.id})}"

    @views.route("/password", methods=["GET", "POST"])
    def password() -> Response:
        then = on_the_way()
        entered = onward.enter(here(then))
        if isinstance(entered, Response):
            return entered
        session, officer = entered
        allow_onward_redirect()
        onwards = address_of("login.ask", then) if then is not None else ""
        error, throttled = "", None
        if request.method == "POST":
            try:
                error = new.change(officer)
            except ThrottledError as refusal:
                throttled = refusal
            if not error and throttled is None:
                services.interactions.forget_officer(officer.officer.entry_uuid)
                services.sessions.end_all(officer.sub, "password_changed", caller(), keep_sid=session.sid)
                return see_other(onwards or f"{PAGE}/changed")
        return new.form(officer, error=error, throttled=throttled, action=here(then), cancel_url=onwards or "/account/security",
                        app=application_words(services.clients.find(then.client_id)) if then is not None else None,
                        reason="own_wish")

    @views.get("/password/changed")
    def changed() -> Response:
        entered = onward.enter(PAGE)
        if isinstance(entered, Response):
            return entered
        return make_response(render_template("account/password_changed.html", who=officer_words(entered[1].officer)))
