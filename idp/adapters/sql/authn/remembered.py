"""Remembered devices in the database (port: ``sessions.remembered.RememberedStore``).

A use replaces the token in one update whose condition is the token before; of parallel ones exactly one wins.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, delete, select, update

from ....audit import AuditRecord
from ....notices import Notice
from ....sessions.remembered import RememberedDevice
from ..audit import audit_insert, audit_values
from ..database import Database, parameter
from ..notices import notice_inserts, notice_values
from ..tables import RememberedDeviceRow, SessionRow

ROW: Any = RememberedDeviceRow.__table__
SESSION: Any = SessionRow.__table__
_SHOWN = ("sub", "device_digest", "created_at", "expires_at", "browser", "system")


class SqlRememberedDevices:
    """Rows of ``remembered_device``. Every verb raises UnavailableError when the database does not answer."""

    def __init__(self, database: Database) -> None:
        names = [column.name for column in ROW.columns]
        # The session is held, so that whoever takes the access away sees this device, or this sees that the session is gone.
        given = (select(*(parameter(ROW.c[name], f"new_{name}") for name in names)).select_from(SESSION)
                 .where(SESSION.c.sid == parameter(SESSION.c.sid), SESSION.c.ended_at.is_(None)).with_for_update(read=True))
        insert = database.insert(ROW).from_select(names, given)
        self._keep = database.write(*notice_inserts(), audit_insert(), guard=insert.on_conflict_do_update(
            index_elements=["sub", "device_digest"],
            set_={name: insert.excluded[name] for name in names if name not in {"sub", "device_digest"}}).returning(ROW.c.sub))
        sub, device = parameter(ROW.c.sub, "device_sub"), parameter(ROW.c.device_digest)
        mine = and_(ROW.c.sub == sub, ROW.c.device_digest == device)
        now = parameter(ROW.c.expires_at, "now")
        self._renew = database.write(guard=update(ROW).where(
            mine, ROW.c.token_digest == parameter(ROW.c.token_digest, "old"), ROW.c.expires_at > now,
            ROW.c.created_at > parameter(ROW.c.created_at, "made_after"),
        ).values(token_digest=parameter(ROW.c.token_digest, "new")).returning(ROW.c.expires_at))
        self._of = database.read(select(*(ROW.c[name] for name in _SHOWN)).where(ROW.c.sub == sub, ROW.c.expires_at > now)
                                 .order_by(ROW.c.created_at.desc(), ROW.c.device_digest))
        self._forget = database.write(audit_insert(), guard=delete(ROW).where(mine).returning(ROW.c.sub))

    def keep(self, device: RememberedDevice, sid: str, token_digest: bytes, notice: Notice, record: AuditRecord) -> bool:
        """Remember a device while the session stands."""
        values = {f"new_{name}": getattr(device, name) for name in _SHOWN}
        return self._keep.run(**values, new_token_digest=token_digest, sid=sid, **notice_values(notice),
                              **audit_values(record)) is not None

    def renew(self, sub: str, device_digest: bytes, old: bytes, new: bytes, *, now: int, made_after: int) -> int | None:
        """Replace a token that counts; give the end."""
        row = self._renew.run(device_sub=sub, device_digest=device_digest, old=old, new=new, now=now, made_after=made_after)
        return None if row is None else int(row[0])

    def of(self, sub: str, now: int) -> list[RememberedDevice]:
        """Give an officer's devices."""
        return [RememberedDevice(row.sub, bytes(row.device_digest), int(row.created_at), int(row.expires_at), row.browser,
                                 row.system) for row in self._of.all(device_sub=sub, now=now)]

    def forget(self, sub: str, device_digest: bytes, record: AuditRecord) -> bool:
        """End one, with the record."""
        return self._forget.run(device_sub=sub, device_digest=device_digest, **audit_values(record)) is not None
