"""The single sign-on session of one browser: opaque, kept on the server, with an idle and an absolute limit.

Spec: OpenID Connect Core 1.0 §2 (auth_time, acr, amr), Back-Channel Logout 1.0 §2.1 (sid). The cookie's value is new at each
sign-in and step-up, while the same officer keeps the ``sid``; another officer in the same browser ends the old session. Ending
a session revokes what was granted in it (except offline access) and queues a logout token for every application that took part,
all in one write (security checklist 7, 20, 30, 36).
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from ..audit import AuditEvent, AuditRecord, Caller
from ..clock import Clock
from ..errors import RefusedError

TOUCH_INTERVAL_SECONDS = 60
"""The last-seen time is written at most this often."""


class NotActiveError(RefusedError):
    """An officer may not sign in any more, since the sign-in began."""

    code = "not_active"
    status = 403

    def __init__(self) -> None:
        super().__init__("The officer may not sign in.")


@dataclass(frozen=True, slots=True)
class Session:
    """One browser's session.

    Attributes:
        sid: Identifier that applications see in ID and logout tokens; not a secret.
        sub: The officer's stable subject.
        auth_time: When the officer last proved who they are with a password, seconds since the epoch.
        acr: Assurance level reached, 1-3.
        amr: RFC 8176 values of the factors used.
        last_seen_at: Written at most once a minute; the idle limit counts from it.
        expires_at: Absolute limit.
    """

    sid: str
    sub: str
    auth_time: int
    acr: int
    amr: tuple[str, ...]
    created_at: int
    last_seen_at: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class Opening:
    """A session that a write opens which does more, such as the approval of a request on the phone.

    Attributes:
        cookie_digest: Of a value that nobody has: no browser can show it.
        record: Of the sign-in.
    """

    session: Session
    cookie_digest: bytes
    caller: Caller
    record: AuditRecord


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """When a session ends by itself, in seconds."""

    idle_seconds: int
    absolute_seconds: int


class SessionStore(Protocol):
    """Where sessions are kept. Every verb may raise UnavailableError(dependency="database")."""

    def insert(self, session: Session, cookie_digest: bytes, caller: Caller, record: AuditRecord) -> bool:
        """Keep a new session and its audit record, durably and together; False, and nothing kept, when the officer is not active.

        One act that holds the officer: of a session that is opened and an access that is taken away at the same moment, the
        session comes first and ends with the rest, or is not opened.
        """
        ...

    def renew(self, session: Session, old_digest: bytes, new_digest: bytes, caller: Caller, record: AuditRecord) -> bool:
        """Replace times, factors and cookie of a session that is alive and still has the old cookie; False: somebody was faster.

        One atomic statement: of several callers with the same old cookie exactly one gets True.
        """
        ...

    def by_cookie(self, cookie_digest: bytes) -> Session | None:
        """Find a session that was not ended; limits are the room's business."""
        ...

    def by_sid(self, sid: str) -> Session | None:
        """Find a session that was not ended by its identifier."""
        ...

    def touch(self, sid: str, now: int) -> None:
        """Note that the session was used; may be lost in a crash."""
        ...

    def end(self, sid: str, reason: str, now: int, record: AuditRecord, payload: str) -> bool:
        """End a session once; False when it had ended before.

        In the same write: grants of the session without offline access are revoked, one outbox message of kind
        ``backchannel_logout`` with ``payload`` is queued for every application that took part, and the record is kept.
        """
        ...

    def clients(self, sid: str) -> list[str]:
        """Name the applications that took part in a session, first ones first."""
        ...

    def alive(self, sub: str) -> list[Session]:
        """Give an officer's sessions that were not ended, oldest first."""
        ...

    def overdue(self, now: int, idle_before: int, limit: int) -> list[Session]:
        """Give sessions not yet ended whose absolute limit or idle limit (last seen before ``idle_before``) has passed."""
        ...

    def last_used(self, sub: str) -> Mapping[str, int]:
        """Tell when the officer last went into each application (client_id to seconds since the epoch)."""
        ...


class Sessions:
    """Opens, finds and ends sessions.

    Args:
        store: Where they are kept.
        clock: Source of the time.
        limits: Idle and absolute limit.
    """

    def __init__(self, store: SessionStore, clock: Clock, limits: SessionLimits) -> None:
        self._store = store
        self._clock = clock
        self._limits = limits

    def open(self, sub: str, *, acr: int, amr: tuple[str, ...], caller: Caller, cookie: str | None = None,
             client_id: str = "", until: int | None = None) -> tuple[str, Session]:
        """Open a session after the officer has proven everything that was asked; records the sign-in.

        Args:
            sub: Who signed in.
            acr: Level reached by this sign-in alone.
            amr: Factors of this sign-in alone.
            caller: Who asks.
            cookie: The browser's cookie until now. Its session is renewed (same ``sid``, new cookie, new times) when it is the
                same officer's, and ended when it is another's.
            client_id: The application that the officer is on the way to.
            until: When it ends at the latest, before the absolute limit; None for no such end.

        Returns:
            The new cookie value (256 bits, shown to the browser only) and the session.

        Raises:
            NotActiveError: the officer may not sign in any more, since just now.
        """
        now = self._clock.now()
        value = secrets.token_urlsafe(32)
        previous = self.find(cookie)
        expires_at = _no_later(now + self._limits.absolute_seconds, until)
        if previous is not None and previous.sub == sub:
            renewed = replace(previous, auth_time=now, acr=acr, amr=amr, last_seen_at=now, expires_at=expires_at)
            record = _sign_in(renewed, now, caller, client_id)
            if self._store.renew(renewed, digest(cookie or ""), digest(value), caller, record):
                return value, renewed
        elif previous is not None:
            self.end(previous.sid, "other_officer", caller)
        session = Session(sid=secrets.token_urlsafe(16), sub=sub, auth_time=now, acr=acr, amr=amr, created_at=now,
                          last_seen_at=now, expires_at=expires_at)
        if not self._store.insert(session, digest(value), caller, _sign_in(session, now, caller, client_id)):
            raise NotActiveError
        return value, session

    def without_cookie(self, sub: str, *, acr: int, amr: tuple[str, ...], auth_time: int, caller: Caller,
                       client_id: str) -> Opening:
        """Make a session that no browser has, for an officer who has proven who they are to us and to no browser of ours.

        It is a session like any other: it has the same limits, stands among the officer's, and is ended with them. Nobody comes
        back with it, so the idle limit counts from its beginning. Nothing is written.

        Args:
            sub: Who it was.
            acr: Level reached.
            amr: Factors.
            auth_time: When, seconds since the epoch.
            caller: For the record and the officer's pages.
            client_id: The application that it is opened for.
        """
        now = self._clock.now()
        session = Session(sid=secrets.token_urlsafe(16), sub=sub, auth_time=auth_time, acr=acr, amr=amr, created_at=now,
                          last_seen_at=now, expires_at=now + self._limits.absolute_seconds)
        return Opening(session, digest(secrets.token_urlsafe(32)), caller, _sign_in(session, now, caller, client_id))

    def step_up(self, session: Session, *, acr: int, amr: tuple[str, ...], caller: Caller, cookie: str,
                client_id: str = "", until: int | None = None) -> tuple[str, Session] | None:
        """Raise the level of a session by a further factor: new cookie, same ``sid``, ``auth_time`` and limits unchanged.

        Args:
            session: As found by ``cookie`` in this request.
            acr: Level reached with the session's factors and the new one.
            amr: All factors, in order.
            caller: Who asks.
            cookie: The browser's cookie until now.
            client_id: The application that the officer is on the way to.
            until: As for ``open``.

        Returns:
            New cookie value and session; None when the session ended or was renewed meanwhile.
        """
        now = self._clock.now()
        value = secrets.token_urlsafe(32)
        raised = replace(session, acr=acr, amr=amr, last_seen_at=now, expires_at=_no_later(session.expires_at, until))
        record = _sign_in(raised, now, caller, client_id, step_up=True)
        if not self._store.renew(raised, digest(cookie), digest(value), caller, record):
            return None
        return value, raised

    def find(self, cookie: str | None) -> Session | None:
        """Find the live session of a cookie: not ended, within the idle and the absolute limit."""
        if not cookie or len(cookie) > 128:
            return None
        session = self._store.by_cookie(digest(cookie))
        if session is None or not self.within_limits(session):
            return None
        return session

    def within_limits(self, session: Session) -> bool:
        """Tell whether a session's idle and absolute limits hold."""
        return self.goes_on(session.last_seen_at, session.expires_at)

    def goes_on(self, last_seen_at: int, expires_at: int) -> bool:
        """Tell whether the idle and the absolute limit of a session that was last seen then hold."""
        now = self._clock.now()
        return now < expires_at and now < last_seen_at + self._limits.idle_seconds

    def touch(self, session: Session) -> None:
        """Note that the officer was seen; writes at most once a minute."""
        now = self._clock.now()
        if now - session.last_seen_at >= TOUCH_INTERVAL_SECONDS:
            self._store.touch(session.sid, now)

    def end(self, sid: str, reason: str, caller: Caller, *, client_id: str = "") -> list[str]:
        """End a session; what was granted in it (except offline access) is revoked and its applications are told.

        Args:
            sid: The session.
            reason: One word for the records: ``logout``, ``other_officer``, ``expired``, ``disabled``, ``password_changed``,
                ``administrator``, ``factors_removed``, ``ended_elsewhere``; and ``removed`` (directory/deprovisioning.py).
            caller: Who asks.
            client_id: The application that asked for it, for the record.

        Returns:
            The applications that took part (client_ids), for which a logout token is queued; empty when it had ended before.
        """
        session = self._store.by_sid(sid)
        return [] if session is None else self._end(session, reason, caller, client_id)

    def end_all(self, sub: str, reason: str, caller: Caller, *, keep_sid: str = "") -> list[str]:
        """End an officer's sessions; offline access lives on. What ends everything: ``directory.deprovisioning``.

        Args:
            sub: The officer.
            reason: As for ``end``.
            caller: Who asks.
            keep_sid: A session that goes on.

        Returns:
            The applications that are told, each once.
        """
        told: dict[str, None] = {}
        for session in self._store.alive(sub):
            if session.sid != keep_sid:
                told.update(dict.fromkeys(self._end(session, reason, caller)))
        return list(told)

    def end_overdue(self, caller: Caller, *, limit: int = 200) -> int:
        """End sessions whose limits have passed, so that their applications are told; gives how many. For the worker."""
        now = self._clock.now()
        overdue = self._store.overdue(now, now - self._limits.idle_seconds, limit)
        for session in overdue:
            self._end(session, "expired", caller)
        return len(overdue)

    def clients(self, sid: str) -> list[str]:
        """Name the applications that took part in a session."""
        return self._store.clients(sid)

    def last_used(self, sub: str) -> Mapping[str, int]:
        """Tell when the officer last went into each application (client_id to seconds since the epoch)."""
        return self._store.last_used(sub)

    def _end(self, session: Session, reason: str, caller: Caller, client_id: str = "") -> list[str]:
        now = self._clock.now()
        record = AuditRecord(AuditEvent.SESSION_ENDED, now, sub=session.sub, sid=session.sid, client_id=client_id,
                             source=caller.source, request_id=caller.request_id, detail={"reason": reason})
        payload = json.dumps({"sid": session.sid, "sub": session.sub}, separators=(",", ":"))
        return self._store.clients(session.sid) if self._store.end(session.sid, reason, now, record, payload) else []


def _no_later(end: int, until: int | None) -> int:
    return end if until is None else min(end, until)


def digest(cookie: str) -> bytes:
    """Give what the store knows of a cookie: SHA-256 of its text (the value has 256 random bits, so no salt)."""
    return hashlib.sha256(cookie.encode("utf-8", "surrogatepass")).digest()


def _sign_in(session: Session, now: int, caller: Caller, client_id: str, *, step_up: bool = False) -> AuditRecord:
    detail: dict[str, str | int | bool] = {"acr": session.acr, "amr": " ".join(session.amr)}
    if step_up:
        detail["step_up"] = True
    return AuditRecord(AuditEvent.SIGN_IN, now, sub=session.sub, sid=session.sid, client_id=client_id, source=caller.source,
                       request_id=caller.request_id, detail=detail)
