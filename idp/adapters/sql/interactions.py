"""Interactions in the database; implements ``idp.sessions.interaction.InteractionStore``.

Relaxed writes: a crash may lose an open sign-in page, which the officer opens again; nothing that was granted hangs on it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import exists, literal_column, or_, select, update

from ...sessions.interaction import Interaction, Proof
from .database import Database, Write, insert_row, parameter
from .directory.as_of import is_active
from .tables import InteractionRow, OfficerRow

ROW: Any = InteractionRow.__table__
OFFICER: Any = OfficerRow.__table__


class SqlInteractions:
    """The interaction store on one database."""

    def __init__(self, database: Database) -> None:
        self._insert = database.write(insert_row(InteractionRow), durable=False)
        self._find = database.read(select(ROW).where(ROW.c.id == parameter(ROW.c.id)))
        unbound = ROW.c.browser_digest.is_(None)
        self._bind = self._act(
            database, {"browser_digest": parameter(ROW.c.browser_digest, "mine")}, or_(unbound, self._mine()))
        self._amend = self._act(
            database, {"request": parameter(ROW.c.request)}, self._mine(), ROW.c.done_at.is_(None))
        self._prove = self._act(database, {
            "entry_uuid": parameter(ROW.c.entry_uuid), "amr": parameter(ROW.c.amr),
            "must_change_password": parameter(ROW.c.must_change_password), "proven_at": parameter(ROW.c.proven_at),
            "password_expires_at": parameter(ROW.c.password_expires_at), "grace_left": parameter(ROW.c.grace_left),
        }, self._mine(), or_(parameter(ROW.c.entry_uuid) == literal_column("''"), exists(
            # What was proven before the access was taken away is not noted after it.
            select(literal_column("1")).where(OFFICER.c.entry_uuid == parameter(ROW.c.entry_uuid), is_active("now")))))
        nothing: Any = literal_column("NULL")
        self._password_changed = self._act(
            database, {"must_change_password": parameter(ROW.c.must_change_password), "password_expires_at": nothing,
                       "grace_left": nothing}, self._mine(), ROW.c.entry_uuid == parameter(ROW.c.entry_uuid, "officer"))
        self._authenticated = self._act(database, {
            "authenticated_at": parameter(ROW.c.authenticated_at, "now"), "amr": parameter(ROW.c.amr),
            "authenticated_sid": parameter(ROW.c.authenticated_sid), "entry_uuid": parameter(ROW.c.entry_uuid),
            "proven_at": parameter(ROW.c.proven_at),
        }, self._mine())
        self._forget_officer = database.write(update(ROW).where(
            ROW.c.expires_at > parameter(ROW.c.expires_at, "now"), ROW.c.entry_uuid == parameter(ROW.c.entry_uuid, "officer"),
            ROW.c.id != parameter(ROW.c.id, "keep_id")).values(
                entry_uuid=parameter(ROW.c.entry_uuid, "nobody"), amr=parameter(ROW.c.amr, "nobody"), proven_at=nothing))
        self._finish = self._act(
            database, {"done_at": parameter(ROW.c.done_at, "now")}, self._mine(), ROW.c.done_at.is_(None))

    @staticmethod
    def _mine() -> Any:
        return ROW.c.browser_digest == parameter(ROW.c.browser_digest, "mine")

    @staticmethod
    def _act(database: Database, values: dict[str, Any], *conditions: Any) -> Write:
        guard = (update(ROW).where(ROW.c.id == parameter(ROW.c.id, "interaction_id"),
                                   ROW.c.expires_at > parameter(ROW.c.expires_at, "now"), *conditions)
                 .values(values).returning(ROW.c.id))
        return database.write(guard=guard, durable=False)

    def insert(self, interaction: Interaction) -> None:
        """Keep a new interaction."""
        self._insert.run(
            id=interaction.id, kind=interaction.kind, client_id=interaction.client_id, request=interaction.request,
            return_to=interaction.return_to, browser_digest=interaction.browser_digest, created_at=interaction.created_at,
            expires_at=interaction.expires_at, entry_uuid=interaction.entry_uuid, amr=" ".join(interaction.amr),
            proven_at=interaction.proven_at, must_change_password=interaction.must_change_password,
            password_expires_at=interaction.password_expires_at, grace_left=interaction.grace_left,
            authenticated_at=interaction.authenticated_at, authenticated_sid=interaction.authenticated_sid,
            done_at=interaction.done_at)

    def find(self, interaction_id: str) -> Interaction | None:
        """Find an interaction, expired or not."""
        row = self._find.one(id=interaction_id)
        if row is None:
            return None
        return Interaction(
            id=row.id, kind=row.kind, client_id=row.client_id, request=row.request, return_to=row.return_to,
            browser_digest=None if row.browser_digest is None else bytes(row.browser_digest), created_at=row.created_at,
            expires_at=row.expires_at, entry_uuid=row.entry_uuid, amr=tuple(row.amr.split()), proven_at=row.proven_at,
            must_change_password=bool(row.must_change_password), password_expires_at=row.password_expires_at,
            grace_left=row.grace_left, authenticated_at=row.authenticated_at,
            authenticated_sid=row.authenticated_sid, done_at=row.done_at)

    def bind(self, interaction_id: str, browser_digest: bytes, now: int) -> bool:
        """Give an interaction to a browser, once."""
        return self._bind.run(interaction_id=interaction_id, mine=browser_digest, now=now) is not None

    def amend(self, interaction_id: str, browser_digest: bytes, request: str, now: int) -> bool:
        """Replace the stored request."""
        return self._amend.run(interaction_id=interaction_id, mine=browser_digest, request=request, now=now) is not None

    def prove(self, interaction_id: str, browser_digest: bytes, proof: Proof, now: int) -> bool:
        """Note whose password was right, or forget it."""
        return self._prove.run(
            interaction_id=interaction_id, mine=browser_digest, entry_uuid=proof.entry_uuid, amr=" ".join(proof.amr),
            must_change_password=proof.must_change, password_expires_at=proof.password_expires_at,
            grace_left=proof.grace_left, proven_at=now if proof.entry_uuid else None, now=now) is not None

    def forget_officer(self, entry_uuid: str, keep_id: str, now: int) -> None:
        """Forget that an officer's password was right."""
        self._forget_officer.run(officer=entry_uuid, keep_id=keep_id, nobody="", now=now)

    def password_changed(self, interaction_id: str, browser_digest: bytes, entry_uuid: str, now: int) -> bool:
        """Note that the password was changed."""
        return self._password_changed.run(interaction_id=interaction_id, mine=browser_digest, officer=entry_uuid,
                                          must_change_password=False, now=now) is not None

    def authenticated(self, interaction_id: str, browser_digest: bytes, sid: str, amr: str, now: int) -> bool:
        """Note the session that everything proven here led to."""
        return self._authenticated.run(interaction_id=interaction_id, mine=browser_digest, authenticated_sid=sid, amr=amr,
                                       entry_uuid="", proven_at=None, now=now) is not None

    def finish(self, interaction_id: str, browser_digest: bytes, now: int) -> bool:
        """Note that the answer left; True for the first caller only."""
        return self._finish.run(interaction_id=interaction_id, mine=browser_digest, now=now) is not None
