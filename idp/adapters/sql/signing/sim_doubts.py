"""Doubts about what carriers say of many SIMs in the database (port: ``signing.sims.brake.Doubts``).

That one doubt of a carrier is open at a time is for a unique index to say; how many end within a day, for one row of a carrier
that counts them by the statement that asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import and_, case, func, literal_column, or_, select, update

from ....audit import AuditRecord
from ....notices import Notice
from ....signing.denial import MOST
from ....signing.sims.brake import WINDOW_SECONDS, Decision, Doubt
from ....signing.sims.sim import CARDS, Sim
from ..audit import audit_insert, audit_values
from ..database import Database, parameter
from ..notices import notice_inserts, notice_values
from ..tables import SimBrakeRow, SimDoubtRow
from .sims import ROW as SIM
from .sims import sim_of

ROW: Any = SimDoubtRow.__table__
BRAKE: Any = SimBrakeRow.__table__
_TOLD: Final = tuple(f"told{number}_" for number in range(MOST))
_EMPTY: Any = literal_column("''")
_ONE: Any = literal_column("1")


class SqlSimDoubts:
    """The store on one database."""

    def __init__(self, database: Database) -> None:
        c, b = ROW.c, BRAKE.c
        undecided = c.decision == _EMPTY
        self._open = database.read(
            select(c.doubt_id, c.carrier, c.began_at, func.count(SIM.c.sim_id).label("sims"))
            .select_from(ROW.outerjoin(SIM, and_(SIM.c.doubt == c.doubt_id, SIM.c.doubt != _EMPTY)))
            .where(undecided).group_by(c.doubt_id, c.carrier, c.began_at).order_by(c.carrier))
        told = [act for prefix in _TOLD for act in notice_inserts(prefix)]
        self._begin = database.write(audit_insert(), *told, guard=database.insert(ROW).values(
            doubt_id=parameter(c.doubt_id), carrier=parameter(c.carrier), began_at=parameter(c.began_at), decision=_EMPTY)
            .on_conflict_do_nothing().returning(c.doubt_id))
        self._decide = database.write(audit_insert(), guard=update(ROW).where(
            c.doubt_id == parameter(c.doubt_id, "this"), undecided).values(
                decision=parameter(c.decision), decided_at=parameter(c.decided_at)).returning(c.doubt_id))
        self._decided = database.read(select(SIM, c.decision).join_from(SIM, ROW, SIM.c.doubt == c.doubt_id).where(
            SIM.c.doubt != _EMPTY, c.decision != _EMPTY).order_by(SIM.c.sim_id).limit(parameter(SIM.c.revision, "limit")))
        now, limit = parameter(b.began_at), parameter(b.ended, "limit")
        over = b.began_at <= now - literal_column(str(WINDOW_SECONDS))
        first = database.insert(BRAKE).from_select(
            ["carrier", "began_at", "ended"], select(parameter(b.carrier), now, _ONE).where(limit > literal_column("0")))
        self._passes = database.write(guard=first.on_conflict_do_update(
            index_elements=["carrier"], where=or_(over, b.ended < limit),
            set_={"began_at": case((over, now), else_=b.began_at), "ended": case((over, _ONE), else_=b.ended + _ONE)})
            .returning(b.carrier))
        self._in_use = database.read(select(func.count().label("found")).select_from(SIM).where(
            SIM.c.carrier == parameter(SIM.c.carrier),
            SIM.c.state.in_([literal_column(f"'{state.value}'") for state in CARDS])))

    def open(self) -> Sequence[Doubt]:
        """Give those that nobody has decided."""
        return [Doubt(row.doubt_id, row.carrier, int(row.began_at), int(row.sims)) for row in self._open.all()]

    def begin(self, doubt: Doubt, record: AuditRecord, notices: Sequence[Notice]) -> bool:
        """Keep a new one, unless one of that carrier is open."""
        given: dict[str, Any] = {}
        for number, prefix in enumerate(_TOLD):
            given |= notice_values(notices[number] if number < len(notices) else None, prefix)
        return self._begin.run(doubt_id=doubt.doubt_id, carrier=doubt.carrier, began_at=doubt.began_at, **given,
                               **audit_values(record)) is not None

    def decide(self, doubt: Doubt, decision: Decision, now: int, record: AuditRecord) -> bool:
        """Write what was decided, unless somebody was first."""
        return self._decide.run(this=doubt.doubt_id, decision=decision.value, decided_at=now, **audit_values(record)) is not None

    def decided(self, *, limit: int) -> Sequence[tuple[Sim, Decision]]:
        """Give SIMs whose doubt was decided."""
        return [(sim_of(row), Decision(row.decision)) for row in self._decided.all(limit=limit)]

    def passes(self, carrier: str, now: int, *, limit: int) -> bool:
        """Count one that ends, unless so many have."""
        return self._passes.run(carrier=carrier, began_at=now, limit=limit) is not None

    def in_use(self, carrier: str) -> int:
        """Count a carrier's cards."""
        row = self._in_use.one(carrier=carrier)
        return int(row.found) if row is not None else 0
