"""Pushed authorization requests in the database; implements ``idp.oauth.requests.pushed_authorization.PushedRequestStore``.

Relaxed writes: nothing was granted yet. What marks one as used is in the write that issues (``oauth.py``).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from ...oauth.requests.pushed_authorization import PushedRequest
from .database import Database, insert_row, parameter
from .tables import PushedRequestRow


class SqlPushedRequests:
    """Rows of ``pushed_request``; the reference stands there as a digest."""

    def __init__(self, database: Database) -> None:
        table: Any = PushedRequestRow.__table__
        self._keep = database.write(insert_row(table), durable=False)
        self._find = database.read(select(table).where(table.c.digest == parameter(table.c.digest)))

    def keep(self, pushed: PushedRequest) -> None:
        """Keep one."""
        self._keep.run(digest=pushed.digest, client_id=pushed.client_id, request=pushed.request, expires_at=pushed.expires_at,
                       used_at=pushed.used_at)

    def find(self, digest: bytes) -> PushedRequest | None:
        """Find one, used and expired ones too."""
        row = self._find.one(digest=digest)
        return None if row is None else PushedRequest(digest, row.client_id, row.request, row.expires_at, row.used_at)
