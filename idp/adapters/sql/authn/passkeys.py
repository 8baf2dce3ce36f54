"""Passkeys and their challenges in the database (port: ``authn.passkeys.PasskeyStore``).

A challenge is taken by deleting it; a counter is raised by one update whose condition is that it grows. Challenges are kept with
the relaxed engine (a crash of the server costs another try) and taken with the durable one.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, delete, literal_column, or_, select, update

from ....audit import AuditRecord
from ....authn.passkeys import Challenge, Passkey
from ....notices import Notice
from ..audit import audit_insert, audit_values
from ..database import Database, parameter
from ..notices import notice_inserts, notice_values
from ..tables import PasskeyChallengeRow, PasskeyRow, PasskeyUserRow
from .lasting import removal

PASSKEY: Any = PasskeyRow.__table__
USER: Any = PasskeyUserRow.__table__
CHALLENGE: Any = PasskeyChallengeRow.__table__


class SqlPasskeys:
    """The passkey store on one database. Every verb raises UnavailableError when the database does not answer."""

    def __init__(self, database: Database) -> None:
        place = parameter(CHALLENGE.c.place)
        kept = database.insert(CHALLENGE).values({c.name: parameter(c) for c in CHALLENGE.columns})
        self._keep_challenge = database.write(durable=False, guard=kept.on_conflict_do_update(
            index_elements=["place"], set_={name: kept.excluded[name] for name in ("challenge", "entry_uuid", "expires_at")},
        ).returning(CHALLENGE.c.place))
        self._take_challenge = database.write(guard=delete(CHALLENGE).where(CHALLENGE.c.place == place).returning(
            CHALLENGE.c.challenge, CHALLENGE.c.entry_uuid, CHALLENGE.c.expires_at))

        entry_uuid, passkey_id = parameter(PASSKEY.c.entry_uuid), parameter(PASSKEY.c.passkey_id)
        made = database.insert(USER).values(entry_uuid=parameter(USER.c.entry_uuid), user_handle=parameter(USER.c.user_handle))
        self._keep_handle = database.write(guard=made.on_conflict_do_nothing(index_elements=["entry_uuid"]).returning(
            USER.c.user_handle))
        self._handle = database.read(select(USER.c.user_handle).where(USER.c.entry_uuid == parameter(USER.c.entry_uuid)))

        whole = select(*PASSKEY.columns, USER.c.user_handle).join_from(PASSKEY, USER, USER.c.entry_uuid == PASSKEY.c.entry_uuid)
        self._find = database.read(whole.where(PASSKEY.c.credential_id == parameter(PASSKEY.c.credential_id)))
        self._of = database.read(whole.where(PASSKEY.c.entry_uuid == entry_uuid)
                                 .order_by(PASSKEY.c.created_at, PASSKEY.c.passkey_id))
        added = database.insert(PASSKEY).values({
            c.name: parameter(c) for c in PASSKEY.columns if c.name != "last_used_at"})
        self._add = database.write(audit_insert(), *notice_inserts(), guard=added.on_conflict_do_nothing(
            index_elements=["credential_id"]).returning(PASSKEY.c.passkey_id))
        count = parameter(PASSKEY.c.sign_count, "count")
        none: Any = literal_column("0")
        self._use = database.write(audit_insert(), guard=update(PASSKEY).where(
            PASSKEY.c.passkey_id == passkey_id,
            or_(PASSKEY.c.sign_count < count, and_(PASSKEY.c.sign_count == none, count == none)),
        ).values(sign_count=count, last_used_at=parameter(PASSKEY.c.last_used_at, "now")).returning(PASSKEY.c.passkey_id))
        mine = and_(PASSKEY.c.passkey_id == passkey_id, PASSKEY.c.entry_uuid == entry_uuid)
        self._rename = database.write(audit_insert(), guard=update(PASSKEY).where(mine).values(
            name=parameter(PASSKEY.c.name)).returning(PASSKEY.c.passkey_id))
        self._remove = removal(database, PASSKEY, mine, PASSKEY.c.passkey_id)

    def keep_challenge(self, place: bytes, challenge: Challenge) -> None:
        """Keep a challenge in a place, instead of the one that was there; relaxed."""
        self._keep_challenge.run(place=place, challenge=challenge.value, entry_uuid=challenge.entry_uuid,
                                 expires_at=challenge.expires_at)

    def take_challenge(self, place: bytes) -> Challenge | None:
        """Take the challenge of a place away."""
        row = self._take_challenge.run(place=place)
        return None if row is None else Challenge(bytes(row[0]), row[1], row[2])

    def user_handle(self, entry_uuid: str, fresh: bytes) -> bytes:
        """Give an officer's user handle; the database decides which of parallel first calls made it."""
        known = self._handle.one(entry_uuid=entry_uuid)
        if known is None:
            self._keep_handle.run(entry_uuid=entry_uuid, user_handle=fresh)
            known = self._handle.one(entry_uuid=entry_uuid)
            assert known is not None
        return bytes(known.user_handle)

    def find(self, credential_id: bytes) -> Passkey | None:
        """Find a passkey by the authenticator's name for it."""
        row = self._find.one(credential_id=credential_id)
        return None if row is None else _passkey(row)

    def of(self, entry_uuid: str) -> list[Passkey]:
        """Give an officer's passkeys, oldest first."""
        return [_passkey(row) for row in self._of.all(entry_uuid=entry_uuid)]

    def add(self, passkey: Passkey, record: AuditRecord, notice: Notice) -> bool:
        """Keep a new passkey, unless somebody has that credential."""
        return self._add.run(
            passkey_id=passkey.passkey_id, entry_uuid=passkey.entry_uuid, credential_id=passkey.credential_id,
            public_key=passkey.public_key, sign_count=passkey.sign_count, synced=passkey.synced,
            transports=" ".join(passkey.transports), name=passkey.name, created_at=passkey.created_at,
            **audit_values(record), **notice_values(notice)) is not None

    def use(self, passkey_id: str, sign_count: int, now: int, record: AuditRecord) -> bool:
        """Raise the counter if it grows, or is none, and note the use."""
        return self._use.run(passkey_id=passkey_id, count=sign_count, now=now, **audit_values(record)) is not None

    def rename(self, entry_uuid: str, passkey_id: str, name: str, record: AuditRecord) -> bool:
        """Give a passkey another name."""
        return self._rename.run(entry_uuid=entry_uuid, passkey_id=passkey_id, name=name, **audit_values(record)) is not None

    def remove(self, entry_uuid: str, passkey_id: str, record: AuditRecord, notice: Notice, *, keep_one: bool) -> bool:
        """Take a passkey away."""
        return self._remove.run(entry_uuid=entry_uuid, passkey_id=passkey_id, keep_one=int(keep_one), **audit_values(record),
                                **notice_values(notice)) is not None


def _passkey(row: Any) -> Passkey:
    return Passkey(
        passkey_id=row.passkey_id, entry_uuid=row.entry_uuid, user_handle=bytes(row.user_handle),
        credential_id=bytes(row.credential_id), public_key=bytes(row.public_key), sign_count=row.sign_count,
        synced=bool(row.synced), transports=tuple(row.transports.split()), name=row.name, created_at=row.created_at,
        last_used_at=row.last_used_at)
