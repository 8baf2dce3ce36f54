"""In which post officers act, in the database; implements ``idp.oidc.acting_post.ChoiceStore``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, select, update

from ...audit import AuditRecord
from ...oidc.acting_post import Choice, Held
from .audit import audit_insert, audit_values
from .database import Database, parameter
from .tables import PostChoiceRow, SessionRow

CHOICE: Any = PostChoiceRow.__table__
SESSION: Any = SessionRow.__table__


class SqlPostChoices:
    """The store of answers on one database."""

    def __init__(self, database: Database) -> None:
        this = CHOICE.c.sid == parameter(CHOICE.c.sid, "session")
        self._of = database.read(
            select(CHOICE).join(SESSION, SESSION.c.sid == CHOICE.c.sid).where(this, SESSION.c.ended_at.is_(None)))
        kept = database.insert(PostChoiceRow).inline().values({column.name: parameter(column) for column in CHOICE.columns})
        kept = kept.on_conflict_do_update(index_elements=["sid", "client_id"], set_={
            name: kept.excluded[name] for name in ("unit_code", "title", "chosen_at")})
        stands = (update(SESSION).where(
            SESSION.c.sid == parameter(SESSION.c.sid, "sid"), SESSION.c.sub == parameter(SESSION.c.sub, "officer"),
            SESSION.c.ended_at.is_(None), SESSION.c.expires_at > parameter(SESSION.c.expires_at, "chosen_at"))
            .values(last_seen_at=parameter(SESSION.c.last_seen_at, "chosen_at")).returning(SESSION.c.sid))
        self._keep = database.write(kept, audit_insert(), guard=stands)
        self._forget = database.write(
            delete(CHOICE).where(this, CHOICE.c.client_id == parameter(CHOICE.c.client_id, "application")))

    def of(self, sid: str) -> Mapping[str, Choice]:
        """Give the answers of a session that has not ended."""
        return {row.client_id: Choice(row.client_id, Held(row.unit_code, row.title), row.chosen_at)
                for row in self._of.all(session=sid)}

    def keep(self, sid: str, sub: str, choice: Choice, record: AuditRecord) -> bool:
        """Keep an answer with its record, while the session stands."""
        return self._keep.run(sid=sid, officer=sub, client_id=choice.client_id, unit_code=choice.held.unit_code,
                              title=choice.held.title, chosen_at=choice.chosen_at, **audit_values(record)) is not None

    def forget(self, sid: str, client_id: str) -> None:
        """Forget an answer."""
        self._forget.run(session=sid, application=client_id)
