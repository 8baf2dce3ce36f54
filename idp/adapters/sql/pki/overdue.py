"""Devices that should be back, in the database (port: ``pki.custody.overdue.OverdueStore``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import and_, exists, func, literal_column, select, update

from ....audit import AuditRecord
from ....notices import Notice, NoticeKind
from ....pki.custody.device import Device
from ....pki.custody.overdue import OfAgency
from ....pki.enrollment.waiting import LastTold
from ..audit import audit_insert, audit_values
from ..database import Database, parameter
from ..notices import notice_inserts, notice_values
from ..tables import CustodyDeviceRow, DeskDigestRow, KeeperDigestRow
from .devices import device_of

ROW: Any = CustodyDeviceRow.__table__
KEEPER: Any = KeeperDigestRow.__table__
DIGEST: Any = DeskDigestRow.__table__
_OVERDUE: Final = f"'{NoticeKind.DEVICE_OVERDUE.value}'"


class SqlOverdue:
    """The store on one database. Every verb raises UnavailableError when the database does not answer."""

    def __init__(self, database: Database) -> None:
        c: Any = ROW.c
        nobody: Any = literal_column("''")
        late = c.due_at < parameter(c.due_at, "now")
        untold = and_(late, c.reminded_at.is_(None), c.holder != nobody)
        told_today = exists(select(literal_column("1")).where(
            KEEPER.c.sub == c.holder, KEEPER.c.kind == literal_column(_OVERDUE),
            KEEPER.c.told_at >= parameter(KEEPER.c.told_at, "day")))
        self._holders = database.read(select(c.holder).where(untold, ~told_today).group_by(c.holder).order_by(
            func.min(c.due_at), c.holder).limit(parameter(c.revision, "limit")))
        theirs = and_(c.holder == parameter(c.holder), untold)
        self._untold = database.read(select(ROW).where(theirs).order_by(c.due_at, c.serial))
        count = select(func.count()).select_from(ROW).where(theirs).scalar_subquery()
        kept = {"sub": parameter(c.holder), "kind": literal_column(_OVERDUE), "told_at": parameter(c.reminded_at, "now")}
        written = database.insert(KEEPER).from_select(list(kept), select(*kept.values()).where(
            count == parameter(c.revision, "count")))
        self._remind = database.write(
            update(ROW).where(theirs).values(reminded_at=parameter(c.reminded_at, "now")), audit_insert(), *notice_inserts(),
            guard=written.on_conflict_do_update(
                index_elements=["sub", "kind"], set_={"told_at": written.excluded.told_at},
                where=KEEPER.c.told_at < parameter(KEEPER.c.told_at, "day")).returning(KEEPER.c.sub))
        self._of_agencies = database.read(select(c.unit_code, c.due_at, func.count().label("found")).where(
            late, c.holder == nobody).group_by(c.unit_code, c.due_at))
        d = DIGEST.c
        self._told = database.read(select(DIGEST).where(d.kind == literal_column(f"'{NoticeKind.DEVICES_OVERDUE.value}'")))
        told = database.insert(DIGEST).values({name: parameter(d[name]) for name in ("sub", "kind", "told_at", "told_of")})
        self._tell = database.write(audit_insert(), *notice_inserts(), guard=told.on_conflict_do_update(
            index_elements=["sub", "kind"], set_={"told_at": told.excluded.told_at, "told_of": told.excluded.told_of},
            where=d.told_at < parameter(d.told_at, "day")).returning(d.sub))

    def holders(self, now: int, day: int, *, limit: int) -> Sequence[str]:
        """Give those who are to be told, longest due first."""
        return [row.holder for row in self._holders.all(now=now, day=day, limit=limit)]

    def untold(self, holder: str, now: int) -> Sequence[Device]:
        """Give what one of them is to be told of."""
        return [device_of(row) for row in self._untold.all(holder=holder, now=now)]

    def remind(self, count: int, day: int, notice: Notice, record: AuditRecord) -> bool:
        """Tell an officer, once a day."""
        return self._remind.run(holder=notice.sub, count=count, now=notice.at, day=day, **notice_values(notice),
                                **audit_values(record)) is not None

    def of_agencies(self, now: int) -> Sequence[OfAgency]:
        """Give what is overdue and no officer has."""
        return [OfAgency(row.unit_code, int(row.due_at), int(row.found)) for row in self._of_agencies.all(now=now)]

    def told(self) -> Mapping[str, LastTold]:
        """Give who was last told when, and of which agencies."""
        return {row.sub: LastTold(int(row.told_at), frozenset((row.told_of or "").split())) for row in self._told.all()}

    def tell(self, of: frozenset[str], day: int, notice: Notice, record: AuditRecord) -> bool:
        """Tell who answers for devices, once a day."""
        return self._tell.run(sub=notice.sub, kind=notice.kind.value, told_at=notice.at, told_of=" ".join(sorted(of)), day=day,
                              **notice_values(notice), **audit_values(record)) is not None
