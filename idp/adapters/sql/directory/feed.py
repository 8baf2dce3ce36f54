"""What is kept of the feed: lease, cookie, brake (``directory.brake.FeedRecord``); one row, and each verb one statement."""

from __future__ import annotations

from typing import Any

from sqlalchemy import String, bindparam, case, func, literal_column, or_, select, update

from ....audit import AuditRecord
from ....directory.brake import FeedState, Reason
from ..audit import audit_insert, audit_values
from ..database import Database, parameter
from ..tables import DirectoryFeedRow

FEED: Any = DirectoryFeedRow.__table__

_ZERO: Any = literal_column("0")
_NOTHING: Any = literal_column("''")


class SqlFeedRecord:
    """A row of ``directory_feed``. Every verb raises UnavailableError when the database does not answer.

    Args:
        database: The database.
        name: ``officers``, or ``consequences``, of which only the lease is used.
    """

    def __init__(self, database: Database, name: str = "officers") -> None:
        row = FEED.c.name == literal_column(f"'{name}'")
        self._state = database.read(select(FEED).where(row))
        holder, now = parameter(FEED.c.holder), parameter(FEED.c.lease_until, "now")
        mine, heard = FEED.c.holder == holder, bindparam("heard", type_=FEED.c.heard_at.type)

        def entered(condition: Any = None, **values: Any) -> Any:
            """Make the row, or set these columns of the one there is."""
            columns = {c.name: _NOTHING if isinstance(c.type, String) else _ZERO for c in FEED.columns}
            made = database.insert(FEED).inline().values(columns | values | {"name": literal_column(f"'{name}'")})
            columns_set = {column: made.excluded[column] for column in values}
            if "heard_at" in values:
                columns_set["heard_at"] = func.coalesce(func.nullif(made.excluded.heard_at, _ZERO), FEED.c.heard_at)
            return made.on_conflict_do_update(index_elements=["name"], set_=columns_set, where=condition).returning(FEED.c.name)

        self._take = database.write(guard=entered(
            or_(mine, FEED.c.lease_until <= now), holder=holder, lease_until=parameter(FEED.c.lease_until, "until"),
            source=parameter(FEED.c.source), heard_at=heard), durable=False)
        self._give_back = database.write(update(FEED).where(row, mine).values(holder=_NOTHING, lease_until=_ZERO), durable=False)
        self._keep = database.write(guard=update(FEED).where(row, mine).values(cookie=parameter(FEED.c.cookie))
                                    .returning(FEED.c.name))
        counted_from = parameter(FEED.c.counted_from, "from")
        self._reconciled = database.write(update(FEED).where(row).values(
            reconciled_at=parameter(FEED.c.reconciled_at, "now"), allowance=_ZERO,
            counted_from=case((counted_from > _ZERO, counted_from), else_=FEED.c.counted_from)))
        figures = {column: parameter(FEED.c[column]) for column in ("brake_reason", "brake_losses", "brake_active")}
        self._brake = database.write(audit_insert(), guard=entered(
            FEED.c.braked_at == _ZERO, braked_at=parameter(FEED.c.braked_at), allowance=_ZERO, **figures))
        self._again = database.write(update(FEED).where(row).values(**figures))
        share: Any = literal_column("'share'")
        self._release = database.write(audit_insert(), guard=update(FEED).where(row, FEED.c.braked_at != _ZERO).values(
            braked_at=_ZERO, allowance=case((FEED.c.brake_reason == share, FEED.c.brake_losses), else_=_ZERO),
            brake_reason=_NOTHING, reconciled_at=_ZERO).returning(FEED.c.name))

    def state(self) -> FeedState:
        """Give it."""
        row = self._state.one()
        if row is None:
            return FeedState()
        return FeedState(
            source=row.source, cookie=row.cookie, heard_at=row.heard_at, reconciled_at=row.reconciled_at, braked_at=row.braked_at,
            reason=row.brake_reason, losses=row.brake_losses, active=row.brake_active, allowance=row.allowance,
            counted_from=row.counted_from)

    def take(self, holder: str, *, source: str, now: int, until: int, heard: bool) -> bool:
        """Take or prolong the lease, where nobody else has it."""
        return self._take.run(holder=holder, source=source, now=now, until=until, heard=now if heard else 0) is not None

    def give_back(self, holder: str) -> None:
        """End the lease, if it is this one's."""
        self._give_back.run(holder=holder)

    def keep(self, holder: str, cookie: str) -> bool:
        """Keep a cookie, durably; what was written before it is then on disk too."""
        return self._keep.run(holder=holder, cookie=cookie) is not None

    def reconciled(self, *, now: int, counted_from: int) -> None:
        """Note a reconciliation that was applied."""
        self._reconciled.run(**{"now": now, "from": counted_from})

    def brake(self, reason: Reason, *, losses: int, active: int, now: int, record: AuditRecord) -> None:
        """Stop."""
        figures = {"brake_reason": reason, "brake_losses": losses, "brake_active": active}
        if self._brake.run(braked_at=now, **figures, **audit_values(record)) is None:
            self._again.run(**figures)

    def release(self, *, record: AuditRecord) -> bool:
        """Let through what was reported."""
        return self._release.run(**audit_values(record)) is not None
