"""Server-side sessions of an application, kept in memory, so that a back-channel logout can end them.

The browser holds only a random identifier. A session that was ended while one of its requests was still being answered
stays ended: what that request changed is dropped. One process; an application with several would keep this in its database.
"""

from __future__ import annotations

import secrets
import threading
import time
from typing import Any

from flask import Flask, Request, Response
from flask.sessions import SessionInterface, SessionMixin

LIFETIME_SECONDS = 8 * 3600
LIFETIME_BEFORE_SIGN_IN_SECONDS = 3600
MOST_SESSIONS = 20_000


class ApplicationSession(dict[str, Any], SessionMixin):
    """What one browser's session holds; ``officer`` is there once an officer has signed in."""

    def __init__(self, values: dict[str, Any] | None = None, *, identifier: str = "") -> None:
        super().__init__(values or {})
        self.identifier = identifier
        self.before = dict(self)
        self.former = ""

    @property
    def changed(self) -> bool:
        """Whether this request changed it."""
        return dict(self) != self.before or bool(self.former)

    def renew(self) -> None:
        """Give it a new identifier at sign-in, so that nobody can have planted the old one."""
        self.former, self.identifier = self.identifier, ""


class MemorySessions(SessionInterface):
    """Sessions of one application.

    Args:
        cookie_name: One per application: browsers do not tell ports of a host apart, so two applications on localhost
            that share a name would sign each other out.
        secure: Whether the application is reached by https.
    """

    def __init__(self, cookie_name: str, *, secure: bool) -> None:
        self._cookie_name = cookie_name
        self._secure = secure
        self._lock = threading.Lock()
        self._sessions: dict[str, tuple[float, dict[str, Any]]] = {}

    def open_session(self, app: Flask, request: Request) -> ApplicationSession:
        """Find the browser's session, or begin an empty one."""
        identifier = request.cookies.get(self._cookie_name, "")
        with self._lock:
            until, values = self._sessions.get(identifier, (0.0, {}))
        if until < time.time():
            return ApplicationSession()
        return ApplicationSession(values, identifier=identifier)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Keep what the request changed, unless the session was ended meanwhile."""
        if not isinstance(session, ApplicationSession) or not session.changed:
            return
        fresh = not session.identifier
        identifier = session.identifier or secrets.token_urlsafe(32)
        lifetime = LIFETIME_SECONDS if "officer" in session else LIFETIME_BEFORE_SIGN_IN_SECONDS
        now = time.time()
        with self._lock:
            if session.former:
                self._sessions.pop(session.former, None)
            if not fresh and identifier not in self._sessions:
                return
            if not session:
                self._sessions.pop(identifier, None)
            else:
                self._sessions[identifier] = (now + lifetime, dict(session))
            self._forget_old(now)
        if not session:
            response.delete_cookie(self._cookie_name, path="/", secure=self._secure, httponly=True, samesite="Lax")
        elif fresh:
            response.set_cookie(self._cookie_name, identifier, path="/", secure=self._secure, httponly=True, samesite="Lax")

    def end(self, *, sid: str | None, sub: str | None) -> int:
        """End sessions of officers, as a logout token asks.

        Args:
            sid: The provider's session; when given, only sessions that began in it.
            sub: The officer; without ``sid`` all of the officer's sessions.

        Returns:
            How many sessions ended.
        """
        with self._lock:
            ended = [identifier for identifier, (_, values) in self._sessions.items()
                     if _concerns(values.get("officer"), sid, sub)]
            for identifier in ended:
                del self._sessions[identifier]
        return len(ended)

    def _forget_old(self, now: float) -> None:
        if len(self._sessions) % 100 == 0:
            for identifier in [key for key, (until, _) in self._sessions.items() if until < now]:
                del self._sessions[identifier]
        while len(self._sessions) > MOST_SESSIONS:
            del self._sessions[next(iter(self._sessions))]


def _concerns(officer: dict[str, Any] | None, sid: str | None, sub: str | None) -> bool:
    if officer is None or (sid is None and sub is None):
        return False
    return (sid is None or officer.get("sid") == sid) and (sub is None or officer.get("sub") == sub)
