"""When a second factor was first demanded, and enrolment codes (ports: ``authn.enrolment``).

Each officer has one row of each at most. A code is used up by one conditional update, which notes the place that it opens.
Time is granted to nobody of whom a factor is kept, of whatever kind, used up and expired ones too, or was removed (``ended_at``);
which kinds there are is said here once more, because one statement has to ask for all of them.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import exists, func, literal_column, or_, select, update

from ....audit import AuditRecord
from ....notices import Notice
from ..audit import audit_insert, audit_values
from ..database import Database, parameter
from ..notices import notice_inserts, notice_values
from ..tables import (
    EnrolmentCodeRow,
    FactorDemandRow,
    OfficerCertificateRow,
    OfficerRow,
    PasskeyRow,
    RecoveryCodesRow,
    SimLoginRow,
    TotpRow,
)

_KEPT: tuple[Any, ...] = tuple(
    row.__table__ for row in (TotpRow, PasskeyRow, OfficerCertificateRow, RecoveryCodesRow, SimLoginRow))


class SqlFactorDemands:
    """Rows of ``factor_demand``. Every verb raises UnavailableError when the database does not answer."""

    def __init__(self, database: Database) -> None:
        table: Any = FactorDemandRow.__table__
        entry_uuid, now = parameter(table.c.entry_uuid), parameter(table.c.asked_at, "now")
        self._find = database.read(select(table.c.asked_at, table.c.ended_at).where(table.c.entry_uuid == entry_uuid))
        self._begin = database.write(audit_insert(), guard=database.insert(table).values(
            entry_uuid=entry_uuid, asked_at=now).on_conflict_do_nothing(index_elements=["entry_uuid"]).returning(
                table.c.asked_at))
        end = database.insert(table).values(entry_uuid=entry_uuid, asked_at=now, ended_at=now)
        self._end = database.write(guard=end.on_conflict_do_update(index_elements=["entry_uuid"], set_={
            "ended_at": func.coalesce(table.c.ended_at, end.excluded["ended_at"])}).returning(table.c.entry_uuid))
        officer: Any = OfficerRow.__table__
        one: Any = literal_column("1")

        def over(whose: Any) -> Any:
            return or_(exists(select(one).select_from(table).where(table.c.entry_uuid == whose, table.c.ended_at.is_not(None))),
                       *(exists(select(one).select_from(kept).where(kept.c.entry_uuid == whose)) for kept in _KEPT))

        self._over = database.read(select(one.label("found")).where(over(entry_uuid)))
        self._still = database.read(select(officer.c.sub).where(
            officer.c.sub == parameter(officer.c.sub), ~over(officer.c.entry_uuid)))

    def first(self, entry_uuid: str, now: int, record: AuditRecord) -> int | None:
        """Give when a factor was first demanded."""
        row = self._find.one(entry_uuid=entry_uuid)
        if row is None:
            self._begin.run(entry_uuid=entry_uuid, now=now, **audit_values(record))
            row = self._find.one(entry_uuid=entry_uuid)
        return int(row.asked_at) if row is not None and row.ended_at is None else None

    def over(self, entry_uuid: str) -> bool:
        """Tell whether the officer has, or had, a factor."""
        return self._over.one(entry_uuid=entry_uuid) is not None

    def over_of(self, sub: str) -> bool:
        """Tell it of an officer by subject; of one whom nobody knows it is over."""
        return self._still.one(sub=sub) is None

    def end(self, entry_uuid: str, now: int) -> None:
        """Note that the officer is granted no time any more."""
        self._end.run(entry_uuid=entry_uuid, now=now)


class SqlEnrolmentCodes:
    """Rows of ``enrolment_code``; a code stands there as a keyed digest."""

    def __init__(self, database: Database) -> None:
        table: Any = EnrolmentCodeRow.__table__
        entry_uuid, now = parameter(table.c.entry_uuid), parameter(table.c.expires_at, "now")
        put = database.insert(table).values(entry_uuid=entry_uuid, digest=parameter(table.c.digest),
                                            expires_at=parameter(table.c.expires_at))
        self._put = database.write(audit_insert(), *notice_inserts(), guard=put.on_conflict_do_update(
            index_elements=["entry_uuid"], set_={
                **{name: put.excluded[name] for name in ("digest", "expires_at")},
                "place": literal_column("NULL"), "open_until": literal_column("NULL")}).returning(table.c.entry_uuid))
        self._take = database.write(audit_insert(), guard=update(table).where(
            table.c.entry_uuid == entry_uuid, table.c.digest == parameter(table.c.digest), table.c.place.is_(None),
            table.c.expires_at > now).values(place=parameter(table.c.place, "place"), open_until=parameter(
                table.c.open_until, "open_until")).returning(table.c.entry_uuid))
        self._opened = database.read(select(table.c.entry_uuid).where(
            table.c.entry_uuid == entry_uuid, table.c.place == parameter(table.c.place, "place"), table.c.open_until > now))

    def put(self, entry_uuid: str, digest: bytes, expires_at: int, record: AuditRecord, notice: Notice) -> None:
        """Give an officer a code in place of the one before."""
        self._put.run(entry_uuid=entry_uuid, digest=digest, expires_at=expires_at, **audit_values(record),
                      **notice_values(notice))

    def take(self, entry_uuid: str, digest: bytes, place: bytes, open_until: int, now: int, record: AuditRecord) -> bool:
        """Use up a code, once; the record stands or falls with it."""
        return self._take.run(entry_uuid=entry_uuid, digest=digest, place=place, open_until=open_until, now=now,
                              **audit_values(record)) is not None

    def opened(self, entry_uuid: str, place: bytes, now: int) -> bool:
        """Tell whether a code has opened a place."""
        return self._opened.one(entry_uuid=entry_uuid, place=place, now=now) is not None
