"""What waits at the steps of administrators, in the database (port: ``pki.enrollment.waiting.WaitingStore``)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import case, func, literal_column, select

from ....notices import Notice, NoticeKind
from ....pki.enrollment.states import State
from ....pki.enrollment.waiting import STEPS, WAITING, Group, LastTold
from ..database import Database, parameter
from ..notices import notice_inserts, notice_values
from ..tables import DeskDigestRow, EnrollmentRow

ROW: Any = EnrollmentRow.__table__
DIGEST: Any = DeskDigestRow.__table__


class SqlWaiting:
    """The store on one database. Every verb raises UnavailableError when the database does not answer."""

    def __init__(self, database: Database) -> None:
        c = ROW.c
        holder = case((c.state.in_(_named(STEPS[NoticeKind.CERTIFICATES_TO_APPROVE])), c.holder), else_=literal_column("''"))
        alike = (c.state, c.unit_code, c.requester, c.agency_approver, holder.label("whose"))
        late = func.sum(case((c.due_at < parameter(c.due_at, "now"), literal_column("1")), else_=literal_column("0")))
        self._groups = database.read(select(
            *alike, func.count().label("found"), late.label("late"), func.min(c.since).label("first"),
            func.max(c.since).label("last")).where(
            c.state.in_(_named(WAITING))).group_by(*alike[:-1], holder))
        self._told = database.read(select(DIGEST).where(DIGEST.c.kind.in_(
            [literal_column(f"'{kind.value}'") for kind in STEPS])))
        told = database.insert(DIGEST).values({name: parameter(DIGEST.c[name]) for name in ("sub", "kind", "told_at", "told_of")})
        self._tell = database.write(*notice_inserts(), guard=told.on_conflict_do_update(
            index_elements=["sub", "kind"], set_={"told_at": told.excluded.told_at, "told_of": told.excluded.told_of},
            where=DIGEST.c.told_at <= parameter(DIGEST.c.told_at, "not_after")).returning(DIGEST.c.sub))

    def groups(self, now: int) -> Sequence[Group]:
        """Give what waits."""
        return [Group(state=State(row.state), unit_code=row.unit_code, requester=row.requester,
                      agency_approver=row.agency_approver, holder=row.whose, count=int(row.found), late=int(row.late),
                      first=int(row.first), last=int(row.last))
                for row in self._groups.all(now=now)]

    def told(self) -> Mapping[tuple[str, NoticeKind], LastTold]:
        """Give what administrators were last told of."""
        kinds = {kind.value: kind for kind in STEPS}
        return {(row.sub, kinds[row.kind]): LastTold(
            int(row.told_at), None if row.told_of is None else frozenset(row.told_of.split()))
            for row in self._told.all()}

    def tell(self, notice: Notice, of: frozenset[str], not_after: int) -> bool:
        """Tell an administrator, once in a while."""
        return self._tell.run(sub=notice.sub, kind=notice.kind.value, told_at=notice.at, told_of=" ".join(sorted(of)),
                              not_after=not_after,
                              **notice_values(notice)) is not None


def _named(states: Iterable[State]) -> list[Any]:
    return [literal_column(f"'{state.value}'") for state in states]
