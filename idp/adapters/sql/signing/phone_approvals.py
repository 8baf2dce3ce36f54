"""Approvals on the officer's phone, in the database (port: ``oidc.phone_approval.PhoneApprovalStore``).

An approval is one write: the request is answered, the phone's confirmation used up, the session opened and the grant kept, or
nothing of it. The officer's row is held as by whoever opens a session, and the confirmation's, which others end.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import exists, literal_column, select, update

from ....audit import AuditRecord
from ....notices import Notice
from ....oauth.deferred.authorization import Deferred
from ....oauth.grant import Grant
from ....oidc.phone_approval import Due
from ....sessions.single_sign_on import Opening
from ....signing.ports import BoundSim
from ....signing.transaction import APPROVAL, Change, State
from ..audit import audit_insert, audit_values
from ..database import Database, insert_row, parameter
from ..deferred import ROW as WAITING
from ..deferred import approved, deferred_of, open_to_answer, whole_deferred
from ..directory.as_of import is_active
from ..notices import notice_inserts, notice_values
from ..oauth import OFFICER, SESSION, grant_insert, grant_values, takes_part_upsert
from ..outbox import ping_insert
from ..sessions import session_values
from ..tables import SimLoginRow
from .transactions import MAILED_A_DAY, decided_on, event_insert, sim_as_seen, step_values, stepping
from .transactions import ROW as ASKED

LOGIN: Any = SimLoginRow.__table__
_SESSION, _SIGN_IN = "session_", "sign_in_"


class SqlPhoneApprovals:
    """The store on one database."""

    def __init__(self, database: Database) -> None:
        c = WAITING.c
        self._due = database.read(whole_deferred().add_columns(c.phone_at).where(
            c.phone_at <= parameter(c.phone_at, "now")).order_by(c.phone_at).limit(parameter(c.interval_seconds, "limit")))
        self._move = database.write(durable=False, guard=update(WAITING).where(
            c.digest == parameter(c.digest, "deferred"), c.phone_at == parameter(c.phone_at, "seen")).values(
                phone_at=parameter(c.phone_at)).returning(c.digest))
        one: Any = literal_column("1")
        confirmed = exists(select(one).select_from(ASKED).where(
            *decided_on(), ASKED.c.purpose == literal_column(f"'{APPROVAL}'"),
            ASKED.c.state == literal_column(f"'{State.READY.value}'"), ASKED.c.sub == c.sub, ASKED.c.client_id == c.client_id))
        chosen = exists(select(one).select_from(LOGIN.join(OFFICER, OFFICER.c.entry_uuid == LOGIN.c.entry_uuid)).where(
            OFFICER.c.sub == c.sub, LOGIN.c.approves_since.is_not(None), is_active("now")))
        mine = LOGIN.c.entry_uuid == parameter(LOGIN.c.entry_uuid)
        acts = (
            update(ASKED).where(*decided_on()).values(stepping()), event_insert(),
            insert_row(SESSION, **{column.name: parameter(column, _SESSION + column.name) for column in SESSION.columns}),
            grant_insert(), takes_part_upsert(database), audit_insert(), audit_insert(_SIGN_IN),
            *notice_inserts(mailed_a_day=MAILED_A_DAY),
            update(LOGIN).where(mine).values(last_used_at=parameter(LOGIN.c.last_used_at, "now")))
        held = (select(OFFICER.c.sub).where(OFFICER.c.sub == parameter(OFFICER.c.sub)).with_for_update(read=True),
                select(ASKED.c.transaction_id).where(ASKED.c.transaction_id == parameter(ASKED.c.transaction_id, "this"))
                .with_for_update())
        self._approve = {told: database.write(*acts, *((ping_insert(),) if told else ()), after=held, guard=(
            update(WAITING).where(*open_to_answer(), c.client_id == parameter(c.client_id), confirmed, chosen, sim_as_seen())
            .values(approved(phone_at=literal_column("NULL"))).returning(c.digest))) for told in (False, True)}

    def due(self, now: int, *, limit: int) -> Sequence[Due]:
        """Give those at which somebody is to look."""
        return [Due(found, row.phone_at) for row in self._due.all(now=now, limit=limit)
                if (found := deferred_of(row)) is not None]

    def move(self, due: Due, phone_at: int | None) -> bool:
        """Say when somebody looks next, unless somebody else has."""
        return self._move.run(deferred=due.deferred.digest, seen=due.phone_at, phone_at=phone_at) is not None

    def approve(self, deferred: Deferred, change: Change, sim: BoundSim, entry_uuid: str, opening: Opening, grant: Grant,
                record: AuditRecord, told: Notice) -> bool:
        """Answer once, if all stands, with the session that it opens."""
        return self._approve[bool(deferred.notice)].run(
            deferred=deferred.digest, entry_uuid=entry_uuid, sim_id=sim.sim_id, sim_revision=sim.revision,
            **session_values(opening.session, opening.cookie_digest, opening.caller, _SESSION),
            **step_values(change), **grant_values(grant), **audit_values(record),
            **audit_values(opening.record, _SIGN_IN), **notice_values(told),
            **({"notice": deferred.notice} if deferred.notice else {})) is not None
