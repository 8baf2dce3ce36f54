"""Devices, live sessions and past sign-ins of one officer (port: ``sessions.devices.DeviceStore``).

The first sign-in on a device is one insert that at most one of parallel ones wins; notice and record hang on it.
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import literal_column, select, update

from ....audit import AuditEvent, AuditRecord
from ....notices import Notice
from ....sessions.devices import MAILED_A_DAY, PastSignIn, Place
from ..audit import audit_insert, audit_values
from ..database import Database, parameter
from ..notices import notice_inserts, notice_values
from ..tables import AuditRow, DeviceRow, OfficerRow, SessionRow

DEVICE: Any = DeviceRow.__table__
OFFICER: Any = OfficerRow.__table__
SESSION: Any = SessionRow.__table__
AUDIT: Any = AuditRow.__table__
_RECENT = 20
_LATEST = 50


class SqlDevices:
    """Devices as rows of ``device``. Every verb raises UnavailableError when the database does not answer."""

    def __init__(self, database: Database) -> None:
        self._names = database.read(
            select(OFFICER.c.uid, OFFICER.c.mail, OFFICER.c.entry_uuid)
            .select_from(DEVICE.outerjoin(OFFICER, OFFICER.c.sub == DEVICE.c.sub))
            .where(DEVICE.c.digest == parameter(DEVICE.c.digest)))
        self._marks = database.read(select(DEVICE.c.digest).where(DEVICE.c.sub == parameter(DEVICE.c.sub)).order_by(
            DEVICE.c.last_seen_at.desc(), DEVICE.c.digest).limit(literal_column(str(_LATEST))))
        now = parameter(DEVICE.c.first_seen_at, "now")
        sub, digest = parameter(DEVICE.c.sub, "device_sub"), parameter(DEVICE.c.digest)
        told = notice_inserts(mailed_a_day=MAILED_A_DAY)
        self._first = database.write(
            *told, audit_insert(),
            guard=database.insert(DEVICE).values(sub=sub, digest=digest, first_seen_at=now, last_seen_at=now)
            .on_conflict_do_nothing(index_elements=["sub", "digest"]).returning(DEVICE.c.sub))
        self._again = database.write(
            update(DEVICE).where(DEVICE.c.sub == sub, DEVICE.c.digest == digest).values(last_seen_at=now), durable=False)
        self._flag = database.write(*told, audit_insert())
        own = SESSION.c.sub == parameter(SESSION.c.sub)
        self._sources = database.read(
            select(SESSION.c.source).where(own, SESSION.c.auth_time >= parameter(SESSION.c.auth_time, "since"))
            .order_by(SESSION.c.auth_time.desc()).limit(literal_column(str(_RECENT))))
        self._places = database.read(
            select(*(SESSION.c[name] for name in ("sid", "created_at", "last_seen_at", "expires_at", "source", "user_agent")))
            .where(own, SESSION.c.ended_at.is_(None)).order_by(SESSION.c.last_seen_at.desc(), SESSION.c.sid))
        sign_in: Any = literal_column(f"'{AuditEvent.SIGN_IN.value}'")
        self._history = database.read(
            select(AUDIT.c.at, AUDIT.c.source, AUDIT.c.detail)
            .where(AUDIT.c.sub == parameter(AUDIT.c.sub), AUDIT.c.event == sign_in,
                   AUDIT.c.detail.not_like(literal_column("'%\"step_up\":true%'")))
            .order_by(AUDIT.c.at.desc(), AUDIT.c.id.desc()).limit(parameter(AUDIT.c.id, "limit")))

    def names(self, device_digest: bytes) -> frozenset[str] | None:
        """Give the names of a device's officers."""
        rows = self._names.all(digest=device_digest)
        if not rows:
            return None
        known = {name for row in rows for name in (row.uid, row.entry_uuid, (row.mail or "").lower(),
                                                   (row.mail or "").lower().partition("@")[0])}
        return frozenset(name for name in known if name)

    def marks(self, sub: str) -> list[str]:
        """Give the marks (``authn.lockout.KnownDevice``) of the fifty devices that an officer signed in on last."""
        return [bytes(row.digest).hex() for row in self._marks.all(sub=sub)]

    def remember(self, sub: str, device_digest: bytes, now: int, notice: Notice, record: AuditRecord) -> bool:
        """Note a sign-in on a device."""
        if self._first.run(device_sub=sub, digest=device_digest, now=now, **notice_values(notice), **audit_values(record)):
            return True
        self._again.run(device_sub=sub, digest=device_digest, now=now)
        return False

    def sources(self, sub: str, since: int) -> list[str]:
        """Give the addresses of recent sign-ins."""
        return [row.source for row in self._sources.all(sub=sub, since=since)]

    def flag(self, notice: Notice, record: AuditRecord) -> None:
        """Write a notice and its record together."""
        self._flag.run(**notice_values(notice), **audit_values(record))

    def places(self, sub: str) -> list[Place]:
        """Give the sessions that were not ended."""
        return [Place(row.sid, int(row.created_at), int(row.last_seen_at), int(row.expires_at), row.source, row.user_agent)
                for row in self._places.all(sub=sub)]

    def history(self, sub: str, *, limit: int) -> list[PastSignIn]:
        """Give past sign-ins."""
        return [PastSignIn(int(row.at), row.source, int(json.loads(row.detail).get("acr", 0)))
                for row in self._history.all(sub=sub, limit=limit)]
