"""Temporary passes in the database.

Ports: ``administration.people.temporary_access.TemporaryPassStore`` and ``authn.sign_in.temporary_pass.PassStore``. An officer
has one row: what is proposed takes the place of what is over, by one conditional statement. A code stands there as a keyed
digest, and what decides whether it opens anything is the condition of the statement that uses it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Integer, Text, and_, bindparam, case, literal_column, or_, select, update

from ....administration.people.temporary_access import TemporaryPass
from ....audit import AuditRecord
from ....authn.sign_in.temporary_pass import StandingPass
from ....notices import Notice
from ..audit import audit_insert, audit_values
from ..database import Database, parameter
from ..notices import notice_inserts, notice_values
from ..tables import TemporaryPassRow

PASS: Any = TemporaryPassRow.__table__
_ASKED = ("sub", "proposal_id", "reason", "asked_by", "asked_for", "asked_at", "expires_at", "hours", "several")
_LATER = ("state", "decided_by", "decided_at", "until", "uses", "used_at", "ended_at", "ended_by")
_NULL: Any = literal_column("NULL")


def _stands(now: Any) -> Any:
    """Give the condition that a pass could be used."""
    c = PASS.c
    return and_(c.state == literal_column("'approved'"), c.until > now,
                or_(c.several == literal_column("1"), c.uses == literal_column("0")))


class SqlTemporaryPasses:
    """Keeps, finds and uses them. Every verb raises UnavailableError when the database does not answer."""

    def __init__(self, database: Database) -> None:
        c, now = PASS.c, parameter(PASS.c.asked_at, "now")
        this, opened, recorded = c.proposal_id == parameter(c.proposal_id), c.state == literal_column("'open'"), audit_insert()
        fresh = {"state": literal_column("'open'"), "decided_by": literal_column("''"), "decided_at": _NULL, "digest": _NULL,
                 "until": _NULL, "uses": literal_column("0"), "used_at": _NULL, "ended_at": _NULL,
                 "ended_by": literal_column("''")}
        put = database.insert(PASS).values(**{name: parameter(c[name]) for name in _ASKED}, **fresh)
        waits = and_(opened, c.expires_at > now)
        # What is not known (a pass that was never given has no end) is not true, and its negation is not true either.
        over = case((waits, literal_column("0")), (_stands(now), literal_column("0")), else_=literal_column("1"))
        self._add = database.write(recorded, *notice_inserts(), guard=put.on_conflict_do_update(
            index_elements=["sub"], where=over == literal_column("1"),
            set_={name: put.excluded[name] for name in (*_ASKED[1:], *fresh)}).returning(c.sub))
        self._find = database.read(select(PASS).where(this))
        decided = {"decided_by": parameter(c.decided_by), "decided_at": now}
        self._give = database.write(recorded, *notice_inserts(), guard=update(PASS).where(this, waits).values(
            state=literal_column("'approved'"), digest=parameter(c.digest), until=parameter(c.until), **decided).returning(c.sub))
        self._refuse = database.write(recorded, guard=update(PASS).where(this, waits).values(
            state=literal_column("'refused'"), **decided).returning(c.sub))
        self._withdraw = database.write(recorded, *notice_inserts(), guard=update(PASS).where(this, _stands(now)).values(
            state=literal_column("'withdrawn'"), ended_by=parameter(c.ended_by), ended_at=now, digest=_NULL).returning(c.sub))
        own = c.sub == parameter(c.sub)
        self._standing = database.read(select(c.proposal_id, c.until).where(own, _stands(now)))
        self._use = database.write(recorded, *notice_inserts(), guard=update(PASS).where(
            own, c.digest == parameter(c.digest), _stands(now)).values(
                uses=c.uses + literal_column("1"), used_at=now).returning(c.until))
        who: Any = bindparam("sub", type_=Text())
        after = parameter(c.asked_at, "after")
        self._waiting = database.read(select(PASS).where(
            or_(waits, _stands(now)), or_(who == literal_column("''"), c.sub == who),
            or_(c.asked_at > after, and_(c.asked_at == after, c.proposal_id > parameter(c.proposal_id, "after_id"))))
            .order_by(c.asked_at, c.proposal_id).limit(bindparam("limit", type_=Integer())))

    def add(self, made: TemporaryPass, record: AuditRecord, notice: Notice) -> bool:
        """Keep a proposal, where none for the officer waits and no pass stands."""
        values = {name: getattr(made, name) for name in _ASKED} | {"several": int(made.several)}
        return self._add.run(**values, now=record.at, **audit_values(record), **notice_values(notice)) is not None

    def find(self, proposal_id: str) -> TemporaryPass | None:
        """Find one."""
        row = self._find.one(proposal_id=proposal_id)
        return None if row is None else _pass(row)

    def waiting(self, *, sub: str, now: int, after: tuple[int, str] | None, limit: int) -> list[TemporaryPass]:
        """Give those that wait, and those that stand, the oldest first."""
        at, number = after or (-1, "")
        return [_pass(row) for row in self._waiting.all(sub=sub, now=now, after=at, after_id=number, limit=limit)]

    def give(self, proposal_id: str, by: str, digest: bytes, until: int, record: AuditRecord, notice: Notice) -> bool:
        """Approve one that waits, once."""
        return self._give.run(proposal_id=proposal_id, decided_by=by, digest=digest, until=until, now=record.at,
                              **audit_values(record), **notice_values(notice)) is not None

    def refuse(self, proposal_id: str, by: str, record: AuditRecord) -> bool:
        """Refuse one that waits, once."""
        return self._refuse.run(proposal_id=proposal_id, decided_by=by, now=record.at, **audit_values(record)) is not None

    def withdraw(self, proposal_id: str, by: str, record: AuditRecord, notice: Notice | None) -> bool:
        """End one that stands, once."""
        return self._withdraw.run(proposal_id=proposal_id, ended_by=by, now=record.at, **audit_values(record),
                                  **notice_values(notice)) is not None

    def standing(self, sub: str, now: int) -> StandingPass | None:
        """Give an officer's pass that could be used."""
        row = self._standing.one(sub=sub, now=now)
        return None if row is None else StandingPass(row.proposal_id, row.until)

    def use(self, sub: str, digest: bytes, now: int, record: AuditRecord, notice: Notice) -> int | None:
        """Use one that stands; audit record and notice stand or fall with it."""
        row = self._use.run(sub=sub, digest=digest, now=now, **audit_values(record), **notice_values(notice))
        return None if row is None else int(row[0])


def _pass(row: Any) -> TemporaryPass:
    values = {name: getattr(row, name) for name in (*_ASKED, *_LATER)}
    return TemporaryPass(**values | {"several": bool(row.several)})
