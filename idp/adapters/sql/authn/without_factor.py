"""Officers who have no second factor (port: ``administration.factors.WithoutFactor``), in the order of the primary key.

A set of recovery codes of which none is left is no factor. Which kinds there are is said here once more, because one statement
has to ask for all of them; a test holds this list and the wired ones together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Integer, Text, bindparam, exists, literal_column, or_, select

from ....authn.recovery_codes import CODES
from ....clock import Clock
from ....directory.mirror import MirroredOfficer
from ..database import Database, parameter
from ..directory.as_of import has_an_end_behind
from ..directory.rows import mirrored_now
from ..tables import OfficerCertificateRow, OfficerRow, PasskeyRow, RecoveryCodesRow, SimLoginRow, TotpRow

OFFICER: Any = OfficerRow.__table__
_ALL_USED = (1 << CODES) - 1


class SqlWithoutFactor:
    """Looks for them. Raises UnavailableError when the database does not answer."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._clock = clock
        one: Any = literal_column("1")

        def has(row: Any, *conditions: Any) -> Any:
            table: Any = row.__table__
            return exists(select(one).select_from(table).where(table.c.entry_uuid == OFFICER.c.entry_uuid, *conditions))

        codes: Any = RecoveryCodesRow.__table__
        none = select(OFFICER).where(
            OFFICER.c.entry_uuid > parameter(OFFICER.c.entry_uuid, "after"), OFFICER.c.status == literal_column("'active'"),
            ~has(TotpRow), ~has(PasskeyRow), ~has(OfficerCertificateRow), ~has(SimLoginRow),
            ~has(RecoveryCodesRow, codes.c.used != literal_column(str(_ALL_USED))))
        of_it = or_(OFFICER.c.unit_code == parameter(OFFICER.c.unit_code, "unit"),
                    OFFICER.c.unit_code.like(bindparam("below", type_=Text())), has_an_end_behind())
        limit = bindparam("limit", type_=Integer())
        self._all = database.read(none.order_by(OFFICER.c.entry_uuid).limit(limit))
        self._of_agency = database.read(none.where(of_it).order_by(OFFICER.c.entry_uuid).limit(limit))

    def after(self, entry_uuid: str, *, unit: str, limit: int) -> Sequence[MirroredOfficer]:
        """Give officers behind one; an agency's are those of its main posts, and whoever may have come to it."""
        if unit:
            rows = self._of_agency.all(after=entry_uuid, unit=unit, below=f"{unit}.%", unit_as_of=self._clock.now(), limit=limit)
        else:
            rows = self._all.all(after=entry_uuid, limit=limit)
        return [officer for row in rows if (officer := mirrored_now(row, self._clock)) is not None]
