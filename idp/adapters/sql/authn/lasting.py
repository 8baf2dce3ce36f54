"""An officer's factors that do not wear out, whatever their kind: the removal that leaves one (port: ``Factor.remove``).

Removals of one officer's factors stand in line at the officer's row, so that each counts what the one before it left. It counts
what is kept; whether that can still be proven (a certificate may have expired, a SIM be lost) was looked at before.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Integer, bindparam, delete, func, literal_column, or_, select

from ..audit import audit_insert
from ..database import Database, Write, parameter
from ..notices import notice_inserts
from ..tables import OfficerCertificateRow, OfficerRow, PasskeyRow, SimLoginRow, TotpRow

OFFICER: Any = OfficerRow.__table__
LASTING: tuple[Any, ...] = (TotpRow.__table__, PasskeyRow.__table__, OfficerCertificateRow.__table__, SimLoginRow.__table__)


def removal(database: Database, table: Any, mine: Any, returning: Any) -> Write:
    """Make the act that takes one away with record and notice; parameters besides theirs: ``entry_uuid`` and ``keep_one``.

    Args:
        database: Where it is.
        table: Of its kind.
        mine: Which row.
        returning: A column of it.
    """
    counts = [select(func.count()).select_from(kind).where(kind.c.entry_uuid == parameter(kind.c.entry_uuid)).scalar_subquery()
              for kind in LASTING]
    total = counts[0] + counts[1] + counts[2] + counts[3]
    all_may_go = bindparam("keep_one", type_=Integer()) == literal_column("0")
    return database.write(
        audit_insert(), *notice_inserts(),
        guard=delete(table).where(mine, or_(all_may_go, total > literal_column("1"))).returning(returning),
        after=select(OFFICER.c.sub).where(OFFICER.c.entry_uuid == parameter(OFFICER.c.entry_uuid)).with_for_update())
