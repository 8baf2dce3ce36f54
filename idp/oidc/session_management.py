"""Session management: a page of an application asks a frame of ours whether the officer is still signed in as before.

Spec: OpenID Connect Session Management 1.0 §2 (``session_state`` in answers and errors), §3.2 (how it is made, what the frame
says), §3.3. The browser keeps a random *browser state* in a cookie that the frame's script can read; it is no secret, names
nobody and changes with every sign-in, step-up and sign-out. ``session_state`` is a salted hash over it, the client and the origin
of the redirect URI, so that applications cannot compare notes. The frame (idp/web/static/check-session.js) computes the same hash
with the origin that the browser says a message comes from: only an origin that the provider sent an answer to is ever told
``unchanged``, which is how the frame keeps to expected origins.

Departs from §3.2 in one point: where the browser keeps our cookies from framed pages, the frame says ``error`` and not
``changed``, because it knows nothing, and an application that hears ``changed`` asks anew for ever (§5.1).
"""

from __future__ import annotations

import hashlib
import re
import secrets

from ..oauth.authorization_request import AuthorizationRequest
from ..oauth.redirect_uri import origin_of
from .id_token import SCOPE

PARAMETER = "session_state"

_BROWSER_STATE = re.compile(r"[A-Za-z0-9_-]{43}")


def new_browser_state() -> str:
    """Give a browser state that nobody has had: 256 random bits, base64url."""
    return secrets.token_urlsafe(32)


def is_browser_state(text: str) -> bool:
    """Tell whether a cookie holds something that ``new_browser_state`` may have given."""
    return _BROWSER_STATE.fullmatch(text) is not None


def session_state(client_id: str, origin: str, browser_state: str, *, salt: str) -> str:
    """Compute what an application is told: SHA-256 in lower-case hex over the four, a dot, and the salt (§3.2)."""
    text = f"{client_id} {origin} {browser_state} {salt}"
    return f"{hashlib.sha256(text.encode('ascii')).hexdigest()}.{salt}"


def answer_parameters(request: AuthorizationRequest, browser_state: str) -> tuple[tuple[str, str], ...]:
    """Give what this room adds to an authorization answer or error: ``session_state``, with a salt of its own each time.

    Nothing for a request that is not OpenID Connect, and nothing for a private-use redirect URI: no page has such an origin.
    """
    origin = origin_of(request.redirect_uri)
    if SCOPE not in request.scope or not origin:
        return ()
    return ((PARAMETER, session_state(request.client_id, origin, browser_state, salt=secrets.token_urlsafe(16))),)


def frame_ancestors(*, development: bool) -> tuple[str, ...]:
    """Give the sources that may frame the one page made for it, as a content security policy names them: https pages.

    Not the registered origins one by one: that would show everybody which applications the province has, and outgrow a header.
    The page holds nothing that could be pressed or read, and tells other origins nothing (above); no other page may be framed.
    """
    return ("https:", "http://localhost:*", "http://127.0.0.1:*") if development else ("https:",)
