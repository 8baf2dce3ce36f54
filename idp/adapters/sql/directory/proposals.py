"""Factors that two persons take away (port: ``administration.people.two_persons.FactorResetStore``).

An officer has one row: a new proposal takes the place of one that is decided and done, or over, by one conditional statement.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Integer, Text, and_, bindparam, literal_column, or_, select, update

from ....administration.people.two_persons import FactorReset
from ....audit import AuditRecord
from ..audit import audit_insert, audit_values
from ..database import Database, parameter
from ..tables import FactorResetRow

RESET: Any = FactorResetRow.__table__
_VALUES = ("sub", "proposal_id", "reason", "asked_by", "asked_for", "asked_at", "expires_at")
_DECISION = ("state", "decided_by", "decided_at", "done_at")


class SqlProposals:
    """Keeps and finds them. Every verb raises UnavailableError when the database does not answer."""

    def __init__(self, database: Database) -> None:
        c, now = RESET.c, parameter(RESET.c.asked_at, "now")
        opened, approved = c.state == literal_column("'open'"), c.state == literal_column("'approved'")
        over = or_(c.expires_at <= now, and_(approved, c.done_at.is_not(None)), c.state == literal_column("'refused'"))
        put = database.insert(RESET).values(
            **{name: parameter(c[name]) for name in _VALUES}, state=literal_column("'open'"), decided_by=literal_column("''"),
            decided_at=literal_column("NULL"), done_at=literal_column("NULL"))
        self._add = database.write(audit_insert(), guard=put.on_conflict_do_update(index_elements=["sub"], where=over, set_={
            name: put.excluded[name] for name in (*_VALUES[1:], *_DECISION)}).returning(c.sub))
        this = c.proposal_id == parameter(c.proposal_id)
        self._find = database.read(select(RESET).where(this))
        self._decide = database.write(audit_insert(), guard=update(RESET).where(this, opened, c.expires_at > now).values(
            state=parameter(c.state), decided_by=parameter(c.decided_by), decided_at=now).returning(c.sub))
        self._done = database.write(guard=update(RESET).where(this, approved, c.done_at.is_(None)).values(
            done_at=now).returning(c.sub))
        who: Any = bindparam("sub", type_=Text())
        after = parameter(c.asked_at, "after")
        self._waiting = database.read(select(RESET).where(
            c.expires_at > now, or_(opened, and_(approved, c.done_at.is_(None))),
            or_(who == literal_column("''"), c.sub == who),
            or_(c.asked_at > after, and_(c.asked_at == after, c.proposal_id > parameter(c.proposal_id, "after_id"))))
            .order_by(c.asked_at, c.proposal_id).limit(bindparam("limit", type_=Integer())))

    def add(self, proposal: FactorReset, record: AuditRecord) -> bool:
        """Keep a proposal, where none for the officer waits."""
        values = {name: getattr(proposal, name) for name in _VALUES}
        return self._add.run(**values, now=record.at, **audit_values(record)) is not None

    def find(self, proposal_id: str) -> FactorReset | None:
        """Find one."""
        row = self._find.one(proposal_id=proposal_id)
        return None if row is None else _proposal(row)

    def waiting(self, *, sub: str, now: int, after: tuple[int, str] | None, limit: int) -> list[FactorReset]:
        """Give those that wait, the oldest first."""
        at, number = after or (-1, "")
        return [_proposal(row) for row in self._waiting.all(sub=sub, now=now, after=at, after_id=number, limit=limit)]

    def decide(self, proposal_id: str, state: str, by: str, record: AuditRecord) -> bool:
        """Decide one that waits, once."""
        return self._decide.run(proposal_id=proposal_id, state=state, decided_by=by, now=record.at,
                                **audit_values(record)) is not None

    def done(self, proposal_id: str, now: int) -> None:
        """Note that what was approved was carried out."""
        self._done.run(proposal_id=proposal_id, now=now)


def _proposal(row: Any) -> FactorReset:
    return FactorReset(**{name: getattr(row, name) for name in (*_VALUES, *_DECISION)})
