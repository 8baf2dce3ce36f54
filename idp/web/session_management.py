"""The one page that other sites may frame: its script tells an application whether the officer's session has changed.

Spec: OpenID Connect Session Management 1.0 §3.2, §3.3. The page is the same for everybody and reads no session; whoever asks and
what is answered, ``oidc/session_management.py`` decides.
"""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template

from ..oidc.session_management import frame_ancestors
from ..services import Services
from .security import allow_framing, browser_state_name


def blueprint(services: Services) -> Blueprint:
    """Make ``/check-session``, the check_session_iframe."""
    views = Blueprint("session_management", __name__)
    ancestors = frame_ancestors(development=services.settings.development)

    @views.get("/check-session")
    def frame() -> Response:
        allow_framing(ancestors)
        return make_response(render_template("session/check.html", cookie=browser_state_name(secure=services.settings.secure)))

    return views
