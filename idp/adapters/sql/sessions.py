"""Sessions in the database; implements ``idp.sessions.single_sign_on.SessionStore``.

Ending a session is one write: the guard decides who ends it, and only then are its grants revoked, logout tokens queued and the
record kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, insert, literal_column, or_, select, update

from ...audit import AuditRecord, Caller
from ...sessions.single_sign_on import Session
from .audit import audit_insert, audit_values
from .database import Database, parameter
from .directory.as_of import is_active
from .tables import GrantRow, OfficerRow, OutboxRow, SessionClientRow, SessionRow

SESSION: Any = SessionRow.__table__
TAKING_PART: Any = SessionClientRow.__table__
GRANT: Any = GrantRow.__table__
OUTBOX: Any = OutboxRow.__table__
OFFICER: Any = OfficerRow.__table__

_COLUMNS = [SESSION.c[name] for name in
            ("sid", "sub", "auth_time", "acr", "amr", "created_at", "last_seen_at", "expires_at")]


class SqlSessions:
    """The session store on one database."""

    def __init__(self, database: Database) -> None:
        alive = SESSION.c.ended_at.is_(None)
        values = {column.name: parameter(column) for column in SESSION.columns}
        # The officer is held, so that whoever takes the access away sees this session, or this sees that it is gone.
        signing_in = (select(*values.values()).select_from(OFFICER)
                      .where(OFFICER.c.sub == parameter(OFFICER.c.sub), is_active("created_at"))
                      .with_for_update(read=True))
        self._insert = database.write(audit_insert(), guard=(
            insert(SESSION).inline().from_select(list(values), signing_in).returning(SESSION.c.sid)))
        self._by_cookie = database.read(
            select(*_COLUMNS).where(SESSION.c.cookie_digest == parameter(SESSION.c.cookie_digest), alive))
        self._by_sid = database.read(select(*_COLUMNS).where(SESSION.c.sid == parameter(SESSION.c.sid), alive))
        self._alive = database.read(
            select(*_COLUMNS).where(SESSION.c.sub == parameter(SESSION.c.sub), alive).order_by(SESSION.c.created_at))
        self._overdue = database.read(
            select(*_COLUMNS)
            .where(alive, or_(SESSION.c.expires_at <= parameter(SESSION.c.expires_at, "now"),
                              SESSION.c.last_seen_at <= parameter(SESSION.c.last_seen_at, "idle_before")))
            .order_by(SESSION.c.last_seen_at).limit(literal_column("200")))
        self._clients = database.read(
            select(TAKING_PART.c.client_id).where(TAKING_PART.c.sid == parameter(TAKING_PART.c.sid))
            .order_by(TAKING_PART.c.first_used_at, TAKING_PART.c.client_id))
        self._last_used = database.read(
            select(TAKING_PART.c.client_id, func.max(TAKING_PART.c.last_used_at).label("last_used_at"))
            .where(TAKING_PART.c.sub == parameter(TAKING_PART.c.sub)).group_by(TAKING_PART.c.client_id))
        self._renew = database.write(audit_insert(), guard=(
            update(SESSION)
            .where(SESSION.c.cookie_digest == parameter(SESSION.c.cookie_digest, "old_digest"), alive,
                   SESSION.c.sid == parameter(SESSION.c.sid))
            .values({name: parameter(SESSION.c[name]) for name in
                     ("cookie_digest", "auth_time", "acr", "amr", "last_seen_at", "expires_at", "source", "user_agent")})
            .returning(SESSION.c.sid)))
        self._touch = database.write(
            update(SESSION).where(SESSION.c.sid == parameter(SESSION.c.sid, "touched_sid"), alive,
                                  SESSION.c.last_seen_at < parameter(SESSION.c.last_seen_at, "now"))
            .values(last_seen_at=parameter(SESSION.c.last_seen_at, "now")), durable=False)
        self._end = database.write(
            update(GRANT)
            .where(GRANT.c.sid == parameter(GRANT.c.sid, "sid"), GRANT.c.offline.is_(False), GRANT.c.revoked_at.is_(None))
            .values(revoked_at=parameter(GRANT.c.revoked_at, "now"), revoke_reason=parameter(GRANT.c.revoke_reason, "reason")),
            database.insert(OUTBOX).inline().from_select(
                ["kind", "receiver", "payload", "state", "attempts", "next_attempt_at", "created_at", "last_error"],
                select(literal_column("'backchannel_logout'"), TAKING_PART.c.client_id, parameter(OUTBOX.c.payload),
                       literal_column("'waiting'"), literal_column("0"), parameter(OUTBOX.c.next_attempt_at, "now"),
                       parameter(OUTBOX.c.created_at, "now"), literal_column("''"))
                .where(TAKING_PART.c.sid == parameter(TAKING_PART.c.sid, "sid"))),
            audit_insert(),
            # A code that is being issued holds the session: its grant and its application are to be seen.
            after=select(SESSION.c.sid).where(SESSION.c.sid == parameter(SESSION.c.sid, "sid")).with_for_update(),
            guard=(update(SESSION).where(SESSION.c.sid == parameter(SESSION.c.sid, "sid"), alive)
                   .values(ended_at=parameter(SESSION.c.ended_at, "now"), end_reason=parameter(SESSION.c.end_reason, "reason"))
                   .returning(SESSION.c.sub)))

    def insert(self, session: Session, cookie_digest: bytes, caller: Caller, record: AuditRecord) -> bool:
        """Keep a new session and its audit record, if the officer is active."""
        return self._insert.run(**session_values(session, cookie_digest, caller), **audit_values(record)) is not None

    def renew(self, session: Session, old_digest: bytes, new_digest: bytes, caller: Caller, record: AuditRecord) -> bool:
        """Replace times, factors and cookie, if nobody was faster."""
        return self._renew.run(sid=session.sid, old_digest=old_digest, cookie_digest=new_digest, auth_time=session.auth_time,
                               acr=session.acr, amr=" ".join(session.amr), last_seen_at=session.last_seen_at,
                               expires_at=session.expires_at, source=caller.source[:64], user_agent=caller.user_agent[:255],
                               **audit_values(record)) is not None

    def by_cookie(self, cookie_digest: bytes) -> Session | None:
        """Find a session that was not ended by the digest of its cookie."""
        return _session(self._by_cookie.one(cookie_digest=cookie_digest))

    def by_sid(self, sid: str) -> Session | None:
        """Find a session that was not ended by its identifier."""
        return _session(self._by_sid.one(sid=sid))

    def touch(self, sid: str, now: int) -> None:
        """Note that the session was used; relaxed."""
        self._touch.run(touched_sid=sid, now=now)

    def end(self, sid: str, reason: str, now: int, record: AuditRecord, payload: str) -> bool:
        """End a session once, with everything that hangs on it."""
        return self._end.run(sid=sid, reason=reason, now=now, payload=payload, **audit_values(record)) is not None

    def clients(self, sid: str) -> list[str]:
        """Name the applications that took part."""
        return [row.client_id for row in self._clients.all(sid=sid)]

    def alive(self, sub: str) -> list[Session]:
        """Give an officer's sessions that were not ended."""
        return [session for row in self._alive.all(sub=sub) if (session := _session(row))]

    def overdue(self, now: int, idle_before: int, limit: int) -> list[Session]:
        """Give at most ``limit`` (and at most 200) sessions whose limits have passed."""
        return [session for row in self._overdue.all(now=now, idle_before=idle_before)[:limit] if (session := _session(row))]

    def last_used(self, sub: str) -> Mapping[str, int]:
        """Tell when the officer last went into each application."""
        return {row.client_id: int(row.last_used_at) for row in self._last_used.all(sub=sub)}


def session_values(session: Session, cookie_digest: bytes, caller: Caller, prefix: str = "") -> dict[str, Any]:
    """Give the parameters of a new session's row: each column by its name, with the prefix."""
    values = {"sid": session.sid, "cookie_digest": cookie_digest, "sub": session.sub, "auth_time": session.auth_time,
              "acr": session.acr, "amr": " ".join(session.amr), "created_at": session.created_at,
              "last_seen_at": session.last_seen_at, "expires_at": session.expires_at, "ended_at": None, "end_reason": "",
              "source": caller.source[:64], "user_agent": caller.user_agent[:255]}
    return {prefix + name: value for name, value in values.items()}


def _session(row: Any) -> Session | None:
    if row is None:
        return None
    return Session(sid=row.sid, sub=row.sub, auth_time=row.auth_time, acr=row.acr, amr=tuple(row.amr.split()),
                   created_at=row.created_at, last_seen_at=row.last_seen_at, expires_at=row.expires_at)
