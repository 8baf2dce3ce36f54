"""Authorizations that are waited for, in the database; implements ``idp.oauth.deferred.authorization.DeferredStore``.

Who wins is decided by the row's ``state`` in one conditional update each. Polls are relaxed writes: a crash may forget one.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Integer, and_, bindparam, case, distinct, exists, func, literal_column, or_, select, update

from ...audit import AuditRecord
from ...oauth.deferred.authorization import (
    MOST_AWAITING,
    MOST_REFUSED,
    REFUSAL_PAUSES_SECONDS,
    REFUSALS_COUNT_SECONDS,
    REFUSED_TOGETHER_SECONDS,
    REST_SECONDS,
    SLOWER_SECONDS,
    TOLERANCE_SECONDS,
    Agreement,
    Deferred,
    Poll,
    State,
)
from ...oauth.grant import Grant
from ...oauth.ports import NewTokens
from .audit import audit_insert, audit_values
from .consents import CONSENT_RECORD, consent_upsert, consent_values
from .database import Database, parameter
from .directory.as_of import is_active
from .oauth import (
    FAMILY,
    FAMILY_COLUMNS,
    GRANT,
    OFFICER,
    OFFICER_ACTIVE,
    SESSION,
    access_insert,
    grant_insert,
    grant_of,
    grant_values,
    refresh_insert,
    takes_part_upsert,
    token_values,
)
from .outbox import ping_insert
from .tables import DeferredAuthorizationRow, SimLoginRow

ROW: Any = DeferredAuthorizationRow.__table__
SIM_LOGIN: Any = SimLoginRow.__table__
ASKED: Any = OFFICER.alias("asked_officer")

_COLUMNS = (
    ROW.c.digest, ROW.c.kind, ROW.c.client_id.label("asking_client_id"), ROW.c.request, ROW.c.created_at.label("asked_at"),
    ROW.c.expires_at.label("over_at"), ROW.c.interval_seconds, ROW.c.user_code_digest, ROW.c.sub.label("asked_sub"), ROW.c.source,
    ROW.c.details.label("own_details"), ROW.c.state, ROW.c.last_polled_at, ASKED.c.status.label("asked_status"),
    ASKED.c.ends_at.label("asked_ends_at"))


def _state(state: State) -> Any:
    return literal_column(f"'{state.value}'")


def whole_deferred() -> Any:
    """Make the select of authorizations with the grants given for them."""
    with_grant = ROW.outerjoin(FAMILY, GRANT.c.grant_id == ROW.c.grant_id).outerjoin(ASKED, ASKED.c.sub == ROW.c.sub)
    return select(*_COLUMNS, *FAMILY_COLUMNS).select_from(with_grant)


def open_to_answer() -> tuple[Any, ...]:
    """Make the conditions that one may be answered by an officer; parameters ``deferred``, ``now`` and ``sub``."""
    return (ROW.c.digest == parameter(ROW.c.digest, "deferred"), ROW.c.state == _state(State.PENDING),
            ROW.c.expires_at > parameter(ROW.c.expires_at, "now"),
            or_(ROW.c.sub == literal_column("''"), ROW.c.sub == parameter(ROW.c.sub, "sub")))


def approved(**more: Any) -> dict[str, Any]:
    """Give what an approval changes; parameters ``now`` and ``grant_id``."""
    return {"state": _state(State.APPROVED), "decided_at": parameter(ROW.c.decided_at, "now"),
            "grant_id": parameter(ROW.c.grant_id), **more}


class SqlDeferred:
    """The store of one database."""

    def __init__(self, database: Database) -> None:
        here = ROW.c.digest == parameter(ROW.c.digest, "deferred")
        pending = ROW.c.state == _state(State.PENDING)
        self._declare_reads(database, here, pending)
        self._declare_polls(database, here, pending)

        values = {name: parameter(ROW.c[name]) for name in (
            "digest", "kind", "client_id", "request", "created_at", "expires_at", "interval_seconds", "user_code_digest", "sub",
            "source", "details")} | {"state": _state(State.PENDING)}
        self._begin = database.write(audit_insert(), durable=False, guard=(
            database.insert(ROW).values(values).on_conflict_do_nothing().returning(ROW.c.digest)))
        self._begin_for = database.write(
            audit_insert(), durable=False,
            # Requests for one officer come one after the other, so that each counts those before it.
            after=select(OFFICER.c.sub).where(OFFICER.c.sub == parameter(OFFICER.c.sub)).with_for_update(),
            guard=database.insert(ROW).from_select([*values, "phone_at"], select(*values.values(), _phone_at()).where(
                *_room_left())).returning(ROW.c.digest))

        answerable = open_to_answer()
        session_stands = exists(
            select(literal_column("1")).select_from(SESSION)
            .where(SESSION.c.sid == parameter(SESSION.c.sid, "sid"), SESSION.c.sub == parameter(SESSION.c.sub, "sub"),
                   SESSION.c.ended_at.is_(None), SESSION.c.expires_at > parameter(SESSION.c.expires_at, "now"), OFFICER_ACTIVE))
        approving: dict[str, Any] = {
            # The end of a session holds its row and revokes what it sees; this waits for it, or is seen by it.
            "after": select(SESSION.c.sid).where(SESSION.c.sid == parameter(SESSION.c.sid, "sid")).with_for_update(),
            "guard": (update(ROW).where(*answerable, ROW.c.client_id == parameter(ROW.c.client_id), session_stands)
                   .values(approved()).returning(ROW.c.digest))}
        denying = (
            update(ROW).where(*answerable)
            .values(state=_state(State.DENIED), decided_at=parameter(ROW.c.decided_at, "now")).returning(ROW.c.digest))
        acts = (grant_insert(), takes_part_upsert(database), audit_insert())
        remembering = (consent_upsert(database), audit_insert(CONSENT_RECORD))
        self._approve = {
            (told, agreed): database.write(
                *acts, *((ping_insert(),) if told else ()), *(remembering if agreed else ()), **approving)
            for told in (False, True) for agreed in (False, True)}
        self._deny, self._deny_and_tell = (
            database.write(audit_insert(), *more, guard=denying) for more in ((), (ping_insert(),)))

        grant_stands = exists(
            select(literal_column("1")).select_from(GRANT.outerjoin(SESSION, SESSION.c.sid == GRANT.c.sid))
            .where(GRANT.c.grant_id == ROW.c.grant_id, GRANT.c.revoked_at.is_(None),
                   or_(GRANT.c.offline.is_(True), SESSION.c.ended_at.is_(None))))
        take = (update(ROW)
                .where(here, ROW.c.state == _state(State.APPROVED),
                       ROW.c.expires_at > parameter(ROW.c.expires_at, "issued_at"), grant_stands)
                .values(state=_state(State.USED)).returning(ROW.c.grant_id))
        self._redeem = database.write(access_insert(), audit_insert(), guard=take)
        self._redeem_with_refresh = database.write(access_insert(), refresh_insert(), audit_insert(), guard=take)

    def _declare_reads(self, database: Database, here: Any, pending: Any) -> None:
        whole = whole_deferred()
        self._find = database.read(whole.where(here))
        self._by_user_code = database.read(whole.where(ROW.c.user_code_digest == parameter(ROW.c.user_code_digest)))
        self._paused = database.read(select(_paused_until("now").label("until"), _rest_until().label("rest")))
        self._awaiting = database.read(
            whole.where(ROW.c.sub == parameter(ROW.c.sub, "asked"), ROW.c.expires_at > parameter(ROW.c.expires_at, "now"),
                        pending)
            .order_by(ROW.c.created_at, ROW.c.digest).limit(literal_column(str(MOST_AWAITING))))

    def _declare_polls(self, database: Database, here: Any, pending: Any) -> None:
        now = parameter(ROW.c.last_polled_at, "now")
        due = ROW.c.last_polled_at + ROW.c.interval_seconds - literal_column(str(TOLERANCE_SECONDS))
        self._in_time = database.write(durable=False, guard=(
            update(ROW).where(here, pending, or_(ROW.c.last_polled_at.is_(None), due <= now))
            .values(last_polled_at=now).returning(ROW.c.digest)))
        self._too_early = database.write(durable=False, guard=(
            update(ROW).where(here, pending)
            .values(last_polled_at=now, interval_seconds=ROW.c.interval_seconds + literal_column(str(SLOWER_SECONDS)))
            .returning(ROW.c.digest)))

    def begin(self, deferred: Deferred, record: AuditRecord) -> bool:
        """Keep a new one, unless its user code is another's."""
        return self._begin.run(**_values(deferred), **audit_values(record)) is not None

    def begin_for(self, deferred: Deferred, record: AuditRecord, *, most_pending: int) -> bool:
        """Keep a new one, unless too many wait for its officer, or the officer has just refused its client."""
        return self._begin_for.run(**_values(deferred), **audit_values(record), most_pending=most_pending) is not None

    def paused_until(self, sub: str, client_id: str, now: int) -> int:
        """Tell until when a client may not ask an officer who has refused it."""
        return max(int(until) for row in self._paused.all(sub=sub, client_id=client_id, now=now)
                   for until in (row.until, row.rest))

    def find(self, digest: bytes) -> Deferred | None:
        """Find one by the client's secret."""
        return deferred_of(self._find.one(deferred=digest))

    def by_user_code(self, user_code_digest: bytes) -> Deferred | None:
        """Find one by what the officer types."""
        return deferred_of(self._by_user_code.one(user_code_digest=user_code_digest))

    def awaiting(self, sub: str, now: int) -> list[Deferred]:
        """Give what an officer is asked by name and has not answered."""
        return [found for row in self._awaiting.all(asked=sub, now=now) if (found := deferred_of(row)) is not None]

    def poll(self, digest: bytes, now: int) -> Poll:
        """Count a poll, once, and make the interval longer where it came too early."""
        if self._in_time.run(deferred=digest, now=now) is not None:
            return Poll.IN_TIME
        return Poll.DECIDED if self._too_early.run(deferred=digest, now=now) is None else Poll.TOO_EARLY

    def approve(self, digest: bytes, grant: Grant, record: AuditRecord, *, notice: str = "",
                consent: tuple[Agreement, AuditRecord] | None = None) -> bool:
        """Answer once, if session and officer stand, and keep the grant and the consent."""
        more: dict[str, Any] = ({"notice": notice} if notice else {}) | (consent_values(*consent) if consent else {})
        write = self._approve[bool(notice), consent is not None]
        return write.run(deferred=digest, **grant_values(grant), **audit_values(record), **more) is not None

    def deny(self, digest: bytes, sub: str, now: int, record: AuditRecord, *, notice: str = "") -> bool:
        """Refuse once."""
        told: dict[str, str] = {"notice": notice, "client_id": record.client_id} if notice else {}
        write = self._deny_and_tell if notice else self._deny
        return write.run(deferred=digest, sub=sub, now=now, **audit_values(record), **told) is not None

    def redeem(self, digest: bytes, tokens: NewTokens, record: AuditRecord) -> bool:
        """Use an approved one once, while its grant stands, and keep what it gives."""
        write = self._redeem if tokens.refresh_digest is None else self._redeem_with_refresh
        return write.run(deferred=digest, **token_values(tokens), **audit_values(record)) is not None


def _phone_at() -> Any:
    """Make the moment at which the phone of an officer who has chosen that is to be asked: now; nothing for others."""
    chosen = OFFICER.join(SIM_LOGIN, SIM_LOGIN.c.entry_uuid == OFFICER.c.entry_uuid)
    return select(parameter(ROW.c.created_at)).select_from(chosen).where(
        OFFICER.c.sub == parameter(ROW.c.sub), SIM_LOGIN.c.approves_since.is_not(None)).scalar_subquery()


def _paused_until(now: str) -> Any:
    """Make the moment from which on a client may ask an officer again: it follows from the last refusal and their number."""
    number, last = func.count(), func.max(ROW.c.decided_at)
    pauses: dict[int, Any] = {n: literal_column(str(seconds)) for n, seconds in enumerate(REFUSAL_PAUSES_SECONDS, start=1)}
    pause = case(*((number == literal_column(str(n)), seconds) for n, seconds in pauses.items()), else_=pauses[len(pauses)])
    return select(func.coalesce(last + pause, literal_column("0"))).select_from(ROW).where(
        ROW.c.sub == parameter(ROW.c.sub), ROW.c.client_id == parameter(ROW.c.client_id), ROW.c.state == _state(State.DENIED),
        ROW.c.decided_at > parameter(ROW.c.decided_at, now) - literal_column(str(REFUSALS_COUNT_SECONDS))).scalar_subquery()


def _rest_until() -> Any:
    """Make the moment from which on anybody may ask an officer again who has refused several clients."""
    other = ROW.alias("refused_last")
    last = select(func.max(other.c.decided_at)).where(
        other.c.sub == parameter(ROW.c.sub), other.c.state == _state(State.DENIED)).scalar_subquery()
    several = func.count(distinct(ROW.c.client_id)) >= literal_column(str(MOST_REFUSED))
    until = case((several, func.max(ROW.c.decided_at) + literal_column(str(REST_SECONDS))), else_=literal_column("0"))
    return select(until).select_from(ROW).where(
        ROW.c.sub == parameter(ROW.c.sub), ROW.c.state == _state(State.DENIED),
        ROW.c.decided_at > last - literal_column(str(REFUSED_TOGETHER_SECONDS))).scalar_subquery()


def _room_left() -> tuple[Any, Any, Any, Any]:
    """Make the conditions that an officer is active, that few enough wait, of one client and of all, and that no pause is on."""
    of_officer = (ROW.c.sub == parameter(ROW.c.sub), ROW.c.state == _state(State.PENDING),
                  ROW.c.expires_at > parameter(ROW.c.created_at))
    of_client = (*of_officer, ROW.c.client_id == parameter(ROW.c.client_id))

    def waiting(*conditions: Any) -> Any:
        return select(func.count()).select_from(ROW).where(*conditions).scalar_subquery()

    active = exists(select(literal_column("1")).where(OFFICER.c.sub == parameter(ROW.c.sub), is_active("created_at")))
    return (active, waiting(*of_client) < bindparam("most_pending", type_=Integer()),
            waiting(*of_officer) < literal_column(str(MOST_AWAITING)),
            and_(_paused_until("created_at") <= parameter(ROW.c.created_at),
                 _rest_until() <= parameter(ROW.c.created_at)))


def _values(deferred: Deferred) -> dict[str, Any]:
    return {
        "digest": deferred.digest, "kind": deferred.kind, "client_id": deferred.client_id, "request": deferred.request,
        "created_at": deferred.created_at, "expires_at": deferred.expires_at, "interval_seconds": deferred.interval_seconds,
        "user_code_digest": deferred.user_code_digest, "sub": deferred.sub, "source": deferred.source[:64],
        "details": deferred.details}


def deferred_of(row: Any) -> Deferred | None:
    """Read a row of ``whole_deferred``."""
    if row is None:
        return None
    return Deferred(
        bytes(row.digest), row.kind, row.asking_client_id, row.request, row.asked_at, row.over_at, row.interval_seconds,
        None if row.user_code_digest is None else bytes(row.user_code_digest), row.asked_sub, row.source, row.own_details,
        row.state, row.last_polled_at, None if row.grant_id is None else grant_of(row), row.asked_status or "",
        row.asked_ends_at or 0)
