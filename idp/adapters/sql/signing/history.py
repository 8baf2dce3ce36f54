"""Signatures are looked through (port: ``signing.ports.SignatureHistory``).

An identifier begins with the moment at which a signature was asked for, so that the primary key is the order of the list and a
time is a stretch of it. What is asked besides has an index of its own; which leads is decided for the values of each question.
How many an agency has is not known of the beginning of a code, so PostgreSQL reads an agency code by code, each in the order of
time, and never more of each than a page has: one that has none costs no more than one that has a million.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Boolean, Integer, Text, bindparam, func, literal_column, not_, or_, select, true

from ....signing.ports import SignatureSearch
from ....signing.transaction import SIGNATURE, Transaction
from ..database import Database, parameter
from ..tables import SignTransactionRow
from .transactions import transaction_of

ROW: Any = SignTransactionRow.__table__
_EMPTY: Any = literal_column("''")
_EXACT: Final = ("sub", "client_id", "state")


class SqlSignatureHistory:
    """Looks through them."""

    def __init__(self, database: Database) -> None:
        c: Any = ROW.c
        limit = bindparam("limit", type_=Integer())
        newest, oldest = c.transaction_id.desc(), c.transaction_id
        # Sign-ins have identifiers outside every such stretch (``signing.signing``), and are none all the same.
        meant = [c.purpose == literal_column(f"'{SIGNATURE}'"),
                 c.transaction_id >= parameter(c.transaction_id, "least"), c.transaction_id < parameter(c.transaction_id, "upto"),
                 *(or_(parameter(c[name]) == _EMPTY, c[name] == parameter(c[name])) for name in _EXACT),
                 or_(not_(bindparam("denied", type_=Boolean())), c.denied_at.is_not(None))]
        since = c.transaction_id > parameter(c.transaction_id, "than")
        older, newer = (select(ROW).where(*meant, *more, or_(parameter(c.unit_code, "unit") == _EMPTY, _within(c.unit_code)))
                        .order_by(order).limit(limit) for more, order in (((), newest), ((since,), oldest)))
        self._older, self._newer = database.look(older), database.look(newer)
        self._older_within, self._newer_within = self._older, self._newer
        if not database.is_sqlite:
            codes = _codes()
            looks = []
            for more, order in (((), newest), ((since,), oldest)):
                each = (select(ROW).where(c.unit_code == codes.c.unit_code, *meant, *more).order_by(order).limit(limit)
                        .lateral("each"))
                place = each.c.transaction_id
                looks.append(database.look(
                    select(*each.c).select_from(codes.join(each, true())).where(_within(codes.c.unit_code))
                    .order_by(place if more else place.desc()).limit(limit)))
            self._older_within, self._newer_within = looks

    def page(self, search: SignatureSearch, *, after: str = "", before: str = "", limit: int) -> Sequence[Transaction]:
        """Give those that are meant, the newest first."""
        upto = _beginning(search.before)
        asked: dict[str, Any] = {
            **{name: getattr(search, name) for name in _EXACT}, "unit": search.unit, "below": f"{search.unit}.%",
            "denied": search.denied, "least": _beginning(search.since), "limit": limit,
            "upto": min(upto, after) if after else upto}
        # An officer's, and those that were denied, are few: they lead. The whole province (a code of one part) is found at once.
        by_code = "." in search.unit and not search.sub and not search.denied
        if before:
            newer = self._newer_within if by_code else self._newer
            return [transaction_of(row) for row in reversed(newer.all(than=before, **asked))]
        older = self._older_within if by_code else self._older
        return [transaction_of(row) for row in older.all(**asked)]


def _within(code: Any) -> Any:
    return or_(code == parameter(ROW.c.unit_code, "unit"), code.like(bindparam("below", type_=Text())))


def _codes() -> Any:
    """Give every code that something was signed for, one step in the index each; also of agencies that are no more."""
    other = ROW.alias("other")
    codes = select(func.min(ROW.c.unit_code).label("unit_code")).cte("codes", recursive=True)
    following = select(func.min(other.c.unit_code)).where(other.c.unit_code > codes.c.unit_code).scalar_subquery()
    return codes.union_all(select(following).where(codes.c.unit_code.is_not(None)))


def _beginning(at: int) -> str:
    """Give what identifiers of a second begin with (``signing.signing``)."""
    return f"s{at * 1_000_000:014x}"
