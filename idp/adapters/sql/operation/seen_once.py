"""What may come once: identifiers of assertions, proofs and request objects; implements ``idp.oauth.ports.SeenOnce``."""

from __future__ import annotations

import hashlib
from typing import Any

from ..database import Database, parameter
from ..tables import SeenOnceRow


class SqlSeenOnce:
    """Rows of ``seen_once``; the value stands there as a digest."""

    def __init__(self, database: Database) -> None:
        table: Any = SeenOnceRow.__table__
        entered = database.insert(table).values(key=parameter(table.c.key), until=parameter(table.c.until))
        self._take = database.write(guard=entered.on_conflict_do_update(
            index_elements=["key"], set_={"until": entered.excluded.until},
            where=table.c.until <= parameter(table.c.until, "now")).returning(table.c.key))

    def take(self, kind: str, value: str, *, now: int, expires_at: int) -> bool:
        """Take a value, durably; of several callers exactly one gets True until it expires."""
        key = hashlib.sha256(f"{kind}\0{value}".encode("utf-8", "surrogatepass")).digest()
        return self._take.run(key=key, until=expires_at, now=now) is not None
