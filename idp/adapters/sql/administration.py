"""What administrators look through and change.

Implements ``administration.access.AdministrationTokens``, ``administration.grants.GrantPages`` and
``administration.entries.ClientEntries``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Integer, and_, bindparam, delete, func, literal_column, or_, select, update

from ...administration.entries import Entry
from ...administration.grants import SeenGrant
from ...audit import AuditRecord
from ...clock import Clock, SystemClock
from ...directory.mirror import MirroredOfficer
from ...oauth.client import Client
from ...oauth.ports import StoredAccessToken
from .audit import audit_insert, audit_values
from .clients import client_of, metadata_json, version_raised
from .database import Database, parameter
from .directory.as_of import Unit, perhaps_of_unit, unit_of
from .directory.rows import mirrored_now
from .oauth import ACCESS, FAMILY_COLUMNS, GRANT, OFFICER, SESSION, TOKEN_COLUMNS, access_token_of, grant_of
from .registrations import CLIENT, ends_with_the_client

_NONE: Any = literal_column("NULL")


class SqlAdministrationTokens:
    """Access tokens with officer and session."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        granted = (ACCESS.outerjoin(GRANT, GRANT.c.grant_id == ACCESS.c.grant_id)
                   .outerjoin(OFFICER, OFFICER.c.sub == GRANT.c.sub).outerjoin(SESSION, SESSION.c.sid == GRANT.c.sid))
        self._read = database.read(
            select(*TOKEN_COLUMNS, *FAMILY_COLUMNS, *OFFICER.c).select_from(granted)
            .where(ACCESS.c.digest == parameter(ACCESS.c.digest)))

    def administrator_of(self, digest: bytes) -> tuple[StoredAccessToken, MirroredOfficer | None] | None:
        """Find an access token with its officer, and the session's standing in its grant."""
        row: Any = self._read.one(digest=digest)
        token = access_token_of(digest, row)
        if token is None:
            return None
        if token.grant is not None:
            token = replace(token, grant=grant_of(row))
        return token, None if row.officer_status is None else mirrored_now(row, self._clock)


class SqlGrantPages:
    """Grants of an officer or a client, by the indexes on ``sub`` and on ``client_id`` with the time."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        joined = GRANT.outerjoin(OFFICER, OFFICER.c.sub == GRANT.c.sub).outerjoin(SESSION, SESSION.c.sid == GRANT.c.sid)
        columns = (*FAMILY_COLUMNS, GRANT.c.revoke_reason, OFFICER.c.uid)
        before = parameter(GRANT.c.created_at, "before")
        live = or_(bindparam("ended_too", type_=Integer) == literal_column("1"), and_(
            GRANT.c.revoked_at.is_(None), GRANT.c.expires_at > parameter(GRANT.c.expires_at, "live_at")))
        after = or_(GRANT.c.created_at < before,
                    and_(GRANT.c.created_at == before, GRANT.c.grant_id < parameter(GRANT.c.grant_id, "before_id")))
        its = {"sub": GRANT.c.sub == parameter(GRANT.c.sub), "client_id": GRANT.c.client_id == parameter(GRANT.c.client_id)}

        def page(*names: str) -> Any:
            return database.read(
                select(*columns).select_from(joined).where(*(its[name] for name in names), perhaps_of_unit(), live, after)
                .order_by(GRANT.c.created_at.desc(), GRANT.c.grant_id.desc()).limit(bindparam("limit", type_=Integer)))

        self._pages: dict[tuple[str, ...], Any] = {
            names: page(*names) for names in (("sub",), ("client_id",), ("sub", "client_id"))}
        self._find = database.read(
            select(*columns).select_from(joined).where(GRANT.c.grant_id == parameter(GRANT.c.grant_id)))

        now = parameter(GRANT.c.revoked_at, "now")
        revoked = update(GRANT).values(revoked_at=now, revoke_reason=parameter(GRANT.c.revoke_reason, "reason"))
        self._revoke_of_officer = database.write(revoked.where(its["sub"], GRANT.c.revoked_at.is_(None)), audit_insert())
        self._revoke_of_client = database.write(
            revoked.where(its["client_id"], GRANT.c.revoked_at.is_(None)),
            update(ACCESS).where(ACCESS.c.client_id == parameter(ACCESS.c.client_id), ACCESS.c.grant_id == literal_column("''"),
                                 ACCESS.c.revoked_at.is_(None)).values(revoked_at=now), audit_insert())

    def page(self, *, sub: str, client_id: str, unit: str, live_at: int | None, before: tuple[int, str] | None,
             limit: int) -> Sequence[SeenGrant]:
        """Give grants, the newest first."""
        named = {name: value for name, value in (("sub", sub), ("client_id", client_id)) if value}
        now = self._clock.now()
        agency = Unit(unit, now)

        def rows_before(place: tuple[int, str]) -> Sequence[Any]:
            found: Sequence[Any] = self._pages[tuple(named)].all(
                **named, **agency.parameters, ended_too=int(live_at is None), live_at=live_at or 0, before=place[0],
                before_id=place[1], limit=limit)
            return found

        rows = agency.page(rows_before, before or (2**62, ""), limit=limit, posts_of=lambda row: row.officer_posts,
                           place_of=lambda row: (row.grant_created_at, row.grant_id))
        return [_seen(row, now) for row in rows]

    def find(self, grant_id: str) -> SeenGrant | None:
        """Find a grant."""
        row = self._find.one(grant_id=grant_id)
        return None if row is None else _seen(row, self._clock.now())

    def revoke_all(self, *, sub: str, client_id: str, reason: str, now: int, record: AuditRecord) -> None:
        """End every grant of an officer or of a client."""
        values = {"reason": reason, "now": now, **audit_values(record)}
        if client_id:
            self._revoke_of_client.run(client_id=client_id, **values)
        else:
            self._revoke_of_officer.run(sub=sub, **values)


class SqlClientEntries:
    """Applications one by one; a change names all that it was decided on."""

    def __init__(self, database: Database) -> None:
        nothing = parameter(CLIENT.c.secret_digest, "nothing")
        known = (
            CLIENT.c.client_id == parameter(CLIENT.c.client_id), CLIENT.c.source == literal_column("'registered'"),
            CLIENT.c.metadata == parameter(CLIENT.c.metadata, "known_metadata"),
            func.coalesce(CLIENT.c.secret_digest, nothing) == parameter(CLIENT.c.secret_digest, "known_secret"),
            func.coalesce(CLIENT.c.registration_digest, nothing) == parameter(CLIENT.c.registration_digest, "known_token"))
        open_, closed = CLIENT.c.disabled_at.is_(None), CLIENT.c.disabled_at.is_not(None)
        now = parameter(CLIENT.c.updated_at, "now")

        def act(guard: Any, *acts: Any) -> Any:
            return database.write(*acts, version_raised(database), audit_insert(), guard=guard.returning(CLIENT.c.client_id))

        self._find = database.read(select(*CLIENT.c).where(known[0]))
        changed = update(CLIENT).values(metadata=parameter(CLIENT.c.metadata, "new_metadata"), updated_at=now,
                                        secret_digest=parameter(CLIENT.c.secret_digest, "new_secret"),
                                        sealed_secret=parameter(CLIENT.c.sealed_secret, "new_sealed"))
        token = update(CLIENT).values(registration_digest=parameter(CLIENT.c.registration_digest, "new_token"), updated_at=now)
        ends = ends_with_the_client(now)
        self._change = {disabled: act(changed.where(*known, state)) for disabled, state in ((False, open_), (True, closed))}
        self._set_token = {disabled: act(token.where(*known, state)) for disabled, state in ((False, open_), (True, closed))}
        self._remove = {disabled: act(delete(CLIENT).where(*known, state), *ends)
                        for disabled, state in ((False, open_), (True, closed))}
        self._set_disabled = {
            True: act(update(CLIENT).where(*known, open_).values(disabled_at=now, updated_at=now)),
            False: act(update(CLIENT).where(*known, closed).values(disabled_at=_NONE, updated_at=now))}

    def find(self, client_id: str) -> Entry | None:
        """Find an application."""
        row = self._find.one(client_id=client_id)
        if row is None:
            return None
        token = row.registration_digest
        return Entry(client_of(row), row.metadata, None if token is None else bytes(token))

    def change(self, known: Entry, client: Client, *, now: int, record: AuditRecord) -> bool:
        """Exchange metadata and secret, if nothing changed since."""
        return self._change[known.client.disabled].run(
            new_metadata=metadata_json(client), new_secret=client.secret_digest,
            new_sealed=client.sealed_secret, **_known(known, now, record)) is not None

    def set_disabled(self, known: Entry, disabled: bool, *, now: int, record: AuditRecord) -> bool:
        """Close or open it, if nothing changed since."""
        return self._set_disabled[disabled].run(**_known(known, now, record)) is not None

    def set_token(self, known: Entry, registration_digest: bytes, *, now: int, record: AuditRecord) -> bool:
        """Exchange the registration access token, if nothing changed since."""
        return self._set_token[known.client.disabled].run(new_token=registration_digest, **_known(known, now, record)) is not None

    def remove(self, known: Entry, *, now: int, record: AuditRecord) -> bool:
        """Delete it with everything that hangs on it, if nothing changed since."""
        return self._remove[known.client.disabled].run(reason="client_deleted", **_known(known, now, record)) is not None


def _known(known: Entry, now: int, record: AuditRecord) -> dict[str, Any]:
    return {"client_id": known.client.client_id, "known_metadata": known.stored, "nothing": b"", "now": now,
            "known_secret": known.client.secret_digest or b"", "known_token": known.registration_digest or b"",
            **audit_values(record)}


def _seen(row: Any, now: int) -> SeenGrant:
    return SeenGrant(grant_of(row), row.uid or "", unit_of(row.officer_posts, now), row.revoke_reason)
