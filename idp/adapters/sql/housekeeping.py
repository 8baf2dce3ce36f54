"""What time makes worthless is deleted, in small batches; and the worker's heartbeat.

Rows stay a while after their end where somebody may still ask: a used code for a day (its replay must be punished), an open
page for a week (its bookmark still leads to the application), a pushed request for a day (its pages may stand open so long), a
leave to sign for a day (the signatures themselves stay), what a phone was asked for a sign-in for a month, a delivered notice
for a week, a dead one for 30 days, what an officer was told for a year, an initial access token and a leave to enrol for 90
days (people still list them). Audit records are never touched here: they leave by months. Every table and its rule:
docs/operations/retention.md.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Integer, and_, bindparam, delete, exists, literal_column, or_, select, tuple_

from .database import Database, Write, parameter
from .tables import (
    AccessTokenRow,
    AnsweredRequestRow,
    AuthorizationCodeRow,
    CscAuthorizationRow,
    DeferredAuthorizationRow,
    DeviceRow,
    EnrollmentLeaveRow,
    EnrolmentCodeRow,
    GrantRow,
    InitialAccessRow,
    InteractionRow,
    JobPartRow,
    JobRow,
    NoticeRow,
    OutboxRow,
    PasskeyChallengeRow,
    PasswordRecoveryRow,
    PostChoiceRow,
    PushedRequestRow,
    RefreshTokenRow,
    RememberedDeviceRow,
    SeenOnceRow,
    SessionClientRow,
    SessionRow,
    SignEventRow,
    SignTransactionRow,
    ThrottleRow,
    TotpEnrolmentRow,
    VersionRow,
)

HOUR, DAY = 3600, 86400
PULSE = "worker_heartbeat"


def _table(row: Any) -> Any:
    return row.__table__


class SqlHousekeeping:
    """Deletes expired rows.

    Args:
        database: The database.
        batch: Rows per statement; small, so that no request waits behind one.
        batches: Statements per table and sweep; what is left waits for the next sweep.
    """

    def __init__(self, database: Database, *, batch: int = 500, batches: int = 40) -> None:
        self._batch, self._batches = batch, batches
        session, outbox, grant = _table(SessionRow), _table(OutboxRow), _table(GrantRow)
        taking_part, refresh, initial = _table(SessionClientRow), _table(RefreshTokenRow), _table(InitialAccessRow)
        deferred, choice = _table(DeferredAuthorizationRow), _table(PostChoiceRow)
        asked, step = _table(SignTransactionRow), _table(SignEventRow)
        of_sign_ins = asked.c.binding != literal_column("''")
        before = bindparam("before", type_=_table(ThrottleRow).c.until.type)
        self._sweeps: dict[str, tuple[int, Write]] = {
            name: (keep, database.write(guard=_batch(table, condition), durable=False)) for name, table, keep, condition in (
                ("interaction", _table(InteractionRow), 7 * DAY, _table(InteractionRow).c.expires_at < before),
                ("authorization_code", _table(AuthorizationCodeRow), DAY, _table(AuthorizationCodeRow).c.expires_at < before),
                ("pushed_request", _table(PushedRequestRow), DAY, _table(PushedRequestRow).c.expires_at < before),
                ("csc_authorization", _table(CscAuthorizationRow), DAY, _table(CscAuthorizationRow).c.open_until < before),
                # What is asked for sign-ins is called l..., signatures are s... (``signing.signing``).
                ("sign_event", step, 30 * DAY, and_(
                    step.c.transaction_id < literal_column("'m'"), step.c.at_us < before * literal_column("1000000"))),
                ("sign_transaction", asked, 30 * DAY + HOUR, and_(of_sign_ins, asked.c.created_at < before)),
                ("deferred_authorization", deferred, DAY, deferred.c.expires_at < before),
                ("access_token", _table(AccessTokenRow), HOUR, _table(AccessTokenRow).c.expires_at < before),
                ("refresh_token", refresh, DAY, refresh.c.expires_at < before),
                ("oauth_grant", grant, 2 * DAY, grant.c.expires_at < before),
                # One that nobody has ended yet is ended first, however old, so that its applications are told.
                ("sso_session", session, 7 * DAY, session.c.ended_at < before),
                # A session lives a day at most and is kept for a week: what is older hangs, as a rule, on none.
                ("session_client", taking_part, 8 * DAY, and_(
                    taking_part.c.first_used_at < before,
                    ~exists(select(literal_column("1")).where(session.c.sid == taking_part.c.sid)))),
                ("post_choice", choice, 8 * DAY, and_(
                    choice.c.chosen_at < before, ~exists(select(literal_column("1")).where(session.c.sid == choice.c.sid)))),
                ("throttle", _table(ThrottleRow), 0, _table(ThrottleRow).c.until < before),
                ("passkey_challenge", _table(PasskeyChallengeRow), 0, _table(PasskeyChallengeRow).c.expires_at < before),
                ("password_recovery", _table(PasswordRecoveryRow), DAY, _table(PasswordRecoveryRow).c.expires_at < before),
                ("enrolment_code", _table(EnrolmentCodeRow), DAY, _table(EnrolmentCodeRow).c.expires_at < before),
                ("totp_enrolment", _table(TotpEnrolmentRow), HOUR, _table(TotpEnrolmentRow).c.expires_at < before),
                ("answered_request", _table(AnsweredRequestRow), 0, _table(AnsweredRequestRow).c.until < before),
                ("job", _table(JobRow), 30 * DAY, _table(JobRow).c.finished_at < before),
                ("job_part", _table(JobPartRow), 0, _table(JobPartRow).c.until < before),
                ("seen_once", _table(SeenOnceRow), 0, _table(SeenOnceRow).c.until < before),
                ("enrollment_leave", _table(EnrollmentLeaveRow), 90 * DAY, _table(EnrollmentLeaveRow).c.expires_at < before),
                ("initial_access", initial, 90 * DAY, or_(initial.c.revoked_at < before, initial.c.expires_at < before)),
                ("device", _table(DeviceRow), 400 * DAY, _table(DeviceRow).c.last_seen_at < before),
                ("remembered_device", _table(RememberedDeviceRow), 0, _table(RememberedDeviceRow).c.expires_at < before),
                ("notice", _table(NoticeRow), 365 * DAY, _table(NoticeRow).c.at < before),
                ("outbox", outbox, 7 * DAY, and_(outbox.c.finished_at < before, or_(
                    outbox.c.state == literal_column("'sent'"),
                    and_(outbox.c.state == literal_column("'dead'"),
                         outbox.c.finished_at < before - literal_column(str(23 * DAY)))))),
            )}

    def sweep(self, now: int) -> dict[str, int]:
        """Delete what is over and give how many rows went, by table.

        Raises:
            UnavailableError: the database does not answer; what was deleted so far stays deleted.
        """
        gone: dict[str, int] = {}
        for name, (keep, statement) in self._sweeps.items():
            for _ in range(self._batches):
                count = len(statement.run_each(before=now - keep, batch=self._batch))
                if count:
                    gone[name] = gone.get(name, 0) + count
                if count < self._batch:
                    break
        return gone


def _batch(table: Any, condition: Any) -> Any:
    """Make a delete of at most ``:batch`` rows; on PostgreSQL rows that somebody holds are left for the next sweep.

    The rows are chosen in a common table expression: as a plain subquery PostgreSQL may choose again for each row that it
    deletes, and then the limit limits nothing.
    """
    keys = list(table.primary_key.columns)
    limit = bindparam("batch", type_=Integer())
    choice = select(*keys).where(condition).limit(limit)
    if len(keys) == 1:
        choice = choice.with_for_update(skip_locked=True, of=table)
    chosen = choice.cte(f"chosen_{table.name}")
    key = keys[0] if len(keys) == 1 else tuple_(*keys)
    return delete(table).where(key.in_(select(*chosen.c))).returning(literal_column("1").label("gone"))


class SqlPulse:
    """The worker's heartbeat: a row of ``version`` that holds the seconds since the epoch."""

    def __init__(self, database: Database) -> None:
        table: Any = _table(VersionRow)
        value = parameter(table.c.value)
        self._beat = database.write(
            database.insert(VersionRow).inline().values(name=literal_column(f"'{PULSE}'"), value=value)
            .on_conflict_do_update(index_elements=["name"], set_={"value": value}), durable=False)
        self._last = database.read(select(table.c.value).where(table.c.name == literal_column(f"'{PULSE}'")))

    def beat(self, now: int) -> None:
        """Say that a worker is at work."""
        self._beat.run(value=now)

    def last(self) -> int | None:
        """Give when a worker last said so; None if never."""
        row = self._last.one()
        return None if row is None else int(row.value)
