"""Requests for new passwords in the database (port: ``authn.sign_in.forgotten.RecoveryStore``)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import or_, select, update

from ....audit import AuditRecord
from ....authn.sign_in.forgotten import Recovery
from ....notices import Notice
from ..audit import audit_insert, audit_values
from ..database import Database, insert_row, parameter
from ..notices import notice_inserts, notice_values
from ..tables import PasswordRecoveryRow


class SqlRecoveries:
    """Rows of ``password_recovery``. Every verb raises UnavailableError when the database does not answer."""

    def __init__(self, database: Database) -> None:
        table: Any = PasswordRecoveryRow.__table__
        c = table.c
        now, browser = parameter(c.expires_at, "now"), parameter(c.browser_digest)
        stands = (c.recovery_id == parameter(c.recovery_id, "id"), c.expires_at > now, c.done_at.is_(None))
        earlier = update(table).where(c.entry_uuid == parameter(c.entry_uuid, "whose"), c.done_at.is_(None),
                                      c.recovery_id != parameter(c.recovery_id, "id")).values(done_at=parameter(c.created_at,
                                                                                                                "now"))
        self._begin = database.write(earlier, insert_row(table), audit_insert(), *notice_inserts())
        self._find = database.read(select(table).where(c.recovery_id == parameter(c.recovery_id, "id")))
        self._take_up = database.write(guard=update(table).where(*stands, or_(c.browser_digest.is_(None),
                                                                              c.browser_digest == browser))
                                       .values(browser_digest=browser).returning(c.recovery_id))
        self._prove = database.write(guard=update(table).where(*stands, c.browser_digest == browser)
                                     .values(proven_at=now).returning(c.recovery_id))
        self._finish = database.write(guard=update(table).where(*stands, c.browser_digest == browser, c.proven_at.is_not(None))
                                      .values(done_at=now).returning(c.recovery_id))

    def begin(self, recovery: Recovery, notice: Notice, record: AuditRecord) -> None:
        """Keep a request; earlier ones of the officer are over."""
        self._begin.run(
            id=recovery.recovery_id, whose=recovery.entry_uuid, now=recovery.created_at, recovery_id=recovery.recovery_id,
            entry_uuid=recovery.entry_uuid, created_at=recovery.created_at, expires_at=recovery.expires_at, browser_digest=None,
            proven_at=None, done_at=None, **audit_values(record), **notice_values(notice))

    def find(self, recovery_id: str) -> Recovery | None:
        """Find a request, over or not."""
        row = self._find.one(id=recovery_id)
        return None if row is None else Recovery(
            row.recovery_id, row.entry_uuid, row.created_at, row.expires_at,
            None if row.browser_digest is None else bytes(row.browser_digest), row.proven_at, row.done_at)

    def take_up(self, recovery_id: str, browser_digest: bytes, now: int) -> bool:
        """Give a request to a browser, unless another has it."""
        return self._take_up.run(id=recovery_id, browser_digest=browser_digest, now=now) is not None

    def prove(self, recovery_id: str, browser_digest: bytes, now: int) -> bool:
        """Note that a second factor was accepted in its browser."""
        return self._prove.run(id=recovery_id, browser_digest=browser_digest, now=now) is not None

    def finish(self, recovery_id: str, browser_digest: bytes, now: int) -> bool:
        """Note that the password was changed, once."""
        return self._finish.run(id=recovery_id, browser_digest=browser_digest, now=now) is not None
