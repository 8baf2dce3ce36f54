"""The outbox: messages that leave after their transaction.

Ports: ``NoticeQueue`` of idp/oidc/backchannel_logout.py, ``PingQueue`` of idp/oauth/backchannel/ping.py, ``MailQueue`` of
idp/notices/mail.py.

A claim is one statement that leases rows: on PostgreSQL rows another worker is leasing are skipped (SKIP LOCKED), on SQLite there
is one writer at a time. A lease that ends without an answer (crash, lost database) is simply due again.
"""

from __future__ import annotations

import json
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy import Integer, and_, bindparam, case, delete, exists, func, insert, literal_column, or_, select, update

from ...audit import AuditRecord
from ...notices import NoticeKind, Told, detail_of
from ...notices.mail import RECEIVER, MailNotice
from ...oauth.backchannel.ping import PingNotice
from ...oidc.backchannel_logout import LogoutNotice
from ...outbox import FailingReceiver, QueueState
from .audit import audit_insert, audit_values
from .database import Database, parameter
from .tables import OutboxRow

OUTBOX: Any = OutboxRow.__table__
LOGOUT, PING, MAIL = "backchannel_logout", "ciba_ping", "mail"


class _Leased(Protocol):
    """What every kind of notice is known by."""

    @property
    def id(self) -> int: ...

    @property
    def lease_until(self) -> int: ...


N = TypeVar("N", bound=_Leased)


def _word(text: str) -> Any:
    return literal_column(f"'{text}'")


def mail_insert(prefix: str, *conditions: Any) -> Any:
    """Make the act that queues a mail, unless its payload is empty; parameters ``<prefix>mail`` and ``<prefix>at``.

    Args:
        prefix: Of the parameters.
        conditions: What has to hold besides.
    """
    c = OUTBOX.c
    mail = parameter(c.payload, prefix + "mail")
    return insert(OUTBOX).inline().from_select(
        ["kind", "receiver", "payload", "state", "attempts", "next_attempt_at", "created_at", "last_error"],
        select(_word(MAIL), _word(RECEIVER), mail, _word("waiting"), literal_column("0"),
               parameter(c.next_attempt_at, prefix + "at"), parameter(c.created_at, prefix + "at"), _word(""))
        .where(mail != _word(""), *conditions))


def ping_insert() -> Any:
    """Make the act that queues a ping; parameters ``client_id``, ``notice`` and ``now``."""
    c = OUTBOX.c
    return insert(OUTBOX).inline().values(
        kind=_word(PING), receiver=parameter(c.receiver, "client_id"), payload=parameter(c.payload, "notice"),
        state=_word("waiting"), attempts=literal_column("0"), next_attempt_at=parameter(c.next_attempt_at, "now"),
        created_at=parameter(c.created_at, "now"), last_error=_word(""))


class _Outbox(Generic[N]):
    """Messages of one kind in the table ``outbox``."""

    KIND: str

    def __init__(self, database: Database) -> None:
        c = OUTBOX.c
        now = parameter(c.next_attempt_at, "now")
        mine = and_(c.id == parameter(c.id), c.state == _word("sending"),
                    c.next_attempt_at == parameter(c.next_attempt_at, "lease_until"))
        self._claim = {retried: database.write(guard=_claim(self.KIND, retried, now), durable=False)
                       for retried in (False, True)}
        self._sent = database.write(audit_insert(), durable=False, guard=(
            update(OUTBOX).where(mine).values(state=_word("sent"), attempts=c.attempts + literal_column("1"), finished_at=now,
                                              last_error=_word("")).returning(c.id)))
        error = parameter(c.last_error, "error")
        due = parameter(c.next_attempt_at, "due")
        self._failed = database.write(
            update(OUTBOX).where(mine).values(state=_word("waiting"), attempts=c.attempts + literal_column("1"),
                                              next_attempt_at=due, last_error=error), durable=False)
        self._put_off = database.write(
            update(OUTBOX).where(mine).values(state=_word("waiting"), next_attempt_at=due), durable=False)
        self._dead = database.write(audit_insert(), guard=(
            update(OUTBOX).where(mine).values(state=_word("dead"), attempts=c.attempts + literal_column("1"), finished_at=now,
                                              last_error=error).returning(c.id)))
        self._drop = database.write(delete(OUTBOX).where(mine), durable=False)

    @staticmethod
    def _read(row: tuple[Any, ...], lease_until: int) -> N | None:
        raise NotImplementedError

    def claim(self, *, now: int, lease_until: int, retried: bool, per_receiver: int, limit: int) -> list[N]:
        """Lease due notices, oldest first, none of a receiver that has a live lease."""
        rows = self._claim[retried].run_each(now=now, lease_until=lease_until, per_receiver=per_receiver, limit=limit)
        notices = (self._read(row, lease_until) for row in rows)
        return sorted((notice for notice in notices if notice is not None), key=lambda notice: notice.id)

    def sent(self, notice: N, *, now: int, record: AuditRecord) -> None:
        """Note a delivery."""
        self._sent.run(**_mine(notice), now=now, **audit_values(record))

    def failed(self, notice: N, *, next_attempt_at: int, error: str) -> None:
        """Count an attempt and wait."""
        self._failed.run(**_mine(notice), due=next_attempt_at, error=error[:255])

    def put_off(self, notice: N, *, next_attempt_at: int) -> None:
        """Give a notice back that was not tried."""
        self._put_off.run(**_mine(notice), due=next_attempt_at)

    def dead(self, notice: N, *, now: int, error: str, record: AuditRecord) -> None:
        """Give a notice up."""
        self._dead.run(**_mine(notice), now=now, error=error[:255], **audit_values(record))

    def drop(self, notice: N) -> None:
        """Forget a notice."""
        self._drop.run(**_mine(notice))


class SqlPings(_Outbox[PingNotice]):
    """Pings of applications that asked for an officer."""

    KIND = PING

    @staticmethod
    def _read(row: tuple[Any, ...], lease_until: int) -> PingNotice:
        return PingNotice(id=int(row[0]), client_id=row[1], payload=row[2], attempts=int(row[3]), lease_until=lease_until)


class _Shown(_Outbox[N]):
    """Messages that an operator sees while they cannot be delivered, and may queue anew."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        c = OUTBOX.c
        now = parameter(c.next_attempt_at, "now")
        of_kind = c.kind == _word(self.KIND)
        of_receiver = and_(of_kind, c.receiver == parameter(c.receiver))
        self._recovered = database.write(
            update(OUTBOX).where(of_receiver, c.state == _word("waiting"), c.last_error.not_like(_word("HTTP 4%")))
            .values(next_attempt_at=now, attempts=literal_column("0")), durable=False)
        self._revive = database.write(guard=(
            update(OUTBOX).where(of_receiver, c.state == _word("dead"))
            .values(state=_word("waiting"), attempts=literal_column("0"), next_attempt_at=now, created_at=now,
                    finished_at=literal_column("NULL")).returning(c.id)))
        waiting, dead = (func.sum(case((test, literal_column("1")), else_=literal_column("0")))
                         for test in (c.state != _word("dead"), c.state == _word("dead")))
        open_rows = and_(of_kind, c.state != _word("sent"))
        self._totals = database.read(select(waiting.label("waiting"), dead.label("dead"), func.min(
            case((c.state != _word("dead"), c.created_at))).label("oldest")).where(open_rows))
        self._failing = database.read(
            select(c.receiver, waiting.label("waiting"), dead.label("dead"), func.max(c.last_error).label("last_error"))
            .where(open_rows, c.last_error != _word("")).group_by(c.receiver).order_by(c.receiver))

    def recovered(self, client_id: str, *, now: int) -> None:
        """Make what waits for a receiver due now, except what it refused itself."""
        self._recovered.run(receiver=client_id, now=now)

    def revive(self, client_id: str, *, now: int) -> int:
        """Queue a receiver's dead notices anew."""
        return len(self._revive.run_each(receiver=client_id, now=now))

    def state(self) -> QueueState:
        """Tell what waits and what is dead."""
        totals = self._totals.one()
        assert totals is not None
        return QueueState(
            waiting=int(totals.waiting or 0), dead=int(totals.dead or 0),
            oldest_waiting_at=None if totals.oldest is None else int(totals.oldest),
            failing=tuple(FailingReceiver(row.receiver, int(row.waiting), int(row.dead), row.last_error)
                          for row in self._failing.all()))


class SqlOutbox(_Shown[LogoutNotice]):
    """Logout notices."""

    KIND = LOGOUT

    @staticmethod
    def _read(row: tuple[Any, ...], lease_until: int) -> LogoutNotice:
        payload = json.loads(row[2])
        return LogoutNotice(id=int(row[0]), client_id=row[1], sub=str(payload["sub"]), sid=str(payload["sid"]),
                            attempts=int(row[3]), created_at=int(row[4]), lease_until=lease_until)


class SqlMail(_Shown[MailNotice]):
    """Notices to officers that go out by mail (``notices.mail_insert`` queues them)."""

    KIND = MAIL

    @staticmethod
    def _read(row: tuple[Any, ...], lease_until: int) -> MailNotice | None:
        payload = json.loads(row[2])
        if payload["kind"] not in set(NoticeKind):
            return None  # of a later release than this; one of that release sends it when the lease ends
        told = Told(id=int(row[0]), kind=NoticeKind(payload["kind"]), sub=str(payload["sub"]), at=int(payload["at"]),
                    source=str(payload["source"]), detail=detail_of(payload["detail"]))
        return MailNotice(id=told.id, told=told, address=str(payload["address"]), attempts=int(row[3]), created_at=int(row[4]),
                          lease_until=lease_until)


def _claim(kind: str, retried: bool, now: Any) -> Any:
    """Make the statement that leases: at most ``per_receiver`` rows of each receiver that nobody is sending to."""
    c = OUTBOX.c
    busy = OUTBOX.alias("busy")
    kind_and_history = and_(c.kind == _word(kind), c.attempts > literal_column("0") if retried
                            else c.attempts == literal_column("0"))
    due = and_(or_(c.state == _word("waiting"), c.state == _word("sending")), c.next_attempt_at <= now)
    nobody_sends = ~exists(select(literal_column("1")).where(
        busy.c.kind == _word(kind), busy.c.receiver == c.receiver, busy.c.state == _word("sending"),
        busy.c.next_attempt_at > now))
    place = func.row_number().over(partition_by=c.receiver, order_by=c.id).label("place")
    ranked = select(c.id, place).where(kind_and_history, due, nobody_sends).subquery("ranked")
    chosen = (select(ranked.c.id).where(ranked.c.place <= bindparam("per_receiver", type_=Integer()))
              .order_by(ranked.c.id).limit(bindparam("limit", type_=Integer())))
    free = select(c.id).where(c.id.in_(chosen), due).with_for_update(skip_locked=True).cte("free")
    return (update(OUTBOX).where(c.id.in_(select(free.c.id))).values(state=_word("sending"),
                                                        next_attempt_at=parameter(c.next_attempt_at, "lease_until"))
            .returning(c.id, c.receiver, c.payload, c.attempts, c.created_at))


def _mine(notice: _Leased) -> dict[str, int]:
    return {"id": notice.id, "lease_until": notice.lease_until}
