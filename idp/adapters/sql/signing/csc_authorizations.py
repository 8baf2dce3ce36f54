"""Leaves to have hashes signed, in the database (port: ``signing.csc.authorization.Authorizations``).

That of those who ask for the same at the same moment all get the same is for a unique index on what is open to say.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import false, or_, select, true, update

from ....signing.csc.authorization import Authorization, Document, Requester, Wish
from ..database import Database, parameter
from ..tables import CscAuthorizationRow

ROW: Any = CscAuthorizationRow.__table__
_WHO: Final = ("client_id", "sub", "unit_code", "title", "sid", "acr", "amr", "auth_time")


class SqlCscAuthorizations:
    """The store on one database."""

    def __init__(self, database: Database) -> None:
        c = ROW.c
        this, now = c.authorization_id == parameter(c.authorization_id, "this"), parameter(c.created_at, "now")
        same = (c.fingerprint == parameter(c.fingerprint), c.is_open == true())
        undecided = (this, c.ready_at.is_(None), c.outcome == parameter(c.outcome, "none"))
        self._close = database.write(guard=update(ROW).where(*same, c.open_until < now).values(is_open=false()).returning(
            c.authorization_id))
        self._add = database.write(guard=database.insert(ROW).values(
            **{column.name: parameter(column) for column in ROW.columns}).on_conflict_do_nothing().returning(c.authorization_id))
        self._same = database.read(select(ROW).where(*same))
        self._find = database.read(select(ROW).where(this))
        self._under_way = database.read(select(ROW).where(
            c.is_open == true(), c.ready_at.is_(None), c.open_until >= now).order_by(c.open_until).limit(
                parameter(c.total, "limit")))
        self._of_sad = database.read(select(ROW).where(c.sad_digest == parameter(c.sad_digest)))
        self._ready = database.write(guard=update(ROW).where(*undecided).values(
            ready_at=parameter(c.ready_at), open_until=parameter(c.open_until)).returning(c.authorization_id))
        self._fail = database.write(guard=update(ROW).where(*undecided).values(
            outcome=parameter(c.outcome), is_open=false()).returning(c.authorization_id))
        self._use = database.write(guard=update(ROW).where(this, c.ready_at.is_not(None), c.used_at.is_(None)).values(
            used_at=now, is_open=false()).returning(c.authorization_id))
        by = parameter(c.extended_by)
        self._extend = database.write(guard=update(ROW).where(
            this, c.ready_at.is_not(None), or_(c.extended_by.is_(None), c.extended_by == by)).values(
                extended_by=by).returning(c.authorization_id))

    def add(self, new: Authorization, sad_digest: bytes) -> Authorization:
        """Keep one, or give the one that may still be used."""
        values = {**{name: getattr(new.requester, name) for name in _WHO}, "authorization_id": new.authorization_id,
                  "sad_digest": sad_digest, "fingerprint": new.fingerprint, "is_open": True,
                  "credential_id": new.wish.credential_id, "digest_name": new.wish.digest_name, "total": new.wish.total,
                  "hashes": json.dumps([[digest.hex(), document.name, document.subject] for digest, document in zip(
                      new.wish.digests, new.wish.documents, strict=True)], ensure_ascii=False),
                  "before": new.before, "earlier": new.earlier, "extended_by": None, "created_at": new.created_at,
                  "open_until": new.open_until, "ready_at": None, "used_at": None, "outcome": ""}
        while True:
            self._close.run(fingerprint=new.fingerprint, now=new.created_at)
            if self._add.run(**values) is not None:
                return new
            found = self._same.one(fingerprint=new.fingerprint)
            if found is not None:  # else it was closed this very moment
                return _authorization(found)

    def find(self, authorization_id: str) -> Authorization | None:
        """Find one."""
        return _one(self._find.one(this=authorization_id))

    def under_way(self, now: int, *, limit: int) -> Sequence[Authorization]:
        """Give those that are neither ready nor over."""
        return [_authorization(row) for row in self._under_way.all(now=now, limit=limit)]

    def of_sad(self, sad_digest: bytes) -> Authorization | None:
        """Find one by what is known of its activation data."""
        return _one(self._of_sad.one(sad_digest=sad_digest))

    def ready(self, authorization_id: str, ready_at: int, open_until: int) -> bool:
        """Note that all is signed."""
        return self._ready.run(this=authorization_id, none="", ready_at=ready_at, open_until=open_until) is not None

    def fail(self, authorization_id: str, outcome: str) -> bool:
        """Note that it came to nothing."""
        return self._fail.run(this=authorization_id, none="", outcome=outcome) is not None

    def use(self, authorization_id: str, now: int) -> bool:
        """Note that its signatures were given out."""
        return self._use.run(this=authorization_id, now=now) is not None

    def extend(self, authorization_id: str, fingerprint: bytes) -> bool:
        """Note what goes on from it."""
        return self._extend.run(this=authorization_id, extended_by=fingerprint) is not None


def _one(row: Any) -> Authorization | None:
    return None if row is None else _authorization(row)


def _authorization(row: Any) -> Authorization:
    hashes = json.loads(row.hashes)
    return Authorization(
        authorization_id=row.authorization_id, requester=Requester(**{name: getattr(row, name) for name in _WHO}),
        wish=Wish(credential_id=row.credential_id, digest_name=row.digest_name,
                  digests=tuple(bytes.fromhex(one) for one, _, _ in hashes),
                  documents=tuple(Document(name, subject) for _, name, subject in hashes), total=row.total),
        before=row.before, earlier=row.earlier, created_at=row.created_at, open_until=row.open_until, ready_at=row.ready_at,
        used_at=row.used_at, outcome=row.outcome)
