"""The cookie of a remembered device (``sessions.remembered``): set and read here only, and worth nothing without the password.

Security checklist 20: ``__Host-``, Secure, HttpOnly, SameSite=Lax. It is a cookie of its own beside that of the device: it
changes at each use and ends long before that one does.
"""

from __future__ import annotations

from flask import Response, after_this_request, request

from ...services import Services
from ...sessions.remembered import Kept


def cookie_name(*, secure: bool) -> str:
    """Name the cookie: ``__Host-remembered`` with an https issuer, ``remembered`` in development."""
    return "__Host-remembered" if secure else "remembered"


def remembered_cookie(services: Services) -> str | None:
    """Give the value of the browser's cookie, if it has one."""
    return request.cookies.get(cookie_name(secure=services.settings.secure))


def keep_remembered(services: Services, kept: Kept | None) -> None:
    """Have this request's answer give the browser a new value, to be kept until its end; None leaves it what it has."""
    if kept is None:
        return

    @after_this_request
    def give(response: Response) -> Response:
        secure = services.settings.secure
        response.set_cookie(cookie_name(secure=secure), kept.cookie, max_age=max(0, kept.expires_at - services.clock.now()),
                            secure=secure, httponly=True, samesite="Lax", path="/")
        return response
