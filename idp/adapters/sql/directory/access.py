"""Everything that an officer was given, ended in one transaction; implements ``idp.directory.deprovisioning.AccessStore``.

The officer's row is held first, then the sessions'. Whoever gives something holds one of the two (a new session and a grant
without one the officer's, a code and an approval the session's) while asking whether it stands; so it is given before, and seen
here, or is refused. Of a grant that has ended no code and no token is worth anything (``oauth.grant.lapse_of``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, delete, exists, func, literal_column, or_, select, union, update

from ....audit import AuditRecord
from ....directory.deprovisioning import EVERYTHING, Ending
from ....directory.tasks import AFTER_A_DEPARTURE, NewTask
from ..audit import audit_insert, audit_insert_for, audit_values
from ..database import Database, parameter
from ..notices import end_pass
from ..tables import (
    DeferredAuthorizationRow,
    DepartureRow,
    GrantRow,
    InteractionRow,
    OfficerRow,
    OutboxRow,
    RememberedDeviceRow,
    SessionClientRow,
    SessionRow,
    TaskRow,
)

OFFICER: Any = OfficerRow.__table__
SESSION: Any = SessionRow.__table__
TAKING_PART: Any = SessionClientRow.__table__
GRANT: Any = GrantRow.__table__
DEFERRED: Any = DeferredAuthorizationRow.__table__
INTERACTION: Any = InteractionRow.__table__
OUTBOX: Any = OutboxRow.__table__
DEPARTURE: Any = DepartureRow.__table__
REMEMBERED: Any = RememberedDeviceRow.__table__
TASK: Any = TaskRow.__table__

_ONE: Any = literal_column("1")
_NULL: Any = literal_column("NULL")
MOST_LEFT_OVER = 200


class SqlAccess:
    """The store on one database."""

    def __init__(self, database: Database) -> None:
        self._declare_writes(database)
        away = and_(DEPARTURE.c.released_at.is_(None), OFFICER.c.entry_uuid == parameter(OFFICER.c.entry_uuid))
        self._frozen = database.read(
            select(func.coalesce(DEPARTURE.c.returned_at, literal_column(str(EVERYTHING))).label("until"))
            .select_from(DEPARTURE.join(OFFICER, OFFICER.c.sub == DEPARTURE.c.sub)).where(away))
        taking_part = TAKING_PART.join(SESSION, SESSION.c.sid == TAKING_PART.c.sid)
        self._told = database.read(
            select(TAKING_PART.c.client_id).select_from(taking_part)
            .where(SESSION.c.sub == parameter(SESSION.c.sub), SESSION.c.ended_at.is_(None)).distinct()
            .order_by(TAKING_PART.c.client_id))
        inactive = OFFICER.c.status != literal_column("'active'")
        of_sessions = select(OFFICER.c.sub, OFFICER.c.status).select_from(
            SESSION.join(OFFICER, OFFICER.c.sub == SESSION.c.sub)).where(SESSION.c.ended_at.is_(None), inactive)
        of_grants = select(OFFICER.c.sub, OFFICER.c.status).select_from(
            OFFICER.join(GRANT, GRANT.c.sub == OFFICER.c.sub)).where(GRANT.c.revoked_at.is_(None), inactive)
        of_requests = (select(OFFICER.c.sub, OFFICER.c.status)
                       .select_from(OFFICER.join(DEFERRED, DEFERRED.c.sub == OFFICER.c.sub))
                       .where(DEFERRED.c.state == literal_column("'pending'"), inactive))
        all_of_it = union(of_sessions, of_grants, of_requests).subquery("left_over")
        self._left_over = database.read(select(all_of_it.c.sub, all_of_it.c.status).limit(literal_column(str(MOST_LEFT_OVER))))

    def _declare_writes(self, database: Database) -> None:
        officer = OFFICER.c.sub == parameter(OFFICER.c.sub)
        held, left = holds(), departure(database)
        before, after = endings(database)
        self._leave = database.write(
            *before, audit_insert(), *(task_insert(database, number) for number in range(len(AFTER_A_DEPARTURE))), *after,
            after=held, guard=left.on_conflict_do_update(
                index_elements=["sub"], set_=again(left), where=DEPARTURE.c.returned_at <= left.excluded.left_at,
            ).returning(DEPARTURE.c.sub))
        self._end = {always: database.write(
            *before, audit_insert() if always else audit_insert_for(None, _something_lives(), prefix="audit_"), *after,
            after=held, guard=update(OFFICER).where(officer).values(status=OFFICER.c.status).returning(OFFICER.c.sub))
            for always in (True, False)}
        here = DEPARTURE.c.sub == parameter(DEPARTURE.c.sub, "officer")
        now = parameter(DEPARTURE.c.returned_at, "now")
        self._come_back = database.write(audit_insert(), guard=(
            update(DEPARTURE).where(here, DEPARTURE.c.returned_at.is_(None), DEPARTURE.c.left_at <= now)
            .values(returned_at=now).returning(DEPARTURE.c.sub)))
        self._release = database.write(audit_insert(), guard=(
            update(DEPARTURE).where(here, DEPARTURE.c.returned_at.is_not(None), DEPARTURE.c.released_at.is_(None))
            .values(released_at=now).returning(DEPARTURE.c.sub)))

    def leave(self, ending: Ending, left_at: int, tasks: Sequence[NewTask]) -> bool:
        """End everything, freeze and open tasks, unless this departure is known."""
        values = {name: value for number, task in enumerate(tasks) for name, value in task_values(number, task).items()}
        return self._leave.run(left_at=left_at, **values, **ending_values(ending)) is not None

    def end(self, ending: Ending, *, always: bool) -> None:
        """End everything."""
        self._end[always].run(**ending_values(ending))

    def come_back(self, sub: str, at: int, record: AuditRecord) -> bool:
        """Note that an officer is back."""
        return self._come_back.run(officer=sub, now=at, **audit_values(record)) is not None

    def release(self, sub: str, record: AuditRecord) -> bool:
        """Let the factors of an officer who is back work again."""
        return self._release.run(officer=sub, now=record.at, **audit_values(record)) is not None

    def frozen_until(self, entry_uuid: str) -> int | None:
        """Give when an officer came back whose factors are frozen."""
        row = self._frozen.one(entry_uuid=entry_uuid)
        return None if row is None else int(row.until)

    def told(self, sub: str) -> list[str]:
        """Name the applications that take part in an officer's sessions."""
        return [row.client_id for row in self._told.all(sub=sub)]

    def left_over(self) -> Sequence[tuple[str, str]]:
        """Give officers who are not active, and of whom something lives."""
        return [(row.sub, row.status) for row in self._left_over.all()]


def holds() -> tuple[Any, Any]:
    """Make the selects that hold the officer and then the sessions; parameter ``sub``."""
    return (select(OFFICER.c.sub).where(OFFICER.c.sub == parameter(OFFICER.c.sub)).with_for_update(),
            select(SESSION.c.sid).where(SESSION.c.sub == parameter(SESSION.c.sub), SESSION.c.ended_at.is_(None))
            .order_by(SESSION.c.sid).with_for_update())


def departure(database: Database) -> Any:
    """Make the insert of a departure, which freezes the factors; parameters ``sub reason left_at``."""
    return database.insert(DEPARTURE).values(
        sub=parameter(DEPARTURE.c.sub), reason=parameter(DEPARTURE.c.reason), left_at=parameter(DEPARTURE.c.left_at),
        returned_at=_NULL, released_at=_NULL)


def again(left: Any) -> dict[str, Any]:
    """Give what of a departure takes the place of an earlier one."""
    return {name: left.excluded[name] for name in ("reason", "left_at", "returned_at", "released_at")}


def _lives() -> dict[str, Any]:
    """Give the conditions of what is ended; parameters ``sub`` and ``given_until``."""
    until = parameter(GRANT.c.created_at, "given_until")
    return {
        "session": and_(SESSION.c.sub == parameter(SESSION.c.sub), SESSION.c.ended_at.is_(None), SESSION.c.created_at <= until),
        "grant": and_(GRANT.c.sub == parameter(GRANT.c.sub), GRANT.c.revoked_at.is_(None), GRANT.c.created_at <= until),
        "asked": and_(DEFERRED.c.sub == parameter(DEFERRED.c.sub), DEFERRED.c.state == literal_column("'pending'"),
                      DEFERRED.c.created_at <= until)}


def _something_lives() -> Any:
    return or_(*(exists(select(_ONE).select_from(table).where(condition)) for table, condition in zip(
        (SESSION, GRANT, DEFERRED), _lives().values(), strict=True)))


def endings(database: Database) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Make the acts that look at what lives, and those that end it; SQLite does them in this order."""
    lives = _lives()
    now = parameter(OUTBOX.c.created_at, "now")
    payload = (literal_column("""'{"sid":"'""") + SESSION.c.sid + literal_column("""'","sub":"'""") + SESSION.c.sub
               + literal_column("""'"}'"""))
    notices = database.insert(OUTBOX).inline().from_select(
        ["kind", "receiver", "payload", "state", "attempts", "next_attempt_at", "created_at", "last_error"],
        select(literal_column("'backchannel_logout'"), TAKING_PART.c.client_id, payload, literal_column("'waiting'"),
               literal_column("0"), now, now, literal_column("''"))
        .select_from(TAKING_PART.join(SESSION, SESSION.c.sid == TAKING_PART.c.sid)).where(lives["session"]))
    entry_uuid = select(OFFICER.c.entry_uuid).where(OFFICER.c.sub == parameter(OFFICER.c.sub)).scalar_subquery()
    reason = parameter(GRANT.c.revoke_reason, "reason")
    return (notices, audit_insert_for(SESSION, lives["session"], prefix="each_", sid=SESSION.c.sid)), (
        update(DEFERRED).where(lives["asked"]).values(state=literal_column("'denied'"), decided_at=now),
        update(INTERACTION).where(INTERACTION.c.entry_uuid == entry_uuid, INTERACTION.c.proven_at.is_not(None),
                                  INTERACTION.c.proven_at <= parameter(INTERACTION.c.proven_at, "given_until"))
        .values(entry_uuid=literal_column("''"), proven_at=_NULL),
        update(GRANT).where(lives["grant"]).values(revoked_at=now, revoke_reason=reason),
        update(SESSION).where(lives["session"]).values(ended_at=now, end_reason=reason),
        delete(REMEMBERED).where(REMEMBERED.c.sub == parameter(REMEMBERED.c.sub)), end_pass(parameter(REMEMBERED.c.sub), now))


def task_insert(database: Database, number: int) -> Any:
    """Make the act that opens one of several tasks, unless there is one like it; parameters: ``task_values``."""
    given = ("task_id", "kind", "cause", "opened_at", "due_at")
    columns = {name: parameter(TASK.c[name], f"task{number}_{name}") for name in given}
    return database.insert(TASK).inline().values(
        **columns, sub=parameter(TASK.c.sub), state=literal_column("'open'"), done_at=_NULL, done_by=literal_column("''"),
        proof=literal_column("''")).on_conflict_do_nothing()


def task_values(number: int, task: NewTask) -> dict[str, Any]:
    """Give the parameters of ``task_insert``."""
    return {f"task{number}_task_id": task.task_id, f"task{number}_kind": str(task.kind), f"task{number}_cause": task.cause,
            f"task{number}_opened_at": task.opened_at, f"task{number}_due_at": task.due_at}


def ending_values(ending: Ending) -> dict[str, Any]:
    """Give the parameters of ``endings`` and of the record that comes with them."""
    return {"sub": ending.sub, "reason": ending.reason, "given_until": ending.given_until, "now": ending.at,
            **audit_values(ending.record), **audit_values(ending.each, "each_")}
