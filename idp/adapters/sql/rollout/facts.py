"""What has no history of its own is written down as it is seen (port: ``rollout.campaigns.Observer``).

A mailbox and second factors come and go, and each change is a line; that an application is in use, or took a logout token, is a
line once. A line has the moment at which it was seen, never an earlier one, so that no figure of a past day changes; what was
there before the first look counts from that look.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import case, exists, insert, literal_column, or_, select

from ..database import Database, parameter
from ..tables import (
    ClientRow,
    GrantRow,
    OfficerCertificateRow,
    OfficerRow,
    OutboxRow,
    PasskeyRow,
    RolloutFactRow,
    SimLoginRow,
    TotpRow,
)

FACT: Any = RolloutFactRow.__table__
OFFICER: Any = OfficerRow.__table__
CLIENT: Any = ClientRow.__table__
_ONE: Any = literal_column("1")


class SqlObserver:
    """Looks at one database. Raises UnavailableError when it does not answer."""

    def __init__(self, database: Database) -> None:
        factors = [_has(row, OFFICER.c.entry_uuid) for row in (TotpRow, PasskeyRow, OfficerCertificateRow, SimLoginRow)]
        grant: Any = GrantRow.__table__
        used = exists(select(_ONE).select_from(grant).where(
            grant.c.client_id == CLIENT.c.client_id, grant.c.sub != literal_column("''")))
        outbox: Any = OutboxRow.__table__
        taken = CLIENT.c.client_id.in_(select(outbox.c.receiver).where(
            outbox.c.kind == literal_column("'backchannel_logout'"), outbox.c.state == literal_column("'sent'")))
        here = OFFICER.c.status != literal_column("'gone'")
        self._looks = tuple(database.write(look) for look in (
            _differences("mailbox", OFFICER.c.sub, OFFICER.c.mail != literal_column("''"), here),
            _differences("second_factor", OFFICER.c.sub, or_(*factors), here),
            _differences("connected", CLIENT.c.client_id, used, used),
            _differences("logout", CLIENT.c.client_id, taken, taken)))

    def look(self, now: int) -> None:
        """Add a line for whatever is another thing than its last line says."""
        for look in self._looks:
            look.run(now=now)


def _has(row: Any, entry_uuid: Any) -> Any:
    table = row.__table__
    return exists(select(_ONE).select_from(table).where(table.c.entry_uuid == entry_uuid))


def _differences(kind: str, subject: Any, holds: Any, *conditions: Any) -> Any:
    """Make the insert of what is seen where the last line does not say it; without a line, that it does not hold is no news."""
    name: Any = literal_column(f"'{kind}'")
    table = FACT.alias("known")
    seen: Any = case((holds, literal_column("'1'")), else_=literal_column("'0'"))
    last = (select(table.c.value).where(table.c.kind == name, table.c.subject == subject)
            .order_by(table.c.id.desc()).limit(_ONE).scalar_subquery())
    known: Any = case((last == literal_column("'1'"), literal_column("'1'")), else_=literal_column("'0'"))
    return insert(FACT).inline().from_select(
        ["kind", "subject", "at", "value"],
        select(name, subject, parameter(FACT.c.at, "now"), seen).where(*conditions, seen != known))
