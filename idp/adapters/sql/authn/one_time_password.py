"""One-time passwords in the database (port: ``authn.one_time_password.OneTimePasswordStore``).

A row is never swept away: the password that it names may still be the officer's at the directory.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select

from ....audit import AuditRecord
from ..audit import audit_insert, audit_values
from ..database import Database, insert_row, parameter
from ..tables import OneTimePasswordRow


class SqlOneTimePasswords:
    """Rows of ``one_time_password``; a password stands there as a digest."""

    def __init__(self, database: Database) -> None:
        table: Any = OneTimePasswordRow.__table__
        self._keep = database.write(insert_row(OneTimePasswordRow), audit_insert())
        self._expiry_of = database.read(select(table.c.expires_at).where(table.c.digest == parameter(table.c.digest)))
        self._forget = database.write(delete(table).where(table.c.entry_uuid == parameter(table.c.entry_uuid)))

    def keep(self, digest: bytes, entry_uuid: str, expires_at: int, record: AuditRecord) -> None:
        """Remember one, with the record."""
        self._keep.run(digest=digest, entry_uuid=entry_uuid, expires_at=expires_at, **audit_values(record))

    def expiry_of(self, digest: bytes) -> int | None:
        """Tell until when one is good."""
        row = self._expiry_of.one(digest=digest)
        return None if row is None else int(row.expires_at)

    def forget(self, entry_uuid: str) -> None:
        """Forget all of an officer."""
        self._forget.run(entry_uuid=entry_uuid)
