"""Builds the rooms of the operation: what waits for delivery, and requests that may be sent again."""

from __future__ import annotations

from ..adapters.sql.database import Database
from ..adapters.sql.operation.repeats import SqlAnsweredRequests
from ..adapters.sql.outbox import SqlMail, SqlOutbox
from ..administration.operation.deliveries import Deliveries
from ..administration.operation.repeats import Repeats
from ..audit import AuditTrail
from ..clock import Clock


def deliveries(outbox: SqlOutbox, mail: SqlMail, audit: AuditTrail, clock: Clock) -> Deliveries:
    """Build what shows and revives what could not be delivered."""
    return Deliveries({"logout": outbox, "mail": mail}, audit, clock)


def repeats(database: Database, clock: Clock) -> Repeats:
    """Build what knows requests that were done."""
    return Repeats(SqlAnsweredRequests(database), clock)
