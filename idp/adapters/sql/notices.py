"""Notices to officers in the database (port: ``notices.NoticeStore``), and the inserts that every act may carry.

A store whose act officers are told of adds ``*notice_inserts()`` to its Write, and ``**notice_values(notice)`` to the parameters:
the notice and its mail then stand or fall with the act, as its audit record does. ``notice_values(None)``, or a notice to nobody,
writes neither, so that one Write serves an act that is told of now and then.

The mail comes before the notice, so that a bound on mails counts the notices of earlier acts alone, whatever the database.

What changes how an officer signs in ends the officer's remembered devices (``sessions.remembered``) in the same transaction, and
a new factor the temporary pass: every such act is told of, so none can forget it.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from sqlalchemy import Integer, delete, func, insert, literal_column, select, update

from ...audit import AuditRecord
from ...notices import ENDS_PASS, ENDS_REMEMBERED, Notice, NoticeKind, Told, detail_of
from .audit import audit_insert, audit_values
from .database import Database, parameter
from .outbox import mail_insert
from .tables import NoticeRow, RememberedDeviceRow, SeenOnceRow, TemporaryPassRow

NOTICE: Any = NoticeRow.__table__
REMEMBERED: Any = RememberedDeviceRow.__table__
PASS: Any = TemporaryPassRow.__table__
_COLUMNS = ("sub", "kind", "at", "source", "detail")


def notice_inserts(prefix: str = "notice_", *, mailed_a_day: int | None = None, apart: int | None = None) -> tuple[Any, ...]:
    """Make the acts that write one notice, queue its mail and end what it says has ended; parameters: ``notice_values``.

    Args:
        prefix: Tells two notices in one Write apart.
        mailed_a_day: How many of one kind are sent to an officer's mailbox within a day; all of them without a number.
        apart: Seconds between two of one kind to one officer; what comes sooner is not told.
    """
    c, integer = NOTICE.c, Integer()
    values = {name: parameter(c[name], prefix + name) for name in _COLUMNS}

    def earlier(seconds: int) -> Any:
        return select(func.count()).select_from(NOTICE).where(
            c.sub == values["sub"], c.kind == values["kind"],
            c.at > values["at"] - literal_column(str(seconds), type_=integer)).scalar_subquery()

    none_lately = () if apart is None else (earlier(apart) == literal_column("0"),)
    kept = insert(NOTICE).inline().from_select(
        list(_COLUMNS), select(*values.values()).where(values["kind"] != literal_column("''"), *none_lately))
    ended = delete(REMEMBERED).where(REMEMBERED.c.sub == values["sub"], values["kind"].in_(
        [literal_column(f"'{kind.value}'") for kind in sorted(ENDS_REMEMBERED)]))
    over = end_pass(values["sub"], values["at"]).where(values["kind"] == literal_column(f"'{ENDS_PASS.value}'"))
    if mailed_a_day is None:
        return mail_insert(prefix, *none_lately), kept, ended, over
    return mail_insert(prefix, earlier(86400) < literal_column(str(mailed_a_day)), *none_lately), kept, ended, over


def end_pass(sub: Any, now: Any) -> Any:
    """Make the act that ends an officer's temporary pass, given or only asked for; parameters are the two."""
    standing = PASS.c.state.in_([literal_column("'open'"), literal_column("'approved'")])
    return update(PASS).where(PASS.c.sub == sub, standing).values(
        state=literal_column("'ended'"), ended_at=now, digest=literal_column("NULL"))


def notice_values(notice: Notice | None, prefix: str = "notice_") -> dict[str, Any]:
    """Give the parameters of ``notice_inserts``; for None, or a notice to nobody, those that write nothing."""
    if notice is None or not notice.sub:
        return {prefix + name: 0 if name == "at" else "" for name in (*_COLUMNS, "mail")}
    detail, source = notice.detail_json(), notice.source[:64]
    mail = json.dumps({"kind": notice.kind.value, "sub": notice.sub, "at": notice.at, "source": source, "detail": detail,
                       "address": notice.address}, separators=(",", ":"))
    return {prefix + "sub": notice.sub, prefix + "kind": notice.kind.value, prefix + "at": notice.at, prefix + "source": source,
            prefix + "detail": detail, prefix + "mail": mail}


class SqlNotices:
    """Notices as rows of ``notice``. Every verb raises UnavailableError when the database does not answer."""

    def __init__(self, database: Database) -> None:
        c = NOTICE.c
        own = c.sub == parameter(c.sub)
        self._tell = database.write(*notice_inserts())
        self._tell_and_record = database.write(*notice_inserts(), audit_insert())
        seen: Any = SeenOnceRow.__table__
        taken = database.insert(seen).values(key=parameter(seen.c.key), until=parameter(seen.c.until))
        self._tell_unless = database.write(*notice_inserts(), audit_insert(), guard=taken.on_conflict_do_update(
            index_elements=["key"], set_={"until": taken.excluded.until},
            where=seen.c.until <= parameter(seen.c.until, "now")).returning(seen.c.key))
        self._of = database.read(select(NOTICE).where(own).order_by(c.id.desc()).limit(parameter(c.id, "limit")))
        self._unread = database.read(select(func.count().label("unread")).select_from(NOTICE).where(own, c.read_at.is_(None)))
        self._mark = database.write(guard=update(NOTICE).where(
            own, c.id <= parameter(c.id, "up_to"), c.read_at.is_(None)).values(read_at=parameter(c.read_at)).returning(c.id))

    def tell(self, notice: Notice, record: AuditRecord | None) -> None:
        """Write a notice, its mail and the record that comes with it."""
        if record is None:
            self._tell.run(**notice_values(notice))
        else:
            self._tell_and_record.run(**notice_values(notice), **audit_values(record))

    def tell_unless(self, notice: Notice, record: AuditRecord, *, within: int) -> bool:
        """Write them, unless that was done lately: the mark that keeps others from it stands or falls with the notice."""
        key = hashlib.sha256(f"notice\0{notice.kind.value}\0{notice.sub}".encode()).digest()
        return self._tell_unless.run(key=key, until=notice.at + within, now=notice.at, **notice_values(notice),
                                     **audit_values(record)) is not None

    def of(self, sub: str, *, limit: int) -> list[Told]:
        """Give an officer's notices, newest first; of kinds that this release does not know, none."""
        return [Told(id=int(row.id), kind=NoticeKind(row.kind), sub=row.sub, at=int(row.at), source=row.source,
                     detail=detail_of(row.detail), read_at=row.read_at)
                for row in self._of.all(sub=sub, limit=limit) if row.kind in _KINDS]

    def unread(self, sub: str) -> int:
        """Count what is not marked as read."""
        row = self._unread.one(sub=sub)
        assert row is not None
        return int(row.unread)

    def mark_read(self, sub: str, *, up_to: int, now: int) -> int:
        """Mark an officer's own notices up to a row as read."""
        return len(self._mark.run_each(sub=sub, up_to=up_to, read_at=now))


_KINDS = frozenset(kind.value for kind in NoticeKind)
