"""Store of the officers' mirror (directory/mirror.py), read on every path."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from sqlalchemy import func, literal_column, select, update

from ....clock import Clock, SystemClock
from ....directory.mirror import MirroredOfficer
from ....directory.officer import Officer
from ....directory.term import mirrored_as_of
from ..database import Database, parameter
from ..tables import OfficerRow
from .ledger import SqlLedger
from .rows import mirrored_now

OFFICER: Any = OfficerRow.__table__


class SqlOfficers:
    """The mirror on a database. Every verb raises UnavailableError when the database does not answer.

    Args:
        database: The database.
        clock: Officers are given as of now.
        watched: As ``SqlLedger``.

    Attributes:
        ledger: Where it is written.
    """

    def __init__(self, database: Database, clock: Clock | None = None, watched: frozenset[str] = frozenset()) -> None:
        self._clock = clock or SystemClock()
        self.ledger = SqlLedger(database, watched)
        self._by_sub = database.read(select(OFFICER).where(OFFICER.c.sub == parameter(OFFICER.c.sub)))
        self._by_entry_uuid = database.read(select(OFFICER).where(OFFICER.c.entry_uuid == parameter(OFFICER.c.entry_uuid)))
        self._by_uid = database.read(select(OFFICER).where(OFFICER.c.uid == parameter(OFFICER.c.uid), OFFICER.c.status != "gone"))
        self._groups = database.read(select(OFFICER.c.groups).where(OFFICER.c.status == literal_column("'active'")).distinct())
        now = parameter(OFFICER.c.last_sign_in_at, "now")
        self._signed_in = database.write(
            update(OFFICER).where(OFFICER.c.sub == parameter(OFFICER.c.sub, "subject"))
            .values(last_sign_in_at=now, first_sign_in_at=func.coalesce(OFFICER.c.first_sign_in_at, now)), durable=False)

    def learn(self, officer: Officer, *, now: int, look: Callable[[], Officer | None], source: str = "",
              request_id: str = "") -> MirroredOfficer:
        """Mirror an officer whom somebody has just met; nothing is written when nothing has changed."""
        known = self.ledger.note(officer, now=now, look=look, source=source, request_id=request_id)[0]
        return mirrored_as_of(known, now)

    def remember(self, officer: Officer, *, now: int) -> str:
        """Mirror an officer as given and give the subject."""
        return self.ledger.note(officer, now=now)[0].sub

    def by_sub(self, sub: str) -> MirroredOfficer | None:
        """Find by subject."""
        return mirrored_now(self._by_sub.one(sub=sub), self._clock)

    def by_entry_uuid(self, entry_uuid: str) -> MirroredOfficer | None:
        """Find by the directory's identifier."""
        return mirrored_now(self._by_entry_uuid.one(entry_uuid=entry_uuid), self._clock)

    def by_uid(self, uid: str) -> MirroredOfficer | None:
        """Find by current login name; None when none or several have it."""
        rows = self._by_uid.all(uid=uid)
        return mirrored_now(rows[0], self._clock) if len(rows) == 1 else None

    def groups(self) -> frozenset[str]:
        """Give the groups that hold any active officer."""
        return frozenset(group for row in self._groups.all() for group in orjson.loads(row.groups))

    def signed_in(self, sub: str, *, now: int) -> None:
        """Note a sign-in; the first one is kept too."""
        self._signed_in.run(subject=sub, now=now)
